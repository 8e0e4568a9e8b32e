"""The buffer plan, checked from outside: by which arrays really share memory when the program runs.

The planner derives lifetimes from what it knows of views. Here the program is run without a plan,
and NumPy is asked.
"""

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import programs, seeds, spread_out

import minigrad as mg
from minigrad.compile.numpy_source import build
from minigrad.compile.passes import optimized
from minigrad.compile.plan import Plan, planned
from minigrad.compile.types import is_elementwise
from minigrad.program import Line, Program, recorded

END = 10**9


def program_of(f, *xs):
    """What f records for these arrays: its results, simplified."""
    floor = mg.Tensor(0.0).serial
    variables = [mg.tensor(x) for x in xs]
    y = f(*variables)
    return optimized(recorded(variables, y if isinstance(y, list) else [y], floor)[0])


# The checker --------------------------------------------------------------------------------------


def values_of(program, xs):
    """The array of each line and input when every line makes its own."""
    made = dict(zip(program.inputs, xs, strict=True))
    for line in program.lines:
        args = [made[a] if type(a) is Line else a for a in line.inputs]
        made[line] = line.op.forward(*args, **line.params)
    return made


def last_reads(program, xs):
    """For each line and input, when its memory is last read: directly, or through a view."""
    made = values_of(program, xs)
    last = {}
    for a, x in made.items():
        alike = {b for b, y in made.items() if np.shares_memory(x, y)} | {a}
        reads = [i for i, line in enumerate(program.lines) if alike & lines_in(line.inputs)]
        last[a] = END if alike & lines_in(program.outputs) else max(reads, default=-1)
    return last


def lines_in(operands):
    return {a for a in operands if type(a) is Line}


def check_plan(program, plan, donated, xs):
    """Every array is where nothing that is still read lies, and no result is in the arena."""
    last, born = last_reads(program, xs), {line: i for i, line in enumerate(program.lines)}
    place = {}
    for line, at in plan.offset.items():
        size = np.dtype(line.dtype).itemsize * int(np.prod(line.shape, dtype=int))
        place[line] = (at, at + size)
        assert at % 64 == 0
        assert at >= 0
        assert at + size <= plan.size
    assert not set(plan.offset) & set(program.outputs)
    for a, b in combinations(sorted(plan.offset, key=born.get), 2):
        if place[a][0] < place[b][1] and place[b][0] < place[a][1] and last[a] >= born[b]:
            assert last[a] == born[b], "overwritten while it is still read"
            assert any(a is x for x in b.inputs), "overwritten by what does not read it itself"
            assert place[a] == place[b], "overwritten element by element, but not in place"
            assert is_elementwise(b)
    targets = {program.outputs[i]: program.inputs[j] for i, j in donated.items()}
    assert len(set(plan.into.values())) == len(plan.into)
    for line, target in plan.into.items():
        assert target in {
            program.inputs[j] for i, j in donated.items() if program.outputs[i] is line
        }
        assert line in targets
        assert (line.shape, line.dtype) == (target.shape, target.dtype)
        assert last[target] <= born[line], "an input written into while it is still read"
        assert line not in plan.offset


