"""Losses: J = (1/m) Σ over the m columns of the loss of each example, itself a sum over rows.

Two families, told apart by their first argument:

    of activations A = g(Z):  binary_cross_entropy, squared_error, mse, mae, huber
    of logits, raw scores Z:  binary_cross_entropy_with_logits, cross_entropy, hinge

The labels Y are plain arrays; where Y is a Tensor its derivative is right too, except that of
class numbers. A scalar results; every loss is one node of the graph.

Read next: `nn.objective`, which chooses among them.
"""

# ruff: noqa: ARG001  (a rule takes (g, y, *inputs) whether it needs all or not)
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import minigrad as mg
from nn.activations import log_softmax, sigmoid, softmax
from nn.errors import ArgumentError

__all__ = [
    "LOSSES", "binary_cross_entropy", "binary_cross_entropy_with_logits",
    "class_columns", "cross_entropy", "hinge", "huber", "inside", "mae", "mse", "squared_error",
]  # fmt: skip

Array = Any  # an ndarray or a Tensor
Loss = Callable[[Array, Array], Array]


def _examples(loss: str, A: np.ndarray, Y: np.ndarray, of: str = "A") -> int:
    """m, where A, which the message calls `of`, and Y are both (n, m) with m > 0."""
    shape = np.shape(A)
    if shape != np.shape(Y):
        row = f"; give Y as a row, {shape}" if shape == (1, *np.shape(Y)) else ""
        raise mg.ShapeError(f"{loss}: {of} is {shape} but Y is {np.shape(Y)}{row}")
    if len(shape) != 2:
        raise mg.ShapeError(f"{loss}: {of} is {shape}; expected (n, m), a column for each example")
    if not shape[1]:
        raise mg.ShapeError(f"{loss}: no examples: {of} is {shape}")
    return int(shape[1])


def _probabilities(loss: str, Y: Array, A: Array | None = None) -> None:
    if isinstance(Y, mg.Tensor):  # when compiled, which has looked at the first values
        return
    if not (Y.min() >= 0 and Y.max() <= 1):  # so written that nan fails
        raise ArgumentError(
            f"{loss}: labels from {Y.min()} to {Y.max()}; expected each within [0, 1]"
        )
    if A is None or isinstance(A, mg.Tensor):
        return
    if A.min() < 0 or A.max() > 1:  # of nan J is nan
        raise ArgumentError(
            f"{loss}: A from {A.min():.4g} to {A.max():.4g}; expected probabilities, within "
            f"[0, 1]; for logits there is {loss}_with_logits"
        )


# Of activations -----------------------------------------------------------------------------------


def inside(A: Array) -> Array:
    """A, with 0 and 1 moved to the nearest number inside (0, 1) that log and 1/x can take."""
    kind = np.finfo(np.result_type(A.dtype, np.float16))
    return np.minimum(np.maximum(A, kind.tiny), 1 - kind.epsneg)


def _bce_of_A(g: Array, y: Array, A: Array, Y: Array) -> Array:
    A = inside(A)
    return g / Y.shape[1] * ((1 - Y) / (1 - A) - Y / A)


def _bce_of_Y(g: Array, y: Array, A: Array, Y: Array) -> Array:
    A = inside(A)
    return g / Y.shape[1] * (np.log(1 - A) - np.log(A))


@mg.primitive(
    vjp=(_bce_of_A, _bce_of_Y),
    latex=r"-\frac{1}{m} \sum \left(#1 * \log #0 + (1 - #1) * \log(1 - #0)\right)",
    inline=True,
)
def binary_cross_entropy(A: Array, Y: Array) -> Array:
    """Logistic loss of probabilities: J = −(1/m) Σ (Y log A + (1−Y) log(1−A)).

    ∂J/∂A = (−Y/A + (1−Y)/(1−A))/m. An A of exactly 0 or 1 counts as the smallest normal number
    or the largest below 1, so J and its derivative stay finite (at most 708 and 36.7 per label
    in float64). For training prefer `binary_cross_entropy_with_logits`, exact everywhere.

    Args:
        A: probabilities (n, m), floating, each within [0, 1].
        Y: labels (n, m), each within [0, 1].

    Returns:
        J, a scalar.

    Raises:
        ShapeError: A and Y differ in shape, are not matrices, or have no column.
        ArgumentError: a label outside [0, 1], or nan; an A outside [0, 1].

    Source: the lecture, weeks 2 and 3; maximum likelihood of a Bernoulli variable.

    >>> print(binary_cross_entropy(np.array([[0.5, 0.5]]), np.array([[0, 1]])).round(4))
    0.6931
    """
    m = _examples("binary_cross_entropy", A, Y)
    _probabilities("binary_cross_entropy", Y, A)
    A = inside(A)
    return -(Y * np.log(A) + (1 - Y) * np.log(1 - A)).sum() / m


