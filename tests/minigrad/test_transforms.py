"""Transforms: grad, value_and_grad and vjp against differences, the complex step and autograd."""

from collections import namedtuple
from dataclasses import dataclass

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from oracles import assert_close, complex_step, directional, scalar_derivative
from strategies import arrays, programs, seeds

import minigrad as mg

# Random programs against outside oracles ----------------------------------------------------------


def every(program):
    return tuple(range(len(program.inputs)))


def directions(program, seed):
    rng = np.random.default_rng(seed)
    return [rng.uniform(-1, 1, np.shape(x)) for x in program.inputs]


def along(gradient_of, xp, ts):
    """The derivative along ts, as a function of the inputs."""

    def dot(*xs):
        total = 0.0
        for g, t in zip(gradient_of(*xs), ts, strict=True):
            total = total + xp.sum(g * t)
        return total

    return dot


def by_autograd(f):
    return lambda *xs: autograd.grad(lambda packed: f(*packed))(tuple(xs))


@given(program=programs())
def test_programs_agree_with_autograd(program):
    """Value and gradients of random programs are those of HIPS autograd, to rounding."""
    value, got = mg.value_and_grad(lambda *xs: program.run(np, *xs), every(program))(
        *program.inputs
    )
    assert value == program.run(np, *program.inputs)
    wanted = by_autograd(lambda *xs: program.run(anp, *xs))(*program.inputs)
    for g, w in zip(got, wanted, strict=True):
        assert_close(g, w, 1e-11)


@given(program=programs(), seed=seeds)
def test_second_derivatives_of_programs_agree_with_autograd(program, seed):
    """So are Hessian-vector products."""
    ts = directions(program, seed)

    def f(xp, *xs):  # autograd warns of gradients that are constant, so we add squares
        return program.run(xp, *xs) + sum([xp.sum(x * x) for x in xs])

    first = mg.grad(lambda *xs: f(np, *xs), every(program))
    got = mg.grad(along(first, np, ts), every(program))(*program.inputs)
    outside = by_autograd(lambda *xs: f(anp, *xs))
    wanted = by_autograd(along(outside, anp, ts))(*program.inputs)
    for g, w in zip(got, wanted, strict=True):
        assert_close(g, w, 1e-9)


@given(program=programs(), seed=seeds)
def test_programs_agree_with_finite_differences(program, seed):
    """The derivative along a random direction, to first and second order."""
    ts = directions(program, seed)
    f = lambda *xs: program.run(np, *xs)  # noqa: E731
    slope = along(mg.grad(f, every(program)), np, ts)
    for function, derivative in [(f, slope), (slope, curvature(slope, program, ts))]:
        wanted, error = directional(function, program.inputs, ts)
        scale = max(1.0, abs(wanted))
        assume(error < 1e-4 * scale)  # else the difference says nothing
        assert abs(float(derivative(*program.inputs)) - wanted) <= 10 * error + 1e-7 * scale


def curvature(slope, program, ts):
    return along(mg.grad(slope, every(program)), np, ts)


@given(program=programs(analytic=True))
def test_analytic_programs_agree_with_the_complex_step(program):
    """Where the complex step applies it has no truncation: agreement to rounding."""
    assert program.analytic
    got = mg.grad(lambda *xs: program.run(np, *xs), every(program))(*program.inputs)
    wanted = complex_step(lambda *xs: program.run(np, *xs), list(program.inputs))
    for g, w in zip(got, wanted, strict=True):
        assert_close(g, w, 1e-11)


@given(program=programs(), seed=seeds)
def test_the_hessian_of_a_program_is_symmetric(program, seed):
    """<s, H t> = <t, H s>: derivatives may be taken in either order."""
    ts, ss = directions(program, seed), directions(program, seed + 1)
    first = mg.grad(lambda *xs: program.run(np, *xs), every(program))

    def product(t, s):
        return float(along(mg.grad(along(first, np, t), every(program)), np, s)(*program.inputs))

    one, other = product(ts, ss), product(ss, ts)
    assert abs(one - other) <= 1e-10 * max(1.0, abs(one))


@given(program=programs())
def test_backward_and_grad_agree(program):
    """Two ways to the same sweep: the gradients are equal bit for bit."""
    xs = [mg.tensor(x) for x in program.inputs]
    program.run(np, *xs).backward()
    gradients = mg.grad(lambda *xs: program.run(np, *xs), every(program))(*program.inputs)
    for x, g in zip(xs, gradients, strict=True):
        np.testing.assert_array_equal(g, 0 * x.data if x.grad is None else x.grad)


