"""Shape ops: the same numbers in another arrangement, so the transpose is the way back.

Read next: `minigrad.ops.index`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.declare import Each, arrays, linear, plain
from minigrad.table import Op
from minigrad.tensor import Tensor, record
from minigrad.values import Array

__all__ = ["spread"]


def spread(g: Array, shape: tuple[int, ...]) -> Array:
    """`g` broadcast to `shape`. An array is filled, which is quicker than NumPy's view of it."""
    if g.shape == shape:
        return g
    if not isinstance(g, (np.ndarray, np.generic)):
        return np.broadcast_to(g, shape)
    out = np.empty(shape, g.dtype)
    out[...] = g
    return out


def _concatenate(i: int, g: Array, y: Array, *xs: Array, axis: int | None) -> Array:
    """The part of `g` that input `i` became."""
    if axis is None:
        start = sum(x.size for x in xs[:i])
        return np.reshape(g[start : start + xs[i].size], xs[i].shape)
    start = sum(x.shape[axis] for x in xs[:i])
    part = slice(start, start + xs[i].shape[axis])
    return g[(slice(None),) * (axis % g.ndim) + (part,)]


def _stack(i: int, g: Array, y: Array, *xs: Array, axis: int) -> Array:
    return g[(slice(None),) * (axis % g.ndim) + (i,)]


def _joining(function: Any) -> Any:
    def call(op: Op, parts: Any, axis: int | None = 0) -> Tensor:
        return record(op, arrays(function, parts), {"axis": axis})

    return call


def _joined(function: Any) -> Any:
    return lambda *parts, axis: function(parts, axis=axis)


def _reshape(a: Array, shape: Any) -> Array:
    return a.reshape(shape)


def _transpose(g: Array, y: Array, a: Array, *, axes: Any = None) -> Array:
    return np.transpose(g, None if axes is None else np.argsort([i % a.ndim for i in axes]))


linear(np.reshape, lambda g, y, a, *, shape: np.reshape(g, a.shape), forward=_reshape)
linear(np.ravel, lambda g, y, a: np.reshape(g, a.shape))
linear(np.squeeze, lambda g, y, a, *, axis=None: np.reshape(g, a.shape))
linear(np.expand_dims, lambda g, y, a, *, axis: np.reshape(g, a.shape))
linear(np.transpose, _transpose, symbol="ᵀ")
linear(np.swapaxes, lambda g, y, a, *, axis1, axis2: np.swapaxes(g, axis1, axis2))
linear(np.broadcast_to, lambda g, y, array, *, shape: g)
for _function, _rule in ((np.concatenate, _concatenate), (np.stack, _stack)):
    linear(
        _function,
        Each(_rule),
        forward=_joined(_function),
        call=_joining(_function),
        code=f"np.{_function.__name__}([{{*}}], {{=}})",
    )
plain(np.shape, np.ndim, np.size, np.zeros_like, np.ones_like, np.empty_like)
