"""Learning rates and the other hyperparameters: Idea → Code → Experiment.

A sweep of α shows costs that creep, fall, diverge. Then scikit-learn draws settings of everything
at once (ParameterSampler), and goes through the neighbours of the best one (ParameterGrid).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from scipy.stats import loguniform
from sklearn.datasets import make_moons
from sklearn.model_selection import ParameterGrid, ParameterSampler, train_test_split

import nn

ALPHAS, EPOCHS = (0.001, 0.03, 0.3, 0.7, 3.0), 150
Result = tuple[float, nn.DeepNetwork, dict[str, Any]]
IDEA = {
    "learning_rate": loguniform(0.01, 10),
    "layers": [1, 2, 3],
    "units": [2, 4, 8, 16],
    "hidden": ["tanh", "relu", "sigmoid"],
    "epochs": [100, 400],
}


def sweep(X: Any, Y: Any) -> dict[str, nn.History]:
    """J of a 2-8-1 regression for each α; a training that diverges is kept as far as it came."""
    histories = {}
    for alpha in ALPHAS:
        network = nn.DeepNetwork([2, 8, 1], hidden="tanh", output="identity", seed=0)
        try:
            history = nn.fit(network, X, Y, epochs=EPOCHS, learning_rate=alpha, progress=False)
            name = f"α = {alpha:g}"
        except nn.DivergenceError as error:
            history, name = error.history, f"α = {alpha:g}: diverges"
            print(f"  {error}")
        histories[name] = history
        print(f"  α = {alpha:<6g} {history}")
    return histories


def experiment(settings: Iterable[dict[str, Any]], data: list[Any]) -> list[Result]:
    """Train a network in each setting; (accuracy on what it was not trained on, …), best first."""
    X, X_dev, Y, Y_dev = data
    results = []
    for setting in settings:
        sizes = [2, *[setting["units"]] * setting["layers"], 1]
        network = nn.DeepNetwork(sizes, hidden=setting["hidden"], init="xavier", seed=0)
        alpha, epochs = setting["learning_rate"], setting["epochs"]
        nn.fit(network, X, Y, epochs=epochs, learning_rate=alpha, progress=False)
        results.append((nn.accuracy(network, X_dev, Y_dev), network, setting))
    results.sort(key=lambda result: -result[0])
    for accuracy, network, setting in results[:6]:
        alpha, epochs = setting["learning_rate"], setting["epochs"]
        print(f"  {accuracy:.3f}  α = {alpha:<7.3g}{epochs:4} epochs  {network}")
    return results


def main(out: Path) -> dict[str, nn.History]:
    """Sweep α, search the settings; draw the cost curves into `out`."""
    points, labels = make_moons(400, noise=0.2, random_state=0)
    split = train_test_split(points, labels[:, None], test_size=0.3, random_state=0)
    X, X_dev, Y, Y_dev = data = [part.T for part in split]

    print("One setting, several learning rates:\n")
    histories = sweep(X, Y)
    diverged = [name for name in histories if "diverges" in name]
    assert diverged
    assert histories["α = 0.3"].losses[-1] < histories["α = 0.001"].losses[-1]

    print("\nIdea 1: settings drawn at random; the best six of 12, by held-out accuracy:\n")
    first = experiment(ParameterSampler(IDEA, n_iter=12, random_state=0), data)
    best = {name: [value] for name, value in first[0][2].items()}
    alphas = [factor * best["learning_rate"][0] for factor in (0.5, 1, 2, 4)]
    print("\nIdea 2: the best of these, with other α and more units:\n")
    more = [best["units"][0], 2 * best["units"][0]]
    grid = ParameterGrid(best | {"learning_rate": alphas, "units": more})
    accuracy, network, _ = experiment(grid, data)[0]
    assert accuracy >= first[0][0] > 0.9

    out.mkdir(parents=True, exist_ok=True)
    ax = nn.plots.cost_curve(histories)
    ax.set(ylim=(0.02, 100), yscale="log")  # the limits first: J goes to 1e303
    ax.figure.savefig(out / "13_learning_rates.png")
    nn.plots.decision_boundary(network, X_dev, Y_dev, out / "13_best.png")
    print(f"\nwrote {out / '13_learning_rates.png'}, {out / '13_best.png'}")
    return histories


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the pictures")
    main(parser.parse_args().out)
