"""Joining, splitting, spacing, choosing and taking: each said in the ops of shape and index.

Read next: `minigrad.ops.signal`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from minigrad.ops.declare import arrays, composed
from minigrad.ops.index import set_at
from minigrad.ops.shape import applied
from minigrad.tensor import Tensor

__all__: list[str] = []


def _at_least(function: Any, widened: Callable[[Any], Any]) -> None:
    """Declare np.atleast_1d and its like: one array to an array, several to a tuple."""

    def body(*arys: Any) -> Any:
        out = tuple(widened(a) for a in arrays(function, arys))
        return out[0] if len(out) == 1 else out

    composed(function, body)


def _1d(a: Any) -> Any:
    return np.reshape(a, (1,)) if np.ndim(a) == 0 else a


def _2d(a: Any) -> Any:
    return np.reshape(a, (1, np.size(a))) if np.ndim(a) < 2 else a


def _3d(a: Any) -> Any:
    if np.ndim(a) == 2:
        return a[:, :, None]
    return np.reshape(a, (1, np.size(a), 1)) if np.ndim(a) < 2 else a


_at_least(np.atleast_1d, _1d)
_at_least(np.atleast_2d, _2d)
_at_least(np.atleast_3d, _3d)


# Joining ------------------------------------------------------------------------------------------


def _hstack(tup: Any) -> Any:
    parts = [_1d(a) for a in arrays(np.hstack, tup)]
    return np.concatenate(parts, axis=0 if np.ndim(parts[0]) == 1 else 1)


def _column_stack(tup: Any) -> Any:
    parts = arrays(np.column_stack, tup)
    columns = [np.reshape(a, (np.size(a), 1)) if np.ndim(a) < 2 else a for a in parts]
    return np.concatenate(columns, axis=1)


def _append(arr: Any, values: Any, axis: int | None = None) -> Any:
    parts = arrays(np.append, (arr, values))  # a Python number is an array of float64 here
    return np.concatenate([p if hasattr(p, "dtype") else np.asarray(p) for p in parts], axis=axis)


def _insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """NumPy inserts the elements' numbers, which say what goes where."""
    arr, values = arrays(np.insert, (arr, values))
    numbers = np.arange(np.size(arr) + np.size(values))
    old = numbers[: np.size(arr)].reshape(np.shape(arr))
    new = numbers[np.size(arr) :].reshape(np.shape(values))
    both = np.concatenate([np.ravel(arr), np.ravel(values).astype(arr.dtype)])
    return both[np.insert(old, obj, new, axis)]


def _block(nested: Any) -> Any:
    """The innermost lists join along the last axis, those around them along the one before."""
    levels = [[nested]]
    while any(isinstance(part, list) for part in levels[-1]):
        if not all(isinstance(part, list) and part for part in levels[-1]):
            raise ValueError("lists must not be empty, and all leaves must be equally deep")
        levels.append([inner for part in levels[-1] for inner in part])
    parts = [*arrays(np.block, levels[-1])]
    ndim = max([len(levels) - 1, *map(np.ndim, parts)])
    parts = [np.reshape(a, (1,) * (ndim - np.ndim(a)) + np.shape(a)) for a in parts]
    for axis, level in enumerate(levels[-2::-1], 1):
        each = iter(parts)
        parts = [np.concatenate([next(each) for _ in part], axis=-axis) for part in level]
    return parts[0]


def _meshgrid(
    *xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy"
) -> tuple[Any, ...]:
    if indexing not in {"xy", "ij"}:
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
    n, flat = len(xi), [np.ravel(x) for x in arrays(np.meshgrid, xi)]
    axes = [1, 0, *range(2, n)] if indexing == "xy" and n > 1 else range(n)
    out = [
        np.reshape(x, [-1 if i == axis else 1 for i in range(n)])
        for x, axis in zip(flat, axes, strict=True)
    ]
    shape = np.broadcast_shapes(*(x.shape for x in out))
    return tuple(out) if sparse else tuple(np.broadcast_to(x, shape) for x in out)


def _broadcast_arrays(*args: Any) -> tuple[Any, ...]:
    args = arrays(np.broadcast_arrays, args)
    shape = np.broadcast_shapes(*map(np.shape, args))
    return tuple(np.broadcast_to(a, shape) for a in args)


