"""Logistic regression: two loops, one loop, none, and the engine; the same numbers, timed.

With two features only, a NumPy call per example costs more than the inner loop it replaces: the
loop that pays to lose is the one over m.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import minigrad as mg
import nn

M = 20_000


def two_loops(w: Any, b: float, X: Any, Y: Any) -> tuple[Any, float]:
    """Accumulators dw1, dw2, db: a loop over the examples, in it one over the features."""
    (n, m), db = X.shape, 0.0
    dw = [0.0] * n
    for i in range(m):
        a = 1 / (1 + math.exp(-(sum(w[j, 0] * X[j, i] for j in range(n)) + b)))
        dz = a - Y[0, i]
        for j in range(n):
            dw[j] += X[j, i] * dz
        db += dz
    return np.array(dw)[:, None] / m, db / m


def one_loop(w: Any, b: float, X: Any, Y: Any) -> tuple[Any, float]:
    """The features at once: dw is a vector."""
    m, dw, db = X.shape[1], np.zeros_like(w), 0.0
    for i in range(m):
        x = X[:, i : i + 1]
        dz = 1 / (1 + math.exp(-((w.T @ x).item() + b))) - Y[0, i]
        dw += x * dz
        db += dz
    return dw / m, db / m


def no_loop(w: Any, b: float, X: Any, Y: Any) -> tuple[Any, float]:
    """Z = wᵀX + b; A = σ(Z); dZ = A − Y; dw = X dZᵀ / m; db = Σ dZ / m."""
    m = X.shape[1]
    dZ = nn.sigmoid(w.T @ X + b) - Y
    return X @ dZ.T / m, np.sum(dZ) / m


def cost(w: Any, b: Any, X: Any, Y: Any) -> Any:
    """J, of which the engine finds dw and db."""
    return nn.binary_cross_entropy(nn.sigmoid(w.T @ X + b), Y)


def main(out: Path) -> dict[str, float]:
    """One example, then m of them in four ways; the times drawn into `out`."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2, M))
    Y = (X[:1] - X[1:] + rng.normal(size=(1, M)) > 0) * 1.0
    w, b = np.array([[0.5], [-0.25]]), 0.1
    derivatives = mg.grad(cost, argnums=(0, 1))

    (x1, x2), y = X[:, 0], Y[0, 0]
    dz = 1 / (1 + math.exp(-(0.5 * x1 - 0.25 * x2 + b))) - y  # dz = a − y
    dw, db = derivatives(w, b, X[:, :1], Y[:, :1])
    np.testing.assert_allclose([*dw[:, 0], db], [x1 * dz, x2 * dz, dz])
    print(f"one example: dw1 = x1 dz = {x1 * dz:.6f}, dw2 = x2 dz = {x2 * dz:.6f}, db = {dz:.6f}")

    print(f"\n{M} examples:")
    ways = {"two loops": two_loops, "one loop": one_loop, "no loop": no_loop, "engine": derivatives}
    times, expected = {}, derivatives(w, b, X, Y)
    for name, way in ways.items():
        start = perf_counter()
        dw, db = way(w, b, X, Y)
        times[name] = 1000 * (perf_counter() - start)
        print(f"  {name:10} dw = {dw[:, 0].round(9)}  db = {db:.9f}  {times[name]:9.3f} ms")
        np.testing.assert_allclose([*dw[:, 0], db], [*expected[0][:, 0], expected[1]], rtol=1e-9)

    figure = Figure(figsize=(5, 2.2), layout="constrained")
    ax = figure.add_subplot(xscale="log", xlabel="ms")
    ax.bar_label(ax.barh(list(times), list(times.values())), fmt=" %.2g ms")
    ax.invert_yaxis()
    ax.margins(x=0.2)
    out.mkdir(parents=True, exist_ok=True)
    figure.savefig(out / "02_logistic_regression.png")
    print(f"\nwrote {out / '02_logistic_regression.png'}")
    return times


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the picture")
    main(parser.parse_args().out)
