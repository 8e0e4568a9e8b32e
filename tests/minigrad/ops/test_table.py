"""Every row of the op table, checked from outside: an op is tested by existing.

A row that lets derivatives through needs an entry in CASES, which says how to call it and where
it is safe to evaluate; everything asserted about it follows. The checks stand in `tests/checks.py`.
"""

import numpy as np
import pytest
from cases import Case
from checks import (
    CASES,
    CHECKS,
    applied,
    called,
    check_adjoint,
    check_complex_step,
    check_constant,
    check_float32,
    check_gradient,
    check_layout,
    check_linear,
    check_plain,
    check_second,
    check_value,
    differentiable,
    every,
    fortran,
    like,
    operands_of,
    read_only,
    reversed_,
    strided,
    weighted,
    weights,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import assert_close, complex_gradient
from strategies import REAL, broadcastable, operands, seeds, spread_out

import minigrad as mg
from minigrad.ops.declare import elementwise, linear, multilinear, rule
from minigrad.table import ROWS


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


few = settings(max_examples=settings().max_examples // 5)  # there are many rows
fewer = settings(max_examples=max(1, settings().max_examples // 20))


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
    dtype = data.draw(st.sampled_from([np.float64, np.float32]))
    check_value(key, case, data.draw(points(case, dtype)))


@every_case
@few
@given(data=st.data())
def test_gradient_is_that_of_finite_differences(key, case, data):
    """Central differences agree for every element of every operand, however it broadcasts."""
    check_gradient(key, case, data.draw(points(case)))


@only(CHECKS["complex step"].where)
@few
@given(data=st.data())
def test_gradient_is_that_of_the_complex_step(key, case, data):
    """The complex step, which has no truncation and no cancellation, agrees to rounding."""
    check_complex_step(key, case, data.draw(points(case)))


@every_case
@fewer
@given(data=st.data())
def test_forward_and_reverse_mode_are_transposes(key, case, data):
    """The adjoint identity <g, J v> = <Jᵀ g, v>, J v by jvp and Jᵀ g by vjp."""
    check_adjoint(key, case, data.draw(points(case)), data.draw(seeds))


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
    check_float32(key, case, data.draw(points(case, np.float32)))


@every_case
@few
@given(data=st.data(), laid=st.sampled_from([fortran, strided, reversed_, read_only]))
def test_memory_layout_does_not_matter(key, case, data, laid):
    """Fortran order, strides, negative strides and read-only arrays: the same gradients."""
    check_layout(key, case, data.draw(points(case)), laid)


def unusual():
    """The check, row, case and operands of each case that NumPy computes at an unusual shape."""
    for shaped in ("broadcasting", "0-d", "empty"):
        for p in cases():
            for k, xs in enumerate(operands_of(CHECKS[shaped], *p.values)):
                yield pytest.param(shaped, *p.values, xs, id=f"{shaped}-{p.id}-{k}")


@pytest.mark.parametrize(("shaped", "key", "case", "xs"), list(unusual()))
def test_unusual_shapes(shaped, key, case, xs):
    """Where NumPy computes with operands that broadcast, are 0-d or empty, so do derivatives."""
    CHECKS[shaped].run(key, case, xs)


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


@pytest.mark.parametrize("key", [k for k in ROWS if ROWS[k].form == "plain"], ids=called)
def test_plain_rows_answer_like_numpy(key):
    """A question about the values gets NumPy's own answer, as a plain array or Python object."""
    check_plain(key)


@pytest.mark.parametrize("key", [k for k in ROWS if ROWS[k].form == "constant"], ids=called)
def test_constant_rows_let_no_derivative_through(key):
    """Comparisons and masks are recorded with NumPy's value and have derivative zero."""
    check_constant(key)


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
