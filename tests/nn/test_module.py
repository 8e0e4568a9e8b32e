"""Module, Linear, Sequential: how parameters are found, saved and loaded."""

import re

import numpy as np
import pytest
from oracles import assert_close

import minigrad as mg
import nn


class Nested(nn.Module):
    """Parameters in every place they may stand."""

    def __init__(self):
        self.w = mg.tensor(1.0)
        self.layer = nn.Linear(2, 1, seed=0)
        self.many = [mg.tensor([2.0]), {"deep": (nn.Linear(1, 1, seed=0), 3.0)}]
        self.again = self.w
        self.itself = self
        self.note = "not a parameter"

    def forward(self, X):
        return self.layer(X)


def test_parameters_are_found_everywhere_once():
    """Attributes, modules, lists, tuples, dicts; a shared Tensor and a cycle only once."""
    names = [name for name, _ in Nested().named_parameters()]
    assert names == ["w", "layer.W", "layer.b", "many.0", "many.1.deep.0.W", "many.1.deep.0.b"]


def test_parameters_are_the_tensors_themselves():
    """parameters() are the objects that forward uses, in the same order."""
    module = Nested()
    assert [id(p) for p in module.parameters()] == [id(p) for _, p in module.named_parameters()]
    assert any(p is module.layer.W for p in module.parameters())


def test_train_and_eval_reach_every_module():
    """.training is set recursively, and the module is returned."""
    module = Nested()
    inside = module.many[1]["deep"][0]
    assert module.training
    assert module.eval() is module
    assert not module.training
    assert not inside.training
    assert module.train() is module
    assert inside.training


def test_zero_grad_forgets_every_gradient():
    """After zero_grad() no parameter has a gradient."""
    module = Nested()
    module(np.ones((2, 3))).sum().backward()
    assert module.layer.W.grad is not None
    module.zero_grad()
    assert all(p.grad is None for p in module.parameters())


def test_state_round_trip():
    """load_state_dict(state_dict()) makes another network compute the same."""
    one, two = (nn.DeepNetwork([3, 4, 2], seed=seed) for seed in (1, 2))
    X = np.random.default_rng(0).normal(size=(3, 5))
    assert np.abs(one(X).data - two(X).data).max() > 1e-3
    two.load_state_dict(one.state_dict())
    assert_close(two(X).data, one(X).data, 0)


def test_state_is_a_copy_both_ways():
    """Writing into a state changes no network, neither the saved nor the loaded one."""
    network = nn.DeepNetwork([2, 1], seed=0)
    state = network.state_dict()
    before = network.W[1].data.copy()
    state["W1"] += 1
    assert_close(network.W[1].data, before, 0)
    network.load_state_dict(state)
    state["W1"] += 1
    assert_close(network.W[1].data, before + 1, 0)


def test_a_state_that_does_not_fit_changes_nothing():
    """Everything wrong is named at once, and no parameter is touched."""
    network = nn.DeepNetwork([2, 3, 1], seed=0)
    before = network.state_dict()
    state = {"W1": np.zeros((3, 2)), "b1": np.zeros((3, 1)), "W2": np.zeros((1, 2)), "W9": 0}
    with pytest.raises(
        nn.ArgumentError,
        match="b2 is missing; W9 is unexpected; " + re.escape("W2 is (1, 2), expected (1, 3)"),
    ):
        network.load_state_dict(state)
    for name, value in network.state_dict().items():
        assert_close(value, before[name], 0)


def test_loading_converts_to_the_parameters_dtype():
    """A float64 state loads into a float32 network, which stays float32."""
    network = nn.DeepNetwork([2, 1], dtype="float32")
    network.load_state_dict(nn.DeepNetwork([2, 1], seed=0).state_dict())
    assert network.W[1].dtype == np.float32


def test_linear_is_W_X_plus_b():
    """Values and gradients of one layer."""
    layer = nn.Linear(3, 2, seed=0)
    layer.b.data = np.array([[1.0], [2.0]])
    X, G = np.random.default_rng(0).normal(size=(3, 4)), np.ones((2, 4))
    Z = layer(X)
    assert_close(Z.data, layer.W.data @ X + [[1], [2]], 0)
    Z.backward(G)
    assert_close(layer.W.grad, G @ X.T, 1e-15)
    assert_close(layer.b.grad, [[4.0], [4.0]], 0)


@pytest.mark.parametrize("shape", [(5, 7), (4,), (3, 4)])
def test_linear_names_itself_when_sizes_do_not_fit(shape):
    """The error says which layer, what came, what it takes."""
    with pytest.raises(mg.ShapeError, match=r"Linear\(4, 3\): X is .*; expected \(4, m\)"):
        nn.Linear(4, 3)(np.ones(shape))


@pytest.mark.parametrize("sizes", [(0, 1), (2, -1), (2.5, 1), (True, 2)])
def test_linear_takes_whole_positive_sizes(sizes):
    """Anything else is an error with the sizes in it."""
    with pytest.raises(nn.ArgumentError, match=r"Linear: got sizes .*; expected whole numbers"):
        nn.Linear(*sizes)


def test_sequential_applies_its_layers_in_order():
    """Modules and plain functions; the composition is what writing it out gives."""
    first, second = nn.Linear(2, 3, seed=0), nn.Linear(3, 1, seed=1)
    network = nn.Sequential(first, nn.relu, second)
    X = np.random.default_rng(0).normal(size=(2, 4))
    wanted = second.W.data @ np.maximum(first.W.data @ X, 0)
    assert_close(network(X).data, wanted, 1e-15)
    assert repr(network) == "Sequential(Linear(2, 3), relu, Linear(3, 1))"


