"""Sorting and quantiles: ties, nans, and what is refused."""

import numpy as np
import pytest

import minigrad as mg

TIED = np.array([3.0, 1.0, 3.0, 1.0])


def test_sort_ties_are_stable():
    """Of equal elements the first in the array takes the first of their places."""
    weights = np.array([1.0, 10.0, 100.0, 1000.0])
    for f in (np.sort, lambda x: np.partition(x, [0, 1, 2, 3])):
        gradient = mg.grad(lambda x, f=f: np.sum(weights * f(x)))(TIED)
        assert gradient.tolist() == [100, 1, 1000, 10]


def test_a_partition_keeps_each_elements_cotangent():
    """Wherever partition puts an element, its cotangent comes from there."""
    x = np.random.default_rng(0).permutation(40).astype(float)
    y = np.partition(x, 20)
    gradient = mg.grad(lambda x: np.sum(y * np.partition(x, 20)))(x)
    assert gradient.tolist() == x.tolist()


def test_the_middle_pair_shares_with_its_ties():
    """median: half to each of the middle two; elements that equal one share its half."""
    assert mg.grad(np.median)(np.array([4.0, 1.0, 2.0, 8.0])).tolist() == [0.5, 0, 0.5, 0]
    assert mg.grad(np.median)(np.array([4.0, 4.0, 2.0, 1.0])).tolist() == [0.25, 0.25, 0.5, 0]
    assert mg.grad(np.median)(np.array([7.0, 7.0, 7.0, 1.0])).tolist() == [1 / 3] * 3 + [0]


def test_nans_spoil_a_median_and_take_its_cotangent():
    """A nan makes its row's median nan; the other rows are as they were."""
    x = mg.tensor([[1.0, np.nan, np.nan], [5.0, 4.0, 6.0]])
    y = np.median(x, axis=1)
    np.testing.assert_array_equal(y.data, [np.nan, 5])
    y.backward(np.array([2.0, 3.0]))
    assert x.grad.tolist() == [[0, 1, 1], [3, 0, 0]]


@pytest.mark.parametrize("q", [0, 0.25, 0.4, 1])
def test_a_quantile_weighs_its_two_neighbours(q):
    """The shares are those of the linear interpolation, and sum to 1."""
    x = np.array([10.0, 30.0, 20.0, 50.0, 40.0])
    gradient = mg.grad(lambda x: np.quantile(x, q))(x)
    assert gradient @ x == pytest.approx(np.quantile(x, q), rel=1e-14)
    assert gradient.sum() == pytest.approx(1, rel=1e-14)
    np.testing.assert_array_equal(mg.grad(lambda x: np.percentile(x, 100 * q))(x), gradient)


@pytest.mark.parametrize("q", [0, 0.01, 0.25, 0.3, 0.5, 0.99, 1])
def test_every_method_of_interpolating(q):
    """The gradient's shares are those of the two neighbours, whatever weighs them."""
    x = np.array([10.0, 30.0, 20.0, 50.0, 40.0, 70.0])
    for method in (
        "inverted_cdf", "averaged_inverted_cdf", "closest_observation", "hazen", "weibull",
        "interpolated_inverted_cdf", "linear", "median_unbiased", "normal_unbiased", "lower",
        "higher", "midpoint", "nearest",
    ):  # fmt: skip
        for f in (np.quantile, np.nanquantile):
            shares = mg.grad(lambda x, f=f, m=method: f(x, q, method=m))(x)
            assert shares @ x == pytest.approx(np.quantile(x, q, method=method), rel=1e-14)
            assert shares.sum() == pytest.approx(1, rel=1e-14)
            assert np.count_nonzero(shares) <= 2


def test_nanmedian_passes_by_the_nans():
    """Each row's median is that of its numbers, its ties share, and a nan gets nothing."""
    x = np.array([[np.nan, 1.0, 4.0, 2.0], [3.0, np.nan, 3.0, np.nan], [0.0, 1.0, 2.0, 9.0]])
    seed = np.array([1.0, 10.0, 100.0])
    for f in (np.nanmedian, lambda x, axis: np.nanpercentile(x, 50, axis=axis)):
        gradient = mg.grad(lambda x, f=f: np.sum(seed * f(x, axis=1)))(x)
        assert gradient.tolist() == [[0, 0, 0, 1], [5, 0, 5, 0], [0, 50, 50, 0]]


