"""Reductions: many elements to one, along some axes.

Read next: `minigrad.ops.order`, reductions that sort.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.errors import NoRuleError
from minigrad.ops.declare import arrays, composed, linear, plain, rule
from minigrad.ops.shape import rows, spread, unrows
from minigrad.table import Op
from minigrad.tensor import record
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
    count = np.sum(ties, axis=axis, keepdims=keepdims).astype(y.dtype)
    return ties * _kept(g / count, a, axis)


def _logsumexp(g: Array, y: Array, a: Array, *, axis: Any = 0, keepdims: bool = False) -> Array:
    """Softmax; where y is infinite, the elements that make it so share equally."""
    y = _kept(y, a, axis)
    infinite = np.isinf(y)
    ties = infinite & (a == y)
    shares = np.exp(np.where(infinite, -np.inf, a) - np.where(infinite, 0, y))
    n = np.sum(ties, axis=axis, keepdims=True).astype(y.dtype)
    return _kept(g, a, axis) * (shares + ties / np.where(n == 0, 1, n))


def _prod(g: Array, y: Array, a: Array, *, axis: Any = None, keepdims: bool = False) -> Array:
    """The product of the others: of those before times of those after, so zeros do no harm."""
    x = rows(a, axis)
    one = np.ones((*x.shape[:-1], 1), x.dtype)
    before = np.cumprod(np.concatenate([one, x], axis=-1)[..., :-1], axis=-1)
    after = np.cumprod(np.concatenate([x, one], axis=-1)[..., :0:-1], axis=-1)[..., ::-1]
    return unrows(np.reshape(g, one.shape) * before * after, a.shape, axis)


def _var(
    g: Array, y: Array, a: Array, *, axis: Any = None, ddof: float = 0, keepdims: bool = False
) -> Array:
    off = a - np.mean(a, axis=axis, keepdims=True)
    n = a.size // max(y.size, 1)
    return _kept(g * (2 / max(n - ddof, 0) if n > ddof else np.nan), a, axis) * np.conjugate(off)


def _std(
    g: Array, y: Array, a: Array, *, axis: Any = None, ddof: float = 0, keepdims: bool = False
) -> Array:
    """0 where all elements are equal, the middle of the kink."""
    half = g / np.where(y == 0, 1, 2 * y)
    return _var(half, y, a, axis=axis, ddof=ddof, keepdims=keepdims)


# Running reductions -------------------------------------------------------------------------------


def _cumsum(g: Array, y: Array, a: Array, *, axis: Any = None) -> Array:
    last = 0 if axis is None or not a.ndim else axis
    return np.reshape(np.flip(np.cumsum(np.flip(g, last), axis=last), last), a.shape)


def _cumprod(g: Array, y: Array, a: Array, *, axis: Any = None) -> Array:
    """Before x[i] the product p[i-1]; after it s[i] = g[i] + x[i+1] s[i+1]: no division by x."""
    axis = None if not a.ndim else axis
    x = rows(a, axis)
    g, y = (np.reshape(c, x.shape) if axis is None else rows(c, axis) for c in (g, y))
    one = np.ones((*x.shape[:-1], 1), x.dtype)
    before = np.concatenate([one, y], axis=-1)[..., :-1]
    after, slope, step = g, _shifted(x, 1), 1
    while step < x.shape[-1]:  # each turn doubles how far the recurrence reaches
        after = after + slope * _shifted(after, step)
        slope = slope * _shifted(slope, step)
        step *= 2
    return unrows(before * after, a.shape, axis)


def _shifted(x: Array, by: int) -> Array:
    """x[..., i + by], zeros beyond the end."""
    return np.concatenate([x[..., by:], np.zeros_like(x[..., :by])], axis=-1)


# The arguments dtype, where and initial -----------------------------------------------------------


def _by_method(name: str) -> Any:
    """The array's own method, which is quicker than NumPy's function of that name."""
    return lambda a, *, axis=None, keepdims=False: getattr(a, name)(axis=axis, keepdims=keepdims)


def _filled(function: Any, neutral: float, join: Any) -> Any:
    """The call of a reduction: what where= leaves out is neutral, and initial= joins the result."""
    needs_initial = join in {np.maximum, np.minimum}

    def call(
        op: Op, a: Any, axis: Any = None, *, keepdims: bool = False, dtype: Any = None,
        initial: Any = None, where: Any = True,
    ) -> Any:  # fmt: skip
        if dtype is not None:
            a = a.astype(dtype)
        if where is not True:
            if initial is None and needs_initial:
                raise NoRuleError(f"{op.name}: where= needs initial=, as in NumPy")
            a = np.where(where, a, neutral)
        if initial is None:
            return record(op, (a,), {"axis": axis, "keepdims": keepdims})
        if needs_initial and not a.size:  # NumPy knows no extreme of nothing, only its shape
            y = np.sum(a, axis=axis, keepdims=keepdims) + neutral
        else:
            y = record(op, (a,), {"axis": axis, "keepdims": keepdims})
        return join(y, *arrays(function, [initial]))

    return call


def _mean_call(
    op: Op, a: Any, axis: Any = None, *, keepdims: bool = False, dtype: Any = None,
    where: Any = True,
) -> Any:  # fmt: skip
    if dtype is not None:
        a = a.astype(dtype)
    if where is not True:
        return _mean_where(a, where, axis, keepdims)
    return record(op, (a,), {"axis": axis, "keepdims": keepdims})


def _spread_call(masked: Any) -> Any:
    def call(
        op: Op, a: Any, axis: Any = None, *, ddof: float = 0, keepdims: bool = False,
        dtype: Any = None, where: Any = True, correction: float = 0,
    ) -> Any:  # fmt: skip
        if ddof and correction:
            raise ValueError("ddof and correction can't be provided simultaneously.")
        params = {"axis": axis, "ddof": ddof or correction, "keepdims": keepdims}
        if dtype is not None:
            a = a.astype(dtype)
        return record(op, (a,), params) if where is True else masked(a, where, **params)

    return call


def _running(op: Op, a: Any, axis: Any = None, dtype: Any = None) -> Any:
    return record(op, (a if dtype is None else a.astype(dtype),), {"axis": axis})


def _mean_where(a: Any, where: Any, axis: Any = None, keepdims: bool = False) -> Any:
    total = np.sum(a, axis=axis, keepdims=keepdims, where=where)
    return total / _counted(a, where, axis, keepdims)


def _counted(a: Any, where: Any, axis: Any, keepdims: bool) -> Any:
    chosen = np.broadcast_to(where, np.shape(a))
    return np.sum(chosen, axis=axis, keepdims=keepdims).astype(a.dtype)


def _var_where(
    a: Any, where: Any, axis: Any = None, ddof: float = 0, keepdims: bool = False
) -> Any:
    off = np.where(where, a - _mean_where(a, where, axis, True), 0)
    n = np.real(_counted(a, where, axis, keepdims))
    return np.sum(np.real(off * np.conjugate(off)), axis=axis, keepdims=keepdims) / (n - ddof)


def _std_where(a: Any, where: Any, **kwargs: Any) -> Any:
    var = _var_where(a, where, **kwargs)
    return np.where(var == 0, 0, np.sqrt(np.where(var == 0, 1, var)))


linear(
    np.sum,
    _sum,
    symbol="Σ",
    forward=_by_method("sum"),
    call=_filled(np.sum, 0, np.add),
    latex=r"\sum#axis #0",
)
linear(
    np.mean,
    _mean,
    forward=_by_method("mean"),
    call=_mean_call,
    latex=r"\operatorname{mean}#axis(#0)",
)
for _f, _name, _worst, _join in (
    (np.max, "max", -np.inf, np.maximum),
    (np.amax, "max", -np.inf, np.maximum),
    (np.min, "min", np.inf, np.minimum),
    (np.amin, "min", np.inf, np.minimum),
):
    rule(
        _f,
        _extreme,
        forward=_by_method(_name),
        call=_filled(_f, _worst, _join),
        latex=rf"\{_name}#axis(#0)",
    )
rule(
    np.prod,
    _prod,
    symbol="Π",
    call=_filled(np.prod, 1, np.multiply),
    latex=r"\prod#axis #0",
)
rule(np.var, _var, call=_spread_call(_var_where))
rule(np.std, _std, call=_spread_call(_std_where))
rule(
    "logsumexp",
    _logsumexp,
    forward=np.logaddexp.reduce,
    call=_filled(np.logaddexp, -np.inf, np.logaddexp),
    code="np.logaddexp.reduce({*=})",
    latex=r"\log \sum#axis e^{#0}",
)
linear(np.cumsum, _cumsum, call=_running, latex=r"\operatorname{cumsum}#axis(#0)")
rule(np.cumprod, _cumprod, call=_running, latex=r"\operatorname{cumprod}#axis(#0)")
plain(np.argmax, np.argmin, np.any, np.all, np.count_nonzero, np.nanargmax, np.nanargmin)


# In other words -----------------------------------------------------------------------------------


def _ptp(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)


def _average(
    a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *,
    keepdims: bool = False,
) -> Any:  # fmt: skip
    (a,) = arrays(np.average, [a])
    if weights is None:
        y = np.mean(a, axis=axis, keepdims=keepdims)
        return (y, np.full(y.shape, a.size / max(y.size, 1), y.dtype)) if returned else y
    (weights,) = arrays(np.average, [weights])
    if weights.shape != a.shape:
        if axis is None:
            raise TypeError("Axis must be specified when shapes of a and weights differ.")
        axes = tuple(i % a.ndim for i in (axis if isinstance(axis, tuple) else (axis,)))
        if weights.shape != tuple(a.shape[i] for i in axes):
            raise ValueError("Shape of weights must be consistent with shape of a along axis.")
        sizes = [a.shape[i] if i in axes else 1 for i in range(a.ndim)]
        weights = np.reshape(np.transpose(weights, np.argsort(np.argsort(axes))), sizes)
    weights = np.broadcast_to(weights, a.shape)
    total = np.sum(weights, axis=axis, keepdims=keepdims)
    y = np.sum(a * weights, axis=axis, keepdims=keepdims) / total
    return (y, total) if returned else y


def _cumulative(running: Any, first: float) -> Any:
    """np.cumulative_sum and np.cumulative_prod; `first` stands for the result of no elements."""

    def body(
        x: Any, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
    ) -> Any:
        if axis is None:
            if x.ndim > 1:
                raise ValueError("For arrays which have more than one dimension axis is required.")
            axis = 0
        y = running(x, axis=axis, dtype=dtype)
        if not include_initial:
            return y
        border = [1 if i == axis % y.ndim else n for i, n in enumerate(y.shape)]
        return np.concatenate([np.full(border, first, y.dtype), y], axis=axis)

    return body


def _nanextreme(extreme: Any, worst: float) -> Any:
    """Nans give way, but where there is nothing else: there the result is nan."""

    def body(a: Any, axis: Any = None, **kwargs: Any) -> Any:
        nan = np.isnan(a)
        nan = nan & (np.sum(~nan, axis=axis, keepdims=True) > 0)
        return extreme(np.where(nan, worst, a), axis=axis, **kwargs)

    return body


def _without_nans(reduce: Any) -> Any:
    return lambda a, axis=None, *, where=True, **kwargs: reduce(
        a, axis=axis, where=~np.isnan(a) & where, **kwargs
    )


def _running_over_nans(running: Any, neutral: float) -> Any:
    return lambda a, axis=None, dtype=None: running(
        np.where(np.isnan(a), neutral, a), axis=axis, dtype=dtype
    )


composed(np.ptp, _ptp)
composed(np.average, _average)
composed(np.nanmax, _nanextreme(np.max, -np.inf))
composed(np.nanmin, _nanextreme(np.min, np.inf))
for _nan, _all in (
    (np.nansum, np.sum), (np.nanprod, np.prod), (np.nanmean, np.mean), (np.nanvar, np.var),
    (np.nanstd, np.std),
):  # fmt: skip
    composed(_nan, _without_nans(_all))
composed(np.nancumsum, _running_over_nans(np.cumsum, 0))
composed(np.nancumprod, _running_over_nans(np.cumprod, 1))
if hasattr(np, "cumulative_sum"):  # NumPy 2.1
    composed(np.cumulative_sum, _cumulative(np.cumsum, 0))
    composed(np.cumulative_prod, _cumulative(np.cumprod, 1))
