"""An array as a small map of coloured cells: negative, zero and positive at a glance.

Read next: `minigrad.viz.dot`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from minigrad.values import Array

__all__ = ["colours", "scaled"]

_STEPS = 8  # shades on either side of zero


def scaled(value: Array, most: int = 8) -> Array:
    """A matrix of at most most × most numbers in [-1, 1] that stands for the array.

    The axes before the last are rows. Where there are too many rows or columns, a cell stands for
    a block of them and shows its number of largest magnitude, so that nothing large is missed.
    1 is the largest magnitude in the array; ±inf are ±1, and a block with a nan is nan. Complex
    numbers are shown by their magnitude.

    >>> scaled(np.array([[1.0, -4.0], [np.nan, 0.0]]))
    array([[ 0.25, -1.  ],
           [  nan,  0.  ]])
    """
    value = np.asarray(value)
    value = np.abs(value) if value.dtype.kind == "c" else value.astype(np.float64)
    matrix = value.reshape(-1, value.shape[-1]) if value.ndim > 1 else value.reshape(1, -1)
    for axis in (0, 1):
        n = matrix.shape[axis]
        if n > most:
            starts = np.arange(most) * n // most
            low = np.minimum.reduceat(matrix, starts, axis)
            high = np.maximum.reduceat(matrix, starts, axis)
            matrix = np.where(-low > high, low, high)
    finite = np.abs(matrix[np.isfinite(matrix)])
    largest = finite.max() if finite.size else 0
    return np.clip(matrix / (largest or 1), -1, 1)


def colours(value: Array, negative: str, zero: str, positive: str, nan: str) -> list[list[str]]:
    """The colours of the cells of `scaled(value)`, between the three given as #rrggbb.

    >>> colours(np.array([-2.0, 0.0, 1.0, 2.0]), "#0000ff", "#ffffff", "#ff0000", "#000000")
    [['#0000ff', '#ffffff', '#ff8080', '#ff0000']]
    """
    shades = [_mix(zero, end, np.arange(_STEPS + 1) / _STEPS) for end in (negative, positive)]
    return [
        [
            nan if x != x else shades[x > 0][round(abs(x) * _STEPS)]  # noqa: PLR0124
            for x in row
        ]
        for row in scaled(value).tolist()
    ]


def _mix(start: str, end: str, shares: Array) -> list[str]:
    a, b = (np.array([int(c[i : i + 2], 16) for i in (1, 3, 5)]) for c in (start, end))
    mixed = np.rint(a + shares[:, None] * (b - a)).astype(int)
    return [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in mixed.tolist()]
