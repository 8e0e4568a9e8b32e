"""Why a derivative is what it is, in words."""

import re
import warnings
from itertools import pairwise

import numpy as np
import pytest
import scipy.special
from checks import CASES, CHECKS, differentiable, operands_of

import minigrad as mg
import nn
from minigrad.viz.derived import share
from minigrad.viz.explain import PATHS, explain
from minigrad.viz.notation import Python
from minigrad.viz.paths import Slopes, paths


def lecture():
    """The graph of J = 3(a + bc) at (5, 3, 2)."""
    a, b, c = mg.tensor(5), mg.tensor(3), mg.tensor(2)
    u = b * c
    v = a + u
    J = 3 * v
    return mg.graph(J, names=locals())


def tower(n):
    """y + sin(y) of itself, n times: 2^n paths."""
    y = mg.tensor(0.5, name="x")
    for _ in range(n):
        y = y + np.sin(y)
    return mg.graph(mg.name(y, "J"))


def test_a_chain():
    """One path: its factors, and what each is."""
    text = explain(lecture(), "c")
    assert text.startswith("dJ/dc = 9: nudge c, and J changes 9 times as much.")
    assert "  c → u → v → J   dJ/dv · dv/du · du/dc = 3 · 1 · 3 = 9" in text
    assert "  du/dc = b = 3   as u = b * c" in text
    assert "together" not in text


def test_a_sum_over_paths():
    """Two paths: both products and their sum; a partial derivative is written with ∂."""
    x = mg.tensor(3.0, name="x")
    y = mg.name(-2 * x, "y")
    text = explain(mg.graph(mg.name(x * y, "J")), "x")
    assert "2 paths lead from x to J:" in text
    assert "x → y → J   dJ/dy · ∂y/∂x = 3 · (-2) = -6" in text
    assert "x → J       ∂J/∂x = -6" in text
    assert "∂J/∂x = y = -6" in text
    assert "together (-6) + (-6) = -12" in text


def test_the_sum_over_paths_is_the_derivative():
    """On random graphs of numbers: the products of the local derivatives, summed over paths."""
    rng = np.random.default_rng(0)
    for _ in range(30):
        nodes = [mg.tensor(x) for x in rng.uniform(0.5, 1.5, 3)]
        for _ in range(7):
            a, b = rng.choice(len(nodes), 2)
            f = (np.multiply, np.add, lambda p, q: np.sin(p) - q)[rng.integers(3)]
            nodes.append(f(nodes[a], nodes[b]))
        g = mg.graph(nodes[-1])
        slopes = Slopes(g, numbers=True)
        for x in g:
            if x.grad is not None:
                ways = paths(slopes, x)
                assert len(ways) == slopes.count[x]
                factors = [[slopes.slope[y, a] for a, y in pairwise(way)] for way in ways]
                total = sum(map(np.prod, factors))
                np.testing.assert_allclose(total, x.grad, rtol=1e-12)


def test_arrays_show_the_formulas_and_shapes():
    """Of a network the equations on the way from W1 to J, in NumPy's terms."""
    rng = np.random.default_rng(0)
    network = nn.DeepNetwork((2, 3, 1), hidden="tanh", seed=0)
    X, Y = rng.normal(size=(2, 4)), np.array([[1.0, 0, 1, 0]])
    g = mg.graph(nn.binary_cross_entropy(network(X), Y), names={"X": X, "Y": Y})
    text = explain(g, "W1")
    assert "One path leads from W1 to t5:\n\n  W1 → t1 → t2 → t3 → t4 → t5" in text
    scope = {node.name: node.value for node in g} | {"np": np}
    scope |= {f"d{node.name}": node.grad for node in g}
    equations = [line.split("   ")[0].strip() for line in text.split("\n") if line.endswith(")")]
    assert equations[-1] == "dW1 = dt1 @ X.T"
    for equation in equations:
        name, _, right = equation.partition(" = ")
        np.testing.assert_allclose(eval(right, scope), scope[name], rtol=1e-12)


def formulas():
    """Of every row's cases, the formulas by which derivatives go back, with what they should be."""
    for key in differentiable():
        for case in CASES[key][:3]:
            for xs in operands_of(CHECKS["finite difference"], key, case)[:1]:
                y = (case.call or key)(*map(mg.tensor, xs))
                y = y.real if y.dtype.kind == "c" else y
                g, notation = mg.graph((y * y).sum()), Python()
                used = {node: notation.name(node.name, node.shape) for node in g}
                scope = {node.name: node.value for node in g} | {"np": np, "scipy": scipy}
                scope |= {f"d{node.name}": node.grad for node in g}
                for node in g:
                    given = notation.name(node.name, node.shape, "d")
                    for i, pulled in enumerate(node.contributions()):
                        if pulled is not None:
                            w = share(node, i, given, used, notation)
                            yield node.op.name, w.text, scope, pulled


