"""Times functions against each other in the same moments, so that a busy machine slows all alike.

In each round every function runs one burst: one call that is not timed, then as many timed calls
as take a few milliseconds. The order turns by one from round to round. Figures are medians over
rounds of the ratio to a baseline *within the round*: what slows a whole round cancels.

The garbage collector stays on, since a program runs with it. What existed before the first round is
frozen and what a burst leaves behind is collected before the next, so that each pays for its own
garbage: not for another's, nor for a scan of the libraries.
"""

from __future__ import annotations

import gc
import json
import os
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any

import numpy as np

__all__ = [
    "Times",
    "interleave",
    "machine",
    "ratio",
    "seconds",
    "settle_threads",
    "table",
    "title",
    "write_json",
]

Times = Mapping[str, Sequence[float]]
"""Seconds per call of each function, one entry for each round."""


def interleave(
    functions: Mapping[str, Callable[[], object]], rounds: int, burst: float = 0.004
) -> Times:
    """Run every function in every round, in bursts of about `burst` seconds."""
    calls = {name: _calls(function, burst) for name, function in functions.items()}
    times: dict[str, list[float]] = {name: [] for name in functions}
    order = list(functions)
    gc.collect()
    gc.freeze()
    try:
        for _ in range(rounds):
            for name in order:
                gc.collect()
                functions[name]()
                times[name].append(_burst(functions[name], calls[name]))
            order = order[1:] + order[:1]
    finally:
        gc.unfreeze()
    return times


def _calls(function: Callable[[], object], burst: float) -> int:
    """How many calls take about `burst` seconds; at least one. Warms up on the way."""
    function()
    n = 1
    while (took := _burst(function, n) * n) < burst / 2:
        n *= 2
    return max(1, round(n * burst / took))


def _burst(function: Callable[[], object], n: int) -> float:
    """Seconds per call over `n` calls in a row."""
    calls = range(n)
    start = perf_counter()
    for _ in calls:
        function()
    return (perf_counter() - start) / n


def ratio(times: Times, name: str, baseline: str) -> tuple[float, float, float]:
    """Median, lower and upper quartile over rounds of time(name) / time(baseline)."""
    ratios = [t / base for t, base in zip(times[name], times[baseline], strict=True)]
    low, _, high = quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
    return median(ratios), low, high


def seconds(times: Times, name: str) -> float:
    """Median seconds per call."""
    return median(times[name])


def settle_threads(cores: int | None = None) -> None:
    """Start this program afresh with its threads settled: OpenBLAS's idle ones go to sleep at once.

    By default NumPy's worker threads spin for about 0.4 s after a matrix product and take a core
    from whatever library is timed next: with two cores torch then looks twice as slow as it is.
    `cores` confines the program, and so every library's threads, to that many (Linux).
    """
    if "OPENBLAS_THREAD_TIMEOUT" in os.environ:
        return
    if cores is not None:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-cores:])
    os.environ["OPENBLAS_THREAD_TIMEOUT"] = "20"
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def machine() -> dict[str, Any]:
    """What the figures depend on besides the code."""
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "cores": len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count(),
        "machine": platform.machine(),
    }


def title(rounds: int) -> str:
    """The line that stands above every table."""
    about = machine()
    return (
        f"Python {about['python']}, NumPy {about['numpy']}, cores: {about['cores']}; "
        f"medians of {rounds} interleaved rounds\n"
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells as aligned text: the first column to the left, the others to the right."""
    lines = [head, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]

    def aligned(line: Sequence[str]) -> str:
        rest = [cell.rjust(w) for cell, w in zip(line[1:], widths[1:], strict=True)]
        return "  ".join([line[0].ljust(widths[0]), *rest]).rstrip()

    return "\n".join([aligned(head), "  ".join("-" * w for w in widths), *map(aligned, rows)])


def write_json(path: Path | None, results: Mapping[str, Any]) -> None:
    """Write the results and the machine they come from, if a path is given."""
    if path is not None:
        path.write_text(json.dumps({**machine(), **results}, indent=2) + "\n")
