"""diagnose_gradient: what kind of mistake a wrong gradient is, where the numbers say so.

A name is given only if it explains every number and no other name does. Read next:
`minigrad.testing.rules`, which asks the same of every rule of a graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations
from typing import Any

import numpy as np

from minigrad.errors import DTypeError
from minigrad.sweep import sum_to
from minigrad.testing.curves import EXACT, Lost, Measured, slopes
from minigrad.testing.differences import finite_difference, moved, plain, sizes, typical
from minigrad.values import Array

__all__ = [
    "KINDS",
    "Mistake",
    "diagnose_gradient",
    "explain",
    "kink_at",
    "kinked",
    "place",
    "unlike",
]

KINDS = {
    "none": "right, to the precision of the differences",
    "factor": "right up to one factor",
    "sign": "minus the right gradient, everywhere or at some elements",
    "conjugated": "the conjugate of the right gradient: another convention for complex numbers",
    "transposed": "right, with its axes in another order",
    "reversed": "right, with its elements along an axis in reverse",
    "missing_sum": "not summed over the axes along which the argument was broadcast",
    "extra_sum": "summed over an axis, or averaged, and spread out again",
    "extra_term": "right but for a term: a constant, or a multiple of the argument",
    "zero": "0, everywhere or at some elements, where the right one is not",
    "not_finite": "nan or inf where the function is smooth",
    "kink": "the function is not differentiable there",
    "precision": "right, but lossy",
    "shape": "not of the argument's shape",
    "fails": "the rule raises an error",
    "unsettled": "not to be judged: differences of the function do not settle",
    "ambiguous": "explained by several of these alike",
    "unknown": "wrong in a way that none of these explains",
}
"""The kinds of mistake that `diagnose_gradient` tells apart."""

EXPLAINED = 1e-6  # of the largest element: how exactly a name must explain the numbers


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a gradient. Printing it says so.

    Attributes:
        kind: one of `KINDS`.
        message: the same in a sentence, with the numbers.
        candidates: the kinds that explain it alike, if it is ambiguous.
    """

    kind: str
    message: str
    candidates: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.kind == "none"

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}"


def diagnose_gradient(f: Callable[[Any], Any], x: Any, claimed: Any) -> Mistake:
    """What kind of mistake a claimed gradient of f at x is.

    Args:
        f: a function of one array to a real number.
        x: the array, or a number; complex too, with df/du − i df/dv for x = u + iv.
        claimed: what is thought to be the gradient.

    Returns:
        The `Mistake`. Its kind is "none" where the claim is right. A mistake is named only if the
        name explains every element to 1e-6 of the largest, and no other does: a single number,
        say, could be off by any factor, so only a simple one is named.

    Raises:
        DTypeError: the argument or the claim is no array of numbers.
        ShapeError: f returned something else than one element.

    >>> x = np.array([1.0, -2.0, 0.5])
    >>> print(diagnose_gradient(lambda x: np.sum(x**3), x, x**2))
    factor: it is 1/3 times the right gradient
    >>> print(diagnose_gradient(lambda x: np.sum(x**3), x, 3 * x**2))
    none: it agrees with finite differences, to 1e-12 of the largest element
    """
    if isinstance(x, (dict, list, tuple)):
        raise DTypeError(
            f"diagnose_gradient: got {type(x).__name__} as the argument; expected one array: "
            "np.array(x), or check_grads for a tree of them"
        )
    point, claim = plain(x), plain(claimed)
    (value,), (error,) = finite_difference(f, point[()])
    measured = Measured(np.asarray(value), np.asarray(error))

    def kink(at: tuple[int, ...]) -> tuple[float, float] | None:
        return kink_at(lambda xs: np.reshape(f(xs[0]), (1,)), [point], 0, at)

    return explain(claim, measured, point, kink)


def kink_at(
    f: Callable[[list[Array]], Array],
    xs: list[Array],
    i: int,
    at: tuple[int, ...],
    lost: Lost = EXACT,
) -> tuple[float, float] | None:
    """The slopes of the number f on both sides along an element of the i-th array, if unequal."""
    d = np.zeros(xs[i].shape, xs[i].dtype)
    d[at] = 1
    curve = moved(f, xs, i, d)
    return slopes(lambda s: curve(s)[0], sizes(float(abs(xs[i][at])), xs[i]), lost)


