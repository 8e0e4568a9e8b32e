"""Losses: values and derivatives against the formulas, where the 1/m sits, edges, messages."""

import numpy as np
import pytest
from drawn import labels
from hypothesis import assume, given
from hypothesis import strategies as st
from oracles import assert_close, complex_step, directional

import minigrad as mg
import nn
from nn.losses import LOSSES


def absolute(d):
    """|d|, analytic off 0, so that a complex step goes through."""
    return np.where(d.real > 0, d, -d)


FORMULAS = {  # of all examples together, no 1/m
    "binary_cross_entropy": lambda A, Y: -(Y * np.log(A) + (1 - Y) * np.log(1 - A)).sum(),
    "binary_cross_entropy_with_logits": lambda Z, Y: (
        -(Y * np.log(1 / (1 + np.exp(-Z))) + (1 - Y) * np.log(1 / (1 + np.exp(Z)))).sum()
    ),
    "cross_entropy": lambda Z, Y: -(Y * np.log(np.exp(Z) / np.exp(Z).sum(axis=0))).sum(),
    "squared_error": lambda A, Y: ((A - Y) ** 2 / 2).sum(),
    "mse": lambda A, Y: ((A - Y) ** 2).sum(),
    "mae": lambda A, Y: absolute(A - Y).sum(),
    "huber": lambda A, Y: np.where(
        abs((A - Y).real) <= 1, (A - Y) ** 2 / 2, absolute(A - Y) - 0.5
    ).sum(),
    "hinge": lambda Z, Y: np.where((Y * Z).real < 1, 1 - Y * Z, 0).sum(),
}
every = pytest.mark.parametrize("name", sorted(LOSSES))
seeds = st.integers(0, 2**32 - 1)
sizes = st.tuples(st.integers(2, 4), st.integers(1, 5))


def drawn(name, seed, shape):
    """What the loss is given, and labels, as floats (n, m)."""
    rng = np.random.default_rng(seed)
    Y = labels(rng, name, *shape).astype(float)
    if Y.ndim == 1:
        Y = np.eye(shape[0])[:, Y.astype(int)]
    A = rng.uniform(0.1, 0.9, shape) if name == "binary_cross_entropy" else rng.normal(size=shape)
    return A, Y


def test_every_loss_has_a_formula_here():
    """The table of this test and the package's are the same, so nothing goes untested."""
    assert set(FORMULAS) == set(LOSSES)


@every
@given(seed=seeds, shape=sizes)
def test_value_is_the_formula_over_m(name, seed, shape):
    """J is the sum over rows and the mean over columns, for arrays and Tensors alike."""
    A, Y = drawn(name, seed, shape)
    wanted = FORMULAS[name](A, Y) / shape[1]
    assert_close(LOSSES[name](A, Y), wanted, 1e-13)
    assert_close(LOSSES[name](mg.tensor(A), Y).data, wanted, 1e-13)


@every
@given(seed=seeds, shape=sizes)
def test_derivatives_are_the_complex_step_of_the_formula(name, seed, shape):
    """∂J/∂A and ∂J/∂Y agree with the formula's complex step."""
    A, Y = drawn(name, seed, shape)
    by_A, by_Y = complex_step(lambda A, Y: FORMULAS[name](A, Y) / shape[1], [A, Y])
    got_A, got_Y = mg.grad(LOSSES[name], (0, 1))(A, Y)
    assert_close(got_A, by_A, 1e-12)
    assert_close(got_Y, by_Y, 1e-12)


@every
@given(seed=seeds, shape=sizes)
def test_second_derivative_is_the_difference_of_the_first(name, seed, shape):
    """The rules differentiate again."""
    A, Y = drawn(name, seed, shape)
    t, s = np.random.default_rng(seed).uniform(-1, 1, size=(2, *shape))
    kinks = {"mae": A - Y, "huber": np.abs(A - Y) - 1, "hinge": A * Y - 1}
    assume((np.abs(kinks.get(name, A + 9)) > 0.01).all())

    def slope(A):
        return (t * mg.grad(lambda A: LOSSES[name](A, Y))(A)).sum()

    wanted, _ = directional(slope, [A], [1e-1 * s])
    got = (1e-1 * s * mg.grad(slope)(A)).sum()
    assert abs(got - wanted) < 1e-7 * max(1, abs(wanted))


@every
@given(seed=seeds, shape=sizes, copies=st.integers(2, 5))
def test_repeating_the_examples_changes_nothing(name, seed, shape, copies):
    """The mean over columns: k copies of the data have the same J; the derivative shares 1/k."""
    A, Y = drawn(name, seed, shape)
    once, dA = mg.value_and_grad(LOSSES[name])(A, Y)
    many, dAs = mg.value_and_grad(LOSSES[name])(np.tile(A, copies), np.tile(Y, copies))
    assert_close(many, once, 1e-12)
    assert_close(dAs * copies, np.tile(dA, copies), 1e-12)


