"""What a network says of every point of the plane: its classes, where they meet, or its values.

Read next: `nn.plots` and `nn.replay`, which draw it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nn.activations import sigmoid, softmax
from nn.losses import (
    Loss,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    hinge,
)
from nn.objective import choose_loss

__all__ = ["class_numbers", "grid", "verdict"]

Array = np.ndarray


def grid(X: Array, n: int) -> tuple[list[Array], Array]:
    """n values of each feature, evenly over the range of the examples and a little more.

    Args:
        X: (n[0], m).
        n: points along each feature.

    Returns:
        The values of each feature; and every combination, (n[0], n ** n[0]), the first feature
        changing fastest.

    >>> (x1, x2), points = grid(np.array([[0.0, 10.0], [0.0, 1.0]]), 3)
    >>> x1, x2, points.shape
    (array([-1.,  5., 11.]), array([-0.1,  0.5,  1.1]), (2, 9))
    """
    low, high = X.min(axis=1), X.max(axis=1)
    more = np.where(high > low, 0.1 * (high - low), 1.0)
    axes = [np.linspace(a, b, n) for a, b in zip(low - more, high + more)]
    points = np.stack([axis.ravel() for axis in np.meshgrid(*axes[::-1], indexing="ij")][::-1])
    return axes, points.astype(X.dtype, copy=False)


def verdict(network: Any, X: Array, loss: str | Loss | None = None) -> tuple[Array, Array] | None:
    """The class the network says each example is of, and by how much; None for a regression.

    Args:
        network: a Module, as in use.
        X: (n[0], m).
        loss: what it was trained on, which says what its output means; see `choose_loss`.

    Returns:
        Class numbers (m,), and how far their probability is above the next one's (m,), in [0, 1].

    >>> import nn
    >>> network = nn.DeepNetwork([1, 1])
    >>> network.W[1].data = np.array([[2.0]])
    >>> verdict(network, np.array([[-1.0, 0.0, 1.0]]))
    (array([0, 0, 1]), array([0.76159416, 0.        , 0.76159416]))
    """
    function, _ = choose_loss(network, loss)
    activations = getattr(network, "activations", ("",))
    A = np.asarray(network(X).data)
    if function is hinge:
        return _winner(np.concatenate([-A, A]) / 2 if len(A) == 1 else A)
    if activations[-1] not in {"sigmoid", "softmax"}:  # then A is no probability yet
        if function is cross_entropy:
            A = softmax(A)
        elif function is binary_cross_entropy_with_logits:
            A = sigmoid(A)
        elif function is not binary_cross_entropy:
            return None
    return _winner(np.concatenate([1 - A, A]) if len(A) == 1 else A)


def _winner(P: Array) -> tuple[Array, Array]:
    """The row with the largest number in each column, and how far it is above the second."""
    winner = P.argmax(axis=0)
    second, first = np.partition(P, -2, axis=0)[-2:]
    return winner, np.clip(first - second, 0, 1)


def class_numbers(Y: Array) -> Array | None:
    """The class of each example (m,), or None where Y says none.

    Args:
        Y: (n, m), columns with the largest number at the class; or (1, m) or (m,), class numbers,
            −1 and +1, or the probability of class 1.

    >>> class_numbers(np.array([[0.0, 1.0]])), class_numbers(np.eye(3)), class_numbers([2, 1])
    (array([0, 1]), array([0, 1, 2]), array([2, 1]))
    >>> class_numbers([-1.0, 1.0]), class_numbers([0.2, 3.5])
    (array([0, 1]), None)
    """
    Y = np.asarray(Y)
    if Y.dtype.kind not in "fiub" or np.isnan(Y).any():
        return None
    if Y.ndim == 2 and len(Y) > 1:
        return np.asarray(Y.argmax(axis=0))
    y = Y.ravel()
    if np.isin(y, (-1, 1)).all():
        return np.asarray(y > 0, np.int64)
    if ((y >= 0) & (y <= 1)).all():
        return np.asarray(y > 0.5, np.int64)
    whole = ((y >= 0) & (y == np.rint(y))).all()
    return y.astype(np.int64) if whole else None
