"""Order: sorting, and what is read off the sorted elements.

A sort moves each cotangent back to where its element came from. Among equal elements that is the
stable choice, the first to the first; median and quantiles share equally instead, as max does.

Read next: `minigrad.ops.joining`, arrays put together and taken apart.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.declare import plain, rule
from minigrad.ops.shape import rows, unrows
from minigrad.tensor import Tensor
from minigrad.values import Array

__all__: list[str] = []


def _values(a: Array) -> Array:
    return a._value if isinstance(a, Tensor) else a


def _unordered(g: Array, y: Array, a: Array, axis: Any) -> Array:
    """Each element of y and of a has a rank; equal ranks belong together, whatever the method."""
    if axis is None:
        return np.reshape(_unordered(g, y, np.ravel(a), 0), a.shape)
    by_rank = np.take_along_axis(g, np.argsort(_values(y), axis, kind="stable"), axis)
    ranks = np.argsort(np.argsort(_values(a), axis, kind="stable"), axis)
    return np.take_along_axis(by_rank, ranks, axis)


def _quantile(
    g: Array, y: Array, a: Array, *, q: Any, axis: Any = None, keepdims: bool = False
) -> Array:
    """Each of the two elements a quantile lies between gets its weight, ties their equal shares."""
    x = rows(_values(a), axis)
    last = x.shape[-1] - 1
    ordered, nan = np.sort(x, axis=-1), np.isnan(x)
    spoilt = np.any(nan, axis=-1, keepdims=True)
    g = np.reshape(g, (-1, *x.shape[:-1], 1))
    total = np.zeros(x.shape, x.dtype)
    for i, place in enumerate(np.ravel(np.asarray(q) * last)):
        low = int(place)
        for k, weight in ((low, 1 - place + low), (min(low + 1, last), place - low)):
            ties = np.where(spoilt, nan, x == ordered[..., k : k + 1])
            total = total + g[i] * (weight * ties / np.sum(ties, axis=-1, keepdims=True))
    return unrows(total, a.shape, axis)


def _percentile(
    g: Array, y: Array, a: Array, *, q: Any, axis: Any = None, keepdims: bool = False
) -> Array:
    return _quantile(g, y, a, q=np.asarray(q) / 100, axis=axis)


def _median(g: Array, y: Array, a: Array, *, axis: Any = None, keepdims: bool = False) -> Array:
    return _quantile(g, y, a, q=0.5, axis=axis)


rule(np.sort, lambda g, y, a, *, axis=-1, kind=None: _unordered(g, y, a, axis))
rule(np.partition, lambda g, y, a, *, kth, axis=-1: _unordered(g, y, a, axis))
rule(np.median, _median)
rule(np.quantile, _quantile)
rule(np.percentile, _percentile)
plain(
    np.argsort, np.argpartition, np.searchsorted, np.nonzero, np.flatnonzero, np.argwhere,
)  # fmt: skip
