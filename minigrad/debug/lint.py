"""What is seldom meant: shapes that broadcast by accident, units that let no derivative through.

Read next: `minigrad.debug.watch`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.scopes import printable
from minigrad.table import Op
from minigrad.tensor import Tensor
from minigrad.values import Array

__all__ = ["Units", "suspicion"]

_ENOUGH = 10  # examples, before a unit counts as idle
_BUSY = {  # whether elements of an activation have a slope of at least 1/1000 of the largest
    "sigmoid": lambda A: np.abs(A - 0.5) < 0.49975,
    "expit": lambda A: np.abs(A - 0.5) < 0.49975,
    "tanh": lambda A: np.abs(A) < 0.9995,
}


def suspicion(op: Op, value: Array, inputs: tuple[Any, ...], args: tuple[Any, ...]) -> str:
    """What is suspicious about the shapes of an operation, or ""."""
    if len(args) == 2 and type(op.forward) is np.ufunc and op.forward.signature is None:
        sizes = [getattr(x, "size", 1) for x in args]
        if sizes[0] == sizes[1] < value.size and not any(map(_expanded, inputs)):
            return (
                f"{op.name} of {args[0].shape} and {args[1].shape} makes {value.shape}, every "
                "element with every other; for element by element give both the same shape, "
                "and if it is meant, write x[:, None]"
            )
        if op.name == "subtract" and 1 < min(sizes) < value.size:
            i = sizes.index(min(sizes))
            if _computed(inputs[i]) and inputs[1 - i] is args[1 - i] and not _expanded(inputs[i]):
                return (
                    f"{op.name} stretches what was computed, {args[i].shape}, over the data, "
                    f"{args[1 - i].shape}; expected a prediction of the same shape as its target"
                )
    elif op.name in {"softmax", "log_softmax"} and value.shape[:1] == (1,):
        return (
            f"{op.name} of {value.shape}: over an axis of size 1 it is the same for every input; "
            "for one output unit use a sigmoid"
        )
    return ""


def _computed(a: Any) -> bool:
    return isinstance(a, Tensor) and a.op is not None


def _expanded(a: Any) -> bool:
    """Whether the user has just given it an axis of size 1."""
    if not _computed(a):
        return False
    indexed = any(part is None for part in a.inputs[1:])
    return indexed or a.op.name == "expand_dims" or bool(a.params.get("keepdims"))


@dataclass(slots=True)
class _Layer:
    """The units of one activation: how many examples were seen, and when each was last busy."""

    kind: str
    reader: str
    line: str
    seen: int
    last: np.ndarray


class Units:
    """For each product with weights, whether the units it reads let a derivative through."""

    def __init__(self) -> None:
        self.layers: dict[Any, _Layer] = {}

    def saw(self, inputs: tuple[Any, ...], args: tuple[Any, ...], line: str) -> None:
        """A product of weights, which are a leaf, with computed units: W @ A or A @ W."""
        W, A = inputs[:2]
        if not (isinstance(W, Tensor) and isinstance(A, Tensor)) or (W.op is None) == (
            A.op is None
        ):
            return
        axis = 1 if W.op is None else 0  # of the examples
        if axis == 0:
            W, A = A, W
        units = args[axis]
        if units.ndim != 2 or not units.size:
            return
        kind = A.op.name if A.op is not None else ""
        busy = _BUSY.get(kind, bool_of)(units).any(axis)
        key = line, W.name, len(busy)
        layer = self.layers.get(key)
        if layer is None:
            called = printable(W.name) if W.name else f"the {W.shape} weights"
            layer = self.layers[key] = _Layer(kind, called, line, 0, np.zeros(len(busy)))
        layer.seen += units.shape[axis]
        layer.last[busy] = layer.seen

    def idle(self) -> Iterator[str]:
        """A message for each layer that has units without a slope in half of what was seen."""
        for layer in self.layers.values():
            n = layer.seen - layer.last
            units = np.flatnonzero((n >= _ENOUGH) & (2 * n >= layer.seen))
            if len(units):
                flat = layer.kind in _BUSY
                yield (
                    f"{len(units)} of the {len(layer.last)} units that {layer.reader} reads "
                    + (f"are saturated ({layer.kind}, slope below 0.001)" if flat else "are 0")
                    + f" for each of the last {int(n[units].min())} examples, so nothing is learned"
                    f" through them: {_some(units)}; "
                    + ("smaller weights or inputs" if flat else "dead ReLUs? leaky_relu")
                    + f" or a smaller learning rate help; at {layer.line}"
                )


def bool_of(A: Array) -> Array:
    """Where the elements are not 0."""
    return A != 0


def _some(units: Array) -> str:
    shown = ", ".join(map(str, units[:8]))
    return f"units {shown}, …" if len(units) > 8 else f"unit{'s' * (len(units) > 1)} {shown}"
