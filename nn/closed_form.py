"""The lecture's equations in NumPy alone: forward and backward through L layers, as written.

    Z[l] = W[l] A[l-1] + b[l]            dA[L] = ∂L/∂A[L], dZ[l] = dA[l] * g[l]'(Z[l])
    A[l] = g[l](Z[l])                    dW[l] = (1/m) dZ[l] A[l-1]ᵀ
                                         db[l] = (1/m) Σ_columns dZ[l]
                                         dA[l-1] = W[l]ᵀ dZ[l]

dZ and dA are derivatives of the summed loss; the 1/m stands in dW and db, derivatives of J. An
oracle must not share what it judges, so this file imports nothing of the engine and keeps its own
table of g and g'. It computes in float64.

Read next: `nn.check`, which holds the engine to these equations.
"""

# ruff: noqa: E741  (l is the lecture's layer number)
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["backward", "forward"]

Array = Any  # an ndarray, float64
_C = np.sqrt(2 / np.pi)  # of gelu


def _sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(np.minimum(-z, 709)))


def _softmax(z: Array) -> Array:
    e = np.exp(z - z.max(axis=0))
    return e / e.sum(axis=0)


def _gelu_t(z: Array) -> Array:
    return np.tanh(_C * (z + 0.044715 * z**3))


def _gelu_slope(z: Array) -> Array:
    t = _gelu_t(z)
    return (1 + t) / 2 + z / 2 * (1 - t**2) * _C * (1 + 3 * 0.044715 * z**2)


# g(z) and g'(z, a) where a = g(z). At a kink, the left derivative.
_G: dict[str, tuple[Callable[[Array], Array], Callable[[Array, Array], Any]]] = {
    "sigmoid": (_sigmoid, lambda z, a: a * (1 - a)),
    "tanh": (np.tanh, lambda z, a: 1 - a**2),
    "relu": (lambda z: np.maximum(0, z), lambda z, a: np.where(z > 0, 1, 0)),
    "leaky_relu": (lambda z: np.maximum(0.01 * z, z), lambda z, a: np.where(z > 0, 1, 0.01)),
    "softplus": (lambda z: np.logaddexp(0, z), lambda z, a: _sigmoid(z)),
    "silu": (lambda z: z * _sigmoid(z), lambda z, a: _sigmoid(z) * (1 + z * _sigmoid(-z))),
    "gelu": (lambda z: z / 2 * (1 + _gelu_t(z)), lambda z, a: _gelu_slope(z)),
    "elu": (
        lambda z: np.where(z > 0, z, np.exp(np.minimum(z, 0)) - 1),
        lambda z, a: np.exp(np.minimum(z, 0)),
    ),
    "identity": (lambda z: z, lambda z, a: np.ones(z.shape)),
    "softmax": (_softmax, lambda z, a: None),  # no g' for each element: see `_through`
}

# ∂L/∂A[L] of the loss summed over the examples, from what the loss is given and the labels.
_DLOSS: dict[str, Callable[[Array, Array], Array]] = {
    "binary_cross_entropy": lambda A, Y: -Y / _inside(A) + (1 - Y) / (1 - _inside(A)),
    "binary_cross_entropy_with_logits": lambda Z, Y: _sigmoid(Z) - Y,
    "cross_entropy": lambda Z, Y: _softmax(Z) - Y,
    "squared_error": lambda A, Y: A - Y,
    "mse": lambda A, Y: 2 * (A - Y),
    "mae": lambda A, Y: np.sign(A - Y),
    "huber": lambda A, Y: np.minimum(np.maximum(A - Y, -1), 1),
    "hinge": lambda Z, Y: np.where(Y * Z < 1, -Y, 0),
}


