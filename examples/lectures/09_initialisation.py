"""Initialisation: zeros keep units equal for ever, 0.01 randn does not, large W saturates."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import nn

SCALES = (0.01, 0.3, 5.0)


def main(out: Path) -> dict[float, float]:
    """Train from both starts; draw the gradients of each layer at three scales into `out`."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2, 200))
    Y = (X[:1] * X[1:] > 0) * 1.0

    accuracy = {}
    for init in ("zeros", "normal"):  # normal: W = 0.01 randn
        network = nn.DeepNetwork([2, 4, 1], hidden="tanh", init=init, seed=0)
        nn.fit(network, X, Y, epochs=2000, learning_rate=1, progress=False)
        W1 = network.W[1].data
        accuracy[init] = nn.accuracy(network, X, Y)
        print(f"{init}: accuracy {accuracy[init]:.1%}, a row of W1 for each hidden unit:\n{W1}\n")
        assert np.array_equal(W1, np.repeat(W1[:1], 4, axis=0)) == (init == "zeros")
        assert (len(np.unique(W1, axis=0)) == 1) == (init == "zeros")
    assert accuracy["zeros"] < 0.7
    assert accuracy["normal"] > 0.9

    X = rng.normal(size=(20, 200))
    Y = (X[:1] > 0) * 1.0
    figure, saturated = Figure(figsize=(9, 3), layout="constrained"), {}
    for i, scale in enumerate(SCALES, start=1):
        draw = partial(nn.init.normal, scale=scale)
        network = nn.DeepNetwork([20, 20, 20, 20, 20, 1], hidden="tanh", init=draw, seed=0)
        A1 = network.cache(X)["A1"].data
        saturated[scale] = float(np.mean(np.abs(A1) > 0.99))
        print(f"W = {scale} randn: {saturated[scale]:.0%} of A[1] beyond ±0.99")
        title = f"W = {scale} randn\n{saturated[scale]:.0%} of A[1] saturated"
        ax = figure.add_subplot(1, 3, i, title=title, xlabel="‖dW‖")
        nn.plots.gradient_flow(network, X, Y, ax=ax)
        ax.set_xlim(1e-7, 1e2)
    assert saturated[0.01] == 0
    assert saturated[5.0] > 0.8
    out.mkdir(parents=True, exist_ok=True)
    figure.savefig(out / "09_initialisation.png")
    print(f"\nwrote {out / '09_initialisation.png'}")
    return saturated


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the picture")
    main(parser.parse_args().out)
