"""Signals: differences, integrals, interpolation and convolution along an axis.

Read next: `minigrad.ops.linalg`.
"""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np

from minigrad.ops.declare import arrays, composed, multilinear, rule
from minigrad.tensor import Tensor
from minigrad.values import Array

__all__: list[str] = []


def _along(a: Any, axis: int, part: Any) -> Any:
    """a[:, ..., part], the part of the axis."""
    return a[(slice(None),) * (axis % max(a.ndim, 1)) + (part,)]


def _diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n}")
    (a,) = arrays(np.diff, [a])
    border = tuple(1 if i == axis % a.ndim else m for i, m in enumerate(a.shape))
    parts = [p if p is None else arrays(np.diff, [p])[0] for p in (prepend, append)]
    before, after = (p if p is None or np.ndim(p) else np.broadcast_to(p, border) for p in parts)
    if n and (before is not None or after is not None):
        a = np.concatenate([p for p in (before, a, after) if p is not None], axis=axis)
    for _ in range(n):
        a = _along(a, axis, slice(1, None)) - _along(a, axis, slice(None, -1))
    return a


def _trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    (y,) = arrays(np.trapezoid, [y])
    step = dx
    if x is not None:
        (x,) = arrays(np.trapezoid, [x])
        step = np.diff(x, axis=0 if x.ndim == 1 else axis)
        if x.ndim == 1:
            step = np.reshape(step, [-1 if i == axis % y.ndim else 1 for i in range(y.ndim)])
    return np.sum(
        step * (_along(y, axis, slice(1, None)) + _along(y, axis, slice(None, -1))) / 2.0,
        axis=axis,
    )


def _gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    (f,) = arrays(np.gradient, [f])
    if f.dtype.kind not in "fc":
        f = f.astype(float)
    given = range(f.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = [range(f.ndim)[i] for i in given]
    spacings = varargs * len(axes) if len(varargs) == 1 and np.ndim(varargs[0]) == 0 else varargs
    spacings = spacings or (1.0,) * len(axes)
    if len(spacings) != len(axes):
        raise TypeError("invalid number of arguments")
    if edge_order not in {1, 2}:
        raise ValueError("'edge_order' greater than 2 not supported")
    out = tuple(
        _slope(f, h, i, edge_order)
        for i, h in zip(axes, arrays(np.gradient, spacings), strict=True)
    )
    return out[0] if len(out) == 1 else out


def _slope(f: Any, h: Any, axis: int, edge_order: int) -> Any:
    """The derivative of the parabola through each element and its neighbours; at the ends a line.

    h: the spacing, one number, or the coordinates.
    """
    f, n = np.moveaxis(f, axis, -1), f.shape[axis]
    if n <= edge_order:
        raise ValueError("Shape of array too small to calculate a numerical gradient")
    if np.ndim(h) and np.shape(h) != (n,):
        raise ValueError("distances must be either scalars or match the size of the axis")
    steps = np.diff(h) if np.ndim(h) else np.ones(n - 1, f.dtype) * h
    lines = np.diff(f) / steps
    a, b = steps[:-1], steps[1:]
    middle = (b * lines[..., :-1] + a * lines[..., 1:]) / (a + b)
    first, last = lines[..., :1], lines[..., -1:]
    if edge_order == 2:  # the parabola's slope at the end; its second derivative is constant
        bend = (lines[..., 1:] - lines[..., :-1]) / (a + b)
        first = first - bend[..., :1] * steps[:1]
        last = last + bend[..., -1:] * steps[-1:]
    slopes = np.concatenate([first, middle, last], axis=-1)
    return np.moveaxis(slopes if slopes.dtype == f.dtype else slopes.astype(f.dtype), -1, axis)


def _interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Any:
    """At a corner the slope of the segment on the right; 0 outside the range of xp."""
    x, xp, fp = (_double(a) for a in arrays(np.interp, (x, xp, fp)))
    xp, fp = (a if a.ndim else np.reshape(a, (1,)) for a in (xp, fp))
    if np.ndim(xp) != 1 or np.shape(xp) != np.shape(fp) or not np.size(xp):
        raise ValueError("fp and xp are not of the same length, or are empty")
    if period is not None:
        x, xp = (
            a - np.floor((a.data if isinstance(a, Tensor) else a) / period) * period
            for a in (x, xp)
        )
        order = np.argsort(xp)
        xp, fp = xp[order], fp[order]
        xp = np.concatenate([xp[-1:] - period, xp, xp[:1] + period])
        fp = np.concatenate([fp[-1:], fp, fp[:1]])
        left = right = None
    left, right = fp[0] if left is None else left, fp[-1] if right is None else right
    n = np.size(xp)
    if n == 1:
        middle = np.broadcast_to(fp[0], np.shape(x))
    else:
        k = np.clip(np.searchsorted(xp, x, side="right") - 1, 0, n - 2)
        slope = (fp[k + 1] - fp[k]) / (xp[k + 1] - xp[k])
        middle = slope * (x - xp[k]) + fp[k]
    return np.where(x < xp[0], left, np.where(x > xp[-1], right, middle))


def _double(a: Any) -> Any:
    """NumPy interpolates in double precision."""
    a = a if hasattr(a, "dtype") else np.asarray(a)
    return a.astype(np.result_type(a.dtype, float))


# Convolution --------------------------------------------------------------------------------------


def _full(g: Array, n: int, m: int, mode: str) -> Array:
    """The cotangent of the full convolution of sizes n and m, from that of its middle part."""
    if mode == "full":
        return g
    short = min(n, m)
    start = short - 1 if mode == "valid" else (short - 1) // 2
    return np.pad(g, (start, n + m - 1 - start - g.size))


def _slid(g: Array, v: Array, mode: Any, n: int) -> Array:
    """The cotangent of the input of size n convolved with v."""
    return np.convolve(_full(g, n, v.size, mode), v[::-1], "full")[v.size - 1 : v.size - 1 + n]


def _correlate(a: Any, v: Any, mode: Any = "valid") -> Any:
    a, v = arrays(np.correlate, (a, v))
    if a.size >= v.size or mode == "full":
        return np.convolve(a, np.conjugate(v)[::-1], mode)
    return np.convolve(np.conjugate(v), a[::-1], mode)[::-1]


multilinear(
    np.convolve,
    lambda g, y, a, v, *, mode="full": np.reshape(_slid(g, np.ravel(v), mode, a.size), a.shape),
    lambda g, y, a, v, *, mode="full": np.reshape(_slid(g, np.ravel(a), mode, v.size), v.shape),
)
composed(np.correlate, _correlate)
composed(np.diff, _diff)
composed(np.ediff1d, lambda ary: np.diff(np.ravel(ary)))
composed(np.trapezoid, _trapezoid)
composed(np.gradient, _gradient)
composed(np.interp, _interp)
rule(np.unwrap, lambda g, y, p, *, discont=None, axis=-1, period=2 * pi: g)
