"""Derivatives by other means than the engine's: extrapolated differences and the complex step.

Nothing here knows a rule. Read next: `minigrad.testing.diagnosis`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from minigrad.errors import DTypeError, ShapeError
from minigrad.tensor import Tensor
from minigrad.testing.curves import EPS, EXACT, TINY, Lost, Measured, magnitude, slope
from minigrad.trees import flatten
from minigrad.values import Array

__all__ = [
    "complex_step", "finite_difference", "gathered", "measure", "moved", "plain", "precision",
    "sizes", "tolerance", "typical", "units",
]  # fmt: skip


def plain(x: Any) -> Array:
    """An argument as an array of float64 or complex128, in which differences are taken."""
    value = np.asarray(x.data if isinstance(x, Tensor) else x)
    if value.dtype.kind not in "fciub":
        raise DTypeError(f"differences: got {type(x).__name__} {x!r}; expected numbers")
    return value.astype(complex if value.dtype.kind == "c" else float)


def typical(x: Array) -> float:
    """The size of an array's elements: the largest; 1 where all are 0, or hardly more."""
    size = magnitude(x)
    return size if size >= TINY else 1.0


def sizes(own: float, x: Array) -> list[float]:
    """How far a function of x may look smooth where one element is so large."""
    return list(dict.fromkeys([own if own >= TINY else typical(x), typical(x)]))


def precision(dtype: Any) -> float:
    """The relative rounding error of arithmetic in a dtype; that of float64 at least."""
    dtype = np.dtype(dtype)
    return max(float(np.finfo(dtype).eps), EPS) if dtype.kind in "fc" else EPS


def units(x: Array) -> Iterator[tuple[Array, float]]:
    """Each direction of an array's elements, of the imaginary parts too, with the element's size.

    The parts of the first element come first, then those of the second.
    """
    for place in np.ndindex(x.shape):
        for part in (1.0, 1j) if x.dtype.kind == "c" else (1.0,):
            d = np.zeros(x.shape, x.dtype)
            d[place] = part
            yield d, float(abs(x[place]))


def moved(
    f: Callable[[list[Array]], Array], xs: list[Array], i: int, direction: Array
) -> Callable[[float], Array]:
    """The curve s -> f(xs), with s times a direction added to the i-th array."""
    return lambda s: f([*xs[:i], (xs[i] + s * direction)[()], *xs[i + 1 :]])


def measure(
    f: Callable[[list[Array]], Array],
    xs: list[Array],
    i: int,
    directions: Iterable[tuple[Array, float]] | None = None,
    lost: Lost = EXACT,
) -> Measured:
    """The derivatives of f by the i-th array along each direction, a row each.

    Args:
        f: arrays to a flat array of real numbers.
        xs: where.
        i: which array moves.
        directions: arrays like it, with how large it is there; its units by default.
        lost: how f rounds.
    """
    found = [
        slope(moved(f, xs, i, d), sizes(own, xs[i]), lost)
        for d, own in (units(xs[i]) if directions is None else directions)
    ]
    width = f([x[()] for x in xs]).size
    return Measured(
        np.reshape([m.value for m in found], (len(found), width)),
        np.reshape([m.error for m in found], (len(found), width)),
    )


def finite_difference(f: Callable[..., Any], *args: Any) -> Any:
    """The gradients of a real scalar f by central differences, extrapolated to step 0.

    Of a complex argument x = u + iv it is df/du − i df/dv, as everywhere in minigrad.

    Args:
        f: a function of arrays, or of trees of them, to a real number.
        *args: its arguments: numbers, arrays, or nested dicts, lists, tuples, dataclasses of them.

    Returns:
        `(gradients, errors)`, each a tuple with one entry for each argument, in its tree and its
        shapes. An error bounds its element's derivative by the method's own account: the distance
        to the neighbouring extrapolations, and rounding. It is inf where no difference is finite.
        In float64 also for arguments of lower precision.

    Raises:
        ShapeError: f returned something else than one element.
        DTypeError: an argument is no number, or f returned no real number.

    At a kink it is the mean of the slopes on both sides. About 12 evaluations for each element.

    >>> (slope,), (error,) = finite_difference(np.exp, 0.0)
    >>> bool(abs(slope - 1) < 1e-11), bool(error < 1e-10)
    (True, True)
    """
    leaves, rebuild = flatten(args)
    xs = [plain(x) for x in leaves]

    def g(xs: list[Any]) -> Array:
        return np.reshape(_real(f(*rebuild(xs))), (1,))

    lost = Lost(precision(g([x[()] for x in xs]).dtype))
    found = [measure(g, xs, i, lost=lost) for i in range(len(xs))]
    found = [gathered(m, x) for m, x in zip(found, xs, strict=True)]
    return rebuild([m.value[()] for m in found]), rebuild([m.error[()] for m in found])


