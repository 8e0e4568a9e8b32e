"""vjp: the value and its pullback, for trees, complex numbers and Tensors; stop_gradient."""

import numpy as np
import pytest
from hypothesis import given
from oracles import assert_close
from strategies import arrays

import minigrad as mg


def test_vjp_of_a_tree_of_outputs():
    """f may return a tree; the cotangent has the same one."""
    y, pullback = mg.vjp(lambda a, b: {"sum": a + b, "product": (a * b, None)}, 2.0, 3.0)
    assert (float(y["sum"]), float(y["product"][0]), y["product"][1]) == (5, 6, None)
    da, db = pullback({"sum": 1.0, "product": (10.0, None)})
    assert (float(da), float(db)) == (1 + 30, 1 + 20)


def test_a_pullback_may_be_called_repeatedly():
    """Each call is a sweep of its own: row by row it gives the Jacobian."""
    A = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    y, pullback = mg.vjp(lambda x: A @ x, np.ones(2))
    rows = [pullback(row)[0] for row in np.eye(3)]
    np.testing.assert_array_equal(rows, A)
    assert y.tolist() == [3, 7, 11]


@given(x=arrays((3,)), g=arrays((3,)), h=arrays((3,)))
def test_a_pullback_is_linear(x, g, h):
    """Jᵀ(2g - 3h) = 2 Jᵀg - 3 Jᵀh."""
    _, pullback = mg.vjp(lambda x: np.tanh(x) * x[::-1], x)
    wanted = 2 * pullback(g)[0] - 3 * pullback(h)[0]
    assert_close(pullback(2 * g - 3 * h)[0], wanted, 1e-13)


def test_the_same_output_twice():
    """An output returned twice gets both cotangents."""
    _, pullback = mg.vjp(lambda x: (x, x, x * 2), 3.0)
    assert float(pullback((1.0, 10.0, 100.0))[0]) == 211.0


def test_nothing_a_pullback_returns_is_shared():
    """Writing into what came out changes neither arguments, seeds, siblings nor later results."""
    x, seed = np.array([1.0, 2.0]), np.ones(2)
    _, pullback = mg.vjp(lambda a, b: a + b, x, x)
    for i in (0, 1):
        pulled = pullback(seed)
        pulled[i][:] = 99
        assert (x.tolist(), seed.tolist(), pulled[1 - i].tolist()) == ([1, 2], [1, 1], [1, 1])
    assert [g.tolist() for g in pullback(seed)] == [[1, 1], [1, 1]]


def test_the_value_vjp_returns_is_not_the_graphs():
    """exp's rule needs its own result; writing into what the caller got does not reach it."""
    y, pullback = mg.vjp(np.exp, np.zeros(2))
    y[:] = 99
    assert pullback(np.ones(2))[0].tolist() == [1, 1]


def test_a_cotangent_that_is_a_tensor():
    """The pullback is linear in g, and recorded if g is a Tensor: d(Jᵀg)/dg."""
    g = mg.tensor([1.0, 1.0])
    _, pullback = mg.vjp(lambda x: x**2, np.array([3.0, 4.0]))
    (pulled,) = pullback(g)
    pulled.sum().backward()
    assert (pulled.data.tolist(), g.grad.tolist()) == ([6, 8], [6, 8])


@pytest.mark.parametrize(
    ("given", "wanted"), [("f4", "f8"), ("f8", "f4"), ("f8", "c16"), ("c8", "c16")]
)
def test_a_recorded_cotangent_of_another_precision(given, wanted):
    """It counts in the output's dtype, and its own derivative comes in its own."""
    g = mg.tensor([1.0, 2.0], dtype=given)
    (pulled,) = mg.vjp(lambda x: x, np.ones(2, wanted))[1](g)
    assert pulled.dtype == wanted
    np.sum(pulled.real).backward()
    assert (g.grad.dtype, g.grad.tolist()) == (given, [1, 1])


def test_a_recorded_mask_is_a_cotangent():
    """Of ones and zeros, as a mask is among arrays."""
    g = mg.tensor([1.0, -1.0])
    for mask in (g > 0, g.data > 0):
        (pulled,) = mg.vjp(lambda x: 2 * x, np.ones(2))[1](mask)
        assert (pulled.tolist(), pulled.dtype) == ([2, 0], np.float64)


def test_an_argument_returned_as_it_is():
    """The identity's value is an array of the caller's own, like any other."""
    x = np.array([1.0, 2.0])
    y, pullback = mg.vjp(lambda a, b: (a, b), x, 3.0)
    assert [type(v) for v in y] == [np.ndarray, np.float64]
    y[0][:] = 99
    assert x.tolist() == [1, 2]
    assert [np.asarray(g).tolist() for g in pullback((np.ones(2), 5.0))] == [[1, 1], 5]


def test_vjp_of_complex_functions():
    """A complex output is allowed, with a complex cotangent: g dz²/dz."""
    y, pullback = mg.vjp(lambda z: z * z, 1 + 2j)
    assert (complex(y), complex(pullback(1j)[0])) == ((1 + 2j) ** 2, 1j * 2 * (1 + 2j))


def test_stop_gradient_cuts():
    """x · stop(x) has the derivative stop(x); arrays pass through unchanged."""
    assert float(mg.grad(lambda x: x * mg.stop_gradient(x))(3.0)) == 3.0
    x = np.ones(2)
    assert mg.stop_gradient(x) is x
