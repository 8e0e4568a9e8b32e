"""grad and value_and_grad: which arguments, in which tree, of which kind, and what is refused."""

import copy
import pickle
from collections import namedtuple
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from strategies import arrays

import minigrad as mg

# Trees and arguments ------------------------------------------------------------------------------

Pair = namedtuple("Pair", "W b")


@dataclass(frozen=True)
class Params:
    first: Pair
    rest: tuple


def as_list(W, b, c):
    return [W, b, {"c": c}]


FORMS = {
    "dict": lambda W, b, c: {"W": W, "inner": {"b": b, "c": c}},
    "list": as_list,
    "tuple": lambda W, b, c: ((W,), (b, (c,))),
    "named tuple": lambda W, b, c: Pair(W, Pair(b, c)),
    "dataclass": lambda W, b, c: Params(Pair(W, b), (c, None)),
    "None among them": lambda W, b, c: {"W": W, "none": None, "b": [b, None, c]},
}


def leaves(tree):
    if isinstance(tree, Params):
        tree = (tree.first, tree.rest)
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, (list, tuple)):
        return [leaf for part in tree for leaf in leaves(part)]
    return [] if tree is None else [tree]


def cost(tree):
    W, b, c = leaves(tree)
    return np.sum(np.tanh(W @ np.ones(3) + b) * c)


@pytest.mark.parametrize("form", FORMS)
@given(W=arrays((2, 3)), b=arrays((2,)))
def test_gradients_have_the_tree_of_the_argument(form, W, b):
    """Dicts, lists, tuples, named tuples and dataclasses, nested, come back as they went in."""
    build = FORMS[form]
    gradient = mg.grad(cost)(build(W, b, 2))
    expected = mg.grad(lambda W, b, c: cost([W, b, c]), (0, 1, 2))(W, b, 2)
    assert repr(gradient) == repr(build(*expected))
    _, pullback = mg.vjp(cost, build(W, b, 2))
    assert repr(pullback(1.0)) == repr((build(*expected),))


def test_argnums_choose_arguments():
    """One number gives one gradient, a tuple a tuple, negative ones count from the end."""
    f = lambda a, b, c: 3 * (a + b * c)  # noqa: E731
    assert float(mg.grad(f)(5, 3, 2)) == 3
    assert float(mg.grad(f, 1)(5, 3, 2)) == 6
    assert float(mg.grad(f, -1)(5, 3, 2)) == 9
    assert float(mg.grad(f, -3)(5, 3, 2)) == 3
    assert [float(g) for g in mg.grad(f, (2, 0))(5, 3, 2)] == [9, 3]
    assert [float(g) for g in mg.grad(f, (1,))(5, 3, 2)] == [6]


def test_hundreds_of_arguments():
    """Each has its gradient, in the order asked for."""
    n = 300
    f = lambda *xs: sum([k * x for k, x in enumerate(xs)])  # noqa: E731
    assert mg.grad(f, tuple(reversed(range(n))))(*[1.0] * n) == tuple(reversed(range(n)))


def test_the_value_comes_with_the_gradient():
    """value_and_grad evaluates once."""
    calls = []

    def f(x):
        calls.append(x)
        return x * x

    value, gradient = mg.value_and_grad(f)(3.0)
    assert (float(value), float(gradient), len(calls)) == (9.0, 6.0, 1)


def test_keywords_are_passed_on():
    """Keyword arguments reach f and are not differentiated."""
    f = lambda x, *, power, scale=1: scale * x**power  # noqa: E731
    assert float(mg.grad(f)(2.0, power=3, scale=10)) == 120.0


def test_whole_numbers_count_as_float64():
    """Integers, bools and arrays of them are real variables."""
    for x in (3, np.array([1, 2]), np.array([True, False]), np.int8(3)):
        assert mg.grad(lambda x: np.sum(x * x))(x).dtype == np.float64


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_gradients_have_the_dtype_of_the_argument(dtype):
    """Also where f computes in a wider one."""
    x = np.ones(3, dtype)
    assert mg.grad(lambda x: np.sum(x * np.ones(3)))(x).dtype == dtype


