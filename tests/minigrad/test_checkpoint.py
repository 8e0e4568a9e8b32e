"""checkpoint: the same values and derivatives, from arrays computed twice and held once."""

import gc
import tracemalloc
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from numpy.testing import assert_allclose
from strategies import programs

import minigrad as mg
from minigrad.errors import GraphError, MinigradError


def both(f):
    return f, mg.checkpoint(f)


def test_a_checkpointed_function_is_one_node():
    x = mg.tensor([1.0, 2.0])
    y = mg.checkpoint(lambda x: np.sin(x) * np.exp(x))(x)
    assert y.inputs == (x,)
    assert y.op.form == "primitive"
    y.sum().backward()
    assert_allclose(x.grad, np.exp([1, 2]) * (np.sin([1, 2]) + np.cos([1, 2])))


def test_what_it_closes_over_has_its_derivative():
    W = mg.tensor([[1.0, 2.0], [3.0, 4.0]], name="W")
    f, held = both(lambda x: np.tanh(W @ x))
    x = np.array([[0.1], [0.2]])
    for function in (f, held):
        W.zero_grad()
        function(x).sum().backward()
        assert_allclose(W.grad, (1 - np.tanh(W.data @ x) ** 2) @ x.T)


def test_a_closed_over_node_passes_its_derivative_on():
    x = mg.tensor(2.0)
    h = x * x
    mg.checkpoint(lambda a: a * h)(x).backward()
    assert x.grad == 3 * 2.0**2


def test_a_leaf_assigned_since_is_used_as_it_was():
    w = mg.tensor(2.0)
    y = mg.checkpoint(lambda x: np.exp(w * x))(1.0)
    w.data = 7.0
    y.backward()
    assert_allclose(w.grad, np.exp(2))


def test_a_leaf_assigned_inside_is_refused():
    w = mg.tensor(2.0)

    def f(x):
        y = w * x
        w.data = w.data + 1
        return y * w

    with pytest.raises(GraphError, match="assigned while the function ran"):
        mg.checkpoint(f)(mg.tensor(1.0))


@dataclass
class Pair:
    total: object
    sign: object


def test_trees_in_and_out_with_mixed_dtypes():
    def f(batch, scale=1.0):
        x, z = batch["x"], batch["z"]
        return {"a": x.sum() * scale, "b": [np.abs(z), None, 3], "c": Pair(x * 2, x > 0)}

    def value(f, x, z):
        out = f({"x": x, "z": z}, scale=x[0])
        return out["a"] + out["b"][0].sum() + (out["c"].total ** 2 * out["c"].sign).sum()

    plain, held = both(f)
    x, z = np.array([1.0, -2.0], np.float32), np.array([1 + 2j, 3j])
    ours = mg.value_and_grad(lambda x, z: value(held, x, z), (0, 1))(x, z)
    theirs = mg.value_and_grad(lambda x, z: value(plain, x, z), (0, 1))(x, z)
    assert ours[0] == theirs[0]
    for a, b in zip(ours[1], theirs[1], strict=True):
        assert a.dtype == b.dtype
        assert_allclose(a, b)
    out = held({"x": mg.tensor(x), "z": mg.tensor(z)}, scale=2)
    assert out["c"].sign.dtype == bool
    assert out["c"].total.dtype == np.float32
    assert out["b"][1:] == [None, 3]


def test_outputs_that_are_inputs_constants_or_used_twice():
    f = mg.checkpoint(lambda x: (x, 5.0, x * x, x))
    x = mg.tensor(3.0)
    a, five, b, c = f(x)
    assert five == 5.0
    (a + 2 * b + c).backward()
    assert x.grad == 1 + 2 * 6 + 1


def test_a_tensor_made_inside_is_a_constant():
    f = mg.checkpoint(lambda x: x * mg.tensor(3.0) + mg.tensor([1.0, 2.0]))
    assert_allclose(mg.jacobian(f)(2.0), [3, 3])


