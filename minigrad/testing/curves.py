"""The slope of a curve: differences over steps that fit, extrapolated, with their own error.

Read next: `minigrad.testing.differences`, derivatives of functions of arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from minigrad.values import Array

__all__ = ["EPS", "EXACT", "TINY", "Lost", "Measured", "jump", "magnitude", "slope", "slopes"]

Curve = Callable[[float], Array]  # s -> f(x + s d), as a flat array of real numbers

LEVELS = 7  # halvings of a step
SETTLED = 1e-11  # the relative error at which no smaller step is tried
EPS, TINY = float(np.finfo(float).eps), float(np.finfo(float).tiny)
TINIEST = float(np.finfo(float).smallest_subnormal)
GLANCE = 2.0**-17  # how small the steps are that a settled measurement must not contradict
APART = 20  # how many times their errors two measurements differ that contradict each other


@dataclass(frozen=True, slots=True)
class Measured:
    """A derivative found by differences.

    Attributes:
        value: the derivative.
        error: how far off it may be, element by element, by its own account.
        step: over how small a step it was found.
    """

    value: Array
    error: Array
    step: Any = np.inf


@dataclass(frozen=True, slots=True)
class Lost:
    """What rounding takes: of values by eps, of an argument of this size, and of tiny values all.

    Attributes:
        eps: of the precision in which values are computed.
        noise: how far they jump besides between arguments next to each other.
        size: of the argument.
    """

    eps: float = EPS
    noise: Any = 0.0
    size: float = 1.0

    def by(self, ahead: Array, behind: Array, width: float) -> Array:
        """How far off the quotient of a difference may be."""
        off = 4 * self.eps * (np.abs(ahead) + np.abs(behind)) + self.noise + TINIEST
        lost: Array = (off + EPS * abs(self.size / width) * np.abs(ahead - behind)) / abs(width)
        return lost


EXACT = Lost()


def slope(phi: Curve, scales: Iterable[float] = (1.0,), lost: Lost = EXACT) -> Measured:
    """phi'(0) by central differences, extrapolated to step 0 (Ridders, 1982).

    Every step is half the one before; each row of the table removes one more even power of the
    step. The entry that differs least from its neighbours, rounding counted, is the answer, for
    each element by itself: far from a kink a large step is exact, close to it only a small one.
    Where two contradict each other, the large step has passed over something: the small one counts.

    Args:
        phi: a function of one number to a flat array of real numbers.
        scales: how far phi may be expected to look smooth; those between are tried too, and
            smaller steps, where the least does not settle.
        lost: how phi rounds.
    """
    scales = sorted({*scales})
    lost = replace(lost, size=scales[0])
    starts = list(_starts(scales))
    with np.errstate(all="ignore"):
        centre = phi(0.0)
        best = _searched(phi, centre, starts[:1], lost, scales)
        if not _settled(best, centre, scales):
            lost = replace(lost, noise=lost.noise + _noise(phi, centre, scales[0]))
            best = _searched(phi, centre, starts, lost, scales)
    return best


def _searched(
    phi: Curve, centre: Array, starts: list[float], lost: Lost, scales: list[float]
) -> Measured:
    """The best entry of all tables that start there, until one settles."""
    best, bent = _glance(phi, centre, scales[0] * GLANCE, lost)
    for start in starts:
        for found in _table(phi, start, 4.0, lost):
            best = _better(best, found, bent)
            if _settled(best, centre, scales):
                return best
    return best


def _better(best: Measured, found: Measured, bent: Any = 0.0) -> Measured:
    """The one with the smaller error; of two that contradict each other, that of smaller steps."""
    size, error = np.abs(found.value) + np.abs(best.value), found.error + best.error
    apart = np.abs(found.value - best.value) > np.maximum(APART * error, 1e-3 * size)
    larger = found.step > best.step
    closer = (found.error < best.error) & ~(larger & (np.abs(found.value) < bent))
    better = np.where(apart & (found.step != best.step), ~larger, closer)
    pairs = zip(
        (found.value, found.error, found.step), (best.value, best.error, best.step), strict=True
    )
    return Measured(*[np.where(better, one, other) for one, other in pairs])


def sides(phi: Curve, scale: float = 1.0, lost: Lost = EXACT) -> tuple[Measured, Measured]:
    """The slopes of phi at 0 from the left and from the right."""
    found = []
    with np.errstate(all="ignore"):
        for sign in (-1.0, 1.0):
            best = Measured(np.array(np.nan), np.array(np.inf))
            for step in (2.0**-6, 2.0**-16):
                for entry in _table(phi, sign * scale * step, 2.0, replace(lost, size=scale)):
                    best = _better(best, entry)
            found.append(best)
    return found[0], found[1]


def slopes(
    phi: Curve, scales: Iterable[float] = (1.0,), lost: Lost = EXACT
) -> tuple[float, float] | None:
    """The slopes of phi at 0 on the left and on the right, where they differ: it has a kink."""
    for scale in scales:
        left, right = sides(phi, scale, lost)
        a, b, doubt = float(left.value), float(right.value), float(left.error + right.error)
        if np.isfinite(doubt) and abs(a - b) > 100 * doubt + 1e-4 * max(abs(a), abs(b)):
            return a, b
    return None


def jump(phi: Curve, scale: float = 1.0, lost: Lost = EXACT) -> tuple[float, float] | None:
    """The limits of phi at 0 from the left and from the right, where they differ."""
    with np.errstate(all="ignore"):
        pairs = [(float(phi(-s * scale)), float(phi(s * scale))) for s in (1e-7, 1e-9, 1e-11)]
    apart = [b - a for a, b in pairs]
    least = max(0.01 * abs(apart[-1]), 8 * lost.eps * max(map(abs, pairs[-1])))
    steady = all(abs(d - apart[-1]) <= 0.01 * abs(d) for d in apart) and abs(apart[-1]) > least
    return pairs[-1] if steady and np.isfinite(apart[-1]) else None


def _starts(scales: list[float]) -> Iterator[float]:
    """The first step of each table: the least scale first, then larger, then smaller ones."""
    most = max(scales[-1], 1.0 if scales[-1] <= 2.0**16 else 0.0)
    between = min(8, 2 + int(np.log2(most) - np.log2(scales[0])) // 10) if most > scales[0] else 1
    for scale in dict.fromkeys([scales[0], *np.geomspace(scales[0], most, between).tolist()]):
        yield scale * 2.0**-5
    for power in (-13, -21):
        yield scales[0] * 2.0**power


def _noise(phi: Curve, centre: Array, size: float) -> Array:
    """How far phi is from two parabolas that meet, over tiny steps: how it rounds inside."""
    steps = [size * 2.0**-k for k in (22, 23, 24, 25, 26)]
    bends = [(phi(step) - centre) + (phi(-step) - centre) for step in steps]
    straight = [wide - 2 * narrow for wide, narrow in pairwise(bends)]
    return np.nan_to_num(np.max([np.abs(w / 4 - n) for w, n in pairwise(straight)], axis=0))


def _glance(phi: Curve, centre: Array, step: float, lost: Lost) -> tuple[Measured, Array]:
    """The difference over a small step, and what slopes are too small to be those of a curve."""
    ahead, behind = phi(step), phi(-step)
    value, rounding = (ahead - behind) / (2 * step), lost.by(ahead, behind, 2 * step)
    bend = np.abs((ahead - centre) + (behind - centre)) / step
    bent = np.nan_to_num(bend - np.abs(centre) / lost.size - APART * rounding)
    error = rounding + 1e-6 * np.abs(value) + np.maximum(bent, 0)
    return Measured(value, _finite(error), np.full(value.shape, step)), bent


def _finite(error: Array) -> Array:
    return np.where(np.isfinite(error), error, np.inf)


def _table(phi: Curve, step: float, base: float, lost: Lost) -> Iterator[Measured]:
    """The entries of the extrapolation table with their errors; base 4: central, 2: one-sided."""
    above: list[Array] = []
    zero = phi(0.0) if base == 2.0 else None
    for _ in range(LEVELS):
        ahead = phi(step)
        behind = phi(-step) if zero is None else zero
        width = 2 * step if zero is None else step
        rounding = lost.by(ahead, behind, width)
        row = [(ahead - behind) / width]
        for j, before in enumerate(above):
            row.append(row[-1] + (row[-1] - before) / (base ** (j + 1) - 1))
            gap = np.maximum(np.abs(row[-1] - row[-2]), np.abs(row[-1] - before))
            error = gap + rounding
            yield Measured(row[-1], _finite(error), np.full(error.shape, abs(step)))
        above = row
        step /= 2


def _settled(found: Measured, centre: Array, scales: list[float]) -> bool:
    size = max(magnitude(found.value), max(magnitude(centre), TINY) / max(scales[-1], 1))
    return bool(np.all(found.error <= SETTLED * size))


def magnitude(x: Array) -> float:
    """The largest finite magnitude."""
    x = np.abs(x[np.isfinite(x)])
    return float(np.max(x, initial=0.0))
