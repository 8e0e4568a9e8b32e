"""check_grads: a wrong rule is named, with its argument and the kind of its mistake."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import MinigradError, ShapeError
from minigrad.testing import GradientError, check_grads

A = np.array([[0.3, -1.2, 0.7], [1.1, 0.4, -0.6]])
V = np.array([0.5, -0.8, 1.3])


def matmul(left=lambda g, y, a, b: g @ b.T, right=lambda g, y, a, b: a.T @ g):
    """A product of matrices as a user would declare it, with these rules."""

    def product(a, b):
        return a @ b

    return mg.primitive(product, vjp=(left, right))


SQUARE = np.array([[0.9, 0.2, -0.5], [0.1, -1.1, 0.4], [0.3, 0.6, 0.7]])
PLANTED = {
    "factor": lambda g, y, a, b: 2 * (a.T @ g),
    "sign": lambda g, y, a, b: -(a.T @ g),
    "transposed": lambda g, y, a, b: (a.T @ g).T,
    "zero": lambda g, y, a, b: 0 * b,
    "extra_term": lambda g, y, a, b: a.T @ g + 1,
    "not_finite": lambda g, y, a, b: a.T @ g * np.where(b > 0.3, np.nan, 1),
    "unknown": lambda g, y, a, b: a @ g,
}


@pytest.mark.parametrize("kind", PLANTED)
def test_a_wrong_rule_of_a_primitive_is_named(kind):
    """Which argument is wrong, how, and that it is the rule of that input of that primitive."""
    product = matmul(right=PLANTED[kind])

    def loss(params):
        return np.sum(np.tanh(product(params["W"], params["X"])) ** 2)

    with pytest.raises(GradientError) as failure:
        check_grads(loss, {"W": SQUARE, "X": SQUARE[::-1].copy() + 0.1})
    report = failure.value.report
    (rule,) = report.rules
    assert (rule.op, rule.form, rule.input, rule.mistake.kind) == ("product", "primitive", 1, kind)
    assert [row.ok for row in report.rows if row.argument == "params['W']"] == [True, True]
    wrong = next(row for row in report.rows if not row.ok)
    assert (wrong.order, wrong.mode, wrong.argument) == (1, "reverse", "params['X']")
    says = str(failure.value)
    assert says.startswith("check_grads: loss: wrong first derivative by params['X'], in reverse")
    assert "minigrad gives" in says
    assert "wrong rule: primitive product, the rule of input 1 (shapes (3, 3), (3, 3))" in says
    assert isinstance(failure.value, AssertionError)
    assert isinstance(failure.value, MinigradError)


def test_a_rule_is_found_wrong_where_the_gradient_happens_to_be_right():
    """A wrong rule whose cotangent is 0 here is wrong elsewhere: primitives are always checked."""
    wrong = mg.primitive(np.sinh, vjp=lambda g, y, x: 2 * g * np.cosh(x))
    with pytest.raises(GradientError, match=r"right here, but it uses a rule that is wrong"):
        check_grads(lambda x: x**2 + 0 * wrong(x), 0.4)


def test_a_rule_of_the_wrong_shape_is_named():
    """The sweep refuses it; the check says what is wrong with it."""
    product = matmul(right=lambda g, y, a, b: g.T @ a)
    says = r"ShapeError: product: .* returned shape \(2, 3\); expected \(3, 2\)[^$]*transposed"
    with pytest.raises(GradientError, match=says):
        check_grads(lambda x: np.sum(product(SQUARE, x)), np.ones((3, 2)) * [1.0, 2])


def test_a_rule_that_fails_is_named():
    """With what it raises."""
    product = matmul(right=lambda g, y, a, b: a.T @ np.ones((5, 5)))
    says = r"cannot be checked: ValueError[^$]*input 1 .*: fails: it raises ValueError: matmul"
    with pytest.raises(GradientError, match=says):
        check_grads(lambda x: np.sum(product(SQUARE, x)), np.ones((3, 2)))


@pytest.mark.parametrize(
    "rule",
    [lambda g, y, x: {}, lambda g, y, x: x @ x, lambda g, y, x: 1 / 0],
    ids=["type", "shape", "zero"],
)
def test_a_function_whose_rule_fails_has_no_graph(rule):
    """However it fails: the report is there, and to ask for its graph is no error."""
    wrong = mg.primitive(np.sin, vjp=rule)
    report = check_grads(lambda x: np.sum(wrong(x)), np.ones((2, 3)), raises=False)
    assert [found.op for found in report.rules] == ["sin"]
    assert "cannot be checked" in report.verdict
    assert report.graph() is None


def test_a_function_that_records_nothing_has_no_graph():
    """There is no node of it."""
    assert check_grads(lambda x: np.ones(3), V).graph() is None


def test_a_rule_may_return_a_tuple_of_one():
    """As one for all inputs does; it is judged as what it holds."""
    assert check_grads(mg.primitive(np.sin, vjp=lambda g, y, x: (g * np.cos(x),)), V).ok
    wrong = mg.primitive(np.sin, vjp=lambda g, y, x: (2 * g * np.cos(x),))
    report = check_grads(wrong, V, raises=False)
    assert [rule.mistake.kind for rule in report.rules] == ["factor"]


def test_the_number_that_is_wrong_is_named():
    """Of a complex argument too, whose numbers are two each."""
    wrong = mg.primitive(np.square, vjp=lambda g, y, z: 2 * g * np.array([z[0], np.conj(z[1])]))
    report = check_grads(lambda z: np.real(np.sum(wrong(z))), V[:2] + 1j, order=1, raises=False)
    assert report.rows[0].at.startswith("imaginary part of element [1]: minigrad gives 2;")


def test_an_error_of_the_function_itself_is_its_own():
    """It is no wrong rule; nor where only differences meet it, within a primitive."""
    with pytest.raises(ShapeError, match="matmul"):
        check_grads(lambda x: x @ x, np.ones((2, 3)))

    def nowhere_else(x):
        if x != 1.0:
            raise KeyError("only at 1")
        return x * x

    alone = mg.primitive(nowhere_else, vjp=lambda g, y, x: 2 * g * x)
    with pytest.raises(KeyError, match="only at 1"):
        check_grads(alone, 1.0)


def test_a_missing_rule_is_named():
    product = mg.primitive(np.multiply, vjp=(lambda g, y, a, b: g * b, None))
    with pytest.raises(GradientError, match=r"input 1 .*: zero: it is 0 everywhere"):
        check_grads(product, V, V + 1)


def test_the_first_wrong_rule_comes_first():
    """What follows from it is not another mistake: the rules after it are right."""
    wrong = mg.primitive(np.sin, vjp=lambda g, y, x: 3 * g * np.cos(x))
    with pytest.raises(GradientError) as failure:
        check_grads(lambda v: np.sum(np.exp(np.tanh(wrong(v) * v))), V)
    assert [rule.op for rule in failure.value.report.rules] == ["sin"]


def test_a_wrong_rule_of_the_table_is_named(rows):
    """Not only a user's own."""
    from minigrad.ops.declare import elementwise

    elementwise(np.cosh, lambda y, x: -np.sinh(x))
    with pytest.raises(GradientError, match=r"wrong rule: cosh, the rule of input 0[^$]*sign"):
        check_grads(lambda v: np.sum(np.tanh(np.cosh(v))), V)


