"""The rows of linear algebra.

One entry for each row: how to call it and where it is safe to evaluate. `test_table` does the rest.
"""

import functools

import numpy as np
from cases import on
from strategies import NONZERO, POSITIVE, REAL

from minigrad.ops.declare import checked

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


def as_tensor(a, shape):
    """A regular matrix made of any, its elements in another shape."""
    return np.reshape(regular(a), shape)


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
    "checked": on(REAL, call=lambda x: checked(x, x > 10, "too large"), shapes=((), (3,), (2, 3))),
    np.matmul: on(REAL, REAL, shapes=MATRICES),
    np.linalg.inv: of_regular(np.linalg.inv),
    np.linalg.det: of_regular(np.linalg.det),
    np.linalg.solve: on(
        REAL, REAL, call=lambda a, b: np.linalg.solve(regular(a), b), shapes=SYSTEMS
    ),
    np.linalg.pinv: [
        case
        for kinds in ({}, {"rcond": 1e-9}, {"rtol": 1e-9}, {"rtol": None})
        for case in on(
            REAL,
            call=lambda a, kinds=kinds: np.linalg.pinv(tall(a), **kinds),
            shapes=((3, 3), (3, 2), (2, 4), (2, 3, 2)),
            analytic=False,
            on_complex=True,
        )
    ],
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


def of_any_phase(u, s, vh):
    """What of complex singular vectors does not depend on their phase."""
    turned = np.ravel(u @ vh), np.ravel(u[..., 0] * vh[..., 0, :1])
    return np.concatenate([*turned, np.ravel(np.absolute(u)), np.ravel(s)])


NOT_ANALYTIC = {"analytic": False, "on_complex": False}
HERMITIAN = {"analytic": False, "on_complex": True}
OBLONG = ((3, 3), (3, 2), (2, 3), (2, 3, 2))
reduced = functools.partial(np.linalg.svd, full_matrices=False)

CASES |= {
    np.linalg.cholesky: [
        *on(REAL, call=lambda a: np.linalg.cholesky(symmetric(a)), shapes=SQUARE, **HERMITIAN),
        *on(REAL, call=lambda a: np.linalg.cholesky(apart(a)), shapes=((3, 3),), **NOT_ANALYTIC),
        *on(REAL, call=lambda a: np.linalg.cholesky(symmetric(a), upper=True), shapes=SQUARE,
            **HERMITIAN),
        *on(REAL, call=lambda a: np.linalg.cholesky(apart(a), upper=True), shapes=((3, 3),),
            **NOT_ANALYTIC),
    ],
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
    np.linalg.svd: [
        *on(REAL, call=flat(reduced, apart), shapes=OBLONG, **NOT_ANALYTIC),
        *on(REAL, call=lambda a: of_any_phase(*reduced(apart(a))), shapes=OBLONG, **HERMITIAN),
    ],
    np.linalg.svdvals: on(
        REAL, call=lambda a: np.linalg.svdvals(apart(a)), shapes=OBLONG, **HERMITIAN
    ),
    np.linalg.qr: [
        *on(REAL, call=flat(np.linalg.qr, apart), shapes=(*OBLONG, (2, 2, 3)), **HERMITIAN),
        *on(REAL, call=lambda a: np.linalg.qr(apart(a), "r"), shapes=OBLONG, **HERMITIAN),
        *on(REAL, call=flat(lambda a: np.linalg.qr(a, "complete"), apart), shapes=((3, 3),),
            **HERMITIAN),
        *on(REAL, call=flat(lambda a: np.linalg.qr(np.concatenate([a, a[:, ::-1]], 1), "complete"),
                            apart), shapes=((2, 2),), **HERMITIAN),
    ],
    np.linalg.slogdet: on(
        REAL, call=flat(np.linalg.slogdet, regular), shapes=SQUARE, **HERMITIAN
    ),
}  # fmt: skip