def explain(
    claimed: Array,
    measured: Measured,
    x: Array,
    kink: Callable[[tuple[int, ...]], tuple[float, float] | None] = lambda at: None,
    tolerance: Array | None = None,
) -> Mistake:
    """The mistake in a claimed gradient at x, given what was measured.

    Args:
        claimed: an array of any shape.
        measured: the gradient in the shape of x.
        x: the argument.
        kink: for the place of an element, the slopes on both sides there if they differ.
        tolerance: how far off counts as right, element by element.
    """
    right, doubt = measured.value, measured.error
    size = float(np.max(np.abs(right), initial=0.0, where=np.isfinite(right)))
    if claimed.shape != right.shape:
        return _of_shape(claimed, right, size)
    if tolerance is None:
        tolerance = 10 * doubt + 1e-7 * np.abs(right) + 1e-12 * size
    with np.errstate(invalid="ignore"):
        off = np.abs(claimed - right)
    wrong = ~(off <= tolerance)
    rough = ~(10 * doubt <= 0.01 * (size or 1.0))
    if not wrong.any() and not rough.any():
        return _right(off, size)
    if np.any(lost := ~np.isfinite(claimed) & np.isfinite(doubt)):
        at = place(lost)
        return Mistake("not_finite", _at(at) + unlike(claimed[at], right[at]))
    for at in map(tuple, np.argwhere(wrong | rough)[:5].tolist()):
        if both := kink(at):
            return kinked(at, claimed[at], *both)
    claims = np.where(np.isfinite(claimed), np.abs(claimed), 0)
    scale = max(size, float(np.max(claims, initial=0.0)))
    if not np.all(10 * doubt <= EXPLAINED * scale):
        at = place(~(10 * doubt <= EXPLAINED * scale))
        return Mistake(
            "unsettled",
            f"{_at(at)}the differences do not settle: {right[at]:.6g} ± {doubt[at]:.1g}",
        )
    return _named(claimed, right, x, scale)


def _right(off: Array, size: float) -> Mistake:
    worst = float(np.max(off, initial=0.0)) / (size or 1.0)
    nearest = f"{10 ** np.ceil(np.log10(max(worst, 1e-12))):.0e}"
    return Mistake(
        "none", f"it agrees with finite differences, to {nearest} of the largest element"
    )


def kinked(at: tuple[int, ...], claimed: Any, left: float, right: float) -> Mistake:
    """The mistake of judging a function where its slopes on both sides differ."""
    between = min(left, right) <= np.real(claimed) <= max(left, right)
    kind = "which lies between them" if between else "which is neither, nor between them"
    return Mistake(
        "kink",
        f"{_at(at)}the function is not differentiable: its slope is {left:.6g} on the left and "
        f"{right:.6g} on the right; it is {np.real(claimed):.6g}, {kind}",
    )


def _named(claimed: Array, right: Array, x: Array, size: float) -> Mistake:
    """The one name that explains the numbers, if there is one; of numbers no larger than size."""
    off = np.abs(claimed / size - right / size)
    at = place(off == np.max(off))
    unknown = Mistake("unknown", _at(at) + unlike(claimed[at], right[at]))
    claimed, right, part = claimed / size, right / size, float(off[at])
    lossy = bool(np.all(off <= np.maximum(1e-3 * np.abs(right), 1e-4)))
    found: dict[str, str] = {}
    for kind, wrong, message in _hypotheses(claimed, right, x, size):
        exact = EXPLAINED * (min(1.0, part) if lossy else 1.0)
        if wrong.shape == claimed.shape and np.all(np.abs(claimed - wrong) <= exact):
            found.setdefault(kind, message)
    if len(found) == 1:
        return Mistake(*found.popitem())
    if lossy and not found:
        return Mistake("precision", f"it is right to {part:.0e} of the largest element, no better")
    if found:
        either = "; or ".join(found.values())
        return Mistake("ambiguous", f"either {either}", tuple(sorted(found)))
    return unknown


def unlike(claimed: Any, right: Any) -> str:
    """That it is one number and not another, in so many digits that they differ."""
    told = [(f"{claimed:.{n}g}", f"{right:.{n}g}") for n in (6, 9, 12, 17)]
    it, other = next((pair for pair in told if pair[0] != pair[1]), told[-1])
    return f"it is {it}, not {other}"


def _hypotheses(
    claimed: Array, right: Array, x: Array, size: float
) -> Iterator[tuple[str, Array, str]]:
    """(kind, what the gradient would then be, how to say it), for each mistake worth trying.

    All in units of size.
    """
    yield "sign", -right, "it is minus the right gradient"
    if right.dtype.kind == "c" and np.any(right.imag):
        yield "conjugated", np.conj(right), "it is the conjugate of the right gradient"
    yield from _factor(claimed, right)
    yield from _at_some(claimed, right)
    yield from _rearranged(right)
    yield from _summed(right)
    yield from _term(claimed, right, x, size)


