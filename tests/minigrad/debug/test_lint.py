"""What `debug` warns of: shapes by accident, leaves nobody asks for, dead and saturated units."""

import numpy as np
import pytest
from debugged import LABELS, X, line_after, lint, network

import minigrad as mg
import nn

w = mg.tensor(np.ones((1, 2)), name="w")
SHAPES = {
    "(n,) with (n, 1)": (
        lambda: ((w @ X).reshape(60) - LABELS.T) ** 2,
        r"subtract of \(60,\) and \(60, 1\) makes \(60, 60\), every element with every other",
    ),
    "(1, n) with (n, 1)": (
        lambda: (w @ X) * LABELS.T,
        r"multiply of \(1, 60\) and \(60, 1\) makes \(60, 60\)",
    ),
    "one unit, several targets": (
        lambda: w @ X - np.ones((3, 60)),
        r"subtract stretches what was computed, \(1, 60\), over the data, \(3, 60\)",
    ),
    "softmax of one unit": (
        lambda: nn.softmax(w @ X),
        r"softmax of \(1, 60\): over an axis of size 1 it is the same for every input",
    ),
}


@pytest.mark.parametrize("case", SHAPES)
def test_shapes_that_broadcast_by_accident(case):
    """The shapes, the line and what to write."""
    f, message = SHAPES[case]
    with pytest.warns(mg.DebugWarning, match=message + r".*; at test_lint\.py"), mg.debug():
        f()


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x[:, None] - x[None, :],
        lambda x: np.expand_dims(x, 1) * x,
        lambda x: x - x.mean(),
        lambda x: x - x.reshape(3, 4).mean(axis=1, keepdims=True).sum(),
        lambda x: x.reshape(3, 4) - x.reshape(3, 4).mean(axis=1, keepdims=True),
        lambda x: np.outer(x, x),
        lambda x: x.reshape(12, 1) @ x.reshape(1, 12),
        lambda x: x * np.ones((5, 12)),
    ],
)
def test_shapes_that_are_meant(f):
    """An axis written down, keepdims, products, a row for each of several."""
    assert lint(lambda: f(mg.tensor(np.arange(12.0)))) == []


def test_lint_can_be_raised_or_ignored():
    """DebugWarning as an error; nothing."""
    f, _ = SHAPES["(1, n) with (n, 1)"]
    with pytest.raises(mg.DebugWarning, match="makes"), mg.debug(lint="raise"):
        f()
    with mg.debug(lint="ignore"):
        f()


def test_a_leaf_that_backward_never_reaches():
    """Used on a way that J does not take, or not used at all; nothing if there was no backward."""
    a, b, c = (mg.tensor(1.0, name=n) for n in "abc")

    def f(go=True):
        b * 2.0  # mark: unused
        if go:
            (a * 3.0).backward()

    with pytest.warns(mg.DebugWarning) as said, mg.debug(parameters=[a, b, c]):
        f()
    assert [str(s.message) for s in said] == [
        "backward() never reached b, though it reached others",
        "backward() never reached c, though it reached others",
    ]
    assert lint(f) == [
        f"backward() never reached b, used at {line_after('# mark: unused')}, "
        "though it reached others"
    ]
    assert lint(lambda: f(False)) == []


def test_leaves_that_a_gradient_does_not_ask_for():
    """grad's own variables, closed-over leaves and what is cut off on purpose are no mistakes."""

    def f():
        mg.grad(lambda x: x * a)(2.0)
        (a * mg.stop_gradient(b)).backward()

    a, b = mg.tensor(1.0), mg.tensor(2.0)
    assert lint(f) == []


def test_dead_relus():
    """Units 0 and 2 of layer 2 are 0 for each of the 60 examples."""
    net, step = network("relu")
    net.b[2].data = np.array([[-100.0], [0.0], [-100.0]])
    said = [s for s in lint(step) if "W3" in s]
    assert len(said) == 1
    assert said[0].startswith(
        "2 of the 3 units that W3 reads are 0 for each of the last 60 examples, so nothing is "
        "learned through them: units 0, 2; dead ReLUs?"
    )


@pytest.mark.parametrize("hidden", ["tanh", "sigmoid"])
def test_saturated_units(hidden):
    """Weights a thousand times too large leave no slope."""
    net, step = network(hidden)
    W = net.W[1].data.copy()
    W[1] = [3e5, 3e5]
    net.W[1].data = W
    said = lint(step)
    assert len(said) == 1
    assert said[0].startswith(
        f"1 of the 4 units that W2 reads are saturated ({hidden}, slope below 0.001) for each of "
        "the last 60 examples"
    )


def test_units_of_a_network_with_examples_in_rows():
    """A @ W reads columns as units."""
    W1, W2 = mg.tensor(np.ones((2, 3)), name="W1"), mg.tensor(np.ones((3, 1)), name="W2")
    b = np.array([0.0, -100.0, 0.0])
    said = lint(lambda: np.maximum(X.T @ W1 + b, 0) @ W2)
    assert len(said) == 1
    assert said[0].startswith("1 of the 3 units that W2 reads are 0 for each of the last 60")


def test_units_of_one_example_are_not_judged():
    """A vector of units, or a stack of matrices, has no axis of examples to judge over."""
    W = mg.tensor(np.ones((2, 3)), name="W")
    for shape in ((3,), (5, 3, 4)):
        assert lint(lambda shape=shape: W @ np.maximum(mg.tensor(np.full(shape, -1.0)), 0)) == []


def test_units_that_rest_now_and_then():
    """Idle in one mini-batch and busy in the next is how ReLUs are."""
    W = mg.tensor(np.ones((1, 3)))

    def batches():
        for k in range(6):
            W @ np.maximum(mg.tensor(np.eye(3)[:, [k % 3] * 5]), 0)

    assert lint(batches) == []


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
@pytest.mark.parametrize("hidden", ["tanh", "sigmoid", "relu", "leaky_relu"])
def test_the_lectures_networks_give_no_warnings(hidden, output):
    """Trained within debug(): nothing to say."""
    n, Y = (1, LABELS) if output == "sigmoid" else (2, np.vstack([LABELS, 1 - LABELS]))
    net = nn.DeepNetwork([2, 5, 4, n], hidden=hidden, output=output, seed=2)
    assert lint(lambda: nn.fit(net, X, Y, epochs=20, progress=False)) == []
    assert lint(lambda: nn.check_closed_form(net, X, Y)) == []
