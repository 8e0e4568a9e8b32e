"""The picture in TikZ."""

import re

import numpy as np
import pytest
from typesetting import assert_compiles

import minigrad as mg
from minigrad.viz.tikz import to_tikz


def lecture():
    """The graph of J = 3(a + bc) at (5, 3, 2)."""
    a, b, c = mg.tensor(5), mg.tensor(3), mg.tensor(2)
    u = b * c
    v = a + u
    J = 3 * v
    return mg.graph(J, names=locals())


def test_the_lecture_s_drawing():
    """A box for each value with its equation and derivative; an arrow each way for each use."""
    text = to_tikz(lecture())
    assert text.count(r"\node[leaf") == 3
    assert text.count(r"\node[result") == 3
    assert text.count(r"\draw[forward]") == text.count(r"\draw[back]") == 5
    for wanted in (r"u = b \, c", "v = a + u", r"J = 3 \, v", r"\frac{dJ}{db} = 6", "black}33$"):
        assert wanted in text
    assert text == to_tikz(lecture())


def test_values_flow_from_left_to_right():
    """Each box stands to the right of those it is computed from."""
    graph = lecture()
    xs = [float(x) for x in re.findall(r"at \(([\d.]+),", to_tikz(graph))]
    place = dict(zip(graph, xs, strict=True))
    for node in graph:
        for a in node.inputs:
            if a in graph.nodes:
                assert place[a] < place[node]


def test_pictures_compile(tmp_path):
    """Numbers, arrays, constants, comparisons, several outputs, hostile names."""
    x = mg.tensor(np.arange(6.0).reshape(2, 3), name=r"\input{x} %$_^{\\")
    X = np.ones((3, 2))
    y = np.where(x > 2, x, -x) @ X
    empty = mg.tensor(np.zeros((0, 2)), name="empty")
    graphs = [lecture(), mg.graph((y * y).sum(), y), mg.graph(y[0, 0] + empty.sum())]
    assert_compiles([to_tikz(g) for g in graphs], tmp_path, pictures=True)


def test_large_graphs_are_refused():
    """A picture on paper has its limits, and says what to do."""
    y = mg.tensor(0.5)
    for _ in range(300):
        y = np.sin(y)
    with pytest.raises(mg.GraphError, match="to_tikz: 301 nodes; expected at most 200: take"):
        to_tikz(mg.graph(y))


def test_without_graphviz(monkeypatch):
    """The layout needs the program that minigrad depends on."""
    monkeypatch.setattr("shutil.which", lambda *args, **kwargs: None)
    with pytest.raises(mg.GraphError, match="to_tikz: install graphviz-pure"):
        to_tikz(lecture())
