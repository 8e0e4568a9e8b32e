"""Fourier transforms: each is linear, and the transpose of a transform is one as well.

The matrix of `fft` is symmetric, so its transpose is itself, between cropping and padding.

Read next: `minigrad.transforms`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.ops.declare import composed, linear
from minigrad.values import Array

__all__: list[str] = []

_OPPOSITE: dict[Any, Any] = {
    None: "forward",
    "backward": "forward",
    "ortho": "ortho",
    "forward": "backward",
}


def _opposite(norm: Any) -> Any:
    """The norm of the way back; what NumPy does not know stays, for NumPy to refuse."""
    return _OPPOSITE.get(norm, norm)


def _fit(c: Array, n: int, axis: int) -> Array:
    """`c` with its axis cropped or filled up with zeros to length n."""
    axis = axis % c.ndim
    have = c.shape[axis]
    if have > n:
        return c[(slice(None),) * axis + (slice(n),)]
    if have < n:
        zeros = np.zeros((*c.shape[:axis], n - have, *c.shape[axis + 1 :]), c.dtype)
        c = np.concatenate([c, zeros], axis=axis)
    return c


def _axes(a: Array, s: Any, axes: Any) -> list[int]:
    if axes is None:
        axes = range(-len(s), 0) if s is not None else range(a.ndim)
    return [int(i) % a.ndim for i in axes]


def _fitted(c: Array, a: Array, axes: Sequence[int]) -> Array:
    for axis in axes:
        c = _fit(c, a.shape[axis], axis)
    return c


def _transform(g: Array, a: Array, axes: list[int], norm: Any, transform: Any) -> Array:
    return _fitted(transform(g, axes=axes, norm=norm), a, axes)


def _real_transform(g: Array, a: Array, n: int | None, axes: list[int], norm: Any) -> Array:
    """Of a real transform: the half of the spectrum that was left out had the cotangent 0."""
    n = a.shape[axes[-1]] if n in {None, -1} else n
    return _transform(_fit(g, n, axes[-1]), a, axes, norm, np.fft.fftn)


def _to_real(g: Array, a: Array, axes: list[int], norm: Any) -> Array:
    """Of a transform back to reals: all but the first and the middle frequency stand for two."""
    n = g.shape[axes[-1]]
    twice = np.ones(n // 2 + 1, g.dtype)
    twice[1 : (n + 1) // 2] = 2
    c = np.conjugate(np.fft.rfft(g, axis=axes[-1], norm=_opposite(norm)))
    c = c * np.reshape(twice, (-1,) + (1,) * (a.ndim - 1 - axes[-1]))
    if axes[:-1]:
        c = np.fft.ifftn(c, axes=axes[:-1], norm=norm)
    return _fitted(c, a, axes)


def _declare(
    function: Any, back: Callable[[Array, Array, int | None, list[int], Any], Array]
) -> None:
    """Declare a transform by its transpose `back(g, a, n, axes, norm)`, n the last length."""
    code = f"np.fft.{function.__name__}({{*=}})"
    if not function.__name__.endswith(("2", "n")):

        def along(
            g: Array, y: Array, a: Array, *, n: Any = None, axis: int = -1, norm: Any = None
        ) -> Array:
            return back(g, a, n, [axis % a.ndim], norm)

        linear(function, along, symbol="F", code=code)
        return
    default = (-2, -1) if function.__name__.endswith("2") else None

    def over(
        g: Array, y: Array, a: Array, *, s: Any = None, axes: Any = default, norm: Any = None
    ) -> Array:
        return back(g, a, None if s is None else s[-1], _axes(a, s, axes), norm)

    linear(function, over, symbol="F", code=code)


_function: Any
for _function in (np.fft.fft, np.fft.fft2, np.fft.fftn):
    _declare(_function, lambda g, a, n, axes, norm: _transform(g, a, axes, norm, np.fft.fftn))
for _function in (np.fft.ifft, np.fft.ifft2, np.fft.ifftn):
    _declare(_function, lambda g, a, n, axes, norm: _transform(g, a, axes, norm, np.fft.ifftn))
for _function in (np.fft.rfft, np.fft.rfft2, np.fft.rfftn):
    _declare(_function, _real_transform)
for _function in (np.fft.irfft, np.fft.irfft2, np.fft.irfftn):
    _declare(_function, lambda g, a, n, axes, norm: _to_real(g, a, axes, norm))
composed(
    np.fft.hfft,
    lambda a, n=None, axis=-1, norm=None: np.fft.irfft(np.conjugate(a), n, axis, _opposite(norm)),
)
composed(
    np.fft.ihfft,
    lambda a, n=None, axis=-1, norm=None: np.conjugate(np.fft.rfft(a, n, axis, _opposite(norm))),
)
linear(
    np.fft.fftshift,
    lambda g, y, x, *, axes=None: np.fft.ifftshift(g, axes),
    code="np.fft.fftshift({*=})",
)
linear(
    np.fft.ifftshift,
    lambda g, y, x, *, axes=None: np.fft.fftshift(g, axes),
    code="np.fft.ifftshift({*=})",
)
