"""Elementwise ops where a formula alone does not say what happens: kinks, limits, dtypes."""

import operator

import numpy as np
import pytest
from cases import takes
from hypothesis import given
from hypothesis import strategies as st
from oracles import assert_close, complex_step
from strategies import NONZERO, arrays, broadcastable_pairs

import minigrad as mg

INF = np.inf
OPERATORS = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.mod,
    operator.floordiv,
]  # fmt: skip


def slopes(f, *xs):
    """The derivatives of f by each of its scalar arguments."""
    return tuple(float(d) for d in mg.grad(f, tuple(range(len(xs))))(*xs))


def test_abs_has_derivative_zero_at_zero():
    """|x| is not differentiable at 0; its derivative there is 0, and ±1 beside it."""
    assert mg.grad(lambda x: np.abs(x).sum())(np.array([-2.0, 0.0, 3.0])).tolist() == [-1, 0, 1]


@pytest.mark.parametrize("f", [np.maximum, np.minimum])
def test_maximum_and_minimum_share_a_tie(f):
    """Where both arguments are equal each gets half, so the sum along a = b is right."""
    assert slopes(f, 2.0, 2.0) == (0.5, 0.5)
    assert slopes(lambda x: f(x, x), 2.0) == (1.0,)
    assert slopes(lambda x: f(0, x), 0.0) == (0.5,)


def test_maximum_and_minimum_follow_the_winner():
    """Away from a tie the whole derivative belongs to the argument that won."""
    assert slopes(np.maximum, 3.0, 2.0) == slopes(np.minimum, 2.0, 3.0) == (1.0, 0.0)


def test_clip_takes_the_left_derivative_at_its_bounds():
    """At the lower bound nothing passes, at the upper bound everything does."""
    x = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    assert mg.grad(lambda x: np.clip(x, -1, 1).sum())(x).tolist() == [0, 0, 1, 1, 0]


def test_clip_passes_the_derivative_to_the_bound_that_holds():
    """Exactly one of x and the bounds determines each element, also when the bounds cross."""
    assert slopes(np.clip, 0.0, -1.0, 1.0) == (1, 0, 0)
    assert slopes(np.clip, -3.0, -1.0, 1.0) == (0, 1, 0)
    assert slopes(np.clip, 3.0, -1.0, 1.0) == (0, 0, 1)
    assert slopes(np.clip, 0.0, 1.0, -1.0) == (0, 0, 1)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.clip(x, None, 1),
        lambda x: x.clip(None, 1),
        *[lambda x: np.clip(x, max=1)] * takes(np.clip, "max"),
        lambda x: np.clip(x, a_min=None, a_max=1),
    ],
)
def test_clip_with_one_bound(call):
    """A bound that is left out bounds nothing."""
    y, gradient = mg.value_and_grad(lambda x: call(x).sum())(np.array([-9.0, 9.0]))
    assert (y, gradient.tolist()) == (-8.0, [1, 0])


@pytest.mark.parametrize("b", [0, 0.0, np.float64(0), np.int64(0), np.array(0.0)])
def test_power_zero_is_constant_also_at_zero(b):
    """x**0 is 1 everywhere, 0**0 too, so its derivative is 0 and not 0 * inf."""
    assert slopes(lambda x: x**b, 0.0) == (0.0,)
    assert slopes(lambda x: x**b, 3.0) == (0.0,)


@pytest.mark.parametrize("b", [1, 1.0, np.float64(1), np.int64(1), np.array(1.0)])
def test_power_one_has_slope_one_also_at_zero(b):
    """d x**1 / dx is 1 * 0**0 = 1 at 0."""
    assert slopes(lambda x: x**b, 0.0) == (1.0,)


@pytest.mark.parametrize("b", [2, 2.0, np.float64(2), np.int64(2), np.array(2.0), mg.tensor(2)])
def test_square_by_any_kind_of_exponent(b):
    """x**2 has the derivatives 2x, 2, 0 whatever kind of number 2 is, also at 0 and below."""
    for x in (0.0, 1.5):
        square = lambda x: x**b  # noqa: E731
        assert float(mg.grad(square)(x)) == 2 * x
        assert float(mg.grad(mg.grad(square))(x)) == 2
    if not isinstance(b, mg.Tensor):  # whose own derivative at x < 0 would be log(-3)
        assert slopes(lambda x: x**b, -3.0) == (-6.0,)


@pytest.mark.parametrize("b", [0.0, 1.0, 2.0, 3.0])
def test_second_derivative_of_a_power_at_zero(b):
    """b (b-1) x**(b-2) at 0 for whole exponents: 0, 0, 2, 0."""
    for exponent in (b, int(b), np.array(b)):
        second = mg.grad(mg.grad(lambda x, e=exponent: x**e))(0.0)
        assert float(second) == (2.0 if b == 2 else 0.0)


