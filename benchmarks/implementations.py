"""One gradient-descent step of a deep network in each library, written as its users write it.

Every implementation takes a problem and a learning rate, and returns a `Step`: forward, loss,
backward and parameter update over the whole batch. ReLU in the hidden layers; the loss is
computed from the logits, stably.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
from networks import Array, Problem

__all__ = ["HAND", "IMPLEMENTATIONS", "PRODUCTS", "Step", "installed"]

HAND = "numpy by hand"
TUNED = "numpy tuned"
PRODUCTS = "products only"


@dataclass(frozen=True, slots=True)
class Step:
    """`run()` takes one step and returns the loss before it; `parameters()` is W[1], b[1], …

    A library whose biases are vectors may give them as such.
    """

    run: Callable[[], Any]
    parameters: Callable[[], list[Array]]


def hand_written(problem: Problem, learning_rate: float) -> Step:
    """The lecture's closed-form equations."""
    X, Y, m = problem.X, problem.Y, problem.network.m
    parameters = problem.start()
    L = len(parameters) // 2
    W = dict(enumerate(parameters[::2], 1))
    b = dict(enumerate(parameters[1::2], 1))
    output = _logistic if problem.network.binary else _softmax

    def run() -> Any:
        A: dict[int, Array] = {0: X}
        Z: dict[int, Array] = {}
        for i in range(1, L):
            Z[i] = W[i] @ A[i - 1] + b[i]
            A[i] = np.maximum(Z[i], 0)
        Z[L] = W[L] @ A[L - 1] + b[L]
        A[L], J = output(Z[L], Y)

        dZ = A[L] - Y
        for i in range(L, 0, -1):
            dW = dZ @ A[i - 1].T / m
            db = dZ.sum(axis=1, keepdims=True) / m
            if i > 1:
                dA = W[i].T @ dZ
                dZ = dA * (Z[i - 1] > 0)
            W[i] -= learning_rate * dW
            b[i] -= learning_rate * db
        return J

    return Step(run, lambda: parameters)


def tuned(problem: Problem, learning_rate: float) -> Step:
    """The same equations for somebody who has time: no array is made, each is written once.

    1/m and the learning rate go into dZ, the smallest place; ReLU and its derivative work in place.
    """
    X, Y, m = problem.X, problem.Y, problem.network.m
    parameters = problem.start()
    W, b = parameters[::2], parameters[1::2]
    A = [X] + [np.empty((w.shape[0], m), w.dtype) for w in W]
    dZ = [np.empty_like(a) for a in A[1:]]
    dW, db = [np.empty_like(w) for w in W], [np.empty_like(v) for v in b]
    mask = [np.empty(a.shape, bool) for a in A]
    output = _logistic if problem.network.binary else _softmax

    def run() -> Any:
        for i, (w, v) in enumerate(zip(W, b, strict=True)):
            Z = np.dot(w, A[i], A[i + 1])
            Z += v
            if i + 1 < len(W):
                np.maximum(Z, 0, out=Z)
        probability, J = output(A[-1], Y)
        np.subtract(probability, Y, dZ[-1])
        dZ[-1] *= learning_rate / m
        for i in range(len(W) - 1, -1, -1):
            np.dot(dZ[i], A[i].T, dW[i])
            np.sum(dZ[i], axis=1, keepdims=True, out=db[i])
            if i:
                np.dot(W[i].T, dZ[i], dZ[i - 1])
                dZ[i - 1] *= np.greater(A[i], 0, mask[i])
            W[i] -= dW[i]
            b[i] -= db[i]
        return J

    return Step(run, lambda: parameters)


def _logistic(Z: Array, Y: Array) -> tuple[Array, Any]:
    A = 1 / (1 + np.exp(-Z))
    return A, (np.maximum(Z, 0) - Z * Y + np.log1p(np.exp(-np.abs(Z)))).mean()


def _softmax(Z: Array, Y: Array) -> tuple[Array, Any]:
    Z = Z - Z.max(axis=0)
    E = np.exp(Z)
    S = E.sum(axis=0)
    return E / S, (np.log(S) - (Z * Y).sum(axis=0)).mean()


