"""diagnose_gradient: the mistakes it names, and what it does not name."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import DTypeError
from minigrad.testing import KINDS, arrays, diagnose_gradient
from minigrad.testing.diagnosis import unlike

WEIGHTS = np.random.default_rng(0).normal(size=(3, 3))


def cost(x):
    return np.sum(WEIGHTS[:, : x.shape[1]] * np.sin(x) + 0.1 * x**2)


def gradient(x):
    return WEIGHTS[:, : x.shape[1]] * np.cos(x) + 0.2 * x


square = arrays((3, 3))
POINT = np.array([[0.3, -1.2, 1.7], [0.9, -0.4, 0.1], [-1.5, 0.7, 1.1]])

MISTAKES = {
    "factor": [
        (lambda x: gradient(x) / 3, "it is 1/3 times"),
        (lambda x: 7.3 * gradient(x), "it is 7.3 times"),
        (lambda x: -2 * gradient(x), "it is -2 times"),
    ],
    "sign": [
        (lambda x: -gradient(x), "minus the right gradient"),
        (lambda x: gradient(x) * np.where(x > 0.8, -1, 1), "wrong sign at 3 of 9"),
    ],
    "transposed": [(lambda x: gradient(x).T, "the right gradient transposed")],
    "reversed": [(lambda x: gradient(x)[:, ::-1], "reversed along axis 1")],
    "extra_sum": [
        (lambda x: gradient(x).sum(0) + 0 * x, "each element is the sum along axis 0"),
        (lambda x: gradient(x).mean(1, keepdims=True) + 0 * x, "the mean along axis 1"),
    ],
    "extra_term": [
        (lambda x: gradient(x) + 0.5, "a term too many: 0.5$"),
        (lambda x: gradient(x) + 0.01 * x, "a term too many: 0.01 times the argument"),
    ],
    "zero": [
        (lambda x: gradient(x) * 0, "it is 0 everywhere"),
        (lambda x: gradient(x) * (x > 0), "it is 0 at 3 of 9 elements"),
    ],
    "not_finite": [(lambda x: gradient(x) / (x != 0.9), r"at \[1, 0\] it is (inf|-inf)")],
    "precision": [
        (lambda x: gradient(x).astype(np.float16), "right to 1e-04 of|right to [1-9]e-04 of"),
        (lambda x: gradient(x) + 1e-6 * np.sin(50 * x), "right to [1-9]e-0[67] of"),
    ],
    "shape": [
        (lambda x: gradient(x)[:2], r"shape \(2, 3\), not \(3, 3\)"),
        (lambda x: gradient(x).ravel(), "the numbers are right"),
    ],
    "unknown": [
        (lambda x: WEIGHTS * np.sin(x), "it is"),
        (lambda x: gradient(x) * (1 + 0.1 * x), "it is"),
    ],
    "none": [(gradient, "agrees with finite differences")],
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "claim", "says"), [(k, c, s) for k, cases in MISTAKES.items() for c, s in cases]
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_it_names_the_mistake(kind, claim, says):
    """By kind, and in words."""
    found = diagnose_gradient(cost, POINT, claim(POINT))
    assert found.kind == kind, found
    assert found.kind in KINDS
    assert found.ok == (kind == "none")
    assert re.search(says, found.message), found.message
    assert str(found) == f"{kind}: {found.message}"


RELIABLE = ["factor", "sign", "transposed", "reversed", "extra_term", "none"]


@given(x=square, kind=st.sampled_from(RELIABLE), which=st.integers(0, 2))
def test_it_is_right_everywhere(x, kind, which):
    """At random points too the name is the mistake's, or there is none; never another."""
    claim = MISTAKES[kind][which % len(MISTAKES[kind])][0]
    found = diagnose_gradient(cost, x, claim(x))
    assert found.kind in {kind, "ambiguous", "unknown"}
    if found.kind == "ambiguous":
        assert kind in found.candidates


@given(x=square, noise=arrays((3, 3)))
def test_noise_gets_no_name(x, noise):
    """A wrong name is worse than none: what nothing explains is unknown."""
    assert diagnose_gradient(cost, x, gradient(x) + np.sin(9 * noise)).kind == "unknown"


def test_a_missing_sum_over_a_broadcast_axis():
    """The mistake of db = dZ."""
    x, b = np.arange(6.0).reshape(2, 3), np.ones((2, 1))
    found = diagnose_gradient(lambda b: np.sum((x + b) ** 2), b, 2 * (x + b))
    assert found.kind == "missing_sum"
    assert "shape (2, 3), not (2, 1): sum it over the axes" in found.message
    mean = (2 * (x + b)).mean(1, keepdims=True)
    assert "1/3 times" in diagnose_gradient(lambda b: np.sum((x + b) ** 2), b, mean).message


