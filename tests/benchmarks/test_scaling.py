"""The benchmarks of growth and of scalar nodes compute what they say."""

import gc
import importlib
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import minigrad

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
    """What is built has as many nodes, uses, inputs and lines as it says."""
    scale = load("scale")
    assert scale.chain(50).item() == 50
    assert scale.fan_out(50).item() == 101
    for join in np.stack, np.concatenate:
        assert scale.fan_in(join, 50).item() == 50
    graph = str(minigrad.graph(scale.chain(50)))
    assert len(graph.splitlines()) >= 50
    assert [scale.nodes_of(depth) for depth in range(4)] == sorted(map(scale.nodes_of, range(4)))
    assert scale.nested(4)["grad of grad"]() == pytest.approx(fourth_derivative(0.5), rel=1e-12)


def fourth_derivative(x):
    """Of exp(sin x), worked out with Faà di Bruno's formula."""
    s, c = np.sin(x), np.cos(x)
    return np.exp(s) * (c**4 - 6 * s * c**2 + 3 * s**2 - 4 * c**2 + s)


def test_every_scale_is_measured(load):
    """Each has a slope, with the collector off and on, and the collector stays as it was."""
    scale = load("scale")
    for each in scale.SCALES.values():
        small = scale.Scale(each.calls, each.sizes[:3], each.work)
        for collecting in False, True:
            grown = scale.growth(small, rounds=1, collecting=collecting)
            assert all(np.isfinite(g.exponent) for g in grown.values())
            assert gc.isenabled()


def test_the_command_prints_a_table_and_writes_json(load, monkeypatch, capsys, tmp_path):
    """`--only`, `--rounds` and `--json` do what they say."""
    scale, path = load("scale"), tmp_path / "out.json"
    small = {"lines": scale.Scale(scale.printed, [2, 4, 8])}
    monkeypatch.setattr(scale, "SCALES", small)
    monkeypatch.setattr(
        sys, "argv", ["scale.py", "--only", "lines", "--rounds", "2", "--json", str(path)]
    )
    scale.main()
    assert re.search(r"lines: print +2 to 8 .* ns +-?\d", capsys.readouterr().out)
    figures = json.loads(path.read_text())["growth, collector off and on"]
    assert [g["work"] for g in figures["lines: print"]] == [[2, 4, 8]] * 2


def test_two_moons_takes_the_same_steps_in_both(load):
    """The losses agree, or the script stops; training lowers them."""
    pytest.importorskip("micrograd")
    step = load("two_moons").steps(points=4)["minigrad"]
    first = step()
    assert [step() for _ in range(5)][-1] < first
