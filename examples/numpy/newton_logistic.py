"""Logistic regression by Newton's method: the Hessian of the cost, from the cost alone.

The cost of logistic regression is convex, and Newton's method finds its minimum in a few steps
where gradient descent takes thousands. Nobody derives a Hessian here: `hessian(cost)` is exact.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import minigrad as mg

PENALTY = 1.0  # of ½‖w‖², so that separable data have a minimum


def main(steps: int = 10) -> tuple[Any, Any, list[float]]:
    """Fit, print the length of each step, and compare with scikit-learn's solution."""
    X, y = load_breast_cancer(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    X = np.column_stack([X, np.ones(len(X))])
    sign = 2.0 * y - 1

    def cost(w: Any) -> Any:
        """Σ log(1 + e^(−y w·x)) + ½‖w‖², the offset (the last weight) not penalised."""
        return np.sum(np.logaddexp(0, -sign * (X @ w))) + PENALTY / 2 * np.sum(w[:-1] ** 2)

    gradient, curvature = mg.grad(cost), mg.hessian(cost)
    w = np.zeros(X.shape[1])
    lengths: list[float] = []
    print("step   length of the step         cost")
    for step in range(1, steps + 1):
        change = np.linalg.solve(curvature(w), gradient(w))
        w = w - change
        lengths.append(float(np.linalg.norm(change)))
        print(f"{step:4}{lengths[-1]:21.1e}{cost(w):13.6f}")

    other = LogisticRegression(C=1 / PENALTY, tol=1e-10, max_iter=10_000).fit(X[:, :-1], y)
    reference = np.append(other.coef_, other.intercept_)
    print(f"\nlargest difference from scikit-learn's weights: {np.abs(w - reference).max():.1e}")
    return w, reference, lengths


if __name__ == "__main__":
    main()
