"""What a random program may do with values: calls of NumPy, and where each is safe.

Read next: `minigrad.testing.program`, which strings them together.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np

from minigrad.values import Array

__all__ = ["BINARY", "NESTED", "PRODUCTS", "UNARY", "Way", "joins", "rearrangements", "reductions"]


@dataclass(frozen=True)
class Way:
    """One way to compute with values.

    Attributes:
        code: Python, with `{0}` and `{1}` for the operands.
        fits: whether these operands are safe: clear of kinks, poles and large numbers.
        analytic: whether the complex step may differentiate it.
    """

    code: str
    fits: Callable[..., Any] = lambda *values: True
    analytic: bool = True

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The functions of NumPy it calls: `linalg.inv`, `tanh`."""
        return tuple(re.findall(r"\bnp\.([\w.]+)", self.code))


# Where operands are safe --------------------------------------------------------------------------


def within(limit: float) -> Callable[..., Any]:
    """All operands at most so large."""
    return lambda *values: all(np.abs(v).max() <= limit for v in values)


def above(low: float, high: float = 50.0) -> Callable[..., Any]:
    """All elements of the first operand in between."""
    return lambda *values: values[0].min() > low and values[0].max() < high


def inside(limit: float) -> Callable[..., Any]:
    """All elements of the first operand at most so large."""
    return lambda *values: np.abs(values[0]).max() < limit


def off(*points: float, by: float = 0.05) -> Callable[..., Any]:
    """No element of the first operand close to one of these."""
    return lambda *values: all(np.abs(values[0] - p).min() > by for p in points)


def unequal(a: Array, b: Array) -> Any:
    """No element of one close to its partner in the other."""
    return np.abs(a - b).min() > 0.05


def distinct(a: Array, *_: Array) -> Any:
    """No two elements close to each other."""
    return a.size < 2 or np.diff(np.sort(a, axis=None)).min() > 0.02


def nonzero(a: Array, b: Array) -> Any:
    """The second operand clear of zero."""
    return np.abs(b).min() > 0.2 and np.abs(a).max() < 10


def safe_power(a: Array, b: Array) -> Any:
    """A positive base, and neither large."""
    return a.min() > 0.3 and a.max() < 3 and np.abs(b).max() < 2


def clear_remainder(a: Array, b: Array) -> Any:
    """No quotient close to a whole number."""
    if b.min() < 0.3:
        return False
    q = a / b
    return np.abs(q - np.rint(q)).min() > 0.1


def same_inner(a: Array, b: Array) -> Any:
    """Matrices, or vectors, whose product exists; no stacks of them."""
    return 1 <= a.ndim <= 2 and 1 <= b.ndim <= 2 and a.shape[-1] == b.shape[0]


def square(a: Array) -> Any:
    """A square matrix of moderate elements."""
    return a.ndim == 2 and a.shape[0] == a.shape[1] and np.abs(a).max() < 3


def system(a: Array, b: Array) -> Any:
    """A square matrix, and right sides for it."""
    return square(a) and b.ndim == 2 and b.shape[0] == a.shape[0]


# The ways -----------------------------------------------------------------------------------------

