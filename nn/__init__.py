"""nn: neural networks as the lecture writes them, on minigrad.

    import nn
    network = nn.DeepNetwork([3, 5, 5, 3, 1], hidden="tanh", seed=0)
    history = nn.fit(network, X, Y, epochs=500)
    print(nn.check_closed_form(network, X, Y))

Examples are columns: X is (n[0], m). `nn.plots` needs matplotlib, and loads it when called.

Read next: `nn.network`.
"""

from nn import closed_form, init, optim, plots
from nn.activations import (
    elu,
    gelu,
    identity,
    leaky_relu,
    log_softmax,
    relu,
    sigmoid,
    silu,
    softmax,
    softplus,
    tanh,
)
from nn.check import Report, check_closed_form
from nn.diagnosis import Diagnosis, Finding, diagnose
from nn.diagram import Diagram, diagram
from nn.dropout import Dropout
from nn.errors import ArgumentError
from nn.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    hinge,
    huber,
    mae,
    mse,
    squared_error,
)
from nn.module import Linear, Module, Sequential
from nn.network import DeepNetwork
from nn.optim import SGD, Adam
from nn.scoring import accuracy
from nn.sizes import shapes
from nn.training import DivergenceError, History, fit

__all__ = [
    "SGD",
    "Adam",
    "ArgumentError",
    "DeepNetwork",
    "Diagnosis",
    "Diagram",
    "DivergenceError",
    "Dropout",
    "Finding",
    "History",
    "Linear",
    "Module",
    "Report",
    "Sequential",
    "accuracy",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "check_closed_form",
    "closed_form",
    "cross_entropy",
    "diagnose",
    "diagram",
    "elu",
    "fit",
    "gelu",
    "hinge",
    "huber",
    "identity",
    "init",
    "leaky_relu",
    "log_softmax",
    "mae",
    "mse",
    "optim",
    "plots",
    "relu",
    "shapes",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "squared_error",
    "tanh",
]  # fmt: skip
