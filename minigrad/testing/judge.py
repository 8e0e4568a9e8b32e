"""The judgement of one row of a check: claimed derivatives against measured ones.

Read next: `minigrad.testing.diagnosis`, which names what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from minigrad.testing.curves import Lost, Measured, jump, slopes
from minigrad.testing.diagnosis import Mistake, explain, kinked, unlike
from minigrad.testing.differences import gathered, sizes, tolerance
from minigrad.testing.report import Row
from minigrad.values import Array

__all__ = ["FULL", "SAMPLES", "About", "Judge"]

FULL = 200  # numbers up to which every one of an argument, or of the output, is checked
SAMPLES = 12  # random directions, or cotangents, where there are more
NOTHING = 1e-6  # the part of the function's size, over the argument's, below which is nothing
DOUBT = 0.01  # the part of the largest derivative that differences must tell apart
TRIED = 20  # suspicious numbers that are looked at for a kink


@dataclass(frozen=True)
class About:
    """What a row's numbers are about: entry (r, c) is of a combination r of the outputs, along c.

    Attributes:
        flat: the function, to a flat array of real numbers.
        xs: where it was differentiated.
        i: which array moved.
        directions: along what, each flat, as rows.
        weights: the combinations of the outputs, as rows: each by itself first, where there are
            few, then random ones. None: each output by itself.
        size: of the function, by that of the array: what a derivative's rounding is relative to.
        dtype: of the argument.
        lost: how the function rounds.
        every: whether the directions are the units of the array.
    """

    flat: Callable[[list[Array]], Array]
    xs: list[Array]
    i: int
    directions: Array
    weights: Array | None
    size: float
    dtype: Any
    lost: Lost
    every: bool

    def sides(self, r: int, c: int) -> tuple[float, float] | Mistake | None:
        """The slopes on both sides, if they differ; if the function jumps, the mistake of that."""
        x = self.xs[self.i]
        d = np.reshape(self.directions[c], x.shape)

        def curve(s: float) -> Array:
            y = self.flat([*self.xs[: self.i], (x + s * d)[()], *self.xs[self.i + 1 :]])
            return np.asarray(y[r] if self.weights is None else self.weights[r] @ y)

        scales = sizes(float(np.max(np.abs(x[d != 0]), initial=0.0)), x)
        if ends := jump(curve, scales[0], self.lost):
            return Mistake("kink", f"the function jumps there, from {ends[0]:.6g} to {ends[1]:.6g}")
        return slopes(curve, scales, self.lost)

    @property
    def outputs(self) -> int:
        """How many of the rows are outputs by themselves."""
        if self.weights is None:
            return FULL**2
        rows, n = self.weights.shape
        return n if rows > n else 0

    def told(self, r: int, c: int) -> str:
        """Which number entry (r, c) is."""
        n = self.outputs
        output = "a random cotangent, " if r >= n else f"output {r}, " if n > 1 else ""
        x = self.xs[self.i]
        if not self.every:
            return output + "along a random direction"
        if x.dtype.kind == "c":
            c, part = divmod(c, 2)
            output += ("real part of ", "imaginary part of ")[part]
        at = ", ".join(map(str, np.unravel_index(c, x.shape)))
        return output + (f"element [{at}]" if at else "the number")


@dataclass(frozen=True)
class Judge:
    """What is accepted: the relative error of an element, and anything between a kink's slopes."""

    rtol: float | None
    allow_kinks: bool

    def row(
        self, order: int, mode: str, name: str, about: About, claimed: Array, wanted: Measured
    ) -> Row:
        """The row that compares what was claimed with what was measured."""
        largest = max(_largest(wanted.value), _largest(claimed))
        allowed = tolerance(wanted, about.dtype, self.rtol, largest, about.size)
        with np.errstate(invalid="ignore"):
            off = np.abs(claimed - wanted.value)
        wrong = ~(off <= allowed)
        rough = ~(10 * wanted.error <= max(DOUBT * largest, NOTHING * about.size))
        error = float(np.max(off, initial=0.0)) / (largest or 1.0)
        kink = self.kink(about, claimed, wrong, rough)
        worst, mistake = (0, 0), Mistake("none", "it agrees with differences")
        if kink is not None:
            worst, mistake = kink
            if order > 1:
                whose = f"the derivative of order {order - 1}"
                mistake = replace(mistake, message=mistake.message.replace("the function", whose))
        elif np.any(wrong & ~rough):
            off = np.where(np.isnan(off), np.inf, off)
            worst = _place(np.where(wrong & ~rough, off, -1))
            mistake = _diagnosed(about, claimed, wanted, allowed, worst)
        elif np.any(wrong | rough):
            worst = _place(np.where(wrong | rough, wanted.error, -1))
            why = "the function is rough, or at the edge of where it is defined"
            mistake = Mistake("unsettled", f"the differences do not settle: {why}")
        shape, told = about.xs[about.i].shape, ""
        if not mistake.ok:
            told = _told(about, claimed, wanted, worst)
        return Row(order, mode, name, shape, _count(about, claimed), error, told, mistake)

    def kink(
        self, about: About, claimed: Array, wrong: Array, rough: Array
    ) -> tuple[tuple[int, int], Mistake] | None:
        """The first suspicious number at which the function has a kink that is not accepted.

        Those that are accepted are suspicious no longer.
        """
        places = np.argwhere(wrong | rough)
        for r, c in places if self.allow_kinks else places[:TRIED]:
            both = about.sides(r, c)
            if both is None:
                continue
            if isinstance(both, Mistake):
                if not self.allow_kinks:
                    return (r, c), both
            elif not (self.allow_kinks and min(both) <= claimed[r, c] <= max(both)):
                return (r, c), kinked((), claimed[r, c], *both)
            wrong[r, c] = rough[r, c] = False
        return None


