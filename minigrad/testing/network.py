"""Random networks with data, as plain arrays and one function of NumPy.

Read next: `minigrad.testing.strategies`, which draws them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.values import Array

__all__ = ["ACTIVATIONS", "Network", "random_network"]

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "tanh": np.tanh,
    "sigmoid": lambda Z: 1 / (1 + np.exp(-Z)),
    "softplus": lambda Z: np.logaddexp(Z, 0),
    "relu": lambda Z: np.maximum(Z, 0),
    "leaky_relu": lambda Z: np.where(Z > 0, Z, 0.01 * Z),
    "identity": lambda Z: Z,
}
_KINKED = {"relu", "leaky_relu"}


@dataclass(frozen=True, eq=False)
class Network:
    """A network of fully connected layers, in Andrew Ng's letters: examples are columns.

        Z[l] = W[l] A[l-1] + b[l],   A[l] = g[l](Z[l]),   A[0] = X

    Attributes:
        sizes: n[0], …, n[L].
        activations: the names of g[1], …, g[L]; see `ACTIVATIONS`.
        params: W1, b1, …, WL, bL.
        X: (n[0], m).
        Y: (n[L], m); zeros and ones if the last activation is a sigmoid.
    """

    sizes: tuple[int, ...]
    activations: tuple[str, ...]
    params: dict[str, Array]
    X: Array
    Y: Array

    def forward(self, params: dict[str, Any], X: Any) -> list[Any]:
        """Z[1], …, Z[L]."""
        A, found = X, []
        for l, g in enumerate(self.activations, 1):  # noqa: E741
            Z = params[f"W{l}"] @ A + params[f"b{l}"]
            A = ACTIVATIONS[g](Z)
            found.append(Z)
        return found

    def cost(self, params: dict[str, Any], X: Any | None = None) -> Any:
        """J: the mean cross-entropy after a sigmoid, else half the mean squared error."""
        Z = self.forward(params, self.X if X is None else X)[-1]
        m = self.Y.shape[1]
        if self.activations[-1] == "sigmoid":
            return np.sum(np.logaddexp(Z, 0) - self.Y * Z) / m
        return np.sum((ACTIVATIONS[self.activations[-1]](Z) - self.Y) ** 2) / (2 * m)

    def clear(self, margin: float = 0.02) -> bool:
        """Whether no Z is so close to 0 that a kink of its activation is near."""
        Zs = self.forward(self.params, self.X)
        kinked = [Z for Z, g in zip(Zs, self.activations, strict=True) if g in _KINKED]
        return all(float(np.min(np.abs(Z))) > margin for Z in kinked)


def random_network(
    seed: int, sizes: tuple[int, ...], activations: tuple[str, ...], m: int
) -> Network:
    """A network with random parameters and data, clear of kinks.

    >>> network = random_network(0, (2, 3, 1), ("tanh", "sigmoid"), m=4)
    >>> {name: value.shape for name, value in network.params.items()}
    {'W1': (3, 2), 'b1': (3, 1), 'W2': (1, 3), 'b2': (1, 1)}
    """
    rng = np.random.default_rng(seed)
    while True:
        params = {}
        for l, (n, before) in enumerate(zip(sizes[1:], sizes, strict=False), 1):  # noqa: E741
            params[f"W{l}"] = np.round(rng.normal(0, 1 / np.sqrt(before), (n, before)), 3)
            params[f"b{l}"] = np.round(rng.normal(0, 0.5, (n, 1)), 3)
        X, Y = (
            np.round(rng.normal(size=(sizes[0], m)), 3),
            np.round(rng.normal(size=(sizes[-1], m)), 3),
        )
        if activations[-1] == "sigmoid":
            Y = (Y > 0).astype(float)
        network = Network(sizes, activations, params, X, Y)
        if network.clear():
            return network
