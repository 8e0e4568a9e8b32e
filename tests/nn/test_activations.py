"""Activations: values, derivatives, kinks, extremes, against formulas written independently."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import assert_close, complex_step, directional
from scipy import special
from strategies import spread_out

import minigrad as mg
import nn
from nn.activations import ACTIVATIONS, activation

FORMULAS = {  # as a textbook has them: for real and complex z of moderate size
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": lambda z: (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z)),
    "relu": lambda z: z * (z.real > 0),
    "leaky_relu": lambda z: np.where(z.real > 0, z, z / 100),
    "softplus": lambda z: np.log(1 + np.exp(z)),
    "softmax": lambda z: np.exp(z) / np.exp(z).sum(axis=0),
    "log_softmax": lambda z: z - np.log(np.exp(z).sum(axis=0)),
    "gelu": lambda z: z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))),
    "silu": lambda z: z / (1 + np.exp(-z)),
    "elu": lambda z: np.where(z.real > 0, z, np.exp(z) - 1),
    "identity": lambda z: z,
}
SLOPES_FAR_OUT = {  # g'(-1e4), g'(1e4)
    "sigmoid": (0, 0), "tanh": (0, 0), "relu": (0, 1), "leaky_relu": (0.01, 1),
    "softplus": (0, 1), "gelu": (0, 1), "silu": (0, 1), "elu": (0, 1), "identity": (1, 1),
}  # fmt: skip
every = pytest.mark.parametrize("name", sorted(ACTIVATIONS))
seeds = st.integers(0, 2**32 - 1)


def drawn(seed, count=1):
    """Arrays (3, 4) whose elements are clearly apart and away from the kinks at 0."""
    return spread_out(seed, [(3, 4)] * count, [((-3, -0.1), (0.1, 3))] * count)


def test_every_activation_has_a_formula_here():
    """The table of this test and the package's are the same, so nothing goes untested."""
    assert set(FORMULAS) == set(ACTIVATIONS)


@every
@given(seed=seeds)
def test_value_is_the_formulas(name, seed):
    """g(z) is the textbook's formula, for arrays and Tensors alike."""
    (z,) = drawn(seed)
    wanted = FORMULAS[name](z)
    assert_close(ACTIVATIONS[name](z), wanted, 1e-14)
    assert_close(ACTIVATIONS[name](mg.tensor(z)).data, wanted, 1e-14)


@every
@given(seed=seeds)
def test_derivative_is_the_complex_step_of_the_formula(name, seed):
    """g' agrees to rounding with the formula's complex step, which knows nothing of our rules."""
    z, w = drawn(seed, 2)
    (wanted,) = complex_step(lambda z: (w * FORMULAS[name](z)).sum(), [z])
    assert_close(mg.grad(lambda z: (w * ACTIVATIONS[name](z)).sum())(z), wanted, 1e-13)


@every
@given(seed=seeds)
def test_second_derivative_is_the_difference_of_the_first(name, seed):
    """The rules differentiate again: Hessian times vector against differences of the gradient."""
    z, w, t, s = drawn(seed, 4)

    def slope(z):
        return (t * mg.grad(lambda z: (w * ACTIVATIONS[name](z)).sum())(z)).sum()

    wanted, _ = directional(slope, [z], [s])
    assert abs((s * mg.grad(slope)(z)).sum() - wanted) < 1e-8 * max(1, abs(wanted))


def test_sigmoid_is_scipys_in_the_tails():
    """Relative accuracy holds where the value is tiny."""
    z = np.linspace(-700, 700, 1401)
    np.testing.assert_allclose(nn.sigmoid(z), special.expit(z), rtol=1e-13)


def test_softmax_and_log_softmax_are_scipys():
    """The column-wise functions agree with scipy along axis 0."""
    z = 30 * np.random.default_rng(0).standard_normal((4, 50))
    np.testing.assert_allclose(nn.softmax(z), special.softmax(z, axis=0), rtol=1e-12)
    np.testing.assert_allclose(nn.log_softmax(z), special.log_softmax(z, axis=0), rtol=1e-12)


