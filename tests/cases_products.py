"""The rows of products: dot, inner, outer, kron, tensordot, einsum.

One entry for each row: how to call it and where it is safe to evaluate. `test_table` does the rest.
"""

import numpy as np
from cases import on
from strategies import POSITIVE, REAL

VECTORS = (((3,), (3,)), ((0,), (0,)), ((1,), (1,)))
SCALED = (((), ()), ((), (2, 3)), ((2, 3), ()))
DOTS = (
    *VECTORS, *SCALED, ((2, 3), (3, 2)), ((2, 3), (3,)), ((3,), (3, 2)), ((3,), (2, 3, 2)),
    ((2, 3, 2), (2,)), ((2, 1, 3), (2, 3, 2)), ((2, 3), (2, 3, 2)), ((0, 3), (3, 2)),
)  # fmt: skip
INNERS = (*VECTORS, *SCALED, ((2, 3), (3,)), ((2, 3), (4, 3)), ((2, 1, 3), (2, 3)))
ANY = (*VECTORS, *SCALED, ((2, 3), (2,)), ((2,), (3, 1)), ((1, 2, 1), (2, 2)), ((0, 3), (2,)))
FLAT = (*VECTORS, ((), ()), ((2, 3), (6,)), ((2, 2), (2, 2)))
STACKS = (((3,), (3,)), ((2, 3), (2, 3)), ((2, 1, 3), (4, 3)), ((3,), (2, 3)), ((2, 0), (0,)))
CROSSED = (((3,), (3,)), ((2, 3), (3,)), ((3,), (2, 3)), ((2, 1, 3), (4, 3)), ((0, 3), (3,)))
MATVECS = (((2, 3), (3,)), ((2, 2, 3), (3,)), ((2, 3), (4, 3)), ((2, 1, 2, 3), (3, 3)))
VECMATS = (((2,), (2, 3)), ((4, 2), (2, 3)), ((2,), (4, 2, 3)), ((3, 2), (2, 1, 2, 3)))


def einsums():
    """Every kind of subscripts: implicit, ellipsis, diagonals, sums, broadcasts, many operands."""
    for subscripts, *shapes in [
        ("ij,jk->ik", ((2, 3), (3, 2)), ((0, 3), (3, 2)), ((2, 0), (0, 2))),
        ("ij,jk", ((2, 3), (3, 2))),
        ("ba,bc", ((2, 3), (2, 4))),
        (" i , j -> j i ", ((2,), (3,))),
        ("ij->ji", ((2, 3),)),
        ("ba", ((2, 3),)),
        ("ij->j", ((2, 3),), ((0, 3),)),
        ("ij->", ((2, 3),)),
        ("ii", ((3, 3),)),
        ("ii->i", ((3, 3),)),
        ("iji->j", ((2, 3, 2),)),
        ("iii->i", ((2, 2, 2),)),
        ("iij,jk->ki", ((2, 2, 3), (3, 2))),
        ("ij,ij->", ((2, 3), (2, 3)), ((1, 3), (2, 3))),
        ("ij,k->i", ((2, 3), (2,)), ((2, 1), (3,))),
        (",ij->ij", ((), (2, 3))),
        ("...ij,...jk->...ik", ((2, 3), (3, 2)), ((2, 2, 3), (3, 1)), ((4, 1, 2, 3), (2, 3, 2))),
        ("i...,j...", ((2, 3), (4, 3)), ((2, 1), (4, 3)), ((2, 3), (4,))),
        ("...i->...", ((2, 3),), ((2, 2, 3),), ((3,),)),
        ("...ii", ((2, 3, 3),)),
        ("...", ((2, 3),)),
        ("i,ij,j->", ((2,), (2, 3), (3,))),
        ("i,i,i->i", ((2,), (2,), (2,))),
        ("ij,jk,kl->il", ((2, 3), (3, 2), (2, 2))),
    ]:
        domains = (REAL,) * len(shapes[0])
        for optimize in (False, True) if len(domains) > 1 else (False,):

            def call(*xs, subscripts=subscripts, optimize=optimize):
                return np.einsum(subscripts, *xs, optimize=optimize)

            flat = tuple(s for (s,) in shapes) if len(domains) == 1 else tuple(shapes)
            yield from on(*domains, call=call, shapes=flat)


