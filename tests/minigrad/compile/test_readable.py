"""The readable source: valid Python in the user's names, which computes what the code computes."""

import ast
import functools
import re
import sys
import types

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import programs

import minigrad as mg
import nn
from minigrad.program import Line

compiled = functools.partial(mg.compile, backend="numpy")
X = np.array([[1.0, -2.0, 3.0], [0.5, 0.0, -1.0]])


def executed(step):
    """The function that the source of a compiled function defines, and nothing but that."""
    source = step.source
    tree = ast.parse(source)
    assert [type(node) for node in tree.body] == [ast.FunctionDef]
    constants = re.findall(r"^    # (c\d+): a constant array", source, re.MULTILINE)
    arrays = {}
    for line in step._last[0].program.lines:
        for a in line.inputs:
            if isinstance(a, np.ndarray) and a.ndim:
                arrays.setdefault(id(a), a)
    for a in step._last[0].program.outputs:
        if isinstance(a, np.ndarray) and a.ndim:
            arrays.setdefault(id(a), a)
    space = {"np": np, **dict(zip(constants, arrays.values(), strict=False))}
    exec(compile(tree, "readable", "exec"), space)
    return space[tree.body[0].name]


def agree(got, wanted):
    got = got if isinstance(got, tuple) else (got,)
    assert len(got) == len(wanted)
    for a, b in zip(got, wanted, strict=True):
        np.testing.assert_allclose(a, b, 1e-12, 1e-12)


@given(drawn=programs())
def test_random_programs_read_as_they_run(drawn):
    """Value and gradient of random programs: the source, run, gives the results of the code."""
    every = tuple(range(len(drawn.inputs)))

    def both(*vs):
        return drawn.run(np, *vs), *mg.grad(lambda *us: drawn.run(np, *us), every)(*vs)

    step = compiled(both)
    for _ in range(2):
        wanted = step(*drawn.inputs)
    entry = step._last[0]
    if all(line.op.name not in {"add_at", "order"} for line in entry.program.lines):
        agree(executed(step)(*drawn.inputs), wanted)


PRECEDENCE = {
    "subtract": lambda a, b: a - (b - a) - (a - (a - b)),
    "divide": lambda a, b: a / (b / (a / b)) / (a * b / a) / (a / (b * b)),
    "power": lambda a, b: (a**b) ** a + a ** (b**a) + (-a) ** 2 - (a**2),
    "minus": lambda a, b: -(a + b) * -(-b - a) - -(a * b),
    "minus power": lambda a, b: (-a) ** 3.0 + -(a**3.0) + 2.0**-a,
    "matmul": lambda a, b: (a @ b) @ (b @ a) - a @ (b @ a @ b),
    "matmul and times": lambda a, b: (a * b) @ a * b + a * (b @ a) + (a @ b) * 2.0,
    "matmul and divide": lambda a, b: a @ (b / a) / 2.0 + (a @ b) / a - a @ (b * 3.0),
    "transpose": lambda a, b: (a + b).T @ (a * b).T - (a @ b).T,
    "index": lambda a, b: (a + b)[0] * (a @ b)[:, 1:] - (a - b)[..., None][1, :, 0],
    "slices": lambda a, b: a[::-1, ::1] - b[-2:, :1] + a[0:2][1:, :] - b[slice(None, None, -1)],
    "negative numbers": lambda a, b: a - -2.0 - (-3) ** 2 * b + a * -1.5 - (a**-2.0),
    "negative base": lambda a, b: (-2.0) ** np.floor(a) - (-1) ** np.floor(b) + (-0.5 - a) * -b,
    "remainder": lambda a, b: (a % b) * b + a // b % 2.0 - (a + b) % (a - 0.25),
    "comparison": lambda a, b: np.where((a > b) & (a + b < 2.0) | ~(a <= b), a, -b) * (a == b),
    "tiny": lambda a, b: a * 1e-300 + b * 1e300 * 1e-300 + a * 0.1 + 3 * b,
    "reductions": lambda a, b: np.sum(a - b, axis=0) - (a - b).max() + np.mean(-a, axis=(0, 1)),
    "stack": lambda a, b: np.stack([a, b - a], axis=-1)[..., 1] + np.concatenate([a, b])[:2],
    "where of numbers": lambda a, b: np.where(a > 1, 1.0, b) - np.maximum(a, -b) ** 2,
    "reshape": lambda a, b: np.reshape(a - b, (4,))[:2] + np.swapaxes(a, 0, 1)[0],
    "bool": lambda a, b: (a > 0) * 2.0 + (b > 1).astype(float),
    "nothing": lambda a, b: a,
    "constant": lambda a, b: (3.0, a, "text", None),
    "same twice": lambda a, b: [a * b, a * b, [a]],
    "long": lambda a, b: functools.reduce(lambda s, i: s * b + a / (i + 1.5), range(40), a),
    "inf and nan": lambda a, b: np.where(a > 1e9, np.inf, a) + np.where(b > 1e9, np.nan, b),
}


