"""accuracy: the share of examples of which the network says the right class."""

import numpy as np
import pytest

import minigrad as mg
import nn

RNG = np.random.default_rng(0)


def test_of_one_sigmoid_and_of_several_classes():
    """What one counts by hand from the probabilities."""
    X = RNG.normal(size=(3, 40))
    single, several = (
        nn.DeepNetwork([3, 5, 1], seed=0),
        nn.DeepNetwork([3, 5, 4], seed=0, output="softmax"),
    )
    Y = RNG.integers(0, 2, (1, 40))
    assert nn.accuracy(single, X, Y) == ((single(X).data > 0.5) == Y).mean()
    classes = RNG.integers(0, 4, 40)
    wanted = (several(X).data.argmax(axis=0) == classes).mean()
    assert nn.accuracy(several, X, classes) == wanted
    assert nn.accuracy(several, X, np.eye(4)[:, classes]) == wanted


def test_without_dropout():
    """The network is seen as in use; whether it is in training does not change."""
    module = nn.Sequential(nn.Linear(2, 50), nn.Dropout(0.9, seed=0), nn.Linear(50, 1), nn.sigmoid)
    X, Y = RNG.normal(size=(2, 30)), RNG.integers(0, 2, (1, 30))
    found = {nn.accuracy(module, X, Y, loss="binary_cross_entropy") for _ in range(5)}
    assert len(found) == 1
    assert module.training


def test_what_has_no_accuracy():
    """A regression, and labels that do not belong to the examples."""
    X = np.ones((2, 5))
    regression = nn.DeepNetwork([2, 1], output="identity", seed=0)
    with pytest.raises(nn.ArgumentError, match="regression"):
        nn.accuracy(regression, X, np.ones((1, 5)))
    with pytest.raises(mg.ShapeError, match=r"X is \(2, 5\) and Y is \(1, 4\)"):
        nn.accuracy(nn.DeepNetwork([2, 1], seed=0), X, np.ones((1, 4)))


def test_class_numbers_in_a_row_are_class_numbers():
    """(1, m) as (m,), which `fit` takes both."""
    network, X = nn.DeepNetwork([2, 6, 3], output="softmax", seed=0), RNG.normal(size=(2, 60))
    classes = network(X).data.argmax(axis=0)
    assert classes.max() == 2
    assert nn.accuracy(network, X, classes) == nn.accuracy(network, X, classes[None]) == 1


@pytest.mark.parametrize(
    ("Y", "said"),
    [
        ([[1, 2, 1]], "from 1 to 2"),
        ([[0, 1, np.nan]], "from nan to nan"),
        ([0.5, 1, 2], "from 0.5 to 2.0"),
        ([["a", "b", "a"]], "of dtype <U1"),
    ],
)
def test_labels_that_are_no_classes_are_refused(Y, said):
    """They would all count as wrong, or as some class."""
    with pytest.raises(nn.ArgumentError, match=f"got labels {said}; expected classes from 0 to 1"):
        nn.accuracy(nn.DeepNetwork([2, 1], seed=0), np.ones((2, 3)), Y)


def test_a_module_is_expected():
    """Not a function, not its class."""
    with pytest.raises(nn.ArgumentError, match="got None for a network; expected a Module"):
        nn.accuracy(None, np.ones((2, 3)), [[0, 1, 0]])
