"""Optimisers: steps worked out by hand, and plain reimplementations in NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import assert_close

import minigrad as mg
import nn

seeds = st.integers(0, 2**32 - 1)


def follow(optimizer, p, gradients):
    """Give p these gradients one after the other, with a step after each."""
    for g in gradients:
        p.grad = g
        optimizer.step()
    return p.data


def drawn(seed, steps=6):
    """A start (2, 3) and a gradient for each step."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(2, 3)), rng.normal(size=(steps, 2, 3))


def test_sgd_by_hand():
    """W := W − α dW: from 1 with gradients 2 and 3 at α = 0.1 to 0.8 and 0.5."""
    p = mg.tensor(1.0)
    optimizer = nn.SGD([p], lr=0.1)
    np.testing.assert_allclose(follow(optimizer, p, [2.0]), 0.8)
    np.testing.assert_allclose(follow(optimizer, p, [3.0]), 0.5)


@pytest.mark.parametrize(("nesterov", "wanted"), [(False, 0.5), (True, 0.35)])
def test_momentum_by_hand(nesterov, wanted):
    """α = 0.1, μ = ½, gradients 2, 2 from 1: v = 2, 3; steps 0.2, 0.3 (ahead: 0.3, 0.35)."""
    p = mg.tensor(1.0)
    got = follow(nn.SGD([p], lr=0.1, momentum=0.5, nesterov=nesterov), p, [2.0, 2.0])
    np.testing.assert_allclose(got, wanted)


def test_adam_by_hand():
    """The first step is α against the gradient's sign, whatever its size."""
    p = mg.tensor([1.0, 1.0])
    got = follow(nn.Adam([p], lr=0.1, eps=1e-300), p, [np.array([5.0, -1e-6])])
    np.testing.assert_allclose(got, [0.9, 1.1])


@given(
    seed=seeds,
    momentum=st.sampled_from([0.0, 0.5, 0.9]),
    ahead=st.booleans(),
    decay=st.sampled_from([0.0, 0.1]),
)
def test_sgd_is_its_definition(seed, momentum, ahead, decay):
    """Every setting against the recurrence written out."""
    W, gradients = drawn(seed)
    p, ahead = mg.tensor(W), ahead and momentum > 0
    got = follow(nn.SGD([p], 0.1, momentum, ahead, decay), p, gradients)
    v = 0
    for g in gradients:
        dW = g + decay * W
        v = momentum * v + dW
        W = W - 0.1 * (dW + momentum * v if ahead else v)
    assert_close(got, W, 1e-14)


@given(seed=seeds, decay=st.sampled_from([0.0, 0.1]))
def test_adam_is_its_definition(seed, decay):
    """Algorithm 1 of the paper, from the sums rather than the recurrences."""
    W, gradients = drawn(seed)
    p = mg.tensor(W)
    got = follow(nn.Adam([p], 0.1, (0.8, 0.9), 1e-3, decay), p, gradients)
    seen = []
    for g in gradients:
        seen.append(g + decay * W)
        weights = [[b**k for k in range(len(seen))][::-1] for b in (0.8, 0.9)]
        m = np.average(seen, axis=0, weights=weights[0])
        v = np.average(np.square(seen), axis=0, weights=weights[1])
        W = W - 0.1 * m / (np.sqrt(v) + 1e-3)
    assert_close(got, W, 1e-13)


@pytest.mark.parametrize(
    "make", [nn.SGD, nn.Adam, lambda p, lr: nn.SGD(p, lr, momentum=0.9, weight_decay=0.1)]
)
def test_parameters_without_a_gradient_are_skipped(make):
    """No gradient, no step; and a later one is its first."""
    p, q = mg.tensor(1.0), mg.tensor(1.0)
    optimizer = make([p, q], lr=0.1)
    follow(optimizer, p, [1.0, 1.0])
    assert q.data == 1
    q.grad = 1.0
    p.zero_grad()
    before = float(p.data)
    optimizer.step()
    fresh = mg.tensor(1.0)
    assert q.data == follow(make([fresh], lr=0.1), fresh, [1.0])
    assert p.data == before


