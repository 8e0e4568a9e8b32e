"""plan: where each line's array is kept, so that a call allocates what it returns and no more.

All else lies in one arena. Its parts are given out again as soon as nothing uses them, and an
elementwise operation writes over an operand that it is the last to use.

Read next: `minigrad.compile.numpy_source`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from minigrad.compile.blas import crosswise
from minigrad.compile.types import is_elementwise
from minigrad.program import Line, Program
from minigrad.table import ROWS

__all__ = ["Plan", "has_own_array", "is_product", "planned", "reducing"]

_ALIGN = 64  # bytes: a cache line, and what vector loads like
_REDUCTIONS = {np.sum: np.add, np.mean: np.add, np.max: np.maximum, np.min: np.minimum,
               np.prod: np.multiply}  # fmt: skip
if np.lib.NumpyVersion(np.__version__) < "2.2.0":  # with out= wrong along negative strides
    del _REDUCTIONS[np.max], _REDUCTIONS[np.min]
_SLOW_IN_PLACE = {ROWS[np.sign]}  # branches instead of vectors when it overwrites: 12 times slower
_UFUNC = {ROWS[f]: ufunc for f, ufunc in _REDUCTIONS.items()}


def reducing(line: Line) -> np.ufunc | None:
    """The ufunc whose `reduce` is the line's sum, mean, product, maximum or minimum."""
    a = line.inputs[0] if line.inputs else None
    if type(a) is not Line or not a.shape or line.op is None:
        return None
    plain = line.params.keys() <= {"axis", "keepdims"}
    same = a.dtype == line.dtype and line.dtype.char in "fdFD"
    return _UFUNC.get(line.op) if plain and same else None


def is_product(line: Line) -> bool:
    """Whether the line is a product of two matrices of one floating dtype, which BLAS does."""
    same = all(type(a) is Line and len(a.shape) == 2 and a.dtype == line.dtype for a in line.inputs)
    return line.op is ROWS[np.matmul] and same and line.dtype.char in "fdFD"


def has_own_array(line: Line) -> bool:
    """Whether the numpy backend says where the line's result goes, with out=."""
    made = is_elementwise(line) or is_product(line) or reducing(line) is not None
    return made and bool(line.shape)


@dataclass(slots=True)
class Plan:
    """Where arrays are kept.

    Attributes:
        offset: of each line kept in the arena, where its array begins there.
        size: of the arena, in bytes.
        into: of each line that is written into an input's array, that input.
        by_columns: lines of the arena that lie there column by column; see `blas.crosswise`.
    """

    offset: dict[Line, int] = field(default_factory=dict)
    size: int = 0
    into: dict[Line, Line] = field(default_factory=dict)
    by_columns: set[Line] = field(default_factory=set)


def planned(program: Program, donated: Mapping[int, int]) -> Plan:
    """The plan of a program in which output i may be written into the array of input donated[i]."""
    plan, space = Plan(), _Space()
    last = _last_uses(program)
    wish = {program.outputs[i]: program.inputs[j] for i, j in donated.items()}
    returned = {a for a in program.outputs if type(a) is Line}
    ends: dict[int, list[Line]] = {}
    in_order = _read_in_order(program)
    for i, line in enumerate(program.lines):
        dying = [a for a in line.inputs if type(a) is Line and last[a] == i]
        if line in returned or not has_own_array(line):
            target = wish.get(line)
            if target is not None and last[target] <= i and has_own_array(line):
                plan.into[line] = target
        else:
            heirs = (a for a in dying if _may_become(a, line) and a in plan.offset)
            heir = next(
                (a for a in heirs if a not in plan.by_columns or line not in in_order), None
            )
            if heir is None:
                plan.offset[line] = space.take(_bytes(line))
                by_columns = line not in in_order and is_product(line) and _is_crosswise(line)
            else:
                plan.offset[line] = plan.offset[heir]
                by_columns = heir in plan.by_columns
                ends[last[heir]] = [a for a in ends[last[heir]] if a is not heir]
            if by_columns:
                plan.by_columns.add(line)
            ends.setdefault(last[line], []).append(line)
        for a in ends.pop(i, ()):
            space.give(plan.offset[a], _bytes(a))
    plan.size = space.size
    return plan


def _may_become(a: Line, line: Line) -> bool:
    """Whether the line may be written over its operand a, element by element."""
    same = (a.shape, a.dtype) == (line.shape, line.dtype)
    return same and is_elementwise(line) and line.op not in _SLOW_IN_PLACE


def _is_crosswise(line: Line) -> bool:
    (n, k), p = line.inputs[0].shape, line.shape[1]
    return crosswise(n, k, p, line.dtype)


def _read_in_order(program: Program) -> set[Line]:
    """The lines that something uses for which their elements should lie in C order."""
    used = ((a, line) for line in program.lines for a in line.inputs if type(a) is Line)
    return {a for a, line in used if not has_own_array(line)}


def _bytes(line: Line) -> int:
    size = line.dtype.itemsize
    for n in line.shape:
        size *= n
    return -(-size // _ALIGN) * _ALIGN


def _last_uses(program: Program) -> dict[Line, int]:
    """For each line, the number of the last line that may read its array, also through a view."""
    bases: dict[Line, set[Line]] = {line: {line} for line in program.inputs}
    last = dict.fromkeys(program.inputs, -1)
    for i, line in enumerate(program.lines):
        used = {b for a in line.inputs if type(a) is Line for b in bases[a]}
        last.update(dict.fromkeys(used, i))
        scalar = not line.shape and (is_elementwise(line) or reducing(line) is not None)
        bases[line] = {line} if scalar or has_own_array(line) else {line, *used}
        last[line] = i
    for a in program.outputs:
        if type(a) is Line:
            last.update(dict.fromkeys(bases[a], len(program.lines)))
    return last


class _Space:
    """An address space that grows; the smallest gap that is large enough is taken first."""

    def __init__(self) -> None:
        self.size = 0
        self.gaps: dict[int, int] = {}  # by offset

    def take(self, size: int) -> int:
        fitting = [(n, at) for at, n in self.gaps.items() if n >= size]
        if not fitting:
            self.size += size
            return self.size - size
        n, at = min(fitting)
        del self.gaps[at]
        if n > size:
            self.gaps[at + size] = n - size
        return at

    def give(self, at: int, size: int) -> None:
        if size:
            after = self.gaps.pop(at + size, 0)
            self.gaps[at] = size + after
            for start, n in self.gaps.items():
                if start + n == at:
                    self.gaps[start] = n + self.gaps.pop(at)
                    break
