"""Names of the factors by which a right-hand side can be wrong.

Read next: `nn.diagnosis.explain`.
"""

# ruff: noqa: E741  (l is the lecture's layer number)
from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from nn.diagnosis.equations import Equations
from nn.diagnosis.expressions import Expr
from nn.diagnosis.scope import Scope, layer_of

__all__ = ["Factor", "named"]

Fault = tuple[str, Mapping[str, Any]]
_COMMON = (2, 1 / 2, 3, 4, 1 / 4)  # constants one meets, even if m is the same number
_STEPS = (0.1, 0.01, 0.001)  # learning rates; where m is 10, 0.1 is still called 1/m


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor as faults (none if it is 1), as text, and as a number in each scope."""

    faults: tuple[Fault, ...]
    text: str
    value: Callable[[Scope], float]

    def applied(self, expr: Expr) -> Expr:
        """The expression times the factor."""
        if self.text == "1":
            return expr
        text, code = (expr.text, expr.code) if expr.tight else expr.factor()
        by, shared = self.text, text.startswith("(1/m) ") and code.endswith(" / m")
        if shared and (cancelled := re.fullmatch(r"(2?)\*?m(/.+)?", by)):
            text, code = text.removeprefix("(1/m) "), code.removesuffix(" / m")
            number, divisor = cancelled.groups("")
            by = (number or "1") + divisor
        if by in {"1", "-1"}:
            sign = by.removesuffix("1")
            return Expr(sign.replace("-", "−") + text, sign + code, expr.value, tight=1)
        shown = by if by.isdecimal() else f"({by})"
        return Expr(f"{shown} {text}", f"{by} * {code}", expr.value, tight=1)


def named(
    equations: Equations,
    quantity: str,
    factors: Sequence[float],
    scopes: Sequence[Scope],
    eps: float,
    enough: bool,
) -> Iterator[Factor]:
    """What a factor, measured in each scope, can be.

    Args:
        equations: the right ones.
        quantity: the one of whose right-hand side it is a factor.
        factors: its measured value in each scope; nan where all was 0.
        scopes: where it was measured.
        eps: the precision of the measurement.
        enough: whether so many numbers were compared that any constant may be believed.
    """

    def fits(value: Callable[[Scope], float]) -> bool:
        close = (
            np.isnan(c) or abs(c / value(s) - 1) < max(1e-6, 100 * eps)
            for c, s in zip(factors, scopes, strict=True)
        )
        return all(close)

    if fits(lambda s: 1.0):
        yield Factor((), "1", lambda s: 1.0)
        return
    if fits(lambda s: -1.0):
        yield Factor((("sign", {}),), "-1", lambda s: -1.0)
        return
    c = next(float(c) for c in factors[::-1] if not np.isnan(c))
    constant = _constant(c) if fits(lambda s: c) else None
    forms = []
    for text, value, fault in _of_m(equations, quantity):
        for sign in (1, -1):
            signed = _times(value, sign)
            if fits(signed):
                faults = fault(c) if sign > 0 else (("sign", {}), *fault(-c))
                forms.append(Factor(faults, text if sign > 0 else f"-{text}", signed))
    whole = [f for f in forms if f.text.lstrip("-") in {"m", "1/m"}]
    known = _COMMON if whole else _COMMON + _STEPS
    common = constant is not None and any(abs(abs(c) / k - 1) < 1e-6 for k in known)
    yield from whole
    if constant and common:
        yield constant
    yield from (f for f in forms if f not in whole)
    if constant and not common and not forms and (enough or constant.text == _shown(c)):
        yield constant


def _times(value: Callable[[Scope], float], sign: int) -> Callable[[Scope], float]:
    return lambda s: sign * value(s)


def _over(n: int) -> Callable[[Scope], float]:
    return lambda s: s.m / n


def _constant(c: float) -> Factor:
    """A constant factor; exactly the number that people write, if it is near one."""
    text = _shown(c) or f"{c:.6g}"
    exact = float(Fraction(text)) if _shown(c) else c
    return Factor((("constant_factor", {"factor": exact, "as_text": text}),), text, lambda _: exact)


def _shown(c: float) -> str | None:
    """The text of a number that people write: 2, 1/3, 0.01; None for others."""
    close = Fraction(c).limit_denominator(12)
    if abs(close.numerator) <= 12 and close and abs(float(close) / c - 1) < 1e-6:
        return str(close)
    for digits in range(1, 3):
        if abs(float(f"{c:.{digits}g}") / c - 1) < 1e-6:
            return f"{c:.{digits}g}"
    return None


def _of_m(
    equations: Equations, quantity: str
) -> Iterator[tuple[str, Callable[[Scope], float], Callable[[float], tuple[Fault, ...]]]]:
    """Factors made of m and the sizes: text, value, and the faults they are."""
    letter, l = layer_of(quantity)
    sizes, of_cost = equations.layout.sizes, equations.style.of_cost
    forward = letter in {"Z", "A"}
    has_mean = not forward and (letter in {"dW", "db"}) != of_cost
    missing = "sum_instead_of_mean" if letter == "db" else "missing_1_over_m"

    def constant(text: str) -> Callable[[float], tuple[Fault, ...]]:
        return lambda c: (("constant_factor", {"factor": c, "as_text": text}),)

    def without_mean(text: str, rest: tuple[Fault, ...]) -> Callable[[float], tuple[Fault, ...]]:
        return (lambda _: ((missing, {}), *rest)) if has_mean else constant(text)

    yield "m", lambda s: s.m, without_mean("m", ())
    extra = constant("1/m") if forward else lambda _: (("extra_1_over_m", {}),)
    yield "1/m", lambda s: 1 / s.m, extra
    for k in dict.fromkeys((0, l - 1, l, equations.layout.L)):
        n = sizes[k]
        if n > 1:
            yield f"m/n[{k}]", _over(n), constant(f"m/n[{k}]")
    yield "m/2", lambda s: s.m / 2, constant("m/2")
    yield "2*m", lambda s: 2 * s.m, without_mean("2*m", constant("2")(2.0))
    yield "2/m", lambda s: 2 / s.m, constant("2/m")
    yield "1/(2*m)", lambda s: 0.5 / s.m, constant("1/(2*m)")
    yield "m**2", lambda s: s.m**2, constant("m**2")
    yield "1/m**2", lambda s: 1 / s.m**2, constant("1/m**2")
    yield "m/(m-1)", lambda s: s.m / (s.m - 1) if s.m > 1 else np.inf, constant("m/(m-1)")
