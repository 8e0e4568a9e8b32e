"""Decompositions: cholesky, eigh, svd, qr, the eigenvalues of eig, and slogdet.

A node holds one array, so a function with several results is one node that holds them end to end,
and each result is a part of it. Where complex input is taken, these functions are not analytic:
their rules are those of the literature, for the conjugates of our cotangents.

Read next: `minigrad.ops.fft`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import prod
from typing import Any

import numpy as np

from minigrad.errors import DTypeError, NoRuleError
from minigrad.ops.declare import binding, rule
from minigrad.table import Op
from minigrad.values import Array

__all__: list[str] = []

Shapes = Callable[..., tuple[tuple[int, ...], ...]]


@cache
def _result(function: Any) -> Any:
    """The named tuple NumPy's function returns; asked when needed, to keep the import cheap."""
    return type(function(np.eye(1)))


def _parts(packed: Array, shapes: tuple[tuple[int, ...], ...]) -> list[Array]:
    """The results, of these shapes, that `packed` holds end to end."""
    parts, start = [], 0
    for shape in shapes:
        n = prod(shape)
        parts.append(np.reshape(packed[start : start + n], shape) if shape else packed[start])
        start += n
    return parts


def _several(
    function: Any,
    shapes: Shapes,
    vjp: Callable[..., Array],
    real: int | None = None,
    without: Callable[..., Any] | None = None,
) -> None:
    """Declare a function of one input with several results.

    Args:
        function: NumPy's.
        shapes: `(x, **params)` -> the shapes of the results.
        vjp: `(gs, ys, x, **params)` -> the cotangent of x; gs and ys are lists.
        without: the function to call instead for `compute_uv=False`.
        real: which of the results is real also where the others are complex.
    """

    def forward(x: Array, **params: Any) -> Array:
        return np.concatenate([np.ravel(y) for y in function(x, **params)])

    def packed(g: Array, y: Array, x: Array, **params: Any) -> Array:
        sizes = shapes(x, **params)
        return vjp(_parts(g, sizes), _parts(y, sizes), x, **params)

    bound = binding(function, vjp)

    def call(op: Op, *args: Any, **kwargs: Any) -> Any:
        if without is not None:
            if not kwargs.pop("compute_uv", args[2] if len(args) > 2 else True):
                return without(args[0])
            args = args[:2] + args[3:]
        y = bound(op, *args, **kwargs)
        ys = _parts(y, shapes(y._args[0], **y.params))
        if real is not None:
            ys[real] = np.real(ys[real])
        return _result(function)(*ys)

    rule(
        function, packed, forward=forward, call=call, code=f"np.linalg.{function.__name__}({{*=}})"
    )


def _transposed(a: Array) -> Array:
    return np.swapaxes(a, -1, -2)


def _adjoint(a: Array) -> Array:
    return np.conjugate(_transposed(a))


def _half(a: Array, lower: bool = True) -> Array:
    """The triangle of a that the function reads, its diagonal halved."""
    ones = np.ones(a.shape[-2:], np.zeros(0, a.dtype).real.dtype)
    mask = np.tril(ones) if lower else np.triu(ones)
    return a * (mask - 0.5 * np.eye(a.shape[-1], dtype=mask.dtype))


def _refuse_complex(name: str, a: Array, instead: str) -> None:
    if a.dtype.kind == "c":
        raise DTypeError(f"{name}: got dtype {a.dtype}; expected real numbers: {instead}")


def _inverse_gaps(name: str, w: Array, m: Array) -> Array:
    """1 / (w_j - w_i), and 0 for a repeated w where m, what it is to be multiplied by, is 0 too."""
    gaps = w[..., None, :] - w[..., :, None]
    size = np.max(np.absolute(w), axis=-1, keepdims=True)[..., None] if w.size else 1.0
    repeated = np.absolute(gaps) <= w.shape[-1] * np.finfo(w.dtype).eps * size
    others = repeated & ~np.eye(w.shape[-1], dtype=bool)
    if np.any(others & (m != 0)):
        w = getattr(w, "_value", w)
        raise NoRuleError(
            f"{name}: repeated values among {w}: the vectors that belong to them are any basis of "
            "a plane and have no derivative; use the values alone, or split them by a perturbation"
        )
    return np.where(repeated, 0, 1 / np.where(repeated, 1, gaps))


