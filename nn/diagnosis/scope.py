"""Where expressions find their values: one set of inputs, the student's quantities, the rest ours.

Read next: `nn.diagnosis.equations`.
"""

# ruff: noqa: E741  (l is the lecture's layer number)
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np

from nn import closed_form
from nn.diagnosis.expressions import Expr

__all__ = ["KINKED", "Layout", "Part", "Point", "Scope", "Style", "layer_of", "order"]

Array = Any
KINKED = {"relu", "leaky_relu"}


def layer_of(quantity: str) -> tuple[str, int]:
    """The letter and the layer: ("dW", 2) of "dW2"."""
    match = re.fullmatch(r"(d?[A-Za-z])(\d+)", quantity)
    assert match, quantity
    return match[1], int(match[2])


def order(L: int) -> list[str]:
    """Every quantity, in the order of the forward and then of the backward pass.

    >>> order(1)
    ['Z1', 'A1', 'dA1', 'dZ1', 'dW1', 'db1']
    """
    forward = [f"{q}{l}" for l in range(1, L + 1) for q in "ZA"]
    return forward + [f"{q}{l}" for l in range(L, 0, -1) for q in ("dA", "dZ", "dW", "db")]


@dataclass(frozen=True, slots=True)
class Style:
    """A choice that is not a mistake.

    Attributes:
        of_cost: dZ and dA are derivatives of J, with its 1/m; the notes' are of the summed loss.
        right_kink: ReLU'(0) is 1, as one of the notes prints, and not 0.
    """

    of_cost: bool = False
    right_kink: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """What of a network its equations depend on.

    Attributes:
        sizes, activations: as the network has them.
        loss: a key of `LOSS_SLOPES`, the loss as a function of A[L].
        direct: whether dZ[L] = A[L] − Y: sigmoid or softmax with its own cross-entropy.
    """

    sizes: tuple[int, ...]
    activations: tuple[str, ...]
    loss: str
    direct: bool

    @property
    def L(self) -> int:
        """The number of layers."""
        return len(self.sizes) - 1

    def shape(self, quantity: str, m: int) -> tuple[int, int]:
        """The size of a quantity, for m examples."""
        letter, l = layer_of(quantity)
        columns = {"dW": self.sizes[l - 1], "db": 1}
        return self.sizes[l], columns.get(letter, m)


@dataclass(frozen=True, eq=False)
class Point:
    """One set of inputs and what the forward pass makes of it, in float64.

    Attributes:
        values: A0, Y (n[L], m), and W, b, Z, A of every layer.
        m: the number of examples.
    """

    values: Mapping[str, Array]
    m: int
    _shaken: dict[float, Point] = field(default_factory=dict)

    @classmethod
    def at(cls, layout: Layout, params: Mapping[str, Any], X: Any, Y: Any) -> Point:
        """Run the forward pass."""
        cache = closed_form.forward(params, X, layout.activations)
        values = {k: v for k, v in cache.items() if k != "activations"}
        A = values[f"A{layout.L}"]
        Y = np.asarray(Y, float)
        columns = Y if Y.shape == A.shape else np.eye(len(A))[:, Y.ravel().astype(int)]
        return cls(values | {"Y": columns}, A.shape[1])

    def shaken(self, by: float) -> Point:
        """The same with every value changed in its last digits: shows what rounding may do.

        An A also by as much as 1 would be: a sigmoid of −40 is 4e-18 by one formula, 0 by another.
        """
        if by in self._shaken:
            return self._shaken[by]
        rng = np.random.default_rng(0)
        shake = {}
        for name, value in self.values.items():
            signs = rng.choice([-1.0, 1.0], value.shape) * rng.uniform(0.5, 1, value.shape)
            size = np.abs(value) + (name[0] == "A" and name != "A0")
            shake[name] = value if name == "Y" else value + by * signs * size
        return self._shaken.setdefault(by, Point(shake, self.m))

    def on_kink(self, layout: Layout) -> bool:
        """Whether a Z stands exactly where ReLU or leaky ReLU has its kink."""
        return any(
            bool((np.abs(self.values[f"Z{l}"]) < 1e-12).any())
            for l, g in enumerate(layout.activations, start=1)
            if g in KINKED
        )


class Part:
    """A scope at a few examples, or at a few units of each layer: enough to reject a guess.

    A column of dA or dZ needs only that column of what it is computed from, an entry of dW only
    those two units. Which units are taken depends on the size of a layer alone, so operands of
    the same size stay so.
    """

    def __init__(self, scope: Scope, by_example: bool) -> None:
        self.scope, self.by_example, self.m = scope, by_example, scope.m
        self.known: dict[str, Array] = {}
        self.products: dict[str, Array] = {}

    def __getitem__(self, name: str) -> Array:
        if name not in self.known:
            self.known[name] = self.of(name, self.scope[name])
        return self.known[name]

    def of(self, name: str, value: Array) -> Array:
        """The part of a value that this name has."""
        if self.by_example:
            return value if name.strip("d")[0] in "Wb" else value[:, _some(value.shape[1])]
        if name.strip("d")[0] == "W":
            return value[np.ix_(_some(value.shape[0]), _some(value.shape[1]))]
        return value[_some(value.shape[0])]


@cache
def _some(n: int) -> Array:
    return np.unique(np.linspace(0, n - 1, 6).astype(int))


@dataclass(eq=False)
class Scope:
    """Values by name: those of the point, the given quantities, all others by the equations.

    Attributes:
        equations: the right equation of each quantity; see `nn.diagnosis.equations`.
        given: quantities to take as they are.
        sequence: all quantities, in the order of `order`.
        anew: the Z and A that the point does not know, since one before them is given.
        shake: how far rounding may have moved a g'(Z), which is about 1 − a² and as exact as 1 is.
    """

    point: Point
    layout: Layout
    style: Style
    equations: Mapping[str, Expr]
    given: Mapping[str, Array]
    sequence: Sequence[str]
    known: dict[str, Array] = field(default_factory=dict)
    shake: float = 0.0
    anew: frozenset[str] = frozenset()

    @property
    def m(self) -> int:
        """The number of examples."""
        return self.point.m

    def __getitem__(self, name: str) -> Array:
        if name in self.given:
            return self.given[name]
        if name in self.point.values and name not in self.anew:
            return self.point.values[name]
        if name not in self.known:
            self._fill(name)
        return self.known[name]

    def _fill(self, name: str) -> None:
        """Compute `name`, and before it, in their order, the A or the dZ it rests on."""
        _, l = layer_of(name)
        before = [f"dZ{k}" for k in range(self.layout.L, l, -1)]
        if name in self.anew:
            before = [f"A{k}" for k in range(1, l) if f"A{k}" in self.anew]
        for q in [*before, name]:
            if q not in self.known and q not in self.given:
                self.known[q] = self.equations[q].value(self)

    def with_(self, quantity: str, value: Array) -> Scope:
        """The scope with one more quantity given; what precedes it stays as it is known."""
        at = self.sequence.index(quantity)
        before = set(self.sequence[:at])
        known = {k: v for k, v in self.known.items() if k in before}
        anew = self.anew.union(self.sequence[at + 1 : 2 * self.layout.L])
        return replace(self, given={**self.given, quantity: value}, known=known, anew=anew)
