"""The adjoint identity: reverse and forward mode are each other's transpose, to rounding.

Read next: `minigrad.testing.checks`, which compares both with differences.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.tensor import Tensor
from minigrad.testing.differences import plain
from minigrad.transforms import jvp, vjp
from minigrad.trees import flatten
from minigrad.values import Array

__all__ = ["adjoint_error"]


def adjoint_error(f: Callable[..., Any], *args: Any, seed: int = 0) -> float:
    """How far ⟨g, J t⟩ is from ⟨Jᵀ g, t⟩, relative to the sizes of what is added up.

    J t is `jvp`'s, Jᵀ g is `vjp`'s, t and g are random. The two agree to rounding wherever the
    rules are linear in the cotangent, at kinks too, and whether they are right or not: no
    difference is taken, so this sees mistakes that differences are too coarse for.

    Args:
        f: a function of arrays, or of trees of them, to an array or a tree.
        *args: where.
        seed: of t and g.

    >>> adjoint_error(lambda x: np.cumsum(np.tanh(x)), np.arange(5.0)) < 1e-15
    True
    """
    rng = np.random.default_rng(seed)
    leaves, rebuild = flatten(args)
    xs = [plain(x)[()] for x in leaves]
    ts = [_random(rng, x) for x in xs]
    y, pushed = jvp(f, rebuild(list(xs)), rebuild(list(ts)))
    outputs, rebuild_y = flatten(y)
    gs = [_random(rng, _value(out)) for out in outputs]
    pulled = flatten(vjp(f, *rebuild(list(xs)))[1](rebuild_y(list(gs))))[0]
    forward = [np.real(g * _value(d)) for g, d in zip(gs, flatten(pushed)[0], strict=True)]
    reverse = [np.real(_value(c) * t) for c, t in zip(pulled, ts, strict=True)]
    size = sum(float(np.sum(np.abs(part))) for part in (*forward, *reverse)) or 1.0
    gap = sum(map(np.sum, forward)) - sum(map(np.sum, reverse))
    return float(abs(gap)) / size


def _value(x: Any) -> Array:
    return np.asarray(x.data if isinstance(x, Tensor) else x)


def _random(rng: np.random.Generator, x: Any) -> Array:
    x = np.asarray(x)
    d = rng.uniform(-1, 1, x.shape)
    return (d + 1j * rng.uniform(-1, 1, x.shape) if x.dtype.kind == "c" else d)[()]
