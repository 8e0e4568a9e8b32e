"""Minimise the Rosenbrock function with SciPy: the function is NumPy, its derivatives are exact.

SciPy wants `jac` and `hessp` as functions of arrays; `grad` and `hvp` of the plain NumPy function
are just that. The run is compared with one that has no derivative and estimates it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import OptimizeResult, minimize

import minigrad as mg

N = 20


def rosenbrock(x: Any) -> Any:
    """A curved valley whose floor rises slowly away from its one minimum at x = (1, …, 1)."""
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def main() -> dict[str, OptimizeResult]:
    """Minimise from the customary start with more and more derivatives; print what each took."""
    start = np.resize([-1.2, 1.0], N)
    runs = {
        "differences": minimize(rosenbrock, start, method="BFGS", options={"gtol": 1e-4}),
        "grad": minimize(rosenbrock, start, method="BFGS", jac=mg.grad(rosenbrock)),
        "grad and hvp": minimize(
            rosenbrock,
            start,
            method="trust-ncg",
            jac=mg.grad(rosenbrock),
            hessp=mg.hvp(rosenbrock),
            options={"gtol": 1e-8},
        ),
    }
    print(f"Rosenbrock's function of {N} variables\n")
    print(f"{'derivatives':14}{'evaluations':>12}{'of gradient':>12}{'distance to minimum':>21}")
    for name, run in runs.items():
        distance = np.abs(run.x - 1).max()
        print(f"{name:14}{run.nfev:12}{run.njev:12}{distance:21.1e}")
    return runs


if __name__ == "__main__":
    main()
