"""What a compiled function keeps, shares and changes: leaves, constants, draws, results."""

import functools

import numpy as np
import pytest

import minigrad as mg
import nn

compiled = functools.partial(mg.compile, backend="numpy")
X = np.array([1.0, -2.0, 3.0])


def same(got, wanted):
    np.testing.assert_array_equal(got, wanted)


# Leaves and constants -----------------------------------------------------------------------------


def test_leaves_are_live():
    """The value that a Tensor has when the function is called counts, however it was assigned."""
    w, s = mg.tensor(X), mg.tensor(2.0)
    step = compiled(lambda x: x * w + s)
    for k in (1.0, 2.0, 3.0, 4.0):
        same(step(X), X * w.data + s.data)
        w.data = X * k
        s.data = k
        w.descend(np.ones(3))
    same(step(X), X * (X * 4 - 1) + 4)


def test_a_leaf_keeps_its_precision():
    """A step of more precision is rounded to it, as it is without compile."""
    ends = []
    for wrap in (lambda f: f, compiled):
        w, scale = mg.tensor(X, dtype=np.float32), mg.tensor(0.1)

        def update(w=w, scale=scale):
            w.descend((np.sin(X) * scale).data)
            assert w.dtype == np.float32

        step = wrap(update)
        for _ in range(4):
            step()
        ends.append(w.data)
    assert ends[0].dtype == ends[1].dtype == np.float32
    same(*ends)


def test_parameters_loaded_into_a_module_count():
    """load_state_dict between calls."""
    network = nn.Linear(3, 2, seed=0)
    step = compiled(network.forward)
    x = np.ones((3, 4))
    for seed in (1, 2, 3, 4):
        network.load_state_dict(nn.Linear(3, 2, seed=seed).state_dict())
        same(step(x), nn.Linear(3, 2, seed=seed)(x).data)


def test_arrays_closed_over_are_constants():
    """As they were at the first call, also where nothing is computed with them in advance."""
    c = X.copy()
    step = compiled(lambda x: (x * c, x * (c + 1), c))
    step(X), step(X)
    c[:] = 100
    for _ in range(2):
        got = step(X)
        same(got[0], X * X)
        same(got[1], X * (X + 1))
        same(got[2], X)
        got[2][:] = 5  # the caller's own


def test_what_was_computed_before_is_a_constant():
    """A Tensor that is no leaf keeps the value it was computed to."""
    w = mg.tensor(X)
    y = w * 2
    step = compiled(lambda x: x * y)
    step(X), step(X)
    w.data = X * 10
    same(step(X), X * X * 2)


@pytest.mark.parametrize("way", [mg.grad, mg.hessian, lambda f: lambda x: mg.jvp(f, (x,), (1.0,))])
def test_an_argument_of_a_transform_is_no_constant(way):
    """Its derivative would be lost; passed on, the function is run as it is."""

    def closing(f):
        def outer(x):
            u = x * x
            return compiled(lambda y: f(x, u, y))(2.0)

        return outer

    for f in (lambda x, u, y: x * y, lambda x, u, y: u * y, lambda x, u, y: u):
        with pytest.raises(mg.GraphError, match=r"over the tensor, an argument of a tra.*; pass"):
            way(closing(f))(3.0)
    assert mg.grad(lambda x: compiled(lambda y, x: x * y)(2.0, x))(3.0) == 2.0
    assert mg.grad(lambda x: x * compiled(lambda y: x.data * y)(2.0))(3.0) == 6.0


def counter(c):
    c.data = c.data + 1
    return c.data * 10


@pytest.mark.parametrize("start", [0.0, [0.0, 1.0], [[0.0]]])
def test_assigned_leaves_are_kept_from_call_to_call(start):
    """`.data =` inside: a counter counts, and the value read after it is the new one."""
    c = mg.tensor(start)
    step = compiled(lambda: counter(c))
    for k in range(1, 6):
        same(step(), (np.array(start) + k) * 10)
        same(c.data, np.array(start) + k)