# Cholesky, and eigenvalues of Hermitian matrices --------------------------------------------------


def _cholesky(g: Array, y: Array, a: Array) -> Array:
    """Murray, "Differentiation of the Cholesky decomposition" (2016), (8).

    Only the lower triangle of a is read, so only there is the cotangent not 0.
    """
    back = np.linalg.inv(_adjoint(y))
    s = back @ _half(_adjoint(y) @ np.conjugate(g)) @ _adjoint(back)
    return np.conjugate(_half(s + _adjoint(s)))


def _lower(uplo: str) -> bool:
    return uplo.upper() == "L"


def _eigh(gs: list[Array], ys: list[Array], a: Array, *, UPLO: str = "L") -> Array:
    """Giles (2008), 3.1, for the triangle of a that is read.

    Of complex eigenvectors the phase is arbitrary: a function of them must not depend on it.
    """
    w, v = np.real(ys[0]), ys[1]
    m = _adjoint(v) @ np.conjugate(gs[1])
    _invariant("eigh", np.diagonal(getattr(m, "_value", m), axis1=-2, axis2=-1))
    inner = _inverse_gaps("eigh", w, m - _adjoint(m)) * m
    inner = inner + np.real(gs[0])[..., None, :] * np.eye(a.shape[-1], dtype=a.dtype)
    s = v @ inner @ _adjoint(v)
    return np.conjugate(_half(s + _adjoint(s), _lower(UPLO)))


def _eigvalsh(g: Array, y: Array, a: Array, *, UPLO: Any = "L") -> Array:
    _, v = np.linalg.eigh(a, UPLO)
    s = (v * g[..., None, :]) @ _adjoint(v)
    return np.conjugate(_half(s + _adjoint(s), _lower(UPLO)))


def _invariant(name: str, overlaps: Array) -> None:
    """Refuse a function of complex eigenvectors that depends on their phase, which is arbitrary."""
    overlaps = getattr(overlaps, "_value", overlaps)
    scale = max(1.0, float(np.max(np.absolute(overlaps), initial=0.0)))
    off = float(np.max(np.absolute(np.imag(overlaps)), initial=0.0))
    if off > np.sqrt(np.finfo(overlaps.dtype).eps) * scale:
        raise NoRuleError(
            f"{name}: the result depends on the phase of the complex eigenvectors, which is "
            "arbitrary; make it independent, for example by abs(v) or by v times its conjugate"
        )


def _eigvals(g: Array, y: Array, a: Array) -> Array:
    """v⁻ᵀ diag(g) vᵀ."""
    back = _transposed(np.linalg.eig(a)[1])
    return np.linalg.inv(back) @ (g[..., :, None] * back)


def _eig(gs: list[Array], ys: list[Array], a: Array) -> Array:
    """Giles (2008), 3.1; that the vectors have length 1 takes out what would stretch them."""
    w, v = ys
    overlaps = np.sum(gs[1] * v, axis=-2, keepdims=True)
    _invariant("eig", overlaps)
    m = _transposed(v) @ (gs[1] - np.conjugate(v) * np.real(overlaps))
    inner = _inverse_gaps("eig", w, m) * m + gs[0][..., None, :] * np.eye(a.shape[-1])
    back = _transposed(v)
    return np.linalg.inv(back) @ inner @ back


# Singular values, orthogonal factors, the logarithm of a determinant ------------------------------


