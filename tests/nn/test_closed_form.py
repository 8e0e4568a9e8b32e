"""The lecture's equations: right by themselves, and independent of the engine they judge."""

import ast
import sys
from pathlib import Path

import numpy as np
import pytest
from drawn import KINKED, cases
from hypothesis import assume, given
from hypothesis import strategies as st
from oracles import assert_close

from nn import closed_form
from nn.losses import LOSSES
from nn.objective import choose_loss


def cost(case, params, X):
    """J, by the equations' own forward pass and the loss on arrays: no Tensor anywhere."""
    function, on_logits = choose_loss(case.network, case.loss)
    cache = closed_form.forward(params, X, case.network.activations)
    return function(cache[f"{'Z' if on_logits else 'A'}{case.network.L}"], case.Y), cache


def sides(case, cache):
    """On which side of its kinks everything is."""
    L = case.network.L
    signs = [
        np.sign(cache[f"Z{layer}"])
        for layer, name in enumerate(case.network.activations, start=1)
        if name in KINKED
    ]
    A = cache[f"A{L}"]
    if case.loss in {"mae", "huber"}:
        D = A - case.Y
        signs += [np.sign(D), np.sign(np.abs(D) - 1)]
    if case.loss == "hinge":
        signs.append(np.sign(1 - A * case.Y))
    return np.concatenate([s.ravel() for s in signs]) if signs else np.zeros(0)


def backward(case):
    """The parameters, the cache and the equations' derivatives of a case."""
    params = case.network.state_dict()
    cache = closed_form.forward(params, case.X, case.network.activations)
    return params, cache, closed_form.backward(cache, case.Y, case.loss)


@given(case=cases(), seed=st.integers(0, 2**32 - 1))
def test_dW_and_db_are_derivatives_of_the_cost(case, seed):
    """Central differences of J along a random direction in all parameters: 1/m included."""
    params, _, grads = backward(case)
    rng = np.random.default_rng(seed)
    along = {name: rng.standard_normal(value.shape) for name, value in params.items()}

    def moved(h):
        return cost(case, {name: params[name] + h * along[name] for name in params}, case.X)

    (above, up), (below, down) = moved(1e-6), moved(-1e-6)
    assume((sides(case, up) == sides(case, down)).all())
    wanted = (above - below) / 2e-6
    got = sum((grads[f"d{name}"] * along[name]).sum() for name in params)
    assert abs(got - wanted) < 1e-7 * max(1, abs(wanted), abs(above))


@given(case=cases(), seed=st.integers(0, 2**32 - 1))
def test_dZ_1_is_the_derivative_of_the_summed_loss(case, seed):
    """Adding to each column's Z[1] changes m J by dZ[1]: no 1/m there."""
    params, cache, grads = backward(case)
    m = case.X.shape[1]
    along = np.random.default_rng(seed).standard_normal(cache["Z1"].shape)

    def moved(h):  # a column of its own for each example's bias, through a wider input
        wide = np.vstack([case.X, np.eye(m)])
        more = {**params, "W1": np.hstack([params["W1"], h * along])}
        return cost(case, more, wide)

    (above, up), (below, down) = moved(1e-6), moved(-1e-6)
    assume((sides(case, up) == sides(case, down)).all())
    wanted = m * (above - below) / 2e-6
    got = (grads["dZ1"] * along).sum()
    assert abs(got - wanted) < 1e-6 * max(1, abs(wanted), m * abs(above))


@given(case=cases(losses=["binary_cross_entropy"], outputs=["sigmoid"]))
def test_dZ_of_a_sigmoid_with_logistic_loss_is_A_minus_Y(case):
    """The lecture's shortcut is what dA[L] * g'(Z[L]) gives."""
    _, cache, grads = backward(case)
    L = case.network.L
    A = cache[f"A{L}"]
    assert_close(grads[f"dZ{L}"], A - case.Y, 0)
    assert_close(grads[f"dA{L}"] * A * (1 - A), A - case.Y, 1e-12)


def test_six_equations_of_the_two_layer_network():
    """With L = 2 they are the notes' six equations, written out here."""
    rng = np.random.default_rng(3)
    W1, b1, W2, b2 = (rng.normal(size=s) for s in [(4, 3), (4, 1), (1, 4), (1, 1)])
    X, Y, m = rng.normal(size=(3, 7)), rng.integers(0, 2, (1, 7)), 7
    A1 = np.tanh(W1 @ X + b1)
    A2 = 1 / (1 + np.exp(-(W2 @ A1 + b2)))
    dZ2 = A2 - Y
    dZ1 = W2.T @ dZ2 * (1 - A1**2)
    wanted = {
        "dZ2": dZ2, "dW2": dZ2 @ A1.T / m, "db2": dZ2.sum(axis=1, keepdims=True) / m,
        "dZ1": dZ1, "dW1": dZ1 @ X.T / m, "db1": dZ1.sum(axis=1, keepdims=True) / m,
    }  # fmt: skip
    params = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
    got = closed_form.backward(closed_form.forward(params, X, ["tanh", "sigmoid"]), Y)
    for name, value in wanted.items():
        assert_close(got[name], value, 1e-14)


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_every_loss_has_equations(name):
    """No loss of the package is without its closed form."""
    cache = closed_form.forward({"W1": np.eye(2), "b1": np.zeros((2, 1))}, np.eye(2), ["sigmoid"])
    assert set(closed_form.backward(cache, np.eye(2), name)) == {"dA1", "dZ1", "dW1", "db1"}


def test_far_out_activations_are_silent():
    """The oracle itself neither warns nor overflows at ±1e4."""
    X = np.array([[-1e4, 0.0, 1e4]])
    params = {"W1": np.ones((2, 1)), "b1": np.zeros((2, 1))}
    for name in closed_form._G:
        cache = closed_form.forward(params, X, [name])
        grads = closed_form.backward(cache, np.zeros((2, 3)), "squared_error")
        assert np.isfinite(cache["A1"]).all()
        assert np.isfinite(grads["dZ1"]).all()


def test_it_imports_nothing_but_numpy_and_the_standard_library():
    """An oracle must not share what it judges: read off its syntax tree."""
    imported = set()
    for node in ast.walk(ast.parse(Path(closed_form.__file__).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add("." * node.level + (node.module or "").split(".")[0])
    assert "numpy" in imported
    assert imported - {"numpy"} <= sys.stdlib_module_names | {"__future__"}
