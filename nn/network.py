"""DeepNetwork: the lecture's L-layer network, with its W[l], b[l], Z[l], A[l].

Read next: `nn.training`, how it learns; `nn.check`, how its gradients are checked.
"""

# ruff: noqa: E741  (l is the lecture's layer number)
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

import minigrad as mg
from nn.activations import activation
from nn.errors import ArgumentError
from nn.init import initial
from nn.module import Module, Seed, affine, sizes_of

__all__ = ["DeepNetwork", "deep_network"]

Array = Any  # an ndarray or a Tensor


class DeepNetwork(Module):
    """L layers `Z[l] = W[l] A[l-1] + b[l]`, `A[l] = g[l](Z[l])` for l = 1…L; A[0] = X.

    Args:
        sizes: n[0], n[1], …, n[L]: the rows of X, the units of each layer.
        hidden: the activation of layers 1…L−1: a name, or one name for each.
        output: the activation of layer L.
        init: an initialiser of `nn.init` by name, or a function `(rng, n_out, n_in) -> array`.
            Biases start at 0.
        seed: None, an int, or a numpy.random.Generator to draw the weights from.
        dtype: of the parameters.

    Attributes:
        sizes: (n[0], …, n[L]).
        L: the number of layers; the input is not counted.
        W, b: dicts by layer, 1…L: W[l] is (n[l], n[l-1]), b[l] is (n[l], 1).
        activations: the names of g[1], …, g[L].

    Raises:
        ArgumentError: fewer than two sizes, a size below 1, an unknown activation or initialiser.

    Source: the lecture, week 4.

    >>> network = DeepNetwork([3, 5, 5, 3, 1], hidden="tanh", seed=0)
    >>> network
    DeepNetwork(3-5-5-3-1, tanh tanh tanh sigmoid)
    >>> network(np.zeros((3, 2))).data
    array([[0.5, 0.5]])
    >>> network(np.zeros((4, 7)))
    Traceback (most recent call last):
    minigrad.errors.ShapeError: layer 1: W[1] is (5, 3) but A[0] is (4, 7)
    """

    def __init__(
        self,
        sizes: Sequence[int],
        hidden: str | Sequence[str] = "relu",
        output: str = "sigmoid",
        init: str | Callable[..., Any] = "he",
        seed: Seed = None,
        dtype: Any = "float64",
    ) -> None:
        self.sizes = sizes_of("DeepNetwork", sizes)
        self.L = len(self.sizes) - 1
        if self.L < 1:
            raise ArgumentError(
                f"DeepNetwork: got sizes {self.sizes}; expected at least n[0] and n[1]"
            )
        each = isinstance(hidden, Iterable) and not isinstance(hidden, str)
        names: tuple[Any, ...] = tuple(hidden) if each else (hidden,) * (self.L - 1)
        if len(names) != self.L - 1:
            raise ArgumentError(
                f"DeepNetwork: got {len(names)} hidden activations; expected {self.L - 1}, "
                "one for each hidden layer"
            )
        self.activations = (*names, output)
        self._g = {l: activation(name) for l, name in enumerate(self.activations, start=1)}
        self._labels = tuple(f"layer {l}" for l in self._g)
        rng = np.random.default_rng(seed)
        self.W: dict[int, mg.Tensor] = {}
        self.b: dict[int, mg.Tensor] = {}
        for l, (n_in, n_out) in enumerate(zip(self.sizes, self.sizes[1:]), start=1):
            W = initial(init, rng, n_out, n_in)
            self.W[l] = mg.tensor(W, dtype=dtype, name=f"W{l}")
            self.b[l] = mg.tensor(np.zeros((n_out, 1)), dtype=dtype, name=f"b{l}")

    def _members(self) -> Iterable[tuple[str, Any]]:
        for l in self.W:
            yield f"W{l}", self.W[l]
            yield f"b{l}", self.b[l]
        yield from ((k, v) for k, v in super()._members() if k not in {"W", "b"})

    def forward(self, X: Array) -> mg.Tensor:
        """A[L], the network's output for each column of X.

        Args:
            X: (n[0], m).

        Returns:
            A[L] (n[L], m).

        Raises:
            ShapeError: naming the layer whose sizes do not fit.
        """
        A: mg.Tensor = mg.scope(self._labels, self._layers, X)[-1]
        return A

    def logits(self, X: Array) -> mg.Tensor:
        """Z[L], what the output activation is applied to. See `forward`.

        >>> DeepNetwork([2, 1], seed=0).logits(np.zeros((2, 3))).data
        array([[0., 0., 0.]])
        """
        Z: mg.Tensor = mg.scope(self._labels, self._layers, X, False)[-1]
        return Z

    def cache(self, X: Array) -> dict[str, Any]:
        """Every value of one forward pass: {"A0": X, "Z1": …, "A1": …, …, "AL": …}.

        >>> list(DeepNetwork([2, 3, 1], seed=0).cache(np.zeros((2, 3))))
        ['A0', 'Z1', 'A1', 'Z2', 'A2']
        """
        values: dict[str, Any] = {"A0": X if hasattr(X, "ndim") else np.asarray(X)}
        mg.scope(self._labels, self._layers, X, True, values)
        return values

    def _layers(
        self, X: Array, activated: bool = True, values: dict[str, Any] | None = None
    ) -> list[mg.Tensor]:
        """A[1], …, A[L], or Z[L] at the end if that is not to be activated."""
        A = X if hasattr(X, "ndim") else np.asarray(X)
        if A.ndim != 2:
            raise self._misfit(1, A, "; expected a matrix, a column for each example")
        found = []
        try:
            for l, g in self._g.items():
                Z = affine(self.W[l], A, self.b[l])
                A = g(Z) if activated or l < self.L else Z
                found.append(A)
                if values is not None:
                    values |= {f"Z{l}": Z, f"A{l}": A}
        except mg.ShapeError as error:
            if self.W[l].shape[-1] == A.shape[0]:
                raise mg.ShapeError(f"layer {l}: {error}") from error
            raise self._misfit(l, A) from None
        return found

    def _misfit(self, l: int, A: Array, hint: str = "") -> mg.ShapeError:
        return mg.ShapeError(
            f"layer {l}: W[{l}] is {self.W[l].shape} but A[{l - 1}] is {A.shape}{hint}"
        )

    def __repr__(self) -> str:
        return f"DeepNetwork({'-'.join(map(str, self.sizes))}, {' '.join(self.activations)})"


def deep_network(who: str, network: Any) -> None:
    """An error that begins with `who`, unless the network is a DeepNetwork."""
    if not isinstance(network, DeepNetwork):
        raise ArgumentError(f"{who}: got {network!r}; expected a DeepNetwork")