@pytest.mark.parametrize(
    "make", [nn.SGD, nn.Adam, lambda p, lr: nn.SGD(p, lr, momentum=0.9, weight_decay=0.1)]
)
def test_float32_stays_and_scalars_work(make):
    """dtype and shape of a parameter survive its updates, also for a 0-d one."""
    for value in (np.ones((2, 2), "float32"), np.float32(1)):
        p = mg.tensor(value)
        got = follow(make([p], lr=0.1), p, [np.ones_like(value)] * 3)
        assert (got.dtype, got.shape) == (value.dtype, value.shape)
        assert (got < 0.8).all()


def test_the_learning_rate_may_be_changed_between_steps():
    """A schedule assigns .lr."""
    p = mg.tensor(1.0)
    optimizer = nn.SGD([p], lr=0.1)
    optimizer.lr = 0.5
    assert follow(optimizer, p, [1.0]) == 0.5


def test_zero_grad_and_shared_parameters():
    """A parameter given twice is updated once; zero_grad() forgets."""
    p = mg.tensor(1.0)
    optimizer = nn.SGD([p, p], lr=0.5)
    assert follow(optimizer, p, [1.0]) == 0.5
    optimizer.zero_grad()
    assert p.grad is None


def test_a_recorded_graph_survives_the_update():
    """A graph from before the step still differentiates at its own values."""
    w = mg.tensor([3.0])
    J = (w * w).sum()
    follow(nn.SGD([w], lr=1.0), w, [np.array([1.0])])
    w.zero_grad()
    J.backward()
    assert w.grad == 6


P = [mg.tensor(1.0)]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.SGD([], 0.1), "SGD: got no parameters"),
        (lambda: nn.Adam([1.0]), "Adam: got float 1.0; expected Tensors"),
        (lambda: nn.SGD(P, 0), "SGD: got lr=0; expected a positive number"),
        (lambda: nn.SGD(P, float("nan")), "SGD: got lr=nan"),
        (lambda: nn.Adam(P, float("inf")), "Adam: got lr=inf"),
        (lambda: nn.SGD(P, 0.1, momentum=1), "SGD: got momentum=1; expected at least 0 and below"),
        (lambda: nn.SGD(P, 0.1, nesterov=True), "SGD: got nesterov=True; expected a momentum"),
        (lambda: nn.SGD(P, 0.1, weight_decay=-1), "SGD: got weight_decay=-1; expected 0 or more"),
        (lambda: nn.Adam(P, betas=(0.9, 1)), "Adam: got β₂=1; expected at least 0 and below 1"),
        (lambda: nn.Adam(P, eps=0), "Adam: got eps=0; expected a positive number"),
    ],
)
def test_settings_out_of_range_are_named(make, message):
    """The error says which optimiser, which setting, what it takes."""
    with pytest.raises(nn.ArgumentError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.SGD(P, "0.1"), "SGD: got lr='0.1'; expected a positive number"),
        (lambda: nn.SGD(P, None), "SGD: got lr=None; expected a positive number"),
        (lambda: nn.Adam(P, betas=0.9), "Adam: got betas=0.9; expected two numbers"),
        (lambda: nn.SGD(nn.Linear(1, 1), 0.1), r"SGD: got Linear; .* network\.parameters\(\)"),
        (lambda: nn.SGD([np.ones(2)], 0.1), "SGD: got ndarray array.*expected Tensors"),
        (lambda: nn.SGD([P[0] * 2], 0.1), "SGD: got a Tensor computed by multiply; expected those"),
    ],
)
def test_what_cannot_be_a_setting_or_updated_is_named(make, message):
    """A word for a number, a network for its parameters, a Tensor that was computed."""
    with pytest.raises(nn.ArgumentError, match=message):
        make()


def test_an_optimiser_of_ones_own_says_what_it_lacks():
    """A subclass defines the change; the base has none."""
    p = mg.tensor(1.0)
    (p * p).backward()

    class Own(nn.SGD.__base__):
        pass

    with pytest.raises(NotImplementedError, match=r"Own defines no _change\(p, g\)"):
        Own([p], 0.1).step()
