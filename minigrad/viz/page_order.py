"""Why the sweep goes newest first: the order that naive recursion takes, and what it gets.

Read next: `minigrad.viz.page`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.errors import MinigradError
from minigrad.tensor import Tensor
from minigrad.viz.page_data import Encoder, pulled
from minigrad.viz.text import formula

if TYPE_CHECKING:
    from minigrad.graph import Graph, Node
    from minigrad.values import Array

__all__ = ["naive", "order"]

_SHOWN = 60  # nodes of an order that the page lists


def naive(graph: Graph) -> tuple[list[Node], dict[Node, Array]]:
    """Depth-first recursion from the output that sends a derivative on as soon as one arrives.

    Each node passes on what it has when the recursion first reaches it; what its other uses send
    later is added to it and goes no further.

    Returns:
        The nodes in the order in which they were reached, and what each ends up with.
    """
    root = graph.outputs[0]
    if root.grad is None:
        return [], {}
    got: dict[Node, Array] = {root: np.ones(root.shape, root.dtype)[()]}
    reached = [root]
    waiting = [_sending(root, got[root])]
    while waiting:  # the calls that recursion would have open
        for a, c in waiting[-1]:
            new = a not in got
            got[a] = c if new else got[a] + c
            if new:
                reached.append(a)
                waiting.append(_sending(a, c))
                break
        else:
            waiting.pop()
    return reached, got


def _sending(node: Node, g: Array) -> Any:
    try:
        sent = zip(node.inputs, pulled(node, g), strict=True)
    except MinigradError:  # a part of a derivative need not have a product: of eigenvectors, say
        return iter([])
    return iter([(a, c) for a, c in sent if c is not None])


def order(graph: Graph, encode: Encoder) -> dict[str, Any] | None:
    """What the page says under "Why in this order?"; None where there are no derivatives.

    Where the naive order happens to be right, a small example in which it is wrong comes with it.
    """
    if not graph.of:
        return None
    known = _compared(graph, encode)
    if not known["wrong"]:
        example = _example(type(graph))
        program = [f"{n.name} = {formula(n)}" for n in example if n.op]
        known["example"] = _compared(example, Encoder(1)) | {"program": program}
    return known


def _compared(graph: Graph, encode: Encoder) -> dict[str, Any]:
    reached, got = naive(graph)
    right = {n: n.grad for n in reversed(graph.nodes) if n.grad is not None}
    wrong = [
        n for n, g in right.items() if not np.allclose(got.get(n, 0), g, rtol=1e-6, equal_nan=True)
    ]
    return {
        "of": graph.of,
        "nodes": len(right),
        "naive": [n.name for n in reached[:_SHOWN]],
        "sweep": [n.name for n in list(right)[:_SHOWN]],
        "wrong": [
            {"name": n.name, "naive": encode(got.get(n, 0.0)), "right": encode(right[n])}
            for n in wrong[:_SHOWN]
        ],
    }


def _example(kind: type[Graph]) -> Graph:
    """J = u·u + 2u with u = x·x: naive recursion leaves u before the second share has come."""
    x = Tensor(3.0, name="x")
    u = x * x
    v, w = u * u, 2 * u
    J = v + w
    return kind((J,), {"u": u, "v": v, "w": w, "J": J})
