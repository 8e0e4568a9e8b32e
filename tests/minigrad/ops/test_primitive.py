"""Primitives: a user's own function as an op."""

import math

import numpy as np
import pytest
from hypothesis import given
from oracles import assert_close, complex_step
from strategies import REAL, arrays, operands

import minigrad as mg

pytestmark = pytest.mark.usefixtures("rows")


def logistic(x):
    return 1 / (1 + np.exp(-x))


def product(a, b):
    return a * b


@given(x=arrays((3,), REAL))
def test_primitive_as_a_call_and_as_a_decorator(x):
    """Both forms give a function with the declared derivative, of first and second order."""
    rule = lambda g, y, x: g * y * (1 - y)  # noqa: E731
    called = mg.primitive(logistic, vjp=rule)
    decorated = mg.primitive(vjp=rule)(logistic)
    (wanted,) = complex_step(lambda x: np.sum(logistic(x)), (x,))
    (second,) = complex_step(lambda x: np.sum(logistic(x) * (1 - logistic(x))), (x,))
    for f in (called, decorated):
        first = mg.grad(lambda x, f=f: np.sum(f(x)))
        assert_close(first(x), wanted, 1e-14)
        assert_close(mg.grad(lambda x, d=first: np.sum(d(x)))(x), second, 1e-14)


def test_primitive_on_arrays_just_runs():
    """Without a Tensor nothing is recorded, and the function keeps its name and docstring."""

    @mg.primitive(vjp=lambda g, y, x: g)
    def double(x):
        """Twice x."""
        return 2 * x

    assert double(np.array([1.0])).tolist() == [2.0]
    assert type(double(1.0)) is float
    assert (double.__name__, double.__doc__) == ("double", "Twice x.")


def test_primitive_is_one_node():
    """What happens inside the function is not recorded."""
    f = mg.primitive(logistic, vjp=lambda g, y, x: g * y * (1 - y))
    x = mg.tensor(0.0)
    y = f(x)
    assert (y.op.name, y.inputs) == ("logistic", (x,))


TWO_RULES = {
    "a tuple of rules": (lambda g, y, a, b: g * b, lambda g, y, a, b: g * a),
    "a list of rules": [lambda g, y, a, b: g * b, lambda g, y, a, b: g * a],
    "one rule returning a tuple": lambda g, y, a, b: (g * b, g * a),
}


@pytest.mark.parametrize("vjp", TWO_RULES.values(), ids=TWO_RULES)
@given(xs=operands([(3,), (2, 1)], [REAL] * 2))
def test_primitive_of_two_inputs(vjp, xs):
    """However its rules are given, they broadcast and differentiate again."""
    f = mg.primitive(product, vjp=vjp)
    for got, wanted in zip(
        mg.grad(lambda a, b: np.sum(f(a, b) ** 2), (0, 1))(*xs),
        complex_step(lambda a, b: np.sum((a * b) ** 2), xs),
        strict=True,
    ):
        assert_close(got, wanted, 1e-13)
    mixed = mg.grad(lambda a: np.sum(mg.grad(lambda b: np.sum(f(a, b)))(xs[1])))(xs[0])
    assert_close(mixed, np.full(3, 2.0), 1e-14)  # d²/da db Σ ab = 1, for each of two rows of b


@pytest.mark.parametrize(
    "vjp",
    [(lambda g, y, a, b: g * b, None), lambda g, y, a, b: (g * b, None)],
    ids=["tuple of rules", "rule returning a tuple"],
)
def test_none_lets_no_derivative_through(vjp):
    """An input without a rule counts as a constant: zeros from grad, None from backward."""
    f = mg.primitive(product, vjp=vjp)
    a, b = mg.tensor(2.0), mg.tensor(3.0)
    f(a, b).backward()
    assert (float(a.grad), b.grad) == (3.0, None)
    assert [float(d) for d in mg.grad(f, (0, 1))(2.0, 3.0)] == [3.0, 0.0]


def test_parameters_reach_the_function_and_its_rule():
    """Keywords are passed on to both."""
    scaled = mg.primitive(lambda x, by=1: x * by, vjp=lambda g, y, x, by=1: g * by)
    assert float(mg.grad(lambda x: scaled(x, by=4))(1.0)) == 4.0


def test_a_function_that_returns_a_python_number():
    """math.sin gives a float; it becomes an array of float64."""
    f = mg.primitive(math.sin, vjp=lambda g, y, x: g * np.cos(x))
    value, slope = mg.value_and_grad(f)(2.0)
    assert_close((value, slope), (math.sin(2), math.cos(2)), 1e-15)


def use(vjp, f=product):
    """An attempt to differentiate f, of shapes (3,) and (2, 1)."""
    f = mg.primitive(f, vjp=vjp)
    return lambda: mg.grad(lambda *xs: np.sum(f(*xs)), (0, 1))(np.ones(3), np.ones((2, 1)))


