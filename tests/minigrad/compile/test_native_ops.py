"""Every row of the op table on the numba backend: the value and the gradient.

Machine code takes long to make: cases are compiled many at a time, as one function, and with few
of LLVM's optimizations. The first case of each row, or all in both precisions if
HYPOTHESIS_PROFILE=nightly.
"""

import os

import pytest
from test_compiled_ops import ALL, REFUSED, agree, called, drawn, value_and_pullback

import minigrad as mg

pytest.importorskip("numba")

from minigrad.compile import native_source

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
AT_ONCE = 20

KNOWN = {name: (key, case) for name, key, case in ALL if called(key) not in REFUSED}
TRIED = [name for name in KNOWN if NIGHTLY or name.endswith("-0")]
BATCHES = [TRIED[i : i + AT_ONCE] for i in range(0, len(TRIED), AT_ONCE)]


@pytest.fixture(autouse=True, scope="module")
def quick():
    """Machine code made in little time."""
    import numba

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numba.config, "OPT", type(numba.config.OPT)("1"))
        patch.setattr(native_source, "MOST_LINES", 60)
        yield


def differing(names, dtype):
    """The cases whose compiled value or gradient is not the recorded function's."""
    functions = {name: value_and_pullback(*KNOWN[name]) for name in names}
    given = {}
    for name in names:
        xs, g = next(drawn(*KNOWN[name], dtype))
        given[name] = (g, *xs)
    step = mg.compile(
        lambda given: {k: functions[k](*xs) for k, xs in given.items()}, backend="numba"
    )
    wanted = {k: functions[k](*xs) for k, xs in given.items()}
    got = [step(given) for _ in range(3)][-1]  # the first two calls run it as it is
    assert step.backend == "numba"
    found = {}
    for name in names:
        try:
            agree(got[name], wanted[name])
        except AssertionError as error:
            found[name] = error
    return found


@pytest.mark.parametrize("dtype", ["f8", *(["f4"] if NIGHTLY else [])])
@pytest.mark.parametrize("batch", BATCHES, ids=lambda batch: f"{batch[0]}…{batch[-1]}")
def test_value_and_gradient(batch, dtype):
    """The native code's numbers are the recorded function's, up to the order of sums."""
    assert not differing(batch, dtype)


def test_a_wrong_formula_is_caught(monkeypatch):
    """A comparison that cannot fail would say nothing of the others."""
    import numpy as np

    from minigrad.compile import native_ops

    monkeypatch.setitem(native_ops._FORMULAS, np.subtract, ("{0} + {1}", "fd"))
    assert list(differing(["subtract-0", "add-0"], "f8")) == ["subtract-0"]
