"""scipy.special: rows for its ufuncs, entered when one of them first meets a Tensor.

Importing minigrad does not import SciPy. Formulas: NIST Digital Library of Mathematical Functions,
chapters 5 (gamma), 7 (error functions) and 10 (Bessel). Read next: `minigrad.ops.elementwise`.
"""

from __future__ import annotations

from math import factorial, log, pi, sqrt
from typing import Any

import numpy as np

from minigrad.errors import NoRuleError
from minigrad.ops.declare import elementwise
from minigrad.values import Array

__all__: list[str] = []


def _row(function: Any, *partials: Any) -> None:
    elementwise(function, *partials, code=f"scipy.special.{function.__name__}({{*=}})")


def _unknown(function: Any, argument: str) -> Any:
    """The partial by an argument that has none in closed form."""

    def partial(y: Array, *args: Array) -> Array:
        raise NoRuleError(
            f"{function.__name__}: no derivative by {argument} is known; pass {argument} as a "
            "constant, an array or a number"
        )

    return partial


def _exprel(y: Array, x: Array) -> Array:
    """(exp(x) - y) / x; near 0, where that cancels, Σ k x^(k-1) / (k+1)!."""
    near = np.abs(x) < 1
    z = np.where(near, x, 0)
    series: Array = 0.0
    for k in range(18, 0, -1):
        series = series * z + k / factorial(k + 1)
    far = np.where(near, 1, x)
    return np.where(near, series, (np.exp(far) - y) / far)


def _safe(a: Array, b: Array) -> Array:
    """`b`, and 1 where a = b = 0, so that a log b has derivatives there: 0 and 0."""
    return np.where((a == 0) & (b == 0), 1, b)


def _errors(s: Any) -> None:
    """Error functions and the normal distribution; DLMF 7.2, 7.10."""
    density = 1 / sqrt(2 * pi)
    _row(s.erf, lambda y, x: 2 / sqrt(pi) * np.exp(-x * x))
    _row(s.erfc, lambda y, x: -2 / sqrt(pi) * np.exp(-x * x))
    _row(s.erfcx, lambda y, x: 2 * x * y - 2 / sqrt(pi))
    _row(s.erfi, lambda y, x: 2 / sqrt(pi) * np.exp(x * x))
    _row(s.dawsn, lambda y, x: 1 - 2 * x * y)
    _row(s.erfinv, lambda y, x: sqrt(pi) / 2 * np.exp(y * y))
    _row(s.erfcinv, lambda y, x: -sqrt(pi) / 2 * np.exp(y * y))
    _row(s.ndtr, lambda y, x: density * np.exp(-0.5 * x * x))
    _row(s.log_ndtr, lambda y, x: density * np.exp(-0.5 * x * x - y))
    _row(s.ndtri, lambda y, x: sqrt(2 * pi) * np.exp(0.5 * y * y))


def _logistic(s: Any) -> None:
    """The logistic function, entropies, and SciPy's own exp and log."""
    _row(s.expit, lambda y, x: y * s.expit(-x))
    _row(s.log_expit, lambda y, x: s.expit(-x))
    _row(s.logit, lambda y, x: 1 / (x * (1 - x)))
    _row(s.xlogy, lambda y, a, b: np.log(_safe(a, b)), lambda y, a, b: a / _safe(a, b))
    _row(
        s.xlog1py,
        lambda y, a, b: np.log1p(np.where((a == 0) & (b == -1), 0, b)),
        lambda y, a, b: a / _safe(a, 1 + b),
    )
    _row(s.entr, lambda y, x: -1 - np.log(x))
    _row(s.rel_entr, lambda y, a, b: 1 + np.log(a / b), lambda y, a, b: -a / b)
    _row(s.kl_div, lambda y, a, b: np.log(a / b), lambda y, a, b: 1 - a / b)
    _row(s.exprel, _exprel)
    _row(s.expm1, lambda y, x: y + 1)
    _row(s.log1p, lambda y, x: 1 / (1 + x))
    _row(s.exp2, lambda y, x: y * log(2))
    _row(s.exp10, lambda y, x: y * log(10))
    _row(s.cbrt, lambda y, x: 1 / (3 * y * y))
    _row(s.cosm1, lambda y, x: -np.sin(x))
    _row(s.expi, lambda y, x: np.exp(x) / x)
    _row(s.exp1, lambda y, x: -np.exp(-x) / x)


