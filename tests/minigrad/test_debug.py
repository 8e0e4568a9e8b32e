"""`minigrad.debug`: what it finds, what it says, what it leaves alone, and what it costs."""

import gc
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from strategies import programs

import minigrad as mg
import nn
from minigrad.debug.blame import finite
from minigrad.debug.constants import fingerprint

RNG = np.random.default_rng


def line_after(mark):
    """This file's line that holds the mark, as messages show it."""
    with open(__file__, encoding="utf-8") as file:
        for number, text in enumerate(file, 1):
            if mark in text and "line_after" not in text:
                return f"test_debug.py:{number}: `{text.strip()}`"
    raise AssertionError(mark)


def caught(error, f, **options):
    """The message of the error that f raises within debug()."""
    with pytest.raises(error) as info, mg.debug(**options):
        f()
    return str(info.value)


# Numbers that are not finite ----------------------------------------------------------------------


def test_the_first_forward_operation_is_named():
    """Its operands, the element, the line and the way there; not what follows from it."""
    a, b = mg.tensor([1.0, 2.0, 3.0], name="a"), mg.tensor([4.0, 0.0, 1.0])

    def f():
        c = b * 2.0
        y = np.exp(a) / c  # mark: forward
        return (y - y).sum()

    said = caught(mg.NonFiniteError, f).splitlines()
    assert said == [
        "divide made inf: 1 of 3 elements, first at [1]",
        f"  at {line_after('# mark: forward')}",
        "  input 0, exp: (3,) float64, from 2.71828 to 20.0855; 7.38905609893065 at [1]",
        "  input 1, multiply: (3,) float64, from 0 to 8; 0.0 at [1]",
        "  path: a → exp → divide",
    ]


def test_the_first_backward_operation_is_named():
    """d√s at s = 0 is infinite; the nan that 2x·inf makes later is not what is wrong."""
    x = mg.tensor(np.zeros(3), name="x")

    def f():
        norm = np.sqrt((x**2).sum())  # mark: backward
        (3 * norm).backward()

    said = caught(mg.NonFiniteError, f).splitlines()
    assert said == [
        "backward of sqrt made inf: it is inf",
        f"  sqrt was recorded at {line_after('# mark: backward')}",
        "  g = 3.0",
        "  y = 0.0",
        "  input 0, sum = 0.0",
        "  path: multiply → sqrt → sum",
    ]
    assert x.grad is None


def test_without_debug_the_same_program_is_silently_nan():
    """What debug() finds is there without it too."""
    x = mg.tensor(np.zeros(3))
    with np.errstate(all="ignore"):
        np.sqrt((x**2).sum()).backward()
    assert np.isnan(x.grad).all()


def test_the_derivatives_of_grad_and_of_grad_of_grad():
    """x^1.5 has a second derivative of inf at 0, found in the sweep of the sweep."""
    said = caught(mg.NonFiniteError, lambda: mg.grad(mg.grad(lambda x: x**1.5))(0.0))
    assert said.startswith("backward of power made inf")
    assert "x: x**1.5" in said  # the line of the power, not of the sweep


def test_a_users_rule_is_named():
    """The vjp of a primitive that divides by zero."""
    twice = mg.primitive(lambda x: 2 * x, vjp=lambda g, y, x: g / (x - x))
    twice.__name__ = "twice"
    x = mg.tensor(2.0, name="x")
    said = caught(mg.NonFiniteError, lambda: twice(x).backward())
    assert said.startswith("backward of <lambda> made inf")
    assert "path: <lambda> → x" in said


def test_inside_a_checkpoint_and_a_trace():
    """What is run again on the way back, and what compile records, is looked at as well."""

    def f(x):
        return np.sqrt((x**2).sum())  # mark: inside

    x = mg.tensor(np.zeros(3))
    said = caught(mg.NonFiniteError, lambda: mg.checkpoint(f)(x).backward())
    assert said.startswith("backward of sqrt made inf")
    said = caught(mg.NonFiniteError, lambda: mg.compile(mg.grad(f))(np.zeros(3)))
    assert said.startswith("backward of sqrt made inf")
    assert line_after("# mark: inside") in said
    assert mg.compile(f)(np.ones(3)) == np.sqrt(3)  # no trace is left behind


