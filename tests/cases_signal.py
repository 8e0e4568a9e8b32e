"""The rows for differences, integrals, interpolation and convolution.

One entry for each row: how to call it and where it is safe to evaluate. `test_table` does the rest.
"""

import numpy as np
from cases import internal, on
from numpy.lib.stride_tricks import sliding_window_view
from strategies import NONZERO, POSITIVE, REAL

GRID = np.array([0.0, 0.3, 1.1, 1.5])
INSIDE, OUTSIDE = ((0.05, 0.25), (0.4, 1.0), (1.2, 1.4)), ((-1, -0.1), (1.6, 3))
SIZES = (((3,), (3,)), ((5,), (2,)), ((2,), (5,)), ((4,), (3,)), ((1,), (1,)), ((3,), (6,)))


def in_each_mode(function, analytic=True):
    """full, same and valid, either array the longer one."""
    return [
        case
        for mode in ("full", "same", "valid")
        for case in on(
            REAL,
            REAL,
            call=lambda a, v, m=mode: function(a, v, m),
            shapes=SIZES,
            analytic=analytic,
            on_complex=True,
        )
    ]


CASES = {
    np.diff: on(REAL, shapes=((3,), (2, 3), (1,), (0,)))
    + on(REAL, call=lambda x: np.diff(x, 2, axis=0), shapes=((4,), (3, 2), (1,)))
    + on(REAL, call=lambda x: np.diff(x, 0), shapes=((2,),))
    + on(
        REAL, REAL, call=lambda x, b: np.diff(x, axis=-1, prepend=b, append=0),
        shapes=(((3,), ()), ((3,), (2,)), ((2, 3), ())),
    ),
    np.ediff1d: on(REAL, shapes=((4,), (2, 3)))
    + on(
        REAL, REAL, call=lambda x, b: np.ediff1d(x, to_end=[3.0, 4.0], to_begin=b),
        shapes=(((3,), ()), ((2, 2), (2,))), analytic=False, on_complex=False,
    ),
    np.trapezoid: on(REAL, shapes=((3,), (2, 3), (1,)))
    + on(REAL, REAL, shapes=(((3,), (3,)), ((2, 3), (3,))))
    + on(
        REAL, REAL, call=lambda y, x: np.trapezoid(y, x, axis=0),
        shapes=(((2, 3), (2,)), ((2, 3), (2, 3))),
    )
    + on(REAL, REAL, call=lambda y, h: np.trapezoid(y, dx=h), shapes=(((3,), ()),)),
    np.gradient: on(REAL, shapes=((2,), (5,)))
    + on(REAL, call=lambda f: np.gradient(f, 0.5, edge_order=2), shapes=((3,), (5,)))
    + on(REAL, call=lambda f: np.gradient(f, GRID, axis=0), shapes=((4,), (4, 2)))
    + on(REAL, call=lambda f: np.gradient(f, GRID, edge_order=2), shapes=((4,),))
    + on(REAL, call=lambda f: np.gradient(f, 2.0, GRID)[1], shapes=((2, 4),))
    + on(REAL, call=lambda f: np.gradient(f, axis=(1, 0))[0], shapes=((2, 4),))
    + on(REAL, NONZERO, shapes=(((4,), ()),), analytic=False),
    np.interp: on(
        INSIDE, REAL, call=lambda x, fp: np.interp(x, GRID, fp), analytic=False,
        shapes=(((), (4,)), ((5,), (4,)), ((2, 3), (4,))),
    )
    + on(
        OUTSIDE, REAL, call=lambda x, fp: np.interp(x, GRID, fp, left=7), analytic=False,
        shapes=(((5,), (4,)),),
    )
    + on(
        INSIDE, REAL, call=lambda x, fp: np.interp(x + 4, GRID, fp, period=2), analytic=False,
        shapes=(((5,), (4,)),),
    )
    + on(
        INSIDE, ((-0.03, 0.03),), REAL, call=lambda x, w, fp: np.interp(x, GRID + w, fp),
        shapes=(((3,), (4,), (4,)),), analytic=False,
    ),
    "segment": on(
        INSIDE, call=lambda x: x * internal("segment")(GRID, x), shapes=((), (3,)), analytic=False
    ),
    sliding_window_view: on(
        REAL, call=lambda x: sliding_window_view(x, 2, -1), shapes=((2,), (4,), (2, 3))
    )
    + on(REAL, call=lambda x: sliding_window_view(x, (2, 3)), shapes=((3, 4), (2, 3)))
    + on(REAL, call=lambda x: sliding_window_view(x, (2, 2), (0, 0)), shapes=((4,), (3, 2))),
    np.polyval: on(REAL, REAL, shapes=(((3,), ()), ((4,), (2, 3)), ((1,), (2,)))),
    np.polyadd: on(REAL, REAL, shapes=(((3,), (2,)), ((), (2,)), ((1,), (1,)))),
    np.polysub: on(REAL, REAL, shapes=(((3,), (2,)), ((), (2,)))),
    np.polymul: on(REAL, REAL, shapes=(((3,), (2,)), ((), (2,)))),
    np.polydiv: [
        case
        for part in (0, 1)
        for case in on(
            REAL, POSITIVE, call=lambda u, v, part=part: np.polydiv(u, v)[part][1 - len(v) :],
            shapes=(((4,), (2,)), ((3,), (3,))), analytic=False,
        )
    ],
    np.polyder: on(REAL, call=lambda p: np.polyder(p, 2), shapes=((4,), (3,)))
    + on(REAL, call=np.polyder, shapes=((3,),)),
    np.polyint: on(REAL, call=np.polyint, shapes=((3,),))
    + on(REAL, call=lambda p: np.polyint(p, 2, p[:2]), shapes=((3,),))
    + on(REAL, call=lambda p: np.polyint(p, 2, 5), shapes=((3,),), analytic=False),
    np.poly: on(REAL, shapes=((1,), (3,)))
    + on(
        REAL, call=lambda a: np.poly(a * np.array([[1, 2], [3, 4]])), shapes=((), (2, 2)),
        analytic=False,
    ),
    np.roots: on(
        ((1, 1.1),), call=lambda p: np.real(np.roots(p * [1, -91, -910, 1000])),
        shapes=((4,),), analytic=False,
    )
    + on(
        ((1, 1.1),), call=lambda p: np.real(np.roots(p * [0, 1, -30, 1, 0])), shapes=((5,),),
        analytic=False,
    )
    + on(
        NONZERO, call=lambda p: np.real(np.roots(np.append(7.0, p))), shapes=((1,),),
        analytic=False,
    ),
    np.vander: on(REAL, shapes=((3,), (1,)), analytic=False)
    + on(REAL, call=lambda x: np.vander(x, 4, increasing=True), shapes=((2,),), analytic=False),
    np.polyfit: on(REAL, call=lambda y: np.polyfit(GRID, y, 2), shapes=((4,), (4, 2)))
    + on(
        ((-0.05, 0.05),), REAL,
        call=lambda x, y: np.polyfit(GRID + x, GRID * y, 1, w=[1.0, 2, 1, 3]),
        shapes=(((4,), (4,)),), analytic=False,
    ),
    np.convolve: in_each_mode(np.convolve),
    np.correlate: in_each_mode(np.correlate, analytic=False),
    np.unwrap: on(
        ((0.5, 0.7), (5, 6)), call=lambda p: np.unwrap(p * 1), shapes=((5,), (2, 4)), analytic=False
    )
    + on(
        ((0.1, 0.3), (1.2, 1.4)), call=lambda p: np.unwrap(p, axis=0, period=1.8),
        shapes=((5,), (2, 4)), analytic=False,
    ),
}  # fmt: skip
