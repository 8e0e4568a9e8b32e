"""When two arrays count as equal, and what rounding may have done to them.

Read next: `nn.diagnosis.explain`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from nn.diagnosis.expressions import Expr
from nn.diagnosis.scope import Scope

__all__ = ["SHAKE", "Trial", "evaluate", "far", "noise", "relative", "same"]

Array = Any
_TOLERANCE = 1e-6
SHAKE = 64  # units in the last place


@dataclass(eq=False)
class Trial:
    """The student's values at one point, and the scope in which equations are evaluated.

    Attributes:
        scope: with the student's values of the quantities before the one in question.
        truth: the scope in which everything is right.
        values: the student's, as they came.
        eps: the precision that is no one's mistake: that of the network's dtype, or float32's
            if the student's arrays have it.
    """

    scope: Scope
    truth: Scope
    values: Mapping[str, Any]
    eps: float
    _shaken: Scope | None = None

    def noise(self, expr: Expr, letter: str) -> Callable[[], Array]:
        """How far rounding may move each entry of an expression, if asked: see `noise`."""
        return lambda: noise(evaluate(expr, self.scope), evaluate(expr, self.shaken), letter)

    def noise_of_truth(self, expr: Expr, letter: str) -> Callable[[], Array]:
        """The same where everything is right, and nothing is known but the inputs."""
        return lambda: noise(evaluate(expr, self.truth), evaluate(expr, self.shaken_truth), letter)

    @cached_property
    def shaken_truth(self) -> Scope:
        """The truth as rounding may have had it."""
        return _shaken(self.truth, SHAKE * self.eps)

    @property
    def shaken(self) -> Scope:
        """The scope as rounding may have had it."""
        if self._shaken is None:
            self._shaken = _shaken(self.scope, SHAKE * self.eps)
        return self._shaken

    def take(self, quantity: str, value: Array) -> None:
        """From here on, use this value of a quantity."""
        self.scope = self.scope.with_(quantity, value)
        if self._shaken is not None:
            shaken = _shake(value, SHAKE * self.eps)
            self._shaken = self._shaken.with_(quantity, shaken)


def _shaken(scope: Scope, by: float) -> Scope:
    given = {k: _shake(v, by) for k, v in scope.given.items()}
    return replace(scope, point=scope.point.shaken(by), given=given, known={}, shake=by)


def _shake(value: Array, by: float) -> Array:
    signs = np.random.default_rng(1).integers(0, 2, value.shape, np.int8) * 2 - 1
    return value * (1 + by * signs)


def evaluate(expr: Expr, scope: Any) -> Array | None:
    """The expression's value as float64, or None where sizes do not fit."""
    try:
        return np.asarray(expr.value(scope), float)
    except (ValueError, IndexError):
        return None


def noise(h: Array | None, shaken: Array | None, letter: str) -> Array:
    """|h − h of shaken inputs|, spread over what is summed alike.

    An entry of dW or db that cancels to almost nothing is as uncertain as its neighbours; those
    of dA and dZ are as their column's, of which the sum W[l+1]ᵀ dZ[l+1] is taken.
    """
    if h is None or shaken is None or not h.size:
        return 0.0
    apart = np.nan_to_num(np.abs(h - shaken), nan=np.inf, posinf=np.inf)
    return apart.max() if letter in {"dW", "db"} else np.maximum(apart, apart.max(axis=0) / 64)


def far(s: Array, h: Array, eps: float, noise: Callable[[], Array] | None = None) -> bool:
    """Whether s is not h, anywhere, by more than the tolerance and rounding allow."""
    if s.shape != h.shape or not s.size:
        return bool(s.shape != h.shape)
    apart, size = np.abs(s - h), np.abs(h)
    worst, largest = apart.max(), float(size.max())
    tolerance, off = max(_TOLERANCE, 800 * eps), 1000 * eps * largest
    too_far = 2 * tolerance * largest + off  # more than any bound below
    if worst > too_far and not noise:
        return True
    if (apart <= _TOLERANCE * size).all():
        return False
    rounding = 8 * noise() if noise else 0.0
    if worst > too_far + np.max(rounding):
        return True
    nonzero = size[size > 0]
    typical = float(np.median(nonzero)) if nonzero.size else 0.0
    return not bool((apart <= tolerance * (size + typical) + off + rounding).all())


def same(s: Array, h: Array | None, eps: float, noise: Callable[[], Array] | None = None) -> bool:
    """Whether s is h, as far as can be told."""
    return h is not None and not far(s, h, eps, noise)


def relative(s: Array, h: Array) -> float:
    """The largest difference, relative to the largest |h|."""
    apart = float(np.abs(s - h).max()) if s.shape == h.shape and s.size else np.inf
    scale = float(np.abs(h).max()) if h.size else 0.0
    if not apart:
        return 0.0
    return apart / scale if scale and np.isfinite(apart) else float("inf")