def test_long_paths_are_shortened():
    """The nearest operations of a forward path; both ends of a backward one."""
    x = mg.tensor([0.0, 1.0], name="x")

    def counted(y):
        for _ in range(20):
            y = y + 1.0
        return y

    said = caught(mg.NonFiniteError, lambda: np.log(counted(x) - 20.0))
    assert said.endswith("\n  path: … → " + "add → " * 10 + "subtract → log")
    said = caught(mg.NonFiniteError, lambda: counted(np.sqrt(x)).sum().backward())
    assert said.endswith("\n  path: sum" + " → add" * 5 + " → …" + " → add" * 4 + " → sqrt → x")


def test_an_operand_with_no_finite_number_has_no_range():
    """A range of none would be an error; the element is told where the operand lines up."""
    stack = mg.tensor(np.ones((2, 3, 4)), name="stack")
    said = caught(mg.NonFiniteError, lambda: stack @ np.full((4, 5), np.nan))
    assert "\n  input 1: (4, 5) float64, nan in 20 of 20 elements, first at [0, 0]\n" in said
    said = caught(mg.NonFiniteError, lambda: stack * np.full(4, np.nan))
    assert said.splitlines()[3] == (
        "  input 1: (4,) float64, nan in 4 of 4 elements, first at [0]; nan at [0, 0, 0]"
    )


def test_cotangents_that_only_together_are_infinite():
    """Each of two uses of x gives 1e308; their sum overflows."""
    x = mg.tensor(0.0, name="x")
    said = caught(mg.NonFiniteError, (x * 1e308 + x * 1e308).backward)
    assert said.splitlines()[:2] == [
        "backward made inf: it is inf",
        "  the cotangents of x are finite one by one, and their sum is not",
    ]


def test_of_two_uses_the_one_that_np_where_drops_is_not_blamed():
    """√x at 0 twice: the one behind np.where has no cotangent there, the other has an infinite."""
    x = mg.tensor(np.zeros(1), name="x")

    def f():
        bare = np.sqrt(x)  # mark: bare
        safe = np.where(x.data > 0, np.sqrt(x), 0.0)
        (bare + safe).sum().backward()

    assert line_after("# mark: bare") in caught(mg.NonFiniteError, f)
    with mg.debug():
        np.where(x.data > 0, np.sqrt(x), 0.0).sum().backward()
    assert x.grad.tolist() == [0.0]


def test_a_nan_in_the_data_is_not_held_against_the_operation():
    """It is told as what it is: given."""
    X, W = np.ones((3, 4)), mg.tensor(np.ones((2, 3)), name="W")
    X[1, 2] = np.nan
    said = caught(mg.NonFiniteError, lambda: W @ X)
    assert said.startswith("matmul was given nan: 2 of 8 elements, first at [0, 2]")
    assert "input 1: (3, 4) float64, from 1 to 1, nan in 1 of 12 elements" in said


def test_an_infinity_in_the_data_is_nobodys_fault():
    """A mask of -inf is usual; what it makes finite again is fine, and inf - inf is a new nan."""
    x, mask = mg.tensor([1.0, 2.0], name="x"), np.array([0.0, -np.inf])
    with mg.debug():
        np.exp(x + mask).sum().backward()
    assert x.grad.tolist() == [np.e, 0.0]
    with pytest.raises(mg.NonFiniteError, match="subtract made nan"), mg.debug(inf="ignore"):
        (x + mask) - (x + mask)


def test_a_nan_of_a_computed_infinity_says_where_that_came_from():
    """With infinities ignored the nan is found, and the operation that overflowed is named."""
    x = mg.tensor(1000.0, name="x")

    def f():
        big = np.exp(x)  # mark: overflow
        return big - big

    said = caught(mg.NonFiniteError, f, inf="ignore")
    assert said.startswith("subtract made nan: it is nan")
    assert f"the infinity came from exp at {line_after('# mark: overflow')}" in said