def _diagnosed(
    about: About, claimed: Array, wanted: Measured, allowed: Array, worst: tuple[int, int]
) -> Mistake:
    """What kind of mistake it is; several outputs are judged together, in one combination."""
    unknown = unlike(claimed[worst], wanted.value[worst])
    if not np.all(np.isfinite(claimed[np.isfinite(wanted.error)])):
        return Mistake("not_finite", unknown)
    if not np.all(np.isfinite(wanted.error)):
        return Mistake("unknown", unknown)
    if not about.every:  # the numbers are not those of elements: of names, two are left
        found = explain(np.ravel(claimed), _raveled(wanted), np.zeros(claimed.size))
        return found if found.kind in {"factor", "sign"} else Mistake("unknown", unknown)
    x = about.xs[about.i]
    w = np.cos(np.arange(len(claimed))) + 0.5 * (len(claimed) > 1)
    claim = Measured((w @ claimed)[:, None], (np.abs(w) @ allowed)[:, None])
    measured = Measured((w @ wanted.value)[:, None], (np.abs(w) @ wanted.error)[:, None])
    claim = gathered(claim, x)
    found = explain(claim.value, gathered(measured, x), x, tolerance=claim.error)
    return Mistake("unknown", unknown) if found.kind in {"none", "unsettled"} else found


def _raveled(found: Measured) -> Measured:
    return Measured(np.ravel(found.value), np.ravel(found.error))


def _count(about: About, claimed: Array) -> str:
    if about.weights is None:
        return str(claimed.size)
    rows = about.outputs or len(claimed)
    return f"{rows * claimed.shape[1]}{'' if about.every and about.outputs else ' random'}"


def _told(about: About, claimed: Array, wanted: Measured, at: tuple[int, int]) -> str:
    value, error = wanted.value[at], wanted.error[at]
    where = about.told(*at)
    return (
        f"{where}: minigrad gives {claimed[at]:.10g}; differences give {value:.10g} ± {error:.0e}"
    )


def _largest(x: Array) -> float:
    return float(np.max(np.abs(x), initial=0.0, where=np.isfinite(x)))


def _place(x: Array) -> tuple[int, int]:
    r, c = np.unravel_index(int(np.argmax(x)), x.shape)
    return int(r), int(c)
