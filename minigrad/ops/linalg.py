"""Linear algebra: the matrix product, inverses, least squares, norms, cond.

Stacks of matrices throughout. The rules follow Giles, "Collected matrix derivative results for
forward and reverse mode algorithmic differentiation" (2008), section 2.

Read next: `minigrad.ops.determinant`.
"""

from __future__ import annotations

import operator
from math import prod
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from minigrad.errors import ShapeError, SingularError
from minigrad.ops.declare import Each, arrays, composed, multilinear, plain, rule
from minigrad.ops.shape import rows
from minigrad.table import ROWS, Op
from minigrad.tensor import Tensor, record, remember
from minigrad.values import Array

__all__: list[str] = []


def _left(g: Array, y: Array, a: Array, b: Array) -> Array:
    """g bᵀ, for stacks of matrices and for vectors on either side."""
    if a.ndim == b.ndim == 2:
        return g @ b.T
    if b.ndim == 1:
        return g[..., None] * b
    if a.ndim == 1:
        return (b @ g[..., None])[..., 0]
    return g @ np.swapaxes(b, -1, -2)


def _right(g: Array, y: Array, a: Array, b: Array) -> Array:
    """aᵀ g, likewise."""
    if a.ndim == b.ndim == 2:
        return a.T @ g
    if a.ndim == 1:
        return a * g if b.ndim == 1 else a[:, None] * g[..., None, :]
    if b.ndim == 1:
        return (np.swapaxes(a, -1, -2) @ g[..., None])[..., 0]
    return np.swapaxes(a, -1, -2) @ g


def _transposed(a: Array) -> Array:
    return np.swapaxes(a, -1, -2)


# Inverses and determinants: analytic, so the rules transpose and never conjugate -----------------


def _inv(g: Array, y: Array, a: Array) -> Array:
    """-a⁻ᵀ g a⁻ᵀ."""
    back = _transposed(y)
    return -(back @ g @ back)


def _solve_right(g: Array, y: Array, a: Array, b: Array) -> Array:
    """a⁻ᵀ g; a vector b is solved for as a column."""
    back = _transposed(a)
    return np.linalg.solve(back, g[..., None])[..., 0] if b.ndim == 1 else np.linalg.solve(back, g)


def _solve_left(g: Array, y: Array, a: Array, b: Array) -> Array:
    """-(a⁻ᵀ g) yᵀ."""
    c = _solve_right(g, y, a, b)
    return -(c[..., :, None] * y[..., None, :]) if b.ndim == 1 else -(c @ _transposed(y))


def _multi_dot(i: int, g: Array, y: Array, *xs: Array) -> Array:
    """The transposes of what stands before i, g, and those of what stands after, multiplied."""
    shape = xs[i].shape
    if xs[0].ndim == 1:
        xs = (xs[0][None, :], *xs[1:])
    if xs[-1].ndim == 1:
        xs = (*xs[:-1], xs[-1][:, None])
    g = np.reshape(g, (xs[0].shape[0], xs[-1].shape[1]))
    c = np.linalg.multi_dot([x.T for x in xs[:i][::-1]] + [g] + [x.T for x in xs[:i:-1]])
    return np.reshape(c, shape)


def _multi_dot_call(op: Op, arrays_: Any) -> Any:
    """Of two it is dot, which takes numbers and stacks too."""
    xs = arrays(np.linalg.multi_dot, arrays_)
    return np.dot(*xs) if len(xs) == 2 else record(op, xs)


def _matrix_power(a: Any, n: int) -> Any:
    """By repeated squaring, in NumPy's order; the power 0 is the identity whatever a is."""
    n = operator.index(n)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ShapeError(f"matrix_power: got shape {a.shape}; expected square matrices")
    if n < 0:
        a, n = np.linalg.inv(a), -n
    if n == 0:
        return np.where(True, np.eye(a.shape[-1], dtype=a.dtype), a)
    if n == 3:
        return a @ a @ a
    square, y = a, None
    while n:
        n, odd = divmod(n, 2)
        if odd:
            y = +square if y is None else y @ square
        square = square @ square if n else square
    return y


