"""Gradient descent: w := w − α dw goes downhill from either side, and along a cost surface."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import minigrad as mg
import nn

X = np.array([[-2.5, -2.0, -1.0, 0.5, 1.0, 1.5, 3.0]])
Y = np.array([[0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0]])


def bowl(w: Any) -> Any:
    """J(w) = (w − 2)², smallest at w = 2."""
    return (w - 2) ** 2


def cost(p: Any) -> Any:
    """J(w, b) of a logistic regression of Z = w X + b; p = (w, b)."""
    return nn.binary_cross_entropy_with_logits(p[0] * X + p[1], Y)


def descend(J: Callable[[Any], Any], w: Any, alpha: float, steps: int) -> Any:
    """Every w on the way, the first included."""
    path, derivative = [w], mg.grad(J)
    for _ in range(steps):
        w = w - alpha * derivative(w)
        path.append(w)
    return np.array(path)


def main(out: Path) -> Any:
    """Both descents, checked and drawn into `out`; returns the (w, b) that it ends at."""
    figure = Figure(figsize=(8, 3.4), layout="constrained")
    left = figure.add_subplot(1, 2, 1, xlabel="w", ylabel="J", title="J(w) = (w − 2)²")
    left.plot(w := np.linspace(-2, 6, 200), bowl(w), color="#6b7280")
    for start in (-1.5, 5.5):
        dw, path = mg.grad(bowl)(start), descend(bowl, start, alpha=0.15, steps=30)
        print(
            f"w = {start:4}: dw = {dw:4}, so w {'falls' if dw > 0 else 'grows'} to {path[-1]:.4f}"
        )
        assert np.sign(dw) == np.sign(start - 2)
        np.testing.assert_allclose(path, 2 + (start - 2) * 0.7 ** np.arange(31))  # 1 − 2α = 0.7
        left.plot(path, bowl(path), "o-", ms=4, label=f"from {start}: dw = {dw:g}")
    left.legend()

    path = descend(cost, np.array([-3.0, 2.5]), alpha=0.5, steps=150)
    costs = [cost(p) for p in path]
    print(f"\nJ {costs[0]:.4f} → {costs[-1]:.4f} at w = {path[-1, 0]:.4f}, b = {path[-1, 1]:.4f}")
    assert np.all(np.diff(costs) < 0)
    np.testing.assert_allclose(mg.grad(cost)(path[-1]), 0, atol=1e-3)

    right = figure.add_subplot(1, 2, 2, xlabel="w", ylabel="b", title="J(w, b), logistic")
    grid = np.meshgrid(np.linspace(-4, 3, 60), np.linspace(-3, 3.5, 60))
    J = np.array([cost(p) for p in np.stack(grid, axis=-1).reshape(-1, 2)])
    figure.colorbar(right.contourf(*grid, J.reshape(60, 60), 16), ax=right, label="J")
    right.plot(*path.T, "o-", ms=3, color="#f97316")
    out.mkdir(parents=True, exist_ok=True)
    figure.savefig(out / "04_gradient_descent.png", dpi=80)
    print(f"\nwrote {out / '04_gradient_descent.png'}")
    return path[-1]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the picture")
    main(parser.parse_args().out)
