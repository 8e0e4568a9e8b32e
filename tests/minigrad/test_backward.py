"""`backward`: which gradients it leaves where, and when recording is off."""

import numpy as np
import pytest
from hypothesis import given
from strategies import programs

import minigrad as mg


def lecture():
    """J = 3(a + bc) at (5, 3, 2), with u = bc and v = a + u named."""
    a, b, c = mg.tensor(5, name="a"), mg.tensor(3, name="b"), mg.tensor(2, name="c")
    u = mg.name(b * c, "u")
    v = a + u
    mg.name(v=v)
    return a, b, c, u, v, 3 * v


def test_the_lectures_example():
    """J = 33 with da = 3, db = 6, dc = 9, du = 3, dv = 3."""
    *nodes, J = lecture()
    J.backward()
    assert J.item() == 33
    assert [float(n.grad) for n in nodes] == [3, 6, 9, 3, 3]


def test_leaves_and_named_nodes_keep_gradients():
    """Naming a node says you care; nameless results keep nothing."""
    a, b, c = mg.tensor(5), mg.tensor(3), mg.tensor(2)
    u = b * c
    J = mg.name(3 * mg.name(a + u, "v"), "J")
    J.backward()
    assert (float(a.grad), u.grad, float(J.inputs[1].grad), float(J.grad)) == (3, None, 3, 1)


def test_before_backward_there_is_no_gradient():
    """None, not zeros; also for what J does not depend on."""
    a, b = mg.tensor(1.0), mg.tensor(1.0)
    assert a.grad is None
    (a * 2).backward()
    assert (float(a.grad), b.grad) == (2.0, None)


@given(program=programs())
def test_backward_twice_adds_exactly(program):
    """The second call doubles every gradient, bit for bit; zero_grad forgets."""
    xs = [mg.tensor(x) for x in program.inputs]
    J = program.run(np, *xs)
    J.backward()
    once = [None if x.grad is None else x.grad.copy() for x in xs]
    J.backward()
    for x, g in zip(xs, once, strict=True):
        assert g is None or np.array_equal(x.grad, g + g)
        x.zero_grad()
        assert x.grad is None


def test_two_graphs_add_into_the_same_leaf():
    """Gradients of several J accumulate, as mini-batches need."""
    x = mg.tensor(3.0)
    (x * 2).backward()
    (x * x).backward()
    assert float(x.grad) == 2 + 6


def test_backward_of_a_leaf():
    """dx/dx = 1."""
    x = mg.tensor([[4.0]])
    x.backward()
    assert x.grad.tolist() == [[1.0]]


def test_a_seed_weighs_the_elements():
    """The seed is the cotangent of the result: gᵀ J; numbers of other real dtypes are taken."""
    x = mg.tensor([1.0, 2.0], dtype=np.float32)
    (x**2).backward([1, 10])
    assert (x.grad.tolist(), x.grad.dtype) == ([2, 40], np.float32)


def shared(how):
    """Leaves and everything else that might share memory with their gradients."""
    x, y = mg.tensor([1.0, 2.0]), mg.tensor([5.0, 6.0])
    seed = np.array([1.0, 1.0])
    if how == "sum":
        (x + y).backward(seed)
    elif how == "rearranged":
        z = mg.name(np.reshape(x, (2, 1)), "z")
        (z + np.reshape(y, (2, 1))).backward(seed.reshape(2, 1))
        return [x, y, z], seed
    elif how == "leaf":
        x.backward(seed)
        y.backward(seed)
    elif how == "twice":
        x.backward(seed)
        (x + y).backward(seed)
    elif how == "sliced":
        np.concatenate([x, y]).backward(np.ones(4))
    elif how == "values":
        f = mg.primitive(lambda a, b: a + b, vjp=(lambda g, y, a, b: a, lambda g, y, a, b: b))
        f(x, y).backward(seed)
    return [x, y], seed


@pytest.mark.parametrize("how", ["sum", "rearranged", "leaf", "twice", "sliced", "values"])
@pytest.mark.usefixtures("rows")
def test_gradients_share_no_memory(how):
    """Writing into one gradient changes no other gradient, no value and not the seed."""
    tensors, seed = shared(how)
    for x in tensors:
        others = [t.grad for t in tensors if t is not x] + [t.data for t in tensors] + [seed]
        before = [a.copy() for a in others]
        x.grad[...] = 99
        for a, b in zip(others, before, strict=True):
            np.testing.assert_array_equal(a, b)
        x.grad[...] = 98