composed(np.vstack, lambda tup: np.concatenate([_2d(a) for a in arrays(np.vstack, tup)], axis=0))
composed(np.hstack, _hstack)
composed(np.dstack, lambda tup: np.concatenate([_3d(a) for a in arrays(np.dstack, tup)], axis=2))
composed(np.column_stack, _column_stack)
composed(np.append, _append)
composed(np.insert, _insert)
composed(np.block, _block)
composed(np.meshgrid, _meshgrid)
composed(np.broadcast_arrays, _broadcast_arrays)


# Spacing ------------------------------------------------------------------------------------------


def _linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False,
    dtype: Any = None, axis: int = 0,
) -> Any:  # fmt: skip
    start, stop = arrays(np.linspace, (start, stop))
    span = stop - start
    parts = num - 1 if endpoint else num
    shares = np.linspace(0, 1, num, endpoint, dtype=np.result_type(span.dtype, 1.0))
    shares = np.reshape(shares, (-1, *(1,) * span.ndim))
    y = np.moveaxis(start + span * shares, 0, axis)
    y = y if dtype is None else y.astype(dtype)
    return (y, span / parts if parts > 0 else np.nan) if retstep else y


def _logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0,
    dtype: Any = None, axis: int = 0,
) -> Any:  # fmt: skip
    if np.ndim(base):  # an array of bases broadcasts with the ends before the new axis is made
        start, stop, base = np.broadcast_arrays(start, stop, base)
        base = np.expand_dims(base, axis)
    y = base ** np.linspace(start, stop, num, endpoint, axis=axis)
    return y if dtype is None else y.astype(dtype)


def _geomspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Any:
    """Of two negative numbers the spacing is that of their opposites."""
    start, stop = arrays(np.geomspace, (start, stop))
    if np.iscomplexobj(start) or np.iscomplexobj(stop) or not np.all(start * stop > 0):
        raise ValueError("start and stop must be real, not zero and of one sign")
    start, stop = start * np.float64(1), stop * np.float64(1)  # NumPy spaces in double precision
    spaced = np.linspace(np.log(np.abs(start)), np.log(np.abs(stop)), num, endpoint, axis=axis)
    y = np.sign(start) * np.exp(spaced)
    return y if dtype is None else y.astype(dtype)


composed(np.linspace, _linspace)
composed(np.logspace, _logspace)
composed(np.geomspace, _geomspace)


# Splitting ----------------------------------------------------------------------------------------


