"""Threads, processes, copies and pickles."""

import copy
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
import nn

ROOT = Path(__file__).parents[2]
THREADS = 8


def at_once(f):
    """f(k) in eight threads that start together; their results."""
    barrier = threading.Barrier(THREADS)

    def run(k):
        barrier.wait()
        return f(k)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def test_threads():
    """Eight threads differentiate functions of their own at once: each gets what it gets alone."""
    x = np.linspace(0.1, 2.0, 50)

    def differentiate(k):
        f = mg.value_and_grad(lambda v: (np.sin(v * k) ** 2 * np.exp(-v)).sum())
        hessian = mg.hessian(lambda v: (v**k).sum())
        for _ in range(20):
            result = f(x), hessian(x[:3])
        return result

    alone = [differentiate(k) for k in range(THREADS)]
    for got, want in zip(at_once(differentiate), alone, strict=True):
        np.testing.assert_equal(got, want)


def test_shared_graph():
    """Eight threads sweep one graph at once, with vjp: the same cotangents for all."""
    x = np.linspace(0.1, 2.0, 50)
    _, pullback = mg.vjp(lambda v: np.tanh(v) * v, x)
    want = pullback(np.ones(50))[0]
    for (got,) in at_once(lambda k: [pullback(np.ones(50)) for _ in range(50)][-1]):
        np.testing.assert_array_equal(got, want)


def test_shared_parameters():
    """Eight threads take steps on the same parameters, each step under a lock: none is lost."""
    W, lock = mg.tensor(np.zeros(3)), threading.Lock()

    def steps(k):
        for _ in range(100):
            with lock:
                W.zero_grad()
                (W * (k + 1.0)).sum().backward()
                W.descend(W.grad)

    at_once(steps)
    assert W.data.tolist() == [-100.0 * sum(range(1, THREADS + 1))] * 3


def test_accumulation():
    """Eight threads call backward() on graphs of their own with a leaf in common, under a
    lock: .grad is the sum of all."""
    x, lock = mg.tensor(1.0), threading.Lock()

    def add(k):
        for _ in range(100):
            y = x * 2.0
            with lock:
                y.backward()

    at_once(add)
    assert x.grad == 2 * 100 * THREADS


def test_contexts_of_threads():
    """no_grad, debug and recording hold for the thread they were entered in: not for others."""
    x = mg.tensor(0.0)

    def enter(k):
        with mg.no_grad() if k % 2 else mg.debug(lint="ignore"):
            for _ in range(50):
                y = np.exp(x)
                assert (y.op is None) == bool(k % 2)
                assert hasattr(y, "notes") == (k % 2 == 0)
        return np.exp(x).op is not None

    assert all(at_once(enter))


def test_compiled_in_threads():
    """Eight threads call one compiled function at once, also for the first time: right results."""
    f = mg.compile(mg.grad(lambda v: (np.sin(v) ** 2).sum()), backend="numpy")
    x = np.linspace(0, 1, 5)
    for got in at_once(lambda k: [f(x + k) for _ in range(20)][-1] - np.sin(2 * (x + k))):
        np.testing.assert_allclose(got, 0, atol=1e-12)


FORK = """
import os, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # CPython 3.12 warns of fork with threads
import numpy as np, minigrad as mg
x = mg.tensor(3.0)
y = x * x
read, write = os.pipe()
child = os.fork()
if not child:
    y.backward()
    os.write(write, repr((float(x.grad), mg.grad(mg.grad(np.sin))(np.pi / 2))).encode())
    os._exit(0)
os.waitpid(child, 0)
print(os.read(read, 100).decode(), x.grad)
y.backward()
print(float(x.grad))
"""


@pytest.mark.skipif(not hasattr(sys, "getswitchinterval") or sys.platform == "win32", reason="fork")
def test_fork():
    """fork() between forward and backward: both go on, each with gradients of its own."""
    done = run_python(FORK)
    assert done.replace("np.float64(-1.0)", "-1.0").split("\n")[:2] == ["(6.0, -1.0) None", "6.0"]


def run_python(code, given=b""):
    run = subprocess.run(
        [sys.executable, "-c", code], input=given, capture_output=True, cwd=ROOT, check=False
    )
    assert run.returncode == 0, run.stderr.decode()
    return run.stdout.decode()


