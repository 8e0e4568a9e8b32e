"""Initialisation: equal weights keep hidden units equal for ever, large ones learn slowly.

Where tanh is saturated its slope 1 − A² is near 0, and dW1 has it as a factor: dW2 is not small
then, but the hidden layer stands nearly still.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import nn

SCALES = (0.01, 1, 10, 100)


def all_half(rng: Any, n_out: int, n_in: int) -> Any:
    """Weights that are equal, and not 0."""
    del rng
    return np.full((n_out, n_in), 0.5)


def symmetry(X: Any, Y: Any) -> dict[str, float]:
    """Train 2-4-1 from three starts; a row of W1 is what a hidden unit has become."""
    accuracy = {}
    starts: dict[str, Any] = {"all 0": "zeros", "all 0.5": all_half, "0.01 randn": "normal"}
    for name, init in starts.items():
        network = nn.DeepNetwork([2, 4, 1], hidden="tanh", init=init, seed=0)
        start = network.W[1].data
        history = nn.fit(network, X, Y, epochs=2000, learning_rate=1, progress=False)
        W1 = network.W[1].data
        accuracy[name] = nn.accuracy(network, X, Y)
        print(f"W = {name}: {history}, accuracy {accuracy[name]:.1%}; W1, a row for each unit:")
        print(f"{W1.round(4) + 0}\n")
        assert np.array_equal(W1, start) == (name == "all 0")  # from 0.5 they move,
        assert np.allclose(W1, W1[:1], rtol=1e-9) == (name != "0.01 randn")  # all alike
    assert max(accuracy["all 0"], accuracy["all 0.5"]) < 0.7
    assert accuracy["0.01 randn"] > 0.9
    return accuracy


def saturation(X: Any, Y: Any, scale: float) -> tuple[list[float], nn.History]:
    """2-8-1 with W1 = scale · randn, W2 always the same: the first gradients, and a training."""
    randn = np.random.default_rng(0).standard_normal
    network = nn.DeepNetwork([2, 8, 1], hidden="tanh", init=lambda _, *size: randn(size))
    network.W[1].data = scale * network.W[1].data
    cache = network.cache(X)
    slope = float(np.mean(1 - cache["A1"].data ** 2))
    nn.binary_cross_entropy(cache["A2"], Y).backward()
    norms = [float(np.linalg.norm(np.asarray(W.grad))) for W in network.W.values()]
    share = norms[0] / float(np.linalg.norm(network.W[1].data))
    history = nn.fit(network, X, Y, epochs=500, learning_rate=0.5, progress=False)
    print(f"{scale:6g}{slope:13.4f}{norms[0]:9.4f}{norms[1]:9.4f}{share:12.1e}   {history}")
    return [slope, *norms, share], history


def main(out: Path) -> dict[str, float]:
    """Both demonstrations; the second one drawn into `out`."""
    X = np.random.default_rng(0).normal(size=(2, 200))
    Y = (X[:1] * X[1:] > 0) * 1.0
    accuracy = symmetry(X, Y)

    print("W1 = s randn:\n     s   mean slope    ‖dW1‖    ‖dW2‖  ‖dW1‖/‖W1‖   500 epochs")
    found = {scale: saturation(X, Y, scale) for scale in SCALES}
    slopes, dW1, dW2, shares = np.array([numbers for numbers, _ in found.values()]).T
    ends = [history.losses[-1] for _, history in found.values()]
    assert np.all(np.diff(slopes) < 0)
    assert np.all(np.diff(shares) < 0)
    assert dW1[-1] < dW1[1] / 10
    assert dW2[-1] > dW2[1]
    assert ends[1] < ends[-1] / 3

    figure = Figure(figsize=(9, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for values, label in ((slopes, "mean slope 1 − A²"), (dW1, "‖dW1‖"), (dW2, "‖dW2‖")):
        left.loglog(SCALES, values, "o-", label=label)
    left.set(xlabel="s, where W1 = s randn", title="before training")
    left.legend()
    nn.plots.cost_curve({f"s = {s:g}": history for s, (_, history) in found.items()}, ax=right)
    right.set(xlabel="epoch", ylabel="J", title="training")
    out.mkdir(parents=True, exist_ok=True)
    figure.savefig(out / "09_initialisation.png")
    print(f"\nwrote {out / '09_initialisation.png'}")
    return accuracy


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the picture")
    main(parser.parse_args().out)
