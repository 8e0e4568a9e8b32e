"""The derivatives of the activations and of the losses, each as a formula one can read.

Read next: `nn.diagnosis.scope`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["LOSS_SLOPES", "OF_A", "OF_Z", "VALUES", "LossSlope", "Slope", "softmax_product"]

Array = Any
_C = np.sqrt(2 / np.pi)  # of gelu


@dataclass(frozen=True, slots=True)
class Slope:
    """A function of one array as code, `{0}` its argument, and as a function."""

    code: str
    function: Callable[[Array], Array]


def _sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(np.minimum(-z, 709)))


def _gelu_t(z: Array) -> Array:
    return np.tanh(_C * (z + 0.044715 * z**3))


def _gelu_slope(z: Array) -> Array:
    t = _gelu_t(z)
    return (1 + t) / 2 + z / 2 * (1 - t**2) * _C * (1 + 3 * 0.044715 * z**2)


def _softmax(z: Array) -> Array:
    e = np.exp(z - z.max(axis=0))
    return e / e.sum(axis=0)


# g(z), to recognise a value computed again.
VALUES: dict[str, Slope] = {
    "sigmoid": Slope("sigmoid({0})", _sigmoid),
    "tanh": Slope("np.tanh({0})", np.tanh),
    "relu": Slope("np.maximum(0, {0})", lambda z: np.maximum(0, z)),
    "leaky_relu": Slope("np.maximum(0.01 * {0}, {0})", lambda z: np.maximum(0.01 * z, z)),
    "softplus": Slope("np.logaddexp(0, {0})", lambda z: np.logaddexp(0, z)),
    "silu": Slope("{0} * sigmoid({0})", lambda z: z * _sigmoid(z)),
    "gelu": Slope("gelu({0})", lambda z: z / 2 * (1 + _gelu_t(z))),
    "elu": Slope(
        "np.where({0} > 0, {0}, np.exp({0}) - 1)",
        lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
    ),
    "identity": Slope("{0}", lambda z: z),
    "softmax": Slope("softmax({0})", _softmax),
}

# g'(z) in terms of z.
OF_Z: dict[str, Slope] = {
    "sigmoid": Slope("sigmoid({0}) * (1 - sigmoid({0}))", lambda z: _sigmoid(z) * _sigmoid(-z)),
    "tanh": Slope("1 - np.tanh({0})**2", lambda z: 1 - np.tanh(z) ** 2),
    "relu": Slope("({0} > 0)", lambda z: (z > 0) * 1.0),
    "leaky_relu": Slope("np.where({0} > 0, 1, 0.01)", lambda z: np.where(z > 0, 1, 0.01)),
    "softplus": Slope("sigmoid({0})", _sigmoid),
    "silu": Slope(
        "sigmoid({0}) * (1 + {0} * (1 - sigmoid({0})))",
        lambda z: _sigmoid(z) * (1 + z * _sigmoid(-z)),
    ),
    "gelu": Slope("gelu_slope({0})", _gelu_slope),
    "elu": Slope("np.where({0} > 0, 1, np.exp({0}))", lambda z: np.exp(np.minimum(z, 0))),
    "identity": Slope("1", np.ones_like),
}

# g'(z) in terms of a = g(z), where that is shorter.
OF_A: dict[str, Slope] = {
    "sigmoid": Slope("{0} * (1 - {0})", lambda a: a * (1 - a)),
    "tanh": Slope("1 - {0}**2", lambda a: 1 - a**2),
    "relu": Slope("({0} > 0)", lambda a: (a > 0) * 1.0),
    "leaky_relu": Slope("np.where({0} > 0, 1, 0.01)", lambda a: np.where(a > 0, 1, 0.01)),
    "softplus": Slope("1 - np.exp(-{0})", lambda a: -np.expm1(-a)),
    "elu": Slope("np.where({0} > 0, 1, {0} + 1)", lambda a: np.where(a > 0, 1, a + 1)),
}


@dataclass(frozen=True, slots=True)
class LossSlope:
    """∂L/∂A of a loss: text and code with `{A}` and `{Y}`, and the function."""

    text: str
    code: str
    function: Callable[[Array, Array], Array]


def _inside(A: Array) -> Array:
    kind = np.finfo(float)
    return np.clip(A, kind.tiny, 1 - kind.epsneg)


def _bce(A: Array, Y: Array) -> Array:
    A = _inside(A)
    return -Y / A + (1 - Y) / (1 - A)


def _difference(A: Array, Y: Array) -> Array:
    return A - Y


# ∂L/∂A[L], L summed over the examples. "cross_entropy" here is of probabilities.
LOSS_SLOPES: dict[str, LossSlope] = {
    "binary_cross_entropy": LossSlope(
        "−{Y}/{A} + (1−{Y})/(1−{A})", "-{Y} / {A} + (1 - {Y}) / (1 - {A})", _bce
    ),
    "categorical_cross_entropy": LossSlope("−{Y}/{A}", "-{Y} / {A}", lambda A, Y: -Y / _inside(A)),
    "squared_error": LossSlope("{A} − {Y}", "{A} - {Y}", _difference),
    "mse": LossSlope("2({A} − {Y})", "2 * ({A} - {Y})", lambda A, Y: 2 * (A - Y)),
    "mae": LossSlope("sign({A} − {Y})", "np.sign({A} - {Y})", lambda A, Y: np.sign(A - Y)),
    "huber": LossSlope(
        "clip({A} − {Y}, −1, 1)",
        "np.clip({A} - {Y}, -1, 1)",
        lambda A, Y: np.clip(A - Y, -1, 1),
    ),
    "hinge": LossSlope(
        "−{Y} where {Y} {A} < 1, else 0",
        "np.where({Y} * {A} < 1, -{Y}, 0)",
        lambda A, Y: np.where(Y * A < 1, -Y, 0),
    ),
    "binary_cross_entropy_with_logits": LossSlope(
        "σ({A}) − {Y}", "sigmoid({A}) - {Y}", lambda A, Y: _sigmoid(A) - Y
    ),
    "cross_entropy": LossSlope(
        "softmax({A}) − {Y}", "softmax({A}) - {Y}", lambda A, Y: _softmax(A) - Y
    ),
}


def softmax_product(dA: Array, A: Array) -> Array:
    """dZ of a softmax from dA: its Jacobian diag(a) − a aᵀ, applied to each column of dA."""
    return A * (dA - (dA * A).sum(axis=0))
