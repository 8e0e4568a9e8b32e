"""scipy.special where a formula alone does not say what happens: far out, at 0, and refusals."""

import os
import subprocess
import sys

import numpy as np
import pytest
from oracles import assert_close
from scipy import fft, integrate, linalg, optimize, special, stats

import minigrad as mg


def test_rows_come_with_scipy():
    """minigrad alone does not import SciPy; its functions work whichever is imported first."""
    code = (
        "import sys, minigrad; assert 'scipy' not in sys.modules; from scipy import special; "
        "print(minigrad.grad(special.expit)(0.0))"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout.strip() == "0.25"


@pytest.mark.parametrize("x", [-1e4, 1e4])
def test_logistic_far_out(x):
    """No overflow and no NaN at ±1e4."""
    assert mg.grad(special.expit)(x) == 0
    assert mg.grad(special.log_expit)(x) == (x < 0)


def test_log_ndtr_in_the_tail():
    """Its slope is Mills' ratio inverted, about -x, where the density itself underflows."""
    assert mg.grad(special.log_ndtr)(-1e3) == pytest.approx(1e3, rel=1e-5)


def test_xlogy_of_nothing():
    """0 log 0 is 0, with derivatives 0; with 0 log b the mixed second derivative 1/b stays."""
    assert [float(d) for d in mg.grad(special.xlogy, (0, 1))(0.0, 0.0)] == [0, 0]
    assert [float(d) for d in mg.grad(special.xlog1py, (0, 1))(0.0, -1.0)] == [0, 0]
    assert mg.grad(special.xlog1py)(1.0, 1e-20) == 1e-20
    mixed = mg.grad(lambda a: mg.grad(special.xlogy, 1)(a, 4.0))
    assert mixed(0.0) == 0.25


def test_exprel_around_zero():
    """(e^x - 1)/x has the derivatives 1/2, 1/3, 1/4 at 0."""
    f, x = special.exprel, 0.0
    for wanted in (1 / 2, 1 / 3, 1 / 4):
        f = mg.grad(f)
        assert_close(f(x), wanted, 1e-13)


def test_gamma_at_known_points():
    """Γ'(1) = -γ; ψ'(1) = π²/6; ψ''(1) = -2 ζ(3)."""
    assert_close(mg.grad(special.gamma)(1.0), -np.euler_gamma, 1e-14)
    assert_close(mg.grad(special.psi)(1.0), np.pi**2 / 6, 1e-14)
    assert_close(mg.grad(mg.grad(special.digamma))(1.0), -2 * special.zeta(3.0), 1e-14)


def test_an_argument_without_a_derivative():
    """The order of a Bessel function cannot be a variable; the error says so and what to do."""
    with pytest.raises(mg.NoRuleError, match="jv: no derivative by v is known; pass v as a const"):
        mg.grad(special.jv)(1.5, 2.0)


def test_around_the_points_where_a_formula_cancels():
    """At λ = 0 Box and Cox's transform is the logarithm L, and its derivative by λ is L²/2."""
    x, along = 3.0, np.log(3.0)
    assert_close(mg.grad(special.boxcox, (0, 1))(x, 0.0), [1 / x, along**2 / 2], 1e-15)
    assert_close(mg.grad(special.inv_boxcox, 1)(along, 0.0), -x * along**2 / 2, 1e-14)
    assert_close(mg.grad(special.spence)(1.0), -1.0, 1e-15)  # log x / (1 - x)
    assert_close(mg.grad(mg.grad(special.spence))(1.0), 0.5, 1e-15)


def test_a_loss_at_its_kinks():
    """Huber's loss has the slope δ where it turns into a line, and both have 0 at 0."""
    assert [float(d) for d in mg.grad(special.huber, (0, 1))(1.0, 1.0)] == [0, 1]
    for loss in (special.huber, special.pseudo_huber):
        assert float(mg.grad(loss, 1)(1.0, 0.0)) == 0
    assert [float(d) for d in mg.grad(special.pseudo_huber, (0, 1))(0.0, 0.0)] == [0, 0]


def test_quantiles_undo_probabilities():
    """The inverse of a distribution has the inverse derivative: their composition has 1."""
    for back, there, parameters, p in [
        (special.gammainc, special.gammaincinv, (2.5,), 0.3),
        (special.gammaincc, special.gammainccinv, (2.5,), 0.3),
        (special.betainc, special.betaincinv, (2.5, 0.7), 0.3),
        (special.betaincc, special.betainccinv, (2.5, 0.7), 0.3),
        (special.stdtr, special.stdtrit, (4.0,), 0.3),
    ]:

        def around(p, back=back, there=there, parameters=parameters):
            return back(*parameters, there(*parameters, p))

        assert_close(mg.grad(around)(p), 1.0, 1e-12)
        assert_close(mg.grad(mg.grad(around))(p), 0.0, 1e-11)


@pytest.mark.parametrize("k", [0, -1])
def test_lambert_w_solves_its_equation(k):
    """w exp(w) = x, so that the derivative of the left side by x is 1; at 0 that of W is 1."""
    x = -0.2 if k else 0.7
    w = mg.grad(lambda x: np.real(special.lambertw(x, k) * np.exp(special.lambertw(x, k))))
    assert_close(w(x), 1.0, 1e-14)
    assert mg.grad(lambda x: np.real(special.lambertw(x)))(0.0) == 1


def test_a_ufunc_without_a_row_is_named_as_scipys():
    """The error says where the function is from, also for SciPy's ufuncs, which do not."""
    with pytest.raises(mg.NoRuleError, match=r"scipy\.special\.agm: no derivative rule"):
        special.agm(mg.tensor(1.0), 2.0)
    with pytest.raises(mg.NoRuleError, match=r"scipy\.special\.zeta: no derivative rule"):
        special.zeta(mg.tensor(2.0))


def test_a_ufunc_with_several_results_is_declared_one_by_one():
    """The advice in the error works: minigrad.primitive takes one result."""
    x = mg.tensor(1.0)
    with pytest.raises(
        mg.NoRuleError, match=r"primitive\(lambda x: scipy\.special\.kelvin\(x\)\[0\]"
    ):
        special.kelvin(x)
    ber = mg.primitive(lambda x: special.kelvin(x)[0].real, vjp=lambda g, y, x: g * special.berp(x))
    assert mg.grad(ber)(1.0) == special.berp(1.0)


X = [0.5, 1.5]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (special.logsumexp, r"special\.logsumexp: SciPy's .* use np\.logaddexp\.reduce"),
        (special.softmax, r"special\.softmax: .* use nn\.softmax.*minigrad\.primitive\(scipy\.spe"),
        (special.log_softmax, r"special\.log_softmax: .* use nn\.log_softmax"),
        (lambda x: special.polygamma(1, x), r"special\.polygamma: .* scipy\.special\.zeta\(n \+ 1"),
        (lambda x: special.comb(x, 2), r"special\.comb: .* scipy\.special\.binom\(n, k\)"),
        (special.factorial, r"special\.factorial: .* scipy\.special\.gamma\(n \+ 1\)"),
        (lambda x: special.multigammaln(x, 1), r"multigammaln = minigrad\.primitive\(scipy\.spec"),
        (
            linalg.norm,
            r"scipy\.linalg\.norm: SciPy's .* use np\.linalg\.norm; for the value .*\.data",
        ),
        (fft.fft, r"scipy\.fft\.fft: SciPy's .* use np\.fft\.fft"),
        (stats.norm.pdf, r"scipy\.stats: SciPy's .* declare the function with minigrad\.primitive"),
    ],
)
def test_what_scipy_writes_in_python_is_named(call, message):
    """Such a function wants a plain array: the error says which it was and what to use instead."""
    with pytest.raises(mg.DTypeError, match=message):
        call(mg.tensor(X))


