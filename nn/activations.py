"""Activations g(z): elementwise functions of arrays and Tensors, each one node of the graph.

All are stable at ±1e4 in float32 and float64 and return the dtype they are given. At a kink the
derivative is the left one, as in PyTorch and JAX: ReLU'(0) = 0, leaky ReLU'(0) = 0.01.

Read next: `nn.losses`.
"""

# ruff: noqa: ARG001  (a rule takes (g, y, *inputs) whether it needs all or not)
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import minigrad as mg
from nn.errors import pick

__all__ = [
    "ACTIVATIONS", "activation", "elu", "gelu", "identity", "leaky_relu", "log_softmax", "relu",
    "sigmoid", "silu", "softmax", "softplus", "tanh",
]  # fmt: skip

Array = Any  # an ndarray or a Tensor

# Whole numbers whose exp is still finite, for each dtype: past them exp would overflow and warn.
_LARGEST: dict[Any, float] = {np.dtype("f2"): 11.0, np.dtype("f4"): 88.0, np.dtype("f8"): 709.0}


def identity(z: Array) -> Array:
    """Return z itself: the output of a regression.

    g(z) = z, g'(z) = 1. Stacked layers with this activation are one linear layer.

    Args:
        z: of any shape and dtype.

    Returns:
        The same object; no node is recorded.

    >>> identity(3.0)
    3.0
    """
    return z


def tanh(z: Array) -> Array:
    """Hyperbolic tangent: `np.tanh`, from -1 to 1.

    g(z) = (e^z − e^−z)/(e^z + e^−z), g'(z) = 1 − a².

    Args:
        z: of any shape, floating.

    Returns:
        a, of z's shape and dtype.

    Source: LeCun, Bottou, Orr & Müller, "Efficient BackProp" (1998), section 4.4.

    >>> tanh(np.array([0.0, 1e4]))
    array([0., 1.])
    """
    return np.tanh(z)


@mg.primitive(vjp=lambda g, y, z: g * y * (1 - y), latex=r"\sigma(#0)", inline=True)
def sigmoid(z: Array) -> Array:
    """Logistic function, from 0 to 1: the output layer of a binary classifier.

    g(z) = 1/(1 + e^−z), g'(z) = a(1 − a).

    Args:
        z: of any shape, floating.

    Returns:
        a, of z's shape and dtype. It is never 0, but 1 where 1 − a is below the precision
        (z > 36.7 in float64): train on logits, as `fit` does.

    Source: Verhulst (1838); the lecture's σ.

    >>> sigmoid(np.array([-1e4, 0.0, 1e4])).round(12)
    array([0. , 0.5, 1. ])
    """
    largest = _LARGEST.get(getattr(z, "dtype", None), 709.0)
    return 1 / (1 + np.exp(np.minimum(-z, largest)))


@mg.primitive(vjp=lambda g, y, z: g * np.sign(y), latex=r"\max(0, #0)", inline=True)
def relu(z: Array) -> Array:
    """Rectified linear unit: the default in hidden layers.

    g(z) = max(0, z), g'(z) = 1 for z > 0 and 0 for z ≤ 0 (at the kink, the left derivative).

    Args:
        z: of any shape, floating.

    Returns:
        a, of z's shape and dtype.

    Source: Nair & Hinton, "Rectified Linear Units Improve Restricted Boltzmann Machines" (2010).

    >>> relu(np.array([-2.0, 0.0, 3.0]))
    array([0., 0., 3.])
    """
    return np.maximum(z, 0.0)


@mg.primitive(vjp=lambda g, y, z, slope=0.01: np.where(z > 0, g, slope * g), inline=True)
def leaky_relu(z: Array, *, slope: float = 0.01) -> Array:
    """ReLU that keeps a small slope for negative z, so that no unit stops learning.

    g(z) = z for z > 0, else slope·z; g'(z) = 1 or slope; at the kink slope, the left derivative.

    Args:
        z: of any shape, floating.
        slope: of the negative side.

    Returns:
        a, of z's shape and dtype.

    Source: Maas, Hannun & Ng, "Rectifier Nonlinearities Improve Neural Network Acoustic Models"
    (2013).

    >>> leaky_relu(np.array([-2.0, 3.0]))
    array([-0.02,  3.  ])
    """
    return np.where(z > 0, z, slope * z)[()]


@mg.primitive(vjp=lambda g, y, z: g * sigmoid(z), inline=True)
def softplus(z: Array) -> Array:
    """Smooth ReLU.

    g(z) = log(1 + e^z), g'(z) = sigmoid(z).

    Args:
        z: of any shape, floating.

    Returns:
        a, of z's shape and dtype.

    Source: Dugas et al., "Incorporating Second-Order Functional Knowledge" (2000).

    >>> softplus(np.array([-1e4, 0.0])).round(4)
    array([0.    , 0.6931])
    """
    return np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z)))


def _silu_vjp(g: Array, y: Array, z: Array) -> Array:
    s = sigmoid(z)
    return g * (s + y * (1 - s))


