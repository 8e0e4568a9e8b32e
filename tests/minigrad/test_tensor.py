"""Tensor: what it takes in, what it keeps, what `backward` leaves in its gradients."""

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from strategies import arrays, programs

import minigrad as mg

# Construction -------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [5, True, np.int8(5), np.uint16(3), [1, 2], np.array([True])])
def test_whole_numbers_become_float64(value):
    """tensor(5) is the lecture's a = 5: a real variable."""
    x = mg.tensor(value)
    assert x.dtype == np.float64
    np.testing.assert_array_equal(x.data, np.asarray(value, float))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.complex64, complex])
@pytest.mark.parametrize("shape", [(), (3,), (0, 2)])
def test_floating_and_complex_dtypes_are_kept(dtype, shape):
    """The variable has the dtype it was given, and so has its gradient."""
    x = mg.tensor(np.ones(shape, dtype))
    x.backward(np.ones(shape))
    assert x.dtype == x.grad.dtype == dtype
    assert x.shape == x.grad.shape == shape


def test_a_dtype_can_be_asked_for():
    """dtype= converts, from integers too; complex numbers do not fit into real ones."""
    assert mg.tensor([1, 2], dtype=np.float32).dtype == np.float32
    assert mg.tensor(1.5, dtype=complex).dtype == complex
    with pytest.raises(mg.DTypeError, match=r"float64 cannot hold the complex values; use .real"):
        mg.tensor(1j, dtype=float)


def test_another_byte_order_becomes_the_machines():
    """An array read from a file of the other byte order is converted once."""
    assert mg.tensor(np.ones(2, ">f8")).dtype.isnative


@given(x=hnp.arrays(np.float64, hnp.array_shapes(min_dims=0), elements=st.floats(-1, 1)))
def test_the_value_is_copied(x):
    """Later writes to the caller's array change nothing."""
    before = x.copy()
    t = mg.tensor(x)
    x[...] = 7
    np.testing.assert_array_equal(t.data, before)


def test_attributes_are_numpys():
    """shape, ndim, size, dtype, T, len and item say what they say of an array."""
    x = np.arange(6.0).reshape(2, 3)
    t = mg.tensor(x, name="W")
    assert (t.shape, t.ndim, t.size, t.dtype, len(t)) == ((2, 3), 2, 6, x.dtype, 2)
    np.testing.assert_array_equal(t.T.data, x.T)
    assert (t.name, mg.tensor([[4.0]]).item()) == ("W", 4.0)
    assert type(mg.tensor(4).item()) is float


