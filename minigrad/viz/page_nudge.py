"""The tables behind the page's sliders: what the engine says when a variable is nudged.

Each entry is what follows from a variable, computed again with one element (or all) of it moved by
Δ, so the page needs no arithmetic of its own.

Read next: `minigrad.viz.page_order`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.errors import GraphError
from minigrad.viz.page_data import is_node, plain

if TYPE_CHECKING:
    from minigrad.graph import Graph, Node
    from minigrad.values import Array

__all__ = ["chosen", "tables"]

_STEPS = tuple(m * 10.0**e for e in range(-6, 1) for m in (1, 2, 5) if m * 10.0**e <= 1)
_EVALUATIONS = 300_000  # nodes computed again, at most
_FOLLOWED = 200  # nodes of a graph in which each is followed through every nudge
_PICKS = 40  # elements that get a slider, at most


def chosen(graph: Graph, nudge: Iterable[str] | None) -> list[Node]:
    """The variables to nudge: those named, or all that J has a derivative by."""
    if nudge is None:
        return [n for n in graph.nodes if n.kind == "variable" and _movable(n)]
    if isinstance(nudge, str):
        nudge = (nudge,)
    found = [graph[name] for name in nudge]
    for node in found:
        if node.kind != "variable" or not _movable(node):
            raise GraphError(
                f"to_html: cannot nudge {node.name}; expected a variable that "
                f"{graph.of or 'a single real number'} has a derivative by"
            )
    return found


def _movable(node: Node) -> bool:
    return node.grad is not None and node.dtype.kind == "f" and node.value.size > 0


def tables(graph: Graph, leaves: list[Node]) -> tuple[list[dict[str, Any]], list[str]]:
    """A table for each variable, and the names of those for which there was no room.

    A table is `{"node": i, "picks": [pick, …]}`; a pick, `{"at": "W[0, 1]", "from": value or None,
    "grad": dJ/d·, "delta": […], "J": […], "moved": {node: […]}}`, has the whole table of nudges
    of one element, or of all at once. `moved` says of each node what follows from each nudge: the
    value of a number, the largest change in an array.
    """
    place = {node: i for i, node in enumerate(graph.nodes)}
    room = _PICKS
    work = _EVALUATIONS
    found: dict[int, list[dict[str, Any]]] = {}
    cost = 2 * len(_STEPS) * (len(graph) + sum(n.value.size for n in graph) // 1000)
    for node, index in _in_turn(leaves):
        if not room or work < cost:
            break
        room, work = room - 1, work - cost
        found.setdefault(place[node], []).append(_pick(graph, node, index))
    known = [{"node": i, "picks": found[i]} for i in sorted(found)]
    return known, [node.name for node in leaves if place[node] not in found]


def _in_turn(leaves: list[Node]) -> Iterator[tuple[Node, Any]]:
    """First every scalar, then all of each array at once, then elements, the steepest first."""
    for node in sorted(leaves, key=lambda node: node.value.size > 1):
        yield node, None
    orders = {n: np.argsort(-np.abs(np.ravel(_grad(n))), kind="stable")[:_PICKS] for n in leaves}
    for turn in range(_PICKS):
        for node, order in orders.items():
            if node.shape and turn < node.value.size and node.value.size > 1:
                yield node, np.unravel_index(order[turn], node.shape)


def _pick(graph: Graph, node: Node, index: Any) -> dict[str, Any]:
    """The table of nudges of one element, or of all (index None)."""
    where = np.ones(node.shape, bool) if index is None else np.zeros(node.shape, bool)
    if index is not None:
        where[index] = True
    first = int(np.argmax(where))
    size = float(np.max(np.abs(node.value[where] if node.shape else node.value)))
    scale = 10.0 ** np.floor(np.log10(size)) if 0 < size < np.inf else 1.0
    grain = float(np.sqrt(np.finfo(node.dtype).eps))
    steps = [step for step in _STEPS if step >= grain]
    deltas = [float(f"{s * step * scale:.6g}") for s in (-1, 1) for step in steps]
    pick: dict[str, Any] = {
        "at": node.name, "from": plain(np.ravel(node.value)[first]),
        "grad": plain(np.sum(_grad(node), where=where)),
        "delta": [], "to": [], "by": [], "J": [],
        "moved": {i: [] for i in _following(graph, node)},
    }  # fmt: skip
    if index is not None:
        pick["at"] += f"[{', '.join(map(str, index))}]"
    elif node.value.size > 1:
        pick["at"], pick["from"] = f"{node.name}, all elements", None
    for delta in sorted(deltas):
        with np.errstate(all="ignore"), suppress(ValueError, TypeError, IndexError):
            after = _replayed(graph, node, np.where(where, delta, 0.0))
            if any(new.shape != old.shape for old, new in after.items()):
                continue  # what is computed depends on the values, so it is not the same any more
            pick["delta"].append(delta)
            _row(pick, graph, node, first, after)
    return pick


def _replayed(graph: Graph, node: Node, delta: Array) -> dict[Node, Array]:
    """The values of a variable moved by `delta` and of what follows from it.

    Raises:
        ValueError, TypeError, IndexError: of an op, outside its domain.
    """
    after = {node: (node.value + delta).astype(node.dtype)}
    for each in graph.nodes:
        if each.op is None or after.keys().isdisjoint(filter(is_node, each.inputs)):
            continue
        if not each.op.is_draw:
            args = [after.get(a, a.value) if is_node(a) else a for a in each.inputs]
            after[each] = np.asarray(each.op.forward(*args, **each.params))
    return after


def _grad(node: Node) -> Array:
    assert node.grad is not None  # of a node that is `_movable`
    return node.grad


def _row(
    pick: dict[str, Any], graph: Graph, node: Node, first: int, after: dict[Node, Array]
) -> None:
    """One more row of the table."""
    J = graph[graph.of]
    to = np.ravel(after[node])[first]
    pick["to"].append(plain(to))
    pick["by"].append(plain(to - np.ravel(node.value)[first]))
    pick["J"].append(plain(np.ravel(np.asarray(after.get(J, J.value)))[0]))
    for i, moved in pick["moved"].items():
        old = graph.nodes[i]
        new = after.get(old, old.value)
        by = np.max(np.abs(new - old.value), initial=0) if old.shape else new[()]
        moved.append(plain(by))


def _following(graph: Graph, node: Node) -> list[int]:
    """The nodes computed from this one, by number; none in a large graph: the page stays small."""
    if len(graph) > _FOLLOWED:
        return []
    after = {node}
    for each in graph.nodes:
        if not after.isdisjoint(a for a in each.inputs if is_node(a)):
            after.add(each)
    after.remove(node)
    return [i for i, n in enumerate(graph.nodes) if n in after and n.dtype.kind in "fc"]
