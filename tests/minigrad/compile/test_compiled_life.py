"""A compiled function in bad company: errors, threads, copies, and what it leaves in memory."""

import copy
import functools
import gc
import pickle
import threading
import weakref

import numpy as np
import pytest

import minigrad as mg
import nn

compiled = functools.partial(mg.compile, backend="numpy")
X = np.array([1.0, -2.0, 3.0])


def same(got, wanted):
    np.testing.assert_array_equal(got, wanted)


# Errors -------------------------------------------------------------------------------------------


def test_an_error_while_recording_leaves_it_usable():
    """A shape that does not fit is an error as in eager, and the next shapes are recorded."""
    step = compiled(lambda a, b: a @ b)
    for _ in range(3):
        with pytest.raises(mg.ShapeError, match="inner sizes 3 and 2 differ"):
            step(np.ones((2, 3)), np.ones((2, 3)))
        same(step(np.ones((2, 3)), np.ones((3, 2))), np.full((2, 2), 3.0))
    assert mg.tensor(X)[0].data == 1  # nothing is being traced any more
    assert float(mg.tensor(3.0)) == 3.0


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError, SystemExit])
def test_any_exception_in_f(error):
    """Raised in the first, the second and a later call, from a primitive or from f itself."""
    when = [0]

    @mg.primitive(vjp=lambda g, y, x: g)
    def fails(x):
        if when[0] == 1:
            raise error
        return x

    def f(x):
        return np.exp(fails(x * 2)) + np.sin(x)

    for bad in range(4):
        step = compiled(f)
        for call in range(6):
            when[0] = call == bad
            if call == bad:
                with pytest.raises(error):
                    step(X)
            else:
                same(step(X), np.exp(X * 2) + np.sin(X))
        assert mg.tensor(1.0).item() == 1.0


def test_floating_point_errors_that_raise():
    """np.errstate counts in each call, as in NumPy, and an error in one does not spoil the next."""
    step = compiled(lambda x: np.log(x) * 2 + np.sum(x))
    for _ in range(3):
        step(X**2)
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        step(X * 0)
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        step(X * 0)
    same(step(X**2), np.log(X**2) * 2 + np.sum(X**2))


@pytest.mark.parametrize(
    "f", [mg.grad(np.linalg.det), np.linalg.inv, mg.grad(lambda A: np.linalg.inv(A)[0, 0])]
)
def test_singular_matrices_are_found_in_each_call(f):
    """What the derivative asks of a matrix is asked of the one it gets, not the one recorded."""
    step = compiled(f)
    A = np.triu(np.arange(1.0, 17).reshape(4, 4))
    for _ in range(3):
        same(step(A), f(A))
    with pytest.raises(np.linalg.LinAlgError, match=r"(?i)singular"):
        step(np.ones((4, 4)))
    same(step(A.T), f(A.T))


def test_an_interrupted_update_can_be_repeated():
    """An update that raises in a later call leaves parameters that can be used."""
    w = mg.tensor(X**2)

    def f(x):
        w.data = np.log(w.data * x)

    step = compiled(f)
    for _ in range(2):
        w.data = X**2
        step(X**2)
    w.data = X**2
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        step(X * 0)
    w.data = X**2
    step(X**2)
    same(w.data, np.log(X**2 * X**2))


# Threads ------------------------------------------------------------------------------------------


def test_eight_threads():
    """One function, many threads, arguments of two shapes: each gets its own results."""
    step = compiled(lambda x, k: (np.cumsum(np.exp(x * k) @ x.T, axis=0), np.tanh(x) * k))
    gate, wrong = threading.Barrier(8), []

    def work(seed):
        rng = np.random.default_rng(seed)
        gate.wait()
        for i in range(60):
            x, k = rng.normal(size=(20, 30 + (seed + i) % 2)), float(rng.normal())
            got = step(x, k)
            wanted = np.cumsum(np.exp(x * k) @ x.T, axis=0), np.tanh(x) * k
            if not all(np.allclose(a, b, 1e-12, 1e-12) for a, b in zip(got, wanted, strict=True)):
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_primitive_that_calls_the_function_again():
    """Re-entered while it runs: the inner call has buffers of its own."""

    @mg.primitive(vjp=lambda g, y, x, n: (g, None), inline=False)
    def again(x, n):
        return step(x + 1, n - 1.0) if n > 0.5 else x

    step = compiled(lambda x, n: np.exp(x * 0.5) * 2 + again(x * 2, n) + np.exp(x * 0.5))

    def plain(x, n):
        inner = plain(x * 2 + 1, n - 1) if n > 0.5 else x * 2
        return np.exp(x * 0.5) * 2 + inner + np.exp(x * 0.5)

    for n in (0.0, 1.0, 2.0, 3.0, 3.0):
        np.testing.assert_allclose(step(X * 0.1, n), plain(X * 0.1, n), 1e-14)


