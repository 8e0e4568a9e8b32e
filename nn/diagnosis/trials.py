"""The inputs a diagnosis looks at: the user's, and for functions random ones in general position.

Read next: `nn.diagnosis.examine`.
"""

# ruff: noqa: E741  (l is the lecture's layer number)
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nn.diagnosis.equations import Equations
from nn.diagnosis.scope import Layout, Point, Style, order
from nn.diagnosis.students import Answer, Inputs, Student

__all__ = ["Case", "answered", "elsewhere", "random_inputs"]

Array = Any
_PRIMES = (7, 11, 13, 5, 17, 19, 23, 29)


@dataclass(frozen=True, slots=True)
class Case:
    """Inputs, what the forward pass makes of them, and the student's answer to them."""

    point: Point
    answer: Answer
    eps: float


def answered(student: Student, layout: Layout, inputs: Inputs) -> Case:
    """Ask the student."""
    point = Point.at(layout, inputs.params, inputs.X, inputs.Y)
    right = Equations(layout, Style(), order(layout.L)).scope(point)
    answer = student.answer(replace(inputs, right=right))
    kinds = [v.dtype for v in answer.values.values() if isinstance(v, np.ndarray)]
    kinds = [k for k in kinds if k == np.float32] + [v.dtype for v in inputs.params.values()]
    eps = max(float(np.finfo(k).eps) for k in kinds if k.kind == "f")
    return Case(point, answer, eps)


def other_m(layout: Layout, m: int) -> list[int]:
    """Two numbers of examples that are no other size here, so that no size can pass for m."""
    taken = {*layout.sizes, m}
    return [p for p in _PRIMES if p not in taken][:2] or [31, 37]


def random_inputs(
    layout: Layout, params: Mapping[str, Array], Y: Array, m: int, seed: int
) -> Inputs:
    """Parameters and X drawn at random; labels of the same sort as Y: 0 and 1, classes, …"""
    rng = np.random.default_rng([seed, m])
    new: dict[str, Array] = {}
    for l, (n_in, n) in enumerate(zip(layout.sizes, layout.sizes[1:]), start=1):
        W = rng.normal(size=(n, n_in)) / np.sqrt(n_in)
        b = rng.normal(size=(n, 1)) / 2
        new |= {f"W{l}": W.astype(params[f"W{l}"].dtype), f"b{l}": b.astype(params[f"b{l}"].dtype)}
    X = rng.normal(size=(layout.sizes[0], m)).astype(params["W1"].dtype)
    return Inputs(new, X, _labels(rng, np.asarray(Y), layout.sizes[-1], m))


def _labels(rng: np.random.Generator, Y: Array, n: int, m: int) -> Array:
    if n > 1 and (Y.ndim == 1 or Y.shape[0] != n):
        return rng.integers(0, n, (*Y.shape[:-1], m)).astype(Y.dtype)
    found = np.unique(Y)
    if n > 1 and set(found) <= {0, 1} and (Y.sum(axis=0) == 1).all():
        return np.eye(n)[:, rng.integers(0, n, m)].astype(Y.dtype)
    for pair in ((0, 1), (-1, 1)):
        if set(found) <= set(pair):
            drawn = rng.choice(pair, (n, m))
            drawn[0, :2] = pair[:m]
            return drawn.astype(Y.dtype)
    kind = Y.dtype if Y.dtype.kind == "f" else np.dtype(float)
    return (Y.mean() + (Y.std() or 1) * rng.normal(size=(n, m))).astype(kind)


def elsewhere(layout: Layout, params: Mapping[str, Array], Y: Array, m: int) -> Point:
    """A point in general position, to see whether two explanations are one."""
    inputs = random_inputs(layout, params, Y, other_m(layout, m)[0], seed=9)
    return Point.at(layout, inputs.params, inputs.X, inputs.Y)