@pytest.mark.parametrize(
    "solved",
    [
        lambda x: integrate.quad(lambda t: x * t, 0, 1)[0],
        lambda x: integrate.quad(lambda t: t, 0, x)[0],
        lambda x: optimize.minimize_scalar(lambda t: (t - x) ** 2).x,
    ],
    ids=["the integrand", "the limit", "the objective"],
)
def test_scipy_takes_no_number_for_what_it_solves(solved):
    """What becomes a number in SciPy's hands has no derivative; that would be a silent 0."""
    with pytest.raises(mg.DTypeError, match=r"SciPy.s .* plain (number|array), .*minigrad\.primit"):
        mg.grad(solved)(0.7)
    with mg.no_grad():
        assert integrate.quad(lambda t: mg.tensor(2.0) * t, 0, 1)[0] == 1


def test_a_function_of_ours_that_scipy_calls_is_not_blamed_on_it():
    """Only what SciPy itself does with a Tensor is; the user's own np.asarray is the user's."""

    def callback(x):
        return np.asarray(mg.tensor(x)).sum()

    with pytest.raises(mg.DTypeError, match=r"^np\.asarray of the tensor"):
        stats.bootstrap(([1.0, 2.0, 3.0],), callback, vectorized=False, n_resamples=2)


def test_what_is_advised_in_place_of_a_function():
    """The formulas that the errors give are the functions they stand for."""
    x = np.array(X)
    assert_close(special.zeta(3, x) * (-1) ** 3 * 2, special.polygamma(2, x), 1e-13)
    assert_close(special.binom(7.0, [0, 2, 7]), special.comb(7, [0, 2, 7]), 1e-14)
    assert_close(special.gamma(x + 1), special.factorial(x), 1e-14)
    y = np.logaddexp.reduce(mg.tensor(x), axis=0)
    assert_close(y.data, special.logsumexp(x), 1e-15)


def test_no_rows_where_scipy_wraps_its_ufuncs():
    """SCIPY_ARRAY_API=1 makes them Python code; a missing row is still an error of ours."""
    code = (
        "import minigrad, numpy as np; from scipy import special\n"
        "try: np.frompyfunc(float.hex, 1, 1)(minigrad.tensor(1.0))\n"
        "except minigrad.NoRuleError as error: print(error)"
    )
    environment = {**os.environ, "SCIPY_ARRAY_API": "1"}
    run = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment
    )
    assert run.stdout.startswith("hex (vectorized): no derivative rule")