def test_assigning_a_gradient_copies_and_must_fit():
    """Clipping writes x.grad = ...; the caller's array stays the caller's."""
    x, g = mg.tensor([1.0, 2.0], name="x"), np.array([3.0, 4.0])
    x.grad = g
    g[:] = 0
    assert x.grad.tolist() == [3, 4]
    x.grad = None
    assert x.grad is None
    with pytest.raises(mg.ShapeError, match=r"grad of tensor 'x': got shape \(3,\); expected \(2,"):
        x.grad = np.ones(3)
    with pytest.raises(mg.DTypeError, match=r"grad of tensor 'x': got a Tensor; .* use its \.data"):
        x.grad = mg.tensor([1.0, 2.0])


@pytest.mark.parametrize(
    ("output", "seed", "error", "message"),
    [
        (lambda x: x, None, mg.ShapeError, r"backward: the tensor has shape \(2,\), not a single "),
        (lambda x: x[:0], None, mg.ShapeError, r"shape \(0,\), not a single element"),
        (lambda x: x, [1, 2, 3], mg.ShapeError, r"backward: seed: got shape \(3,\); expected \(2,"),
        (lambda x: x, ["a", "b"], mg.DTypeError, "backward: seed: got dtype <U1"),
        (
            lambda x: x,
            [1j, 2j],
            mg.DTypeError,
            "backward: seed: got dtype complex128; expected flo",
        ),
        (lambda x: x, mg.tensor([1, 2]), mg.DTypeError, "backward: seed: got a Tensor"),
        (lambda x: x > 1, None, mg.DTypeError, "dtype bool; expected a real output$"),
        (lambda x: (x > 1).sum(), None, mg.DTypeError, "dtype int64; expected a real output$"),
        (lambda x: (x * 1j).sum(), None, mg.DTypeError, "complex128; .* real output, or a seed"),
    ],
)
def test_backward_from_what_has_no_gradient(output, seed, error, message):
    """A non-scalar without a seed, a seed that does not fit, bools, integers, complex numbers."""
    x = mg.tensor([1.0, 2.0])
    with pytest.raises(error, match=message):
        output(x).backward(seed)
    assert x.grad is None


def test_backward_from_a_non_scalar_says_what_to_do():
    """The next step is in the message."""
    with pytest.raises(mg.ShapeError, match=r"\.sum\(\), or pass a seed of that shape"):
        mg.tensor([1.0, 2.0], name="Z").backward()


# Without recording --------------------------------------------------------------------------------


def test_no_grad_computes_and_does_not_record():
    """Inside, results are leaves with arrays of their own; afterwards recording goes on."""
    x = mg.tensor([1.0, 2.0])
    with mg.no_grad():
        y, turned = np.exp(x) * 3, x.reshape(2, 1)
    assert y.op is None
    assert y.inputs == ()
    turned.descend(np.ones((2, 1)))
    assert x.data.tolist() == [1, 2]
    (x * x).sum().backward()
    assert x.grad.tolist() == [2, 4]


def test_no_grad_ends_with_its_block():
    """Also when the block fails, and blocks nest."""
    x = mg.tensor(2.0)

    def fail():
        with mg.no_grad():
            with mg.no_grad():
                pass
            assert (x * x).op is None
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (x * x).op is not None


def test_transforms_inside_no_grad_still_differentiate():
    """A gradient asked for is computed, not silently zero, to any order."""
    with mg.no_grad():
        assert mg.grad(np.sin)(0.0) == 1
        assert mg.grad(mg.grad(np.sin))(np.pi / 2) == -1
        assert mg.jvp(np.sin, (0.0,), (2.0,))[1] == 2
        assert mg.hessian(lambda x: (x**3).sum())(np.ones(1)).tolist() == [[6]]
        assert mg.vjp(np.sin, 0.0)[1](2.0)[0] == 2


def test_no_grad_inside_a_compiled_function():
    """What is computed there is a constant of the derivative, and new at every call: x · x²."""

    def f(x):
        with mg.no_grad():
            square = x * x
        return (square * x).sum()

    slope = mg.compile(mg.grad(f), backend="numpy")
    for x in (np.array([1.0, 2.0]), np.array([3.0, 4.0]), np.array([5.0, 6.0])):
        assert slope(x).tolist() == mg.grad(f)(x).tolist() == (x * x).tolist()
