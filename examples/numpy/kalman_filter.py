"""A Kalman filter finds the noises of what it tracks, by the gradient of its likelihood.

The filter is a plain NumPy loop over the measurements; `grad` goes back through all its steps.
The likelihood is checked against the same model written as one big Gaussian.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import minimize

import minigrad as mg

F = np.array([[1.0, 1.0], [0.0, 1.0]])  # position += velocity
G = np.array([[0.5], [1.0]])  # how a random push enters
H = np.array([[1.0, 0.0]])  # we see the position
P0 = np.diag([1.0, 1.0])
PUSH, SIGHT = 0.05, 0.5  # the true standard deviations


def simulate(steps: int, seed: int) -> Any:
    """Measured positions of a body that is pushed at random."""
    rng = np.random.default_rng(seed)
    state = rng.multivariate_normal(np.zeros(2), P0)[:, None]
    seen = []
    for _ in range(steps):
        state = F @ state + G * PUSH * rng.standard_normal()
        seen.append((H @ state).item() + SIGHT * rng.standard_normal())
    return np.array(seen)


def cost(logs: Any, seen: Any) -> Any:
    """−log p(measurements) for the logarithms of the two standard deviations."""
    push, sight = np.exp(logs)
    x, P, total = np.zeros((2, 1)), P0, 0.0
    for z in seen:
        x, P = F @ x, F @ P @ F.T + push**2 * (G @ G.T)  # predict
        r, S = z - H @ x, H @ P @ H.T + sight**2  # surprise and its variance
        total = total + 0.5 * (r * r / S + np.log(2 * np.pi * S)).sum()
        K = P @ H.T / S
        x, P = x + K @ r, P - K @ H @ P  # update
    return total


def joint(logs: Any, seen: Any) -> Any:
    """The same number, from the covariance of all measurements at once."""
    push, sight = np.exp(logs)
    n = len(seen)
    powers = [np.linalg.matrix_power(F, k) for k in range(n + 1)]
    cov = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            both = powers[i + 1] @ P0 @ powers[j + 1].T
            for k in range(min(i, j) + 1):
                both = both + push**2 * (powers[i - k] @ G @ G.T @ powers[j - k].T)
            cov[i, j] = (H @ both @ H.T).item()
    cov += sight**2 * np.eye(n)
    return 0.5 * (seen @ np.linalg.solve(cov, seen) + np.linalg.slogdet(2 * np.pi * cov)[1])


def main() -> tuple[Any, float]:
    """Estimate both noises from 300 measurements; print them beside the truth."""
    seen = simulate(300, seed=1)
    start = np.log([1.0, 1.0])
    check = float(abs(cost(start, seen[:12]) - joint(start, seen[:12])))
    found = minimize(cost, start, args=(seen,), jac=mg.grad(cost), method="L-BFGS-B")
    print(f"{'':10}{'push':>8}{'sight':>8}")
    print(f"{'true':10}{PUSH:8.3f}{SIGHT:8.3f}")
    print(f"{'estimated':10}" + "".join(f"{v:8.3f}" for v in np.exp(found.x)))
    print(f"\n{found.nfev} evaluations; filter against one big Gaussian: {check:.1e}")
    return np.exp(found.x), check


if __name__ == "__main__":
    main()
