"""Every function that minigrad and JAX both differentiate, in float64: the same numbers.

Two examples of each and mostly first derivatives, since JAX compiles every function anew for every
shape. What a case does not say in JAX's words, a list for an array say, JAX refuses.
"""

import numpy as np
import pytest
import scipy.special
from checks import called
from translate import Library

jax = pytest.importorskip("jax")

JAX = Library(jax.numpy, pytest.importorskip("jax.scipy.special"), jax.grad)
BOTH = JAX.functions
TWICE = {key for key in BOTH if isinstance(key, np.ufunc) and getattr(np, key.__name__, None)}

# What finite differences of NumPy decide for minigrad: in some of a function's cases.
NAN = "JAX has nan for its derivative"
SYMMETRIC = "JAX makes the matrix symmetric, where NumPy reads one triangle only"
DIFFERENT = {
    np.partition: "the elements on either side may stand in any order, and do",
    np.unique: "JAX sees no derivative",
    np.linalg.cholesky: SYMMETRIC,
    np.linalg.eigvalsh: SYMMETRIC,
    scipy.special.expn: NAN,
    scipy.special.spence: NAN,
}
REFUSED = {np.linalg.eig: "JAX differentiates the eigenvalues only"}
LEAST = 280  # functions that agreed when this was written


@pytest.fixture(autouse=True, scope="module")
def float64():
    """JAX computes in float64 here, uncompiled, and only here."""
    before = {name: getattr(jax.config, name) for name in ("jax_enable_x64", "jax_disable_jit")}
    try:
        for name in before:
            jax.config.update(name, True)
        yield
    finally:
        for name, value in before.items():
            jax.config.update(name, value)


@pytest.mark.parametrize("key", list(BOTH), ids=called)
@pytest.mark.filterwarnings("ignore")
def test_jax_agrees(key):
    """Value and gradient under a random cotangent; NumPy's ufuncs in second order too."""
    fares = list(JAX.compare(key, 5, most=2, orders=1 + (key in TWICE)))
    differing = [fare for fare in fares if fare.differs]
    if key in DIFFERENT:
        assert {fare.right for fare in differing} == {(True, False)}, differing
    else:
        assert not differing, differing[0].differs
        assert (key in REFUSED) == (max(fare.order for fare in fares) == 0), fares
        assert max(fare.order for fare in fares) == 2 or key not in TWICE


def test_enough_functions_are_compared():
    """The comparison cannot become empty unnoticed."""
    assert len(BOTH) - len(REFUSED) >= LEAST
    assert {*DIFFERENT, *REFUSED} <= {*BOTH}
