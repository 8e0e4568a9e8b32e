"""Reductions: many elements to one, along some axes.

Read next: `minigrad.ops.shape`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.declare import linear, plain, rule
from minigrad.ops.shape import spread
from minigrad.values import Array

__all__: list[str] = []


def _kept(c: Array, x: Array, axis: Any) -> Array:
    """`c`, the result of a reduction of `x` over `axis`, with the reduced axes kept as size 1."""
    if axis is None or not x.ndim:
        return np.reshape(c, (1,) * x.ndim)
    axes = {a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,))}
    return np.reshape(c, tuple(1 if i in axes else n for i, n in enumerate(x.shape)))


def _sum(g: Array, y: Array, a: Array, *, axis: Any = None, keepdims: bool = False) -> Array:
    return spread(g if keepdims or not g.shape and axis is None else _kept(g, a, axis), a.shape)


def _mean(g: Array, y: Array, a: Array, *, axis: Any = None, keepdims: bool = False) -> Array:
    return _sum(g / max(a.size // max(y.size, 1), 1), y, a, axis=axis, keepdims=keepdims)


def _extreme(g: Array, y: Array, a: Array, *, axis: Any = None, keepdims: bool = False) -> Array:
    """Elements that tie for the extreme share the cotangent equally; so do nans, which win."""
    ties = (a == _kept(y, a, axis)) | (a != a)  # noqa: PLR0124
    return ties * _kept(g / np.sum(ties, axis=axis, keepdims=keepdims), a, axis)


def _by_method(name: str) -> Any:
    """The array's own method, which is quicker than NumPy's function of that name."""
    return lambda a, *, axis=None, keepdims=False: getattr(a, name)(axis=axis, keepdims=keepdims)


linear(np.sum, _sum, symbol="Σ", forward=_by_method("sum"))
linear(np.mean, _mean, forward=_by_method("mean"))
rule(np.max, _extreme, forward=_by_method("max"))
rule(np.min, _extreme, forward=_by_method("min"))
plain(np.argmax, np.argmin, np.any, np.all, np.count_nonzero)
