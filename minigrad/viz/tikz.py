r"""A graph as a TikZ picture: a box for each value, blue arrows forward and red ones back.

For a LaTeX document with `\usepackage{tikz,amsmath}`. Graphviz says where everything stands.

Read next: `minigrad.graph`.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sysconfig
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.errors import GraphError
from minigrad.viz.derived import forward, inputs
from minigrad.viz.notation import Latex

if TYPE_CHECKING:
    from minigrad.graph import Graph, Node

__all__ = ["LIMIT", "to_tikz"]

LIMIT = 200  # nodes: more make no picture on paper

_STYLES = """\
\\begin{tikzpicture}[x=1in, y=1in, >=stealth,
  value/.style={draw, rounded corners=2pt, align=center, font=\\small, inner sep=2pt},
  leaf/.style={value, fill=blue!8}, data/.style={value, fill=black!6, densely dotted},
  result/.style={value}, output/.style={very thick},
  forward/.style={->, blue!70!black, transform canvas={yshift=2pt}},
  back/.style={->, red!70!black, transform canvas={yshift=-2pt}}]"""
_STYLE = {"variable": "leaf", "constant": "data", "computed": "result"}


def to_tikz(graph: Graph) -> str:
    """The graph as a `tikzpicture`.

    Raises:
        GraphError: it has more than 200 nodes, or graphviz-pure is not installed.
    """
    if len(graph) > LIMIT:
        raise GraphError(
            f"to_tikz: {len(graph):,} nodes; expected at most {LIMIT}: take the graph of a part, "
            "or render it"
        )
    labels = _labels(graph)
    boxes, arrows = _layout(graph, labels)
    places = {node: i for i, node in enumerate(graph)}
    lines = [_STYLES]
    for node, i in places.items():
        x, y, width, height = boxes[i]
        style = f"{_STYLE[node.kind]}{', output' * (node in graph.outputs)}"
        size = f"minimum width={width}in, minimum height={height}in"
        lines.append(rf"  \node[{style}, {size}] at ({x}, {y}) {{{labels[node]}}};")
    for node, i in places.items():
        for a, pulled in _pulled(node).items():
            route = arrows[places[a], i]
            lines.append(rf"  \draw[forward] {_curve(route)};")
            if pulled is not None:
                lines.append(rf"  \draw[back] {_curve(route[::-1], _label(pulled))};")
    return "\n".join([*lines, r"\end{tikzpicture}"])


def _labels(graph: Graph) -> dict[Node, str]:
    """What stands in each box: the equation, the value, the derivative."""
    notation = Latex()
    used, equations = forward(graph, notation, {node: node.name for node in graph}, set())
    formulas = dict(equations)
    labels = {}
    for node in graph:
        name = used[node].text
        equation = f"{name} = {formulas[node].text}" if node in formulas else name
        lines = [equation, rf"\color{{blue!70!black}}{_short(node.value)}"]
        if node.grad is not None:
            slope = rf"\frac{{d{used[graph[graph.of]].text}}}{{d{name}}}"
            lines.append(rf"\color{{red!70!black}}{slope} = {_short(node.grad)}")
        labels[node] = r" \\ ".join(f"${line}$" for line in lines)
    return labels


def _short(value: Any) -> str:
    return Latex().array(np.asarray(value), full=2).text


def _pulled(node: Node) -> dict[Node, Any]:
    """For each input of the node what its uses add to its derivative; None where nothing."""
    shares = node.contributions()
    found: dict[Node, Any] = {}
    for a, places in inputs(node).items():
        given = [shares[i] for i in places if shares[i] is not None]
        found[a] = sum(given) if given else None
    return found


def _label(pulled: Any) -> str:
    return "" if np.ndim(pulled) else _short(pulled)


Place = tuple[str, str]


def _curve(route: list[Place], label: str = "") -> str:
    """Bézier curves through every third point of the route."""
    (first, *rest) = [f"({x}, {y})" for x, y in route]
    steps = [f".. controls {a} and {b} .. {c}" for a, b, c in zip(*[iter(rest)] * 3, strict=True)]
    if label:
        steps[len(steps) // 2] += rf" node[midway, below, font=\scriptsize] {{${label}$}}"
    return " ".join([first, *steps])


def _layout(
    graph: Graph, labels: dict[Node, str]
) -> tuple[dict[int, list[str]], dict[tuple[int, int], list[Place]]]:
    """Where Graphviz puts the boxes (centre, width, height) and the arrows, in inches."""
    scripts = sysconfig.get_path("scripts")
    program = shutil.which("graphviz-pure", path=scripts) or shutil.which("graphviz-pure")
    program = program or shutil.which("dot")
    if program is None:
        raise GraphError("to_tikz: install graphviz-pure, which minigrad depends on")
    places = {node: i for i, node in enumerate(graph)}
    lines = ['digraph { rankdir=LR; ranksep=0.6; node [shape=box, label=""]; edge [dir=none]']
    for node, i in places.items():
        width = max(map(_width, labels[node].split(r" \\ ")))
        height = 0.22 + 0.2 * labels[node].count(r" \\ ") + 0.12 * labels[node].count(r"\frac")
        lines.append(f"{i} [width={width:.2f}, height={height:.2f}, fixedsize=true]")
        lines += [f"{places[a]} -> {i}" for a in inputs(node)]
    source = "\n".join([*lines, "}"]).encode()
    done = subprocess.run([program, "-Tplain"], input=source, capture_output=True, check=False)
    if done.returncode:
        raise GraphError(f"to_tikz: {program}: {done.stderr.decode(errors='replace').strip()}")
    boxes, arrows = {}, {}
    for line in done.stdout.decode().replace("\\\n", "").splitlines():
        kind, *words = line.split()
        if kind == "node":
            boxes[int(words[0])] = words[1:5]
        elif kind == "edge":
            points = words[3 : 3 + 2 * int(words[2])]
            arrows[int(words[0]), int(words[1])] = [*zip(points[::2], points[1::2], strict=True)]
    return boxes, arrows


def _width(line: str) -> float:
    """About how many inches a line of mathematics takes."""
    fractions = re.sub(r"\\frac\{([^{}]*)\}\{[^{}]*\}", r"\1", line)
    shown = re.sub(
        r"\\color\{[^}]*\}|\\(operatorname|mathrm|left|right)|\\[a-zA-Z]+", "", fractions
    )
    return 0.25 + 0.09 * len(re.sub(r"[{}^_$\\ ]", "", shown))
