"""Dropout: its mean, its mask on the way back, and the same draws in every way of running it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import minigrad as mg
import nn

A = np.arange(1.0, 25).reshape(4, 6)


def test_what_stays_is_scaled_and_the_derivative_has_the_same_mask():
    layer, x = nn.Dropout(0.25, seed=0), mg.tensor(A)
    y = layer(x)
    kept = y.data != 0
    assert 0 < kept.mean() < 1
    assert_allclose(y.data, A * kept / 0.75)
    y.sum().backward()
    assert_allclose(x.grad, kept / 0.75)


def test_the_share_left_out_is_the_rate():
    y = nn.Dropout(0.3, seed=1)(np.ones((100, 1000)))
    assert abs((y == 0).mean() - 0.3) < 0.01
    assert abs(y.mean() - 1) < 0.01


@pytest.mark.parametrize("rate", [0.0, 0.5])
def test_in_use_it_changes_nothing(rate):
    layer = nn.Dropout(rate, seed=0).eval()
    assert_array_equal(layer(mg.tensor(A)).data, A)
    assert_array_equal(layer(A), A)


def test_rate_0_changes_nothing_in_training():
    assert_array_equal(nn.Dropout(0.0)(A), A)


def test_float32_stays_float32():
    assert nn.Dropout(0.5, seed=0)(mg.tensor(A.astype("f4"))).dtype == np.float32


@pytest.mark.parametrize("rate", [-0.1, 1.0, np.nan])
def test_a_rate_out_of_range_is_refused(rate):
    with pytest.raises(nn.ArgumentError, match="rate"):
        nn.Dropout(rate)


def draws(compiled, calls=6):
    layer = nn.Dropout(0.5, seed=3)

    def gradient(x):
        return mg.grad(lambda x: (layer(x) ** 2).sum())(x)

    f = mg.compile(gradient, backend="numpy") if compiled else gradient
    return [f(A) for _ in range(calls)]


def test_compiled_code_draws_afresh_and_what_plain_code_draws():
    plain, compiled = draws(False), draws(True)
    assert_array_equal(compiled, plain)
    assert len({g.tobytes() for g in compiled}) == len(compiled)


def test_compiled_code_follows_train_and_eval():
    layer = nn.Dropout(0.5, seed=0)
    f = mg.compile(lambda x: layer(x) + 0, backend="numpy")
    for _ in range(3):
        assert (f(A) == 0).any()
    layer.eval()
    assert_array_equal(f(A), A)
    layer.train()
    assert (f(A) == 0).any()


def test_checkpoint_goes_back_through_the_same_draws():
    layer, x = nn.Dropout(0.5, seed=0), mg.tensor(A)
    y = mg.checkpoint(lambda x: layer(np.sin(x)))(x)
    y.sum().backward()
    assert_allclose(x.grad, np.where(y.data != 0, 2 * np.cos(A), 0))


def test_a_network_with_dropout_trains_the_same_compiled():
    X = np.random.default_rng(0).normal(size=(3, 40))
    Y = (X[:1] > 0) * 1.0
    losses = []
    for compiled in (False, "numpy"):
        net = nn.Sequential(nn.Linear(3, 8, seed=1), nn.tanh, nn.Dropout(0.2, seed=2),
                            nn.Linear(8, 1, seed=3))  # fmt: skip
        history = nn.fit(net, X, Y, epochs=20, loss="binary_cross_entropy_with_logits",
                         progress=False, compile=compiled)  # fmt: skip
        losses.append(history.losses)
    assert losses[0] == losses[1]


def test_whole_numbers_become_float64():
    """1 / (1 − rate) is no whole number."""
    kept = nn.Dropout(0.3, seed=0)(np.ones((4, 50), int))
    assert_allclose(np.unique(kept), [0, 1 / 0.7])
    assert_array_equal(nn.Dropout(0.3).eval()([1, 2]), [1.0, 2.0])
