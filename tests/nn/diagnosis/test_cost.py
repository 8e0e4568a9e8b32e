"""What a diagnosis costs: less than a little training, whatever it finds."""

import corpus
import numpy as np
import pytest
from asked import diagnosed, values

import nn
from nn.diagnosis import examine, explain, judging
from nn.diagnosis.scope import order

BIG = corpus.Network((64,) * 6 + (1,), "tanh", 256)


def noisy(found, *quantities):
    """The values with noise for these quantities, or for all."""
    rng = np.random.default_rng(0)
    names = quantities or found
    return found | {q: rng.normal(size=found[q].shape) for q in names}


@pytest.mark.parametrize("student", [
    lambda right, backward: values(BIG, dA3="dW4.T @ dZ4"),
    lambda right, backward: noisy(right, "dZ4", "dZ3"),
    lambda right, backward: noisy({q: v / 256 if q[1] in "ZA" else v for q, v in right.items()},
                                  "dZ4", "dZ3"),
    lambda right, backward: noisy(right),
    lambda right, backward: noisy({q: v for q, v in right.items() if q[1] in "Wb"}),
    lambda right, backward: lambda params, X, Y: noisy(backward(params, X, Y)),
], ids=["named", "two", "of J", "noise", "parameters", "function"])  # fmt: skip
def test_the_cost_of_a_diagnosis(student, monkeypatch):
    """Six layers of 64 units and 256 examples: less work than 50 training steps, by a half.

    A step forms 18 matrix products and as many elementwise arrays, with some 90 calls of NumPy. It
    stays so where nothing explains the numbers.
    """
    evaluate, expressions, formed = judging.evaluate, 0, 0

    def counted(*arguments):
        nonlocal expressions, formed
        value = evaluate(*arguments)
        expressions += 1
        formed += 0 if value is None else value.size
        return value

    for module in (judging, examine, explain):
        monkeypatch.setattr(module, "evaluate", counted)
    backward = corpus.function(corpus.source(corpus.lines(BIG)))
    assert not diagnosed(student(values(BIG, "all"), backward), BIG).ok
    assert 100 < expressions < 50 * 90 / 2
    assert 0 < formed < 50 * 2 * 18 * 64 * 256 / 2


def test_deep_networks_need_no_deep_stack():
    """A network of 1500 layers: no recursion over them."""
    network = nn.DeepNetwork([1] * 1501, "tanh", seed=0)
    X, Y = np.array([[0.3, -1.0, 2.0]]), np.array([[0, 1, 1]])
    right = nn.closed_form.backward(
        nn.closed_form.forward(network.state_dict(), X, network.activations), Y
    )
    only = {q: right[q] for q in order(network.L) if q in {"dZ1500", "db1", "dW2"}}
    assert nn.diagnose(only, network, X, Y).ok
