"""Thousands of random programs: the same derivatives by minigrad, differences and autograd.

HYPOTHESIS_PROFILE=nightly compares a million, others each day. `random_programs.py` is the command.
"""

import datetime
import os

import numpy as np
import pytest
import random_programs
from random_programs import Tally, compare, disagreements, library

from minigrad.ops.declare import elementwise
from minigrad.testing import random_program

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
COUNT = 1_000_000 if NIGHTLY else 10_000
PARTS = 4  # so that runs in parallel can share them
FIRST = datetime.date.today().toordinal() * COUNT if NIGHTLY else 0


@pytest.mark.parametrize("part", range(PARTS))
def test_random_programs_agree(part, capsys):
    """No disagreement, hardly a refusal, hardly one too rough for differences."""
    count = COUNT // PARTS
    tally = compare(FIRST + part * count, count, library("autograd"))
    with capsys.disabled():
        print(f"\n{tally}")
    assert not tally.wrong, "\n".join(f"{k}: {seed}\n{p}" for k, seed, p in tally.wrong[:3])
    assert tally.counts["programs"] == count
    assert tally.counts["autograd, first order"] > 0.85 * count
    assert tally.counts["autograd, second order"] > 0.08 * count
    assert tally.counts["differences"] > 0.99 * count
    assert tally.counts["with a nested derivative"] > 0.2 * count


def test_random_programs_agree_with_jax():
    """A few, where JAX is installed: it compiles every function anew for every shape."""
    pytest.importorskip("jax")
    tally = compare(0, 20_000 if NIGHTLY else 8, library("jax"))
    assert not tally.wrong, "\n".join(f"{k}: {seed}\n{p}" for k, seed, p in tally.wrong[:3])
    assert tally.counts["jax, first order"] > 6


@pytest.mark.parametrize(
    "derivative", [lambda y, x: -(1 - y * y), lambda y, x: 1 - y, lambda y, x: 1.0001 - y * y]
)
def test_a_wrong_rule_is_found_and_shrunk(derivative, rows):
    """By differences and by autograd, as a program of one line."""
    elementwise(np.tanh, derivative)
    tally = compare(0, 60, library("autograd"))
    assert {"differences", "autograd"} <= {kind for kind, _, _ in tally.wrong}
    for kind, seed, program in tally.wrong:
        assert "tanh" in str(program)
        assert kind in disagreements(program, seed, library("autograd"), Tally())
    assert min(len(program.lines) for _, _, program in tally.wrong) == 1


def test_what_a_library_gets_wrong_is_told_from_what_we_do(monkeypatch):
    """np.tile, which autograd gets wrong: differences side with minigrad."""
    monkeypatch.setitem(random_programs.WITHOUT, "autograd", {"flip", "cbrt", "float_power"})
    tally = compare(80, 40, library("autograd"))
    kinds = {kind.partition(",")[0] for kind, _, _ in tally.wrong}
    assert kinds == {"autograd"}
    assert any("np.tile" in str(program) for _, _, program in tally.wrong)


def test_a_tally_prints_its_counts():
    tally = compare(0, 20, library("autograd"))
    assert "programs 20" in str(tally)
    assert str(tally).splitlines()[0].endswith("0 disagree")
    assert random_program(0).lines
