"""Every function that minigrad and HIPS autograd both differentiate: the same numbers.

The functions are found in the tables of the two, the cases are those of `tests/cases_*.py`. Where
the numbers differ, finite differences of NumPy itself say who is right.
"""

import autograd
import autograd.numpy as anp
import autograd.scipy.special
import numpy as np
import pytest
from autograd.core import primitive_vjps
from checks import CASES, called
from hypothesis import given, settings
from strategies import seeds
from translate import Library

from minigrad.ops.declare import elementwise

AUTOGRAD = Library(anp, autograd.scipy.special, autograd.grad)
BOTH = AUTOGRAD.functions
WITH_RULE = [key for key, function in BOTH.items() if function in primitive_vjps]

# What autograd gets wrong: in some of a function's cases; the others agree.
WHERE = "its rule ignores where="
SPREAD = "its rule ignores where= and correction="
NORM = "its rule is wrong for norm='forward'"
DIFFERENT = {
    np.sum: WHERE,
    np.mean: WHERE,
    np.prod: "its rule ignores where=, and divides by the elements, which may be 0",
    np.std: SPREAD,
    np.var: SPREAD,
    np.fft.rfft: "its rule is wrong for norm='forward', and takes the input's length for n=",
    np.fft.rfft2: NORM,
    np.fft.rfftn: NORM,
    np.fft.irfft: NORM,
    np.fft.irfft2: NORM,
    np.fft.irfftn: NORM,
    np.full_like: "it sees no derivative by the fill value",
    np.repeat: "its rule counts a negative axis from the wrong side",
    np.tile: "its rule takes the repeats for those of the first axes, where NumPy means the last",
    np.linalg.cholesky: "NumPy reads the lower triangle only; its rule makes the matrix symmetric",
    np.linalg.solve: "a stack of right sides for one matrix it takes for vectors",
}
REFUSED = {}
if np.iscomplexobj(np.linalg.eigvals(np.eye(2))):  # NumPy 2.5
    REFUSED[np.linalg.eig] = "the real part of complex results is no real result to it"

few = settings(max_examples=3)
# How many functions agreed, to first and to second order, in autograd 1.9.
FIRST = SECOND = 172 - len(REFUSED)


@pytest.mark.parametrize("key", list(BOTH), ids=called)
@pytest.mark.filterwarnings("ignore")
@few
@given(seed=seeds)
def test_autograd_agrees(key, seed):
    """Value, gradient under a random cotangent, and second order where autograd takes it."""
    fares = list(AUTOGRAD.compare(key, seed))
    differing = [fare for fare in fares if fare.differs]
    if key in DIFFERENT:
        assert {fare.right for fare in differing} == {(True, False)}, differing
    else:
        assert not differing, differing[0].differs
    if key in WITH_RULE:
        assert max(fare.order for fare in fares) == (0 if key in REFUSED else 2), fares


@pytest.mark.filterwarnings("ignore")
def test_all_functions_that_both_have_are_compared():
    """To both orders; the comparison cannot become empty unnoticed."""
    reached = [max(fare.order for fare in AUTOGRAD.compare(key, 0)) for key in BOTH]
    first, second = (sum(order >= n for order in reached) for n in (1, 2))
    print(f"{first} functions agree with autograd in first order, {second} in second")
    assert first >= FIRST
    assert second >= SECOND


@pytest.mark.parametrize("key", [*DIFFERENT, *REFUSED], ids=called)
def test_what_is_listed_is_in_both(key):
    """An entry of the tables above is about a function that both have."""
    assert key in CASES
    assert key in BOTH


def test_a_wrong_rule_differs(rows):
    """Were a rule of ours wrong, the comparison would say so, and finite differences who it is."""
    assert {fare.order for fare in AUTOGRAD.compare(np.sinh, 0)} == {2}
    elementwise(np.sinh, lambda y, x: 1.001 * np.cosh(x))
    assert {fare.right for fare in AUTOGRAD.compare(np.sinh, 0)} == {(False, True)}
