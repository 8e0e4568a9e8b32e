"""Pictures of training, with matplotlib and without its global state.

Read next: `nn.training`, whose History they show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import minigrad as mg
from nn.activations import ACTIVATIONS
from nn.dense import dense_layers, gradient_norms, in_use
from nn.errors import ArgumentError, missing_extra, pick
from nn.losses import Loss
from nn.module import Module
from nn.objective import objective
from nn.surface import class_numbers, grid, verdict
from nn.training import History

__all__ = ["activations", "cost_curve", "decision_boundary", "gradient_flow", "weights"]

Array = np.ndarray

_COLOURS = ("#1f5fbf", "#c2410c", "#0f766e", "#7c3aed", "#a16207", "#be185d", "#374151", "#15803d")
_FORMS = "os^DvP*X"
_BOTH_SIGNS = ("#c2410c", "#ffffff", "#1f5fbf")  # negative, zero, positive
_POINTS = 161  # predictions along each feature
_IMAGES = 100  # images of weights


def cost_curve(
    history_or_losses: History | Sequence[float] | Mapping[str, History | Sequence[float]],
    path: Any = None,
    ax: Any = None,
) -> Any:
    """Draw J against the epochs: of one training, or of several by their names.

    Args:
        history_or_losses: what `fit` returned, or the costs themselves; or a dict of them.
        path: where to save the picture; its ending says how (png, svg, pdf).
        ax: matplotlib Axes to draw on; by default those of a new Figure.

    Returns:
        The Axes; `.figure` is its figure.

    Raises:
        ImportError: matplotlib is not installed.

    >>> ax = cost_curve([0.7, 0.4, 0.3])
    >>> ax.get_xlabel(), ax.get_ylabel(), len(ax.lines[0].get_ydata())
    ('epoch', 'J', 3)
    """
    ax = ax or _axes("cost_curve", xlabel="epoch", ylabel="J")
    given = history_or_losses
    for name, one in (given if isinstance(given, Mapping) else {"": given}).items():
        losses = one.losses if isinstance(one, History) else one
        ax.plot(range(1, len(losses) + 1), losses, label=_plain(name))
    if isinstance(given, Mapping) and given:
        ax.legend()
    return _saved(ax, path)


def decision_boundary(
    network: Module,
    X: Any,
    Y: Any,
    path: Any = None,
    ax: Any = None,
    *,
    loss: str | Loss | None = None,
    classes: Sequence[str] | None = None,
) -> Any:
    """Draw what the network says of each point of the plane, and the examples.

    The colour is the class, stronger where its probability is further above the next one's; the
    line is where they are equal. Of a regression the colour is the first output.

    Args:
        network: a Module of two features, seen as in use (without dropout).
        X: (2, m).
        Y: labels as `fit` takes them: (1, m), (n, m), or class numbers (m,).
        path: where to save the picture.
        ax: matplotlib Axes to draw on; by default those of a new Figure.
        loss: what the network is trained on, which says what its output means; needed for a
            module without `.activations`.
        classes: their names, for the legend.

    Returns:
        The Axes.

    Raises:
        ShapeError: X is not (2, m), or Y has not m columns.
        ArgumentError: no `.activations` and no loss; too few names of classes; X is not finite.
        ImportError: matplotlib is not installed.

    >>> from nn.network import DeepNetwork
    >>> X, Y = np.array([[0.0, 0, 1, 1], [0, 1, 0, 1]]), np.array([[0, 1, 1, 0]])
    >>> ax = decision_boundary(DeepNetwork([2, 3, 1], seed=0), X, Y)
    >>> ax.get_xlabel(), [text.get_text() for text in ax.get_legend().get_texts()]
    ('x1', ['class 0', 'class 1'])
    """
    X, Y = np.asarray(X), np.asarray(Y)
    fit = X.ndim == 2 and len(X) == 2 and Y.ndim in {1, 2} and Y.shape[-1] == X.shape[1] > 0
    if not fit:
        raise mg.ShapeError(
            f"decision_boundary: X is {X.shape} and Y is {Y.shape}; expected two features, "
            "(2, m), and a label for each column"
        )
    if X.dtype.kind not in "fiub" or not np.isfinite(X).all():
        raise ArgumentError("decision_boundary: X has something in it that is no finite number")
    ax = ax or _axes("decision_boundary", xlabel="x1", ylabel="x2")
    seen = in_use(network)
    X = X.astype(seen.parameters()[0].dtype)
    (x1, x2), points = grid(X, _POINTS)
    said = verdict(seen, points, loss)
    kinds = class_numbers(Y)
    if said is None or kinds is None:
        _values(ax, x1, x2, seen(points).data[0], X, np.atleast_2d(Y)[0])
    else:
        _classes(ax, x1, x2, *(plane.reshape(len(x2), -1) for plane in said))
        _examples(ax, X, kinds, classes)
    return _saved(ax, path)


def _classes(ax: Any, x1: Array, x2: Array, winner: Array, lead: Array) -> None:
    """The colour of each class as strong as its lead, and the lines where it has none."""
    around = (x1[0], x1[-1], x2[0], x2[-1])
    n = int(winner.max()) + 1
    for k in range(n):
        own = np.where(winner == k, lead, -lead)
        colour = np.array([int(_COLOURS[k % 8][i : i + 2], 16) for i in (1, 3, 5)]) / 255
        paint = np.empty((*lead.shape, 4))
        paint[..., :3], paint[..., 3] = colour, np.where(winner == k, 0.12 + 0.4 * lead, 0)
        ax.imshow(paint, extent=around, origin="lower", aspect="auto", interpolation="nearest")
        if own.min() < 0 < own.max() and (k or n > 2):  # the line of two classes is one
            ax.contour(x1, x2, own, levels=[0], colors="#1c2430", linewidths=1.2)


def _examples(ax: Any, X: Array, kinds: Array, names: Sequence[str] | None) -> None:
    n = int(kinds.max()) + 1
    if names is not None and len(names) < n:
        raise ArgumentError(f"decision_boundary: got {len(names)} names of classes; expected {n}")
    for k in np.unique(kinds).tolist():
        name = f"class {k}" if names is None else _plain(names[k])
        style = {"c": _COLOURS[k % 8], "marker": _FORMS[k % 8], "edgecolors": "white"}
        ax.scatter(*X[:, kinds == k], label=name, s=28, linewidths=0.6, **style)
    ax.legend()


def _values(ax: Any, x1: Array, x2: Array, output: Array, X: Array, y: Array) -> None:
    scale = {"vmin": min(output.min(), y.min()), "vmax": max(output.max(), y.max())}
    around = (x1[0], x1[-1], x2[0], x2[-1])
    plane = output.reshape(len(x2), -1)
    shown = ax.imshow(plane, extent=around, origin="lower", aspect="auto", **scale)
    ax.scatter(*X, c=y, edgecolors="#1c2430", linewidths=0.6, s=28, **scale)
    ax.figure.colorbar(shown, ax=ax, label="y")


def activations(
    names: str | Sequence[str] = ("sigmoid", "tanh", "relu", "leaky_relu"), path: Any = None
) -> list[Any]:
    """Draw activations g(z) and their derivatives g'(z), as the engine computes them.

    Args:
        names: activations of `nn`, by name; elementwise ones.
        path: where to save the picture.

    Returns:
        The Axes, one for each name.

    Raises:
        ArgumentError: an unknown name; softmax, which is not a function of one z.
        ImportError: matplotlib is not installed.

    >>> (ax,) = activations("tanh")
    >>> [line.get_label() for line in ax.lines], ax.get_title()
    (['g(z)', "g'(z)"], 'tanh')
    """
    names = [names] if isinstance(names, str) else list(names)
    single = {k: g for k, g in ACTIVATIONS.items() if k not in {"softmax", "log_softmax"}}
    functions = [pick("activations", name, single) for name in names]
    if not names:
        raise ArgumentError("activations: got no names; expected at least one")
    figure = _figure("activations", figsize=(3.2 * min(len(names), 4), 2.9 * -(-len(names) // 4)))
    z = np.linspace(-4, 4, 801)
    drawn = []
    for i, (name, g) in enumerate(zip(names, functions), start=1):
        ax = figure.add_subplot(-(-len(names) // 4), min(len(names), 4), i, title=name, xlabel="z")
        slope = mg.grad(lambda z, g=g: g(z).sum())(z)
        slope[1:][np.abs(np.diff(slope)) > 0.1] = np.nan  # a jump is no steep line
        ax.plot(z, g(z), label="g(z)")
        ax.plot(z, slope, "--", label="g'(z)")
        ax.grid(alpha=0.3)
        ax.legend()
        drawn.append(ax)
    _saved(drawn[0], path)
    return drawn


def weights(
    network: Module,
    layer: int = 1,
    image_shape: Sequence[int] | None = None,
    path: Any = None,
    ax: Any = None,
) -> Any:
    """Draw W[l]: as a matrix, or each row as the image that its unit looks for.

    Args:
        network: a DeepNetwork, a Linear, or a Sequential of Linear and functions.
        layer: l, from 1.
        image_shape: (height, width) or (height, width, 3) of the inputs, with n[l-1] numbers.
            Each image is scaled to its own largest weight; of many rows the first 100 are shown.
        path: where to save the picture.
        ax: matplotlib Axes to draw on; by default those of a new Figure.

    Returns:
        The Axes.

    Raises:
        ArgumentError: no such layer.
        ShapeError: the image has not n[l-1] numbers.
        ImportError: matplotlib is not installed.

    >>> from nn.network import DeepNetwork
    >>> ax = weights(DeepNetwork([12, 5, 1], seed=0), image_shape=(3, 4))
    >>> ax.get_title()
    'W[1]: 5 units'
    """
    layers = dense_layers(in_use(network))
    if isinstance(layer, bool) or layer not in range(1, len(layers) + 1):
        raise ArgumentError(f"weights: got layer={layer!r}; expected 1 to {len(layers)}")
    W = np.asarray(layers[layer - 1].W.data)
    units, n = W.shape
    ax = ax or _axes("weights")
    ax.grid(False)
    if image_shape is None:
        largest = np.abs(W).max()
        ax.set(title=f"W[{layer}]", xlabel=f"unit of layer {layer - 1}", ylabel="unit")
        ax.yaxis.get_major_locator().set_params(integer=True)
        ax.xaxis.get_major_locator().set_params(integer=True)
        shown = ax.imshow(W, cmap=_signs(), vmin=-largest, vmax=largest, aspect="auto")
        ax.figure.colorbar(shown, ax=ax)
        return _saved(ax, path)
    size = tuple(image_shape)
    if len(size) not in {2, 3} or (len(size) == 3 and size[2] != 3) or np.prod(size) != n:
        raise mg.ShapeError(
            f"weights: image_shape is {size} but W[{layer}] is {W.shape}; expected (height, "
            f"width) or (height, width, 3) with {n} numbers"
        )
    more = f", the first {_IMAGES} shown" if units > _IMAGES else ""
    ax.set_title(f"W[{layer}]: {units} units{more}")
    ax.set_axis_off()
    largest = np.abs(W[:_IMAGES]).max(axis=1, keepdims=True)
    pictures = (W[:_IMAGES] / np.where(largest > 0, largest, 1)).reshape(-1, *size)
    colours = pictures / 2 + 0.5 if len(size) == 3 else _signs()(pictures / 2 + 0.5)[..., :3]
    ax.imshow(_montage(colours))
    return _saved(ax, path)


def _montage(pictures: Array) -> Array:
    """Pictures (k, height, width, 3) side by side in rows, a light gap between them."""
    k, height, width, _ = pictures.shape
    columns = int(np.ceil(np.sqrt(k)))
    gap = max(1, width // 16)
    shape = (-(-k // columns) * (height + gap) - gap, columns * (width + gap) - gap, 3)
    sheet = np.full(shape, 0.93)
    for i, picture in enumerate(pictures):
        y, x = i // columns * (height + gap), i % columns * (width + gap)
        sheet[y : y + height, x : x + width] = picture
    return sheet


def gradient_flow(
    network: Module,
    X: Any,
    Y: Any,
    path: Any = None,
    ax: Any = None,
    *,
    loss: str | Loss | None = None,
) -> Any:
    """Draw the norm of dW of each layer: where it is tiny, the layer hardly learns.

    Args:
        network: a Module, seen as in use (without dropout); no `.grad` of it changes.
        X: examples as `fit` takes them.
        Y: their labels.
        path: where to save the picture.
        ax: matplotlib Axes to draw on; by default those of a new Figure.
        loss: as in `fit`.

    Returns:
        The Axes: a bar for each parameter that is no bias.

    Raises:
        ImportError: matplotlib is not installed. Otherwise as the network and its loss.

    >>> from nn.network import DeepNetwork
    >>> ax = gradient_flow(DeepNetwork([2, 3, 1], seed=0), np.eye(2), np.array([[0, 1]]))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['dW1', 'dW2']
    """
    ax = ax or _axes("gradient_flow", xlabel="‖dW‖", ylabel="")
    seen = in_use(network)
    seen.zero_grad()
    dtype = seen.parameters()[0].dtype
    objective(seen, loss)(np.asarray(X, dtype), np.asarray(Y, dtype)).backward()
    found = gradient_norms(seen)
    ax.barh(range(len(found)), list(found.values()), color=_COLOURS[0])
    ax.set_yticks(range(len(found)), [_plain(name) for name in found])
    ax.invert_yaxis()
    if any(found.values()):
        ax.set_xscale("log")
    return _saved(ax, path)


def _figure(who: str, **settings: Any) -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise missing_extra(who, "matplotlib", "plots", error) from error
    return Figure(layout="constrained", **settings)


def _axes(who: str, **settings: Any) -> Any:
    """Axes of a new Figure."""
    ax = _figure(who).add_subplot(**settings)
    ax.grid(alpha=0.3)
    return ax


def _saved(ax: Any, path: Any) -> Any:
    if path is not None:
        ax.figure.savefig(path)
    return ax


def _signs() -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("signs", _BOTH_SIGNS)


def _plain(text: Any) -> str:
    """A user's text, in which matplotlib is to see no formulas."""
    return str(text).replace("$", r"\$")
