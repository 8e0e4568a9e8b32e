"""check_grads: right functions pass, wrong ones fail and are told apart."""

from collections import namedtuple
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import minigrad as mg
from minigrad import DTypeError, ShapeError
from minigrad.testing import GradientError, check_grads, networks, operands, programs

A = np.array([[0.3, -1.2, 0.7], [1.1, 0.4, -0.6]])
V = np.array([0.5, -0.8, 1.3])
Pair = namedtuple("Pair", "left right")


@dataclass
class Layer:
    W: Any
    b: Any


RIGHT = {
    "a number": (lambda x: np.sin(x) * x, 0.7),
    "arrays": (lambda a, v: np.tanh(a @ v), A, V),
    "broadcasting": (lambda a, v: a * v + v, A, V),
    "trees": (lambda p: (np.sum(p["W"] @ p["v"][0]), {"n": p["v"][0] ** 2}), {"W": A, "v": [V]}),
    "a dataclass": (lambda layer: np.tanh(layer.W @ V + layer.b), Layer(A, np.ones(2))),
    "complex": (lambda z: np.abs(z) * np.conj(z), np.array([1 + 2j, -0.5j])),
    "complex from real": (np.fft.fft, V),
    "real from complex": (lambda z: np.real(np.fft.ifft(z * z)), V + 1j),
    "float32": (lambda a: np.exp(a) / 3, A.astype(np.float32)),
    "float16": (lambda v: np.sum(v * v), V.astype(np.float16)),
    "Tensors": (lambda a: a**3, mg.tensor(A)),
    "integers": (lambda n: n * n, 3),
    "large numbers": (lambda x: 1e12 * np.sin(x / 1e6), np.array([1e6, -2e6])),
    "small numbers": (lambda x: 1e-12 * np.log(x), np.array([1e-9, 2e-9])),
    "unused": (lambda a, v: np.sum(v), A, V),
    "constant": (lambda a: np.ones(3), A),
    "identity": (lambda a: a, A),
    "empty": (lambda a: np.sum(a * 2), np.zeros((0, 3))),
    "nested": (lambda v: mg.grad(lambda t: np.sum(np.exp(t * v)))(v), V / 2),
    "integers in the result": (lambda v: (np.argmax(v), v * v), V),
}


HARD = {
    "treads": (lambda x: np.round(x, 2) * x, -5.00012),
    "fine treads": (lambda x: np.floor(x * 256) / 256 + x, 1.3),
    "periods": (lambda x: np.sin(128 * np.pi * x), 0.0),
    "underflow": (lambda x: x**2, np.array([1e-200])),
    "subnormal": (lambda x: np.sin(x) + 2 * x, np.array([3e-320])),
    "large": (lambda x: x**2, np.array([1e150, -2e140])),
    "unlike sizes of two": (np.hypot, np.array([1e-6, 3.0]), np.array([2.0, 1e6])),
    "nearly flat": (lambda x: 1 / x, np.array([2e-30, 3e-30])),
    "saturated": (np.tanh, np.array([9.5, -10.7])),
    "through float32": (lambda x: np.tanh(x.astype(np.float32) * x), V),
    "through complex64": (lambda x: np.real(x.astype(np.complex64)) * x, V),
}


@pytest.mark.parametrize("name", HARD)
def test_right_functions_pass_where_differences_are_hard(name):
    """Treads, periods and kinks within a step, sizes at which squares vanish, coarse arithmetic."""
    f, *args = HARD[name]
    assert check_grads(f, *args).ok


def test_a_small_number_beside_a_large_one_is_no_kink():
    """Steps that fit the large one pass over 0; in the second order nothing can be told."""
    x = np.array([1e-8, -3.0, 1e10])
    assert check_grads(np.abs, x, order=1).ok
    report = check_grads(np.abs, x, raises=False)
    assert {row.mistake.kind for row in report.rows if not row.ok} <= {"unsettled"}


def test_what_hardly_can_be_measured_is_still_judged():
    """Wrong derivatives of such functions are no less wrong."""
    for f, *args in [HARD[name] for name in ("treads", "fine treads", "through float32")]:
        wrong = lambda *xs, f=f: f(*xs) + _wrong(xs[0])  # noqa: E731
        report = check_grads(wrong, *args, raises=False)
        assert {rule.op for rule in report.rules} == {"sin"}


_wrong = mg.primitive(np.sin, vjp=lambda g, y, x: 1.01 * g * np.cos(x))


@pytest.mark.parametrize("name", RIGHT)
def test_right_functions_pass(name):
    """To third order, without a warning, with a row for each order, argument and mode."""
    f, *args = RIGHT[name]
    report = check_grads(f, *args, order=3)
    assert report.ok
    assert {(row.order, row.mode) for row in report.rows} == {
        (k, mode) for k in (1, 2, 3) for mode in ("reverse", "forward")
    }
    assert "agree with differences" in str(report)


