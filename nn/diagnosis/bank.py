"""The mistakes people make, as alternatives to the pieces of each equation.

An equation is a way to build a value from its slots, `build(W, dZ, slope)`; a mistake puts another
piece into one slot, or builds otherwise. Factors (a sign, 1/m) and added terms are found by
fitting, in `nn.diagnosis.explain`.

Read next: `nn.diagnosis.explain`.
"""

# ruff: noqa: E741  (l is the lecture's layer number)
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nn.diagnosis.equations import Equations, loss_slope, summed
from nn.diagnosis.expressions import Expr, add, call, matmul, of, spell, times
from nn.diagnosis.pieces import (
    Change,
    Pieces,
    apply,
    left_out,
    negative,
    one_minus,
    swap,
    transposed,
)
from nn.diagnosis.scope import layer_of
from nn.diagnosis.slopes import OF_A, OF_Z, VALUES

__all__ = ["Change", "Slots", "guesses", "slots", "terms"]


@dataclass(frozen=True, slots=True)
class Slots:
    """An equation as right pieces, what may stand in their place, and how they are put together."""

    right: tuple[Expr, ...]
    wrong: tuple[Callable[[], Iterator[Change]], ...]
    build: Callable[..., Expr]
    whole: Callable[[], Iterator[Change]] = field(default=lambda: iter(()))

    def with_piece(self, i: int, piece: Expr) -> Expr:
        """The equation with another piece in place i."""
        return self.build(*self.right[:i], piece, *self.right[i + 1 :])


def _elementwise(a: Expr, b: Expr) -> Change:
    return Change("matmul_vs_elementwise", {"expected": "@", "used": "*"}, times(a, b))


def _is(quantity: str) -> Change:
    return Change("wrong_quantity", {"used": quantity}, of(quantity))


