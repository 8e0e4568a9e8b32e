"""Elementwise ops: each row a NumPy function and its partial derivatives.

At a kink the derivative is documented beside the row. Read next: `minigrad.sweep`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.declare import arrays, constant, elementwise, linear, multilinear, plain, rule
from minigrad.table import Op
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


def _winner(x: Array, other: Array, beats: Any) -> Array:
    """1 where x is the result, 1/2 where both are; a nan is, as NumPy has it."""
    return (beats(x, other) | (x != x)) + 0.5 * (x == other)  # noqa: PLR0124


def _softmax(y: Array, a: Array, b: Array) -> Array:
    """exp(a - y); where y is infinite, 1 for the argument that makes it so."""
    infinite = np.isinf(y)
    return np.where(infinite, _winner(a, b, np.greater), np.exp(a - np.where(infinite, 0, y)))


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


# fmt: off
linear(np.add,           lambda g, y, a, b: g,       lambda g, y, a, b: g,      symbol="+", code="{0} + {1}")
linear(np.subtract,      lambda g, y, a, b: g,       lambda g, y, a, b: -g,     symbol="−", code="{0} - {1}")
linear(np.positive,      lambda g, y, x: g,                                     symbol="+", code="+{0}")
linear(np.negative,      lambda g, y, x: -g,                                    symbol="−", code="-{0}")
multilinear(np.multiply, lambda g, y, a, b: g * b,   lambda g, y, a, b: a * g,  symbol="×", code="{0} * {1}")
rule(np.divide,          lambda g, y, a, b: g / b,   lambda g, y, a, b: -g * y / b, symbol="÷", code="{0} / {1}")
rule(np.power,           _power_base,                _power_exponent,           symbol="^", code="{0} ** {1}")

elementwise(np.exp,    lambda y, x: y)
elementwise(np.expm1,  lambda y, x: y + 1)
elementwise(np.log,    lambda y, x: 1 / x)
elementwise(np.log1p,  lambda y, x: 1 / (1 + x))
elementwise(np.sqrt,   lambda y, x: 0.5 / y,         symbol="√")
elementwise(np.square, lambda y, x: 2 * x,           symbol="²")
elementwise(np.sin,    lambda y, x: np.cos(x))
elementwise(np.cos,    lambda y, x: -np.sin(x))
elementwise(np.tanh,   lambda y, x: 1 - y * y)

# At a kink: |x|' = 0 at 0; maximum and minimum share a tie equally; clip takes the left derivative.
elementwise(np.absolute,  lambda y, x: np.sign(np.conj(x)), symbol="|·|")
elementwise(np.maximum,   lambda y, a, b: _winner(a, b, np.greater), lambda y, a, b: _winner(b, a, np.greater), symbol="max")
elementwise(np.minimum,   lambda y, a, b: _winner(a, b, np.less),    lambda y, a, b: _winner(b, a, np.less),    symbol="min")
elementwise(np.logaddexp, _softmax, lambda y, a, b: _softmax(y, b, a))

rule(np.clip,
     lambda g, y, x, low, high: g * ((x > low) & (x <= high)),
     lambda g, y, x, low, high: g * ((x <= low) & (low <= high)),
     lambda g, y, x, low, high: g * (np.maximum(x, low) > high), call=_clip)
rule(np.where, None,
     lambda g, y, c, a, b: np.where(c, g, 0),
     lambda g, y, c, a, b: np.where(c, 0, g), form="linear")

# Complex numbers, by the convention of minigrad.ops.declare.
linear(np.conjugate, lambda g, y, x: np.conjugate(g), symbol="conj")
linear(np.real,      lambda g, y, val: g)
linear(np.imag,      lambda g, y, val: g * -1j)
# fmt: on

linear(
    "astype",
    lambda g, y, x, *, dtype: g,
    forward=lambda x, *, dtype: x.astype(dtype),
    code="{0}.astype({=})",
)
linear("recorded", lambda g, y, x: g, forward=lambda x: x)
linear("stop_gradient", None, forward=lambda x: x, call=record)

constant(np.less, symbol="<", code="{0} < {1}")
constant(np.less_equal, symbol="≤", code="{0} <= {1}")
constant(np.greater, symbol=">", code="{0} > {1}")
constant(np.greater_equal, symbol="≥", code="{0} >= {1}")
constant(np.equal, symbol="=", code="{0} == {1}")
constant(np.not_equal, symbol="≠", code="{0} != {1}")
constant(np.bitwise_and, symbol="&", code="{0} & {1}")
constant(np.bitwise_or, symbol="|", code="{0} | {1}")
constant(np.invert, symbol="~", code="~{0}")
constant(np.logical_and, np.logical_or, np.logical_not, np.sign, np.isnan, np.isinf, np.isfinite)
plain(np.allclose, np.array_equal, np.iscomplexobj, np.isrealobj, np.result_type)