@mg.primitive(vjp=_silu_vjp, inline=True)
def silu(z: Array) -> Array:
    """Sigmoid-weighted linear unit, also called swish.

    g(z) = z σ(z), g'(z) = σ(z) + g(z)(1 − σ(z)).

    Args:
        z: of any shape, floating.

    Returns:
        a, of z's shape and dtype.

    Source: Elfwing, Uchibe & Doya, "Sigmoid-Weighted Linear Units" (2018), equations 5 and 6.

    >>> silu(np.array([-1e4, 0.0, 1e4])).round(12) + 0
    array([    0.,     0., 10000.])
    """
    return z * sigmoid(z)


_GELU = (2 / np.pi) ** 0.5
_CUBE = 0.044715


def _gelu_vjp(g: Array, y: Array, z: Array) -> Array:
    t = np.tanh(_GELU * z * (1 + _CUBE * z * z))
    return g * 0.5 * (1 + t + z * (1 - t * t) * _GELU * (1 + 3 * _CUBE * z * z))


@mg.primitive(vjp=_gelu_vjp, inline=True)
def gelu(z: Array) -> Array:
    """Gaussian error linear unit, in the authors' tanh form (NumPy has no erf).

    g(z) = ½z(1 + t), t = tanh(√(2/π)(z + 0.044715 z³)), which is z Φ(z) within 5e-4;
    g'(z) = ½(1 + t) + ½z(1 − t²)√(2/π)(1 + 3·0.044715 z²).

    Args:
        z: of any shape, floating.

    Returns:
        a, of z's shape and dtype.

    Source: Hendrycks & Gimpel, "Gaussian Error Linear Units" (2016), section 2.

    >>> gelu(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.1588,  0.    ,  0.8412])
    """
    return 0.5 * z * (1 + np.tanh(_GELU * z * (1 + _CUBE * z * z)))


@mg.primitive(vjp=lambda g, y, z, alpha=1.0: g * np.where(z > 0, 1, y + alpha), inline=True)
def elu(z: Array, *, alpha: float = 1.0) -> Array:
    """Exponential linear unit.

    g(z) = z for z > 0, else α(e^z − 1); g'(z) = 1 or a + α; at 0 it is α, the left derivative
    (for α = 1 there is no kink).

    Args:
        z: of any shape, floating.
        alpha: −α is the value for very negative z.

    Returns:
        a, of z's shape and dtype.

    Source: Clevert, Unterthiner & Hochreiter, "Exponential Linear Units" (2016), equation 15.

    >>> elu(np.array([-1e4, 0.0, 2.0]))
    array([-1.,  0.,  2.])
    """
    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))[()]


@mg.primitive(vjp=lambda g, y, z: y * (g - np.sum(g * y, axis=0)), inline=True)
def softmax(z: Array) -> Array:
    """Probabilities of n classes from n scores: classes are rows, examples columns.

    a_i = e^{z_i} / Σ_k e^{z_k}; ∂a_i/∂z_k = a_i(δ_ik − a_k), so dz = a * (da − Σ_k a_k da_k).

    Args:
        z: (n, m) or (n,), floating.

    Returns:
        a, of z's shape and dtype; each column sums to 1.

    Source: Bridle, "Probabilistic Interpretation of Feedforward Classification Network Outputs"
    (1990).

    >>> softmax(np.array([[1e4, 0.0], [1e4, 0.0]]))
    array([[0.5, 0.5],
           [0.5, 0.5]])
    """
    e = np.exp(z - z.max(axis=0))
    return e / e.sum(axis=0)


@mg.primitive(vjp=lambda g, y, z: g - np.exp(y) * np.sum(g, axis=0), inline=True)
def log_softmax(z: Array) -> Array:
    """Logarithm of `softmax`, exact where softmax itself would round to 0.

    a_i = z_i − log Σ_k e^{z_k}; dz = da − softmax(z) Σ_k da_k.

    Args:
        z: (n, m) or (n,), floating.

    Returns:
        a, of z's shape and dtype.

    Source: Goodfellow, Bengio & Courville, "Deep Learning" (2016), section 6.2.2.3.

    >>> log_softmax(np.array([1e4, 0.0]))
    array([     0., -10000.])
    """
    shifted = z - z.max(axis=0)
    return shifted - np.log(np.exp(shifted).sum(axis=0))


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "sigmoid": sigmoid, "tanh": tanh, "relu": relu, "leaky_relu": leaky_relu,
    "softplus": softplus, "softmax": softmax, "log_softmax": log_softmax, "gelu": gelu,
    "silu": silu, "elu": elu, "identity": identity,
}  # fmt: skip

__test__ = {name: g for name, g in ACTIVATIONS.items() if hasattr(g, "__wrapped__")}


def activation(name: str) -> Callable[[Array], Array]:
    """The activation of that name, or an error that lists the choices.

    >>> activation("relu")(np.array([-1.0, 1.0]))
    array([0., 1.])
    """
    return pick("activation", name, ACTIVATIONS)