@mg.primitive(
    vjp=(lambda g, y, A, Y: g / Y.shape[1] * (A - Y), lambda g, y, A, Y: g / Y.shape[1] * (Y - A)),
    inline=True,
)
def squared_error(A: Array, Y: Array) -> Array:
    """Half the squared distance: J = (1/m) Σ ½(A − Y)².

    ∂J/∂A = (A − Y)/m.

    Args:
        A: predictions (n, m), floating.
        Y: targets (n, m).

    Returns:
        J, a scalar: summed over rows, averaged over columns.

    Raises:
        ShapeError: A and Y differ in shape, are not matrices, or have no column.

    Source: the lecture, week 2.

    >>> print(squared_error(np.array([[1.0, 3.0]]), np.array([[1.0, 1.0]])))
    1.0
    """
    m = _examples("squared_error", A, Y)
    D = A - Y
    return (D * D).sum() * 0.5 / m


@mg.primitive(
    vjp=(
        lambda g, y, A, Y: 2 * g / Y.shape[1] * (A - Y),
        lambda g, y, A, Y: 2 * g / Y.shape[1] * (Y - A),
    ),
    inline=True,
)
def mse(A: Array, Y: Array) -> Array:
    """Mean over the examples of the squared distance: J = (1/m) Σ (A − Y)².

    ∂J/∂A = 2(A − Y)/m. Rows are summed, as in every loss here: for n outputs this is n times the
    mean over all elements that other libraries call MSE.

    Args:
        A: predictions (n, m), floating.
        Y: targets (n, m).

    Returns:
        J, a scalar.

    Raises:
        ShapeError: A and Y differ in shape, are not matrices, or have no column.

    Source: the lecture's squared error without its ½.

    >>> print(mse(np.array([[1.0, 3.0]]), np.array([[1.0, 1.0]])))
    2.0
    """
    m = _examples("mse", A, Y)
    D = A - Y
    return (D * D).sum() / m


@mg.primitive(
    vjp=(
        lambda g, y, A, Y: g / Y.shape[1] * np.sign(A - Y),
        lambda g, y, A, Y: g / Y.shape[1] * np.sign(Y - A),
    ),
    inline=True,
)
def mae(A: Array, Y: Array) -> Array:
    """Absolute error, which outliers sway less: J = (1/m) Σ |A − Y|.

    ∂J/∂A = sign(A − Y)/m; 0 at the kink A = Y, as PyTorch and JAX have it.

    Args:
        A: predictions (n, m), floating.
        Y: targets (n, m).

    Returns:
        J, a scalar: summed over rows, averaged over columns.

    Raises:
        ShapeError: A and Y differ in shape, are not matrices, or have no column.

    Source: Laplace (1774); the median minimises it.

    >>> print(mae(np.array([[1.0, 3.0]]), np.array([[1.0, 1.0]])))
    1.0
    """
    m = _examples("mae", A, Y)
    return np.abs(A - Y).sum() / m


@mg.primitive(
    vjp=(
        lambda g, y, A, Y, delta=1.0: g / Y.shape[1] * np.clip(A - Y, -delta, delta),
        lambda g, y, A, Y, delta=1.0: g / Y.shape[1] * np.clip(Y - A, -delta, delta),
    ),
    inline=True,
)
def huber(A: Array, Y: Array, *, delta: float = 1.0) -> Array:
    """Squared error near the target, absolute error far from it.

    J = (1/m) Σ ½d² where |d| ≤ δ, else δ(|d| − ½δ), with d = A − Y; ∂J/∂A = clip(d, −δ, δ)/m.

    Args:
        A: predictions (n, m), floating.
        Y: targets (n, m).
        delta: δ > 0, where the parabola goes over into lines.

    Returns:
        J, a scalar: summed over rows, averaged over columns.

    Raises:
        ShapeError: A and Y differ in shape, are not matrices, or have no column.
        ArgumentError: delta is not positive.

    Source: Huber, "Robust Estimation of a Location Parameter" (1964).

    >>> print(huber(np.array([[1.5, 4.0]]), np.array([[1.0, 1.0]])))
    1.3125
    """
    m = _examples("huber", A, Y)
    if not delta > 0:
        raise ArgumentError(f"huber: got delta {delta}; expected a positive number")
    D = np.abs(A - Y)
    near = np.minimum(D, delta)
    return (near * (D - 0.5 * near)).sum() / m


# Of logits ----------------------------------------------------------------------------------------


@mg.primitive(
    vjp=(
        lambda g, y, Z, Y: g / Y.shape[1] * (sigmoid(Z) - Y),
        lambda g, y, Z, Y: -g / Y.shape[1] * Z,
    ),
    inline=True,
)
def binary_cross_entropy_with_logits(Z: Array, Y: Array) -> Array:
    """Logistic loss of logits: `binary_cross_entropy(sigmoid(Z), Y)`, exact for every Z.

    J = (1/m) Σ (max(Z, 0) − Z Y + log(1 + e^−|Z|)); ∂J/∂Z = (sigmoid(Z) − Y)/m.

    Args:
        Z: logits (n, m), floating.
        Y: labels (n, m), each within [0, 1].

    Returns:
        J, a scalar.

    Raises:
        ShapeError: Z and Y differ in shape, are not matrices, or have no column.
        ArgumentError: a label outside [0, 1], or nan.

    Source: the lecture's dZ[L] = A[L] − Y.

    >>> print(binary_cross_entropy_with_logits(np.array([[-1e4, 1e4]]), np.array([[0, 0]])))
    5000.0
    """
    m = _examples("binary_cross_entropy_with_logits", Z, Y, of="Z")
    _probabilities("binary_cross_entropy_with_logits", Y)
    return (np.maximum(Z, 0.0) - Z * Y + np.log1p(np.exp(-np.abs(Z)))).sum() / m


