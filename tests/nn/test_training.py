"""fit: batches, seeds, costs, callbacks, refusals."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import assert_close

import minigrad as mg
import nn

RNG = np.random.default_rng


def data(m=20):
    """Two features, and whether their sum is positive."""
    X = RNG(0).normal(size=(2, m))
    return X, (X.sum(axis=0, keepdims=True) > 0).astype(float)


def network(**settings):
    return nn.DeepNetwork([2, 4, 1], hidden="tanh", **{"seed": 0, **settings})


def trained(**settings):
    """The network and history of a short training."""
    made = network()
    return made, nn.fit(made, *data(), **{"epochs": 5, "progress": False, **settings})


def test_full_batch_is_gradient_descent_written_out():
    """Each epoch is W := W − α dW with the lecture's dW; J is that before the step."""
    made, history = trained(learning_rate=0.5)
    (X, Y), own = data(), network().state_dict()
    for J in history.losses:
        cache = nn.closed_form.forward(own, X, made.activations)
        A, grads = cache["A2"], nn.closed_form.backward(cache, Y)
        assert_close(J, -(Y * np.log(A) + (1 - Y) * np.log(1 - A)).mean(), 1e-13)
        own = {name: value - 0.5 * grads[f"d{name}"] for name, value in own.items()}
    for name, value in made.state_dict().items():
        assert_close(value, own[name], 1e-13)


def test_loss_goes_down():
    """Logistic regression's cost is convex: small steps lower it every time."""
    X, Y = data()
    history = nn.fit(nn.DeepNetwork([2, 1]), X, Y, epochs=50, progress=False)
    assert (np.diff(history.losses) < 0).all()


def test_it_learns_what_no_line_separates():
    """XOR, by a hidden layer and Adam."""
    X, Y = np.array([[0.0, 0, 1, 1], [0, 1, 0, 1]]), np.array([[0, 1, 1, 0]])
    made = network()
    optimizer = nn.Adam(made.parameters(), lr=0.05)
    nn.fit(made, X, Y, epochs=400, optimizer=optimizer, progress=False)
    assert ((made(X).data > 0.5) == Y).all()


def test_a_softmax_network_learns_class_numbers():
    """Three classes given as numbers (m,)."""
    X, numbers = np.eye(3), np.array([2, 0, 1])
    made = nn.DeepNetwork([3, 3], output="softmax", seed=0)
    nn.fit(made, X, numbers, epochs=300, learning_rate=1, progress=False)
    assert (made(X).data.argmax(axis=0) == numbers).all()


