"""Every elementwise function that minigrad and JAX both differentiate, in float64.

Only these: JAX compiles each new shape of each function, which for all rows takes many minutes.
"""

import numpy as np
import pytest
from checks import called
from translate import Library

jax = pytest.importorskip("jax")
JAX = Library(jax.numpy, jax.grad)
BOTH = [key for key in JAX.functions() if isinstance(key, np.ufunc)]
LEAST = 55


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


@pytest.mark.parametrize("key", BOTH, ids=called)
@pytest.mark.filterwarnings("ignore")
def test_jax_agrees(key):
    """Value, gradient under a random cotangent, and second order."""
    fares = list(JAX.compare(key, 5))
    assert "agrees" in fares
    assert not [f for f in fares if f.startswith("differs")]


def test_enough_functions_are_compared():
    """The comparison cannot become empty unnoticed."""
    assert len(BOTH) >= LEAST
