"""Program: a recorded computation with its values left out, to be run again on others.

Read next: `minigrad.checkpoint`, which runs one again to differentiate it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
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
            assert line.op is not None
            args = tuple(map(operand, line.inputs))
            if any(isinstance(a, Tensor) for a in args):
                made[line] = record(line.op, args, line.params)
            else:
                made[line] = line.op.forward(*args, **line.params)
        return [operand(a) for a in self.outputs]


def recorded(
    variables: Sequence[Tensor],
    outputs: Sequence[Any],
    floor: int,
    versions: Mapping[int, Tensor] | None = None,
    expand: Callable[[Tensor], Program | None] = lambda node: None,
) -> tuple[Program, dict[Tensor, Array]]:
    """The computation from the variables to the outputs, and what it closes over.

    Args:
        variables: the first inputs of the program.
        outputs: Tensors, and constants.
        floor: a serial number; what is older the computation closes over.
        versions: of a trace: by the id of an array, the node that computed it, which stands in
            where a leaf held that array. Then only leaves are closed over, for only they can
            change, and what was computed before is a constant.
        expand: the program to put in the place of a node, if any, from its inputs to its value.

    Returns:
        The program, and each Tensor it closes over with the array that held: inputs after the
        variables, oldest first.

    Raises:
        GraphError: a leaf was assigned on the way, and there are no versions.
    """
    tracing = versions is not None
    versions = versions or {}
    roots = [y for y in outputs if isinstance(y, Tensor)]
    given = set(variables)
    nodes = reversed(reach([*roots, *versions.values()], floor))
    inner = [t for t in nodes if t.op is not None and t.serial >= floor and t not in given]
    closed: dict[Tensor, Array] = {}
    uses = [(a, x) for t in inner for a, x in zip(t.inputs, t._args, strict=True) if a is not x]
    for a, x in [*uses, *((y, y._value) for y in roots)]:
        if a.serial >= floor or id(x) in versions or (tracing and a.op is not None):
            continue
        if closed.setdefault(a, x) is not x:
            raise GraphError(f"{a._called()} was assigned while the function ran")
    closed = {t: closed[t] for t in sorted(closed, key=lambda t: t.serial)}
    made: dict[Any, Any] = {
        t: Line(None, (), {}, t.shape, t.dtype, t.name) for t in [*variables, *closed]
    }
    outer = tuple(made.values())
    lines: list[Line] = []

    def operand(a: Any, x: Any) -> Any:
        return x if a is x else made.get(versions.get(id(x), a), x)

    for t in inner:
        inputs = tuple(map(operand, t.inputs, t._args))
        whole = expand(t)
        if whole is None:
            made[t] = Line(t.op, inputs, t.params, t.shape, t.dtype, t.name)
            lines.append(made[t])
        else:
            used = zip(inputs, t.inputs, t._args, strict=True)
            made[t] = _inlined(whole, [new for new, a, x in used if a is not x], lines)
    results = tuple(operand(y, y._value) if isinstance(y, Tensor) else y for y in outputs)
    return Program(outer, tuple(lines), results), closed


def _inlined(program: Program, inputs: list[Any], lines: list[Line]) -> Any:
    """The output of a program, whose lines are added to others, for these inputs."""
    made = dict(zip(program.inputs, inputs, strict=True))

    def operand(a: Any) -> Any:
        return made[a] if type(a) is Line else a

    for line in program.lines:
        made[line] = replace(line, inputs=tuple(map(operand, line.inputs)))
        lines.append(made[line])
    return operand(program.outputs[0])
