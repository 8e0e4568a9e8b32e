"""Numbers at the edge of their dtype."""

import numpy as np
import pytest

import minigrad as mg

TINY = np.nextafter(0.0, 1.0)  # the smallest subnormal
EDGES = [
    np.nan,
    np.inf,
    -np.inf,
    0.0,
    -0.0,
    TINY,
    -TINY,
    2.2e-308,
    1.6e308,
    -1e308,
    1.0,
    -3.5,
]
UNARY = [np.negative, np.abs, np.exp, np.tanh, np.sin, np.sqrt, np.log, np.square, np.reciprocal,
         np.sign, np.floor, np.arctan, np.expm1, np.log1p]  # fmt: skip
BINARY = [np.add, np.subtract, np.multiply, np.divide, np.power, np.maximum, np.minimum, np.hypot,
          np.arctan2, np.fmax, np.copysign, np.remainder]  # fmt: skip


def bits(x):
    """The bits of an array, one pattern for every nan."""
    x = np.where(np.isnan(x), np.nan, x)
    return x.view(f"u{x.dtype.itemsize}").tolist()


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("f", UNARY, ids=lambda f: f.__name__)
def test_unary(f, dtype):
    """NaN, infinities, subnormals and −0.0 through functions of one array: NumPy's result, bit for
    bit."""
    with np.errstate(all="ignore"):
        x = np.array(EDGES).astype(dtype)
        y = f(mg.tensor(x))
        assert bits(y.data) == bits(f(x))


@pytest.mark.parametrize("f", BINARY, ids=lambda f: f.__name__)
def test_binary(f):
    """The same through functions of two arrays, each with each, in the operators as well: NumPy's
    result, bit for bit."""
    a, b = (m.ravel() for m in np.meshgrid(EDGES, EDGES))
    with np.errstate(all="ignore"):
        want = bits(f(a, b))
        for x, y in ((mg.tensor(a), mg.tensor(b)), (mg.tensor(a), b), (a, mg.tensor(b))):
            assert bits(f(x, y).data) == want


def test_gradients_of_nan():
    """A NaN in one element: it stays in the derivatives by that element."""
    x = mg.tensor([1.0, np.nan, 2.0])
    (x * x).sum().backward()
    assert bits(x.grad) == bits(np.array([2.0, np.nan, 4.0]))


def test_signed_zero():
    """−0.0 as a derivative: kept, and 1/x of it is −∞."""
    x = mg.tensor([0.0, -0.0])
    (x * -0.0).sum().backward()
    assert np.signbit(x.grad).tolist() == [True, True]
    with np.errstate(divide="ignore"):
        assert (1 / x).data.tolist() == [np.inf, -np.inf]


def test_subnormal():
    """Subnormal values and cotangents: not flushed to zero."""
    x = mg.tensor([TINY, 1e-310])
    (x * 1.0).backward(np.array([TINY, 3e-320]))
    assert x.grad.tolist() == [TINY, 3e-320]
    assert (x + 0.0).data.tolist() == [TINY, 1e-310]


@pytest.mark.parametrize("value", [2**62, 2**63 - 1, -(2**63), 2**64 - 1, 10**30, True])
def test_integer(value):
    """Integers up to and beyond 64 bits as variables: float64, as accurate as that is; no
    wrapping."""
    if abs(value) < 2**64:
        x = mg.tensor(value)
        assert (x.dtype, x.item()) == (np.float64, float(value))
        assert (x * 4).item() == float(value) * 4
        assert mg.grad(lambda v: v * v)(value) == 2 * float(value)
    else:
        with np.errstate(all="ignore"):
            assert mg.tensor(float(value)).item() == float(value)
            assert (mg.tensor(1.0) * value).item() == float(value)


@pytest.mark.parametrize("dtype", ["i1", "u1", "i4", "u8"])
def test_integer_array(dtype):
    """Arrays of small integers at their limits as variables: float64, where NumPy's own arithmetic
    would wrap."""
    top = np.iinfo(dtype).max
    x = mg.tensor(np.array([top, 1], dtype))
    assert (x + x).data.tolist() == [2.0 * top, 2.0]
    assert (x * np.array([2, 2], dtype)).data.tolist() == [2.0 * top, 2.0]


@pytest.mark.parametrize("dtype", ["f2", "f4"])
def test_overflow(dtype):
    """A number beyond a small dtype: infinity, as in NumPy, and debug() says so."""
    x = mg.tensor(np.array([np.finfo(dtype).max]), dtype=dtype)
    with np.errstate(over="ignore"):
        assert (x * dtype_of(dtype)(2)).data.tolist() == [np.inf]
    with pytest.raises(mg.NonFiniteError, match="multiply made inf"), mg.debug():
        x * dtype_of(dtype)(2)


def dtype_of(dtype):
    return np.dtype(dtype).type


def test_numpy_raises():
    """np.errstate(all="raise"): NumPy's FloatingPointError passes, forward and backward; .grad
    stays."""
    x = mg.tensor(0.0)
    y = np.sqrt(x)
    with np.errstate(all="raise"):
        with pytest.raises(FloatingPointError):
            np.log(x)
        with pytest.raises(FloatingPointError):
            y.backward()
    assert x.grad is None