@given(m=st.integers(1, 12), size=st.integers(1, 15))
def test_mini_batches_cover_every_example_once(m, size):
    """In each epoch, in batches of the size asked for, only the last one smaller."""
    X = np.arange(m, dtype=float)[None]
    seen = []

    def loss(A, Y):
        seen.append(Y.ravel())
        return (A * 0).sum()

    nn.fit(nn.DeepNetwork([1, 1]), X, X, epochs=2, batch_size=size, loss=loss, progress=False)
    epoch = -(-m // size)
    assert len(seen) == 2 * epoch
    assert [len(batch) for batch in seen[: epoch - 1]] == [size] * (epoch - 1)
    for half in (seen[:epoch], seen[epoch:]):
        np.testing.assert_array_equal(np.sort(np.concatenate(half)), np.arange(m))


def test_examples_and_labels_stay_together():
    """Shuffling moves column i of X and of Y alike, and not in the same order every epoch."""
    X = np.arange(10.0)[None]
    orders = []

    def loss(A, Y):
        orders.append((A.data.ravel() / 2, Y.ravel() / 3))
        return (A * 0).sum()

    made = nn.DeepNetwork([1, 1], output="identity", init=lambda rng, n, k: np.full((n, k), 2.0))
    nn.fit(made, X, 3 * X, epochs=2, batch_size=5, loss=loss, seed=0, progress=False)
    for x, y in orders:
        np.testing.assert_array_equal(x, y)
    first, second = (np.concatenate([x for x, _ in orders[i : i + 2]]) for i in (0, 2))
    assert (first != second).any()


def test_the_seed_decides_the_course():
    """Same seed (or a Generator of it), same parameters; another seed, others."""
    runs = [trained(batch_size=4, seed=s)[0].state_dict() for s in (1, RNG(1), 2)]
    for name, value in runs[0].items():
        assert_close(runs[1][name], value, 0)
    assert np.abs(runs[2]["W1"] - runs[0]["W1"]).max() > 1e-6


def test_an_epochs_cost_weighs_every_example_equally():
    """With batches of 8, 8 and 4 and no learning to speak of, it is the full batch's J."""
    whole, parts = (
        trained(epochs=1, learning_rate=1e-12, batch_size=size)[1].losses[0] for size in (None, 8)
    )
    assert_close(parts, whole, 1e-10)


def test_callback_sees_every_epoch():
    """callback(epoch, network, J), from epoch 1, with the J of the history."""
    calls = []
    made, history = trained(epochs=3, callback=lambda *call: calls.append(call))
    assert [call[0] for call in calls] == [1, 2, 3]
    assert all(call[1] is made for call in calls)
    assert [call[2] for call in calls] == history.losses


def test_checking_while_training_disturbs_nothing():
    """check_closed_form in the callback agrees in every epoch, and training goes on the same."""
    X, Y = data()
    reports = []

    def check(epoch, made, J):
        reports.append(nn.check_closed_form(made, X, Y))

    checked, plain = trained(callback=check)[1], trained()[1]
    assert checked.losses == plain.losses
    assert all(report.ok for report in reports)


def test_history_is_short():
    """repr: how many epochs, from which J to which; also before the first."""
    _, history = trained(epochs=3)
    assert repr(history).startswith("History(3 epochs, J 0.")
    assert history.epochs == 3
    assert repr(nn.History()) == "History(0 epochs)"


def test_float32_stays_float32():
    """float64 and integer data are converted to the network's dtype."""
    X, Y = data()
    made = network(dtype="float32")
    nn.fit(made, X, Y.astype(int), epochs=2, progress=False)
    assert {p.dtype for p in made.parameters()} == {np.dtype("float32")}
    assert {p.grad.dtype for p in made.parameters()} == {np.dtype("float32")}


def test_the_bar_shows_epochs_and_cost(capsys):
    """tqdm on stderr, one tick for each epoch."""
    trained(progress=True, epochs=3)
    shown = capsys.readouterr().err
    assert "3/3" in shown
    assert "J=0." in shown


def test_without_tqdm_the_error_names_the_extra(monkeypatch):
    """progress=True without tqdm says what to install; progress=False needs nothing."""
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with pytest.raises(ImportError, match=r'pip install "minigrad\[train\]"'):
        trained(progress=True)
    assert trained(progress=False)[1].epochs == 5


def test_divergence_stops_with_the_history_so_far():
    """Steps far too large: an error that names the epoch and the remedy, no NumPy warnings."""
    X, Y = data()
    made = nn.DeepNetwork([2, 4, 1], hidden="identity", output="identity", seed=0)
    with pytest.raises(
        nn.DivergenceError, match=r"fit: J is (inf|nan) in epoch \d+; .* learning rate below 1e\+10"
    ) as caught:
        nn.fit(made, X, Y, epochs=1000, learning_rate=1e10, progress=False)
    losses = caught.value.history.losses
    assert 0 < len(losses) < 1000
    assert np.isfinite(losses).all()
    assert f"epoch {len(losses) + 1};" in str(caught.value)


def test_parameters_are_updated_in_place():
    """No graph outlives its step, so that a step needs no new weights: same address throughout."""

    def addresses(made):
        return [p.data.__array_interface__["data"][0] for p in made.parameters()]

    made = network()
    before = addresses(made)
    nn.fit(made, *data(), epochs=3, progress=False)
    assert addresses(made) == before


def test_a_recording_is_written_for_any_module(tmp_path):
    """One page, where it was asked for; the history is the same as without."""
    X, Y = RNG(0).normal(size=(1, 30)), RNG(1).normal(size=(1, 30))
    runs = []
    for record in (None, tmp_path / "training.html"):
        made = nn.Sequential(nn.Linear(1, 1, seed=0))
        settings = {"epochs": 3, "loss": "mse", "progress": False}
        runs.append(nn.fit(made, X, Y, record=record, **settings).losses)
    assert runs[0] == runs[1]
    assert (tmp_path / "training.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert [p.name for p in tmp_path.iterdir()] == ["training.html"]


def test_any_module_can_be_trained():
    """Sequential with a loss given: a straight line through points of one."""
    X = RNG(0).normal(size=(1, 30))
    made = nn.Sequential(nn.Linear(1, 1, seed=0))
    nn.fit(made, X, 3 * X - 1, epochs=300, loss="mse", progress=False)
    assert_close(made.layers[0].W.data, [[3.0]], 1e-6)
    assert_close(made.layers[0].b.data, [[-1.0]], 1e-6)


X2, Y2 = np.ones((2, 5)), np.ones((1, 5))


@pytest.mark.parametrize(
    ("X", "Y", "settings", "message"),
    [
        (np.ones(5), Y2, {}, r"fit: X is \(5,\); expected \(n, m\), a column for each example"),
        (np.ones((2, 0)), np.ones((1, 0)), {}, r"fit: no examples: X is \(2, 0\)"),
        (X2, Y2[:, :4], {}, r"fit: X is \(2, 5\) but Y is \(1, 4\); expected 5 columns in both"),
        (X2, 1.0, {}, r"fit: X is \(2, 5\) but Y is \(\)"),
        (X2, np.ones((2, 5)), {}, r"_with_logits: Z is \(1, 5\) but Y is \(2, 5\)"),
        (np.ones((3, 5)), Y2, {}, r"layer 1: W\[1\] is \(4, 2\) but A\[0\] is \(3, 5\)"),
        (X2 * np.nan, Y2, {}, r"fit: X\[0, 0\] is nan; expected finite numbers \(10 are not\)"),
        (X2, np.array([[1, 1, np.inf, 1, 1]]), {}, r"fit: Y\[0, 2\] is inf; .* \(1 are not\)"),
        (X2, Y2 * 2, {}, r"labels from 2.0 to 2.0; expected each within \[0, 1\]"),
        (X2, Y2, {"epochs": 0}, "fit: got epochs=0; expected a whole number, at least 1"),
        (X2, Y2, {"batch_size": 2.5}, "fit: got batch_size=2.5; expected a whole number"),
        (X2, Y2, {"loss": "mze"}, "loss: got 'mze'; expected one of"),
        (X2, Y2, {"learning_rate": -1}, "SGD: got lr=-1; expected a positive number"),
    ],
)
def test_what_does_not_fit_is_named(X, Y, settings, message):
    """Data and settings: what came, what is expected, where."""
    with pytest.raises(ValueError, match=message):
        nn.fit(network(), X, Y, **{"epochs": 1, "progress": False, **settings})


def test_words_and_complex_numbers_are_refused():
    """The dtype is named."""
    with pytest.raises(mg.DTypeError, match="fit: Y has dtype <U1; expected real numbers"):
        nn.fit(network(), X2, np.array([list("abcde")]), progress=False)
    with pytest.raises(mg.DTypeError, match="fit: X has dtype complex128"):
        nn.fit(network(), X2 * 1j, Y2, progress=False)


def test_two_learning_rates_are_refused():
    """An optimizer has its own."""
    made = network()
    with pytest.raises(nn.ArgumentError, match="fit: got an optimizer and a learning_rate"):
        nn.fit(made, X2, Y2, optimizer=nn.Adam(made.parameters()), learning_rate=0.1)


def test_nothing_to_learn_is_refused():
    """A module without parameters."""
    with pytest.raises(nn.ArgumentError, match="fit: the network has no parameters"):
        nn.fit(nn.Sequential(nn.relu), X2, Y2)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"loss": lambda A, Y: 3.0}, "fit: the loss returned 3.0; expected J, a Tensor"),
        ({"loss": lambda A, Y: mg.tensor(3.0)}, "fit: J depends on none of the parameters"),
        ({"optimizer": nn.Adam(network().parameters())}, "fit: J depends on none of the param"),
        ({"optimizer": nn.Adam}, "fit: got optimizer=<class 'nn.optim.Adam'>; expected an SGD or"),
        ({"callback": 3}, "fit: got callback=3; expected a function"),
    ],
)
def test_what_could_not_train_is_refused(given, message):
    """A loss that is no function of the output, steps of another network's parameters."""
    with pytest.raises(nn.ArgumentError, match=message):
        nn.fit(network(), X2, Y2, progress=False, **given)


def test_examples_as_rows_are_told_of():
    """The transpose is suggested; a vector of labels is to become a row."""
    with pytest.raises(mg.ShapeError, match=r"expected 2 columns in both; are .* rows\? .*X\.T"):
        nn.fit(network(), X2.T, Y2, progress=False)
    with pytest.raises(mg.ShapeError, match=r"Y is \(5,\); give Y as a row, \(1, 5\)"):
        nn.fit(network(), X2, Y2[0], progress=False)
    with pytest.raises(nn.ArgumentError, match="fit: got network=None; expected a Module"):
        nn.fit(None, X2, Y2)
