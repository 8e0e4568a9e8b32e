"""The rows that sort.

One entry for each row: how to call it and where it is safe to evaluate. `test_table` does the rest.
"""

import numpy as np
from cases import internal, on, reductions
from strategies import REAL


def sorted_by(*calls, shapes):
    """Each call at each shape; the complex step does not know an order."""
    return [case for f in calls for case in on(REAL, call=f, shapes=shapes, analytic=False)]


ROUND = np.array([0, 1, 0, 3, 2, 1])
METHODS = (
    "inverted_cdf", "averaged_inverted_cdf", "closest_observation",
    "interpolated_inverted_cdf", "hazen", "weibull", "linear", "median_unbiased",
    "normal_unbiased", "lower", "higher", "midpoint", "nearest",
)  # fmt: skip


def holed(x):
    """x with a nan for every fifth element; its gradient there is 0."""
    return np.where(np.arange(x.size).reshape(x.shape) % 5 == 2, np.nan, x)


def in_each_method(function):
    """Levels below, between and above the elements, for each way of interpolating."""
    return [
        case
        for method in METHODS
        for case in sorted_by(
            lambda x, m=method: function(x, [0, 0.03, 0.31, 0.5, 1], -1, method=m),
            shapes=((5,), (2, 4)),
        )
    ]


def over_nans(function):
    """All together, along an axis, and several axes kept."""
    return sorted_by(
        lambda x: function(holed(x)),
        lambda x: function(holed(x), axis=-1),
        shapes=((4,), (2, 3), (3, 2, 2)),
    ) + sorted_by(lambda x: function(holed(x), axis=(0, -1), keepdims=True), shapes=((2, 3, 2),))


CASES = {
    np.sort: sorted_by(
        np.sort, lambda x: np.sort(x, axis=0), shapes=((4,), (3, 4), (0,), (2, 3, 2))
    )
    + sorted_by(lambda x: np.sort(x, None), shapes=((), (4,), (2, 3))),
    np.partition: sorted_by(lambda x: np.partition(x, 2), shapes=((7,), (2, 5)))
    + sorted_by(lambda x: np.partition(x, (0, -1), axis=0), shapes=((5,), (3, 2)))
    + sorted_by(lambda x: np.partition(x, 1, axis=None), shapes=((5,), (3, 2)))
    + sorted_by(lambda x: np.partition(x, 0, axis=None), shapes=((2,),)),
    np.median: reductions(np.median, analytic=False, empty=((5,),)),
    np.quantile: reductions(
        lambda x, **kwargs: np.quantile(x, 0.3, **kwargs), analytic=False, empty=()
    )
    + sorted_by(lambda x: np.quantile(x, [0, 0.41, 1]), shapes=((5,), (2, 3)))
    + sorted_by(lambda x: np.quantile(x, [[0.2], [0.9]], 1), shapes=((2, 3), (2, 5, 2)))
    + in_each_method(np.quantile),
    np.percentile: sorted_by(lambda x: np.percentile(x, 30), shapes=((), (4,), (2, 3)))
    + sorted_by(
        lambda x: np.percentile(x, [10, 55], axis=(0, -1), keepdims=True), shapes=((2, 3, 2),)
    )
    + sorted_by(lambda x: np.percentile(x, 30, -1, method="hazen"), shapes=((4,), (2, 3))),
    np.nanmedian: reductions(np.nanmedian, analytic=False, empty=()) + over_nans(np.nanmedian),
    np.nanquantile: over_nans(lambda x, **kwargs: np.nanquantile(x, 0.7, **kwargs))
    + in_each_method(lambda x, *args, **kwargs: np.nanquantile(holed(x), *args, **kwargs)),
    np.nanpercentile: over_nans(lambda x, **kwargs: np.nanpercentile(x, 35, **kwargs))
    + sorted_by(lambda x: np.nanpercentile(x, [[5, 95]], method="lower"), shapes=((3,), (2, 3))),
    np.unique: sorted_by(np.unique, shapes=((), (4,), (2, 3), (0,)))
    + sorted_by(lambda x: np.unique(x, axis=-1), shapes=((2, 3),))
    + sorted_by(lambda x: np.unique(x[ROUND], return_counts=True)[0], shapes=((4,),)),
    "order": sorted_by(lambda x: x * internal("order")(x), shapes=((4,), (2, 3))),
}  # fmt: skip
