"""The passes: each leaves its program alone, and makes a well-formed one that computes the same."""

import copy
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import programs

import minigrad as mg
from minigrad.compile.passes import (
    fold,
    optimized,
    prune,
    rewritten,
    scale_first,
    share,
    simplify,
    typecheck,
)
from minigrad.compile.types import apply
from minigrad.program import Line, Program, recorded
from minigrad.table import ROWS

PASSES = [simplify, fold, share, prune, scale_first, optimized]
each_pass = pytest.mark.parametrize("change", PASSES, ids=lambda change: change.__name__)


def program_of(f, *xs):
    """What f records for these arrays: its results."""
    floor = mg.Tensor(0.0).serial
    variables = [mg.tensor(x) for x in xs]
    y = f(*variables)
    return recorded(variables, y if isinstance(y, (list, tuple)) else [y], floor)[0]


def value_and_gradient(drawn):
    """A random program with its gradient, recorded, and the arrays to run it on."""

    def f(*vs):
        return [drawn.run(np, *vs), *mg.grad(lambda *us: drawn.run(np, *us), every)(*vs)]

    every = tuple(range(len(drawn.inputs)))
    return program_of(f, *drawn.inputs)


def structure(program):
    """Everything a program is, in a form that later changes cannot reach."""
    place = {line: i for i, line in enumerate([*program.inputs, *program.lines])}

    def shown(a):
        return place[a] if type(a) is Line else copy.deepcopy(a)

    lines = [
        (line.op, [shown(a) for a in line.inputs], dict(line.params), line.shape, line.dtype)
        for line in program.lines
    ]
    return repr((lines, [shown(a) for a in program.outputs]))


def names(program):
    return [line.op.name for line in program.lines]


# Every pass ---------------------------------------------------------------------------------------


@each_pass
@given(drawn=programs())
def test_values_stay(change, drawn):
    """A random program and its gradient compute the same after the pass, in well-formed lines."""
    program = value_and_gradient(drawn)
    before, wanted = structure(program), program(*drawn.inputs)
    after = change(program)
    typecheck(after)
    assert structure(program) == before  # the pass is pure
    assert after.inputs == program.inputs
    assert len(after.lines) <= len(program.lines)
    for got, value in zip(after(*drawn.inputs), wanted, strict=True):
        assert (np.shape(got), got.dtype) == (np.shape(value), value.dtype)
        np.testing.assert_allclose(got, value, 1e-12, 1e-12)


@each_pass
@given(drawn=programs(max_steps=4))
def test_a_second_time_changes_nothing(change, drawn):
    """What a pass has done is done."""
    program = optimized(value_and_gradient(drawn))
    again = change(program)
    assert again.lines == program.lines
    assert again.outputs == program.outputs


@given(drawn=programs())
def test_all_orders_agree(drawn):
    """The passes do not depend on each other's order for what is computed."""
    program = value_and_gradient(drawn)
    wanted = program(*drawn.inputs)
    for order in ([prune, share, fold, simplify], [share, simplify, prune, fold]):
        after = program
        for change in order:
            after = change(after)
            typecheck(after)
        for got, value in zip(after(*drawn.inputs), wanted, strict=True):
            np.testing.assert_allclose(got, value, 1e-12, 1e-12)


@each_pass
def test_a_long_program(change):
    """Ten thousand lines are no deeper recursion than ten."""

    def chain(x):
        for _ in range(10_000):
            x = x + 1.5
        return x

    assert len(change(program_of(chain, 0.0)).lines) == 10_000


@each_pass
def test_programs_without_lines(change):
    """An input returned as it is, a constant, and nothing at all."""
    x = Line(None, (), {}, (2,), np.dtype(float), "x")
    for outputs in ((x,), (3.0,), (x, x), ()):
        after = change(Program((x,), (), outputs))
        assert (after.inputs, after.lines, after.outputs) == ((x,), (), outputs)


# Constants ----------------------------------------------------------------------------------------


def test_what_has_constants_only_is_computed_once():
    """A number stopped and combined with others is a number in the code."""
    program = program_of(lambda x: x, 0.0)
    two = apply(ROWS[np.multiply], np.float64(4.0), 0.5)
    y = apply(ROWS[np.add], program.inputs[0], apply(ROWS[np.exp], two))
    program = Program(program.inputs, (two, y.inputs[1], y), (y,))
    after = fold(program)
    assert names(after) == ["add"]
    assert after.lines[0].inputs[1] == np.exp(2.0)


