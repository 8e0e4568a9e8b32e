"""The language of formulas: what it means, what it refuses, and that it runs nothing else."""

import math
import re

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.expression import FUNCTIONS, ExpressionError, parse


def value(source, **values):
    """The value of a formula, as an array."""
    known = {name: mg.tensor(v) for name, v in values.items()}
    result = parse(source).run(known)[""]
    return result.data if isinstance(result, mg.Tensor) else result


def refused(source, message):
    """The error a formula raises, whose message matches."""
    with pytest.raises(ExpressionError, match=message) as caught:
        parse(source).run()
    return caught.value


NUMBERS = st.floats(-9, 9).map(lambda x: round(x, 3))
LEAVES = st.sampled_from(["a", "b", "2", "0.5", "1e1", "pi"])


def compound(inner):
    """Formulas made of smaller ones."""
    pair = st.tuples(inner, inner)
    return st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(" ".join),
        inner.map("({})".format),
        inner.map("-{}".format),
        inner.map("({})**2".format),
        st.tuples(st.sampled_from(["sin", "cos", "tanh", "square"]), inner).map(
            lambda p: "{}({})".format(*p)
        ),
        pair.map(lambda p: "maximum({}, {})".format(*p)),
        pair.map(lambda p: "sum([{}, {}])".format(*p)),
    )


FORMULAS = st.recursive(LEAVES, compound, max_leaves=12)


@given(source=FORMULAS, a=NUMBERS, b=NUMBERS)
@example("-a**2", 3.0, 1.0)
@example("2 - 1 - a / 2 / b", 1.0, 4.0)
def test_formulas_mean_what_python_makes_of_them(source, a, b):
    """Precedence and functions are those of Python and NumPy."""
    scope = {"a": np.float64(a), "b": np.float64(b), "pi": np.pi, "sum": np.sum}
    scope |= {name: getattr(np, name) for name in ("sin", "cos", "tanh", "square", "maximum")}
    with np.errstate(all="ignore"):
        try:
            wanted = eval(source, {"__builtins__": {}}, scope)
        except (ZeroDivisionError, OverflowError):  # Python's numbers, where ours are NumPy's
            return
    np.testing.assert_allclose(value(source, a=a, b=b), wanted, rtol=1e-12)


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("2**3**2", 512), ("-2**2", -4), ("2**-1", 0.5), ("7 // 2 % 2", 1), ("1 < 2", True),
        ("[1, 2] @ [3, 4]", 11), ("[[1, 2], [3, 4]].T[0]", [1, 3]), ("[1, 2, 3][-1]", 3),
        ("[1, 2, 3][1:]", [2, 3]), ("[[1, 2], [3, 4]][:, 1]", [2, 4]),
        ("[1, 2, 3][::-1]", [3, 2, 1]),
        ("sum([[1, 2], [3, 4]], axis=0)", [4, 6]), ("[[1, 2]].sum(axis=(0, 1))", 3),
        ("mean([1, 2, 3], keepdims=True)", [2]), ("where([1, 2] > 1, 5, 6)", [6, 5]),
        ("norm([3, 4])", 5), ("norm([3, 4], ord=1)", 7), ("a = 5; b = a*2; b + 1", 11),
        ("a = 1\nb = 2 # and\n(a +\n b)", 3), ("e", math.e), ("e = 2; e*e", 4), (".5e1", 5),
        ("relu([-1, 2])", [0, 2]), ("sigmoid(0)", 0.5), ("x = 2; [x, x*x].sum()", 6),
    ],
)  # fmt: skip
def test_values(source, wanted):
    """Operators, functions, lists, parts, options, statements."""
    np.testing.assert_allclose(value(source), wanted)


def test_every_function_takes_arrays():
    """Each name of the table computes, recorded or not, what it says."""
    square = "[[2, 1], [1, 3]]"
    for name, function in FUNCTIONS.items():
        operands = ", ".join([square if name != "cross" else "[[1, 2, 3]]"] * function.least)
        plain = value(f"{name}({operands})")
        named = operands.replace(square, "x") if name != "cross" else operands
        assert np.array_equal(plain, value(f"{name}({named})", x=[[2, 1], [1, 3]]), equal_nan=True)


def test_names():
    """What needs a value, in order; numbers that are named are variables, and so are results."""
    assert parse("u = b*c; J = 3*(a + u) + pi*π").names == ("b", "c", "a")
    known = parse("a = 5; u = 2*a; v = u").run()
    assert known["a"].op is None
    assert known["v"] is known["u"]
    assert (known["a"].name, known["u"].name) == ("a", "u")


def test_derivatives_go_through():
    """A formula records what the same program would."""
    known = parse("a=5; b=3; c=2; u = b*c; v = a + u; J = 3*v").run()
    known[""].backward()
    assert [known[name].grad for name in "abcuv"] == [3, 6, 9, 3, 3]