class _Bank(Pieces):
    """The equations of one network, each with its slots."""

    def Z(self, l: int) -> Iterator[Slots]:
        W, A, b = of(f"W{l}"), of(f"A{l - 1}"), of(f"b{l}")
        layers = [k for k in range(1, self.L + 1) if k != l]

        def weights() -> Iterator[Change]:
            yield transposed(f"W{l}", of(f"W{l}", T=True))
            yield from (swap(W, of(f"W{k}", T)) for k in layers for T in (False, True))

        def whole() -> Iterator[Change]:
            yield Change("missing_term", {"term": b.code}, matmul(W, A))
            for change in (left_out(W.code, A), left_out(f"A{l - 1}", W), _elementwise(W, A)):
                yield Change(change.kind, change.details, add(change.expr, b))
            yield from (_is(f"{q}{k}") for k in [l, *layers] for q in "AZ" if (q, k) != ("Z", l))

        def biases() -> Iterator[Change]:
            yield swap(b, negative(b))
            yield from (swap(b, of(f"b{k}")) for k in layers)

        yield Slots((W, A, b), (weights, lambda: self.values("A", l - 1), biases),
                    lambda W, A, b: add(matmul(W, A), b), whole)  # fmt: skip

    def A(self, l: int) -> Iterator[Slots]:
        def whole() -> Iterator[Change]:
            g = self.layout.activations[l - 1]
            details = {"activation": g, "expected": self.eq[f"A{l}"].code}
            others = [f for name, f in VALUES.items() if name != g]
            slopes = [] if g in {"softmax", "identity"} else [OF_Z[g]]
            for f in others + slopes:
                piece = call(f.code, f.code, f.function, of(f"Z{l}"))
                yield Change("wrong_activation", details | {"used": piece.code}, piece)

        yield Slots((of(f"Z{l}"),), (lambda: self.values("Z", l),),
                    lambda z: self.eq.activated(l, z), whole)  # fmt: skip

    def dW(self, l: int) -> Iterator[Slots]:
        dZ, A = of(f"dZ{l}"), of(f"A{l - 1}", T=True)

        def whole() -> Iterator[Change]:
            at = of(f"A{l - 1}")
            yield transposed(f"dW{l}", self.eq.shared(matmul(at, of(f"dZ{l}", T=True))))
            yield left_out(f"A{l - 1}", self.eq.shared(dZ))
            yield left_out(f"A{l - 1}", self.eq.shared(of(f"dZ{l}", T=True)))
            yield left_out(f"dZ{l}", self.eq.shared(A))
            yield left_out(f"dZ{l}", self.eq.shared(at))
            for a, b in ((dZ, A), (dZ, at)):
                change = _elementwise(a, b)
                yield Change(change.kind, change.details, self.eq.shared(change.expr))
            yield from self.one_example(matmul(_example(f"dZ{l}"), _example(f"A{l - 1}", T=True)))
            yield from (_is(f"dW{k}") for k in range(self.L, 0, -1) if k != l)

        yield Slots(
            (dZ, A),
            (lambda: self.derivatives(l), lambda: self.caches(l - 1)),
            lambda dZ, A: self.eq.shared(matmul(dZ, A)),
            whole,
        )

    def one_example(self, product: Expr) -> Iterator[Change]:
        """The product of one example's columns, in place of a sum over all."""
        for i in (-1, 0):

            def value(s: Any, i: int = i) -> Any:
                return product.value(_OneExample(s, i))

            piece = Expr(product.text, product.code.replace("[:, [i]]", f"[:, [{i}]]"), value)
            details = {"example": i}
            for expr in (piece, self.eq.shared(piece)):
                yield Change("one_example_only", details, expr)

    def db(self, l: int) -> Iterator[Slots]:
        dZ = of(f"dZ{l}")

        def whole() -> Iterator[Change]:
            for axis, shown, f in (
                (0, "axis=0, keepdims=True", lambda z: z.sum(axis=0, keepdims=True)),
                (0, "axis=0", lambda z: z.sum(axis=0)),
                ("all", "", np.sum),
                ("all", "keepdims=True", lambda z: z.sum(keepdims=True)),
            ):
                comma = ", " if shown else ""
                for rows in (False, True):
                    by = _Divided(f, rows)
                    name = "mean" if rows else "sum"
                    text = f"{'mean' if rows else 'Σ'} {{0}} ({shown or 'all'})"
                    piece = call(text, f"np.{name}({{0}}{comma}{shown})", by, dZ)
                    shared = piece if rows else self.eq.shared(piece)
                    yield Change("wrong_axis", {"axis": axis}, shared)
            yield Change("wrong_axis", {"axis": "none"}, self.eq.shared(dZ))
            yield from self.one_example(_example(f"dZ{l}"))
            yield from (_is(f"db{k}") for k in range(self.L, 0, -1) if k != l)

        yield Slots(
            (dZ,),
            (lambda: self.derivatives(l),),
            lambda dZ: self.eq.shared(summed(dZ)),
            whole,
        )

    def dA(self, l: int) -> Iterator[Slots]:
        if l == self.L:
            yield Slots((of(f"A{l}"), of("Y")), (), self._loss, lambda: self.losses(l))
            return
        W, dZ = of(f"W{l + 1}", T=True), of(f"dZ{l + 1}")

        def whole() -> Iterator[Change]:
            yield left_out(f"W{l + 1}", dZ)
            yield left_out(f"dZ{l + 1}", W)
            yield _elementwise(W, dZ)
            yield _elementwise(of(f"W{l + 1}"), dZ)
            yield _is(f"dZ{l}")
            yield _is(f"db{l + 1}")
            yield _is(f"A{l}")
            yield from (_is(f"dA{k}") for k in range(self.L, 0, -1) if k != l)

        yield Slots((W, dZ), (lambda: self.weights(l + 1), lambda: self.derivatives(l + 1)),
                    matmul, whole)  # fmt: skip

    def _loss(self, A: Expr, Y: Expr) -> Expr:
        return self.eq.seed(loss_slope(self.layout.loss, A, Y))

    def dZ(self, l: int) -> Iterator[Slots]:
        if l == self.L:
            yield from self._output(l)
            return
        W, dZ = of(f"W{l + 1}", T=True), of(f"dZ{l + 1}")
        dA = of(f"dA{l}")

        def from_dA() -> Iterator[Change]:
            for name in (f"dZ{l + 1}", f"A{l}", f"Z{l}", f"dA{l + 1}"):
                yield swap(dA, of(name))

        if f"dA{l}" in self.eq.supplied:
            yield Slots((dA, self.eq.slope(l)) if not self._is_softmax(l) else (dA,),
                        (from_dA, lambda: self.slopes(l))[: 1 if self._is_softmax(l) else 2],
                        lambda dA, *slope: times(dA, *slope) if slope else self.eq.through(l, dA),
                        lambda: self._pointwise(l, dA))  # fmt: skip
        if self._is_softmax(l):
            yield Slots((W, dZ), (lambda: self.weights(l + 1), lambda: self.derivatives(l + 1)),
                        lambda W, dZ: self.eq.through(l, matmul(W, dZ)),
                        lambda: self._pointwise(l, matmul(W, dZ)))  # fmt: skip
            return
        yield Slots(
            (W, dZ, self.eq.slope(l)),
            (
                lambda: self.weights(l + 1),
                lambda: self.derivatives(l + 1),
                lambda: self.slopes(l),
            ),
            lambda W, dZ, slope: times(matmul(W, dZ), slope),
            lambda: self._hidden(l, W, dZ),
        )

    def _is_softmax(self, l: int) -> bool:
        return self.layout.activations[l - 1] == "softmax"

    def _pointwise(self, l: int, dA: Expr) -> Iterator[Change]:
        """dZ[l] with its g' left out, or multiplied as matrices."""
        g = self.layout.activations[l - 1]
        yield Change("missing_activation_derivative", {"activation": g}, dA)
        if g == "softmax":
            details = {"variant": "malformed", "activation": g, "used_activation": "sigmoid"}
            piece = apply(OF_A["sigmoid"], f"A{l}")
            details |= {"expected": "diag(a) - a a.T", "used": piece.code}
            yield Change("wrong_activation_derivative", details, times(dA, piece))
            return
        slope = self.eq.slope(l)
        details = {"expected": "*", "used": "@"}
        turned = Expr(slope.text + "ᵀ", slope.code + ".T", lambda s: slope.value(s).T)
        for piece in (slope, turned):
            yield Change("matmul_vs_elementwise", details, matmul(dA, piece))
        flipped = Expr(dA.text, f"({dA.code}).T", lambda s: dA.value(s).T)
        yield Change("matmul_vs_elementwise", details, matmul(flipped, slope))
        yield Change("matmul_vs_elementwise", details, matmul(slope, dA))
        yield Change("missing_operand", {"operand": "dA" if l == self.L else f"dA{l}"}, slope)

    def _hidden(self, l: int, W: Expr, dZ: Expr) -> Iterator[Change]:
        slope = self.eq.slope(l)
        yield from self._pointwise(l, matmul(W, dZ))
        for change in (left_out(f"W{l + 1}", dZ), left_out(f"dZ{l + 1}", W)):
            yield Change(change.kind, change.details, times(change.expr, slope))
        for w in (W, of(f"W{l + 1}")):
            change = _elementwise(w, dZ)
            yield Change(change.kind, change.details, times(change.expr, slope))
        yield Change(
            "wrong_activation_derivative",
            {
                "variant": "other_layer",
                "activation": self.layout.activations[l - 1],
                "used_activation": self.layout.activations[l],
                "expected": slope.code,
                "used": f"g{l + 1}'(Z{l + 1})",
            },
            matmul(W, self.eq.through(l + 1, dZ)),
        )
        yield from (_is(f"dZ{k}") for k in range(self.L, 0, -1) if k != l)

    def _output(self, l: int) -> Iterator[Slots]:
        A, Y, dA = of(f"A{l}"), of("Y"), of(f"dA{l}")

        def others() -> Iterator[Change]:
            for name in (f"Z{l}", f"A{l - 1}", *(f"A{k}" for k in range(l - 1))):
                yield swap(A, of(name))

        if f"dA{l}" in self.eq.supplied:
            softmax = self._is_softmax(l)
            yield Slots((dA,) if softmax else (dA, self.eq.slope(l)),
                        (lambda: iter(()), lambda: self.slopes(l))[: 1 if softmax else 2],
                        lambda dA, *slope: times(dA, *slope) if slope else self.eq.through(l, dA),
                        lambda: self._pointwise(l, dA))  # fmt: skip
        if self.layout.direct:
            yield Slots(
                (A, Y),
                (others, lambda: iter(())),
                lambda A, Y: self.eq.seed(loss_slope("squared_error", A, Y)),
                lambda: self._of_output(l),
            )
            return
        loss = self._loss(A, Y)
        if self._is_softmax(l):
            yield Slots((loss,), (), lambda x: self.eq.through(l, x), lambda: self._loss_whole(l))
            return
        yield Slots((loss, self.eq.slope(l)), (lambda: iter(()), lambda: self.slopes(l)), times,
                    lambda: self._loss_whole(l))  # fmt: skip

    def _loss_whole(self, l: int) -> Iterator[Change]:
        yield from self._pointwise(l, self._loss(of(f"A{l}"), of("Y")))
        yield from self.losses(l, lambda x: self.eq.through(l, x))
        yield from self.losses(l)

    def _of_output(self, l: int) -> Iterator[Change]:
        """Wrong forms of dZ[L] = A[L] − Y."""
        A, Y, direct = of(f"A{l}"), of("Y"), self.eq.direct()
        yield Change("missing_term", {"term": "Y"}, self.eq.seed(A))
        yield Change("missing_term", {"term": A.code}, self.eq.seed(negative(Y)))
        details = {"loss": self.layout.loss, "used_loss": None, "expected": "A - Y"}
        details["expected"] = f"{A.code} - {Y.code}"
        for piece in (add(A, Y), times(A, Y), add(A, one_minus(Y), "-")):
            used = details | {"used": piece.code}
            yield Change("wrong_loss_derivative", used, self.eq.seed(piece))
        if not self._is_softmax(l):
            slope = self.eq.slope(l)
            used = details | {"used_loss": "squared_error", "used": times(direct, slope).code}
            yield Change("wrong_loss_derivative", used, times(direct, slope))
        loss = loss_slope(self.layout.loss, A, Y)
        if self._is_softmax(l):
            yield from self._pointwise(l, self.eq.seed(loss))
        else:
            g = {"activation": self.layout.activations[l - 1]}
            yield Change("missing_activation_derivative", g, self.eq.seed(loss))
        yield from self.losses(l, lambda x: self.eq.through(l, x))
        for change in self.losses(l):
            if change.expr.code != direct.code:
                yield change
        for change in () if self._is_softmax(l) else self.slopes(l):
            yield Change(change.kind, change.details, times(self.eq.seed(loss), change.expr))


