"""Shallow network: 3-4-1 on a planar flower, its six equations against the engine, term by term.

A point of the plane has two coordinates; the third input is their product x1 x2.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

import minigrad as mg
import nn

M = 400


class Planar(nn.Module):
    """The 3-4-1 network of the plane: (x1, x2) goes in as (x1, x2, x1 x2)."""

    def __init__(self) -> None:
        self.network = nn.DeepNetwork([3, 4, 1], hidden="tanh", init="xavier", seed=1)

    def forward(self, X: Any) -> Any:
        """A[2] (1, m) of X (2, m)."""
        return self.network(self.inputs(X))

    def inputs(self, X: Any) -> Any:
        """A[0] (3, m)."""
        return np.concatenate([X, X[:1] * X[1:]])


def compare(network: nn.DeepNetwork, X: Any, Y: Any) -> float:
    """The six equations by hand; how far the engine is from them at most."""
    m = X.shape[1]
    cache = network.cache(X)
    Z1, A1, Z2, A2 = (cache[name] for name in ("Z1", "A1", "Z2", "A2"))
    mg.name(Z1=Z1, Z2=Z2)  # a named node keeps its derivative
    network.zero_grad()
    nn.binary_cross_entropy(A2, Y).backward()

    dZ2 = A2.data - Y
    dW2 = dZ2 @ A1.data.T / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dZ1 = network.W[2].data.T @ dZ2 * (1 - A1.data**2)
    dW1 = dZ1 @ X.T / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    engine = {
        "dZ2": (dZ2, m * Z2.grad), "dW2": (dW2, network.W[2].grad), "db2": (db2, network.b[2].grad),
        "dZ1": (dZ1, m * Z1.grad), "dW1": (dW1, network.W[1].grad), "db1": (db1, network.b[1].grad),
    }  # fmt: skip
    errors = {name: np.abs(hand - found).max() for name, (hand, found) in engine.items()}
    print(
        "  ".join(f"{name} {hand.shape} {errors[name]:.0e}" for name, (hand, _) in engine.items())
    )
    return float(max(errors.values()))


def main(out: Path) -> float:
    """Check, train, check again; draw the decision boundary into `out`."""
    rng = np.random.default_rng(0)
    Y = np.arange(M)[None, :] % 2 * 1.0
    angle = rng.uniform(0, np.pi / 2, M) + np.pi / 2 * rng.integers(0, 2, M) * 2 + np.pi / 2 * Y[0]
    radius = 2 * np.abs(np.sin(2 * angle)) + rng.normal(0, 0.15, M)
    X = radius * np.stack([np.cos(angle), np.sin(angle)])

    planar = Planar()
    print("engine against the six equations, largest difference:")
    before = compare(planar.network, planar.inputs(X), Y)
    history = nn.fit(
        planar.network, planar.inputs(X), Y, epochs=800, learning_rate=1, progress=False
    )
    after = compare(planar.network, planar.inputs(X), Y)
    assert max(before, after) < 1e-12

    accuracy = nn.accuracy(planar.network, planar.inputs(X), Y)
    print(f"\n{history}, {accuracy:.1%} of {M} points are on the right side")
    assert accuracy > 0.9
    out.mkdir(parents=True, exist_ok=True)
    path = out / "07_shallow_network.png"
    nn.plots.decision_boundary(planar, X, Y, path, loss="binary_cross_entropy")
    print(f"\nwrote {path}")
    return accuracy


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the picture")
    main(parser.parse_args().out)
