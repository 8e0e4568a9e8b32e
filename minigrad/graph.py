"""Graph: a recorded computation as a flat program of named, typed nodes.

Read next: `minigrad.viz`, the views of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad import viz
from minigrad.errors import DTypeError, GraphError, ShapeError
from minigrad.scopes import printable, scopes
from minigrad.sweep import conform, reach, sweep, through
from minigrad.table import Op
from minigrad.tensor import Tensor, record
from minigrad.values import Array, constant, readonly
from minigrad.viz import text

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Graph", "Node", "graph"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Node:
    """One line of the program.

    Attributes:
        name: unique in the graph.
        kind: "variable" (a leaf Tensor), "constant" (an array of data) or "computed".
        op: the operation; None unless computed.
        inputs: Nodes, and literals (numbers, parts of an index) where they stand.
        params: the operation's parameters, such as axis.
        value: the array, read-only.
        grad: the derivative of the graph's output with respect to it; None where there is none.
        line: the line of the user's program that computed it, where it was noted.
        scope: the modules it was computed in, outermost first.
        gate: where `np.where` took what was computed of it; None where it did so everywhere.
    """

    name: str
    kind: str
    op: Op | None
    inputs: tuple[Any, ...]
    params: Mapping[str, Any]
    value: Array
    grad: Array | None
    line: str = ""
    scope: tuple[str, ...] = ()
    gate: Array | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the value's axes."""
        return tuple(self.value.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The value's dtype."""
        dtype: np.dtype[Any] = self.value.dtype
        return dtype

    def contributions(self) -> list[Array | None]:
        """For each input, what this use of it adds to its derivative; None where nothing."""
        pulled: list[Array | None] = [None] * len(self.inputs)
        if self.op is None or self.grad is None:
            return pulled
        args = [a.value if isinstance(a, Node) else a for a in self.inputs]
        given = (self.grad, self.value, *args)
        gated = self.gate is not None or self.op.forward is np.where
        with np.errstate(all="ignore"):  # the sweep has warned
            for i, (vjp, a) in enumerate(zip(self.op.vjps, self.inputs)):
                if vjp is None or not isinstance(a, Node) or a.grad is None:
                    continue
                if gated:
                    c, _ = through(self.gate, self.op, vjp, given, self.params, a.value, None)
                else:
                    c = vjp(*given, **self.params)
                if self.op.check is not None:
                    c = self.op.check(vjp, c, a.shape)
                pulled[i] = conform(c, a.value)
        return pulled

    def __repr__(self) -> str:
        return f"{self.name}: {text.kind(self)} = {text.formula(self)}"


class Graph:
    """A recorded computation: `print` it, `render` it, look at its `nodes`.

    Attributes:
        nodes: in the order of computation; each uses only earlier ones.
        outputs: the nodes asked for.
        of: the name of the output whose derivatives are shown: the first, if it is a single real
            number, else "".
    """

    def __init__(self, tensors: tuple[Tensor, ...], names: Mapping[str, Any]) -> None:
        nodes = reach(tensors)
        first = tensors[0]
        scalar = first.size == 1 and first.dtype.kind == "f"
        grads = dict(sweep({first: np.ones(first.shape, first.dtype)[()]} if scalar else {}))
        gates = _gates(nodes, grads)
        label = _labels(nodes, names)
        # A leaf is shown as it was when this was computed, whatever it has been assigned since.
        held = {a: x for t in nodes for a, x in zip(t.inputs, t._args) if a is not x}
        made: dict[Any, Node] = {}
        scope = scopes(nodes)

        def operand(a: Any, x: Any) -> Any:
            if a is not x:
                return made[a]
            if not np.ndim(x) or not isinstance(x, np.ndarray):
                return x
            if id(x) not in made:
                data: Any = ("constant", None, (), {}, readonly(x), None, "", scope.get(id(x), ()))
                made[id(x)] = Node(label(x), *data)
            return made[id(x)]

        for t in reversed(nodes):
            kind = "computed" if t.op else "variable"
            inputs = tuple(map(operand, t.inputs, t._args))
            value, grad = readonly(held.get(t, t._value)), readonly(grads.get(t))
            line = getattr(t, "notes", {}).get("line", "")
            told = (value, grad, line, scope.get(t, ()), gates.get(t))
            made[t] = Node(label(t), kind, t.op, inputs, t.params, *told)
        self.nodes = tuple(made.values())
        self.outputs = tuple(made[t] for t in tensors)
        self.of = made[first].name if scalar else ""

    def __getitem__(self, name: str) -> Node:
        """The node of that name."""
        for node in self.nodes:
            if node.name == name:
                return node
        known = ", ".join(node.name for node in self.nodes)
        raise GraphError(f"graph: no node is named {name!r}; the nodes are {known}")

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)

    def nudge(self, name: str, delta: Any) -> Graph:
        """The same computation with `delta` added to one node, as the lecture nudges a, u and v.

        Args:
            name: of a variable, or of a computed node, which then stands on its own: the new
                graph shows what follows from it.
            delta: a number, or an array of the node's shape.

        Returns:
            A new graph with new values and derivatives; this one does not change.

        Raises:
            GraphError: there is no such node, or it is constant.
            ShapeError, DTypeError: delta is of another shape, or no number.

        A random draw, the mask of `nn.Dropout` say, is not drawn anew.

        >>> from minigrad.tensor import tensor
        >>> a = tensor(5.0, name="a")
        >>> print(graph(3 * a).nudge("a", 0.001).outputs[0].value)
        15.003
        """
        if self[name].kind == "constant":
            raise GraphError(f"nudge: {name} is constant, so nothing has a derivative by it")
        by = constant(delta, self.nudge)
        if np.shape(by) not in {(), self[name].shape}:
            raise ShapeError(
                f"nudge: {name} is {self[name].shape} but delta is {np.shape(by)}; expected a "
                "number, or an array of the node's shape"
            )
        again: dict[Node, Any] = {}
        for node in self.nodes:
            if node.name == name:
                again[node] = Tensor(node.value + by, node.dtype)
            elif node.op is not None and node.op.is_draw:
                again[node] = Tensor(node.value)
            elif node.op is not None:
                inputs = [again[a] if isinstance(a, Node) else a for a in node.inputs]
                again[node] = record(node.op, tuple(inputs), node.params)
            else:
                again[node] = Tensor(node.value) if node.kind == "variable" else node.value
        return Graph(
            tuple(again[node] for node in self.outputs),
            {node.name: value for node, value in again.items()},
        )

    def to_dot(self, depth: int | None = None, theme: str = "light") -> str:
        """The picture in Graphviz's DOT language.

        Args:
            depth: how many levels of modules are open; a module further in is drawn as one node,
                and parts that repeat are drawn once, with ×N. None: everything is drawn.
            theme: "light" or "dark".
        """
        return viz.dot.to_dot(self, depth, theme)

    def render(self, path: str | Path, depth: int | None = None, theme: str = "light") -> Path:
        """Draw the picture: boxes for values, circles for operations, blue forward, red back.

        A variable has round corners, an array of data a folded one, an output a double line.
        Frames are modules. More than 200 nodes are drawn collapsed, and the picture says so.

        Args:
            path: a file whose name ends in .svg, .png or .pdf (PDF needs the system's Graphviz).
            depth: how many levels of modules are open; a module further in is drawn as one node,
                and parts that repeat are drawn once, with ×N. None: all that can be.
            theme: "light" or "dark".

        Returns:
            The path written.

        Raises:
            GraphError: another suffix, theme or depth, or nothing installed can draw it.
        """
        return viz.dot.render(self, path, depth, theme)

    def to_html(self, path: str | Path | None = None, **options: Any) -> str | Path:
        """A page that steps through the computation; see `minigrad.viz.page.to_html`."""
        return viz.page.to_html(self, path, **options)

    def to_latex(self) -> str:
        """The computation and its derivation in LaTeX: an `align*` block for amsmath or KaTeX.

        Numbers are followed through the chain rule, path by path, as the lecture does for
        J = 3(a + bc); arrays through their matrix equations, with the sizes under the factors.
        """
        return viz.latex.to_latex(self)

    def to_tikz(self) -> str:
        """The picture as a TikZ `tikzpicture`, for LaTeX documents."""
        return viz.tikz.to_tikz(self)

    def explain(self, wrt: str | Node) -> str:
        """Why the derivative by the node `wrt` is what it is, in words: paths, products, their sum.

        Raises:
            GraphError: there is no such node, or it is constant.
        """
        return viz.explain.explain(self, wrt)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        picture = viz.dot.image(self, "svg").decode()
        return {"text/plain": str(self), "image/svg+xml": picture}

    def __str__(self) -> str:
        return text.program(self)

    def __repr__(self) -> str:
        return f"<Graph of {', '.join(o.name for o in self.outputs)}: {len(self.nodes)} nodes>"


