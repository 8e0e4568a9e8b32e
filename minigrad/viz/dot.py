"""A graph as a picture, the way the lecture draws it: blue arrows forward, red arrows back.

A value is a box with its derivative below, an operation a circle. What a value is shows in its
outline: a variable has round corners, an array of data a folded one, an output a double line; a
number stands without. A frame is a module, and what is closed or left out a solid block.

In the SVG, elements have ids. i is a place in `graph.nodes`, k counts the inputs of node i:

    node-{i}     a value                    op-{i}     the operation that computes it
    f-{i}-{k}    input k to operation i     f-{i}      operation i to its value
    lit-{i}-{k}  a number                   block-{i}  several nodes as one, i being the first
    scope-{path} a frame: its labels from outside in, joined by "_", as is all but A-Z a-z 0-9 -

An arrow along which a derivative comes back is one element, drawn blue and red.

Read next: `minigrad.viz.collapse`, what is drawn of a large graph.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from minigrad.errors import GraphError
from minigrad.scopes import printable
from minigrad.viz.collapse import Block, Box, View, view
from minigrad.viz.fit import fitted
from minigrad.viz.label import block_label, node_label, short, shown
from minigrad.viz.text import formula, operand
from minigrad.viz.theme import THEMES, Theme

if TYPE_CHECKING:
    from pathlib import Path

    from minigrad.graph import Graph
    from minigrad.values import Array

__all__ = ["LIMIT", "image", "render", "to_dot"]

# Sizes up to which laying out a tangled graph takes seconds at most, counted in nodes drawn:
LIMIT = 200  # to show everything
_NUMBERS = 40  # to write on the arrows, which makes it far harder
_MAPS = 100  # to draw arrays as maps of their numbers, which makes large files
_FORMATS = ("svg", "png", "pdf")
_FORMS = {
    "variable": 'shape="box" style="rounded,filled" penwidth="1.8"',
    "constant": 'shape="note"',
    "computed": 'shape="box"',
}
_CROWD = 8  # uses of a value above which its arrows carry no numbers


def to_dot(
    graph: Graph, depth: int | None = None, theme: str = "light", limit: int | None = None
) -> str:
    """The picture in Graphviz's DOT language; the time it takes is linear in the nodes.

    Args:
        graph: the graph.
        depth: see `minigrad.viz.collapse.view`.
        theme: "light" or "dark".
        limit: see `minigrad.viz.collapse.view`.

    Raises:
        GraphError: an unknown theme, or a depth that is no number of levels.
    """
    if theme not in THEMES:
        raise GraphError(f"render: got theme {theme!r}; expected {' or '.join(THEMES)}")
    whole = isinstance(depth, (int, np.integer)) and not isinstance(depth, bool)
    if depth is not None and not (whole and depth >= 0):
        raise GraphError(f"render: got depth {depth!r}; expected None, or 0, 1, 2, …")
    return _Picture(graph, view(graph, depth, limit), THEMES[theme]).source()


class _Picture:
    """The lines of one DOT file."""

    def __init__(self, graph: Graph, drawn: View, theme: Theme) -> None:
        self.graph, self.drawn, self.theme = graph, drawn, theme
        self.nodes, self.inputs = graph.nodes, drawn.wiring.inputs
        self.items = drawn.items()
        self.uses = Counter(a for inputs in self.inputs for a in inputs)
        self.outputs = {drawn.item[i] for i in drawn.wiring.outputs}
        self.lines: dict[Box | None, list[str]] = {None: []}  # of the nodes, by frame
        self.arrows: list[str] = []
        self.names: set[str] = set()

    def source(self) -> str:
        """The whole file."""
        for item in self.items:
            if isinstance(item, Block):
                self._block(item)
            else:
                self._node(item)
        t = self.theme
        font = f'fontname="Helvetica" fontcolor="{t.ink}"'
        note = f' labelloc="t" label="{_text(self.drawn.note)}"' if self.drawn.note else ""
        head = [
            f'graph [rankdir="LR" nodesep="0.3" ranksep="0.45" bgcolor="{t.paper}" {font} '
            f'fontsize="12"{note}]',
            f'node [{font} fontsize="12" color="{t.line}" style="filled" fillcolor="{t.computed}"]',
            f'edge [fontname="Helvetica" fontcolor="{t.back}" fontsize="10" arrowsize="0.7" '
            f'color="{t.forward}"]',
        ]
        body = "\n".join(f"\t{line}" for line in (*head, *self._framed(), *self.arrows))
        return f"digraph {{\n{body}\n}}\n"

    def _put(self, box: Box | None, name: str, attributes: str) -> None:
        """A node into a frame, and the frame into those around it."""
        inside = box
        while inside is not None and inside not in self.lines:
            self.lines[inside] = []
            inside = inside.outer
        self.lines[box].append(f'"{name}" [id="{name}" {attributes}]')

    def _framed(self) -> Iterator[str]:
        """The lines of the nodes, those of each frame between braces."""
        inner: defaultdict[Box | None, list[Box]] = defaultdict(list)
        for box in self.lines:
            if box is not None:
                inner[box.outer].append(box)
        waiting: list[tuple[Box | None, bool]] = [(None, True)]
        while waiting:
            box, opens = waiting.pop()
            if box is not None:
                yield self._opened(box) if opens else "}"
            if opens:
                yield from self.lines[box]
                waiting += [(box, False), *((each, True) for each in reversed(inner[box]))]

    def _opened(self, box: Box) -> str:
        name = base = "scope-" + re.sub(r"[^A-Za-z0-9-]", "_", box.path)
        i = 1
        while name in self.names:
            i += 1
            name = f"{base}_{i}"
        self.names.add(name)
        series = box.repeated and not (box.outer and box.outer.repeated)
        t, style = self.theme, "rounded,dashed" if series else "rounded"
        label = _text(box.label if series else shown(box.label))
        return (
            f'subgraph "cluster_{name}" {{ graph [id="{name}" style="{style}" labeljust="l" '
            f'color="{t.line}" fontcolor="{t.faint}" label="{label}"]'
        )

    def _node(self, i: int) -> None:
        """The box of a value, the circle of its operation, and the arrows between and to them."""
        node, box = self.nodes[i], self.drawn.box[i]
        bare = box is not None and box.repeated
        label = node_label(self.graph, node, self.theme, bare, len(self.items) <= _MAPS)
        told = _tooltip(f"{shown(node.name)} = {shown(formula(node))}", node.line)
        double = ' peripheries="2"' if i in self.outputs else ""
        fill = getattr(self.theme, node.kind)
        self._put(
            box,
            f"node-{i}",
            f'{_FORMS[node.kind]}{double} fillcolor="{fill}" tooltip="{told}" label=<{label}>',
        )
        if node.op is None:
            return
        shape = "circle" if len(node.op.symbol) < 8 else "ellipse"
        symbol = _text(shown(node.op.symbol))
        self._put(
            box,
            f"op-{i}",
            f'shape="{shape}" margin="0.03" width="0.4" label="{symbol}" tooltip="{told}"',
        )
        pulled = [] if bare else node.contributions()
        for k, a in enumerate(node.inputs):
            if self.inputs[i][k] is None:
                literal = _text(shown(operand(a)))
                self._put(box, f"lit-{i}-{k}", f'shape="plain" style="" label="{literal}"')
                self._arrow(f"lit-{i}-{k}", f"op-{i}", f"f-{i}-{k}")
        self._uses(i, f"op-{i}", [i], pulled)
        self._arrow(f"op-{i}", f"node-{i}", f"f-{i}", node.grad is not None)

    def _block(self, block: Block) -> None:
        """The box of several nodes drawn as one, and the arrows to it."""
        name = f"block-{block.members[0]}"
        label = block_label(block.label, [self.nodes[i].kind for i in block.members], self.theme)
        double = ' peripheries="2"' if block in self.outputs else ""
        self._put(
            block.box,
            name,
            f'shape="box3d"{double} fillcolor="{self.theme.block}" label=<{label}>',
        )
        self._uses(block, name, block.members, [])

    def _uses(
        self, item: int | Block, head: str, users: list[int], pulled: Sequence[Array | None]
    ) -> None:
        """The arrows to an item from what its nodes use; one from each, if either is not a node."""
        seen: set[int | Block] = {item}
        for i in users:
            for k, a in enumerate(self.inputs[i]):
                source = None if a is None else self.drawn.item[a]
                if a is None or source is None or source in seen:
                    continue
                back = self.nodes[a].grad is not None and self.nodes[i].grad is not None
                label = ""
                if source != a or isinstance(item, Block):
                    seen.add(source)
                elif pulled:
                    back, label = pulled[k] is not None, self._carried(a, pulled[k])
                apart = self._box(source) is not self._box(item)
                self._arrow(_name(source), head, f"f-{i}-{k}", back, label, apart)

    def _carried(self, a: int, pulled: Array | None) -> str:
        """What an arrow says: the derivative by a, or what this use of a adds to it."""
        crowded = len(self.items) > _NUMBERS or self.uses[a] > _CROWD
        if pulled is None or crowded or (self.uses[a] == 1 and pulled.ndim):
            return ""
        sign = "=" if self.uses[a] == 1 else "+="
        return f"d{shown(self.graph.of)}/d{shown(self.nodes[a].name)} {sign} {short(pulled)}"

    def _box(self, item: int | Block) -> Box | None:
        return item.box if isinstance(item, Block) else self.drawn.box[item]

    def _arrow(
        self,
        tail: str,
        head: str,
        name: str,
        back: bool = False,
        label: str = "",
        apart: bool = False,
    ) -> None:
        """An arrow; one between frames is so long that the frames stand side by side."""
        both = f' color="{self.theme.forward}:{self.theme.back}" dir="both"' if back else ""
        text = f' label="{_text(label)}"' if label else ""
        long = ' minlen="2"' if apart else ""
        self.arrows.append(f'"{tail}" -> "{head}" [id="{name}"{both}{long}{text}]')


def _name(item: int | Block) -> str:
    return f"block-{item.members[0]}" if isinstance(item, Block) else f"node-{item}"


def _text(*lines: str) -> str:
    """Text for a label between quotes, where `&` and backslashes begin codes of their own."""
    escaped = (
        line.replace("&", "&amp;").replace("\\", "\\\\") for line in map(printable, lines) if line
    )
    return "\\n".join(escaped).replace('"', '\\"')


def _tooltip(*lines: str) -> str:
    """Like `_text`, but Graphviz reads the backslashes of a tooltip twice."""
    return _text(*(printable(line).replace("\\", "\\\\") for line in lines))


def image(
    graph: Graph,
    suffix: str,
    depth: int | None = None,
    theme: str = "light",
    limit: int | None = LIMIT,
) -> bytes:
    """The picture as the bytes of an svg, png or pdf file. See `to_dot`."""
    import shutil
    import subprocess
    import sysconfig

    source = to_dot(graph, depth, theme, limit)
    # The letters of a PNG are drawn at once, and graphviz-pure's fonts have no Chinese ones.
    wide = [c for c in source if suffix == "png" and unicodedata.east_asian_width(c) in "WF"]
    scripts = sysconfig.get_path("scripts")
    ours = shutil.which("graphviz-pure", path=scripts) or shutil.which("graphviz-pure")
    system = shutil.which("dot")
    program = system if suffix == "pdf" or wide else ours or system
    if program is None:
        what = f"{suffix} with {wide[0]!r}" if wide else suffix
        remedy = "install graphviz-pure, which minigrad depends on"
        if suffix == "pdf" or wide:
            remedy = "that needs the system's Graphviz; install it, or write .svg"
        raise GraphError(f"render: found no program that draws {what}: {remedy}")
    done = subprocess.run(
        [program, f"-T{suffix}"], input=source.encode(), capture_output=True, check=False
    )
    if done.returncode:
        raise GraphError(f"render: {program}: {done.stderr.decode(errors='replace').strip()}")
    return fitted(done.stdout.decode()).encode() if suffix == "svg" else done.stdout


def render(graph: Graph, path: str | Path, depth: int | None = None, theme: str = "light") -> Path:
    """Draw the picture into a file whose suffix says the format. See `to_dot`."""
    from pathlib import Path

    path = Path(path)
    suffix = path.suffix[1:].lower()
    if suffix not in _FORMATS:
        raise GraphError(f"render: got {path.name!r}; expected a name ending in .svg, .png or .pdf")
    path.write_bytes(image(graph, suffix, depth, theme))
    return path
