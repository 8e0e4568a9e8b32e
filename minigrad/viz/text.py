"""A graph as text: one line a node, like the program that computed it.

Read next: `minigrad.viz.dot`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.table import filled

if TYPE_CHECKING:
    from minigrad.graph import Graph, Node
    from minigrad.values import Array

__all__ = ["formula", "kind", "operand", "program", "summary"]


def program(graph: Graph) -> str:
    """The graph as an aligned table: name, type, formula, value and derivative of every node."""
    shown = f"d{graph.of}/d·" if graph.of else ""
    rows = [("", "type", "computed as", "value", shown)]
    for node in graph.nodes:
        derivative = summary(node.grad) if node.grad is not None else ""
        rows.append((node.name, kind(node), formula(node), summary(node.value), derivative))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(r, widths, strict=True)) for r in rows]
    return "\n".join(line.rstrip() for line in lines)


def kind(node: Node) -> str:
    """The node's type: `float64` for a scalar, `float64[3, 4]` for an array."""
    sizes = ", ".join(map(str, node.shape))
    return f"{node.dtype}[{sizes}]" if sizes else str(node.dtype)


def formula(node: Node) -> str:
    """The Python expression that computes the node, on the names of its inputs.

    A variable is called `variable` and an array of data `constant`.
    """
    if node.op is None:
        return node.kind
    params = {k: _parameter(v) for k, v in node.params.items()}
    return filled(node.op.code, [operand(a) for a in node.inputs], params)


def _parameter(value: Any) -> str:
    return repr(value) if isinstance(value, str) else operand(value)


def operand(a: Any) -> str:
    """An input or parameter of an operation, as a formula writes it."""
    if hasattr(a, "contributions"):  # a Node
        return str(a.name)
    if isinstance(a, slice):
        ends = ["" if end is None else str(end) for end in (a.start, a.stop)]
        return ":".join(ends + ([] if a.step is None else [str(a.step)]))
    if isinstance(a, (np.generic, np.ndarray, float)):
        return summary(a)
    return "..." if a is Ellipsis else str(a)


def summary(value: Array, full: int = 6, digits: int = 6) -> str:
    """A value in a few characters.

    Up to `full` elements are written out, more as `smallest … largest` (of complex numbers, their
    magnitudes), and how many of them are nan or infinite.

    >>> [summary(x) for x in (np.array([1.0, 2.5]), np.arange(9.0), np.zeros(9))]
    ['[1, 2.5]', '0 … 8', 'all 0']
    """

    def number(x: Any) -> str:
        return str(x) if isinstance(x, np.bool_) else f"{x + 0:.{digits}g}"  # -0.0 + 0 is 0.0

    array = np.asarray(value)
    if not array.ndim:
        return number(array[()])
    if array.size <= full:
        text = np.array2string(array, separator=", ", formatter={"all": number})
        return re.sub(r"\s+", " ", text)
    mark = "|·| " if array.dtype.kind == "c" else ""
    array = np.abs(array) if mark else array
    odd = ""
    finite = np.isfinite(array)
    if not finite.all():
        counts = {"nan": np.isnan(array).sum(), "infinite": np.isinf(array).sum()}
        odd = "".join(f", {n} {word}" for word, n in counts.items() if n)
        array = array[finite]
        if not array.size:
            return odd[2:]
    low, high = number(array.min()), number(array.max())
    return f"{mark}all {low}{odd}" if low == high else f"{mark}{low} … {high}{odd}"
