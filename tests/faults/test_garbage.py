"""Garbage and size."""

import contextlib
import sys
import weakref

import numpy as np
import pytest

import minigrad as mg
import nn

X, Y = np.random.default_rng(0).normal(size=(2, 20)), np.ones((1, 20))


def training():
    net = nn.DeepNetwork([2, 1], seed=0)
    optimizer = nn.SGD(net.parameters(), 0.01)

    def step():
        optimizer.zero_grad()
        J = nn.binary_cross_entropy(net(X), Y)
        J.backward()
        optimizer.step()

    return step


def second_derivatives():
    hessian = mg.hessian(lambda w: (w * w * w).sum())
    return lambda: hessian(np.ones(2))


def errors():
    x = mg.tensor(np.ones((2, 3)))
    broken = mg.primitive(lambda v: v * 1.0, vjp=lambda g, y, v: 1 / 0)

    def step():
        for f in (lambda: x @ x, lambda: broken(x).sum().backward()):
            with pytest.raises((mg.ShapeError, ZeroDivisionError)):
                f()

    return step


def scalars():
    x = mg.tensor(1.0)

    def step():
        x.zero_grad()
        (3 * (x + x * x)).backward()

    return step


LOOPS = {
    "a training step": (training, 10_000),
    "a scalar graph": (scalars, 10_000),
    "a Hessian": (second_derivatives, 2_000),
    "errors": (errors, 2_000),
}


@pytest.mark.usefixtures("no_gc")
@pytest.mark.parametrize("loop", LOOPS)
def test_loop(loop):
    """10⁴ steps with the garbage collector off: no more memory after the last than half way."""
    make, n = LOOPS[loop]
    step = make()
    for _ in range(n // 2):  # CPython's free lists fill up
        step()
    before = sys.getallocatedblocks()
    for _ in range(n // 2):
        step()
    assert sys.getallocatedblocks() - before < n // 20


@pytest.mark.usefixtures("no_gc")
def test_loop_with_a_leak():
    """A step that keeps one small object: the count of blocks that the test above looks at shows
    it."""
    kept, step = [], scalars()
    before = sys.getallocatedblocks()
    for _ in range(2_000):
        step()
        kept.append(object())
    assert sys.getallocatedblocks() - before >= 2_000


class Seen(np.ndarray):
    """An array that can be watched being freed."""


@pytest.mark.usefixtures("no_gc")
def test_operand():
    """The operands of a graph that is dropped: freed at once, without the garbage collector."""
    x, c = mg.tensor(1.0), np.ones(3).view(Seen)
    freed = weakref.ref(c)
    y = (x * c).sum()
    y.backward()
    del c
    assert freed() is not None
    del y
    assert freed() is None


@pytest.mark.usefixtures("no_gc")
def test_failed_sweep():
    """The graph of a sweep that failed: freed with its exception."""
    c = np.ones(3).view(Seen)
    freed = weakref.ref(c)
    broken = mg.primitive(lambda v: v * 1.0, vjp=lambda g, y, v: 1 / 0)
    with contextlib.suppress(ZeroDivisionError):
        broken(mg.tensor(1.0) * c).sum().backward()
    del c
    assert freed() is None


def test_long_chain():
    """A chain far longer than Python's stack: built, differentiated twice over, drawn as a graph
    and freed without recursion."""
    n = 5 * sys.getrecursionlimit()
    x = mg.tensor(1.0)
    y = x
    for _ in range(n):
        y = y * 1.0 + 0.0
    y.backward()
    assert x.grad == 1.0
    assert len(mg.graph(y)) == 2 * n + 1
    assert mg.checkpoint(lambda v: chain(v, n))(x).item() == 1.0
    with mg.debug():
        chain(x, n).backward()
    del y


def chain(x, n):
    for _ in range(n):
        x = x * 1.0
    return x


def test_wide_graph():
    """One node with 10⁴ inputs, one variable with 10⁴ uses: exact sums."""
    xs = [mg.tensor(float(k)) for k in range(10_000)]
    np.stack(xs).sum().backward()
    assert {float(x.grad) for x in xs} == {1.0}
    x = mg.tensor(1.0)
    np.stack([x] * 10_000).sum().backward()
    assert x.grad == 10_000
