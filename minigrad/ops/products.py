"""Products: dot, inner, outer, kron, cross, tensordot, einsum, covariance, stacked vectors.

Each product is linear in each of its operands, so a rule is the same kind of product, of the
cotangent with the other operands.

Read next: `minigrad.ops.linalg`.
"""

from __future__ import annotations

from functools import lru_cache
from string import ascii_letters
from typing import Any

import numpy as np

from minigrad.errors import ShapeError
from minigrad.ops.declare import Each, arrays, composed, multilinear, plain
from minigrad.table import Op
from minigrad.tensor import Tensor, record
from minigrad.values import Array

__all__: list[str] = []


# Sums over pairs of axes --------------------------------------------------------------------------


def _pairs(a: Array, b: Array, axes: Any) -> tuple[list[int], list[int], list[int], list[int]]:
    """The axes of a and of b that are summed over, pair by pair, and those that stay."""
    if isinstance(axes, int):
        of_a, of_b = list(range(a.ndim - axes, a.ndim)), list(range(axes))
    else:
        of_a, of_b = ([int(i) for i in np.ravel(part)] for part in axes)
    of_a, of_b = [i % a.ndim for i in of_a], [i % b.ndim for i in of_b]
    return (
        of_a,
        of_b,
        [i for i in range(a.ndim) if i not in of_a],
        [i for i in range(b.ndim) if i not in of_b],
    )


def _tensordot_left(g: Array, y: Array, a: Array, b: Array, *, axes: Any = 2) -> Array:
    """g times b over the axes b kept: what comes out are the axes of a, to be put in order."""
    of_a, of_b, free_a, free_b = _pairs(a, b, axes)
    c = np.tensordot(g, b, (list(range(len(free_a), g.ndim)), free_b))
    order = free_a + [i for _, i in sorted(zip(of_b, of_a, strict=True))]
    return np.transpose(c, np.argsort(order).tolist())


def _tensordot_right(g: Array, y: Array, a: Array, b: Array, *, axes: Any = 2) -> Array:
    of_a, of_b, free_a, free_b = _pairs(a, b, axes)
    c = np.tensordot(a, g, (free_a, list(range(len(free_a)))))
    order = [i for _, i in sorted(zip(of_a, of_b, strict=True))] + free_b
    return np.transpose(c, np.argsort(order).tolist())


def _dot_left(g: Array, y: Array, a: Array, b: Array) -> Array:
    if not a.ndim or not b.ndim:
        return g * b
    if a.ndim == b.ndim == 2:
        return g @ b.T
    return _tensordot_left(g, y, a, b, axes=(-1, -min(b.ndim, 2)))


def _dot_right(g: Array, y: Array, a: Array, b: Array) -> Array:
    if not a.ndim or not b.ndim:
        return g * a
    if a.ndim == b.ndim == 2:
        return a.T @ g
    return _tensordot_right(g, y, a, b, axes=(-1, -min(b.ndim, 2)))


def _inner_left(g: Array, y: Array, a: Array, b: Array) -> Array:
    return _tensordot_left(g, y, a, b, axes=(-1, -1)) if a.ndim and b.ndim else g * b


def _inner_right(g: Array, y: Array, a: Array, b: Array) -> Array:
    return _tensordot_right(g, y, a, b, axes=(-1, -1)) if a.ndim and b.ndim else g * a


def _kron_parts(g: Array, a: Array, b: Array) -> tuple[Array, Array, Array, tuple[int, ...]]:
    """g, a and b with the axes of a and of b alternating, and the places of the axes of a."""
    n = max(a.ndim, b.ndim)
    of_a, of_b = (1,) * (n - a.ndim) + a.shape, (1,) * (n - b.ndim) + b.shape
    return (
        np.reshape(g, [k for pair in zip(of_a, of_b, strict=True) for k in pair]),
        np.reshape(a, [k for i in of_a for k in (i, 1)]),
        np.reshape(b, [k for i in of_b for k in (1, i)]),
        tuple(range(0, 2 * n, 2)),
    )


def _kron_left(g: Array, y: Array, a: Array, b: Array) -> Array:
    g, _, blocks, places = _kron_parts(g, a, b)
    return np.reshape(np.sum(g * blocks, axis=tuple(i + 1 for i in places)), a.shape)


def _kron_right(g: Array, y: Array, a: Array, b: Array) -> Array:
    g, blocks, _, places = _kron_parts(g, a, b)
    return np.reshape(np.sum(g * blocks, axis=places), b.shape)


