"""Gradients of random programs, against differences, the complex step and autograd."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from oracles import assert_close, complex_step, directional
from strategies import programs, seeds

import minigrad as mg


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