def live_bytes(program, plan, xs):
    """The most that lives at once, and the sum of all arrays, in units of a cache line."""
    last, born = last_reads(program, xs), {line: i for i, line in enumerate(program.lines)}
    size = {
        a: -(-a.dtype.itemsize * int(np.prod(a.shape, dtype=int)) // 64) * 64 for a in plan.offset
    }
    peak = 0
    for i in range(len(program.lines)):
        live = [a for a in plan.offset if born[a] < i <= last[a] or born[a] == i]
        peak = max(peak, sum(size[a] for a in live))
    return peak, sum(size.values())


# Programs with inputs to write into ---------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """A program, by the number of an output the input it may be written into, and arrays."""

    program: Program
    donated: dict
    xs: list

    def _repr_pretty_(self, printer, cycle):  # what Hypothesis prints of a failing example
        source = build(self.program, self.donated, "test").source
        printer.text(f"{source}donated = {self.donated}, xs = {self.xs}")


@st.composite
def steps(draw):
    """A program of values, steps along the gradient, inputs and views, with its donations."""
    drawn = draw(programs(max_steps=6))
    every = tuple(range(len(drawn.inputs)))
    views = [
        lambda v: v, lambda v: v.T, lambda v: v[..., 0] if v.shape else v, np.ravel,
        lambda v: v[::-1] if v.shape else v, lambda v: v * 1.5, lambda v: np.sum(v, axis=0)
        if v.shape else v,
    ]  # fmt: skip
    kinds = draw(st.lists(st.tuples(st.sampled_from(every), st.sampled_from(views)), max_size=4))

    def f(*vs):
        gs = mg.grad(lambda *us: drawn.run(np, *us), every)(*vs)
        new = [v - 0.1 * g for v, g in zip(vs, gs, strict=True)]
        return draw(
            st.permutations([drawn.run(np, *vs), *new, *(view(vs[i]) for i, view in kinds)])
        )

    program = program_of(f, *drawn.inputs)
    donated, free = {}, set(every)
    for i, y in enumerate(program.outputs):
        fitting = [
            j for j in sorted(free)
            if type(y) is Line and program.inputs[j].shape == y.shape != ()
        ]  # fmt: skip
        if fitting and draw(st.booleans()):
            donated[i] = draw(st.sampled_from(fitting))
            free.discard(donated[i])
    return Step(program, donated, [np.array(x)[()] for x in drawn.inputs])


# Properties ---------------------------------------------------------------------------------------


@given(steps())
def test_no_array_is_overwritten_while_it_is_read(drawn):
    """Also through views, also the arrays that a call gives up; results are nobody else's."""
    program, donated, xs = drawn.program, drawn.donated, drawn.xs
    check_plan(program, planned(program, donated), donated, xs)


@given(steps())
def test_the_arena_is_no_larger_than_its_arrays(drawn):
    """It holds what lives at once, and never more than all of them side by side."""
    program, donated, xs = drawn.program, drawn.donated, drawn.xs
    plan = planned(program, donated)
    peak, total = live_bytes(program, plan, xs)
    in_place = sum(  # an array that is written over its operand needs no place of its own
        64 for line in plan.offset for a in line.inputs
        if type(a) is Line and plan.offset.get(a) == plan.offset[line]
    )  # fmt: skip
    assert plan.size <= total
    assert in_place or plan.size >= peak


@given(steps(), seeds)
def test_the_code_does_what_the_program_does(drawn, seed):
    """Run again on other numbers, with arrays given up: results and inputs are as they ought."""
    program, donated, xs = drawn.program, drawn.donated, drawn.xs
    run = build(program, donated, "test").run
    kept = []
    for k in range(3):
        domains = [((0.31, 0.69),)] * len(xs)
        now = xs if not k else spread_out(seed + k, [np.shape(x) for x in xs], domains)
        given_ = [np.array(x)[()] for x in now]
        with np.errstate(all="ignore"):
            wanted = program(*[np.array(x)[()] for x in now])
            got = run(*given_)
        for i, (y, w) in enumerate(zip(got, wanted, strict=True)):
            np.testing.assert_allclose(y, w, 1e-12, 1e-12)
            if i in donated:
                assert y is given_[donated[i]]
            elif isinstance(y, np.ndarray):
                assert not any(np.shares_memory(y, x) for x in given_)
                assert not any(np.shares_memory(y, z) for j, z in enumerate(got) if j != i)
        for j, x in enumerate(given_):
            if j not in donated.values():
                np.testing.assert_array_equal(x, now[j])
        kept.append((got, [np.array(y) for y in got]))
    for got, copies in kept:
        for y, before in zip(got, copies, strict=True):
            np.testing.assert_array_equal(y, before)


# Examples -----------------------------------------------------------------------------------------

X = np.linspace(-1, 1, 12).reshape(3, 4)


def sizes(f, *xs):
    return planned(program_of(f, *xs), {}).size


def chain(x):
    for _ in range(50):
        x = np.tanh(np.cos(x) + 0.5)
    return np.sum(x)


def test_a_chain_needs_one_array():
    """Each operation writes over its operand; the input is not ours to write over."""
    assert sizes(chain, np.ones(1000)) == 8000


def test_a_network_needs_no_more_than_its_live_arrays():
    """Forward and backward through n layers keep n activations and a few more."""

    def f(x, w):
        def J(w):
            a = x
            for _ in range(20):
                a = np.tanh(w @ a)
            return np.sum(a)

        return mg.grad(J)(w)

    assert sizes(f, np.ones((8, 100)), np.eye(8)) <= 25 * 8 * 100 * 8


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(np.exp(x + 1)) + (x + 1)[0, 0],
        lambda x: np.sum(np.sin(np.exp(x * 2) + 1)) + (x * 2)[..., 0][0],
        lambda x: np.sum(np.sin(np.exp(x * 2) + 1)) + np.reshape((x * 2)[:1, :1], ()),
        lambda x: np.sum(np.sin(np.exp(x * 2) + 1)) + np.squeeze((x * 2)[:1, :1]),
        lambda x: np.sum(np.sin(np.exp(x * 2) + 1)) + np.diagonal(x * 2)[1],
        lambda x: np.cos(x * 2) @ np.sin((x * 2).T),
        lambda x: (x * 2) + (x * 2)[::-1],
        lambda x: (x * 2) + np.broadcast_to((x * 2)[0], (3, 4)),
        lambda x: np.swapaxes(x * 2, 0, 1) * np.reshape(np.exp(x * 2), (4, 3)),
        lambda x: np.where(x > 0, (x * 2).T.T, np.exp(x * 2)),
        lambda x: np.sum((x * 2)[None, :, ::2], axis=(0, 2)) - np.max(x * 2, axis=1),
        lambda x: [x * 2, (x * 2).T, (x * 2)[0], np.sum(x * 2)],
        lambda x: [(x * 2)[1:], np.exp((x * 2)[1:])],
        lambda x: np.real((x * 2j) + 1)[0] + np.imag(x * 2j)[1],
        lambda x: np.atleast_1d(np.sum(x * 2)) + np.split(x * 2, 2, axis=1)[1][0, 0],
    ],
)
def test_views_keep_their_array(f):
    """Parts, transposes, reshapes, diagonals and numbers taken from an array in the arena."""
    program = program_of(f, X)
    check_plan(program, planned(program, {}), {}, [X])
    run = build(program, {}, "test").run
    for k in (1, 2, -3):
        for y, w in zip(run(k * X), program(k * X), strict=True):
            np.testing.assert_allclose(y, w, 1e-13)


