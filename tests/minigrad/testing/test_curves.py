"""The slope of a curve: by differences, on both sides, and where it jumps."""

import numpy as np
import pytest

from minigrad.testing.curves import Lost, jump, slope, slopes


def test_kinks_and_jumps_are_found_and_only_those():
    """The slopes on both sides where they differ, the limits where the function jumps."""
    assert slopes(np.abs) == pytest.approx((-1, 1))
    assert slopes(lambda s: max(s, 0) + s) == pytest.approx((1, 2))
    assert jump(np.sign) == (-1, 1)
    for smooth in (np.sin, np.exp, lambda s: s**3, lambda s: s * abs(s)):
        assert slopes(smooth) is None
        assert jump(smooth) is None
    assert jump(np.abs) is None


def test_a_slope_is_of_each_element_by_itself():
    """One element near a kink does not spoil the others."""
    found = slope(lambda s: np.array([np.sin(s), abs(s - 1e-3), 5.0]))
    assert found.value == pytest.approx([1, -1, 0], abs=1e-8)


PASSED_OVER = {
    "a period": (lambda s: np.sin(128 * np.pi * s), 128 * np.pi, [1.0]),
    "treads": (lambda s: np.round(s - 5.00012, 2) + s, 1.0, [5.00012]),
    "a kink on either side": (lambda s: np.abs(s + 1e-8), 1.0, [1e-8, 1e10]),
    "a piece between two": (lambda s: np.clip(s + 0.1, 0, 1) ** 2, 0.2, [100.0]),
    "a pole": (lambda s: 1 / (s + 1e-2), -1e4, [1e3]),
    "all there is": (lambda s: 1 / (s + 1e-30), -1e60, [1e-30]),
    "the size of another": (lambda s: np.hypot(s + 1e-6, 2), 5e-7, [1e-6, 1e6]),
}


@pytest.mark.parametrize("name", PASSED_OVER)
def test_a_large_step_passes_over_nothing(name):
    """However well large steps agree with each other: what a small one says counts."""
    phi, wanted, scales = PASSED_OVER[name]
    found = slope(lambda s: np.array([phi(s)]), scales)
    assert abs(found.value - wanted) <= 10 * found.error + 1e-9 * abs(wanted)
    assert found.error <= 1e-4 * abs(wanted)


def test_what_underflows_is_no_evidence():
    """The difference of two numbers that are rounded to 0 is 0, more or less the tiniest of all."""
    found = slope(lambda s: np.array([(s + 1e-200) ** 2]), [1e-200])
    assert abs(found.value - 2e-200) <= found.error < 1e-100


def test_coarse_arithmetic_is_told_of():
    """Values rounded to float32 have slopes of so many digits only, and no kinks for that."""
    phi = lambda s: np.array([float(np.float32(1.1 + s)) * (1.1 + s)])  # noqa: E731
    lost = Lost(float(np.finfo(np.float32).eps))
    found = slope(phi, [1.1], lost)
    assert abs(found.value - 2.2) <= found.error < 1e-3
    assert slopes(lambda s: phi(s)[0], [1.1], lost) is None