UNARY = [
    Way("np.tanh({0})"), Way("np.sin({0})"), Way("-{0}"), Way("np.cos({0})"), Way("{0} * {0}"),
    Way("np.exp({0})", inside(2)), Way("np.expm1({0})", inside(2)), Way("np.exp2({0})", inside(3)),
    Way("np.log({0})", above(0.3)), Way("np.log1p({0})", above(-0.6)),
    Way("np.log2({0})", above(0.3)), Way("np.log10({0})", above(0.3)),
    Way("np.sqrt({0})", above(0.2)), Way("np.cbrt({0})", off(0, by=0.2), False),
    Way("np.square({0})", inside(5)), Way("{0} ** 3", inside(3)), Way("2.0 ** {0}", inside(3)),
    Way("{0} ** -2", off(0, by=0.4)), Way("1 / {0}", off(0, by=0.3)),
    Way("np.reciprocal({0})", off(0, by=0.3)), Way("3 - {0}"), Way("0.5 * {0}"), Way("{0} / 4"),
    Way("np.tan({0})", inside(1.2)), Way("np.arcsin({0})", inside(0.8)),
    Way("np.arccos({0})", inside(0.8)), Way("np.arctan({0})"), Way("np.sinh({0})", inside(2)),
    Way("np.cosh({0})", inside(2)), Way("np.arcsinh({0})"), Way("np.arccosh({0})", above(1.3)),
    Way("np.arctanh({0})", inside(0.8)), Way("np.sinc({0})", off(0, by=0.1)),
    Way("np.abs({0})", off(0), False), Way("np.fabs({0})", off(0), False),
    Way("np.sign({0}) * {0}", off(0), False), Way("np.maximum({0}, 0)", off(0), False),
    Way("np.minimum({0}, 0.5)", off(0.5), False),
    Way("np.clip({0}, -0.9, 0.7)", off(-0.9, 0.7), False),
    Way("np.where({0} > 0, {0}, -0.1 * {0})", off(0), False),
    Way("np.where({0} > 0.3, np.log(np.abs({0})), 1.0)", off(0, 0.3), False),
    Way("np.logaddexp({0}, 0)", inside(20), False),
    Way("np.floor({0}) + {0}", off(*range(-9, 10)), False),
    Way("np.deg2rad({0})", analytic=False), Way("np.rad2deg({0}) / 60", analytic=False),
    Way("np.nan_to_num({0})", analytic=False), Way("np.real({0})", analytic=False),
]  # fmt: skip

BINARY = [
    Way("{0} * {1}", within(5)), Way("{0} + {1}"), Way("{0} - {1}"), Way("{0} / {1}", nonzero),
    Way("{0} ** {1}", safe_power), Way("np.maximum({0}, {1})", unequal, False),
    Way("np.minimum({0}, {1})", unequal, False), Way("np.fmax({0}, {1})", unequal, False),
    Way("np.fmin({0}, {1})", unequal, False), Way("np.logaddexp({0}, {1})", within(20), False),
    Way("np.logaddexp2({0}, {1})", within(20), False),
    Way("np.arctan2({0}, {1})", lambda a, b: (a * a + b * b).min() > 0.2, False),
    Way("np.hypot({0}, {1})", lambda a, b: (a * a + b * b).min() > 0.2, False),
    Way("np.remainder({0}, {1})", clear_remainder, False),
    Way("np.where({0} > {1}, {0}, 2 * {1})", unequal, False),
    Way("np.float_power({0}, {1})", safe_power),
]  # fmt: skip

PRODUCTS = [
    Way("{0} @ {1}", same_inner), Way("np.matmul({0}, {1})", same_inner),
    Way("np.dot({0}, {1})", same_inner), Way("np.tensordot({0}, {1}, 1)", same_inner),
    Way("np.inner({0}, {1})", lambda a, b: a.ndim == b.ndim == 1 and a.shape == b.shape),
    Way("np.outer({0}, {1})", lambda a, b: a.ndim == b.ndim == 1),
    Way('np.einsum("ij,jk->ik", {0}, {1})', lambda a, b: a.ndim + b.ndim == 4 and same_inner(a, b)),
    Way('np.einsum("ij,ij->j", {0}, {1})', lambda a, b: a.ndim == 2 and a.shape == b.shape),
    Way("np.kron({0}, {1})", lambda a, b: a.ndim == b.ndim == 2 and a.size * b.size < 40),
    Way("np.linalg.solve({0} + 9 * np.eye(len({0})), {1})", system),
]  # fmt: skip

TRANSFORMS = [
    Way("np.real(np.fft.fft({0}))", analytic=False),
    Way("np.imag(np.fft.ifft({0}, axis=0))", analytic=False),
    Way("np.real(np.fft.rfft({0}))", analytic=False),
]

NESTED = [
    Way("grad(lambda t: np.sum(np.sin(t) * {1}))({0})"),
    Way("grad(lambda t: np.sum(t * t * {1} * t))({0})", within(3)),
    Way("grad(lambda t: np.sum(np.tanh(t + {1}) * t))({0})"),
    Way("{1} * grad(lambda t: np.sum(np.exp({1} * t)))({0})", within(1.2)),
    Way("grad(lambda t: np.sum(grad(lambda s: np.sum(np.cos(s * t)))({1}) * t))({0})", within(2)),
]
"""Derivatives inside: of a function that closes over another value of the program."""