def test_a_shape_transposed():
    """A gradient of the transpose's shape."""
    x = np.ones((2, 3)) * [1.0, 2, 3]
    found = diagnose_gradient(lambda x: np.sum(np.sin(x)), x, np.cos(x).T)
    assert found.kind == "transposed"


def test_three_axes():
    x = np.random.default_rng(1).normal(size=(2, 2, 2))
    found = diagnose_gradient(lambda x: np.sum(x**3), x, np.transpose(3 * x**2, (1, 2, 0)))
    assert found.kind == "transposed"
    assert "axes (1, 2, 0)" in found.message


def test_conjugated():
    """PyTorch's convention, taken for this one."""
    z = np.array([1 + 2j, -0.5 + 0.3j, 2.0])
    f = lambda z: np.sum(np.abs(z) ** 2)  # noqa: E731
    assert diagnose_gradient(f, z, 2 * np.conj(z)).ok
    assert diagnose_gradient(f, z, 2 * z).kind == "conjugated"


def test_a_kink():
    """What is claimed at a kink is not called wrong, but a claim at a kink."""
    x = np.array([0.0, 1.0, -1.0])
    f = lambda x: np.sum(np.maximum(x, 0))  # noqa: E731
    found = diagnose_gradient(f, x, np.array([0.0, 1.0, 0.0]))
    assert found.kind == "kink"
    assert "slope is 0 on the left and 1 on the right; it is 0, which lies between" in found.message
    found = diagnose_gradient(f, x, np.array([7.0, 1.0, 0.0]))
    assert found.kind == "kink"
    assert "it is 7, which is neither, nor between them" in found.message


def test_single_numbers_take_simple_factors_only():
    """Any claim is some factor times one number; only a simple one is a finding."""
    assert diagnose_gradient(lambda x: x**2, 3.0, 3.0).kind == "factor"
    assert diagnose_gradient(lambda x: x**2, 3.0, -6.0).kind == "sign"
    assert diagnose_gradient(lambda x: x**2, 3.0, 3.1234).kind == "unknown"


def test_alike_explanations_are_ambiguous():
    """An antisymmetric gradient: its transpose is its negative."""
    A = np.array([[0.0, 1, 2], [-1, 0, 3], [-2, -3, 0]])
    found = diagnose_gradient(lambda x: np.sum(A * x), np.ones((3, 3)), A.T)
    assert found.kind == "ambiguous"
    assert set(found.candidates) == {"sign", "transposed"}


def test_what_cannot_be_judged_is_not_judged():
    rng = np.random.default_rng(0)
    found = diagnose_gradient(lambda x: np.sum(x) + rng.uniform(), np.ones(3), np.ones(3) * 2)
    assert found.kind == "unsettled"


def test_trees_are_refused():
    with pytest.raises(DTypeError, match=r"got dict as the argument; expected one array"):
        diagnose_gradient(lambda d: d["a"], {"a": 1.0}, {"a": 1.0})


def test_nearly_right_is_no_factor():
    """A derivative that lost digits is lossy; not "1 times the right one"."""
    found = diagnose_gradient(cost, POINT, gradient(POINT) * (1 + 5e-7))
    assert str(found) == "precision: it is right to 5e-07 of the largest element, no better"
    assert diagnose_gradient(lambda x: x**2, 2.0, 4.0 * 1.25).kind == "factor"


@pytest.mark.parametrize("size", [1e-250, 1e-160, 1.0, 1e160, 1e250])
def test_names_do_not_depend_on_the_size(size):
    """Of the gradient; squares of it may be 0, or infinite."""
    x = np.array([1.3, -0.4, 0.8])
    f = lambda x: np.sum(x**3) * size  # noqa: E731
    right = 3 * x**2 * size
    assert diagnose_gradient(f, x, right).ok
    assert "it is 1/3 times" in str(diagnose_gradient(f, x, right / 3))
    assert diagnose_gradient(f, x, -right).kind == "sign"
    more = diagnose_gradient(f, x, right + 0.25 * size)
    assert str(more) == f"extra_term: it has a term too many: {0.25 * size:.6g}"
    long = diagnose_gradient(lambda x: np.sum(x**3), x * size**0.01, 3 * x**2 + 2 * x)
    assert long.kind == ("extra_term" if size == 1 else "unknown")


def test_two_numbers_that_differ_are_told_apart():
    """In as many digits as that takes."""
    found = diagnose_gradient(lambda x: x**2, 1e8, 2e8 * (1 + 2e-3))
    assert str(found) == "unknown: it is 2.004e+08, not 2e+08"
    assert unlike(2.1913869, 2.1913868) == "it is 2.1913869, not 2.1913868"
    assert unlike(1.0, 1.0) == "it is 1, not 1"
