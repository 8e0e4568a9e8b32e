"""Derivatives of functions that take derivatives, and variables that cross between them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import scalar_derivative

import minigrad as mg


def test_perturbation_confusion():
    """d/dx [x d/dy (x + y)] at y = 1 is 1: the inner derivative does not take x for y.

    Siskind and Pearlmutter, Perturbation Confusion and Referential Transparency (2005), eq. 2.
    """
    inner = lambda x: mg.grad(lambda y: x + y)(1.0)  # noqa: E731
    assert float(mg.grad(lambda x: x * inner(x))(1.0)) == 1.0


def test_perturbation_confusion_with_the_same_name():
    """d/dx [x d/dx (x²/2)] = 2x whichever variable the two functions call x."""
    assert float(mg.grad(lambda x: x * mg.grad(lambda x: x * x / 2)(x))(3.0)) == 6.0


def test_a_derivative_that_returns_functions():
    """D of a curried function: the variable of an outer derivative escapes into an inner one.

    s(u)(f) = f(· + u), the shift; D s at 0 applied twice to exp is exp'' whatever the nesting.
    Manzyuk et al., Perturbation confusion in forward automatic differentiation (2019), section 3.
    """

    def shift(u):
        return lambda f: lambda x: f(x + u)

    def derivative_of_shift(f):
        return lambda x: mg.grad(lambda u: shift(u)(f)(x))(0.0)

    got = derivative_of_shift(derivative_of_shift(np.exp))(1.0)
    assert float(got) == pytest.approx(np.e, rel=1e-14)


@given(x=st.floats(-1, 1), y=st.floats(-1, 1))
def test_the_variable_of_an_outer_grad(x, y):
    """Mixed derivatives, with the outer variable inside the inner function, in both orders."""
    f = lambda x, y: np.sin(x * y) * np.exp(x - y)  # noqa: E731
    xy = mg.grad(lambda x: mg.grad(lambda y: f(x, y))(y))(x)
    yx = mg.grad(lambda y: mg.grad(lambda x: f(x, y))(x))(y)
    wanted, _ = scalar_derivative(
        lambda h: np.imag(f(x + h, y + 1e-30j)) / 1e-30  # exact in y, extrapolated in x
    )
    assert float(xy) == pytest.approx(float(yx), rel=1e-12, abs=1e-12)
    assert float(xy) == pytest.approx(wanted, rel=1e-8, abs=1e-8)


def test_a_gradient_step_inside_a_gradient():
    """Differentiating through an optimisation step: J(w - a J'(w)) for J = w², a = 0.1."""
    J = lambda w: w * w  # noqa: E731
    after = lambda w: J(w - 0.1 * mg.grad(J)(w))  # noqa: E731
    assert float(mg.grad(after)(3.0)) == pytest.approx(2 * 3 * 0.8**2, rel=1e-14)


def test_grad_by_a_named_leaf_outside():
    """Named Tensors that a transform passes through keep no gradient from it."""
    w = mg.name(mg.tensor(2.0), "w")
    mg.grad(lambda x: x * w)(3.0)
    assert w.grad is None
