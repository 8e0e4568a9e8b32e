"""Initialisers: their distributions, and what starting values do to learning."""

import numpy as np
import pytest
from oracles import assert_close

import minigrad as mg
import nn
from nn.init import initial

RNG = np.random.default_rng
NAMES = ("zeros", "normal", "xavier", "he", "orthogonal")


@pytest.mark.parametrize("name", NAMES)
def test_shape_is_out_by_in_and_the_generator_decides(name):
    """W is (n_out, n_in); the same generator state gives the same W."""
    one, two = (initial(name, RNG(3), 4, 7) for _ in range(2))
    assert one.shape == (4, 7)
    assert_close(one, two, 0)


@pytest.mark.parametrize(
    ("name", "variance"), [("normal", 1e-4), ("xavier", 2 / 700), ("he", 2 / 500)]
)
def test_variance_is_as_cited(name, variance):
    """200 × 500 draws: mean 0 and the paper's variance, each within five standard errors."""
    W = initial(name, RNG(0), 200, 500)
    assert abs(W.mean()) < 5 * (variance / W.size) ** 0.5
    assert abs(W.var() / variance - 1) < 5 * (2 / W.size) ** 0.5


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 4), (1, 1)])
def test_orthogonal_rows_or_columns(shape):
    """The fewer of rows and columns are orthonormal."""
    W = nn.init.orthogonal(RNG(0), *shape)
    gram = W @ W.T if shape[0] <= shape[1] else W.T @ W
    assert_close(gram, np.eye(min(shape)), 1e-14)


def test_orthogonal_favours_no_sign():
    """Uniform over the rotations: the corner entry is positive about half the time."""
    rng = RNG(0)
    positive = sum(nn.init.orthogonal(rng, 2, 2)[0, 0] > 0 for _ in range(400))
    assert 150 < positive < 250


def test_a_function_may_initialise():
    """Any `(rng, n_out, n_in) -> array` will do, as long as its shape fits."""
    network = nn.DeepNetwork([2, 3], init=lambda rng, n_out, n_in: np.full((n_out, n_in), 7.0))
    assert (network.W[1].data == 7).all()
    with pytest.raises(mg.ShapeError, match=r"init: got W of shape \(2, 3\); expected \(3, 2\)"):
        nn.DeepNetwork([2, 3], init=lambda rng, n_out, n_in: np.ones((n_in, n_out)))


def units_after_training(init):
    """The rows of W[1] after a few steps on AND."""
    X, Y = np.array([[0.0, 0, 1, 1], [0, 1, 0, 1]]), np.array([[0, 0, 0, 1]])
    network = nn.DeepNetwork([2, 4, 1], hidden="tanh", init=init, seed=0)
    network.W[2].data = network.W[2].data + 0.5  # so that a gradient reaches layer 1
    nn.fit(network, X, Y, epochs=50, learning_rate=0.5, progress=False)
    return network.W[1].data


def test_zero_weights_keep_hidden_units_identical():
    """Symmetry: units that start equal stay equal for ever, though they learn."""
    W = units_after_training("zeros")
    assert np.abs(W).max() > 1e-6
    assert_close(W, np.tile(W[:1], (4, 1)), 0)


def test_small_random_weights_break_the_symmetry():
    """N(0, 0.01²) starts the units apart, and they stay apart."""
    W = units_after_training("normal")
    assert np.abs(W - W[:1])[1:].max(axis=1).min() > 1e-3