def test_warnings_instead_of_errors():
    """ "warn" says it once for each line, the first operation only, and goes on."""
    x = mg.tensor([0.0, 1.0], name="x")

    def f():
        for _ in range(3):
            y = np.log(x)
            (y - y).sum()

    with pytest.warns(mg.DebugWarning, match="log made inf") as said, mg.debug(inf="warn"):
        f()
    assert len(said) == 1
    assert said[0].filename == __file__


def test_no_grad_is_looked_at_too():
    """Evaluation makes infinities as training does."""
    x = mg.tensor(0.0)

    def f():
        with mg.no_grad():
            np.log(x)

    assert caught(mg.NonFiniteError, f).startswith("log made inf")


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "c8", "c16", "g"])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,)])
def test_finite(dtype, shape):
    """Every dtype and layout; numbers whose squares overflow are finite."""
    x = np.full(shape, np.finfo(dtype).max, dtype)
    with np.errstate(all="ignore"):
        for layout in (x, x.T, np.asfortranarray(x), np.stack([x, x], -1)[..., 0], x[()]):
            assert finite(layout)
        for bad in (np.nan, np.inf, -np.inf):
            if x.size:
                y = x.copy()
                y[(-1,) * y.ndim] = bad
                assert not finite(y)
                assert not finite(y.T)
    assert finite(np.arange(3))
    assert finite("text")


# Arrays that are written to -----------------------------------------------------------------------

WRITES = {
    "the array": lambda X: X.__setitem__((0, 0), 5.0),
    "a view of it": lambda X: X[1:].__imul__(2.0),
    "its transpose": lambda X: X.T.__setitem__(0, 0.5),
    "an alias by memory": lambda X: np.frombuffer(X.data, X.dtype).__setitem__(3, 9.0),
    "a shuffle": lambda X: RNG(0).shuffle(X),
}


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("write", WRITES)
def test_a_constant_written_to_is_named_with_both_lines(write, large):
    """The line that used it and the line that goes back; no gradient is left."""
    n = 600 if large else 3
    X, W = RNG(0).normal(size=(n, n)), mg.tensor(np.ones((2, n)), name="W")

    def f():
        J = ((W @ X) ** 2).sum()  # mark: used
        WRITES[write](X)
        J.backward()  # mark: found

    said = caught(mg.MutatedError, f)
    assert said.splitlines()[:3] == [
        "an array was written to between its use and backward: input 1 of matmul, "
        f"{X.shape} float64",
        f"  used at {line_after('# mark: used')}",
        f"  found changed by backward at {line_after('# mark: found')}",
    ]
    assert W.grad is None


def test_an_array_a_function_closes_over():
    """vjp's pullback, called after the array has changed; also an index array."""
    c, i = np.array([1.0, 2.0]), np.array([0, 1])

    def f(x):
        return (x[i] * c).sum()

    for array in (c, i):
        with mg.debug():
            _, pullback = mg.vjp(f, np.ones(2))
            array[0] = 1 - array[0]
            with pytest.raises(mg.MutatedError, match="found changed by backward at test_debug"):
                pullback(1.0)


def test_a_buffer_filled_anew_for_each_batch_is_fine():
    """Written to after backward, while the last graph is still there."""
    X, W = np.empty((3, 4)), mg.tensor(np.ones((2, 3)))
    with mg.debug():
        for k in range(3):
            X[:] = k + 1
            J = ((W @ X) ** 2).sum()
            J.backward()


def test_mutation_can_be_warned_of_or_ignored():
    """The same, going on."""
    x, c = mg.tensor(2.0), np.ones(())
    for action, context in (("warn", pytest.warns(mg.DebugWarning)), ("ignore", nullcontext())):
        with context, mg.debug(mutated=action):
            y = x * c
            c += 1
            y.backward()