@given(program=programs(max_lines=4))
def test_random_programs_are_never_accused(program):
    """Squares are added, since rounding may be all there is of a derivative that vanishes."""
    f = program.function()
    assert check_grads(lambda *xs: f(*xs) + sum([np.sum(x * x) for x in xs]), *program.inputs).ok


@given(network=networks())
def test_random_networks_are_never_accused(network):
    """Their cost, by every parameter."""
    report = check_grads(network.cost, network.params, order=1)
    assert [row.argument for row in report.rows[::2]] == [f"params['{k}']" for k in network.params]


@pytest.mark.parametrize(
    "function", [np.arctan2, np.logaddexp, np.power, np.remainder, np.arccosh, np.copysign]
)
@given(data=operands(np.add))
def test_functions_pass_in_their_domains(function, data):
    from minigrad.testing.domains import domains_of, spread_out

    xs = spread_out(0, [np.shape(x) for x in data[: function.nin]], domains_of(function))
    assert check_grads(function, *xs, argnums=0).ok


# What is no mistake, and what cannot be told ------------------------------------------------------


def test_a_kink_is_called_one():
    """Not a mistake in the gradient; and it may be allowed."""
    clip = lambda x: np.clip(x, 0, 1)  # noqa: E731
    x = np.array([0.0, 0.5])
    with pytest.raises(GradientError) as failure:
        check_grads(clip, x)
    row = failure.value.report.rows[0]
    assert row.mistake.kind == "kink"
    assert "its slope is 0 on the left and 1 on the right; it is 0" in row.mistake.message
    assert not failure.value.report.rules
    assert check_grads(clip, x, allow_kinks=True).ok


def test_a_claim_outside_of_a_kink_is_wrong_all_the_same():
    steep = mg.primitive(lambda x: np.maximum(x, 0), vjp=lambda g, y, x: g * (7 * (x >= 0)))
    with pytest.raises(GradientError, match="which is neither, nor between them"):
        check_grads(steep, np.array([0.0]), allow_kinks=True)


def test_a_kink_close_by_does_not_disturb():
    """Differences find their way between the point and the kink."""
    assert check_grads(lambda x: np.abs(x) * x + np.abs(x), np.array([1e-3, -2e-5])).ok


def test_a_derivative_that_jumps_is_called_so():
    """|x| at 0: the mean of the slopes is what minigrad says; its derivative does not exist."""
    assert check_grads(np.abs, np.array([0.0, 1.0]), order=1).ok
    with pytest.raises(GradientError, match="the derivative of order 1 jumps there, from"):
        check_grads(np.abs, np.array([0.0, 1.0]))
    assert check_grads(np.abs, np.array([0.0, 1.0]), allow_kinks=True).ok


@pytest.mark.parametrize(
    ("f", "x", "says"),
    [
        (lambda x: x + np.random.default_rng().uniform(), 1.0, "so it is random"),
        (np.log, np.array([0.0, 1.0]), "it is not finite there"),
        (lambda x: x * np.nan, 1.0, "it is not finite there"),
    ],
)
def test_what_cannot_be_checked(f, x, says):
    """Is said, and is no pass."""
    with pytest.raises(GradientError, match=f"cannot be checked: .*{says}"):
        check_grads(f, x)


def test_a_function_at_the_edge_of_its_domain_is_not_judged():
    report = check_grads(lambda x: x * np.sqrt(x), 0.0, order=1, raises=False)
    assert {row.mistake.kind for row in report.rows} <= {"unsettled", "not_finite"}
    assert not report.ok


def test_a_wrong_rule_is_named_beside_a_number_that_cannot_be_judged():
    """x log x at 0 has no slope; the numbers explain nothing together, the rule by itself does."""
    wrong = mg.primitive(np.sin, vjp=lambda g, y, x: 2 * g * np.cos(x))
    steep = lambda x: np.where(x == 0, 0, x * np.log(np.abs(x)))  # noqa: E731
    report = check_grads(
        lambda x: wrong(x) + steep(x), np.array([0.0, 0.5, 0.7]), order=1, raises=False
    )
    assert {row.mistake.kind for row in report.rows} == {"unknown"}
    assert [rule.mistake.kind for rule in report.rules] == ["factor"]


def test_stop_gradient_is_mentioned():
    """Its derivative is wrong on purpose."""
    with pytest.raises(GradientError, match="it uses stop_gradient") as failure:
        check_grads(lambda x: x * mg.stop_gradient(x), V)
    assert not failure.value.report.rules


def test_coarse_arithmetic_is_mentioned():
    """Where it leaves too little to judge by."""
    with pytest.raises(
        GradientError, match=r"f: cannot judge the first[^$]*computes with 3 digits"
    ):
        check_grads(lambda x: x.astype(np.float16) * x, V)


