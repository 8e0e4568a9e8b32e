"""The benchmarks of compiled code compute the right thing, and print what they say."""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def load(monkeypatch):
    """Import a file of benchmarks/ as the scripts there do."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


def test_every_way_gives_the_same_derivatives(load):
    """`contenders` asserts it for each of the functions."""
    programs = load("compiled_functions")
    for name in programs.functions():
        assert {"eager", "numpy"} <= programs.contenders(name).keys()


def test_latency_is_measured_in_a_fresh_process(load, monkeypatch, capsys, tmp_path):
    """The first call takes longer than later ones; the figures are printed and written."""
    programs, path = load("compile_time"), tmp_path / "out.json"
    only = ["--only", "minigrad", "compiled numpy", "--rounds", "1", "--json", str(path)]
    monkeypatch.setattr(sys, "argv", ["compile_time.py", *only])
    programs.main()
    assert "compiled numpy" in capsys.readouterr().out
    found = json.loads(path.read_text())["seconds of the first call, later ones, a new shape"]
    assert found["compiled numpy"][0] > found["compiled numpy"][1] > 0
    assert found["compiled numpy"][2] > found["compiled numpy"][1]


def test_the_floor_takes_no_step(load):
    """`products only` runs, and has no parameters that could be compared."""
    implementations, networks = load("implementations"), load("networks")
    for network in networks.NETWORKS[:2]:
        floor = implementations.products_only(networks.problem(network), 1.0)
        floor.run()
        assert floor.parameters() == []


def test_memory_is_that_of_numpys_arrays(load):
    """A step that keeps one array of a known size and makes another is seen to."""
    programs, implementations = load("peak_memory"), load("implementations")
    network = load("networks").NETWORKS[1]
    kept = []

    def factory(problem, _rate):
        parameters = problem.start()
        kept.append(np.ones(10_000))
        return implementations.Step(lambda: np.ones(50_000).sum(), lambda: parameters)

    implementations.IMPLEMENTATIONS["test"] = factory
    try:
        found = programs.peak("test", network)
    finally:
        del implementations.IMPLEMENTATIONS["test"]
    assert abs(found - 480_000) < 2_000


@pytest.mark.parametrize("way", ["compiled numpy", "compiled numba"])
def test_a_compiled_step_needs_no_more_memory_than_hand_written_numpy(load, way):
    """For every network of the benchmark; a few cache lines of alignment are granted."""
    programs = load("peak_memory")
    if way == "compiled numba":
        pytest.importorskip("numba")
    for network in load("networks").NETWORKS:
        by_hand = programs.peak("numpy by hand", network)
        assert programs.peak(way, network) <= by_hand


def test_the_picture_shows_every_figure(load, tmp_path):
    """A bar and its number for each library of each network."""
    picture, path = load("picture"), tmp_path / "figures.svg"
    figures = {"784-512-256-10": {"numpy by hand": [1.0], "compiled numba": [0.87], "jax": [7.5]}}
    picture.draw(figures, path)
    text = path.read_text()
    for shown in ("784-512-256-10", "compiled numba", "0.87", "7.50"):
        assert shown in text
