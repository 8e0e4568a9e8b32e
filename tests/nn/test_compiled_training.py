"""Training steps, compiled: the same numbers as eager, the parameters updated where they are."""

import functools

import numpy as np
import pytest

import minigrad as mg
import nn

compiled = functools.partial(mg.compile, backend="numpy")
RNG = np.random.default_rng(1)
X = RNG.normal(size=(4, 10))
Y = (RNG.uniform(size=(1, 10)) > 0.5).astype(float)

OPTIMIZERS = {
    "SGD": lambda params: nn.SGD(params, 0.3),
    "momentum": lambda params: nn.SGD(params, 0.1, momentum=0.9),
    "Nesterov": lambda params: nn.SGD(params, 0.1, momentum=0.8, nesterov=True),
    "decay": lambda params: nn.SGD(params, 0.3, weight_decay=0.01),
    "momentum and decay": lambda params: nn.SGD(params, 0.1, momentum=0.9, weight_decay=0.1),
    "Adam": lambda params: nn.Adam(params, 0.05),
    "Adam with decay": lambda params: nn.Adam(params, 0.05, betas=(0.5, 0.9), weight_decay=0.02),
    "Adam without memory": lambda params: nn.Adam(params, 0.01, betas=(0.0, 0.0)),
}
each_optimizer = pytest.mark.parametrize("name", OPTIMIZERS)
each_dtype = pytest.mark.parametrize("dtype", ["float64", "float32"])


def network(dtype="float64", sizes=(4, 3, 3, 1), **options):
    return nn.DeepNetwork(list(sizes), seed=0, dtype=dtype, **options)


def J_of(net):
    return lambda X, Y: nn.binary_cross_entropy_with_logits(net.logits(X), Y)


def stepping(net, optimizer, zero="before", J=None):
    """A user's own step; gradients are forgotten at the start, before backward or at the end."""
    J_of_net = J or J_of(net)

    def step(X, Y):
        if zero == "first":
            net.zero_grad()
        J = J_of_net(X, Y)
        if zero == "before":
            optimizer.zero_grad()
        J.backward()
        optimizer.step()
        if zero == "last":
            optimizer.zero_grad()
        if zero == "one by one":
            for p in net.parameters():
                p.grad = None
        return J

    return step


def value(J):
    return J.data[()] if isinstance(J, mg.Tensor) else J


def same_parameters(a, b, exactly=True):
    for p, q in zip(a.parameters(), b.parameters(), strict=True):
        assert p.dtype == q.dtype
        if exactly:
            np.testing.assert_array_equal(p.data, q.data)
        else:
            np.testing.assert_allclose(p.data, q.data, 1e-12, 1e-14)


def same_gradients(a, b):
    for p, q in zip(a.parameters(), b.parameters(), strict=True):
        assert (p.grad is None) == (q.grad is None)
        if p.grad is not None:
            assert type(p.grad) is np.ndarray
            assert p.grad.dtype == q.grad.dtype
            np.testing.assert_array_equal(p.grad, q.grad)


# A user's own step --------------------------------------------------------------------------------


@each_optimizer
@each_dtype
@pytest.mark.parametrize("zero", ["first", "before", "last", "one by one"])
def test_own_step(name, dtype, zero):
    """Losses, parameters and gradients after every step are eager's, to the bit."""
    nets = network(dtype), network(dtype)
    steps = [stepping(net, OPTIMIZERS[name](net.parameters()), zero) for net in nets]
    steps[1] = compiled(steps[1])
    x, y = X.astype(dtype), Y.astype(dtype)
    for _ in range(8):
        J, got = (step(x, y) for step in steps)
        assert (value(J), J.dtype) == (got, got.dtype)
        same_parameters(*nets)
        same_gradients(*nets)


