"""What may stand in the place of each piece of an equation: operands, g'(Z), ∂L/∂A.

Read next: `nn.diagnosis.bank`, which puts the pieces together.
"""

# ruff: noqa: E741  (l is the lecture's layer number)
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nn.diagnosis.equations import Equations, loss_slope
from nn.diagnosis.expressions import Expr, add, call, of, spell, times
from nn.diagnosis.scope import KINKED
from nn.diagnosis.slopes import LOSS_SLOPES, OF_A, OF_Z, VALUES, Slope

__all__ = [
    "Change", "Pieces", "apply", "left_out", "negative", "one_minus", "swap", "transposed",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """A mistake in the making: its kind and details, and the piece it puts in."""

    kind: str
    details: Mapping[str, Any]
    expr: Expr


def swap(expected: Expr, used: Expr) -> Change:
    """Another operand in the place of the one expected."""
    name = expected.code.removesuffix(".T")
    details = {"expected": name, "used": used.code.removesuffix(".T")}
    cached = name[0] in "AZX" and details["used"].lstrip("-(")[0] in "AZXnsg"
    return Change("wrong_layer_cache" if cached else "wrong_operand", details, used)


def transposed(name: str, piece: Expr) -> Change:
    """An operand transposed, or not, against the equation."""
    return Change("transposed", {"operand": spell(name)}, piece)


def left_out(name: str, rest: Expr) -> Change:
    """The equation without one operand."""
    return Change("missing_operand", {"operand": spell(name)}, rest)


class Pieces:
    """The alternatives to the pieces of one network's equations, the likeliest first."""

    def __init__(self, equations: Equations) -> None:
        self.eq, self.layout = equations, equations.layout
        self.L = self.layout.L

    def derivatives(self, l: int, T: bool = False) -> Iterator[Change]:
        """In the place of dZ[l]."""
        right, L = of(f"dZ{l}", T), self.L
        names = [f"dA{l}", *(f"dZ{k}" for k in range(L, l, -1)), f"Z{l}", f"A{l}"]
        names += [f"dA{k}" for k in range(L, l, -1)] + [f"dZ{k}" for k in range(l - 1, 0, -1)]
        for name in names:
            yield swap(right, of(name, T))

    def weights(self, l: int) -> Iterator[Change]:
        """In the place of W[l]ᵀ."""
        right = of(f"W{l}", T=True)
        yield swap(right, of(f"dW{l}", T=True))
        yield transposed(f"W{l}", of(f"W{l}"))
        others = [f"W{k}" for k in range(1, self.L + 1) if k != l]
        others += [f"dW{k}" for k in range(l + 1, self.L + 1)]
        for name in others:
            yield swap(right, of(name, T=True))
        for name in [f"dW{l}", *others]:
            yield swap(right, of(name))

    def caches(self, l: int) -> Iterator[Change]:
        """In the place of A[l]ᵀ."""
        right = of(f"A{l}", T=True)
        yield from self.values("A", l, T=True)
        yield transposed(f"A{l}", of(f"A{l}"))
        for g, f in VALUES.items():
            if g == "identity":
                continue
            yield swap(right, call("g({0})", f"{f.code}.T", _turned(f.function), of(f"A{l}")))
            if l and g != self.layout.activations[l - 1]:
                value = call("g({0})", f"{f.code}.T", _turned(f.function), of(f"Z{l}"))
                yield swap(right, value)
        yield swap(right, of(f"dA{l}" if l else "dZ1", T=True))

    def values(self, letter: str, l: int, T: bool = False) -> Iterator[Change]:
        """Other A and Z in the place of A[l] or Z[l]."""
        right, layers = (letter, l), range(self.L + 1)
        near = [("A", l + 1), ("Z", l), ("A", l)]
        for q, k in dict.fromkeys([*near, *((q, k) for q in "AZ" for k in layers)]):
            if (q, k) not in {right, ("Z", 0), ("A", self.L + 1)}:
                yield swap(of(f"{letter}{l}", T), of(f"{q}{k}", T))

    def slopes(self, l: int) -> Iterator[Change]:
        """In the place of g[l]'(Z[l])."""
        g, right = self.layout.activations[l - 1], self.eq.slope(l)

        def change(variant: str, used: str | None, piece: Expr) -> Change:
            details = {"variant": variant, "activation": g, "used_activation": used}
            details |= {"expected": right.code, "used": piece.code}
            return Change("wrong_activation_derivative", details, piece)

        if g == "softmax":
            return
        yield change("of_a", g, apply(OF_Z[g], f"A{l}"))
        for k, slope in OF_Z.items():
            if k != g:
                yield change("other_activation", k, apply(slope, f"Z{l}"))
        for k, slope in OF_A.items():
            if k != g:
                yield change("other_activation", k, apply(slope, f"A{l}"))
        layers = [l + 1, l - 1, *(k for k in range(self.L + 1) if abs(k - l) > 1)]
        for layer in (k for k in layers if k <= self.L):
            h = self.layout.activations[layer - 1] if layer else None
            if h and h != "softmax":
                yield change("other_layer", h, apply(OF_Z[h], f"Z{layer}"))
            if h and h != g:
                yield change("other_layer", g, apply(OF_Z[g], f"Z{layer}"))
            yield change("other_layer", g, apply(OF_Z[g], f"A{layer}"))
            if h != g and g in OF_A:
                yield change("other_layer", g, apply(OF_A[g], f"A{layer}"))
        if g in KINKED:
            yield change("malformed", g, apply(OF_Z[g], f"dA{l}"))
        yield change("twice", g, times(right, right))
        yield change("value", g, of(f"A{l}"))
        for slope in _MALFORMED:
            for name in (f"A{l}", f"Z{l}"):
                yield change("malformed", g, apply(slope, name))

    def losses(self, l: int, then: Callable[[Expr], Expr] = lambda x: x) -> Iterator[Change]:
        """∂L/∂A[L] of other losses, or of this one written wrongly; `then` goes on from it."""
        A, Y, ours = of(f"A{l}"), of("Y"), self.layout.loss
        right = loss_slope(ours, A, Y)

        def change(used: str | None, piece: Expr) -> Change:
            details = {"loss": ours, "used_loss": used, "expected": right.code, "used": piece.code}
            return Change("wrong_loss_derivative", details, then(self.eq.seed(piece)))

        if ours == "binary_cross_entropy":
            first, second = (_quotient(Y, A), _quotient(one_minus(Y), one_minus(A)))
            term = {"term": second.code}
            yield Change("missing_term", term, then(self.eq.seed(negative(first))))
            yield Change("missing_term", {"term": first.code}, then(self.eq.seed(second)))
            yield change(None, add(negative(first), second, "-"))
            yield change(None, add(first, second))
            yield change(None, _quotient(Y, A))
            swapped = add(negative(_quotient(one_minus(Y), A)), _quotient(Y, one_minus(A)))
            yield change(None, swapped)
        for name in LOSS_SLOPES:
            if name != ours:
                yield change(name, loss_slope(name, A, Y))
        if ours in {"squared_error", "mse"}:
            yield Change("missing_term", {"term": "Y"}, then(self.eq.seed(A)))
            yield change(None, add(A, Y))


def _turned(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: function(x).T


def apply(slope: Slope, name: str) -> Expr:
    """A slope of a quantity."""
    code = slope.code.format(spell(name))
    text = f"({code})" if code.startswith("1 ") else code  # a sum
    whole = code[0] + code[-1] == "()"
    return Expr(text, code if whole else f"({code})", lambda s: slope.function(s[name]))


# Expressions near a g'.
_MALFORMED = (
    Slope("1 - {0}", lambda v: 1 - v),
    Slope("1 + {0}**2", lambda v: 1 + v**2),
    Slope("{0}**2", lambda v: v**2),
    Slope("{0} * (1 + {0})", lambda v: v * (1 + v)),
    Slope("{0} * (1 - {0})", lambda v: v * (1 - v)),
    Slope("(1 - {0})**2", lambda v: (1 - v) ** 2),
    Slope("1 - {0}**2", lambda v: 1 - v**2),
    Slope("{0}", lambda v: v),
    Slope("1 - np.tanh({0})", lambda v: 1 - np.tanh(v)),
)


def negative(x: Expr) -> Expr:
    """−x."""
    text, code = x.factor()
    return Expr(f"−{text}", f"-{code}", lambda s: -x.value(s), tight=1)


def one_minus(x: Expr) -> Expr:
    """1 − x."""
    return Expr(f"(1−{x.text})", f"(1 - {x.code})", lambda s: 1 - x.value(s))


def _quotient(a: Expr, b: Expr) -> Expr:
    return Expr(f"{a.text}/{b.text}", f"{a.code} / {b.code}", lambda s: a.value(s) / b.value(s))