COPIES = {
    "pickle": lambda x: pickle.loads(pickle.dumps(x)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}
copies = pytest.mark.parametrize("duplicate", COPIES.values(), ids=COPIES)


@copies
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "c16"])
@pytest.mark.parametrize("shape", [(), (2, 3), (0,)])
def test_leaf(duplicate, dtype, shape):
    """Copying or pickling a leaf: a variable of its own with the same value, dtype, name and
    gradient, and no history."""
    x = mg.tensor(np.ones(shape, dtype), name="x")
    x.backward(np.ones(shape, dtype))
    y = duplicate(x)
    assert (type(y), y.name, y.dtype, y.shape, y.op) == (mg.Tensor, "x", x.dtype, x.shape, None)
    assert type(y._value) is type(x._value)
    np.testing.assert_array_equal(y.grad, x.grad)
    assert y.serial != x.serial
    y.descend(np.ones(shape, dtype))
    y.zero_grad()
    np.testing.assert_array_equal(x.data, np.ones(shape))
    assert x.grad is not None


def test_two_copies():
    """A leaf and its copies in one expression: each gets its own derivative."""
    x = mg.tensor(3.0)
    y, z = copy.deepcopy(x), copy.copy(x)
    (x * y * z * z).backward()
    assert [float(v.grad) for v in (x, y, z)] == [27.0, 27.0, 54.0]


def test_unpickled_elsewhere():
    """A leaf unpickled in a new process, whose clock is younger: it is older than what uses it, so
    derivatives through closures are right."""
    for _ in range(1000):
        mg.tensor(0.0)
    code = """
import pickle, sys, minigrad as mg
w = pickle.loads(sys.stdin.buffer.read())
inner = mg.grad(lambda x: x * x * w)(2.0)
inner.backward()
print(inner.item(), float(w.grad))
"""
    assert run_python(code, pickle.dumps(mg.tensor(5.0))) == "20.0 4.0\n"


@copies
def test_computed(duplicate):
    """Copying or pickling a computed Tensor: refused, for its history holds functions; the message
    says what can be."""
    J = mg.name(mg.tensor(2.0) * 3, "J")
    with pytest.raises(
        mg.DTypeError,
        match="copying or pickling: tensor 'J' was computed by multiply; only a leaf, made by "
        r"minigrad.tensor\(...\), can be assigned, copied or pickled",
    ):
        duplicate(J)
    assert duplicate(mg.tensor(J.data)).item() == 6.0


@copies
def test_model(duplicate):
    """Copying or pickling a network: the same outputs; a deep copy or a pickle trains alone."""
    net, X = nn.DeepNetwork([2, 3, 1], seed=0), np.ones((2, 4))
    twin = duplicate(net)
    np.testing.assert_array_equal(twin(X).data, net(X).data)
    assert [n for n, _ in twin.named_parameters()] == [n for n, _ in net.named_parameters()]
    if duplicate is not copy.copy:
        twin(X).sum().backward()
        assert all(p.grad is None for p in net.parameters())
        assert not {id(p) for p in twin.parameters()} & {id(p) for p in net.parameters()}


@copies
def test_tied(duplicate):
    """Two places of a model that share a leaf: they share one in the copy, too."""
    w = mg.tensor(2.0)
    a, b = duplicate([w, w])
    assert a is b
    if duplicate is not copy.copy:
        assert a is not w


def double(x):
    """A function that pickle finds by its name."""
    return (x * 2).sum()


@copies
def test_compiled(duplicate):
    """Copying or pickling a compiled function: one that compiles afresh and computes the same."""
    f = mg.compile(double, backend="numpy")
    f(np.ones(3)), f(np.ones(3))
    g = duplicate(f)
    assert [g(np.ones(3)) for _ in range(3)] == [6.0] * 3


def test_graph():
    """Pickling a Graph: refused by pickle, for its rows are functions; deepcopy is a Graph of the
    same program."""
    graph = mg.graph(mg.tensor(2.0, name="x") * 3)
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(graph)
    assert str(copy.deepcopy(graph)) == str(graph)
