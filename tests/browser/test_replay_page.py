"""The replay of a training in a browser: every epoch shows what the engine had in it."""

# ruff: noqa: E741
import json
import re

import numpy as np
import pytest

import nn
from nn.diagram import diagram
from nn.surface import grid

HOSTILE = "</script><img src=x onerror=alert(1)>"
EPOCHS = 12


@pytest.fixture(scope="module")
def training(tmp_path_factory):
    """A page, and the network's parameters, J and gradients in each of its epochs."""
    file = tmp_path_factory.mktemp("replay") / "training.html"
    X = np.random.default_rng(0).normal(size=(2, 60))
    made = nn.DeepNetwork([2, 4, 1], hidden="tanh", seed=0)
    states = [made.state_dict()]

    def note(epoch, made, J):
        norms = [float(np.linalg.norm(made.W[l].grad)) for l in (1, 2)]
        states.append({**made.state_dict(), "J": J, "norms": norms})

    Y = (X[:1] * X[1:] > 0).astype(float)
    settings = {"epochs": EPOCHS, "learning_rate": 3, "progress": False, "callback": note}
    nn.fit(made, X, Y, record=file, **settings)
    return file, made, states


@pytest.fixture
def open_page(chromium):
    """Open a file; at the end no error was logged, no dialog shown, no other file asked for."""
    opened = []

    def open_page(file, **settings):
        context = chromium.new_context(**settings)
        page, told = context.new_page(), []
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("dialog", lambda dialog: (told.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda r: r.url.startswith("data:") or told.append(r.url))
        page.goto(file.as_uri())
        opened.append((context, told, file.as_uri()))
        return page

    yield open_page
    for context, told, url in opened:
        context.close()
        assert told == [url]


def step(page):
    return int(page.locator("[data-step]").get_attribute("data-step"))


def act(page, name):
    page.locator(f'[data-action="{name}"]').click()


def test_every_epoch_shows_its_weights_and_numbers(training, open_page):
    """Stepping forward from the start: edges, biases, J and norms are the engine's."""
    file, _, states = training
    page = open_page(file)
    assert step(page) == EPOCHS
    act(page, "reset")
    for epoch, state in enumerate(states):
        assert step(page) == epoch
        edges = page.eval_on_selector_all(
            "[data-weight]",
            "all => all.map(e => [e.dataset.weight, e.getAttribute('class'), e.textContent])",
        )
        assert len(edges) == 12
        for key, sign, title in edges:
            l, j, i = map(int, key.split())
            w = state[f"W{l}"][j, i]
            assert abs(float(title.split("= ")[1]) - w) <= 0.006 * abs(w) + 1e-3
            assert sign == ("plus" if w > 0 else "minus")
        bias = page.locator('[data-unit="1 2"] title').text_content()
        assert abs(float(bias.split("= ")[1]) - state["b1"][2, 0]) < 6e-3
        told = page.locator("[data-step]").text_content()
        norms = page.locator("[data-norm]").all_text_contents()
        if epoch:
            assert f"epoch {epoch} of {EPOCHS} · J = {state['J']:.4g}" in told
            assert norms == [f"{norm:.3g}" for norm in state["norms"]]
        else:
            assert "before training" in told
            assert norms == ["–", "–"]
        act(page, "forward")
    assert step(page) == EPOCHS
    act(page, "back")
    assert step(page) == EPOCHS - 1


def test_the_boundary_is_where_the_network_says_one_half(training, open_page):
    """The line's points, taken back to data, have p near ½; the plane behind it is painted."""
    file, made, _ = training
    page = open_page(file)
    line = page.locator("[data-boundary]").get_attribute("d")
    points = np.array(re.findall(r"[ML]([\d.]+) ([\d.]+)", line), float)
    assert len(points) > 40
    box = json.loads(page.locator("#data").text_content())["surface"]["box"]
    X = np.random.default_rng(0).normal(size=(2, 60))
    low, high = (f(grid(X, 49)[1], axis=1) for f in (np.min, np.max))
    half = (high - low) / 48 / 2
    low, high = low - half, high + half
    x1 = low[0] + (points[:, 0] - box[0]) / box[2] * (high - low)[0]
    x2 = high[1] - (points[:, 1] - box[1]) / box[3] * (high - low)[1]
    assert np.abs(made(np.stack([x1, x2])).data - 0.5).max() < 0.06
    picture = page.locator("[data-surface]").get_attribute("href")
    assert picture.startswith("data:image/png;base64,")
    act(page, "reset")
    assert page.locator("[data-surface]").get_attribute("href") != picture


def test_the_plane_is_painted_in_the_colour_of_its_class(training, open_page):
    """Each point of the grid: blue for class 0, orange for class 1, x2 upwards."""
    file, made, _ = training
    pixels = open_page(file).evaluate(
        """async () => {
            const image = new Image(), context = document.createElement("canvas").getContext("2d");
            image.src = document.querySelector("[data-surface]").getAttribute("href");
            await image.decode();
            context.drawImage(image, 0, 0);
            return [...context.getImageData(0, 0, image.width, image.height).data];
        }"""
    )
    n = 49
    red, _, blue, _ = np.reshape(pixels, (n, n, 4))[::-1].transpose(2, 0, 1)
    _, points = grid(np.random.default_rng(0).normal(size=(2, 60)), n)
    np.testing.assert_array_equal(red > blue, made(points).data.reshape(n, n) > 0.5)


def test_the_keyboard_does_all(training, open_page):
    """Arrows, Home, End, space; the slider by its own keys."""
    page = open_page(training[0])
    for key, expected in [
        ("Home", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", EPOCHS),
    ]:  # fmt: skip
        page.keyboard.press(key)
        assert step(page) == expected
    page.locator('[data-action="epoch"]').focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert step(page) == 1
    assert (
        page.locator('[data-action="epoch"]').get_attribute("aria-valuetext").startswith("epoch 1 ")
    )


def test_playing_goes_to_the_end_and_stops(training, open_page):
    """A frame for each tick; from the end it starts again; a second press pauses where it is."""
    page = open_page(training[0])
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now() + 1000"))
    page.locator('[data-action="speed"]').select_option("40")
    act(page, "play")
    for epoch in range(EPOCHS + 1):
        assert step(page) == epoch
        assert page.locator('[data-action="play"][aria-label="Pause"]').count() == (epoch < EPOCHS)
        page.clock.run_for(40)
    assert step(page) == EPOCHS
    page.locator("h1").click()
    page.keyboard.press("Space")
    page.clock.run_for(80)
    page.keyboard.press("Space")
    page.clock.run_for(500)
    assert step(page) == 2


@pytest.mark.parametrize("width", [320, 360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_phones_and_follows_the_scheme(training, open_page, width, scheme):
    """No sideways scrolling; buttons large enough to touch; paper light or dark."""
    page = open_page(training[0], viewport={"width": width, "height": 800}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for button in page.locator("button").all():
        assert min(button.bounding_box()["width"], button.bounding_box()["height"]) >= 44
    paper = page.eval_on_selector(".panel", "e => getComputedStyle(e).backgroundColor")
    circle = page.eval_on_selector(".mg-network .paper", "e => getComputedStyle(e).fill")
    assert (max(map(int, re.findall(r"\d+", paper))) < 60) == (scheme == "dark")
    assert paper == circle


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible(training, open_page, axe, scheme):
    """axe-core finds no violation, in the first epoch and in the last."""
    page = open_page(training[0], color_scheme=scheme)
    page.evaluate(axe)
    for key in ("Home", "End"):
        page.keyboard.press(key)
        assert page.evaluate("axe.run().then(found => found.violations.map(v => v.id))") == []


def test_it_prints_the_epoch_without_the_controls(training, open_page):
    """Buttons and slider stay on the screen."""
    page = open_page(training[0])
    page.keyboard.press("Home")
    page.emulate_media(media="print")
    assert not page.locator("button").first.is_visible()
    assert not page.locator('[data-action="epoch"]').is_visible()
    assert page.locator("[data-step]").is_visible()


def test_without_scripts_the_charts_are_there(training, open_page):
    """And it is said what is missing, only then."""
    assert not open_page(training[0]).get_by_text("allow this page its script").is_visible()
    page = open_page(training[0], java_script_enabled=False)
    assert page.get_by_text("allow this page its script").is_visible()
    assert page.locator('[data-panel="cost"] .line').count() == 1
    assert page.locator("[data-weight]").count() == 12


class Named(nn.Module):
    """Names as an enemy would choose them."""

    def __init__(self):
        self.parts = {HOSTILE: nn.Linear(2, 1, seed=0)}

    def forward(self, X):
        return self.parts[HOSTILE](X)

    def __repr__(self):
        return f"Named({HOSTILE})"


def test_hostile_names_are_shown_not_run(tmp_path, open_page):
    """In the page, and in a diagram opened as a file."""
    file = tmp_path / "training.html"
    X = np.random.default_rng(0).normal(size=(2, 9))
    nn.fit(Named(), X, X[:1], epochs=2, loss="mse", record=file, progress=False)
    page = open_page(file)
    assert page.locator("img").count() == 0
    assert page.get_by_text(f"Named({HOSTILE})").is_visible()
    assert page.get_by_text(f"d(parts.{HOSTILE}.W)").is_visible()
    picture = diagram(nn.DeepNetwork([1, 1]), inputs=[HOSTILE]).save(tmp_path / "a.svg")
    shown = open_page(picture)
    assert shown.locator("title", has_text=HOSTILE).count() == 1
