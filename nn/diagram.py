"""diagram: a network as the lecture draws it, neurons as circles in layers 0…L.

Read next: `nn.dense`, what it draws.
"""

# ruff: noqa: E741  (l is the lecture's layer number)
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

import minigrad as mg
from nn.dense import dense_layers, in_use
from nn.errors import ArgumentError
from nn.module import Module

__all__ = ["STYLE", "Diagram", "diagram", "drawn_units", "drawn_weights", "label"]

Array = np.ndarray

_R, _ROW, _COLUMN = 20, 54, 136  # a circle's radius, the distances between rows and columns
_MOST = 7  # neurons drawn of a layer
_LONGEST = 22  # characters of a user's label that are drawn; the tooltip has all
_PLUS, _MINUS, _INK, _PAPER = "#1f5fbf", "#c2410c", "#1c2430", "#ffffff"

# Attributes draw the light picture everywhere; where style sheets work, they add the dark one.
STYLE = f"""
.mg-network .plus {{ stroke: {_PLUS} }}
.mg-network .minus {{ stroke: {_MINUS}; stroke-dasharray: 5 3 }}
.mg-network .nought {{ stroke: #9aa3af }}
.mg-network line:hover {{ stroke-width: 6 }}
@media (prefers-color-scheme: dark) {{
  .mg-network .paper {{ fill: #14181f }}
  .mg-network text {{ fill: #e6e9ee }}
  .mg-network circle {{ stroke: #e6e9ee }}
  .mg-network .plus {{ stroke: #7fb0ff }}
  .mg-network .minus {{ stroke: #ff9d66 }}
  .mg-network .nought {{ stroke: #6b7482 }}
}}"""


@dataclass(frozen=True, slots=True)
class Diagram:
    """A picture that notebooks show; `.svg` is its text.

    Attributes:
        svg: a complete SVG document, the same bytes for the same network.
    """

    svg: str

    def save(self, path: str | Path) -> Path:
        """Write the picture into a file whose name ends in .svg.

        Returns:
            The path written.

        Raises:
            ArgumentError: another ending.
        """
        path = Path(path)
        if path.suffix.lower() != ".svg":
            raise ArgumentError(
                f"diagram: got {path.name!r}; expected a name ending in .svg, "
                "which any browser prints to PDF or shows for a PNG"
            )
        path.write_text(self.svg, encoding="utf-8")
        return path

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"<Diagram, {len(self.svg)} characters of SVG; .save('network.svg') writes it>"


def diagram(
    network: Module,
    x: Any = None,
    *,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    most: int = _MOST,
) -> Diagram:
    """Draw the neurons of layers 0…L, x₁ … to ŷ, and the weights between them.

    An edge is a weight: solid and blue if positive, dashed and orange if negative, its width |w|
    relative to the largest of its layer. Under each layer stand n[l] and its activation. Pointing
    at an edge or a neuron shows W[l] or b[l] there.

    Args:
        network: a DeepNetwork, a Linear, or a Sequential of Linear and functions.
        x: one example, (n[0],) or (n[0], 1); its activations a[l] are written into the circles and
            fill them, relative to the largest of each layer.
        inputs: n[0] labels, shown left of layer 0.
        outputs: n[L] labels, shown right of layer L.
        most: a layer of more neurons shows its first ones, ⋮ and the last.

    Returns:
        The Diagram.

    Raises:
        ArgumentError: a network that is no chain of dense layers; labels too few or too many.
        ShapeError: x is not one example.

    Source: the lecture's drawings of 3-4-1 and 3-5-5-3-1.

    >>> import nn
    >>> picture = diagram(nn.DeepNetwork([3, 4, 1], seed=0))
    >>> picture.svg.count("<circle"), picture.svg.count("<line data-weight")
    (8, 16)
    """
    if isinstance(most, bool) or not isinstance(most, (int, np.integer)) or most < 3:
        raise ArgumentError(f"diagram: got most={most!r}; expected a whole number, at least 3")
    layers = dense_layers(in_use(network))
    sizes = [layers[0].W.shape[1], *(layer.W.shape[0] for layer in layers)]
    for what, labels, n in (("inputs", inputs, sizes[0]), ("outputs", outputs, sizes[-1])):
        if labels is not None and len(labels) != n:
            raise ArgumentError(f"diagram: got {len(labels)} {what}; expected {n}")
    values = [None] * len(sizes) if x is None else _activations(layers, x, sizes[0])
    return Diagram(_Drawing(layers, sizes, values, inputs, outputs, most).svg())


def _activations(layers: Any, x: Any, n: int) -> list[Any]:
    """a[0], …, a[L] of one example, as vectors."""
    x = np.asarray(x)
    if x.shape not in {(n,), (n, 1)}:
        raise mg.ShapeError(f"diagram: x is {x.shape}; expected one example, ({n},) or ({n}, 1)")
    A = mg.tensor(x.reshape(n, 1).astype(layers[0].W.dtype))
    values = [A.data.ravel()]
    for layer in layers:
        A = layer(A)
        if A.shape != layer.b.shape:
            raise ArgumentError(f"diagram: {layer.g} made {A.shape} of Z, which is {layer.b.shape}")
        values.append(A.data.ravel())
    return values


