"""micrograd's demonstration, a 2-16-16-1 network of scalar nodes, in micrograd and in minigrad.

    python benchmarks/two_moons.py [--points N] [--rounds N] [--json PATH]

One step is forward, max-margin loss with L2 regularisation, backward and update over all points.
The program is the same for both: only the scalar differs, micrograd's Value or a 0-d Tensor.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from timing import interleave, ratio, seconds, table, title, write_json

import minigrad as mg

RATE, DECAY = 0.05, 1e-4
SIZES = (2, 16, 16, 1)


def moons(points: int) -> tuple[list[list[float]], list[float]]:
    """Two interleaved half circles with noise: positions, and -1 or 1 for the circle."""
    rng = np.random.default_rng(1337)
    angle = rng.uniform(0, np.pi, points)
    side = np.where(np.arange(points) % 2, 1.0, -1.0)
    x = np.where(side > 0, 1 - np.cos(angle), np.cos(angle)) + rng.normal(0, 0.1, points)
    y = np.where(side > 0, 0.5 - np.sin(angle), np.sin(angle)) + rng.normal(0, 0.1, points)
    return np.stack([x, y], axis=1).tolist(), side.tolist()


def parameters(variable: Callable[[float], Any]) -> list[list[list[Any]]]:
    """For each layer, for each neuron: its weights and, last, its bias."""
    rng = np.random.default_rng(0)
    return [
        [[variable(w) for w in [*rng.uniform(-1, 1, n).tolist(), 0.0]] for _ in range(m)]
        for n, m in pairwise(SIZES)
    ]


def score(layers: list[list[list[Any]]], x: list[Any], relu: Callable[[Any], Any]) -> Any:
    """The network's output for one point."""
    for layer in layers:
        z = [sum([w * a for w, a in zip(neuron, x, strict=False)], neuron[-1]) for neuron in layer]
        x = z if layer is layers[-1] else [relu(v) for v in z]
    return x[0]


def loss(layers: Any, data: Any, relu: Callable[[Any], Any]) -> Any:
    """The mean of max(0, 1 - y score) plus the weights' squares."""
    margins = [relu(1.0 - y * score(layers, x, relu)) for x, y in zip(*data, strict=True)]
    squares = [p * p for layer in layers for neuron in layer for p in neuron]
    return sum(margins[1:], margins[0]) * (1 / len(margins)) + DECAY * sum(squares[1:], squares[0])


def micrograd_step(layers: Any, data: Any) -> float:
    """One step; returns the loss before it."""
    variables = [p for layer in layers for neuron in layer for p in neuron]
    for p in variables:
        p.grad = 0
    J = loss(layers, data, lambda v: v.relu())
    J.backward()
    for p in variables:
        p.data -= RATE * p.grad
    return float(J.data)


def minigrad_step(layers: Any, data: Any) -> float:
    """The same on 0-d Tensors."""
    variables = [p for layer in layers for neuron in layer for p in neuron]
    for p in variables:
        p.zero_grad()
    J = loss(layers, data, lambda v: np.maximum(v, 0.0))
    J.backward()
    for p in variables:
        p.data = p.data - RATE * p.grad
    return float(J.item())


def steps(points: int) -> dict[str, Callable[[], float]]:
    """A step of each, from the same parameters, after two that must have agreed."""
    from micrograd.engine import Value

    data = moons(points)
    found: dict[str, Callable[[], float]] = {
        "micrograd": partial(micrograd_step, parameters(Value), data),
        "minigrad": partial(minigrad_step, parameters(mg.tensor), data),
    }
    for _ in range(2):
        theirs, ours = found["micrograd"](), found["minigrad"]()
        if abs(theirs - ours) > 1e-12 * max(1.0, abs(theirs)):
            raise SystemExit(f"the losses differ: micrograd {theirs}, minigrad {ours}")
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if not find_spec("micrograd"):
        raise SystemExit("micrograd is the yardstick here: pip install micrograd")

    print(title(options.rounds))
    times = interleave(steps(options.points), options.rounds)
    found = {name: (*ratio(times, name, "micrograd"), seconds(times, name)) for name in times}
    rows = [[name, f"{r:.2f}", f"{s * 1e3:.0f} ms"] for name, (r, _, _, s) in found.items()]
    print(table([f"two moons, {options.points} points", "÷ micrograd", "a step"], rows))
    write_json(options.json, {"two moons": found})


if __name__ == "__main__":
    main()
