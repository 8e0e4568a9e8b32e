"""The rows that join, split, take and choose.

One entry for each row: how to call it and where it is safe to evaluate. `test_table` does the rest.
"""

import numpy as np
from cases import checker, on
from strategies import NONZERO, POSITIVE, REAL

PAIRS = (((), ()), ((2,), (2,)), ((1, 2), (3, 2)))
PLACES = np.array([[2, 0, 2]])
CHOSEN = np.array([False, True])


def joined(function, shapes):
    """The function of a list of two."""
    return on(REAL, REAL, call=lambda a, b: function([a, b]), shapes=shapes)


def all_of_several(function, shapes, n=2):
    """Every member of what the function makes of n arrays, each weighed by its number."""

    def call(*xs):
        return np.concatenate([(i + 1) * np.ravel(y) for i, y in enumerate(function(*xs))])

    return on(*[REAL] * n, call=call, shapes=shapes)


def parts(function, shapes, *args, **kwargs):
    """All the pieces, each weighed by its number."""

    def call(x):
        pieces = function(x, *args, **kwargs)
        return np.concatenate([(i + 1) * np.ravel(p) for i, p in enumerate(pieces)])

    return on(REAL, call=call, shapes=shapes)


CASES = {
    np.atleast_1d: on(REAL, shapes=((), (3,), (2, 3)))
    + all_of_several(np.atleast_1d, (((2,), ()),)),
    np.atleast_2d: on(REAL, shapes=((), (3,), (0,), (2, 3)))
    + all_of_several(np.atleast_2d, (((2,), ()),)),
    np.atleast_3d: on(REAL, shapes=((), (3,), (2, 3), (2, 3, 2)))
    + all_of_several(np.atleast_3d, (((2, 3), ()),)),
    np.vstack: joined(np.vstack, (*PAIRS, ((2,), (3, 2)))),
    np.hstack: joined(np.hstack, (((), ()), ((2,), (3,)), ((2, 1), (2, 3)))),
    np.dstack: joined(np.dstack, (((), ()), ((2,), (2,)), ((2, 3), (2, 3)))),
    np.column_stack: joined(np.column_stack, (((), ()), ((2,), (2,)), ((2, 3), (2,)))),
    np.append: on(REAL, REAL, shapes=(((), (2,)), ((2, 3), (2,))))
    + on(REAL, REAL, call=lambda a, b: np.append(a, b, axis=1), shapes=(((2, 1), (2, 3)),)),
    np.insert: on(
        REAL, REAL, call=lambda a, v: np.insert(a, 1, v), shapes=(((3,), ()), ((2, 3), (2,))),
        analytic=False, on_complex=True,
    )
    + on(
        REAL, REAL, call=lambda a, v: np.insert(a, 0, v, axis=0), shapes=(((2, 3), (3,)),),
        analytic=False, on_complex=True,
    )
    + on(
        REAL, REAL, call=lambda a, v: np.insert(a, [0, 2], v, axis=-1),
        shapes=(((3,), (2,)), ((3,), ()), ((2, 3), (2, 2))), analytic=False, on_complex=True,
    ),
    np.block: on(
        REAL, REAL, call=lambda a, b: np.block([[a, b], [b, 2]]),
        shapes=(((), ()), ((1,), (1,)), ((1, 1), (1,))),
    )
    + on(REAL, REAL, call=lambda a, b: np.block([a, b, a]), shapes=(((2,), (3,)), ((2, 1), (2, 3))))
    + on(REAL, call=np.block, shapes=((), (2, 3)))
    + on(
        REAL, REAL, call=lambda a, b: np.block([[[a, b]], [[b, a]]]),
        shapes=(((2,), (2,)), ((2, 1, 3), (2, 1, 3))),
    ),
    np.broadcast_arrays: all_of_several(np.broadcast_arrays, (((3,), (2, 1)), ((), (0, 2)))),
    np.linspace: on(REAL, REAL, call=lambda a, b: np.linspace(a, b, 4))
    + on(REAL, REAL, call=lambda a, b: np.linspace(a, b, 3), shapes=(((), ()),))
    + on(REAL, REAL, call=lambda a, b: np.linspace(a, b, 3, endpoint=False, axis=-1))
    + on(REAL, REAL, call=lambda a, b: np.linspace(a, b, 5, retstep=True)[1])
    + on(REAL, call=lambda a: np.linspace(a, 3, num=1)),
    np.logspace: on(REAL, REAL, call=lambda a, b: np.logspace(a, b, 4, base=2.0))
    + on(
        REAL, POSITIVE, call=lambda a, base: np.logspace(a, 1, 3, False, base),
        shapes=(((), ()),),
    ),
    np.geomspace: on(POSITIVE, POSITIVE, call=lambda a, b: np.geomspace(a, b, 4), analytic=False)
    + on(POSITIVE, call=lambda a: np.geomspace(-a, -2, 3, endpoint=False), analytic=False),
    np.meshgrid: all_of_several(np.meshgrid, (((3,), (2,)), ((), (2,))))
    + all_of_several(np.meshgrid, (((3,), (2,)), ((2, 2), (3,))))
    + all_of_several(
        lambda *xs: np.meshgrid(*xs, indexing="ij", sparse=True), (((3,), (2,), (4,)),), 3
    )
    + all_of_several(np.meshgrid, (((3,), (2,), (4,)),), 3),
    np.split: parts(np.split, ((4,), (2, 3)), 2)
    + parts(np.split, ((5,), (5, 2)), [3, 1, -1, 9])
    + parts(np.split, ((2, 3), (2, 2, 3)), 3, axis=-1),
    np.array_split: parts(np.array_split, ((5,), (3, 2), (1,)), 3)
    + parts(np.array_split, ((2, 5),), 2, axis=1),
    np.hsplit: parts(np.hsplit, ((4,), (3, 2), (1, 4, 2)), 2),
    np.vsplit: parts(np.vsplit, ((3, 2),), [1]),
    np.dsplit: parts(np.dsplit, ((1, 2, 4),), [1, 3]),
    np.trim_zeros: on(
        REAL, call=lambda x: np.trim_zeros(x * [0, 1, 0, 1, 0, 0]), shapes=((6,),)
    )
    + on(REAL, call=lambda x: np.trim_zeros(x * [0, 1, 0], "b"), shapes=((3,),))
    + on(NONZERO, call=np.trim_zeros, shapes=((3,),)),
    np.take: on(REAL, call=lambda x: np.take(x, [2, 0, -1]), shapes=((3,), (2, 3)))
    + on(REAL, call=lambda x: np.take(x, PLACES, axis=-1), shapes=((3,), (2, 3)))
    + on(REAL, call=lambda x: np.take(x, [5, -7], 0, mode="clip"), shapes=((3,), (2, 3)))
    + on(REAL, call=lambda x: np.take(x, [5, -7], 0, mode="wrap"), shapes=((3,), (2, 3)))
    + on(REAL, call=lambda x: np.take(x, 1, axis=0), shapes=((3,), (2, 3))),
    np.take_along_axis: on(
        REAL, call=lambda x: np.take_along_axis(x, PLACES, axis=1), shapes=((2, 3),)
    )
    + on(REAL, call=lambda x: np.take_along_axis(x, PLACES[0], axis=-1), shapes=((3,),))
    + on(REAL, call=lambda x: np.take_along_axis(x, np.array([3, 0]), None), shapes=((2, 3),))
    + on(REAL, call=lambda x: np.take_along_axis(x, np.array([0, 0]), None), shapes=((2,),)),
    np.compress: on(
        REAL, call=lambda x: np.compress([True, False, True], x, axis=-1), shapes=((3,), (2, 4))
    )
    + on(REAL, call=lambda x: np.compress(CHOSEN, x), shapes=((2, 3),))
    + on(REAL, call=lambda x: np.compress([True], x), shapes=((2,),)),
    np.extract: on(REAL, call=lambda x: np.extract(checker(x), x), shapes=((3,), (2, 3))),
    np.select: on(
        REAL, REAL, call=lambda a, b: np.select([checker(a, b), ~checker(a)], [a, b]),
        shapes=(((4,), (4,)), ((2, 3), (2, 3))),
    )
    + on(
        REAL, call=lambda x: np.select([checker(x)], [x], default=3 * x[..., :1]),
        shapes=((4,), (2, 3)),
    ),
    np.choose: on(
        REAL, REAL, call=lambda a, b: np.choose(np.array([1, 0, 1]), [a, b]),
        shapes=(((3,), (3,)), ((2, 3), (3,)), ((), (1,))),
    ),
    np.piecewise: on(
        NONZERO, call=lambda x: np.piecewise(x, [x < 0, x > 0], [np.sin, lambda x: x * x]),
        shapes=((), (4,), (2, 3)), analytic=False,
    )
    + on(
        NONZERO, call=lambda x: np.piecewise(x, x > 0, [lambda x, n: x**n, 7], 3),
        shapes=((4,),), analytic=False,
    ),
    np.apply_along_axis: on(
        REAL, call=lambda x: np.apply_along_axis(np.prod, 0, x), shapes=((3,), (2, 3), (3, 2, 2))
    )
    + on(
        REAL, call=lambda x: np.apply_along_axis(np.cumsum, 1, x), shapes=((2, 3), (3, 2, 2))
    )
    + on(
        REAL, call=lambda x: np.apply_along_axis(np.multiply.outer, -2, x, np.arange(2.0)),
        shapes=((2, 3), (3, 2, 2)),
    ),
    np.apply_over_axes: on(
        REAL, call=lambda x: np.apply_over_axes(np.sum, x, (0, -1)), shapes=((2, 3), (3, 2, 2))
    )
    + on(REAL, call=lambda x: np.apply_over_axes(np.cumprod, x, 0), shapes=((2, 3),)),
    np.full_like: on(
        REAL, call=lambda v: np.full_like(np.broadcast_to(v, (2, 3)), v),
        shapes=((), (3,), (2, 1)), analytic=False, on_complex=True,
    )
    + on(
        REAL, call=lambda v: np.full_like(np.stack([v, v]), v), shapes=((3,),),
        analytic=False, on_complex=True,
    ),
}  # fmt: skip

if hasattr(np, "unstack"):
    CASES[np.unstack] = parts(np.unstack, ((2,), (2, 3))) + parts(np.unstack, ((2, 3),), axis=-1)
