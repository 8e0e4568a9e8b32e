"""Graph: the recorded computation as a program."""

import re

import numpy as np
import pytest

import minigrad as mg
from minigrad.graph import Node


def lecture():
    """J = 3(a + bc) at (5, 3, 2), with its parts."""
    a, b, c = mg.tensor(5), mg.tensor(3), mg.tensor(2)
    u = b * c
    v = a + u
    J = 3 * v
    return {"a": a, "b": b, "c": c, "u": u, "v": v, "J": J}


def test_every_value_and_derivative_of_the_lecture():
    """The graph holds the lecture's numbers for every node."""
    names = lecture()
    g = mg.graph(names["J"], names=names)
    values = {node.name: (float(node.value), float(node.grad)) for node in g}
    assert values == {
        "a": (5, 3),
        "b": (3, 6),
        "c": (2, 9),
        "u": (6, 3),
        "v": (11, 3),
        "J": (33, 1),
    }
    assert g.of == "J"
    assert [node.name for node in g.outputs] == ["J"]


def test_derivatives_do_not_touch_grad():
    """Looking at a graph accumulates nothing."""
    names = lecture()
    mg.graph(names["J"], names=names)
    assert all(t.grad is None for t in names.values())


def test_nodes_use_only_earlier_ones():
    """The program is single-assignment and in order, also with shared nodes and constants."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3, 7))
    W = mg.tensor(rng.normal(size=(3, 3)), name="W")
    A = np.tanh(W @ X)
    J = (A * A).sum() + (W @ X @ X.T).mean()
    g = mg.graph(J, names=locals())
    seen = set()
    for node in g:
        assert all(a in seen for a in node.inputs if isinstance(a, Node))
        seen.add(node)
    assert len({node.name for node in g}) == len(g)


def test_array_constants_are_nodes_and_numbers_are_literals():
    """Data is a line of its own, once, under the caller's name; a number stands in the formula."""
    X = np.ones((2, 3))
    w = mg.tensor(2.0, name="w")
    g = mg.graph((w * X).sum() + (w * X).mean() + 3 * w, names=locals())
    assert [node.name for node in g if node.kind == "constant"] == ["X"]
    assert "3 * w" in str(g)


def test_a_tensors_own_name_comes_first_and_names_are_unique():
    """An explicit name wins over the variable's; a second node of the same name is numbered."""
    one, two = mg.tensor(1.0, name="x"), mg.tensor(2.0, name="x")
    g = mg.graph(one * two, names=locals())
    assert [node.name for node in g] == ["x", "x_2", "t1"]


def test_names_inside_containers():
    """Lists, tuples and dicts among the names give their elements names."""
    W = {1: mg.tensor(1.0), "b": mg.tensor(2.0)}
    parts = [mg.tensor(3.0)]
    g = mg.graph(W[1] * W["b"] + parts[0], names={"W": W, "parts": parts})
    assert {node.name for node in g} >= {"W[1]", "W['b']", "parts[0]"}


def test_several_outputs_and_no_scalar():
    """Derivatives are the first output's; without a single real number there are none."""
    x = mg.tensor([1.0, 2.0], name="x")
    g = mg.graph(x * 2, x.sum())
    assert g.of == ""
    assert all(node.grad is None for node in g)
    g = mg.graph(x.sum(), x * 2)
    assert g["x"].grad.tolist() == [1, 1]
    assert g.outputs[1].grad is None


def test_a_leaf_is_shown_as_it_was_recorded():
    """Assigning a leaf later changes neither the values nor the derivatives of an old graph."""
    w = mg.tensor(3.0, name="w")
    J = w * w
    w.data = np.array(10.0)
    node = mg.graph(J)["w"]
    assert (float(node.value), float(node.grad)) == (3, 6)


def test_values_are_read_only():
    """A view of the graph cannot change it."""
    x = mg.tensor([1.0, 2.0], name="x")
    node = mg.graph((x * x).sum())["x"]
    with pytest.raises(ValueError, match="read-only"):
        node.value[0] = 5
    with pytest.raises(ValueError, match="read-only"):
        node.grad[0] = 5