def minigrad(problem: Problem, learning_rate: float, backend: str = "") -> Step:
    """nn.DeepNetwork, a loss from logits, nn.SGD; compiled, if a backend is named.

    A compiled step clears the gradients, so that nothing need be kept for the caller.
    """
    import minigrad as mg
    import nn

    X, Y, network = problem.X, problem.Y, problem.network
    model = nn.DeepNetwork(
        network.sizes, output="sigmoid" if network.binary else "softmax", dtype=network.dtype
    )
    loss = nn.binary_cross_entropy_with_logits if network.binary else nn.cross_entropy
    tensors = [
        p for layer in range(1, len(network.sizes)) for p in (model.W[layer], model.b[layer])
    ]
    for tensor, start in zip(tensors, problem.start(), strict=True):
        tensor.data = start
    optimizer = nn.SGD(model.parameters(), learning_rate)

    def step(X: Array, Y: Array) -> Any:
        optimizer.zero_grad()
        J = loss(model.logits(X), Y)
        J.backward()
        optimizer.step()
        if backend:
            optimizer.zero_grad()
        return J

    run = mg.compile(step, backend=backend) if backend else step
    return Step(lambda: run(X, Y), lambda: [p.data for p in tensors])


def products_only(problem: Problem, _learning_rate: float) -> Step:
    """The matrix products of a step and nothing else, into arrays that are there: the floor.

    What it computes is no step, so it has no parameters to compare.
    """
    W = problem.W
    A = [problem.X] + [np.zeros((w.shape[0], problem.network.m), w.dtype) for w in W]
    dW = [np.empty_like(w) for w in W]
    dZ = [np.zeros_like(a) for a in A]

    def run() -> float:
        for w, a, z in zip(W, A, A[1:], strict=False):
            np.dot(w, a, z)
        for i in range(len(W) - 1, -1, -1):
            np.dot(dZ[i + 1], A[i].T, dW[i])
            if i:
                np.dot(W[i].T, dZ[i + 1], dZ[i])
        return 0.0

    return Step(run, list)


def torch(problem: Problem, learning_rate: float) -> Step:
    """PyTorch, eager: nn.Sequential, optim.SGD; examples are rows there."""
    from torch import no_grad, optim
    from torch.nn import Linear, ReLU, Sequential

    X, Y, start, loss = _in_torch(problem)
    layers: list[Any] = []
    for W, b in zip(start[::2], start[1::2], strict=True):
        linear = Linear(W.shape[1], W.shape[0]).to(W.dtype)
        with no_grad():
            linear.weight.copy_(W)
            linear.bias.copy_(b)
        layers += [linear, ReLU()]
    model = Sequential(*layers[:-1])
    optimizer = optim.SGD(model.parameters(), learning_rate)

    def run() -> Any:
        optimizer.zero_grad()
        J = loss(model(X), Y)
        J.backward()
        optimizer.step()
        return J.detach()

    return Step(run, lambda: [p.detach().numpy() for p in model.parameters()])


def torch_functional(problem: Problem, learning_rate: float) -> Step:
    """PyTorch, eager, without modules and optimizer: the least work it can be asked to do."""
    from torch import no_grad
    from torch.nn.functional import linear, relu

    X, Y, parameters, loss = _in_torch(problem)
    for p in parameters:
        p.requires_grad_()
    *hidden, last = zip(parameters[::2], parameters[1::2], strict=True)

    def run() -> Any:
        A = X
        for W, b in hidden:
            A = relu(linear(A, W, b))
        J = loss(linear(A, *last), Y)
        J.backward()
        with no_grad():
            for p in parameters:
                p.sub_(p.grad, alpha=learning_rate)
                p.grad = None
        return J.detach()

    return Step(run, lambda: [p.detach().numpy() for p in parameters])


def torch_compiled(problem: Problem, learning_rate: float) -> Step:
    """PyTorch, the cost (and so its derivative) and the update each under torch.compile."""
    import torch as library
    from torch.nn.functional import linear, relu

    X, Y, parameters, loss = _in_torch(problem)
    for p in parameters:
        p.requires_grad_()

    def cost(X: Any, Y: Any) -> Any:
        *hidden, last = zip(parameters[::2], parameters[1::2], strict=True)
        A = X
        for W, b in hidden:
            A = relu(linear(A, W, b))
        return loss(linear(A, *last), Y)

    def update() -> None:
        for p in parameters:
            p.sub_(p.grad, alpha=learning_rate)

    cost, update = library.compile(cost), library.no_grad()(library.compile(update))

    def run() -> Any:
        J = cost(X, Y)
        J.backward()
        update()
        for p in parameters:
            p.grad = None
        return J.detach()

    return Step(run, lambda: [p.detach().numpy() for p in parameters])


def _in_torch(problem: Problem) -> tuple[Any, Any, list[Any], Callable[..., Any]]:
    """X and Y with examples as rows, W[1], b[1], … with b of shape (n,), and the loss."""
    from torch import from_numpy
    from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

    parameters = [from_numpy(p if i % 2 == 0 else p[:, 0]) for i, p in enumerate(problem.start())]
    X = from_numpy(problem.X.T.copy())
    if problem.network.binary:
        return X, from_numpy(problem.Y.T.copy()), parameters, binary_cross_entropy_with_logits
    return X, from_numpy(problem.labels), parameters, cross_entropy


