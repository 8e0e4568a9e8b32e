"""Passes: small functions from a program to one that computes the same with less.

Each takes lines in order and answers for each one what stands in its place; `typecheck` holds after
every one of them.

Read next: `minigrad.compile.algebra`, the rules of `simplify`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from minigrad.compile.algebra import simpler
from minigrad.compile.types import apply, elementwise_type, is_elementwise, shape_of
from minigrad.errors import GraphError
from minigrad.program import Line, Program
from minigrad.table import ROWS

__all__ = [
    "fold", "optimized", "prune", "rewritten", "scale_first", "share", "simplify", "typecheck",
]  # fmt: skip

_LARGE = 10_000  # elements from which going over an array costs more than calling a function
_FOLDED = 4096  # elements up to which a constant is computed when compiling


def optimized(program: Program) -> Program:
    """The program after every pass, until none changes it."""
    while True:
        before = program
        for change in (simplify, fold, share, prune):
            program = change(program)
            typecheck(program)
        if program.lines == before.lines:
            break
    program = prune(scale_first(program))
    typecheck(program)
    return program


def rewritten(program: Program, change: Callable[[Line], Any]) -> Program:
    """The program with each line replaced by `change(line)`.

    `change` sees the line with its inputs already replaced. It returns the line itself, an input
    or earlier line, a constant, or a new Line on those (or on new Lines).
    """
    made: dict[Any, Any] = {}
    lines: dict[Line, None] = {}
    known = set(program.inputs)

    def operand(a: Any) -> Any:
        return made.get(a, a) if type(a) is Line else a

    def add(line: Any) -> Any:
        if type(line) is Line and line not in lines and line not in known:
            for a in line.inputs:
                add(a)
            lines[line] = None
        return line

    for line in program.lines:
        inputs = tuple(map(operand, line.inputs))
        same = all(a is b for a, b in zip(inputs, line.inputs, strict=True))
        made[line] = add(change(line if same else replace(line, inputs=inputs)))
    return Program(program.inputs, tuple(lines), tuple(map(operand, program.outputs)))


def simplify(program: Program) -> Program:
    """Algebra: each line replaced by a simpler one of the same value; see `algebra`."""
    return rewritten(program, simpler)


def fold(program: Program) -> Program:
    """Constants computed now, where they are small and what computes them is no call of ours."""

    def folded(line: Line) -> Any:
        if not _is_pure(line) or any(type(a) is Line for a in line.inputs):
            return line
        if np.prod(line.shape, dtype=float) > _FOLDED:
            return line
        assert line.op is not None
        return line.op.forward(*line.inputs, **line.params)

    return rewritten(program, folded)


def share(program: Program) -> Program:
    """Common subexpressions: what is computed twice is computed once."""
    first: dict[Any, Line] = {}

    def shared(line: Line) -> Line:
        if not _is_pure(line):
            return line
        key = (line.op, tuple(map(_key, line.inputs)), _key(line.params), line.shape, line.dtype)
        return first.setdefault(key, line)

    return rewritten(program, shared)


def scale_first(program: Program) -> Program:
    """c (A B) as (c A) B, where A is smaller than the product: the step α dZ Aᵀ of a large W.

    It rounds differently, in the last digit. Only of a product that nothing else uses.
    """
    uses = Counter(id(a) for line in program.lines for a in line.inputs)
    uses.update(map(id, program.outputs))
    times, matmul = ROWS[np.multiply], ROWS[np.matmul]

    def scaled(line: Line) -> Line:
        if line.op is not times or prod(line.shape) < _LARGE:
            return line
        for c, product in (line.inputs, line.inputs[::-1]):
            if type(product) is not Line or product.op is not matmul or shape_of(c):
                continue
            a, b = product.inputs
            if uses[id(product)] == 1 and 2 * prod(shape_of(a)) <= prod(line.shape):
                new = apply(times, c, a)
                if (new.shape, new.dtype) == (a.shape, line.dtype):
                    return replace(product, inputs=(new, b), name=line.name)
        return line

    return rewritten(program, scaled)


def prune(program: Program) -> Program:
    """Dead code: only what the outputs need."""
    needed = {a for a in program.outputs if type(a) is Line}
    for line in reversed(program.lines):
        if line in needed:
            needed.update(a for a in line.inputs if type(a) is Line)
    return replace(program, lines=tuple(line for line in program.lines if line in needed))


def _is_pure(line: Line) -> bool:
    """Whether the op is NumPy's: a user's may draw random numbers, or count its calls."""
    return line.op is not None and line.op.form != "primitive"


def _key(a: Any) -> Any:
    """Equal for operands that are surely the same."""
    if type(a) is Line or isinstance(a, np.ndarray):
        return id(a)
    if isinstance(a, Mapping):
        return tuple((k, _key(v)) for k, v in a.items())
    if isinstance(a, (tuple, list)):
        return (type(a), *map(_key, a))
    return (type(a), repr(a))


def typecheck(program: Program) -> None:
    """Raise a GraphError unless each line uses earlier ones only and its type follows from theirs.

    The types of elementwise operations are derived anew.
    """
    known = set(program.inputs)
    for i, line in enumerate(program.lines):
        if line.op is None:
            raise GraphError(f"compile: line {i} is an input among the computed lines")
        for a in line.inputs:
            if type(a) is Line and a not in known:
                raise GraphError(f"compile: line {i}, {line.op.name}, uses what comes after it")
        if is_elementwise(line):
            shape, dtype = elementwise_type(line.op, line.inputs)
            if (shape, dtype) != (line.shape, line.dtype):
                raise GraphError(
                    f"compile: line {i}, {line.op.name}: declared {line.dtype}{list(line.shape)}; "
                    f"its inputs make {dtype}{list(shape)}"
                )
        known.add(line)
    for a in program.outputs:
        if type(a) is Line and a not in known:
            raise GraphError("compile: an output is computed by no line")
