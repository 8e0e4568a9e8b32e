"""Every row of the op table, checked from outside: an op is tested by existing.

A row that lets derivatives through needs an entry in CASES, which says how to call it and where
it is safe to evaluate; everything asserted about it follows. No check uses a rule's own algebra.
"""

import importlib
from pathlib import Path

import cases as cases_of_ops
import numpy as np
import pytest
from cases import Case
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import assert_close, complex_gradient, complex_step, directional, gradient
from strategies import (
    REAL,
    broadcastable,
    operands,
    seeds,
    spread_out,
)

import minigrad as mg
from minigrad.ops.declare import elementwise, linear, multilinear, rule
from minigrad.table import ROWS

CASES = {}
for _file in sorted(Path(cases_of_ops.__file__).parent.glob("cases_*.py")):
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


def cases():
    """Each case of each row, as a pytest parameter."""
    for key in differentiable():
        for i, case in enumerate(CASES.get(key, [])):
            yield pytest.param(key, case, id=f"{called(key)}-{i}")


every_case = pytest.mark.parametrize(("key", "case"), list(cases()))


def only(wanted):
    """The same for the cases, or the rows, that are `wanted(op, case)`."""
    chosen = [p for p in cases() if wanted(ROWS[p.values[0]], p.values[1])]
    return pytest.mark.parametrize(("key", "case"), chosen)


def points(case, dtype=float):
    """Strategy: operands of the case, in its domains."""
    n = len(case.domains)
    shapes = broadcastable(n) if case.shapes is None else st.sampled_from(case.shapes)
    return shapes.flatmap(lambda drawn: operands(drawn, case.domains, dtype))


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


few = settings(max_examples=settings().max_examples // 5)  # there are many rows


# The checks ---------------------------------------------------------------------------------------


def check_gradient(key, case, xs):
    """The gradients of the row agree with central differences."""
    f = weighted(key, case)
    for got, wanted in zip(mg.grad(f, every(xs))(*xs), gradient(f, xs), strict=True):
        assert_close(got, wanted, 1e-8)


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


# What holds for every row -------------------------------------------------------------------------


@pytest.mark.parametrize("key", differentiable(), ids=called)
def test_every_row_with_a_derivative_has_an_entry(key):
    """An op without an entry here is an op nobody has checked."""
    assert CASES.get(key), f"say in CASES how to call {called(key)} and where it is safe"


def test_every_entry_has_a_row():
    """An entry for an op that is gone is dead text."""
    assert set(CASES) <= set(differentiable())


@every_case
@few
@given(data=st.data())
def test_value_is_numpys(key, case, data):
    """A recorded operation computes exactly what NumPy computes: bits, shape and dtype.

    One composed of others may round in another order.
    """
    xs = data.draw(points(case, data.draw(st.sampled_from([np.float64, np.float32]))))
    y, wanted = applied(key, case, *map(mg.tensor, xs)), applied(key, case, *xs)
    assert isinstance(y, mg.Tensor)
    assert (y.shape, y.dtype) == (np.shape(wanted), wanted.dtype)
    if ROWS[key].form == "composed":
        assert_close(y.data, wanted, 8 * np.finfo(y.dtype).eps)
    else:
        np.testing.assert_array_equal(y.data, wanted)


@every_case
@few
@given(data=st.data())
def test_gradient_is_that_of_finite_differences(key, case, data):
    """Central differences agree for every element of every operand, however it broadcasts."""
    check_gradient(key, case, data.draw(points(case)))


@only(lambda op, case: case.analytic)
@few
@given(data=st.data())
def test_gradient_is_that_of_the_complex_step(key, case, data):
    """The complex step, which has no truncation and no cancellation, agrees to rounding."""
    xs, f = data.draw(points(case)), weighted(key, case)
    for got, wanted in zip(mg.grad(f, every(xs))(*xs), complex_step(f, xs), strict=True):
        assert_close(got, wanted, 1e-13)


@only(lambda op, case: case.on_complex)
@few
@given(data=st.data())
def test_gradient_of_complex_operands(key, case, data):
    """For x = u + iv and a real f the gradient is df/du - i df/dv, in the operands' dtype."""
    xs = data.draw(points(case))
    xs = tuple(x + 1j * t for x, t in zip(xs, like(xs, data.draw(seeds)), strict=True))

    def f(*vs):
        y = applied(key, case, *vs)
        return np.sum(np.real(y * (1 - 0.5j) * weights(y.shape)))

    for got, wanted in zip(mg.grad(f, every(xs))(*xs), complex_gradient(f, xs), strict=True):
        assert got.dtype == complex
        assert_close(got, wanted, 1e-8)


@every_case
@few
@given(data=st.data())
def test_second_derivatives_are_differences_of_first_ones(key, case, data):
    """Differentiating the gradient again, through the same rule, gives the second derivative."""
    check_second(key, case, data.draw(points(case)), data.draw(seeds))


@only(lambda op, case: op.form in {"linear", "multilinear"})
@few
@given(data=st.data())
def test_form_linear_or_multilinear_is_true(key, case, data):
    """What a row claims about itself holds, and its rule is the adjoint of its value."""
    xs = data.draw(points(case))
    check_linear(key, case, xs, like(xs, data.draw(seeds)))


@every_case
@few
@given(data=st.data())
def test_float32_stays_float32(key, case, data):
    """Gradients of float32 operands are float32, to first and second order, and the same ones."""
    xs = data.draw(points(case, np.float32))
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


@every_case
@few
@given(data=st.data(), laid=st.sampled_from([fortran, strided, reversed_, read_only]))
def test_memory_layout_does_not_matter(key, case, data, laid):
    """Fortran order, strides, negative strides and read-only arrays: the same gradients."""
    xs = data.draw(points(case))
    others = [laid(np.asarray(x)) for x in xs]
    f = weighted(key, case)
    for i in every(xs):  # one variable, the others constants, which are not copied

        def one(v, xs, i=i):
            return f(*xs[:i], v, *xs[i + 1 :])

        wanted = mg.grad(one)(xs[i], list(xs))
        assert_close(mg.grad(one)(others[i], others), wanted, 1e-14)


@only(lambda op, case: len(case.domains) > 1)
@few
@given(data=st.data())
def test_constants_stand_anywhere(key, case, data):
    """An ndarray among the operands is a constant: same value, same gradients of the others."""
    xs = data.draw(points(case))
    f = weighted(key, case)
    wanted = mg.grad(f, every(xs))(*xs)
    for i in every(xs):
        ts = [x if i == k else mg.tensor(x) for k, x in enumerate(xs)]
        y = applied(key, case, *ts)
        assert_close(y.data, applied(key, case, *xs), 1e-14)
        f(*ts).backward()
        for k, t in enumerate(ts):
            if k != i:
                assert_close(t.grad, wanted[k], 1e-14)


@only(lambda op, case: len(case.domains) > 1 and case.shapes is None and case.call is None)
@few
@given(data=st.data())
def test_python_numbers_stand_anywhere(key, case, data):
    """So is a Python number, on the left and on the right, with NumPy's dtype of the result."""
    xs = list(data.draw(points(case, np.float32)))
    for i in every(xs):
        number = float(np.mean(np.abs(spread_out(0, [(3,)], [case.domains[i]])[0])))
        ts = [number if i == k else mg.tensor(x) for k, x in enumerate(xs)]
        same = [np.float32(number) if i == k else x for k, x in enumerate(xs)]
        f = weighted(key, case)
        plain = [number if i == k else x for k, x in enumerate(xs)]
        assert applied(key, case, *ts).dtype == applied(key, case, *plain).dtype
        f(*ts).backward()
        for k, wanted in enumerate(mg.grad(f, every(xs))(*same)):
            if k != i:
                assert_close(ts[k].grad, wanted, 1e-5)


# Rows without a derivative ------------------------------------------------------------------------

SOME, OTHER = np.array([[-1.0, 0.0, np.nan]]), np.array([[0.5], [0.0], [-np.inf]])
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
}


