"""Signals: corners, every form of spacing and mode, and what is refused."""

import numpy as np
import pytest
from oracles import assert_close

import minigrad as mg

GRID = np.array([0.0, 1.0, 3.0])


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("sizes", [(1, 4), (4, 1), (5, 2), (2, 5), (3, 6), (6, 4), (4, 4)], ids=str)
@pytest.mark.parametrize("f", [np.convolve, np.correlate], ids=lambda f: f.__name__)
def test_sliding_sums_in_every_mode(f, mode, sizes):
    """The value is NumPy's; <g, J t> = <Jᵀ g, t>, where J t is f itself, linear in each array."""
    rng = np.random.default_rng(0)
    a, v = (rng.normal(size=n) for n in sizes)
    y, pullback = mg.vjp(lambda a, v: f(a, v, mode), a, v)
    assert_close(y, f(a, v, mode), 1e-14)
    g, ta, tv = rng.normal(size=y.size), rng.normal(size=a.size), rng.normal(size=v.size)
    da, dv = pullback(g)
    assert_close(np.sum(da * ta), np.sum(g * f(ta, v, mode)), 1e-13)
    assert_close(np.sum(dv * tv), np.sum(g * f(a, tv, mode)), 1e-13)


def test_interpolation_at_a_corner_and_outside():
    """At a corner the slope on the right, at the last the one on the left; outside 0."""
    slopes = mg.grad(lambda x: np.sum(np.interp(x, GRID, [0.0, 5.0, 3.0])))
    assert slopes(np.array([-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0])).tolist() == [
        0,
        5,
        5,
        -1,
        -1,
        -1,
        0,
    ]


def test_interpolated_values_outside_are_the_ends():
    """Outside the range the value, and the cotangent, is that of the nearest end."""
    gradient = mg.grad(lambda fp: np.sum(np.interp([-5.0, 9.0, 9.0], GRID, fp)))
    assert gradient(np.ones(3)).tolist() == [1, 0, 2]
    fp = mg.tensor([2.0])
    np.interp([0.0, 1.0], [0.5], fp).sum().backward()
    assert fp.grad.tolist() == [2]


def test_gradient_returns_one_array_for_each_axis():
    """One axis: an array; several: a tuple, each as NumPy's, also float32 and integer steps."""
    f = np.random.default_rng(0).normal(size=(4, 3))
    for args in ((), (2,), (np.array([0.0, 1.0, 3.0, 4.0]), GRID)):
        got, wanted = np.gradient(mg.tensor(f), *args), np.gradient(f, *args)
        assert type(got) is tuple
        for a, b in zip(got, wanted, strict=True):
            assert_close(a.data, b, 1e-14)
    narrow = np.gradient(mg.tensor(f, dtype=np.float32), GRID, axis=1)
    assert narrow.dtype == np.float32


def test_unwrap_moves_by_constants():
    """A jump of the phase is undone by whole turns, which have no derivative."""
    p = mg.tensor([0.0, 3.0, 6.2, 0.1])
    y = np.unwrap(p)
    np.testing.assert_array_equal(y.data, np.unwrap(p.data))
    y.backward(np.array([1.0, 2.0, 3.0, 4.0]))
    assert p.grad.tolist() == [1, 2, 3, 4]


def test_slopes_of_whole_numbers():
    """Differences of integers are halved as real numbers, recorded ones too."""
    n = (mg.tensor([1.0, 3.0, 8.0]) > 2).astype(int) * np.array([1, 2, 5])
    np.testing.assert_array_equal(np.gradient(n).data, np.gradient(np.array([0, 2, 5])))


def test_the_area_under_a_line_that_ends():
    """One point encloses nothing; dx scales what several do."""
    assert float(np.trapezoid(mg.tensor([3.0]))) == 0
    assert mg.grad(lambda y: np.trapezoid(y, dx=2.0))(np.ones(3)).tolist() == [1, 2, 1]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: np.diff(x, -1), mg.ShapeError, r"diff: \(3,\): order must be non-negative"),
        (lambda x: np.gradient(x, 1, 2), mg.DTypeError, "gradient: .*invalid number of arguments"),
        (lambda x: np.gradient(x, [1.0, 2.0]), mg.ShapeError, "gradient: .*match the size"),
        (lambda x: np.gradient(x[:1]), mg.ShapeError, "gradient: .*too small"),
        (lambda x: np.gradient(x, edge_order=3), mg.ShapeError, "gradient: .*'edge_order'"),
        (lambda x: np.interp(x, GRID, GRID[:2]), mg.ShapeError, "interp: .*not of the same length"),
        (lambda x: np.convolve(x, x, "some"), mg.ShapeError, "convolve: got mode 'some'; expected"),
        (lambda x: np.correlate(x, x, "FULL"), mg.ShapeError, "convolve: got mode 'FULL'"),
        (lambda x: np.diff(x, axis=1), mg.ShapeError, "diff: .*axis 1 is out of bounds"),
        (lambda x: np.diff(x[0]), mg.ShapeError, "diff: .*at least one dim"),
        (lambda x: np.gradient(x, axis=(0, 0)), mg.ShapeError, "gradient: .*repeated axis"),
        (lambda x: np.polymul(x[None], x), mg.ShapeError, "polymul: .*1d only"),
        (lambda x: np.polyadd(x[:, None], np.ones(5)), mg.ShapeError, "polyadd: .*two vectors"),
        (lambda x: np.polyint(x[None]), mg.ShapeError, "polyint: .*a vector of coefficients"),
        (lambda x: np.polydiv(x[None], x), mg.ShapeError, "polydiv: .*two vectors"),
        (lambda x: np.correlate(x, x[0]), mg.ShapeError, "correlate: .*two vectors"),
        (lambda x: np.convolve(x, x[:0]), mg.ShapeError, "convolve: .*cannot be empty"),
        (lambda x: np.vander(x[None]), mg.ShapeError, r"vander: \(1, 3\): .*one-dimensional"),
    ],
)
def test_what_does_not_fit_is_named(call, error, message):
    """The message names op and reason."""
    with pytest.raises(error, match=message):
        call(mg.tensor(np.ones(3)))