# Methods, copies ----------------------------------------------------------------------------------


class Model:
    """A class with a compiled method; instances differ in a parameter."""

    def __init__(self, w):
        self.w = mg.tensor(w)
        self.runs = 0

    @mg.compile(backend="numpy")
    def step(self, x):
        """What it does."""
        self.runs += 1
        self.w.data = self.w.data + 1
        return self.w.data * x


@mg.compile
def decorated(x):
    return x * 2


def test_a_compiled_method():
    """Each instance has its own parameters and its own code."""
    a, b = Model(1.0), Model(10.0)
    for k in range(1, 5):
        assert a.step(2.0) == 2 * (1 + k)
        assert b.step(2.0) == 2 * (10 + k)
        assert Model.step(a, 0.0) == 0.0
        a.w.data = a.w.data - 1
    assert (a.runs, b.runs) == (2, 2)
    assert Model.step.__doc__ == "What it does."
    assert Model.step.__name__ == "step"


class Equal(Model):
    """Instances compare equal whatever their parameter is."""

    def __eq__(self, other):
        return isinstance(other, Equal)

    def __hash__(self):
        return 1


def test_equal_objects_are_not_the_same():
    """Each has its own parameters, so each has its own code."""
    step = compiled(lambda model, x: model.w * x)
    for _ in range(3):
        for w in (1.0, 2.0):
            same(step(EQUALS[w], X), X * w)


EQUALS = {w: Equal(w) for w in (1.0, 2.0)}


@pytest.mark.filterwarnings("ignore:compile")  # each instance of Model is another kind
@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda f: pickle.loads(pickle.dumps(f))]
)
@pytest.mark.parametrize("f", [decorated, mg.compile(np.sin), Model.step, compiled(nn.sigmoid)])
def test_copies(duplicate, f):
    """A copy or pickle is a compiled function that computes the same; also a decorated one's."""
    for _ in range(2):
        twin = duplicate(f)
        assert isinstance(twin, type(f))
        for _ in range(3):
            if f is Model.step:
                assert twin(Model(1.0), 2.0) == 4.0
            else:
                same(twin(X), f(X))


def test_a_lambda_cannot_be_pickled():
    """As without compile."""
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(compiled(lambda x: x))


def test_what_it_shows_of_itself():
    """Source, code, graph and backend exist after the first call, and say so before."""

    def step(x):
        """Doc."""
        return np.sum(x * 2)

    f = compiled(step)
    assert (f.__name__, f.__doc__, f.__wrapped__, f.backend) == ("step", "Doc.", step, "numpy")
    for what in ("source", "code", "graph"):
        with pytest.raises(mg.GraphError, match=f"step has no {what} before its first call"):
            getattr(f, what)
    f(X)
    assert "def step(x):" in f.source
    assert f.backend == "numpy"
    assert f.graph is not None
    assert "step" in f.explain()


# Memory -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form", [lambda y: y, lambda y: (y, y + 1), lambda y: {"a": [y]}, lambda y: None], ids=range(4)
)
def test_the_traces_nodes_are_freed(form, no_gc):
    """After the two runs no Tensor is left but the caller's, whatever tree is returned."""
    nodes = []
    w = mg.tensor(X)

    def f(x):
        y = np.exp(x * w) * 2
        nodes.append(weakref.ref(y._value))
        (y * x).sum().backward()
        w.zero_grad()
        return form(y)

    step = compiled(f)
    for _ in range(4):
        step(X)
    assert len(nodes) == 2
    assert not any(node() is not None for node in nodes)


def test_memory_stays_flat(no_gc):
    """Ten thousand calls leave no object behind, with the cyclic collector off."""
    w = mg.tensor(np.ones((4, 3)))

    def f(x, k):
        J = np.sum(np.tanh(w @ x) ** 2) * k
        w.zero_grad()
        J.backward()
        w.data = w.data - 0.01 * w.grad
        return {"J": J, "A": np.tanh(w @ x)}

    step = compiled(f)
    x = np.ones((3, 5))
    for _ in range(10):
        step(x, 0.5)
    before = len(gc.get_objects())
    for _ in range(10_000):
        step(x, 0.5)
    assert len(gc.get_objects()) <= before + 20


def test_the_function_is_freed(no_gc):
    """A compiled function that is dropped takes its arrays with it."""
    big = np.ones(1000)
    held = weakref.ref(big)
    step = compiled(lambda x, b=big: x * np.sum(b))
    del big
    for _ in range(3):
        step(X)
    del step
    gc.collect()
    assert held() is None