def test_power_by_its_exponent_at_base_zero():
    """0**b is constant for b > 0, so its derivative by b is 0; the value keeps NumPy's 0**0 = 1."""
    assert slopes(lambda b: 0.0**b, 2.0) == (0.0,)
    value, slope = mg.value_and_grad(lambda b: 0.0**b)(0.0)
    assert (float(value), float(slope)) == (1.0, 0.0)


def test_power_of_a_variable_to_itself():
    """x**x uses the variable twice: x**x (log x + 1)."""
    (wanted,) = complex_step(lambda x: x**x, (1.7,))
    assert_close(mg.grad(lambda x: x**x)(1.7), wanted, 1e-14)


@pytest.mark.parametrize(
    ("a", "b", "wanted"),
    [(-INF, 1.0, (0, 1)), (1.0, -INF, (1, 0)), (INF, 1.0, (1, 0)), (1.0, INF, (0, 1))],
)
def test_logaddexp_with_an_infinite_argument(a, b, wanted):
    """-inf, the log of nothing, adds nothing; +inf outweighs everything: no NaN, no warning."""
    assert slopes(np.logaddexp, a, b) == wanted


def test_logaddexp_of_nothing_and_nothing():
    """log(0 + 0) has the value -inf and finite derivatives."""
    value, both = mg.value_and_grad(np.logaddexp, (0, 1))(-INF, -INF)
    assert value == -INF
    assert np.isfinite(both).all()


def test_logaddexp_does_not_overflow():
    """At ±1e4, where exp overflows, the derivatives are those of a maximum."""
    assert slopes(np.logaddexp, 1e4, -1e4) == (1.0, 0.0)
    assert slopes(np.logaddexp, 1e4, 1e4) == pytest.approx((0.5, 0.5), rel=1e-11)


def test_where_gives_each_element_to_the_side_it_came_from():
    """No derivative passes to the side not taken, nor to the condition."""
    c = mg.tensor([1.0, 0.0, 2.0])
    a, b = mg.tensor([1.0, 2.0, 3.0]), mg.tensor(5.0)
    np.where(c, a, b).sum().backward()
    assert (a.grad.tolist(), float(b.grad), c.grad) == ([1, 0, 1], 1.0, None)


def test_where_keeps_an_infinite_slope_out():
    """The safe form, a where inside and one outside, has a finite gradient at the pole."""

    def safe(x):
        ok = x > 0
        return np.where(ok, np.log(np.where(ok, x, 1)), 0).sum()

    assert mg.grad(safe)(np.array([0.0, 2.0])).tolist() == [0, 0.5]


@pytest.mark.parametrize("apply", OPERATORS, ids=lambda f: f.__name__)
@given(pair=broadcastable_pairs((((0.3, 2),), ((0.3, 2),)), min_side=1))
def test_operators_are_numpys_functions(apply, pair):
    """Tensor with Tensor, array, list or NumPy scalar, on either side: NumPy's value and type."""
    a, b = pair
    wanted = apply(a, b)
    ta, tb = mg.tensor(a), mg.tensor(b)
    forms = [(ta, tb), (ta, b), (a, tb), (ta, b.tolist()), (a.tolist(), tb)]
    for left, right in forms:
        y = apply(left, right)
        assert isinstance(y, mg.Tensor)
        assert y.shape == wanted.shape
        np.testing.assert_array_equal(y.data, wanted)


@pytest.mark.parametrize("apply", OPERATORS, ids=lambda f: f.__name__)
def test_python_numbers_keep_float32(apply):
    """A Python number on either side leaves float32 alone, also for a 0-d Tensor."""
    for x in (mg.tensor(np.float32(1.5)), mg.tensor(np.ones(2, np.float32))):
        assert apply(x, 2).dtype == apply(2.5, x).dtype == np.float32


@given(x=arrays((2, 3), NONZERO))
def test_unary_operators(x):
    """-x, +x and abs(x) are NumPy's."""
    t = mg.tensor(x)
    for apply in (operator.neg, operator.pos, abs):
        np.testing.assert_array_equal(apply(t).data, apply(x))


@pytest.mark.parametrize(
    "compare",
    [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne],
)
@given(pair=broadcastable_pairs(), tie=st.booleans())
def test_comparisons_are_numpys(compare, pair, tie):
    """Comparing gives a recorded array of bools, whatever stands on the other side."""
    a, b = pair
    if tie:
        b = a
    wanted = compare(a, b)
    for left, right in [(mg.tensor(a), mg.tensor(b)), (mg.tensor(a), b), (a, mg.tensor(b))]:
        y = compare(left, right)
        assert isinstance(y, mg.Tensor)
        assert y.dtype == bool
        np.testing.assert_array_equal(y.data, wanted)


