"""Arrays of every layout, subclass and origin."""

import numpy as np
import pytest

import minigrad as mg

PLAIN = np.arange(1.0, 13.0).reshape(3, 4) / 7


def memory_mapped(path):
    file = path / "array.bin"
    PLAIN.tofile(file)
    return np.memmap(file, PLAIN.dtype, "r", shape=PLAIN.shape)


def read_only(_path):
    x = PLAIN.copy()
    x.flags.writeable = False
    return x


def unaligned(_path):
    raw = np.zeros(PLAIN.nbytes + 1, np.uint8)[1:]
    x = raw.view(PLAIN.dtype).reshape(PLAIN.shape)
    x[:] = PLAIN
    assert not x.flags.aligned
    return x


class Sub(np.ndarray):
    """A subclass without meaning of its own."""


LAYOUTS = {
    "read-only": read_only,
    "Fortran order": lambda _: np.asfortranarray(PLAIN),
    "transposed": lambda _: PLAIN.T.copy().T,
    "strided": lambda _: np.repeat(np.repeat(PLAIN, 2, 0), 3, 1)[::2, ::3],
    "negative strides": lambda _: PLAIN[::-1, ::-1].copy()[::-1, ::-1],
    "memory-mapped": memory_mapped,
    "byte-swapped": lambda _: PLAIN.astype(PLAIN.dtype.newbyteorder()),
    "unaligned": unaligned,
    "a field of a structured array": lambda _: np.rec.fromarrays([PLAIN, PLAIN], names="p,q").p,
    "broadcast": lambda _: np.broadcast_to(PLAIN, (1, 3, 4))[0],
    "a subclass": lambda _: PLAIN.view(Sub),
}


@pytest.fixture(params=LAYOUTS)
def array(request, tmp_path):
    return LAYOUTS[request.param](tmp_path)


def J(x, c):
    return (np.tanh(x * c) @ np.ones((4, 1)) + np.exp(x - c).sum(axis=1, keepdims=True)).sum()


def test_variable(array):
    """As the value of a variable, in grad, second derivatives and debug: the same numbers as a
    plain array, in this machine's byte order."""
    c = np.full((3, 4), 0.5)
    want = mg.grad(J)(PLAIN, c), mg.hvp(lambda x: J(x, c))(PLAIN, PLAIN)
    got = mg.grad(J)(mg.tensor(array).data, c), mg.hvp(lambda x: J(x, c))(array, PLAIN)
    np.testing.assert_allclose(got, want, rtol=1e-15)
    x = mg.tensor(array)
    assert x.dtype.isnative
    assert type(x._value) is np.ndarray
    with mg.debug():
        J(x, c).backward()
    np.testing.assert_allclose(x.grad, want[0], rtol=1e-15)
    assert type(x.grad) is np.ndarray


def test_constant(array):
    """As a constant operand, left and right, compiled too: the same numbers, and it is not
    changed."""
    before = np.array(array)
    x = mg.tensor(PLAIN)
    J(x, PLAIN).backward()
    want = x.grad
    for f in (mg.grad(J), mg.compile(mg.grad(J), backend="numpy")):
        for _ in range(3):
            np.testing.assert_allclose(f(PLAIN, array), want, rtol=1e-14)
    with mg.debug():
        y = array * x
        assert isinstance(y, mg.Tensor)
        y.sum().backward()
    np.testing.assert_array_equal(array, before)


def test_gradient(array):
    """As a seed, a gradient that is assigned, and new data: copied, not kept."""
    x = mg.tensor(np.zeros((3, 4)))
    (x * 2).backward(array)
    np.testing.assert_array_equal(x.grad, 2 * PLAIN)
    x.grad, x.data = array, array
    np.testing.assert_array_equal(x.data, PLAIN)
    x.descend(x.grad)
    assert not x.data.any()
    np.testing.assert_array_equal(array, PLAIN)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", ["i2", "i8", "f4", "c8"])
def test_byte_order(order, dtype):
    """Integers, float32 and complex in either byte order, as variable and as index: right, and
    native."""
    x = np.array([3, 1, 2], order + dtype)
    v = mg.tensor(x)
    assert v.dtype.isnative
    np.testing.assert_array_equal(v.data, x)
    if dtype.startswith("i"):
        picked = mg.tensor([1.0, 2.0, 3.0, 4.0])[x]
        np.testing.assert_array_equal(picked.data, [4, 2, 3])


REFUSED = {
    "structured": np.zeros(3, [("p", float)]),
    "strings": np.array(["1", "2"]),
    "objects": np.array([1, None]),
    "dates": np.array(["2024-01-01"], "datetime64[D]"),
    "durations": np.ones(2, "timedelta64[s]"),
    "masked": np.ma.masked_array([1.0, 2.0], [True, False]),
    "bytes": np.array([b"1"]),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_no_numbers(kind):
    """Structured, string, object, date and masked arrays, as variable or operand: a DTypeError
    that says what came."""
    x = mg.tensor(np.ones(np.shape(REFUSED[kind])))
    for f in (mg.tensor, mg.grad(lambda v: v.sum()), lambda a: x * a, lambda a: np.add(a, x)):
        with pytest.raises(mg.DTypeError, match=r"dtype|masked"):
            f(REFUSED[kind])


@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_matrix():
    """np.matrix, whose * is a product of matrices: taken as an array, elementwise."""
    matrix = np.matrix([[1.0, 2.0], [3.0, 4.0]])
    x = mg.tensor(matrix)
    assert (x * matrix).data.tolist() == [[1, 4], [9, 16]]
    assert (matrix * x).data.tolist() == [[1, 4], [9, 16]]


def test_subclass_that_takes_over():
    """A subclass with an __array_ufunc__ of its own, beside a Tensor: NumPy asks both; a Tensor is
    never taken for its bare array."""

    class Loud(np.ndarray):
        def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
            inputs = [a.view(np.ndarray) if isinstance(a, Loud) else a for a in inputs]
            return getattr(ufunc, method)(*inputs, **kwargs)

    loud, x = np.ones(3).view(Loud), mg.tensor([1.0, 2.0, 3.0])
    for y in (np.multiply(loud, x), np.multiply(x, loud), x * loud):
        assert isinstance(y, mg.Tensor)
        x.zero_grad()
        y.sum().backward()
        assert x.grad.tolist() == [1, 1, 1]


def test_empty():
    """Arrays without elements: sums of 0, gradients without elements."""
    x = mg.tensor(np.zeros((0, 3)))
    with mg.debug():
        y = (np.exp(x) @ np.ones((3, 2))).sum()
        y.backward()
    assert (y.item(), x.grad.shape) == (0.0, (0, 3))


def test_written_operand():
    """An operand written to between forward and backward: without debug() the derivative is at the
    new numbers (as in every NumPy autodiff); within it a MutatedError."""
    c, x = np.array([2.0]), mg.tensor([1.0])
    y = x * c
    c[:] = 5.0
    y.sum().backward()
    assert x.grad.tolist() == [5.0]
    with mg.debug():
        y = x * c
        c[:] = 7.0
        with pytest.raises(mg.MutatedError, match="written to between its use and backward"):
            y.sum().backward()


def test_callers_array():
    """The array a variable was made of, written to afterwards: the variable has a copy."""
    a = np.ones(3)
    x = mg.tensor(a)
    y = (x * x).sum()
    a[:] = 100
    y.backward()
    assert (y.item(), x.grad.tolist()) == (3.0, [2, 2, 2])
