"""A training as one HTML page: a slider goes through the epochs kept.

The page is complete in itself: our own script and style, allowed by their hashes and nothing else.

Read next: `nn.record`, which keeps the epochs.
"""

# ruff: noqa: E741  (l is the lecture's layer number)
from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from string import Template
from typing import Any

import numpy as np

from nn.charts import Axes, axes, path
from nn.diagram import STYLE, Diagram, drawn_units, label
from nn.surface import class_numbers

__all__ = ["Film", "Frame", "to_html"]

Array = np.ndarray

_CURVES = 12  # weights whose gradients are drawn
_SHAPES = (
    '<circle class="point k{k}" cx="{x:g}" cy="{y:g}" r="3.6">{t}</circle>',
    '<path class="point k{k}" d="M{x:g} {y:g}m-3.4 -3.4h6.8v6.8h-6.8z">{t}</path>',
    '<path class="point k{k}" d="M{x:g} {y:g}m0 -4.6l4.4 7.6h-8.8z">{t}</path>',
    '<path class="point k{k}" d="M{x:g} {y:g}m0 -4.8l4.2 4.8l-4.2 4.8l-4.2 -4.8z">{t}</path>',
)


@dataclass(slots=True)
class Frame:
    """The network after an epoch.

    Attributes:
        epoch: 0 is before the first step.
        norms: ‖dW‖ as `gradient_norms`, nan before the first step.
        right: the share of examples it puts into their class.
        surface: the class of each grid point and its lead over the next, as `surface.verdict`.
        output: the first row of the network's output on the grid.
        weights: those drawn.
        biases: of the neurons drawn.
    """

    epoch: int
    norms: list[float]
    right: float | None = None
    surface: tuple[Array, Array] | None = None
    output: Array | None = None
    weights: Array | None = None
    biases: Array | None = None


@dataclass(frozen=True, slots=True)
class Film:
    """A recorded training.

    Attributes:
        of: the network, in words.
        losses: J of each epoch from 1.
        frames: the epochs kept.
        names: dW1, …, those whose norms the frames have.
        diagram: the network, if it is drawn.
        drawn: (l, j, i) of each weight in the diagram.
        axes: the values of each feature on the grid, none if there are more than two.
        X, Y: the examples to draw.
        notes: what to say about the page.
    """

    of: str
    losses: list[float]
    frames: list[Frame]
    names: list[str]
    diagram: Diagram | None
    drawn: Sequence[tuple[int, int, int]]
    axes: list[Array]
    X: Array
    Y: Array
    notes: list[str]


def to_html(film: Film) -> str:
    """The page."""
    data: dict[str, Any] = {"told": [_told(film, frame) for frame in film.frames], "marks": {}}
    panels = [_cost(film, data), _says(film, data), _network(film, data), _flow(film, data)]
    assets = files("nn") / "assets"
    style = STYLE + "\n" + (assets / "replay.css").read_text(encoding="utf-8")
    script = (assets / "replay.js").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    known = json.dumps(data, allow_nan=False, separators=(",", ":"))
    for mark in "<>&":
        known = known.replace(mark, f"\\u{ord(mark):04x}")
    return Template((assets / "replay.html").read_text(encoding="utf-8")).substitute(
        policy=policy,
        title="Training, epoch by epoch",
        style=style,
        summary=label(_summary(film)),
        panels="\n".join(filter(None, panels)),
        last=len(film.frames) - 1,
        now=label(data["told"][-1]),
        notes="\n".join(f"<li>{label(note)}</li>" for note in film.notes),
        data=known,
        script=script,
    )


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _summary(film: Film) -> str:
    of = film.of if len(film.of) <= 200 else f"{film.of[:199]}…"
    n = len(film.losses)
    return f"{of}: J {film.losses[0]:.4g} → {film.losses[-1]:.4g} in {n} epoch{'s' * (n != 1)}"


def _told(film: Film, frame: Frame) -> str:
    """A frame in words: its epoch, its J, how much is right."""
    parts = [f"epoch {frame.epoch} of {len(film.losses)}"]
    parts += [f"J = {film.losses[frame.epoch - 1]:.4g}"] if frame.epoch else ["before training"]
    if frame.right is not None:
        parts.append(f"{100 * frame.right:.4g} % right")
    return " · ".join(parts)