def graph(*outputs: Tensor, names: Mapping[str, Any] | None = None) -> Graph:
    """The computation that led to the outputs, with every value and every derivative.

    Args:
        *outputs: Tensors. Derivatives are those of the first, if it is a single real number.
        names: what to call things, usually `locals()`: Tensors and arrays found among the values,
            and one level inside lists, tuples and dicts, get the name they have there. A Tensor's
            own name comes first; what has none is called t1, t2, …

    Returns:
        The `Graph`. Its derivatives come from a sweep of its own; no `.grad` changes.

    Raises:
        DTypeError: an output is not a Tensor, or there is none; names is no dict.

    >>> from minigrad.tensor import tensor
    >>> a, b, c = tensor(5), tensor(3), tensor(2)
    >>> u = b * c
    >>> v = a + u
    >>> J = 3 * v
    >>> print(graph(J, names=locals()))
       type     computed as  value  dJ/d·
    a  float64  variable     5      3
    b  float64  variable     3      6
    c  float64  variable     2      9
    u  float64  b * c        6      3
    v  float64  a + u        11     3
    J  float64  3 * v        33     1
    """
    for output in outputs:
        if not isinstance(output, Tensor):
            raise DTypeError(f"graph: got {type(output).__name__}; expected Tensors")
    if not outputs:
        raise DTypeError("graph: got no outputs; expected at least one Tensor")
    if not isinstance(names, (Mapping, type(None))):
        raise DTypeError(f"graph: names is {type(names).__name__}; expected a dict, as locals()")
    return Graph(outputs, names or {})