def forward(params: Mapping[str, Any], X: Any, activations: Sequence[str]) -> dict[str, Any]:
    """Every value on the way from X to A[L].

    Z[l] = W[l] A[l-1] + b[l], A[l] = g[l](Z[l]), A[0] = X.

    Args:
        params: {"W1": (n[1], n[0]), "b1": (n[1], 1), "W2": …}, as `network.state_dict()` has it.
        X: (n[0], m).
        activations: the names of g[1], …, g[L].

    Returns:
        The cache, float64: A0, and W1, b1, Z1 (n[1], m), A1 (n[1], m), … for each layer; and the
        activations, for `backward`.

    Raises:
        KeyError: an unknown activation, or a missing parameter.

    Source: the lecture, week 4.

    >>> params = {"W1": np.array([[1.0, -1.0]]), "b1": np.zeros((1, 1))}
    >>> forward(params, np.array([[2.0], [2.0]]), ["sigmoid"])["A1"]
    array([[0.5]])
    """
    cache: dict[str, Any] = {"A0": np.asarray(X, float), "activations": tuple(activations)}
    for l, name in enumerate(activations, start=1):
        W, b = (np.asarray(params[f"{p}{l}"], float) for p in "Wb")
        Z = W @ cache[f"A{l - 1}"] + b
        g, _ = _G[name]
        cache |= {f"W{l}": W, f"b{l}": b, f"Z{l}": Z, f"A{l}": g(Z)}
    return cache


def backward(
    cache: Mapping[str, Any], Y: Any, loss: str = "binary_cross_entropy"
) -> dict[str, Array]:
    """Every derivative on the way back from the loss to W[1].

    The loss is given A[L]; the two that take logits read A[L] as logits, unless they follow the
    output they stand for (sigmoid, softmax), where A[L] is the probability. Then, as for the
    logistic loss of a sigmoid, dZ[L] = A[L] − Y.

    Args:
        cache: what `forward` returned.
        Y: labels (n[L], m); for "cross_entropy" also class numbers, (m,) or (1, m).
        loss: the name of a loss in `nn.losses`.

    Returns:
        dA, dZ (n[l], m), derivatives of the summed loss; dW (n[l], n[l-1]), db (n[l], 1),
        derivatives of J: {"dA2": …, "dZ2": …, "dW2": …, "db2": …, "dA1": …, …}.

    Raises:
        KeyError: an unknown loss.

    Source: the lecture, week 4.

    >>> params = {"W1": np.zeros((1, 2)), "b1": np.zeros((1, 1))}
    >>> cache = forward(params, np.eye(2), ["sigmoid"])
    >>> backward(cache, np.array([[1, 0]]))["dW1"]
    array([[-0.25,  0.25]])
    """
    L = len(cache["activations"])
    A, output = cache[f"A{L}"], cache["activations"][-1]
    Y, m = _labels(Y, A), A.shape[1]
    grads: dict[str, Array] = {}
    for l in range(L, 0, -1):
        if l < L:
            dA = cache[f"W{l + 1}"].T @ grads[f"dZ{l + 1}"]
            dZ = _through(cache["activations"][l - 1], dA, cache[f"Z{l}"], cache[f"A{l}"])
        elif output == "sigmoid" and loss.startswith("binary_cross_entropy"):
            dA, dZ = _DLOSS["binary_cross_entropy"](A, Y), A - Y
        elif output == "softmax" and loss == "cross_entropy":
            dA, dZ = -Y / _inside(A), A - Y
        else:
            dA = _DLOSS[loss](A, Y)
            dZ = _through(output, dA, cache[f"Z{l}"], A)
        dW = dZ @ cache[f"A{l - 1}"].T / m
        db = dZ.sum(axis=1, keepdims=True) / m
        grads |= {f"dA{l}": dA, f"dZ{l}": dZ, f"dW{l}": dW, f"db{l}": db}
    return grads


def _inside(A: Array) -> Array:
    """A, with 0 and 1, where dA of a cross-entropy is infinite, moved to the nearest inside."""
    kind = np.finfo(float)
    return np.clip(A, kind.tiny, 1 - kind.epsneg)


def _through(name: str, dA: Array, Z: Array, A: Array) -> Array:
    """dZ = dA * g'(Z); for softmax, column by column, its Jacobian diag(a) − a aᵀ applied to dA."""
    if name == "softmax":
        jacobians = np.eye(len(A))[:, :, None] * A - A[:, None] * A  # (n, n, m), symmetric
        return np.einsum("ikm,km->im", jacobians, dA)
    _, slope = _G[name]
    return dA * np.asarray(slope(Z, A))


def _labels(Y: Any, A: Array) -> Array:
    """Y as (n, m): class numbers become columns with a single 1."""
    Y = np.asarray(Y, float)
    return Y if Y.shape == A.shape else np.eye(len(A))[:, Y.ravel().astype(int)]