def _factor(claimed: Array, right: Array) -> Iterator[tuple[str, Array, str]]:
    """One factor for all; of few elements only a simple one, for any would do."""
    square = np.vdot(right, right).real
    if not square:
        return
    c = np.vdot(right, claimed) / square
    if abs(c) < EXPLAINED or abs(abs(c) - 1) < EXPLAINED:
        return
    simple = _simple(c)
    if simple or np.count_nonzero(right) > 2:
        yield "factor", c * right, f"it is {simple or f'{c:.6g}'} times the right gradient"


def _simple(c: Any) -> str:
    """A number as a simple fraction, or ''."""
    if np.iscomplexobj(c) and abs(c.imag) > 1e-9:
        return ""
    near = Fraction(float(np.real(c))).limit_denominator(12)
    plain = 0 < abs(near.numerator) <= 12 and abs(float(near) / np.real(c) - 1) < 1e-7
    return str(near) if plain else ""


def _at_some(claimed: Array, right: Array) -> Iterator[tuple[str, Array, str]]:
    """Zeros, or minus signs, at some of the elements."""
    moving = np.abs(right) > EXPLAINED * np.max(np.abs(right), initial=0.0)
    n = int(moving.sum())
    zero = moving & (np.abs(claimed) <= EXPLAINED * np.abs(right))
    if zero.any():
        k = int(zero.sum())
        where = f"at {k} of {n} elements" if k < n else "everywhere"
        yield "zero", np.where(zero, 0, right), f"it is 0 {where}, and the right gradient is not"
    turned = moving & (np.abs(claimed + right) <= EXPLAINED * np.abs(right))
    if 0 < (k := int(turned.sum())) < n and n > 2:
        message = f"it has the wrong sign at {k} of {n} elements"
        yield "sign", np.where(turned, -right, right), message


def _rearranged(right: Array) -> Iterator[tuple[str, Array, str]]:
    for order in permutations(range(right.ndim)) if right.ndim <= 4 else ():
        if order != tuple(range(right.ndim)):
            yield "transposed", np.transpose(right, order), _transposed(order)
    for axis, n in enumerate(right.shape):
        if n > 1:
            message = f"it is the right gradient reversed along axis {axis}"
            yield "reversed", np.flip(right, axis), message


def _transposed(order: tuple[int, ...]) -> str:
    axes = f", axes {order}" if len(order) > 2 else ""
    return f"it is the right gradient transposed{axes}"


def _summed(right: Array) -> Iterator[tuple[str, Array, str]]:
    for axis, n in enumerate(right.shape):
        if n > 1:
            for name, function in (("sum", np.sum), ("mean", np.mean)):
                wrong = np.broadcast_to(function(right, axis=axis, keepdims=True), right.shape)
                yield "extra_sum", wrong, f"each element is the {name} along axis {axis}"


def _term(claimed: Array, right: Array, x: Array, size: float) -> Iterator[tuple[str, Array, str]]:
    """A constant, or a multiple of the argument, on top."""
    rest, unit = claimed - right, typical(x)
    for what, term, of in (("", np.ones(x.shape), 1.0), (" times the argument", x / unit, unit)):
        square = np.vdot(term, term).real
        if x.size > 2 and square:
            c = np.vdot(term, rest) / square
            if abs(c) > 0 and np.any(right) and np.any(claimed):
                told = f"it has a term too many: {c * size / of:.6g}{what}"
                yield "extra_term", right + c * term, told


def _of_shape(claimed: Array, right: Array, size: float) -> Mistake:
    """The mistake in a claim of another shape than the argument's."""
    shapes = f"it has shape {claimed.shape}, not {right.shape}"

    def same(wrong: Array) -> bool:
        return bool(np.all(np.abs(wrong - right) <= EXPLAINED * size))

    if _broadcasts(right.shape, claimed.shape) and same(sum_to(claimed, right.shape)):
        remedy = "sum it over the axes along which the argument was broadcast"
        return Mistake("missing_sum", f"{shapes}: {remedy}")
    for order in permutations(range(right.ndim)) if right.ndim <= 4 else ():
        wrong = np.transpose(right, order)
        if wrong.shape == claimed.shape and np.all(np.abs(claimed - wrong) <= EXPLAINED * size):
            return Mistake("transposed", _transposed(order))
    if claimed.size == right.size and same(np.reshape(claimed, right.shape)):
        return Mistake("shape", f"{shapes}; the numbers are right")
    return Mistake("shape", shapes)


def _broadcasts(small: tuple[int, ...], big: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(small, big) == big
    except ValueError:
        return False


def place(mask: Array) -> tuple[int, ...]:
    """Where a mask is first true."""
    return tuple(int(k) for k in np.unravel_index(int(np.argmax(mask)), mask.shape))


def _at(at: tuple[int, ...]) -> str:
    return f"at {list(at)} " if at else ""
