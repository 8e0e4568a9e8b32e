"""Which loss a network is trained on: the default, and where it is given logits."""

import numpy as np
import pytest
from oracles import assert_close

import minigrad as mg
import nn
from nn.objective import choose_loss, objective


@pytest.mark.parametrize(
    ("output", "loss", "function", "on_logits"),
    [
        ("sigmoid", None, nn.binary_cross_entropy_with_logits, True),
        ("sigmoid", "binary_cross_entropy", nn.binary_cross_entropy_with_logits, True),
        ("sigmoid", nn.binary_cross_entropy, nn.binary_cross_entropy_with_logits, True),
        ("sigmoid", nn.binary_cross_entropy_with_logits, nn.binary_cross_entropy_with_logits, True),
        ("sigmoid", "squared_error", nn.squared_error, False),
        ("softmax", None, nn.cross_entropy, True),
        ("softmax", "binary_cross_entropy", nn.binary_cross_entropy, False),
        ("identity", None, nn.squared_error, False),
        ("identity", "cross_entropy", nn.cross_entropy, False),
        ("relu", None, nn.squared_error, False),
    ],
)
def test_choice(output, loss, function, on_logits):
    """The cross-entropies of their own output start at the logits; the rest take the output."""
    assert choose_loss(nn.DeepNetwork([2, 2], output=output), loss) == (function, on_logits)


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_logits_and_probabilities_give_the_same_cost_and_gradient(output):
    """Where nothing saturates, J and dJ/dW by logits equal J and dJ/dW by probabilities."""
    rng = np.random.default_rng(0)
    network, X = nn.DeepNetwork([3, 4, 3], "tanh", output, seed=0), rng.normal(size=(3, 6))
    Y = np.eye(3)[:, rng.integers(0, 3, 6)]
    by_logits = objective(network)(X, Y)
    A = network(X)
    loss = -(Y * np.log(A)).sum() / 6
    by_A = nn.binary_cross_entropy(A, Y) if output == "sigmoid" else loss
    by_logits.backward()
    grads = [p.grad for p in network.parameters()]
    network.zero_grad()
    by_A.backward()
    assert_close(by_logits.data, by_A.data, 1e-13)
    for p, g in zip(network.parameters(), grads, strict=True):
        assert_close(g, p.grad, 1e-13)


def test_a_function_of_ones_own_is_used_as_it_is():
    """Any `(A, Y) -> J`."""
    network = nn.DeepNetwork([2, 1], init="zeros")
    J = objective(network, lambda A, Y: ((A - Y) ** 4).sum())(np.ones((2, 1)), np.ones((1, 1)))
    assert J.data == 0.5**4


def test_a_function_of_ones_own_is_not_taken_for_another_of_its_name():
    """A user's cross_entropy, of probabilities, is given the probabilities."""

    def cross_entropy(A, Y):
        return -(Y * np.log(A)).sum()

    assert choose_loss(nn.DeepNetwork([2, 2], output="softmax"), cross_entropy) == (
        cross_entropy,
        False,
    )


def test_a_network_that_does_not_tell_its_output_needs_a_loss():
    """Sequential: the error lists the losses; with one it trains."""
    network = nn.Sequential(nn.Linear(1, 1))
    with pytest.raises(nn.ArgumentError, match=r"loss: Sequential does not tell .* choose one of"):
        choose_loss(network)
    assert choose_loss(network, "mse") == (nn.mse, False)


def test_an_unknown_loss_lists_the_choices():
    """The error says what came and what there is."""
    with pytest.raises(nn.ArgumentError, match="loss: got 'rmse'; expected one of binary_cross_"):
        choose_loss(nn.DeepNetwork([1, 1]), "rmse")


def test_saturated_outputs_still_learn():
    """A wrong certainty (z = 60, σ(z) = 1) has gradient 1 by logits, 0 by probabilities."""
    network = nn.DeepNetwork([1, 1], init=lambda rng, n, k: np.full((n, k), 60.0))
    X, Y = np.ones((1, 1)), np.zeros((1, 1))
    objective(network)(X, Y).backward()
    assert network.b[1].grad == 1
    network.zero_grad()
    nn.binary_cross_entropy(network(X), mg.tensor(Y)).backward()
    assert network.b[1].grad == 0
