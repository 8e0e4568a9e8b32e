"""fit(record=…): training is the same with it, and the page holds what happened."""

# ruff: noqa: E741
import json
import re
from base64 import b64decode, b64encode
from hashlib import sha256
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from nn.diagram import drawn_weights
from nn.record import kept_epochs
from nn.surface import grid

RNG = np.random.default_rng
HOSTILE = "</script><img src=x onerror=alert(1)>"


def data(m=40):
    X = RNG(0).normal(size=(2, m))
    return X, (X[:1] * X[1:] > 0).astype(float)


def network(*sizes, **settings):
    return nn.DeepNetwork(sizes or (2, 4, 1), hidden="tanh", **{"seed": 0, **settings})


def with_dropout():
    layers = nn.Linear(2, 6, seed=0), np.tanh, nn.Dropout(0.3, seed=1), nn.Linear(6, 1, seed=2)
    return nn.Sequential(*layers)


class Page(HTMLParser):
    """What a page holds: its elements, the texts of its scripts and styles, its data."""

    def __init__(self, file):
        super().__init__()
        self.elements, self.texts, self.html = [], {}, file.read_text(encoding="utf-8")
        self.inside = ""
        self.feed(self.html)
        self.data = json.loads(self.texts["data"])

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.inside = dict(attrs).get("id", tag)

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, text):
        self.texts[self.inside] = self.texts.get(self.inside, "") + text


def recorded(tmp_path, made=None, XY=None, **settings):
    file = tmp_path / "training.html"
    made = made or network()
    settings = {"epochs": 6, "progress": False, **settings}
    history = nn.fit(made, *(XY or data()), record=file, **settings)
    return Page(file), made, history


@pytest.mark.parametrize("make", [network, with_dropout])
@pytest.mark.parametrize("backend", [False, "numpy"])
@pytest.mark.parametrize("batch_size", [None, 16])
def test_recording_changes_no_bit_of_the_training(tmp_path, make, backend, batch_size):
    """Costs, parameters, the state of the draws: with and without, eager and compiled."""
    rng, runs = [RNG(3), RNG(3)], []
    for i, record in enumerate([None, tmp_path / "a.html"]):
        made = make()
        optimizer = nn.Adam(made.parameters(), lr=0.05)
        settings = {"seed": rng[i], "compile": backend, "batch_size": batch_size, "epochs": 5}
        settings |= {"loss": "binary_cross_entropy_with_logits"} if make is with_dropout else {}
        history = nn.fit(
            made, *data(), optimizer=optimizer, progress=False, record=record, **settings
        )
        runs.append((history.losses, made.state_dict(), made.training, made(data()[0]).data))
    (losses, state, mode, after), (losses_r, state_r, mode_r, after_r) = runs
    assert losses == losses_r
    assert mode is mode_r is True
    assert rng[0].bit_generator.state == rng[1].bit_generator.state
    np.testing.assert_array_equal(after, after_r)  # dropout's next draws too
    for name, value in state.items():
        np.testing.assert_array_equal(value, state_r[name])


def test_parameters_stay_in_place(tmp_path):
    """Recording keeps no view of a parameter, which would make each step copy."""
    made = network()
    before = made.W[1].data.__array_interface__["data"][0]
    recorded(tmp_path, made)
    assert made.W[1].data.__array_interface__["data"][0] == before


def test_without_record_nothing_is_copied(monkeypatch):
    """No frame is made, no file written."""
    monkeypatch.setattr(nn.training, "Recording", None)
    assert nn.fit(network(), *data(), epochs=2, progress=False).epochs == 2


def test_the_weights_are_those_of_each_epoch(tmp_path):
    """Decoded, they are the network's to a share of the layer's largest; biases as well."""
    seen = [network().state_dict()]
    page, made, _ = recorded(
        tmp_path, learning_rate=2, callback=lambda e, made, J: seen.append(made.state_dict())
    )
    told = page.data["weights"]
    drawn = drawn_weights(made.sizes)
    assert [a["data-weight"] for t, a in page.elements if "data-weight" in a] == [
        " ".join(map(str, key)) for key in drawn
    ]
    for frame, state in zip(told["frames"], seen, strict=True):
        shares = np.frombuffer(b64decode(frame), "<i2") / 32767
        for (l, j, i), share in zip(drawn, shares):
            scale = told["scale"][l - 1]
            assert abs(share * scale - state[f"W{l}"][j, i]) <= scale / 32767
        biases = np.concatenate([state["b1"], state["b2"]])[:, 0]
        scales = np.repeat(told["biasScale"], [4, 1])
        np.testing.assert_allclose(shares[len(drawn) :] * scales, biases, atol=2e-5)


