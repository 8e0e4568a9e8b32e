"""Dropout: in training, units are left out at random, so that none relies on another.

Read next: `nn.network`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad as mg
from nn.errors import within
from nn.module import Module, Seed

__all__ = ["Dropout"]

Array = Any  # an ndarray or a Tensor


class Dropout(Module):
    """Inverted dropout: each element of A is 0 with probability `rate`, else A / (1 − rate).

    The mean stays what it is, so in use (`eval()`) it returns A. The draws are fresh in each call,
    also in compiled code, and follow from the seed; `checkpoint` keeps them.

    Args:
        rate: the probability p of leaving an element out, within [0, 1).
        seed: None, an int, or a numpy.random.Generator to draw from.

    Raises:
        ArgumentError: a rate out of range.

    Source: Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting"
    (2014); the lecture's `D = rand(…) < keep_prob`, `A = A * D / keep_prob`.

    >>> layer = Dropout(0.5, seed=0)
    >>> layer(mg.tensor(np.ones((2, 3)))).data
    array([[0., 2., 2.],
           [2., 0., 0.]])
    >>> layer.eval()(np.ones((1, 2)))
    array([[1., 1.]])
    """

    def __init__(self, rate: float = 0.5, seed: Seed = None) -> None:
        within("Dropout", "rate", rate, lambda x: 0 <= x < 1, "at least 0 and below 1")
        self.rate = rate
        self._rng = np.random.default_rng(seed)

    def forward(self, A: Array) -> Array:
        """A with elements left out in training; A itself in use.

        Args:
            A: of any shape, floating; whole numbers become float64.
        """
        if not isinstance(A, mg.Tensor):
            A = np.asarray(A)
            A = A if A.dtype.kind in "fc" else A.astype(np.float64)
        return A * _kept(A, layer=self)

    def __repr__(self) -> str:
        return f"Dropout({self.rate})"


@mg.primitive(vjp=(None,))
def _kept(A: Array, *, layer: Dropout) -> Array:
    """What each element of A is multiplied by. Compiled code asks anew in each call."""
    if not layer.training or not layer.rate:
        return np.broadcast_to(A.dtype.type(1), A.shape)
    keep = 1 - layer.rate
    return (layer._rng.random(A.shape) < keep) * A.dtype.type(1 / keep)
