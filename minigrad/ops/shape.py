"""Shape ops: the same numbers in another arrangement, so the transpose is the way back.

Read next: `minigrad.ops.index`.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np

from minigrad.errors import NoRuleError
from minigrad.ops.declare import Each, arrays, composed, linear, plain, rule
from minigrad.table import ROWS, Op
from minigrad.tensor import Tensor, record
from minigrad.values import Array

__all__ = ["applied", "raised", "rows", "spread", "unrows"]


def applied(key: str, *inputs: Any) -> Array:
    """The row `key` of the inputs: recorded if a Tensor is among them, else computed."""
    op = ROWS[key]
    return record(op, inputs) if Tensor in map(type, inputs) else op.forward(*inputs)


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
    if not x.size:
        return np.reshape(np.ravel(g)[:0], x.shape)
    numbers = function(np.arange(x.size).reshape(x.shape), *args, **kwargs)
    back = applied("add_at", np.zeros(x.size, g.dtype), np.ravel(g), np.ravel(numbers))
    return np.reshape(back, x.shape)


def _concatenate(i: int, g: Array, y: Array, *xs: Array, axis: int | None) -> Array:
    """The part of `g` that input `i` became."""
    if axis is None:
        start = sum(np.size(x) for x in xs[:i])
        return np.reshape(g[start : start + xs[i].size], xs[i].shape)
    start = sum(x.shape[axis] for x in xs[:i])
    part = slice(start, start + xs[i].shape[axis])
    return g[(slice(None),) * (axis % g.ndim) + (part,)]


def _stack(i: int, g: Array, y: Array, *xs: Array, axis: int) -> Array:
    return g[(slice(None),) * (axis % g.ndim) + (i,)]


_MANY = 64


def _joining(function: Any) -> Any:
    """Of more than a few inputs, blocks are joined first.

    The sweep calls the rule once for each input, with all inputs: n² arguments of a node with n.
    """

    def call(op: Op, parts: Any, axis: int | None = 0) -> Any:
        parts = arrays(function, parts)
        while len(parts) > _MANY:
            blocks = [parts[i : i + _MANY] for i in range(0, len(parts), _MANY)]
            parts = [_join(op, block, axis) for block in blocks]
            op = ROWS[np.concatenate]
        return _join(op, tuple(parts), axis)

    return call


def _join(op: Op, parts: tuple[Any, ...], axis: int | None) -> Any:
    params = {"axis": axis}
    if Tensor in map(type, parts):
        return record(op, parts, params)
    return op.forward(*parts, **params)


def _joined(function: Any) -> Any:
    return lambda *parts, axis: function(parts, axis=axis)


def _reshape(a: Array, shape: Any) -> Array:
    return a.reshape(shape)


def _reshaping(op: Op, a: Any, shape: Any, order: str = "C") -> Any:
    """Fortran's order is C's of the axes in reverse."""
    if order not in {"C", "F"}:
        raise NoRuleError(f"reshape: got order {order!r}; a Tensor takes 'C' or 'F'")
    if order == "C":
        return record(op, arrays(np.reshape, [a]), {"shape": shape})
    sizes = tuple(shape) if np.ndim(shape) else (shape,)
    return np.transpose(np.reshape(np.transpose(a), sizes[::-1]))


def _raveling(op: Op, a: Any, order: str = "C") -> Any:
    return record(op, (a,)) if order == "C" else _reshaping(ROWS[np.reshape], a, -1, order)


def _transpose(g: Array, y: Array, a: Array, *, axes: Any = None) -> Array:
    return np.transpose(g, None if axes is None else np.argsort([i % a.ndim for i in axes]))


linear(
    np.reshape,
    lambda g, y, a, *, shape: np.reshape(g, a.shape),
    forward=_reshape,
    call=_reshaping,
    code="np.reshape({0}, {shape})",
)
linear(np.ravel, lambda g, y, a: np.reshape(g, a.shape), call=_raveling)
linear(np.squeeze, lambda g, y, a, *, axis=None: np.reshape(g, a.shape))
linear(np.expand_dims, lambda g, y, a, *, axis: np.reshape(g, a.shape))
linear(np.transpose, _transpose, symbol="ᵀ", latex="#0^{T#axes}")
composed(np.matrix_transpose, lambda x: np.swapaxes(x, -1, -2))
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
plain(
    np.shape, np.ndim, np.size, np.zeros_like, np.ones_like, np.empty_like, np.common_type,
    np.diag_indices_from, np.tril_indices_from, np.triu_indices_from, np.array_str, np.array_repr,
    np.array2string, np.save, np.savetxt, np.savez, np.savez_compressed,
)  # fmt: skip


# Moving axes and elements -------------------------------------------------------------------------

_PADS = ("constant", "edge", "reflect", "symmetric", "wrap")


def _padding(
    op: Op, array: Any, pad_width: Any, mode: Any = "constant", *, constant_values: Any = None
) -> Tensor:
    if mode not in _PADS or isinstance(constant_values, Tensor):
        raise NoRuleError(
            f"pad: got mode {mode!r}, constant_values {constant_values}; expected a mode of "
            f"{', '.join(_PADS)} and constants; others: np.concatenate the borders"
        )
    if isinstance(pad_width, dict):
        given = {range(array.ndim)[axis]: width for axis, width in pad_width.items()}
        pad_width = [np.broadcast_to(given.get(i, 0), 2).tolist() for i in range(array.ndim)]
    values = {} if constant_values is None else {"constant_values": constant_values}
    return record(op, (array,), {"pad_width": pad_width, "mode": mode, **values})


def _pad(
    g: Array, y: Array, array: Array, *, pad_width: Any, mode: Any, constant_values: Any = 0
) -> Array:
    """NumPy pads axis by axis; where a border repeats elements, its cotangents are added to theirs.

    The numbers of the places say which elements: in runs that go up, down or stay.
    """
    widths = np.broadcast_to(pad_width, (array.ndim, 2)).tolist()
    for axis, (n, (before, after)) in enumerate(zip(array.shape, widths, strict=True)):
        along = (slice(None),) * axis
        inner = g[(*along, slice(before, before + n))]
        if mode != "constant" and before + after:
            inner = np.copy(inner)
            numbers = np.pad(np.arange(n), (before, after), mode).tolist()
            for start, stop in (0, before), (before + n, before + n + after):
                for place, part in _runs(numbers, start, stop):
                    border = g[(*along, part)]
                    if part.step is None and place.stop - place.start == 1:
                        border = np.sum(border, axis=axis, keepdims=True)
                    inner = raised(inner, (*along, place), border)
        g = inner
    return g


def raised(x: Array, index: tuple[Any, ...], by: Array) -> Array:
    """`x` with x[index] += by, in place where `x` is an array."""
    if isinstance(x, Tensor) or isinstance(by, Tensor):
        return applied("add_at", x, by, *index)
    x[index] += by
    return x


def _runs(numbers: list[int], start: int, stop: int) -> Iterator[tuple[slice, slice]]:
    """numbers[start:stop] as runs: which slice they count, and where in `numbers` they stand."""
    while start < stop:
        first, end = numbers[start], start + 1
        step = numbers[end] - first if end < stop and abs(numbers[end] - first) < 2 else 0
        while end < stop and numbers[end] - numbers[end - 1] == step:
            end += 1
        last = numbers[end - 1]
        place = slice(min(first, last), max(first, last) + 1)
        backwards = slice(end - 1, start - 1 if start else None, -1)
        yield place, backwards if step < 0 else slice(start, end)
        start = end


def _minus(shift: Any) -> Any:
    return tuple(-s for s in shift) if isinstance(shift, (tuple, list)) else -shift


def _rollaxis(g: Array, y: Array, a: Array, *, axis: int, start: int = 0) -> Array:
    axis, start = axis % a.ndim, start + a.ndim if start < 0 else start
    return np.moveaxis(g, start - (axis < start), axis)


def _copies_summed(c: Array, axis: int) -> Array:
    """The sum along `axis`; of neighbours it is a product with ones, which is much quicker."""
    n, kept = c.shape[axis], c.shape[:axis] + c.shape[axis + 1 :]
    if prod(c.shape[axis + 1 :]) > 1:
        return np.sum(c, axis=axis)
    return np.reshape(np.reshape(c, (prod(kept), n)) @ np.ones(n, c.dtype), kept)


def _repeat(g: Array, y: Array, a: Array, *, repeats: Any, axis: int | None = None) -> Array:
    """The copies of an element stand side by side."""
    if np.size(repeats) > 1:
        return _returned(g, a, np.repeat, repeats, axis)
    n = int(np.reshape(repeats, ()))
    end = axis % max(a.ndim, 1) + 1 if axis is not None else a.ndim
    before = a.shape[:end] if axis is not None else (a.size,)
    c = np.reshape(g, (*before, n, *a.shape[end:]))
    return np.reshape(_copies_summed(c, len(before)), a.shape)


def _tile(g: Array, y: Array, A: Array, *, reps: Any) -> Array:
    """The copies of an axis stand one after the other."""
    reps = np.ravel(reps).tolist()
    reps, sizes = [1] * (g.ndim - len(reps)) + reps, (1,) * (g.ndim - A.ndim) + A.shape
    for axis, (n, size) in enumerate(zip(reps, sizes, strict=True)):
        if n != 1:
            copies = (*g.shape[:axis], n, size, *g.shape[axis + 1 :])
            g = _copies_summed(np.reshape(g, copies), axis)
    return np.reshape(g, A.shape)


def _diag(g: Array, y: Array, v: Array, *, k: int = 0) -> Array:
    return np.diagonal(g, k) if v.ndim == 1 else _returned(g, v, np.diag, k)


linear(np.copy, lambda g, y, a: g, latex="#0")
linear(np.moveaxis, lambda g, y, a, *, source, destination: np.moveaxis(g, destination, source))
linear(np.rollaxis, _rollaxis)
linear(np.flip, lambda g, y, m, *, axis=None: np.flip(g, axis))
linear(np.fliplr, lambda g, y, m: np.fliplr(g))
linear(np.flipud, lambda g, y, m: np.flipud(g))
linear(np.rot90, lambda g, y, m, *, k=1, axes=(0, 1): np.rot90(g, -k, axes))
linear(np.roll, lambda g, y, a, *, shift, axis=None: np.roll(g, _minus(shift), axis))
linear(np.repeat, _repeat)
linear(np.tile, _tile)
linear(np.delete, lambda g, y, arr, *, obj, axis=None: _returned(g, arr, np.delete, obj, axis))
linear(np.resize, lambda g, y, a, *, new_shape: _returned(g, a, np.resize, new_shape))
rule(np.pad, _pad, call=_padding)
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