def test_large_constants_are_left_to_the_call():
    """What would be kept as an array of many elements is computed anew, not stored."""
    for n, count in ((4096, 0), (4097, 1)):
        line = Line(ROWS[np.broadcast_to], (1.0,), {"shape": (n,)}, (n,), np.dtype(float), None)
        assert len(fold(Program((), (line,), (line,))).lines) == count


# Common subexpressions ----------------------------------------------------------------------------


def count_shared(f, *xs):
    program = program_of(f, *xs)
    return len(program.lines) - len(prune(share(program)).lines)


X = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


@pytest.mark.parametrize(
    ("f", "fewer"),
    [
        (lambda x: np.exp(x) + np.exp(x), 1),
        (lambda x: np.sin(np.exp(x)) * np.sin(np.exp(x)), 2),
        (lambda x: np.sum(x, axis=0) + np.sum(x, axis=0), 1),
        (lambda x: x[0, 1:] + x[0, 1:], 1),
        (lambda x: x[[0, 1]] + x[[0, 1]], 0),  # two arrays: whether they are equal is not asked
        (lambda x: np.sum(x, axis=0) + np.sum(x, axis=-2), 0),
        (lambda x: np.sum(x, axis=1, keepdims=True) + np.sum(x, axis=1), 0),
        (lambda x: x[0, 1:] + x[1, 1:], 0),
        (lambda x: x[0, :1] + x[0, :-1], 0),
        (lambda x: x + 1 + (x + 1.0), 0),  # 1 and 1.0 promote differently
        (lambda x: x * 0.0 + x * -0.0, 0),
        (lambda x: x * True + x * 1, 0),
        (lambda x: x * np.float32(0.1) + x * np.float64(np.float32(0.1)), 0),
        (lambda x: x * float("nan") + x * float("nan"), 1),
        (lambda x: x - 2.0 - (2.0 - x), 0),
        (lambda x: np.reshape(x, (3, 2)) + np.reshape(x, (3, 2)), 1),
        (lambda x: x.astype("f4") * x.astype("f2"), 0),
    ],
)
def test_what_is_the_same_is_shared(f, fewer):
    """Equal operations on the same operands become one; those that only look alike do not."""
    try:
        assert count_shared(f, X) == fewer
    except mg.ShapeError:
        assert count_shared(f, np.ones((3, 3))) == fewer


def test_arrays_that_print_alike_are_not_shared():
    """Two constants of many elements, of which one is shown as the other."""
    a = np.zeros(5000)
    b = a.copy()
    b[2500] = 1
    program = program_of(lambda x: (a * x) - (b * x), np.ones(5000))
    assert share(program)(np.ones(5000))[0][2500] == -1


# Dead code ----------------------------------------------------------------------------------------


def test_what_no_output_needs_is_gone():
    """Also where it takes several lines that only feed each other."""
    program = program_of(lambda x: [np.exp(x), np.sin(np.cos(x) * x)], X)
    kept = prune(replace(program, outputs=program.outputs[:1]))
    assert names(kept) == ["exp"]


# Calls --------------------------------------------------------------------------------------------


def drawing(calls):
    """A primitive that counts its calls, as one that draws random numbers has a state."""

    def draw(x):
        calls.append(x)
        return x + len(calls)

    return mg.primitive(draw, vjp=lambda g, y, x: g)


@each_pass
def test_calls_are_neither_folded_nor_shared(change):
    """Two calls of a user's function with the same operands are two, also with constants only."""
    calls = []
    draw = drawing(calls)
    program = program_of(lambda x: [draw(x) * 1 + draw(x), x * draw(mg.stop_gradient(x))], 1.0)
    line = next(line for line in program.lines if line.op.name == "draw")
    fixed = replace(line, inputs=(2.0,))
    program = replace(program, lines=(*program.lines, fixed), outputs=(*program.outputs, fixed))
    calls.clear()
    after = change(program)
    assert not calls
    assert names(after).count("draw") == 4
    assert [float(y) for y in after(1.0)] == [(1 + 1) + (1 + 2), 1 + 3, 2 + 4]


@pytest.mark.parametrize("change", [prune, optimized])
def test_calls_whose_result_nothing_needs_are_not_made(change):
    """As eager's are, which the recorded graph does not reach: random streams may part here."""
    draw = drawing([])
    program = program_of(lambda x: [np.exp(x), draw(x)], 1.0)
    program = replace(program, outputs=program.outputs[:1])
    assert names(change(program)) == ["exp"]


