"""The rows of Fourier transforms.

One entry for each row: how to call it and where it is safe to evaluate. `test_table` does the rest.
"""

import itertools

import numpy as np
from cases import on
from strategies import REAL


def called(function, kinds):
    """A real result: of a complex spectrum both parts, unequally weighted."""

    def call(x):
        y = function(x, **kinds)
        return np.real(y) - 2 * np.imag(y) if np.iscomplexobj(y) else y

    return call


def transforms(function, shapes, ways, of_complex=True):
    """Each norm with each way of giving lengths and axes."""
    cases = []
    for way, norm in itertools.product(({}, *ways), (None, "ortho", "forward")):
        call = called(function, {**way, "norm": norm})
        cases += on(REAL, call=call, shapes=shapes, analytic=False, on_complex=of_complex)
    return cases


LINES = ((3,), (4,), (2, 3), (3, 2))
LENGTHS = ({"n": 5}, {"n": 2}, {"n": 4, "axis": 0}, {"axis": 0})
PLANES = ((2, 3), (3, 2), (2, 3, 4))
SIZES = ({"s": (4, 2), "axes": (0, 1)}, {"s": (2, 5), "axes": (-1, 0)}, {"axes": (1, 0)})
SHIFTS = [
    case
    for axes in (None, 0, (0, 1), (-1,))
    for case in on(REAL, call=lambda x, axes=axes: np.fft.fftshift(x, axes), shapes=PLANES)
]

CASES = {
    np.fft.fft: transforms(np.fft.fft, LINES, LENGTHS),
    np.fft.ifft: transforms(np.fft.ifft, LINES, LENGTHS),
    np.fft.rfft: transforms(np.fft.rfft, LINES, LENGTHS, of_complex=False),
    np.fft.irfft: transforms(np.fft.irfft, LINES[:3], LENGTHS[:3]),
    np.fft.hfft: transforms(np.fft.hfft, LINES[:3], LENGTHS[:3]),
    np.fft.ihfft: transforms(np.fft.ihfft, LINES, LENGTHS, of_complex=False),
    np.fft.fft2: transforms(np.fft.fft2, PLANES, SIZES),
    np.fft.ifft2: transforms(np.fft.ifft2, PLANES, SIZES),
    np.fft.fftn: transforms(np.fft.fftn, PLANES, SIZES),
    np.fft.ifftn: transforms(np.fft.ifftn, PLANES, SIZES),
    np.fft.rfft2: transforms(np.fft.rfft2, PLANES, SIZES, of_complex=False),
    np.fft.rfftn: transforms(np.fft.rfftn, PLANES, SIZES, of_complex=False),
    np.fft.irfft2: transforms(np.fft.irfft2, PLANES, SIZES),
    np.fft.irfftn: transforms(np.fft.irfftn, PLANES, SIZES),
    np.fft.fftshift: SHIFTS,
    np.fft.ifftshift: on(REAL, call=lambda x: np.fft.ifftshift(x, -1), shapes=PLANES),
}
