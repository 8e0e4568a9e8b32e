"""How time grows with work: its exponent, which is 1 where each node costs the same.

    python benchmarks/scale.py [--doublings N] [--rounds N]

The work doubles from line to line; the exponent is fitted to the larger half of the sizes, where
constant costs no longer count. Forward records the graph, backward sweeps it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from timing import table, title

import minigrad as mg


def chain(n: int) -> Any:
    """n nodes, each computed from the one before."""
    y = mg.tensor(0.0)
    for _ in range(n):
        y = y + 1.0
    return y


def fan_out(n: int) -> Any:
    """One variable used by n nodes, added up one by one."""
    x = mg.tensor(1.0)
    total = x * 1.0
    for _ in range(n // 2):
        total = total + x * 2.0
    return total


def fan_in(n: int) -> Any:
    """One node with n inputs."""
    return np.sum(np.stack([mg.tensor(1.0) for _ in range(n)]))


def array(n: int) -> Any:
    """A few nodes that hold 1,000 n numbers."""
    x = mg.tensor(np.ones(1000 * n))
    return np.sum(np.tanh(x) * x)


SCALES: dict[str, Callable[[int], Any]] = {
    "nodes in a chain": chain,
    "uses of a variable": fan_out,
    "inputs of a node": fan_in,
    "elements of an array": array,
}


def times(build: Callable[[int], Any], n: int, rounds: int) -> tuple[float, float]:
    """Median seconds to record and to differentiate the graph of size n."""
    forward, backward = [], []
    for _ in range(rounds):
        start = perf_counter()
        y = build(n)
        middle = perf_counter()
        y.backward()
        forward.append(middle - start)
        backward.append(perf_counter() - middle)
    return median(forward), median(backward)


def exponent(sizes: list[int], seconds: list[float]) -> float:
    """The slope of log time over log size, in the larger half of the sizes."""
    half = len(sizes) // 2
    return float(np.polyfit(np.log(sizes[half:]), np.log(seconds[half:]), 1)[0])


def exponents(
    build: Callable[[int], Any], doublings: int, rounds: int, smallest: int = 250
) -> tuple[float, float]:
    """The exponents of forward and backward, over sizes that double."""
    sizes = [smallest * 2**k for k in range(doublings)]
    times(build, smallest, 1)
    forward, backward = zip(*[times(build, n, rounds) for n in sizes], strict=True)
    return exponent(sizes, list(forward)), exponent(sizes, list(backward))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--doublings", type=int, default=9)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    print(title(options.rounds))
    rows = []
    for name, build in SCALES.items():
        forward, backward = exponents(build, options.doublings, options.rounds)
        rows.append([name, f"{forward:.2f}", f"{backward:.2f}"])
    print(table(["exponent of time in", "forward", "backward"], rows))


if __name__ == "__main__":
    main()
