"""The checks that every row of the op table passes: plain functions of a row, a case and operands.

`test_table` calls them on what Hypothesis draws, `op_table` on fixed operands to print what holds.
None of them uses a rule's own algebra.
"""

import importlib
import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from cases import Case
from oracles import assert_close, complex_step, directional, gradient
from strategies import spread_out

import minigrad as mg
from minigrad.table import ROWS, Op

CASES = {}
for _file in sorted(Path(__file__).parent.glob("cases_*.py")):
    CASES |= importlib.import_module(_file.stem).CASES


def differentiable():
    """The keys of the rows that let derivatives through, except those users declared."""
    without = {"constant", "plain", "primitive"}
    return [
        key
        for key, op in ROWS.items()
        if op.form == "composed" or (op.form not in without and any(op.vjps))
    ]


def called(key):
    return key if isinstance(key, str) else key.__name__


def applied(key, case, *xs):
    return (case.call or key)(*xs)


def weights(shape):
    """Unequal, so that a cotangent in the wrong place shows."""
    return 0.5 + np.cos(np.arange(np.prod(shape, dtype=int))).reshape(shape)


def weighted(key, case, power=1):
    """A real function of the operands: the sum of the result's powers under unequal weights."""

    def f(*xs):
        y = applied(key, case, *xs)
        return np.sum(y**power * weights(y.shape))

    return f


def every(xs):
    return tuple(range(len(xs)))


def like(xs, seed):
    """Random directions, of the shapes of xs."""
    rng = np.random.default_rng(seed)
    return tuple(rng.uniform(-1, 1, np.shape(x))[()] for x in xs)


# Checks -------------------------------------------------------------------------------------------


def check_value(key, case, xs):
    """A recorded operation computes NumPy's bits, shape and dtype; a composed one may round."""
    y, wanted = applied(key, case, *map(mg.tensor, xs)), np.asarray(applied(key, case, *xs))
    assert isinstance(y, mg.Tensor)
    assert (y.shape, y.dtype) == (wanted.shape, wanted.dtype)
    if ROWS[key].form == "composed":
        assert_close(y.data, wanted, 8 * np.finfo(y.dtype).eps)
    else:
        np.testing.assert_array_equal(y.data, wanted)


def check_gradient(key, case, xs):
    """The gradients of the row agree with central differences."""
    f = weighted(key, case)
    for got, wanted in zip(mg.grad(f, every(xs))(*xs), gradient(f, xs), strict=True):
        assert_close(got, wanted, 1e-8)


def check_complex_step(key, case, xs):
    """They agree to rounding with the complex step, which has no truncation."""
    f = weighted(key, case)
    for got, wanted in zip(mg.grad(f, every(xs))(*xs), complex_step(f, xs), strict=True):
        assert_close(got, wanted, 1e-13)


def check_adjoint(key, case, xs, seed=0):
    """<g, J v> = <Jᵀ g, v>: forward and reverse mode are each other's transpose."""
    v = like(xs, seed)
    f = lambda *us: applied(key, case, *us)  # noqa: E731
    y, pushed = mg.jvp(f, tuple(xs), v)
    g = weights(np.shape(y))
    pulled = mg.vjp(f, *xs)[1](g)
    forward = np.sum(g * pushed)
    scale = 1 + np.sum(np.abs(g * pushed))
    backward = sum([np.sum(p * t) for p, t in zip(pulled, v, strict=True)])
    assert_close(backward / scale, forward / scale, 1e-12)


def check_second(key, case, xs, seed=0):
    """The gradient of a directional derivative agrees with differences of that derivative."""
    d, e = like(xs, seed), like(xs, seed + 1)
    first = mg.grad(weighted(key, case, 2), every(xs))

    def along(*vs):
        return sum([np.sum(g * t) for g, t in zip(first(*vs), d, strict=True)], start=0.0)

    second = mg.grad(along, every(xs))(*xs)
    got = sum(np.sum(h * t) for h, t in zip(second, e, strict=True))
    wanted, _ = directional(along, xs, e)
    assert_close(got, wanted, 1e-7)


def check_linear(key, case, xs, others):
    """f(2x - 3z) = 2 f(x) - 3 f(z) and <g, f(z)> = <Jᵀg, z>, as the row's form says.

    A linear op is linear in all its differentiable inputs together, a multilinear one in each.
    """
    together = [every(xs)] if ROWS[key].form == "linear" else [(i,) for i in every(xs)]
    for moved in together:
        z = [others[i] if i in moved else x for i, x in enumerate(xs)]
        mixed = [2 * x - 3 * z[i] if i in moved else x for i, x in enumerate(xs)]
        wanted = 2 * applied(key, case, *xs) - 3 * applied(key, case, *z)
        assert_close(applied(key, case, *mixed), wanted, 1e-12)

        y, pullback = mg.vjp(lambda *vs: applied(key, case, *vs), *xs)
        g = weights(np.shape(y))
        back = sum(np.sum(pullback(g)[i] * z[i]) for i in moved)
        assert_close(back, np.sum(g * applied(key, case, *z)), 1e-12)


