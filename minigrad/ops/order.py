"""Order: sorting, and what is read off the sorted elements.

A sort moves each cotangent back to where its element came from. Among equal elements that is the
stable choice, the first to the first; median and quantiles share equally instead, as max does.

Read next: `minigrad.ops.joining`, arrays put together and taken apart.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from minigrad.ops.declare import composed, plain, rule
from minigrad.ops.shape import applied, rows, unrows
from minigrad.tracing import refuse_value
from minigrad.values import Array

__all__: list[str] = []


def _order(a: Array) -> Array:
    """np.argsort along the last axis, recorded if `a` is: a compiled rule sorts anew."""
    return applied("order", a)


def _unordered(g: Array, y: Array, a: Array, axis: Any) -> Array:
    """Each element of y and of a has a rank; equal ranks belong together, whatever the method."""
    if axis is None:
        return np.reshape(_unordered(g, y, np.ravel(a), 0), a.shape)
    g, y, a = (np.swapaxes(c, axis, -1) for c in (g, y, a))
    by_rank = np.take_along_axis(g, _order(y), -1)
    return np.swapaxes(np.take_along_axis(by_rank, _order(_order(a)), -1), axis, -1)


# Quantiles ----------------------------------------------------------------------------------------


def _shares(g: Array, a: Array, axis: Any, n: int, ignoring: bool, places: Any) -> Array:
    """Each of the two elements a quantile lies between gets its weight, ties their equal shares.

    The quantile of the numbers 0, 1, … is its place among the sorted elements, whatever the
    method. Where the result is nan, the nans share.

    n: how many quantiles; ignoring: whether nans are passed by.
    """
    if not a.size:
        return np.reshape(np.ravel(g)[:0], a.shape)
    x = rows(a, axis)
    last = x.shape[-1] - 1
    ordered, nan, numbers = np.sort(x, axis=-1), np.isnan(x), np.arange(last + 1.0)
    many = np.sum(nan, axis=-1, keepdims=True)
    if ignoring:
        spoilt, top = many > last, np.maximum(last - many, 0)
        numbers = np.where((numbers > last - many) & (numbers > 0), np.nan, numbers)
        place = np.reshape(places(numbers), (n, *x.shape[:-1], 1))
    else:
        spoilt, top = many > 0, last
        place = np.reshape(places(numbers), (n, *(1,) * x.ndim))
    low = np.floor(place)
    g = np.reshape(g, (n, *x.shape[:-1], 1))
    total = np.zeros(x.shape, x.dtype)
    for i in range(n):
        for k, weight in ((low[i], 1 - place[i] + low[i]), (low[i] + 1, place[i] - low[i])):
            at = np.take_along_axis(ordered, np.minimum(k, top).astype(int), axis=-1)
            ties = np.where(spoilt, nan, x == at)
            total = total + g[i] * (weight * ties / np.sum(ties, axis=-1, keepdims=True))
    return unrows(total, a.shape, axis)


def _quantile(function: Any, ignoring: bool = False) -> Any:
    def vjp(
        g: Array, y: Array, a: Array, *, q: Any, axis: Any = None, method: str = "linear",
        keepdims: bool = False,
    ) -> Array:  # fmt: skip
        def places(numbers: Array) -> Array:
            return function(numbers, q, axis=-1, method=method)

        return _shares(g, a, axis, np.size(q), ignoring, places)

    return vjp


def _median(function: Any, ignoring: bool = False) -> Any:
    def vjp(g: Array, y: Array, a: Array, *, axis: Any = None, keepdims: bool = False) -> Array:
        return _shares(g, a, axis, 1, ignoring, lambda numbers: function(numbers, axis=-1))

    return vjp


# Distinct elements --------------------------------------------------------------------------------


def _unique(ar: Any, *args: Any, **kwargs: Any) -> Any:
    """NumPy says where the first of each value stands; there its cotangent goes."""
    refuse_value("unique")
    asked = inspect.signature(np.unique).bind(ar.data, *args, **kwargs).arguments
    _, first, *others = np.unique(**{**asked, "return_index": True})
    y = np.take(ar, first, axis=asked.get("axis"))
    found = [first] * asked.get("return_index", False) + others
    return (y, *found) if found else y


rule(np.sort, lambda g, y, a, *, axis=-1, kind=None: _unordered(g, y, a, axis))
rule(np.partition, lambda g, y, a, *, kth, axis=-1: _unordered(g, y, a, axis))
rule(
    "order",
    lambda g, y, a: None,
    forward=lambda a: np.argsort(a, -1, kind="stable"),
    code="np.argsort({0}, -1, kind='stable')",
)
rule(np.median, _median(np.median))
rule(np.quantile, _quantile(np.quantile))
rule(np.percentile, _quantile(np.percentile))
rule(np.nanmedian, _median(np.nanmedian, ignoring=True))
rule(np.nanquantile, _quantile(np.nanquantile, ignoring=True))
rule(np.nanpercentile, _quantile(np.nanpercentile, ignoring=True))
composed(np.unique, _unique)
plain(
    np.argsort, np.argpartition, np.lexsort, np.searchsorted, np.digitize, np.nonzero,
    np.flatnonzero, np.argwhere,
)  # fmt: skip
