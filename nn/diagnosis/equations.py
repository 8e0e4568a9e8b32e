"""The right equation of every quantity, as an expression and in LaTeX.

Read next: `nn.diagnosis.pieces`, how they go wrong.
"""

# ruff: noqa: E741  (l is the lecture's layer number)
from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np

from nn.diagnosis.expressions import Expr, add, call, divided, matmul, of, times
from nn.diagnosis.scope import KINKED, Layout, Scope, Style, layer_of, order
from nn.diagnosis.slopes import LOSS_SLOPES, OF_A, OF_Z, VALUES, softmax_product

__all__ = ["Equations", "loss_slope", "mean", "summed"]

Array = Any


def loss_slope(name: str, A: Expr, Y: Expr) -> Expr:
    """∂L/∂A of the loss of that name."""
    slope = LOSS_SLOPES[name]

    def value(s: Any) -> Array:
        of_one = "entropy" in name  # a probability less a label, as exact as 1 is
        return slope.function(A.value(s), Y.value(s)) + getattr(s, "shake", 0.0) * of_one

    text, code = slope.text.format(A=A.text, Y=Y.text), slope.code.format(A=A.code, Y=Y.code)
    return Expr(text, code, value, tight=0)


def mean(x: Expr) -> Expr:
    """x / m: what turns a sum over the examples into their mean."""
    return divided(x, "m", lambda s: s.m)


def summed(x: Expr) -> Expr:
    """The sum over the examples, which are columns."""
    text, _ = x.factor()
    return Expr(
        f"Σ {text}",
        f"np.sum({x.code}, axis=1, keepdims=True)",
        lambda s: x.value(s).sum(axis=1, keepdims=True),
    )


