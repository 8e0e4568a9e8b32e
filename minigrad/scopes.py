"""scope: names for the parts of a computation, which pictures draw as boxes.

Nothing is noted per operation. A call's outputs carry its label and the number of the newest node
there was before it; what the call computed is what they were computed from and is newer.

Read next: `minigrad.graph`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

import numpy as np

from minigrad.errors import DTypeError
from minigrad.tensor import Tensor, clock
from minigrad.trees import flatten

__all__ = ["printable", "scope", "scopes"]


def scope(
    label: str | tuple[str, ...],
    f: Callable[..., Any] | None = None,
    /,
    *args: Any,
    **kwargs: Any,
) -> Any:
    """`f(*args, **kwargs)`, drawn as a box of that name; without f, a decorator.

    The box holds what the call computed on the way to its results, and the variables and arrays
    that only it uses and was not given. Calls nest as their boxes do. It holds nothing alive and
    costs about a microsecond.

    Args:
        label: what to write on the box. A tuple of labels is for a function that returns as many
            Tensors, each made from the one before: a box for each.
        f: a function whose results are Tensors, or trees of them.
        *args: what to call it with.
        **kwargs: what to call it with.

    Returns:
        What f returns; without f, a decorator.

    >>> import numpy as np
    >>> from minigrad.graph import graph
    >>> @scope("logistic")
    ... def logistic(x):
    ...     return 1 / (1 + np.exp(-x))
    >>> y = scope("square", lambda x: x * x, logistic(Tensor(0.0, name="x")))
    >>> for node in graph(y):
    ...     print(node.name, *node.scope)
    x
    t1 logistic
    t2 logistic
    t3 logistic
    t4 logistic
    t5 square
    """
    if not isinstance(label, (str, tuple)):
        raise DTypeError(
            f"scope: got {label!r} as the label; expected a string, or a tuple of them"
        )
    if f is None:
        return lambda function: wraps(function)(
            lambda *args, **kwargs: scope(label, function, *args, **kwargs)
        )
    first = next(clock)
    y = f(*args, **kwargs)
    given = [*map(id, args), *map(id, kwargs.values())] if kwargs else [*map(id, args)]
    if type(label) is tuple:
        if len(y) != len(label):
            raise DTypeError(f"scope: got {len(label)} labels for {len(y)} results of a function")
        if y[-1].inputs:  # it holds the others alive, as the note does
            _note(y[-1], (label, first, given, y[:-1]))
    else:
        for t in (y,) if type(y) is Tensor else flatten(y)[0]:
            if type(t) is Tensor and t.inputs and t.serial > first:
                _note(t, ((label,), first, given, ()))
    return y


def _note(t: Tensor, note: tuple[Any, ...]) -> None:
    """Add (labels, the newest node before, ids of what was given, results but the last) to t's."""
    if hasattr(t, "notes"):
        t.notes["scopes"] = (*t.notes.get("scopes", ()), note)
    else:
        t.notes = {"scopes": (note,)}


@dataclass(frozen=True, slots=True, eq=False)
class _Call:
    """One call of a scope: `first` tells it from others; `given` are the ids of its arguments.

    `before` is the part before it of a call that has several labels.
    """

    label: str
    first: int
    given: list[int]
    outer: _Call | None
    before: _Call | None = None

    def around(self, serial: int) -> _Call | None:
        """The innermost call, from this one outwards, that had begun when `serial` was made."""
        call: _Call | None = self
        while call is not None and call.first >= serial:
            call = call.before or call.outer
        return call


def scopes(nodes: Sequence[Tensor]) -> dict[Any, tuple[str, ...]]:
    """The labels of the calls that each node was computed in, outermost first.

    Args:
        nodes: newest first, as `reach` gives them.

    Returns:
        By Tensor, and by id for an array of data; what is in no call is left out. Two calls of one
        label in the same place are told apart by a number: `Linear`, `Linear #2`.
    """
    if not any("scopes" in getattr(t, "notes", ()) for t in nodes):
        return {}
    calls: dict[int, _Call] = {}
    inside: dict[Any, _Call | None] = {}
    for t in nodes:
        inside[t] = here = _noted(t, inside.get(t), calls)
        for a, x in zip(t.inputs, t._args):
            if a is not x and a.op is not None:
                call = here and here.around(a.serial)
                before = inside.get(a)
                if call and (before is None or before.first < call.first):
                    inside[a] = call
            elif a is not x or isinstance(x, np.ndarray):
                key = a if a is not x else id(x)
                owner = _not_given(here, id(a))
                inside[key] = _common(inside[key], owner) if key in inside else owner
    paths = _paths(calls)
    return {key: paths[call.first] for key, call in inside.items() if call is not None}


def _noted(t: Tensor, call: _Call | None, calls: dict[int, _Call]) -> _Call | None:
    """The innermost call that t was computed in: one it is a result of, or else `call`."""
    for labels, first, given, results in reversed(getattr(t, "notes", {}).get("scopes", ())):
        firsts = (first, *(result.serial for result in results))
        if firsts[-1] not in calls:
            outer, part = call and call.around(first), None
            for name, start in zip(labels, firsts):
                calls[start] = part = _Call(name, start, given, outer, part)
        if call is None or call.first < firsts[-1]:
            call = calls[firsts[-1]]
    return call


def _not_given(call: _Call | None, argument: int) -> _Call | None:
    """The innermost call, from this one outwards, that like all around it was not given it."""
    owner = call
    while call is not None:
        if argument in call.given:
            owner = call.outer
        call = call.outer
    return owner


def _common(a: _Call | None, b: _Call | None) -> _Call | None:
    """The innermost call around both."""
    while a is not b:
        if a is None or b is None:
            return None
        if a.first < b.first:
            a, b = b, a
        a = a.outer
    return a


def _paths(calls: Mapping[int, _Call]) -> dict[int, tuple[str, ...]]:
    """The path of each call, the same for no other."""
    paths: dict[int, tuple[str, ...]] = {}
    times: Counter[tuple[str, ...]] = Counter()
    for first in sorted(calls):
        call = calls[first]
        path = (*(paths[call.outer.first] if call.outer else ()), printable(call.label))
        times[path] += 1
        paths[first] = path if times[path] == 1 else (*path[:-1], f"{path[-1]} #{times[path]}")
    return paths


def printable(name: str) -> str:
    """The name with what cannot be printed (controls, marks of direction) as escapes."""
    if name.isprintable():
        return name
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)