def _gates(nodes: list[Tensor], grads: Mapping[Tensor, Array]) -> dict[Tensor, Array]:
    """Where `np.where` took what was computed of a node, newest first; no entry: everywhere."""
    gates: dict[Tensor, Any] = {}
    if not any(t.op is not None and t.op.forward is np.where for t in nodes):
        return gates
    everywhere: set[Tensor] = set()
    for t in nodes:
        if t.op is None or t not in grads:
            continue
        given = (grads[t], t._value, *t._args)
        gated = t in gates or t.op.forward is np.where
        for vjp, a, x in zip(t.op.vjps, t.inputs, t._args):
            if a is x or vjp is None or a not in grads or a in everywhere:
                continue
            passed: Any = True
            if gated:
                passed = through(gates.get(t), t.op, vjp, given, t.params, x, None)[1]
            if passed is True:
                everywhere.add(a)
                gates.pop(a, None)
            else:
                gates[a] = np.logical_or(gates[a], passed) if a in gates else passed
    return gates


def _labels(nodes: list[Tensor], names: Mapping[str, Any]) -> Callable[[Any], str]:
    """A function from a Tensor or array to its name in the graph, unique."""
    found: dict[int, str] = {}
    for name, value in names.items():
        parts = {name: value}
        if isinstance(value, dict):
            parts |= {f"{name}[{key!r}]": part for key, part in value.items()}
        elif isinstance(value, (list, tuple)):
            parts |= {f"{name}[{i}]": part for i, part in enumerate(value)}
        if not name.startswith("_"):  # a notebook's _, _12 and __
            for called, part in parts.items():
                found.setdefault(id(part), called)
    taken = {t.name or found.get(id(t), "") for t in nodes}
    fresh = (name for i in count(1) if (name := f"t{i}") not in taken)
    given: set[str] = set()

    def label(x: Any) -> str:
        wish = printable(getattr(x, "name", None) or found.get(id(x)) or next(fresh))
        name, i = wish, 1
        while name in given:
            i += 1
            name = f"{wish}_{i}"
        given.add(name)
        return name

    return label
