"""Every function that minigrad and HIPS autograd both differentiate: the same numbers.

The functions are found in the tables of the two, the cases are those of `tests/cases_*.py`.
"""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from autograd.core import primitive_vjps
from checks import CASES, called
from hypothesis import given, settings
from strategies import seeds
from translate import Library

AUTOGRAD = Library(anp, autograd.grad)
BOTH = AUTOGRAD.functions()
WITH_RULE = [key for key, function in BOTH.items() if function in primitive_vjps]

# In each of these test_table's finite differences, of NumPy itself, side with minigrad.
WHERE = "autograd's rule ignores where="
NORM = "autograd's rule scales by no norm= but the default one"
DIFFERENT = {
    np.sum: WHERE,
    np.prod: WHERE,
    np.mean: WHERE,
    np.std: WHERE,
    np.var: WHERE,
    np.fft.rfft: NORM,
    np.fft.rfft2: NORM,
    np.fft.rfftn: NORM,
    np.fft.irfft: NORM,
    np.fft.irfft2: NORM,
    np.fft.irfftn: NORM,
    np.full_like: "autograd sees no derivative by the fill value",
    np.repeat: "autograd's rule takes a different number for each element wrongly",
    np.tile: "autograd's rule sums the wrong axes where there are more repeats than dimensions",
    np.linalg.cholesky: "NumPy reads the lower triangle; autograd spreads its gradient on both",
    np.linalg.solve: "autograd does not sum over axes along which the matrix broadcasts",
}
REFUSED = {
    np.diagonal: "autograd differentiates the last two axes only",
    np.linspace: "autograd differentiates two scalars only",
    np.linalg.svd: "autograd cannot take its result by field name",
}

few = settings(max_examples=3)
LEAST = 120  # functions that agreed when this was written: 143


@pytest.mark.parametrize("key", list(BOTH), ids=called)
@pytest.mark.filterwarnings("ignore")
@few
@given(seed=seeds)
def test_autograd_agrees(key, seed):
    """Value, gradient under a random cotangent, and second order where autograd takes it."""
    fares = list(AUTOGRAD.compare(key, seed))
    differing = [f for f in fares if f.startswith("differs")]
    if key in DIFFERENT:
        assert differing
    else:
        assert not differing, differing[0]
    if key in WITH_RULE:
        assert ("agrees" in fares) == (key not in REFUSED), fares


@pytest.mark.filterwarnings("ignore")
def test_enough_functions_are_compared(record_property):
    """The comparison cannot become empty unnoticed."""
    compared = [key for key in BOTH if "agrees" in AUTOGRAD.compare(key, 0)]
    record_property("functions compared with autograd", len(compared))
    print(f"{len(compared)} functions agree with autograd")
    assert len(compared) >= LEAST


@pytest.mark.parametrize("key", [*DIFFERENT, *REFUSED], ids=called)
def test_what_is_listed_is_in_both(key):
    """An entry of the tables above is about a function that both have."""
    assert key in CASES
    assert key in BOTH