def _tensorinv(a: Any, ind: int = 2) -> Any:
    """The inverse of the matrix that a is, its first `ind` axes one and the others one."""
    first, others = a.shape[:ind], a.shape[ind:]
    if ind <= 0 or prod(first) != prod(others):
        raise ShapeError(
            f"tensorinv: got shape {a.shape} and ind={ind}; expected as many elements along the "
            f"first ind axes, {prod(first)}, as along the others, {prod(others)}"
        )
    return np.reshape(np.linalg.inv(np.reshape(a, (prod(first), -1))), others + first)


def _tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    """The x with tensordot(a, x, x.ndim) = b; the axes of a that meet x are its last, or `axes`."""
    a, b = arrays(np.linalg.tensorsolve, (a, b))
    last = normalize_axis_tuple(() if axes is None else axes, a.ndim)
    a = np.transpose(a, (*[i for i in range(a.ndim) if i not in last], *last))
    to = a.shape[b.ndim :]
    if a.size != b.size**2 or b.size != prod(to):
        raise ShapeError(
            f"tensorsolve: a is {a.shape}, the axes of x last, and b is {b.shape}; expected a to "
            f"have {b.size} elements along its first {b.ndim} axes, as b, and as many on the others"
        )
    return np.reshape(np.linalg.solve(np.reshape(a, (b.size, b.size)), np.ravel(b)), to)


# Least squares ------------------------------------------------------------------------------------


def _adjoint(a: Array) -> Array:
    return np.conjugate(_transposed(a))


def _pinv(g: Array, y: Array, a: Array, *, rcond: Any = None, rtol: Any = None) -> Array:
    """Golub and Pereyra (1973), (4.12), where the rank stays what it is."""
    g, back = np.conjugate(g), _adjoint(y)
    c = -back @ g @ back
    c = c + (_adjoint(g) - a @ (y @ _adjoint(g))) @ (y @ back)
    c = c + (back @ y) @ (_adjoint(g) - (_adjoint(g) @ y) @ a)
    return np.conjugate(c)


def _pinv_call(op: Op, a: Any, rcond: Any = None, hermitian: bool = False, **rtol: Any) -> Tensor:
    """hermitian=True reads the lower triangle, and so do we: the rest gets no derivative."""
    (a,) = arrays(np.linalg.pinv, (a,))
    if hermitian:
        a = np.tril(a) + _adjoint(np.tril(a, -1))
    return record(op, (a,), rtol if rcond is None else {"rcond": rcond, **rtol})


def _lstsq_parts(g: Array, y: Array, a: Array, b: Array) -> tuple[Array, Array, Array, Array]:
    """All as matrices of columns, and the pseudo-inverse."""
    if b.ndim == 1:
        g, y, b = g[:, None], y[:, None], b[:, None]
    return g, y, b, np.linalg.pinv(a)


def _lstsq_left(g: Array, y: Array, a: Array, b: Array, *, rcond: Any) -> Array:
    """The rule of pinv, applied to b: it needs no product larger than a."""
    g, y, b, p = _lstsq_parts(g, y, a, b)
    g = np.conjugate(g)
    back = _adjoint(p)
    c = -(back @ g) @ _adjoint(y) + (b - a @ y) @ _adjoint(p @ (back @ g))
    return np.conjugate(c + (back @ y) @ _adjoint(g - p @ (a @ g)))


def _lstsq_right(g: Array, y: Array, a: Array, b: Array, *, rcond: Any) -> Array:
    g, _, _, p = _lstsq_parts(g, y, a, b)
    c = _transposed(p) @ g
    return c[:, 0] if b.ndim == 1 else c


def _solved(a: Array, b: Array, *, rcond: Any) -> tuple[Any, ...]:
    """NumPy's four answers, where the solution has a derivative."""
    found: tuple[Any, ...] = np.linalg.lstsq(a, b, rcond=rcond)
    if found[2] < min(a.shape):
        raise ShapeError(
            f"lstsq: a is {a.shape} of rank {found[2]}; the solution has a derivative "
            f"where the rank is full, {min(a.shape)}: drop columns or add a ridge"
        )
    return found


