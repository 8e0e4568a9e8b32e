"""Broadcasting: which share of the calories of four foods comes from carbs, protein and fat."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import minigrad as mg

FOODS = ("apples", "beef", "eggs", "potatoes")
PARTS = ("carb", "protein", "fat")
A = np.array([[56, 0, 4.4, 68], [1.2, 104, 52, 8], [1.8, 135, 99, 0.9]])  # calories in 100 g
PERCENTAGES = [  # as the notes print them
    [94.915, 0, 2.831, 88.427],
    [2.034, 43.515, 33.462, 10.403],
    [3.051, 56.485, 63.707, 1.170],
]


def main(out: Path) -> Any:
    """The table without a loop, and how a derivative goes back through a broadcast."""
    cal = A.sum(axis=0)
    percentage = 100 * A / cal.reshape(1, 4)  # (3, 4) / (1, 4)
    np.testing.assert_allclose(cal, [59, 239, 155.4, 76.9])
    np.testing.assert_allclose(percentage, PERCENTAGES, atol=5e-4)
    print(f"{'':10}" + "".join(f"{food:>10}" for food in FOODS))
    for name, row in zip(PARTS, percentage):
        print(f"{name:10}" + "".join(f"{x:9.3f}%" for x in row))
    print(f"{'calories':10}" + "".join(f"{x:10.1f}" for x in cal))

    # What was stretched on the way forward is summed on the way back: db = Σ_columns dZ.
    dZ = np.arange(12.0).reshape(3, 4)
    db = mg.grad(lambda b: (dZ * (A + b)).sum())(np.zeros((3, 1)))
    assert np.array_equal(db, dZ.sum(axis=1, keepdims=True))
    print(f"\nb {db.shape} was stretched to {dZ.shape}; db = {db.ravel()} is the sum over columns")

    figure = Figure(figsize=(5, 3), layout="constrained")
    ax = figure.add_subplot(ylabel="% of the calories")
    bottom = np.zeros(4)
    for name, row, colour in zip(PARTS, percentage, ("#a16207", "#c2410c", "#1f5fbf")):
        ax.bar(FOODS, row, bottom=bottom, label=name, color=colour)
        bottom = bottom + row
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    out.mkdir(parents=True, exist_ok=True)
    figure.savefig(out / "06_broadcasting.png")
    print(f"\nwrote {out / '06_broadcasting.png'}")
    return percentage


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the picture")
    main(parser.parse_args().out)
