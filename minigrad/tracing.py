"""Who is watching: a trace of `minigrad.compile`, or `minigrad.debug`.

A trace runs a function once to see what it computes. While one watches, a value read back into
Python would be taken for a constant. So it is told of what is assigned, and a question that a
Tensor's value would answer is refused. A debugger is told of every operation and every cotangent.

Read next: `minigrad.tensor`.
"""

from __future__ import annotations

import contextlib
import copy
import linecache
import os
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import numpy as np

from minigrad.errors import GraphError

__all__ = [
    "Debugger", "Tracer", "debugger", "is_library", "is_recording", "mode", "no_grad",
    "recording", "refuse_value", "shown_line", "telling", "tracer", "users_frame", "users_line",
]  # fmt: skip


class Tracer(Protocol):
    """What a Tensor tells the trace that watches it."""

    def read(self, leaf: Any) -> Any:
        """What `.data` of any Tensor is: one that no derivative passes."""

    def assign(self, leaf: Any, value: Any) -> None:
        """`leaf.data = value`."""

    def grad(self, leaf: Any) -> None:
        """`.grad` is about to be read, or added to."""

    def set_grad(self, leaf: Any) -> None:
        """`.grad` has been set, to None or to a Tensor."""


class Debugger(Protocol):
    """What `minigrad.debug` is told."""

    def note(self, value: Any, op: Any, inputs: Any, args: Any, params: Any) -> dict[str, Any]:
        """`op` computed the value from the args, which the inputs held: the node's notes."""

    def pulled(self, swept: Any, node: Any, a: Any, g: Any, c: Any, total: Any) -> None:
        """A sweep had from a node's cotangent g the input's c, one part of the total so far.

        `swept` is what it started from, and the nodes that were wanted: None for all.
        """


tracer: ContextVar[Tracer | None] = ContextVar("tracer", default=None)
debugger: ContextVar[Debugger | None] = ContextVar("debugger", default=None)
mode: ContextVar[Debugger | bool | None] = ContextVar("mode", default=None)
# What becomes of an operation: None, it is recorded; False, it is not; or who is told of it too.

_REMEDY = {
    "bool": "the truth of it chooses a branch; use np.where(condition, a, b)",
    "copy": "a copy would keep the value of this call; use np.copy(x)",
    "iter": "instead of iterating write x[0], x[1], …, or use NumPy functions with an axis",
    "tolist": "it becomes Python numbers; keep it an array",
    "nonzero": "how many elements are chosen depends on it; use np.where(condition, a, b)",
    "bincount": "how many bins there are depends on it; use (x[:, None] == np.arange(n)).sum(0)",
}
_LIBRARY = (  # files whose lines are not the user's: minigrad, nn, NumPy
    os.path.join(Path(__file__).parent, ""),
    os.path.join(Path(__file__).parent.parent, "nn", ""),
    os.path.join(Path(np.__file__).parent, ""),
    contextlib.__file__,
    copy.__file__,
    "<__array_function__",
    "<frozen",
    "<minigrad",
)


def is_recording() -> bool:
    """Whether operations on Tensors are recorded here and now."""
    return mode.get() is not False


@contextlib.contextmanager
def recording(on: bool) -> Iterator[None]:
    """Within the block, operations on Tensors are recorded, or not."""
    before = mode.set(debugger.get() if on else False)
    try:
        yield
    finally:
        mode.reset(before)


@contextlib.contextmanager
def telling(told: Debugger | None) -> Iterator[None]:
    """Within the block, this debugger is told of operations and sweeps."""
    before = debugger.set(told)
    try:
        with recording(is_recording()):
            yield
    finally:
        debugger.reset(before)


def no_grad() -> contextlib.AbstractContextManager[None]:
    """A block in which operations compute and are not recorded: what they return are leaves.

    It saves the memory of the history where no derivative is wanted, to evaluate a network, say.
    `grad` and the other transforms inside it still record what they differentiate. It holds for
    the current thread or task.

    >>> from minigrad.tensor import tensor
    >>> x = tensor(3.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.op is None, y.item()
    (True, 9.0)
    """
    return recording(False)


def refuse_value(what: str) -> None:
    """Raise, if a trace is watching, because the result of `what` would be a constant."""
    if tracer.get() is None:
        return
    remedy = _REMEDY.get(what, "it becomes a Python number; keep it an array")
    raise GraphError(
        f"compile: {what} of a traced value at {users_line()}: its value is not known when the "
        f"compiled code is made: {remedy}, or call this part outside the compiled function"
    )


def users_frame() -> FrameType:
    """The innermost frame of the caller's program, which is neither ours nor NumPy's."""
    frame = sys._getframe(1)
    while is_library(frame.f_code.co_filename) and frame.f_back is not None:
        frame = frame.f_back
    return frame


@cache
def is_library(file: str) -> bool:
    """Whether the lines of a file are ours or NumPy's."""
    return file.startswith(_LIBRARY)


def users_line() -> str:
    """The line of the caller's program that led here: `file.py:12: y = f(x)`."""
    frame = users_frame()
    return shown_line(frame.f_code.co_filename, frame.f_lineno)


def shown_line(file: str, number: int) -> str:
    """A line of a program: `file.py:12: y = f(x)`."""
    source = linecache.getline(file, number).strip()
    return f"{Path(file).name}:{number}" + (f": `{source}`" if source else "")
