"""What a network decides, point by point: class numbers, and how sure it is."""

import numpy as np
import pytest

import nn
from nn.surface import class_numbers, verdict

X = np.random.default_rng(0).normal(size=(2, 40))


def network(*sizes, **settings):
    return nn.DeepNetwork(sizes, hidden="tanh", seed=0, **settings)


@pytest.mark.parametrize(
    ("made", "loss", "expected"),
    [
        (network(2, 1), None, "probability"),
        (network(2, 1), "mse", "probability"),
        (nn.Sequential(nn.Linear(2, 1, seed=0)), "binary_cross_entropy_with_logits", "logit"),
        (nn.Sequential(nn.Linear(2, 1, seed=0)), "hinge", "score"),
        (network(2, 1, output="identity"), None, None),
        (nn.Sequential(nn.Linear(2, 1, seed=0)), "mse", None),
    ],
)
def test_the_loss_says_what_an_output_means(made, loss, expected):
    """Class 1 is where the probability is above ½, or the score above 0; a value is no class."""
    said, A = verdict(made, X, loss), made(X).data[0]
    if expected is None:
        assert said is None
    else:
        np.testing.assert_array_equal(said[0], ((0.5 if expected == "probability" else 0) < A))
        p = 1 / (1 + np.exp(-A)) if expected == "logit" else A
        lead = np.minimum(np.abs(A), 1) if expected == "score" else np.abs(2 * p - 1)
        np.testing.assert_allclose(said[1], lead, atol=1e-15)


def test_of_many_classes_the_likeliest_wins():
    """By its probability less the second's, after softmax or from logits."""
    P = network(2, 3, output="softmax")
    logits = nn.Sequential(nn.Linear(2, 3, seed=0))
    logits.layers[0].W.data = P.W[1].data
    for made, loss in ((P, None), (logits, "cross_entropy")):
        winner, lead = verdict(made, X, loss)
        ordered = np.sort(P(X).data, axis=0)
        np.testing.assert_array_equal(winner, P(X).data.argmax(axis=0))
        np.testing.assert_allclose(lead, ordered[2] - ordered[1], atol=1e-15)


def test_labels_are_class_numbers():
    """−1/1, 0/1, columns, numbers."""
    for Y in ([[-1, 1, 1]], [[0, 1, 1]], [[1, 0, 0], [0, 1, 1]], [0, 1, 1], [0.2, 0.7, 1]):
        np.testing.assert_array_equal(class_numbers(np.array(Y)), [0, 1, 1])