@pytest.mark.parametrize("dtype", ["f8", ">f8", "f2", "c8", "g", "i1", "?", "u2"])
def test_the_fingerprint_sees_one_element(dtype):
    """Small and large, in every layout: one element, an exchange of two rows."""
    for shape in [(), (5,), (3, 4), (700, 300), (0, 3)]:
        x = np.arange(np.prod(shape, dtype=int)).reshape(shape)
        x = np.asarray(x % 3 % 2).astype(dtype)
        views = [x, x.T, x[::-1], x[..., ::-1]] if x.ndim else [x]
        for view in views if x.size else ():
            before = fingerprint(view)
            assert fingerprint(view) == before
            view[(-1,) * x.ndim] = not view[(-1,) * x.ndim]
            assert fingerprint(view) != before
            if x.ndim > 1 and (view[0] != view[1]).any():
                before = fingerprint(view)
                view[[0, 1]] = view[[1, 0]]
                assert fingerprint(view) != before


# Shapes, leaves, units ----------------------------------------------------------------------------

X, LABELS = RNG(0).normal(size=(2, 60)), (RNG(1).normal(size=(1, 60)) > 0).astype(float)


def lint(f):
    """What debug() warns of, in f."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with mg.debug():
            f()
    return [str(w.message) for w in said if w.category is mg.DebugWarning]


w = mg.tensor(np.ones((1, 2)), name="w")
SHAPES = {
    "(n,) with (n, 1)": (
        lambda: ((w @ X).reshape(60) - LABELS.T) ** 2,
        r"subtract of \(60,\) and \(60, 1\) makes \(60, 60\), every element with every other",
    ),
    "(1, n) with (n, 1)": (
        lambda: (w @ X) * LABELS.T,
        r"multiply of \(1, 60\) and \(60, 1\) makes \(60, 60\)",
    ),
    "one unit, several targets": (
        lambda: w @ X - np.ones((3, 60)),
        r"subtract stretches what was computed, \(1, 60\), over the data, \(3, 60\)",
    ),
    "softmax of one unit": (
        lambda: nn.softmax(w @ X),
        r"softmax of \(1, 60\): over an axis of size 1 it is the same for every input",
    ),
}


@pytest.mark.parametrize("case", SHAPES)
def test_shapes_that_broadcast_by_accident(case):
    """The shapes, the line and what to write."""
    f, message = SHAPES[case]
    with pytest.warns(mg.DebugWarning, match=message + r".*; at test_debug\.py"), mg.debug():
        f()


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x[:, None] - x[None, :],
        lambda x: np.expand_dims(x, 1) * x,
        lambda x: x - x.mean(),
        lambda x: x - x.reshape(3, 4).mean(axis=1, keepdims=True).sum(),
        lambda x: x.reshape(3, 4) - x.reshape(3, 4).mean(axis=1, keepdims=True),
        lambda x: np.outer(x, x),
        lambda x: x.reshape(12, 1) @ x.reshape(1, 12),
        lambda x: x * np.ones((5, 12)),
    ],
)
def test_shapes_that_are_meant(f):
    """An axis written down, keepdims, products, a row for each of several."""
    assert lint(lambda: f(mg.tensor(np.arange(12.0)))) == []


def test_lint_can_be_raised_or_ignored():
    """DebugWarning as an error; nothing."""
    f, _ = SHAPES["(1, n) with (n, 1)"]
    with pytest.raises(mg.DebugWarning, match="makes"), mg.debug(lint="raise"):
        f()
    with mg.debug(lint="ignore"):
        f()


def test_a_leaf_that_backward_never_reaches():
    """Used on a way that J does not take, or not used at all; nothing if there was no backward."""
    a, b, c = (mg.tensor(1.0, name=n) for n in "abc")

    def f(go=True):
        b * 2.0  # mark: unused
        if go:
            (a * 3.0).backward()

    with pytest.warns(mg.DebugWarning) as said, mg.debug(parameters=[a, b, c]):
        f()
    assert [str(s.message) for s in said] == [
        "backward() never reached b, though it reached others",
        "backward() never reached c, though it reached others",
    ]
    assert lint(f) == [
        f"backward() never reached b, used at {line_after('# mark: unused')}, "
        "though it reached others"
    ]
    assert lint(lambda: f(False)) == []


def test_leaves_that_a_gradient_does_not_ask_for():
    """grad's own variables, closed-over leaves and what is cut off on purpose are no mistakes."""

    def f():
        mg.grad(lambda x: x * a)(2.0)
        (a * mg.stop_gradient(b)).backward()

    a, b = mg.tensor(1.0), mg.tensor(2.0)
    assert lint(f) == []


