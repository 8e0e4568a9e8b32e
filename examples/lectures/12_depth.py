"""Parity of n bits: what depth buys, and what training finds of it.

The notes' circuit argument: a tree of XORs is small, a flat formula of AND and OR is not. ReLU
units can add, so for them the gap is smaller: |s − c| is two units and folds the number s of ones
in the middle, so log₂ n layers of two compute the parity of n = 4, 8, … bits; one layer of h units
that look at s has h kinks, and as the parity changes n times, h ≥ n − 1.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import nn

N, SEEDS = 8, 6


def patterns() -> tuple[Any, Any]:
    """All 2ⁿ patterns of bits as columns, and their parities."""
    X = (np.arange(2**N) >> np.arange(N)[:, None]) & 1
    return X, X.sum(axis=0, keepdims=True) % 2


def network(hidden: tuple[int, ...], seed: int = 0) -> nn.DeepNetwork:
    """A network of ReLU units with those hidden layers."""
    return nn.DeepNetwork([N, *hidden, 1], hidden="relu", seed=seed)


def built(noise: float = 0.0, seed: int = 0) -> nn.DeepNetwork:
    """The narrow deep network whose weights are thought out: three folds, then a step."""
    folding, rng = network((2, 2, 2)), np.random.default_rng(seed)
    sign = np.array([[1.0], [-1.0]])
    state: dict[str, Any] = {}
    for layer, c in enumerate((4, 2, 1), start=1):  # |s − 4| of s ones, and so on
        state |= {f"W{layer}": sign * np.ones((1, N if layer == 1 else 2)), f"b{layer}": -c * sign}
    state |= {"W4": np.full((1, 2), -10.0), "b4": np.array([[5.0]])}
    folding.load_state_dict({k: v + noise * rng.normal(size=v.shape) for k, v in state.items()})
    return folding


STARTS: dict[str, Callable[[int], nn.DeepNetwork]] = {
    "deep 2-2-2": partial(network, (2, 2, 2)),
    "shallow 4": partial(network, (4,)),  # of no smaller budget
    "2-2-2, near the built": partial(built, 0.2),
    "deep 8-8-8": partial(network, (8, 8, 8)),
    "shallow 22": partial(network, (22,)),
}


def train(model: nn.DeepNetwork) -> nn.DeepNetwork:
    """Gradient descent by Adam on every pattern."""
    adam = nn.Adam(model.parameters(), lr=0.01)
    nn.fit(model, *patterns(), epochs=1000, optimizer=adam, progress=False, compile="numpy")
    return model


def draw(found: dict[str, list[float]], folding: nn.DeepNetwork, path: Path) -> None:
    """What the built network says as bit after bit is set; the accuracies of every training."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    ones, whole = np.linspace(0, N, 401), np.arange(N + 1)
    bits = np.clip(ones - whole[:N, None], 0, 1)  # from 00…0 to 11…1
    left.plot(ones, folding(bits).data[0], label="the built 2-2-2 network")
    left.plot(whole, whole % 2, "o", label="parity")
    left.set(xlabel="bits set, one after the other", ylabel="A[L]", ylim=(-0.1, 1.3))
    left.legend(loc="upper right", ncols=2)
    for row, accuracies in enumerate(found.values()):
        right.plot(accuracies, np.linspace(row - 0.25, row + 0.25, SEEDS), "o")
    right.set_yticks(range(len(found)), list(found))
    right.set(xlabel=f"accuracy after training, {SEEDS} seeds", ylim=(len(found) - 0.5, -0.5))
    right.grid(alpha=0.3)
    figure.savefig(path)


def main(out: Path) -> dict[str, list[float]]:
    """Build one, train all from several seeds; print a table, draw the outcome into `out`."""
    X, Y = patterns()
    assert nn.accuracy(built(), X, Y) == 1
    print(f"Parity of {N} bits: the built 2-2-2 network is right on all {2**N} patterns.\n")
    print(f"{f'trained from {SEEDS} seeds':22}parameters  accuracy: worst  median   best")
    found = {}
    for name, start in STARTS.items():
        models = [train(start(seed)) for seed in range(SEEDS)]
        low, *_, high = found[name] = sorted(nn.accuracy(model, X, Y) for model in models)
        size = sum(p.data.size for p in models[0].parameters())
        print(f"{name:22}{size:10}{low:17.3f}{np.median(found[name]):8.3f}{high:7.3f}")
    print("\nThe narrow network can do what the shallow one of its budget did not learn, but is")
    print("found only from near by; with room to spare, one layer learns parity as three do.")
    assert max(*found["shallow 4"], *found["deep 2-2-2"]) < 1
    assert min(found["2-2-2, near the built"]) == 1
    assert abs(np.median(found["deep 8-8-8"]) - np.median(found["shallow 22"])) < 0.1

    out.mkdir(parents=True, exist_ok=True)
    draw(found, built(), out / "12_depth.png")
    print(f"wrote {out / '12_depth.png'}")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the picture")
    main(parser.parse_args().out)
