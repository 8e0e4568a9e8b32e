"""Random programs: what they contain, how they shrink, what they print; networks and arrays too."""

import io
import random
import re
from contextlib import redirect_stdout

import numpy as np
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import DTypeError, NoRuleError
from minigrad.ops.declare import elementwise, rule
from minigrad.table import ROWS
from minigrad.testing import (
    DOMAINS,
    arrays,
    broadcastable,
    check_grads,
    complex_step,
    finite_difference,
    networks,
    operands,
    programs,
    random_network,
    random_program,
)
from minigrad.testing.ways import NESTED, UNARY


def gradient(program, f=None):
    every = tuple(range(len(program.inputs)))
    return mg.grad(f or program.function(), every)(*program.inputs)


def wrong(program):
    """Whether minigrad's gradient of the program is not that of differences."""
    slopes, errors = finite_difference(program.function(), *program.inputs)
    return any(
        np.any(np.abs(g - s) > 10 * e + 1e-6)
        for g, s, e in zip(gradient(program), slopes, errors, strict=True)
    )


@given(program=programs())
def test_a_program_prints_as_a_script_that_computes_the_same(program):
    """What is printed runs by itself, and prints the gradients."""
    out = io.StringIO()
    with redirect_stdout(out):
        scope = {}
        exec(str(program), scope)
    inputs = [scope[f"x{i}"] for i in range(len(program.inputs))]
    assert scope["f"](*inputs) == program.function()(*program.inputs)
    assert out.getvalue().strip() == str(gradient(program)).strip()


def test_programs_have_everything_that_makes_derivatives_hard():
    """Sharing, fan-out, constants on both sides, products, nested derivatives, most functions."""
    drawn = [random_program(seed) for seed in range(1500)]
    ways = {line.way.code for p in drawn for line in p.lines}
    names = {name for p in drawn for line in p.lines for name in line.way.names}
    assert len(ways) > 200
    assert len(names) > 80
    assert {way.code for way in NESTED} <= ways
    assert any(line.operands[0] == line.operands[-1] for p in drawn for line in p.lines
               if len(line.operands) > 1)  # fmt: skip
    uses = [[k for line in p.lines for k in line.operands] for p in drawn]
    assert sum(len(u) > len({*u}) for u in uses) > 500
    assert sum(p.nested for p in drawn) > 300
    assert {len(p.lines) for p in drawn} == {*range(1, 8)}


def test_the_same_number_is_the_same_program():
    assert str(random_program(11)) == str(random_program(11))
    assert str(random_program(11)) != str(random_program(12))


@given(program=programs(analytic=True))
def test_analytic_programs_agree_with_the_complex_step(program):
    """To rounding: the complex step has no truncation."""
    assert program.analytic
    assert not program.nested
    wanted = complex_step(program.function(), *program.inputs)
    for got, want in zip(gradient(program), wanted, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-10 * (1 + np.max(np.abs(want))))


def test_ways_may_be_left_out():
    allowed = lambda way: "np.exp" not in way.code  # noqa: E731
    for seed in range(300):
        program = random_program(seed, allowed=allowed, nested=False)
        assert not program.nested
        assert all(allowed(line.way) for line in program.lines)


@pytest.mark.parametrize("only", [UNARY[0], UNARY[20]], ids=lambda way: way.code)
def test_all_ways_but_one_may_be_left_out(only):
    """The one that is left is in every line; with none left, that is said."""
    for seed in range(100):
        lines = random_program(seed, allowed=lambda way: way is only).lines
        assert lines
        assert {line.way for line in lines} == {only}
    with pytest.raises(NoRuleError, match="`allowed` leaves no function that is safe for"):
        random_program(0, allowed=lambda way: False)


PLANTED = {
    "tanh": (elementwise, (np.tanh, lambda y, x: 1 - y)),
    "multiply": (rule, (np.multiply, lambda g, y, a, b: g * b, lambda g, y, a, b: g * b)),
    "matmul": (rule, (np.matmul, lambda g, y, a, b: np.ones(a.shape),
                      lambda g, y, a, b: np.ones(b.shape))),
}  # fmt: skip


@pytest.mark.parametrize("seed", [9, 16, 27])
@pytest.mark.parametrize("name", PLANTED)
def test_a_wrong_rule_shrinks_to_the_op_it_is_of(name, seed, rows):
    """By Hypothesis, wherever it starts: at most two lines, one of them the op."""
    declare, (key, *rules) = PLANTED[name]
    declare(key, *rules)
    smallest = find(
        programs(nested=False), wrong, random=random.Random(seed),
        settings=settings(max_examples=3000, database=None, deadline=None),
    )  # fmt: skip
    assert len(smallest.lines) <= 2
    code = " ".join(line.way.code for line in smallest.lines)
    assert re.search({"tanh": "tanh", "multiply": r"\*", "matmul": "@|matmul|dot"}[name], code)


