"""Transforms: jvp, jacobian, hessian and hvp against differences, autograd and each other."""

from typing import NamedTuple

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given
from oracles import assert_close, directional
from strategies import programs, seeds

import minigrad as mg

RNG = np.random.default_rng(7)
M, V = RNG.normal(size=(3, 4)), RNG.normal(size=4)


def maps(xp):
    """Functions of a vector: to more, to fewer, to as many elements, to a scalar, to a matrix."""
    return {
        "wide": lambda x: xp.tanh(M @ x),
        "tall": lambda x: xp.concatenate([xp.sin(x), x * x, x[:2]]),
        "square": lambda x: x * xp.exp(x[::-1]),
        "scalar": lambda x: xp.sum(xp.sin(x)) * x[0],
        "matrix": lambda x: xp.reshape(x, (2, 2)) @ xp.reshape(x * x, (2, 2)),
    }


every_map = pytest.mark.parametrize("name", maps(np))


@given(program=programs(), seed=seeds)
def test_jvp_is_the_slope_along_the_tangents(program, seed):
    """Forward mode agrees with finite differences on random programs."""
    rng = np.random.default_rng(seed)
    ts = tuple(rng.uniform(-1, 1, np.shape(x)) for x in program.inputs)
    f = lambda *xs: program.run(np, *xs)  # noqa: E731
    y, t = mg.jvp(f, tuple(program.inputs), ts)
    assert y == f(*program.inputs)
    wanted, error = directional(f, program.inputs, ts)
    assert_close(t, wanted, max(1e-7, 10 * error))


@every_map
def test_jvp_and_vjp_are_transposes(name):
    """⟨g, J t⟩ = ⟨Jᵀ g, t⟩, to rounding."""
    f = maps(np)[name]
    y, pullback = mg.vjp(f, V)
    g, t = RNG.normal(size=np.shape(y)), RNG.normal(size=V.shape)
    value, pushed = mg.jvp(f, (V,), (t,))
    assert np.array_equal(value, y)
    assert pushed.shape == y.shape
    assert_close(np.sum(g * pushed), np.sum(pullback(g)[0] * t), 1e-13)


@every_map
def test_jacobian_is_autograds(name):
    """Every entry, whichever way it is swept, in the shape output + argument."""
    got = mg.jacobian(maps(np)[name])(V)
    wanted = autograd.jacobian(maps(anp)[name])(V)
    assert got.shape == wanted.shape == np.shape(maps(np)[name](V)) + V.shape
    assert_close(got, wanted, 1e-13)


def test_jacobian_sweeps_the_shorter_way():
    """Few outputs cost a sweep each, few inputs a sweep each: never more than the fewer."""
    sweeps = []

    @mg.primitive(vjp=lambda g, y, x: sweeps.append(1) or 2 * g)
    def double(x):
        return 2 * x

    mg.jacobian(lambda x: double(x).sum() * np.ones(1))(np.ones(50))
    assert len(sweeps) == 1
    sweeps.clear()
    mg.jacobian(lambda x: double(x) * np.ones(50))(1.0)
    assert len(sweeps) == 1


class Pair(NamedTuple):
    """A tree of two."""

    first: object
    second: object


def test_jacobian_of_trees():
    """The output's tree, with the argument's tree at each of its leaves."""
    f = lambda p: {"sum": p.first + p.second.sum(), "outer": p.first * p.second}  # noqa: E731
    J = mg.jacobian(f)(Pair(2.0, np.array([1.0, 3.0])))
    assert isinstance(J["sum"], Pair)
    assert J["sum"].first == 1
    assert J["sum"].second.tolist() == [1, 1]
    assert J["outer"].first.tolist() == [1, 3]
    assert J["outer"].second.tolist() == [[2, 0], [0, 2]]


def test_jacobian_argnums_and_kwargs():
    """A tuple of arguments gives a tuple; keyword arguments pass through."""
    f = lambda a, b, *, n: a**n * b  # noqa: E731
    J = mg.jacobian(f, (1, 0))(np.array([1.0, 2.0]), np.array([3.0, 4.0]), n=2)
    assert isinstance(J, tuple)
    assert J[0].tolist() == [[1, 0], [0, 4]]
    assert J[1].tolist() == [[6, 0], [0, 16]]


