"""Reductions: ties, every way to say the axis, and nothing to reduce."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import assert_close
from strategies import arrays

import minigrad as mg

AXES = [None, 0, 1, -1, -3, (0,), (0, 2), (-1, 0), (0, 1, 2), ()]
FUNCTIONS = [np.sum, np.mean, np.max, np.min]


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("keepdims", [False, True])
def test_every_axis_with_and_without_keepdims(f, axis, keepdims):
    """Value and gradient are those of the same reduction written as a loop over the groups."""
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    t = mg.tensor(x)
    y = f(t, axis=axis, keepdims=keepdims)
    np.testing.assert_array_equal(y.data, f(x, axis=axis, keepdims=keepdims))

    seed = np.random.default_rng(1).normal(size=y.shape)
    y.backward(seed)
    step = 1e-6  # linear but for the kinks, which are far away
    wanted = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += step
        down[place] -= step
        difference = f(up, axis=axis, keepdims=keepdims) - f(down, axis=axis, keepdims=keepdims)
        wanted[place] = np.sum(seed * difference) / (2 * step)
    assert_close(t.grad, wanted, 1e-8)


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_methods_are_the_functions(f):
    """x.sum(1), x.sum(axis=1) and np.sum(x, 1) are the same."""
    x = mg.tensor(np.arange(6.0).reshape(2, 3))
    method = getattr(x, f.__name__.removeprefix("a"))
    for y in (method(1), method(axis=1), method(axis=(1,), keepdims=False), f(x, 1)):
        np.testing.assert_array_equal(y.data, f(x.data, axis=1))


@pytest.mark.parametrize("f", [np.max, np.min], ids=lambda f: f.__name__)
def test_elements_that_tie_share(f):
    """Equal extremes share the cotangent equally, group by group."""
    x = np.array([[1.0, 1.0, 1.0], [5.0, 2.0, 5.0], [2.0, 5.0, 2.0]])
    gradient = mg.grad(lambda x: np.sum(f(x, axis=1) * np.array([3.0, 10.0, 10.0])))(x)
    lone, pair = [0, 10, 0], [5, 0, 5]
    rows = [pair, lone] if f is np.max else [lone, pair]
    assert gradient.tolist() == [[1, 1, 1], *rows]


@given(x=arrays((3, 4)), axis=st.sampled_from([None, 0, 1]))
def test_shared_ties_sum_to_the_cotangent(x, axis):
    """However many elements tie, together they receive what came: max shifts with its inputs."""
    x = np.round(x)  # many ties
    gradient = mg.grad(lambda x: np.sum(np.max(x, axis=axis)))(x)
    np.testing.assert_allclose(np.sum(gradient, axis=axis), np.ones_like(np.max(x, axis=axis)))
    assert (gradient[x < np.max(x, axis=axis, keepdims=True)] == 0).all()


@pytest.mark.parametrize("axis", [0, -1, None])
@pytest.mark.parametrize("f", [np.sum, np.max, np.min], ids=lambda f: f.__name__)
def test_a_scalar_reduces_to_itself(f, axis):
    """NumPy lets a 0-d array be reduced along axis 0 or -1; the derivative is 1."""
    value, slope = mg.value_and_grad(lambda x: f(x, axis=axis) * 2)(3.0)
    assert (float(value), float(slope)) == (6.0, 2.0)


def test_sum_of_nothing():
    """An empty array sums to 0 and has an empty gradient of its shape."""
    value, gradient = mg.value_and_grad(np.sum)(np.zeros((0, 3)))
    assert (float(value), gradient.shape) == (0.0, (0, 3))


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_reducing_empty_rows_to_nothing(f):
    """No rows, three columns, reduced along the columns: no results, an empty gradient."""
    gradient = mg.grad(lambda x: np.sum(f(x, axis=1)))(np.zeros((0, 3)))
    assert gradient.shape == (0, 3)


def test_the_maximum_of_nothing_is_an_error():
    """There is no largest of no elements; the message names op and shape."""
    with pytest.raises(mg.ShapeError, match=r"max: \(0,\): zero-size array"):
        mg.tensor(np.zeros(0)).max()


def test_an_axis_that_is_not_there():
    """The message names op, shape and axis."""
    with pytest.raises(mg.ShapeError, match=r"sum: \(3,\): axis 3 is out of bounds"):
        np.sum(mg.tensor(np.zeros(3)), axis=3)


def test_counting_a_mask():
    """The sum and mean of a mask are recorded numbers without a derivative."""
    x = mg.tensor([-1.0, 2.0, 3.0])
    positive = (x > 0).sum()
    assert (int(positive), positive.dtype.kind) == (2, "i")
    (x > 0).mean().backward()
    assert x.grad is None


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"dtype": np.float32}, "dtype"),
        ({"where": np.array([True, False])}, "where"),
        ({"initial": 0}, "initial"),
        ({"out": np.zeros(())}, "out"),
    ],
)
def test_an_unsupported_argument_is_named(arguments, named):
    """An argument of NumPy's that no rule covers is refused by name, never ignored."""
    with pytest.raises(mg.NoRuleError, match=f"sum: argument {named} .* takes a, axis, keepdims"):
        np.sum(mg.tensor([1.0, 2.0]), **arguments)
