"""The rows of linear algebra.

One entry for each row: how to call it and where it is safe to evaluate. `test_table` does the rest.
"""

import functools

import numpy as np
from cases import on
from strategies import NONZERO, POSITIVE, REAL

MATRICES = (
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 2)),
    ((2, 2, 3), (2, 3, 1)), ((2, 1, 2, 3), (3, 3, 2)), ((2, 2, 3), (3, 2)), ((2, 3), (2, 3, 2)),
    ((3,), (2, 3, 2)), ((2, 2, 3), (3,)), ((0, 3), (3, 2)), ((2, 0), (0, 3)), ((1, 1), (1, 1)),
)  # fmt: skip
SQUARE = ((1, 1), (2, 2), (3, 3), (2, 2, 2), (0, 0), (0, 2, 2))
SYSTEMS = (
    ((2, 2), (2,)), ((3, 3), (3, 2)), ((2, 2, 2), (2,)), ((2, 2, 2), (2, 1)), ((2, 2), (3, 2, 1)),
)  # fmt: skip


def regular(a):
    """A matrix far from singular, made of any: its diagonal dominates."""
    return a + 8 * np.eye(a.shape[-1], dtype=a.dtype)


def of_regular(function, shapes=SQUARE, **kinds):
    return on(REAL, call=lambda a: function(regular(a)), shapes=shapes, **kinds)


def tall(a):
    """A matrix of full rank, made of any that is not square: its own diagonal stands out."""
    return a + 5 * np.eye(*a.shape[-2:], dtype=a.dtype)


def ramp(x):
    """Elements made of x that are so far apart that neither they nor their sums tie."""
    return x + 3 * np.arange(x.size, dtype=x.dtype).reshape(x.shape)


def apart(a):
    """A matrix made of any whose singular values are far apart and from zero."""
    rows, columns = a.shape[-2:]
    return a + 9 * np.eye(rows, columns, dtype=a.dtype) * np.arange(1, columns + 1, dtype=a.dtype)


def norms():
    """Each order for vectors and matrices, over each axis, with and without keepdims."""
    yield from on(NONZERO, shapes=((4,), (2, 3), (2, 2, 2), (0,), (1,)), analytic=False)
    inf = np.inf
    for made, order, axis, shape in [
        *[(np.positive, p, None, (4,)) for p in (None, 0, 1, 2, 3, 1.5, 0.5, -1, -2)],
        *[(np.positive, p, 1, (2, 3)) for p in (None, 1, 2, 3)],
        (np.positive, 2, -2, (2, 3, 2)),
        (np.positive, None, (0, -1), (2, 3, 2)),
        *[(np.positive, "fro", axis, (2, 2, 3)) for axis in ((0, 1), (2, 0))],
        *[(ramp, p, axis, (2, 3)) for p in (inf, -inf) for axis in (None, 0, -1)],
        *[(ramp, p, axis, (2, 2, 3)) for p in (1, -1, inf, -inf) for axis in ((2, 0), (0, 1))],
        *[(apart, p, (-2, -1), (2, 2, 3)) for p in ("nuc", 2, -2)],
        *[(apart, p, None, (3, 2)) for p in ("nuc", 2, -2)],
    ]:
        for keep in (False, True):
            yield from on(
                POSITIVE if made is ramp else NONZERO,
                call=lambda x, made=made, order=order, axis=axis, keep=keep: np.linalg.norm(
                    made(x), order, axis, keep
                ),
                shapes=(shape,),
                analytic=False,
                on_complex=made is not apart,
            )


