"""Exceptions and interrupts in the middle of something."""

import sys

import numpy as np
import pytest

import minigrad as mg
from minigrad.tensor import Tensor

KINDS = [RuntimeError, ValueError, MemoryError, KeyboardInterrupt, RecursionError]


def raising(kind):
    def f(*_given):
        raise kind("on purpose")

    return f


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def kind(request):
    return request.param


def two_leaves():
    """a, b with gradients 3 and 2 from before, and a named node without one."""
    a, b = mg.tensor(2.0, name="a"), mg.tensor(3.0, name="b")
    (a * b).backward()
    return a, b, mg.name(a * b, "u")


def test_rule(kind):
    """An exception in a derivative rule: it passes as it is; every .grad stays as it was, and the
    next sweep works."""
    a, b, u = two_leaves()
    broken = mg.primitive(lambda x: x + 0.0, vjp=raising(kind))
    J = u + broken(a)
    for _ in range(2):
        with pytest.raises(kind, match="on purpose"):
            J.backward()
        assert (float(a.grad), float(b.grad), u.grad) == (3.0, 2.0, None)
    u.backward()
    assert (float(a.grad), float(b.grad), float(u.grad)) == (6.0, 4.0, 1.0)


def test_recorded_rule(kind):
    """An exception in a rule while a second derivative is recorded: it passes; the functions work
    again afterwards."""
    fail = [True]

    def vjp(g, y, x):
        if fail:
            raise kind("on purpose")
        return g * 2 * x

    square = mg.primitive(lambda x: x * x, vjp=vjp)
    second = mg.grad(mg.grad(square))
    with pytest.raises(kind, match="on purpose"):
        second(3.0)
    fail.clear()
    assert second(3.0) == 2.0


def test_primitive(kind):
    """An exception in a primitive's own code: it passes, a ValueError as a ShapeError with its
    name; nothing is recorded."""
    broken = mg.primitive(raising(kind), vjp=lambda g, y, x: g)
    x = mg.tensor(1.0)
    with pytest.raises(kind, match="on purpose") as info:
        broken(x)
    assert kind is not ValueError or str(info.value) == "f: (): on purpose"
    x.backward()
    assert x.grad == 1.0


def test_function(kind):
    """An exception in the function that grad differentiates: it passes; recording, no_grad and
    debug are as before."""
    x = mg.tensor(1.0)
    for context in (mg.no_grad, mg.debug):
        with pytest.raises(kind, match="on purpose"), context():
            mg.grad(raising(kind))(1.0)
        y = x * 2
        assert y.op is not None
        assert not hasattr(y, "notes")


def test_trace(kind):
    """An exception while compile records: it passes; no trace stays behind, what the function had
    assigned before stays assigned, and a later call records anew."""
    W, fail = mg.tensor(1.0), [True]

    @mg.compile
    def step(x):
        W.data = W.data + x
        if fail:
            raise kind("on purpose")
        return W * x

    with pytest.raises(kind, match="on purpose"):
        step(2.0)
    assert type(W._value) is not Tensor
    assert W.data == 3.0
    assert float(W) == 3.0  # refused within a trace
    fail.clear()
    assert [float(step(1.0)) for _ in range(3)] == [4.0, 5.0, 6.0]


def test_context(kind):
    """An exception in a block of no_grad or debug: the block ends."""
    for context in (mg.no_grad, mg.debug):
        with pytest.raises(kind), context():
            raise kind
    assert (mg.tensor(1.0) * 2).op is not None


def test_interrupt_anywhere():
    """Control-C at any line of backward(): every .grad is as before, or every one is new."""
    W = [mg.tensor(np.full(2, k + 1.0)) for k in range(3)]
    seen = set()
    for at in range(10_000):
        J = (W[0] * W[1] * W[2]).sum()
        for w in W:
            w.grad = np.ones(2)
        before = [w.grad.tolist() for w in W]
        if not interrupted(at, J.backward):
            break
        after = [w.grad.tolist() for w in W]
        changed = [a != b for a, b in zip(after, before, strict=True)]
        assert len(set(changed)) == 1, f"interrupted at event {at}"
        seen.add(changed[0])
    assert 100 < at < 10_000
    assert seen == {False, True}  # the last lines come after the change


def interrupted(at, f):
    """Whether f was still running at the at-th instruction of ours, and was interrupted there."""
    left = at

    def trace(frame, event, arg):
        nonlocal left
        frame.f_trace_opcodes = True
        if "minigrad" not in frame.f_code.co_filename:
            return None
        if event == "opcode":
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys._getframe().f_trace_opcodes = True  # without it CPython 3.12.1 tells of no opcodes
    sys.settrace(trace)
    try:
        f()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


def test_out_of_memory():
    """NumPy cannot allocate a result, forward or backward: its MemoryError passes, .grad stays."""
    x, n = mg.tensor(np.ones((2, 1))), 2**57
    huge = np.broadcast_to(np.ones(()), (1, n))
    with pytest.raises(MemoryError):
        x * huge
    needy = mg.primitive(lambda x: x + 0.0, vjp=lambda g, y, x: np.empty((2, n)))
    y = needy(x) + x
    with pytest.raises(MemoryError):
        y.sum().backward()
    assert x.grad is None
    (x * 2).sum().backward()
    assert x.grad.tolist() == [[2], [2]]