@pytest.mark.parametrize("key", [k for k in ROWS if ROWS[k].form == "plain"], ids=called)
def test_plain_rows_answer_like_numpy(key):
    """A question about the values gets NumPy's own answer, as a plain array or Python object."""
    got, wanted = PLAIN[key](mg.tensor(SOME)), PLAIN[key](SOME)
    assert type(got) is type(wanted)
    np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("key", [k for k in ROWS if ROWS[k].form == "constant"], ids=called)
def test_constant_rows_let_no_derivative_through(key):
    """Comparisons and masks are recorded with NumPy's value and have derivative zero."""
    bits = key in {np.bitwise_and, np.bitwise_or, np.invert}
    xs = [SOME > -0.5, OTHER < 0.2] if bits else [SOME, OTHER]
    xs = xs[: key.nin]
    ts = [mg.tensor(x) > 0 if bits else mg.tensor(x) for x in xs]
    y = key(*ts)
    assert isinstance(y, mg.Tensor)
    np.testing.assert_array_equal(y.data, key(*xs))
    x = mg.tensor(np.ones(y.shape))
    (x * key(*ts)).sum().backward(1.0)
    assert [t.grad for t in ts] == [None] * len(ts)


# The checks can fail ------------------------------------------------------------------------------

WRONG = {
    "sign": (elementwise, (np.sinh, lambda y, x: -np.cosh(x)), check_gradient),
    "factor": (elementwise, (np.sinh, lambda y, x: 2 * np.cosh(x)), check_gradient),
    "operand": (
        multilinear,
        (np.multiply, lambda g, y, a, b: g * a, lambda g, y, a, b: g * a),
        check_gradient,
    ),
    "transposed": (linear, (np.transpose, lambda g, y, a, *, axes=None: g), check_gradient),
    "second": (
        elementwise,
        (np.exp, lambda y, x: mg.stop_gradient(y)),
        check_second,
    ),
    "claim": (linear, (np.multiply, lambda g, y, a, b: g * b, lambda g, y, a, b: g * a), None),
    "affine": (
        rule,
        (np.add, lambda g, y, a, b: g, lambda g, y, a, b: 1.001 * g),
        check_gradient,
    ),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_rule_is_caught(mistake, rows):
    """Planted mistakes fail the check that exists for them; the right row passes it."""
    declare, (key, *rules), check = WRONG[mistake]
    n = len(rules)
    xs = spread_out(1, [(2, 2)] * n, [REAL] * n)
    if check is None:
        check = lambda key, case, xs: check_linear(key, case, xs, like(xs, 0))  # noqa: E731
    if key in rows:
        check(key, Case((REAL,) * n), xs)
    declare(key, *rules)
    with pytest.raises(AssertionError):
        check(key, Case((REAL,) * n), xs)