def test_a_product_is_not_written_over_its_factor():
    """Nor is a sum, a transpose or a cumulative sum: only corresponding elements may."""
    program = program_of(lambda x: np.sum(((x * 2) @ (x * 3)) @ (x + 1)), np.eye(3))
    plan = planned(program, {})
    assert len({plan.offset[y] for y in program.lines if y in plan.offset}) >= 3


def step(w, g, old):
    new = w - 0.1 * g
    return [new, w if old == "itself" else w.T if old == "a view" else np.sum(w) * 1.0]


@pytest.mark.parametrize("old", ["itself", "a view", "a sum"])
def test_old_and_new_value_of_what_is_given_up(old):
    """The old parameter is returned beside the new one that takes its place."""
    w, g = np.arange(4.0).reshape(2, 2), np.ones((2, 2))
    program = program_of(lambda w, g: step(w, g, old), w, g)
    run = build(program, {0: 0}, "test").run
    given_ = w.copy()
    new, before = run(given_, g)
    assert new is given_
    np.testing.assert_array_equal(new, w - 0.1)
    np.testing.assert_array_equal(before, {"itself": w, "a view": w.T, "a sum": w.sum()}[old])


@pytest.mark.parametrize("order", [(1, 0), (1, 2, 0), (2, 1, 0), (0, 1)])
def test_arrays_that_change_places(order):
    """A swap or rotation of arrays that are given up to each other."""
    xs = [np.full((2, 2), float(i)) for i in range(len(order))]
    inputs = tuple(Line(None, (), {}, (2, 2), np.dtype(float), None) for _ in order)
    program = Program(inputs, (), tuple(inputs[i] for i in order))
    arrays = [x.copy() for x in xs]
    got = build(program, {i: i for i in range(len(order))}, "test").run(*arrays)
    for i, y in enumerate(got):
        assert y is arrays[i]
        np.testing.assert_array_equal(y, xs[order[i]])


def test_one_result_for_two():
    """The same new value for two arrays that are given up, and for the caller."""
    program = program_of(lambda a, b: [a + b] * 3, np.ones(3), np.ones(3))
    a, b = np.ones(3), np.ones(3)
    got = build(program, {1: 0, 2: 1}, "test").run(a, b)
    assert got[1] is a
    assert got[2] is b
    np.testing.assert_array_equal(got, np.full((3, 3), 2.0))
    assert not np.shares_memory(got[0], a)


# The checker can fail -----------------------------------------------------------------------------


def wrong_plans():
    """A program with its plan, made wrong in one way."""
    program = program_of(lambda x: np.sum(np.exp(x * 2) * np.sin(x * 2)) + (x * 2)[0, 0], X)
    good = planned(program, {})
    everything_at_0 = Plan(dict.fromkeys(good.offset, 0), good.size, {})
    yield "at one place", program, everything_at_0, {}
    yield "no room", program, Plan(good.offset, 8, {}), {}
    yield "not aligned", program, Plan({a: at + 8 for a, at in good.offset.items()}, 10**6, {}), {}
    out = replace(program, outputs=(*program.outputs, next(iter(good.offset))))
    yield "a result in the arena", out, good, {}
    program = program_of(lambda w, g: [w - g, np.exp(w)], X, X)
    into = {program.lines[0]: program.inputs[0]}
    yield "written while read", program, Plan({}, 0, into), {0: 0}


@pytest.mark.parametrize("wrong", list(wrong_plans()), ids=lambda wrong: wrong[0])
def test_a_wrong_plan_is_caught(wrong):
    """Planted mistakes do not pass the check."""
    _, program, plan, donated = wrong
    with pytest.raises(AssertionError):
        check_plan(program, plan, donated, [X] * len(program.inputs))