def test_masks_combine():
    """&, | and ~ work on recorded masks, with masks and arrays."""
    x = mg.tensor([-2.0, 0.0, 2.0])
    inside = (x > -1) & (x < 1)
    assert inside.data.tolist() == [False, True, False]
    assert (~inside | np.array([False, True, False])).data.tolist() == [True, True, True]


def test_astype_brings_the_gradient_back_in_its_own_dtype():
    """A float32 variable used as float64 gets a float32 gradient; integers pass none."""
    x = mg.tensor([1.5, 2.5], dtype=np.float32)
    (x.astype(np.float64) ** 2).sum().backward()
    assert (x.grad.dtype, x.grad.tolist()) == (np.float32, [3.0, 5.0])
    assert mg.grad(lambda x: (x.astype(int) * 2.0).sum())(np.ones(2)).tolist() == [0, 0]


@pytest.mark.parametrize("dtype", [str, object, "datetime64[D]"])
def test_astype_to_what_is_no_number(dtype):
    """A Tensor holds numbers."""
    with pytest.raises(mg.DTypeError, match=r"astype: .*expected"):
        mg.tensor(1.0).astype(dtype)


def test_a_real_variable_in_complex_arithmetic_has_a_real_gradient():
    """|3 + ix| at x = 4 has the slope 4/5; the cotangent's imaginary part is no part of it."""
    slope = mg.grad(lambda x: np.abs(3 + 1j * x))(4.0)
    assert slope.dtype == float
    assert_close(slope, 0.8, 1e-15)


def test_a_nan_wins_a_maximum_and_its_derivative():
    """Where NumPy's result is the nan, the derivative is that of the nan's argument."""
    d = mg.grad(np.maximum, (0, 1))
    assert [float(g) for g in d(np.nan, 1.0)] == [1, 0]
    assert [float(g) for g in d(1.0, np.nan)] == [0, 1]
    assert mg.grad(np.max)(np.array([np.nan, 1.0])).tolist() == [1, 0]


@pytest.mark.parametrize("f", [np.fmax, np.fmin])
def test_fmax_and_fmin_pass_by_a_nan(f):
    """Where one argument is nan, value and derivative are the other's; a tie is shared."""
    value, both = mg.value_and_grad(f, (0, 1))(np.nan, 1.0)
    assert (float(value), [float(g) for g in both]) == (1, [0, 1])
    assert slopes(f, 1.0, np.nan) == (1, 0)
    assert slopes(f, 2.0, 2.0) == (0.5, 0.5)


@pytest.mark.parametrize("f", [np.hypot, np.arctan2])
def test_the_arrow_without_length(f):
    """hypot and arctan2 have no derivative at (0, 0); there it is 0, for both arguments."""
    assert slopes(f, 0.0, 0.0) == (0, 0)


@pytest.mark.parametrize("f", [np.fabs, np.sign, np.sinc, lambda x: np.copysign(x, -1.0)])
def test_derivative_zero_at_zero(f):
    """At the kinks of fabs and copysign, the jump of sign and the top of sinc."""
    assert slopes(f, 0.0) == (0,)


def test_sinc_around_zero():
    """Its second derivative at 0 is -π²/3, its fourth π⁴/5; beside 0 nothing cancels."""
    d2 = mg.grad(mg.grad(np.sinc))
    assert_close(d2(0.0), -(np.pi**2) / 3, 1e-15)
    assert_close(mg.grad(mg.grad(d2))(0.0), np.pi**4 / 5, 1e-13)
    assert mg.grad(np.sinc)(1e-8) == pytest.approx(-(np.pi**2) / 3 * 1e-8, rel=1e-12)


