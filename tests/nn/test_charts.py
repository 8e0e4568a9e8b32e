"""Axes and paths of SVG charts: nothing that should be seen is lost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.charts import axes, path


@pytest.mark.parametrize("log", [False, True])
@given(values=st.lists(st.floats(1e-200, 1e200), min_size=1, max_size=6))
def test_axes_hold_what_they_show(log, values):
    """Every value lies inside the picture, higher ones higher, on round numbers."""
    scales = axes((0, len(values)), np.array(values), log)
    x, y = scales.place(np.arange(len(values)), np.array(values)).T
    assert ((y >= 12) & (y <= 236)).all()
    assert ((x >= 52) & (x <= 348)).all()
    assert (np.diff(y[np.argsort(values)]) <= 0).all()
    assert "nan" not in scales.svg("", "", "", [])


def test_a_long_path_keeps_its_peaks():
    """A spike of one point in 100,000 is drawn; so are first and last."""
    points = np.stack([np.arange(100_000), np.zeros(100_000)], axis=1)
    points[54_321, 1] = -7
    drawn = path(points)
    assert "L54321 -7" in drawn
    assert drawn.startswith("M0 0")
    assert drawn.endswith("L99999 0")
    assert drawn.count("L") <= 602


def test_a_long_line_has_gaps_where_there_is_nothing():
    """Of thousands of points few are drawn; none of them joins what a gap of the data parts."""
    points = np.stack([np.arange(5000.0), np.ones(5000)], axis=1)
    for nothing in (np.nan, np.inf, -np.inf):
        points[2000:4000, 1] = points[4500, 1] = nothing
        lines = [line.split("L") for line in path(points).split("M")[1:]]
        ends = [[float(line[k].split()[0]) for k in (0, -1)] for line in lines]
        assert len(ends) == 3
        assert ends[0][1] < 2000
        assert ends[1][0] >= 4000
        assert ends[1][1] < 4500 < ends[2][0]
    points[:, 1] = np.nan
    assert path(points) == ""
