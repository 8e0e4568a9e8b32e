"""What a message says of arrays and of the way through a graph.

Read next: `minigrad.debug.lint`.
"""

from __future__ import annotations

import cmath
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from minigrad.scopes import printable
from minigrad.sweep import reach
from minigrad.tensor import Tensor
from minigrad.values import Array

__all__ = [
    "called", "count_bad", "finite", "line_of", "op_of", "operands", "origin", "path_back",
    "path_here", "sorted_out", "trouble", "value_of",
]  # fmt: skip

_SHOWN = 12  # nodes of a path


def value_of(a: Any) -> Any:
    """The array in a Tensor; anything else as it is."""
    return a._value if isinstance(a, Tensor) else a


def finite(x: Any) -> bool:
    """Whether no element is nan or infinite; True for what has no such elements."""
    if isinstance(x, np.ndarray):
        if x.dtype.kind not in "fc":
            return True
        flat = x.ravel("K")  # a product is the quickest that a nan or an infinity cannot pass
        return cmath.isfinite(flat.dot(flat)) or bool(np.isfinite(x).all())
    if isinstance(x, (float, np.floating, complex, np.complexfloating)):
        return bool(np.isfinite(x))
    return True


def trouble(result: Array, computed: list[Any], data: list[Any], told: bool) -> str:
    """What an operation did whose result is not finite; "" if nothing is wrong with it.

    Args:
        result: of the operation.
        computed: the inputs that were computed.
        data: the others.
        told: whether something was said already where an infinity among the computed was made.
    """
    before = [x for x in computed if not finite(x)]
    nan = np.isnan(result).any()
    if before and (told or not nan or any(np.isnan(x).any() for x in before)):
        return ""
    given = [x for x in data if not finite(x)]
    if nan:
        return "was given nan" if any(np.isnan(x).any() for x in given) else "made nan"
    return "" if given else "made inf"


def sorted_out(inputs: Iterable[Any], args: Iterable[Any]) -> tuple[list[Any], list[Any]]:
    """The args that were computed, and the others: constants, and the arrays of leaves."""
    pairs = [(a is not x and a.op is not None, x) for a, x in zip(inputs, args)]
    return [x for own, x in pairs if own], [x for own, x in pairs if not own]


def bad(x: Array) -> Array:
    """Which elements are nan; if none is, which are infinite."""
    nan: Array = np.isnan(x)
    return nan if nan.any() else np.isinf(x)


def first_bad(x: Array) -> tuple[int, ...]:
    """The index of the first element that is nan, or else infinite."""
    return tuple(int(i) for i in np.argwhere(bad(x))[0])


def count_bad(x: Array) -> str:
    """How many elements are nan, or else infinite, and where the first is: "2 of 6 elements, …"."""
    if not np.ndim(x):
        return f"it is {x}"
    n = int(np.sum(bad(x)))
    return f"{n} of {x.size} elements, first at {list(first_bad(x))}"


def summary(label: str, x: Any, at: tuple[int, ...], shape: tuple[int, ...]) -> str:
    """One line about an operand; its element that met the result's at an index, if there is one."""
    if not isinstance(x, (np.ndarray, np.generic)) or x.dtype.kind not in "fciub":
        return f"  {label} = {x!r}"
    if not x.shape:
        return f"  {label} = {x}"
    text = f"  {label}: {x.shape} {x.dtype}"
    real: Any = np.abs(x) if x.dtype.kind == "c" else x
    fine: Any = real[np.isfinite(real)]
    if fine.size:
        text += ", |·| from" if x.dtype.kind == "c" else ", from"
        text += f" {fine.min():.6g} to {fine.max():.6g}"
    if not finite(x):
        text += f", {'nan' if np.isnan(x).any() else 'inf'} in {count_bad(x)}"
    try:
        there: Any = np.broadcast_to(x, shape)[at]
    except ValueError:
        return text
    return f"{text}; {there} at {list(at)}"


def operands(
    result: Array, inputs: Iterable[Any], args: Iterable[Any], more: Mapping[str, Any]
) -> list[str]:
    """A line for each operand of an operation whose result is not finite."""
    at, shape = first_bad(result), np.shape(result)
    lines = [summary(label, x, at, shape) for label, x in more.items()]
    for i, (a, x) in enumerate(zip(inputs, args)):
        label = f"input {i}"
        if a is not x:
            label = printable(a.name) if a.name else ", ".join(filter(None, [label, op_of(a)]))
        lines.append(summary(label, x, at, shape))
    return lines


def op_of(node: Tensor) -> str:
    """The name of the operation that computed a node; "" for a leaf."""
    op = node.op.name if node.op is not None else ""
    return "argument" if op == "recorded" else op


def called(node: Tensor) -> str:
    """A node in a path."""
    name = printable(node.name or "")
    return " = ".join(part for part in (name, op_of(node)) if part) or f"leaf {node.shape}"


def line_of(node: Tensor) -> str:
    """The line of the user's that computed a node, if it was noted."""
    line: str = getattr(node, "notes", {}).get("line", "")
    return line or "an unknown line, outside minigrad.debug()"


def path_here(op: str, inputs: Iterable[Any]) -> str:
    """From a leaf to the operation, along the newest inputs."""
    steps = [op]
    while nodes := [a for a in inputs if isinstance(a, Tensor)]:
        if len(steps) == _SHOWN:
            steps.append("…")
            break
        node = max(nodes, key=lambda a: (not finite(a._value), a.op is not None, a.serial))
        steps.append(called(node))
        inputs = node.inputs
    return " → ".join(reversed(steps))


def path_back(roots: Iterable[Tensor], node: Tensor, a: Tensor) -> str:
    """The shortest way from an output back to the node, and on to its input."""
    roots = list(roots)
    users: dict[Tensor, Tensor | None] = dict.fromkeys(roots)
    for user in (queue := list(roots)):
        if user is node:
            break
        for b in user.inputs:
            if isinstance(b, Tensor) and b not in users and b.serial >= node.serial:
                users[b] = user
                queue.append(b)
    steps, at = [called(a)], node if node in users else None
    while at is not None:
        steps.append(called(at))
        at = users[at]
    steps.reverse()
    if len(steps) > _SHOWN:
        steps[_SHOWN // 2 : -_SHOWN // 2] = ["…"]
    return " → ".join(steps)


def origin(inputs: Iterable[Any]) -> str:
    """Where an infinity that was computed came from: "" if there is none."""
    bad = [a for a in inputs if isinstance(a, Tensor) and not finite(a._value)]
    for node in reversed(reach(bad)):
        if node.op is not None and not finite(node._value):
            return f"\n  the infinity came from {node.op.name} at {line_of(node)}"
    return ""
