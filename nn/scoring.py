"""accuracy: the share of examples of which a network says the right class.

Read next: `nn.plots`, pictures of what it says.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad as mg
from nn.dense import in_use
from nn.errors import ArgumentError
from nn.losses import Loss
from nn.module import Module
from nn.surface import class_numbers, verdict

__all__ = ["accuracy"]


def accuracy(network: Module, X: Any, Y: Any, loss: str | Loss | None = None) -> float:
    """The share of examples of which the network says the right class.

    The class is the row of A[L] with the largest probability; of a single row, whether A > 0.5.

    Args:
        network: a Module, seen as in use (without dropout).
        X: (n[0], m).
        Y: labels as `fit` takes them: (1, m), (n, m), or class numbers (m,).
        loss: what the network is trained on, which says what its output means; needed for a
            module without `.activations`.

    Returns:
        A number within [0, 1].

    Raises:
        ShapeError: X is no matrix with a column for each label.
        ArgumentError: the network says numbers, not classes; labels that are none of its classes.

    >>> from nn.network import DeepNetwork
    >>> network = DeepNetwork([1, 1], seed=0)
    >>> network.W[1].data = np.array([[1.0]])
    >>> accuracy(network, np.array([[-2.0, -1.0, 1.0, 2.0]]), np.array([[0, 0, 1, 0]]))
    0.75
    """
    X, Y = np.asarray(X), np.asarray(Y)
    if X.ndim != 2 or Y.ndim not in {1, 2} or Y.shape[-1] != X.shape[1] or not X.shape[1]:
        raise mg.ShapeError(
            f"accuracy: X is {X.shape} and Y is {Y.shape}; expected a label for each column of X"
        )
    seen, labels = in_use(network), class_numbers(Y)
    said = verdict(seen, X, loss)
    if said is None:
        raise ArgumentError(
            "accuracy: the network says numbers, not classes: a regression, unless its loss is "
            "one of classes; give it as loss="
        )
    n = max(2, len(seen(X[:, :1]).data))
    if labels is None or labels.max() >= n:
        found = f"from {Y.min()} to {Y.max()}" if Y.dtype.kind in "fiub" else f"of dtype {Y.dtype}"
        raise ArgumentError(f"accuracy: got labels {found}; expected classes from 0 to {n - 1}")
    return float((said[0] == labels).mean())
