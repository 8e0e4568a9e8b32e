"""The benchmarks of growth and of scalar nodes compute what they say."""

import importlib
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch):
    """Import a file of benchmarks/ as the scripts there do."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


@pytest.mark.parametrize("power", [1, 1.5, 2])
def test_the_exponent_is_that_of_the_times(load, power):
    """Times that are a power of the size, from where a constant no longer counts."""
    sizes = [2**k for k in range(4, 20)]
    seconds = [1e-6 * n**power + 1e-5 for n in sizes]
    assert load("scale").exponent(sizes, seconds) == pytest.approx(power, abs=0.03)


def test_the_graphs_grow_with_the_size(load):
    """A chain of n has the derivative 1 and a value of n; each scale runs and has a slope."""
    scale = load("scale")
    assert scale.chain(50).item() == 50
    for build in scale.SCALES.values():
        assert np.isfinite(scale.exponents(build, doublings=4, rounds=1, smallest=4)).all()


def test_two_moons_takes_the_same_steps_in_both(load):
    """The losses agree, or the script stops; training lowers them."""
    pytest.importorskip("micrograd")
    step = load("two_moons").steps(points=4)["minigrad"]
    first = step()
    assert [step() for _ in range(5)][-1] < first
