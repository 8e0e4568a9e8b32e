"""The steps of a plan: kernels, calls of NumPy's inner loops, and matrix products.

Read next: `minigrad.compile.native_merge`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minigrad.compile.native_layout import Buffer, Place
from minigrad.compile.native_ops import Formula, Loop, Reduction
from minigrad.values import Array

__all__ = [
    "Call",
    "Factor",
    "Kernel",
    "Node",
    "Plan",
    "Product",
    "Reduce",
    "Scalar",
    "Step",
    "settle",
]


@dataclass(frozen=True, slots=True)
class Scalar:
    """An input of shape (), which is an argument of the native function itself."""

    number: int
    dtype: np.dtype[Any]

    @property
    def name(self) -> str:
        """What the source calls it."""
        return f"x{self.number}"


Factor = tuple[Any, ...]
"""Scalars, numbers and places of one element to be multiplied; nothing stands for 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One value of a kernel, for each element.

    Operands: Places of the kernel's shape, earlier Nodes, Scalars, and numbers.
    """

    formula: Formula
    operands: tuple[Any, ...]
    dtype: np.dtype[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Reduce:
    """A node's elements joined along `axes` into `target`, and divided by the divisor.

    The target is a place of the kernel's shape, with strides of 0 along the axes.
    """

    node: Node
    how: Reduction
    target: Place
    axes: tuple[int, ...]
    divisor: int


@dataclass(slots=True, eq=False)
class Kernel:
    """A loop nest: what is computed for each index, what of it is stored, and reduced."""

    shape: tuple[int, ...]
    nodes: list[Node] = field(default_factory=list)
    stores: list[tuple[Node, Place]] = field(default_factory=list)
    reductions: list[Reduce] = field(default_factory=list)

    def reads(self) -> Iterator[Place]:
        """Where its nodes load from."""
        return (a for node in self.nodes for a in node.operands if isinstance(a, Place))

    def writes(self) -> Iterator[Place]:
        """Where its results go."""
        yield from (place for _, place in self.stores)
        yield from (r.target for r in self.reductions)

    def buffers(self) -> set[Buffer]:
        """All it uses."""
        return {p.buffer for p in (*self.reads(), *self.writes())}

    def in_step(self, buffer: Buffer, reads: list[Place]) -> bool:
        """Whether each element is read, at these places, before it is written in `buffer`."""
        writes = {(w.shape, w.strides, w.offset) for w in self.writes() if w.buffer is buffer}
        reduced = any(r.target.buffer is buffer for r in self.reductions)
        return not reduced and {(r.shape, r.strides, r.offset) for r in reads} == writes


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A NumPy inner loop over operands in C order, or of one element (strides of 0)."""

    loop: Loop
    operands: tuple[Place, ...]
    target: Place

    def reads(self) -> Iterator[Place]:
        """Its operands."""
        return iter(self.operands)

    def writes(self) -> Iterator[Place]:
        """Its result."""
        return iter((self.target,))

    def in_step(self, buffer: Buffer, reads: list[Place]) -> bool:
        """As a kernel's: an inner loop may work in place."""
        place = self.target.shape, self.target.strides
        return buffer is self.target.buffer and all((r.shape, r.strides) == place for r in reads)


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """A matrix product; `native_product` describes the forms.

    With a `tail`, a kernel, the product is not stored: each element goes straight into that. With
    `factors` α and β it becomes α times the product plus β times what its target held.
    """

    form: str
    operands: tuple[Place, Place]
    target: Place
    tail: Kernel | None = None
    factors: tuple[Factor, Factor] | None = None

    def reads(self) -> Iterator[Place]:
        """Its operands, and what its tail or the sum reads."""
        yield from self.operands
        if self.factors is not None:
            yield self.target
            yield from (a for f in self.factors for a in f if isinstance(a, Place))
        if self.tail is not None:
            yield from (p for p in self.tail.reads() if p != self.target)

    def writes(self) -> Iterator[Place]:
        """Its result, or its tail's."""
        return iter((self.target,)) if self.tail is None else self.tail.writes()

    def in_step(self, _buffer: Buffer, _reads: list[Place]) -> bool:
        """As a kernel's: no element may be overwritten before the product is complete."""
        return False


Step = Kernel | Call | Product


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The steps in order, the constants they read, and the memory of each output."""

    steps: list[Step]
    constants: list[Array]
    results: list[Buffer]


def settle(steps: list[Step]) -> int:
    """Give scratch buffers their places in one block of memory, whose length is returned.

    Buffers that are not needed at the same time may share a place; a step may write its result
    over an operand.
    """
    spans: dict[Buffer, list[int]] = {}
    for k, step in enumerate(steps):
        for place in (*step.writes(), *step.reads()):
            if place.buffer.kind == "scratch":
                spans.setdefault(place.buffer, [k, k])[1] = k
    length = 0
    held: list[Buffer] = []
    for buffer, (first, _) in sorted(spans.items(), key=lambda item: item[1][0]):
        step = steps[first]
        ending = [b for b in held if spans[b][1] == first and _overlays(step, buffer, b)]
        held = [b for b in held if spans[b][1] >= first]
        if ending:
            buffer.number = ending[0].number
            held.remove(ending[0])
        else:
            buffer.number = _gap(held, buffer.nbytes)
        held.append(buffer)
        length = max(length, buffer.number + buffer.nbytes)
    return length


def _overlays(step: Step, buffer: Buffer, old: Buffer) -> bool:
    alike = (old.size, old.dtype) == (buffer.size, buffer.dtype)
    reads = [p for p in step.reads() if p.buffer is old]
    if not alike or any(p.buffer is old for p in step.writes()):
        return False
    return all(p.offset == 0 for p in (*reads, *step.writes())) and step.in_step(buffer, reads)


def _gap(held: list[Buffer], length: int) -> int:
    """The first multiple of 64 from which so many bytes are free."""
    at = 0
    for b in sorted(held, key=lambda b: b.number):
        if b.number - at >= length:
            break
        at = max(at, -(-(b.number + b.nbytes) // 64) * 64)
    return at