def _panel(name: str, picture: str, caption: str) -> str:
    key = name.lower().replace(" ", "-")
    return (
        f'<figure class="panel" data-panel="{key}"><h2>{name}</h2>{picture}'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _marker(name: str, top: float = 12, bottom: float = 236) -> str:
    return (
        f'<g data-mark="{name}"><line class="marker" y1="{top}" y2="{bottom}"/>'
        '<circle class="dot" r="5" visibility="hidden"/></g>'
    )


def _marks(scales: Axes, epochs: Sequence[int], values: Sequence[float]) -> list[list[Any]]:
    """Where the marker is in each frame; no height where there is no value."""
    places = scales.place(np.array(epochs), np.array(values)).tolist()
    return [[x, y if np.isfinite(y) else None] for x, y in places]


def _cost(film: Film, data: dict[str, Any]) -> str:
    losses = np.array(film.losses)
    log = bool(losses.min() > 0 and losses.max() > 100 * losses.min())
    scales = axes((0, len(losses)), losses, log)
    epochs = [frame.epoch for frame in film.frames]
    values = [losses[e - 1] if e else np.nan for e in epochs]
    data["marks"]["cost"] = _marks(scales, epochs, values)
    line = path(scales.place(np.arange(1, len(losses) + 1), losses))
    body = [f'<path class="line" d="{line}"/>', _marker("cost")]
    picture = scales.svg("Cost J of each epoch", "epoch", "J", body)
    return _panel(
        "Cost", picture, "J of each epoch" + (", on a logarithmic scale." if log else ".")
    )


def _flow(film: Film, data: dict[str, Any]) -> str:
    """‖dW‖ of each weight over the epochs, on a logarithmic scale."""
    chosen = np.unique(np.linspace(0, len(film.names) - 1, _CURVES).astype(int)).tolist()
    norms = np.array([[frame.norms[c] for c in chosen] for frame in film.frames])
    epochs = [frame.epoch for frame in film.frames]
    scales = axes((0, len(film.losses)), norms, log=True)
    data["marks"]["flow"] = _marks(scales, epochs, [np.nan] * len(epochs))
    data["norms"] = [[f"{v:.3g}" if np.isfinite(v) else "–" for v in column] for column in norms.T]
    body, keys = [], []
    for i, c in enumerate(chosen):
        kind = f"line k{i % 8}{' dashed' if i >= 8 else ''}"
        line = path(scales.place(np.array(epochs), norms[:, i]))
        body.append(f'<path class="{kind}" d="{line}"/>')
        keys.append(
            f'<li><svg viewBox="0 0 26 12" aria-hidden="true">'
            f'<path class="{kind}" d="M0 6H26"/></svg>{label(film.names[c])}: '
            f'<b data-norm="{i}">{data["norms"][i][-1]}</b></li>'
        )
    picture = scales.svg(
        "Norm of the gradient of each weight", "epoch", "‖dW‖", [*body, _marker("flow")]
    )
    left_out = len(film.names) - len(chosen)
    caption = "The norm of dW, layer by layer: where it is tiny, little is learned."
    caption += f" Of {len(film.names)} weights {len(chosen)} are drawn." if left_out else ""
    return _panel("Gradient flow", f'{picture}<ul class="legend">{"".join(keys)}</ul>', caption)


def _network(film: Film, data: dict[str, Any]) -> str:
    """The diagram; each frame's weights and biases as 16-bit shares of their layer's largest."""
    if film.diagram is None:
        return ""
    layer_of_w = np.array([l for l, _, _ in film.drawn])
    layer_of_b = np.array([l for l, _ in drawn_units(film.drawn)])
    weights, scale = _shares([frame.weights for frame in film.frames], layer_of_w)
    biases, bias_scale = _shares([frame.biases for frame in film.frames], layer_of_b)
    data["weights"] = {
        "scale": scale,
        "biasScale": bias_scale,
        "frames": [_bytes(row.astype("<i2")) for row in np.concatenate([weights, biases], axis=1)],
    }
    caption = (
        "Solid and blue: positive; dashed and orange: negative. The width is |w|, relative to "
    )
    caption += "the largest of its layer in any epoch kept. Point at an edge for its number."
    return _panel("Network", film.diagram.svg.replace(f"<style>{STYLE}\n</style>", ""), caption)


def _shares(rows: list[Any], layers: Array) -> tuple[Array, list[float]]:
    """The rows as whole numbers up to 32767 that stand for each layer's largest, and those."""
    values = np.nan_to_num(np.array(rows, dtype=float), posinf=0, neginf=0)
    scale = [float(np.abs(values[:, layers == l]).max()) for l in np.unique(layers)]
    largest = np.array([s or 1.0 for s in scale])[layers - 1]
    return np.rint(32767 * (values / largest)), scale


def _bytes(values: Array) -> str:
    return b64encode(values.tobytes()).decode()


def _says(film: Film, data: dict[str, Any]) -> str:
    """What the network says where: a curve of one feature, a surface of two."""
    if len(film.axes) == 2:
        return _surface(film, data)
    return _curve(film, data) if film.axes and film.Y.ndim == 2 and len(film.Y) == 1 else ""


def _curve(film: Film, data: dict[str, Any]) -> str:
    (x,), y = film.axes, film.Y[0]
    scales = axes((x[0], x[-1]), y)
    low, high = scales.y
    outputs = np.array([frame.output for frame in film.frames])
    outputs[~((outputs >= low) & (outputs <= high))] = np.nan
    data["curves"] = [path(scales.place(x, output)) for output in outputs]
    words = [f"{v:.4g}" for v in y]
    body = [
        *_points(scales, film.X[0], y, np.zeros(len(y), int), words),
        f'<path class="fit" data-curve="" d="{data["curves"][-1]}"/>',
    ]
    picture = scales.svg("The network's output over the feature", "x1", "y", body)
    return _panel("Prediction", picture, "Points: the examples. Line: the network's output.")


def _surface(film: Film, data: dict[str, Any]) -> str:
    """The plane of two features: the classes and where they meet, or the output's value."""
    halves = [(x[1] - x[0]) / 2 for x in film.axes]
    around = [(float(x[0] - h), float(x[-1] + h)) for x, h in zip(film.axes, halves)]
    scales, X = Axes(around[0], around[1]), film.X
    kinds = None if film.frames[0].surface is None else class_numbers(film.Y)
    values = kinds is None
    data["surface"] = {"n": len(film.axes[0]), "box": [52, 12, 296, 224], "values": values}
    body = [
        '<image data-surface="" x="52" y="12" width="296" height="224" '
        'preserveAspectRatio="none"/>',
        '<path class="edge" data-boundary="" d=""/>',
    ]
    if kinds is not None:
        name = "Decision boundary"
        body += _points(scales, X[0], X[1], kinds, [f"class {k}" for k in kinds])
        data["surface"]["classes"] = 2 if film.Y.shape[:-1] == (1,) else 3
        data["surface"]["frames"] = [_classes(frame) for frame in film.frames]
        caption = (
            "Points: the examples. Colour: the class the network says, stronger where it is surer."
        )
    else:
        name, y = "Prediction", np.atleast_2d(film.Y)[0]
        low, high = axes((0, 1), y).y  # a wild output is not to take the colours of the others
        body += _values(scales, X, y, (y - low) / (high - low))
        data["surface"]["frames"] = [
            _bytes(np.append(0 * row, row))
            for row in (_share(frame.output, low, high) for frame in film.frames)
        ]
        caption = f"Colour: the output, and of each point its label, from {low:.4g} and less "
        caption += f"(orange) to {high:.4g} and more (blue)."
    return _panel(name, scales.svg(name, "x1", "x2", body), caption)


def _share(output: Any, low: float, high: float) -> Array:
    """0 at low and less, 255 at high and more."""
    inside = np.clip(np.nan_to_num(output), low, high)
    return np.asarray(np.rint(255 * ((inside - low) / (high - low))), np.uint8)


def _classes(frame: Frame) -> str:
    """The class of each grid point as bytes, then the roots of their leads."""
    winner, lead = frame.surface or ((), ())
    roots = np.rint(255 * np.sqrt(np.nan_to_num(lead)))
    return _bytes(np.concatenate([np.minimum(winner, 255), roots]).astype("u1"))


def _points(scales: Axes, x: Array, y: Array, kinds: Array, words: Sequence[str]) -> list[str]:
    """The examples: the form and the colour say the class."""
    return [
        _SHAPES[k % len(_SHAPES)].format(k=k % 8, x=u, y=v, t=f"<title>{label(word)}</title>")
        for (u, v), k, word in zip(scales.place(x, y).tolist(), kinds.tolist(), words)
    ]


def _values(scales: Axes, X: Array, y: Array, shares: Array) -> list[str]:
    """The examples, coloured by their labels: from orange over white to blue."""
    ends = np.where(shares[:, None] < 0.5, (194, 65, 12), (31, 95, 191))
    mixed = np.rint(255 + (ends - 255) * np.abs(2 * shares[:, None] - 1)).astype(int)
    return [
        f'<circle class="value" cx="{u:g}" cy="{v:g}" r="3.8" fill="#{bytes(c).hex()}">'
        f"<title>{value:.4g}</title></circle>"
        for (u, v), c, value in zip(scales.place(*X).tolist(), mixed.tolist(), y)
    ]