def _gamma(s: Any) -> None:
    """Gamma and beta functions; DLMF 5.2, 5.12, 5.15. ψ' is Hurwitz's zeta function ζ(2, x)."""
    zeta = getattr(getattr(s, "_ufuncs", None), "_zeta", None)  # what special.zeta calls
    psi = s.psi
    _row(s.gamma, lambda y, x: y * psi(x))
    _row(s.rgamma, lambda y, x: -y * psi(x))
    _row(s.gammaln, lambda y, x: psi(x))
    _row(s.loggamma, lambda y, x: psi(x))
    _row(psi, lambda y, x: s.zeta(2, x))
    if zeta is not None:
        _row(zeta, _unknown(zeta, "x"), lambda y, a, b: -a * s.zeta(a + 1, b))
    _row(
        s.beta,
        lambda y, a, b: y * (psi(a) - psi(a + b)),
        lambda y, a, b: y * (psi(b) - psi(a + b)),
    )
    _row(s.betaln, lambda y, a, b: psi(a) - psi(a + b), lambda y, a, b: psi(b) - psi(a + b))
    _row(s.poch, lambda y, a, b: y * (psi(a + b) - psi(a)), lambda y, a, b: y * psi(a + b))
    _row(
        s.gammainc,
        _unknown(s.gammainc, "a"),
        lambda y, a, b: np.exp((a - 1) * np.log(b) - b - s.gammaln(a)),
    )
    _row(
        s.gammaincc,
        _unknown(s.gammaincc, "a"),
        lambda y, a, b: -np.exp((a - 1) * np.log(b) - b - s.gammaln(a)),
    )


def _bessel(s: Any) -> None:
    """Bessel functions: 2 J_v' = J_(v-1) - J_(v+1) and its kin; DLMF 10.6, 10.29."""
    _row(s.j0, lambda y, x: -s.j1(x))
    _row(s.j1, lambda y, x: 0.5 * (s.j0(x) - s.jv(2, x)))
    _row(s.y0, lambda y, x: -s.y1(x))
    _row(s.y1, lambda y, x: 0.5 * (s.y0(x) - s.yv(2, x)))
    _row(s.i0, lambda y, x: s.i1(x))
    _row(s.i1, lambda y, x: 0.5 * (s.i0(x) + s.iv(2, x)))
    _row(s.i0e, lambda y, x: s.i1e(x) - np.sign(x) * y)
    _row(s.i1e, lambda y, x: 0.5 * (s.i0e(x) + s.ive(2, x)) - np.sign(x) * y)
    _row(s.k0, lambda y, x: -s.k1(x))
    _row(s.k1, lambda y, x: -0.5 * (s.k0(x) + s.kv(2, x)))
    for f, before, after in ((s.jv, 0.5, -0.5), (s.yv, 0.5, -0.5), (s.iv, 0.5, 0.5)):
        _row(f, _unknown(f, "v"), _neighbours(f, before, after))
    _row(s.kv, _unknown(s.kv, "v"), _neighbours(s.kv, -0.5, -0.5))
    scaled = _neighbours(s.ive, 0.5, 0.5)
    _row(s.ive, _unknown(s.ive, "v"), lambda y, a, b: scaled(y, a, b) - np.sign(np.real(b)) * y)


def _neighbours(f: Any, before: float, after: float) -> Any:
    return lambda y, a, b: before * f(a - 1, b) + after * f(a + 1, b)


def _declare() -> None:
    from scipy import special

    for family in (_errors, _logistic, _gamma, _bessel):
        family(special)


_declare()
