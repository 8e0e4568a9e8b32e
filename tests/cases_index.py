"""The rows that read and write by index.

One entry for each row: how to call it and where it is safe to evaluate. `test_table` does the rest.
"""

import numpy as np
from cases import checker, internal, on
from strategies import REAL

import minigrad as mg

TWICE = np.array([0, 2, 0])


CASES = {
    "getitem": on(REAL, call=lambda x: x[TWICE], shapes=((3,), (3, 2)))
    + on(REAL, call=lambda x: x[1:, None, ..., -1], shapes=((3, 2), (2, 3, 2)))
    + on(REAL, call=lambda x: x[TWICE, 1:], shapes=((3, 2),))
    + on(REAL, call=lambda x: x[checker(x)], shapes=((3,), (2, 3), (0,)))
    + on(REAL, call=lambda x: x[()], shapes=((), (2,))),
    "add_at": on(
        REAL, REAL, call=lambda x, v: internal("add_at")(x, v, TWICE),
        shapes=(((3,), (3,)), ((3, 2), (3, 2))), analytic=False, on_complex=True,
    ),
    np.bincount: on(
        REAL, call=lambda w: np.bincount(TWICE[: len(w)], w), shapes=((3,),), analytic=False
    )
    + on(REAL, call=lambda w: np.bincount(TWICE, w, minlength=5), shapes=((3,),), analytic=False),
    "set_at": on(
        REAL, REAL, call=lambda x, v: mg.set_at(x, TWICE, v),
        shapes=(((3,), (3,)), ((3, 2), ()), ((3, 2), (3, 1))), analytic=False, on_complex=True,
    )
    + on(
        REAL, REAL, call=lambda x, v: mg.set_at(x, slice(1), v),
        shapes=(((3,), ()),), analytic=False, on_complex=True,
    )
    + on(
        REAL, REAL, call=lambda x, v: mg.set_at(x, checker(x), v),
        shapes=(((2, 3), ()),), analytic=False, on_complex=True,
    ),
}  # fmt: skip
