"""What compiling costs: the first call of a compiled training step, each in a fresh process.

    python benchmarks/compile_time.py [--rounds N] [--json PATH]

The step is that of the network 3-5-5-3-1, m=1000. A first call of minigrad's runs the step once, so
one uncompiled step is in the figure. Importing the libraries is not.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from timing import table, title, write_json

HERE = Path(__file__).resolve().parent
PROGRAM = """
from time import perf_counter
from implementations import IMPLEMENTATIONS
from networks import NETWORKS, problem
{imports}
step = IMPLEMENTATIONS[{name!r}](problem(NETWORKS[1]), 1e-3)
start = perf_counter()
step.run()
first = perf_counter() - start
step.run()
calls = []
for _ in range(200):
    start = perf_counter()
    step.run()
    calls.append(perf_counter() - start)
print(first, sorted(calls)[100])
"""
IMPORTS = {"minigrad": "import nn", "compiled numpy": "import nn", "jax": "import jax.numpy",
           "compiled numba": "import nn, numba"}  # fmt: skip


def measure(name: str, cache: str) -> tuple[float, float]:
    """Seconds of the first call in a fresh process, and the median of later ones."""
    environment = {**os.environ, "MINIGRAD_CACHE_DIR": cache, "OPENBLAS_THREAD_TIMEOUT": "20"}
    environment["PYTHONPATH"] = os.pathsep.join([str(HERE), str(HERE.parent)])
    program = PROGRAM.format(name=name, imports=IMPORTS[name])
    command = [sys.executable, "-c", program]
    out = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    first, later = map(float, out.stdout.split())
    return first, later


def latencies(names: list[str], rounds: int) -> Mapping[str, tuple[float, float]]:
    """Medians over the rounds; numba also with what an earlier process left on disk."""
    found: dict[str, list[tuple[float, float]]] = {}
    for _ in range(rounds):
        for name in names:
            with TemporaryDirectory() as cache:
                found.setdefault(name, []).append(measure(name, cache))
                if name == "compiled numba":
                    found.setdefault(f"{name}, from disk", []).append(measure(name, cache))
    return {
        name: (median(f for f, _ in pairs), median(s for _, s in pairs))
        for name, pairs in found.items()
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=list(IMPORTS), default=list(IMPORTS))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()

    found = latencies(options.only, options.rounds)
    eager = found.get("minigrad", (0.0, float("nan")))[1]
    print(title(options.rounds))
    rows = [
        [name, f"{first * 1e3:.1f} ms", f"{first / eager:.0f}", f"{later * 1e6:.1f} µs"]
        for name, (first, later) in found.items()
    ]
    print(table(["a training step", "first call", "in eager steps", "later calls"], rows))
    write_json(options.json, {"seconds of the first call, and of later ones": found})


if __name__ == "__main__":
    main()
