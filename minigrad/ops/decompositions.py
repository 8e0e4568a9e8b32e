"""Decompositions: cholesky, eigh, svd, qr, the eigenvalues of eig, and slogdet.

A node holds one array, so a function with several results is one node that holds them end to end,
and each result is a part of it. Where complex input is taken, these functions are not analytic:
their rules are those of the literature, for the conjugates of our cotangents.

Read next: `minigrad.ops.fft`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from math import prod
from typing import Any

import numpy as np

from minigrad.errors import NoRuleError, SingularError
from minigrad.ops.declare import binding, checked, rule
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
    way: Callable[..., Any] | None = None,
) -> None:
    """Declare a function of one input with several results.

    Args:
        function: NumPy's.
        shapes: `(x, **params)` -> the shapes of the results.
        vjp: `(gs, ys, x, **params)` -> the cotangent of x; gs and ys are lists.
        real: which of the results is real also where the others are complex.
        way: `(results, op, *args)` sorts NumPy's other arguments out, `results(op, x, ...)` being
            the call with those of the vjp.
    """

    def forward(x: Array, **params: Any) -> Array:
        return np.concatenate([np.ravel(y) for y in function(x, **params)])

    def packed(g: Array, y: Array, x: Array, **params: Any) -> Array:
        sizes = shapes(x, **params)
        return vjp(_parts(g, sizes), _parts(y, sizes), x, **params)

    bound = binding(function, vjp)

    def results(op: Op, *args: Any, **kwargs: Any) -> Any:
        y = bound(op, *args, **kwargs)
        ys = _parts(y, shapes(y._args[0], **y.params))
        if real is not None:
            ys[real] = np.real(ys[real])
        return _result(function)(*ys)

    call = partial(way, results) if way else results
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


@contextmanager
def _regular(name: str, otherwise: str) -> Iterator[None]:
    """A block with an inverse in it, and what it means for `name` where there is none."""
    try:
        yield
    except np.linalg.LinAlgError as error:
        raise SingularError(f"{name}: {otherwise}") from error


def _inverse_gaps(name: str, w: Array, m: Array) -> Array:
    """1 / (w_j - w_i), and 0 for a repeated w where m, what it is to be multiplied by, is 0 too."""
    gaps = w[..., None, :] - w[..., :, None]
    size = np.max(np.absolute(w), axis=-1, keepdims=True)[..., None] if w.size else 1.0
    repeated = np.absolute(gaps) <= w.shape[-1] * np.finfo(w.dtype).eps * size
    others = repeated & ~np.eye(w.shape[-1], dtype=bool)
    gaps = checked(
        gaps,
        others & (m != 0),
        f"{name}: repeated values among {{}}: the vectors that belong to them are any basis of a "
        "plane and have no derivative; use the values alone, or split them by a perturbation",
        w,
    )
    return np.where(repeated, 0, 1 / np.where(repeated, 1, gaps))


# Cholesky, and eigenvalues of Hermitian matrices --------------------------------------------------


def _cholesky(g: Array, y: Array, a: Array, *, upper: bool = False) -> Array:
    """Murray, "Differentiation of the Cholesky decomposition" (2016), (8).

    Only the lower triangle of a is read, or the upper, so only there is the cotangent not 0.
    """
    if upper:
        return _adjoint(_cholesky(_adjoint(g), _adjoint(y), _adjoint(a)))
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
    """Refuse a function of complex vectors that depends on their phase, which is arbitrary."""
    overlaps = getattr(overlaps, "_value", overlaps)
    scale = max(1.0, float(np.max(np.absolute(overlaps), initial=0.0)))
    off = float(np.max(np.absolute(np.imag(overlaps)), initial=0.0))
    if off > np.sqrt(np.finfo(overlaps.dtype).eps) * scale:
        raise NoRuleError(
            f"{name}: the result depends on the phase of the complex vectors, which is "
            "arbitrary; make it independent, for example by abs(v) or by v times its conjugate"
        )


def _eigenbasis_inverse(name: str, v: Array) -> Array:
    """vᵀ inverted. Where eigenvectors are missing there is none: there values move like a root."""
    why = "a has too few eigenvectors for a derivative of its eigenvalues"
    with _regular(name, why):
        back = np.linalg.inv(_transposed(v))
    size = np.linalg.norm(back, axis=(-2, -1))
    lacking = size * v.shape[-1] * np.finfo(v.dtype).eps > 1
    return checked(back, lacking, f"{name}: {why}")


def _eigvals(g: Array, y: Array, a: Array) -> Array:
    """v⁻ᵀ diag(g) vᵀ."""
    v = np.linalg.eig(a)[1]
    return _eigenbasis_inverse("eigvals", v) @ (g[..., :, None] * _transposed(v))


def _eig(gs: list[Array], ys: list[Array], a: Array) -> Array:
    """Giles (2008), 3.1; that the vectors have length 1 takes out what would stretch them."""
    w, v = ys
    overlaps = np.sum(gs[1] * v, axis=-2, keepdims=True)
    _invariant("eig", overlaps)
    m = _transposed(v) @ (gs[1] - np.conjugate(v) * np.real(overlaps))
    inner = _inverse_gaps("eig", w, m) * m + gs[0][..., None, :] * np.eye(a.shape[-1])
    return _eigenbasis_inverse("eig", v) @ inner @ _transposed(v)


# Singular values, orthogonal factors, the logarithm of a determinant ------------------------------


def _svd_call(
    results: Any, op: Op, a: Any, full_matrices: bool = True, compute_uv: bool = True,
    hermitian: bool = False,
) -> Any:  # fmt: skip
    """Of a Hermitian matrix by its eigenvalues, like NumPy: their sizes, and their signs in Vh."""
    if not hermitian:
        return results(op, a, full_matrices=full_matrices) if compute_uv else np.linalg.svdvals(a)
    if not compute_uv:
        return np.flip(np.sort(np.absolute(np.linalg.eigvalsh(a))), -1)
    w, v = np.linalg.eigh(a)
    order = np.flip(np.argsort(np.absolute(w)), -1)
    w, v = np.take_along_axis(w, order, -1), np.take_along_axis(v, order[..., None, :], -1)
    return _result(np.linalg.svd)(v, np.absolute(w), _adjoint(v * np.sign(w)[..., None, :]))


def _svd_shapes(
    a: Array, *, full_matrices: bool = True
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    *stack, m, n = a.shape
    if full_matrices and m != n:
        raise NoRuleError(
            f"svd: a is {a.shape}, not square; the vectors that only fill up full_matrices=True "
            "have no derivative: pass full_matrices=False"
        )
    k = min(m, n)
    return (*stack, m, k), (*stack, k), (*stack, k, n)


def _svd(gs: list[Array], ys: list[Array], a: Array, *, full_matrices: bool = True) -> Array:
    """Townsend, "Differentiating the singular value decomposition" (2016), (29)-(31).

    Of complex vectors only the phase of u against that of v is determined, which the last term of
    the diagonal is for: a function of them must not change when both turn together.
    """
    u, s, vh = ys[0], np.real(ys[1]), ys[2]
    gu, gv = np.conjugate(gs[0]), _transposed(gs[2])
    v, uh = _adjoint(vh), _adjoint(u)
    left, right = uh @ gu, vh @ gv
    across, down, eye = s[..., None, :], s[..., :, None], np.eye(s.shape[-1], dtype=a.dtype)
    c = np.real(gs[1])[..., None, :] * eye
    if a.dtype.kind == "c":
        turns = left * eye
        _invariant("svd", np.diagonal(getattr(left + right, "_value", left + right), 0, -2, -1))
        c = c + _over(1j * np.imag(turns), across)
    left, right = left - _adjoint(left), right - _adjoint(right)
    gaps = _inverse_gaps("svd", s * s, np.absolute(left) + np.absolute(right))
    c = u @ ((gaps * left) * across + down * (gaps * right) + c) @ vh
    m, n = a.shape[-2:]
    if m > n:
        c = c + _over(gu - u @ (uh @ gu), across) @ vh
    if m < n:
        c = c + u @ _over(_adjoint(gv - v @ (vh @ gv)), down)
    return np.conjugate(c)


def _over(c: Array, s: Array) -> Array:
    """c / s, and 0 for a singular value 0 where c is 0 too."""
    if not s.size:
        return c
    zero = s <= c.shape[-2] * np.finfo(s.dtype).eps * np.max(s, axis=(-2, -1), keepdims=True)
    c = checked(
        c,
        zero & (c != 0),
        "svd: a singular value is 0: the vectors that belong to it are any of a plane and have no "
        "derivative; use the values alone, or add a perturbation",
    )
    return c / np.where(zero, 1, s)


def _svdvals(g: Array, y: Array, x: Array) -> Array:
    """u g vᵀ; a value that is 0 is the size of something at 0, with derivative 0."""
    u, _, vh = np.linalg.svd(x, full_matrices=False)
    return np.conjugate((u * (g * np.sign(y))[..., None, :]) @ vh)


def _qr_call(results: Any, op: Op, a: Any, mode: str = "reduced") -> Any:
    tall = a.ndim > 1 and a.shape[-2] > a.shape[-1]
    if mode not in {"reduced", "r", "complete"} or (mode == "complete" and tall):
        raise NoRuleError(
            f"qr: mode={mode!r} of a {a.shape} has no derivative rule; a Tensor takes 'reduced' "
            "or 'r', and 'complete' with no more rows than columns: others only fill q up"
        )
    return results(op, a)[1] if mode == "r" else results(op, a)


def _qr_shapes(a: Array) -> tuple[tuple[int, ...], tuple[int, ...]]:
    *stack, m, n = a.shape
    k = min(m, n)
    return (*stack, m, k), (*stack, k, n)


def _qr(gs: list[Array], ys: list[Array], a: Array) -> Array:
    """Walter and Lehmann (2018), (3.3); columns beyond the square are r = qᴴ a.

    Of complex a too: LAPACK makes the diagonal of r real, which leaves no phase open.
    """
    (q, r), gq, gr = ys, np.conjugate(gs[0]), np.conjugate(gs[1])
    k = q.shape[-1]
    gq = gq + a[..., :, k:] @ _adjoint(gr[..., :, k:])
    rest = q @ gr[..., :, k:]
    r, gr = r[..., :, :k], gr[..., :, :k]
    m = _half(r @ _adjoint(gr) - _adjoint(gq) @ q)
    with _regular("qr", "the columns of a depend on each other, so q has no derivative"):
        c = _adjoint(np.linalg.solve(r, _adjoint(gq + q @ (m + _adjoint(m)))))
    return np.conjugate(np.concatenate([c, rest], axis=-1) if rest.shape[-1] else c)


def _slogdet(gs: list[Array], ys: list[Array], a: Array) -> Array:
    """a⁻ᵀ times the cotangent of log det; the sign of a complex one is exp(i Im log det)."""
    g = np.real(gs[1])
    if a.dtype.kind == "c":
        g = g - 1j * np.real(1j * gs[0] * ys[0])
    with _regular("slogdet", "a is singular, where the logarithm has no derivative"):
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
_several(np.linalg.svd, _svd_shapes, _svd, real=1, way=_svd_call)
rule(np.linalg.svdvals, _svdvals, code=_in(np.linalg.svdvals))
_several(np.linalg.qr, _qr_shapes, _qr, way=_qr_call)
_several(np.linalg.slogdet, lambda a: (a.shape[:-2],) * 2, _slogdet, real=1)
