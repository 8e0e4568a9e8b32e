"""What compiling costs: the first call of a compiled training step, each in a fresh process.

    python benchmarks/compile_time.py [--rounds N] [--json PATH]

The step is that of the network 3-5-5-3-1, m=1000. A first call of minigrad's runs the step once, so
one uncompiled step is in the figure. Importing the libraries is not. Then the same for one example
less, in the same process: what a new shape costs. Beside them what numba itself takes until the
first function of a process is there, one line from disk: ours from disk cannot take less.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from timing import table, title, write_json

HERE = Path(__file__).resolve().parent
PROGRAM = """
from dataclasses import replace
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
step = IMPLEMENTATIONS[{name!r}](problem(replace(NETWORKS[1], m=999)), 1e-3)
start = perf_counter()
step.run()
print(first, sorted(calls)[100], perf_counter() - start)
"""
NUMBA_ALONE = """
from time import perf_counter
import numba
start = perf_counter()
import one_line
first = perf_counter() - start
print(first, "nan", "nan")
"""
ONE_LINE = """
from numba import njit
@njit("int64(int64)", cache=True)
def same(n):
    return n
"""
IMPORTS = {"minigrad": "import nn", "compiled numpy": "import nn", "jax": "import jax.numpy",
           "compiled numba": "import nn, numba"}  # fmt: skip


def measure(program: str, cache: str) -> tuple[float, ...]:
    """Seconds of the first call in a fresh process, of later ones, and of one with a new shape."""
    environment = {**os.environ, "MINIGRAD_CACHE_DIR": cache, "OPENBLAS_THREAD_TIMEOUT": "20"}
    environment["PYTHONPATH"] = os.pathsep.join([str(HERE), str(HERE.parent), cache])
    command = [sys.executable, "-c", program]
    out = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return tuple(map(float, out.stdout.split()))


def latencies(names: list[str], rounds: int) -> Mapping[str, tuple[float, ...]]:
    """Medians over the rounds; numba also with what an earlier process left on disk."""
    found: dict[str, list[tuple[float, ...]]] = {}
    for _ in range(rounds):
        for name in names:
            with TemporaryDirectory() as cache:
                program = PROGRAM.format(name=name, imports=IMPORTS[name])
                found.setdefault(name, []).append(measure(program, cache))
                if name == "compiled numba":
                    found.setdefault(f"{name}, from disk", []).append(measure(program, cache))
                    Path(cache, "one_line.py").write_text(ONE_LINE, encoding="utf-8")
                    measure(NUMBA_ALONE, cache)
                    alone = found.setdefault("numba alone, one line from disk", [])
                    alone.append(measure(NUMBA_ALONE, cache))
    return {name: tuple(map(median, zip(*rows, strict=True))) for name, rows in found.items()}


def _shown(number: float, unit: str) -> str:
    return f"{number:.1f} {unit}" if isfinite(number) else ""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=list(IMPORTS), default=list(IMPORTS))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()

    found = latencies(options.only, options.rounds)
    eager = found["minigrad"][1] if "minigrad" in found else float("nan")
    print(title(options.rounds))
    rows = [
        [name, f"{first * 1e3:.1f} ms", _shown(new * 1e3, "ms"), f"{first / eager:.0f}",
         _shown(later * 1e6, "µs")]
        for name, (first, later, new) in found.items()
    ]  # fmt: skip
    head = ["a training step", "first call", "a new shape", "first, in eager steps", "later calls"]
    print(table(head, rows))
    write_json(options.json, {"seconds of the first call, later ones, a new shape": found})


if __name__ == "__main__":
    main()