# fmt: off
multilinear(np.tensordot, _tensordot_left, _tensordot_right)
multilinear(np.dot,   _dot_left,   _dot_right,   symbol="·", latex=r"#0 \cdot #1")
multilinear(np.inner, _inner_left, _inner_right, latex=r"\langle #0, #1 \rangle")
multilinear(np.outer,
            lambda g, y, a, b: np.reshape(g @ np.ravel(b), a.shape),
            lambda g, y, a, b: np.reshape(np.ravel(a) @ g, b.shape), latex=r"#0 \, #1^{T}")
multilinear(np.vdot,  # of complex a it takes the conjugate, and so does the cotangent
            lambda g, y, a, b: np.conjugate(g * np.reshape(b, a.shape)),
            lambda g, y, a, b: g * np.conjugate(np.reshape(a, b.shape)),
            latex=r"\overline{#0} \cdot #1")
multilinear(np.kron,  _kron_left,  _kron_right,  symbol="⊗", latex=r"#0 \otimes #1")
# fmt: on


# Vectors in space ---------------------------------------------------------------------------------


def _cross(
    op: Op, a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1,
    axis: int | None = None,
) -> Any:  # fmt: skip
    """The row is that of the last axes; other axes are moved there and back."""
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = arrays(np.cross, (a, b))
    a, b = np.moveaxis(a, axisa, -1), np.moveaxis(b, axisb, -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise ShapeError(
            f"cross: {a.shape}, {b.shape}: expected vectors of 3 elements; for 2 write "
            "a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]"
        )
    y: Any = record(op, (a, b))
    return np.moveaxis(y, -1, axisc)


multilinear(
    np.cross,
    lambda g, y, a, b: np.cross(b, g),
    lambda g, y, a, b: np.cross(g, a),
    symbol="×",
    latex=r"#0 \times #1",
    call=_cross,
)
composed(np.linalg.cross, lambda x1, x2, *, axis=-1: np.cross(x1, x2, axis=axis))


# Covariance ---------------------------------------------------------------------------------------


def _cov(
    m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: Any = None,
    fweights: Any = None, aweights: Any = None, *, dtype: Any = None,
) -> Any:  # fmt: skip
    x = _variables(m, rowvar)
    if y is not None and len(x):
        x = np.concatenate([x, _variables(y, rowvar)])
    dtype = np.result_type(x.dtype, float) if dtype is None else np.dtype(dtype)
    x = x if x.dtype == dtype else x.astype(dtype)
    if not len(x):  # NumPy does not look at y then
        return x @ x.T
    ddof = int(not bias) if ddof is None else ddof
    given = arrays(np.cov, [w for w in (fweights, aweights) if w is not None])
    if any(np.shape(w) != x.shape[1:] for w in given):
        raise ValueError(f"expected one weight for each of {x.shape[1]} observations")
    w = given[0] * given[1] if len(given) > 1 else given[0] if given else np.ones(x.shape[1], dtype)
    total = np.sum(w)
    if aweights is not None:  # fweights count observations, aweights say how much each counts
        ddof = ddof * np.sum(w * given[-1]) / total
    free = np.maximum(total - ddof, 0)
    off = x - np.average(x, axis=1, weights=w, keepdims=True)
    return np.squeeze(off @ np.conjugate(off * w).T / free)


def _variables(m: Any, rowvar: bool) -> Any:
    """One row for each variable."""
    (m,) = arrays(np.cov, [m])
    if m.ndim > 2:
        raise ValueError("m has more than 2 dimensions")
    return np.atleast_2d(m) if rowvar or m.ndim < 2 else m.T


def _corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    c = np.cov(x, y, rowvar, dtype=dtype)
    if not c.ndim:
        return c / c
    scale = np.sqrt(np.real(np.diagonal(c)))
    c = c / scale[:, None] / scale
    if c.dtype.kind == "c":
        return np.clip(c.real, -1, 1) + 1j * np.clip(c.imag, -1, 1)
    return np.clip(c, -1, 1)


composed(np.cov, _cov)
composed(np.corrcoef, _corrcoef)


# Stacks of vectors: ufuncs of newer NumPy ---------------------------------------------------------


def _column(v: Array) -> Array:
    return v[..., :, None]


def _row(v: Array) -> Array:
    return v[..., None, :]


def _times(m: Array, v: Array) -> Array:
    return (m @ _column(v))[..., 0]


if hasattr(np, "vecdot"):  # NumPy 2.0
    multilinear(
        np.vecdot,
        lambda g, y, a, b: np.conjugate(g[..., None] * b),
        lambda g, y, a, b: g[..., None] * np.conjugate(a),
    )
if hasattr(np, "matvec"):  # NumPy 2.2
    multilinear(
        np.matvec,
        lambda g, y, a, b: _column(g) * _row(b),
        lambda g, y, a, b: _times(np.swapaxes(a, -1, -2), g),
    )
    multilinear(
        np.vecmat,
        lambda g, y, a, b: np.conjugate(_times(b, g)),
        lambda g, y, a, b: _column(np.conjugate(a)) * _row(g),
    )


# Einstein's summation -----------------------------------------------------------------------------


@lru_cache(1024)
def _labels(subscripts: str, ndims: tuple[int, ...]) -> tuple[list[str], str]:
    """The labels of each operand and of the result, one letter for each axis.

    >>> _labels("...ij,jk", (3, 2))
    (['Zij', 'jk'], 'Zik')
    """
    ins, arrow, out = subscripts.replace(" ", "").partition("->")
    terms = ins.split(",")
    free = [c for c in reversed(ascii_letters) if c not in subscripts]
    hidden = [n - len(t.replace("...", "")) if "..." in t else 0 for t, n in zip(terms, ndims)]
    rest = "".join(free[: max(hidden, default=0)][::-1])
    spelled = [t.replace("...", rest[len(rest) - n :]) for t, n in zip(terms, hidden, strict=True)]
    if not arrow:
        letters = ins.replace(",", "").replace(".", "")
        out = "..." + "".join(c for c in sorted(set(letters)) if letters.count(c) == 1)
    return spelled, out.replace("...", rest)


def _einsum_rule(
    i: int, g: Array, y: Array, *xs: Array, subscripts: str, optimize: Any = False
) -> Array:
    """The same sum with g in the place of operand i; a repeated label is a product with eye."""
    x = xs[i]
    terms, out = _labels(subscripts, tuple(a.ndim for a in xs))
    factors = [g, *xs[:i], *xs[i + 1 :]]
    given = [out, *terms[:i], *terms[i + 1 :]]
    mine, free = "", [c for c in ascii_letters if c not in "".join([out, *terms])]
    for label in terms[i]:
        if label in mine:
            sizes = [n for n, same in zip(x.shape, terms[i], strict=True) if same == label]
            factors.append(np.eye(max(sizes), dtype=x.dtype))
            given.append(label + (label := free.pop()))
        mine += label
    known = "".join(given)
    summed = tuple(k for k, label in enumerate(mine) if label not in known)
    to = "".join(label for label in mine if label in known)
    if isinstance(optimize, (list, tuple)):
        optimize = True  # a path found for the operands is none for the cotangent
    c = np.einsum(f"{','.join(given)}->{to}", *factors, optimize=optimize)
    c = np.expand_dims(c, summed)
    shape = np.broadcast_shapes(c.shape, x.shape)
    return c if c.shape == shape else np.broadcast_to(c, shape)


def _einsum(op: Op, *args: Any, optimize: Any = False) -> Tensor:
    subscripts, *operands = args if isinstance(args[0], str) else _spelled(args)
    return record(op, arrays(np.einsum, operands), {"subscripts": subscripts, "optimize": optimize})


def _spelled(args: Any) -> tuple[Any, ...]:
    """NumPy's other form, an operand and the numbers of its axes in turn, with a string.

    >>> _spelled((5.0, [0, ...], 6.0, [1], [1, 0]))
    ('a...,b->ba', 5.0, 6.0)
    """
    lists = [*args[1::2], *args[-1:]] if len(args) % 2 else args[1::2]
    terms = ["".join("..." if i is ... else ascii_letters[i] for i in axes) for axes in lists]
    n = len(args) // 2
    return "->".join([",".join(terms[:n]), *terms[n:]]), *args[: 2 * n : 2]


multilinear(
    np.einsum,
    Each(_einsum_rule),
    forward=lambda *xs, subscripts, optimize: np.einsum(subscripts, *xs, optimize=optimize),
    call=_einsum,
    symbol="Σ∏",
    code="np.einsum({subscripts}, {*})",
)
plain(np.einsum_path)
