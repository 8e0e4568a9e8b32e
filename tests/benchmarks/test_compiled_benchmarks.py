"""The benchmarks of compiled code compute the right thing, and print what they say."""

import importlib
import json
import sys
from pathlib import Path

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
    found = json.loads(path.read_text())["seconds of the first call, and of later ones"]
    for first, later in found.values():
        assert first > later > 0


def test_the_floor_takes_no_step(load):
    """`products only` runs, and has no parameters that could be compared."""
    implementations, networks = load("implementations"), load("networks")
    for network in networks.NETWORKS[:2]:
        floor = implementations.products_only(networks.problem(network), 1.0)
        floor.run()
        assert floor.parameters() == []
