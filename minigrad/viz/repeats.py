"""Repeated parts of a graph: stretches of operations that do the same again and again.

Two operations do the same if they are the same operation on values of the same types, and each
input of the one is either the input of the other, or as far away from it as the other's.

Read next: `minigrad.viz.dot`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.viz.text import operand

if TYPE_CHECKING:
    from minigrad.graph import Graph, Node
    from minigrad.values import Array

__all__ = ["Repeat", "Wiring", "repeats"]

_TIMES = 3  # repetitions from which on a part is said to repeat
_SLOTS = 3  # inputs compared one by one; of an operation with more the rest must be as far away
_FAR = 8  # from how far away on it does not count, in guessing, how far away an input is
_MIX = np.uint64(0x9E3779B97F4A7C15)  # an odd number without pattern
_USES = 8  # of a leaf, up to which another one may be used alike
_PERIODS = 8  # lengths tried, for each of three ways to guess them


@dataclass(frozen=True, slots=True)
class Repeat:
    """A stretch of `times * period` operations that does the same `times` times.

    Attributes:
        start: the first, counted among the operations.
        period: how many operations do it once.
        times: how often.
        depth: how many modules the whole stretch is inside of.
    """

    start: int
    period: int
    times: int
    depth: int


class Wiring:
    """What uses what, by places in `graph.nodes`.

    Attributes:
        nodes: those of the graph.
        inputs: for each node, the places of its inputs; None for a literal.
        operations: the places of the computed nodes.
        users: for each leaf, the places of the nodes that use it.
        outputs: the places of the graph's outputs.
    """

    def __init__(self, graph: Graph) -> None:
        self.nodes = graph.nodes
        place: dict[Any, int] = {node: i for i, node in enumerate(self.nodes)}
        kind = type(self.nodes[0])
        self.inputs = [
            [place[a] if type(a) is kind else None for a in node.inputs] for node in self.nodes
        ]
        self.outputs = {place[node] for node in graph.outputs}
        self.operations = [i for i, node in enumerate(self.nodes) if node.op is not None]
        self.users: dict[int, list[int]] = {
            i: [] for i, node in enumerate(self.nodes) if node.op is None
        }
        for i in self.operations:
            for a in self.inputs[i]:
                if a in self.users:
                    self.users[a].append(i)

    @cached_property
    def number(self) -> dict[int, int]:
        """For the place of each computed node, its number among the operations."""
        return {i: c for c, i in enumerate(self.operations)}


def repeats(wiring: Wiring) -> list[Repeat]:
    """The repeated parts, longest first; no two overlap."""
    n = len(wiring.operations)
    if n < _TIMES:
        return []
    same = _Same(wiring)
    shared = _shared_modules(wiring)
    found: list[Repeat] = []
    for period in same.periods():
        found += (_aligned(*ends, period, shared) for ends in same.stretches(period))
    taken = np.zeros(n, bool)
    chosen = []
    for repeat in sorted(found, key=lambda r: (-(r.times - 1) * r.period, r.period, r.start)):
        stretch = slice(repeat.start, repeat.start + repeat.times * repeat.period)
        if repeat.times >= _TIMES and not taken[stretch].any():
            taken[stretch] = True
            chosen.append(repeat)
    return chosen


class _Same:
    """Which operations do the same as the one a given number before them."""

    def __init__(self, wiring: Wiring) -> None:
        n = len(wiring.operations)
        self.what = np.empty(n, np.int64)  # equal for the same operation on the same types
        self.node = np.full((n, _SLOTS), -1)  # the place of each input
        self.away = np.zeros((n, _SLOTS), np.int64)  # how far it is; for a leaf, what it is
        numbers: dict[Any, int] = {}
        plain: dict[tuple[str, ...], tuple[str, ...]] = {}
        for c, i in enumerate(wiring.operations):
            node = wiring.nodes[i]
            rest: list[Any] = []
            for k, a in enumerate(wiring.inputs[i]):
                if a is None:
                    rest.append((k, operand(node.inputs[k])))
                    continue
                away = _away(wiring, c, a, numbers)
                if k < _SLOTS:
                    self.node[c, k], self.away[c, k] = a, away
                else:
                    rest.append(away)
            if node.scope not in plain:
                plain[node.scope] = tuple(re.sub(r"\d+", "", label) for label in node.scope)
            params = [(k, operand(v)) for k, v in node.params.items()]
            key = (node.op, node.shape, node.dtype, plain[node.scope], *params, *rest)
            self.what[c] = numbers.setdefault(key, len(numbers))

    def periods(self) -> Iterator[int]:
        """How far apart are what looks the same: one, four or sixteen operations in a row."""
        n = len(self.what)
        look = self.what.astype(np.uint64)
        for away in np.clip(self.away, -1, _FAR).T:
            look = look * _MIX + away.astype(np.uint64)
        yield from (tried := [1, 2, 3, 4])
        for window in (1, 4, 16):
            if window > n:
                return
            mixed = np.zeros(n - window + 1, np.uint64)
            for k in range(window):
                mixed = mixed * _MIX + look[k : n - window + 1 + k]
            order = np.argsort(mixed, kind="stable")
            gaps = np.diff(order)[np.diff(mixed[order]) == 0]
            lengths, counts = np.unique(gaps, return_counts=True)
            common = lengths[np.argsort(-counts, kind="stable")[:_PERIODS]].tolist()
            yield from (period for period in common if period not in tried)
            tried += common

    def stretches(self, period: int) -> Iterator[tuple[int, int]]:
        """(start, end) of each stretch of at least three times `period` that repeats with it."""
        equal = self.what[period:] == self.what[:-period]
        ways = [[z[period:] == z[:-period] for z in xs] for xs in zip(self.node.T, self.away.T)]
        for same, as_far in ways:
            equal &= same | as_far
        edges = np.flatnonzero(np.diff(np.concatenate([[False], equal, [False]])))
        for start, end in edges.reshape(-1, 2).tolist():
            rounds = (end - start) // period
            if rounds < _TIMES - 1:
                continue
            stretch = slice(start, start + rounds * period)
            whole = rounds
            for way in ways:  # an input is the same in all rounds, or as far away in all
                ever = [np.logical_and.accumulate(z[stretch].reshape(whole, -1)) for z in way]
                rounds = min(rounds, int((ever[0] | ever[1]).all(axis=1).sum()))
            if rounds >= _TIMES - 1:
                yield start, period + (end if rounds == whole else start + rounds * period)


def _away(wiring: Wiring, c: int, a: int, numbers: dict[Any, int]) -> int:
    """Where input a of operation c is: how far before it; for a leaf, its type and its uses."""
    users = wiring.users.get(a)
    if users is None:
        return c - wiring.number[a]
    leaf: Node = wiring.nodes[a]
    first = wiring.number[users[0]]
    uses = tuple(wiring.number[u] - first for u in users) if len(users) <= _USES else (a,)
    kind = (leaf.kind, leaf.shape, leaf.dtype, c - first, uses)
    return -1 - numbers.setdefault(kind, len(numbers))


def _shared_modules(wiring: Wiring) -> Array:
    """For each operation, how many of the modules it is in the one before it is in too."""
    shared = np.zeros(len(wiring.operations) + 1, np.int64)
    before: tuple[str, ...] = ()
    for c, i in enumerate(wiring.operations):
        scope = wiring.nodes[i].scope
        if scope and before:
            differ = (k for k, (s, t) in enumerate(zip(scope, before)) if s != t)
            shared[c] = next(differ, min(len(scope), len(before)))
        before = scope
    return shared


def _aligned(start: int, end: int, period: int, shared: Array) -> Repeat:
    """The repeat within the stretch that begins and ends where modules do."""
    a = start + int(shared[start + period : start + 2 * period].argmin())
    depth = int(shared[a + period])
    if shared[a] > depth:
        a += period
    times = (end - a) // period
    while times and shared[a + times * period] > depth:
        times -= 1
    return Repeat(a, period, times, depth)