def test_sequential_refuses_what_cannot_be_called():
    """The error says which layer it is."""
    with pytest.raises(nn.ArgumentError, match="Sequential: layer 1 is 'relu'; expected a Module"):
        nn.Sequential(nn.Linear(1, 1), "relu")


def test_a_module_without_forward_says_what_to_write():
    """Calling the bare base class is an error that helps."""

    class Empty(nn.Module):
        pass

    with pytest.raises(NotImplementedError, match="Empty: write a method forward"):
        Empty()(1.0)


def scopes(y):
    """The scope of each node of the graph of y, by name."""
    return {node.name: node.scope for node in mg.graph(y)}


def test_modules_are_boxes_in_pictures():
    """What a module computes and the parameters only it uses stand in a box of its name."""
    network = nn.Sequential(nn.Linear(2, 3, seed=0), np.tanh, nn.Linear(3, 1, seed=1))
    X = mg.tensor(np.ones((2, 4)), name="X")
    assert scopes(mg.name(network(X), "Z")) == {
        "X": (),
        "W": ("Sequential", "Linear"),
        "b": ("Sequential", "Linear"),
        "t1": ("Sequential", "Linear"),
        "t2": ("Sequential",),
        "W_2": ("Sequential", "Linear #2"),
        "b_2": ("Sequential", "Linear #2"),
        "Z": ("Sequential", "Linear #2"),
    }


def test_layers_of_the_lectures_network_are_boxes():
    """Layer l holds W[l], b[l], Z[l] and A[l], whichever way the network is called."""
    network = nn.DeepNetwork([2, 3, 1], hidden="tanh", seed=0)
    X = np.ones((2, 4))
    whole = scopes(network(X))
    assert whole["W1"] == whole["b1"] == ("DeepNetwork", "layer 1")
    assert [s[-1:] for name, s in whole.items() if name[0] == "t"] == [
        (), ("layer 1",), ("layer 1",), ("layer 2",), ("layer 2",)
    ]  # fmt: skip
    assert scopes(network.logits(X))["W2"] == ("layer 2",)
    assert scopes(network.cache(X)["A2"])["W1"] == ("layer 1",)


def test_a_module_used_twice_is_two_boxes():
    """Its parameters belong to both calls, and so to neither."""
    layer = nn.Linear(2, 2, seed=0)
    found = scopes(mg.name(layer(mg.name(layer(np.ones((2, 3))), "first")), "second"))
    assert found["W"] == ()
    assert (found["first"], found["second"]) == (("Linear",), ("Linear #2",))


def test_a_module_may_take_and_return_several_things():
    """forward's own arguments and results, passed on as they are."""

    class Cell(nn.Module):
        def forward(self, x, h, *, scale=1.0):
            return x + h, h * scale

    x, h = mg.tensor(1.0), mg.tensor(2.0)
    y, h = Cell()(x, h, scale=3.0)
    assert (y.item(), h.item()) == (3.0, 6.0)
    assert {node.scope for node in mg.graph(y, h) if node.op} == {("Cell",)}


class Keeps(nn.Module):
    """It keeps what it computed last."""

    def __init__(self):
        self.first = nn.Linear(2, 3, seed=0)

    def forward(self, X):
        self.A = nn.tanh(self.first(X))
        return self.A


def test_a_value_kept_by_forward_is_no_parameter():
    """After a call there are as many parameters as before; a state saved before fits."""
    module = Keeps()
    state = module.state_dict()
    module(np.ones((2, 4)))
    assert [name for name, _ in module.named_parameters()] == ["first.W", "first.b"]
    module.load_state_dict(state)


def test_a_parameter_that_was_computed_is_refused():
    """No optimiser could update it: it would silently stay what it is."""

    class Wrong(nn.Module):
        def __init__(self):
            self.W = mg.tensor(np.ones((1, 2))) * 0.01
            self.b = mg.tensor(np.zeros((1, 1)))

    with pytest.raises(nn.ArgumentError, match=r"Wrong: W was computed, by multiply.*W\.data\)"):
        Wrong().parameters()


def test_two_parameters_of_one_name_are_refused():
    """A state could hold only one of them."""

    class Twice(nn.Module):
        def __init__(self):
            self.parts = {"a.b": mg.tensor(1.0), "a": {"b": mg.tensor(2.0)}}

    with pytest.raises(nn.ArgumentError, match=r"two parameters are called parts\.a\.b"):
        Twice().state_dict()


def test_a_state_of_another_kind_of_number_is_refused():
    """An imaginary part would be lost; whole numbers and other precisions are converted."""
    layer = nn.Linear(1, 1, dtype="float32")
    for value in (1j, "1"):
        with pytest.raises(nn.ArgumentError, match=r"W has dtype .*, expected float32"):
            layer.load_state_dict({"W": [[value]], "b": [[0]]})
    layer.load_state_dict({"W": np.array([[2.0]]), "b": [[1]]})
    assert (layer.W.item(), layer.b.item(), layer.b.dtype) == (2, 1, np.float32)
    with pytest.raises(nn.ArgumentError, match="got None; expected an array for each name"):
        layer.load_state_dict(None)


def test_a_module_shows_what_it_is_made_of():
    """Its class, and where its parameters are: the same in each run."""
    assert repr(Keeps()) == "Keeps(first)"


def test_a_class_in_the_place_of_a_layer_is_refused():
    """Calling it would make a layer of the data."""
    with pytest.raises(nn.ArgumentError, match=r"layer 1 is <class .*expected .*Dropout\(…\)"):
        nn.Sequential(nn.Linear(2, 3), nn.Dropout)
