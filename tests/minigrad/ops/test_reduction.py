"""Reductions: ties, every way to say the axis, and nothing to reduce."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import assert_close, gradient
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


def test_what_numpy_refuses_is_refused():
    """Two names for one number; no axis to run along."""
    x = mg.tensor(np.ones((2, 3)))
    for call in (np.var, np.std):
        with pytest.raises(ValueError, match="ddof and correction can't be provided"):
            call(x, ddof=1, correction=1)
    if hasattr(np, "cumulative_sum"):  # NumPy 2.1
        for call in (np.cumulative_sum, np.cumulative_prod):
            with pytest.raises(mg.ShapeError, match=r"\(2, 3\): .*axis is required"):
                call(x)


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
    ("f", "arguments", "message"),
    [
        (np.sum, {"out": np.zeros(())}, "sum: .*'out'; a Tensor takes a, axis, keepdims, dtype"),
        (np.var, {"mean": 1.5}, "var: .*'mean'; a Tensor takes a, axis, ddof"),
        (np.cumsum, {"out": np.zeros(2)}, "cumsum: .*'out'; a Tensor takes a, axis, dtype"),
        (np.max, {"where": np.array([True, False])}, "max: where= needs initial="),
        (np.ptp, {"out": np.zeros(())}, "ptp: .*'out'; a Tensor takes a, axis, keepdims"),
    ],
)
def test_an_unsupported_argument_is_named(f, arguments, message):
    """An argument of NumPy's that no rule covers is refused by name, never ignored."""
    with pytest.raises(mg.NoRuleError, match=message):
        f(mg.tensor([1.0, 2.0]), **arguments)


@pytest.mark.parametrize("f", [np.sum, np.mean, np.prod, np.var], ids=lambda f: f.__name__)
def test_dtype_is_that_of_the_result(f):
    """dtype= converts first; the gradient comes back in the variable's own."""
    x = mg.tensor([1.0, 2.0])
    y = f(x, dtype=np.float32)
    assert y.dtype == f(x.data, dtype=np.float32).dtype == np.float32
    y.backward()
    assert x.grad.dtype == float


def test_an_initial_value_takes_part():
    """initial= joins as one more element; where it wins or ties, as in np.maximum."""
    x = mg.tensor([1.0, 3.0])
    assert [float(f(x, initial=3)) for f in (np.sum, np.prod, np.max, np.min)] == [7, 9, 3, 1]
    assert mg.grad(lambda x: np.max(x, initial=3.0))(x.data).tolist() == [0, 0.5]
    assert mg.grad(lambda x: np.max(x, initial=4.0))(x.data).tolist() == [0, 0]
    assert float(np.sum(mg.tensor(np.zeros(0)), initial=2)) == 2


@pytest.mark.parametrize("zeros", [[], [1], [1, 3], [0, 1, 2, 3]])
def test_a_product_with_zeros(zeros):
    """Each partial derivative is the product of the others, and their partials likewise."""
    x = np.array([2.0, 3.0, 5.0, 7.0])
    x[zeros] = 0

    def without(*left_out):
        return np.prod(np.delete(x, left_out))

    assert mg.grad(np.prod)(x).tolist() == [without(i) for i in range(4)]
    wanted = [[without(i, k) if i != k else 0 for k in range(4)] for i in range(4)]
    assert mg.hessian(np.prod)(x).tolist() == wanted
    seed = np.array([1.0, 10.0, 100.0, 1000.0])
    running = [
        sum(seed[k] * np.prod(np.delete(x[: k + 1], i)) for k in range(i, 4)) for i in range(4)
    ]
    assert mg.grad(lambda x: np.sum(seed * np.cumprod(x)))(x).tolist() == running


@pytest.mark.parametrize(
    ("f", "wanted"),
    [(np.max, 2.0), (np.min, 2.0), (np.amax, 2.0), (np.sum, 2.0), (np.prod, 2.0)],
    ids=lambda f: getattr(f, "__name__", ""),
)
def test_nothing_and_an_initial_value(f, wanted):
    """Of no elements the result is the initial value, which gets the cotangent."""
    x, v = mg.tensor(np.zeros((0, 3))), mg.tensor(2.0)
    y = f(x, axis=0, initial=v)
    y.sum().backward()
    assert y.data.tolist() == [wanted] * 3
    assert (x.grad.shape, float(v.grad)) == ((0, 3), 3)
    assert float(f(mg.tensor(np.zeros(0)), initial=2.0)) == wanted