@cache
def reductions(shape: tuple[int, ...]) -> list[Way]:
    """Reductions of an array of this shape."""
    axes: list[Any] = [None, *range(len(shape))] + [-1] * bool(shape) + [(0, -1)] * (len(shape) > 1)
    found = []
    for axis in axes:
        for keep in (False, True):
            at = f"axis={axis}, keepdims={keep}"
            found += [Way(f"np.sum({{0}}, {at})"), Way(f"np.mean({{0}}, {at})")]
            found += [Way(f"np.{m}({{0}}, {at})", distinct, False) for m in ("max", "min")]
            if not isinstance(axis, tuple) and shape:
                found.append(Way(f"np.prod({{0}}, {at})", off(0, by=0.2)))
            many = np.prod(
                [shape[i] for i in np.atleast_1d(range(len(shape)) if axis is None else axis)]
            )
            if many > 1:
                found.append(Way(f"np.var({{0}}, {at})", analytic=False))
                found.append(Way(f"np.std({{0}}, {at})", distinct, False))
        if axis is not None and not isinstance(axis, tuple):
            found.append(Way(f"np.cumsum({{0}}, axis={axis})"))
            found.append(Way(f"np.linalg.norm({{0}}, axis={axis})", off(0), False))
    return found


@cache
def rearrangements(shape: tuple[int, ...]) -> list[Way]:
    """Ways to put the elements of an array of this shape elsewhere."""
    found = [Way("np.transpose({0})"), Way("np.reshape({0}, (-1, 1))"), Way("np.ravel({0})")]
    found.append(Way("np.expand_dims({0}, 0)"))
    if shape[:1] == (1,):
        found.append(Way(f"np.broadcast_to({{0}}, {(3, *shape[1:])})"))
        found.append(Way("np.squeeze({0}, 0)"))
    if not shape:
        return found
    mask = [i % 2 == 0 for i in range(shape[0])]
    found += map(Way, [
        "{0}[..., None]", "{0}[-1]", "{0}[::-1]", "{0}[np.array([0, -1, 0])]", "{0}[:1]",
        f"{{0}}[np.array({mask})]", "np.flip({0}, 0)", "np.roll({0}, 1, axis=0)",
        "np.repeat({0}, 2, axis=0)", "np.tile({0}, 2)", "np.pad({0}, 1, mode='constant')",
        "np.concatenate([{0}, {0}[:1]], axis=0)",
    ])  # fmt: skip
    found += TRANSFORMS
    found.append(Way("np.sort({0}, axis=-1)", distinct, False))
    if shape[0] > 1:
        found.append(Way("np.diff({0}, axis=0)"))
    if len(shape) > 1:
        found += map(
            Way, ["np.swapaxes({0}, 0, 1)", "np.moveaxis({0}, 0, -1)", "{0}[:, 0]", "{0}.T"]
        )
    if len(shape) == 2:
        found += map(Way, ["np.tril({0})", "np.triu({0}, 1)", "np.diagonal({0})", "np.trace({0})"])
        n = shape[0]
        if n == shape[1]:
            regular = f"{{0}} + 9 * np.eye({n})"
            found += [
                Way(f"np.linalg.inv({regular})", square),
                Way("np.linalg.det({0})", square),
            ]
            found.append(Way(f"np.linalg.cholesky({{0}} @ {{0}}.T + np.eye({n}))", square, False))
    return found


@cache
def joins(shape: tuple[int, ...]) -> list[Way]:
    """Ways to join two arrays of this shape."""
    found = [Way("np.stack([{0}, {1}], axis=-1)"), Way("np.stack([{1}, {0}])")]
    if shape:
        found += [Way("np.concatenate([{0}, {1}], axis=-1)"), Way("np.hstack([{1}, {0}])")]
        found.append(Way("np.vstack([{0}, {1}])"))
    return found
