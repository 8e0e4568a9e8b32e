"""A Gaussian process learns its length, height and noise, by a gradient through Cholesky.

The negative log marginal likelihood is written in NumPy as the textbook has it (Rasmussen &
Williams, 2006, algorithm 2.1); scikit-learn's hand-derived gradient finds the same optimum.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import minimize
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

import minigrad as mg

START = np.log([1.0, 1.0, 0.1])  # height², length, noise variance


def main() -> tuple[Any, Any, float]:
    """Fit noisy samples of a sine; print the hyperparameters beside scikit-learn's."""
    rng = np.random.default_rng(0)
    x = np.sort(rng.uniform(0, 10, 60))
    y = np.sin(x) + 0.2 * rng.standard_normal(60)
    apart = (x[:, None] - x) ** 2

    def cost(logs: Any) -> Any:
        """−log p(y | x) for the logarithms of the hyperparameters."""
        height, length, noise = np.exp(logs)
        K = height * np.exp(-0.5 * apart / length**2) + noise * np.eye(len(x))
        L = np.linalg.cholesky(K)
        whitened = np.linalg.solve(L, y)
        fit = 0.5 * np.sum(whitened**2) + np.sum(np.log(np.diagonal(L)))
        return fit + 0.5 * len(x) * np.log(2 * np.pi)

    found = minimize(cost, START, jac=mg.grad(cost), method="L-BFGS-B")
    height, length, noise = np.exp(START)
    kernel = ConstantKernel(height) * RBF(length) + WhiteKernel(noise)
    other = GaussianProcessRegressor(kernel).fit(x[:, None], y)

    print(f"{'':12}{'height²':>10}{'length':>10}{'noise':>10}{'log p':>12}")
    theirs = (other.kernel_.theta, other.log_marginal_likelihood_value_)
    rows = {"minigrad": (found.x, -found.fun), "scikit-learn": theirs}
    for name, (logs, likelihood) in rows.items():
        print(f"{name:12}" + "".join(f"{v:10.4f}" for v in np.exp(logs)) + f"{likelihood:12.6f}")
    _, gradient = other.log_marginal_likelihood(START, eval_gradient=True)
    error = np.abs(mg.grad(cost)(START) + gradient).max()
    print(f"\nlargest difference between the two gradients at the start: {error:.1e}")
    return np.exp(found.x), np.exp(other.kernel_.theta), float(error)


if __name__ == "__main__":
    main()
