"""A graph as a picture, the way the lecture draws it: blue arrows forward, red arrows back.

A box is a value, with its derivative below; a circle is an operation. A red arrow carries to each
input what this use of it contributes to its derivative.

Read next: `minigrad.graph`.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.errors import GraphError
from minigrad.viz.text import kind, operand, summary

if TYPE_CHECKING:
    from pathlib import Path

    from minigrad.graph import Graph, Node

__all__ = ["image", "render", "to_dot"]

FORWARD = "#1f5fbf"
BACK = "#c8322b"
_FORMATS = ("svg", "png", "pdf")
_SHAPE = {"variable": "box", "constant": "note", "computed": "box"}
_FILL = {"variable": "#e8f0fc", "constant": "#f0f0f0", "computed": "#ffffff"}


def to_dot(graph: Graph) -> str:
    """The picture in Graphviz's DOT language."""
    import graphviz

    dot = graphviz.Digraph()
    dot.attr(rankdir="LR", nodesep="0.3", ranksep="0.45", bgcolor="white")
    dot.attr("node", fontname="Helvetica", fontsize="12", color="#444444", style="filled")
    dot.attr("edge", fontname="Helvetica", fontsize="10", arrowsize="0.7")
    place = {node: f"n{i}" for i, node in enumerate(graph.nodes)}
    uses = Counter(a for node in graph.nodes for a in node.inputs if isinstance(a, type(node)))
    for node, box in place.items():
        dot.node(
            box,
            _box(graph, node),
            shape=_SHAPE[node.kind],
            fillcolor=_FILL[node.kind],
            penwidth="2" if node in graph.outputs else "1",
        )
        if node.op is not None:
            _operation(dot, graph, node, place, uses)
    return str(dot.source)


def _operation(
    dot: Any, graph: Graph, node: Node, place: dict[Node, str], uses: Counter[Node]
) -> None:
    """The circle of a computed node, and the arrows between its box and those of its inputs."""
    import graphviz

    symbol = graphviz.escape(node.op.symbol) if node.op else ""
    circle = f"{place[node]}op"
    shape = "circle" if len(symbol) < 8 else "ellipse"
    dot.node(circle, symbol, shape=shape, fillcolor="white", margin="0.03", width="0.4")
    _arrows(dot, circle, place[node], node.grad is not None)
    for i, (a, pulled) in enumerate(zip(node.inputs, node.contributions(), strict=True)):
        if isinstance(a, type(node)):
            label = "" if pulled is None else _carried(graph, a, pulled, uses[a])
            _arrows(dot, place[a], circle, pulled is not None, label)
        else:
            literal = f"{circle}{i}"
            dot.node(literal, graphviz.escape(operand(a)), shape="plain", style="")
            dot.edge(literal, circle, color=FORWARD)


def _arrows(dot: Any, tail: str, head: str, back: bool, label: str = "") -> None:
    dot.edge(tail, head, color=FORWARD)
    if back:
        dot.edge(tail, head, color=BACK, dir="back", label=label, fontcolor=BACK)


def _box(graph: Graph, node: Node) -> str:
    from html import escape

    lines = [f"<B>{escape(node.name)}</B> = {escape(_short(node.value))}"]
    if node.shape or node.dtype != np.float64:
        lines.append(f'<FONT POINT-SIZE="9" COLOR="#666666">{escape(kind(node))}</FONT>')
    if node.grad is not None:
        carried = f"d{graph.of}/d{node.name} = {_short(node.grad)}"
        lines.append(f'<FONT COLOR="{BACK}">{escape(carried)}</FONT>')
    return f"<{'<BR/>'.join(lines)}>"


def _carried(graph: Graph, a: Node, pulled: Any, uses: int) -> str:
    """What a red arrow says: the derivative, or this use's share of it; for an array, its name."""
    import graphviz

    label = f"d{graph.of}/d{a.name}"
    if np.ndim(pulled) == 0:
        label += f" {'=' if uses == 1 else '+='} {_short(pulled)}"
    return str(graphviz.escape(label))


def _short(value: Any) -> str:
    return summary(value, full=2, digits=6 if np.ndim(value) == 0 else 3)


def image(graph: Graph, suffix: str) -> bytes:
    """The picture as the bytes of an svg, png or pdf file."""
    import shutil
    import subprocess
    import sysconfig

    scripts = sysconfig.get_path("scripts")
    ours = shutil.which("graphviz-pure", path=scripts) or shutil.which("graphviz-pure")
    program = shutil.which("dot") if suffix == "pdf" else ours or shutil.which("dot")
    if program is None:
        remedy = (
            "PDF needs the system's Graphviz; install it, or write .svg or .png"
            if suffix == "pdf"
            else "install graphviz-pure, which minigrad depends on"
        )
        raise GraphError(f"render: found no program that draws {suffix}: {remedy}")
    done = subprocess.run(
        [program, f"-T{suffix}"], input=to_dot(graph).encode(), capture_output=True, check=False
    )
    if done.returncode:
        raise GraphError(f"render: {program}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def render(graph: Graph, path: str | Path) -> Path:
    """Draw the picture into a file whose suffix says the format."""
    from pathlib import Path

    path = Path(path)
    suffix = path.suffix[1:].lower()
    if suffix not in _FORMATS:
        raise GraphError(f"render: got {path.name!r}; expected a name ending in .svg, .png or .pdf")
    path.write_bytes(image(graph, suffix))
    return path