@pytest.mark.parametrize(
    ("source", "at", "message"),
    [
        ("3*(a+", 5, r"expected a number, a name, '\(' or '\[', got the end"),
        ("3 a", 2, "expected an operator between '3' and 'a'; to multiply write \\*"),
        ("3^2", 1, r"'\^' has no meaning here; write \*\*"),
        ("a²", 1, r"'²' has no meaning here; write \*\*2"),
        ("3×4", 1, r"write \*"),
        ("(1, 2)", 2, r"expected an operator or '\)', got ','"),
        ("1 < 2 < 3", 6, "comparisons do not chain"),
        ("a = b = 3", 6, "expected a single name before '='"),
        ("sine(2)", 0, "no function is called sine; did you mean sin?"),
        ("f(2)", 0, r"no function is called f; to multiply write f\*"),
        ("[1].foo()", 4, "no method is called foo"),
        ("[1].5", 3, "expected an operator between"),
        ("[1]. .T", 5, "expected T or a function's name after '.', got '.'"),
        ("[1].sum + 1", 8, r"expected '\(' after sum, got '\+'"),
        ("sum(axis=0, [1])", 12, "expected the operands before the options"),
        ("[1, 2][, 1]", 7, "expected a whole number or ':', got ','"),
        ("sum([1], axs=0)", 9, "sum takes no option axs; it takes axis, keepdims"),
        ("sum([1], axis=0, axis=0)", 17, "sum has axis= already"),
        ("max(1, 2)", 0, r"max takes 1 operand, got 2; the max of two is maximum\(a, b\)"),
        ("sin a", 4, r"expected '\(' after 'sin': sin\(a\)"),
        ("[1, 2][a]", 7, "expected a whole number, got 'a'"),
        ("a + 1", 0, "a has no value; give it one: a=2"),
        ("a = 1; a = 2", 7, "a has a value already"),
        ("[[1, 2]] @ [[1, 2]]", 9, "inner sizes|mismatch"),
        ("x = [[1, 2]]; x @ x", 16, r"matmul: \(1, 2\) @ \(1, 2\): inner sizes 2 and 1 differ"),
        ("[1, [2, 3]]", 0, r"rows of different sizes: \(\), \(2,\)"),
        ("[1, 2][5]", 6, "out of bounds"),
        ("", 0, "expected a formula"),
        ("[]", 1, "expected at least one element"),
        ("\x1b[31m", 0, r"U\+001B has no meaning here"),
        ("'x'", 0, "has no meaning here"),
        ("x.__class__", 2, "no method is called __class__"),
        ("lambda: 3", 6, "expected an operator or the end, got ':'"),
        ("1; import os", 10, "between 'import' and 'os'"),
    ],
)
def test_errors_point_at_the_place(source, at, message):
    """What is wrong, and where: a caret stands under it."""
    error = refused(source, message)
    assert error.at == at
    *_, line, marks = str(error).split("\n")
    assert len(marks) - len(marks.lstrip()) == 4 + at
    assert line == "    " + source.replace("\x1b", "�")


def test_a_long_formula_is_shown_around_the_place():
    """The line of a message fits on a screen, also where characters are two columns wide."""
    error = refused("1+" * 500 + "?" + "+1" * 500, "has no meaning")
    *_, line, marks = str(error).split("\n")
    assert len(line) < 100
    assert line[marks.index("^")] == "?"
    *_, line, marks = str(refused("名 ?", "has no meaning")).split("\n")
    assert marks == "    " + " " * 3 + "^"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("1" * 10_001, "10,001 characters; expected at most 10,000"),
        ("(" * 9000, "nested too deeply"),
        ("-" * 9000 + "1", "nested too deeply"),
        ("2**" * 3000 + "1", "nested too deeply"),
        ("[" * 3000 + "1", "nested too deeply"),
        ("1" + "+1" * 4000, "more than 1,000 operations"),
        (f"x = [{'1,' * 1999}1]; outer(x, x)", "4,000,000 elements; expected at most 2,000"),
        (f"x = [{'1,' * 1999}1]; [x, x]", "4,000 elements"),
        (f"[{'1,' * 2000}1]", "2,001 elements"),
        (f"x = [{','.join(['[1]'] * 1000)}]; x + x.T", "1,000,000 elements"),
    ],
)
def test_bounds(source, message):
    """Length, depth, operations and sizes have limits, and refusing is quick."""
    refused(source, message)


def test_towers_of_powers_are_infinite_and_quick():
    """Numbers are floats: no power of whole numbers fills the memory."""
    assert value("9**9**9**9") == math.inf
    assert np.isnan(value("log(-1)"))


WORDS = ["sum", "(", ")", "x", "[", "]", ",", "axis", "=", "1", ":", ".", "T", "-", ";"]


@given(
    source=st.one_of(
        st.text(max_size=40),
        st.text("ab12.()[]+-*/@<>=;:, \n#eT_²", max_size=40),
        st.lists(st.sampled_from(WORDS), max_size=15).map("".join),
    )
)
@example("1..T")
@example("x[1:2:3:4]")
@example("1e")
@example("٣ + 1")
def test_whatever_is_typed_ends_in_a_value_or_an_explained_error(source):
    """No other exception, and the message shows the place on a line of its own."""
    error = None
    try:
        parse(source).run({"x": mg.tensor([[1.0, 2.0], [3.0, 4.0]])})
    except ExpressionError as caught:
        error = caught
    if error is not None:
        assert 0 <= error.at <= len(error.source)
        assert re.search(r"\n    .*\n +\^+$", str(error))
        assert all(c.isprintable() or c == "\n" for c in str(error))