def _lstsq(op: Op, a: Any, b: Any, rcond: Any = None) -> tuple[Any, ...]:
    inputs = arrays(np.linalg.lstsq, (a, b))
    y = record(op, inputs, {"rcond": rcond})
    values = [x._value if isinstance(x, Tensor) else x for x in inputs]
    _, residuals, rank, s = _solved(*values, rcond=rcond)
    a, b = inputs
    if residuals.size:
        residuals = np.sum(np.abs(b - a @ y) ** 2, axis=0, keepdims=b.ndim == 1)
    if isinstance(a, Tensor):
        s = remember(s, ROWS[np.linalg.svdvals], (a,), (a._value,), {})
    return y, residuals, rank, s


# Norms --------------------------------------------------------------------------------------------


def _safe(y: Array) -> Array:
    return np.where(y == 0, 1, y)


def _norm_rule(
    g: Array,
    y: Array,
    x: Array,
    *,
    ord: Any = None,  # noqa: A002
    axis: Any = None,
    keepdims: bool = False,
) -> Array | None:
    """Of a vector's norm, and Frobenius's. At 0 it is 0; a tie for the extreme is shared."""
    if not keepdims:
        axes = tuple(range(x.ndim)) if axis is None else axis
        g, y = np.expand_dims(g, axes), np.expand_dims(y, axes)
    if ord in {None, "fro", 2}:
        return g * np.where(y == 0, 0, np.conjugate(x) / _safe(y))
    direction = np.sign(np.conjugate(x))
    if ord == 0:
        return None
    if ord == 1 or not x.size:
        return g * direction
    if np.isinf(ord):
        size = np.absolute(x)
        ties = size == (np.max if ord > 0 else np.min)(size, axis=axis, keepdims=True)
        return g * direction * ties / np.sum(ties, axis=axis, keepdims=True).astype(y.dtype)
    size = np.where((x == 0) | (y == 0), 1, np.absolute(x)) / _safe(y)
    return g * direction * np.where(y == 0, 0, size ** (ord - 1))


def _matrix_norm(x: Any, ord: Any, axis: tuple[int, ...]) -> Any:  # noqa: A002
    """The norms of matrices that are sums or singular values of them, the axes not kept."""
    row, column = (i % x.ndim for i in axis)
    if not x.size and ord in {1, 2, np.inf}:
        return np.sum(np.absolute(x), axis=(row, column))
    best = np.min if ord in {-1, -2, -np.inf} else np.max
    if ord in {1, -1, np.inf, -np.inf}:
        if abs(ord) != 1:
            row, column = column, row
        return best(np.sum(np.absolute(x), axis=row), axis=column - (column > row))
    rest = [i for i in range(x.ndim) if i not in (row, column)]
    s = np.linalg.svd(np.transpose(x, (*rest, row, column)), compute_uv=False)
    return np.sum(s, axis=-1) if ord == "nuc" else best(s, axis=-1)


def _norm(
    op: Op,
    x: Any,
    ord: Any = None,  # noqa: A002
    axis: Any = None,
    keepdims: bool = False,
) -> Any:
    (x,) = arrays(np.linalg.norm, (x,))
    axes = axis if isinstance(axis, tuple) else (axis,)
    if axis is None:
        axes = tuple(range(x.ndim))
    several = {i % x.ndim for i in axes if i is not None and -x.ndim <= i < x.ndim}
    if len(several) != 2 or ord not in {"nuc", 1, -1, 2, -2, np.inf, -np.inf}:
        return record(op, (x,), {"ord": ord, "axis": axis, "keepdims": keepdims})
    y = _matrix_norm(x, ord, axes)
    return np.expand_dims(y, axes) if keepdims else y


def _vector_norm(
    x: Any,
    *,
    axis: Any = None,
    keepdims: bool = False,
    ord: Any = 2,  # noqa: A002
) -> Any:
    """The norm of all numbers along the axes, whatever shape they stand in."""
    axes = normalize_axis_tuple(tuple(range(x.ndim)) if axis is None else axis, x.ndim)
    y = np.linalg.norm(rows(x, axes), ord, -1)
    return np.expand_dims(y, axes) if keepdims else y


