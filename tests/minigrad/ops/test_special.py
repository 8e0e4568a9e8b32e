"""scipy.special where a formula alone does not say what happens: far out, at 0, and refusals."""

import subprocess
import sys

import numpy as np
import pytest
from oracles import assert_close
from scipy import special

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


def test_a_ufunc_without_a_row_is_named_as_scipys():
    """The error says where the function is from, also for SciPy's ufuncs, which do not."""
    with pytest.raises(mg.NoRuleError, match=r"scipy\.special\.agm: no derivative rule"):
        special.agm(mg.tensor(1.0), 2.0)
