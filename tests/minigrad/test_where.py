"""np.where: what it did not take contributes nothing, whatever was computed there."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import minigrad as mg

# What is computed where it is not taken warns, as in plain NumPy.
pytestmark = pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")

X = np.array([-1.0, 0.0, 0.5, 2.0])
POSITIVE = X > 0


def xlogx(x):
    return np.where(x > 0, x * np.log(x), 0)


def total(f):
    return lambda x: f(x).sum()


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (xlogx, lambda x: np.log(x) + 1),
        (lambda x: np.where(x > 0, np.sqrt(x), x), lambda x: 0.5 / np.sqrt(x)),
        (lambda x: np.where(x <= 0, 3, 1 / x), lambda x: -1 / x**2),
        (lambda x: np.where(x > 0, np.where(x < 1, np.log(x), 0), 0), lambda x: (x < 1) / x),
        (lambda x: np.where(x > 0, np.log(x) ** 2 / x, 0),
         lambda x: (2 * np.log(x) - np.log(x) ** 2) / x**2),
    ],
    ids=["x log x", "sqrt", "reciprocal in the other branch", "nested", "a chain"],
)  # fmt: skip
def test_the_branch_not_taken_leaves_no_nan(f, slope):
    gradient = mg.grad(total(f))(X)
    assert_allclose(gradient[POSITIVE], slope(X[POSITIVE]))
    assert np.isfinite(gradient).all()


def test_a_scalar_too():
    f = lambda x: np.where(x > 0, np.sqrt(x), 0)  # noqa: E731
    assert mg.grad(f)(0.0) == 0
    assert mg.grad(f)(4.0) == 0.25


def test_a_broadcast_operand_sums_only_what_was_taken():
    n = np.array([0.0, 2.0, 4.0])
    assert mg.grad(lambda s: np.where(n > 0, s / n, 0).sum())(3.0) == 0.75


def test_second_derivatives_and_forward_mode():
    safe = X[POSITIVE]
    assert_allclose(
        mg.hessian(total(xlogx))(X), np.diag(np.where(X > 0, 1 / np.where(X > 0, X, 1), 0))
    )
    tangent = mg.jvp(xlogx, (X,), (np.full(4, 2.0),))[1]
    assert_allclose(tangent, [0, 0, *(2 * (np.log(safe) + 1))])


def test_a_factor_that_is_zero_is_not_mistaken_for_a_branch_not_taken():
    f = lambda w, x: (w * xlogx(x)).sum()  # noqa: E731
    mixed = mg.jacobian(mg.grad(f, 1), 0)(0.0, X)
    assert_allclose(mixed, [0, 0, *(np.log(X[POSITIVE]) + 1)])


def test_another_use_of_the_node_keeps_its_own_derivative():
    def f(x):
        y = np.log(x)
        return (np.where(x > 1, y, 0) + y).sum()

    x = np.array([0.5, 2.0])
    assert_allclose(mg.grad(f)(x), [2, 1])

    def g(x):
        y = np.log(x)
        return np.where(x > 1, y, 0).sum() + np.where(x < 1, y, 0).sum()

    assert_allclose(mg.grad(g)(x), [2, 0.5])


def test_what_was_taken_may_be_infinite():
    assert mg.grad(lambda x: np.where(x >= 0, np.sqrt(x), 0))(0.0) == np.inf


@given(st.lists(st.floats(-2, 2), min_size=1, max_size=5))
def test_it_agrees_with_where_applied_first(values):
    x = np.array(values)
    good = x > 0.1

    def by_hand(x):
        safe = np.where(good, x, 1)
        return np.where(good, np.log(safe) / safe + np.sqrt(safe), x * x).sum()

    def directly(x):
        return np.where(good, np.log(x) / x + np.sqrt(x), x * x).sum()

    assert_allclose(mg.grad(directly)(x), mg.grad(by_hand)(x))
    v = np.ones_like(x)
    assert_allclose(mg.hvp(directly)(x, v), mg.hvp(by_hand)(x, v))


@pytest.mark.filterwarnings("error")
def test_the_way_back_does_not_warn():
    x = np.array([0.0, 4.0])
    assert_allclose(mg.grad(total(lambda x: np.where(x > 0, np.sqrt(x), 0)))(x), [0, 0.25])


def test_a_rule_that_returns_a_number():
    """A user's own rule behind np.where may return a Python number, as it may elsewhere."""
    double = mg.primitive(lambda x: 2.0 * x, vjp=lambda g, y, x: 2)
    x = mg.tensor(3.0)
    np.where(x > 0, double(x), 0.0).backward()
    assert x.grad == 2


def test_what_is_used_beside_the_where_too_flows_everywhere():
    """Of a value that one use takes in part and another whole, nothing is held back."""

    def f(x):
        u = np.exp(x)
        whole = 2 * u
        return whole + np.where(POSITIVE, u, 0)

    assert_allclose(mg.grad(total(f))(X), np.exp(X) * (2 + POSITIVE))
