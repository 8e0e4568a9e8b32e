"""Activations: the notes' four, their derivatives from the engine; linear layers collapse."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

import minigrad as mg
import nn

# g'(z) as the notes write it, in terms of z and a = g(z); at z = 0 ReLU has the left derivative.
DERIVATIVES: dict[str, tuple[Any, Any]] = {
    "sigmoid": (nn.sigmoid, lambda z, a: a * (1 - a)),
    "tanh": (nn.tanh, lambda z, a: 1 - a**2),
    "relu": (nn.relu, lambda z, a: np.where(z > 0, 1.0, 0.0)),
    "leaky_relu": (nn.leaky_relu, lambda z, a: np.where(z > 0, 1.0, 0.01)),
}


def main(out: Path) -> float:
    """Check every derivative, draw them into `out`, collapse two linear layers into one."""
    z = np.linspace(-5, 5, 1001)
    for name, (g, derivative) in DERIVATIVES.items():
        engine = mg.grad(lambda z, g=g: g(z).sum())(z)
        np.testing.assert_allclose(engine, derivative(z, g(z)), atol=1e-14)
        print(f"{name:11} g'(z) at −5, 0, 5: {engine[[0, 500, 1000]].round(5)}")

    # Without activations A2 = W2 (W1 X + b1) + b2 = W' X + b': the hidden layer buys nothing.
    rng = np.random.default_rng(0)
    network = nn.DeepNetwork([3, 4, 2], hidden="identity", output="identity", seed=0)
    for b in network.b.values():
        b.data = rng.normal(size=b.shape)
    W1, b1, W2, b2 = network.state_dict().values()
    single = nn.Linear(3, 2)
    single.load_state_dict({"W": W2 @ W1, "b": W2 @ b1 + b2})
    X = rng.normal(size=(3, 100))
    apart = float(np.abs(network(X).data - single(X).data).max())
    print(f"\ntwo linear layers against W' = W2 W1, b' = W2 b1 + b2: {apart:.1e} apart")
    assert apart < 1e-13

    out.mkdir(parents=True, exist_ok=True)
    nn.plots.activations(list(DERIVATIVES), out / "08_activations.png")
    print(f"\nwrote {out / '08_activations.png'}")
    return apart


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the picture")
    main(parser.parse_args().out)