@pytest.mark.parametrize("order", [(1, 0), (1, 2, 0), (0, 2, 1)])
def test_leaves_that_change_places(order):
    """A swap or rotation of values, and the old ones returned."""
    leaves = [mg.tensor([i, i + 0.5]) for i in range(len(order))]

    def f():
        old = [leaf.data for leaf in leaves]
        for leaf, i in zip(leaves, order, strict=True):
            leaf.data = old[i]
        return old

    step = compiled(f)
    values = [leaf.data.copy() for leaf in leaves]
    for _ in range(6):
        got = step()
        same(got, values)
        values = [values[i] for i in order]
        same([leaf.data for leaf in leaves], values)


def test_assigned_twice_and_from_itself():
    """W := W W, then its transpose; a view of the old value is returned."""
    w = mg.tensor([[1.0, 2.0], [0.5, -1.0]])
    wanted = w.data.copy()

    def f():
        before = w.data.T
        w.data = w.data @ w.data
        w.data = w.data.T / 4
        return before, np.sum(w.data)

    step = compiled(f)
    for _ in range(5):
        before, total = step()
        same(before, wanted.T)
        wanted = (wanted @ wanted).T / 4
        same(w.data, wanted)
        same(total, wanted.sum())


def test_one_value_for_two_leaves():
    """They do not share an array afterwards."""
    a, b = mg.tensor(X), mg.tensor(X)

    def f(x):
        a.data = b.data = x * 2
        return a.data

    step = compiled(f)
    for k in range(1, 5):
        y = step(X * k)
        a.descend(np.ones(3))
        same(b.data, X * 2 * k)
        same(y, X * 2 * k)


def test_an_argument_assigned_to_a_leaf_is_copied():
    """Writing into the argument later changes nothing."""
    w = mg.tensor(X)

    def f(x):
        w.data = x
        return w.data

    step = compiled(f)
    for k in range(4):
        x = X + k
        y = step(x)
        x[:] = 0
        same(w.data, X + k)
        same(y, X + k)


def test_assigned_in_place_only_where_nobody_looks():
    """The array of an updated leaf is written into, unless a view or a graph holds it."""
    w = mg.tensor(np.zeros((50, 50)))

    def f(x):
        w.data = w.data + x

    step = compiled(f)
    x = np.ones((50, 50))
    step(x), step(x)
    place = w.data.ctypes.data
    step(x)
    assert w.data.ctypes.data == place
    view = w.data
    step(x)
    same(view, 3 * x)
    assert w.data.ctypes.data != place
    node = w * 1.0
    step(x)
    same(node.data, 4 * x)
    node.sum().backward()
    same(w.grad, x)
    same(w.data, 5 * x)


def test_a_gradient_read_back_is_a_number():
    """No derivative passes .grad, in a step that goes back twice either; nor what was put there."""
    ends = []
    for wrap in (lambda f: f, compiled):
        w, v = mg.tensor(X), mg.tensor(2 * X)

        def step(x, w=w, v=v):
            w.zero_grad()
            v.zero_grad()
            np.sum(np.sin(w * v) * x).backward()
            slope, w.grad = w.grad, 3 * v.grad
            (np.sum(slope * w * v) + np.sum(w.grad**2 * v)).backward()
            return slope, w.grad, v.grad

        step = wrap(step)
        ends.append([step(k * X) for k in range(4)])
    np.testing.assert_allclose(ends[1], ends[0], rtol=1e-14)


def test_errors_of_assignments():
    """A wrong shape, and a Tensor made inside, are refused at their line; then all goes on."""
    w = mg.tensor(X)

    def wrong(x):
        w.data = x[:2]

    def own(x):
        t = mg.tensor(X)
        t.data = x
        return t

    with pytest.raises(mg.ShapeError, match=r"\(2,\); expected \(3,\)"):
        compiled(wrong)(X)
    with pytest.raises(mg.GraphError, match=r"test_compiled_state\.py:\d+: `t.data = x`"):
        compiled(own)(X)
    same(compiled(lambda x: x * w)(X), X * X)


