"""The rows that sort.

One entry for each row: how to call it and where it is safe to evaluate. `test_table` does the rest.
"""

import numpy as np
from cases import on, reductions
from strategies import REAL


def sorted_by(*calls, shapes):
    """Each call at each shape; the complex step does not know an order."""
    return [case for f in calls for case in on(REAL, call=f, shapes=shapes, analytic=False)]


CASES = {
    np.sort: sorted_by(
        np.sort, lambda x: np.sort(x, axis=0), shapes=((4,), (3, 4), (0,), (2, 3, 2))
    )
    + sorted_by(lambda x: np.sort(x, None), shapes=((), (4,), (2, 3))),
    np.partition: sorted_by(lambda x: np.partition(x, 2), shapes=((7,), (2, 5)))
    + sorted_by(lambda x: np.partition(x, (0, -1), axis=0), shapes=((5,), (3, 2)))
    + sorted_by(lambda x: np.partition(x, 1, axis=None), shapes=((5,), (3, 2))),
    np.median: reductions(np.median, analytic=False, empty=((5,),)),
    np.quantile: reductions(
        lambda x, **kwargs: np.quantile(x, 0.3, **kwargs), analytic=False, empty=()
    )
    + sorted_by(lambda x: np.quantile(x, [0, 0.41, 1]), shapes=((5,), (2, 3)))
    + sorted_by(lambda x: np.quantile(x, [[0.2], [0.9]], 1), shapes=((2, 3), (2, 5, 2))),
    np.percentile: sorted_by(lambda x: np.percentile(x, 30), shapes=((), (4,), (2, 3)))
    + sorted_by(
        lambda x: np.percentile(x, [10, 55], axis=(0, -1), keepdims=True), shapes=((2, 3, 2),)
    ),
}  # fmt: skip
