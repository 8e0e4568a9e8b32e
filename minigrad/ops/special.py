"""scipy.special: rows for its ufuncs, entered when one of them first meets a Tensor.

Importing minigrad does not import SciPy. Formulas: NIST Digital Library of Mathematical Functions,
chapters 4 (Lambert W), 5 (gamma), 6 (exponential integrals), 7 (error functions) and 8 (incomplete
gamma and beta). Where there is no closed form for the derivative by a parameter, asking for it is
an error.

Read next: `minigrad.ops.bessel`.
"""

from __future__ import annotations

from math import factorial, log, pi, sqrt
from typing import Any

import numpy as np

from minigrad.errors import NoRuleError
from minigrad.ops.declare import constant, elementwise, rule
from minigrad.table import Op
from minigrad.tensor import Tensor, record
from minigrad.values import Array

__all__ = ["declare", "order", "row", "unknown"]


_LATEX = {  # where mathematics has a letter for it
    "gamma": r"\Gamma(#0)", "rgamma": r"\frac{1}{\Gamma(#0)}", "gammaln": r"\log\Gamma(#0)",
    "loggamma": r"\log\Gamma(#0)", "psi": r"\psi(#0)", "zeta": r"\zeta(#0, #1)",
    "beta": r"\mathrm{B}(#0, #1)", "betaln": r"\log\mathrm{B}(#0, #1)", "binom": r"\binom{#0}{#1}",
    "expit": r"\sigma(#0)", "log_expit": r"\log\sigma(#0)", "ndtr": r"\Phi(#0)",
    "log_ndtr": r"\log\Phi(#0)", "ndtri": r"\Phi^{-1}(#0)", "xlogy": r"#0 \, \log(#1)",
    "xlog1py": r"#0 \, \log(1 + #1)", "expm1": "e^{#0} - 1", "log1p": r"\log(1 + #0)",
    "exp2": "2^{#0}", "exp10": "10^{#0}", "cbrt": r"\sqrt[3]{#0}", "lambertw": "W(#0)",
    "j0": "J_{0}(#0)", "j1": "J_{1}(#0)", "jv": "J_{#0}(#1)", "y0": "Y_{0}(#0)", "y1": "Y_{1}(#0)",
    "yv": "Y_{#0}(#1)", "yn": "Y_{#0}(#1)", "i0": "I_{0}(#0)", "i1": "I_{1}(#0)",
    "iv": "I_{#0}(#1)", "k0": "K_{0}(#0)", "k1": "K_{1}(#0)", "kv": "K_{#0}(#1)",
    "kn": "K_{#0}(#1)", "hankel1": "H^{(1)}_{#0}(#1)", "hankel2": "H^{(2)}_{#0}(#1)",
    "eval_legendre": "P_{#0}(#1)", "eval_chebyt": "T_{#0}(#1)", "eval_chebyu": "U_{#0}(#1)",
    "eval_hermite": "H_{#0}(#1)", "eval_laguerre": "L_{#0}(#1)", "ellipk": "K(#0)",
    "ellipe": "E(#0)", "expi": r"\mathrm{Ei}(#0)", "expn": "E_{#0}(#1)", "exp1": "E_{1}(#0)",
}  # fmt: skip


def row(function: Any, *partials: Any, name: str | None = None) -> None:
    """Declare a ufunc by its partials `(y, *inputs) -> dy/dx`; `name` is what SciPy calls it."""
    called = name or function.__name__
    code, latex = f"scipy.special.{called}({{*}})", _LATEX.get(called, "")
    if len(partials) < 3:
        elementwise(function, *partials, symbol=name, code=code, latex=latex)
    else:
        vjps = [_times(partial) for partial in partials]
        rule(function, *vjps, symbol=name, code=code, latex=latex, call=_recording)


def _times(partial: Any) -> Any:
    return lambda g, y, *xs: g * partial(y, *xs)


def _recording(op: Op, *inputs: Any) -> Tensor:
    return record(op, inputs)


