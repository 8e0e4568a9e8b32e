"""Signals: differences, integrals, interpolation, convolution, windows and polynomials.

Read next: `minigrad.ops.linalg`.
"""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from minigrad.errors import ShapeError
from minigrad.ops.declare import arrays, composed, linear, multilinear, rule
from minigrad.ops.shape import applied, raised
from minigrad.table import Op
from minigrad.tensor import Tensor, record
from minigrad.values import Array

__all__: list[str] = []


def _along(a: Any, axis: int, part: Any) -> Any:
    """a[:, ..., part], the part of the axis."""
    return a[(slice(None),) * (axis % max(a.ndim, 1)) + (part,)]


def _diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n}")
    (a,) = arrays(np.diff, [a])
    if n and not a.ndim:
        raise ValueError("diff requires input that is at least one dimensional")
    axis = normalize_axis_index(axis, a.ndim) if n else 0
    border = tuple(1 if i == axis else m for i, m in enumerate(a.shape))
    parts = [p if p is None else arrays(np.diff, [p])[0] for p in (prepend, append)]
    before, after = (p if p is None or np.ndim(p) else np.broadcast_to(p, border) for p in parts)
    if n and (before is not None or after is not None):
        a = np.concatenate([p for p in (before, a, after) if p is not None], axis=axis)
    for _ in range(n):
        a = _along(a, axis, slice(1, None)) - _along(a, axis, slice(None, -1))
    return a


def _ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    parts = [to_begin, np.diff(np.ravel(*arrays(np.ediff1d, [ary]))), to_end]
    given = arrays(np.ediff1d, [p for p in parts if p is not None])
    dtype = given[-1 if to_end is None else -2].dtype
    return np.concatenate([np.ravel(p).astype(dtype, copy=False) for p in given])


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
    axes = normalize_axis_tuple(range(f.ndim) if axis is None else axis, f.ndim)
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
        order = applied("order", xp)
        xp, fp = xp[order], fp[order]
        xp = np.concatenate([xp[-1:] - period, xp, xp[:1] + period])
        fp = np.concatenate([fp[-1:], fp, fp[:1]])
        left = right = None
    left, right = fp[0] if left is None else left, fp[-1] if right is None else right
    n = np.size(xp)
    if n == 1:
        middle = np.broadcast_to(fp[0], np.shape(x))
    else:
        k = np.clip(applied("segment", xp, x) - 1, 0, n - 2)
        (x0, y0), (x1, y1) = [[applied("getitem", a, i) for a in (xp, fp)] for i in (k, k + 1)]
        middle = (y1 - y0) / (x1 - x0) * (x - x0) + y0
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


def _convolving(op: Op, a: Any, v: Any, mode: Any = "full") -> Tensor:
    """Older NumPy guesses at a mode that it does not know."""
    if mode not in ("full", "same", "valid"):
        raise ShapeError(f"convolve: got mode {mode!r}; expected 'full', 'same' or 'valid'")
    return record(op, arrays(np.convolve, (a, v)), {"mode": mode})


def _correlate(a: Any, v: Any, mode: Any = "valid") -> Any:
    a, v = arrays(np.correlate, (a, v))
    if a.ndim != 1 or v.ndim != 1:
        raise ValueError("expected two vectors")
    if a.size >= v.size or mode == "full":
        return np.convolve(a, np.conjugate(v)[::-1], mode)
    return np.convolve(np.conjugate(v), a[::-1], mode)[::-1]


multilinear(
    np.convolve,
    lambda g, y, a, v, *, mode="full": np.reshape(_slid(g, np.ravel(v), mode, a.size), a.shape),
    lambda g, y, a, v, *, mode="full": np.reshape(_slid(g, np.ravel(a), mode, v.size), v.shape),
    call=_convolving,
)
composed(np.correlate, _correlate)
composed(np.diff, _diff)
composed(np.ediff1d, _ediff1d)
composed(np.trapezoid, _trapezoid)
composed(np.gradient, _gradient)
rule(
    "segment",
    lambda g, y, a, v: None,
    lambda g, y, a, v: None,
    forward=lambda a, v: np.searchsorted(a, v, side="right"),
    code="np.searchsorted({0}, {1}, side='right')",
)
composed(np.interp, _interp)
rule(np.unwrap, lambda g, y, p, *, discont=None, axis=-1, period=2 * pi: g)


# Windows ------------------------------------------------------------------------------------------

_sliding = np.lib.stride_tricks.sliding_window_view


def _slid_back(g: Array, y: Array, x: Array, *, window_shape: Any, axis: Any = None) -> Array:
    """Place by place of the window: what all windows have there is a block of x."""
    sizes = np.ravel(window_shape).tolist()
    axes = range(x.ndim) if axis is None else [range(x.ndim)[i] for i in np.ravel(axis)]
    c = np.zeros(x.shape, g.dtype)
    for place in np.ndindex(*sizes):
        starts = [0] * x.ndim
        for i, shift in zip(axes, place, strict=True):  # an axis may be slid along twice
            starts[i] += shift
        block = tuple([slice(k, k + n) for k, n in zip(starts, g.shape, strict=False)])
        c = raised(c, block, g[(..., *place)])
    return c


linear(_sliding, _slid_back, code="np.lib.stride_tricks.sliding_window_view({*=})")


# Polynomials, the highest power first -------------------------------------------------------------


def _polyval(p: Any, x: Any) -> Any:
    p, x = arrays(np.polyval, (p, x))
    if not len(p):
        return np.where(False, x, np.sum(p))
    y = np.zeros_like(x)
    for i in range(len(p)):
        y = y * x + p[i]
    return y


