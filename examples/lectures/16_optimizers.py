"""Momentum, Adam, mini-batches, L2 and dropout on the same network: the costs in one picture.

The data are small pictures of handwritten digits (8 × 8, shipped with scikit-learn); few are
trained on, so that L2 and dropout have something to prevent.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import nn

EPOCHS, BATCH = 60, 32


def network(rate: float = 0.0) -> nn.Sequential:
    """64-32-10 with logits at the end; always the same first weights."""
    return nn.Sequential(
        nn.Linear(64, 32, seed=0), nn.relu, nn.Dropout(rate, seed=1), nn.Linear(32, 10, seed=2)
    )


# What is tried: the dropout rate, the size of a mini-batch, the optimiser.
Optimizer = Callable[[list[Any]], Any]
EXPERIMENTS: dict[str, tuple[float, int | None, Optimizer]] = {
    "gradient descent": (0, None, lambda p: nn.SGD(p, 0.1)),
    "momentum": (0, None, lambda p: nn.SGD(p, 0.1, momentum=0.9)),
    "Adam": (0, None, lambda p: nn.Adam(p, 0.01)),
    "mini-batches": (0, BATCH, lambda p: nn.SGD(p, 0.1)),
    "mini-batches, momentum": (0, BATCH, lambda p: nn.SGD(p, 0.1, momentum=0.9)),
    "the same, L2": (0, BATCH, lambda p: nn.SGD(p, 0.1, momentum=0.9, weight_decay=0.002)),
    "the same, dropout": (0.5, BATCH, lambda p: nn.SGD(p, 0.1, momentum=0.9)),
}


def main(out: Path) -> dict[str, nn.History]:
    """Train the network in each way; print a table, draw the costs into `out`."""
    images, labels = load_digits(return_X_y=True)
    train, test, Y, Y_test = train_test_split(images / 16, labels, train_size=300, random_state=0)
    X, X_test = train.T, test.T
    print(f"{X.shape[1]} digits to train on, {X_test.shape[1]} to test on, {EPOCHS} epochs\n")
    print(f"{'':24}{'J at the end':>12}{'J in use':>10}{'J test':>9}{'accuracy':>10}{'‖W‖':>7}")

    histories, norms = {}, {}
    for name, (rate, size, optimizer) in EXPERIMENTS.items():
        model = network(rate)
        histories[name] = nn.fit(
            model, X, Y, loss="cross_entropy", epochs=EPOCHS, batch_size=size,
            optimizer=optimizer(model.parameters()), seed=0, progress=False,
        )  # fmt: skip
        model.eval()
        J, J_test = (nn.cross_entropy(model(x), y).item() for x, y in ((X, Y), (X_test, Y_test)))
        accuracy = nn.accuracy(model, X_test, Y_test, loss="cross_entropy")
        norm = np.sqrt(sum((W**2).sum() for k, W in model.state_dict().items() if "W" in k))
        norms[name] = norm
        trained = histories[name].losses[-1]
        print(f"{name:24}{trained:12.4f}{J:10.4f}{J_test:9.4f}{accuracy:10.3f}{norm:7.2f}")

    end = {name: history.losses[-1] for name, history in histories.items()}
    assert max(end["momentum"], end["Adam"], end["mini-batches"]) < end["gradient descent"] / 2
    assert norms["the same, L2"] < norms["mini-batches, momentum"]
    assert end["the same, dropout"] > end["mini-batches, momentum"]

    out.mkdir(parents=True, exist_ok=True)
    ax = nn.plots.cost_curve(histories)
    ax.set_yscale("log")
    ax.set_title(f"one network, 64-32-10, {EPOCHS} epochs")
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    ax.figure.set_size_inches(8, 4.2)
    ax.figure.savefig(out / "16_optimizers.png")
    print(f"\nwrote {out / '16_optimizers.png'}")
    return histories


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the picture")
    main(parser.parse_args().out)
