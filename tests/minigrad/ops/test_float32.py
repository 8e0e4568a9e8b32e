"""Derivatives of float32 are computed in float32: no rule widens what it need not."""

import numpy as np
import pytest
from checks import CASES, CHECKS, applied, called, differentiable, operands_of

import minigrad as mg
from minigrad.program import recorded
from minigrad.tensor import Tensor

# What weighs elements by places among the numbers 0, 1, … or is a series, in double precision.
WIDER = {
    "eig", "gradient", "logspace", "median", "nanmedian", "nanpercentile", "nanquantile",
    "percentile", "quantile", "ellipe", "ellipk", "eval_legendre", "pdtr", "pdtrc",
    "stdtr", "stdtrit",
}  # fmt: skip


def wide(key, case):
    """The names of float64 operations between float32 operands and their cotangents."""
    xs = [
        np.asarray(x, np.float32)[()] for x in next(iter(operands_of(CHECKS["value"], key, case)))
    ]
    floor = mg.Tensor(0.0).serial
    variables = [mg.tensor(x) for x in xs]
    y, pullback = mg.vjp(lambda *vs: applied(key, case, *vs), *variables)
    if y.dtype != np.float32:
        return set()
    g = mg.tensor(np.ones(y.shape, y.dtype))
    found = [c for c in pullback(g) if isinstance(c, Tensor)]
    program, _ = recorded([*variables, g], found, floor)
    return {line.op.name for line in program.lines if line.dtype in (np.float64, np.complex128)}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("key", [k for k in differentiable() if called(k) not in WIDER], ids=called)
def test_nothing_is_widened(key):
    """No case of the row makes a float64 array on the way back."""
    for case in CASES[key]:
        try:
            assert wide(key, case) == set()
        except mg.MinigradError:  # a case that float32 cannot have
            continue


@pytest.mark.parametrize("key", [k for k in differentiable() if called(k) == "median"])
def test_a_widening_rule_is_seen(key):
    """What a rule multiplies by a float64 array is found."""
    assert any(wide(key, case) for case in CASES[key])
