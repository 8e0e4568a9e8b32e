"""The plan: lines of a program gathered into loop nests, inner loops of NumPy and matrix products.

A kernel is one loop nest over one shape. A line joins the kernel that computes its inputs, or
reads what it reads, as soon as all else it needs is there before that kernel runs; between two
lines of a kernel an element stays in a register. Only what is needed elsewhere is stored.

Read next: `minigrad.compile.native_source`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from operator import itemgetter
from typing import Any

import numpy as np

from minigrad.compile.blas import crosswise
from minigrad.compile.native_layout import Buffer, Place, viewed, whole
from minigrad.compile.native_merge import merged
from minigrad.compile.native_ops import (
    CONCATENATE,
    MATMUL,
    MOVES,
    REDUCTIONS,
    STACK,
    WRITES,
    Formula,
    Loop,
    elementwise,
    identity,
    mover,
)
from minigrad.compile.native_order import ordered
from minigrad.compile.native_product import product_form, unrolled
from minigrad.compile.native_steps import (
    Call,
    Kernel,
    Node,
    Plan,
    Product,
    Reduce,
    Scalar,
    Step,
)
from minigrad.program import Line, Program
from minigrad.table import ROWS
from minigrad.values import Array

__all__ = ["plan"]

_MOST_BUFFERS = 14  # in a kernel: past that, registers and the prefetcher run short


def plan(program: Program, donated: Mapping[int, int]) -> Plan:
    """How to compute a program whose lines are all native (see `native_ops.native`)."""
    return _Planner(program, donated).plan()


@dataclass(frozen=True, slots=True)
class _Within:
    """A value that so far is only a node of the kernel at that place among the steps."""

    node: Node
    step: int


class _Planner:
    def __init__(self, program: Program, donated: Mapping[int, int]) -> None:
        self.program = program
        self.donated = donated
        self.steps: list[Step] = []
        self.values: dict[Line, Scalar | Place | _Within] = {}
        self.stored: dict[Node, Place] = {}
        self.made: dict[Buffer, int] = {}  # the step after which it is complete
        self.constants: list[Array] = []
        self.known: dict[Any, Place] = {}  # constants by identity and dtype
        self.targets: dict[Line, Buffer] = {}
        for i, line in enumerate(program.inputs):
            buffer = Buffer(line.dtype, prod(line.shape), "input", i)
            self.values[line] = whole(buffer, line.shape) if line.shape else Scalar(i, line.dtype)

    # Inputs and outputs -----------------------------------------------------------------------

    def plan(self) -> Plan:
        results = self._results()
        for line in ordered(self.program, self.donated):
            self._line(line)
        for y in self.program.outputs:
            self.place(y)
        kept = {
            i: Buffer(results[i].dtype, results[i].size, "input", n)
            for i, n in self.donated.items()
            if self._reads_after(results[i])
        }
        for i, buffer in kept.items():
            results[i].kind, results[i].number = "scratch", 0
            results[i] = buffer
        self._copy_out(results)
        return Plan(merged(self.steps), self.constants, results)

    def _results(self) -> list[Buffer]:
        """The memory of each output: that of the input donated to it, or a new array."""
        results: list[Buffer] = []
        for i, y in enumerate(self.program.outputs):
            fresh = sum(r.kind == "result" for r in results)
            at = ("input", self.donated[i]) if i in self.donated else ("result", fresh)
            results.append(Buffer(y.dtype, prod(y.shape), *at))
            if y not in self.program.inputs:
                self.targets.setdefault(y, results[-1])
        return results

    def _reads_after(self, result: Buffer) -> bool:
        """Whether the input in whose memory the result is put is read when it is overwritten."""

        def is_input(place: Any) -> bool:
            buffer = place.buffer if isinstance(place, Place) else result
            return buffer is not result and buffer.name == result.name

        first = min(
            (k for k, s in enumerate(self.steps) for w in s.writes() if w.buffer is result),
            default=len(self.steps),  # only what is copied in the end goes there
        )
        for k, step in enumerate(self.steps[first:], first):
            reads = [r for r in step.reads() if is_input(r)]
            if reads and not (k == first and step.in_step(result, reads)):
                return True
        return any(is_input(self.values[y]) for y in self.program.outputs)

    def _copy_out(self, results: list[Buffer]) -> None:
        """Copy what is elsewhere to where it is returned; first what that would overwrite."""
        moves = [(self.place(y), r) for y, r in zip(self.program.outputs, results, strict=True)]
        moves = [(place, r) for place, r in moves if place.buffer is not r]
        written = {r.name for _, r in moves}
        moves = [
            (self._copied(place, last=True) if place.buffer.name in written else place, r)
            for place, r in moves
        ]
        for place, r in moves:
            self._copied(place, r, last=True)

    # Values -----------------------------------------------------------------------------------

    def place(self, a: Any) -> Place:
        """Where the value of a line, or a constant, is in memory."""
        if not isinstance(a, Line):
            return self._constant(a, np.asarray(a).dtype)
        value = self.values[a]
        if isinstance(value, Scalar):
            value = self._copied(a)
        if isinstance(value, _Within):
            value = self._store(value, a.shape, self.targets.get(a))
        self.values[a] = value
        return value

    def _constant(self, a: Array, dtype: np.dtype[Any]) -> Place:
        key = (id(a), dtype) if isinstance(a, np.ndarray) else (type(a), repr(a), dtype)
        if key not in self.known:
            array = np.array(a, dtype, order="C", ndmin=1)
            buffer = Buffer(dtype, array.size, "constant", len(self.constants))
            self.constants.append(array)
            self.known[key] = whole(buffer, np.shape(a))
        return self.known[key]

    def _store(self, value: _Within, shape: tuple[int, ...], target: Buffer | None) -> Place:
        if value.node not in self.stored:
            buffer = target if target is not None and target not in self.made else None
            buffer = buffer or Buffer(value.node.dtype, prod(shape))
            self._put(value, whole(buffer, shape))
            self.stored[value.node] = whole(buffer, shape)
        return self.stored[value.node]

    def _put(self, value: _Within, place: Place) -> None:
        kernel = self.steps[value.step]
        assert isinstance(kernel, Kernel)
        kernel.stores.append((value.node, place))
        self.made[place.buffer] = max(value.step, self.made.get(place.buffer, 0))

    def _copied(
        self,
        a: Any,
        into: Buffer | None = None,
        dtype: Any = None,
        shape: Any = None,
        last: bool = False,
    ) -> Place:
        """A copy of a line or place in C order, of that dtype and broadcast to that shape."""
        shape = a.shape if shape is None else shape
        node = self._node(_as_it_is(dtype or a.dtype), (a,), shape, dtype or a.dtype, last=last)
        place = whole(into or Buffer(node.node.dtype, prod(shape)), shape)
        self._put(node, place)
        return place

    # Lines ------------------------------------------------------------------------------------

    def _line(self, line: Line) -> None:
        op = line.op
        if identity(line) and isinstance(line.inputs[0], Line):
            self.values[line] = self.values[line.inputs[0]]
        elif op in MOVES:
            self.values[line] = self._moved(line)
        elif op is MATMUL:
            self._matmul(line)
        elif op in REDUCTIONS:
            self._reduce(line)
        elif op in (CONCATENATE, STACK):
            self.values[line] = self._joined(line)
        elif op in WRITES:
            self.values[line] = self._written(line, WRITES[op])
        else:
            how = elementwise(line)
            if isinstance(how, Loop):
                self.values[line] = self._call(how, line)
            else:
                assert how is not None
                self.values[line] = self._node(
                    how, line.inputs[: len(how.casts)], line.shape, line.dtype, line
                )

    def _node(
        self,
        formula: Formula,
        operands: Sequence[Any],
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        line: Line | None = None,
        last: bool = False,
    ) -> _Within:
        """A node in the best kernel for it."""
        values = [self._operand(a, shape) for a in operands]
        first = max((self._ready(v) for v in values), default=0)
        target = self.targets.get(line) if line is not None else None
        if target is not None and target.kind == "input":  # not before its old value was read
            pairs = ((k, r) for k, step in enumerate(self.steps) for r in step.reads())
            first = max([first, *(k for k, r in pairs if r.buffer.name == target.name)])
        step = len(self.steps) if last else self._kernel(values, first, shape)
        if step == len(self.steps):
            self.steps.append(Kernel(shape))
        kernel = self.steps[step]
        assert isinstance(kernel, Kernel)
        inside = [self._seen(v, step, shape) for v in values]
        node = Node(formula, tuple(inside), dtype)
        kernel.nodes.append(node)
        return _Within(node, step)

    def _operand(self, a: Any, shape: tuple[int, ...]) -> Any:
        value = self.values[a] if isinstance(a, Line) else a
        if isinstance(value, _Within) and a.shape != shape:
            value = self.place(a)
        if isinstance(value, np.ndarray) and value.ndim:
            value = self._constant(value, value.dtype)
        return value

    def _ready(self, value: Any) -> int:
        """The first step that can use the value."""
        if isinstance(value, Place):
            return self.made.get(value.buffer, -1) + 1
        return value.step if isinstance(value, _Within) else 0

    def _kernel(self, values: list[Any], first: int, shape: tuple[int, ...]) -> int:
        """The last kernel from `first` on that has to do with these values; else a new one."""
        buffers = {v.buffer for v in values if isinstance(v, Place)}
        inside = {v.step for v in values if isinstance(v, _Within)}
        for k in range(len(self.steps) - 1, first - 1, -1):
            kernel = self.steps[k]
            if isinstance(kernel, Kernel) and kernel.shape == shape:
                used = kernel.buffers()
                if (k in inside or used & buffers) and len(used | buffers) < _MOST_BUFFERS:
                    return k
        return len(self.steps)

    def _seen(self, value: Any, step: int, shape: tuple[int, ...]) -> Any:
        """An operand as the kernel at `step` has it."""
        if isinstance(value, _Within):
            if value.step == step:
                return value.node
            value = self._store(value, shape, self._target(value.node))
        return value.spread(shape) if isinstance(value, Place) else value

    def _target(self, node: Node) -> Buffer | None:
        """Where a node's value is to be in the end, if it is an output."""
        values = ((t, self.values.get(line)) for line, t in self.targets.items())
        return next((t for t, v in values if isinstance(v, _Within) and v.node is node), None)

    def _moved(self, line: Line) -> Place:
        if not prod(line.shape):
            return whole(Buffer(line.dtype, 0), line.shape)
        place, move = self.place(line.inputs[0]), mover(line)
        moved = viewed(move, place)
        if moved is None:
            moved = viewed(move, self._copied(place))
        assert moved is not None
        return moved

    def _joined(self, line: Line) -> Place:
        """Each part copied into its slice."""
        result = whole(self.targets.get(line) or Buffer(line.dtype, prod(line.shape)), line.shape)
        axis, start = line.params["axis"] % len(line.shape), 0
        for part in line.inputs:
            shape = np.shape(part)
            n = shape[axis] if line.op is CONCATENATE else 1
            index = (slice(None),) * axis
            index += (slice(start, start + n) if line.op is CONCATENATE else start, ...)
            start += n
            if prod(shape):
                to = viewed(itemgetter(index), result)
                assert to is not None
                self._put(self._node(_as_it_is(line.dtype), (part,), shape, line.dtype), to)
        self.made.setdefault(result.buffer, -1)
        return result

    def _written(self, line: Line, source: str) -> Place:
        """A copy of the first input, and then the second put into a part of that."""
        x, value = line.inputs[:2]
        result = whole(self.targets.get(line) or Buffer(line.dtype, prod(line.shape)), line.shape)
        self._put(self._node(_as_it_is(line.dtype), (x,), line.shape, line.dtype, line), result)
        to = viewed(mover(line), result)
        if to is not None:  # it is no empty part
            formula = Formula(source, (line.dtype,) * 2)
            self._put(self._node(formula, (to, value), to.shape, line.dtype, last=True), to)
        return result

    def _reduce(self, line: Line) -> None:
        assert line.op is not None
        x, how = line.inputs[0], REDUCTIONS[line.op]
        value = self._operand(x, x.shape)
        if not isinstance(value, _Within) or value.node.dtype != line.dtype:
            value = self._node(_as_it_is(line.dtype), (x,), x.shape, line.dtype)
        axis = line.params.get("axis")
        axes = range(len(x.shape)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        axes = tuple(a % len(x.shape) for a in axes)
        buffer = self.targets.get(line) or Buffer(line.dtype, prod(line.shape))
        kept = whole(buffer, tuple(1 if i in axes else n for i, n in enumerate(x.shape)))
        count = prod(x.shape[i] for i in axes) if line.op is ROWS[np.mean] else 1
        kernel = self.steps[value.step]
        assert isinstance(kernel, Kernel)
        kernel.reductions.append(Reduce(value.node, how, kept.spread(x.shape), axes, count))
        self.made[buffer] = value.step
        self.values[line] = whole(buffer, line.shape)

    def _call(self, loop: Loop, line: Line) -> Place:
        operands = [
            self._lined_up(a, dtype, line.shape)
            for a, dtype in zip(line.inputs, loop.casts, strict=True)
        ]
        return self._append(line, lambda target: Call(loop, tuple(operands), target))

    def _append(self, line: Line, step: Callable[[Place], Step], by_columns: bool = False) -> Place:
        target = whole(self.targets.get(line) or Buffer(line.dtype, prod(line.shape)), line.shape)
        if by_columns and target.buffer.kind == "scratch":
            target = replace(target, strides=(1, line.shape[0]))
        self.made[target.buffer] = len(self.steps)
        self.steps.append(step(target))
        return target

    def _lined_up(self, a: Any, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Place:
        """An operand of an inner loop: in C order, or one element."""
        if not isinstance(a, Line) and not np.ndim(a):
            return self._constant(a, dtype).spread(shape)
        one = prod(np.shape(a)) == 1
        place = self.place(a)
        if place.dtype != dtype or (not one and (place.shape != shape or not place.contiguous)):
            place = self._copied(place, dtype=dtype, shape=place.shape if one else shape)
        return place.spread(shape) if one else place

    def _matmul(self, line: Line) -> None:
        a, b = (self._cast(x, line.dtype) for x in line.inputs)
        a = Place(a.buffer, (1, *a.shape), (0, *a.strides), a.offset) if len(a.shape) == 1 else a
        if len(b.shape) == 1:
            b = Place(b.buffer, (*b.shape, 1), (*b.strides, 0), b.offset)
        shape = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        form = product_form(a, b, shape)
        shape = (*shape, a.shape[-2], b.shape[-1])
        if form == "unrolled" and shape == line.shape:
            formula, operands = unrolled(a, b, shape)
            self.values[line] = self._node(formula, operands, shape, line.dtype, line)
            return
        form = "called" if form == "unrolled" else form
        by_columns = form == "called" and shape == line.shape and len(shape) == 2
        by_columns = by_columns and crosswise(a.shape[0], a.shape[1], shape[1], line.dtype)

        def product(target: Place) -> Step:
            return Product(form, (a, b), target if by_columns else whole(target.buffer, shape))

        self.values[line] = self._append(line, product, by_columns)

    def _cast(self, x: Any, dtype: np.dtype[Any]) -> Place:
        place = self.place(x)
        return place if place.dtype == dtype else self._copied(place, dtype=dtype)


def _as_it_is(dtype: np.dtype[Any]) -> Formula:
    return Formula("{0}", (dtype,))
