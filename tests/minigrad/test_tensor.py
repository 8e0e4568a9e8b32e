"""Tensor: what it takes in, what it refuses, and what it is called."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

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


@pytest.mark.parametrize(
    ("dtype", "message"),
    [
        ("f7", "tensor: data type 'f7' not understood; expected a dtype, such as float"),
        (str, "tensor: got dtype <U0; expected one of numbers, such as float"),
        (int, r"tensor: got list of dtype float64, to keep as int64; expected .* kept as float"),
    ],
)
def test_what_is_no_dtype_of_variables(dtype, message):
    """The message says what came and what to write."""
    with pytest.raises(mg.DTypeError, match=message):
        mg.tensor([1.5], dtype=dtype)


def test_dtype_and_name_are_keywords():
    """tensor(2, float) is a TypeError: what the number means would have to be remembered."""
    with pytest.raises(TypeError, match="positional"):
        mg.tensor(2, float)


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
        (lambda: mg.tensor(1.0, name=5), "tensor: got 5 as the name; expected a string"),
        (lambda: mg.name(mg.tensor(1.0)), r"name: got None as the name; expected a string"),
    ],
)
def test_naming_what_cannot_be_named(call, message):
    """Numbers have no name, and a name is a string."""
    with pytest.raises(mg.DTypeError, match=message):
        call()


# Descending ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "step"), [(2.0, 0.5), (2.0, 1), ([3.0, 2.0], [1, 0.5])])
def test_a_step_is_anything_that_fits(value, step):
    """Numbers and lists too, whole ones among them."""
    W = mg.tensor(value)
    W.descend(step)
    assert W.data.tolist() == (np.asarray(value) - step).tolist()


def test_a_step_that_is_none():
    """A Tensor would carry its history into the leaf; what was computed cannot be assigned."""
    W = mg.tensor([1.0, 2.0], name="W")
    with pytest.raises(mg.DTypeError, match=r"step of tensor 'W': got a Tensor; .* use its \.data"):
        W.descend(mg.tensor([1.0, 2.0]))
    for step in (np.ones(1), np.ones(3), np.ones((1, 2)), 1.0):
        with pytest.raises(
            mg.ShapeError, match=r"step of tensor 'W': got shape \(.*; expected \(2,"
        ):
            W.descend(step)
    for _holder in (None, W.data):  # in place or not, nothing is dropped
        with pytest.raises(
            mg.DTypeError, match="step of tensor 'W': got dtype complex128; expected"
        ):
            W.descend(np.array([1j, 2]))
    for computed, by in ((W * 2, "multiply"), (np.tanh(W), "tanh")):
        with pytest.raises(mg.DTypeError, match=rf"^descend\(\): the tensor was computed by {by}"):
            computed.descend(np.ones(2))
    assert W.data.tolist() == [1, 2]


def test_a_traced_step_is_the_same_step():
    """A compiled function that descends assigns what the function itself would have."""
    W = mg.tensor([1.0, 2.0])

    def step(g):
        W.descend(g * 2)
        return W * 1

    compiled = mg.compile(step, backend="numpy")
    for k in range(1, 4):
        assert compiled(np.array([1.0, 10.0])).tolist() == [1 - 2 * k, 2 - 20 * k]
        assert W.data.tolist() == [1 - 2 * k, 2 - 20 * k]
