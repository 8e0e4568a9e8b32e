"""compare: whether two programs are the same, and if not, where they part.

A function that is compiled is recorded twice: what differs was no constant.

Read next: `minigrad.compile.compiled`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from minigrad.compile.trace import Trace
from minigrad.program import Line

__all__ = ["difference"]


def difference(before: Trace, now: Trace) -> str | None:
    """What first differs between two runs of a function, in words; None if nothing does."""
    for group in ("leaves", "assigned", "graded", "cleared", "ungraded"):
        if [*map(id, getattr(before, group))] != [*map(id, getattr(now, group))]:
            return "it used, assigned or differentiated by other Tensors"
    if before.form != now.form:
        return "it returned another tree"
    a, b = before.program, now.program
    place = {line: f"input {i}" for p in (a, b) for i, line in enumerate(p.inputs)}
    place |= {line: f"line {i}, {_name(line)}" for p in (a, b) for i, line in enumerate(p.lines)}
    for i, (x, y) in enumerate(zip(a.lines, b.lines)):
        if _name(x) != _name(y):
            return f"line {i} was {_name(x)}, then {_name(y)}"
        if x.op is not y.op:
            return f"{place[x]}, is a primitive made anew: make it outside the function"
        found = _first(x.inputs, y.inputs, place) or _first(
            tuple(x.params.values()), tuple(y.params.values()), place
        )
        if found:
            return f"{place[x]}, had {found}"
        if (x.shape, x.dtype) != (y.shape, y.dtype):
            return f"{place[x]}, was {x.dtype}{x.shape}, then {y.dtype}{y.shape}"
    if (len(a.inputs), len(a.lines)) != (len(b.inputs), len(b.lines)):
        return f"it recorded {len(a.lines)} operations, then {len(b.lines)}"
    found = _first(a.outputs, b.outputs, place)
    return f"it returned {found}" if found else None


def _name(line: Line) -> str:
    return line.op.name if line.op else "an input"


def _first(xs: tuple[Any, ...], ys: tuple[Any, ...], place: dict[Line, str]) -> str | None:
    if len(xs) != len(ys):
        return f"operands: {len(xs)}, then {len(ys)}"
    for x, y in zip(xs, ys, strict=True):
        if not _same(x, y, place):
            before, now = _shown(x, place), _shown(y, place)
            return f"{before}, then {now if now != before else 'another'}"
    return None


def _same(x: Any, y: Any, place: dict[Line, str]) -> bool:
    if type(x) is not type(y):
        return False
    if type(x) is Line:
        return place[x] == place[y]
    if isinstance(x, (np.ndarray, np.generic)):
        same = x.shape == y.shape and x.dtype == y.dtype
        return same and np.asarray(x).tobytes() == np.asarray(y).tobytes()
    if isinstance(x, (tuple, list)):
        return len(x) == len(y) and all(_same(a, b, place) for a, b in zip(x, y, strict=True))
    if isinstance(x, Mapping):
        return _same(tuple(x.items()), tuple(y.items()), place)
    return x is y or repr(x) == repr(y)


def _shown(x: Any, place: dict[Line, str]) -> str:
    if type(x) is Line:
        return f"the result of {place[x]}" if x.op else place[x]
    if isinstance(x, np.ndarray) and x.size > 6:
        return f"a constant array {x.shape}"
    return f"the constant {x}"