# The methods of ufuncs ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ufunc", "function"),
    [
        (np.add, np.sum), (np.multiply, np.prod), (np.maximum, np.max), (np.minimum, np.min),
        (np.fmax, np.nanmax), (np.fmin, np.nanmin),
    ],
)  # fmt: skip
def test_reduce_is_the_function_of_the_first_axis(ufunc, function):
    """Value and gradient are those of the function; every axis has to be asked for."""
    x = np.array([[3.0, 1.0, 2.0], [1.0, 5.0, 2.0]])
    for kwargs, same in (
        ({}, {"axis": 0}), ({"axis": None}, {}), ({"axis": (0, 1), "keepdims": True},) * 2,
        ({"axis": 1, "initial": 2.0},) * 2,
    ):  # fmt: skip
        y = ufunc.reduce(mg.tensor(x), **kwargs)
        np.testing.assert_allclose(y.data, ufunc.reduce(x, **kwargs))
        got, wanted = (
            mg.grad(lambda x, f=f, k=k: np.sum(f(x, **k) ** 2))(x)
            for f, k in ((ufunc.reduce, kwargs), (function, same))
        )
        np.testing.assert_array_equal(got, wanted)
    assert isinstance(ufunc.reduce(mg.tensor(x), 1, None, None, True), mg.Tensor)


def test_reduce_of_truths():
    """logical_and and logical_or answer as all and any do."""
    x = mg.tensor([[1.0, 0.0], [2.0, 0.0]])
    assert np.logical_and.reduce(x > 0).tolist() == [True, False]
    assert np.logical_or.reduce(x > 1, axis=None)


def test_outer_of_any_ufunc():
    """Every pair: the first array's axes, then the second's."""
    a, b = np.array([1.0, 2.0]), np.array([[3.0, 4.0, 5.0]])
    for f in (np.subtract, np.multiply, np.maximum, np.hypot, np.less):
        for x, y in ((mg.tensor(a), b), (a, mg.tensor(b)), (mg.tensor(a), 2.0)):
            wanted = f.outer(
                *(getattr(v, "data", v) if isinstance(v, mg.Tensor) else v for v in (x, y))
            )
            np.testing.assert_array_equal(f.outer(x, y).data, wanted)
    slope = mg.grad(lambda a: np.sum(np.multiply.outer(a, b)))(a)
    assert slope.tolist() == [12, 12]


# The logarithm of a sum of exponentials -----------------------------------------------------------


@pytest.mark.parametrize("far", [0.0, 1e4, -1e4])
def test_logsumexp_of_large_numbers(far):
    """Its gradient is the softmax, at ±1e4 too, where exp overflows or underflows."""
    x = np.array([0.5, -1.0, 2.0])
    value, slope = mg.value_and_grad(np.logaddexp.reduce)(x + far)
    softmax = np.exp(x) / np.sum(np.exp(x))
    assert float(value) == pytest.approx(far + np.log(np.sum(np.exp(x))), rel=1e-12)
    np.testing.assert_allclose(slope, softmax, rtol=1e-11)


@pytest.mark.parametrize(
    ("x", "wanted"),
    [
        ([-np.inf, 0.0, 0.0], [0, 0.5, 0.5]),
        ([-np.inf, -np.inf], [0.5, 0.5]),
        ([np.inf, 1.0, np.inf], [0.5, 0, 0.5]),
        ([-np.inf, 1e4], [0, 1]),
    ],
)
def test_logsumexp_of_infinite_numbers(x, wanted):
    """-inf adds nothing; the numbers that make the result infinite share it. No NaN, no warning."""
    np.testing.assert_allclose(mg.grad(np.logaddexp.reduce)(np.array(x)), wanted, rtol=1e-14)