@pytest.mark.parametrize(
    "f",
    [
        lambda x, y: y * y,
        lambda x, y: 3.0,
        lambda x, y: np.float64(3.0),
        lambda x, y: mg.tensor(3.0) * 2,
        lambda x, y: mg.stop_gradient(np.sum(x)) * y,
        lambda x, y: np.sum(x > 0) * y,
        lambda x, y: np.sum(x.astype(int)) * y,
    ],
)
def test_zeros_where_nothing_depends(f):
    """An argument that f ignores has a gradient of zeros, of its own shape, not None."""
    x = np.ones((2, 3), np.float32)
    for order in (mg.grad(f), mg.grad(lambda x, y: np.sum(mg.grad(f)(x, y)))):
        gradient = order(x, 2.0)
        assert (gradient.shape, gradient.dtype) == ((2, 3), np.float32)
        assert not gradient.any()


@pytest.mark.parametrize("empty", [{}, [], None, (None, {})])
def test_a_tree_without_leaves(empty):
    """There is nothing to differentiate, and the gradient is the same empty tree."""
    value, gradient = mg.value_and_grad(lambda p, x: x * 2)(empty, 3.0)
    assert (float(value), gradient) == (6.0, empty)


def test_arrays_in_arrays_out():
    """The result and the gradients of arrays are arrays, nobody else's, and writable."""
    x = np.array([1.0, 2.0])
    value, gradient = mg.value_and_grad(np.sum)(x)
    assert (type(value), type(gradient)) == (np.float64, np.ndarray)
    gradient[:] = 99
    assert x.tolist() == [1, 2]
    assert mg.grad(np.sum)(x).tolist() == [1, 1]


def test_tensors_in_tensors_out():
    """A derivative of Tensors is recorded, so backward goes through it: d(2x)/dx = 2."""
    x = mg.tensor([3.0, 4.0])
    value, gradient = mg.value_and_grad(lambda x: np.sum(x * x))(x)
    assert isinstance(value, mg.Tensor)
    assert isinstance(gradient, mg.Tensor)
    assert gradient.data.tolist() == [6, 8]
    gradient.sum().backward()
    assert x.grad.tolist() == [2, 2]
    assert isinstance(mg.grad(lambda x: 3.0)(x), mg.Tensor)


def test_arrays_and_tensors_side_by_side():
    """Each gradient is of the kind of its argument, or a Tensor if it depends on one."""
    a, b = mg.tensor(3.0), 4.0
    da, db = mg.grad(lambda a, b: a * b, (0, 1))(a, b)
    assert isinstance(da, mg.Tensor)
    assert (float(da), float(db)) == (4.0, 3.0)
    db.backward()  # db = a, a Tensor the caller holds
    assert float(a.grad) == 1.0


