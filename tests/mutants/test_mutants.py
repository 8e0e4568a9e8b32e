"""The checker is checked: it catches every wrong rule that differs from the right one.

HYPOTHESIS_PROFILE=nightly tries every mutant of every row; otherwise a fixed one of each row.
"""

import os

import mutate
import numpy as np
import pytest
import trials
from cases import Case
from checks import called
from strategies import REAL, spread_out

import minigrad as mg
from minigrad.table import ROWS
from minigrad.testing import check_grads

EACH = None if os.environ.get("HYPOTHESIS_PROFILE") == "nightly" else 1
PARTS = 4  # so that runs in parallel can share them


@pytest.mark.parametrize("part", range(PARTS))
def test_every_mutant_that_matters_is_caught(part, capsys):
    """None is missed; how many were tried, caught and equivalent is printed."""
    keys = trials.rows()[part::PARTS]
    tally = trials.run(keys, EACH, most=2 if EACH else 8)
    with capsys.disabled():
        print(f"\n{len(keys)} rows of the op table\n{tally}")
    assert not tally.missed, [f"{called(m.key)}, {m.kind}: {m.what}" for m in tally.missed]
    assert tally.count(trials.CAUGHT) > len(keys) / 2


def test_all_rows_with_rules_have_mutants_of_their_own_kinds():
    """Each has one that is caught; edits of the source among them, for nearly every row."""
    kinds, edited = set(), 0
    for key in trials.rows()[::4]:
        found = list(mutate.mutants(key))
        kinds |= {m.kind for m in found}
        edited += any(not m.what.startswith("input") for m in found)
        assert found
    assert kinds == {*mutate.KINDS}
    assert edited > 0.8 * len(trials.rows()[::4])


@pytest.mark.parametrize(
    ("key", "kind", "says"),
    [
        (np.sinh, "other", "np.cosh(x): sinh"),
        (np.divide, "sign", "without the minus"),
        (np.arctan2, "swapped operands", "_over: line 60: h for a"),
        (np.matmul, "swapped operands", "the other input's rule"),
    ],
)
def test_edits_of_the_source_are_the_ones_described(key, kind, says):
    """Where the rule, or a helper that it calls, is written."""
    assert any(m.kind == kind and says[:12] in m.what for m in mutate.mutants(key))


@pytest.mark.parametrize("key", [np.sinh, np.multiply, np.linalg.inv, np.where, np.einsum])
def test_what_was_planted_is_gone_afterwards(key):
    """The table, and the code of every rule, are as before."""
    op = ROWS[key]
    before = op.vjps, {f: f.__code__ for f in mutate.sources(op)}
    for mutant in mutate.mutants(key):
        with mutant.planted():
            pass
        with pytest.raises(KeyError), mutant.planted():
            raise KeyError
    assert (op.vjps, {f: f.__code__ for f in mutate.sources(op)}) == before


def test_planting_changes_the_derivative():
    """Within the block, and not after it."""
    minus = next(m for m in mutate.mutants(np.sinh) if m.kind == "sign")
    with minus.planted():
        assert mg.grad(np.sinh)(0.0) == -1
    assert mg.grad(np.sinh)(0.0) == 1


def test_the_unchanged_table_passes():
    """What the mutants are compared with: no row is accused where it is right."""
    for key in trials.rows()[::2]:
        for point in trials.points(key, most=1):
            assert check_grads(point.f, *point.xs).ok


def test_a_blind_checker_would_be_found_out(monkeypatch):
    """If check_grads passed everything, mutants would be missed."""
    monkeypatch.setattr(trials, "check_grads", lambda f, *xs: None)
    tally = trials.run([np.sinh])
    assert tally.missed
    assert "missed" in str(tally)


def test_a_mutant_that_changes_nothing_is_equivalent():
    """1·g for g, say."""
    xs = spread_out(0, [(2,)], [REAL])
    point = trials.Point(np.sinh, Case((REAL,)), tuple(xs))
    same = mutate.Mutant(
        np.sinh, "factor", "", lambda: mutate.wrapped(ROWS[np.sinh], 0, lambda r: r[0])
    )
    assert trials.trial(same, [point]) == trials.EQUIVALENT
