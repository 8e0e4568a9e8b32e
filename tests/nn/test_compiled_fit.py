"""fit with compile=: the same history and parameters as without, mini-batches and callbacks too."""

import numpy as np
import pytest
from test_compiled_training import (
    OPTIMIZERS,
    X,
    Y,
    each_dtype,
    each_optimizer,
    network,
    same_parameters,
)

import nn


@each_optimizer
@each_dtype
@pytest.mark.parametrize("batch_size", [None, 4, 10, 3])
def test_fit_compiled_is_fit(name, dtype, batch_size):
    """History and parameters to the bit, with mini-batches of which the last is smaller."""
    went = []
    for how in (False, "numpy"):
        net = network(dtype)
        history = nn.fit(
            net, X, Y, epochs=6, batch_size=batch_size, seed=3,
            optimizer=OPTIMIZERS[name](net.parameters()), progress=False, compile=how,
        )  # fmt: skip
        went.append((history.losses, net))
    assert went[0][0] == went[1][0]
    same_parameters(went[0][1], went[1][1])


@pytest.mark.parametrize(("dtype", "rtol"), [("float64", 1e-12), ("float32", 1e-5)])
def test_a_large_network(dtype, rtol):
    """Where steps are scaled before the product, for less work: the same to rounding."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(200, 9)), (rng.uniform(size=(1, 9)) > 0.5) * 1.0
    went = []
    for how in (False, "numpy"):
        net = network(dtype, sizes=(200, 150, 100, 1), hidden="tanh")
        history = nn.fit(
            net, x, y, epochs=6, batch_size=4, learning_rate=0.01, seed=0, progress=False,
            compile=how,
        )  # fmt: skip
        assert all(p.dtype == dtype for p in net.parameters())
        went.append((history.losses, *net.state_dict().values()))
    for a, b in zip(*went, strict=True):
        np.testing.assert_allclose(b, a, rtol, rtol * np.max(np.abs(a)))


def test_fit_chooses_a_backend():
    """compile=True is auto."""
    losses = [
        nn.fit(network(), X, Y, epochs=5, progress=False, compile=how).losses
        for how in (False, True)
    ]
    np.testing.assert_allclose(losses[1], losses[0], 1e-12)


def test_fits_callback_sees_gradients_and_parameters():
    """The same ones as in eager, after each epoch; the callback may set the learning rate."""
    seen = []
    for how in (False, "numpy"):
        net, log = network(), []
        optimizer = nn.SGD(net.parameters(), 0.2)

        def callback(epoch, net, J, log=log, optimizer=optimizer):
            log.append([J, *(p.grad.copy() for p in net.parameters()), *net.state_dict().values()])
            optimizer.lr = 0.2 / epoch

        nn.fit(net, X, Y, epochs=6, batch_size=4, optimizer=optimizer, seed=0, progress=False,
               callback=callback, compile=how)  # fmt: skip
        seen.append(log)
    for a, b in zip(*seen, strict=True):
        for x, y in zip(a, b, strict=True):
            np.testing.assert_array_equal(x, y)


def test_fit_twice_goes_on():
    """Optimiser and network continue where the first fit stopped."""
    nets = network(), network()
    for net, how in zip(nets, (False, "numpy"), strict=True):
        o = nn.Adam(net.parameters(), 0.01)
        for _ in range(2):
            nn.fit(net, X, Y, epochs=3, optimizer=o, progress=False, compile=how)
    same_parameters(*nets)


def test_fit_tells_divergence():
    """An infinite J is the same error, with the same history."""
    histories = []
    for how in (False, "numpy"):
        net = network(sizes=(4, 1), output="identity")
        with pytest.raises(nn.DivergenceError, match="too large") as caught:
            nn.fit(net, X * 100, Y, epochs=500, learning_rate=1e5, progress=False, compile=how)
        histories.append(caught.value.history.losses)
    assert histories[0] == histories[1]


def test_a_module_of_ones_own():
    """Sequential with functions, trained by fit with a loss of one's own."""

    def loss(A, Y):
        return np.mean((A - Y) ** 2) + 0.01 * np.max(np.abs(A))

    losses = []
    for how in (False, "numpy"):
        net = nn.Sequential(nn.Linear(4, 5, seed=0), np.tanh, nn.Linear(5, 1, seed=1))
        losses.append(
            nn.fit(net, X, Y, epochs=8, loss=loss, seed=0, progress=False, compile=how).losses
        )
    np.testing.assert_allclose(losses[1], losses[0], 1e-13)