def jax(problem: Problem, learning_rate: float) -> Step:
    """JAX: the whole step as one jitted function that reuses its parameters' memory."""
    import jax as library
    import jax.numpy as jnp

    library.config.update("jax_enable_x64", True)
    binary = problem.network.binary

    def cost(parameters: Any, X: Any, Y: Any) -> Any:
        Z = _forward(jnp, parameters, X)
        if binary:
            return (jnp.maximum(Z, 0) - Z * Y + jnp.log1p(jnp.exp(-jnp.abs(Z)))).mean()
        return -(library.nn.log_softmax(Z, axis=0) * Y).sum(axis=0).mean()

    def step(parameters: Any, X: Any, Y: Any) -> Any:
        J, gradients = library.value_and_grad(cost)(parameters, X, Y)
        return J, [p - learning_rate * g for p, g in zip(parameters, gradients, strict=True)]

    compiled = library.jit(step, donate_argnums=0)
    X, Y = jnp.asarray(problem.X), jnp.asarray(problem.Y)
    state = [[jnp.array(p) for p in problem.start()]]

    def run() -> Any:
        J, state[0] = compiled(state[0], X, Y)
        return J.block_until_ready()

    return Step(run, lambda: [np.asarray(p) for p in state[0]])


def autograd(problem: Problem, learning_rate: float) -> Step:
    """HIPS autograd: value_and_grad of a function of the parameters."""
    import autograd.numpy as anp
    from autograd import value_and_grad

    X, Y, parameters = problem.X, problem.Y, problem.start()
    binary = problem.network.binary

    def cost(parameters: list[Any]) -> Any:
        Z = _forward(anp, parameters, X)
        if binary:
            return anp.mean(anp.maximum(Z, 0) - Z * Y + anp.log1p(anp.exp(-anp.abs(Z))))
        Z = Z - anp.max(Z, axis=0)
        return anp.mean(anp.log(anp.sum(anp.exp(Z), axis=0)) - anp.sum(Z * Y, axis=0))

    cost_and_gradients = value_and_grad(cost)

    def run() -> Any:
        J, gradients = cost_and_gradients(parameters)
        for p, g in zip(parameters, gradients, strict=True):
            np.subtract(p, learning_rate * g, out=p)
        return J

    return Step(run, lambda: parameters)


def mygrad(problem: Problem, learning_rate: float) -> Step:
    """MyGrad, with its memory guard off, as its documentation advises for speed."""
    import mygrad as mg
    from mygrad.nnet import softmax_crossentropy

    mg.turn_memory_guarding_off()
    X, Y, labels = problem.X, problem.Y, problem.labels
    parameters = [mg.tensor(p) for p in problem.start()]
    binary = problem.network.binary

    def run() -> Any:
        Z = _forward(mg, parameters, X)
        if binary:
            J = (mg.maximum(Z, 0) - Z * Y + mg.log1p(mg.exp(-mg.abs(Z)))).mean()
        else:
            J = softmax_crossentropy(Z.T, labels)
        J.backward()
        for p in parameters:
            p.data -= learning_rate * p.grad
            p.null_grad()
        return J.data

    return Step(run, lambda: [p.data for p in parameters])


def _forward(numpy: Any, parameters: list[Any], X: Any) -> Any:
    """The logits, in any library that has NumPy's functions."""
    *hidden, last = zip(parameters[::2], parameters[1::2], strict=True)
    A = X
    for W, b in hidden:
        A = numpy.maximum(W @ A + b, 0)
    W, b = last
    return W @ A + b


IMPLEMENTATIONS: dict[str, Callable[[Problem, float], Step]] = {
    HAND: hand_written,
    TUNED: tuned,
    PRODUCTS: products_only,
    "minigrad": minigrad,
    "compiled numpy": partial(minigrad, backend="numpy"),
    "compiled numba": partial(minigrad, backend="numba"),
    "torch": torch,
    "torch functional": torch_functional,
    "torch compiled": torch_compiled,
    "jax": jax,
    "autograd": autograd,
    "mygrad": mygrad,
}


def installed(name: str) -> bool:
    """Whether this implementation can run here; NumPy and minigrad themselves must."""
    first, *rest = name.split(maxsplit=1)
    library = rest[0] if first == "compiled" else first
    return first in {"numpy", "products", "minigrad"} or find_spec(library) is not None
