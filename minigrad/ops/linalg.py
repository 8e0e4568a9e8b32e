"""Linear algebra: the matrix product.

Read next: `minigrad.transforms`.
"""

from __future__ import annotations

import numpy as np

from minigrad.ops.declare import multilinear
from minigrad.values import Array

__all__: list[str] = []


def _left(g: Array, y: Array, a: Array, b: Array) -> Array:
    """g bᵀ, for stacks of matrices and for vectors on either side."""
    if a.ndim == b.ndim == 2:
        return g @ b.T
    if b.ndim == 1:
        return g[..., None] * b
    if a.ndim == 1:
        return (b @ g[..., None])[..., 0]
    return g @ np.swapaxes(b, -1, -2)


def _right(g: Array, y: Array, a: Array, b: Array) -> Array:
    """aᵀ g, likewise."""
    if a.ndim == b.ndim == 2:
        return a.T @ g
    if a.ndim == 1:
        return a * g if b.ndim == 1 else a[:, None] * g[..., None, :]
    if b.ndim == 1:
        return (np.swapaxes(a, -1, -2) @ g[..., None])[..., 0]
    return np.swapaxes(a, -1, -2) @ g


multilinear(np.matmul, _left, _right, symbol="@", code="{0} @ {1}")
