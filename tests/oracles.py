"""Derivatives by other means than the engine's: differences and the complex step."""

from itertools import pairwise

import numpy as np


def scalar_derivative(phi, h=4e-3, levels=5):
    """phi'(0) by central differences and Richardson's extrapolation: (value, error estimate)."""
    table = []
    for k in range(levels):
        step = h / 2**k
        row = [(phi(step) - phi(-step)) / (2 * step)]
        for j, above in enumerate(table[-1] if table else []):
            row.append(row[-1] + (row[-1] - above) / (4 ** (j + 1) - 1))
        table.append(row)
    # The deepest extrapolation cancels truncation but feeds on rounding: take the steadiest.
    ends = [row[-1] for row in table]
    gaps = [abs(b - a) for a, b in pairwise(ends)]
    best = int(np.argmin(gaps))
    return ends[best + 1], gaps[best]


def directional(f, xs, ts):
    """The derivative of the scalar f at the arrays xs along ts: (value, error estimate)."""
    return scalar_derivative(lambda s: f(*[x + s * t for x, t in zip(xs, ts, strict=True)]))


def gradient(f, xs):
    """The gradients of the real scalar f at the arrays xs, one coordinate at a time."""
    return [_each(f, xs, i, lambda phi: scalar_derivative(phi)[0]) for i in range(len(xs))]


def complex_gradient(f, xs):
    """The same for complex xs, as du - i dv of x = u + iv: the convention of the ops' rules."""

    def both(phi):
        return scalar_derivative(phi)[0] - 1j * scalar_derivative(lambda s: phi(1j * s))[0]

    return [_each(f, xs, i, both) for i in range(len(xs))]


def complex_step(f, xs, h=1e-30):
    """The gradients of an analytic f at xs, to the last digit: no difference, no cancellation."""
    return [_each(f, xs, i, lambda phi: np.imag(phi(1j * h)) / h, complex) for i in range(len(xs))]


def _each(f, xs, i, derivative, dtype=None):
    x = np.asarray(xs[i], dtype)
    out = np.zeros(x.shape, np.result_type(xs[i]))

    def along(place):
        def phi(s):
            moved = x.copy()
            moved[place] += s
            return f(*xs[:i], moved[()], *xs[i + 1 :])

        return phi

    for place in np.ndindex(x.shape):
        out[place] = derivative(along(place))
    return out


def assert_close(got, wanted, tolerance):
    """Equal shapes, and equal numbers up to `tolerance` of the larger of 1 and the largest."""
    got, wanted = np.asarray(got), np.asarray(wanted)
    assert got.shape == wanted.shape
    scale = max(1.0, float(np.max(np.abs(wanted), initial=0.0)))
    worst = float(np.max(np.abs(got - wanted), initial=0.0)) / scale
    assert worst <= tolerance, f"off by {worst:.1e} of {scale:.3g}:\n got {got}\nwant {wanted}"
