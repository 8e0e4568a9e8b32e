"""Optimisers: from each parameter's gradient, the step it takes.

The lecture's update is `W := W − α dW`; momentum and Adam put a running mean in dW's place.

Read next: `nn.training`, the loop that calls them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

import minigrad as mg
from nn.errors import ArgumentError, within

__all__ = ["SGD", "Adam", "Optimizer"]


class Optimizer:
    """Base of the optimisers: the parameters, the learning rate, and the loop over gradients.

    What it keeps from step to step is in Tensors, made at once, so that `minigrad.compile` sees it
    change. The other settings are constants of compiled code.

    Args:
        params: the Tensors to update, `network.parameters()` say; each once.
        lr: the learning rate α, positive. It may be assigned between steps.
        weight_decay: λ ≥ 0; adds λW to the gradient, as the penalty ½λ‖W‖² would.

    Raises:
        ArgumentError: no parameters, something that is no Tensor, a number out of range.
    """

    def __init__(self, params: Iterable[mg.Tensor], lr: float, weight_decay: float = 0.0) -> None:
        who = type(self).__name__
        given = [params] if isinstance(params, mg.Tensor) else params
        if not isinstance(given, Iterable):
            raise ArgumentError(
                f"{who}: got {type(given).__name__}; expected Tensors, such as network.parameters()"
            )
        given = list(given)
        for p in given:
            if not isinstance(p, mg.Tensor):
                raise ArgumentError(f"{who}: got {type(p).__name__} {p!r}; expected Tensors")
            if p.op is not None:
                raise ArgumentError(
                    f"{who}: got a Tensor computed by {p.op.name}; expected those it is computed "
                    "from, made by minigrad.tensor"
                )
        self.params = list(dict.fromkeys(given))
        if not self.params:
            raise ArgumentError(f"{who}: got no parameters to update")
        self._rate = mg.tensor(1.0, name="alpha")
        self.lr = lr
        within(who, "weight_decay", weight_decay, lambda x: 0 <= x < np.inf, "0 or more")
        self.weight_decay = weight_decay

    @property
    def lr(self) -> float:
        """The learning rate α."""
        return self._lr

    @lr.setter
    def lr(self, lr: float) -> None:
        within(type(self).__name__, "lr", lr, lambda x: 0 < x < np.inf, "a positive number")
        self._lr = lr
        self._rate.data = float(lr)

    def step(self) -> None:
        """Update every parameter that has a gradient; the others are skipped."""
        for p in self.params:
            g = p.grad
            if g is not None:
                g = g + self.weight_decay * p.data if self.weight_decay else g
                p.descend(self._change(p, g))

    def zero_grad(self) -> None:
        """Forget the gradient of every parameter."""
        for p in self.params:
            p.zero_grad()

    def _change(self, p: mg.Tensor, g: Any) -> Any:
        """What to subtract from p, whose gradient is g."""
        raise NotImplementedError(f"{type(self).__name__} defines no _change(p, g)")


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
        within("SGD", "momentum", momentum, lambda x: 0 <= x < 1, "at least 0 and below 1")
        within("SGD", "nesterov", nesterov, lambda x: momentum > 0 or not x, "a momentum with it")
        self.momentum = momentum
        self.nesterov = nesterov
        self._v = _zeros(self.params) if momentum else {}
        self._by_dtype: dict[Any, list[mg.Tensor]] = {}
        for p in self.params:
            self._by_dtype.setdefault(p.dtype, []).append(p)

    def step(self) -> None:
        """Update every parameter that has a gradient; the others are skipped."""
        if self.momentum or self.weight_decay:
            super().step()
            return
        for kind, params in self._by_dtype.items():
            rate = self._rate.data.astype(_real(kind))
            for p in params:
                g = p.grad
                if g is not None:
                    p.descend(rate * g)

    def _change(self, p: mg.Tensor, g: Any) -> Any:
        rate = self._rate.data.astype(_real(p.dtype))
        if not self.momentum:
            return rate * g
        v = self.momentum * self._v[p].data + g
        self._v[p].data = v
        return rate * (g + self.momentum * v if self.nesterov else v)


def _zeros(params: list[mg.Tensor]) -> dict[mg.Tensor, mg.Tensor]:
    """For each parameter a Tensor like it, of zeros, to keep a running mean in."""
    return {p: mg.tensor(np.zeros(p.shape, p.dtype)) for p in params}


def _real(kind: Any) -> Any:
    """The dtype of the real numbers with the precision of `kind`."""
    return np.finfo(kind).dtype


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
        within("Adam", "betas", betas, lambda x: len(x) == 2, "two numbers, β₁ and β₂")
        for name, beta in zip(("β₁", "β₂"), betas):
            within("Adam", name, beta, lambda x: 0 <= x < 1, "at least 0 and below 1")
        within("Adam", "eps", eps, lambda x: 0 < x < np.inf, "a positive number")
        self.betas = betas
        self.eps = eps
        self._t = {p: mg.tensor(0.0) for p in self.params}
        self._m = _zeros(self.params)
        self._v = _zeros(self.params)

    def _change(self, p: mg.Tensor, g: Any) -> Any:
        (b1, b2), kind = self.betas, _real(p.dtype)
        t = self._t[p].data + 1
        m = b1 * self._m[p].data + (1 - b1) * g
        v = b2 * self._v[p].data + (1 - b2) * (g * g)
        self._t[p].data, self._m[p].data, self._v[p].data = t, m, v
        root = np.sqrt(v / (1 - b2**t).astype(kind))
        return (self._rate.data / (1 - b1**t)).astype(kind) * m / (root + self.eps)