@pytest.mark.parametrize(
    "step", [np.floor, np.ceil, np.trunc, np.rint, np.sign, lambda x: x // 1, np.round]
)
def test_steps_let_nothing_through(step):
    """The derivative of a step function is 0, at its jumps too; x * step(x) has slope step(x)."""
    x = np.array([-1.5, -1.0, 0.3, 2.0])
    assert mg.grad(lambda x: (x * step(x)).sum())(x).tolist() == step(x).tolist()


def test_heaviside_gives_its_second_argument_at_zero():
    """Its slope by the value at 0 is 1 there and 0 elsewhere; none by x."""
    x, h = mg.tensor([-1.0, 0.0, 2.0]), mg.tensor(0.5)
    np.heaviside(x, h).sum().backward()
    assert (float(h.grad), x.grad) == (1, None)


def test_remainder_at_a_whole_quotient():
    """x % 1 climbs with slope 1 from each jump; by the divisor it is minus the quotient."""
    assert slopes(lambda a, b: a % b, 6.0, 2.0) == (1, -3)
    assert slopes(np.fmod, -6.0, 2.0) == (1, 3)
    quotient, rest = np.divmod(mg.tensor(7.0), 2.0)
    assert (float(quotient), float(rest)) == (3, 1)


def test_nan_to_num_passes_nothing_to_what_it_replaced():
    """A replaced number is a constant; of a complex one only the replaced part is."""
    slope = mg.grad(lambda x: np.nan_to_num(x, nan=7.0).sum())(np.array([np.nan, 1, INF]))
    assert slope.tolist() == [0, 1, 0]
    z = np.array([complex(np.nan, 1), 1])
    assert mg.grad(lambda z: np.real(np.nan_to_num(z) * -1j).sum())(z).tolist() == [-1j, -1j]


def test_angle_and_sign_of_zero():
    """Zero has no direction; its derivatives are 0, and a real number's are 0 anywhere."""
    for f in (np.angle, lambda z: np.real(np.sign(z) * (1 + 2j))):
        assert mg.grad(f)(0j) == 0
        assert mg.grad(f)(1 + 0j) != 0
        assert mg.grad(f)(-2.0) == 0


def test_second_derivative_of_the_modulus():
    """|x + iy| has the second derivative x²/|z|³ by y: the sign of a complex number turns."""
    second = mg.grad(mg.grad(lambda y: np.abs(3 + 1j * y)))
    assert_close(second(4.0), 9 / 125, 1e-15)


@pytest.mark.parametrize(("a", "b", "wanted"), [(-INF, 1.0, (0, 1)), (1e4, -1e4, (1, 0))])
def test_logaddexp2_with_arguments_far_apart(a, b, wanted):
    """As logaddexp: no overflow, and an infinite argument is no NaN."""
    assert slopes(np.logaddexp2, a, b) == wanted


@pytest.mark.parametrize("f", [np.arcsinh, np.arccosh])
def test_inverse_hyperbolics_of_large_numbers(f):
    """Their slope is 1/x far out, where x² overflows."""
    assert slopes(f, 1e200) == pytest.approx((1e-200,), rel=1e-12, abs=0)


@pytest.mark.parametrize(("f", "wanted"), [(np.sqrt, np.inf), (np.cbrt, np.inf)])
def test_a_vertical_tangent(f, wanted):
    """The roots' slopes at 0 are infinite, and so are their derivatives."""
    with np.errstate(divide="ignore"):
        assert slopes(f, 0.0) == (wanted,)


def test_modf_and_frexp():
    """The fraction climbs with slope 1 and the mantissa with 2^-e; the other parts are steps."""
    x = np.array([2.75, -0.3, 8.0, np.inf])
    for f in (np.modf, np.frexp):
        for got, wanted in zip(f(mg.tensor(x)), f(x), strict=True):
            np.testing.assert_array_equal(got.data, wanted)
    assert slopes(lambda x: sum(np.modf(x)), 2.75) == (1,)
    assert slopes(lambda x: np.frexp(x)[0] + np.frexp(x)[1], 6.0) == (1 / 8,)


def test_questions_about_numbers():
    """isclose, isin and their like are recorded masks, with NumPy's arguments and no derivative."""
    x = mg.tensor([1.0, 1.05, np.inf, -np.inf, np.nan])
    for f in (
        np.isposinf, np.isneginf, np.isreal, np.iscomplex,
        lambda x: np.isclose(x, 1, atol=0.1), lambda x: np.isclose(1.1, x, 0.1),
        lambda x: np.isclose(x, x, equal_nan=True), lambda x: np.isin(x, [1, np.inf], invert=True),
    ):  # fmt: skip
        y = f(x)
        assert isinstance(y, mg.Tensor)
        np.testing.assert_array_equal(y.data, f(x.data))
    (np.isclose(x, 1) * 2.0).sum().backward()
    assert x.grad is None
    assert np.array_equiv(x[:1], [[1], [1]])


def test_where_of_a_condition_alone():
    """np.where(mask) says where it holds, as nonzero does."""
    x = mg.tensor([[0.0, 2.0], [3.0, 0.0]])
    rows, columns = np.where(x > 1)
    assert (rows.tolist(), columns.tolist()) == ([0, 1], [1, 0])
    with pytest.raises(mg.ShapeError, match=r"where: .*either both or neither"):
        np.where(x > 1, x)


def test_astype_may_leave_it_as_it_is():
    """copy=False returns the Tensor itself where the dtype is right."""
    x = mg.tensor([1.0])
    assert x.astype(float, copy=False) is x
    assert np.astype(x, np.float32, copy=False).dtype == np.float32


def test_exclusive_or_of_masks():
    """Elements where one of two conditions holds."""
    x = mg.tensor([-2.0, 0.0, 2.0])
    assert np.bitwise_xor(x > -1, x > 1).data.tolist() == [False, True, False]
