"""Which trace is watching: `minigrad.compile` runs a function once to see what it computes.

While one watches, a value read back into Python would be taken for a constant. So it is told of
what is assigned, and a question that a Tensor's value would answer is refused.

Read next: `minigrad.tensor`.
"""

from __future__ import annotations

import linecache
import sys
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from minigrad.errors import GraphError

__all__ = ["Tracer", "refuse_value", "tracer", "users_line"]


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


tracer: ContextVar[Tracer | None] = ContextVar("tracer", default=None)

_REMEDY = {
    "bool": "the truth of it chooses a branch; use np.where(condition, a, b)",
    "iter": "iterating reads it element by element; use NumPy functions with an axis, or an index",
    "tolist": "it becomes Python numbers; keep it an array",
    "nonzero": "how many elements are chosen depends on it; use np.where(condition, a, b)",
    "bincount": "how many bins there are depends on it; use (x[:, None] == np.arange(n)).sum(0)",
}
_LIBRARY = (  # files whose lines are not the user's
    str(Path(__file__).parent),
    str(Path(__file__).parent.parent / "nn"),
    str(Path(np.__file__).parent),
    "<",
)


def refuse_value(what: str) -> None:
    """Raise, if a trace is watching, because the result of `what` would be a constant."""
    if tracer.get() is None:
        return
    remedy = _REMEDY.get(what, "it becomes a Python number; keep it an array")
    raise GraphError(
        f"compile: {what} of a traced value at {users_line()}: its value is not known when the "
        f"compiled code is made: {remedy}, or call this part outside the compiled function"
    )


def users_line() -> str:
    """The line of the caller's program that led here: `file.py:12: y = f(x)`."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_LIBRARY):
        frame = frame.f_back
    file, number = frame.f_code.co_filename, frame.f_lineno
    source = linecache.getline(file, number).strip()
    return f"{Path(file).name}:{number}" + (f": `{source}`" if source else "")
