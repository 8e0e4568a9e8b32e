"""Elementwise ops: each row a NumPy function and its partial derivatives.

At a kink the derivative is documented beside the row. Read next: `minigrad.sweep`.
"""

from __future__ import annotations

from math import factorial, log, pi
from typing import Any

import numpy as np

from minigrad.ops.declare import (
    arrays,
    composed,
    constant,
    elementwise,
    linear,
    multilinear,
    plain,
    rule,
)
from minigrad.table import ROWS, Op
from minigrad.tensor import Tensor, record
from minigrad.values import Array

__all__: list[str] = []


def _power_base(g: Array, y: Array, a: Array, b: Array) -> Array:
    """b a^(b-1); 0 at b = 0, also where a = 0."""
    if isinstance(b, (int, float)):
        return g * (2 * a) if b == 2 else g * (b * a ** (b - 1)) if b else g * 0
    return g * np.where(b == 0, 0, b * a ** np.where(b == 0, 1, b - 1))


def _power_exponent(g: Array, y: Array, a: Array, b: Array) -> Array:
    """y log a; 0 where a = 0, its limit for b > 0."""
    return g * y * np.log(np.where(a == 0, 1, a))


def _winner(y: Array, x: Array, other: Array, beats: Any) -> Array:
    """1 where x is the result, 1/2 where both are; a nan is, as NumPy has it."""
    return (beats(x, other) | (x != x)) + y.dtype.type(0.5) * (x == other)  # noqa: PLR0124


def _number(y: Array, x: Array, other: Array, beats: Any) -> Array:
    """The same where a nan loses to a number; of two nans, each is."""
    return (beats(x, other) | (other != other)) + y.dtype.type(0.5) * (x == other)  # noqa: PLR0124


def _softmax(y: Array, a: Array, b: Array, exp: Any = np.exp) -> Array:
    """exp(a - y); where y is infinite, 1 for the argument that makes it so."""
    infinite = np.isinf(y)
    return np.where(infinite, _winner(y, a, b, np.greater), exp(a - np.where(infinite, 0, y)))


def _over(a: Array, h: Array) -> Array:
    """a / h, for h = hypot(a, b): 0 where both are 0."""
    return a / np.where(h == 0, 1, h)


def _sinc(y: Array, x: Array) -> Array:
    """(cos πx - y) / x; near 0, where that cancels, Σ (-1)^k 2k π^2k x^(2k-1) / (2k+1)!."""
    near = np.abs(x) < 0.3
    z = np.where(near, x, 0)
    series = 0.0
    for k in range(9, 0, -1):
        series = series * (z * z) + (-1) ** k * 2 * k * pi ** (2 * k) / factorial(2 * k + 1)
    far = np.where(near, 1, x)
    return np.where(near, z * series, (np.cos(pi * far) - y) / far)


def _i1(x: Array) -> Array:
    """The derivative of i0, the Bessel function I₁: the mean of cos t sinh(x cos t).

    Each term has the sign of x, so nothing cancels; for a periodic function evenly spaced t are
    exact to rounding, 128 of them up to where i0 overflows.
    """
    cos = np.cos((np.arange(128) + 0.5) * (pi / 128))
    return np.mean(cos * np.sinh(x[..., None] * cos), axis=-1)


def _sign(g: Array, y: Array, x: Array) -> Array:
    """x/|x| turns as x turns, so only a complex x has a derivative; 0 at 0."""
    if x.dtype.kind != "c":
        return None
    return 1j * np.conjugate(y) * np.imag(g * y) / np.where(x == 0, 1, np.abs(x))


def _angle(g: Array, y: Array, z: Array, *, deg: bool = False) -> Array:
    """Im(dz / z), in degrees if asked; 0 at 0."""
    unit = 180 / pi if deg else 1
    return g * (-1j * unit) / np.where(z == 0, 1, z) * (z != 0)


def _nan_to_num(
    g: Array, y: Array, x: Array, *, copy: bool = True, nan: float = 0.0,
    posinf: float | None = None, neginf: float | None = None,
) -> Array:  # fmt: skip
    """Nothing flows to a number that was replaced; of a complex one, to the part that was."""
    if x.dtype.kind != "c":
        return np.where(np.isfinite(x), g, 0)
    kept = np.where(np.isfinite(np.real(x)), np.real(g), 0)
    return kept + 1j * np.where(np.isfinite(np.imag(x)), np.imag(g), 0)


