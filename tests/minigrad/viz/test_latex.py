"""Equations in LaTeX: what they say, and that every row's and any name's compile."""

import os
import re
import shutil
import warnings
from dataclasses import replace

import numpy as np
import pytest
from checks import CASES, CHECKS, differentiable, operands_of
from hypothesis import example, given
from hypothesis import strategies as st
from typesetting import assert_compiles, katex, pdflatex

import minigrad as mg
import nn
from minigrad.table import ROWS
from minigrad.viz.latex import to_latex
from minigrad.viz.notation import Latex, escaped, symbol
from minigrad.viz.written import Written

SIZED = r"\\underset\{\([\d,]*\)\}\{((?:[^{}]|\{[^{}]*\})*)\}"  # a name with sizes under it


def lecture():
    """The graph of J = 3(a + bc) at (5, 3, 2)."""
    a, b, c = mg.tensor(5), mg.tensor(3), mg.tensor(2)
    u = b * c
    v = a + u
    J = 3 * v
    return mg.graph(J, names=locals())


def network(sizes=(2, 3, 1), m=4):
    """The graph of a network's cost."""
    rng = np.random.default_rng(0)
    net = nn.DeepNetwork(sizes, hidden="tanh", seed=0)
    X = rng.normal(size=(sizes[0], m))
    Y = (X[:1] > 0).astype(float)
    J = nn.binary_cross_entropy(net(X), Y)
    return mg.graph(J, names={"X": X, "Y": Y, "J": J})


def lines(graph):
    """The lines of the block, without alignment, sizes and thin spaces."""
    begin, *inner, end = to_latex(graph).split("\n")
    assert (begin, end) == (r"\begin{align*}", r"\end{align*}")
    plain = [re.sub(SIZED, r"\1", x) for x in inner]
    return [x.removesuffix(r" \\").replace(" &=", " =").replace(r" \, ", " ") for x in plain]


def test_the_lecture_s_chain_rule():
    """J = 3(a + bc), number by number."""
    assert lines(lecture()) == [
        "a = 5",
        "b = 3",
        "c = 2",
        r"u = b c = 3 \cdot 2 = 6",
        "v = a + u = 5 + 6 = 11",
        r"J = 3 v = 3 \cdot 11 = 33",
        r"\frac{dJ}{dv} = 3",
        r"\frac{dJ}{da} = \frac{dJ}{dv} \frac{dv}{da} = 3 \cdot 1 = 3",
        r"\frac{dJ}{du} = \frac{dJ}{dv} \frac{dv}{du} = 3 \cdot 1 = 3",
        r"\frac{dJ}{db} = \frac{dJ}{dv} \frac{dv}{du} \frac{du}{db} = 3 \cdot 1 \cdot 2 = 6",
        r"\frac{dJ}{dc} = \frac{dJ}{dv} \frac{dv}{du} \frac{du}{dc} = 3 \cdot 1 \cdot 3 = 9",
    ]


def test_a_sum_over_paths_tells_partial_from_total():
    """Where x goes two ways, each way's derivative is partial."""
    x = mg.tensor(3.0, name="x")
    y = mg.name(x * x, "y")
    J = mg.name(x * y, "J")
    assert lines(mg.graph(J))[-2:] == [
        r"\frac{dJ}{dy} = 3",
        r"\frac{dJ}{dx} = \frac{dJ}{dy} \frac{\partial y}{\partial x} + "
        r"\frac{\partial J}{\partial x} = 3 \cdot 6 + 9 = 27",
    ]


def test_a_long_sum_over_paths_has_a_line_for_each_path():
    """Newton's step for x³ − 2x − 5: a page is only so wide."""
    x = mg.tensor(2.0)
    f, df = x**3 - 2 * x - 5, 3 * x**2 - 2
    new = x - f / df
    text = to_latex(mg.graph(new, names={"x": x, "f": f, "df": df, "y": new}))
    *_, first, second, third, last, numbers, total, _ = text.split("\n")
    assert first.startswith(r"\frac{dy}{dx} &= ")
    assert [line.startswith(r"&\quad + \frac") for line in (second, third, last)] == [True] * 3
    assert numbers.startswith(r"&= ")
    assert total == "&= -0.12"
    assert max(line.count(r"\frac") for line in text.split("\n")) <= 6


