"""Fourier transforms: a convolution by them, agreement with an outside library, messages."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from oracles import assert_close

import minigrad as mg

X = np.cos(np.arange(8.0) ** 2)


def test_a_convolution_by_spectra_has_the_derivatives_of_the_sum():
    """irfft(rfft(x) rfft(k)) is the circular convolution, and so are its gradients."""
    k = np.array([0.5, -1.0, 2.0, 0, 0, 0, 0, 0.25])
    around = (np.arange(8)[:, None] - np.arange(8)) % 8

    def by_spectra(x, k):
        return np.sum(np.fft.irfft(np.fft.rfft(x) * np.fft.rfft(k), n=8) ** 3)

    def by_sums(x, k):
        return np.sum((k[around] @ x) ** 3)

    got, wanted = mg.grad(by_spectra, (0, 1))(X, k), mg.grad(by_sums, (0, 1))(X, k)
    for i in range(2):
        assert_close(got[i], wanted[i], 1e-12)


@pytest.mark.parametrize("name", ["fft", "ifft"])
@pytest.mark.parametrize("n", [None, 5, 11])
def test_gradients_agree_with_autograd(name, n):
    """The power of each frequency, cropped and padded: HIPS autograd gives the same gradient."""

    def power(np):
        return lambda x: np.sum(np.abs(getattr(np.fft, name)(x, n)) ** 2 * np.arange(n or 8.0))

    assert_close(mg.grad(power(np))(X), autograd.grad(power(anp))(X), 1e-11)


def test_single_precision_is_kept():
    """float32 in: a complex64 spectrum, and a float32 gradient."""
    x = mg.tensor(X, dtype=np.float32)
    y = np.fft.fft(x)
    assert y.dtype == np.complex64
    np.sum(np.absolute(y)).backward()
    assert x.grad.dtype == np.float32


def test_what_is_refused():
    """out= has no rule; hfft is composed of what has one."""
    with pytest.raises(mg.NoRuleError, match=r"fft: argument out has no derivative rule"):
        np.fft.fft(mg.tensor(X), out=np.empty(8, complex))
    with pytest.raises(mg.NoRuleError, match=r"np\.fft\.hfft: no derivative rule"):
        np.fft.hfft(mg.tensor(X))