@pytest.mark.parametrize("name", PRECEDENCE)
def test_brackets_are_where_they_must_be(name):
    """Every operator beside every other, on either side, with signs and indices."""
    f = PRECEDENCE[name]
    a, b = np.array([[1.5, 2.0], [0.5, 1.25]]), np.array([[0.75, 3.0], [2.5, 1.0]])
    step = compiled(f)
    for _ in range(3):
        step(a, b)
    if name in {"nothing", "constant"}:
        ast.parse(step.source)
        return
    y = f(a, b)
    agree(
        executed(step)(a, b),
        (*y[:2], a) if type(y) is list else (y,),
    )


HOSTILE = [
    "x0", "np", "return", "class", "None", "True", "f", "t1", "x1", "c1", "print", "sum", "", " ",
    "a b", "1", "x-y", 'x"""', "x'", "x'); import os; ('", "\nimport os\n", "\n    return 1\n",
    "\0", "\ud800", "{0}", "{", "}", "%s", "\\", "#", "# c9: a constant array", "lambda: 0", "ﬁ",
    "µ", "é",
    "名前", "W1", "b1", "dW1", "A0", "Z1", "J", "W1'", "__builtins__", "self", "x" * 300,
]  # fmt: skip


def hostile(name, other):
    """A compiled step in which all that has a name has one of these."""
    W, b, c = (
        mg.tensor(X, name=name),
        mg.tensor([[1.0], [2.0]], name=other),
        mg.tensor(2.0, name=name),
    )

    def body(x):
        Z = mg.name(W @ x + b, name)
        J = mg.name(np.sum(np.tanh(Z) ** 2) * c, other)
        W.zero_grad(), b.zero_grad(), c.zero_grad()
        J.backward()
        W.data = W.data - 0.1 * W.grad
        return J

    body.__name__ = name
    return compiled(body), (W, b, c)


def check_hostile(name, other):
    step, leaves = hostile(name, other)
    x = np.ones((3, 4))
    for _ in range(2):
        step(x)
    before = [leaf.data.copy() for leaf in step._last[0].trace.leaves]
    J = step(x)
    W = leaves[0]
    got = executed(step)(x, *before)
    assert len(got) == 5
    agree(got[:2], (J, W.data))
    found = {g.shape: g for g in got[2:]}
    for leaf in leaves:
        np.testing.assert_allclose(found[leaf.shape], leaf.grad, 1e-12)


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("other", ["x", "np", "W1"])
def test_hostile_names(name, other):
    """Words of Python, of NumPy, of the source itself, quotes, line ends: still that function."""
    check_hostile(name, other)


@given(name=st.text(max_size=20), other=st.text(max_size=5) | st.sampled_from(HOSTILE))
@example("a", "a")
@example("\r", "\x0c")
@example("x\u2028y", "\x1a")
def test_any_names(name, other):
    """Any text, for the function, parameters and intermediate values."""
    check_hostile(name, other)


@pytest.mark.parametrize("name", [n for n in HOSTILE if n not in {"", "{", "}"}], ids=repr)
def test_a_primitive_of_any_name(name):
    """A user's own function is called by its name where that is one; else by none of its text."""

    def own(x):
        return x * 2

    own.__name__ = name
    twice = mg.primitive(own, vjp=lambda g, y, x: g * 2)
    step = compiled(lambda x: twice(x) + 1)
    for _ in range(3):
        step(X)
    tree = ast.parse(step.source)
    assert [type(node) for node in tree.body] == [ast.FunctionDef]
    assert [type(node) for node in tree.body[0].body][-1] is ast.Return
    assert not any(
        isinstance(node, (ast.Import, ast.ImportFrom, ast.Lambda)) for node in ast.walk(tree)
    )


