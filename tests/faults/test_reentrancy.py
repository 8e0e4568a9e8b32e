"""Re-entrancy: differentiating while differentiating."""

import numpy as np
import pytest

import minigrad as mg


def test_grad_in_a_primitive():
    """grad inside a primitive's own code: it differentiates there and then; the outer derivative
    is the primitive's rule."""
    slope = mg.primitive(mg.grad(lambda v: v**3), vjp=lambda g, y, x: g * mg.grad(slope_plain)(x))
    assert mg.grad(slope)(2.0) == 12.0
    assert mg.grad(lambda x: slope(x) * x)(2.0) == 12.0 * 2 + 12.0


def slope_plain(x):
    return 3 * x**2


def test_grad_in_a_function_of_grad():
    """grad in the function of a grad: the exact second derivative, no perturbation confusion."""
    f = mg.grad(lambda x: x * mg.grad(lambda y: x + y)(1.0))
    assert f(5.0) == 1.0
    assert mg.grad(lambda x: mg.grad(lambda y: x * y * y)(3.0))(5.0) == 6.0


def test_backward_in_a_rule():
    """backward() of another graph inside a rule: both add what they should to .grad."""
    w = mg.tensor(3.0)

    def vjp(g, y, x):
        (w * w).backward()
        return g * 2

    twice = mg.primitive(lambda x: 2 * x, vjp=vjp)
    x = mg.tensor(1.0)
    (twice(x) * w).backward()
    assert (float(x.grad), float(w.grad)) == (6.0, 6.0 + 2.0)


def test_backward_of_the_same_graph_in_a_rule():
    """backward() of the very graph that is being swept: it runs out of stack as any endless
    recursion does, and .grad stays as it was."""
    x = mg.tensor(1.0)
    endless = mg.primitive(lambda v: v + 0.0, vjp=lambda g, y, v: J.backward() or g)
    J = endless(x) * 2
    with pytest.raises(RecursionError):
        J.backward()
    assert x.grad is None


def test_sweep_in_no_grad():
    """backward() and grad inside no_grad: they differentiate what was recorded."""
    x = mg.tensor(2.0)
    y = x * x
    with mg.no_grad():
        y.backward()
        assert mg.grad(lambda v: v**3)(2.0) == 12.0
    assert x.grad == 4.0


def test_compiled_in_grad():
    """A compiled function inside grad, grad inside a compiled one, compiled in compiled: the
    derivative of the function itself."""
    f = mg.compile(lambda x: (x * x).sum(), backend="numpy")
    g = mg.compile(lambda x: mg.grad(f)(x) * f(x), backend="numpy")
    for _ in range(3):
        np.testing.assert_array_equal(mg.grad(f)(np.ones(2)), [2, 2])
        np.testing.assert_array_equal(g(np.ones(2)), [4, 4])


def test_assigning_in_between():
    """A leaf assigned between forward and backward, and inside a rule: the graph differentiates at
    the values it was computed from."""
    x = mg.tensor(2.0)

    def vjp(g, y, v):
        x.data = 100.0
        return g * 3

    y = mg.primitive(lambda v: 3 * v, vjp=vjp)(x) * x
    x.data = 10.0
    y.backward()
    assert (y.item(), float(x.grad), float(x.data)) == (12.0, 6.0 + 6.0, 100.0)


def test_generator_closed_early():
    """A sweep that is not finished: nothing was added, and what it held is freed."""
    from minigrad.sweep import sweep

    x = mg.tensor(2.0)
    y = x * x
    walk = sweep({y: np.float64(1)})
    assert next(walk)[0] is y
    walk.close()
    assert x.grad is None
    y.backward()
    assert x.grad == 4.0
