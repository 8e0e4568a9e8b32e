"""One full-batch gradient-descent step of four networks, relative to hand-written NumPy.

    python benchmarks/training_step.py [--rounds N] [--only NAME …] [--network SIZES …] [--cores N]
                                       [--json PATH]

Every implementation must first agree with the hand-written one after two steps; one that does not
is not timed. "products only" is the floor: its matrix products, which are no step.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from implementations import HAND, IMPLEMENTATIONS, PRODUCTS, Step, installed
from networks import NETWORKS, Network, problem
from timing import interleave, ratio, seconds, settle_threads, table, title, write_json

LEARNING_RATE = 1e-3


def disagreement(name: str, network: Network, learning_rate: float = 1.0, steps: int = 2) -> float:
    """The largest relative difference to the hand-written step: in the losses, or in how far any
    parameter has moved.
    """
    start = problem(network)
    moved: list[list[np.ndarray]] = []
    losses: list[np.ndarray] = []
    for factory in (IMPLEMENTATIONS[HAND], IMPLEMENTATIONS[name]):
        step = factory(start, learning_rate)
        losses.append(np.array([float(step.run()) for _ in range(steps)]))
        moved.append(
            [p.reshape(q.shape) - q for p, q in zip(step.parameters(), start.start(), strict=True)]
        )
    pairs = [*zip(*moved, strict=True), (losses[0], losses[1])]
    return max(float(abs(got - want).max() / abs(want).max()) for want, got in pairs)


def tolerance(network: Network) -> float:
    """How much two implementations may differ after two steps."""
    return 1e-10 if network.dtype == "float64" else 1e-4


def measure(network: Network, names: list[str], rounds: int) -> dict[str, tuple[float, ...]]:
    """For each implementation that agrees: median ratio to hand-written, quartiles, seconds."""
    steps: dict[str, Step] = {}
    for name in names:
        error = 0.0 if name == PRODUCTS else disagreement(name, network)
        if error <= tolerance(network):
            steps[name] = IMPLEMENTATIONS[name](problem(network), LEARNING_RATE)
        else:
            print(f"{network.name}: {name} differs from {HAND} by {error:.1e}; not timed")
    times = interleave({name: step.run for name, step in steps.items()}, rounds)
    return {name: (*ratio(times, name, HAND), seconds(times, name)) for name in times}


def main() -> None:
    """Measure what is asked for and print a table: networks down, implementations across."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--only", nargs="+", choices=list(IMPLEMENTATIONS), metavar="NAME")
    parser.add_argument("--network", nargs="+", choices=[n.name for n in NETWORKS])
    parser.add_argument("--cores", type=int, help="confine all libraries to so many (Linux)")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    settle_threads(options.cores)

    names = [HAND] + [
        name for name in options.only or IMPLEMENTATIONS if name != HAND and installed(name)
    ]
    results = {}
    rows = []
    for network in NETWORKS:
        if options.network is None or network.name in options.network:
            found = measure(network, names, options.rounds)
            results[network.name] = found
            cells = [f"{found[n][0]:.2f}" if n in found else "✗" for n in names[1:]]
            what = f"{network.name}, m={network.m}, {network.dtype}"
            rows.append([what, f"{found[HAND][3] * 1e6:.0f} µs", *cells])
    print(title(options.rounds))
    print(table([f"one training step, ÷ {HAND}", HAND, *names[1:]], rows))
    write_json(options.json, {"ratio, quartiles, seconds": results})


if __name__ == "__main__":
    main()
