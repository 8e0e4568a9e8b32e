"""Right derivations, written in different ways: none of them may be accused."""

import numpy as np

import minigrad as mg
import nn
from nn.objective import choose_loss

ACTIVATIONS = (
    "sigmoid", "tanh", "relu", "leaky_relu", "softplus", "softmax", "gelu", "silu", "elu",
    "identity",
)  # fmt: skip
OUTPUTS = {
    "binary_cross_entropy": "sigmoid", "cross_entropy": "softmax", "squared_error": "identity",
    "mse": "tanh", "huber": "identity", "hinge": "identity", "mae": "sigmoid",
    "binary_cross_entropy_with_logits": "identity",
}  # fmt: skip


def sigmoid(z):
    """σ, otherwise than in nn: through tanh."""
    return 0.5 * (1 + np.tanh(z / 2))


WAYS = {
    "sigmoid": (sigmoid, lambda z, a: sigmoid(z) * sigmoid(-z)),
    "tanh": (lambda z: 2 / (1 + np.exp(-2 * z)) - 1, lambda z, a: (1 - a) * (1 + a)),
    "relu": (lambda z: z * (z > 0), lambda z, a: (a > 0).astype(z.dtype)),
    "leaky_relu": (lambda z: np.where(z > 0, z, z / 100), lambda z, a: np.where(z > 0, 1, 1 / 100)),
}


def random_case(rng, dtype="float64"):
    """A network, X, Y and a loss: any activations, m from 1 on, large or zero weights at times."""
    loss = str(rng.choice(list(OUTPUTS)))
    L = int(rng.integers(1, 5))
    sizes = rng.integers(1, 6, L + 1)
    if loss == "cross_entropy":
        sizes[-1] = max(2, sizes[-1])
    hidden = [str(g) for g in rng.choice(ACTIVATIONS, L - 1)]
    network = nn.DeepNetwork(sizes.tolist(), hidden, OUTPUTS[loss], seed=rng, dtype=dtype)
    scale = float(rng.choice([1.0, 1.0, 0.01, 4.0, 0.0]))
    state = {k: scale * rng.normal(size=v.shape) for k, v in network.state_dict().items()}
    network.load_state_dict(state)
    m = int(rng.choice([1, 2, 3, 4, 7, 20]))
    n = int(sizes[-1])
    X = rng.normal(size=(sizes[0], m)).astype(dtype)
    if loss.startswith("binary"):
        Y = rng.integers(0, 2, (n, m))
    elif loss == "cross_entropy":
        Y = np.eye(n)[:, rng.integers(0, n, m)]
    elif loss == "hinge":
        Y = rng.choice([-1.0, 1.0], (n, m))
    else:
        Y = rng.normal(size=(n, m))
    return network, X, Y, loss


def forward(network, X):
    """Z and A as the engine computes them."""
    return {k: v.data for k, v in network.cache(X).items() if k != "A0"}


def by_engine(network, X, Y, loss):
    """dZ, dW and db as the engine differentiates J."""
    function, on_logits = choose_loss(network, loss)
    values, L, m = network.cache(X), network.L, X.shape[1]
    mg.name(**{k: v for k, v in values.items() if k != "A0"})
    network.zero_grad()
    function(values[f"Z{L}"] if on_logits else values[f"A{L}"], Y).backward()
    found = {}
    for layer in range(1, L + 1):
        Z, W, b = values[f"Z{layer}"], network.W[layer], network.b[layer]
        found |= {
            f"dZ{layer}": m * (np.zeros(Z.shape) if Z.grad is None else Z.grad),
            f"dW{layer}": np.zeros(W.shape) if W.grad is None else W.grad,
            f"db{layer}": np.zeros(b.shape) if b.grad is None else b.grad,
        }
    return found


def by_hand(network, kink=False):
    """A function of (params, X, Y) for the logistic loss, in other words than the lecture's.

    `kink`: ReLU'(0) = 1.
    """

    def backward(params, X, Y):
        L = len(params) // 2
        A, Z = [X], [None]
        for layer in range(1, L + 1):
            Z.append(np.einsum("ij,jm->im", params[f"W{layer}"], A[-1]) + params[f"b{layer}"])
            A.append(WAYS[network.activations[layer - 1]][0](Z[-1]))
        found = {f"{q}{k}": v[k] for q, v in (("Z", Z), ("A", A)) for k in range(1, L + 1)}
        dZ = -(Y - A[L])
        for layer in range(L, 0, -1):
            found[f"dZ{layer}"] = dZ
            columns = [np.outer(dZ[:, i], A[layer - 1][:, i]) for i in range(X.shape[1])]
            found[f"dW{layer}"] = np.mean(columns, axis=0)
            found[f"db{layer}"] = dZ.mean(axis=1)[:, None]
            if layer > 1:
                dA = np.dot(dZ.T, params[f"W{layer}"]).T
                g = network.activations[layer - 2]
                slope = WAYS[g][1](Z[layer - 1], A[layer - 1])
                if kink and g == "relu":
                    slope = (Z[layer - 1] >= 0) * 1.0
                found[f"dA{layer - 1}"] = dA
                dZ = slope * dA
        return found

    return backward