def _clip(
    op: Op,
    a: Any,
    a_min: Any = None,
    a_max: Any = None,
    *,
    min: Any = None,  # noqa: A002
    max: Any = None,  # noqa: A002
) -> Tensor:
    low = a_min if min is None else min
    high = a_max if max is None else max
    bounds = (-np.inf if low is None else low, np.inf if high is None else high)
    return record(op, arrays(np.clip, (a, *bounds)))


def _where(op: Op, condition: Any, *sides: Any) -> Any:
    if not sides:
        return np.nonzero(condition)
    return record(op, arrays(np.where, (condition, *sides)))


def _modf(x: Any) -> tuple[Any, Any]:
    finite = np.where(np.isinf(x), 0, x)
    return finite - np.trunc(finite), np.trunc(x)


def _frexp(x: Any) -> tuple[Any, Any]:
    exponent = record(ROWS["exponent"], (x,))
    return np.ldexp(x, -exponent), exponent


# fmt: off
linear(np.add,           lambda g, y, a, b: g,       lambda g, y, a, b: g,      symbol="+", code="{0} + {1}",     latex=r"#0 + #1")
linear(np.subtract,      lambda g, y, a, b: g,       lambda g, y, a, b: -g,     symbol="−", code="{0} - {1}",     latex=r"#0 - #1")
linear(np.positive,      lambda g, y, x: g,                                     symbol="+", code="+{0}",          latex=r"+#0")
linear(np.negative,      lambda g, y, x: -g,                                    symbol="−", code="-{0}",          latex=r"-#0")
multilinear(np.multiply, lambda g, y, a, b: g * b,   lambda g, y, a, b: a * g,  symbol="×", code="{0} * {1}")
rule(np.divide,          lambda g, y, a, b: g / b,   lambda g, y, a, b: -g * y / b, symbol="÷", code="{0} / {1}", latex=r"\frac{#0}{#1}")
rule(np.power,           _power_base,                _power_exponent,           symbol="^", code="{0} ** {1}",    latex=r"#0^{#1}")
rule(np.float_power,     _power_base,                _power_exponent,           symbol="^",                       latex=r"#0^{#1}")
elementwise(np.reciprocal, lambda y, x: -y * y,                                 symbol="1/·",                     latex=r"\frac{1}{#0}")

# Where a slope is infinite, of sqrt and cbrt at 0, so is the derivative.
elementwise(np.exp,     lambda y, x: y,                              latex=r"e^{#0}")
elementwise(np.exp2,    lambda y, x: y * log(2),                     latex=r"2^{#0}")
elementwise(np.expm1,   lambda y, x: y + 1,                          latex=r"e^{#0} - 1")
elementwise(np.log,     lambda y, x: 1 / x)
elementwise(np.log2,    lambda y, x: 1 / (x * log(2)),               latex=r"\log_{2}(#0)")
elementwise(np.log10,   lambda y, x: 1 / (x * log(10)),              latex=r"\log_{10}(#0)")
elementwise(np.log1p,   lambda y, x: 1 / (1 + x),                    latex=r"\log(1 + #0)")
elementwise(np.sqrt,    lambda y, x: 0.5 / y,        symbol="√",     latex=r"\sqrt{#0}")
elementwise(np.cbrt,    lambda y, x: 1 / (3 * y * y), symbol="∛",    latex=r"\sqrt[3]{#0}")
elementwise(np.square,  lambda y, x: 2 * x,          symbol="²",     latex=r"#0^{2}")
elementwise(np.sin,     lambda y, x: np.cos(x))
elementwise(np.cos,     lambda y, x: -np.sin(x))
elementwise(np.tan,     lambda y, x: 1 + y * y)
elementwise(np.arcsin,  lambda y, x: 1 / np.sqrt((1 - x) * (1 + x)))
elementwise(np.arccos,  lambda y, x: -1 / np.sqrt((1 - x) * (1 + x)))
elementwise(np.arctan,  lambda y, x: 1 / (1 + x * x))
elementwise(np.sinh,    lambda y, x: np.cosh(x))
elementwise(np.cosh,    lambda y, x: np.sinh(x))
elementwise(np.tanh,    lambda y, x: 1 - y * y)
elementwise(np.arcsinh, lambda y, x: 1 / np.cosh(y),                 latex=r"\operatorname{arsinh}(#0)")
elementwise(np.arccosh, lambda y, x: 1 / np.sinh(y),                 latex=r"\operatorname{arcosh}(#0)")
elementwise(np.arctanh, lambda y, x: 1 / ((1 - x) * (1 + x)),        latex=r"\operatorname{artanh}(#0)")
rule(np.sinc,           lambda g, y, x: g * _sinc(y, x),             latex=r"\operatorname{sinc}(#0)")
for _degrees in (np.rad2deg, np.degrees):
    linear(_degrees,    lambda g, y, x: np.rad2deg(g), symbol="°",   latex=r"\frac{180}{\pi} \, #0")
