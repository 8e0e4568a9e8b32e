"""Random programs: their derivatives by minigrad, by differences and by other libraries.

    python tests/minigrad/testing/random_programs.py --first 0 --count 1000000
    python tests/minigrad/testing/random_programs.py --count 2000 --library jax

Every program's gradient is compared with extrapolated differences along a random direction and,
where the library has all its functions, with that library's gradient; of every tenth program the
second derivative along that direction too. What disagrees is shrunk and printed as a script.
"""

import argparse
import sys
import time
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[3]))

import minigrad as mg
from minigrad.testing import random_program
from minigrad.testing.curves import slope

# What a library has no rule for, or a wrong one (see tests/conventions.md), by function or code.
WITHOUT = {
    "autograd": {
        "tile", "flip", "cbrt", "float_power", "fft.rfft", "np.where({0} > {1}, {0}, 2 * {1})"
    },
    "jax": set(),
}  # fmt: skip
WITHOUT_SECOND = {"autograd": {"linalg.det"}, "jax": set()}  # of what it has the first derivative
NEAR = {
    "autograd": 1e-9, "jax": 1e-9, "differences": 1e-8,
    "differences, second order": 1e-7,  # of a gradient, in which 1 - tanh² is rounded already
}  # fmt: skip


@dataclass(frozen=True)
class Library:
    """Another library: its NumPy, and what it differentiates a scalar function with."""

    name: str
    numpy: Any
    grad: Any

    def has(self, way):
        """Whether it has every function that the way calls, and a right rule."""
        if way.code in WITHOUT[self.name]:
            return False
        for name in way.names:
            found = self.numpy
            for part in name.split("."):
                found = getattr(found, part, None)
            if found is None or name in WITHOUT[self.name]:
                return False
        return True


def library(name):
    """The library of that name."""
    if name == "autograd":
        import autograd
        import autograd.numpy

        return Library(name, autograd.numpy, autograd.grad)
    import jax

    jax.config.update("jax_enable_x64", True)
    return Library(name, jax.numpy, jax.grad)


@dataclass
class Tally:
    """What was compared and how it ended.

    Attributes:
        counts: of programs, and of comparisons by kind.
        refused: what the library said where it gave no gradient.
        wrong: (kind, seed, program) of each disagreement.
    """

    counts: Counter = field(default_factory=Counter)
    refused: Counter = field(default_factory=Counter)
    wrong: list = field(default_factory=list)

    def __str__(self):
        shown = ", ".join(f"{name} {n}" for name, n in sorted(self.counts.items()))
        why = "".join(f"\n  {n} × {what}" for what, n in self.refused.most_common())
        return f"{shown}; {len(self.wrong)} disagree{why}"


def compare(first, count, other, tally=None):
    """The tally of `count` programs from number `first` on."""
    tally = tally or Tally()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for seed in range(first, first + count):
            program = random_program(seed, allowed=other.has if seed % 4 else lambda way: True)
            for kind in disagreements(program, seed, other, tally):
                smallest = program.smallest(
                    lambda p, kind=kind, seed=seed: kind in disagreements(p, seed, other, Tally())
                )
                tally.wrong.append((kind, seed, smallest))
    return tally


def disagreements(program, seed, other, tally):
    """In what the derivatives of a program differ: none, if all is well."""
    f, every = program.function(), tuple(range(len(program.inputs)))
    rng = np.random.default_rng(seed)
    ts = [rng.uniform(-1, 1, np.shape(x)) for x in program.inputs]
    value, gradient = mg.value_and_grad(f, every)(*program.inputs)
    tally.counts["programs"] += 1
    tally.counts["with a nested derivative"] += program.nested
    found = []
    if value != f(*program.inputs):
        found.append("value")
    found += by_differences("differences", f, along(gradient, ts), program.inputs, ts, tally)
    theirs = None
    if all(other.has(line.way) for line in program.lines):
        theirs = other_gradient(program, other, tally, "first order")
    if theirs is not None and not same(gradient, theirs, NEAR[other.name]):
        found.append(other.name)
    if seed % 10 == 0:
        names = {name for line in program.lines for name in line.way.names}
        comparable = theirs is not None and not names & WITHOUT_SECOND[other.name]
        found += second(program, f, ts, other if comparable else None, tally)
    return found


