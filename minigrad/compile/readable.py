"""readable: a program as the NumPy one would have written, in the names of whoever recorded it.

It says what the code computes, in one expression for each named quantity; where results are kept
is left out. Names come from the Tensors and arguments, and from what becomes of them: with W2 and
b2 named, W2 A + b2 is Z2, the array that W2 multiplies is A1, and what W2 moves by is dW2.

Read next: `minigrad.compile.compiled`.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections import Counter
from collections.abc import Iterator
from itertools import count
from typing import Any

import numpy as np

from minigrad.compile.names import named
from minigrad.compile.trace import Trace
from minigrad.program import Line, Program
from minigrad.table import ROWS, filled

__all__ = ["readable"]

_WIDE = 88  # characters from which an expression is given lines of its own
_BINDS = {np.add: 1, np.subtract: 1, np.multiply: 2, np.divide: 2, np.matmul: 2, np.negative: 3,
          np.power: 4}  # fmt: skip
_RANK = {ROWS[f]: rank for f, rank in _BINDS.items()}
_CALL = 9


def readable(program: Program, trace: Trace, title: str, arguments: list[str]) -> str:
    """The source of a function of the arguments, then of the leaves, that computes the outputs."""
    reader = _Reader(program, named(program, trace, arguments))
    title = _word(title, "f")
    return reader.function(f"{title}_" if title in _Reader.RESERVED else title)


class _Reader:
    """Writes the source. Only words that `_word` lets through get into it from outside."""

    RESERVED = frozenset([*dir(builtins), *keyword.kwlist, "np"])

    def __init__(self, program: Program, wishes: dict[Line, str]) -> None:
        self.program = program
        self.wishes = wishes
        self.uses = Counter(id(a) for line in program.lines for a in line.inputs)
        self.last = {id(a): i for i, line in enumerate(program.lines) for a in line.inputs}
        self.last |= {id(a): len(program.lines) for a in program.outputs}
        self.inline: dict[Line, tuple[str, int]] = {}  # what is written where it is used
        self.names: dict[Line, str] = {}
        self.taken: dict[str, Line | None] = dict.fromkeys(self.RESERVED)
        self.numbers: dict[str, Iterator[int]] = {}  # to tell apart what would be called the same
        self.arrays: dict[int, str] = {}
        for i, line in enumerate(program.inputs):
            self._name(line, -1, f"x{i}")

    def function(self, title: str) -> str:
        """The whole source."""
        inputs = ", ".join(self.names[line] for line in self.program.inputs)
        outputs = {id(a) for a in self.program.outputs}
        body = []
        for i, line in enumerate(self.program.lines):
            text, rank = self._expression(line)
            alone = self.uses[id(line)] == 1 and line not in self.wishes and id(line) not in outputs
            if alone and len(text) < _WIDE:
                self.inline[line] = text, rank
            else:
                self._name(line, i, "t1")
                body.append(f"{self.names[line]} = {text}")
        results = ", ".join(self._operand(a, 0) for a in self.program.outputs)
        arrays = [f"# {name}: a constant array" for name in self.arrays.values()]
        lines = [f"def {title}({inputs}):", *arrays, *body, f"return {results}".rstrip()]
        return "\n    ".join(lines) + "\n"

    def _name(self, line: Line, i: int, default: str) -> None:
        """Give the line a name of its own, or of a leaf whose old value nothing needs after it."""
        wish = _word(self.wishes.get(line) or line.name or default, default)
        holder = self.taken.get(wish)
        if holder is not None and self.last.get(id(holder), -1) <= i:
            self.names[line] = wish
            return
        stem = wish.rstrip("0123456789")
        numbers = self.numbers.setdefault(wish, count(int(wish[len(stem) :] or 1)))
        stem = stem if stem != wish else f"{wish}_"
        name = wish
        while name in self.taken:
            name = f"{stem}{next(numbers)}"
        self.taken[name] = line if line.op is None else None
        self.names[line] = name

    def _expression(self, line: Line) -> tuple[str, int]:
        """The source of a line, and how strongly its operator binds."""
        op = line.op
        assert op is not None
        if op is ROWS[np.transpose] and line.params["axes"] is None:
            return f"{self._operand(line.inputs[0], _CALL)}.T", _CALL
        rank, n = _RANK.get(op, _CALL), len(line.inputs)
        if rank < _CALL:
            ranks = [rank + 1, rank] if op is ROWS[np.power] else [rank, rank + 1]
        elif op.code[:1] not in "{~+-":
            ranks = [0] * n  # a call
        elif re.match(r"\{0\}[.[]", op.code):
            ranks = [_CALL] + [0] * (n - 1)  # a method or an index
        else:
            rank, ranks = 0, [_CALL] * n  # another operator
        operands = [self._operand(a, r) for a, r in zip(line.inputs, ranks, strict=False)]
        return filled(op.code, operands, {k: _shown(v) for k, v in line.params.items()}), rank

    def _operand(self, a: Any, rank: int) -> str:
        """An operand where an operator of that rank stands beside it."""
        if type(a) is Line:
            text, own = self.inline.get(a) or (self.names[a], _CALL)
            return text if own >= rank else f"({text})"
        if isinstance(a, (float, int)) and not isinstance(a, bool):
            text = repr(float(a) if isinstance(a, float) else a)
            text = text.replace("inf", "np.inf").replace("nan", "np.nan")
            return f"({text})" if text[0] == "-" and rank > _RANK[ROWS[np.negative]] else text
        if isinstance(a, np.ndarray) and a.ndim:
            return self.arrays.setdefault(id(a), f"c{len(self.arrays) + 1}")
        if isinstance(a, (np.generic, np.ndarray)):
            return repr(a.item())
        if isinstance(a, slice):
            ends = ["" if end is None else str(end) for end in (a.start, a.stop)]
            return ":".join(ends + ([] if a.step is None else [str(a.step)]))
        return "..." if a is Ellipsis else repr(a)


def _shown(value: Any) -> str:
    """A parameter."""
    return f"np.{value.name}" if isinstance(value, np.dtype) else repr(value)


def _word(wish: str, default: str) -> str:
    """The wish as a Python name: nothing else of it gets into the source."""
    word = re.sub(r"\W", "_", wish, flags=re.ASCII)
    return word if word.isidentifier() and not keyword.iskeyword(word) else default
