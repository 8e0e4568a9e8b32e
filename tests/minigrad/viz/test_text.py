"""The graph as text."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.viz.text import formula, kind, summary


def formulas(*outputs, **names):
    """The formulas of a graph's computed nodes."""
    return [formula(n) for n in mg.graph(*outputs, names=names) if n.kind == "computed"]


def test_formulas_read_like_the_program():
    """Operators are infix, functions calls, indexing brackets, defaults left out."""
    x = mg.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert formulas(-x, x=x) == ["-x"]
    assert formulas(x @ x, x=x) == ["x @ x"]
    assert formulas(2 / x, x=x) == ["2 / x"]
    assert formulas(x**0.5, x=x) == ["x ** 0.5"]
    assert formulas(np.exp(x), x=x) == ["np.exp(x)"]
    assert formulas(x.sum(), x=x) == ["np.sum(x)"]
    assert formulas(x.max(axis=1, keepdims=True), x=x) == ["np.max(x, axis=1, keepdims=True)"]
    assert formulas(x[1:, 0], x=x) == ["x[1:, 0]"]
    assert formulas(x[..., None, ::2], x=x) == ["x[..., None, ::2]"]
    assert formulas(np.stack([x, x]), x=x) == ["np.stack([x, x], axis=0)"]
    assert formulas(x.reshape(4), x=x) == ["np.reshape(x, 4)"]
    assert formulas(mg.set_at(x, 0, 5.0), x=x) == ["set_at(x, 5, 0)"]
    assert formulas(x * np.float64(0.5), x=x) == ["x * 0.5"]
    assert formulas(np.einsum("ij,jk->ik", x, x), x=x) == ["np.einsum('ij,jk->ik', x, x)"]
    assert formulas(x.astype(np.float32), x=x) == ["x.astype(dtype=float32)"]


def test_formulas_evaluate_to_the_value():
    """A formula is Python: evaluated on its inputs, it gives the node's value."""
    x = mg.tensor(np.arange(1.0, 7).reshape(2, 3), name="x")
    A = np.tanh(x @ x.T) + x[:, [1]] ** 2
    J = np.where(A > 0.5, A, 0).mean(axis=0).sum() - np.concatenate([A, A], axis=1).min()
    g = mg.graph(J)
    for node in g:
        if node.op is not None:
            scope = {n.name: n.value for n in g} | {"np": np}
            assert np.array_equal(eval(formula(node), scope), node.value), formula(node)


def test_a_users_own_op_is_written_by_its_name():
    """A primitive's formula is a call of it."""

    @mg.primitive(vjp=lambda g, y, x, *, n: g * n)
    def scaled(x, *, n):
        return x * n

    x = mg.tensor(1.0, name="x")
    assert formulas(scaled(x, n=3)) == ["scaled(x, n=3)"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.float64(33.0), "33"),
        (np.array([1.0, 2.5]), "[1, 2.5]"),
        (np.array([[True, False]]), "[[True, False]]"),
        (np.arange(10.0), "0 … 9"),
        (np.array(1 / 3), "0.333333"),
        (np.array([]), "[]"),
        (np.array(3 + 4j), "3+4j"),
        (np.full(7, 3 + 4j), "|·| all 5"),
        (np.array([3 + 4j] * 6 + [1j]), "|·| 1 … 5"),
        (np.array([np.nan, np.inf]), "[nan, inf]"),
        (np.array([-0.0, 1.0]), "[0, 1]"),
        (np.array([1.0, np.nan, 3.0, -np.inf, np.inf, 2.0, np.nan]), "1 … 3, 2 nan, 2 infinite"),
        (np.full(7, np.nan), "7 nan"),
        (np.array([1e308] * 8), "all 1e+308"),
        (np.array([True] * 7), "all True"),
    ],
)
def test_summaries(value, text):
    """A number, a few numbers, or a range; what is not finite is counted, -0 is 0."""
    assert summary(value) == text


def test_types():
    """A scalar's type is its dtype; an array's has its sizes."""
    x = mg.tensor(np.ones((2, 3), np.float32), name="x")
    g = mg.graph(x.sum())
    assert [kind(n) for n in g] == ["float32[2, 3]", "float32"]