@pytest.mark.parametrize(
    ("hidden", "output", "loss"),
    [
        (["relu", "tanh"], "softmax", nn.cross_entropy),
        (["tanh", "sigmoid"], "identity", nn.squared_error),
        (["leaky_relu", "relu"], "sigmoid", nn.binary_cross_entropy),
    ],
    ids=["softmax", "squares", "probabilities"],
)
def test_other_losses(hidden, output, loss):
    """Where the rules of algebra change the order of operations too: 1e-12."""
    nets = [network(sizes=(4, 5, 3, 2), hidden=hidden, output=output) for _ in range(2)]
    y = np.concatenate([Y, 1 - Y])

    def J(net):
        compute = net.logits if loss is nn.cross_entropy else net
        return lambda X, Y: loss(compute(X), Y)

    steps = [stepping(net, nn.SGD(net.parameters(), 0.1), J=J(net)) for net in nets]
    steps[1] = compiled(steps[1])
    for _ in range(10):
        a, b = (step(X, y) for step in steps)
        np.testing.assert_allclose(b, value(a), 1e-12)
        same_parameters(*nets, exactly=False)


@each_optimizer
def test_parameters_are_updated_in_place(name):
    """In the array that the Tensor has, unless a view or a graph holds it: then in a copy."""
    net = network()
    step = compiled(stepping(net, OPTIMIZERS[name](net.parameters())))
    for _ in range(2):
        step(X, Y)

    def places():
        return [p.data.ctypes.data for p in net.parameters()]

    before = places()
    step(X, Y)
    assert places() == before
    views = [p.data for p in net.parameters()]
    copies = [v.copy() for v in views]
    graph = J_of(net)(X, Y)
    J = graph.data.copy()
    step(X, Y)
    for view, old in zip(views, copies, strict=True):
        np.testing.assert_array_equal(view, old)
    assert not set(places()) & set(before)
    assert graph.data == J
    net.zero_grad()
    graph.backward()  # through the values at the time
    fresh = network()
    for p, old in zip(fresh.parameters(), copies, strict=True):
        p.data = old
    J_of(fresh)(X, Y).backward()
    same_gradients(net, fresh)


def test_the_learning_rate_may_change():
    """`optimizer.lr = …` between steps takes effect; so does load_state_dict."""
    nets = network(), network()
    optimizers = [nn.SGD(net.parameters(), 0.5, momentum=0.5) for net in nets]
    steps = [stepping(net, o) for net, o in zip(nets, optimizers, strict=True)]
    steps[1] = compiled(steps[1])
    for k in range(8):
        for o in optimizers:
            o.lr = 0.5 / (k + 1)
        if k == 5:
            for net in nets:
                net.load_state_dict(network(init="zeros").state_dict())
        for step in steps:
            step(X, Y)
        same_parameters(*nets)


@pytest.mark.parametrize("optimizer", [nn.SGD, nn.Adam])
def test_a_rate_that_f_changes_is_told(optimizer):
    """A schedule in Python inside the step would be frozen: it is an error in the second call."""
    net = network()
    o = optimizer(net.parameters(), 0.5)

    def step(X, Y):
        o.zero_grad()
        J = J_of(net)(X, Y)
        J.backward()
        o.step()
        o.lr = o.lr * 0.9
        return J

    step = compiled(step)
    step(X, Y)
    with pytest.raises(mg.GraphError, match="something else in its second call"):
        step(X, Y)


def clipped(net, optimizer, X, Y, limit):
    """A step with its gradient scaled down to a norm of at most `limit`."""
    optimizer.zero_grad()
    J = J_of(net)(X, Y)
    J.backward()
    norm = np.sqrt(sum([np.sum(p.grad * p.grad) for p in net.parameters()], start=0.0))
    for p in net.parameters():
        p.grad = p.grad * np.minimum(1.0, limit / norm)
    optimizer.step()
    return J, norm


