"""Why a derivative is what it is, in words: the paths it takes, the factors on them, their sum.

Read next: `minigrad.viz.tikz`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.errors import GraphError
from minigrad.viz.derived import backward, inputs, share
from minigrad.viz.notation import Python
from minigrad.viz.paths import Slopes, paths
from minigrad.viz.text import formula, summary
from minigrad.viz.written import SUM, Written

if TYPE_CHECKING:
    from minigrad.graph import Graph, Node

__all__ = ["PATHS", "explain"]

PATHS = 20  # up to which they are written out
_NODES = 12  # on a path, and
_LINES = 40  # in a list: beyond, the middle is left out


def explain(graph: Graph, wrt: str | Node) -> str:
    """How the graph's output depends on a node, in plain text.

    Args:
        graph: with a single number as its first output.
        wrt: a node's name, or what has it: the node, a Tensor.

    Returns:
        The paths from the node to the output, with the local derivatives along them, their
        products and the sum; of arrays the formula by which the derivative goes back through each
        operation. Beyond 20 paths their number, and the sum at each node instead.

    Raises:
        GraphError: there is no such node, or it is constant, or nothing has derivatives.

    >>> from minigrad.graph import graph
    >>> from minigrad.tensor import tensor
    >>> a, b, c = tensor(5), tensor(3), tensor(2)
    >>> u = b * c
    >>> v = a + u
    >>> J = 3 * v
    >>> print(explain(graph(J, names=locals()), "b"))
    dJ/db = 6: nudge b, and J changes 6 times as much.
    <BLANKLINE>
    One path leads from b to J:
    <BLANKLINE>
      b → u → v → J   dJ/dv · dv/du · du/db = 3 · 1 · 2 = 6
    <BLANKLINE>
    with the local derivatives
    <BLANKLINE>
      dJ/dv = 3       as J = 3 * v
      dv/du = 1       as v = a + u
      du/db = c = 2   as u = b * c
    """
    name = wrt if isinstance(wrt, str) else getattr(wrt, "name", None)
    if not isinstance(name, str):
        raise GraphError(f"explain: got {wrt!r}; expected the name of a node, such as {graph.of!r}")
    x = graph[name]
    if not graph.of:
        (first, *_) = graph.outputs
        raise GraphError(
            f"explain: {first.name} has shape {first.shape} and dtype {first.dtype}; expected a "
            "single real number as the output, such as a sum"
        )
    if x.kind == "constant":
        raise GraphError(f"explain: {x.name} is constant, so nothing has a derivative by it")
    numbers = not any(node.shape for node in graph)
    slopes = Slopes(graph, numbers)
    if x is slopes.output:
        return f"{x.name} is the output itself: d{x.name}/d{x.name} = 1."
    if not slopes.count.get(x):
        return _independent(graph, x)
    between = _between(graph, x, slopes)
    if numbers:
        return _of_numbers(x, slopes, between)
    return _of_arrays(graph, x, slopes, between)


def _between(graph: Graph, x: Node, slopes: Slopes) -> dict[Node, None]:
    """The nodes on the paths from x to the output, x first, in the order of computation."""
    reached = {x: None}
    for node in graph:
        if node in slopes.count and any(
            a in reached and node in slopes.uses.get(a, ()) for a in inputs(node)
        ):
            reached[node] = None
    return reached


def _independent(graph: Graph, x: Node) -> str:
    reached, ends = {x}, set()
    J = graph[graph.of]
    for node in graph:
        of = [a for a in inputs(node) if a in reached]
        reached |= {node} if of else set()
        open_ = node.grad is not None and all(a.grad is not None for a in of)
        if any(a.dtype.kind in "fc" for a in of) and not open_ and node.op is not None:
            ends.add(node.op.name)
    if J not in reached:
        return f"{J.name} does not depend on {x.name}: no path leads from one to the other."
    blocking = ", ".join(sorted(ends))
    return (
        f"d{J.name}/d{x.name} = 0: {x.name} reaches {J.name} only through what lets no derivative "
        f"pass ({blocking})."
    )


def _headline(x: Node, J: Node, slopes: Slopes) -> str:
    n = slopes.count[x]
    many = "One path leads" if n == 1 else f"{_counted(n)} paths lead"
    return f"{many} from {x.name} to {J.name}"


def _counted(n: int) -> str:
    return f"{n:,}" if n < 10**15 else f"About 10^{int(n.bit_length() * np.log10(2))}"


# Numbers ------------------------------------------------------------------------------------------


def _of_numbers(x: Node, slopes: Slopes, between: dict[Node, None]) -> str:
    J, few = slopes.output, slopes.count[x] <= PATHS
    times = f"changes {summary(x.grad)} times as much"
    blocks = [f"d{J.name}/d{x.name} = {summary(x.grad)}: nudge {x.name}, and {J.name} {times}."]
    if few:
        found = paths(slopes, x)
        rows = [_path(path, slopes) for path in found]
        blocks.append(f"{_headline(x, J, slopes)}:")
        blocks.append(_table([[arrows, f"{product}"] for arrows, product, _ in rows]))
        if len(rows) > 1:
            total = " + ".join(_factor(value) for *_, value in rows)
            blocks.append(f"  together {total} = {summary(x.grad)}")
        blocks.append("with the local derivatives")
        edges = [(y, a) for y in reversed(between) for a in inputs(y)
                 if a in between and (y, a) in slopes.slope]  # fmt: skip
        blocks.append(_table(_shortened(edges, lambda edge: _local(edge[0], edge[1], slopes))))
    else:
        blocks.append(f"{_headline(x, J, slopes)}, too many to write out; step by step:")
        nodes = [a for a in reversed(between) if a is not J]
        blocks.append(_table(_shortened(nodes, lambda a: _step(a, slopes))))
    return "\n\n".join(blocks)


def _path(path: list[Node], slopes: Slopes) -> tuple[str, str, Any]:
    steps = list(zip(path[:0:-1], path[-2::-1], strict=True))
    factors = [slopes.slope[step] for step in steps]
    with np.errstate(all="ignore"):
        value = np.prod(factors)
    if np.isnan(value) and summary(path[0].grad) != "nan":
        value = 0.0  # an infinite slope of what np.where did not take
    ratios = [_ratio(y, a, slopes) for y, a in steps]
    numbers = [*map(_factor if len(steps) > 1 else summary, factors)]
    product = _equal(" · ".join(_elided(ratios)), " · ".join(_elided(numbers)), summary(value))
    return " → ".join(_elided([node.name for node in path])), product, value


def _ratio(y: Node, a: Node, slopes: Slopes) -> str:
    return f"{slopes.d(a)}{y.name}/{slopes.d(a)}{a.name}"


def _elided(parts: list[str]) -> list[str]:
    half = _NODES // 2
    return parts if len(parts) <= _NODES else [*parts[:half], "…", *parts[-half:]]


def _factor(value: Any) -> str:
    text = summary(np.asarray(value))
    return f"({text})" if text.startswith("-") else text


def _local(y: Node, a: Node, slopes: Slopes) -> list[str]:
    """`du/db = c = 2`, and what u is computed as."""
    notation = Python()
    used = {node: notation.name(node.name, node.shape) for node in [y, *inputs(y)]}
    shares = [share(y, i, Written("1"), used, notation) for i in inputs(y)[a]]
    terms = " + ".join(_joined([w for w in shares if w is not None]))
    value = summary(slopes.slope[y, a])
    return [_equal(_ratio(y, a, slopes), terms, value), f"as {y.name} = {formula(y)}"]


def _joined(terms: list[Written]) -> list[str]:
    """The terms of a sum."""
    return [w.text if w.binds > SUM or not i else f"({w.text})" for i, w in enumerate(terms)]


def _equal(*sides: str) -> str:
    """An equation; a side that says the same as another stands once."""
    return " = ".join(dict.fromkeys(sides))


def _step(a: Node, slopes: Slopes) -> list[str]:
    """dJ/da from the derivatives of the nodes that a is used for."""
    J = slopes.output
    ratios, numbers = [], []
    for y in slopes.uses[a]:
        onward = y is not J
        ratios.append(f"d{J.name}/d{y.name} · " * onward + _ratio(y, a, slopes))
        numbers.append(f"{_factor(y.grad)} · " * onward + _factor(slopes.slope[y, a]))
    left = f"d{J.name}/d{a.name}"
    right = _equal(" + ".join(_elided(numbers)), summary(a.grad))
    return [_equal(left, " + ".join(_elided(ratios))), f"= {right}"]


def _table(rows: Sequence[Sequence[str]]) -> str:
    width = max((len(first) for first, *rest in rows if rest), default=0)
    return "\n".join(
        "  " + "   ".join([f, *r] if not r else [f.ljust(width), *r]) for f, *r in rows
    )


def _shortened(parts: Sequence[Any], row: Callable[[Any], list[str]]) -> list[list[str]]:
    if len(parts) <= _LINES:
        return [*map(row, parts)]
    half = _LINES // 2
    more = f"… {len(parts) - 2 * half:,} more …"
    return [*map(row, parts[:half]), [more], *map(row, parts[-half:])]


# Arrays -------------------------------------------------------------------------------------------


def _of_arrays(graph: Graph, x: Node, slopes: Slopes, between: dict[Node, None]) -> str:
    J = slopes.output
    blocks = [f"d{J.name}/d{x.name}, of shape {x.shape}: {summary(x.grad)}"]
    n = slopes.count[x]
    if n <= PATHS:
        blocks.append(f"{_headline(x, J, slopes)}:")
        found = paths(slopes, x)
        blocks.append("\n".join(f"  {' → '.join(_elided([y.name for y in p]))}" for p in found))
    else:
        blocks.append(f"{_headline(x, J, slopes)}, too many to write out.")
    blocks.append(f"Back along {'it' if n == 1 else 'them'}, with d· for d{J.name}/d·:")
    notation = Python()
    used = {node: notation.name(node.name, node.shape) for node in graph}
    names = {node: node.name for node in graph}
    equations = backward(graph, notation, used, names, set(), wanted=between)
    blocks.append(_table(_shortened(equations, _equation)))
    return "\n\n".join(blocks)


def _equation(equation: tuple[Node, list[Written]]) -> list[str]:
    node, terms = equation
    return [f"d{node.name} = {' + '.join(_joined(terms))}", f"{node.shape}"]