def test_jacobian_where_nothing_depends():
    """Outputs that do not depend on the argument have zeros; empty ones an empty block."""
    assert mg.jacobian(lambda x: np.ones(3))(np.ones(2)).tolist() == [[0, 0]] * 3
    assert mg.jacobian(lambda x: x[:0])(np.ones(2)).shape == (0, 2)
    assert mg.jacobian(lambda x: np.ones(3) * x.sum())(np.ones((0, 2))).shape == (3, 0, 2)


def test_float32_stays_float32():
    """Jacobians and tangents keep the dtype of the argument."""
    x = np.ones(3, np.float32)
    assert mg.jacobian(np.sin)(x).dtype == np.float32
    assert mg.jvp(np.sin, (x,), (np.ones(3),))[1].dtype == np.float32


def test_hessian_is_autograds_and_symmetric():
    """Second derivatives of a scalar function of a vector."""

    def f(xp, x):
        return xp.sum(xp.sin(x) * x[::-1]) + xp.exp(x[0] * x[1])

    H = mg.hessian(lambda x: f(np, x))(V)
    assert_close(H, autograd.hessian(lambda x: f(anp, x))(V), 1e-12)
    assert_close(H, H.T, 1e-14)


def test_hessian_of_two_arguments_has_four_blocks():
    """Tuples of arguments give a tuple of tuples."""
    H = mg.hessian(lambda a, b: a**2 * b**3, (0, 1))(2.0, 3.0)
    assert [[float(h) for h in row] for row in H] == [[54, 108], [108, 72]]


@given(program=programs(), seed=seeds)
def test_hvp_is_the_hessian_times_the_vector(program, seed):
    """hvp agrees with the derivative of the gradient along v, also on trees."""
    rng = np.random.default_rng(seed)
    v = [rng.uniform(-1, 1, np.shape(x)) for x in program.inputs]
    f = lambda xs: program.run(np, *xs)  # noqa: E731
    got = mg.hvp(f)(list(program.inputs), v)
    pushed = mg.jvp(mg.grad(f), (list(program.inputs),), (v,))[1]
    for a, b in zip(got, pushed, strict=True):
        assert_close(a, b, 1e-9)


def test_forward_and_reverse_nest_in_every_order():
    """jvp of grad, grad of jvp and jvp of jvp are the same second derivative."""
    f = lambda x: np.sin(x) * np.exp(2 * x)  # noqa: E731
    wanted = np.exp(1.0) * (3 * np.sin(0.5) + 4 * np.cos(0.5))  # f'' = e^2x (3 sin x + 4 cos x)
    slope = lambda x: mg.jvp(f, (x,), (1.0,))[1]  # noqa: E731
    assert_close(mg.jvp(mg.grad(f), (0.5,), (1.0,))[1], wanted, 1e-14)
    assert_close(mg.grad(slope)(0.5), wanted, 1e-14)
    assert_close(mg.jvp(slope, (0.5,), (1.0,))[1], wanted, 1e-14)


def test_perturbations_are_not_confused():
    """d/dx (x · d/dy (x + y)) = 1 in forward mode too (Siskind & Pearlmutter, 2005)."""
    inner = lambda x: mg.jvp(lambda y: x + y, (1.0,), (1.0,))[1]  # noqa: E731
    assert float(mg.jvp(lambda x: x * inner(x), (2.0,), (1.0,))[1]) == 1
    inner = lambda x: mg.jvp(lambda y: x * y, (1.0,), (1.0,))[1]  # noqa: E731
    assert float(mg.grad(lambda x: x * inner(x))(2.0)) == 4


def test_outputs_that_cannot_vary_have_tangents_of_zero():
    """Numbers, whole ones, masks: real zeros of their shape, in the output's tree."""
    f = lambda x: {"y": 2 * x, "n": 3, "x": 0.5, "i": np.arange(2), "m": x > 0}  # noqa: E731
    _, t = mg.jvp(f, (np.float32(1.0),), (1.0,))
    assert [t[k].tolist() for k in t] == [2, 0, 0, [0, 0], 0]
    assert [t[k].dtype for k in t] == [np.float32, *[np.float64] * 4]