def class_columns(Z: np.ndarray, Y: Array) -> Array:
    """Y as probabilities (n, m): itself, or a 1 in the row that its class number names."""
    n, m = Z.shape
    if Y.shape == Z.shape:
        return Y
    if Y.shape not in {(m,), (1, m)}:
        raise mg.ShapeError(
            f"cross_entropy: Z is {Z.shape} but Y is {Y.shape}; "
            f"expected {Z.shape}, or class numbers ({m},)"
        )
    hot = np.arange(n)[:, None] == np.reshape(Y, (1, m))
    if not isinstance(hot, mg.Tensor) and not hot.any(axis=0).all():
        raise ArgumentError(
            f"cross_entropy: class numbers from {Y.min()} to {Y.max()}; "
            f"expected whole numbers from 0 to {n - 1}"
        )
    return hot


def _cross_entropy_of_Z(g: Array, y: Array, Z: Array, Y: Array) -> Array:
    Y = class_columns(Z, Y)
    return g / Z.shape[1] * (softmax(Z) * Y.sum(axis=0) - Y)


def _cross_entropy_of_Y(g: Array, y: Array, Z: Array, Y: Array) -> Array | None:
    return -g / Z.shape[1] * log_softmax(Z) if Y.shape == Z.shape else None


@mg.primitive(vjp=(_cross_entropy_of_Z, _cross_entropy_of_Y), inline=True)
def cross_entropy(Z: Array, Y: Array) -> Array:
    """Cross-entropy of n classes from logits: J = −(1/m) Σ Y log softmax(Z).

    ∂J/∂Z = (softmax(Z) − Y)/m.

    Args:
        Z: logits (n, m), floating; not probabilities.
        Y: either a probability of each class, (n, m) with columns that sum to 1 (one-hot, say),
            or the number of the right class, 0…n−1, as (m,) or (1, m).

    Returns:
        J, a scalar.

    Raises:
        ShapeError: Y fits neither form, Z is no matrix or has no column.
        ArgumentError: a probability outside [0, 1], a column that does not sum to 1, a number
            that is no class.

    Source: Goodfellow, Bengio & Courville, "Deep Learning" (2016), section 6.2.2.3.

    >>> Z = np.array([[1e4, 0.0], [0.0, 0.0]])
    >>> print(cross_entropy(Z, np.array([0, 1])).round(4))
    0.3466
    """
    m = _examples("cross_entropy", Z, Z, of="Z")
    Y = class_columns(Z, Y)
    _probabilities("cross_entropy", Y)
    if not isinstance(Y, mg.Tensor) and abs(Y.sum(axis=0) - 1).max() > 1e-3:
        raise ArgumentError("cross_entropy: the columns of Y are probabilities and must sum to 1")
    return -(Y * log_softmax(Z)).sum() / m


@mg.primitive(
    vjp=(
        lambda g, y, Z, Y: -g / Y.shape[1] * Y * (Y * Z < 1),
        lambda g, y, Z, Y: -g / Y.shape[1] * Z * (Y * Z < 1),
    ),
    inline=True,
)
def hinge(Z: Array, Y: Array) -> Array:
    """Hinge loss of scores, the support vector machine's: J = (1/m) Σ max(0, 1 − Y Z).

    ∂J/∂Z = −Y/m where Y Z < 1, else 0; at the kink Y Z = 1 it is 0, as ReLU'(0) = 0.

    Args:
        Z: scores (n, m), floating.
        Y: labels (n, m), each −1 or +1.

    Returns:
        J, a scalar.

    Raises:
        ShapeError: Z and Y differ in shape, are not matrices, or have no column.
        ArgumentError: a label that is neither −1 nor +1.

    Source: Cortes & Vapnik, "Support-Vector Networks" (1995).

    >>> print(hinge(np.array([[2.0, 0.5]]), np.array([[1, -1]])))
    0.75
    """
    m = _examples("hinge", Z, Y, of="Z")
    if not isinstance(Y, mg.Tensor) and not (np.abs(Y) == 1).all():
        raise ArgumentError(
            f"hinge: labels from {Y.min()} to {Y.max()}; expected each −1 or +1 (2 Y − 1 for 0, 1)"
        )
    return np.maximum(0, 1 - Y * Z).sum() / m


LOSSES: dict[str, Loss] = {
    f.__name__: f
    for f in (
        binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy, squared_error, mse,
        mae, huber, hinge,
    )
}  # fmt: skip

__test__ = dict(LOSSES)
