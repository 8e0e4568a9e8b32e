"""What the step-through page knows of a graph, as plain data: values, uses, modules.

The page computes nothing but what to show: every number in it was computed here, by the engine's
own rows.

Read next: `minigrad.viz.page_nudge`, the table behind the sliders.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.batching import is_elementwise
from minigrad.errors import MinigradError
from minigrad.table import filled
from minigrad.viz.text import formula, kind, operand, summary

if TYPE_CHECKING:
    from minigrad.graph import Graph, Node
    from minigrad.values import Array

__all__ = ["Encoder", "is_node", "modules", "nodes", "plain", "pulled"]

_NUMBERS = 200_000  # numbers that a page holds at most, shared among its arrays
_WRITTEN = (16, 256)  # elements up to which an array is written out: in large and small graphs
_CELLS = 16  # rows and columns of the heat-map of a larger array
_JACOBIAN = (32, 400)  # outputs and entries up to which a matrix of local derivatives is shown


class Encoder:
    """Arrays as JSON: numbers, lists of all elements, or the means of blocks of a large array.

    Args:
        arrays: how many there will be about.
    """

    def __init__(self, arrays: int) -> None:
        smallest, largest = _WRITTEN
        self.full = min(max(_NUMBERS // max(arrays, 1), smallest), largest)

    def __call__(self, value: Any) -> Any:
        """A number for a scalar; `{s, d}` for an array, with its size and its elements in a row.

        A large one is `{s, t, b, d}`: a summary `t`, and the means `d` of blocks, `b` by size.
        """
        array = np.asarray(value)
        if array.ndim == 0:
            return plain(array[()])
        shape = list(array.shape)
        if array.size <= self.full:
            return {"s": shape, "d": [plain(x) for x in array.ravel()]}
        blocks = _blocks(array)
        means = [plain(np.float64(f"{x:.4g}")) for x in blocks.ravel()]
        return {"s": shape, "t": summary(array), "b": list(blocks.shape), "d": means}


def plain(x: Any) -> float | int | str:
    """A number as JSON has it; what JSON has no number for, as text."""
    if x.dtype.kind == "c":
        return str(complex(x)).strip("()")
    if x.dtype.kind in "iu":
        return int(x) if abs(int(x)) < 2**53 else str(x)
    if x.dtype.kind == "f" and np.isfinite(x):
        return float(x)
    return str(x)


def _blocks(array: Array) -> Array:
    """The array as a matrix of at most `_CELLS` rows and columns: the means of its blocks."""
    matrix = np.abs(array) if array.dtype.kind == "c" else array.astype(np.float64)
    matrix = matrix.reshape(-1, matrix.shape[-1])
    for axis in (0, 1):
        n = matrix.shape[axis]
        edges = np.arange(min(n, _CELLS)) * n // min(n, _CELLS)
        sizes = np.diff(np.append(edges, n))
        sums = np.add.reduceat(matrix, edges, axis=axis)
        matrix = sums / (sizes if axis else sizes[:, None])
    return matrix


def is_node(a: Any) -> bool:
    """Whether an input is a Node, and not a literal."""
    return hasattr(a, "contributions")


def pulled(node: Node, g: Array) -> list[Array | None]:
    """For each input of the node what it would be sent if the node's derivative were `g`."""
    with np.errstate(all="ignore"):
        return replace(node, grad=g).contributions()


def nodes(graph: Graph, encode: Encoder) -> list[dict[str, Any]]:
    """Each node of the graph; what the keys mean is said in `assets/page.js`."""
    place = {node: i for i, node in enumerate(graph.nodes)}
    uses: dict[Node, int] = dict.fromkeys(graph.nodes, 0)
    sums: dict[Node, Any] = {}
    carried: dict[Node, list[Array | None]] = {}
    for node in graph.nodes:
        with np.errstate(all="ignore"):
            carried[node] = node.contributions()
        for a, c in zip(node.inputs, carried[node], strict=True):
            uses.update({a: uses[a] + 1} if c is not None else {})
    sent: dict[Node, list[dict[str, Any]]] = {}
    for node in reversed(graph.nodes):
        sent[node] = []
        local = _local(node, encode)
        for i, (a, c) in enumerate(zip(node.inputs, carried[node], strict=True)):
            if c is None:
                continue
            uses[a] -= 1
            sums[a] = c if a not in sums else sums[a] + c
            use = {"at": i, "to": place[a], "product": encode(c), **local.get(i, {})}
            if uses[a]:  # the last sum is the derivative itself
                use["sum"] = encode(sums[a])
            sent[node].append(use)
    return [_node(node, place, sent[node], encode) for node in graph.nodes]


def _node(
    node: Node, place: dict[Node, int], sent: list[dict[str, Any]], encode: Encoder
) -> dict[str, Any]:
    known = {
        "name": node.name,
        "kind": node.kind,
        "type": kind(node),
        "formula": formula(node),
        "op": node.op.name if node.op else "",
        "value": encode(node.value),
        "grad": None if node.grad is None else encode(node.grad),
        "line": node.line,
        "in": [place[a] for a in node.inputs if is_node(a)],
        "sent": sent,
    }
    numbers = _with_numbers(node)
    return known | ({"numbers": numbers} if numbers else {})