@pytest.mark.parametrize(
    ("f", "fourth"),
    [
        (lambda x: np.sin(np.exp(x)), None),
        (lambda x: np.exp(np.sin(2 * x)), None),
        (lambda x: np.tanh(np.sin(x) * np.exp(-x)), None),
        (lambda x: np.log(1 + x * x) / np.sqrt(2 + np.cos(x)), None),
        (np.sin, np.sin),
        (np.exp, np.exp),
        (lambda x: x**5, lambda x: 120 * x),
    ],
)
@given(x=st.floats(-1, 1))
def test_fourth_derivatives(f, fourth, x):
    """grad of grad of grad of grad, against the closed form or the complex step of the third."""
    third = mg.grad(mg.grad(mg.grad(f)))
    got = float(mg.grad(third)(x))
    if fourth is not None:
        assert got == pytest.approx(float(fourth(x)), rel=1e-10, abs=1e-10)
        return
    by_rings = taylor(f, x, 4) * 24
    assert got == pytest.approx(by_rings, rel=1e-10, abs=1e-10 * max(1, abs(by_rings)))


def taylor(f, x, k, points=64, radius=0.2):
    """The k-th Taylor coefficient of an analytic f at x, by Cauchy's integral over a circle."""
    turn = np.exp(2j * np.pi * np.arange(points) / points)
    return float(np.real(np.mean(f(x + radius * turn) / turn**k)) / radius**k)


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
    assert [float(g) for g in mg.grad(f, (2, 0))(5, 3, 2)] == [9, 3]
    assert [float(g) for g in mg.grad(f, (1,))(5, 3, 2)] == [6]


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


# Nesting ------------------------------------------------------------------------------------------


def test_perturbation_confusion():
    """d/dx [x d/dy (x + y)] at y = 1 is 1: the inner derivative does not take x for y.

    Siskind and Pearlmutter, Perturbation Confusion and Referential Transparency (2005), eq. 2.
    """
    inner = lambda x: mg.grad(lambda y: x + y)(1.0)  # noqa: E731
    assert float(mg.grad(lambda x: x * inner(x))(1.0)) == 1.0


def test_perturbation_confusion_with_the_same_name():
    """d/dx [x d/dx (x²/2)] = 2x whichever variable the two functions call x."""
    assert float(mg.grad(lambda x: x * mg.grad(lambda x: x * x / 2)(x))(3.0)) == 6.0


def test_a_derivative_that_returns_functions():
    """D of a curried function: the variable of an outer derivative escapes into an inner one.

    s(u)(f) = f(· + u), the shift; D s at 0 applied twice to exp is exp'' whatever the nesting.
    Manzyuk et al., Perturbation confusion in forward automatic differentiation (2019), section 3.
    """

    def shift(u):
        return lambda f: lambda x: f(x + u)

    def derivative_of_shift(f):
        return lambda x: mg.grad(lambda u: shift(u)(f)(x))(0.0)

    got = derivative_of_shift(derivative_of_shift(np.exp))(1.0)
    assert float(got) == pytest.approx(np.e, rel=1e-14)


@given(x=st.floats(-1, 1), y=st.floats(-1, 1))
def test_the_variable_of_an_outer_grad(x, y):
    """Mixed derivatives, with the outer variable inside the inner function, in both orders."""
    f = lambda x, y: np.sin(x * y) * np.exp(x - y)  # noqa: E731
    xy = mg.grad(lambda x: mg.grad(lambda y: f(x, y))(y))(x)
    yx = mg.grad(lambda y: mg.grad(lambda x: f(x, y))(x))(y)
    wanted, _ = scalar_derivative(
        lambda h: np.imag(f(x + h, y + 1e-30j)) / 1e-30  # exact in y, extrapolated in x
    )
    assert float(xy) == pytest.approx(float(yx), rel=1e-12, abs=1e-12)
    assert float(xy) == pytest.approx(wanted, rel=1e-8, abs=1e-8)


def test_a_gradient_step_inside_a_gradient():
    """Differentiating through an optimisation step: J(w - a J'(w)) for J = w², a = 0.1."""
    J = lambda w: w * w  # noqa: E731
    after = lambda w: J(w - 0.1 * mg.grad(J)(w))  # noqa: E731
    assert float(mg.grad(after)(3.0)) == pytest.approx(2 * 3 * 0.8**2, rel=1e-14)


def test_grad_by_a_named_leaf_outside():
    """Named Tensors that a transform passes through keep no gradient from it."""
    w = mg.name(mg.tensor(2.0), "w")
    mg.grad(lambda x: x * w)(3.0)
    assert w.grad is None


# vjp ----------------------------------------------------------------------------------------------


