"""Initial weights: each function draws a W of shape (n_out, n_in) from a random generator.

Read next: `nn.module`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import minigrad as mg
from nn.errors import pick

__all__ = ["he", "initial", "normal", "orthogonal", "xavier", "zeros"]

Generator = np.random.Generator


def zeros(rng: Generator, n_out: int, n_in: int) -> np.ndarray:
    """All weights 0: fine for logistic regression, useless with hidden units.

    Hidden units that start equal get equal gradients and stay equal for ever.

    Args:
        rng: not used; all initialisers take the same arguments.
        n_out: rows, the units of this layer.
        n_in: columns, the units of the layer before.

    Returns:
        W (n_out, n_in), float64.

    >>> zeros(np.random.default_rng(0), 1, 2)
    array([[0., 0.]])
    """
    del rng
    return np.zeros((n_out, n_in))


def normal(rng: Generator, n_out: int, n_in: int, scale: float = 0.01) -> np.ndarray:
    """W ~ N(0, scale²): small, so that tanh and sigmoid start where they are steep.

    Args:
        rng: the source of randomness.
        n_out: rows.
        n_in: columns.
        scale: standard deviation.

    Returns:
        W (n_out, n_in), float64.

    Source: the lecture, week 3.

    >>> normal(np.random.default_rng(0), 3, 2).shape
    (3, 2)
    """
    return rng.standard_normal((n_out, n_in)) * scale


def xavier(rng: Generator, n_out: int, n_in: int) -> np.ndarray:
    """W ~ N(0, 2/(n_in + n_out)): keeps the size of signals and gradients through tanh layers.

    Args:
        rng: the source of randomness.
        n_out: rows.
        n_in: columns.

    Returns:
        W (n_out, n_in), float64.

    Source: Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural
    networks" (2010), equation 12.

    >>> xavier(np.random.default_rng(0), 3, 2).shape
    (3, 2)
    """
    return normal(rng, n_out, n_in, (2 / (n_in + n_out)) ** 0.5)


def he(rng: Generator, n_out: int, n_in: int) -> np.ndarray:
    """W ~ N(0, 2/n_in): keeps the size of signals through ReLU layers.

    Args:
        rng: the source of randomness.
        n_out: rows.
        n_in: columns.

    Returns:
        W (n_out, n_in), float64.

    Source: He, Zhang, Ren & Sun, "Delving Deep into Rectifiers" (2015), equation 10.

    >>> he(np.random.default_rng(0), 3, 2).shape
    (3, 2)
    """
    return normal(rng, n_out, n_in, (2 / n_in) ** 0.5)


def orthogonal(rng: Generator, n_out: int, n_in: int) -> np.ndarray:
    """A uniformly random W with orthonormal rows (or columns, whichever are fewer).

    Args:
        rng: the source of randomness.
        n_out: rows.
        n_in: columns.

    Returns:
        W (n_out, n_in), float64.

    Source: Saxe, McClelland & Ganguli, "Exact solutions to the nonlinear dynamics of learning in
    deep linear neural networks" (2014). The signs make it uniform: Mezzadri (2007), section 5.

    >>> W = orthogonal(np.random.default_rng(0), 2, 3)
    >>> (W @ W.T).round(12) + 0
    array([[1., 0.],
           [0., 1.]])
    """
    q, r = np.linalg.qr(rng.standard_normal((max(n_out, n_in), min(n_out, n_in))))
    q = q * np.sign(np.diag(r))
    return q if n_out >= n_in else q.T


_INITS: dict[str, Callable[..., np.ndarray]] = {
    "zeros": zeros, "normal": normal, "xavier": xavier, "he": he, "orthogonal": orthogonal,
}  # fmt: skip


def initial(init: str | Callable[..., Any], rng: Generator, n_out: int, n_in: int) -> Any:
    """A first W by an initialiser's name, or by any function `(rng, n_out, n_in) -> array`.

    >>> initial("zeros", np.random.default_rng(0), 1, 2)
    array([[0., 0.]])
    """
    draw = init if callable(init) else pick("init", init, _INITS)
    W = draw(rng, n_out, n_in)
    if np.shape(W) != (n_out, n_in):
        raise mg.ShapeError(f"init: got W of shape {np.shape(W)}; expected {(n_out, n_in)}")
    return W
