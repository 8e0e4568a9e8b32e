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
        (lambda x: np.convolve(x, x, "some"), mg.ShapeError, "convolve: .*mode"),
        (lambda x: np.convolve(x, x[:0]), mg.ShapeError, "convolve: .*cannot be empty"),
    ],
)
def test_what_does_not_fit_is_named(call, error, message):
    """The message names op and reason."""
    with pytest.raises(error, match=message):
        call(mg.tensor(np.ones(3)))
