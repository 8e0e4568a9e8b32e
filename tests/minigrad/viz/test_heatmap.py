"""Arrays as maps of coloured cells."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from minigrad.viz.heatmap import colours, scaled


@given(
    hnp.arrays(
        st.sampled_from([np.float64, np.float32, np.int64, np.bool_, np.complex128]),
        hnp.array_shapes(min_dims=0, max_dims=4, min_side=1, max_side=20),
    )
)
def test_any_array_has_a_map(value):
    """At most 8 × 8 cells, each nan or within [-1, 1]; the largest magnitude is seen."""
    with np.errstate(all="ignore"):
        cells = scaled(value)
    assert cells.ndim == 2
    assert max(cells.shape) <= 8
    assert np.all(np.isnan(cells) | (np.abs(cells) <= 1))
    plain = np.abs(value.astype(complex))
    if np.isfinite(plain).all() and plain.max() > 0:
        assert np.abs(cells).max() == pytest.approx(1)
    assert np.isnan(cells).any() == np.isnan(plain).any()


def test_nothing_large_is_missed():
    """One odd number among 10,000 decides its cell."""
    value = np.full((100, 100), 0.1)
    value[37, 61] = -5
    cells = scaled(value)
    assert (cells == -1).sum() == 1
    assert cells[3, 4] == -1  # rows 37 to 49, columns 50 to 61
    assert (cells == 0.1 / 5).sum() == 63


def test_small_arrays_are_shown_cell_by_cell():
    """A matrix has its own rows and columns, a vector one row."""
    assert scaled(np.array([[2.0, -4.0], [0.0, np.inf]])).tolist() == [[0.5, -1], [0, 1]]
    assert scaled(np.array([1, 2])).tolist() == [[0.5, 1]]
    assert scaled(np.zeros((2, 3, 4))).shape == (6, 4)


def test_colours_run_from_negative_over_zero_to_positive():
    """-1, 0, 1 and nan have the colours given; what is between is mixed."""
    cells = colours(np.array([[-2.0, -1, 0, 1, 2, np.nan]]), "#000000", "#808080", "#ff0000", "#00")
    assert cells == [["#000000", "#404040", "#808080", "#c04040", "#ff0000", "#00"]]