def _with_numbers(node: Node) -> str:
    """The formula with the numbers in the place of the names, where they are all scalars."""
    parts = [a for a in node.inputs if is_node(a)]
    if node.op is None or node.shape or any(a.shape for a in parts):
        return ""
    shown = [summary(a.value) if is_node(a) else operand(a) for a in node.inputs]
    shown = [f"({x})" if x.startswith("-") else x for x in shown]
    params = {k: operand(v) for k, v in node.params.items()}
    return filled(node.op.code, shown, params)


def _local(node: Node, encode: Encoder) -> dict[int, dict[str, Any]]:
    """For each input the local derivative: of corresponding elements, or a matrix of all by all.

    Nothing for inputs whose matrix would be large: a rule computes the product without forming it.
    """
    if node.op is None or node.grad is None:
        return {}
    if is_elementwise(node.op):
        return {i: {"local": encode(c)} for i, c in _partials(node).items()}
    outputs, entries = _JACOBIAN
    size = node.value.size
    sizes = [a.value.size for a in node.inputs if is_node(a)]
    if not 0 < size <= outputs or size * min(sizes, default=0) > entries:
        return {}
    units = np.eye(size, dtype=node.dtype).reshape(size, *node.shape)
    try:
        rows = [pulled(node, unit[()]) for unit in units]
    except MinigradError:  # not every cotangent has a product: of eigenvectors, say
        return {}
    found = {}
    for i, column in enumerate(zip(*rows, strict=True)):
        if column[0] is None or size * np.size(column[0]) > entries:
            continue
        matrix = np.stack([np.ravel(c) for c in column])
        same = np.shape(column[0]) == node.shape
        if same and np.array_equal(matrix, np.diag(np.diag(matrix)), equal_nan=True):
            found[i] = {"local": encode(np.diag(matrix).reshape(node.shape))}
        else:
            found[i] = {"jacobian": encode(matrix)}
    return found


def _partials(node: Node) -> dict[int, Array]:
    """The partial derivatives of an elementwise op, of the node's shape."""
    assert node.op is not None
    ones = np.ones(node.shape, node.dtype)[()]
    args = [a.value if is_node(a) else a for a in node.inputs]
    found = {}
    with np.errstate(all="ignore"):
        for i, (vjp, a) in enumerate(zip(node.op.vjps, node.inputs)):
            if vjp is not None and is_node(a) and a.grad is not None:
                c = vjp(ones, node.value, *args, **node.params)
                found[i] = np.zeros(node.shape) if c is None else np.broadcast_to(c, node.shape)
    return found


def modules(graph: Graph, most: int) -> tuple[list[dict[str, Any]], list[int]]:
    """The modules of the graph, parents first, and for each node the number of its module or -1.

    Where something has more than `most` parts, consecutive ones become blocks, so that a page that
    opens with everything closed stays small, whatever the size of the graph.
    """
    paths: list[tuple[Any, ...]] = [tuple(node.scope) for node in graph.nodes]
    if len(paths) > most:
        computed = [node.op is not None for node in graph.nodes]
        paths = _in_blocks(graph, paths, computed, most)
    number: dict[tuple[Any, ...], int] = {}
    known: list[dict[str, Any]] = []
    for path in paths:
        for depth in range(1, len(path) + 1):
            head = path[:depth]
            if head not in number:
                number[head] = len(known)
                known.append({"name": str(head[-1]), "in": number.get(head[:-1], -1)})
    return known, [number.get(path, -1) for path in paths]


def _in_blocks(
    graph: Graph, paths: Sequence[tuple[Any, ...]], computed: Sequence[bool], most: int
) -> list[tuple[Any, ...]]:
    """The paths with blocks `parts 1 … 200` outermost; a leaf goes with its first use."""
    place = {node: i for i, node in enumerate(graph.nodes)}
    outer: dict[Any, int] = {}  # the parts of the outermost level, in order
    for i, path in enumerate(paths):
        if computed[i]:
            outer.setdefault(path[0] if path else i, len(outer))
    size = 1
    while len(outer) / size > most:
        size *= most
    if not outer or size == 1:
        return list(paths)
    result: list[tuple[Any, ...]] = [()] * len(paths)
    for i in reversed(range(len(paths))):
        if computed[i]:
            path = paths[i]
            at, heads, step = outer[path[0] if path else i], [], size
            while step > 1:
                heads.append(f"parts {at // step * step + 1} … {at // step * step + step}")
                step //= most
            result[i] = (*heads, *path)
            for a in graph.nodes[i].inputs:
                if is_node(a) and not computed[place[a]]:
                    result[place[a]] = (*heads, *(paths[place[a]] or path))
    return result