def test_vjp_of_a_tree_of_outputs():
    """f may return a tree; the cotangent has the same one."""
    y, pullback = mg.vjp(lambda a, b: {"sum": a + b, "product": (a * b, None)}, 2.0, 3.0)
    assert (float(y["sum"]), float(y["product"][0]), y["product"][1]) == (5, 6, None)
    da, db = pullback({"sum": 1.0, "product": (10.0, None)})
    assert (float(da), float(db)) == (1 + 30, 1 + 20)


def test_a_pullback_may_be_called_repeatedly():
    """Each call is a sweep of its own: row by row it gives the Jacobian."""
    A = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    y, pullback = mg.vjp(lambda x: A @ x, np.ones(2))
    rows = [pullback(row)[0] for row in np.eye(3)]
    np.testing.assert_array_equal(rows, A)
    assert y.tolist() == [3, 7, 11]


@given(x=arrays((3,)), g=arrays((3,)), h=arrays((3,)))
def test_a_pullback_is_linear(x, g, h):
    """Jᵀ(2g - 3h) = 2 Jᵀg - 3 Jᵀh."""
    _, pullback = mg.vjp(lambda x: np.tanh(x) * x[::-1], x)
    wanted = 2 * pullback(g)[0] - 3 * pullback(h)[0]
    assert_close(pullback(2 * g - 3 * h)[0], wanted, 1e-13)


def test_the_same_output_twice():
    """An output returned twice gets both cotangents."""
    _, pullback = mg.vjp(lambda x: (x, x, x * 2), 3.0)
    assert float(pullback((1.0, 10.0, 100.0))[0]) == 211.0


def test_nothing_a_pullback_returns_is_shared():
    """Writing into what came out changes neither arguments, seeds, siblings nor later results."""
    x, seed = np.array([1.0, 2.0]), np.ones(2)
    _, pullback = mg.vjp(lambda a, b: a + b, x, x)
    for i in (0, 1):
        pulled = pullback(seed)
        pulled[i][:] = 99
        assert (x.tolist(), seed.tolist(), pulled[1 - i].tolist()) == ([1, 2], [1, 1], [1, 1])
    assert [g.tolist() for g in pullback(seed)] == [[1, 1], [1, 1]]


def test_the_value_vjp_returns_is_not_the_graphs():
    """exp's rule needs its own result; writing into what the caller got does not reach it."""
    y, pullback = mg.vjp(np.exp, np.zeros(2))
    y[:] = 99
    assert pullback(np.ones(2))[0].tolist() == [1, 1]


def test_a_cotangent_that_is_a_tensor():
    """The pullback is linear in g, and recorded if g is a Tensor: d(Jᵀg)/dg."""
    g = mg.tensor([1.0, 1.0])
    _, pullback = mg.vjp(lambda x: x**2, np.array([3.0, 4.0]))
    (pulled,) = pullback(g)
    pulled.sum().backward()
    assert (pulled.data.tolist(), g.grad.tolist()) == ([6, 8], [6, 8])


def test_vjp_of_complex_functions():
    """A complex output is allowed, with a complex cotangent: g dz²/dz."""
    y, pullback = mg.vjp(lambda z: z * z, 1 + 2j)
    assert (complex(y), complex(pullback(1j)[0])) == ((1 + 2j) ** 2, 1j * 2 * (1 + 2j))


def test_stop_gradient_cuts():
    """x · stop(x) has the derivative stop(x); arrays pass through unchanged."""
    assert float(mg.grad(lambda x: x * mg.stop_gradient(x))(3.0)) == 3.0
    x = np.ones(2)
    assert mg.stop_gradient(x) is x


# Mistakes -----------------------------------------------------------------------------------------

MISTAKES = {
    "not a scalar": (
        lambda: mg.grad(lambda x: x)(np.ones(3)),
        mg.ShapeError,
        r"grad: f returned shape \(3,\); expected a single element: .*\.sum\(\), or use vjp",
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
    "a cotangent of another shape": (
        lambda: mg.vjp(lambda x: x, np.ones(3))[1](np.ones(2)),
        mg.ShapeError,
        r"vjp: cotangent: got shape \(2,\); expected \(3,\)",
    ),
    "a complex cotangent of a real output": (
        lambda: mg.vjp(lambda x: x, 1.0)[1](1j),
        mg.DTypeError,
        "vjp: cotangent: got dtype complex128; expected float64",
    ),
    "a recorded complex cotangent of a real output": (
        lambda: mg.vjp(lambda x: x, 1.0)[1](mg.tensor(1j)),
        mg.DTypeError,
        "vjp: cotangent: got dtype complex128; expected float64",
    ),
    "a recorded cotangent of another shape": (
        lambda: mg.vjp(lambda x: x, np.ones(3))[1](mg.tensor([1.0])),
        mg.ShapeError,
        r"vjp: cotangent: got shape \(1,\); expected \(3,\)",
    ),
}


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
