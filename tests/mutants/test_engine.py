"""The engine's mutants: what no test sees is missed, and lowers the score."""

import engine
import pytest

MODULE = """\
def clip(x, high):
    if x > high:
        return high
    return x
"""
BELOW = """\
from minigrad.sweep import clip

def test_below():
    assert clip(1, 2) == 1
"""
ABOVE = """
def test_above():
    assert clip(4, 2) == 2
"""
AT_THE_LIMIT = ("if x > high:", "if x >= high:")


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A project of one function, with one mutant that changes nothing."""
    for folder in ("minigrad", "tests"):
        (tmp_path / folder).mkdir()
    (tmp_path / "minigrad" / "__init__.py").touch()
    (tmp_path / "minigrad" / "sweep.py").write_text(MODULE)
    (tmp_path / "tests" / "test_below.py").write_text(BELOW)
    (tmp_path / "tests" / "test_above.py").write_text("from test_below import clip\n" + ABOVE)
    monkeypatch.setattr(engine, "equivalents", lambda: {AT_THE_LIMIT: "both are the limit"})
    return tmp_path


def trial(tree, *stages):
    return engine.trial(["minigrad/sweep.py"], tree, stages, jobs=1)


def test_what_no_test_sees_is_missed(tree):
    """Without the test above the limit, `==` for `>` goes unseen; with it, nothing does."""
    pytest.importorskip("cosmic_ray")
    tally = trial(tree, ["tests/test_below.py"])
    missed = {m.after for m in tally.tried if m.fate == engine.MISSED}
    assert missed == {"if x == high:", "if x is high:"}
    assert tally.score == pytest.approx(tally.count(engine.KILLED) / (len(tally.tried) - 1))
    assert "missed: minigrad/sweep.py:clip\n  - if x > high:\n  + if x == high:" in str(tally)
    tally = trial(tree, ["tests/test_below.py"], ["tests"])
    assert tally.count(engine.MISSED) == 0
    assert tally.score == 1
    assert "equivalent, 1 ×: both are the limit" in str(tally)


def test_a_suite_that_fails_without_a_mutant_is_no_judge(tree):
    """It would kill them all."""
    (tree / "tests" / "test_below.py").write_text("assert False")
    with pytest.raises(AssertionError, match="test_below"):
        trial(tree, ["tests"])


def test_what_is_listed_as_equivalent_is_in_the_code():
    """A line that has changed is looked at anew."""
    code = " ".join(
        " ".join((engine.ROOT / module).read_text(encoding="utf-8").split())
        for module in engine.MODULES
    )
    for before, after in engine.equivalents():
        assert before in code
        assert before != after
