"""minigrad.testing: are these gradients right, and if not, what is wrong with them?

    from minigrad.testing import check_grads
    check_grads(loss, params, X, Y)

`check_grads` compares all derivatives of a function with differences of it and says which
argument, which element and which rule is wrong, and how. `diagnose_gradient` says it of a gradient
computed elsewhere. `finite_difference`, `complex_step` and `adjoint_error` are what else to
compare with.

With Hypothesis installed, `arrays`, `operands`, `broadcastable`, `programs` and `networks` draw
what to check on; with pytest, `minigrad.testing.plugin` adds a marker and a fixture:

    @pytest.mark.gradcheck(x=(3, 2), w=(2,))     # the shapes of the arguments to differentiate
    def test_scores(x, w):
        return np.tanh(x @ w)                    # all its derivatives are checked

Read next: `minigrad.testing.checks`.
"""

from importlib import import_module
from typing import Any

from minigrad.testing.adjoint import adjoint_error
from minigrad.testing.checks import check_grads
from minigrad.testing.diagnosis import KINDS, Mistake, diagnose_gradient
from minigrad.testing.differences import complex_step, finite_difference
from minigrad.testing.domains import DOMAINS
from minigrad.testing.network import Network, random_network
from minigrad.testing.program import Program, random_program
from minigrad.testing.report import GradientError, Report

__all__ = [
    "DOMAINS", "KINDS", "GradientError", "Mistake", "Network", "Program", "Report", "adjoint_error",
    "arrays", "broadcastable", "check_grads", "complex_step", "diagnose_gradient",
    "finite_difference", "networks", "operands", "programs", "random_network", "random_program",
]  # fmt: skip

_DRAWN = {"arrays", "broadcastable", "networks", "operands", "programs"}


def __getattr__(name: str) -> Any:
    """The strategies, which need Hypothesis, when they are first asked for."""
    if name not in _DRAWN:
        raise AttributeError(f"module 'minigrad.testing' has no attribute {name!r}")
    try:
        strategies = import_module("minigrad.testing.strategies")
    except ModuleNotFoundError as error:
        if error.name != "hypothesis":
            raise
        raise ModuleNotFoundError(
            f"minigrad.testing.{name} needs hypothesis: pip install minigrad[test]", name=error.name
        ) from None
    return getattr(strategies, name)