def order(function: Any, parameters: str, partial: Any) -> None:
    """Declare a function of parameters, an order say, and of a variable, which stands last."""
    unknowns = [unknown(function, parameter) for parameter in parameters.split()]
    row(function, *unknowns, _in_one_dtype(partial))


def _in_one_dtype(partial: Any) -> Any:
    """The partial given numbers of the result's dtype: older SciPy widens float32 beside 1.5."""

    def of(y: Array, *xs: Array) -> Array:
        number = y.dtype.type if y.dtype.kind == "f" else float
        return partial(y, *[number(x) if type(x) is float else x for x in xs])

    return of


class _Asked:
    """An argument that answers a ufunc with the ufunc itself: what a function of SciPy calls."""

    def __array_ufunc__(self, ufunc: Any, *_call: Any, **_kwargs: Any) -> Any:
        return ufunc


def unknown(function: Any, argument: str, name: str | None = None) -> Any:
    """The partial by an argument that has none in closed form."""

    def partial(y: Array, *args: Array) -> Array:
        raise NoRuleError(
            f"{name or function.__name__}: no derivative by {argument} is known; pass {argument} "
            "as a constant, an array or a number"
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
    row(s.erf, lambda y, x: 2 / sqrt(pi) * np.exp(-x * x))
    row(s.erfc, lambda y, x: -2 / sqrt(pi) * np.exp(-x * x))
    row(s.erfcx, lambda y, x: 2 * x * y - 2 / sqrt(pi))
    row(s.erfi, lambda y, x: 2 / sqrt(pi) * np.exp(x * x))
    row(s.dawsn, lambda y, x: 1 - 2 * x * y)
    row(s.erfinv, lambda y, x: sqrt(pi) / 2 * np.exp(y * y))
    row(s.erfcinv, lambda y, x: -sqrt(pi) / 2 * np.exp(y * y))
    row(s.ndtr, lambda y, x: density * np.exp(-0.5 * x * x))
    row(s.log_ndtr, lambda y, x: density * np.exp(-0.5 * x * x - y))
    row(s.ndtri, lambda y, x: sqrt(2 * pi) * np.exp(0.5 * y * y))
    row(s.ndtri_exp, lambda y, x: sqrt(2 * pi) * np.exp(0.5 * y * y + x))
    row(s.wofz, lambda y, x: 2j / sqrt(pi) - 2 * x * y)
    row(
        s.owens_t,
        lambda y, a, b: -0.5 * density * np.exp(-0.5 * a * a) * s.erf(a * b / sqrt(2)),
        lambda y, a, b: np.exp(-0.5 * a * a * (1 + b * b)) / (2 * pi * (1 + b * b)),
    )

    def faddeeva(x: Array, sigma: Array, gamma: Array) -> tuple[Array, Array]:
        z = (x + 1j * gamma) / (sigma * sqrt(2))
        return z, (2j / sqrt(pi) - 2 * z * s.wofz(z)) / (2 * sqrt(pi) * sigma * sigma)

    def by_sigma(y: Array, x: Array, sigma: Array, gamma: Array) -> Array:
        z, slope = faddeeva(x, sigma, gamma)
        return -y / sigma - sqrt(2) * np.real(slope * z)

    row(
        s.voigt_profile,
        lambda y, *args: np.real(faddeeva(*args)[1]),
        by_sigma,
        lambda y, *args: -np.imag(faddeeva(*args)[1]),
    )


def _logistic(s: Any) -> None:
    """The logistic function, entropies, losses."""
    row(s.expit, lambda y, x: y * s.expit(-x))
    row(s.log_expit, lambda y, x: s.expit(-x))
    row(s.logit, lambda y, x: 1 / (x * (1 - x)))
    row(s.xlogy, lambda y, a, b: np.log(_safe(a, b)), lambda y, a, b: a / _safe(a, b))
    row(
        s.xlog1py,
        lambda y, a, b: np.log1p(np.where((a == 0) & (b == -1), 0, b)),
        lambda y, a, b: a / _safe(a, 1 + b),
    )
    row(s.entr, lambda y, x: -1 - np.log(x))
    row(s.rel_entr, lambda y, a, b: 1 + np.log(a / b), lambda y, a, b: -a / b)
    row(s.kl_div, lambda y, a, b: np.log(a / b), lambda y, a, b: 1 - a / b)
    row(
        s.huber,
        lambda y, a, b: np.maximum(np.absolute(b) - a, 0),
        lambda y, a, b: np.clip(b, -a, a),
    )
    row(
        s.pseudo_huber,
        lambda y, a, b: (np.hypot(a, b) - a) ** 2 / _safe_length(a, b),
        lambda y, a, b: a * b / _safe_length(a, b),
    )


def _safe_length(a: Array, b: Array) -> Array:
    h = np.hypot(a, b)
    return np.where(h == 0, 1, h)


def _powers(s: Any) -> None:
    """SciPy's own exp and log, powers, degrees; exp(x)/x and what is defined by it."""
    row(s.exprel, _exprel)
    row(s.expm1, lambda y, x: y + 1)
    row(s.log1p, lambda y, x: 1 / (1 + x))
    row(s.exp2, lambda y, x: y * log(2))
    row(s.exp10, lambda y, x: y * log(10))
    row(s.cbrt, lambda y, x: 1 / (3 * y * y))
    row(s.cosm1, lambda y, x: -np.sin(x))
    row(
        s.powm1,
        lambda y, a, b: b * a ** (b - 1),
        lambda y, a, b: (y + 1) * np.log(np.where(a == 0, 1, a)),
    )
    row(s.sindg, lambda y, x: pi / 180 * s.cosdg(x))
    row(s.cosdg, lambda y, x: -pi / 180 * s.sindg(x))
    row(s.tandg, lambda y, x: pi / 180 * (1 + y * y))
    row(s.cotdg, lambda y, x: -pi / 180 * (1 + y * y))
    row(s.expi, lambda y, x: np.exp(x) / x)
    row(s.exp1, lambda y, x: -np.exp(-x) / x)
    order(s.expn, "n", lambda y, n, x: -_expn_before(s, y, n, x))
    row(s.spence, lambda y, x: np.log(x) / (1 - x) if _is_complex(x) else -1 / s.exprel(np.log(x)))
    row(s.wrightomega, lambda y, x: y / (1 + y))
    lambertw, none = s.lambertw(_Asked()), unknown(s.lambertw, "k or tol")
    row(lambertw, lambda y, x, k, tol: np.exp(-y) / (1 + y), none, none, name="lambertw")
    for constants in (s.round, s.gammasgn):
        constant(constants, code=f"scipy.special.{constants.__name__}({{*}})")


def _is_complex(x: Array) -> bool:
    return bool(x.dtype.kind == "c")


def _expn_before(s: Any, y: Array, n: Array, x: Array) -> Array:
    """E_(n-1); SciPy has none before E_0, which is exp(-x)/x."""
    first = (np.exp(-x) + y) / np.where(np.equal(n, 0), x, 1)
    return np.where(np.equal(n, 0), first, s.expn(np.maximum(n - 1, 0), x))


def _box_cox(s: Any) -> None:
    """(x^λ - 1)/λ is L exprel(λL) with L = log x, which says what happens around λ = 0."""

    def by_power(along: Array, power: Array) -> Array:
        t = along * power
        return along * along * _exprel(s.exprel(t), t)

    row(
        s.boxcox,
        lambda y, a, b: a ** (b - 1),
        lambda y, a, b: by_power(np.log(a), b),
    )
    row(
        s.boxcox1p,
        lambda y, a, b: (1 + a) ** (b - 1),
        lambda y, a, b: by_power(np.log1p(a), b),
    )
    row(
        s.inv_boxcox,
        lambda y, a, b: y ** (1 - b),
        lambda y, a, b: -(y ** (1 - b)) * by_power(np.log(y), b),
    )
    row(
        s.inv_boxcox1p,
        lambda y, a, b: (1 + y) ** (1 - b),
        lambda y, a, b: -((1 + y) ** (1 - b)) * by_power(np.log1p(y), b),
    )


def _gamma(s: Any) -> None:
    """Gamma and beta functions; DLMF 5.2, 5.12, 5.15. ψ' is Hurwitz's zeta function ζ(2, x)."""
    psi, zeta = s.psi, s.zeta(2.0, _Asked())
    row(s.gamma, lambda y, x: y * psi(x))
    row(s.rgamma, lambda y, x: -y * psi(x))
    row(s.gammaln, lambda y, x: psi(x))
    row(s.loggamma, lambda y, x: psi(x))
    row(psi, lambda y, x: s.zeta(2, x))
    row(zeta, unknown(zeta, "x", "zeta"), lambda y, a, b: -a * s.zeta(a + 1, b), name="zeta")
    row(
        s.beta,
        lambda y, a, b: y * (psi(a) - psi(a + b)),
        lambda y, a, b: y * (psi(b) - psi(a + b)),
    )
    row(s.betaln, lambda y, a, b: psi(a) - psi(a + b), lambda y, a, b: psi(b) - psi(a + b))
    row(s.poch, lambda y, a, b: y * (psi(a + b) - psi(a)), lambda y, a, b: y * psi(a + b))
    row(
        s.binom,
        lambda y, a, b: y * (psi(a + 1) - psi(a - b + 1)),
        lambda y, a, b: y * (psi(a - b + 1) - psi(b + 1)),
    )


def _distributions(s: Any) -> None:
    """Incomplete gamma and beta functions: the distributions whose densities these are."""

    def gamma(a: Array, x: Array) -> Array:
        return np.exp(s.xlogy(a - 1, x) - x - s.gammaln(a))

    def beta(a: Array, b: Array, x: Array) -> Array:
        return np.exp(s.xlogy(a - 1, x) + s.xlog1py(b - 1, -x) - s.betaln(a, b))

    def student(n: Array, t: Array) -> Array:
        return np.exp(-0.5 * (n + 1) * np.log1p(t * t / n) - s.betaln(0.5 * n, 0.5)) / np.sqrt(n)

    def fisher(n: Array, m: Array, x: Array) -> Array:
        all_ = n * x + m
        return beta(0.5 * n, 0.5 * m, n * x / all_) * n * m / (all_ * all_)

    def rows(density: Any, parameters: str, below: Any, above: Any, *inverses: Any) -> None:
        for sign, function in ((1, below), (-1, above)):
            order(function, parameters, lambda y, *xs, sign=sign: sign * density(*xs))
        for sign, inverse in zip((1, -1), inverses):
            order(inverse, parameters, lambda y, *xs, sign=sign: sign / density(*xs[:-1], y))

    rows(gamma, "a", s.gammainc, s.gammaincc, s.gammaincinv, s.gammainccinv)
    rows(beta, "a b", s.betainc, s.betaincc, s.betaincinv, s.betainccinv)
    rows(lambda v, x: 0.5 * gamma(0.5 * v, 0.5 * x), "v", s.chdtr, s.chdtrc)
    rows(lambda k, m: gamma(np.floor(k) + 1, m), "k", s.pdtrc, s.pdtr)
    rows(fisher, "dfn dfd", s.fdtr, s.fdtrc)
    order(s.stdtr, "df", lambda y, n, t: student(n, t))
    order(s.stdtrit, "df", lambda y, n, p: 1 / student(n, y))
    for function, sign in ((s.gdtr, 1), (s.gdtrc, -1)):
        row(
            function,
            _in_one_dtype(lambda y, a, b, x, sign=sign: sign * x * gamma(b, a * x)),
            unknown(function, "b"),
            _in_one_dtype(lambda y, a, b, x, sign=sign: sign * a * gamma(b, a * x)),
        )


def declare(*families: Any) -> None:
    """Enter the rows of families of functions, each given as `family(scipy.special)`."""
    from scipy import special

    if isinstance(special.erf, np.ufunc):  # SCIPY_ARRAY_API=1 wraps them: no Tensor gets through
        for family in families:
            family(special)


declare(_errors, _logistic, _powers, _box_cox, _gamma, _distributions)
