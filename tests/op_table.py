"""Runs the checks of every row of the op table and writes what holds as tests/op_table.md.

    python tests/op_table.py

A tick is a check that ran, on every case of the row to which it applies, and passed.
"""

import sys
import warnings
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from checks import (  # noqa: E402
    CASES,
    CHECKS,
    check_constant,
    check_plain,
    differentiable,
    operands_of,
)

from minigrad.table import ROWS  # noqa: E402

PATH = Path(__file__).with_suffix(".md")
RAN, FAILED, OUT = "✓", "✗", "–"
INSIDE = {"stop_gradient"}  # no function of NumPy's: a transform, which has tests of its own
WITHOUT = {"plain": check_plain, "constant": check_constant}


def title(key):
    """How the table calls a row: by its place in NumPy or SciPy, or by our own name."""
    if isinstance(key, str):
        return f"`{key}` (ours)"
    home = getattr(key, "__module__", None) or "numpy"
    if isinstance(key, np.ufunc):
        home = "numpy" if getattr(np, key.__name__, None) is key else "scipy.special"
    return f"`{home}.{key.__name__}`".replace("numpy.", "np.", 1)


def titles():
    """The first column, which tells whether the written table is that of the rows there are."""
    return sorted(
        title(key) for key, op in ROWS.items() if op.form != "primitive" and key not in INSIDE
    )


def outcome(run, calls):
    """The mark for a check run on each of the calls."""
    try:
        for call in calls:
            run(*call)
    except Exception as error:  # whatever went wrong, the table must say so
        print(f"{run.__name__}{call}: {type(error).__name__}: {error}", file=sys.stderr)
        return FAILED
    return RAN if calls else OUT


def marks(key):
    """One mark for each check."""
    form = ROWS[key].form
    if form in WITHOUT:
        return [outcome(WITHOUT[form], [(key,)])] + [OUT] * (len(CHECKS) - 1)
    found = []
    for check in CHECKS.values():
        calls = [(key, c, xs) for c in CASES.get(key, ()) for xs in operands_of(check, key, c)]
        found.append(outcome(check.run, calls))
    return found


def written(lines):
    """The page: what a mark means, why one may be missing, and the table."""
    head = ["row", *CHECKS]
    legend = [f"- {name}: {check.otherwise}." for name, check in CHECKS.items()]
    return "\n".join([
        "# What is checked of each row",
        "",
        f"Written by `python tests/op_table.py`. {RAN}: the check ran on each case of the row",
        f"to which it applies, and passed. {FAILED}: it failed. {OUT}: it does not apply:",
        "",
        "- all but value: the row lets no derivative through (a question, a comparison, a mask).",
        *legend,
        "",
        f"{len(lines)} rows, {sum(line.count(RAN) for line in lines)} ticks.",
        "",
        "| " + " | ".join(head) + " |",
        "|---|" + ":-:|" * len(CHECKS),
        *lines,
        "",
    ])  # fmt: skip


def main():
    """Write the table; exit with an error if a check failed."""
    warnings.simplefilter("error")
    keys = [key for key in ROWS if ROWS[key].form in WITHOUT] + differentiable()
    missing = set(titles()) - {title(key) for key in keys}
    assert not missing, f"rows of no known kind: {missing}"
    lines = [f"| {title(key)} | {' | '.join(marks(key))} |" for key in sorted(keys, key=title)]
    PATH.write_text(written(lines), encoding="utf-8")
    failed = [line for line in lines if FAILED in line]
    print(f"{len(lines)} rows, {len(failed)} with a failure: {PATH}")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
