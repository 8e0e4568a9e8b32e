"""Program: a recorded computation with its values left out, to be run again on others.

Read next: `minigrad.checkpoint`, which runs one again to differentiate it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.errors import GraphError
from minigrad.sweep import reach
from minigrad.table import Op
from minigrad.tensor import Tensor, record
from minigrad.values import Array

__all__ = ["Line", "Program", "recorded"]


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One line of a program: what computes one array.

    Attributes:
        op: the operation; None for an input of the program.
        inputs: Lines, and constants (numbers, arrays, parts of an index) where they stand.
        params: the operation's parameters, such as axis.
        shape: of the array.
        dtype: of the array.
        name: what the user called it, or None.
    """

    op: Op | None
    inputs: tuple[Any, ...]
    params: Mapping[str, Any]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    name: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A computation: `program(*arrays)` is the list of its outputs, Tensors for Tensors.

    Attributes:
        inputs: the lines that stand for what it is given, in order.
        lines: the computed ones in order; each uses only inputs and earlier ones.
        outputs: Lines, or constants.
    """

    inputs: tuple[Line, ...]
    lines: tuple[Line, ...]
    outputs: tuple[Any, ...]

    def __call__(self, *arrays: Array) -> list[Array]:
        """The outputs for these inputs; operations on Tensors are recorded."""
        made: dict[Any, Array] = dict(zip(self.inputs, arrays, strict=True))

        def operand(a: Any) -> Any:
            return made[a] if type(a) is Line else a

        for line in self.lines:
            args = tuple(map(operand, line.inputs))
            if any(isinstance(a, Tensor) for a in args):
                made[line] = record(line.op, args, line.params)
            else:
                made[line] = line.op.forward(*args, **line.params)
        return [operand(a) for a in self.outputs]


def recorded(
    variables: Sequence[Tensor], outputs: Sequence[Any], floor: int
) -> tuple[Program, dict[Tensor, Array]]:
    """The computation from the variables to the outputs, and what it closes over.

    That is each Tensor from before serial number `floor` that it uses, with the array it held:
    inputs of the program after the variables, oldest first.
    """
    roots = [y for y in outputs if isinstance(y, Tensor)]
    given = set(variables)
    inner = [t for t in reversed(reach(roots, floor)) if t.serial >= floor and t not in given]
    closed = {y: y._value for y in roots if y.serial < floor}
    for t in inner:
        for a, x in zip(t.inputs, t._args, strict=True):
            if a is not x and a.serial < floor and closed.setdefault(a, x) is not x:
                raise GraphError(f"{a._called()} was assigned while the function ran")
    closed = {t: closed[t] for t in sorted(closed, key=lambda t: t.serial)}
    outer = [*variables, *closed]
    made: dict[Any, Any] = {t: Line(None, (), {}, t.shape, t.dtype, t.name) for t in outer}

    def line(a: Any) -> Any:
        return made[a] if isinstance(a, Tensor) else a

    for t in inner:
        made[t] = Line(t.op, tuple(map(line, t.inputs)), t.params, t.shape, t.dtype, t.name)
    program = Program(tuple(map(line, outer)), tuple(map(line, inner)), tuple(map(line, outputs)))
    return program, closed
