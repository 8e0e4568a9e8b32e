"""More of scipy.special: Bessel and hypergeometric functions, integrals, orthogonal polynomials.

Formulas: NIST Digital Library of Mathematical Functions, chapters 6, 7 and 9 (sine, cosine and
Fresnel integrals, Airy functions), 10 (Bessel), 15 (hypergeometric), 18 (orthogonal polynomials)
and 19 (elliptic integrals). Their derivatives by an order have no closed form: they are refused.

Read next: `minigrad.ops.elementwise`.
"""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np

from minigrad.ops.declare import composed, rule
from minigrad.ops.special import declare, order, row, unknown
from minigrad.table import ROWS
from minigrad.tensor import record
from minigrad.values import Array

__all__: list[str] = []


def _bessel(s: Any) -> None:
    """Bessel functions: 2 J_v' = J_(v-1) - J_(v+1) and its kin; DLMF 10.6, 10.29."""
    row(s.j0, lambda y, x: -s.j1(x))
    row(s.j1, lambda y, x: 0.5 * (s.j0(x) - s.jv(2, x)))
    row(s.y0, lambda y, x: -s.y1(x))
    row(s.y1, lambda y, x: 0.5 * (s.y0(x) - s.yv(2, x)))
    row(s.i0, lambda y, x: s.i1(x))
    row(s.i1, lambda y, x: 0.5 * (s.i0(x) + s.iv(2, x)))
    row(s.i0e, lambda y, x: s.i1e(x) - np.sign(x) * y)
    row(s.i1e, lambda y, x: 0.5 * (s.i0e(x) + s.ive(2, x)) - np.sign(x) * y)
    row(s.k0, lambda y, x: -s.k1(x))
    row(s.k1, lambda y, x: -0.5 * (s.k0(x) + s.kv(2, x)))
    for f, before, after in (
        (s.jv, 0.5, -0.5),
        (s.yv, 0.5, -0.5),
        (s.hankel1, 0.5, -0.5),
        (s.hankel2, 0.5, -0.5),
        (s.iv, 0.5, 0.5),
        (s.kv, -0.5, -0.5),
    ):
        order(f, "v", _neighbours(f, before, after))
    between = _neighbours(s.ive, 0.5, 0.5)
    order(s.ive, "v", lambda y, a, b: between(y, a, b) - np.sign(np.real(b)) * y)
    row(s.k0e, lambda y, x: y - s.k1e(x))
    row(s.k1e, lambda y, x: y - 0.5 * (s.k0e(x) + s.kve(2, x)))
    for f, before, after, turn in (
        (s.kve, -0.5, -0.5, 1),
        (s.hankel1e, 0.5, -0.5, -1j),
        (s.hankel2e, 0.5, -0.5, 1j),
    ):
        scaled = _neighbours(f, before, after)
        order(f, "v", lambda y, a, b, f=scaled, turn=turn: f(y, a, b) + turn * y)
    order(s.kn, "n", _neighbours(s.kv, -0.5, -0.5))
    order(s.yn, "n", _neighbours(s.yv, 0.5, -0.5))
    rule(np.i0, lambda g, y, x: g * s.i1(x), symbol="I₀", latex="I_{0}(#0)")


def _neighbours(f: Any, before: float, after: float) -> Any:
    return lambda y, a, b: before * f(a - 1, b) + after * f(a + 1, b)


def _several(function: Any, **partials: Any) -> None:
    """Declare a function with several results: each is an op of its own, by name and partial."""
    for i, (name, partial) in enumerate(partials.items()):
        rule(
            name,
            lambda g, y, x, partial=partial: g * partial(y, x),
            forward=lambda x, i=i: function(x)[i],
            call=record,
            code=f"scipy.special.{function.__name__}({{0}})[{i}]",
        )
    composed(function, lambda x: tuple([record(ROWS[name], (x,)) for name in partials]))


def _sinhc(s: Any, x: Array) -> Array:
    """sinh(x) / x."""
    return np.sinh(x) / x if x.dtype.kind == "c" else 0.5 * (s.exprel(x) + s.exprel(-x))