def _cond(x: Any, p: Any = None) -> Any:
    """‖x‖ ‖x⁻¹‖: for None, 2 and -2 by singular values, which a singular x has too."""
    if 0 in x.shape[-2:]:
        raise ShapeError(f"cond: got shape {x.shape}; expected matrices with elements")
    if p in {None, 2, -2}:
        s = np.linalg.svdvals(x)
        largest, smallest = s[..., 0], s[..., -1]
        with np.errstate(divide="ignore", invalid="ignore"):
            y = smallest / largest if p == -2 else largest / smallest
        return np.where(largest == 0, np.inf, y)
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ShapeError(f"cond: got shape {x.shape} and p={p!r}; expected a square, or p=2 or -2")
    try:
        inverse = np.linalg.inv(x)
    except SingularError as error:
        raise SingularError(
            f"cond: {x.shape} holds a singular matrix, where cond is inf and has no derivative; "
            "use p=2, or add a ridge"
        ) from error
    return np.linalg.norm(x, p, (-2, -1)) * np.linalg.norm(inverse, p, (-2, -1))


def _outer(x1: Any, x2: Any) -> Any:
    x1, x2 = arrays(np.linalg.outer, (x1, x2))
    if x1.ndim != 1 or x2.ndim != 1:
        raise ShapeError(f"outer: got shapes {x1.shape} and {x2.shape}; expected two vectors")
    return np.outer(x1, x2)


def _vecdot(x1: Any, x2: Any, *, axis: int = -1) -> Any:
    x1, x2 = arrays(np.linalg.vecdot, (x1, x2))
    return np.vecdot(np.moveaxis(x1, axis, -1), np.moveaxis(x2, axis, -1))


def _matrix_transpose(x: Any) -> Any:
    if x.ndim < 2:
        raise ShapeError(f"matrix_transpose: got shape {x.shape}; expected 2 axes or more")
    return _transposed(x)


def _in(function: Any) -> str:
    return f"np.linalg.{function.__name__}({{*=}})"


multilinear(np.matmul, _left, _right, symbol="@", code="{0} @ {1}", latex=r"#0 \, #1")
rule(np.linalg.inv, _inv, symbol="⁻¹", code=_in(np.linalg.inv), latex="#0^{-1}")
rule(
    np.linalg.solve,
    _solve_left,
    _solve_right,
    code=_in(np.linalg.solve),
    latex=r"#0^{-1} \, #1",
)
rule(np.linalg.pinv, _pinv, symbol="⁺", call=_pinv_call, code=_in(np.linalg.pinv), latex="#0^{+}")
rule(
    np.linalg.lstsq,
    _lstsq_left,
    _lstsq_right,
    forward=lambda a, b, *, rcond: _solved(a, b, rcond=rcond)[0],
    call=_lstsq,
    code="np.linalg.lstsq({*=})[0]",
)
rule(
    np.linalg.norm,
    _norm_rule,
    symbol="‖·‖",
    call=_norm,
    code=_in(np.linalg.norm),
    latex=r"\lVert #0 \rVert#=",
)
multilinear(
    np.linalg.multi_dot,
    Each(_multi_dot),
    forward=lambda *xs: np.linalg.multi_dot(xs),
    call=_multi_dot_call,
    code="np.linalg.multi_dot([{*}])",
)
composed(np.linalg.matrix_power, _matrix_power)
plain(np.linalg.matrix_rank)
composed(np.linalg.matmul, lambda x1, x2: x1 @ x2)
composed(np.linalg.outer, _outer)
composed(np.linalg.tensordot, lambda x1, x2, *, axes=2: np.tensordot(x1, x2, axes))
composed(np.linalg.vecdot, _vecdot)
composed(np.linalg.diagonal, lambda x, *, offset=0: np.diagonal(x, offset, -2, -1))
composed(np.linalg.trace, lambda x, *, offset=0: np.trace(x, offset, -2, -1))
composed(np.linalg.matrix_transpose, _matrix_transpose)
composed(np.linalg.tensorinv, _tensorinv)
composed(np.linalg.tensorsolve, _tensorsolve)
composed(np.linalg.cond, _cond)
composed(np.linalg.vector_norm, _vector_norm)
composed(
    np.linalg.matrix_norm,
    lambda x, *, keepdims=False, ord="fro": np.linalg.norm(x, ord, (-2, -1), keepdims),  # noqa: A006
)