def check_float32(key, case, xs):
    """Gradients of float32 operands are float32, to first and second order, and the same ones."""
    xs = [np.asarray(x, np.float32)[()] for x in xs]
    f = weighted(key, case, 2)
    wide = mg.grad(f, every(xs))(*[x.astype(float) for x in xs])
    for got, wanted in zip(mg.grad(f, every(xs))(*xs), wide, strict=True):
        assert got.dtype == np.float32
        assert_close(got, wanted, 1e-4)
    twice = mg.grad(lambda *vs: sum([np.sum(g * g) for g in mg.grad(f, every(vs))(*vs)]), every(xs))
    assert {g.dtype for g in twice(*xs)} == {np.dtype(np.float32)}


def fortran(x):
    return np.array(x, order="F")


def strided(x):
    spaced = np.full([2 * n for n in x.shape], np.nan)
    spaced[(slice(None, None, 2),) * x.ndim] = x
    return spaced[(slice(None, None, 2),) * x.ndim]


def reversed_(x):
    return x[(slice(None, None, -1),) * x.ndim].copy()[(slice(None, None, -1),) * x.ndim]


def read_only(x):
    x = x.copy()
    x.flags.writeable = False
    return x


def check_layout(key, case, xs, laid=strided):
    """Operands laid out otherwise in memory have the same gradients."""
    others = [laid(np.asarray(x)) for x in xs]
    f = weighted(key, case)
    for i in every(xs):  # one variable, the others constants, which are not copied

        def one(v, xs, i=i):
            return f(*xs[:i], v, *xs[i + 1 :])

        wanted = mg.grad(one)(xs[i], list(xs))
        assert_close(mg.grad(one)(others[i], others), wanted, 1e-14)


def check_shape(key, case, xs):
    """Value, gradient and adjoint identity at operands of an unusual shape."""
    check_value(key, case, xs)
    check_gradient(key, case, xs)
    check_adjoint(key, case, xs)


# Where they apply ---------------------------------------------------------------------------------


def usual(key, case):
    """The shapes of the case; where it takes any, a matrix for each operand."""
    return [((2, 3),) * len(case.domains)] if case.shapes is None else case.shapes


def mixed(key, case):
    """Shapes that broadcast against each other, for operands of corresponding elements."""
    n = len(case.domains)
    if case.shapes is not None:
        return []
    return [((2, 3), (3,), (2, 1))[:n], ((), (2, 1), (2, 3))[:n]] if n > 1 else []


def scalars(key, case):
    """No dimension at all: of each operand in turn, and of all, where NumPy takes that."""
    found = []
    for shapes in map(tuple, usual(key, case)):
        turns = [(*shapes[:i], (), *shapes[i + 1 :]) for i in every(shapes)]
        found += [shapes, *turns, ((),) * len(shapes)]
    return [s for s in dict.fromkeys(found) if () in s and computes(key, case, s)]


def empties(key, case):
    """No elements: each size of the operands' axes made 0 in turn, where NumPy takes that."""
    found = []
    for shapes in map(tuple, usual(key, case)):
        found += [
            tuple(tuple(n * (n != size) for n in shape) for shape in shapes)
            for size in sorted({n for shape in shapes for n in shape})
        ]
    return [s for s in dict.fromkeys(found) if computes(key, case, s)]


def computes(key, case, shapes):
    """Whether NumPy itself makes numbers of operands of these shapes, without a warning."""
    try:
        with warnings.catch_warnings(action="error"):
            y = applied(key, case, *spread_out(1, shapes, case.domains))
            return y.dtype.kind in "fc" and bool(np.all(np.isfinite(y)))
    except Exception:  # NumPy has many ways of saying that it does not
        return False


def arrays_only(key, case):
    """Those of the usual shapes in which strides mean something."""
    return [shapes for shapes in usual(key, case) if any(shapes)]


def everywhere(op: Op, case: Case):
    return True


@dataclass(frozen=True)
class Check:
    """A column of the table.

    Attributes:
        run: the check: a row's key, a case and its operands in, an AssertionError out.
        otherwise: why it does not apply, where it does not.
        where: the cases to which it applies.
        shapes: the operands' shapes to run it on; none where it does not apply.
    """

    run: Callable[..., None]
    otherwise: str
    where: Callable[[Op, Case], bool] = everywhere
    shapes: Callable[..., list] = usual