def network(hidden):
    """The lecture's network, and a step of it whose second layer can be spoiled."""
    net = nn.DeepNetwork([2, 4, 3, 1], hidden=hidden, seed=1)

    def step():
        J = nn.binary_cross_entropy(net(X), LABELS)
        net.zero_grad()
        J.backward()

    return net, step


def test_dead_relus():
    """Units 0 and 2 of layer 2 are 0 for each of the 60 examples."""
    net, step = network("relu")
    net.b[2].data = np.array([[-100.0], [0.0], [-100.0]])
    said = [s for s in lint(step) if "W3" in s]
    assert len(said) == 1
    assert said[0].startswith(
        "2 of the 3 units that W3 reads are 0 for each of the last 60 examples, so nothing is "
        "learned through them: units 0, 2; dead ReLUs?"
    )


@pytest.mark.parametrize("hidden", ["tanh", "sigmoid"])
def test_saturated_units(hidden):
    """Weights a thousand times too large leave no slope."""
    net, step = network(hidden)
    W = net.W[1].data.copy()
    W[1] = [3e5, 3e5]
    net.W[1].data = W
    said = lint(step)
    assert len(said) == 1
    assert said[0].startswith(
        f"1 of the 4 units that W2 reads are saturated ({hidden}, slope below 0.001) for each of "
        "the last 60 examples"
    )


def test_units_of_a_network_with_examples_in_rows():
    """A @ W reads columns as units."""
    W1, W2 = mg.tensor(np.ones((2, 3)), name="W1"), mg.tensor(np.ones((3, 1)), name="W2")
    b = np.array([0.0, -100.0, 0.0])
    said = lint(lambda: np.maximum(X.T @ W1 + b, 0) @ W2)
    assert len(said) == 1
    assert said[0].startswith("1 of the 3 units that W2 reads are 0 for each of the last 60")


def test_units_of_one_example_are_not_judged():
    """A vector of units, or a stack of matrices, has no axis of examples to judge over."""
    W = mg.tensor(np.ones((2, 3)), name="W")
    for shape in ((3,), (5, 3, 4)):
        assert lint(lambda shape=shape: W @ np.maximum(mg.tensor(np.full(shape, -1.0)), 0)) == []


def test_units_that_rest_now_and_then():
    """Idle in one mini-batch and busy in the next is how ReLUs are."""
    W = mg.tensor(np.ones((1, 3)))

    def batches():
        for k in range(6):
            W @ np.maximum(mg.tensor(np.eye(3)[:, [k % 3] * 5]), 0)

    assert lint(batches) == []


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
@pytest.mark.parametrize("hidden", ["tanh", "sigmoid", "relu", "leaky_relu"])
def test_the_lectures_networks_give_no_warnings(hidden, output):
    """Trained within debug(): nothing to say."""
    n, Y = (1, LABELS) if output == "sigmoid" else (2, np.vstack([LABELS, 1 - LABELS]))
    net = nn.DeepNetwork([2, 5, 4, n], hidden=hidden, output=output, seed=2)
    assert lint(lambda: nn.fit(net, X, Y, epochs=20, progress=False)) == []
    assert lint(lambda: nn.check_closed_form(net, X, Y)) == []


# What it leaves alone -----------------------------------------------------------------------------