for _radians in (np.deg2rad, np.radians):
    linear(_radians,    lambda g, y, x: np.deg2rad(g), symbol="rad", latex=r"\frac{\pi}{180} \, #0")

# The angle and the length of the arrow (b, a): both derivatives are 0 for the arrow without length.
elementwise(np.arctan2, lambda y, a, b: _over(_over(b, np.hypot(a, b)), np.hypot(a, b)),
                        lambda y, a, b: -_over(_over(a, np.hypot(a, b)), np.hypot(a, b)))
elementwise(np.hypot,   lambda y, a, b: _over(a, y), lambda y, a, b: _over(b, y), latex=r"\sqrt{#0^{2} + #1^{2}}")
elementwise(np.i0,      lambda y, x: _i1(x),         symbol="I₀", latex=r"I_{0}(#0)")

# Remainders jump at whole a/b, where the derivative by b is that of NumPy's side.
elementwise(np.remainder, lambda y, a, b: 1,         lambda y, a, b: -np.floor_divide(a, b), symbol="%", code="{0} % {1}", latex=r"#0 \bmod #1")
elementwise(np.fmod,      lambda y, a, b: 1,         lambda y, a, b: -np.rint((a - y) / b))
linear(np.ldexp,          lambda g, y, a, b: np.ldexp(g, b), None, latex=r"2^{#1} \, #0")

# At a kink: |x|' = 0 at 0; maximum and minimum share a tie equally; clip takes the left derivative.
elementwise(np.fabs,      lambda y, x: np.sign(x),  symbol="|·|",         latex=r"\lvert #0 \rvert")
elementwise(np.copysign,  lambda y, a, b: np.sign(a) * np.sign(y), None)
elementwise(np.absolute,  lambda y, x: np.sign(np.conj(x)), symbol="|·|", latex=r"\lvert #0 \rvert")
elementwise(np.maximum,   lambda y, a, b: _winner(y, a, b, np.greater), lambda y, a, b: _winner(y, b, a, np.greater), symbol="max")
elementwise(np.minimum,   lambda y, a, b: _winner(y, a, b, np.less),    lambda y, a, b: _winner(y, b, a, np.less),    symbol="min")
elementwise(np.fmax,      lambda y, a, b: _number(y, a, b, np.greater), lambda y, a, b: _number(y, b, a, np.greater))
elementwise(np.fmin,      lambda y, a, b: _number(y, a, b, np.less),    lambda y, a, b: _number(y, b, a, np.less))
elementwise(np.logaddexp, _softmax, lambda y, a, b: _softmax(y, b, a), latex=r"\log(e^{#0} + e^{#1})")
elementwise(np.logaddexp2, lambda y, a, b: _softmax(y, a, b, np.exp2), lambda y, a, b: _softmax(y, b, a, np.exp2), latex=r"\log_{2}(2^{#0} + 2^{#1})")

# Steps: nothing flows, at a jump neither.
elementwise(np.heaviside, None, lambda y, a, b: a == 0)
rule(np.sign,             _sign, latex=r"\operatorname{sgn}(#0)")
rule(np.floor_divide,     lambda g, y, a, b: None, lambda g, y, a, b: None, symbol="//", code="{0} // {1}", latex=r"\left\lfloor \frac{#0}{#1} \right\rfloor")
for _round in (np.round, np.around):
    rule(_round,          lambda g, y, a, *, decimals=0: None)