def test_calls_keep_their_order():
    """The first call that is made draws the first number."""
    calls = []
    draw = drawing(calls)
    program = program_of(lambda x: draw(x * 1) - 10 * draw(x + 2 - 2), 0.0)
    calls.clear()
    wanted = program(0.0)
    calls.clear()
    assert optimized(program)(0.0) == wanted


# Scaled products ----------------------------------------------------------------------------------


def test_a_product_is_scaled_where_that_is_less_work():
    """c (A B) of a large product of small factors; not where the product is used elsewhere."""
    A, B, c = np.ones((200, 3)), np.ones((3, 100)), 0.5
    program = program_of(lambda A, B, c: c * (A @ B), A, B, c)
    after = scale_first(program)
    assert [line.shape for line in prune(after).lines] == [(200, 3), (200, 100)]
    np.testing.assert_array_equal(after(A, B, c)[0], program(A, B, c)[0])

    def twice(A, B, c):
        P = A @ B
        return [c * P, P]

    program = program_of(twice, A, B, c)
    assert scale_first(program).lines == program.lines
    for shape in ((2, 3), (200, 90)):  # a small product, and a factor as large as the product
        program = program_of(
            lambda A, B, c: c * (A @ B), np.ones(shape), np.ones((shape[1], 100)), c
        )
        assert scale_first(program).lines == program.lines


# The check of types -------------------------------------------------------------------------------


def line(op, *inputs, shape=(2,), dtype=float):
    return Line(ROWS[op], inputs, {}, shape, np.dtype(dtype), None)


IN = Line(None, (), {}, (2,), np.dtype(float), None)
ILL = {
    "its own result": (lambda a: [replace(a, inputs=(a, a))], "after it"),
    "a later line": (lambda a: [line(np.exp, a), a], "after it"),
    "a line that is nowhere": (lambda a: [line(np.exp, line(np.sin, IN))], "after it"),
    "an input of another program": (lambda a: [line(np.exp, replace(IN))], "after it"),
    "an input among the lines": (lambda a: [replace(IN)], "an input among the computed lines"),
    "another shape": (lambda a: [line(np.exp, IN, shape=(3,))], r"its inputs make float64\[2\]"),
    "another dtype": (lambda a: [line(np.exp, IN, dtype="f4")], "its inputs make float64"),
    "a comparison that is a float": (lambda a: [line(np.less, IN, IN)], "its inputs make bool"),
    "a broadcast forgotten": (lambda a: [line(np.add, IN, np.ones((3, 1)))], r"\[3, 2\]"),
}


@pytest.mark.parametrize("mistake", ILL)
def test_ill_formed_programs_are_refused(mistake):
    """Planted mistakes in order and type are found, with the number of the line and its op."""
    make, message = ILL[mistake]
    with pytest.raises(mg.GraphError, match=f"compile: line 0.*{message}"):
        typecheck(Program((IN,), tuple(make(line(np.add, IN, IN))), (IN,)))


def test_an_output_that_is_computed_nowhere_is_refused():
    """Nor may an output be a line that was dropped."""
    with pytest.raises(mg.GraphError, match="an output is computed by no line"):
        typecheck(Program((IN,), (), (line(np.exp, IN),)))


@given(drawn=programs(), data=st.data())
def test_a_wrong_pass_is_caught(drawn, data):
    """Swapping two dependent lines, or a dtype, of a random program does not pass the check."""
    program = optimized(value_and_gradient(drawn))
    typecheck(program)
    known = set(map(id, program.lines))
    later = [(i, a) for i, y in enumerate(program.lines) for a in y.inputs if id(a) in known]
    if later:
        i, a = data.draw(st.sampled_from(later))
        lines = list(program.lines)
        k = lines.index(a)
        lines[i], lines[k] = lines[k], lines[i]
        with pytest.raises(mg.GraphError):
            typecheck(replace(program, lines=tuple(lines)))


def test_rewritten_puts_new_lines_before_their_users():
    """A change may return a line on lines that are new too."""
    program = program_of(lambda x: np.exp(x) * 2, X)

    def change(old):
        new = apply(ROWS[np.add], apply(ROWS[np.add], old.inputs[0], 1.0), 1.0)
        return new if old.op is ROWS[np.exp] else old

    after = rewritten(program, change)
    typecheck(after)
    np.testing.assert_array_equal(after(X)[0], (X + 2) * 2)