def lecture(sizes=(3, 5, 4, 1)):
    """A training step of the lecture's network, by hand, with its names."""
    rng = np.random.default_rng(0)
    W, b = {}, {}
    for k, (n, m) in enumerate(zip(sizes[1:], sizes, strict=False), 1):
        W[k] = mg.tensor(rng.normal(size=(n, m)), name=f"W{k}")
        b[k] = mg.tensor(np.zeros((n, 1)), name=f"b{k}")

    def step(X, Y):
        A = X
        for k, w in W.items():
            Z = w @ A + b[k]
            A = np.tanh(Z)
        J = np.sum((A - Y) ** 2) / 2
        for p in (*W.values(), *b.values()):
            p.zero_grad()
        J.backward()
        for p in (*W.values(), *b.values()):
            p.data = p.data - 0.1 * p.grad
        return J

    return step, [*W.values(), *b.values()]


def test_the_lectures_network_reads_like_the_lecture():
    """Z1 = W1 @ X + b1 and so on, forward and back, and the update; run, it is the step."""
    f, params = lecture()
    step = compiled(f)
    x, y = np.random.default_rng(1).normal(size=(3, 6)), np.ones((1, 6))
    step(x, y), step(x, y)
    source = step.source
    for text in (
        "Z1 = W1 @ X + b1",
        "A1 = np.tanh(Z1)",
        "Z2 = W2 @ A1 + b2",
        "dW2 = dZ2 @ A1.T",
        "dW1 = dZ1 @ X.T",
    ):
        assert text in source, source
    values = {id(p): p.data.copy() for p in params}
    order = step._last[0].trace.leaves
    J = step(x, y)
    got = executed(step)(x, y, *[values[id(p)] for p in order])
    np.testing.assert_allclose(got[0], J, 1e-12)
    for leaf, new in zip(step._last[0].trace.assigned, got[1:], strict=False):
        np.testing.assert_allclose(new, leaf.data, 1e-12)


def test_networks_of_nn_are_readable():
    """The step that fit compiles, for each pair of output and loss: valid, and it runs."""
    x, y = np.random.default_rng(1).normal(size=(3, 6)), np.array([[0, 1, 1, 0, 1, 0.0]])
    for output in ("sigmoid", "identity"):
        net = nn.DeepNetwork([3, 4, 1], hidden="tanh", output=output, seed=0)
        o = nn.SGD(net.parameters(), 0.1)
        loss = nn.binary_cross_entropy if output == "sigmoid" else nn.squared_error

        def f(X, Y, net=net, o=o, loss=loss):
            o.zero_grad()
            J = loss(net(X), Y)
            J.backward()
            o.step()
            return J

        step = compiled(f)
        step(x, y), step(x, y)
        values = [leaf._value.copy() for leaf in step._last[0].trace.leaves]
        J = step(x, y)
        got = executed(step)(x, y, *values)
        np.testing.assert_allclose(got[0], J, 1e-12)


def test_types_of_what_source_shows():
    """It is text; asking for it changes nothing about the code."""
    step = compiled(lambda x: np.exp(x) * 2)
    step(X), step(X)
    code, wanted = step.code, step(X)
    assert isinstance(step.source, str)
    assert step.source == step.source
    assert step.code == code
    np.testing.assert_array_equal(step(X), wanted)
    assert isinstance(executed(step), types.FunctionType)
    assert all(type(a) is Line for a in step._last[0].program.outputs)


def test_many_names_take_no_longer_each():
    """To tell apart what would be called alike is a step for each, not one for each pair."""

    def steps(n):
        step = compiled(lambda x: [np.sin(k * x) for k in range(n)])
        step(X)
        events = []
        sys.setprofile(lambda *event: events.append(event[1]))
        try:
            assert f"t{n - 1} = " in step.source
        finally:
            sys.setprofile(None)
        return len(events)

    assert steps(400) < 5 * steps(100)