def test_gelu_is_z_times_the_normal_distribution_within_its_stated_error():
    """The tanh form is within 5e-4 of z Φ(z), and no better than 1e-5: it is that form."""
    z = np.linspace(-6, 6, 2001)
    error = np.abs(nn.gelu(z) - z * special.ndtr(z)).max()
    assert 1e-5 < error < 5e-4


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@every
def test_far_out_values_are_exact_and_silent(name, dtype):
    """At ±1e4 there is no warning, no overflow, and the formula's value in long double."""
    if np.finfo(np.longdouble).maxexp < 16000:
        pytest.skip("long double is no wider than double here")
    z = np.array([[-1e4, -800, -100, 0, 100, 800, 1e4], [0] * 7], dtype)
    a = ACTIVATIONS[name](z)
    wanted = FORMULAS[name](z.astype(np.longdouble))
    assert a.dtype == z.dtype
    np.testing.assert_allclose(a, wanted.astype(dtype), rtol=4 * np.finfo(dtype).eps, atol=1e-30)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", sorted(SLOPES_FAR_OUT))
def test_far_out_slopes_are_the_limits(name, dtype):
    """g' at ±1e4 is its limit, finite, silent, and in z's dtype."""
    z = mg.tensor(np.array([-1e4, 1e4], dtype))
    ACTIVATIONS[name](z).sum().backward()
    assert z.grad.dtype == z.dtype
    np.testing.assert_allclose(z.grad, SLOPES_FAR_OUT[name], rtol=1e-6, atol=1e-30)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_saturated_columns_pass_finite_derivatives(name):
    """softmax's Jacobian at scores 2e4 apart: zeros; log_softmax's: the one-hot difference."""
    z = mg.tensor([[1e4], [-1e4]])
    (ACTIVATIONS[name](z) * np.array([[1.0], [2.0]])).sum().backward()
    wanted = {"softmax": [[0], [0]], "log_softmax": [[-2], [2]]}[name]
    np.testing.assert_array_equal(z.grad, wanted)


@pytest.mark.parametrize(
    ("g", "slope"),
    [
        (nn.relu, 0),
        (nn.leaky_relu, 0.01),
        (lambda z: nn.leaky_relu(z, slope=0.3), 0.3),
        (nn.elu, 1),
        (lambda z: nn.elu(z, alpha=0.5), 0.5),
    ],
)
def test_at_the_kink_the_derivative_is_the_left_one(g, slope):
    """ReLU'(0) = 0, leaky ReLU'(0) = its slope, ELU'(0) = α."""
    assert mg.grad(g)(0.0) == slope


@pytest.mark.parametrize("parameter", [0.5, 2.0])
def test_parameters_are_honoured(parameter):
    """slope and alpha enter the values as the formulas say."""
    z = np.array([-2.0, 2.0])
    np.testing.assert_allclose(nn.leaky_relu(z, slope=parameter), [-2 * parameter, 2])
    np.testing.assert_allclose(nn.elu(z, alpha=parameter), [parameter * (np.exp(-2) - 1), 2])


@every
def test_one_node_is_recorded(name):
    """An activation is one node on its argument; identity is none."""
    z = mg.tensor(np.ones((2, 2)))
    a = ACTIVATIONS[name](z)
    assert a is z if name == "identity" else a.inputs == (z,)


@every
def test_numbers_are_taken_too(name):
    """A plain array scalar goes in and comes out (softmax needs an axis to sum over)."""
    z = np.array([0.5]) if "softmax" in name else np.float64(0.5)
    assert np.shape(ACTIVATIONS[name](z)) == np.shape(z)


def test_an_unknown_name_lists_the_choices():
    """The error says what came and what there is."""
    with pytest.raises(nn.ArgumentError, match="activation: got 'swish'; expected one of sigmoid"):
        activation("swish")


def test_slopes_are_given_by_name():
    """By position they would be taken for a second input."""
    for g in (nn.leaky_relu, nn.elu):
        with pytest.raises(TypeError, match="takes 1 positional argument"):
            g(np.ones(2), 0.2)