CASES = {
    np.matmul: on(REAL, REAL, shapes=MATRICES),
    np.linalg.inv: of_regular(np.linalg.inv),
    np.linalg.det: of_regular(np.linalg.det),
    np.linalg.solve: on(
        REAL, REAL, call=lambda a, b: np.linalg.solve(regular(a), b), shapes=SYSTEMS
    ),
    np.linalg.pinv: on(
        REAL,
        call=lambda a: np.linalg.pinv(tall(a)),
        shapes=((3, 3), (3, 2), (2, 4), (2, 3, 2)),
        analytic=False,
        on_complex=True,
    ),
    np.linalg.lstsq: on(
        REAL,
        REAL,
        call=lambda a, b: np.linalg.lstsq(tall(a), b)[0],
        shapes=(((4, 2), (4,)), ((4, 2), (4, 3)), ((2, 2), (2, 1)), ((2, 3), (2,))),
        analytic=False,
        on_complex=True,
    ),
    np.linalg.multi_dot: [
        *on(REAL, REAL, call=lambda *xs: np.linalg.multi_dot(xs),
            shapes=(((2, 3), (3, 2)), ((3,), (3, 2)), ((2, 3), (3,)), ((3,), (3,)))),
        *on(REAL, REAL, REAL, call=lambda *xs: np.linalg.multi_dot(xs),
            shapes=(((2, 3), (3, 1), (1, 2)), ((3,), (3, 2), (2,)), ((2, 3), (3, 2), (2,)))),
        *on(REAL, REAL, REAL, REAL, call=lambda *xs: np.linalg.multi_dot(xs),
            shapes=(((2, 3), (3, 1), (1, 2), (2, 2)), ((3,), (3, 2), (2, 1), (1,)))),
    ],
    np.linalg.norm: [*norms()],
    np.linalg.matrix_power: [
        case for n in (0, 1, 2, 3, 4, 5, 7, -1, -3)
        for case in of_regular(lambda a, n=n: np.linalg.matrix_power(a / 8, n))
    ],
}  # fmt: skip


def symmetric(a):
    """A symmetric (of complex a: Hermitian) matrix made of any, its eigenvalues far apart."""
    b = apart(a)
    return (b + np.conjugate(np.swapaxes(b, -1, -2))) / 2


def flat(function, made):
    """All results of a function, one after the other."""

    def call(a):
        return np.concatenate([np.ravel(y) for y in function(made(a))])

    return call


NOT_ANALYTIC = {"analytic": False, "on_complex": False}
HERMITIAN = {"analytic": False, "on_complex": True}
OBLONG = ((3, 3), (3, 2), (2, 3), (2, 3, 2))
reduced = functools.partial(np.linalg.svd, full_matrices=False)

CASES |= {
    np.linalg.cholesky: on(
        REAL, call=lambda a: np.linalg.cholesky(symmetric(a)), shapes=SQUARE, **HERMITIAN
    ),
    np.linalg.eigh: [
        *on(REAL, call=flat(np.linalg.eigh, symmetric), shapes=SQUARE, **NOT_ANALYTIC),
        *on(REAL, call=flat(np.linalg.eigh, apart), shapes=((2, 2), (3, 3)), **NOT_ANALYTIC),
        *on(REAL, call=flat(lambda a: np.linalg.eigh(a, "U"), apart), shapes=((3, 3),),
            **NOT_ANALYTIC),
        *on(REAL, call=lambda a: np.absolute(np.linalg.eigh(symmetric(a)).eigenvectors),
            shapes=((2, 2), (3, 3)), **HERMITIAN),
    ],
    np.linalg.eigvalsh: [
        *on(REAL, call=lambda a: np.linalg.eigvalsh(symmetric(a)), shapes=SQUARE, **HERMITIAN),
        *on(REAL, call=lambda a: np.linalg.eigvalsh(apart(a), "U"), shapes=((3, 3),), **HERMITIAN),
    ],
    # Real of what is real here: the newest NumPy returns complex numbers all the same.
    np.linalg.eig: on(
        REAL, call=lambda a: np.real(flat(np.linalg.eig, apart)(a)), shapes=SQUARE[:4],
        analytic=False,
    ),
    np.linalg.eigvals: on(
        REAL, call=lambda a: np.sum(np.sin(np.real(np.linalg.eigvals(apart(a))) / 9)),
        shapes=SQUARE[:4], analytic=False,
    ),
    np.linalg.svd: on(REAL, call=flat(reduced, apart), shapes=OBLONG, **NOT_ANALYTIC),
    np.linalg.svdvals: on(
        REAL, call=lambda a: np.linalg.svdvals(apart(a)), shapes=OBLONG, **NOT_ANALYTIC
    ),
    np.linalg.qr: on(REAL, call=flat(np.linalg.qr, apart), shapes=OBLONG, **NOT_ANALYTIC),
    np.linalg.slogdet: on(
        REAL, call=flat(np.linalg.slogdet, regular), shapes=SQUARE, **HERMITIAN
    ),
}  # fmt: skip

CASES |= {
    np.linalg.matmul: on(REAL, REAL, shapes=MATRICES[3:]),
    np.linalg.outer: on(REAL, REAL, shapes=(((3,), (2,)), ((0,), (2,)))),
    np.linalg.tensordot: on(REAL, REAL, shapes=(((4, 2, 3), (2, 3, 2)),)),
    np.linalg.matrix_norm: on(NONZERO, shapes=((2, 3), (2, 2, 3)), analytic=False, on_complex=True),
}
