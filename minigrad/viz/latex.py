r"""A graph as equations in LaTeX: what was computed, and the derivation of every derivative.

A graph of numbers is followed path by path, as the lecture does it:

    \frac{dJ}{db} = \frac{dJ}{dv} \frac{dv}{du} \frac{du}{db} = 3 \cdot 1 \cdot 2 = 6

One with arrays through its matrix equations, with the sizes under the factors and dW for dJ/dW.

Read next: `minigrad.viz.explain`, the same in words.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from minigrad.viz.derived import applied, backward, completed, forward, has_columns, layers, unnamed
from minigrad.viz.notation import Latex
from minigrad.viz.paths import Slopes, paths
from minigrad.viz.written import SUM, Written

if TYPE_CHECKING:
    from minigrad.graph import Graph, Node

__all__ = ["to_latex"]

PATHS = 4  # up to which they are written out, rather than one step of each
STEPS = 8
WIDE = 8  # factors, or operations, in a sum that stands on one line
_ROW = " \\\\\n"


def to_latex(graph: Graph) -> str:
    r"""The computation and the derivation of its derivatives, as an `align*` block.

    It needs amsmath, or KaTeX or MathJax in display mode. In amsmath, \allowdisplaybreaks lets a
    long one go on on the next page.

    >>> from minigrad.graph import graph
    >>> from minigrad.tensor import tensor
    >>> a, b = tensor(5, name="a"), tensor(3, name="b")
    >>> print(to_latex(graph(a * b)))
    \begin{align*}
    a &= 5 \\
    b &= 3 \\
    t_{1} &= a \, b = 5 \cdot 3 = 15 \\
    \frac{dt_{1}}{da} &= 3 \\
    \frac{dt_{1}}{db} &= 5
    \end{align*}
    """
    numbers = not any(node.shape for node in graph)
    lines = _of_numbers(graph) if numbers else _of_arrays(graph)
    return "\n".join([r"\begin{align*}", _ROW.join(lines), r"\end{align*}"])


# Numbers ------------------------------------------------------------------------------------------


def _of_numbers(graph: Graph) -> list[str]:
    notation = Latex()
    used, equations = forward(graph, notation, {node: node.name for node in graph}, set())
    formulas = dict(equations)
    lines = []
    for node in graph:
        steps = [used[node].text]
        if node in formulas:
            put_in = applied(node, notation, [_number(a, notation) for a in node.inputs])
            steps += [formulas[node].text, put_in.text]
        value = notation.literal(node.value[()]).text
        lines.append(_chain(steps if steps[-1] == value else [*steps, value]))
    return lines + (_by_paths(graph, used, notation) if graph.of else [])


def _number(a: Any, notation: Latex) -> Written:
    return notation.literal(a.value[()] if hasattr(a, "contributions") else a)


def _chain(steps: list[str], long: bool = False) -> str:
    return f"{steps[0]} &= {(_ROW + '&= ' if long else ' = ').join(steps[1:])}"


def _by_paths(graph: Graph, used: dict[Node, Written], notation: Latex) -> list[str]:
    slopes = Slopes(graph, numbers=True)

    def ratio(y: Node, x: Node, d: str = "d") -> str:
        d = r"\partial " if d == "∂" else d
        return rf"\frac{{{d}{used[y].text}}}{{{d}{used[x].text}}}"

    def value(number: Any) -> str:
        w = notation.number(number)
        return w.text if w.binds > SUM else f"({w.text})"

    lines = []
    for x in completed(graph):
        if x is slopes.output or not slopes.count.get(x):
            continue
        if slopes.count[x] <= PATHS and slopes.longest[x] <= STEPS:
            ways = [list(zip(p[:0:-1], p[-2::-1], strict=True)) for p in paths(slopes, x)]
            factors = [
                [(ratio(y, a, slopes.d(a)), slopes.slope[y, a]) for y, a in way] for way in ways
            ]
        else:
            J = slopes.output
            factors = [
                [(ratio(J, y), y.grad)] * (y is not J)
                + [(ratio(y, x, slopes.d(x)), slopes.slope[y, x])]
                for y in slopes.uses[x]
            ]
        steps = [ratio(slopes.output, x)]
        long = len(factors) > 1 and sum(map(len, factors)) > WIDE
        if len(factors) > 1 or len(factors[0]) > 1:
            terms = (" ".join(r for r, _ in term) for term in factors)
            steps.append((_ROW + r"&\quad + " if long else " + ").join(terms))
            steps.append(" + ".join(r" \cdot ".join(value(v) for _, v in t) for t in factors))
        lines.append(_chain([*steps, notation.number(x.grad).text], long))
    return lines


# Arrays -------------------------------------------------------------------------------------------


def _of_arrays(graph: Graph) -> list[str]:
    notation, names, inline = Latex(sizes=True), layers(graph), unnamed(graph)
    inline = {node for node in inline if names[node] == node.name}
    m = _examples(graph, names)
    used, equations = forward(graph, notation, names, inline)
    back = backward(graph, notation, used, names, inline, m) if graph.of else []
    if named := inline.intersection(node for node, _ in back):  # whoever reads dt says what t is
        inline -= named
        used, equations = forward(graph, notation, names, inline)
        back = backward(graph, notation, used, names, inline, m)
    lines = [
        _chain([used[node].text, notation.literal(node.value[()]).text])
        for node in graph
        if node.op is None and (not node.shape or re.fullmatch(r"t\d+", node.name))
    ]
    for node, formula in equations:
        steps = [notation.sized(used[node]), notation.sized(formula)]
        lines.append(_chain(steps if node.shape else [*steps, _number(node, notation).text]))
    if not graph.of:
        return lines
    lines.append(_meaning(graph, used, m))
    for node, terms in back:
        left = notation.sized(notation.name(names[node], node.shape, "d"))
        lines.append(f"{left} &= {_sum(terms, notation)}")
    return lines


def _sum(terms: list[Written], notation: Latex) -> str:
    if len(terms) == 1:
        return notation.sized(terms[0])
    closed = [w.binds > SUM or (not i and w.binds == SUM) for i, w in enumerate(terms)]
    long = sum(w.size for w in terms) > WIDE
    return (_ROW + r"&\quad + " if long else " + ").join(
        notation.sized(w) if whole else rf"\left({w.text}\right)"
        for w, whole in zip(terms, closed, strict=True)
    )


def _examples(graph: Graph, names: dict[Node, str]) -> int:
    """m, the columns of Z, A1, …: 0 if there are none, or not as many in each."""
    found = {
        node.shape[1]
        for node in graph
        if re.fullmatch(r"[ZA]\d*", names[node]) and len(node.shape) == 2
    }
    clear = len(found) == 1 and 1 not in found and "m" not in names.values()
    return found.pop() if clear else 0


def _meaning(graph: Graph, used: dict[Node, Written], m: int) -> str:
    r"""What dW stands for; what has m columns has the derivative of the summed loss."""
    slope = rf"\frac{{\partial {used[graph[graph.of]].text}}}{{\partial (\cdot)}}"
    meaning = rf"d(\cdot) &:= {slope}"
    if not any(has_columns(node, m) and node.grad is not None for node in graph):
        return meaning
    columns = rf"\text{{ if computed with }} m = {m} \text{{ columns}}"
    return rf"{meaning}, \quad d(\cdot) := m \, {slope} {columns}"
