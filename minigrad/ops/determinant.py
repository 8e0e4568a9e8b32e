"""The determinant, whose derivatives exist where the inverse does not.

Read next: `minigrad.ops.decompositions`.
"""

from __future__ import annotations

import numpy as np

from minigrad.ops.declare import checked, rule
from minigrad.tensor import Tensor
from minigrad.tracing import tracer
from minigrad.values import Array

__all__: list[str] = []


def _cofactors(a: Array) -> Array:
    """The derivatives of det: the determinants of a without row i and column j, with their sign."""
    n = a.shape[-1]
    others = np.array([[k for k in range(n) if k != i] for i in range(n)], int).reshape(n, n - 1)
    minors = a[..., others[:, None, :, None], others[None, :, None, :]]
    signs = (-1.0) ** np.add.outer(np.arange(n), np.arange(n))
    return np.linalg.det(minors) * signs.astype(a.dtype)


def _det(g: Array, y: Array, a: Array) -> Array:
    """g det(a) a⁻ᵀ; or the cofactors, which need no inverse: it may not exist.

    Near a singular matrix the second derivative by the inverse loses its digits twice over. There
    matrices up to 16 × 16 have cofactors; beyond that they would fill the memory.
    """
    n = a.shape[-1]
    small, traced = 1 <= n <= 3, tracer.get() is not None
    if small or (not traced and (np.any(y == 0) or (n <= 16 and _nearly_singular(y, a)))):
        return g[..., None, None] * _cofactors(a)
    if traced:
        y = checked(y, y == 0, "det: compiled code has no derivative at a singular matrix")
    return (g * y)[..., None, None] * np.swapaxes(np.linalg.inv(a), -1, -2)


def _nearly_singular(y: Array, a: Array) -> bool:
    """Whether a determinant is tiny beside Hadamard's bound, the product of the rows' lengths."""
    det, matrix = (t._value if isinstance(t, Tensor) else t for t in (y, a))
    bound = np.prod(np.linalg.norm(matrix, axis=-1), axis=-1)
    return bool(np.any(np.abs(det) < np.cbrt(np.finfo(matrix.dtype).eps) * bound))


rule(np.linalg.det, _det, code="np.linalg.det({*=})")
