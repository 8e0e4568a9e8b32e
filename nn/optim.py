"""Optimisers: from each parameter's gradient, the step it takes.

The lecture's update is `W := W − α dW`; momentum and Adam put a running mean in dW's place.

Read next: `nn.training`, the loop that calls them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

import minigrad as mg
from nn.errors import ArgumentError

__all__ = ["SGD", "Adam", "Optimizer"]


class Optimizer:
    """Base of the optimisers: the parameters, the learning rate, and the loop over gradients.

    Args:
        params: the Tensors to update, `network.parameters()` say; each once.
        lr: the learning rate α, positive. It may be assigned between steps.
        weight_decay: λ ≥ 0; adds λW to the gradient, as the penalty ½λ‖W‖² would.

    Raises:
        ArgumentError: no parameters, something that is no Tensor, a number out of range.
    """

    def __init__(self, params: Iterable[mg.Tensor], lr: float, weight_decay: float = 0.0) -> None:
        who = type(self).__name__
        self.params = [params] if isinstance(params, mg.Tensor) else list(dict.fromkeys(params))
        for p in self.params:
            if not isinstance(p, mg.Tensor):
                raise ArgumentError(f"{who}: got {type(p).__name__} {p!r}; expected Tensors")
        if not self.params:
            raise ArgumentError(f"{who}: got no parameters to update")
        _within(who, "lr", lr, 0 < lr < np.inf, "a positive number")
        _within(who, "weight_decay", weight_decay, 0 <= weight_decay < np.inf, "0 or more")
        self.lr = lr
        self.weight_decay = weight_decay
        self._state: dict[mg.Tensor, Any] = {}

    def step(self) -> None:
        """Update every parameter that has a gradient; the others are skipped."""
        for p in self.params:
            g = p.grad
            if g is not None:
                p.descend(self._change(p, g + self.weight_decay * p.data))

    def zero_grad(self) -> None:
        """Forget the gradient of every parameter."""
        for p in self.params:
            p.zero_grad()

    def _change(self, p: mg.Tensor, g: Any) -> Any:
        """What to subtract from p, whose gradient is g."""
        raise NotImplementedError


def _within(who: str, name: str, value: float, ok: bool, expected: str) -> None:
    if not ok:
        raise ArgumentError(f"{who}: got {name}={value}; expected {expected}")


class SGD(Optimizer):
    """Gradient descent, with momentum if asked.

    W := W − α dW; with momentum μ: v := μv + dW, W := W − α v; with Nesterov's look-ahead:
    W := W − α(dW + μv).

    Args:
        params: the Tensors to update.
        lr: the learning rate α.
        momentum: μ within [0, 1).
        nesterov: look ahead; needs a momentum.
        weight_decay: λ, see `Optimizer`.

    Raises:
        ArgumentError: an argument out of range.

    Source: the lecture, week 2; Sutskever, Martens, Dahl & Hinton, "On the importance of
    initialization and momentum in deep learning" (2013), equations 1 to 4, with the velocity
    scaled by −1/α.

    >>> w = mg.tensor(1.0)
    >>> optimizer = SGD([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> print(w.item())
    0.8
    """

    def __init__(
        self,
        params: Iterable[mg.Tensor],
        lr: float,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr, weight_decay)
        _within("SGD", "momentum", momentum, 0 <= momentum < 1, "at least 0 and below 1")
        _within("SGD", "nesterov", nesterov, momentum > 0 or not nesterov, "a momentum with it")
        self.momentum = momentum
        self.nesterov = nesterov

    def step(self) -> None:
        """Update every parameter that has a gradient; the others are skipped."""
        if self.momentum or self.weight_decay:
            super().step()
            return
        lr = self.lr
        for p in self.params:
            g = p.grad
            if g is not None:
                p.descend(lr * g)

    def _change(self, p: mg.Tensor, g: Any) -> Any:
        if not self.momentum:
            return self.lr * g
        v = self._state.setdefault(p, np.zeros(p.shape, p.dtype))
        v *= self.momentum
        v += g
        return self.lr * (g + self.momentum * v if self.nesterov else v)


class Adam(Optimizer):
    """Steps of about α for every weight, whatever the size of its gradient.

    m := β₁m + (1−β₁)dW, v := β₂v + (1−β₂)dW², W := W − α m̂/(√v̂ + ε), where m̂ = m/(1−β₁ᵗ) and
    v̂ = v/(1−β₂ᵗ) undo the start from 0; t counts the steps of that parameter.

    Args:
        params: the Tensors to update, real.
        lr: the learning rate α.
        betas: β₁ and β₂, each within [0, 1).
        eps: ε > 0, against division by 0.
        weight_decay: λ, see `Optimizer`.

    Raises:
        ArgumentError: an argument out of range.

    Source: Kingma & Ba, "Adam: A Method for Stochastic Optimization" (2015), algorithm 1.

    >>> w = mg.tensor(1.0)
    >>> optimizer = Adam([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> print(round(w.item(), 6))
    0.9
    """

    def __init__(
        self,
        params: Iterable[mg.Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr, weight_decay)
        for name, beta in zip(("β₁", "β₂"), betas, strict=True):
            _within("Adam", name, beta, 0 <= beta < 1, "at least 0 and below 1")
        _within("Adam", "eps", eps, eps > 0, "a positive number")
        self.betas = betas
        self.eps = eps

    def _change(self, p: mg.Tensor, g: Any) -> Any:
        t, m, v = self._state.get(p) or (0, np.zeros(p.shape, p.dtype), np.zeros(p.shape, p.dtype))
        self._state[p] = (t + 1, m, v)
        b1, b2 = self.betas
        m *= b1
        m += (1 - b1) * g
        v *= b2
        v += (1 - b2) * (g * g)
        root = np.sqrt(v / (1 - b2 ** (t + 1)))
        return self.lr / (1 - b1 ** (t + 1)) * m / (root + self.eps)