LOSES = {
    "copy": copy.copy,
    "deepcopy": lambda x: copy.deepcopy({"x": [x]})["x"][0],
    "pickle": lambda x: pickle.loads(pickle.dumps(x)),
    "data": lambda x: setattr(x, "data", x.data * 2) or x,
    "descend": lambda x: x.descend(np.ones(2)) or x,
}
WAYS = {
    "grad": lambda f, x: mg.grad(f)(x),
    "hessian": lambda f, x: mg.hessian(f)(x),
    "jacobian": lambda f, x: mg.jacobian(f)(x),
    "vjp": mg.vjp,
    "jvp": lambda f, x: mg.jvp(f, (x,), (x,)),
    "checkpoint": lambda f, x: mg.checkpoint(f)(mg.tensor(x)),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("lose", LOSES.values(), ids=LOSES)
def test_what_would_lose_the_derivative_by_an_argument(lose, way):
    """A copy that is a leaf, and a leaf assigned, have no history: of an argument both are refused,
    and of what is computed from it; a recorded copy is not."""
    for at, said in ((lambda x: x, "argument of a transform"), (lambda x: 3 * x, "by multiply")):
        with pytest.raises(mg.DTypeError, match=rf"the tensor .*{said}.*pass is x\.copy\(\)"):
            way(lambda x, at=at: np.sum(lose(at(x)) * x), np.array([1.0, 2.0]))
    way(lambda x: np.sum(x.copy() * x), np.array([1.0, 2.0]))


def test_a_closed_over_leaf_makes_the_result_a_tensor():
    """f closes over w: its value and gradient depend on w, and can be differentiated by it."""
    w = mg.tensor(3.0)
    value, slope = mg.value_and_grad(lambda x: w * w * x)(5.0)
    assert isinstance(value, mg.Tensor)
    assert isinstance(slope, mg.Tensor)
    slope.backward()
    assert (float(slope), float(w.grad)) == (9.0, 6.0)


def test_a_closed_over_tensor_returned_as_it_is():
    """f may return a Tensor of the caller's: the value is that very Tensor, the gradient zero."""
    w = mg.tensor(3.0)
    value, slope = mg.value_and_grad(lambda x: w)(5.0)
    assert value is w
    assert float(slope) == 0.0


def test_a_leaf_made_inside_is_nobody_elses():
    """A Tensor that f creates is a constant of the result: arrays come out."""
    value, slope = mg.value_and_grad(lambda x: mg.tensor(3.0) * x)(5.0)
    assert (type(value), type(slope)) == (np.float64, np.float64)


# Mistakes -----------------------------------------------------------------------------------------

MISTAKES = {
    "not a scalar": (
        lambda: mg.grad(lambda x: x)(np.ones(3)),
        mg.ShapeError,
        r"grad: f returned shape \(3,\); expected a single element: .*\.sum\(\), or use vjp",
    ),
    "nothing in it": (
        lambda: mg.grad(lambda x: x[:0])(np.ones(3)),
        mg.ShapeError,
        r"grad: f returned shape \(0,\); expected a single element",
    ),
    "nothing": (
        lambda: mg.grad(lambda x: None)(1.0),
        mg.DTypeError,
        "grad: f returned NoneType; expected a real scalar",
    ),
    "a tuple": (
        lambda: mg.grad(lambda x: (x, x))(1.0),
        mg.DTypeError,
        "grad: f returned tuple; expected a real scalar",
    ),
    "complex": (
        lambda: mg.grad(lambda x: x * 1j)(1.0),
        mg.DTypeError,
        "grad: f returned dtype complex128; expected a real scalar",
    ),
    "a mask": (
        lambda: mg.grad(lambda x: x > 0)(1.0),
        mg.DTypeError,
        "grad: f returned dtype bool; expected a real scalar",
    ),
    "a count": (
        lambda: mg.grad(lambda x: (x > 0).sum())(np.ones(3)),
        mg.DTypeError,
        "grad: f returned dtype int64; expected a real scalar",
    ),
    "a string argument": (
        lambda: mg.grad(lambda x: x)("a"),
        mg.DTypeError,
        "got str of dtype <U1",
    ),
    "an argument that is not there": (
        lambda: mg.grad(lambda x: x, 3)(1.0),
        mg.ShapeError,
        "grad: argnums 3 is out of range; got 1 positional arguments",
    ),
    "an argument before the first": (
        lambda: mg.grad(lambda x, y: x, -3)(1.0, 2.0),
        mg.ShapeError,
        "grad: argnums -3 is out of range; got 2 positional arguments",
    ),
    "keywords only": (
        lambda: mg.grad(lambda x: x)(x=1.0),
        mg.ShapeError,
        "grad: argnums 0 is out of range; got 0 positional arguments",
    ),
    "an argument twice": (
        lambda: mg.grad(lambda x, y: x * y, (1, -1))(1.0, 2.0),
        mg.ShapeError,
        r"grad: argnums \(1, -1\) names an argument twice",
    ),
    "argnums in a list": (
        lambda: mg.grad(lambda x: x, [0])(1.0),
        mg.DTypeError,
        r"grad: got argnums \[0\]; expected an integer or a tuple",
    ),
    "a cotangent of another tree": (
        lambda: mg.vjp(lambda x: (x, x), 1.0)[1](1.0),
        mg.ShapeError,
        r"vjp: the cotangent is array; expected \(array, array\), as the output",
    ),
    "a tree of cotangents for an array": (
        lambda: mg.vjp(lambda x: x, 1.0)[1]((1.0, 1.0)),
        mg.ShapeError,
        r"vjp: the cotangent is \(array, array\); expected array, as the output",
    ),
    "a tree of tangents for an array": (
        lambda: mg.jvp(lambda x: x, (1.0,), ((1.0, 1.0),)),
        mg.ShapeError,
        r"jvp: the tangents are \(\(array, array\),\); expected \(array,\), as the arguments",
    ),
    "a tangent for a tree": (
        lambda: mg.jvp(lambda x: x[0], ((1.0, 1.0),), (1.0,)),
        mg.ShapeError,
        r"jvp: the tangents are \(array,\); expected \(\(array, array\),\), as the arguments",
    ),
    "a cotangent of another shape": (
        lambda: mg.vjp(lambda x: x, np.ones(3))[1](np.ones(2)),
        mg.ShapeError,
        r"vjp: cotangent: got shape \(2,\); expected \(3,\)",
    ),
    "tangents that are no tuple": (
        lambda: mg.jvp(np.sin, 0.0, 1.0),
        mg.DTypeError,
        r"jvp: xs is float; expected a tuple, one for each argument of f: jvp\(f, \(x,\), \(t,\)\)",
    ),
    "no function": (lambda: mg.grad(3), mg.DTypeError, "grad: got int 3; expected a function"),
    "a complex cotangent of a real output": (
        lambda: mg.vjp(lambda x: x, 1.0)[1](1j),
        mg.DTypeError,
        "vjp: cotangent: got dtype complex128; expected float64",
    ),
    "a recorded complex cotangent of a mask": (
        lambda: mg.vjp(lambda x: x > 0, 1.0)[1](mg.tensor(1j)),
        mg.DTypeError,
        "vjp: cotangent: got dtype complex128; expected bool",
    ),
    "a recorded complex cotangent of a real output": (
        lambda: mg.vjp(lambda x: x, 1.0)[1](mg.tensor(1j)),
        mg.DTypeError,
        "vjp: cotangent: got dtype complex128; expected float64",
    ),
    "a larger recorded cotangent": (
        lambda: mg.vjp(lambda x: x, np.ones(2))[1](mg.tensor([1.0, 2.0, 3.0])),
        mg.ShapeError,
        r"vjp: cotangent: got shape \(3,\); expected \(2,\)",
    ),
    "a recorded cotangent of another shape": (
        lambda: mg.vjp(lambda x: x, np.ones(3))[1](mg.tensor([1.0])),
        mg.ShapeError,
        r"vjp: cotangent: got shape \(1,\); expected \(3,\)",
    ),
}


def test_a_tree_is_a_constant():
    """stop_gradient of a tree: every leaf."""

    def J(p):
        fixed = mg.stop_gradient(p)
        return p["a"] * fixed["a"] + p["b"] * fixed["b"]

    assert mg.grad(J)({"a": 3.0, "b": 2.0}) == {"a": 3, "b": 2}


@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool"])
def test_recorded_integers_count_as_floats(dtype):
    """As arrays of integers do."""
    x = np.array([0, 1, 1], dtype)
    cubes = mg.grad(lambda x: np.sum(1.0 * x**3))
    within = cubes(np.equal(mg.tensor([0.0, 1.0, 2.0]) > 0.5, 1).astype(dtype))
    assert within.dtype == float
    np.testing.assert_array_equal(within.data, cubes(x.astype(float)))


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named(mistake):
    """One clear error at the call: what came, what was expected, what to do."""
    attempt, error, message = MISTAKES[mistake]
    with pytest.raises(error, match=message):
        attempt()


def test_an_error_inside_f_comes_through():
    """An exception of the user's own code is not dressed up."""

    def f(x):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        mg.grad(f)(1.0)