class _OneExample:
    """A scope of which the per-example values show one column."""

    def __init__(self, scope: Any, i: int) -> None:
        self.scope, self.i, self.m = scope, i, scope.m

    def __getitem__(self, name: str) -> Any:
        return self.scope[name][:, [self.i]]


def _example(name: str, T: bool = False) -> Expr:
    shown = f"{spell(name)}[:, [i]]"
    if T:
        return Expr(f"{spell(name)}⁽ⁱ⁾ᵀ", f"{shown}.T", lambda s: s[name].T)
    return Expr(f"{spell(name)}⁽ⁱ⁾", shown, lambda s: s[name])


class _Divided:
    """A sum, or divided by how many numbers went into each of its entries."""

    def __init__(self, function: Callable[[Any], Any], by_count: bool) -> None:
        self.function, self.by_count = function, by_count

    def __call__(self, z: Any) -> Any:
        total = np.asarray(self.function(z))
        return total * (total.size / z.size) if self.by_count else total


def slots(equations: Equations, quantity: str) -> Iterator[Slots]:
    """The forms of a quantity's equation, as slots with their alternatives."""
    q, l = layer_of(quantity)
    yield from getattr(_Bank(equations), q)(l)


def guesses(form: Slots) -> Iterator[Change]:
    """Every single change of one form, the likeliest of each slot first."""
    yield from form.whole()
    for i, alternatives in enumerate(form.wrong):
        for change in alternatives():
            yield Change(change.kind, change.details, form.with_piece(i, change.expr))


def terms(quantity: str) -> list[str]:
    """What might be added to a quantity that does not belong: weight decay, first of all."""
    q, l = layer_of(quantity)
    return {"dW": [f"W{l}"], "db": [f"b{l}"], "dA": [f"A{l}"], "dZ": [f"Z{l}", f"A{l}"]}.get(q, [])