NO_DERIVATIVE = "the row lets no derivative through"
CHECKS = {
    "value": Check(check_value, "no value of its own"),
    "finite difference": Check(check_gradient, NO_DERIVATIVE),
    "complex step": Check(
        check_complex_step, "not analytic, or no complex operands", lambda op, case: case.analytic
    ),
    "adjoint identity": Check(check_adjoint, NO_DERIVATIVE),
    "second order": Check(check_second, NO_DERIVATIVE),
    "float32": Check(check_float32, NO_DERIVATIVE),
    "broadcasting": Check(
        check_shape, "one operand, or its operands do not broadcast freely", shapes=mixed
    ),
    "0-d": Check(check_shape, "NumPy takes no 0-d operand there", shapes=scalars),
    "empty": Check(
        check_shape,
        "NumPy takes no empty operand there, or answers with a constant",
        shapes=empties,
    ),
    "non-contiguous": Check(check_layout, "its operand is a single number", shapes=arrays_only),
}


def operands_of(check, key, case):
    """The fixed operands on which the check runs; none where it does not apply."""
    if not check.where(ROWS[key], case):
        return []
    return [spread_out(1, shapes, case.domains) for shapes in check.shapes(key, case)]


# Rows without a derivative ------------------------------------------------------------------------

SOME, OTHER = np.array([[-1.0, 0.0, np.nan]]), np.array([[0.5], [0.0], [-np.inf]])


def saved(save, x):
    """The size of the file that save writes."""
    file = io.BytesIO()
    save(file, x)
    return len(file.getvalue())


PLAIN = {
    np.shape: np.shape,
    np.ndim: np.ndim,
    np.size: np.size,
    np.zeros_like: np.zeros_like,
    np.ones_like: np.ones_like,
    np.empty_like: lambda x: np.empty_like(x).shape,
    np.full_like: lambda x: np.full_like(x, 7.0),
    np.argmax: lambda x: np.argmax(x, axis=1),
    np.argmin: np.argmin,
    np.any: lambda x: np.any(x > 0, axis=0),
    np.all: lambda x: np.all(x < 1),
    np.count_nonzero: np.count_nonzero,
    np.nanargmax: np.nanargmax,
    np.nanargmin: lambda x: np.nanargmin(x, axis=1),
    np.argsort: np.argsort,
    np.argpartition: lambda x: np.argpartition(x, 1, axis=None),
    np.searchsorted: lambda x: np.searchsorted(x[0, :2], x[0]),
    np.nonzero: lambda x: np.nonzero(x)[1],
    np.flatnonzero: np.flatnonzero,
    np.argwhere: np.argwhere,
    np.linalg.matrix_rank: lambda x: np.linalg.matrix_rank(x[:, :2]),
    np.allclose: lambda x: np.allclose(x, x),
    np.array_equal: lambda x: np.array_equal(x, x),
    np.iscomplexobj: np.iscomplexobj,
    np.isrealobj: np.isrealobj,
    np.result_type: lambda x: np.result_type(x, 1.0),
    np.can_cast: lambda x: np.can_cast(x.dtype, np.float32),
    np.min_scalar_type: lambda x: np.min_scalar_type(x[0, 0]),
    np.common_type: np.common_type,
    np.array_equiv: lambda x: np.array_equiv(x, x[0]),
    np.array2string: np.array2string,
    np.array_repr: np.array_repr,
    np.array_str: np.array_str,
    np.diag_indices_from: lambda x: np.diag_indices_from(x[:, :1])[0],
    np.tril_indices_from: lambda x: np.tril_indices_from(x)[1],
    np.triu_indices_from: lambda x: np.triu_indices_from(x)[1],
    np.digitize: lambda x: np.digitize(x[:, :2], [-0.5, 0.5]),
    np.einsum_path: lambda x: np.einsum_path("ij->i", x)[1],
    np.lexsort: np.lexsort,
    np.save: lambda x: saved(np.save, x),
    np.savetxt: lambda x: saved(np.savetxt, x),
    np.savez: lambda x: saved(np.savez, x),
    np.savez_compressed: lambda x: saved(np.savez_compressed, x),
}


def check_plain(key):
    """A question about the values gets NumPy's own answer, as a plain array or Python object."""
    got, wanted = PLAIN[key](mg.tensor(SOME)), PLAIN[key](SOME)
    assert type(got) is type(wanted)
    np.testing.assert_array_equal(got, wanted)


def check_constant(key):
    """Comparisons and masks are recorded with NumPy's value and have derivative zero."""
    bits = key in {np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert}
    xs = [SOME > -0.5, OTHER < 0.2] if bits else [SOME, OTHER]
    xs = xs[: key.nin]
    ts = [mg.tensor(x) > 0 if bits else mg.tensor(x) for x in xs]
    y = key(*ts)
    assert isinstance(y, mg.Tensor)
    np.testing.assert_array_equal(y.data, key(*xs))
    x = mg.tensor(np.ones(y.shape))
    (x * key(*ts)).sum().backward(1.0)
    assert [t.grad for t in ts] == [None] * len(ts)
