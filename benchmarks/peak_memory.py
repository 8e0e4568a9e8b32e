"""The memory of a training step beyond its data and parameters, relative to hand-written NumPy.

    python benchmarks/peak_memory.py [--json PATH]

Counted is what NumPy allocates (tracemalloc sees it): arrays made during a step, at their most, and
those that are kept between steps. What BLAS and other libraries take for themselves is not in it.
"""

from __future__ import annotations

import argparse
import gc
import tracemalloc
from pathlib import Path

from implementations import HAND, IMPLEMENTATIONS, TUNED, installed
from networks import NETWORKS, Network, problem
from timing import machine, table, write_json

WAYS = [HAND, TUNED, "minigrad", "compiled numpy", "compiled numba"]


def peak(name: str, network: Network) -> int:
    """Bytes beyond what the data and two sets of parameters, before and in the step, take.

    The third call and those after it are measured: the first two make the code.
    """
    data = problem(network)
    domain = [tracemalloc.DomainFilter(True, _NUMPY)]
    IMPLEMENTATIONS[name](data, 1e-3).run()  # what a library keeps once and for all
    tracemalloc.start()
    try:
        step = IMPLEMENTATIONS[name](data, 1e-3)
        gc.collect()
        parameters = sum(p.nbytes for p in data.start())
        for _ in range(3):
            step.run()
        gc.collect()
        kept = sum(trace.size for trace in tracemalloc.take_snapshot().filter_traces(domain).traces)
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        for _ in range(2):
            step.run()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return kept - parameters + most - before


_NUMPY = 389047  # the domain NumPy gives its arrays


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    ways = [name for name in WAYS if installed(name)]
    found = {n.name: {way: peak(way, n) for way in ways} for n in NETWORKS}
    rows = []
    for network, bytes_ in found.items():
        cells = [f"{bytes_[way] / bytes_[HAND]:.2f}" for way in ways[1:]]
        rows.append([network, f"{bytes_[HAND] / 1024:,.0f} KiB", *cells])
    about = machine()
    print(f"Python {about['python']}, NumPy {about['numpy']}\n")
    print(table([f"memory of a training step, ÷ {HAND}", HAND, *ways[1:]], rows))
    write_json(options.json, {"bytes": found})


if __name__ == "__main__":
    main()
