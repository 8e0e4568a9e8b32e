"""The figures in README.md: all there, and measured, so that they change with what they are of."""

import re

import figures
import pytest

MODULE = """\
def clip(x, high):
    if x > high:
        return high
    return x
"""
TESTS = """\
from hypothesis import given, settings, strategies as st
from minigrad.sweep import clip

def test_below():
    assert clip(1, 2) == 1

@settings(max_examples=7, database=None)
@given(st.integers())
def test_drawn(n):
    assert clip(min(n, 2), 2) <= 2
"""
ABOVE = """
def test_above():
    assert clip(4, 2) == 2
"""


@pytest.fixture
def tree(tmp_path):
    """A project of one function, whose tests do not see what happens above the limit."""
    for folder in ("minigrad", "nn", "tests"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").touch()
    (tmp_path / "minigrad" / "sweep.py").write_text(MODULE)
    (tmp_path / "tests" / "test_clip.py").write_text(TESTS)
    (tmp_path / "pyproject.toml").write_text(
        '[tool.coverage.run]\nbranch = true\nparallel = true\nsource_pkgs = ["minigrad", "nn"]\n'
        'patch = ["subprocess"]\n'
    )
    return tmp_path


def test_the_page_has_figures():
    """Of each a number, in rows that the command can read again."""
    found = figures.read(figures.PAGE.read_text(encoding="utf-8"))
    assert len(found) == 8
    assert all(re.search(r"\d", n) for n in found.values())


def test_a_part_writes_its_own_lines_only():
    """The others, and the text around, stay; what is new comes last; twice is once."""
    page = f"a\n{figures.BEGIN}{figures.END}b\n"
    page = figures.written(page, {"x": "1", "`y`, z": "2: [why](z)"})
    page = figures.written(figures.written(page, {"x": "3 %"}), {"x": "3 %"})
    assert figures.read(page) == {"x": "3 %", "`y`, z": "2: [why](z)"}
    assert (page[:2], page[-2:]) == ("a\n", "b\n")


def test_lines_are_counted(tree):
    assert figures.size(tree) == {"lines of source": "`minigrad` 4, `nn` 0", "lines of tests": "10"}


def test_a_line_that_no_test_runs_lowers_the_coverage(tree):
    """And one test more counts as one more."""
    pytest.importorskip("coverage")
    found = figures.suite(tree)
    assert found["tests"] == "2 passed"
    assert found["property tests"] == "1, on 7 examples"
    assert found["coverage"] == "75.0 % of 4 lines, 50.0 % of 2 branches"
    with (tree / "tests" / "test_clip.py").open("a") as file:
        file.write(ABOVE)
    found = figures.suite(tree)
    assert found["tests"] == "3 passed"
    assert found["coverage"] == "100.0 % of 4 lines, 100.0 % of 2 branches"
