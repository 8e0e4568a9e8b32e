"""Linear algebra: the matrix product.

Read next: `minigrad.transforms`.
"""

from __future__ import annotations

import numpy as np

from minigrad.ops.declare import multilinear
from minigrad.values import Array

__all__: list[str] = []


def _turned(x: Array) -> Array:
    return x.T if x.ndim == 2 else np.swapaxes(x, -1, -2)


def _left(g: Array, y: Array, a: Array, b: Array) -> Array:
    """g bᵀ, for stacks of matrices and for vectors on either side."""
    if b.ndim == 1:
        return g[..., None] * b
    if a.ndim == 1:
        return (b @ g[..., None])[..., 0]
    return g @ _turned(b)


def _right(g: Array, y: Array, a: Array, b: Array) -> Array:
    """aᵀ g, likewise."""
    if a.ndim == 1:
        return a * g if b.ndim == 1 else a[:, None] * g[..., None, :]
    if b.ndim == 1:
        return (_turned(a) @ g[..., None])[..., 0]
    return _turned(a) @ g


multilinear(np.matmul, _left, _right, symbol="@", code="{0} @ {1}")
