"""A graph's formulas, forward and back: what each node is computed from, and each derivative.

The rules of the op table are plain NumPy, so called with Tensors they record the very formula by
which a derivative goes back; it is written with the same templates as the graph itself.

Read next: `minigrad.viz.latex`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from minigrad.sweep import conform, reach
from minigrad.table import ROWS, Op
from minigrad.tensor import Tensor, recording, remember
from minigrad.viz.written import ATOM, PRODUCT, Written

if TYPE_CHECKING:
    from minigrad.graph import Graph, Node

__all__ = [
    "Notation",
    "backward",
    "completed",
    "forward",
    "has_columns",
    "inputs",
    "layers",
    "share",
    "unnamed",
]

LONG = 12  # operations in one formula, above which it is not written out
_WIDE = 160  # characters of what is written where it is used
_ITSELF = {"broadcast_to", "copy", "astype", "recorded", "checked", "positive"}
_ARRANGED = {"reshape", "expand_dims", "squeeze", "ravel", "getitem"}
_INDEXED = {"getitem": 1, "set_at": 2, "add_at": 2}  # from which input on an op's are an index

Shape = tuple[int, ...]


class Notation(Protocol):
    """How values and operations are written: `minigrad.viz.notation.Latex`, or Python."""

    def name(self, name: str, shape: Shape, prefix: str = "") -> Written:
        """The name of a value."""

    def literal(self, a: Any) -> Written:
        """A number, an array, a part of an index."""

    def apply(self, op: Op, operands: Any, params: Any, shapes: Any) -> Written:
        """An operation."""

    def pulled(self, y: Written, x: Written, g: Written) -> Written:
        """The transposed derivative of y by x, times g."""

    def times(self, factor: str, w: Written) -> Written:
        """A number times it."""


def inputs(node: Node) -> dict[Node, list[int]]:
    """The nodes a node is computed from, each with the places it has among the inputs."""
    places: dict[Node, list[int]] = {}
    for i, a in enumerate(node.inputs):
        if isinstance(a, type(node)):
            places.setdefault(a, []).append(i)
    return places


def unnamed(graph: Graph) -> set[Node]:
    """The computed nodes that the graph had to give a name, and which are used just once."""
    uses = Counter(a for node in graph for a in node.inputs if isinstance(a, type(node)))
    return {
        node
        for node in graph
        if node.op is not None
        and re.fullmatch(r"t\d+", node.name)
        and uses[node] == 1
        and node not in graph.outputs
    }


def layers(graph: Graph) -> dict[Node, str]:
    """The names of the lecture for unnamed nodes: with b2 named, what it is added to gives Z2."""
    names = {node: node.name for node in graph}
    taken = set(names.values())
    for node in graph:
        if node.op is None or not re.fullmatch(r"t\d+", node.name):
            continue
        of = [names[a] for a in inputs(node)]
        wish = [f"Z{a[1:]}" for a in of if re.fullmatch(r"b\d+", a) and len(node.shape) == 2]
        if len(of) == 1 and re.fullmatch(r"Z\d+", of[0]) and node.op.form != "linear":
            wish = [f"A{of[0][1:]}"]
        if len(wish) == 1 and wish[0] not in taken:
            names[node] = wish[0]
            taken.add(wish[0])
    return names


def forward(
    graph: Graph, notation: Notation, names: Mapping[Node, str], inline: set[Node]
) -> tuple[dict[Node, Written], list[tuple[Node, Written]]]:
    """What is written for each node where it is used, and the equations: nodes and right sides.

    A node of `inline` has no equation: its formula stands where it is used, if that is not long.
    """
    used: dict[Node, Written] = {}
    equations = []
    for node in graph:
        used[node] = notation.name(names[node], node.shape)
        if node.op is None:
            continue
        formula = applied(node, notation, [_operand(a, used, notation) for a in node.inputs])
        if node in inline and _short(formula):
            used[node] = formula
        else:
            equations.append((node, formula))
    return used, equations


def applied(node: Node, notation: Notation, operands: list[Written]) -> Written:
    """The operation of a node on what is written for its inputs."""
    assert node.op is not None
    return notation.apply(
        node.op, operands, node.params, [np.shape(_value(a)) for a in node.inputs]
    )


def _operand(a: Any, used: Mapping[Node, Written], notation: Notation) -> Written:
    return used[a] if hasattr(a, "contributions") else notation.literal(a)


def _value(a: Any) -> Any:
    return a.value if hasattr(a, "contributions") else a


# Back ---------------------------------------------------------------------------------------------


def share(
    node: Node, i: int, g: Written, used: Mapping[Node, Written], notation: Notation, m: int = 0
) -> Written | None:
    """What use i of an input adds to the input's derivative, in terms of `g`, the node's own.

    None where nothing passes. What is too long to be written is the transposed derivative times g.
    The number m is known as m.
    """
    assert node.op is not None
    a = node.inputs[i]
    known: dict[int, Written] = {}
    with recording(True), np.errstate(all="ignore"):
        stand: dict[Node, Any] = {}
        for j, b in enumerate(node.inputs):
            if isinstance(b, type(node)) and b not in stand:
                indexes = j >= _INDEXED.get(node.op.name, j + 1)
                stand[b] = b.value if indexes else _leaf(b.value)
                known[id(stand[b])] = used[b]
        given, y = _leaf(node.grad), _leaf(node.value)
        known |= {id(given): g, id(y): used[node]}
        args = [stand[b] if isinstance(b, type(node)) else b for b in node.inputs]
        try:
            vjp = next(islice(node.op.vjps, i, None), None)
            c = None if vjp is None else vjp(given, y, *args, **node.params)
            if node.op.check is not None:
                c = node.op.check(vjp, c, a.shape, True)  # recorded
            c = None if c is None else conform(c, a.value)
        except Exception:  # a user's rule may refuse a Tensor in any way
            return notation.pulled(used[node], used[a], g)
    if c is None:
        return None
    written = _written(c, known, notation, m)
    return notation.pulled(used[node], used[a], g) if written is None else written


def _leaf(value: Any) -> Tensor:
    return remember(value[()], None, (), (), {})


def _written(c: Any, known: dict[int, Written], notation: Notation, m: int) -> Written | None:
    """A recorded formula as text, in terms of what is known by id; None if it is long."""
    if not isinstance(c, Tensor):
        return notation.literal(c)
    nodes = reach([c])
    if len(nodes) > 4 * LONG:
        return None
    for t in reversed(nodes):
        if id(t) in known:
            continue
        if t.op is None:
            known[id(t)] = notation.literal(t._value)
            continue
        operands = [known[id(a)] if id(a) in known else notation.literal(a) for a in t.inputs]
        w = _simpler(t, operands, m) or _of_vectors(t, known, notation)
        if w is None:
            w = notation.apply(t.op, operands, t.params, [np.shape(x) for x in t._args])
        if w.size > LONG:
            return None
        known[id(t)] = w
    return known[id(c)]


def _simpler(t: Tensor, operands: list[Written], m: int) -> Written | None:
    """One of the operands, where the operation changes no number of it."""
    assert t.op is not None
    name, args = t.op.name, t._args
    first: Any = args[0]
    if name in _ITSELF:
        return operands[0]
    if name in _ARRANGED and (first.size == 1 or _broad(first.shape) == _broad(t.shape)):
        plain = all(isinstance(i, int) or i in (None, ..., slice(None)) for i in _index(t))
        return operands[0] if plain else None
    if name in {"multiply", "divide"} and operands[-1].text == "1":
        return operands[0]
    if name == "divide" and operands[1].text == str(m):
        factor, _, rest = operands[0].text.partition(r" \, ")
        if factor == "m":
            return Written(rest or "1", PRODUCT if rest else ATOM, operands[0].size)
    if name == "multiply" and operands[0].text == "1":
        return operands[1]
    if name == "not_equal" and operands[0].text == operands[1].text and not np.any(t._value):
        return Written("never")  # no element is nan
    if name == "bitwise_or" and operands[1].text == "never":
        return operands[0]
    if name in {"conjugate", "real"} and first.dtype.kind != "c":
        return operands[0]
    if name in {"maximum", "minimum", "where"}:  # a guard: min(max(A, tiny), 1 - eps)
        for i, j in (-1, -2), (-2, -1):
            guard = t.inputs[i] is args[i] and np.ndim(args[i]) == 0 and args[i] != 0
            if guard and np.shape(args[j]) == t.shape and np.array_equal(args[j], t._value):
                return operands[j]
    return None


def _broad(shape: Shape) -> Shape:
    """The shape without the leading ones, which broadcasting adds by itself."""
    return shape[1:] if shape[:1] == (1,) else shape


def _index(t: Tensor) -> list[Any]:
    """The parts of the index, arrays as a part that changes elements."""
    parts = t.inputs[1:] if t.op is not None and t.op.name == "getitem" else ()
    return [slice(0) if hasattr(part, "shape") else part for part in parts]


def _of_vectors(t: Tensor, known: dict[int, Written], notation: Notation) -> Written | None:
    """A column times a row as an outer product, a matrix times a column as one times a vector."""
    assert t.op is not None
    args, shapes = t._args, [np.shape(x) for x in t._args]
    if t.op.name == "multiply" and len(t.shape) == 2 and shapes[0][1:] == (1,):
        pair = [_vector(a, known) for a in t.inputs]
        if None not in pair and t.shape == (args[0].size, args[1].size):
            return notation.apply(ROWS[np.outer], pair, {}, [shape[:1] for shape in shapes])
    product = t.inputs[0]
    if t.op.name == "getitem" and _index(t) == [..., 0] and isinstance(product, Tensor):
        if product.op is None or product.op.name != "matmul":
            return None
        pair = [known.get(id(product.inputs[0])), _vector(product.inputs[1], known)]
        if None not in pair:
            shapes = [np.shape(x) for x in product._args]
            return notation.apply(product.op, pair, {}, shapes)
    return None


def _vector(a: Any, known: dict[int, Written]) -> Written | None:
    """What is written for a vector, also one that was made a column or a row."""
    if np.ndim(a) == 1:
        return known.get(id(a))
    arranged = isinstance(a, Tensor) and a.op is not None and a.op.name in _ARRANGED
    if not arranged or a.inputs[0].shape != (a.size,) or slice(0) in _index(a):
        return None
    return known.get(id(a.inputs[0]))


def completed(graph: Graph) -> list[Node]:
    """The nodes with derivatives in the order in which these are known: a leaf's after its uses."""
    first: dict[Node, Node] = {}
    for node in graph:
        for a in inputs(node):
            first.setdefault(a, node)
    order: dict[Node, None] = {}
    for node in reversed(graph.nodes):
        order |= {node: None} if node.op is not None or node not in first else {}
        order |= {a: None for a in inputs(node) if a.op is None and first[a] is node}
    return [node for node in order if node.grad is not None]


