"""The main job: a deep network trained on real data, its gradients checked against the equations.

The data are 30 measurements of cell nuclei from 569 breast tumours (Wisconsin Diagnostic Breast
Cancer, shipped with scikit-learn); the network learns to tell malignant from benign.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

import minigrad as mg
import nn

SIZES = (30, 16, 8, 1)
SEED = 1
CHECK_AT = (1, 20, 80)  # epochs after which the gradients are checked again


@dataclass(frozen=True)
class Result:
    """What the run found."""

    accuracy: float
    largest_error: float
    losses: list[float]


def load() -> tuple[Any, Any, Any, Any]:
    """Train and test data, standardised by the training data; examples are columns."""
    X, y = load_breast_cancer(return_X_y=True)
    train, test, y_train, y_test = train_test_split(
        X, y, test_size=0.2, random_state=SEED, stratify=y
    )
    scale = StandardScaler().fit(train)
    return scale.transform(train).T, y_train[None, :], scale.transform(test).T, y_test[None, :]


def main(out: Path, epochs: int = 80) -> Result:
    """Train, check, draw; print what a reader wants to see."""
    X, Y, X_test, Y_test = load()
    network = nn.DeepNetwork(SIZES, hidden="relu", output="sigmoid", init="he", seed=SEED)
    print(f"{X.shape[1]} examples to train on, {X_test.shape[1]} to test on\n")
    print(nn.shapes(network, X.shape[1]))

    reports = [nn.check_closed_form(network, X, Y)]
    print(f"\nBefore training, the engine against the closed-form equations:\n\n{reports[0]}\n")

    def check(epoch: int, network: nn.DeepNetwork, _: float) -> None:
        if epoch in CHECK_AT:
            reports.append(nn.check_closed_form(network, X, Y))

    history = nn.fit(
        network, X, Y, epochs=epochs, batch_size=32, seed=SEED, callback=check,
        optimizer=nn.Adam(network.parameters(), lr=0.001),
    )  # fmt: skip

    print(f"\nAfter training:\n\n{reports[-1]}\n")
    largest = max(report.largest for report in reports)
    result = Result(nn.accuracy(network, X_test, Y_test), largest, history.losses)
    print(f"cost             {history.losses[0]:.4f} → {history.losses[-1]:.4f}")
    print(f"largest error    {largest:.1e} over {len(reports)} checks (engine against equations)")
    print(f"test accuracy    {result.accuracy:.3f}")

    out.mkdir(parents=True, exist_ok=True)
    nn.plots.cost_curve(history, out / "cost_curve.png")
    cache = network.cache(X)
    J = nn.binary_cross_entropy(cache["A3"], Y)
    mg.graph(J, names={"J": J, "Y": Y, **cache}).render(out / "deep_network.svg")
    print(f"wrote            {out / 'cost_curve.png'}, {out / 'deep_network.svg'}")
    return result


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the pictures")
    main(parser.parse_args().out)