REFUSED = {
    "string": ("5", mg.DTypeError, "tensor: got str of dtype <U1"),
    "bytes": (b"5", mg.DTypeError, "tensor: got bytes"),
    "strings": (["a", "b"], mg.DTypeError, "tensor: got list of dtype <U1"),
    "none": (None, mg.DTypeError, "tensor: got NoneType of dtype object"),
    "objects": (np.array([1, None]), mg.DTypeError, "tensor: got ndarray of dtype object"),
    "set": ({1, 2}, mg.DTypeError, "tensor: got set of dtype object"),
    "date": (np.datetime64("2020-01-01"), mg.DTypeError, "tensor: got datetime64"),
    "duration": (np.timedelta64(1, "s"), mg.DTypeError, "tensor: got timedelta64"),
    "records": (np.zeros(2, [("a", float)]), mg.DTypeError, "tensor: got ndarray of dtype"),
    "masked": (np.ma.array([1.0, 2.0], mask=[0, 1]), mg.DTypeError, "tensor: got a masked array"),
    "ragged": ([[1, 2], [3]], mg.ShapeError, "tensor: got rows of different lengths"),
    "tensor": (mg.tensor(1.0), mg.DTypeError, r"tensor: got a Tensor; .*minigrad.tensor\(x.data\)"),
    "tensors": ([mg.tensor(1.0)], mg.DTypeError, "np.stack for an array of Tensors"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_array_of_numbers_is_refused(kind):
    """One clear error: what came, what was expected; nothing is guessed or dropped."""
    value, error, message = REFUSED[kind]
    with pytest.raises(error, match=message):
        mg.tensor(value)


def test_a_dtype_that_cannot_vary_is_refused():
    """There are no derivatives by integers."""
    with pytest.raises(mg.DTypeError, match=r"to keep as int64; expected .* float or complex"):
        mg.tensor(2, dtype=int)


def test_errors_are_also_pythons():
    """ShapeError is a ValueError and DTypeError a TypeError, as NumPy's are."""
    assert issubclass(mg.ShapeError, ValueError)
    assert issubclass(mg.DTypeError, TypeError)
    assert issubclass(mg.NoRuleError, TypeError)
    assert issubclass(mg.IndexingError, IndexError)


# Values and assignment ----------------------------------------------------------------------------


@pytest.mark.parametrize("value", [2.0, [1.0, 2.0]])
def test_data_cannot_be_written(value):
    """The graph needs the value it was computed from."""
    x = mg.tensor(value)
    for array in (x.data, (x * 2).data):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    with pytest.raises(ValueError, match="read-only"):
        x.data -= 1.0


def test_assigning_data_copies():
    """W.data = array: the leaf keeps its own copy."""
    x, new = mg.tensor([1.0, 2.0]), np.array([5.0, 6.0])
    x.data = new
    new[:] = 0
    assert x.data.tolist() == [5, 6]
    x.data = x.data - 1
    assert x.data.tolist() == [4, 5]


def test_assigning_data_takes_whole_numbers():
    """An array of integers fits a real variable."""
    x = mg.tensor([1.0, 2.0])
    x.data = np.array([5, 6])
    assert x.dtype == np.float64


def test_assigning_data_must_fit():
    """Same shape, same dtype, leaves only; the message names the tensor by its name."""
    W = mg.tensor([1.0, 2.0], dtype=np.float32, name="W")
    with pytest.raises(mg.ShapeError, match=r"data of tensor 'W': got shape \(3,\); expected \(2,"):
        W.data = np.ones(3)
    with pytest.raises(mg.DTypeError, match="data of tensor 'W': got dtype float64; expected floa"):
        W.data = np.ones(2)
    with pytest.raises(mg.DTypeError, match=r"data of tensor 'W': got a Tensor; .*use its .data"):
        W.data = mg.tensor([1.0, 2.0])
    with pytest.raises(mg.DTypeError, match=r"computed by multiply; only a leaf"):
        (W * 2).data = np.ones(2)


def test_a_graph_recorded_before_an_assignment_keeps_its_values():
    """y = x³ recorded at x = 2 has the slope 12 there, whatever x is assigned afterwards."""
    x = mg.tensor(2.0)
    y = x * x * x
    x.data = 10.0
    y.backward()
    assert (y.item(), float(x.grad)) == (8.0, 12.0)


def test_second_derivatives_across_an_assignment():
    """A pullback taken before an assignment differentiates twice at the old value: 6x at 2."""
    x = mg.tensor(2.0)
    _, pullback = mg.vjp(lambda v: v**3, x)
    x.data = 10.0
    (first,) = pullback(1.0)
    assert first.item() == 12.0
    first.backward()
    assert float(x.grad) == 12.0


def test_second_derivatives_by_a_closed_over_leaf_across_an_assignment():
    """The same for a leaf that the function closes over: d/dx (x w w) by w at the old w."""
    w = mg.tensor(3.0)
    _, pullback = mg.vjp(lambda x: x * w * w, 5.0)
    w.data = 100.0
    (slope,) = pullback(1.0)
    assert slope.item() == 9.0
    slope.backward()
    assert float(w.grad) == 6.0


@given(x=arrays((3,)))
def test_descend_is_a_subtraction(x):
    """W := W - step, in W's dtype."""
    for dtype in (np.float64, np.float32):
        W = mg.tensor(x, dtype=dtype)
        before = W.data.copy()
        W.descend(0.5 * np.ones(3, dtype))
        np.testing.assert_array_equal(W.data, before - dtype(0.5))
        assert W.dtype == dtype


HOLDERS = {
    "its data": lambda W: W.data,
    "a slice of its data": lambda W: W.data[:1],
    "a node computed from it": lambda W: W * 2,
    "a rearrangement": lambda W: W.reshape(2, 1),
    "the data of a rearrangement": lambda W: W.reshape(2, 1).data,
    "a node further on": lambda W: (W * 1.0).sum(),
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_descend_changes_no_array_that_someone_holds(holder):
    """In place only where nobody can see it: neither views nor graphs change."""
    W = mg.tensor([1.0, 2.0])
    held = HOLDERS[holder](W)
    before = np.array(held.data if isinstance(held, mg.Tensor) else held)
    W.descend(np.ones(2))
    after = held.data if isinstance(held, mg.Tensor) else held
    np.testing.assert_array_equal(after, before)
    assert W.data.tolist() == [0, 1]


def test_descend_with_a_graph_alive_keeps_its_derivative():
    """A graph recorded before the step differentiates at its own values."""
    W = mg.tensor([1.0, 2.0])
    J = (W**2).sum()
    W.descend(np.ones(2))
    J.backward()
    assert W.grad.tolist() == [2, 4]


def test_descend_in_place_when_nobody_looks():
    """A large unshared array is not allocated anew at each step."""
    W = mg.tensor(np.ones(1000))
    before = W.data.ctypes.data
    W.descend(np.ones(1000))
    assert W.data.ctypes.data == before


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("shape", [(), (2,)])
def test_descend_keeps_the_dtype(held, shape):
    """A float64 step leaves a float32 parameter float32, in place or not."""
    W = mg.tensor(np.ones(shape, np.float32))
    keep = W.data if held else None
    W.descend(np.full(shape, 0.25))
    assert W.dtype == np.float32
    assert (W.data == 0.75).all()
    assert keep is None or (keep == 1).all()


def test_descend_must_fit():
    """The step has the leaf's shape, and only a leaf descends."""
    W = mg.tensor([1.0, 2.0], name="W")
    with pytest.raises(mg.ShapeError, match=r"step of tensor 'W': got shape \(3,\)"):
        W.descend(np.ones(3))
    with pytest.raises(mg.DTypeError, match="computed by multiply; only a leaf"):
        (W * 2).descend(np.ones(2))


def test_plus_equals_rebinds():
    """x += 1 makes a new node; the old one, held elsewhere, stays what it was."""
    x = old = mg.tensor(1.0)
    x += 1
    x *= 3
    assert (x.item(), old.item()) == (6.0, 1.0)
    x.backward()
    assert float(old.grad) == 3.0


def test_copies_are_independent():
    """A deep copy of a leaf has its value and takes its own gradients."""
    x = mg.tensor([1.0, 2.0], name="x")
    y = copy.deepcopy(x)
    (x * y).sum().backward()
    y.descend(np.ones(2))
    assert (x.data.tolist(), y.data.tolist(), y.name) == ([1, 2], [0, 1], "x")
    assert (x.grad.tolist(), y.grad.tolist()) == ([1, 2], [1, 2])


# Gradients ----------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    ("output", "seed", "error", "message"),
    [
        (lambda x: x, None, mg.ShapeError, r"backward: the tensor has shape \(2,\), not a single "),
        (lambda x: x, [1, 2, 3], mg.ShapeError, r"backward: seed: got shape \(3,\); expected \(2,"),
        (lambda x: x, ["a", "b"], mg.DTypeError, "backward: seed: got dtype <U1"),
        (
            lambda x: x,
            [1j, 2j],
            mg.DTypeError,
            "backward: seed: got dtype complex128; expected flo",
        ),
        (lambda x: x, mg.tensor([1, 2]), mg.DTypeError, "backward: seed: got a Tensor"),
        (lambda x: x > 1, None, mg.DTypeError, "dtype bool; expected a real output"),
        (lambda x: (x > 1).sum(), None, mg.DTypeError, "dtype int64; expected a real output"),
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


# Names --------------------------------------------------------------------------------------------


def test_name_returns_the_node():
    """u = name(b * c, "u") names within an expression."""
    u = mg.tensor(1.0) * 2
    assert mg.name(u, "u") is u
    assert u.name == "u"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mg.name(u=3), "name: u is int; only a Tensor can be named"),
        (lambda: mg.name(3, "u"), "name: u is int; only a Tensor can be named"),
        (lambda: mg.name(mg.tensor(1.0)), r"name: got None as the name; expected a string"),
    ],
)
def test_naming_what_cannot_be_named(call, message):
    """Numbers have no name, and a name is a string."""
    with pytest.raises(mg.DTypeError, match=message):
        call()


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
