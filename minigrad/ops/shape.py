"""Shape ops: the same numbers in another arrangement, so the transpose is the way back.

Read next: `minigrad.ops.index`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.errors import ShapeError
from minigrad.ops.declare import Each, composed, linear, plain
from minigrad.table import Op
from minigrad.tensor import Tensor, record
from minigrad.values import Array

__all__ = ["spread"]


def spread(g: Array, shape: tuple[int, ...]) -> Array:
    """`g` broadcast to `shape`. An array is filled, which is quicker than NumPy's view of it."""
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


def _joining(op: Op, arrays: Any, axis: int | None = 0) -> Tensor:
    parts = tuple([a if isinstance(a, Tensor) else np.asarray(a) for a in arrays])
    return record(op, parts, {"axis": axis})


def _reshape(a: Any, shape: Any) -> Array:
    return a.reshape(shape)


def _squeeze(a: Any, axis: Any = None) -> Any:
    gone = range(a.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    dropped = {i % a.ndim for i in gone if axis is not None or a.shape[i] == 1}
    if any(a.shape[i] != 1 for i in dropped):
        raise ShapeError(f"squeeze: axis {axis} of shape {a.shape} is longer than 1")
    return np.reshape(a, tuple(n for i, n in enumerate(a.shape) if i not in dropped))


def _swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    order = list(range(a.ndim))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return np.transpose(a, order)


def _expand_dims(a: Any, axis: Any) -> Any:
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    ndim = a.ndim + len(axes)
    new = {i % ndim for i in axes}
    sizes = iter(a.shape)
    return np.reshape(a, tuple(1 if i in new else next(sizes) for i in range(ndim)))


def _transpose(g: Array, y: Array, a: Array, *, axes: Any = None) -> Array:
    return np.transpose(g, None if axes is None else np.argsort([i % a.ndim for i in axes]))


linear(np.reshape, lambda g, y, a, *, shape: np.reshape(g, a.shape), forward=_reshape)
linear(np.transpose, _transpose, symbol="ᵀ")
linear(np.broadcast_to, lambda g, y, array, *, shape: g)


def _joined(function: Any) -> Any:
    return lambda *arrays, axis: function(arrays, axis=axis)


linear(
    np.concatenate,
    Each(_concatenate),
    forward=_joined(np.concatenate),
    call=_joining,
    code="np.concatenate([{*}], {=})",
)
linear(
    np.stack, Each(_stack), forward=_joined(np.stack), call=_joining, code="np.stack([{*}], {=})"
)
composed(np.ravel, lambda a: np.reshape(a, -1))
composed(np.squeeze, _squeeze)
composed(np.swapaxes, _swapaxes)
composed(np.expand_dims, _expand_dims)
plain(np.shape, np.ndim, np.size, np.zeros_like, np.ones_like, np.empty_like, np.full_like)