def second(program, f, ts, other, tally):
    """The same for the derivatives of the gradient along ts."""
    every = tuple(range(len(program.inputs)))

    def slope_of(*xs):
        return sum([np.sum(g * t) for g, t in zip(mg.grad(f, every)(*xs), ts, strict=True)])

    curved = mg.grad(slope_of, every)(*program.inputs)
    kind = "differences, second order"
    found = by_differences(kind, slope_of, along(curved, ts), program.inputs, ts, tally)
    if other is not None:
        theirs = other_gradient(program, other, tally, "second order", ts)
        if theirs is not None and not same(curved, theirs, 100 * NEAR[other.name]):
            found.append(f"{other.name}, second order")
    return found


def along(gradient, ts):
    return sum([float(np.sum(g * t)) for g, t in zip(gradient, ts, strict=True)])


def by_differences(kind, f, claimed, xs, ts, tally):
    """Whether the derivative along ts is that of differences, where those say anything."""

    def curve(s):
        return np.asarray(float(f(*[x + s * t for x, t in zip(xs, ts, strict=True)])))

    for scale in (1.0, 0.01):  # in a million programs some large steps agree with each other
        found = slope(curve, (scale,))
        size = max(1.0, abs(float(found.value)), abs(claimed))
        if not found.error < 1e-5 * size:
            tally.counts[f"{kind}: too rough"] += 1
            return []
        near = abs(claimed - found.value) <= 10 * found.error + NEAR[kind] * size
        if near:
            break
    tally.counts[kind] += 1
    return [] if near else [kind]


def other_gradient(program, other, tally, what, ts=None):
    """The library's gradient; None where it refuses."""
    f = program.function(other.numpy, other.grad)
    gradient = other.grad(lambda xs: f(*xs))
    try:
        if ts is not None:
            first = gradient
            total = other.numpy.sum
            gradient = other.grad(
                lambda xs: sum([total(g * t) for g, t in zip(first(xs), ts, strict=True)])
            )
        found = [np.asarray(g) for g in gradient(tuple(map(np.asarray, program.inputs)))]
    except Exception as error:  # each library has its own ways of saying that it cannot
        tally.refused[f"{what}: {type(error).__name__}: {str(error)[:60]}"] += 1
        return None
    tally.counts[f"{other.name}, {what}"] += 1
    return found


def same(ours, theirs, near):
    """Whether two gradients agree to a part of the largest element, or of 1."""
    scale = max(1.0, *[float(np.max(np.abs(g))) for g in theirs])
    return all(
        np.shape(a) == np.shape(b) and np.all(np.abs(a - b) <= near * scale)
        for a, b in zip(ours, theirs, strict=True)
    )


def main():
    """Compare, print the tally, and exit with an error if anything disagrees."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--first", type=int, default=0, help="the first program's number")
    parser.add_argument("--count", type=int, default=10_000, help="how many")
    parser.add_argument("--library", choices=sorted(WITHOUT), default="autograd")
    options = parser.parse_args()
    other, tally, start = library(options.library), Tally(), time.perf_counter()
    end = options.first + options.count
    for first in range(options.first, end, 50_000):
        compare(first, min(50_000, end - first), other, tally)
        print(f"{time.perf_counter() - start:.0f} s: {tally}", flush=True)
    for kind, seed, program in tally.wrong[:20]:
        print(f"\n# {kind}: program {seed}, the smallest that differs\n{program}")
    sys.exit(bool(tally.wrong))


if __name__ == "__main__":
    main()
