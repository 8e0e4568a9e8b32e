"""Does the kit catch wrong rules? Every mutant of every row, tried on the row's own cases.

    python tests/mutants/trials.py              # all of them, some minutes
    python tests/mutants/trials.py --each 2     # a fixed sample: two mutants of each row

A mutant that changes no derivative, of first or second order, at any point tried is equivalent.
Every other must make `check_grads` fail; one that does not is missed.
"""

import argparse
import functools
import random
import sys
import time
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1])]

from checks import CASES, applied, called, differentiable, every, like, usual  # noqa: E402
from mutate import mutants  # noqa: E402
from strategies import spread_out  # noqa: E402

import minigrad as mg  # noqa: E402
from minigrad.table import ROWS  # noqa: E402
from minigrad.testing import GradientError, check_grads  # noqa: E402

CAUGHT, EQUIVALENT, MISSED = "caught", "equivalent", "missed"


@dataclass(frozen=True, eq=False)
class Point:
    """Where a row is tried: a case of it, and operands."""

    key: Any
    case: Any
    xs: tuple[Any, ...]

    def f(self, *xs):
        """The row as a function of its operands."""
        return applied(self.key, self.case, *xs)

    @functools.cached_property
    def derivatives(self):
        """What the right rules give."""
        return derivatives(self.f, self.xs)


def rows():
    """The rows that have rules of their own."""
    return [key for key in differentiable() if ROWS[key].form != "composed"]


def points(key, most=None):
    """The points of a row: every case at every usual shape, on complex operands too.

    With `most`, only so many, from all over the cases.
    """
    found = []
    for case in CASES[key]:
        for shapes in usual(key, case):
            if all(0 not in shape for shape in shapes):
                found.append((case, shapes, False))
                if case.on_complex:
                    found.append((case, shapes, True))
    if most is not None and len(found) > most:
        found = random.Random(called(key)).sample(found, most)
    for case, shapes, on_complex in found:
        xs = spread_out(1, shapes, case.domains)
        if on_complex:
            xs = [x + 1j * t for x, t in zip(xs, like(xs, 2), strict=True)]
        yield Point(key, case, tuple(xs))


def derivatives(f, xs):
    """Derivatives of first and second order, under fixed cotangents; what went wrong, if it did."""
    rng = np.random.default_rng(3)
    try:
        y, pullback = mg.vjp(f, *xs)
        g = weighty(rng, np.shape(y), np.asarray(y).dtype)
        first = list(map(value, pullback(g)))
        ts = [weighty(rng, np.shape(c), np.asarray(c).dtype) for c in first]

        def along(*vs):
            def total(*us):
                y = f(*us)
                return np.sum(np.real(y * y * g))

            parts = zip(mg.grad(total, every(vs))(*vs), ts, strict=True)
            return sum([np.sum(np.real(c * t)) for c, t in parts], start=0.0)

        return [*first, *map(value, mg.grad(along, every(xs))(*xs))]
    except Exception as error:  # a wrong rule may fail in any way
        return f"{type(error).__name__}: {error}"


def value(c):
    """An array, also of a Tensor."""
    return c.data if isinstance(c, mg.Tensor) else c


def weighty(rng, shape, dtype):
    w = rng.uniform(0.5, 1.5, shape) * rng.choice([-1, 1], shape)
    return (w + 1j * rng.uniform(-1, 1, shape) if np.dtype(dtype).kind == "c" else w)[()]


def equal(one, other):
    """Whether two lists of derivatives are the same, up to rounding."""
    if isinstance(one, str) or isinstance(other, str):
        return False
    for a, b in zip(one, other, strict=True):
        scale = max(1.0, float(np.max(np.abs(b), initial=0.0)))
        if np.shape(a) != np.shape(b) or not np.all(np.abs(a - b) <= 1e-10 * scale):
            return False
    return True


def trial(mutant, where):
    """How a mutant fares at these points."""
    fate = EQUIVALENT
    for point in where:
        right = point.derivatives
        with mutant.planted():
            if equal(derivatives(point.f, point.xs), right):
                continue
            fate = MISSED
            try:
                check_grads(point.f, *point.xs)
            except GradientError:
                return CAUGHT
            except Exception:  # the rule itself fails, loudly
                return CAUGHT
    return fate


@dataclass
class Tally:
    """How mutants fared.

    Attributes:
        fates: by kind and fate, how many.
        missed: the mutants that were not caught.
    """

    fates: Counter = field(default_factory=Counter)
    missed: list = field(default_factory=list)

    def __str__(self):
        lines = [f"{'':18}{'mutants':>9}{CAUGHT:>9}{EQUIVALENT:>12}{MISSED:>8}"]
        for kind in sorted({kind for kind, _ in self.fates}):
            n = [self.fates[kind, fate] for fate in (CAUGHT, EQUIVALENT, MISSED)]
            lines.append(f"{kind:18}{sum(n):9}{n[0]:9}{n[1]:12}{n[2]:8}")
        n = [self.count(fate) for fate in (CAUGHT, EQUIVALENT, MISSED)]
        lines.append(f"{'all':18}{sum(n):9}{n[0]:9}{n[1]:12}{n[2]:8}")
        return "\n".join(lines)

    def count(self, fate):
        """How many fared so."""
        return sum(n for (_, f), n in self.fates.items() if f == fate)


def run(keys, each=None, most=None):
    """The tally of the rows' mutants; `each` of a row and at `most` points, or all."""
    tally = Tally()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for key in keys:
            where = list(points(key, most))
            for mutant in mutants(key, each):
                fate = trial(mutant, where)
                tally.fates[mutant.kind, fate] += 1
                if fate == MISSED:
                    tally.missed.append(mutant)
    return tally


def main():
    """Try them, print the numbers, exit with an error if one was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", type=int, help="how many mutants of each row; all by default")
    parser.add_argument("--points", type=int, help="at how many points of each row; all by default")
    parser.add_argument("--rows", nargs="*", help="names of rows; all by default")
    options = parser.parse_args()
    keys = [key for key in rows() if not options.rows or called(key) in options.rows]
    start = time.perf_counter()
    tally = run(keys, options.each, options.points)
    print(f"{len(keys)} rows, {time.perf_counter() - start:.0f} s\n{tally}")
    for mutant in tally.missed:
        print(f"missed: {called(mutant.key)}, {mutant.kind}: {mutant.what}")
    sys.exit(bool(tally.missed))


if __name__ == "__main__":
    main()
