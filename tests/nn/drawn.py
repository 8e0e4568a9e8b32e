"""What Hypothesis draws for these tests: random networks with data and labels for a loss."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

import nn

ACTIVATIONS = (
    "sigmoid", "tanh", "relu", "leaky_relu", "softplus", "softmax", "gelu", "silu", "elu",
    "identity",
)  # fmt: skip
LOSSES = (
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "squared_error",
    "mse", "mae", "huber", "hinge",
)  # fmt: skip
KINKED = {"relu", "leaky_relu", "elu"}


@dataclass(frozen=True)
class Case:
    """A network, examples, labels, and the name of the loss between them."""

    network: Any
    X: Any
    Y: Any
    loss: str


def labels(rng, loss, n, m):
    """Labels of the kind that the loss takes."""
    if loss.startswith("binary"):
        return rng.integers(0, 2, (n, m)) if rng.random() < 0.5 else rng.random((n, m))
    if loss == "cross_entropy":
        return rng.integers(0, n, m) if rng.random() < 0.5 else rng.dirichlet(np.ones(n), m).T
    if loss == "hinge":
        return rng.choice([-1.0, 1.0], (n, m))
    return rng.standard_normal((n, m))


@st.composite
def cases(draw, outputs=ACTIVATIONS, losses=LOSSES, hidden=ACTIVATIONS):
    """Networks of 1 to 6 layers with any activations, for any loss, on 1 to 6 examples."""
    loss = draw(st.sampled_from(losses))
    if loss == "binary_cross_entropy":  # takes probabilities
        outputs = [a for a in outputs if a in {"sigmoid", "softmax"}]
    output = draw(st.sampled_from(list(outputs)))
    last = draw(st.integers(2 if output == "softmax" else 1, 4))
    sizes = [*draw(st.lists(st.integers(1, 5), min_size=1, max_size=6)), last]
    between = [draw(st.sampled_from(hidden)) for _ in sizes[2:]]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    network = nn.DeepNetwork(sizes, between, output, init="xavier", seed=rng)
    for b in network.b.values():
        b.data = 0.3 * rng.standard_normal(b.shape)
    m = draw(st.integers(1, 6))
    return Case(network, rng.standard_normal((sizes[0], m)), labels(rng, loss, last, m), loss)
