"""Every rule of a graph by itself: which op's derivative is the first that is wrong.

Read next: `minigrad.testing.checks`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.sweep import reach, sum_to
from minigrad.tensor import Tensor, no_grad
from minigrad.testing.curves import Lost
from minigrad.testing.diagnosis import Mistake, explain, kink_at
from minigrad.testing.differences import gathered, measure, plain, precision, tolerance
from minigrad.values import Array

__all__ = ["WrongRule", "wrong_rules"]

FULL = 200  # elements up to which a rule's argument is checked
_CUTS = ("stop_gradient", "checked", "exponent")  # whose derivative is not that of their value


@dataclass(frozen=True, slots=True)
class WrongRule:
    """A derivative rule that disagrees with differences of its op.

    Attributes:
        op: the op's name.
        form: how it was declared; "primitive" for a user's own.
        input: which of its inputs the rule is for.
        shapes: of the inputs there.
        mistake: what is wrong with what the rule returns.
    """

    op: str
    form: str
    input: int
    shapes: tuple[tuple[int, ...], ...]
    mistake: Mistake

    def __str__(self) -> str:
        own = "primitive " if self.form == "primitive" else ""
        shapes = ", ".join(map(str, self.shapes))
        return f"{own}{self.op}, the rule of input {self.input} (shapes {shapes}): {self.mistake}"


def wrong_rules(
    roots: Iterable[Tensor], primitives_only: bool = False, seed: int = 0
) -> Iterator[WrongRule]:
    """The rules that are wrong where the roots used them, in the order of computation.

    Each rule is given a random cotangent and compared with differences of its own op, at the
    arrays it met; rules at a kink, and of arrays of more than 200 elements, are passed over.

    Args:
        roots: the outputs of a graph.
        primitives_only: leave out the rules that are not a user's.
        seed: of the cotangents.
    """
    rng = np.random.default_rng(seed)
    for node in reversed(reach([t for t in roots if isinstance(t, Tensor)])):
        op = node.op
        if op is None or op.name in _CUTS or (primitives_only and op.form != "primitive"):
            continue
        if node._value.dtype.kind not in "fc" or sum(map(np.size, node._args)) > FULL:
            continue
        g = _cotangent(node._value, rng)
        for i, (vjp, a, x) in enumerate(zip(op.vjps, node.inputs, node._args)):
            unruled = vjp is None and op.form != "primitive"
            if a is x or unruled or x.dtype.kind not in "fc":
                continue
            mistake = _mistake(node, i, vjp, g)
            if mistake.kind not in {"none", "kink", "unsettled"}:
                yield WrongRule(op.name, op.form, i, tuple(map(np.shape, node._args)), mistake)


def _cotangent(y: Array, rng: np.random.Generator) -> Array:
    g = rng.uniform(0.5, 1.5, y.shape) * rng.choice([-1, 1], y.shape)
    if y.dtype.kind == "c":
        g = g + 1j * rng.uniform(0.5, 1.5, y.shape)
    return g.astype(y.dtype)[()]


def _mistake(node: Tensor, i: int, vjp: Callable[..., Array] | None, g: Array) -> Mistake:
    """What is wrong with the rule of the i-th input of a node."""
    op, x = node.op, plain(node._args[i])
    assert op is not None
    inexact = [getattr(a, "dtype", np.dtype(int)).kind in "fc" for a in node._args]
    held = [plain(a)[()] if on else a for a, on in zip(node._args, inexact, strict=True)]

    def value(moved: list[Array]) -> Array:
        y = op.forward(*held[:i], moved[0], *held[i + 1 :], **node.params)
        return np.reshape(np.real(np.sum(g * y)), (1,))

    with no_grad(), np.errstate(all="ignore"):
        try:
            lost = Lost(precision(np.asarray(op.forward(*held, **node.params)).dtype))
            measured = gathered(measure(value, [x], 0, lost=lost), x)
        except Exception as error:  # an op may fail in any way
            return Mistake("unsettled", f"{op.name} does not run at points nearby: {error}")
        try:
            c = vjp(g, node._value, *node._args, **node.params) if vjp else None
            claimed = _pulled(c, x)
        except Exception as error:
            return Mistake("fails", f"it raises {type(error).__name__}: {error}")
    return explain(
        claimed,
        measured,
        x,
        lambda at: kink_at(value, [x], 0, at, lost),
        tolerance(measured, node._args[i].dtype),
    )


def _pulled(c: Any, x: Array) -> Array:
    """What a rule returned as the sweep takes it, where it can be taken at all."""
    if type(c) is tuple and len(c) == 1:
        c = c[0]
    c = np.zeros(x.shape) if c is None else plain(c)
    lead = c.ndim - x.ndim
    fits = lead >= 0 and all(n in (1, k) for n, k in zip(x.shape, c.shape[lead:], strict=True))
    if c.shape != x.shape and fits:
        c = sum_to(c, x.shape)
    return np.real(c) if x.dtype.kind == "f" else c