@pytest.mark.parametrize(
    ("leaf", "moved"),
    [
        ("a", {"a": 5.001, "v": 11.001, "J": 33.003}),
        ("b", {"b": 3.001, "u": 6.002, "v": 11.002, "J": 33.006}),
        ("c", {"c": 2.001, "u": 6.003, "v": 11.003, "J": 33.009}),
        ("u", {"u": 6.001, "v": 11.001, "J": 33.003}),
        ("v", {"v": 11.001, "J": 33.003}),
    ],
)
def test_nudging_a_node(leaf, moved):
    """The lecture's nudge table: what moves, by how much, and that the rest stays."""
    names = lecture()
    g = mg.graph(names["J"], names=names)
    nudged = g.nudge(leaf, 0.001)
    assert {node.name for node in nudged} >= set(moved)
    for node in nudged:
        expected = moved.get(node.name, float(g[node.name].value))
        assert float(node.value) == pytest.approx(expected, abs=1e-12)
    assert float(g["J"].value) == 33


def test_nudging_an_array_reruns_every_kind_of_node():
    """A graph with constants, indexing and parameters gives what running it again gives."""
    rng = np.random.default_rng(1)
    X, w0 = rng.normal(size=(4, 3)), rng.normal(size=4)

    def f(w):
        z = (w @ X)[::-1][[0, 2, 2]]
        return np.stack([z, np.tanh(z)]).max(axis=0).sum() * 2

    delta = rng.normal(size=4) * 1e-3
    w = mg.tensor(w0, name="w")
    nudged = mg.graph(f(w)).nudge("w", delta)
    assert float(nudged.outputs[0].value) == float(f(mg.tensor(w0 + delta)).data)
    assert np.array_equal(nudged["w"].grad, mg.grad(f)(w0 + delta))


def test_contributions_add_up_to_the_derivative():
    """What the uses of a node contribute sums to its derivative (fan-out)."""
    x = mg.tensor([0.3, -1.2, 2.0], name="x")
    g = mg.graph((x * x * np.sin(x) + x[0]).sum() / x.mean())
    total = {node: np.zeros(node.shape) for node in g}
    for node in g:
        for a, c in zip(node.inputs, node.contributions(), strict=True):
            if c is not None:
                total[a] += c
    for node in g:
        if node is not g.outputs[0]:
            np.testing.assert_allclose(total[node], node.grad, rtol=1e-14)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.where(x > 0, np.sqrt(x), 0.0).sum(),
        lambda x: (np.where(x > 0, np.log(x * 1.0), x) * np.where(x < 4, x, 2 * x)).sum(),
        lambda x: (np.where(x > 0, np.sqrt(x), 0.0) + np.sin(np.sqrt(np.abs(x)))[1]).sum(),
        lambda x: np.where(x[:, None] > 0, np.sqrt(x)[:, None] * np.ones((3, 2)), 0.0).sum(),
    ],
    ids=["once", "twice", "also elsewhere", "broadcast"],
)
def test_contributions_pass_where_the_sweep_does(f):
    """A branch that np.where did not take contributes nothing, where its derivative is infinite."""
    with np.errstate(all="ignore"):
        g = mg.graph(f(mg.tensor([0.0, 1.0, 4.0], name="x")))
    total = {node: np.zeros(node.shape) for node in g}
    for node in g:
        for a, c in zip(node.inputs, node.contributions(), strict=True):
            if c is not None:
                total[a] += c
    for node in g:
        if node.grad is not None and node is not g.outputs[0]:
            np.testing.assert_allclose(total[node], node.grad, rtol=1e-14)