def test_the_surface_is_what_the_network_says(tmp_path):
    """Class and lead of each grid point after the last epoch, to a byte."""
    page, made, _ = recorded(tmp_path, epochs=20, learning_rate=1)
    planes = np.frombuffer(b64decode(page.data["surface"]["frames"][-1]), "u1").reshape(2, -1)
    _, points = grid(data()[0], page.data["surface"]["n"])
    p = made(points).data[0]
    np.testing.assert_array_equal(planes[0], p > 0.5)
    np.testing.assert_allclose((planes[1] / 255) ** 2, np.abs(2 * p - 1), atol=0.005)
    right = 100 * ((made(data()[0]).data > 0.5) == data()[1]).mean()
    assert page.data["told"][-1].endswith(f" · {right:.4g} % right")


def test_the_gradients_are_those_of_each_epochs_last_step(tmp_path):
    """Norms of dW as the callback sees them; none before training."""
    seen = []
    page, _, _ = recorded(
        tmp_path,
        batch_size=16,
        callback=lambda e, made, J: seen.append([np.linalg.norm(made.W[l].grad) for l in (1, 2)]),
    )
    for told, norms in zip(page.data["norms"], np.transpose(seen)):
        assert told == ["–", *(f"{norm:.3g}" for norm in norms)]


def test_the_markers_are_on_the_cost_curve(tmp_path):
    """In each epoch where its J is; the first frame has none."""
    page, _, history = recorded(tmp_path, epochs=6)
    line = re.search(r'aria-label="Cost J.*?class="line" d="M([^"]*)"', page.html).group(1)
    on_curve = [list(map(float, point.split())) for point in line.split("L")]
    assert page.data["marks"]["cost"][1:] == on_curve
    assert page.data["marks"]["cost"][0][1] is None
    heights = [-y for _, y in on_curve]
    assert np.argsort(heights).tolist() == np.argsort(history.losses).tolist()
    assert page.data["told"][2].startswith(f"epoch 2 of 6 · J = {history.losses[1]:.4g} · ")


def test_a_long_training_is_bounded(tmp_path):
    """80 epochs at most, said in the page; the size does not grow with the epochs."""
    short, long = (recorded(tmp_path, epochs=epochs)[0] for epochs in (79, 3000))
    assert len(short.data["told"]) == 80
    assert "The slider goes through" not in short.html
    frames = len(long.data["told"])
    assert frames <= 80
    assert f"The slider goes through {frames} of the epochs 0 to 3000" in long.html
    assert len(long.html) < 700_000
    assert len(long.html) < 1.1 * len(short.html)


@given(epochs=st.integers(1, 10**7), most=st.integers(4, 100))
def test_the_epochs_kept(epochs, most):
    """From 0 to the last, rising, no more than allowed; all of them where they fit."""
    kept = kept_epochs(epochs, most)
    assert (kept[0], kept[-1]) == (0, epochs)
    assert len(kept) <= most
    assert kept == sorted(set(kept))
    assert epochs >= most or kept == list(range(epochs + 1))