def backward(
    graph: Graph,
    notation: Notation,
    used: Mapping[Node, Written],
    names: Mapping[Node, str],
    inline: set[Node],
    m: int = 0,
    wanted: Container[Node] | None = None,
) -> list[tuple[Node, list[Written]]]:
    """The equations of the derivatives, from the output back: nodes and the terms of their sums.

    Args:
        graph: with derivatives of a single number.
        notation: how to write.
        used: what stands for each node.
        names: what each node is called.
        inline: the nodes whose derivatives are written where they are used.
        m: the number of examples, if the derivatives of what has one column for each are to be
            those of the summed loss, as the lecture has them, m times those of the cost; else 0.
        wanted: the nodes whose derivatives matter; None means all.
    """
    terms: dict[Node, list[Written]] = {}
    equations = []
    output = graph[graph.of]
    for node in completed(graph):
        if not (node is output or terms.get(node)):
            continue
        name = notation.name(names[node], node.shape, "d")
        if node is output:
            sent, _ = _sent(node, None, used, notation, m, wanted)
        else:
            named = not (node in inline and len(terms[node]) == 1 and _short(terms[node][0]))
            sent, whole = _sent(node, name if named else terms[node][0], used, notation, m, wanted)
            if not (named or whole):  # too long: with a name for its derivative it may be written
                again, named = _sent(node, name, used, notation, m, wanted)
                sent = again if named else sent
            if named:
                equations.append((node, terms[node]))
        for a, w in sent:
            terms.setdefault(a, []).append(w)
    return equations


def _sent(
    node: Node,
    g: Written | None,
    used: Mapping[Node, Written],
    notation: Notation,
    m: int,
    wanted: Container[Node] | None,
) -> tuple[list[tuple[Node, Written]], bool]:
    """What each input gets if the derivative is g, None at the output; whether all is written."""
    found, whole = [], True
    for a, places in inputs(node).items():
        many, of_many = has_columns(a, m), has_columns(node, m)
        seed = Written("1") if g is None else g
        if many and not of_many:  # the derivative of the summed loss begins here
            seed = Written("m") if g is None else notation.times("m", g)
        for i in places if a.grad is not None and (wanted is None or a in wanted) else ():
            w = share(node, i, seed, used, notation, m)
            if w is None:
                continue
            whole = whole and w != notation.pulled(used[node], used[a], seed)
            found.append((a, notation.times(r"\frac{1}{m}", w) if of_many and not many else w))
    return found, whole


def has_columns(node: Node, m: int) -> bool:
    """Whether it was computed with one column for each of the m examples."""
    return bool(m) and node.op is not None and node.shape[1:] == (m,)


def _short(w: Written) -> bool:
    return w.size <= LONG and len(w.text) <= _WIDE
