"""The right equations are right: against the closed form and the engine."""

import numpy as np
import pytest
import right

import minigrad as mg
import nn
from nn.diagnosis.equations import Equations
from nn.diagnosis.inspection import _layout
from nn.diagnosis.scope import Point, Style, order
from nn.diagnosis.slopes import OF_A, OF_Z, VALUES


@pytest.mark.parametrize("name", sorted(OF_Z))
def test_slopes_of_activations(name):
    """g and g' are the engine's, in terms of z and in terms of a."""
    g, z = getattr(nn, name), np.linspace(-4, 4, 50)  # without 0, where some have a kink
    slope = mg.grad(lambda v: g(v).sum())(z) if name != "identity" else np.ones(50)
    np.testing.assert_allclose(OF_Z[name].function(z), slope, 1e-12)
    a = VALUES[name].function(z)
    np.testing.assert_allclose(a, g(mg.tensor(z)).data, 1e-12)
    if name in OF_A:
        np.testing.assert_allclose(OF_A[name].function(a), slope, 1e-9)


@pytest.mark.parametrize("loss", sorted(right.OUTPUTS))
@pytest.mark.parametrize("of_cost", [False, True])
def test_equations_are_the_closed_form(loss, of_cost):
    """Every quantity of networks with every activation, and every loss, in both styles."""
    rng = np.random.default_rng(3)
    for hidden in zip(right.ACTIVATIONS, right.ACTIVATIONS[::-1], strict=True):
        network = nn.DeepNetwork([3, 4, 2, 3], hidden, right.OUTPUTS[loss], seed=rng)
        X = rng.normal(size=(3, 5))
        Y = np.eye(3)[:, rng.integers(0, 3, 5)]
        cache = nn.closed_form.forward(network.state_dict(), X, network.activations)
        expected = cache | nn.closed_form.backward(cache, Y, loss)
        layout = _layout(network, loss)
        point = Point.at(layout, network.state_dict(), X, Y)
        for supplied in ((), order(3)):
            equations = Equations(layout, Style(of_cost), supplied)
            scope = equations.scope(point)
            for quantity in order(3):
                scale = 5 if of_cost and quantity[:2] in {"dZ", "dA"} else 1
                for form in equations.forms(quantity):
                    value = form.value(scope) * scale
                    np.testing.assert_allclose(value, expected[quantity], 1e-9, 1e-12)