def test_a_thousand_squares_are_instant():
    """The derivative of a value used twice, a thousand times over, is found once for each node."""
    y = mg.tensor(1.0, name="y")
    for _ in range(1000):
        y = y * y
    g = mg.graph(y)
    total = sum(float(c) for node in g for c in node.contributions())
    assert total == pytest.approx(2.0**1001)  # 2 + 4 + … + 2¹⁰⁰⁰


def test_a_users_own_op_is_drawn_like_any_other():
    """Rules that return Python numbers, broadcast arrays or a tuple contribute what they add."""
    twice = mg.primitive(lambda x: 2.0 * x, vjp=lambda g, y, x: 2)
    add = mg.primitive(lambda a, b: a + b, vjp=lambda g, y, a, b: (g, np.ones(3)))
    x = mg.tensor(3.0, name="x")
    g = mg.graph(add(twice(x), x), names={})
    assert float(g["x"].grad) == 5
    assert [float(c) for node in g for c in node.contributions()] == [2, 1, 3]


def test_unknown_nodes_and_bad_outputs():
    """Errors say what was asked, what there is and what to do."""
    names = lecture()
    g = mg.graph(names["J"], names=names)
    with pytest.raises(
        mg.GraphError, match=r"no node is named 'w'; the nodes are a, b, c, u, v, J"
    ):
        g["w"]
    X = np.ones(3)
    with pytest.raises(mg.ShapeError, match=r"nudge: a is \(\) but delta is \(3,\); expected a"):
        mg.graph(names["a"] * 2.0, names=names).nudge("a", np.ones(3))
    with pytest.raises(mg.DTypeError, match="nudge: got str 'up' as an operand"):
        mg.graph(names["a"] * 2.0, names=names).nudge("a", "up")
    with pytest.raises(mg.GraphError, match="nudge: X is constant"):
        mg.graph((names["a"] * X).sum(), names={"X": X}).nudge("X", 1)
    with pytest.raises(mg.DTypeError, match="graph: got float; expected Tensors"):
        mg.graph(3.0)
    with pytest.raises(mg.DTypeError, match="graph: got no outputs"):
        mg.graph()
    with pytest.raises(mg.DTypeError, match="graph: names is list; expected a dict, as locals"):
        mg.graph(names["a"] * X, names=["a"])


def test_a_notebook_shows_text_and_picture():
    """The notebook bundle holds the program and the SVG, of a large graph the collapsed one."""
    names = lecture()
    g = mg.graph(names["J"], names=names)
    bundle = g._repr_mimebundle_(include=None, exclude=None)
    assert bundle["text/plain"] == str(g)
    assert re.search(r"<svg .*</svg>", bundle["image/svg+xml"], re.DOTALL)
    x = y = mg.tensor(1.0)
    for _ in range(500):
        y = y + x
    assert "501 nodes, more than 200" in mg.graph(y)._repr_mimebundle_()["image/svg+xml"]


def test_repr_is_short():
    """A graph and its nodes have one-line reprs."""
    names = lecture()
    g = mg.graph(names["J"], names=names)
    assert repr(g) == "<Graph of J: 6 nodes>"
    assert repr(g["u"]) == "u: float64 = b * c"


def test_a_long_chain_needs_no_recursion():
    """100,000 nodes become a graph and its text."""
    x = mg.tensor(1.0, name="x")
    y = x
    for _ in range(100_000):
        y = y + x
    g = mg.graph(y)
    assert float(g["x"].grad) == 100_001
    assert str(g).count("\n") == 100_001


def test_a_nudge_draws_nothing_anew():
    """A random mask stays as it was, and so does its generator."""
    rng = np.random.default_rng(0)
    mask = mg.primitive(lambda x: rng.integers(0, 2, x.shape) * 1.0, vjp=(None,))
    x = mg.tensor(np.ones(50), name="x")
    y = (x * mask(x)).sum()
    state = rng.bit_generator.state
    nudged = mg.graph(y).nudge("x", 1e-3)
    assert float(nudged.outputs[0].value) == pytest.approx(1.001 * float(y.data), rel=1e-12)
    assert rng.bit_generator.state == state
