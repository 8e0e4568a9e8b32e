"""The reverse sweep: the one loop that is backpropagation.

A node carries `op`, `inputs`, `_args`, `params`, `_value` and `serial`. `inputs` are what it was
computed from, `_args` the arrays those held at the time; a constant stands in both, so an input is
a node exactly where the two differ. `serial` counts creations: descending serial *is* reverse
topological order, so nothing here recurses.

Read next: `minigrad.ops.elementwise`, the rules this loop calls.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from functools import lru_cache
from heapq import heappop, heappush
from operator import attrgetter
from typing import Any

import numpy as np

from minigrad.batching import batched, is_elementwise
from minigrad.table import Op
from minigrad.tracing import debugger

__all__ = ["conform", "reach", "sum_to", "sweep", "through"]

Node = Any  # a Tensor; this module needs its six fields and must not import it
Array = Any  # any array that speaks NumPy's protocols
_serial = attrgetter("serial")
_where = np.where


def reach(roots: Iterable[Node], floor: float = 0) -> list[Node]:
    """Every node the roots were computed from, newest first; none created before `floor`."""
    nodes = list(dict.fromkeys(roots))
    seen = set(nodes)
    for node in nodes:  # grows as it is walked
        if node.op is None:
            continue
        for a, x in zip(node.inputs, node._args):
            if a is not x and a not in seen and a.serial >= floor:
                seen.add(a)
                nodes.append(a)
    nodes.sort(key=_serial, reverse=True)
    return nodes


def sweep(
    seeds: Mapping[Node, Array],
    wanted: Container[Node] | None = None,
    record: bool = False,
    batch: int | None = None,
) -> Iterator[tuple[Node, Array]]:
    """Carry the cotangents `seeds` back through the graph, yielding each when it is final.

    Args:
        seeds: the cotangent of each root, of the root's shape.
        wanted: the nodes whose cotangents matter; None means all.
        record: call the rules on nodes, not arrays, so that the sweep is itself differentiable.
        batch: how many cotangents to carry at once, each seed having an axis of that size in front.

    Yields:
        (node, cotangent), newest first and the leaves last, with the cotangent in the node's shape
        (behind the axis of the batch) and dtype. A node that no derivative reaches is not yielded.
    """
    told, cotangents = debugger.get(), dict(seeds)
    gates: dict[Node, Array] = {}  # where np.where took what a node computed; no entry: everywhere
    waiting = {-node.serial: node for node in cotangents if node.op is not None}
    newest = sorted(waiting)  # a heap: what comes out is the newest node with a cotangent,
    while newest:  # which nothing older can add to
        g = cotangents.pop(node := waiting.pop(heappop(newest)))
        yield node, g
        op, params, gate = node.op, node.params, gates.pop(node, None) if gates else None
        gated = gate is not None or op.forward is _where
        given = (g, node, *node.operands()) if record else (g, node._value, *node._args)
        rules = op.vjps if batch is None else batched(op, batch, node._args, params)
        for vjp, a, x in zip(rules, node.inputs, node._args):
            if a is x or vjp is None or (wanted is not None and a not in wanted):
                continue
            if gated:
                c, passed = through(gate, op, vjp, given, params, x, batch)
            else:
                c = vjp(*given, **params) if params else vjp(*given)
            kind = type(c)
            if kind is not type(x) or (
                kind is not np.float64 and (c.shape != x.shape or c.dtype is not x.dtype)
            ):
                c = conform(op.check(vjp, c, x.shape, record) if op.check else c, x, batch)
                if c is None:
                    continue
            if a in cotangents:
                cotangents[a] = cotangents[a] + c
                if a in gates:
                    gates[a] = np.logical_or(gates[a], passed) if gated else True
            else:
                cotangents[a] = c
                if gated and passed is not True:
                    gates[a] = passed
                if a.op is not None:
                    waiting[-a.serial] = a
                    heappush(newest, -a.serial)
            if told is not None:
                told.pulled((seeds, wanted), node, a, g, c, cotangents[a])
    yield from cotangents.items()  # what is left is leaves


def through(
    gate: Any,  # an Array, or None: nothing was gated, and this is np.where
    op: Op,
    vjp: Any,
    given: tuple[Any, ...],
    params: Mapping[str, Any],
    x: Array,
    batch: int | None,
) -> tuple[Array, Any]:
    """The cotangent that vjp gives past the gate of the node, and the gate of the input it is for.

    Elements that `np.where` did not take have no cotangent, also where a derivative is infinite:
    zero times it would be nan. An input x that was broadcast has no gate: True.
    """
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        c = vjp(*given, **params)
    passed: Any = True
    if c is None:
        return c, passed
    if op.forward is np.where:
        passed = given[2] if vjp is tuple(op.vjps)[1] else np.logical_not(given[2])
        passed = passed if gate is None else np.logical_and(gate, passed)
    elif is_elementwise(op):
        c, passed = np.where(gate, c, 0), gate
    return c, passed if np.shape(c)[batch is not None :] == x.shape else True


def conform(c: Array | None, x: Array, batch: int | None = None) -> Array | None:
    """The cotangent `c` in the shape and dtype of the value `x`; None where `x` is not continuous.

    Broadcasting copies, so its transpose sums; a real variable takes the real part.
    """
    kind = x.dtype.kind
    if c is None or kind not in "fc":
        return None
    shape = x.shape if batch is None else (batch, *x.shape)
    if c.shape != shape:
        if batch is not None:  # the axes that x lacks are those after the first
            shape = (batch, *(1,) * (c.ndim - len(shape)), *x.shape)
        c = sum_to(c, shape)
        if batch is not None:
            c = np.reshape(c, (batch, *x.shape))
    if c.dtype != x.dtype:
        if c.dtype.kind == "c" and kind == "f":
            c = np.real(c)
        c = c.astype(x.dtype)
    return c


def sum_to(c: Array, shape: tuple[int, ...]) -> Array:
    """Sum `c` over the axes along which `shape` was broadcast to `c.shape`."""
    axes = _broadcast_axes(c.shape, shape)
    if type(c) is np.ndarray:  # skips np.sum's wrapper: 1 µs of a bias gradient's 4
        c = np.add.reduce(c, axis=axes, keepdims=True)
    else:
        c = np.sum(c, axis=axes, keepdims=True)
    return c if c.shape == shape else np.reshape(c, shape)


@lru_cache(1024)
def _broadcast_axes(big: tuple[int, ...], small: tuple[int, ...]) -> tuple[int, ...]:
    lead = len(big) - len(small)
    return tuple(i for i, n in enumerate(big) if i < lead or n != small[i - lead])
