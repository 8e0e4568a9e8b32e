"""Line charts as SVG text, which a page can hold, print and move a marker in.

Read next: `nn.replay`, the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nn.diagram import label

__all__ = ["Axes", "axes", "path"]

Array = np.ndarray

_BOX = (52.0, 12.0, 348.0, 236.0)  # left, top, right, bottom of the plot in a 360 × 272 picture


@dataclass(frozen=True, slots=True)
class Axes:
    """Scales from data to the picture's points."""

    x: tuple[float, float]
    y: tuple[float, float]
    log: bool = False

    def place(self, x: Array, y: Array) -> Array:
        """(n, 2): where the data lie in the picture, to a tenth of a point; nan stays nan."""
        left, top, right, bottom = _BOX
        y, (low, high) = np.asarray(y, float), self.y
        if self.log:
            y = np.log10(np.where(y > 0, y, np.nan))
            low, high = np.log10(self.y)
        across = left + (right - left) * (np.asarray(x, float) - self.x[0]) / (
            self.x[1] - self.x[0]
        )
        up = bottom - (bottom - top) * (y - low) / (high - low)
        return np.stack(np.broadcast_arrays(across, up), axis=-1).round(1)

    def svg(self, name: str, xlabel: str, ylabel: str, body: Sequence[str]) -> str:
        """The picture: grid, numbers, labels, and over them the body."""
        left, top, right, bottom = _BOX
        parts = []
        for value, text in _ticks(*self.x, False):
            x = self.place(np.array([value]), np.array([self.y[1]]))[0, 0]
            parts.append(f'<path class="grid" d="M{x:g} {top}V{bottom}"/>')
            parts.append(f'<text x="{x:g}" y="{bottom + 15}" text-anchor="middle">{text}</text>')
        for value, text in _ticks(*self.y, self.log):
            y = self.place(np.array([self.x[0]]), np.array([value]))[0, 1]
            parts.append(f'<path class="grid" d="M{left} {y:g}H{right}"/>')
            parts.append(f'<text x="{left - 6}" y="{y + 4:g}" text-anchor="end">{text}</text>')
        middle = (left + right) / 2
        parts.append(f'<text x="{middle}" y="268" text-anchor="middle">{label(xlabel)}</text>')
        parts.append(
            f'<text x="12" y="{(top + bottom) / 2}" text-anchor="middle" '
            f'transform="rotate(-90 12 {(top + bottom) / 2})">{label(ylabel)}</text>'
        )
        return (
            f'<svg class="chart" role="img" viewBox="0 0 360 272" aria-label="{label(name)}">'
            f"{''.join(parts)}{''.join(body)}</svg>"
        )


def axes(x: Sequence[float], y: Array, log: bool = False) -> Axes:
    """Axes that hold the finite values y, with some room, over the range of x."""
    y = np.asarray(y, float)
    y = y[np.isfinite(y) & ((y > 0) | (not log))]
    low, high = (float(y.min()), float(y.max())) if y.size else (1.0, 1.0)
    if log:
        low, high = low / 1.5, high * 1.5
    else:
        room = 0.06 * (high - low) or max(abs(high), 1.0) / 2
        low, high = (0.0 if 0 <= low <= high / 2 else low - room), high + room
    return Axes((float(x[0]), float(x[1]) if x[1] > x[0] else float(x[0]) + 1), (low, high), log)


def path(points: Array, most: int = 600) -> str:
    """An SVG path through the points; of very many, the lowest and highest of each stretch.

    >>> path(np.array([[0, 1], [2, 3.5], [4, np.nan], [6, 7]]))
    'M0 1L2 3.5M6 7'
    """
    if len(points) > most:
        kept = set()
        for stretch in np.array_split(np.arange(len(points)), most // 2):
            y = points[stretch, 1]
            fine = np.isfinite(y)
            if fine.any():
                kept |= {int(stretch[np.where(fine, y, np.inf).argmin()])}
                kept |= {int(stretch[np.where(fine, y, -np.inf).argmax()])}
            if not fine.all():
                kept.add(int(stretch[fine.argmin()]))  # where there is no line
        points = points[sorted(kept | {0, len(points) - 1})]
    drawn, pen = [], "M"
    for x, y in points.tolist():
        if np.isfinite(y):
            drawn.append(f"{pen}{x:g} {y:g}")
        pen = "L" if np.isfinite(y) else "M"
    return "".join(drawn)


def _ticks(low: float, high: float, log: bool) -> list[tuple[float, str]]:
    """Round numbers from low to high, with their text."""
    if log:
        powers = np.arange(np.ceil(np.log10(low)), np.floor(np.log10(high)) + 1)
        if len(powers) > 1:
            every = -(-len(powers) // 6)
            return [(10.0**k, f"1e{int(k)}") for k in powers[::every]]
        return [(v, f"{v:.2g}") for v in np.geomspace(low, high, 4)]
    rough = (high - low) / 5
    unit = 10 ** np.floor(np.log10(rough))
    step = min((m * unit for m in (1, 2, 5, 10)), key=lambda s: abs(s - rough))
    values = np.arange(np.ceil(low / step), np.floor(high / step + 1e-9) + 1) * step
    return [(float(v), f"{v + 0.0:.6g}") for v in values.round(12)]