def test_what_is_transposed_twice_is_itself():
    """K of (Kᵀ)ᵀ, which LaTeX would not even take, and A[1] of A[1]ᵀᵀ."""
    rng = np.random.default_rng(0)
    Q, K, A1 = (mg.tensor(rng.normal(size=(3, 2)), name=name) for name in ("Q", "K", "A1"))
    assert lines(mg.graph((Q @ K.T).sum()))[-2:] == ["dQ = 1 K", "dK = (Q^{T} 1)^{T}"]
    assert lines(mg.graph((Q @ A1.T).sum()))[-2].endswith(" A^{[1]}")


def test_whoever_reads_a_derivative_s_name_is_told_what_of():
    """Where dt3 is too long to be written where it is used, t3 has its own equation."""
    rng = np.random.default_rng(0)
    Q, K, V = (mg.tensor(rng.normal(size=(3, 2)), name=name) for name in "QKV")
    found = lines(mg.graph((nn.softmax((Q @ K.T / np.sqrt(2)).T).T @ V).sum()))
    named = {line[1:].split(" = ")[0] for line in found if re.match(r"dt_\{\d+\} =", line)}
    assert set() < named <= {line.split(" = ")[0] for line in found}


def test_the_lecture_s_matrix_equations():
    """The equations of a two-layer network, from the rules of the op table alone."""
    equations = lines(network())
    del equations[3:6]  # how the sigmoid, the cost and d(·) are written
    assert equations == [
        "Z^{[1]} = W^{[1]} X + b^{[1]}",
        r"A^{[1]} = \tanh(Z^{[1]})",
        "Z^{[2]} = W^{[2]} A^{[1]} + b^{[2]}",
        r"dA^{[2]} = \frac{1 - Y}{1 - A^{[2]}} - \frac{Y}{A^{[2]}}",
        "dZ^{[2]} = dA^{[2]} * A^{[2]} * (1 - A^{[2]})",
        r"dW^{[2]} = \frac{1}{m} dZ^{[2]} A^{[1]T}",
        r"db^{[2]} = \frac{1}{m} \sum_{\mathrm{axis}\,1} dZ^{[2]}",
        "dA^{[1]} = W^{[2]T} dZ^{[2]}",
        "dZ^{[1]} = dA^{[1]} * (1 - (A^{[1]})^{2})",
        r"dW^{[1]} = \frac{1}{m} dZ^{[1]} X^{T}",
        r"db^{[1]} = \frac{1}{m} \sum_{\mathrm{axis}\,1} dZ^{[1]}",
    ]


def test_sizes_stand_under_the_factors():
    """Of a transposed factor, those of the transposed."""
    text = to_latex(network())
    assert r"\underset{(3,4)}{Z^{[1]}} &= \underset{(3,2)}{W^{[1]}} \, \underset{(2,4)}{X}" in text
    assert r"\underset{(1,3)}{dW^{[2]}} &= \frac{1}{m} \, \underset{(1,4)}{dZ^{[2]}} \, " in text
    assert r"\underset{(4,3)}{A^{[1]T}}" in text


def evaluated(text, scope):
    """The value of an equation's right side, which is made Python of again."""
    text = re.sub(SIZED, r"\1", text)
    text = text.replace(r"\frac{1}{m}", "(1/m) *").replace(r"\left", "").replace(r"\right", "")
    while "\\frac" in text:
        text = re.sub(r"\\frac\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}",
                      r"((\1) / (\2))", text)  # fmt: skip
    text = text.replace(r"\sum_{\mathrm{axis}\,1}", "total *").replace(")^{2}", ")**2")
    text = re.sub(r"(d?[A-Z])\^\{\[(\d)\]T\}", r"\1\2.T", text)
    text = re.sub(r"(d?[A-Zb])\^\{\[(\d)\]\}", r"\1\2", text).replace("X^{T}", "X.T")
    return eval(text.replace(r"* \,", "*").replace(r"\,", "@"), scope)


class Total:
    """Σ over columns, written as a factor."""

    def __init__(self, times=1):
        self.times = times

    def __rmul__(self, number):
        return Total(self.times * number)

    def __mul__(self, x):
        return self.times * x.sum(axis=1, keepdims=True)


