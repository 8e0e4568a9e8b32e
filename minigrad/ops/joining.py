"""Joining and splitting, choosing and taking: each said in the ops of shape and index.

Read next: `minigrad.ops.signal`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.ops.declare import arrays, composed

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
    return np.concatenate(arrays(np.append, (arr, values)), axis=axis)


def _insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """NumPy inserts the elements' numbers, which say what goes where."""
    arr, values = arrays(np.insert, (arr, values))
    numbers = np.arange(np.size(arr) + np.size(values))
    old = numbers[: np.size(arr)].reshape(np.shape(arr))
    new = numbers[np.size(arr) :].reshape(np.shape(values))
    both = np.concatenate([np.ravel(arr), np.ravel(values).astype(arr.dtype)])
    return both[np.insert(old, obj, new, axis)]


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


composed(np.vstack, lambda tup: np.concatenate([_2d(a) for a in arrays(np.vstack, tup)], axis=0))
composed(np.hstack, _hstack)
composed(np.dstack, lambda tup: np.concatenate([_3d(a) for a in arrays(np.dstack, tup)], axis=2))
composed(np.column_stack, _column_stack)
composed(np.append, _append)
composed(np.insert, _insert)
composed(np.meshgrid, _meshgrid)


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


composed(np.array_split, _splitting(np.array_split))
composed(np.split, _splitting(np.split))
composed(np.hsplit, _splitting_along(1, 1))
composed(np.vsplit, _splitting_along(0, 2))
composed(np.dsplit, _splitting_along(2, 3))


# Taking and choosing ------------------------------------------------------------------------------


def _take(
    a: Any, indices: Any, axis: int | None = None, out: None = None, mode: str = "raise"
) -> Any:
    if out is not None:
        raise ValueError("out= writes in place, which a recorded graph cannot undo")
    a, indices = arrays(np.take, (a, indices))
    a, axis = (np.ravel(a), 0) if axis is None else (a, axis % max(a.ndim, 1))
    if mode == "clip":
        indices = np.clip(indices, 0, a.shape[axis] - 1)
    elif mode == "wrap":
        indices = indices % a.shape[axis]
    return a[(slice(None),) * axis + (indices,)]


def _take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    if axis is None:
        return np.ravel(arr)[indices]
    axis = range(arr.ndim)[axis]
    if indices.ndim != arr.ndim:
        raise ValueError("`indices` and `arr` must have the same number of dimensions")
    places: list[Any] = list(np.ogrid[tuple(slice(n) for n in arr.shape)])
    places[axis] = indices
    return arr[tuple(places)]


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
composed(np.full_like, _full_like)