MISTAKES = {
    "shape": (
        use(lambda g, y, a, b: (np.ones(4), g)),
        mg.ShapeError,
        r"product: the vjp for input 0 returned shape \(4,\); expected \(3,\)",
    ),
    "fewer axes": (
        use(lambda g, y, a, b: (g, np.ones(2))),
        mg.ShapeError,
        r"product: the vjp for input 1 returned shape \(2,\); expected \(2, 1\)",
    ),
    "dtype": (
        use(lambda g, y, a, b: (np.array(["a"] * 3), g)),
        mg.DTypeError,
        "product: the vjp for input 0 returned dtype <U1; expected numbers",
    ),
    "a dict": (
        use(lambda g, y, a, b: ({"a": g}, g)),
        mg.DTypeError,
        "product: the vjp for input 0 returned dtype object; expected numbers",
    ),
    "too few rules": (
        use((lambda g, y, a, b: g * b,)),
        mg.ShapeError,
        "product: got 2 inputs; its vjp has 1 rules",
    ),
    "no tuple": (
        use(lambda g, y, a, b: g * b),
        mg.ShapeError,
        "product: its vjp returned ndarray; expected a tuple, one for each of 2 inputs",
    ),
    "a tuple too short": (
        use(lambda g, y, a, b: (g * b,)),
        mg.ShapeError,
        "product: its vjp returned a tuple of 1; expected a tuple, one for each of 2 inputs",
    ),
    "nothing": (
        use(lambda g, y, a, b: (g, g), lambda a, b: None),
        mg.DTypeError,
        "<lambda>: it returned None; expected an array of numbers",
    ),
    "no function": (
        lambda: mg.primitive(3, vjp=np.cos),
        mg.DTypeError,
        r"primitive: got 3 with vjp=<ufunc 'cos'>; expected a function, and its rule: a function",
    ),
    "no rule": (
        lambda: use(None),
        mg.DTypeError,
        r"with vjp=None; expected .* \(g, y, \*inputs\), or a tu",
    ),
    "a rule that is none": (
        lambda: use((3, None)),
        mg.DTypeError,
        r"with vjp=\(3, None\); expected a func",
    ),
    "no array": (
        use(lambda g, y, a, b: (g, g), lambda a, b: "text"),
        mg.DTypeError,
        "<lambda>: it returned dtype <U4; expected an array of numbers",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_primitive_is_named(mistake):
    """The message names the function, the input, what came and what was expected."""
    attempt, error, message = MISTAKES[mistake]
    with pytest.raises(error, match=message):
        attempt()


def test_a_tensor_as_a_parameter_is_refused():
    """A keyword takes no derivative, so a Tensor there would lose it silently."""
    scaled = mg.primitive(lambda x, by=1: x * by, vjp=lambda g, y, x, by=1: g * by)
    with pytest.raises(mg.DTypeError, match="a parameter is a Tensor; pass it by position"):
        scaled(mg.tensor(1.0), by=mg.tensor(2.0))


def test_an_error_inside_a_primitive_names_it():
    """A ValueError of the user's code comes with the op's name and shapes."""
    f = mg.primitive(lambda a, b: a @ b, vjp=lambda g, y, a, b: (g, g))
    with pytest.raises(mg.ShapeError, match=r"<lambda>: \(3,\).*\(2, 1\)"):
        f(mg.tensor(np.ones(3)), np.ones((2, 1)))


def test_one_rule_for_all_inputs_is_evaluated_once():
    seen = []

    def vjp(g, y, a, b):
        seen.append(g)
        return g * b, g * a

    product = mg.primitive(lambda a, b: a * b, vjp=vjp)
    assert mg.grad(product, (0, 1))(3.0, 2.0) == (2.0, 3.0)
    assert len(seen) == 1


def test_a_rule_that_uses_another_tensor_is_refused():
    """Its derivative by that Tensor would be lost; recorded, what rules return are Tensors."""
    w = mg.tensor(2.0)
    scaled = mg.primitive(lambda x: w.data * x, vjp=lambda g, y, x: g * w)
    with pytest.raises(mg.DTypeError, match="vjp for input 0 used a Tensor that is no input"):
        mg.grad(lambda x: np.sum(scaled(x)))(np.ones(3))
    with pytest.raises(mg.DTypeError, match=r"make it an input, or use its .data"):
        mg.jacobian(scaled)(np.ones(3))
    right = mg.primitive(lambda x: w.data * x, vjp=lambda g, y, x: (g * w.data,))
    np.testing.assert_array_equal(
        mg.hessian(lambda x: np.sum(right(x) * x))(np.ones(2)), 4 * np.eye(2)
    )


def test_lists_are_arrays():
    """As in NumPy's functions; tuples stay, they may be a shape."""
    f = mg.primitive(lambda x, y: np.sum((x - y.astype(float)) ** 2), vjp=(
        lambda g, y, a, b: 2 * g * (a - b), lambda g, y, a, b: -2 * g * (a - b)
    ))  # fmt: skip
    x = mg.tensor([1.0, 2.0])
    f(x, [3, 5]).backward()
    assert x.grad.tolist() == [-4, -6]
    assert f(np.ones(2), [1, 2]) == 1
    shaped = mg.primitive(np.reshape, vjp=(lambda g, y, x, shape: np.reshape(g, x.shape), None))
    assert mg.grad(lambda x: shaped(x, (2, 2))[1, 0])(np.ones(4)).tolist() == [0, 0, 1, 0]
