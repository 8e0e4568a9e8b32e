"""A network as the chain of dense layers that the lecture draws, whatever it is built from.

Read next: `nn.diagram`, which draws it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import minigrad as mg
from nn.activations import activation
from nn.errors import ArgumentError
from nn.module import Linear, Module, Sequential, affine
from nn.network import DeepNetwork

__all__ = ["Dense", "dense_layers", "gradient_norms", "in_use"]


@dataclass(slots=True)
class Dense:
    """One layer, a function from A[l-1] to A[l].

    Attributes:
        W: (n[l], n[l-1]), a Tensor.
        b: (n[l], 1), a Tensor.
        g: what follows Z = W A + b, in words: "tanh", "relu, Dropout(0.5)", "" for nothing.
        after: the functions that follow.
    """

    W: mg.Tensor
    b: mg.Tensor
    g: str
    after: tuple[Callable[[Any], Any], ...]

    def __call__(self, A: Any) -> Any:
        """A[l] of A[l-1]."""
        A = affine(self.W, A, self.b)
        for function in self.after:
            A = function(A)
        return A


def in_use(network: Module) -> Module:
    """A copy as `eval()` leaves it: to look at it is to change nothing, neither mode nor draws."""
    if not isinstance(network, Module):
        raise ArgumentError(f"got {network!r} for a network; expected a Module")
    try:
        return copy.deepcopy(network).eval()
    except Exception as error:
        raise ArgumentError(
            f"{type(network).__name__}: a copy to look at cannot be made: {error}; "
            "keep what cannot be copied (files, locks) outside the network"
        ) from error


def dense_layers(network: Module) -> list[Dense]:
    """The layers 1…L of a DeepNetwork, a Linear, or a Sequential of Linear and functions.

    Raises:
        ArgumentError: another module, which is no such chain.

    >>> [layer.g for layer in dense_layers(DeepNetwork([3, 4, 1], hidden="tanh"))]
    ['tanh', 'sigmoid']
    >>> dense_layers(Sequential(Linear(3, 2, seed=0), np.tanh))[0].g
    'tanh'
    """
    if isinstance(network, DeepNetwork):
        return [
            Dense(network.W[l], network.b[l], g, (activation(g),))
            for l, g in enumerate(network.activations, start=1)  # noqa: E741
        ]
    layers: list[Dense] = []
    for part in _parts(network):
        if type(part) is Linear and (not layers or part.n_in == layers[-1].W.shape[0]):
            layers.append(Dense(part.W, part.b, "", ()))
        elif layers and not (isinstance(part, Module) and part.parameters()):
            last = layers[-1]
            name = getattr(part, "__name__", None) or repr(part)
            last.g, last.after = ", ".join(filter(None, (last.g, name))), (*last.after, part)
        else:
            raise ArgumentError(
                f"{type(network).__name__} is no chain of dense layers; expected a DeepNetwork, a "
                "Linear, or a Sequential of Linear, each as wide as the one before it, and "
                f"functions without parameters; {part!r} does not fit"
            )
    return layers


def gradient_norms(network: Module) -> dict[str, float]:
    """‖dW‖ of each parameter that is no bias, nan where there is no gradient yet.

    >>> gradient_norms(DeepNetwork([2, 3, 1]))
    {'dW1': nan, 'dW2': nan}
    """
    every = dict(network.named_parameters())
    chosen = {k: p for k, p in every.items() if not k.rsplit(".", 1)[-1].startswith("b")} or every
    return {
        f"d{k}" if k.isalnum() else f"d({k})": np.nan if p.grad is None else _norm(p.grad)
        for k, p in chosen.items()
    }


def _norm(gradient: Any) -> float:
    return float(np.linalg.norm(gradient.ravel().astype(np.float64)))


def _parts(network: Any) -> Iterator[Any]:
    """What a Sequential applies one after the other, those inside it opened too."""
    left = [network]
    while left:
        part = left.pop()
        if type(part) is Sequential:
            left += reversed(part.layers)
        else:
            yield part
