"""Shape ops: the same numbers in another arrangement, so the transpose is the way back.

Read next: `minigrad.ops.index`.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from minigrad.errors import NoRuleError
from minigrad.ops.declare import Each, arrays, composed, linear, plain, rule
from minigrad.table import ROWS, Op
from minigrad.tensor import Tensor, record
from minigrad.values import Array

__all__ = ["rows", "spread", "unrows"]


def spread(g: Array, shape: tuple[int, ...]) -> Array:
    """`g` broadcast to `shape`. An array is filled, which is quicker than NumPy's view of it."""
    if g.shape == shape:
        return g
    if not isinstance(g, (np.ndarray, np.generic)):
        return np.broadcast_to(g, shape)
    out = np.empty(shape, g.dtype)
    out[...] = g
    return out


def rows(x: Array, axis: Any) -> Array:
    """`x` with the axes `axis` (None: all) last and as one: shape (..., n)."""
    kept, taken = _parted(x.ndim, axis)
    shape = [*[x.shape[i] for i in kept], prod(x.shape[i] for i in taken)]
    return np.reshape(np.transpose(x, kept + taken), shape)


def unrows(c: Array, shape: tuple[int, ...], axis: Any) -> Array:
    """The way back from `rows(x, axis)` for an x of this shape."""
    kept, taken = _parted(len(shape), axis)
    c = np.reshape(c, [shape[i] for i in kept + taken])
    return np.transpose(c, np.argsort(kept + taken)) if shape else c


def _parted(ndim: int, axis: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if axis is None or not ndim:
        return (), tuple(range(ndim))
    taken = tuple(i % ndim for i in (axis if isinstance(axis, (tuple, list)) else (axis,)))
    return tuple(i for i in range(ndim) if i not in taken), taken


def _returned(g: Array, x: Array, function: Any, *args: Any, **kwargs: Any) -> Array:
    """The cotangent of x where `function` only moves, repeats or drops elements.

    It does to the elements' numbers what it did to them, which says where each went.
    """
    numbers = function(np.arange(x.size).reshape(x.shape), *args, **kwargs)
    inputs = np.zeros(x.size, g.dtype), np.ravel(g), np.ravel(numbers)
    op = ROWS["add_at"]
    back = record(op, inputs) if isinstance(g, Tensor) else op.forward(*inputs)
    return np.reshape(back, x.shape)


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


# Moving axes and elements -------------------------------------------------------------------------

_PADS = ("constant", "edge", "reflect", "symmetric", "wrap")


def _padded(array: Array, *, pad_width: Any, mode: Any, constant_values: Any) -> Array:
    if mode not in _PADS or isinstance(pad_width, dict):
        raise NoRuleError(
            f"pad: got pad_width {pad_width}, mode {mode!r}; expected widths as numbers or pairs "
            f"and a mode of {', '.join(_PADS)}; others: np.concatenate the borders"
        )
    values = {} if constant_values is None else {"constant_values": constant_values}
    return np.pad(array, pad_width, mode, **values)


def _pad(
    g: Array, y: Array, array: Array, *, pad_width: Any, mode: Any = "constant",
    constant_values: Any = None,
) -> Array:  # fmt: skip
    if mode != "constant":
        return _returned(g, array, np.pad, pad_width, mode)
    before = np.broadcast_to(pad_width, (array.ndim, 2))[:, 0]
    return g[tuple(slice(b, b + n) for b, n in zip(before, array.shape, strict=True))]


def _minus(shift: Any) -> Any:
    return tuple(-s for s in shift) if isinstance(shift, (tuple, list)) else -shift


def _diag(g: Array, y: Array, v: Array, *, k: int = 0) -> Array:
    return np.diagonal(g, k) if v.ndim == 1 else _returned(g, v, np.diag, k)


linear(np.copy, lambda g, y, a: g)
linear(np.moveaxis, lambda g, y, a, *, source, destination: np.moveaxis(g, destination, source))
linear(np.rollaxis, lambda g, y, a, *, axis, start=0: _returned(g, a, np.rollaxis, axis, start))
linear(np.flip, lambda g, y, m, *, axis=None: np.flip(g, axis))
linear(np.fliplr, lambda g, y, m: np.fliplr(g))
linear(np.flipud, lambda g, y, m: np.flipud(g))
linear(np.rot90, lambda g, y, m, *, k=1, axes=(0, 1): np.rot90(g, -k, axes))
linear(np.roll, lambda g, y, a, *, shift, axis=None: np.roll(g, _minus(shift), axis))
linear(np.repeat, lambda g, y, a, *, repeats, axis=None: _returned(g, a, np.repeat, repeats, axis))
linear(np.tile, lambda g, y, A, *, reps: _returned(g, A, np.tile, reps))
linear(np.delete, lambda g, y, arr, *, obj, axis=None: _returned(g, arr, np.delete, obj, axis))
linear(np.resize, lambda g, y, a, *, new_shape: _returned(g, a, np.resize, new_shape))
rule(np.pad, _pad, forward=_padded)
linear(np.tril, lambda g, y, m, *, k=0: np.tril(g, k))
linear(np.triu, lambda g, y, m, *, k=0: np.triu(g, k))
linear(np.diag, _diag)
linear(
    np.diagonal,
    lambda g, y, a, *, offset=0, axis1=0, axis2=1: _returned(
        g, a, np.diagonal, offset, axis1, axis2
    ),
)
composed(np.diagflat, lambda v, k=0: np.diag(np.ravel(v), k))
composed(
    np.trace,
    lambda a, offset=0, axis1=0, axis2=1: np.sum(np.diagonal(a, offset, axis1, axis2), axis=-1),
)