@every
def test_one_node_is_recorded_and_float32_stays(name):
    """A loss is one node, a scalar in the dtype of its arguments."""
    A, Y = drawn(name, 0, (2, 3))
    Z = mg.tensor(A, dtype="float32")
    J = LOSSES[name](Z, Y.astype("float32"))
    J.backward()
    assert (J.inputs[0], J.shape) == (Z, ())
    assert J.dtype == Z.grad.dtype == np.float32


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_probabilities_of_exactly_0_and_1_stay_finite(dtype):
    """A right certainty costs (nearly) nothing, a wrong one a large finite amount, silently."""
    A = mg.tensor(np.array([[0, 1, 0, 1]], dtype))
    Y = np.array([[0, 1, 1, 0]], dtype)
    J = nn.binary_cross_entropy(A, Y)
    J.backward()
    kind = np.finfo(dtype)
    wanted = -(np.log(kind.tiny) + np.log(kind.epsneg)) / 4
    np.testing.assert_allclose(J.data, wanted, rtol=1e-6)
    assert np.isfinite(A.grad).all()
    np.testing.assert_allclose(A.grad[0, :2], [0.25, -0.25], rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_logits_of_any_size_are_exact(dtype):
    """At ±1e4 the loss is |Z| where the label is wrong, 0 where it is right; no warning."""
    Z = mg.tensor(np.array([[-1e4, -1e4, 1e4, 1e4]], dtype))
    Y = np.array([[0, 1, 0, 1]], dtype)
    J = nn.binary_cross_entropy_with_logits(Z, Y)
    J.backward()
    assert J.data == 5e3
    np.testing.assert_allclose(Z.grad, [[0, -0.25, 0.25, 0]], atol=1e-30)


def test_small_losses_keep_their_digits():
    """A loss of 1e-17 is not rounded to 0: log1p, not a difference of large numbers."""
    np.testing.assert_allclose(
        nn.binary_cross_entropy_with_logits(np.array([[40.0]]), np.array([[1]])), np.exp(-40)
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_class_scores_of_any_size_are_exact(dtype):
    """cross_entropy at ±1e4: the difference of the scores, no warning."""
    Z = mg.tensor(np.array([[1e4, -1e4], [-1e4, 1e4]], dtype))
    J = nn.cross_entropy(Z, np.array([0, 0]))
    J.backward()
    assert J.data == 1e4
    np.testing.assert_array_equal(Z.grad, [[0, -0.5], [0, 0.5]])


@pytest.mark.parametrize("form", [np.array, lambda k: np.array([k]), lambda k: np.array(k, float)])
def test_class_numbers_mean_the_columns_with_a_single_1(form):
    """(m,), (1, m), integers and whole floats all name classes."""
    Z = np.random.default_rng(0).normal(size=(3, 4))
    numbers = [2, 0, 1, 2]
    wanted = mg.value_and_grad(nn.cross_entropy)(Z, np.eye(3)[:, numbers])
    got = mg.value_and_grad(nn.cross_entropy)(Z, form(numbers))
    assert_close(got[0], wanted[0], 1e-15)
    assert_close(got[1], wanted[1], 1e-15)


def test_labels_that_sum_to_nearly_1_have_exact_derivatives():
    """Rounded probabilities are taken, and the derivative is still that of the value."""
    Z, Y = np.random.default_rng(0).normal(size=(3, 2)), np.full((3, 2), 0.3333)
    (wanted,) = complex_step(lambda Z: FORMULAS["cross_entropy"](Z, Y) / 2, [Z])
    assert_close(mg.grad(nn.cross_entropy)(Z, Y), wanted, 1e-14)


def test_binary_cross_entropy_is_the_maximum_likelihood_cost():
    """J = −(1/m) log Π a^y (1−a)^(1−y)."""
    A, Y = drawn("binary_cross_entropy", 1, (2, 5))
    Y = Y.round()
    likelihood = np.prod(A**Y * (1 - A) ** (1 - Y))
    np.testing.assert_allclose(nn.binary_cross_entropy(A, Y), -np.log(likelihood) / 5)


def test_huber_goes_over_from_parabola_to_lines_at_delta():
    """Inside δ it is the squared error, far outside δ times the absolute one less ½δ²."""
    Y = np.zeros((1, 1))
    assert nn.huber(Y + 1.9, Y, delta=2.0) == nn.squared_error(Y + 1.9, Y)
    np.testing.assert_allclose(nn.huber(Y + 5, Y, delta=2.0), 2 * 5 - 2)
    assert mg.grad(lambda A: nn.huber(A, Y, delta=2.0))(Y + 5) == 2


def test_kinks_are_as_documented():
    """mae is flat where A = Y; hinge where Y Z = 1."""
    one = np.ones((1, 1))
    assert mg.grad(nn.mae)(one, one) == 0
    assert mg.grad(nn.hinge)(one, one) == 0


MESSAGES = [
    (nn.binary_cross_entropy, np.ones((1, 5)), np.ones((1, 4)),
     r"binary_cross_entropy: A is \(1, 5\) but Y is \(1, 4\)"),
    (nn.mse, np.ones((2, 5)), np.ones(5), r"mse: A is \(2, 5\) but Y is \(5,\)"),
    (nn.mae, np.ones(5), np.ones(5), r"mae: A is \(5,\); expected \(n, m\)"),
    (nn.hinge, np.ones((2, 0)), np.ones((2, 0)), r"hinge: no examples: Z is \(2, 0\)"),
    (nn.cross_entropy, np.ones((2, 0)), np.ones(0), r"cross_entropy: no examples: .*\(2, 0\)"),
    (nn.cross_entropy, np.ones((3, 4)), np.ones((2, 4)),
     r"cross_entropy: Z is \(3, 4\) but Y is \(2, 4\); expected \(3, 4\), or class numbers \(4,\)"),
]  # fmt: skip
VALUES = [
    (nn.binary_cross_entropy, np.full((1, 2), 0.5), np.array([[0, 2]]),
     r"binary_cross_entropy: labels from 0 to 2; expected each within \[0, 1\]"),
    (nn.binary_cross_entropy_with_logits, np.ones((1, 2)), np.array([[-1, 1]]),
     r"binary_cross_entropy_with_logits: labels from -1 to 1; expected each within \[0, 1\]"),
    (nn.binary_cross_entropy, np.full((1, 1), 0.5), np.array([[np.nan]]), r"labels from nan"),
    (nn.cross_entropy, np.ones((2, 1)), np.array([[-1.0], [2.0]]), r"within \[0, 1\]"),
    (nn.cross_entropy, np.ones((2, 1)), np.ones((2, 1)), r"columns of Y .* must sum to 1"),
    (nn.cross_entropy, np.ones((3, 2)), np.array([0, 3]),
     r"class numbers from 0 to 3; expected whole numbers from 0 to 2"),
    (nn.cross_entropy, np.ones((3, 2)), np.array([0, 0.5]), r"class numbers from 0.0 to 0.5"),
    (nn.hinge, np.ones((1, 2)), np.array([[0, 1]]), r"hinge: labels from 0 to 1; .* −1 or \+1"),
    (lambda A, Y: nn.huber(A, Y, delta=0), np.ones((1, 1)), np.ones((1, 1)),
     r"huber: got delta 0; expected a positive number"),
]  # fmt: skip


@pytest.mark.parametrize("wrap", [np.asarray, mg.tensor])
@pytest.mark.parametrize(("loss", "A", "Y", "message"), MESSAGES)
def test_shapes_that_do_not_fit_are_named(loss, A, Y, message, wrap):
    """The error says which loss, and both shapes; on arrays and on Tensors."""
    with pytest.raises(mg.ShapeError, match=message):
        loss(wrap(A), Y)


@pytest.mark.parametrize("wrap", [np.asarray, mg.tensor])
@pytest.mark.parametrize(("loss", "A", "Y", "message"), VALUES)
def test_labels_out_of_range_are_named(loss, A, Y, message, wrap):
    """The error says which loss, what range came, what range it takes."""
    with pytest.raises(nn.ArgumentError, match=message):
        loss(wrap(A), Y)


def test_logits_are_not_taken_for_probabilities():
    """Clipped to 0 and 1 they would give a number that means nothing."""
    message = r"A from -2 to 3; expected probabilities, within \[0, 1\].*_with_logits"
    with pytest.raises(nn.ArgumentError, match=message):
        nn.binary_cross_entropy(mg.tensor([[-2.0, 3.0]]), np.array([[0, 1]]))
    assert np.isnan(nn.binary_cross_entropy(np.array([[np.nan]]), np.array([[1]])))


def test_whole_numbers_are_probabilities_too():
    """0 and 1 as predictions: finite, as for 0.0 and 1.0."""
    Y = np.array([[0, 1]])
    assert nn.binary_cross_entropy(Y, Y) == nn.binary_cross_entropy(Y * 1.0, Y)
