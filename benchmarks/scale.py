"""How time grows with work: its exponent, which is 1 where each unit of work costs the same.

    python benchmarks/scale.py [--only NAME ...] [--rounds N] [--json PATH]

The work doubles from size to size, over a range of 1 to 256 and more. Every round times every size;
the exponent is the slope of log time over log work, fitted to the medians over the rounds in the
larger half of the sizes, where constant costs no longer count.

Twice: with Python's cyclic garbage collector off, which is the engine alone, and on. Its full
passes begin at some 100,000 new objects and then come more and more rarely: up to a million nodes
the time for each node rises by them, and from there on it stays.
"""

from __future__ import annotations

import argparse
import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from timing import interleave, seconds, table, title, write_json

import minigrad as mg

Calls = Mapping[str, Callable[[], object]]


def chain(n: int) -> Any:
    """n nodes, each computed from the one before."""
    y = mg.tensor(0.0)
    for _ in range(n):
        y = y + 1.0
    return y


def fan_out(n: int, x: Any = 1.0) -> Any:
    """One variable used by n nodes, added up one by one."""
    x = mg.tensor(x)
    total = x * 1.0
    for _ in range(n):
        total = total + x * 2.0
    return np.sum(total)


def fan_in(join: Any, n: int) -> Any:
    """One node with n inputs."""
    return np.sum(join([mg.tensor([1.0]) for _ in range(n)]))


def array(n: int) -> Any:
    """A few nodes that hold n numbers each."""
    x = mg.tensor(np.ones(n))
    return np.sum(np.tanh(x) * x)


def arrays(n: int) -> Calls:
    """The same with NumPy alone beside it."""
    np.empty(3_000_000)  # once freed, glibc no longer hands smaller arrays' pages back every time
    x = np.ones(n)

    def by_hand() -> Any:
        y = np.tanh(x)
        return np.sum(y * x), y + x * (1 - y * y)

    return {**recorded(array, n), "value and gradient by hand": by_hand}


def recorded(build: Callable[[int], Any], n: int) -> Calls:
    """Recording the graph of size n, and sweeping one that is there."""
    return {"forward": partial(build, n), "backward": build(n).backward}


def printed(n: int) -> Calls:
    """A graph of n lines as text."""
    y = chain(n)
    return {"print": lambda: str(mg.graph(y))}


def nested(depth: int) -> Calls:
    """The derivative of that order, each order differentiating the one before."""
    f: Any = lambda x: np.exp(np.sin(x))  # noqa: E731
    for _ in range(depth):
        f = mg.grad(f)
    return {"grad of grad": lambda: f(0.5)}


def nodes_of(depth: int) -> int:
    """How many nodes are recorded on the way to the derivative of that order."""
    before = mg.tensor(0.0).serial
    nested(depth)["grad of grad"]()
    return mg.tensor(0.0).serial - before


def doubling(smallest: int, times: int) -> list[int]:
    """Sizes from the smallest on, each twice the one before."""
    return [smallest * 2**k for k in range(times + 1)]


@dataclass(frozen=True)
class Scale:
    """A way to have more work.

    Attributes:
        calls: what is timed, of a size.
        sizes: in rising order.
        work: how much work a size is.
    """

    calls: Callable[[int], Calls]
    sizes: Sequence[int]
    work: Callable[[int], int] = lambda n: n


SCALES: dict[str, Scale] = {
    "nodes in a chain": Scale(partial(recorded, chain), doubling(250, 10)),
    "uses of a number": Scale(partial(recorded, fan_out), doubling(125, 9)),
    "uses of an array": Scale(
        partial(recorded, partial(fan_out, x=np.ones(1000))), doubling(60, 8)
    ),
    "inputs of stack": Scale(partial(recorded, partial(fan_in, np.stack)), doubling(125, 9)),
    "inputs of concatenate": Scale(
        partial(recorded, partial(fan_in, np.concatenate)), doubling(125, 9)
    ),
    "elements of an array": Scale(arrays, doubling(2**10, 8)),
    "nodes of a nested derivative": Scale(nested, range(1, 11), nodes_of),
    "lines of a printed graph": Scale(printed, doubling(30, 8)),
}


def exponent(work: Sequence[float], times: Sequence[float]) -> float:
    """The slope of log time over log work, in the larger half of the sizes."""
    half = len(work) // 2
    return float(np.polyfit(np.log(work[half:]), np.log(times[half:]), 1)[0])


@dataclass(frozen=True)
class Growth:
    """What was measured of one thing: the work, the median seconds for it and the exponent."""

    work: list[int]
    seconds: list[float]

    @property
    def exponent(self) -> float:
        """The power of the work with which the time grows."""
        return exponent(self.work, self.seconds)


def growth(scale: Scale, rounds: int, collecting: bool = False) -> dict[str, Growth]:
    """The growth of each of the scale's calls; all sizes take turns within a round."""
    calls = {n: scale.calls(n) for n in scale.sizes}
    work = [scale.work(n) for n in scale.sizes]
    found = {}
    was_on = gc.isenabled()
    (gc.enable if collecting else gc.disable)()
    try:
        for what in calls[scale.sizes[0]]:
            times = interleave({str(n): calls[n][what] for n in scale.sizes}, rounds)
            found[what] = Growth(work, [seconds(times, str(n)) for n in scale.sizes])
    finally:
        (gc.enable if was_on else gc.disable)()
    return found


def line(name: str, alone: Growth, collecting: Growth) -> list[str]:
    """One line of the table."""
    return [
        name,
        f"{alone.work[0]:,} to {alone.work[-1]:,}",
        f"{alone.seconds[-1] / alone.work[-1] * 1e9:,.1f} ns",
        f"{alone.exponent:.2f}",
        f"{collecting.exponent:.2f}",
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=SCALES, default=list(SCALES), metavar="NAME")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    print(title(options.rounds))
    rows, figures = [], {}
    for name in options.only:
        both = [growth(SCALES[name], options.rounds, collecting) for collecting in (False, True)]
        for what, alone in both[0].items():
            called = f"{name}: {what}"
            rows.append(line(called, alone, both[1][what]))
            figures[called] = [
                {"exponent": g.exponent, "work": g.work, "seconds": g.seconds}
                for g in (alone, both[1][what])
            ]
    print(table(["work", "units", "a unit, at the end", "exponent", "with collector"], rows))
    write_json(options.json, {"growth, collector off and on": figures})


if __name__ == "__main__":
    main()
