"""More of scipy.special: equations that functions solve, orders below 0, several results."""

from math import factorial

import numpy as np
import pytest
from oracles import assert_close, scalar_derivative
from scipy import special

import minigrad as mg
from minigrad.ops.elementwise import _i1


@pytest.mark.parametrize(
    ("f", "equation"),
    [
        (lambda x: special.airy(x)[0], lambda x, y, d, dd: dd - x * y),
        (lambda x: special.airy(x)[2], lambda x, y, d, dd: dd - x * y),
        (lambda x: special.jv(1.5, x), lambda x, y, d, dd: dd + d / x + (1 - 2.25 / x**2) * y),
        (lambda x: special.yn(2, x), lambda x, y, d, dd: dd + d / x + (1 - 4 / x**2) * y),
        (lambda x: special.kn(2, x), lambda x, y, d, dd: dd + d / x - (1 + 4 / x**2) * y),
        (special.ellipk, lambda m, y, d, dd: m * (1 - m) * dd + (1 - 2 * m) * d - y / 4),
        (special.ellipe, lambda m, y, d, dd: m * (1 - m) * dd + (1 - m) * d + y / 4),
        (lambda x: special.hyp1f1(0.5, 2.5, x), lambda x, y, d, dd: x * dd + (2.5 - x) * d - y / 2),
        (lambda x: special.hyperu(0.5, 2.5, x), lambda x, y, d, dd: x * dd + (2.5 - x) * d - y / 2),
        (
            lambda x: special.eval_legendre(3, x),
            lambda x, y, d, dd: (1 - x**2) * dd - 2 * x * d + 12 * y,
        ),
        (lambda x: special.eval_hermite(4, x), lambda x, y, d, dd: dd - 2 * x * d + 8 * y),
    ],
)
def test_functions_solve_their_differential_equations(f, equation):
    """Value, first and second derivative together satisfy what defines the function."""
    for x in (0.3, 0.8):
        y, d, dd = f(x), mg.grad(f)(x), mg.grad(mg.grad(f))(x)
        assert_close(equation(x, y, d, dd) / max(1, abs(dd)), 0.0, 1e-13)


@pytest.mark.parametrize("n", [-5, -3, -2, -1, 0, 1, 4])
@pytest.mark.parametrize(
    ("f", "parameters"),
    [
        (special.eval_legendre, ()),
        (special.eval_chebyt, ()),
        (special.eval_chebyu, ()),
        (special.eval_laguerre, ()),
        (special.eval_genlaguerre, (0.5,)),
        (special.eval_gegenbauer, (0.7,)),
        (special.eval_jacobi, (0.5, 1.5)),
        (special.kn, ()),
        (special.yn, ()),
    ],
)
def test_orders_of_either_sign(f, parameters, n):
    """SciPy defines the functions for orders below 0 too, and there the rules still hold."""
    if f is special.eval_jacobi and n < 0:
        n = 2  # its value is nan
    got = mg.grad(lambda x: f(n, *parameters, x))(0.6)
    wanted, _ = scalar_derivative(lambda h: f(n, *parameters, 0.6 + h))
    assert_close(got, wanted, 1e-9)


def test_results_are_apart():
    """At 0 the sine integral has the derivatives 1, 0, -1/3; the cosine integral has none."""
    f, g = (lambda x: special.sici(x)[0]), (lambda x: special.shichi(x)[0])
    for of_sine, of_sinh in ((1, 1), (0, 0), (-1 / 3, 1 / 3)):
        f, g = mg.grad(f), mg.grad(g)
        assert_close([f(0.0), g(0.0)], [of_sine, of_sinh], 1e-13)


def test_several_results_are_a_tuple_of_tensors():
    """As SciPy's own, each with a name of its own in pictures."""
    x = np.array([0.5, 2.0])
    for f in (special.sici, special.shichi, special.fresnel, special.airy):
        got, wanted = f(mg.tensor(x)), f(x)
        assert type(got) is type(wanted) is tuple
        for mine, scipys in zip(got, wanted, strict=True):
            np.testing.assert_array_equal(mine.data, scipys)
    assert [y.op.name for y in special.airy(mg.tensor(x))] == ["Ai", "Ai_prime", "Bi", "Bi_prime"]


def test_of_complex_numbers():
    """Si' = sin z / z and w' = 2i/√π - 2 z w hold for complex z; so does the rule of a Hankel."""
    z = 0.7 + 0.4j
    for f in (lambda z: special.sici(z)[0], lambda z: special.shichi(z)[0], special.wofz,
              lambda z: special.hankel1(0.5, z), lambda z: special.hankel2e(0.5, z),
              special.spence, special.lambertw):  # fmt: skip
        got = mg.grad(lambda z, f=f: np.real(f(z)))(z)
        across = [scalar_derivative(lambda h, f=f, t=t: np.real(f(z + t * h)))[0] for t in (1, 1j)]
        assert_close(got, across[0] - 1j * across[1], 1e-10)


def test_parameters_are_refused():
    """No function here has a derivative by an order or a parameter; the error says by which."""
    x = mg.tensor(0.5)
    for call, message in [
        (lambda: special.hyp2f1(x, 1.0, 2.0, 0.3), "hyp2f1: no derivative by a is known"),
        (lambda: special.hyp1f1(1.0, x, 0.3), "hyp1f1: no derivative by b is known"),
        (lambda: special.eval_jacobi(2.0, 1.0, x, 0.3), "eval_jacobi: no derivative by beta is"),
        (lambda: special.ellipkinc(0.3, x), "ellipkinc: no derivative by m is known; pass m as a"),
    ]:
        with pytest.raises(mg.NoRuleError, match=message):
            call().backward()


def test_the_slope_of_i0_needs_no_scipy():
    """Without SciPy, which has I₁, it is an integral that equally spaced points give exactly."""
    x = np.linspace(-700, 700, 281)
    np.testing.assert_allclose(_i1(x), special.i1(x), rtol=1e-13)
    np.testing.assert_array_equal(_i1(np.zeros((2, 0))), np.zeros((2, 0)))


@pytest.mark.parametrize("size", [1e-9, 0.5, 20.0, 600.0])
def test_the_slope_of_i0(size):
    """I₁ by its power series for small x; by the slope of I₀' = I₁, I₁' = I₀ - I₁/x, for all."""
    slope = mg.grad(np.i0)
    terms = [(size / 2) ** (2 * k + 1) / (factorial(k) * factorial(k + 1)) for k in range(12)]
    if size < 1:
        assert slope(size) == pytest.approx(sum(terms), rel=1e-14)
    assert mg.grad(slope)(size) == pytest.approx(np.i0(size) - slope(size) / size, rel=1e-6)
    assert slope(-size) == -slope(size)