def derivations(g, m):
    """For each derivative in the equations what its right side is, and what the engine found."""
    names = {"t1": "Z1", "t2": "A1", "t3": "Z2", "t4": "A2", "t5": "Z3", "t6": "A3"}
    scope = {"m": m, "total": Total()}
    for node in g:
        name = names.get(node.name, node.name)
        scope[name] = node.value
        if node.grad is not None:
            scope[f"d{name}"] = node.grad * (m if name[0] in "ZA" else 1)
    for line in to_latex(g).split("\n"):
        left, _, right = line.removesuffix(r" \\").partition(" &= ")
        if "{d" in left:
            name = left.partition("{d")[2].replace("^{[", "").replace("]}}", "")
            yield evaluated(right, scope), scope[f"d{name}"]


def test_the_derivations_are_true():
    """Read back and evaluated, each right side is the engine's derivative."""
    pairs = list(derivations(network((2, 3, 3, 1), 5), 5))
    assert len(pairs) == 12
    for right, grad in pairs:
        np.testing.assert_allclose(right, grad, rtol=1e-12)


def test_a_wrong_derivation_would_be_seen(rows):
    """With another rule the equations say something else than the engine found before."""
    g = network((2, 3, 3, 1), 5)
    for node in g:
        if node.op is rows[np.tanh]:
            object.__setattr__(node, "op", replace(node.op, vjps=(lambda g, y, x: g * (1 - y),)))
    pairs = list(derivations(g, 5))
    assert [bool(np.allclose(right, grad)) for right, grad in pairs].count(False) == 2


def rows_and_cases():
    """A block for every row, filled with names, and for a graph of every row's cases."""
    notation = Latex(sizes=True)
    blocks = []
    for op in ROWS.values():
        n = max(3, len(op.vjps) if isinstance(op.vjps, tuple) else 0)
        params = {"axis": 1, "axis1": 0, "axis2": 1, "k": -2, "mode": "a_b", "axes": None}
        names = [Written("x_{1}"), *(notation.name(f"A{i}", (2, 2)) for i in range(2, n + 3))]
        for operands in (names, names[1:]):
            written = notation.apply(op, operands, params, [(2, 2)] * len(operands))
            blocks.append(rf"\begin{{align*}} y &= {written.text} \end{{align*}}")
    for key in differentiable():
        for case in CASES[key][:1]:
            for xs in operands_of(CHECKS["finite difference"], key, case)[:1]:
                y = (case.call or key)(*map(mg.tensor, xs))
                y = y.real if y.dtype.kind == "c" else y
                blocks.append(to_latex(mg.graph((y * y).sum())))
    return blocks


def test_every_row_compiles(tmp_path):
    """The LaTeX of each row of the op table and its derivation are LaTeX."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of values outside a domain
        blocks = rows_and_cases()
    assert len(blocks) > 2 * len(ROWS)
    assert_compiles(blocks, tmp_path)


HOSTILE = [
    r"\input{/etc/passwd}", "%", "$", "_", "^", "{", "}", "}}", "#1", "&", "~", "\\", "\\\\",
    r"\end{align*}", "a_b^c", "x__y", "1x", "new\nline", "\x00", "\x1b[31m", "naïve", "ŷ", "输入",
    "😀", "α", "Ω", "", " ", "'", '"', "``", "<script>", r"\def\x{\x}\x", "-", "--", "x_1_2",
    "W[1]", "params['W1']", "x_hat", "\u202e", "é́", r"\write18{id}", "lambda_2",
]  # fmt: skip


def test_hostile_names_are_shown_not_run(tmp_path):
    """Any name compiles, and no command of its own gets in."""
    blocks = []
    for name in HOSTILE:
        x = mg.tensor([1.0, 2.0], name=name)
        s = mg.tensor(2.0, name=name)
        outputs = (x**2).T.sum() * x[0], s**s * np.hypot(s, 1)
        blocks += [to_latex(mg.graph(output)) for output in outputs]
        for command in ("input", "write", "def"):
            assert f"\\{command}" not in blocks[-1]
    assert_compiles(blocks, tmp_path)


@given(text=st.text(max_size=20))
@example(r"\catcode")
def test_escaped_text_has_no_command_of_its_own(text):
    """What is escaped is ASCII, and balanced; its only commands are ours."""
    out = escaped(text)
    assert out.isascii()
    assert out.isprintable()
    bare = re.sub(r"\\[{}]", "", out)
    assert bare.count("{") == bare.count("}")
    known = r"mathrm|backslash|wedge|sim|grave|acute|hat|tilde|bar|dot|ddot|mathring|check"
    greek = "|".join(
        w
        for w in re.findall(
            r"\\([A-Za-z]+)", "".join(map(symbol, "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ"))
        )
    )
    assert all(re.fullmatch(f"{known}|{greek}", w) for w in re.findall(r"\\([A-Za-z]+)", out))


def test_two_names_never_look_the_same():
    """W1 and W[1] are both the first layer's W: the second is spelled out."""
    notation = Latex()
    texts = [notation.name(name, (2, 2)).text for name in ("W1", "W[1]", "W1", "W_1")]
    assert texts == ["W^{[1]}", r"\mathrm{W[1]}", "W^{[1]}", "W_{1}"]