@given(program=programs())
def test_debugging_changes_no_number(program):
    """Values, first and second derivatives are the same within debug() and without."""
    f = mg.value_and_grad(lambda *xs: program.run(np, *xs), tuple(range(len(program.inputs))))
    g = mg.grad(lambda *xs: sum((d**2).sum() for d in f(*xs)[1]))
    want = f(*program.inputs), g(*program.inputs)
    with mg.debug(nan="ignore", inf="ignore", lint="ignore"):
        got = f(*program.inputs), g(*program.inputs)
    np.testing.assert_equal(got, want)


def test_nodes_keep_the_line_that_recorded_them():
    """For pictures; outside of the block nothing is noted. Rules have the line of their node."""
    x = mg.tensor(2.0)
    with mg.debug():
        y = x * x  # mark: noted
        z = mg.grad(lambda v: v * v * x)(3.0)
    graph = mg.graph(y)
    assert graph.nodes[-1].line == line_after("# mark: noted")
    assert "v * v * x" in z.notes["line"]
    assert not hasattr(x * x, "notes")


def test_debug_ends_with_its_block():
    """Also after an error; blocks nest; another thread is not concerned."""
    x = mg.tensor(0.0)
    with np.errstate(all="ignore"):
        for outer in ("raise", "ignore"):
            with mg.debug(inf=outer):
                with mg.debug(inf="ignore"):
                    np.log(x)
                with pytest.raises(mg.NonFiniteError) if outer == "raise" else nullcontext():
                    np.log(x)
                with ThreadPoolExecutor(1) as pool:
                    assert not hasattr(pool.submit(np.exp, x).result(), "notes")
        assert np.log(x).data == -np.inf


def test_a_decorator():
    """Each call is a block of its own."""
    assert mg.debug()(mg.grad(np.sin))(0.0) == 1
    with pytest.raises(mg.NonFiniteError):
        mg.debug()(np.log)(mg.tensor(0.0))


def test_options_that_are_none():
    """The names are checked before anything runs."""
    with pytest.raises(mg.GraphError, match="debug: got inf='stop'; expected 'raise', 'warn' or"):
        mg.debug(inf="stop").__enter__()


def test_hostile_names():
    """A name cannot break the lines of a message."""
    x = mg.tensor(0.0, name="x\n  at safe.py:1")
    said = caught(mg.NonFiniteError, lambda: np.log(x))
    assert len(said.splitlines()) == 4
    assert "  x\\n  at safe.py:1 = 0.0" in said


@pytest.mark.usefixtures("no_gc")
def test_debugging_keeps_no_graph_alive():
    """Steps within the block free what they made."""
    _, step = network("tanh")
    with mg.debug():
        step()
        before = len(gc.get_objects())
        for _ in range(50):
            step()
        assert len(gc.get_objects()) - before < 20


# What it costs ------------------------------------------------------------------------------------


def calls(f):
    """How many functions f calls, of Python's and C's: a cost without a clock."""
    files = []
    f()
    sys.setprofile(
        lambda frame, event, arg: event.endswith("call") and files.append(frame.f_code.co_filename)
    )
    try:
        f()
    finally:
        sys.setprofile(None)
    return files


def test_what_debugging_costs():
    """Off: nothing of it is called, and nothing stays behind. On: at most twice the calls."""
    _, step = network("tanh")
    before = calls(step)
    with mg.debug():
        on = calls(step)
    assert calls(step) == before
    folder = str(Path(mg.debug.__wrapped__.__code__.co_filename).parent)
    assert not any(file.startswith(folder) for file in before)
    assert len(on) < 3 * len(before)


def test_the_nan_is_pointed_at_and_not_an_infinity_before_it():
    """log(0) is -inf, log(-1) is what is nan."""
    with pytest.raises(mg.NonFiniteError) as caught, mg.debug():
        np.log(mg.tensor([1.0, 0.0, -1.0], name="x"))
    said = str(caught.value)
    assert said.startswith("log made nan: 1 of 3 elements, first at [2]")
    assert "\n  x: (3,) float64, from -1 to 1; -1.0 at [2]\n" in said