# Random draws ------------------------------------------------------------------------------------


def test_random_draws_in_a_primitive_are_fresh_and_reproducible():
    """A seeded generator gives eager's numbers, in eager's order, a new one for each call."""

    def noise_of(rng):
        @mg.primitive(vjp=lambda g, y, x: g)
        def noise(x):
            return x + rng.normal(size=np.shape(x))

        return noise

    def f(noise):
        return lambda x: (noise(x) * noise(x), mg.grad(lambda v: np.sum(noise(v) ** 2))(x))

    step, eager = (
        compiled(f(noise_of(np.random.default_rng(3)))),
        f(noise_of(np.random.default_rng(3))),
    )
    seen = set()
    for _ in range(6):
        got, wanted = step(X), eager(X)
        for a, b in zip(got, wanted, strict=True):
            same(a, b)
            seen.add(a.tobytes())
    assert len(seen) == 12


def test_a_primitive_may_use_minigrad_itself():
    """Inside its function values are values: Newton's method, solved to the end each time."""

    def root(a):
        x = mg.tensor(1.0)
        while abs(float(x * x) - float(a)) > 1e-12:
            f = x * x - a
            x.grad = None
            f.backward()
            x.data = x.data - f.data / x.grad
        return x.data[()]

    sqrt = mg.primitive(root, vjp=lambda g, y, a: g / (2 * y))
    step = compiled(mg.value_and_grad(lambda a: sqrt(a) * 3))
    for a in (4.0, 9.0, 2.0, 16.0):
        np.testing.assert_allclose(step(a), (3 * np.sqrt(a), 1.5 / np.sqrt(a)), 1e-10)


@pytest.mark.parametrize(
    "inner", [np.sin, mg.primitive(lambda x: x * 2, vjp=lambda g, y, x: 2 * g)]
)
def test_checkpoints(inner):
    """A checkpointed part is recorded like the rest."""
    step = compiled(mg.grad(lambda x: np.sum(mg.checkpoint(lambda v: inner(v) * v)(x))))
    for x in (X, X, X * 2):
        same(step(x), mg.grad(lambda v: np.sum(inner(v) * v))(x))


# Results ------------------------------------------------------------------------------------------


def views(x):
    y = x * 2
    z = np.exp(y) @ y.T
    return (
        x,
        x.T,
        y,
        y,
        y.T,
        y[0],
        y[..., 0],
        z,
        z[::-1],
        np.reshape(z, (-1,)),
        LEAF,
        LEAF * 1,
        CONSTANT,
    )


LEAF, CONSTANT = mg.tensor(np.ones((2, 2))), np.full((2, 2), 7.0)


def test_results_are_the_callers_own():
    """They share no memory with an argument, leaf, constant or other result of any call."""
    step = compiled(views)
    rng = np.random.default_rng(0)
    kept = []
    for _ in range(8):
        x = rng.normal(size=(2, 3))
        got = step(x)
        others = [x, LEAF.data, CONSTANT, *(y for before, _ in kept for y in before)]
        for i, y in enumerate(got):
            assert not any(np.shares_memory(y, z) for z in [*others, *got[i + 1 :]])
            assert y.flags.writeable or not y.shape
        kept.append((got, [y.copy() for y in got]))
        got[0][...] = 99
        kept[-1][1][0][...] = 99
    for got, copies in kept:
        for y, before in zip(got, copies, strict=True):
            same(y, before)
    same(CONSTANT, np.full((2, 2), 7.0))
    same(LEAF.data, np.ones((2, 2)))


def test_arguments_are_not_written_into():
    """Not even where the result has their shape."""
    step = compiled(lambda x, y: np.exp(x - y) * (x - y) + x)
    for _ in range(4):
        x, y = X.copy(), X[::-1].copy()
        step(x, y)
        same(x, X)
        same(y, X[::-1])
        same(step(x, x), X)
