"""Random networks against outside oracles: HIPS autograd, the complex step and differences."""

import autograd
import autograd.numpy as anp
import numpy as np
from drawn import cases
from hypothesis import given
from hypothesis import strategies as st

from nn.losses import class_columns
from nn.objective import choose_loss, objective

# The textbook's formulas once more, for any namespace: neither the engine's nor the equations'.
ACTIVATIONS = {
    "sigmoid": lambda xp, z: 1 / (1 + xp.exp(-z)),
    "tanh": lambda xp, z: xp.tanh(z),
    "relu": lambda xp, z: xp.where(z > 0, z, 0 * z),
    "leaky_relu": lambda xp, z: xp.where(z > 0, z, 0.01 * z),
    "softplus": lambda xp, z: xp.log(1 + xp.exp(z)),
    "softmax": lambda xp, z: xp.exp(z) / xp.sum(xp.exp(z), axis=0, keepdims=True),
    "gelu": lambda xp, z: z / 2 * (1 + xp.tanh((2 / np.pi) ** 0.5 * (z + 0.044715 * z**3))),
    "silu": lambda xp, z: z / (1 + xp.exp(-z)),
    "elu": lambda xp, z: xp.where(z > 0, z, xp.exp(z) - 1),
    "identity": lambda xp, z: z,
}


def bernoulli(xp, A, Y):
    return -(Y * xp.log(A) + (1 - Y) * xp.log(1 - A))


LOSSES = {
    "binary_cross_entropy": bernoulli,
    "binary_cross_entropy_with_logits": lambda xp, Z, Y: bernoulli(
        xp, ACTIVATIONS["sigmoid"](xp, Z), Y
    ),
    "cross_entropy": lambda xp, Z, Y: -1.0 * Y * xp.log(ACTIVATIONS["softmax"](xp, Z)),
    "squared_error": lambda xp, A, Y: (A - Y) ** 2 / 2,
    "mse": lambda xp, A, Y: (A - Y) ** 2,
    "mae": lambda xp, A, Y: xp.abs(A - Y),
    "huber": lambda xp, A, Y: xp.where(xp.abs(A - Y) <= 1, (A - Y) ** 2 / 2, xp.abs(A - Y) - 0.5),
    "hinge": lambda xp, Z, Y: xp.maximum(1 - Y * Z, 0 * Z),
}
ANALYTIC = ("sigmoid", "tanh", "softplus", "softmax", "gelu", "silu", "identity")
SMOOTH = (
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "squared_error",
    "mse",
)  # fmt: skip


def cost(xp, case, params):
    """J by the formulas above."""
    network = case.network
    A = case.X
    for layer, name in enumerate(network.activations, start=1):
        Z = xp.matmul(params[f"W{layer}"], A) + params[f"b{layer}"]
        A = ACTIVATIONS[name](xp, Z)
    function, on_logits = choose_loss(network, case.loss)
    of = Z if on_logits else A
    Y = case.Y
    if case.loss == "cross_entropy":
        Y = class_columns(np.zeros((network.sizes[-1], case.X.shape[1])), Y)
    return xp.sum(LOSSES[function.__name__](xp, of, Y)) / case.X.shape[1]


def engine(case):
    """J and its derivative by every parameter, from the engine."""
    case.network.zero_grad()
    J = objective(case.network, case.loss)(case.X, case.Y)
    J.backward()
    return float(J), {
        name: np.zeros(p.shape) if p.grad is None else np.asarray(p.grad)
        for name, p in case.network.named_parameters()
    }


@given(case=cases())
def test_networks_agree_with_autograd(case):
    """Cost and all gradients of random networks, 1 to 6 layers, any activation, any loss."""
    J, grads = engine(case)
    params = case.network.state_dict()
    value, wanted = autograd.value_and_grad(lambda p: cost(anp, case, p))(params)
    np.testing.assert_allclose(J, value, rtol=1e-10)
    scale = max(np.abs(g).max() for g in wanted.values())
    for name, g in grads.items():
        np.testing.assert_allclose(g, wanted[name], rtol=1e-9, atol=1e-10 * max(scale, 1))


@given(case=cases(outputs=ANALYTIC, losses=SMOOTH, hidden=ANALYTIC), seed=st.integers(0, 2**32 - 1))
def test_analytic_networks_agree_with_the_complex_step(case, seed):
    """The slope of J along a random direction in all parameters, without cancellation."""
    _, grads = engine(case)
    params = case.network.state_dict()
    rng = np.random.default_rng(seed)
    along = {name: rng.standard_normal(value.shape) for name, value in params.items()}
    moved = {name: params[name] + 1e-30j * along[name] for name in params}
    wanted = cost(np, case, moved).imag / 1e-30
    got = sum(np.sum(grads[name] * along[name]) for name in params)
    size = sum(np.sum(np.abs(grads[name] * along[name])) for name in params)
    assert abs(got - wanted) <= 1e-11 * max(size, 1)


@given(case=cases(outputs=ANALYTIC, losses=SMOOTH, hidden=ANALYTIC), seed=st.integers(0, 2**32 - 1))
def test_networks_agree_with_finite_differences(case, seed):
    """The same slope by central differences of the engine's own forward pass."""
    _, grads = engine(case)
    rng = np.random.default_rng(seed)
    start = case.network.state_dict()
    along = {name: rng.standard_normal(value.shape) for name, value in start.items()}

    def J(h):
        case.network.load_state_dict({name: start[name] + h * along[name] for name in start})
        return float(objective(case.network, case.loss)(case.X, case.Y))

    h = 1e-3
    wanted = (8 * (J(h) - J(-h)) - (J(2 * h) - J(-2 * h))) / (12 * h)  # fourth order
    got = sum(np.sum(grads[name] * along[name]) for name in start)
    assert abs(got - wanted) <= 1e-5 * max(abs(wanted), 1)
