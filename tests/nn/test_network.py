"""DeepNetwork: the lecture's sizes, names, values, cache and messages."""

import numpy as np
import pytest
from drawn import cases
from hypothesis import given
from oracles import assert_close

import minigrad as mg
import nn
from nn import closed_form


@given(case=cases())
def test_forward_is_the_equations(case):
    """Z[l] and A[l] of every layer agree with the NumPy equations."""
    network = case.network
    cache = network.cache(case.X)
    wanted = closed_form.forward(network.state_dict(), case.X, network.activations)
    assert set(cache) == {f"{q}{n}" for n in range(network.L + 1) for q in "ZA"} - {"Z0"}
    for name, value in cache.items():
        assert_close(value if name == "A0" else value.data, wanted[name], 1e-12)
    assert_close(network(case.X).data, wanted[f"A{network.L}"], 1e-12)
    assert_close(network.logits(case.X).data, wanted[f"Z{network.L}"], 1e-12)


def test_it_is_described_as_in_the_lecture():
    """sizes, L, W[l], b[l], activations, names."""
    network = nn.DeepNetwork((2, 3, 1), hidden="tanh", seed=0)
    assert (network.sizes, network.L) == ((2, 3, 1), 2)
    assert network.activations == ("tanh", "sigmoid")
    assert {n: W.shape for n, W in network.W.items()} == {1: (3, 2), 2: (1, 3)}
    assert {n: b.shape for n, b in network.b.items()} == {1: (3, 1), 2: (1, 1)}
    assert [name for name, _ in network.named_parameters()] == ["W1", "b1", "W2", "b2"]
    assert [p.name for p in network.parameters()] == ["W1", "b1", "W2", "b2"]
    assert all((b.data == 0).all() for b in network.b.values())


def test_hidden_activations_may_differ():
    """One name for each hidden layer."""
    network = nn.DeepNetwork([2, 3, 3, 1], hidden=["relu", "tanh"], output="identity")
    assert network.activations == ("relu", "tanh", "identity")


def test_a_subclass_keeps_its_own_parameters():
    """Attributes added to a DeepNetwork are parameters like any other."""

    class Scaled(nn.DeepNetwork):
        def __init__(self):
            super().__init__([1, 1])
            self.scale = mg.tensor(2.0)

    assert [name for name, _ in Scaled().named_parameters()] == ["W1", "b1", "scale"]


def test_the_seed_decides_the_weights():
    """Same seed, same weights; a Generator is drawn from; another seed, other weights."""
    a, b, c = (nn.DeepNetwork([3, 2], seed=s).W[1].data for s in (7, np.random.default_rng(7), 8))
    assert_close(a, b, 0)
    assert np.abs(a - c).max() > 1e-3


def test_float32_stays_float32():
    """Parameters, output and gradients, for float32 examples."""
    network = nn.DeepNetwork([2, 3, 1], seed=0, dtype="float32")
    A = network(np.ones((2, 4), "float32"))
    A.sum().backward()
    assert {A.dtype, *(p.grad.dtype for p in network.parameters())} == {np.dtype("float32")}


def test_stacked_linear_layers_are_one():
    """With identity activations W' = W2 W1 and b' = W2 b1 + b2."""
    network = nn.DeepNetwork([3, 4, 2], hidden="identity", output="identity", seed=0)
    network.b[1].data = np.ones((4, 1))
    (W1, W2), (b1, b2) = ([p.data for p in d.values()] for d in (network.W, network.b))
    X = np.random.default_rng(0).normal(size=(3, 5))
    assert_close(network(X).data, (W2 @ W1) @ X + (W2 @ b1 + b2), 1e-14)


def test_examples_may_be_a_tensor():
    """The derivative by X reaches X."""
    X = mg.tensor(np.ones((2, 3)))
    nn.DeepNetwork([2, 1], output="identity", init=lambda rng, o, i: np.ones((o, i)))(
        X
    ).sum().backward()
    assert_close(X.grad, np.ones((2, 3)), 0)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.ones((4, 7)), r"^layer 1: W\[1\] is \(5, 3\) but A\[0\] is \(4, 7\)$"),
        (np.ones(3), r"layer 1: W\[1\] is \(5, 3\) but A\[0\] is \(3,\); expected a matrix"),
        ([1.0, 2.0, 3.0], r"layer 1: W\[1\] is \(5, 3\) but A\[0\] is \(3,\)"),
    ],
)
@pytest.mark.parametrize("method", ["forward", "logits", "cache"])
def test_examples_of_the_wrong_size_name_the_layer(X, message, method):
    """The error says which layer, and both shapes."""
    with pytest.raises(mg.ShapeError, match=message):
        getattr(nn.DeepNetwork([3, 5, 1]), method)(X)


def test_a_weight_of_the_wrong_size_names_its_layer():
    """A W[2] put in by hand that does not fit is named, not W[1]."""
    network = nn.DeepNetwork([3, 4, 1])
    network.W[2] = mg.tensor(np.ones((5, 3)))
    with pytest.raises(mg.ShapeError, match=r"layer 2: W\[2\] is \(5, 3\) but A\[1\] is \(4, 7\)"):
        network(np.ones((3, 7)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sizes": [3]}, r"DeepNetwork: got sizes \(3,\); expected at least n\[0\] and n\[1\]"),
        ({"sizes": [3, 0, 1]}, r"DeepNetwork: got sizes \(3, 0, 1\); expected whole numbers"),
        ({"sizes": [3, 1], "output": "sigmoyd"}, "activation: got 'sigmoyd'; expected one of"),
        ({"sizes": [3, 2, 1], "hidden": ["relu"] * 2}, "got 2 hidden activations; expected 1"),
        ({"sizes": [3, 1], "init": "hi"}, "init: got 'hi'; expected one of zeros, normal"),
    ],
)
def test_wrong_settings_are_named(arguments, message):
    """The error says what came and what is expected."""
    with pytest.raises(nn.ArgumentError, match=message):
        nn.DeepNetwork(**arguments)


def test_repr_is_the_notes_way_of_writing_it():
    """Sizes joined by dashes, then the activations."""
    assert repr(nn.DeepNetwork([3, 4, 1], "tanh")) == "DeepNetwork(3-4-1, tanh sigmoid)"


def test_a_bias_of_another_size_names_its_layer():
    """The message names the layer, as that of a W that does not fit does."""
    network = nn.DeepNetwork([2, 3, 1], seed=0)
    network.b[1] = mg.tensor(np.zeros((7, 1)))
    with pytest.raises(mg.ShapeError, match=r"^layer 1: affine: \(3, 2\), \(2, 4\), \(7, 1\)"):
        network(np.ones((2, 4)))