class Equations:
    """The right equations of one network, in the student's style.

    Args:
        layout: the network.
        style: see `Style`.
        supplied: the quantities whose values the student gives. An equation is written in
            terms of these: dZ1 = dA1 * g1'(Z1) where dA1 is one, else W2ᵀ dZ2 * g1'(Z1).
    """

    def __init__(self, layout: Layout, style: Style, supplied: Collection[str]) -> None:
        self.layout, self.style, self.supplied = layout, style, frozenset(supplied)
        self._forms = {q: self._written(q) for q in order(layout.L)}
        self._right = {q: forms[-1] for q, forms in self._forms.items()}

    def __getitem__(self, quantity: str) -> Expr:
        return self._right[quantity]

    def shared(self, x: Expr) -> Expr:
        """x with the 1/m that dW and db have in the notes, dZ and dA in a derivative of J."""
        return x if self.style.of_cost else mean(x)

    def seed(self, x: Expr) -> Expr:
        """x with the 1/m that the first quantity has where all are derivatives of J."""
        return mean(x) if self.style.of_cost else x

    def direct(self) -> Expr:
        """A[L] − Y."""
        L = self.layout.L
        return self.seed(loss_slope("squared_error", of(f"A{L}"), of("Y")))

    def slope(self, l: int) -> Expr:
        """g[l]'(Z[l])."""
        g = self.layout.activations[l - 1]
        code = OF_A[g].code.format(f"A{l}") if g in OF_A else OF_Z[g].code.format(f"Z{l}")
        tight = g in {"relu", "gelu", "identity", "leaky_relu", "elu"}
        text = f"g{l}'(Z{l})"
        kinked, right = g in KINKED, self.style.right_kink

        def value(s: Any) -> Array:
            if g in OF_A and not kinked:
                return OF_A[g].function(s[f"A{l}"]) + getattr(s, "shake", 0.0)
            Z = s[f"Z{l}"]
            if kinked and right:
                return np.where(Z >= 0, 1, 0.01 if g == "leaky_relu" else 0)
            smooth = not kinked and g != "identity"
            return OF_Z[g].function(Z) + getattr(s, "shake", 0.0) * smooth

        return Expr(text, code if tight else f"({code})", value)

    def activated(self, l: int, z: Expr) -> Expr:
        """g[l](z)."""
        g = VALUES[self.layout.activations[l - 1]]

        def value(s: Any) -> Array:  # as exact as 1 is: tanh, and σ of a negative number
            return g.function(z.value(s)) + getattr(s, "shake", 0.0)

        return Expr(f"g{l}({z.text})", g.code.format(z.code), value)

    def through(self, l: int, dA: Expr) -> Expr:
        """dZ[l] from dA[l]: times g[l]'(Z[l]); for softmax, its Jacobian applied."""
        if self.layout.activations[l - 1] == "identity":
            return dA
        if self.layout.activations[l - 1] != "softmax":
            return times(dA, self.slope(l))
        return call(
            f"(diag(a) − a aᵀ) {{0}}, a = A{l}",
            "{1} * ({0} - ({0} * {1}).sum(axis=0))",
            softmax_product,
            Expr(dA.factor()[0], dA.factor()[1], dA.value),
            of(f"A{l}"),
        )

    def back(self, l: int) -> Expr:
        """dA[l] = W[l+1]ᵀ dZ[l+1]."""
        return matmul(of(f"W{l + 1}", T=True), of(f"dZ{l + 1}"))

    def _written(self, quantity: str) -> list[Expr]:
        q, l = layer_of(quantity)
        if q == "Z":
            return [add(matmul(of(f"W{l}"), of(f"A{l - 1}")), of(f"b{l}"))]
        if q == "A":
            return [self.activated(l, of(f"Z{l}"))]
        if q == "dW":
            return [self.shared(matmul(of(f"dZ{l}"), of(f"A{l - 1}", T=True)))]
        if q == "db":
            return [self.shared(summed(of(f"dZ{l}")))]
        loss = self.seed(loss_slope(self.layout.loss, of(f"A{l}"), of("Y")))
        dA = loss if l == self.layout.L else self.back(l)
        if q == "dA":
            return [dA]
        given = f"dA{l}" in self.supplied
        if l == self.layout.L and self.layout.direct:
            return [self.through(l, of(f"dA{l}"))] * given + [self.direct()]
        return [self.through(l, of(f"dA{l}") if given else dA)]

    def forms(self, quantity: str) -> list[Expr]:
        """The right ways to compute a quantity; the last, by which scopes know it, looked up."""
        *others, right = self._forms[quantity]
        return [*others, replace(right, value=lambda s: s[quantity])]

    def inputs(self, quantity: str) -> list[str]:
        """The quantities that a quantity's equation takes, a derivative first if it takes one."""
        q, l = layer_of(quantity)
        below, last = [f"A{l - 1}"] if l > 1 else [], l == self.layout.L
        if q in {"Z", "A"}:
            return below if q == "Z" else [f"Z{l}"]
        if q in {"dW", "db"}:
            return [f"dZ{l}", *below][: 2 if q == "dW" else 1]
        if q == "dA":
            return [f"A{l}" if last else f"dZ{l + 1}"]
        if last and self.layout.direct and f"dA{l}" not in self.supplied:
            return [f"A{l}"]
        return [f"dA{l}", f"Z{l}", f"A{l}"]

    def latex(self, quantity: str) -> str:
        """The right equation in LaTeX."""
        q, l = layer_of(quantity)
        here, below = f"^{{[{l}]}}", f"^{{[{l - 1}]}}"
        mean = "" if self.style.of_cost else r"\frac{1}{m}\,"
        if q == "A":
            return rf"A{here} = g{here}(Z{here})"
        if q == "Z":
            return rf"Z{here} = W{here} {'X' if l == 1 else f'A{below}'} + b{here}"
        if q == "dW":
            below = "X" if l == 1 else f"A{below}"
            factor = rf"{below}^{{T}}" if l == 1 else rf"{below}{{}}^{{T}}"
            return rf"dW{here} = {mean}dZ{here} {factor}"
        if q == "db":
            return rf"db{here} = {mean}\sum_{{i=1}}^{{m}} dZ^{{[{l}](i)}}"
        above = f"^{{[{l + 1}]}}"
        back = rf"W{above}{{}}^{{T}} dZ{above}"
        if q == "dA":
            loss = rf"\frac{{\partial \mathcal{{L}}}}{{\partial A{here}}}"
            if self.layout.loss == "binary_cross_entropy":
                loss = rf"-\frac{{Y}}{{A{here}}} + \frac{{1-Y}}{{1-A{here}}}"
            return rf"dA{here} = {loss if l == self.layout.L else back}"
        if l == self.layout.L and self.layout.direct:
            return rf"dZ{here} = A{here} - Y"
        if l == self.layout.L or f"dA{l}" in self.supplied:
            back = f"dA{here}"
        if self.layout.activations[l - 1] == "softmax":
            return rf"dZ{here} = \frac{{\partial A{here}}}{{\partial Z{here}}}^{{T}} {back}"
        return rf"dZ{here} = {back} \odot g{here}{{}}'(Z{here})"

    def scope(self, point: Any, given: dict[str, Array] | None = None) -> Scope:
        """The values at a point, with the quantities `given` taken as they are."""
        return Scope(point, self.layout, self.style, self._right, given or {}, list(self._right))
