"""The numpy backend: a program as straight-line NumPy that writes into arrays it has.

Read next: `minigrad.compile.compiled`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite, prod
from typing import Any

import numpy as np

from minigrad.compile.plan import is_product, planned, reducing
from minigrad.compile.types import is_elementwise
from minigrad.program import Line, Program
from minigrad.table import ROWS
from minigrad.values import Array

__all__ = ["Built", "build"]


@dataclass(frozen=True, slots=True, eq=False)
class Built:
    """A program made runnable.

    Attributes:
        backend: the one that made it.
        source: the Python it became.
        run: arrays in, a tuple of new arrays out; those donated are written into and returned.
        note: what there is to know about how it was made.
    """

    backend: str
    source: str
    run: Callable[..., tuple[Array, ...]]
    note: str


def build(program: Program, donated: Mapping[int, int], title: str) -> Built:
    """The program as a Python function of NumPy calls.

    Args:
        program: what to compute.
        donated: by the number of an output, that of the input whose array it is written into: one
            that is contiguous, and that nothing else holds.
        title: what tracebacks call it.
    """
    writer = _Writer(program, donated)
    source = writer.text()
    names: dict[str, Any] = {**writer.bound, "pool": [], "ndarray": np.ndarray, "empty": np.empty}
    exec(compile(source, f"<compiled {title!a}>", "exec"), names)  # our own text, see _Writer
    note = f"{len(program.lines)} lines; arrays kept between calls: {writer.plan.size:,} bytes"
    return Built("numpy", source, names["run"], note)


def own(value: Array) -> Array:
    """A result that may be a view or somebody else's array, as one of the caller's own."""
    return value.copy()[()] if isinstance(value, np.ndarray) else value


class _Writer:
    """Writes the source. Every name in it is made here: nothing a user named gets into it."""

    def __init__(self, program: Program, donated: Mapping[int, int]) -> None:
        self.program = program
        self.donated = donated
        self.plan = planned(program, donated)
        self.bound: dict[str, Any] = {}  # what the source calls by name and Python has no text for
        self.known: dict[int, str] = {}
        self.name = {line: f"x{i}" for i, line in enumerate(program.inputs)}
        self.name |= {line: f"t{i}" for i, line in enumerate(program.lines)}
        self.kept: dict[str, str] = {}  # what is kept between calls: how it is made, its name
        self.body: list[str] = []

    def text(self) -> str:
        """The source: `arena()`, which makes the arrays kept between calls, and `run`."""
        for line in self.program.lines:
            if not self._kept(line):
                self.body.append(self._statement(line))
        results = self._results()
        inputs = ", ".join(self.name[line] for line in self.program.inputs)
        run = [*self.body, f"return {''.join(f'{r}, ' for r in results) or '()'}"]
        if not self.kept:
            return _function("run", inputs, run)
        kept = ", ".join(self.kept.values()) + ","
        arena = [f"{name} = {text}" for text, name in self.kept.items()]
        arena = [f"memory = empty({self.plan.size}, 'u1')", *arena, f"return {kept}"]
        begin = [f"try: {kept} = kept = pool.pop()", f"except IndexError: {kept} = kept = arena()"]
        run.insert(-1, "pool.append(kept)")
        return f"{_function('arena', '', arena)}\n\n{_function('run', inputs, [*begin, *run])}"

    def _kept(self, line: Line) -> bool:
        """Whether the line needs no statement: it is a view of an array kept between calls.

        Those arrays, and lines that lie in the same place in the same form, get one name.
        """
        at, first = self.plan.offset.get(line), line.inputs[0] if line.inputs else None
        if at is not None:
            order = ", None, 'F'" if line in self.plan.by_columns else ""
            text = f"ndarray({line.shape}, {line.dtype.str!r}, memory, {at}{order})"
        elif type(first) is Line and self.name[first] in self.kept.values():
            copies = line.op in _RESHAPES and first not in self.plan.offset
            text = "" if copies else self._view(line) or ""
        else:
            return False
        if text:
            self.name[line] = self.kept.setdefault(text, f"k{len(self.kept)}")
        return bool(text) and at is None

    def _statement(self, line: Line) -> str:
        name, target = self.name[line], self.plan.into.get(line)
        kept = line in self.plan.offset
        out = name if kept else self.name[target] if target is not None else ""
        call = self._call(line, out)
        return call if kept else f"{name} = {call}"

    def _call(self, line: Line, out: str) -> str:
        """The expression that computes the line, into `out` if that is given."""
        assert line.op is not None
        operands = [self._operand(a) for a in line.inputs]
        into = f", {out}" if out else ""
        ufunc = reducing(line)
        if ufunc is not None:
            return self._reduction(line, ufunc, operands[0], out)
        if is_product(line) and line in self.plan.by_columns:
            a, b = operands
            return f"{self._constant(np.dot, 'dot')}({b}.T, {a}.T, {out}.T)"
        if is_product(line):
            return f"{self._constant(np.dot, 'dot')}({', '.join(operands)}{into})"
        if is_elementwise(line):
            infix = "np." not in line.op.code and "{*" not in line.op.code
            if not line.shape and infix and line.dtype.kind != "c":
                return line.op.code.format(*(self._number(a, line) for a in line.inputs))
            function = self._constant(line.op.forward, line.op.name)
            if out and line.op.forward in _OUT_BY_NAME:
                into = f", out={out}"
            return f"{function}({', '.join(operands)}{into})"
        if line.op is ROWS["getitem"]:
            return f"{operands[0]}[{', '.join(operands[1:])}]" if operands[1:] else operands[0]
        return self._view(line) or self._other(line, operands)

    def _other(self, line: Line, operands: list[str]) -> str:
        """A call of the op's own function; out= would be for those that take it."""
        assert line.op is not None
        params = [f"{k}={self._operand(v)}" for k, v in line.params.items()]
        function = self._constant(line.op.forward, line.op.name)
        return f"{function}({', '.join([*operands, *params])})"

    def _reduction(self, line: Line, ufunc: np.ufunc, a: str, out: str) -> str:
        axis, keep = self._operand(line.params.get("axis")), bool(line.params.get("keepdims"))
        name = self._constant(ufunc, ufunc.__name__)
        total = f"{name}.reduce({a}, {axis}, None, {out or None}, {keep})"
        if line.op is not ROWS[np.mean]:
            return total
        count = prod(line.inputs[0].shape) // max(1, prod(line.shape))
        divide = self._constant(np.true_divide, "divide")
        return f"{divide}({total}, {count}{', ' + out if out else ''})"

    def _view(self, line: Line) -> str | None:
        """The expression of the line as a view of its first input, if it is one."""
        a = line.inputs[0] if line.inputs else None
        if type(a) is not Line or not a.shape:
            return None
        name = self.name[a]
        if line.op is ROWS[np.transpose]:
            axes = line.params["axes"]
            return f"{name}.T" if axes is None else f"{name}.transpose({self._operand(axes)})"
        if line.op in _RESHAPES and line.params.get("order", "C") == "C":
            return f"{name}.reshape({line.shape})"
        return None

    def _results(self) -> list[str]:
        """The names of the outputs, each an array that is the caller's alone.

        What may be part of another array is copied before any input is written into.
        """
        results: list[str] = []
        copies: list[str] = []
        for i, a in enumerate(self.program.outputs):
            name = self._operand(a)
            target = self.program.inputs[self.donated[i]] if i in self.donated else None
            if target is not None and self.plan.into.get(a) is target:
                results.append(self.name[target])
                continue
            if not self._is_own(a, i if target is None else -1):
                self.body.append(f"r{i} = {self._constant(own, 'own')}({name})")
                name = f"r{i}"
            if target is not None:
                copy = self._constant(np.copyto, "copyto")
                copies.append(f"{copy}({self.name[target]}, {name})")
                name = self.name[target]
            results.append(name)
        self.body += copies
        return results

    def _is_own(self, a: Any, i: int) -> bool:
        """Whether the operand shares memory with no input, and as output i with no other output.

        Of an array kept between calls it does not matter for i = -1: that is copied anyhow.
        """
        if type(a) is not Line:
            return not isinstance(a, np.ndarray)
        if a.op is None or a in self.plan.into:
            return False
        made = is_elementwise(a) or is_product(a) or reducing(a) is not None
        first = i < 0 or next(j for j, b in enumerate(self.program.outputs) if b is a) == i
        return made and first

    def _operand(self, a: Any) -> str:
        if type(a) is Line:
            return self.name[a]
        if isinstance(a, tuple) and all(type(n) is int for n in a):
            return repr(a)
        if a is None or a is True or a is False or type(a) is int:
            return f"({a})" if type(a) is int and a < 0 else repr(a)
        if type(a) is float and isfinite(a):
            return repr(a) if a >= 0 and repr(a)[0] != "-" else f"({a!r})"
        return self._constant(a)

    def _number(self, a: Any, line: Line) -> str:
        """An operand of Python's arithmetic; beside float64 a float64 is as good as a float."""
        same = all(b.dtype == np.float64 for b in line.inputs if type(b) is Line)
        return self._operand(float(a) if type(a) is np.float64 and same else a)

    def _constant(self, value: Any, hint: str = "c") -> str:
        """A name for the value in the source, its own: the hint if that is a plain word."""
        if id(value) not in self.known:
            word = hint if hint.isascii() and hint.isidentifier() else "f"
            self.known[id(value)] = name = f"{word}_{len(self.bound)}"
            self.bound[name] = value
        return self.known[id(value)]


_OUT_BY_NAME = {np.maximum, np.minimum}  # NumPy no longer wants it by position
_RESHAPES = {ROWS[f] for f in (np.reshape, np.ravel, np.expand_dims, np.squeeze) if f in ROWS}


def _function(name: str, inputs: str, body: list[str]) -> str:
    return "\n    ".join([f"def {name}({inputs}):", *body]) + "\n"
