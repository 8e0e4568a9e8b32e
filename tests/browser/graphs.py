"""The graphs whose pages are tested."""

import numpy as np

import minigrad as mg
import nn


def lecture():
    """J = 3(a + bc) at (5, 3, 2)."""
    a, b, c = mg.tensor(5), mg.tensor(3), mg.tensor(2)
    u = b * c
    v = a + u
    J = 3 * v
    return mg.graph(J, names=locals())


def fan():
    """A value used three times, at two depths."""
    x = mg.tensor(3.0)
    u = x * x
    v = u * u
    J = v + u
    return mg.graph(J, names=locals())


def network(sizes=(2, 3, 1), m=4):
    """The cost of a network, with the lecture's names."""
    net = nn.DeepNetwork(sizes, hidden="tanh", seed=0)
    X = np.random.default_rng(0).normal(size=(sizes[0], m))
    Y = (np.arange(m)[None] % 2).astype(float)
    cache = net.cache(X)
    J = nn.binary_cross_entropy(cache[f"A{len(sizes) - 1}"], Y)
    return mg.graph(J, names={"J": J, "X": X, "Y": Y, **cache})


def chain(n):
    """A chain of n operations, every third of which uses x again."""
    x = mg.tensor(0.5, name="x")
    y = x
    for i in range(n):
        y = np.sin(y) if i % 3 else y * x
    return mg.graph(y, names={"J": y})