def test_a_rule_that_is_not_linear_is_found():
    """One that squares its cotangent is right for cotangents of 1, not for others, nor forward."""
    wrong = mg.primitive(np.sinh, vjp=lambda g, y, x: g * g * np.cosh(x))
    report = check_grads(wrong, 0.3, raises=False)
    assert [(row.mode, row.ok) for row in report.rows] == [("reverse", False), ("forward", False)]
    assert report.rows[0].at.startswith("a random cotangent, the number: minigrad gives")


def test_the_second_order_is_checked():
    """A rule computed outside of the graph is right once."""
    wrong = mg.primitive(np.sinh, vjp=lambda g, y, x: g * np.cosh(mg.stop_gradient(x)))
    assert check_grads(wrong, V, order=1).ok
    with pytest.raises(GradientError, match="wrong second derivative by"):
        check_grads(wrong, V, order=2)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, complex])
def test_large_arguments_are_sampled(dtype):
    """By random directions, which see a wrong factor as well."""
    W, X = np.ones((30, 20), dtype) / 20, np.full((20, 40), 0.5, dtype)
    product = matmul()
    report = check_grads(lambda W, X: np.sum(np.tanh(product(W, X))), W, X, order=1)
    n = 2 if dtype is complex else 1
    assert [row.checked for row in report.rows] == [f"{12 * n} random", str(n)] * 2
    product = matmul(right=lambda g, y, a, b: 1.001 * (a.T @ g))
    with pytest.raises(GradientError, match=r"factor: it is 1\.001 times"):
        check_grads(lambda W, X: np.sum(np.tanh(product(W, X))), W, X)