def tensordots():
    """Axes as a number and as two lists, in any order, negative, none and all of them."""
    for axes, shapes in [
        (2, ((4, 2, 3), (2, 3, 5))),
        (1, ((2, 3), (3, 2))),
        (0, ((2,), (3,))),
        (([2, 0], [0, 1]), ((2, 3, 4), (4, 2, 3))),
        (([0, 1], [1, 0]), ((2, 3), (3, 2))),
        ((-1, 0), ((2, 3), (3,))),
        (((0, -1), (2, 0)), ((2, 3, 4), (4, 1, 2))),
        (1, ((2, 0), (0, 2))),
    ]:
        yield from on(
            REAL, REAL, call=lambda a, b, axes=axes: np.tensordot(a, b, axes), shapes=(shapes,)
        )


def covariances(function):
    """Of one array and of two, the variables in rows and in columns."""
    return (
        on(REAL, call=function, shapes=((4,), (2, 3), (3, 4)), analytic=False)
        + on(REAL, REAL, call=function, shapes=(((4,), (4,)), ((2, 3), (3,))), analytic=False)
        + on(REAL, call=lambda x: function(x, rowvar=False), shapes=((4, 2),), analytic=False)
    )


CASES = {
    np.dot: on(REAL, REAL, shapes=DOTS),
    np.inner: on(REAL, REAL, shapes=INNERS),
    np.outer: on(REAL, REAL, shapes=ANY),
    np.vdot: on(REAL, REAL, shapes=FLAT, analytic=False, on_complex=True),
    np.kron: on(REAL, REAL, shapes=ANY),
    np.cross: on(REAL, REAL, shapes=CROSSED)
    + on(
        REAL,
        REAL,
        call=lambda a, b: np.cross(a, b, 0, 1, 0),
        shapes=(((3, 2), (2, 3)), ((3, 1), (2, 3)), ((3, 4, 2), (4, 3, 2)), ((3,), (2, 3))),
    )
    + on(REAL, REAL, call=lambda a, b: np.cross(a, b, axis=0), shapes=(((3, 2), (3, 2)),)),
    np.linalg.cross: on(REAL, REAL, shapes=CROSSED)
    + on(REAL, REAL, call=lambda a, b: np.linalg.cross(a, b, axis=0), shapes=(((3, 2), (3, 2)),)),
    np.cov: covariances(np.cov)
    + on(REAL, call=lambda x: np.cov(x, bias=True), shapes=((4,), (2, 3)), analytic=False)
    + on(
        REAL,
        POSITIVE,
        call=lambda x, w: np.cov(x, fweights=[1, 2, 3], aweights=w),
        shapes=(((2, 3), (3,)), ((3,), (3,))),
        analytic=False,
    )
    + on(REAL, call=lambda x: np.cov(x, ddof=0, aweights=[1, 2, 3]), shapes=((3,),), analytic=False)
    + on(REAL, call=lambda x: np.cov(x, fweights=[1, 2, 3]), shapes=((2, 3),), analytic=False),
    np.corrcoef: covariances(np.corrcoef),
    np.tensordot: [*on(REAL, REAL, shapes=(((4, 2, 3), (2, 3)),)), *tensordots()],
    np.einsum: [*einsums()],
}

if hasattr(np, "vecdot"):
    CASES[np.vecdot] = on(REAL, REAL, shapes=STACKS, analytic=False, on_complex=True)
if hasattr(np, "matvec"):
    CASES[np.matvec] = on(REAL, REAL, shapes=MATVECS)
    CASES[np.vecmat] = on(REAL, REAL, shapes=VECMATS, analytic=False, on_complex=True)