def test_formulas_are_true_for_every_row():
    """Evaluated as the NumPy they are, they give what the engine carries back.

    Left out is what no Python can be: parts of an index written as operands, long arrays.
    """
    checked, others = 0, 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of values outside a domain
        for name, text, scope, pulled in formulas():
            try:
                value = eval(text, dict(scope))
                value = np.reshape(value, pulled.shape) if pulled.size == np.size(value) else value
            except (SyntaxError, NameError, ValueError, AttributeError):
                others += 1
                continue
            if pulled.size:
                np.testing.assert_allclose(
                    np.broadcast_to(value, pulled.shape),
                    pulled,
                    1e-4,
                    1e-6,
                    err_msg=f"{name} {text}",
                )
                checked += 1
    assert checked > 3000
    assert others < checked / 10


def test_many_paths_are_counted_not_followed():
    """Up to 20 are written out; beyond, their exact number and the sums node by node."""
    assert "16 paths lead" in explain(tower(4), "x")
    assert PATHS == 20
    text = explain(tower(20), "x")
    assert "1,048,576 paths lead from x to J, too many to write out; step by step:" in text
    last = text.split("\n")[-1]
    assert last.split(" = ")[-1] == f"{tower(20)['x'].grad:.6g}"
    assert "About 10^" in explain(tower(2000), "x")


def test_long_paths_are_elided():
    """A chain of a thousand operations fits on a screen."""
    x = mg.tensor([0.5, 1.0], name="x")
    s = mg.tensor(0.5, name="s")
    y, t = x, s
    for _ in range(1000):
        y, t = np.sin(y), np.sin(t)
    for text in (explain(mg.graph(y.sum()), "x"), explain(mg.graph(t), "s")):
        assert " → … → " in text
        assert "more …" in text
        assert len(text) < 6000


def test_no_dependence():
    """Not on the way at all, or only through what lets no derivative pass."""
    a, b = mg.tensor(2.0, name="a"), mg.tensor(3.0, name="b")
    J = mg.name(2 * a, "J")
    assert explain(mg.graph(J, b * a), "b") == (
        "J does not depend on b: no path leads from one to the other."
    )
    J = mg.name(a * (b > 1), "J")
    assert explain(mg.graph(J), "b") == (
        "dJ/db = 0: b reaches J only through what lets no derivative pass (greater)."
    )
    assert "stop_gradient" in explain(mg.graph(a * mg.stop_gradient(b)), "b")
    assert explain(mg.graph(J), "J") == "J is the output itself: dJ/dJ = 1."


def test_what_cannot_be_explained():
    """Constants, unknown names, outputs that are no single number."""
    x, X = mg.tensor([1.0, 2.0], name="x"), np.ones(2)
    g = mg.graph((x * X).sum(), names={"X": X})
    with pytest.raises(mg.GraphError, match="explain: X is constant, so nothing has a derivative"):
        explain(g, "X")
    with pytest.raises(mg.GraphError, match="no node is named 'z'"):
        explain(g, "z")
    with pytest.raises(mg.GraphError, match=r"y has shape \(2,\) and dtype float64; expected a"):
        explain(mg.graph(mg.name(x * 2, "y")), "x")


def test_a_branch_not_taken():
    """An infinite slope behind a where that did not take it adds nothing."""
    x = mg.tensor(0.0, name="x")
    text = explain(mg.graph(mg.name(np.where(x > 0, np.sqrt(x), x), "J")), "x")
    assert text.startswith("dJ/dx = 1:")
    assert "nan" not in text


def plain_arrays_only(g, y, x):
    assert type(x) is np.ndarray
    return 2 * g


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (plain_arrays_only, "dx = (dy/dx)ᵀ dy"),
        (lambda g, y, x: {np.ndarray: 2 * g}[type(x)], "dx = (dy/dx)ᵀ dy"),
        (lambda g, y, x: np.full(x.shape, 2.0), "dx = np.full((3,), 2)"),
        (lambda g, y, x: g * 2, "dx = dy * 2"),
    ],
    ids=["assertion", "key", "numbers", "formula"],
)
def test_the_rule_of_a_primitive_is_written_if_it_can_be(rule, line):
    """One that takes no Tensors, in whatever way, is named as what it is."""
    double = mg.primitive(lambda x: 2 * x, vjp=rule)
    x = mg.tensor([1.0, 2.0, 3.0], name="x")
    g = mg.graph(mg.name(np.sum(mg.name(double(x), "y")), "J"))
    assert re.search(rf"^  {re.escape(line)} +\(3,\)$", g.explain("x"), re.MULTILINE)
    assert g["x"].grad.tolist() == [2, 2, 2]
    assert "dx" in g.to_latex()


def test_a_rule_that_is_too_long_is_named():
    """What would not fit on a line is the transposed derivative."""
    x = mg.tensor([2.0, 0.3], name="x")
    text = explain(mg.graph(mg.name(np.sinc(x), "y").sum()), "x")
    assert "dx = (dy/dx)ᵀ dy" in text


def test_a_node_is_told_by_its_name():
    """The name, the node, the Tensor that has it; anything else is refused."""
    a = mg.tensor(5.0, name="a")
    b = mg.tensor(2.0)
    graph = mg.graph(mg.name(a * b, "J"), names={"b": b})
    assert graph.explain("a") == graph.explain(graph["a"]) == graph.explain(a)
    for wrong in (None, 3, b):
        with pytest.raises(mg.GraphError, match=r"explain: got .*; expected the name of a node"):
            graph.explain(wrong)
