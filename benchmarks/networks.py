"""The four networks of the training-step benchmark, with their data and starting parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["NETWORKS", "Network", "Problem", "problem"]

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Network:
    """Layer sizes, number of examples and dtype; one output unit means a sigmoid, more softmax."""

    sizes: tuple[int, ...]
    m: int
    dtype: str

    @property
    def name(self) -> str:
        """The sizes as the lecture writes them: 5-4-3-3-1."""
        return "-".join(map(str, self.sizes))

    @property
    def binary(self) -> bool:
        """Whether the output is one sigmoid unit with the logistic loss."""
        return self.sizes[-1] == 1


NETWORKS = (
    Network((5, 4, 3, 3, 1), 10, "float64"),
    Network((3, 5, 5, 3, 1), 1000, "float64"),
    Network((12288, 20, 7, 5, 1), 209, "float64"),
    Network((784, 512, 256, 10), 256, "float32"),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """What every implementation starts from: examples are columns, labels are 0/1 or one-hot."""

    network: Network
    X: Array
    Y: Array
    W: tuple[Array, ...]
    b: tuple[Array, ...]

    def start(self) -> list[Array]:
        """W[1], b[1], W[2], … to begin with: copies, to be written over."""
        return [p.copy() for pair in zip(self.W, self.b, strict=True) for p in pair]

    @property
    def labels(self) -> Array:
        """The class of each example, `(m,)`."""
        labels: Array = self.Y.argmax(axis=0)
        return labels


def problem(network: Network, seed: int = 1) -> Problem:
    """Random data and He-initialised parameters for `network`, the same on every call."""
    rng = np.random.default_rng(seed)
    sizes, m, dtype = network.sizes, network.m, network.dtype
    X = rng.standard_normal((sizes[0], m)).astype(dtype)
    if network.binary:
        Y = rng.integers(0, 2, (1, m)).astype(dtype)
    else:
        Y = np.eye(sizes[-1], dtype=dtype)[:, rng.integers(0, sizes[-1], m)]
    pairs = list(zip(sizes[1:], sizes[:-1], strict=True))
    W = tuple((rng.standard_normal(p) * np.sqrt(2 / p[1])).astype(dtype) for p in pairs)
    return Problem(network, X, Y, W, tuple(np.full((n, 1), 0.01, dtype) for n, _ in pairs))
