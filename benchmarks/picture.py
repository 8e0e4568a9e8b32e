"""The figures of training_step.py as a picture: a panel for each network, a bar for each library.

python benchmarks/picture.py FIGURES.json [training_step.svg]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from implementations import HAND, PRODUCTS
from networks import NETWORKS

OURS, FLOOR, OTHERS = "#1f5fbf", "#9a9a9a", "#d9a441"
WIDEST = 4.0  # times hand-written; longer bars are cut and say so


def colour(name: str) -> str:
    """Ours, the floor, or another library's."""
    if "minigrad" in name or name.startswith("compiled"):
        return OURS
    return FLOOR if name in {PRODUCTS, HAND} else OTHERS


def draw(figures: dict[str, dict[str, Any]], path: Path) -> None:
    """Write the picture."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    shown = [network for network in NETWORKS if network.name in figures]
    with rc_context({"svg.hashsalt": "minigrad", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(9, 3.1 * -(-len(shown) // 2)), layout="constrained")
        for k, network in enumerate(shown):
            ax = figure.add_subplot(-(-len(shown) // 2), 2, k + 1)
            found = figures[network.name]
            names = sorted(found, key=lambda name: found[name][0], reverse=True)
            ratios = [found[name][0] for name in names]
            bars = ax.barh(names, [min(r, WIDEST) for r in ratios], color=[*map(colour, names)])
            ax.bar_label(bars, [f"{r:.2f}" for r in ratios], padding=2)
            ax.axvline(1, color="black", linewidth=0.8)
            ax.set_xlim(0, WIDEST * 1.12)
            ax.set_title(f"{network.name}, m = {network.m}, {network.dtype}")
            ax.spines[["top", "right"]].set_visible(False)
        figure.supxlabel("time of one training step ÷ hand-written NumPy (shorter is better)")
        figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Draw what a run has written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("figures", type=Path)
    default = Path(__file__).with_name("training_step.svg")
    parser.add_argument("path", type=Path, nargs="?", default=default)
    options = parser.parse_args()
    draw(json.loads(options.figures.read_text())["ratio, quartiles, seconds"], options.path)
    print(options.path)


if __name__ == "__main__":
    main()
