"""The written table of checks is that of the rows there are."""

import importlib
import re

import op_table
import pytest
from checks import CHECKS


def lines():
    text = op_table.PATH.read_text(encoding="utf-8")
    return [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `")]


def installed(title):
    """Whether the installed NumPy or SciPy has the function of that title."""
    package, *path = title.strip("`").removesuffix("` (ours)").split(".")
    found = importlib.import_module({"np": "numpy"}.get(package, package)) if path else op_table
    for name in path:
        found = getattr(found, name, None)
    return found is not None


def test_the_table_lists_the_rows_there_are():
    """A row that was added, renamed or removed asks for the table to be written again.

    It may list functions that came with a later NumPy.
    """
    again = "run python tests/op_table.py"
    listed = [cells[0] for cells in lines()]
    assert listed == sorted(set(listed)), again
    assert set(op_table.titles()) <= set(listed), again
    extra = {title for title in set(listed) - set(op_table.titles()) if installed(title)}
    assert not extra, again


def test_a_title_says_whether_its_function_is_installed():
    """By its place; what is ours always is."""
    assert [installed(t) for t in ("`np.linalg.inv`", "`np.later`", "`getitem` (ours)")] == [
        1,
        0,
        1,
    ]


def test_the_table_has_a_mark_for_each_check_and_no_failure():
    """Every row has its value checked, and no check failed."""
    for _, *marks in lines():
        assert len(marks) == len(CHECKS)
        assert set(marks) <= {op_table.RAN, op_table.OUT}
        assert marks[0] == op_table.RAN


def test_a_check_that_fails_or_does_not_run_is_not_ticked(capsys):
    """A tick needs a call that passed."""

    def wrong():
        raise AssertionError("off by 2")

    assert op_table.outcome(wrong, [()]) == op_table.FAILED
    assert re.search("wrong.*AssertionError: off by 2", capsys.readouterr().err)
    assert op_table.outcome(wrong, []) == op_table.OUT
    assert op_table.outcome(lambda: None, [()]) == op_table.RAN


@pytest.mark.parametrize("form", op_table.WITHOUT)
def test_rows_without_a_derivative_are_checked_for_their_value_only(form):
    """The other columns do not apply to them."""
    key = next(key for key, op in op_table.ROWS.items() if op.form == form)
    assert op_table.marks(key) == [op_table.RAN] + [op_table.OUT] * (len(CHECKS) - 1)