def test_values_taken_out_of_the_graph_are_mentioned():
    def cut(x):
        with mg.no_grad():
            return np.sum(x * x)

    with pytest.raises(GradientError, match=r"zero: it is 0 everywhere[^$]*\.data, or no_grad"):
        check_grads(cut, V)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: check_grads(np.sin, 1.0, order=0), ShapeError, "got order 0; expected 1 or more"),
        (lambda: check_grads(lambda x: None, 1.0), DTypeError, r"returned nothing \(is a return"),
        (lambda: check_grads(lambda x: "a", 1.0), DTypeError, "returned str; expected"),
        (
            lambda: check_grads(np.sin, 1.0, argnums=1),
            ShapeError,
            "argnums 1 is out of range for 1",
        ),
        (lambda: check_grads(lambda: 1.0), ShapeError, "no argument to differentiate"),
        (lambda: check_grads(lambda x: x, "x"), DTypeError, "got str for x;"),
        (
            lambda: check_grads(lambda p: p["w"], {"w": V, "g": ["relu"]}),
            DTypeError,
            r"got str for p\['g'\]\[0\]; expected numbers; .* of its own, which argnums leaves out",
        ),
        (
            lambda: check_grads(lambda layer: layer.W, Layer(V, np.array(["a"]))),
            DTypeError,
            "got ndarray of dtype <U1 for layer.b; expected",
        ),
    ],
)
def test_errors(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_some_arguments_only():
    """The others are passed as they are."""
    f = lambda x, n, flag: np.sum(x[:n] ** 3) if flag else None  # noqa: E731
    report = check_grads(f, V, 2, True, argnums=0)
    assert {row.argument for row in report.rows} == {"x"}


def test_arguments_are_called_as_in_the_signature():
    def f(p, *rest, q=None):
        return np.sum(p.left * p.right) + np.sum(rest[0][0])

    report = check_grads(f, Pair(V, V), [V], order=1)
    assert [r.argument for r in report.rows[::2]] == ["p.left", "p.right", "argument 1[0]"]


def test_only_what_is_differentiated_has_a_name():
    """No None in a tree, and no field that a dataclass computes; a signature may be hidden."""

    @dataclass
    class Scaled:
        W: Any
        b: Any = None
        size: Any = field(init=False, default=7.0)

    class Hidden:
        __signature__ = "none"

        def __call__(self, params):
            return params["p"].W * params["q"]

    report = check_grads(Hidden(), {"p": Scaled(V), "none": None, "q": V}, order=1)
    names = ["argument 0['p'].W", "argument 0['q']"]
    assert [r.argument for r in report.rows[::2]] == names


def test_it_changes_nothing():
    """Neither arguments nor .grad of what f closes over, nor NumPy's error state."""
    w, x = mg.tensor(V), V.copy()
    before = np.geterr()
    check_grads(lambda x: np.sum(w * x * x), x)
    assert w.grad is None
    assert (x == V).all()
    assert np.geterr() == before


def test_it_is_repeatable():
    """The same seed draws the same directions."""
    big = np.linspace(-1, 1, 300)
    f = lambda x: np.sum(np.sin(x) * np.arange(300))  # noqa: E731
    assert str(check_grads(f, big)) == str(check_grads(f, big))
    assert str(check_grads(f, big)) != str(check_grads(f, big, seed=1))


def test_the_table():
    """One line for each row, as wide as it must be."""
    report = check_grads(lambda W, b: np.tanh(W @ b), A, V, order=1)
    lines = str(report).splitlines()
    assert lines[0] == "f: all 4 agree with differences"
    assert lines[2].split() == ["order", "mode", "argument", "size", "compared", "error"]
    assert [line.split()[1:3] for line in lines[3:]] == [
        ["reverse", "W"], ["forward", "W"], ["reverse", "b"], ["forward", "b"],
    ]  # fmt: skip
    assert len(report.graph()) == 4


def test_a_function_that_is_zero_everywhere():
    """Its differences are 0 to the last digit, and so is its derivative."""
    f = lambda x: np.sum(np.floor(x) * 0.0)  # noqa: E731
    assert check_grads(f, np.array([0.3, 1.5])).ok
    assert check_grads(lambda x: [x[0], 0.0 * x[1]], np.array([0.3, 1.5])).ok


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"order": "a"}, mg.ShapeError, "got order 'a'; expected 1 or more"),
        ({"order": 1.5}, mg.ShapeError, "got order 1.5; expected 1 or more"),
        ({"rtol": -1}, mg.ShapeError, "got rtol -1; expected 0 or more"),
        ({"argnums": "x"}, mg.DTypeError, "got argnums 'x'; expected integers"),
        ({"argnums": 3}, mg.ShapeError, "argnums 3 is out of range for 1"),
        ({"f": 3}, mg.DTypeError, "got int 3; expected a function"),
    ],
)
def test_what_it_is_asked_is_checked(given, error, message):
    """A wrong question is no wrong gradient."""
    with pytest.raises(error, match=f"check_grads: {message}"):
        check_grads(given.pop("f", np.sin), 1.0, **given)