@pytest.mark.parametrize(
    ("name", "ndim", "text"),
    [
        ("W2", 2, "W^{[2]}"), ("b1", 2, "b^{[1]}"), ("dZ", 2, r"\mathrm{dZ}"), ("x1", 2, "x_{1}"),
        ("b1", 0, "b_{1}"), ("alpha", 0, r"\alpha"), ("α", 0, r"\alpha"), ("t12", 1, "t_{12}"),
        ("cost", 0, r"\mathrm{cost}"), ("lr_max", 0, r"\mathrm{lr}_{\mathrm{max}}"),
        ("ŷ", 0, r"\hat{y}"), ("y_hat", 0, r"\hat{y}"), ("theta1", 1, r"\theta_{1}"),
        ("layers[0].W", 2, r"\mathrm{layers[0].W}"),
    ],
)  # fmt: skip
def test_names(name, ndim, text):
    """Layers above, other indices below, Greek letters and hats as such, words upright."""
    assert symbol(name, ndim) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(1e-5, r"1 \cdot 10^{-5}"), (2.5e20, r"2.5 \cdot 10^{20}"), (np.inf, r"\infty "), (-2.0, "-2"),
     (np.nan, r"\mathrm{nan}"), (1 / 3, "0.333333"), (3 + 4j, "(3+4j)"), (True, r"\mathrm{True}")],
)  # fmt: skip
def test_numbers(number, text):
    """Six digits, powers of ten, infinities."""
    assert Latex().literal(number).text == text


@pytest.mark.parametrize(
    ("array", "text"),
    [
        ([1.0, 2.5], "[1, 2.5]"), (np.zeros(9), "0"), ([[True, False]], "[[True, False]]"),
        (np.arange(10.0) / 3, r"[0 \ldots 3]"), (np.arange(9) * 1j, r"[0 \ldots 8]"), ([], "[]"),
        (np.full(8, np.nan), r"[\mathrm{nan} \ldots \mathrm{nan}]"),
        ([1e-9, np.inf], r"[1 \cdot 10^{-9}, \infty ]"),
    ],
)  # fmt: skip
def test_arrays(array, text):
    """A few elements are written, of more the smallest and the largest; equal ones once."""
    assert Latex().literal(np.array(array)).text == text


def formula(f, *values):
    """The right side of J's equation."""
    xs = [mg.tensor(v, name=name) for v, name in zip(values, "xyz", strict=False)]
    line = to_latex(mg.graph(mg.name(f(*xs), "J"))).split("J &= ")[1].split(r" \\")[0]
    return line.split("\n")[0]