CASES |= {
    np.linalg.matmul: on(REAL, REAL, shapes=MATRICES[3:]),
    np.linalg.outer: on(REAL, REAL, shapes=(((3,), (2,)), ((0,), (2,)))),
    np.linalg.tensordot: [
        *on(REAL, REAL, shapes=(((4, 2, 3), (2, 3, 2)),)),
        *on(REAL, REAL, call=lambda a, b: np.linalg.tensordot(a, b, axes=0),
            shapes=(((2,), (2, 2)),)),
    ],
    np.linalg.vecdot: [
        *on(REAL, REAL, shapes=(((3,), (3,)), ((2, 3), (3,))), analytic=False, on_complex=True),
        *on(REAL, REAL, call=lambda a, b: np.linalg.vecdot(a, b, axis=0),
            shapes=(((2, 3), (2, 3)), ((2, 1), (2, 3))), analytic=False, on_complex=True),
    ],
    np.linalg.diagonal: [
        case for k in (0, 1)
        for case in on(REAL, call=lambda a, k=k: np.linalg.diagonal(a, offset=k),
                       shapes=((3, 3), (2, 3, 2)))
    ],
    np.linalg.trace: [
        case for k in (0, -1)
        for case in on(REAL, call=lambda a, k=k: np.linalg.trace(a, offset=k),
                       shapes=((3, 3), (2, 3, 2)))
    ],
    np.linalg.matrix_transpose: on(REAL, shapes=((2, 3), (2, 3, 2))),
    np.linalg.tensorinv: [
        *on(REAL, call=lambda a: np.linalg.tensorinv(as_tensor(a, (2, 3, 6))), shapes=((6, 6),)),
        *on(REAL, call=lambda a: np.linalg.tensorinv(as_tensor(a, (4, 2, 2)), ind=1),
            shapes=((4, 4),)),
    ],
    np.linalg.tensorsolve: [
        *on(NONZERO, NONZERO, call=np.linalg.tensorsolve, shapes=(((1, 1), (1,)),)),
        *on(REAL, REAL, call=lambda a, b: np.linalg.tensorsolve(regular(a), b),
            shapes=(((3, 3), (3,)),)),
        *on(REAL, REAL, call=lambda a, b: np.linalg.tensorsolve(as_tensor(a, (2, 2, 4)), b),
            shapes=(((4, 4), (2, 2)),)),
        *on(REAL, REAL, call=lambda a, b: np.linalg.tensorsolve(
            np.moveaxis(as_tensor(a, (2, 3, 2, 3)), (2, 3), (0, 2)), b, axes=(0, 2)),
            shapes=(((6, 6), (2, 3)),)),
    ],
    np.linalg.cond: [
        *on(REAL, call=lambda a: np.linalg.cond(apart(a)), shapes=(*OBLONG, (3, 2, 2)),
            **HERMITIAN),
        *[case for p in (2, -2) for case in on(
            REAL, call=lambda a, p=p: np.linalg.cond(apart(a), p), shapes=OBLONG, **HERMITIAN)],
        *[case for p in (1, -1, np.inf, -np.inf, "fro", "nuc") for case in on(
            NONZERO, call=lambda a, p=p: np.linalg.cond(apart(a), p),
            shapes=((2, 2), (2, 2, 2)), **HERMITIAN)],
    ],
    np.linalg.vector_norm: [
        *on(NONZERO, shapes=((), (3,), (2, 3), (2, 2, 2), (0,)), **HERMITIAN),
        *[case for axis in (None, 1, -1, (2, 0), (0,)) for keep in (False, True)
          for case in on(NONZERO, call=lambda x, axis=axis, keep=keep: np.linalg.vector_norm(
              x, axis=axis, keepdims=keep), shapes=((2, 2, 3),), **HERMITIAN)],
        *[case for p in (0, 1, 3, 0.5, -1, np.inf, -np.inf)
          for case in on(POSITIVE, call=lambda x, p=p: np.linalg.vector_norm(
              ramp(x), axis=(0, -1), ord=p), shapes=((2, 2, 3),), **HERMITIAN)],
    ],
    np.linalg.matrix_norm: [
        *on(NONZERO, shapes=((2, 3), (2, 2, 3)), **HERMITIAN),
        *[case for p in ("nuc", 1, -1, 2, -2, np.inf, -np.inf) for keep in (False, True)
          for case in on(
              NONZERO, call=lambda x, p=p, keep=keep: np.linalg.matrix_norm(
                  apart(x), ord=p, keepdims=keep),
              shapes=((3, 3), (2, 3, 2)), **HERMITIAN)],
    ],
}  # fmt: skip