def test_integers_on_the_way():
    def f(x):
        order = np.argsort(x)
        return (x[order] * np.arange(3)).sum()

    x = np.array([3.0, 1.0, 2.0])
    assert_allclose(mg.grad(mg.checkpoint(f))(x), mg.grad(f)(x))


def test_derivatives_of_every_order_and_forward_mode():
    f, held = both(lambda x: np.sin(x) * np.exp(-x * x))
    for _ in range(4):
        f, held = mg.grad(f), mg.grad(held)
        assert_allclose(held(0.7), f(0.7), rtol=1e-12)
    g, held = both(lambda x: np.cumsum(np.sin(x)) * x)
    x = np.array([0.1, 0.5, 2.0])
    assert_allclose(mg.jacobian(held)(x), mg.jacobian(g)(x))
    assert_allclose(mg.jvp(held, (x,), (x,))[1], mg.jvp(g, (x,), (x,))[1])
    assert_allclose(
        mg.hessian(lambda x: held(x).sum())(x), mg.hessian(lambda x: g(x).sum())(x), atol=1e-14
    )


def test_nested_checkpoints():
    inner = mg.checkpoint(np.exp)
    outer = mg.checkpoint(lambda x: np.sin(inner(x)))
    assert_allclose(mg.grad(outer)(0.3), np.cos(np.exp(0.3)) * np.exp(0.3))
    assert_allclose(
        mg.grad(mg.grad(outer))(0.3), mg.grad(mg.grad(lambda x: np.sin(np.exp(x))))(0.3)
    )


def test_f_is_called_once_so_random_draws_are_the_same_ones():
    rng = np.random.default_rng(0)
    draws = []

    def f(x):
        draws.append(rng.random(3))
        return (x * draws[-1]).sum()

    assert_allclose(mg.grad(mg.checkpoint(f))(np.ones(3)), draws[0])
    assert len(draws) == 1


def test_without_recording_it_is_f():
    x = mg.tensor(2.0)
    with mg.no_grad():
        assert mg.checkpoint(np.exp)(x).op is None
    assert mg.checkpoint(np.exp)(2.0) == np.exp(2.0)


def test_an_error_inside_is_f_s_own():
    with pytest.raises(MinigradError, match="matmul"):
        mg.checkpoint(lambda a, b: a @ b)(mg.tensor(np.ones((2, 3))), mg.tensor(np.ones((2, 3))))


def test_the_graph_shows_it_by_name():
    @mg.checkpoint
    def block(x):
        """A block."""
        return np.sin(np.exp(x))

    assert block.__doc__ == "A block."
    x = mg.tensor(0.0, name="x")
    assert "block(x)" in str(mg.graph(block(x)))


def peak(f, blocks=20, n=50_000):
    """The most memory a gradient through a chain of blocks takes, in arrays of the chain's size."""
    x = np.linspace(0, 1, n)

    def chain(x):
        for _ in range(blocks):
            x = f(x)
        return x.sum()

    gc.collect()
    tracemalloc.start()
    mg.grad(chain)(x)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / x.nbytes


def test_it_holds_one_array_for_each_block_and_the_inner_ones_of_one_block():
    def f(x):
        for _ in range(10):
            x = np.sin(x) + 0.1
        return x

    plain, held = map(peak, both(f))
    assert plain > 20 * 20
    assert held < 20 + 5 * 20


@given(programs())
def test_random_programs(program):
    every = tuple(range(len(program.inputs)))
    run = partial(program.run, np)
    ours = mg.grad(mg.checkpoint(run), every)(*program.inputs)
    theirs = mg.grad(run, every)(*program.inputs)
    for a, b in zip(ours, theirs, strict=True):
        assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def test_what_is_no_function():
    """It is refused where it is given."""
    with pytest.raises(mg.DTypeError, match="checkpoint: got int 3; expected a function"):
        mg.checkpoint(3)
