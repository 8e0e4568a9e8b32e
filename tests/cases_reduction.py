"""The reductions.

One entry for each row: how to call it and where it is safe to evaluate. `test_table` does the rest.
"""

import numpy as np
from cases import checker, on, reductions
from strategies import POSITIVE, REAL


def chosen(function, analytic=True, **kwargs):
    """A reduction of the elements that where= names, all together and row by row."""
    return on(
        REAL, call=lambda x: function(x, where=checker(x), **kwargs), shapes=((4,), (2, 3)),
        analytic=analytic,
    ) + on(
        REAL, call=lambda x: function(x, axis=-1, keepdims=True, where=checker(x), **kwargs),
        shapes=((4,), (2, 3)), analytic=analytic,
    )  # fmt: skip


def holed(x):
    """x with a nan for every fifth element."""
    return np.where(np.arange(x.size).reshape(x.shape) % 5 == 2, np.nan, x)


def with_nans(function, analytic=True):
    """The reduction of an array some of whose elements are nans; the gradient there is 0."""

    def call(x, **kwargs):
        return function(holed(x), **kwargs)

    return (
        on(REAL, call=call, shapes=((4,), (2, 3)), analytic=analytic)
        + on(REAL, call=lambda x: call(x, axis=-1), shapes=((4,), (2, 3)), analytic=analytic)
        + on(
            REAL, call=lambda x: call(x, axis=(0, 1), keepdims=True), shapes=((2, 3),),
            analytic=analytic,
        )
    )  # fmt: skip


def running(function):
    """A result for each element, along all axes, the first and the last."""
    return (
        on(REAL, call=function, shapes=((), (4,), (2, 3), (0,)))
        + on(REAL, call=lambda x: function(x, axis=0), shapes=((4,), (2, 3), (3, 2, 2), (0, 2)))
        + on(REAL, call=lambda x: function(x, axis=-1), shapes=((5,), (2, 7), (2, 1, 3)))
    )


def spread_of(function):
    return (
        reductions(function, analytic=False, empty=())
        + on(REAL, call=lambda x: function(x, ddof=1), shapes=((4,), (2, 3)), analytic=False)
        + on(REAL, call=lambda x: function(x, correction=1), shapes=((4,),), analytic=False)
        + chosen(function, analytic=False)
    )


def logsumexp(function):
    """The reduction of the ufunc, whose axis is the first one if none is named."""
    return (
        reductions(function, analytic=False, empty=())[1:]
        + on(REAL, call=lambda x: function(x, axis=None), shapes=((), (4,), (2, 3)), analytic=False)
        + on(REAL, call=function, shapes=((4,), (2, 3)), analytic=False)
        + chosen(function, analytic=False)
    )


def ufunc_method(function, analytic=True, **kwargs):
    """np.add.reduce and its like: the axis is the first one if none is named."""
    return on(REAL, call=function, shapes=((4,), (2, 3)), analytic=analytic) + on(
        REAL, call=lambda x: function(x, axis=-1, **kwargs), shapes=((2, 3),), analytic=analytic
    )


def extreme(function, initial):
    return (
        reductions(function, analytic=False, empty=())
        + chosen(function, analytic=False, initial=initial)
        + on(
            REAL, call=lambda x: function(x, axis=0, initial=0.25), shapes=((0, 2), (0,)),
            analytic=False,
        )
    )  # fmt: skip


WEIGHTS = np.array([1.0, 2.0, 3.0])

CASES = {
    np.sum: reductions(np.sum)
    + chosen(np.sum)
    + ufunc_method(np.add.reduce, keepdims=True),
    np.mean: reductions(np.mean, empty=()) + chosen(np.mean),
    "logsumexp": logsumexp(np.logaddexp.reduce),
    np.max: extreme(np.max, -5) + ufunc_method(np.maximum.reduce, analytic=False, initial=-5),
    np.amax: reductions(np.amax, analytic=False, empty=()),
    np.min: extreme(np.min, 5) + ufunc_method(np.minimum.reduce, analytic=False, keepdims=True),
    np.amin: reductions(np.amin, analytic=False, empty=()),
    np.prod: reductions(np.prod)
    + chosen(np.prod)
    + ufunc_method(np.multiply.reduce, keepdims=True)
    + on(REAL, call=lambda x: np.prod(x, axis=0, initial=2), shapes=((3,), (2, 3), (0, 2)))
    + on(REAL, call=lambda x: np.prod(x * [0, 1, 2]), shapes=((3,), (2, 3)))
    + on(REAL, call=lambda x: np.prod(x * [0, 1, 0], axis=0), shapes=((2, 3),)),
    np.var: spread_of(np.var),
    np.std: [
        case for case in spread_of(np.std) if ((),) not in case.shapes  # which is a kink
    ]
    + on(REAL, call=np.std, shapes=((4,), (2, 3)), analytic=False),
    np.ptp: reductions(np.ptp, analytic=False, empty=()),
    np.average: on(REAL, call=np.average, shapes=((), (4,), (2, 3)))
    + on(REAL, call=lambda x: np.average(x, axis=1, keepdims=True), shapes=((2, 3),))
    + on(
        REAL, POSITIVE, call=lambda x, w: np.average(x, weights=w),
        shapes=(((3,), (3,)), ((2, 3), (2, 3))),
    )
    + on(
        REAL, POSITIVE, call=lambda x, w: np.average(x, -1, w),
        shapes=(((3,), (3,)), ((2, 3), (3,)), ((2, 3), (2, 3))),
    )
    + on(
        REAL, POSITIVE, call=lambda x, w: np.average(x, axis=(2, 0), weights=w),
        shapes=(((2, 1, 3), (3, 2)),),
    )
    + on(
        REAL, call=lambda x: np.average(x, axis=0, weights=WEIGHTS[:2], returned=True)[0],
        shapes=((2, 3),),
    ),
    np.cumsum: running(np.cumsum)
    + ufunc_method(np.add.accumulate)
    + on(REAL, call=lambda x: np.cumsum(x, 0, np.float64), shapes=((3,),), analytic=False),
    np.cumprod: running(np.cumprod)
    + ufunc_method(np.multiply.accumulate)
    + on(REAL, call=lambda x: np.cumprod(x * [1, 0, 1, 1, 0, 1], axis=-1), shapes=((6,), (2, 6))),
    np.nansum: with_nans(np.nansum),
    np.nanprod: with_nans(np.nanprod),
    np.nanmean: with_nans(np.nanmean),
    np.nanvar: with_nans(np.nanvar, analytic=False),
    np.nanstd: with_nans(np.nanstd, analytic=False),
    np.nanmax: with_nans(np.nanmax, analytic=False) + ufunc_method(np.fmax.reduce, analytic=False),
    np.nanmin: with_nans(np.nanmin, analytic=False) + ufunc_method(np.fmin.reduce, analytic=False),
    np.nancumsum: on(REAL, call=lambda x: np.nancumsum(holed(x), -1), shapes=((4,), (2, 3))),
    np.nancumprod: on(REAL, call=lambda x: np.nancumprod(holed(x), 0), shapes=((4,), (2, 3))),
}  # fmt: skip

if hasattr(np, "cumulative_sum"):
    for _f in (np.cumulative_sum, np.cumulative_prod):
        CASES[_f] = on(REAL, call=_f, shapes=((), (4,))) + [
            case
            for axis in (0, -1)
            for case in on(
                REAL,
                call=lambda x, f=_f, i=axis: f(x, axis=i, include_initial=True),
                shapes=((4,), (2, 3)),
            )
        ]