rule(np.isclose,          lambda g, y, a, b, *, rtol=1e-5, atol=1e-8, equal_nan=False: None, symbol="≈", latex=r"#0 \approx #1")
rule(np.isin,             lambda g, y, element, test_elements, *, assume_unique=False, invert=False, kind=None: None, symbol="∈", latex=r"#0 \in #1")
for _question in (np.isposinf, np.isneginf, np.isreal, np.iscomplex):
    rule(_question,       lambda g, y, x: None)
rule(np.nan_to_num,       _nan_to_num)

rule(np.clip,
     lambda g, y, x, low, high: g * ((x > low) & (x <= high)),
     lambda g, y, x, low, high: g * ((x <= low) & (low <= high)),
     lambda g, y, x, low, high: g * (np.maximum(x, low) > high), call=_clip)
rule(np.where, None,
     lambda g, y, c, a, b: np.where(c, g, 0),
     lambda g, y, c, a, b: np.where(c, 0, g), form="linear", call=_where,
     latex=r"\begin{cases} #1 & #0 \\ #2 & \text{else} \end{cases}")

# Complex numbers, by the convention of minigrad.ops.declare.
linear(np.conjugate, lambda g, y, x: np.conjugate(g), symbol="conj", latex=r"\overline{#0}")
linear(np.real,      lambda g, y, val: g,                            latex=r"\operatorname{Re}(#0)")
linear(np.imag,      lambda g, y, val: g * -1j,                      latex=r"\operatorname{Im}(#0)")
rule(np.angle,       _angle, symbol="∠",                             latex=r"\arg#=(#0)")
# fmt: on

linear(
    "astype",
    lambda g, y, x, *, dtype: g,
    forward=lambda x, *, dtype: x.astype(dtype),
    code="{0}.astype({=})",
    latex="#0",
)
rule(
    "exponent",  # e of x = m 2^e, with m from [0.5, 1)
    lambda g, y, x: None,
    forward=lambda x: np.frexp(x)[1],
    code="np.frexp({0})[1]",
)
linear("recorded", lambda g, y, x: g, forward=lambda x: x, latex="#0")
linear("stop_gradient", None, forward=lambda x: x, call=record)

constant(np.less, symbol="<", code="{0} < {1}", latex="#0 < #1")
constant(np.less_equal, symbol="≤", code="{0} <= {1}", latex=r"#0 \le #1")
constant(np.greater, symbol=">", code="{0} > {1}", latex="#0 > #1")
constant(np.greater_equal, symbol="≥", code="{0} >= {1}", latex=r"#0 \ge #1")
constant(np.equal, symbol="=", code="{0} == {1}", latex="#0 = #1")
constant(np.not_equal, symbol="≠", code="{0} != {1}", latex=r"#0 \ne #1")
constant(np.bitwise_and, symbol="&", code="{0} & {1}", latex=r"#0 \land #1")
constant(np.bitwise_or, symbol="|", code="{0} | {1}", latex=r"#0 \lor #1")
constant(np.invert, symbol="~", code="~{0}", latex=r"\lnot #0")
constant(np.bitwise_xor, symbol="^", code="{0} ^ {1}", latex=r"#0 \oplus #1")
constant(np.logical_and, latex=r"#0 \land #1")
constant(np.logical_or, latex=r"#0 \lor #1")
constant(np.logical_xor, latex=r"#0 \oplus #1")
constant(np.logical_not, latex=r"\lnot #0")
constant(np.floor, latex=r"\lfloor #0 \rfloor")
constant(np.ceil, latex=r"\lceil #0 \rceil")
constant(np.isnan, np.isinf, np.isfinite, np.signbit, np.trunc, np.rint, np.spacing)
plain(np.allclose, np.array_equal, np.array_equiv, np.iscomplexobj, np.isrealobj, np.result_type)
composed(np.divmod, lambda a, b: (np.floor_divide(a, b), np.remainder(a, b)))
composed(np.modf, _modf)
composed(np.frexp, _frexp)
composed(np.astype, lambda x, dtype, *, copy=True: x.astype(dtype, copy=copy))
