"""The cost curve: what is drawn, where it goes, what is missing."""

import sys

import pytest

import nn
from nn import plots


@pytest.mark.parametrize("given", [[0.7, 0.5, 0.4], nn.History([0.7, 0.5, 0.4])])
def test_the_curve_is_J_against_the_epochs(given):
    """From a History or from numbers; epochs count from 1."""
    ax = plots.cost_curve(given)
    (line,) = ax.lines
    assert line.get_xydata().tolist() == [[1, 0.7], [2, 0.5], [3, 0.4]]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "J")


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_the_picture_is_saved(tmp_path, ending):
    """The path's ending decides the format; no display and no pyplot are needed."""
    path = tmp_path / f"cost.{ending}"
    plots.cost_curve([0.7, 0.5], path=path)
    start = path.read_bytes()[:300]
    assert start.startswith(b"\x89PNG") if ending == "png" else b"<svg" in start or b"xml" in start


def test_curves_share_axes():
    """Several learning rates in one picture."""
    ax = plots.cost_curve([0.7, 0.5])
    assert plots.cost_curve([0.7, 0.6], ax=ax) is ax
    assert len(ax.lines) == 2


def test_without_matplotlib_the_error_names_the_extra(monkeypatch):
    """What to install."""
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r'pip install "minigrad\[plots\]"'):
        plots.cost_curve([1.0])