def test_windows_may_overlap_along_several_axes():
    """Each element gets one cotangent for each window that it is in."""
    view = np.lib.stride_tricks.sliding_window_view
    gradient = mg.grad(lambda x: np.sum(view(x, (2, 3))))(np.zeros((3, 4)))
    assert gradient.tolist() == [[1, 2, 2, 1], [2, 4, 4, 2], [1, 2, 2, 1]]


def test_the_slope_of_a_root():
    """x² - b x + c has the roots r > s, and dr/db = r / (r - s), dr/dc = -1 / (r - s)."""
    slope = mg.grad(lambda p: np.max(np.real(np.roots(p))))(np.array([1.0, -5.0, 6.0]))
    np.testing.assert_allclose(slope[1:], [-3, -1], rtol=1e-13)
    assert np.roots(mg.tensor([0.0, 2.0, 0.0])).data.tolist() == [0]
    assert np.roots(mg.tensor([0.0, 0.0])).tolist() == []


def test_a_product_of_polynomials_has_no_leading_zeros():
    """As in NumPy: what a factor begins with is dropped, also where a factor is 0."""
    zero, a = mg.tensor([0.0, 0.0]), mg.tensor([0.0, 3.0, 2.0])
    assert np.polymul(a, [1.0, 1.0]).data.tolist() == [3, 5, 2]
    y = np.polymul(zero, a)
    assert y.data.tolist() == [0, 0]
    y.sum().backward()
    assert (zero.grad.tolist(), a.grad.tolist()) == ([0, 5], [0, 0, 0])


def test_the_polynomial_of_conjugate_zeros_is_real():
    """Of a matrix it is the characteristic polynomial: of a rotation x² - 2 cos t x + 1."""
    y = np.poly(mg.tensor([1 + 2j, 1 - 2j]))
    assert (y.dtype, y.data.tolist()) == (np.float64, [1, -2, 5])

    def trace(t):
        rotation = np.stack([np.stack([np.cos(t), -np.sin(t)]), np.stack([np.sin(t), np.cos(t)])])
        return np.poly(rotation)[1]

    np.testing.assert_allclose(mg.grad(trace)(0.5), 2 * np.sin(0.5), rtol=1e-13)


def test_polynomials_divide():
    """u = q v + r, for the parts and for their derivatives."""
    u, v = np.array([3.0, 5.0, 2.0]), np.array([2.0, 1.0])

    def rebuilt(u, v):
        q, r = np.polydiv(u, v)
        return np.sum(np.polyadd(np.polymul(q, v), r) * np.array([1.0, 10.0, 100.0]))

    du, dv = mg.grad(rebuilt, (0, 1))(u, v)
    np.testing.assert_allclose(du, [1, 10, 100], rtol=1e-14)
    np.testing.assert_allclose(dv, [0, 0], atol=1e-12)


def test_a_fit_through_all_points():
    """As many coefficients as points: the fit moves with each point as Lagrange's basis does."""
    x, at = np.array([0.0, 1.0, 3.0]), 2.0
    slope = mg.grad(lambda y: np.polyval(np.polyfit(x, y, 2), at))(np.array([1.0, 0.0, 2.0]))
    basis = [np.prod([(at - b) / (a - b) for b in x if b != a]) for a in x]
    np.testing.assert_allclose(slope, basis, rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: np.polyfit(x, x, 1, full=True), "polyfit: .*'full'.* takes x, y, deg"),
        (lambda x: np.poly(np.reshape(x, (1, 3))), "poly: .*1d or non-empty square 2d"),
        (lambda x: np.roots(np.reshape(x, (1, 3))), "roots: .*rank-1"),
    ],
)
def test_what_a_polynomial_does_not_take(call, message):
    """The message names the function and what it expects."""
    with pytest.raises(mg.MinigradError, match=message):
        call(mg.tensor([1.0, 2.0, 3.0]))
