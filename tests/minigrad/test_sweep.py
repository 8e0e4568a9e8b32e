"""The reverse sweep: depth, width, memory, failure and threads."""

import functools
import gc
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from strategies import programs

import minigrad as mg
from minigrad.sweep import reach, sum_to, sweep
from minigrad.tensor import Tensor


def alive():
    return sum(type(o) is Tensor for o in gc.get_objects())


@pytest.mark.usefixtures("no_gc")
def test_a_chain_of_a_million_nodes():
    """Built, differentiated and freed, without recursion and in seconds."""
    before, start = alive(), time.perf_counter()
    x = mg.tensor(1.0)
    y = x
    for _ in range(1_000_000):
        y = y + 1.0
    y.backward()
    assert (y.item(), float(x.grad)) == (1_000_001.0, 1.0)
    del y
    assert alive() - before == 1
    assert time.perf_counter() - start < 30  # about 3 s on a laptop; recursion would have died


def test_a_recorded_sweep_of_a_long_chain():
    """Second derivatives of deep graphs need no recursion either: (x + n)² gives 2."""

    def f(x):
        for _ in range(20_000):
            x = x + 1.0
        return x * x

    assert float(mg.grad(mg.grad(f))(3.0)) == 2.0


def test_wide_fan_out_adds_up():
    """One variable used 10,000 times gets the sum of 10,000 cotangents."""
    x = mg.tensor(2.0)
    total = sum([x * k for k in range(10_000)])
    total.backward()
    assert float(x.grad) == sum(range(10_000))


def test_sharing_is_not_unfolded():
    """y = y * y sixty times has 2^60 paths and 60 nodes; each node is visited once."""
    x = mg.tensor(1.0)
    y = x
    for _ in range(60):
        y = y * y
    assert len(reach([y])) == 61
    y.backward()
    assert float(x.grad) == 2.0**60


@given(program=programs())
def test_reach_orders_nodes_before_their_inputs(program):
    """Newest first is a topological order: no node comes after one it was computed from."""
    xs = [mg.tensor(x) for x in program.inputs]
    nodes = reach([program.run(np, *xs)])
    place = {node: i for i, node in enumerate(nodes)}
    assert len(place) == len(nodes)
    for node in nodes:
        for a in node.inputs:
            if isinstance(a, Tensor):
                assert place[node] < place[a]


def test_the_sweep_yields_each_cotangent_when_final():
    """J = 3(a + bc): 1, then 3, then (3, 3), then (9, 6), newest first, leaves last."""
    a, b, c = mg.tensor(5), mg.tensor(3), mg.tensor(2)
    u = b * c
    v = a + u
    J = 3 * v
    swept = [(node, float(g)) for node, g in sweep({J: np.float64(1)})]
    assert swept == [(J, 1), (v, 3), (u, 3), (a, 3), (b, 6), (c, 9)]


def test_only_wanted_nodes_are_visited():
    """A sweep for one input leaves the branches of the others alone."""
    a, b = mg.tensor(2.0), mg.tensor(3.0)
    J = a * (b * b)
    swept = dict(sweep({J: np.float64(1)}, wanted={a, J}))
    assert set(swept) == {J, a}


