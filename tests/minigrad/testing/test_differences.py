"""Finite differences that know their own error, and the complex step."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import DTypeError, ShapeError, tensor
from minigrad.testing import adjoint_error, complex_step, finite_difference

SMOOTH = {
    "exp": (np.exp, np.exp),
    "sin 30x": (lambda x: np.sin(30 * x), lambda x: 30 * np.cos(30 * x)),
    "1/(1+x²)": (lambda x: 1 / (1 + x * x), lambda x: -2 * x / (1 + x * x) ** 2),
    "x|x|": (lambda x: x * np.abs(x), lambda x: 2 * np.abs(x)),
}


@pytest.mark.parametrize("name", SMOOTH)
@given(x=st.floats(-3, 3), scale=st.sampled_from([1e-9, 1, 1e9]))
def test_the_error_is_an_error_bound(name, x, scale):
    """The true derivative lies within ten of the errors stated, and the error is small."""
    f, df = SMOOTH[name]
    (value,), (error,) = finite_difference(lambda x: scale * f(x), x)
    assert abs(value - scale * df(x)) <= 10 * error + 1e-13 * scale
    assert error <= 1e-6 * scale


@pytest.mark.parametrize("x", [1e-9, 1e-4, 1.0, 1e4, 1e12])
def test_steps_fit_the_argument(x):
    """Small arguments get small steps, large ones large: log and square root at any size."""
    (value,), (error,) = finite_difference(np.log, x)
    assert value * x == pytest.approx(1, rel=1e-9)
    assert error * x < 1e-8
    array = np.array([x, 1.0, 0.0])
    (value,), _ = finite_difference(lambda a: np.sum(np.sqrt(a[:2])) + a[2], array)
    assert value == pytest.approx([0.5 / np.sqrt(x), 0.5, 1], rel=1e-7)


@pytest.mark.parametrize("distance", [1e-2, 1e-4, 1e-6])
def test_a_kink_near_by_is_stepped_around(distance):
    """The steps that straddle it are found out by their own disagreement."""
    (value,), (error,) = finite_difference(np.abs, -distance)
    assert value == pytest.approx(-1, abs=1e-8)
    assert error < 1e-6


def test_trees_and_complex_arguments():
    """Gradients come in the argument's tree; of complex ones as du − i dv."""
    (found, twice), _ = finite_difference(
        lambda d, z: np.sum(d["a"] ** 2) * d["b"][0] + np.real(z * z),
        {"a": np.array([1, 2.0]), "b": [3]},
        1 + 2j,
    )
    assert found["a"] == pytest.approx([6, 12])
    assert found["b"] == pytest.approx([5])
    assert twice == pytest.approx(2 + 4j)


def test_rough_functions_say_so():
    """No small error is stated where the function is random, jumps, or is not defined around."""
    rng = np.random.default_rng(0)
    for f, x in [(lambda x: x + rng.uniform(), 0.0), (np.floor, 1.0), (np.sqrt, 0.0)]:
        _, (error,) = finite_difference(f, x)
        assert error > 0.01


def test_complex_step_is_exact():
    """To the last digit, where differences lose half of them."""
    (value,) = complex_step(lambda x: np.exp(x) / np.sqrt(np.sin(x) ** 3 + np.cos(x) ** 3), 1.5)
    assert value == pytest.approx(4.05342789389862, rel=1e-14)  # Squire and Trapp's example
    (found,) = complex_step(lambda d: np.sum(d["w"] ** 3), {"w": np.array([1.0, 2.0])})
    assert found["w"].tolist() == [3, 12]


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: finite_difference(lambda x: x, np.ones(2)), ShapeError, r"shape \(2,\); expected"),
        (lambda: finite_difference(lambda x: 1j * x, 1.0), DTypeError, "complex128; expected"),
        (lambda: finite_difference(np.sin, "x"), DTypeError, "got str 'x'; expected numbers"),
        (lambda: complex_step(np.sin, 1j), DTypeError, "complex argument; use finite_difference"),
        (lambda: complex_step(np.abs, 1.0), DTypeError, "not analytic; use finite_difference"),
        (lambda: complex_step(lambda x: x, np.ones(2)), ShapeError, r"shape \(2,\); expected one"),
    ],
)  # fmt: skip
def test_errors(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_tensors_are_taken_for_their_values():
    (value,), _ = finite_difference(lambda x: x * x, tensor(3.0))
    assert value == pytest.approx(6)
    assert complex_step(lambda x: x * x, tensor(3.0))[0] == 6


def test_the_adjoint_identity_sees_a_rule_that_is_not_linear(rows):
    """A rule in which the cotangent is squared is right in reverse mode, for cotangents of 1."""
    import minigrad as mg

    right = mg.primitive(np.sinh, vjp=lambda g, y, x: g * np.cosh(x))
    wrong = mg.primitive(np.sinh, vjp=lambda g, y, x: g * g * np.cosh(x))
    x = np.array([0.3, -1.0])
    assert adjoint_error(right, x) < 1e-15
    assert adjoint_error(wrong, x) > 0.01
    assert adjoint_error(lambda z: np.abs(z) * np.conj(z), np.array([1 + 2j, 0.5])) < 1e-15
    assert adjoint_error(lambda d: (d["a"] @ d["b"], d["a"]), {"a": x, "b": x}) < 1e-15


@pytest.mark.parametrize(
    ("f", "got"),
    [(lambda x: None, "NoneType"), (lambda x: "a", "str"), (lambda x: x * 1j, "dtype complex128")],
)
def test_a_function_that_returns_no_real_number(f, got):
    """It is told what it returned."""
    message = f"finite_difference: f returned {got}; expected a real number"
    with pytest.raises(DTypeError, match=message):
        finite_difference(f, 1.0)