@each_optimizer
def test_gradients_clipped_in_the_step(name):
    """`.grad` read and assigned between backward() and step()."""
    nets = network(), network()
    steps = [functools.partial(clipped, net, OPTIMIZERS[name](net.parameters())) for net in nets]
    steps[1] = compiled(steps[1])
    for limit in (0.1, 0.1, 0.05, 0.2, 10.0):
        (J, norm), (got, length) = (step(X, Y, limit) for step in steps)
        np.testing.assert_allclose((got, length), (value(J), norm), 1e-13)
        for p, q in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
            np.testing.assert_allclose(p.data, q.data, 1e-12, 1e-15)
            np.testing.assert_allclose(p.grad, q.grad, 1e-12, 1e-15)


# Gradients left from before -----------------------------------------------------------------------


def accumulating(net):
    def step(X, Y):
        J = J_of(net)(X, Y)
        J.backward()
        return J

    return step


def test_backward_without_zero_grad():
    """It adds in eager, which the code does not do: an error that says so, at every call."""
    net = network()
    step = compiled(accumulating(net))
    for _ in range(4):
        net.zero_grad()
        step(X, Y)  # forgotten outside
    first = [p.grad.copy() for p in net.parameters()]
    with pytest.raises(mg.GraphError, match=r"holds a gradient.*zero_grad\(\) first"):
        step(X, Y)
    for p, g in zip(net.parameters(), first, strict=True):
        np.testing.assert_array_equal(p.grad, g)  # nothing was lost
    net.zero_grad()
    step(X, Y)


def test_a_gradient_from_before_is_refused_while_recording():
    """So the first call says it too, with the line."""
    net = network()
    J_of(net)(X, Y).backward()
    with pytest.raises(mg.GraphError, match="holds a gradient from before"):
        compiled(accumulating(net))(X, Y)


def test_two_losses_add_within_a_step():
    """backward() twice inside adds, as in eager."""
    nets = network(), network()

    def step(net):
        def f(X, Y):
            net.zero_grad()
            J_of(net)(X, Y).backward()
            penalty = sum([(p * p).sum() for p in net.parameters()], start=0.0)
            penalty.backward()

        return f

    steps = step(nets[0]), compiled(step(nets[1]))
    for _ in range(4):
        for f in steps:
            assert f(X, Y) is None
        same_gradients(*nets)


def test_gradients_are_the_callers():
    """Kept, written into and compared later: the next step makes others."""
    net = network()
    o = nn.SGD(net.parameters(), 0.1)
    step = compiled(stepping(net, o))
    kept = []
    for _ in range(5):
        step(X, Y)
        kept += [(p.grad, p.grad.copy()) for p in net.parameters()]
    for g, before in kept:
        np.testing.assert_array_equal(g, before)
    for i, (g, _) in enumerate(kept):
        assert not any(np.shares_memory(g, h) for h, _ in kept[:i])
        assert not any(np.shares_memory(g, p.data) for p in net.parameters())
        g[...] = np.nan
    step(X, Y)
    assert all(np.isfinite(p.data).all() for p in net.parameters())


def test_a_parameter_that_has_no_part():
    """Its gradient stays None and it keeps its value, in SGD, with momentum and in Adam."""
    for make in OPTIMIZERS.values():
        net, idle = network(), mg.tensor([1.0, 2.0])
        step = compiled(stepping(net, make([*net.parameters(), idle])))
        for _ in range(4):
            step(X, Y)
        assert idle.grad is None
        np.testing.assert_array_equal(idle.data, [1.0, 2.0])


def test_gradients_by_transform():
    """value_and_grad and descend(), without .grad."""
    W = [mg.tensor(np.ones((3, 4)) * 0.1), mg.tensor(np.ones((3, 4)) * 0.1)]

    def step(W):
        def f(X, rate):
            J, dW = mg.value_and_grad(lambda w: np.sum(np.tanh(w @ X) ** 2))(W.data)
            W.descend(rate * dW)
            return J

        return f

    eager, code = step(W[0]), compiled(step(W[1]))
    for rate in (0.1, 0.05, 0.2, 0.1):
        assert value(eager(X, rate)) == code(X, rate)
        np.testing.assert_array_equal(W[0].data, W[1].data)
        assert W[1].grad is None
