"""The formula language under text it was not made for: an answer or an ExpressionError.

Of every kind 300 inputs are drawn, 10,000 with HYPOTHESIS_PROFILE=nightly.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from formulas import NAMES, formulas, raw_text
from hypothesis import example, given, settings

import minigrad as mg
from minigrad.expression import ExpressionError, parse

many = settings(max_examples=5 * settings().max_examples)


@many
@given(formula=formulas)
def test_a_formula_is_worth_what_it_means(formula):
    """Precedence, associativity and every function: NumPy's number for the tree it was made of."""
    values = {name: mg.tensor(NAMES[name]) for name in parse(formula.text).names}
    with np.errstate(all="ignore"):
        got = parse(formula.text).run(values)[""]
    np.testing.assert_array_equal(getattr(got, "data", got), formula.value)


@many
@given(text=raw_text)
@example("\ud800")
@example("e\u0301 = 1; \u00e9")
@example("0.sum()")
@example("[1,2][0:1:0]")
@example("[[1],[2]].T.T")
@example("a" * 10_001)
def test_any_text_is_read_or_refused(text):
    """Nothing but an ExpressionError, which can be shown and points into the text."""
    error = refusal(text)
    if error is not None:
        assert 0 <= error.at <= len(error.source)
        assert error.message
        assert str(error).count("\n") >= 2  # the message, the line, the caret
        assert all(c.isprintable() or c == "\n" for c in str(error))


def refusal(text):
    """The ExpressionError that reading or computing a formula gives, if any."""
    try:
        program = parse(text)
        program.run({name: mg.tensor(0.5) for name in program.names})
    except ExpressionError as error:
        return error
    return None


HOSTILE = {
    "a tower of powers": "9**9**9**9",
    "a long tower": "9" + "**9" * 4000,
    "integers without end": "9" * 9_000 + "**" + "9" * 900,
    "parentheses": "(" * 5_000 + "1" + ")" * 5_000,
    "open parentheses": "(" * 9_999,
    "brackets": "[" * 5_000 + "1" + "]" * 5_000,
    "signs": "-" * 9_999 + "1",
    "operators": "1" + "+1" * 4_900,
    "calls": "sin(" * 2_000 + "1" + ")" * 2_000,
    "methods": "[1]" + ".sum()" * 1_600,
    "indices": "[1]" + "[:]" * 3_000,
    "statements": "a=1;" * 2_400,
    "doubling": "a=[1,2];" + ";".join(f"a{i}=a.outer(a)" for i in range(400)),
    "outer of outer": "outer(" * 20 + "[1,2,3]" + ",[1,2,3])" * 20,
    "an index far away": "[1][999999999]",
    "spaces": " " * 9_999,
    "comments": "#" * 9_999,
    "ten million characters": "1+" * 5_000_000,
    "ten million digits": "9" * 10_000_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_formulas_end_soon(text):
    """Each is answered or refused with few lines of Python run: time is bounded by the bounds."""
    steps = 0

    def count(frame, event, arg):
        nonlocal steps
        steps += 1

    sys.setprofile(count)
    try:
        error = refusal(text)
    finally:
        sys.setprofile(None)
    assert steps < 500_000
    assert len(str(error)) < 2_000


LIMITED = """
import resource, sys
from minigrad.expression import ExpressionError, parse
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for text in sys.stdin.read().split(chr(1)):
    try:
        parse(text).run({})
    except ExpressionError as error:
        str(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no resource limits there")
def test_hostile_formulas_need_little_memory():
    """All of them together: less than 200 MB, 10 MB of that being each of the longest texts."""
    run = subprocess.run(
        [sys.executable, "-c", LIMITED],
        input="\1".join(HOSTILE.values()), capture_output=True, text=True, check=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert int(run.stdout) < 200