def test_logsumexp_along_axes_where_and_initial():
    """The arguments of reduce: axes, kept or not, a mask, an initial value that takes part."""
    x = np.array([[1.0, -2.0, 0.5], [3.0, 0.0, 1.0]])
    for kwargs in (
        {"axis": (0, 1)}, {"axis": 1, "keepdims": True}, {"axis": 1, "initial": 0.5},
        {"where": x > -1}, {"axis": None, "where": x > 0, "initial": -1.0},
    ):  # fmt: skip
        f = lambda x, k=kwargs: np.logaddexp.reduce(x, **k)  # noqa: E731
        assert_close(f(mg.tensor(x)).data, f(x), 1e-15)
        (wanted,) = gradient(lambda x: np.sum(f(x) ** 2), (x,))  # noqa: B023
        assert_close(mg.grad(lambda x: np.sum(f(x) ** 2))(x), wanted, 1e-9)  # noqa: B023


def test_spread_of_equal_elements():
    """At std = 0 the derivative is 0, the middle of the kink; so it is with where=."""
    x = np.full((2, 3), 0.5)
    for f in (np.std, np.nanstd, np.var, lambda x: np.std(x, where=x > 0)):
        assert mg.grad(f)(x).tolist() == [[0, 0, 0], [0, 0, 0]]
    assert mg.grad(np.std)(3.0) == 0


def test_range_of_tied_extremes():
    """ptp: those that tie for either end share equally; where all tie, nothing is left."""
    assert mg.grad(np.ptp)(np.array([1.0, 4.0, 1.0, 2.0])).tolist() == [-0.5, 1, -0.5, 0]
    assert mg.grad(np.ptp)(np.ones(3)).tolist() == [0, 0, 0]


@pytest.mark.parametrize("f", [np.nanmax, np.nanmin], ids=lambda f: f.__name__)
def test_where_all_is_nan(f):
    """Nothing to choose from: the result is nan, the other rows are as they were."""
    y = f(mg.tensor([[np.nan, np.nan], [1.0, np.nan]]), axis=1)
    np.testing.assert_array_equal(y.data, [np.nan, 1])


def test_a_mask_beside_the_nans():
    """where= leaves out more than the nans."""
    x = np.array([1.0, np.nan, 3.0, 8.0])
    chosen = np.array([True, True, True, False])
    for f in (np.nansum, np.nanprod, np.nanmean, np.nanvar, np.nanstd):
        assert float(f(mg.tensor(x), where=chosen)) == pytest.approx(f(x, where=chosen))
    assert mg.grad(lambda x: np.nanmean(x, where=chosen))(x).tolist() == [0.5, 0, 0.5, 0]


def test_nans_get_no_gradient():
    """What a nan reduction leaves out has derivative 0."""
    x = np.array([1.0, np.nan, 3.0])
    assert mg.grad(np.nanmean)(x).tolist() == [0.5, 0, 0.5]
    assert mg.grad(np.nanmax)(x).tolist() == [0, 0, 1]


def test_weights_that_do_not_fit():
    """The message says what average needs to know."""
    x = mg.tensor(np.ones((2, 3)))
    with pytest.raises(mg.DTypeError, match=r"average: \(2, 3\): Axis must be specified"):
        np.average(x, weights=np.ones(3))
    with pytest.raises(mg.ShapeError, match=r"average: .*Shape of weights must be consistent"):
        np.average(x, axis=0, weights=np.ones(3))


def test_methods_of_arrays():
    """What an ndarray does as a method, a Tensor does, recorded."""
    array = np.array([[3.0, 1.0, 2.0], [4.0, 6.0, 5.0]])
    x = mg.tensor(array)
    for name, args in {
        "prod": (1,), "var": (0,), "std": (), "cumsum": (1,), "cumprod": (), "repeat": (2,),
        "take": ([0, 3],), "diagonal": (), "trace": (), "copy": (), "conj": (),
    }.items():  # fmt: skip
        y = getattr(x, name)(*args)
        assert isinstance(y, mg.Tensor)
        np.testing.assert_allclose(y.data, getattr(array, name)(*args), rtol=1e-15)
    for name in ("any", "all", "argmax", "argmin", "argsort", "nonzero", "tolist"):
        np.testing.assert_array_equal(getattr(x, name)(), getattr(array, name)())
    assert (x.real.data == array).all()
    assert not x.imag.data.any()
    with pytest.raises(mg.NoRuleError, match=r"sort: .*use x = np.sort\(x\)"):
        x.sort()