@settings(max_examples=max(1, settings().max_examples // 6))  # each example searches the whole heap
@given(program=programs())
def test_nothing_waits_for_the_garbage_collector(program):
    """No reference cycles: forward, backward and second derivatives free all they made."""
    gc.collect()
    gc.disable()
    try:
        before = alive()
        differentiate_twice(program)
        assert alive() == before
    finally:
        gc.enable()


def differentiate_twice(program):
    program.run(np, *[mg.tensor(x) for x in program.inputs]).backward()
    first = mg.grad(lambda *xs: program.run(np, *xs))
    mg.grad(lambda *xs: np.sum(first(*xs) ** 2))(*program.inputs)


@pytest.mark.usefixtures("no_gc")
def test_memory_stays_flat_over_many_steps():
    """A training loop makes no net objects, with the collector off."""
    W = mg.tensor(np.ones((3, 3)))

    def step():
        J = (np.tanh(W @ np.ones((3, 4))) ** 2).mean()
        W.zero_grad()
        J.backward()
        W.descend(0.1 * W.grad)

    step()
    before = len(gc.get_objects())
    for _ in range(200):
        step()
    assert len(gc.get_objects()) - before < 20


def failing(g, y, x):
    raise RuntimeError("broken rule")


@pytest.mark.usefixtures("rows")
def test_an_exception_in_a_rule_leaves_every_gradient_as_it_was():
    """Nothing is added until the whole sweep has succeeded."""
    broken = mg.primitive(lambda x: x + 0.0, vjp=failing)
    a, b = mg.tensor(2.0), mg.tensor(3.0)
    (a * b).backward()
    named = mg.name(a * b, "named")
    with pytest.raises(RuntimeError, match="broken rule"):
        (named + broken(a)).backward()
    assert (float(a.grad), float(b.grad), named.grad) == (3.0, 2.0, None)
    (a * b).backward()  # and the next one works
    assert float(a.grad) == 6.0


@given(program=programs())
def test_eight_threads_at_once(program):
    """Recording and sweeping share nothing but the counter, so threads do not disturb another."""
    f = mg.value_and_grad(lambda *xs: program.run(np, *xs), tuple(range(len(program.inputs))))
    value, gradients = f(*program.inputs)
    with ThreadPoolExecutor(8) as pool:
        for other, others in pool.map(lambda _: f(*program.inputs), range(16)):
            assert other == value
            for g, h in zip(gradients, others, strict=True):
                np.testing.assert_array_equal(g, h)


@pytest.mark.parametrize(
    ("shape", "broadcast"),
    [
        ((), (2, 3)),
        ((3,), (2, 3)),
        ((1, 3), (2, 3)),
        ((2, 1), (4, 2, 3)),
        ((1, 1), (1, 1)),
        ((1,), (0,)),
        ((1, 3), (2, 0, 3)),
        ((1, 300), (2, 300)),
    ],
)
def test_sum_to_is_the_transpose_of_broadcasting(shape, broadcast):
    """<c, broadcast(t)> = <sum_to(c), t>, for arrays and for Tensors."""
    rng = np.random.default_rng(0)
    c, t = rng.normal(size=broadcast), rng.normal(size=shape)
    for summed in (sum_to(c, shape), sum_to(mg.tensor(c), shape).data):
        assert summed.shape == shape
        np.testing.assert_allclose(np.sum(summed * t), np.sum(c * np.broadcast_to(t, broadcast)))


# What np.where took, on its way back --------------------------------------------------------------

AT_ZERO = np.array([0.0, 4.0])  # where the slope of a root is infinite


@pytest.mark.parametrize("rows", [1, 2, 3, 5])
def test_a_branch_chosen_for_each_row(rows):
    """What is broadcast into np.where: each element has the cotangents of the rows that took it."""
    x = np.array([1.0, 4.0, 16.0])
    taken = np.arange(rows)[:, None] < np.arange(3)
    counted = np.minimum(np.arange(3), rows)
    f = lambda x: np.where(taken, np.sqrt(x), 0).sum()  # noqa: E731
    assert mg.grad(f)(x).tolist() == (counted / [2, 4, 8]).tolist()
    f = lambda x: np.where(taken.T, np.sqrt(x), 0).sum()  # noqa: E731
    assert mg.grad(f)(x[:, None]).tolist() == (counted / [2, 4, 8])[:, None].tolist()


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_a_node_taken_twice():
    """It counts where either took it; another use of it, before or after, counts everywhere."""

    def f(x, uses):
        h = np.sqrt(x)
        ways = {
            "first": lambda: np.where(AT_ZERO < 1, h, 0),
            "last": lambda: np.where(AT_ZERO > 1, h, 0),
            "plain": lambda: h,
        }
        return sum([ways[use]() for use in uses]).sum()

    slope = mg.grad(f)
    assert slope(AT_ZERO, ["last"]).tolist() == [0, 0.25]
    assert slope(AT_ZERO, ["last", "last"]).tolist() == [0, 0.5]
    assert slope(AT_ZERO, ["first", "last"]).tolist() == [np.inf, 0.25]
    assert slope(AT_ZERO, ["last", "first"]).tolist() == [np.inf, 0.25]
    assert slope(AT_ZERO, ["plain", "last"]).tolist() == [np.inf, 0.5]
    assert slope(AT_ZERO, ["last", "plain"]).tolist() == [np.inf, 0.5]


def test_an_operation_that_moves_elements_ends_it():
    """Behind a cumulative sum, a sum or a reversal each element has its derivative as ever."""
    x = np.array([1.0, 4.0, 16.0])
    for move in (np.cumsum, np.flip, lambda h: np.sum(h) * np.ones(3)):
        f = lambda x, move=move: np.where([True, False, True], move(np.sqrt(x)), 0).sum()  # noqa: E731
        taken = mg.vjp(move, x)[1](np.array([1.0, 0.0, 1.0]))[0]
        assert mg.grad(f)(x).tolist() == (taken / [2, 4, 8]).tolist()


def test_where_it_has_ended_a_division_by_zero_warns():
    """As it does where no np.where was: what was broadcast into one counts everywhere."""
    f = lambda x: np.where([[True], [False]], np.sqrt(x), 0).sum()  # noqa: E731
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        assert mg.grad(f)(np.array([0.0, 4.0])).tolist() == [np.inf, 0.25]


@pytest.mark.parametrize(("f", "at"), [(np.sqrt, 0.0), (np.log, 0.0), (np.sinh, 1e3)])
def test_the_way_past_what_was_not_taken_does_not_warn(f, at):
    """Neither a division by zero there, nor 0/0, nor an overflow."""
    x = mg.tensor([at, 1.0])
    with np.errstate(all="ignore"):
        y = np.where([False, True], f(x), 0).sum()
    y.backward()
    assert x.grad.tolist() == [0, mg.grad(f)(1.0)]


@pytest.mark.parametrize(("given", "computed"), [("f8", "f4"), ("f4", "f8"), ("f8", "c16")])
def test_a_cotangent_has_the_dtype_of_its_node(given, computed):
    """Whatever its consumers computed in."""
    x = mg.name(mg.tensor([1.0, 2.0], dtype=given) * 1, "x")
    np.sum(np.real(x.astype(computed) * 3)).backward()
    assert (x.grad.dtype, x.grad.tolist()) == (given, [3, 3])


def test_a_complex_cotangent_keeps_its_imaginary_part_in_another_precision():
    """As it has in the same one: what is dropped is dropped for real variables alone."""
    weights = np.array([1 + 2j, 3 - 1j])
    slopes = [
        mg.grad(lambda z: np.sum(np.real(z * weights)))(np.array([1.0, 2.0], dtype))
        for dtype in (np.complex64, np.complex128, np.float32, np.float64)
    ]
    assert [g.dtype for g in slopes] == [np.complex64, np.complex128, np.float32, np.float64]
    assert slopes[0].tolist() == slopes[1].tolist()
    assert abs(slopes[1].imag).tolist() == [2, 1]
    assert slopes[2].tolist() == slopes[3].tolist() == [1, 3]


# Arrays of another library ------------------------------------------------------------------------


class Elsewhere(np.lib.mixins.NDArrayOperatorsMixin):
    """An array that is no ndarray and speaks NumPy's protocols, as dask's and CuPy's are."""

    def __init__(self, array):
        self.array = np.asarray(array)

    def __getattr__(self, name):
        found = getattr(self.array, name)
        return functools.partial(self.apply, found) if callable(found) else found

    def __array_ufunc__(self, ufunc, method, *args, **kwargs):
        return self.apply(getattr(ufunc, method), *args, **kwargs)

    def __array_function__(self, function, types, args, kwargs):
        return self.apply(function, *args, **kwargs)

    def apply(self, function, *args, **kwargs):
        found = function(*[getattr(a, "array", a) for a in args], **kwargs)
        return Elsewhere(found) if isinstance(found, (np.ndarray, np.generic)) else found


@pytest.mark.parametrize("shape", [(), (3,), (2, 1), (1, 1), (2, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gradients_of_another_librarys_arrays(shape, dtype):
    """They have the shape and dtype of their variable, and the values that NumPy's have."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(2, 3)), rng.normal(size=shape).astype(dtype)
    expected = [mg.tensor(v) for v in values]
    got = [mg.tensor(Elsewhere(v)) for v in values]
    (np.sin(expected[0]) * expected[1]).sum().backward()
    (np.sin(got[0]) * got[1]).sum().backward(Elsewhere(1.0))
    for x, y in zip(got, expected, strict=True):
        assert isinstance(x.grad, Elsewhere)
        assert (x.grad.shape, x.grad.dtype) == (y.grad.shape, y.grad.dtype)
        np.testing.assert_allclose(x.grad.array, y.grad, rtol=1e-6)