def test_the_policy_allows_our_script_and_style_alone(tmp_path):
    """Nothing but what has these hashes; nothing refers to another file."""
    page, _, _ = recorded(tmp_path)
    policy = next(a["content"] for t, a in page.elements if a.get("http-equiv"))
    for kind in ("script", "style"):
        digest = b64encode(sha256(page.texts[kind].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert not [
        a for t, a in page.elements for k in a if k in {"src", "href", "style"} or k[:2] == "on"
    ]
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page.html)


def test_the_page_is_the_same_for_the_same_training(tmp_path):
    """Byte for byte."""
    assert recorded(tmp_path)[0].html == recorded(tmp_path)[0].html


class Named(nn.Module):
    """Parameters and a name as a user could give them."""

    def __init__(self):
        self.parts = {HOSTILE: nn.Linear(2, 1, seed=0)}

    def forward(self, X):
        return self.parts[HOSTILE](X)

    def __repr__(self):
        return f"Named({HOSTILE})"


def test_hostile_names_are_text(tmp_path):
    """A parameter's path and the network's repr add no element; they can be read."""
    page, _, _ = recorded(tmp_path, Named(), loss="mse")
    tags = [tag for tag, _ in page.elements]
    assert "img" not in tags
    assert tags.count("script") == 2
    assert f"d(parts.{HOSTILE}.W)" in "".join(page.texts.values())


def test_what_the_script_reads_closes_no_element(tmp_path, monkeypatch):
    """Were a name among the data, it would still be data."""
    monkeypatch.setattr(nn.replay, "_told", lambda film, frame: HOSTILE)
    page, _, _ = recorded(tmp_path)
    assert page.data["told"] == [HOSTILE] * 7
    assert "img" not in [tag for tag, _ in page.elements]


def test_an_interrupt_leaves_the_page_of_what_was_done(tmp_path):
    """KeyboardInterrupt, or any error of a callback, passes through; the page says so."""

    def stop(epoch, made, J):
        if epoch == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recorded(tmp_path, epochs=500, callback=stop)
    page = Page(tmp_path / "training.html")
    assert page.data["told"][-1].startswith("epoch 4 of 4 · ")
    assert "The training ended early, after epoch 4 of 500: KeyboardInterrupt<" in page.html


def test_a_divergence_leaves_the_page_of_what_was_done(tmp_path):
    """Weights beyond all bounds included."""
    made = nn.DeepNetwork([2, 4, 1], hidden="identity", output="identity", seed=0)
    with pytest.raises(nn.DivergenceError) as caught:
        recorded(tmp_path, made, epochs=200, learning_rate=1e10)
    page = Page(tmp_path / "training.html")
    done = caught.value.history.epochs
    assert page.data["told"][-1].startswith(f"epoch {done} of {done} · J = ")
    assert f"after epoch {done} of 200: DivergenceError: fit: J is" in page.html


def test_without_an_epoch_an_older_page_stays(tmp_path):
    """A first step that fails writes nothing."""
    file = tmp_path / "training.html"
    file.write_text("older")
    with pytest.raises(ValueError, match="labels from"):
        recorded(tmp_path, XY=(data()[0], 2 * data()[1]))
    assert file.read_text() == "older"


def test_a_page_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    """When writing fails, the older page stays and no half of a new one."""
    file = tmp_path / "training.html"
    file.write_text("older")
    monkeypatch.setattr(nn.record, "to_html", lambda film: "half\ud800")
    with pytest.raises(UnicodeEncodeError):
        recorded(tmp_path)
    assert [p.read_text() for p in tmp_path.iterdir()] == ["older"]


def test_a_page_takes_the_place_of_the_older_in_one_move(tmp_path):
    """The older one is not written over: who has it open still has all of it."""
    older, file = tmp_path / "older", tmp_path / "training.html"
    older.write_text("older")
    file.hardlink_to(older)
    recorded(tmp_path)
    assert older.read_text() == "older"


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ("", "cannot be written; expected the path of a file"),
        ("no/such/folder.html", "fit: record='no/such/folder.html' cannot be written"),
        (True, "fit: got record=True; expected the path of a page"),
    ],
)
def test_a_path_that_cannot_be_written_is_told_before_training(record, message):
    """No training is lost at its end."""
    made = network()
    with pytest.raises(nn.ArgumentError, match=message):
        nn.fit(made, *data(), record=record, progress=False)
    np.testing.assert_array_equal(made.W[1].data, network().W[1].data)


def panels(page):
    return [attrs["data-panel"] for _, attrs in page.elements if "data-panel" in attrs]


def test_what_is_shown_depends_on_the_task(tmp_path):
    """Two features: a boundary or values; one: a curve; more: none; no chain: no diagram."""
    X, Y = data()
    many = np.concatenate([X, X])
    every = ["cost", "decision-boundary", "network", "gradient-flow"]
    assert panels(recorded(tmp_path)[0]) == every
    numbers = (X[0] > 0) + (X[1] > 0)
    three = network(2, 3, output="softmax")
    page, _, _ = recorded(tmp_path, three, (X, numbers))
    assert panels(page) == every
    assert page.data["surface"]["classes"] == 3
    values = network(output="identity")
    page, _, _ = recorded(tmp_path, values, (X, X[:1] * X[1:]))
    assert panels(page) == ["cost", "prediction", "network", "gradient-flow"]
    assert page.data["surface"]["values"]
    page, _, _ = recorded(tmp_path, network(1, 3, 1, output="identity"), (X[:1], X[1:]))
    assert panels(page) == ["cost", "prediction", "network", "gradient-flow"]
    assert len(page.data["curves"]) == 7
    page, _, _ = recorded(tmp_path, network(4, 3, 1), (many, Y))
    assert panels(page) == ["cost", "network", "gradient-flow"]
    assert "drawn for 1 or 2 features; here are 4" in page.html
    page, _, _ = recorded(tmp_path, Named(), loss="mse")
    assert "network" not in panels(page)
    assert "The neurons are drawn for chains of dense layers" in page.html


def test_many_examples_are_thinned_and_it_is_said(tmp_path):
    """At most 400 points are drawn, at most 2,000 judged."""
    page, _, _ = recorded(tmp_path, XY=data(2500), epochs=1)
    assert "Of the 2500 examples 400 are drawn." in page.html
    assert "The share that is right is of 2000 of the 2500 examples." in page.html
    assert sum("point" in a.get("class", "").split() for _, a in page.elements) == 400


def test_labels_that_are_no_classes_are_values(tmp_path):
    """A sigmoid trained on other numbers: its output is drawn, nothing is counted as right."""
    X, page = data(10)[0], tmp_path / "a.html"
    history = nn.fit(network(), X, 3 * X[:1], loss="mse", epochs=2, progress=False, record=page)
    assert history.epochs == 2
    text = page.read_text("utf-8")
    assert "% right" not in text
    assert "<h2>Prediction</h2>" in text