def gathered(found: Measured, x: Array) -> Measured:
    """The derivatives of one number along the units of x, as arrays like it."""
    value, error = found.value[:, 0], found.error[:, 0]
    if x.dtype.kind == "c":
        value, error = value[::2] - 1j * value[1::2], error[::2] + error[1::2]
    return Measured(np.reshape(value, x.shape), np.reshape(error, x.shape))


def tolerance(
    found: Measured, dtype: Any, rtol: float | None = None, largest: float = 0.0, size: float = 0.0
) -> Array:
    """How far from what was measured a derivative in a dtype may be, element by element.

    Ten times the measurement's own error, a part `rtol` of the element (by default 1e-9, or 100
    roundings of the dtype); and, since sums cancel, 1000 roundings of the largest element that was
    measured, or claimed, and 10 of the function's own `size`, at least 1e-12 of that.
    """
    eps = float(np.finfo(dtype).eps)
    part = max(1e-9, 100 * eps) if rtol is None else rtol
    floor = min(1e3 * eps, 0.1) * max(largest, magnitude(found.value)) + max(10 * eps, 1e-12) * size
    allowed: Array = 10 * found.error + part * np.abs(found.value) + floor
    return allowed


def _real(y: Any) -> Array:
    got, y = type(y).__name__, np.asarray(y.data if isinstance(y, Tensor) else y)
    if y.size != 1:
        raise ShapeError(f"finite_difference: f returned shape {y.shape}; expected one element")
    if y.dtype.kind not in "fiub":
        got = f"dtype {y.dtype}" if y.dtype.kind == "c" else got
        raise DTypeError(f"finite_difference: f returned {got}; expected a real number")
    return y


def complex_step(f: Callable[..., Any], *args: Any, step: float = 1e-30) -> tuple[Any, ...]:
    """The gradients of an analytic f at real arguments, to the last digit: Im f(x + ih) / h.

    No difference is taken, so nothing cancels and h may be tiny (Squire and Trapp, "Using complex
    variables to estimate derivatives of real functions", 1998).

    Args:
        f: an analytic function of real arrays, or trees of them, to a scalar: made of functions
            that NumPy continues to complex numbers, without abs, max, comparisons, conj.
        *args: its arguments.
        step: h.

    Returns:
        A tuple, one entry for each argument, in its tree and its shapes.

    Raises:
        DTypeError: an argument is complex, or f returned a real number for complex arguments and
            so is not analytic.

    >>> print(complex_step(np.exp, 0.0)[0])
    1.0
    """
    leaves, rebuild = flatten(args)
    xs = [plain(x) for x in leaves]
    if any(x.dtype.kind == "c" for x in xs):
        raise DTypeError("complex_step: got a complex argument; use finite_difference")
    found = []
    for i, x in enumerate(xs):
        slopes = [
            np.imag(_analytic(f(*rebuild([*xs[:i], (x + 1j * step * d)[()], *xs[i + 1 :]]))))
            for d, _ in units(x)
        ]
        found.append(np.reshape(slopes, x.shape)[()] / step)
    answer: tuple[Any, ...] = rebuild(found)
    return answer


def _analytic(y: Any) -> Array:
    y = np.asarray(y.data if isinstance(y, Tensor) else y)
    if y.size != 1:
        raise ShapeError(f"complex_step: f returned shape {y.shape}; expected one element")
    if y.dtype.kind != "c":
        raise DTypeError(
            f"complex_step: f returned {y.dtype} for complex arguments, so it is not analytic; "
            "use finite_difference"
        )
    return y.reshape(())