def _splitting(function: Any) -> Any:
    """NumPy splits the numbers 0, 1, … of the places along the axis."""

    def body(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
        places = function(np.arange(ary.shape[axis]), indices_or_sections)
        whole = (slice(None),) * (axis % ary.ndim)
        return [ary[(*whole, slice(p[0], p[-1] + 1) if len(p) else slice(0))] for p in places]

    return body


def _splitting_along(axis: int, least: int) -> Any:
    def body(ary: Any, indices_or_sections: Any) -> Any:
        if ary.ndim < least:
            raise ValueError(f"only works on arrays of {least} or more dimensions")
        return np.split(ary, indices_or_sections, axis=axis if ary.ndim > 1 else 0)

    return body


def _trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    """The smallest block with all that is not zero; of nothing but zeros nothing is left."""
    (filt,) = arrays(np.trim_zeros, [filt])
    axes = normalize_axis_tuple(range(filt.ndim) if axis is None else axis, filt.ndim)
    parts = [slice(None)] * filt.ndim
    for i, places in enumerate(np.nonzero(filt) if filt.ndim else ()):
        if i in axes:
            first, last = (places.min(), places.max()) if len(places) else (filt.shape[i], -1)
            parts[i] = slice(
                first if "f" in trim.lower() else None, last + 1 if "b" in trim.lower() else None
            )
    return filt[tuple(parts)]


def _unstack(x: Any, *, axis: int = 0) -> tuple[Any, ...]:
    x = np.moveaxis(x, axis, 0)
    return tuple([x[i] for i in range(len(x))])


composed(np.array_split, _splitting(np.array_split))
composed(np.split, _splitting(np.split))
composed(np.hsplit, _splitting_along(1, 1))
composed(np.vsplit, _splitting_along(0, 2))
composed(np.dsplit, _splitting_along(2, 3))
composed(np.trim_zeros, _trim_zeros)
if hasattr(np, "unstack"):  # NumPy 2.1
    composed(np.unstack, _unstack)


# Taking and choosing ------------------------------------------------------------------------------


def _take(
    a: Any, indices: Any, axis: int | None = None, out: None = None, mode: str = "raise"
) -> Any:
    if out is not None:
        raise ValueError("out= writes in place, which a recorded graph cannot undo")
    a, indices = arrays(np.take, (a, indices))
    if axis is None or not a.ndim:
        a, axis = np.ravel(a), axis or 0
    axis = normalize_axis_index(axis, a.ndim)
    if mode == "clip":
        indices = np.clip(indices, 0, a.shape[axis] - 1)
    elif mode == "wrap":
        indices = indices % a.shape[axis]
    elif mode != "raise":
        raise ValueError(f"got mode={mode!r}; expected 'raise', 'wrap' or 'clip'")
    return applied("getitem", a, *(slice(None),) * axis, indices)


def _take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    if axis is None:
        return applied("getitem", np.ravel(arr), indices)
    axis = range(arr.ndim)[axis]
    if indices.ndim != arr.ndim:
        raise ValueError("`indices` and `arr` must have the same number of dimensions")
    places: list[Any] = list(np.ogrid[tuple(slice(n) for n in arr.shape)])
    places[axis] = indices
    return applied("getitem", arr, *places)


def _compress(condition: Any, a: Any, axis: int | None = None) -> Any:
    places = np.flatnonzero(condition)
    return np.take(a, places, axis=axis)


def _select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    if len(condlist) != len(choicelist) or not condlist:
        raise ValueError("list of cases must be same length as list of conditions, and not empty")
    out = default
    for chosen, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        out = np.where(chosen, choice, out)
    return out


def _choose(a: Any, choices: Sequence[Any]) -> Any:
    (a,) = arrays(np.choose, [a])
    if not np.all((a >= 0) & (a < len(choices))):
        raise ValueError("invalid entry in choice array")
    return np.select([a == i for i in range(len(choices))], list(choices))


def _piecewise(x: Any, condlist: Any, funclist: Sequence[Any], *args: Any, **kw: Any) -> Any:
    """Each function sees only the elements it is for; of several conditions the last holds."""
    if not isinstance(condlist, (list, tuple)):
        single = np.ndim(condlist) <= min(np.ndim(x), 1)
        condlist = [condlist] if single else list(condlist)
    elif np.ndim(x) and not np.ndim(condlist[0]):
        condlist = [condlist]
    conditions = [c if isinstance(c, Tensor) else np.asarray(c, bool) for c in condlist]
    if len(funclist) == len(conditions) + 1:
        conditions.append(~reduce(operator.or_, conditions))
    if len(funclist) != len(conditions):
        raise ValueError(f"with {len(condlist)} condition(s), either {len(condlist)} or one more")
    y = np.zeros_like(x)
    for c, f in zip(conditions, funclist, strict=True):
        y = set_at(y, c, f(x[c], *args, **kw) if callable(f) else f)
    return y


def _apply_along_axis(func1d: Any, axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    lines = np.moveaxis(arr, axis, -1)
    outer = lines.shape[:-1]
    y = np.stack([func1d(lines[i], *args, **kwargs) for i in np.ndindex(outer)])
    y = np.reshape(y, outer + y.shape[1:])
    first, n = axis % arr.ndim, y.ndim - len(outer)
    return np.moveaxis(y, range(len(outer), y.ndim), range(first, first + n))


def _apply_over_axes(func: Any, a: Any, axes: Any) -> Any:
    for axis in (axes,) if np.ndim(axes) == 0 else axes:
        y = func(a, axis)
        a = y if y.ndim == a.ndim else np.expand_dims(y, axis)
    return a


def _full_like(a: Any, fill_value: Any, dtype: Any = None, shape: Any = None) -> Any:
    (fill,) = arrays(np.full_like, [fill_value])
    dtype = a.dtype if dtype is None else np.dtype(dtype)
    shape = np.shape(a) if shape is None else shape
    return np.broadcast_to(np.asarray(fill) if np.isscalar(fill) else fill, shape).astype(dtype)


composed(np.take, _take)
composed(np.take_along_axis, _take_along_axis)
composed(np.compress, _compress)
composed(np.extract, lambda condition, arr: np.ravel(arr)[np.flatnonzero(condition)])
composed(np.select, _select)
composed(np.choose, _choose)
composed(np.piecewise, _piecewise)
composed(np.apply_along_axis, _apply_along_axis)
composed(np.apply_over_axes, _apply_over_axes)
composed(np.full_like, _full_like)
