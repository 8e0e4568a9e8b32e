"""The paths along which a derivative reaches a node, and the local derivatives on them.

Read next: `minigrad.viz.explain`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.sweep import conform
from minigrad.viz.derived import inputs

if TYPE_CHECKING:
    from minigrad.graph import Graph, Node

__all__ = ["Slopes", "paths"]


class Slopes:
    """What carries derivatives from the output of a graph back to each of its nodes.

    Attributes:
        uses: for each node the nodes computed from it through which a derivative passes.
        slope: of node y by node x in a graph of numbers, dy/dx, as the sum over the uses of x.
        count: how many paths lead from each node to the output.
        longest: how many steps the longest of them has.
    """

    def __init__(self, graph: Graph, numbers: bool) -> None:
        self.uses: dict[Node, list[Node]] = {}
        self.slope: dict[tuple[Node, Node], Any] = {}
        self.output = graph[graph.of]
        self.count: dict[Node, int] = {self.output: 1}
        self.longest: dict[Node, int] = {self.output: 0}
        for y in reversed(graph.nodes):
            if y not in self.count:
                continue
            self._look(y, numbers)

    def d(self, x: Node) -> str:
        """The d of a local derivative by x: ∂ if x has other ways to the output too."""
        return "d" if len(self.uses[x]) == 1 else "∂"

    def _look(self, y: Node, numbers: bool) -> None:
        """Enter what y passes on to its inputs."""
        passed = _slopes(y) if numbers else y.contributions()
        for x, places in inputs(y).items():
            shares = [passed[i] for i in places if passed[i] is not None]
            if not shares:
                continue
            if numbers:
                self.slope[y, x] = sum(shares)
            self.uses.setdefault(x, []).append(y)
            self.count[x] = self.count.get(x, 0) + self.count[y]
            self.longest[x] = max(self.longest.get(x, 0), self.longest[y] + 1)


def _slopes(y: Node) -> list[Any]:
    """dy/dx for each use of an input, in numbers; None where no derivative passes."""
    found: list[Any] = [None] * len(y.inputs)
    if y.op is None or y.grad is None:
        return found
    args = [a.value[()] if isinstance(a, type(y)) else a for a in y.inputs]
    for i, (vjp, a) in enumerate(zip(y.op.vjps, y.inputs)):
        if vjp is not None and isinstance(a, type(y)) and a.grad is not None:
            with np.errstate(all="ignore"):
                c = vjp(y.value.dtype.type(1), y.value[()], *args, **y.params)
            c = y.op.check(vjp, c, a.shape) if y.op.check else c
            found[i] = conform(c, a.value)
    return found


def paths(slopes: Slopes, start: Node) -> list[list[Node]]:
    """Every path from a node to the output: ask for its `count` first."""
    done: list[list[Node]] = []
    open_: list[tuple[Any, Any]] = [(start, None)]  # a node, and the one before it with its own
    while open_:
        end: Any = open_.pop()
        if end[0] is not slopes.output:
            open_.extend((y, end) for y in slopes.uses[end[0]])
            continue
        path = []
        while end is not None:
            path.append(end[0])
            end = end[1]
        done.append(path[::-1])
    return done
