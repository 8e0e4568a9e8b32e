"""The engine's mutants: what no test sees is missed, and lowers the score."""

import engine
import pytest

ONE = "from minigrad.sweep import newest\n\n\ndef test_one():\n    assert newest([5]) == 5\n"
TWO = "from minigrad.sweep import newest\n\n\ndef test_two():\n    assert newest([5, 6]) == 5\n"


@pytest.fixture
def tree(tmp_path):
    """A project of one function that has two mutants."""
    for folder in ("minigrad", "tests"):
        (tmp_path / folder).mkdir()
    (tmp_path / "minigrad" / "__init__.py").touch()
    (tmp_path / "minigrad" / "sweep.py").write_text("def newest(nodes):\n    return nodes[0]\n")
    (tmp_path / "tests" / "test_one.py").write_text(ONE)
    (tmp_path / "tests" / "test_two.py").write_text(TWO)
    return tmp_path


@pytest.mark.parametrize(
    ("stages", "fate", "score"),
    [([["tests/test_one.py"]], engine.MISSED, 0.5), ([["tests"]], engine.KILLED, 1.0)],
)
def test_the_fate_of_a_mutant(tree, stages, fate, score):
    """A list of one node does not tell its first from its last; a list of two does."""
    pytest.importorskip("cosmic_ray")
    tally = engine.trial(["minigrad/sweep.py"], tree, stages, jobs=1)
    assert sorted((m.after, m.fate) for m in tally.tried) == [
        ("return nodes[ -1]", fate),
        ("return nodes[ 1]", engine.KILLED),
    ]
    assert tally.score == score
    missed = "missed: minigrad/sweep.py:newest\n  - return nodes[0]\n  + return nodes[ -1]"
    assert (missed in str(tally)) == (fate == engine.MISSED)


def test_a_survivor_that_is_listed_is_equivalent(tmp_path, monkeypatch):
    """Whatever its spaces; it counts neither for nor against, and its reason is told."""
    listing = tmp_path / "equivalent.toml"
    listing.write_text("[a]\nwhy = 'one of one'\nchanges = '''\n- x[0]\n+ x[1]\n+ x[-1]\n'''\n")
    monkeypatch.setattr(engine, "EQUIVALENTS", listing)
    listed = engine.equivalents()
    item = {"mutations": [{"module_path": "minigrad/sweep.py", "definition_name": "f"}]}
    result = {"worker_outcome": "normal", "diff": "--- a\n+++ b\n-    x[0]\n+    x[ -1]"}
    tried = [
        engine.mutant(item, result | {"test_outcome": outcome}, listed)
        for outcome in ("survived", "killed")
    ]
    assert [m.fate for m in tried] == [engine.EQUIVALENT, engine.KILLED]
    tally = engine.Tally(tried, listed)
    assert tally.score == 1
    assert "equivalent, 1 ×: one of one" in str(tally)


def test_a_suite_that_fails_without_a_mutant_is_no_judge(tree):
    """It would kill them all."""
    (tree / "tests" / "test_one.py").write_text("assert False")
    with pytest.raises(AssertionError, match="test_one"):
        engine.trial(["minigrad/sweep.py"], tree, [["tests"]])


def test_what_is_listed_as_equivalent_is_in_the_code():
    """A line that has changed is looked at anew."""
    code = "".join((engine.ROOT / m).read_text(encoding="utf-8") for m in engine.MODULES)
    code = "".join(code.split())
    for before, after in engine.equivalents():
        assert before in code
        assert before != after


def test_the_tests_that_judge_are_there():
    """A folder or file of that name, so that the command runs."""
    named = [name for name in (*engine.FIRST, *engine.REST) if name.startswith("tests/")]
    assert len(named) > 15
    assert all((engine.ROOT / name).exists() for name in named)