def _drawn(n: int, most: int) -> list[int | None]:
    """The neurons drawn of a layer's n, None for the ⋮ that stands for the others.

    >>> _drawn(4, 7), _drawn(20, 5)
    ([0, 1, 2, 3], [0, 1, 2, None, 19])
    """
    return [*range(n)] if n <= most else [*range(most - 2), None, n - 1]


def drawn_weights(sizes: Sequence[int], most: int = _MOST) -> list[tuple[int, int, int]]:
    """(l, j, i) of each weight W[l][j, i] that is drawn, in the order of the edges.

    >>> drawn_weights([2, 1], 7)
    [(1, 0, 0), (1, 0, 1)]
    """
    return [
        (l, j, i)
        for l in range(1, len(sizes))
        for j in _drawn(sizes[l], most)
        for i in _drawn(sizes[l - 1], most)
        if i is not None and j is not None
    ]


def drawn_units(weights: Sequence[tuple[int, int, int]]) -> list[tuple[int, int]]:
    """(l, j) of each neuron those weights lead to, in the order of the circles."""
    return list(dict.fromkeys((l, j) for l, j, _ in weights))


def label(text: Any) -> str:
    """A user's text as it may stand in SVG or HTML: escaped, without what XML cannot hold."""
    kept = "".join(c if c in "\t\n" or ord(c) >= 32 else "\ufffd" for c in str(text))
    return escape(kept.encode("utf-8", "replace").decode())


@dataclass(slots=True)
class _Drawing:
    layers: Any
    sizes: list[int]
    values: list[Any]
    inputs: Sequence[str] | None
    outputs: Sequence[str] | None
    most: int

    def svg(self) -> str:
        """The document: paper, edges, circles over them, captions, legend."""
        rows = max(len(_drawn(n, self.most)) for n in self.sizes)
        left, right = (self._margin(names) for names in (self.inputs, self.outputs))
        width = max(left + right + _COLUMN * len(self.layers), 330)
        height = 34 + _ROW * rows + 92
        x = [left + _COLUMN * l for l in range(len(self.sizes))]
        middle = 24 + _ROW * rows / 2
        at = {}
        for l, n in enumerate(self.sizes):
            units = _drawn(n, self.most)
            for i, unit in enumerate(units):
                key = "dots" if unit is None else unit
                at[l, key] = (x[l], middle + _ROW * (i - (len(units) - 1) / 2))
        body = [f'<rect class="paper" width="{width}" height="{height}" fill="{_PAPER}"/>']
        body += self._edges(at) + self._circles(at) + self._captions(x, middle + _ROW * rows / 2)
        body += self._legend(width / 2, height - 14)
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="mg-network" role="img" '
            f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'font-family="Georgia, \'Times New Roman\', serif" font-size="15" fill="{_INK}">'
        )
        title = f"Neural network {'-'.join(map(str, self.sizes))}"
        told = f"<title>{title}</title><desc>{self._told()}</desc><style>{STYLE}\n</style>"
        return "\n".join([head, told, *body, "</svg>\n"])

    def _told(self) -> str:
        """The picture in words."""
        found = [f"layer 0: {self.sizes[0]} inputs"]
        for l, layer in enumerate(self.layers, start=1):
            found.append(f"layer {l}: {self.sizes[l]} units, {label(layer.g) or 'no activation'}")
        return "; ".join(found) + "."

    def _margin(self, names: Sequence[str] | None) -> int:
        longest = max((len(_short(n)) for n in names), default=0) if names is not None else 0
        return max(58, 36 + 8 * longest)

    def _edges(self, at: dict[Any, Any]) -> list[str]:
        found = []
        largest = [_largest(layer.W.data) for layer in self.layers]
        for l, j, i in drawn_weights(self.sizes, self.most):
            w = self.layers[l - 1].W.data[j, i]
            found.append(_edge(l, j, i, w, largest[l - 1], at[l - 1, i], at[l, j]))
        return found

    def _circles(self, at: dict[Any, Any]) -> list[str]:
        found = []
        for (l, unit), (x, y) in at.items():
            if unit == "dots":
                hidden = self.sizes[l] - self.most + 1
                found.append(
                    f'<text x="{x}" y="{y + 8:g}" font-size="24" text-anchor="middle">⋮'
                    f"<title>{hidden} more</title></text>"
                )
            else:
                found.append(self._circle(l, unit, x, y))
        return found

    def _circle(self, l: int, unit: int, x: float, y: float) -> str:
        """One neuron: its name, its activation if an example is shown, its label at the margin."""
        last = l == len(self.layers)
        told = f"b[{l}][{unit}] = {_number(self.layers[l - 1].b.data[unit, 0])}" if l else "input"
        parts, value = [], self.values[l]
        if value is not None:
            told = f"{_number(value[unit])}; {told}"
            parts.append(_tint(x, y, value[unit], value))
            parts.append(_text(x, y + 13, _number(value[unit], 2), size=10))
        names = self.outputs if last else self.inputs if l == 0 else None
        if names is not None:
            told = f"{names[unit]}: {told}"
            side = _R + 8 if last else -_R - 8
            anchor = "start" if last else "end"
            parts.append(_text(x + side, y + 5, label(_short(names[unit])), anchor, 13))
        name = _name(l, unit, self.sizes[l], last, x, y + (4 if value is None else -4))
        return (
            f'<g data-unit="{l} {unit}"><title>{label(told)}</title>'
            f'<circle class="paper" cx="{x}" cy="{y:g}" r="{_R}" fill="{_PAPER}" '
            f'stroke="{_INK}" stroke-width="1.3"/>{"".join(parts)}{name}</g>'
        )

    def _captions(self, x: list[int], y: float) -> list[str]:
        found = []
        for l, n in enumerate(self.sizes):
            g = "input" if l == 0 else self.layers[l - 1].g or "linear"
            kind = f"<title>{label(g)}</title>{label(_short(g, 18))}"
            found.append(_text(x[l], y + 26, f"layer {l}", size=12))
            size = f'n<tspan font-size="10" dy="-5">[{l}]</tspan><tspan dy="5"> = {n}</tspan>'
            found.append(_text(x[l], y + 44, size, size=14))
            found.append(_text(x[l], y + 61, kind, size=13, italic=True))
        return found

    def _legend(self, x: float, y: float) -> list[str]:
        x = round(x - 135)
        sign = "stroke-width"
        return [
            f'<line class="plus" x1="{x}" y1="{y - 4}" x2="{x + 26}" y2="{y - 4}" '
            f'stroke="{_PLUS}" {sign}="2"/>',
            _text(x + 31, y, "w &gt; 0", "start", 11),
            f'<line class="minus" x1="{x + 80}" y1="{y - 4}" x2="{x + 106}" y2="{y - 4}" '
            f'stroke="{_MINUS}" {sign}="2" stroke-dasharray="5 3"/>',
            _text(x + 111, y, "w &lt; 0", "start", 11),
            _text(x + 160, y, "width: |w|, in its layer", "start", 11),
        ]


