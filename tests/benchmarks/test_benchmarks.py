"""The benchmarks compare the same arithmetic: every implementation takes the same steps."""

import importlib
import json
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
NAMES = [
    "numpy tuned", "minigrad", "compiled numpy", "compiled numba", "torch", "torch functional",
    "torch compiled", "jax", "autograd", "mygrad",
]  # fmt: skip


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch):
    """Import a file of benchmarks/ as the scripts there do."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))

    def module(name: str) -> ModuleType:
        return importlib.import_module(name)

    return module


@pytest.mark.parametrize("which", range(4))
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning", "ignore:.*:FutureWarning")
def test_every_implementation_takes_the_hand_written_steps(load, name, which):
    """After two steps the losses and every parameter's movement agree: 1e-10, float32 1e-4."""
    training_step = load("training_step")
    if not load("implementations").installed(name):
        pytest.skip(f"{name} is not installed")
    network = load("networks").NETWORKS[which]
    assert training_step.disagreement(name, network) <= training_step.tolerance(network)


def test_a_wrong_implementation_is_not_timed(load, monkeypatch, capsys):
    """An implementation with another learning rate is refused, and the refusal is printed."""
    training_step, implementations = load("training_step"), load("implementations")
    network = load("networks").NETWORKS[0]
    wrong = {
        **implementations.IMPLEMENTATIONS,
        "wrong": lambda p, rate: implementations.hand_written(p, 1.01 * rate),
    }
    monkeypatch.setattr(training_step, "IMPLEMENTATIONS", wrong)
    found = training_step.measure(network, [implementations.HAND, "wrong"], rounds=2)
    assert list(found) == [implementations.HAND]
    assert re.search(
        r"wrong differs from numpy by hand by 1.*e-02; not timed", capsys.readouterr().out
    )


def test_the_command_prints_a_table_and_writes_json(load, monkeypatch, capsys, tmp_path):
    """`--network`, `--only`, `--rounds` and `--json` do what they say."""
    training_step = load("training_step")
    path = tmp_path / "out.json"
    monkeypatch.setenv("OPENBLAS_THREAD_TIMEOUT", "20")
    monkeypatch.setattr(
        sys, "argv",
        ["training_step.py", "--network", "5-4-3-3-1", "--only", "minigrad", "--rounds", "2",
         "--json", str(path)],
    )  # fmt: skip
    training_step.main()
    assert "5-4-3-3-1, m=10, float64" in capsys.readouterr().out
    figures = json.loads(path.read_text())["ratio, quartiles, seconds"]
    assert set(figures["5-4-3-3-1"]) == {"numpy by hand", "minigrad"}


def test_scalar_graph_checks_the_derivatives(load):
    """Each library's J = 3(a+bc) gives 3, 6, 9, or the script stops."""
    pytest.importorskip("micrograd")
    assert "minigrad" in load("scalar_graph").contenders()


def test_interleaved_ratio_is_within_the_round(load):
    """A round in which everything is slow does not move the median ratio."""
    timing = load("timing")
    times = {"a": [1.0, 10.0, 1.0], "b": [2.0, 20.0, 2.0]}
    assert timing.ratio(times, "b", "a") == (2.0, 2.0, 2.0)