@pytest.mark.parametrize("name", ["tanh", "multiply"])
def test_smallest_takes_lines_away_without_hypothesis(name, rows):
    """The reducer of numbered programs: one line is left, and it still fails."""
    right = [random_program(seed) for seed in range(400)]
    declare, (key, *rules) = PLANTED[name]
    declare(key, *rules)
    failing = [p for p in right if len(p.lines) > 3 and not p.nested and wrong(p)]
    assert failing
    for program in failing[:5]:
        smallest = program.smallest(wrong)
        assert wrong(smallest)
        assert len(smallest.lines) <= 2


def test_hypothesis_prints_the_script(rows):
    """What a failing test shows is to be pasted and run."""
    elementwise(np.tanh, lambda y, x: 1 - y)

    @settings(max_examples=300, database=None, derandomize=True, deadline=None)
    @given(program=programs())
    def fails(program):
        assert not wrong(program)

    with pytest.raises(AssertionError) as failure:
        fails()
    notes = "\n".join(failure.value.__notes__)
    assert "import numpy as np\n" in notes
    assert "    v0 = np.tanh(x0)\n" in notes
    assert "print(grad(f, (0,))(x0))" in notes


# Arrays -------------------------------------------------------------------------------------------


@given(x=arrays((2, 3)), y=arrays(domain=(5, 6)), z=arrays((4,), ((-2, -1), (1, 2)), np.float32))
def test_arrays_stay_in_their_domain(x, y, z):
    """Between the ends, the elements apart; of the shape and dtype asked for."""
    assert x.shape == (2, 3)
    assert np.diff(np.sort(x, axis=None)).min() > 0.2
    assert np.size(y) == 0 or (np.min(y) >= 5 and np.max(y) <= 6)
    assert z.dtype == np.float32
    assert np.all((np.abs(z) >= 1) & (np.abs(z) <= 2))


@given(shapes=broadcastable(3), empty=broadcastable(2, min_side=0))
def test_shapes_broadcast(shapes, empty):
    assert len(np.broadcast_shapes(*shapes)) <= 3
    np.broadcast_shapes(*empty)
    assert all(n > 0 for shape in shapes for n in shape)


NUMPYS = [
    key for key, op in ROWS.items()
    if isinstance(key, np.ufunc) and getattr(np, key.__name__, None) is key
    and op.form not in {"constant", "plain", "composed"} and key.signature is None
]  # fmt: skip


@pytest.mark.parametrize("key", NUMPYS, ids=lambda key: key.__name__)
@settings(max_examples=2)
@given(data=st.data())
def test_every_ufunc_is_safe_in_its_domain(key, data):
    """Its derivatives can be checked there, whatever was drawn."""
    xs = list(data.draw(operands(key)))
    floats = tuple(i for i in range(key.nin) if ROWS[key].vjps[i] is not None)
    if key is np.ldexp:
        xs[1] = np.asarray(xs[1]).astype(int)
    assert check_grads(key, *xs, argnums=floats).ok


def test_domains_are_of_functions_there_are():
    """A name in the table that no library knows is a slip."""
    import scipy.special

    assert all(hasattr(np, name) or hasattr(scipy.special, name) for name in DOMAINS)
    for name, domains in DOMAINS.items():
        function = getattr(np, name, None) or getattr(scipy.special, name)
        assert len(domains) == function.nin


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: operands(np.sum), "got sum; expected a ufunc, such as np.log"),
        (lambda: operands(__import__("scipy.special").special.betainc),
         "where betainc is safe is not known; give the domains of its 3 operands"),
    ],
)  # fmt: skip
def test_unknown_domains_are_asked_for(call, says):
    with pytest.raises(DTypeError, match=says):
        call()


@given(xs=operands([(5, 6), (-1, 0)], shapes=[(2,), ()]))
def test_operands_of_given_domains(xs):
    assert [x.shape for x in xs] == [(2,), ()]
    assert np.min(xs[0]) >= 5
    assert xs[1] <= 0


# Networks -----------------------------------------------------------------------------------------


@given(network=networks(max_layers=4, activations=["relu", "tanh", "sigmoid"]))
def test_networks_fit_together(network):
    """Sizes, parameters and data agree, no Z is near a kink, labels suit the cost."""
    sizes, m = network.sizes, network.X.shape[1]
    for l in range(1, len(sizes)):  # noqa: E741
        assert network.params[f"W{l}"].shape == (sizes[l], sizes[l - 1])
        assert network.params[f"b{l}"].shape == (sizes[l], 1)
    assert network.Y.shape == (sizes[-1], m)
    assert network.clear()
    if network.activations[-1] == "sigmoid":
        assert {*network.Y.ravel()} <= {0.0, 1.0}
    assert np.isfinite(network.cost(network.params))


def test_a_networks_cost_is_the_lectures():
    """Cross-entropy after a sigmoid, by another formula."""
    network = random_network(0, (2, 3, 1), ("tanh", "sigmoid"), m=5)
    Z = network.forward(network.params, network.X)[-1]
    A, Y = 1 / (1 + np.exp(-Z)), network.Y
    wanted = -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    assert network.cost(network.params) == pytest.approx(wanted, rel=1e-12)