def test_parentheses_where_they_matter():
    """They show the order of the computation where precedence does not."""
    v = [1.0, 2.0]

    def of(f, *more):
        return re.sub(SIZED, r"\1", formula(f, v, *more)).split(" = ")[0]

    assert of(lambda x, y: ((x + y) * x).sum(), v) == r"\sum (x + y) * x"
    assert of(lambda x, y: (x - (x - y)).sum(), v) == r"\sum (x - (x - y))"
    assert of(lambda x, y: (x - y - x).sum(), v) == r"\sum (x - y - x)"
    assert of(lambda x: ((x * 3) ** 2).sum()) == r"\sum (x \cdot 3)^{2}"
    assert of(lambda x: (-(x + 1)).sum()) == r"\sum (-(x + 1))"
    assert of(lambda x: np.exp(x + 1).sum()) == r"\sum e^{x + 1}"
    assert of(lambda x: (np.exp(x) ** 2).sum()) == r"\sum (e^{x})^{2}"
    assert of(lambda x: np.tanh(x / 2).sum()) == r"\sum \tanh\left(\frac{x}{2}\right)"
    assert of(lambda x, y: np.hypot(x + y, y).sum(), v) == r"\sum \sqrt{(x + y)^{2} + y^{2}}"
    assert of(lambda x: x[1:].sum()) == r"\sum x_{[1:]}"


def test_a_column_times_a_row_is_an_outer_product():
    """c rᵀ, where NumPy makes a matrix of them; the other way round it is element by element."""
    c, r = mg.tensor(np.ones((3, 1)), name="c"), mg.tensor(np.ones(4), name="r")
    assert r"\underset{(3,1)}{c} \, \underset{(4,)}{r}^{T}" in mg.graph(np.sum(c * r)).to_latex()
    assert r"\underset{(4,)}{r} * \underset{(3,1)}{c}" in mg.graph(np.sum(r * c)).to_latex()


def test_graphs_without_derivatives():
    """Of an array the equations alone."""
    x = mg.tensor([1.0, 2.0], name="x")
    assert lines(mg.graph(mg.name(x * 2, "y"))) == [r"y = x \cdot 2"]


def test_long_graphs_take_linear_space():
    """Chains and towers of shared values are written in one line a node."""
    sizes = []
    for n in (100, 1000):
        y = x = mg.tensor(0.5, name="x")
        a = mg.tensor([0.5, 1.0])
        for _ in range(n):
            y = y + np.sin(y)  # 2^n paths
            a = np.sin(a) * a
        sizes.append((len(to_latex(mg.graph(y + x))), len(to_latex(mg.graph(a.sum())))))
    (y1, a1), (y2, a2) = sizes
    assert y2 < 13 * y1
    assert a2 < 13 * a1


def test_the_compilers_see_mistakes(tmp_path):
    """The checks above can fail."""
    wrong = [r"\begin{align*} x^2^2 \end{align*}"]
    if os.environ.get("KATEX"):
        assert "Double superscript" in katex(wrong)
    if shutil.which("pdflatex"):
        assert "Double superscript" in pdflatex(wrong, tmp_path)


def cell():
    """Half an LSTM cell: c = f * c0 + i * g, h = tanh(c), J = Σ h²."""
    x, b = np.array([[0.1, 0.2], [0.3, 0.4]]), np.ones((3, 1))
    W = {k: mg.tensor(np.full((3, 2), 0.1 * n), name=f"W_{k}") for n, k in enumerate("fig")}
    f, i = (nn.sigmoid(W[k] @ x + b) for k in "fi")
    c = mg.name(f * np.ones((3, 2)) + i * np.tanh(W["g"] @ x + b), "c")
    return mg.graph(mg.name((np.tanh(c) ** 2).sum(), "J"), names={"x": x, "b": b})


def test_a_derivative_too_long_to_be_put_in_gets_a_name():
    """So that what follows from it is written out, and not left as ∂σ(…)/∂(…)."""
    text = cell().to_latex()
    back = text.partition(r"\partial (\cdot)")[2]
    assert "dW_{g}" in back
    assert r"\partial" not in back


def test_an_elementwise_product_before_a_matrix_is_in_parentheses():
    """(dA * g'(Z)) Xᵀ is not dA * (g'(Z) Xᵀ)."""
    a, W = mg.tensor(np.ones((2, 3)), name="a"), mg.tensor(np.ones((3, 2)), name="W")
    text = mg.graph(mg.name(((a * a.data) @ W).sum(), "J"), names={}).to_latex()
    assert re.search(r"\(.*?\*.*?\)\s*\\, ", text)