def _integrals(s: Any) -> None:
    """Sine, cosine and Fresnel integrals, Airy functions."""
    _several(s.sici, Si=lambda y, x: np.sinc(x / pi), Ci=lambda y, x: np.cos(x) / x)
    _several(s.shichi, Shi=lambda y, x: _sinhc(s, x), Chi=lambda y, x: np.cosh(x) / x)
    _several(
        s.fresnel,
        fresnel_S=lambda y, x: np.sin(0.5 * pi * x * x),
        fresnel_C=lambda y, x: np.cos(0.5 * pi * x * x),
    )
    _several(
        s.airy,
        Ai=lambda y, x: s.airy(x)[1],
        Ai_prime=lambda y, x: x * s.airy(x)[0],
        Bi=lambda y, x: s.airy(x)[3],
        Bi_prime=lambda y, x: x * s.airy(x)[2],
    )


def _hypergeometric(s: Any) -> None:
    """Hypergeometric functions and elliptic integrals; K = π/2 F(1/2, 1/2; 1; m)."""
    order(s.hyp0f1, "v", lambda y, a, x: s.hyp0f1(a + 1, x) / a)
    order(s.hyp1f1, "a b", lambda y, a, b, x: a / b * s.hyp1f1(a + 1, b + 1, x))
    order(s.hyperu, "a b", lambda y, a, b, x: -a * s.hyperu(a + 1, b + 1, x))
    order(s.hyp2f1, "a b c", lambda y, a, b, c, x: a * b / c * s.hyp2f1(a + 1, b + 1, c + 1, x))
    row(s.ellipk, lambda y, x: pi / 8 * s.hyp2f1(1.5, 1.5, 2.0, x))
    row(s.ellipe, lambda y, x: -pi / 8 * s.hyp2f1(0.5, 1.5, 2.0, x))
    row(
        s.ellipkinc,
        lambda y, phi, m: 1 / np.sqrt(1 - m * np.sin(phi) ** 2),
        unknown(s.ellipkinc, "m"),
    )
    row(
        s.ellipeinc,
        lambda y, phi, m: np.sqrt(1 - m * np.sin(phi) ** 2),
        unknown(s.ellipeinc, "m"),
    )


def _polynomials(s: Any) -> None:
    """Orthogonal polynomials: the derivative is one of the next family; DLMF 18.9(iii)."""

    def legendre(n: Array, x: Array) -> Array:
        n = np.where(np.less(n, 0), -n - 1, n)  # P of -n-1 is P of n
        return s.eval_gegenbauer(n - 1, 1.5, x)

    def chebyshev(n: Array, x: Array) -> Array:
        other = np.less(n, -1)  # U of -n-2 is -U of n
        c = s.eval_gegenbauer(np.where(other, -n - 3, n - 1), 2.0, x)
        return np.where(other, -2, 2) * c

    order(s.eval_legendre, "n", lambda y, n, x: legendre(n, x))
    order(s.eval_sh_legendre, "n", lambda y, n, x: 2 * legendre(n, 2 * x - 1))
    order(s.eval_chebyt, "n", lambda y, n, x: n * s.eval_chebyu(n - 1, x))
    order(s.eval_chebyu, "n", lambda y, n, x: chebyshev(n, x))
    order(s.eval_hermite, "n", lambda y, n, x: 2 * n * s.eval_hermite(np.maximum(n - 1, 0), x))
    order(s.eval_hermitenorm, "n", lambda y, n, x: n * s.eval_hermitenorm(np.maximum(n - 1, 0), x))
    order(s.eval_laguerre, "n", lambda y, n, x: -s.eval_genlaguerre(n - 1, 1.0, x))
    order(s.eval_genlaguerre, "n alpha", lambda y, n, a, x: -s.eval_genlaguerre(n - 1, a + 1, x))
    order(
        s.eval_gegenbauer, "n alpha", lambda y, n, a, x: 2 * a * s.eval_gegenbauer(n - 1, a + 1, x)
    )
    order(
        s.eval_jacobi,
        "n alpha beta",
        lambda y, n, a, b, x: 0.5 * (n + a + b + 1) * s.eval_jacobi(n - 1, a + 1, b + 1, x),
    )


declare(_bessel, _integrals, _hypergeometric, _polynomials)