def test_a_closed_over_tensor_stays_differentiable():
    """What depends on a Tensor that f closes over is a Tensor, as with vjp."""
    w = mg.tensor(3.0)
    y, t = mg.jvp(lambda x: w * x * x, (2.0,), (1.0,))
    assert (float(y), float(t)) == (12, 12)
    t.backward()
    assert w.grad == 4
    J = mg.jacobian(lambda x: w * x * x)(np.array([1.0, 2.0]))
    w.zero_grad()
    J.sum().backward()
    assert w.grad == 6


def test_tensors_in_tensors_out():
    """Tensor arguments or tangents give Tensors, also where the result is constant."""
    y, t = mg.jvp(lambda x: 2 * x, (mg.tensor(1.0),), (1.0,))
    assert isinstance(y, mg.Tensor)
    assert isinstance(t, mg.Tensor)
    assert float(t) == 2
    assert isinstance(mg.jacobian(lambda x: 2 * x)(mg.tensor([1.0, 2.0])), mg.Tensor)
    assert isinstance(mg.hessian(lambda x: (x * x).sum())(np.ones(2)), np.ndarray)


def test_mistakes_are_named():
    """Tangents that do not fit say what was received and expected."""
    with pytest.raises(mg.ShapeError, match=r"jvp: the tangents are \(\); expected \(array,\)"):
        mg.jvp(np.sin, (1.0,), ())
    with pytest.raises(mg.ShapeError, match=r"jvp: tangent: got shape \(2,\); expected \(3,\)"):
        mg.jvp(np.sin, (np.ones(3),), (np.ones(2),))
    with pytest.raises(mg.ShapeError, match=r"grad: f returned shape \(2,\)"):
        mg.hessian(lambda x: x * x)(np.ones(2))


def test_a_hessian_vector_product_of_a_function_with_data():
    """The Hessian by the first argument; the others are passed on, as SciPy's minimize does."""
    f = lambda w, X, y: np.sum(np.logaddexp(0, -y * (X @ w)))  # noqa: E731
    X, y, w, v = RNG.normal(size=(5, 4)), np.array([1.0, -1, 1, 1, -1]), V, RNG.normal(size=4)
    assert_close(mg.hvp(f)(w, v, X, y), mg.hessian(f)(w, X, y) @ v, 1e-13)


# Kinds of numbers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("repeats", [1, 3])
def test_a_complex_function_of_real_numbers(repeats):
    """Its Jacobian is complex, whichever way is the shorter: of a Fourier transform, its matrix."""
    x = np.array([0.5, -1.0, 2.0])
    J = mg.jacobian(lambda x: np.concatenate([np.fft.fft(x)] * repeats))(x)
    assert J.dtype == complex
    assert_close(J, np.tile(np.fft.fft(np.eye(3)), (repeats, 1)), 1e-14)
    squared = mg.grad(lambda x: np.sum(np.abs(mg.jacobian(lambda x: np.exp(1j * x**2))(x)) ** 2))
    assert_close(squared(x), 8 * x, 1e-13)  # |2ix exp(ix²)|² = 4x²


@pytest.mark.parametrize("repeats", [1, 3])
def test_a_real_function_of_complex_numbers(repeats):
    """Its Jacobian holds gradients, whichever way is the shorter."""
    z = np.array([3 + 4j])
    J = mg.jacobian(lambda z: np.concatenate([np.abs(z), np.imag(z)] * repeats))(z)
    assert_close(J, np.array([[0.6 - 0.8j], [-1j]] * repeats), 1e-15)


@pytest.mark.parametrize("repeats", [1, 3])
def test_a_jacobian_has_the_precision_of_its_argument(repeats):
    """Whichever way is the shorter."""
    f = lambda x: np.concatenate([x] * repeats).astype(np.float32)  # noqa: E731
    assert mg.jacobian(f)(np.ones(2)).dtype == np.float64
    assert mg.jacobian(lambda x: f(x).astype(float))(np.ones(2, np.float32)).dtype == np.float32


def test_without_elements():
    """An axis of size 0 in the argument, or in the output, is one in the Jacobian."""
    assert mg.jacobian(lambda x: x)(np.zeros((0, 2))).shape == (0, 2, 0, 2)
    assert mg.jacobian(lambda x: x[:0])(np.ones(3)).shape == (0, 3)
    assert mg.jacobian(lambda x: np.append(x, 1.0))(np.zeros(0)).shape == (1, 0)