def _edge(l: int, j: int, i: int, w: Any, largest: float, start: Any, end: Any) -> str:
    kind = "plus" if w > 0 else "minus" if w < 0 else "nought"
    colour = {"plus": _PLUS, "minus": _MINUS, "nought": "#9aa3af"}[kind]
    dashes = ' stroke-dasharray="5 3"' if kind == "minus" else ""
    share = min(abs(float(w)) / largest, 1.0) if largest and w == w else 0.0  # noqa: PLR0124
    return (
        f'<line data-weight="{l} {j} {i}" class="{kind}" x1="{start[0]}" y1="{start[1]:g}" '
        f'x2="{end[0]}" y2="{end[1]:g}" stroke="{colour}" stroke-width="{0.4 + 3.4 * share:.2f}"'
        f"{dashes}><title>W[{l}][{j}, {i}] = {_number(w)}</title></line>"
    )


def _tint(x: float, y: float, value: Any, layer: Array) -> str:
    largest = _largest(layer)
    share = min(abs(float(value)) / largest, 1.0) if largest and np.isfinite(value) else 0.0
    return (
        f'<circle cx="{x}" cy="{y:g}" r="{_R - 1}" stroke="none" '
        f'fill="{_PLUS if value > 0 else _MINUS}" fill-opacity="{0.5 * share:.2f}"/>'
    )


def _name(l: int, unit: int, n: int, last: bool, x: float, y: float) -> str:
    """The neuron's name in the lecture's letters: x with its number, a with layer and number, ŷ."""
    number = str(unit + 1)
    if l and not last:
        return (
            _text(x - 5, y, "a", size=15, italic=True, anchor="end" if unit > 98 else "middle")
            + _text(x, y - 5, f"[{l}]", "start", 9)
            + _text(x, y + 5, number, "start", 9)
        )
    letter = "ŷ" if last else "x"
    if last and n == 1:
        return _text(x, y, letter, size=16, italic=True)
    back, small = 2.4 * len(number), 9 if len(number) < 5 else 7.5
    return _text(x - back, y, letter, size=15, italic=True) + _text(
        x + 4.5 - back, y + 4, number, "start", small
    )


def _text(
    x: float, y: float, content: str, anchor: str = "middle", size: float = 15, italic: bool = False
) -> str:
    slant = ' font-style="italic"' if italic else ""
    return (
        f'<text x="{round(x, 1):g}" y="{round(y, 1):g}" text-anchor="{anchor}" '
        f'font-size="{size}"{slant}>{content}</text>'
    )


def _short(text: Any, longest: int = _LONGEST) -> str:
    text = str(text)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _largest(values: Array) -> float:
    """The largest finite magnitude, or 0."""
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) if finite.size else 0.0


def _number(value: Any, digits: int = 4) -> str:
    return f"{float(value) + 0.0:.{digits}g}"