def _svd_shapes(
    a: Array, *, full_matrices: bool = True
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    *stack, m, n = a.shape
    if full_matrices and m != n:
        raise NoRuleError(
            f"svd: a is {a.shape}, not square; the vectors that only fill up full_matrices=True "
            "have no derivative: pass full_matrices=False"
        )
    _refuse_complex("svd", a, "of complex a only compute_uv=False has a derivative")
    k = min(m, n)
    return (*stack, m, k), (*stack, k), (*stack, k, n)


def _svd(gs: list[Array], ys: list[Array], a: Array, *, full_matrices: bool = True) -> Array:
    """Townsend, "Differentiating the singular value decomposition" (2016), (29)-(31)."""
    (u, s, vt), (gu, gs_, gv) = ys, (gs[0], gs[1], _transposed(gs[2]))
    v, ut = _transposed(vt), _transposed(u)
    left, right = ut @ gu, vt @ gv
    left, right = left - _transposed(left), right - _transposed(right)
    gaps = _inverse_gaps("svd", s * s, np.absolute(left) + np.absolute(right))
    across, down = s[..., None, :], s[..., :, None]
    c = (
        (gaps * left) * across
        + down * (gaps * right)
        + gs_[..., None, :] * np.eye(s.shape[-1], dtype=a.dtype)
    )
    c = u @ c @ vt
    m, n = a.shape[-2:]
    if m > n:
        c = c + (gu - u @ (ut @ gu)) / across @ vt
    if m < n:
        c = c + u @ (_transposed(gv - v @ (vt @ gv)) / down)
    return c


def _svdvals(g: Array, y: Array, x: Array) -> Array:
    u, _, vh = np.linalg.svd(x, full_matrices=False)
    return np.conjugate((u * g[..., None, :]) @ vh)


def _qr_shapes(a: Array, *, mode: str = "reduced") -> tuple[tuple[int, ...], tuple[int, ...]]:
    if mode != "reduced":
        raise NoRuleError(f"qr: mode={mode!r} has no derivative rule; a Tensor takes 'reduced'")
    _refuse_complex("qr", a, "take q and r of the real and imaginary parts apart, or cholesky")
    *stack, m, n = a.shape
    k = min(m, n)
    return (*stack, m, k), (*stack, k, n)


def _qr(gs: list[Array], ys: list[Array], a: Array, *, mode: str = "reduced") -> Array:
    """Walter and Lehmann (2018), (3.3); columns beyond the square are r = qᵀ a."""
    (q, r), (gq, gr) = ys, gs
    k = q.shape[-1]
    more = a[..., :, k:]
    gq = gq + more @ _transposed(gr[..., :, k:])
    rest = q @ gr[..., :, k:]
    r, gr = r[..., :, :k], gr[..., :, :k]
    m = r @ _transposed(gr) - _transposed(gq) @ q
    both = _half(m) + _transposed(_half(m))
    c = _transposed(np.linalg.solve(r, _transposed(gq + q @ both)))
    return np.concatenate([c, rest], axis=-1) if rest.shape[-1] else c


def _slogdet(gs: list[Array], ys: list[Array], a: Array) -> Array:
    """a⁻ᵀ times the cotangent of log det; the sign of a complex one is exp(i Im log det)."""
    g = np.real(gs[1])
    if a.dtype.kind == "c":
        g = g - 1j * np.real(1j * gs[0] * ys[0])
    return g[..., None, None] * _transposed(np.linalg.inv(a))


def _square(a: Array, **params: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return a.shape[:-1], a.shape


def _in(function: Any) -> str:
    return f"np.linalg.{function.__name__}({{*=}})"


rule(np.linalg.cholesky, _cholesky, code=_in(np.linalg.cholesky))
_several(np.linalg.eigh, _square, _eigh, real=0)
rule(np.linalg.eigvalsh, _eigvalsh, code=_in(np.linalg.eigvalsh))
_several(np.linalg.eig, _square, _eig)
rule(np.linalg.eigvals, _eigvals, code=_in(np.linalg.eigvals))
_several(np.linalg.svd, _svd_shapes, _svd, without=np.linalg.svdvals)
rule(np.linalg.svdvals, _svdvals, code=_in(np.linalg.svdvals))
_several(np.linalg.qr, _qr_shapes, _qr)
_several(np.linalg.slogdet, lambda a: (a.shape[:-2],) * 2, _slogdet, real=1)