def _polyadd(a1: Any, a2: Any) -> Any:
    a, b = (np.atleast_1d(a) for a in arrays(np.polyadd, (a1, a2)))
    n = max(len(a), len(b))
    if any(len(p) < n and p.ndim > 1 for p in (a, b)):
        raise ValueError("expected two vectors of coefficients")
    return np.pad(a, (n - len(a), 0)) + np.pad(b, (n - len(b), 0))


def _polymul(a1: Any, a2: Any) -> Any:
    return np.convolve(*[_coefficients(a) for a in arrays(np.polymul, (a1, a2))])


def _coefficients(a: Any) -> Any:
    """Those from the first that is not zero on; of no polynomial, and of zeros alone, one 0."""
    a = np.atleast_1d(a)
    if a.ndim > 1:
        raise ValueError("Polynomial must be 1d only.")
    places = np.flatnonzero(a)
    if not a.size:
        return np.sum(a, keepdims=True)
    return a[places[0] if len(places) else -1 :]


def _polyder(p: Any, m: int = 1) -> Any:
    for _ in range(m):
        p = p[:-1] * np.arange(len(p) - 1, 0, -1)
    return p


def _polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    p, k = arrays(np.polyint, (p, 0 if k is None else k))
    if m and p.ndim != 1:
        raise ValueError("expected a vector of coefficients")
    k = np.broadcast_to(k, (m,))
    for i in range(m):
        p = np.append(p / np.arange(len(p), 0, -1), k[i])
    return p


def _poly(seq_of_zeros: Any) -> Any:
    """The characteristic polynomial of a matrix; real where the zeros are conjugates in pairs."""
    zeros = np.atleast_1d(seq_of_zeros)
    if zeros.ndim == 2 and zeros.shape[0] == zeros.shape[1] and zeros.size:
        zeros = np.linalg.eigvals(zeros)
    if zeros.ndim != 1:
        raise ValueError("input must be 1d or non-empty square 2d array.")
    p = one = np.ones(1, zeros.dtype)
    for i in range(len(zeros)):
        p = np.convolve(p, np.append(one, -zeros[i]))
    paired = p.dtype.kind == "c" and np.array_equal(np.sort(zeros), np.sort(np.conjugate(zeros)))
    return np.real(p) if paired else p


def _roots(p: Any) -> Any:
    """The eigenvalues of the companion matrix; zero coefficients at the end are roots at 0."""
    p = np.atleast_1d(*arrays(np.roots, [p]))
    if np.ndim(p) != 1:
        raise ValueError("Input must be a rank-1 array.")
    places = np.flatnonzero(p)
    if not len(places):
        return p[:0]
    zeros, p = np.zeros(len(p) - places[-1] - 1), p[places[0] : places[-1] + 1]
    if len(p) < 2:
        return np.concatenate([p[:0], zeros])
    top = np.reshape(-p[1:] / p[0], (1, -1))
    y = np.linalg.eigvals(np.concatenate([top, np.eye(len(p) - 2, len(p) - 1, dtype=p.dtype)]))
    return np.concatenate([y, zeros]) if len(zeros) else y


def _polydiv(u: Any, v: Any) -> tuple[Any, Any]:
    """Long division; leading zeros of the remainder are dropped."""
    u, v = (np.atleast_1d(a) + 0.0 for a in arrays(np.polydiv, (u, v)))
    if u.ndim > 1 or v.ndim > 1 or not len(u):
        raise ValueError("expected two vectors of coefficients")
    quotient, scale = [], 1 / v[0]
    for k in range(len(u) - len(v) + 1):
        quotient.append(scale * u[k])
        u = u - np.pad(v * quotient[-1], (k, len(u) - len(v) - k))
    rest = [n for n in range(len(u)) if not np.allclose(u[n], 0, rtol=1e-14)]
    start = min([*rest, len(u) - 1])
    none = np.sum((scale * u)[:0], keepdims=True)
    return np.stack(quotient) if quotient else none, u[start:]


def _vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    if np.ndim(x) != 1:
        raise ValueError("x must be a one-dimensional array or sequence.")
    powers = np.arange(len(x) if N is None else N)
    return x[:, None] ** (powers if increasing else powers[::-1])


def _polyfit(x: Any, y: Any, deg: int, rcond: Any = None, *, w: Any = None) -> Any:
    """Least squares with the columns scaled to length 1, as NumPy has it."""
    x, y, w = arrays(np.polyfit, (x, y, 1.0 if w is None else w))
    x = x + 0.0
    left, right = np.vander(x, deg + 1), (y.T * w).T
    left = left * np.reshape(w, (-1, 1))
    lengths = np.sqrt(np.sum(left * left, axis=0))
    rcond = len(x) * np.finfo(x.dtype).eps if rcond is None else rcond
    fit = np.linalg.lstsq(left / lengths, right, rcond)[0]
    return (fit.T / lengths).T


composed(np.polyval, _polyval)
composed(np.polyadd, _polyadd)
composed(np.polysub, lambda a1, a2: np.polyadd(a1, -np.atleast_1d(a2)))
composed(np.polymul, _polymul)
composed(np.polyder, _polyder)
composed(np.polyint, _polyint)
composed(np.poly, _poly)
composed(np.polydiv, _polydiv)
composed(np.roots, _roots)
composed(np.vander, _vander)
composed(np.polyfit, _polyfit)
