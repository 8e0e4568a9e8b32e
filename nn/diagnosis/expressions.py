"""Expressions of quantities that know their value, their text and their line of NumPy.

With these an equation, right or wrong, is built from pieces: `matmul(of("W2", T=True), of("dZ2"))`
is W2ᵀ dZ2. Values come from a scope: anything with `scope["W2"]` and `scope.m`.

Read next: `nn.diagnosis.slopes`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Expr", "add", "call", "divided", "matmul", "of", "spell", "times"]

Array = Any


@dataclass(frozen=True, slots=True)
class Expr:
    """An expression: `text` as the lecture writes it, `code` as NumPy does, and its value.

    `tight` is 2 for what needs no parentheses anywhere, 1 for a product, 0 for a sum.
    """

    text: str
    code: str
    value: Callable[[Any], Array]
    tight: int = 2

    def factor(self) -> tuple[str, str]:
        """Text and code, in parentheses where a factor needs them."""
        return (self.text, self.code) if self.tight == 2 else (f"({self.text})", f"({self.code})")


def spell(name: str) -> str:
    """The name as the lecture has it: X for A0.

    >>> spell("A0"), spell("A1")
    ('X', 'A1')
    """
    return "X" if name == "A0" else name


def of(name: str, T: bool = False) -> Expr:
    """A quantity, transposed or not.

    >>> of("A0", T=True).text, of("W2", T=True).code
    ('Xᵀ', 'W2.T')
    """
    shown = spell(name)
    if T:
        return Expr(f"{shown}ᵀ", f"{shown}.T", lambda s: s[name].T)
    return Expr(shown, shown, lambda s: s[name])


def matmul(a: Expr, b: Expr) -> Expr:
    """The matrix product a b."""
    (at, ac), (bt, bc) = a.factor(), b.factor()
    code = f"{ac} @ {bc}"

    def value(s: Any) -> Array:
        known = getattr(s, "products", {})  # where many expressions have this one in common
        if code not in known:
            known[code] = a.value(s) @ b.value(s)
        return known[code]

    return Expr(f"{at} {bt}", code, value, tight=1)


def times(a: Expr, b: Expr) -> Expr:
    """The elementwise product a * b."""
    at, ac = a.factor()
    bt, bc = b.factor()
    at = a.text if a.tight else at
    return Expr(f"{at} * {bt}", f"{ac} * {bc}", lambda s: a.value(s) * b.value(s), tight=1)


def add(a: Expr, b: Expr, sign: str = "+") -> Expr:
    """The sum a + b, or the difference a − b."""
    shown = "−" if sign == "-" else sign
    lines = f"{a.text} {shown} {b.text}", f"{a.code} {sign} {b.code}"
    if sign == "+":
        return Expr(*lines, lambda s: a.value(s) + b.value(s), tight=0)
    return Expr(*lines, lambda s: a.value(s) - b.value(s), tight=0)


def divided(a: Expr, by: str, value: Callable[[Any], float]) -> Expr:
    """a / by, where `by` is a scalar with a name: m."""
    at, ac = (a.text, a.code) if a.tight else a.factor()
    return Expr(f"(1/{by}) {at}", f"{ac} / {by}", lambda s: a.value(s) / value(s), tight=1)


def call(text: str, code: str, function: Callable[..., Array], *arguments: Expr) -> Expr:
    """A function of expressions; `{0}`, `{1}` in text and code stand for them."""
    texts, codes = [a.text for a in arguments], [a.code for a in arguments]
    return Expr(
        text.format(*texts),
        code.format(*codes),
        lambda s: function(*(np.asarray(a.value(s)) for a in arguments)),
    )