@pytest.mark.filterwarnings("ignore:All-NaN slice")
def test_nothing_but_nans():
    """There the result is nan, and the nans share its cotangent; other rows are as they were."""
    x = mg.tensor([[np.nan, np.nan], [3.0, np.nan]])
    y = np.nanmedian(x, axis=1)
    y.backward(np.array([2.0, 5.0]))
    np.testing.assert_array_equal(y.data, [np.nan, 3])
    assert x.grad.tolist() == [[1, 1], [5, 0]]


def test_no_quantile_and_no_row():
    """An empty list of levels, and an array without rows, have empty or zero gradients."""
    assert mg.grad(lambda x: np.sum(np.quantile(x, [])))(TIED).tolist() == [0] * 4
    for f in (np.median, np.nanmedian):
        assert mg.grad(lambda x, f=f: np.sum(f(x, axis=1)))(np.zeros((0, 3))).shape == (0, 3)


def test_distinct_elements():
    """unique gives each value's cotangent to the first that has it; the rest is NumPy's."""
    assert mg.grad(lambda x: np.sum(np.unique(x) * np.array([1.0, 10.0])))(TIED).tolist() == [
        10, 1, 0, 0,
    ]  # fmt: skip
    array = np.array([[1.0, 2.0, 1.0], [3.0, 0.0, 3.0]])
    for kwargs in (
        {"return_counts": True}, {"return_index": True, "axis": 1},
        {"return_index": True, "return_inverse": True, "return_counts": True},
    ):  # fmt: skip
        got, wanted = np.unique(mg.tensor(array), **kwargs), np.unique(array, **kwargs)
        assert len(got) == len(wanted)
        np.testing.assert_array_equal(got[0].data, wanted[0])
        for a, b in zip(got[1:], wanted[1:], strict=True):
            np.testing.assert_array_equal(a, b)


def test_questions_of_order_have_plain_answers():
    """argsort and its like return integers; with them a Tensor is indexed as ever."""
    x = mg.tensor(TIED)
    assert type(np.argsort(x)) is np.ndarray
    assert np.searchsorted(np.sort(x), 2.0) == 2
    assert x[np.argsort(x, kind="stable")].data.tolist() == [1, 1, 3, 3]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: np.sort(x, axis=1), mg.ShapeError, r"sort: \(4,\): axis 1 is out of bounds"),
        (lambda x: np.sort(x, order="a"), mg.NoRuleError, "sort: argument order"),
        (lambda x: np.partition(x, 9), mg.ShapeError, r"partition: \(4,\): kth"),
        (lambda x: np.quantile(x, 2), mg.ShapeError, r"quantile: \(4,\): Quantiles must be in"),
        (lambda x: np.quantile(x, x[0]), mg.NoRuleError, "quantile: argument q is a Tensor"),
        (
            lambda x: np.quantile(x, 0.5, weights=np.ones(4), method="inverted_cdf"),
            mg.NoRuleError,
            "quantile: argument weights .* takes a, q, axis, method, keepdims",
        ),
        (lambda x: np.median(x, axis=x[0]), mg.NoRuleError, "median: argument axis is a Tensor"),
        (
            lambda x: np.median(x, overwrite_input=True),
            mg.NoRuleError,
            "median: argument overwrite_input",
        ),
    ],
)
def test_what_is_not_taken_is_named(call, error, message):
    """The message names op and argument, or what NumPy says of it."""
    with pytest.raises(error, match=message):
        call(mg.tensor(TIED))


@pytest.mark.parametrize("function", [np.median, np.nanmedian])
@pytest.mark.filterwarnings("ignore")
def test_the_median_of_nothing_is_nan(function):
    """As in NumPy; there is nothing for a cotangent to go to."""
    x = mg.tensor(np.zeros((3, 0)))
    y = function(x, axis=1)
    y.backward(np.ones(3))
    assert np.isnan(y.data).all()
    assert x.grad.shape == (3, 0)
