"""Losses: the logistic cost is convex, the squared one is not; maximum likelihood explains it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import minigrad as mg
import nn

GRID = 21
X = np.array([[-3.0, -2.0, -1.0, 0.5, 1.0, 2.0, 3.0]])
Y = np.array([[0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0]])  # no w separates them


def logistic(p: Any) -> Any:
    """J of p = (w, b) with L = −(y log a + (1−y) log(1−a))."""
    return nn.binary_cross_entropy(nn.sigmoid(p[0] * X + p[1]), Y)


def squared(p: Any) -> Any:
    """J of p = (w, b) with L = ½(a−y)²."""
    return nn.squared_error(nn.sigmoid(p[0] * X + p[1]), Y)


def main(out: Path) -> dict[str, float]:
    """Draw both surfaces; the smallest curvature on each says whether it is convex."""
    w, b = np.meshgrid(np.linspace(-6, 6, GRID), np.linspace(-6, 6, GRID))
    points = np.stack([w.ravel(), b.ravel()], axis=1)
    figure = Figure(figsize=(7.6, 3.8), layout="constrained")
    smallest = {}
    for i, J in enumerate((logistic, squared), start=1):
        values = np.array([J(p) for p in points])
        curvature = mg.hessian(J)
        smallest[J.__name__] = min(np.linalg.eigvalsh(curvature(p))[0] for p in points)
        convex = "convex" if smallest[J.__name__] >= 0 else "not convex"
        print(f"{J.__name__:9} smallest curvature {smallest[J.__name__]:9.2e}: {convex}")
        ax = figure.add_subplot(1, 2, i, projection="3d", xlabel="w", ylabel="b")
        ax.plot_surface(w, b, values.reshape(w.shape), cmap="viridis", rstride=1, cstride=1)
        ax.set_title(f"J, {J.__name__} loss: {convex}", y=0.96)
        ax.set_box_aspect(None, zoom=0.9)
    assert smallest["logistic"] > 0 > smallest["squared"]

    # p(y|x) = a^y (1−a)^(1−y): the likelihood of all labels is a product over the examples.
    p = np.array([0.7, -0.2])
    a = nn.sigmoid(p[0] * X + p[1])
    likelihood = np.prod(a**Y * (1 - a) ** (1 - Y))
    print(f"\n−(1/m) log(likelihood) = {-np.log(likelihood) / Y.size:.12f}")
    print(f"J                      = {logistic(p):.12f}")
    np.testing.assert_allclose(-np.log(likelihood) / Y.size, logistic(p))

    out.mkdir(parents=True, exist_ok=True)
    figure.savefig(out / "03_losses.png", dpi=60)
    print(f"\nwrote {out / '03_losses.png'}")
    return smallest


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the picture")
    main(parser.parse_args().out)
