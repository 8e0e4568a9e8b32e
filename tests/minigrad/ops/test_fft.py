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


@pytest.mark.parametrize("norm", [None, "ortho", "forward"])
@pytest.mark.parametrize("n", [4, 5])
def test_a_line_there_and_back(norm, n):
    """ihfft and hfft, rfft and irfft undo each other, so that the gradient of x² is 2 x."""
    x = X[:n]
    for there, back in ((np.fft.ihfft, np.fft.hfft), (np.fft.rfft, np.fft.irfft)):

        def energy(x, there=there, back=back):
            return np.sum(back(there(x, norm=norm), n, norm=norm) ** 2)

        assert_close(mg.grad(energy)(x), 2 * x, 1e-14)


@pytest.mark.parametrize("norm", [None, "ortho", "forward"])
def test_a_block_there_and_back(norm):
    """So do the transforms over several axes, over those asked for and of the lengths asked for."""
    x = np.cos(np.arange(30.0) ** 2).reshape(2, 3, 5)
    for real, back, kinds in (
        (np.fft.rfft2, np.fft.irfft2, {"s": (3, 5)}),
        (np.fft.rfftn, np.fft.irfftn, {"s": (2, 3, 5), "axes": (0, 1, 2)}),
        (np.fft.rfftn, np.fft.irfftn, {"s": (5, 2), "axes": (-1, 0)}),
        (np.fft.fft2, np.fft.ifft2, {"axes": (2, 0)}),
        (np.fft.fftn, np.fft.ifftn, {}),
    ):

        def energy(x, real=real, back=back, kinds=kinds):
            return np.sum(np.real(back(real(x, norm=norm, **kinds), norm=norm, **kinds)) ** 2)

        assert_close(mg.grad(energy)(x), 2 * x, 1e-14)


def test_frequencies_of_a_step_that_is_a_variable():
    """fftfreq is Python code that divides by n d, which records: 0, 1/(4d), -1/(2d), -1/(4d)."""
    got = mg.jacobian(lambda d: np.fft.fftfreq(4, d))(0.5)
    assert_close(got, np.array([0, -1, 2, 1.0]), 1e-15)


def test_what_is_refused():
    """out= has no rule, nor has a norm that there is not; the messages say which."""
    with pytest.raises(mg.NoRuleError, match=r"fft: argument out has no derivative rule"):
        np.fft.fft(mg.tensor(X), out=np.empty(8, complex))
    with pytest.raises(mg.NoRuleError, match=r"hfft: .*'out'; a Tensor takes a, n, axis, norm"):
        np.fft.hfft(mg.tensor(X), out=np.empty(14))
    for transform in (np.fft.fft, np.fft.hfft):
        with pytest.raises(mg.ShapeError, match=r"fft: \(8,\): Invalid norm value big"):
            transform(mg.tensor(X), norm="big")
