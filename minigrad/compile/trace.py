"""trace: run a function once, and keep the program of what it computed.

The run is an ordinary one: its results are the caller's, and what it assigned stays assigned.

Read next: `minigrad.compile.passes`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from minigrad.errors import GraphError
from minigrad.program import Line, Program, recorded
from minigrad.sweep import reach
from minigrad.table import ROWS
from minigrad.tensor import Tensor, is_argument, record, recording, remember
from minigrad.tracing import tracer, users_line
from minigrad.trees import flatten, outline
from minigrad.values import Array, fitting, settle

__all__ = ["Trace", "trace"]


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """What one run of a function did.

    Attributes:
        program: from the arrays among its arguments, then the leaves, to the results, then the
            new values of `assigned`, then those of `graded`.
        leaves: the Tensors it closes over; their values at the time of a call are inputs.
        assigned: those whose `.data` it replaced.
        graded: those whose `.grad` it left set.
        cleared: those whose `.grad` it left None.
        ungraded: those whose `.grad` must be None when it is called, for it adds to that.
        rebuild: builds what it returned around the results.
        n: how many results there are.
        form: the outline of what it returned.
    """

    program: Program
    leaves: tuple[Tensor, ...]
    assigned: tuple[Tensor, ...]
    graded: tuple[Tensor, ...]
    cleared: tuple[Tensor, ...]
    ungraded: tuple[Tensor, ...]
    rebuild: Callable[[list[Any]], Any]
    n: int
    form: Any


class _Watch:
    """What is assigned while a function is traced."""

    def __init__(self) -> None:
        self.floor = Tensor(0.0).serial
        self.versions: dict[int, Tensor] = {}  # by id of the array a leaf was assigned
        self.before: dict[Tensor, Array] = {}  # of each leaf assigned, the array it held
        self.grads: dict[Tensor, bool] = {}  # each leaf whose grad was used; whether set first
        self.inner: list[Tensor] = []  # the trace's own nodes that were given one

    def read(self, leaf: Tensor) -> Tensor:
        return record(ROWS["stop_gradient"], (leaf,))

    def assign(self, leaf: Tensor, value: Any) -> None:
        if leaf.serial > self.floor:
            raise GraphError(
                f"compile: {users_line()} assigns a Tensor that the function made; what is kept "
                "from call to call must be made outside it"
            )
        self.before.setdefault(leaf, leaf._value)
        with recording(True):
            if isinstance(value, Tensor):
                fitting("assigning .data", value._value, leaf._value, cast=True)
                if value.dtype != leaf.dtype:
                    value = value.astype(leaf.dtype)
            else:
                value = fitting("assigning .data", value, leaf._value, cast=False)
            value = np.copy(value) if isinstance(value, Tensor) else Tensor(value)
        if not value.shape:
            value._value = value._value[()]
        self.versions[id(value._value)] = value
        leaf._value = value._value

    def grad(self, leaf: Tensor) -> None:
        if leaf.serial > self.floor or leaf.op is not None:
            self.inner.append(leaf)
            return
        if leaf in self.grads:
            return
        if leaf._grad is not None:
            raise GraphError(
                f"compile: at {users_line()} {leaf._called()} holds a gradient from before, which "
                "the compiled code would not know; call zero_grad() first in the function"
            )
        self.grads[leaf] = False

    def set_grad(self, leaf: Tensor) -> None:
        if leaf.serial < self.floor:
            self.grads.setdefault(leaf, True)

    @contextmanager
    def on(self) -> Iterator[None]:
        """Within the block it is told what happens; after it, no `.grad` is a node of the trace."""
        before = tracer.set(self)
        try:
            with recording(True):
                yield
        finally:
            tracer.reset(before)
            for node in self.inner:
                node._grad = None  # a node that refers to itself would live on
            for leaf in self.grads:
                if isinstance(leaf._grad, Tensor):
                    leaf._grad = settle([leaf._grad._value])[0]


def trace(call: Callable[[list[Any]], Any], given: list[Array]) -> tuple[Trace, list[Any]]:
    """Run `call(variables)`, with a variable for each array of `given`: what it did, its results.

    A result that is a Tensor becomes an array of its own, as every later call's will be.
    """
    watch = _Watch()
    variables = [remember(x, None, (), (), {}) for x in given]
    with watch.on():
        y = call(variables)
        outputs, rebuild = flatten(y)
        assigned = tuple(watch.before)
        graded = tuple(leaf for leaf in watch.grads if leaf._grad is not None)
        news = [watch.versions[id(leaf._value)] for leaf in assigned]
        grads = [leaf._grad for leaf in graded]
        made = [*outputs, *news, *grads]
        _refuse_arguments([t for t in made if isinstance(t, Tensor)], watch.floor)
        program, closed = recorded(variables, made, watch.floor, watch.versions, _expanded)
    results = [_own(y._value if isinstance(y, Tensor) else y) for y in outputs]
    cleared = tuple(leaf for leaf, first in watch.grads.items() if first and leaf._grad is None)
    ungraded = tuple(leaf for leaf, first in watch.grads.items() if not first)
    run = Trace(
        _frozen(program), tuple(closed), assigned, graded, cleared, ungraded, rebuild,
        len(outputs), outline(y),
    )  # fmt: skip
    return run, results


def _refuse_arguments(roots: list[Tensor], floor: int) -> None:
    """An argument of a transform that code kept as a constant would have a derivative of 0."""
    older = [t for t in roots if t.serial < floor]
    for t in reach(roots, floor):
        if t.serial > floor and t.op is not ROWS["stop_gradient"]:
            pairs = zip(t.inputs, t._args, strict=True)
            older += [a for a, x in pairs if a is not x and a.serial < floor]
    for t in reach(older):
        if is_argument(t):
            raise GraphError(
                f"compile: the function closes over {t._called()}, an argument of a transform, or "
                "what was computed from it, whose derivative the compiled code would lose; pass it "
                "to the function, or its .data for the value alone"
            )


def _own(value: Any) -> Any:
    """A result as the caller's own: a copy of an array."""
    return np.array(value)[()] if isinstance(value, np.ndarray) else value


def _frozen(program: Program) -> Program:
    """The program with constant arrays that nobody can write into any more."""
    copies: dict[int, Array] = {}

    def frozen(a: Any) -> Any:
        return copies.setdefault(id(a), a.copy()) if isinstance(a, np.ndarray) else a

    made: dict[Any, Any] = {line: line for line in program.inputs}
    for line in program.lines:
        inputs = [made[a] if type(a) is Line else frozen(a) for a in line.inputs]
        made[line] = replace(line, inputs=tuple(inputs))
    lines = tuple(made[line] for line in program.lines)
    outputs = [made[a] if type(a) is Line else frozen(a) for a in program.outputs]
    return Program(program.inputs, lines, tuple(outputs))


def _expanded(node: Tensor) -> Program | None:
    """The program of a primitive's own function, where that is NumPy throughout.

    One that looks at values, or calls what is not NumPy, stays one line, a call.
    """
    if node.op is None or node.op.expand is None:
        return None
    floor = Tensor(0.0).serial
    pairs = zip(node.inputs, node._args, strict=True)
    args = [x if a is x else remember(x, None, (), (), {}) for a, x in pairs]
    variables = [x for x in args if isinstance(x, Tensor)]
    try:
        y = node.op.expand(*args, **node.params)
    except Exception:  # it may refuse a Tensor in any way
        return None
    if not isinstance(y, Tensor) or y.shape != node.shape or y.dtype != node.dtype:
        return None
    program, closed = recorded(variables, [y], floor, {}, _expanded)
    return None if closed else program
