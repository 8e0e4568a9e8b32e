"""The pictures: what is drawn, where it goes, what is missing."""

import copy
import sys

import numpy as np
import pytest
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from oracles import assert_close

import minigrad as mg
import nn
from nn import plots
from nn.activations import ACTIVATIONS


@pytest.mark.parametrize("given", [[0.7, 0.5, 0.4], nn.History([0.7, 0.5, 0.4])])
def test_the_curve_is_J_against_the_epochs(given):
    """From a History or from numbers; epochs count from 1."""
    ax = plots.cost_curve(given)
    (line,) = ax.lines
    assert line.get_xydata().tolist() == [[1, 0.7], [2, 0.5], [3, 0.4]]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "J")


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_the_picture_is_saved(tmp_path, ending):
    """The path's ending decides the format; no display and no pyplot are needed."""
    path = tmp_path / f"cost.{ending}"
    plots.cost_curve([0.7, 0.5], path=path)
    start = path.read_bytes()[:300]
    assert start.startswith(b"\x89PNG") if ending == "png" else b"<svg" in start or b"xml" in start


def test_curves_share_axes():
    """Several learning rates in one picture."""
    ax = plots.cost_curve([0.7, 0.5])
    assert plots.cost_curve([0.7, 0.6], ax=ax) is ax
    assert len(ax.lines) == 2


def test_without_matplotlib_the_error_names_the_extra(monkeypatch):
    """What to install."""
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r'pip install "minigrad\[plots\]"'):
        plots.cost_curve([1.0])


RNG = np.random.default_rng
X = RNG(0).normal(size=(2, 50))
Y = (X[:1] > 0).astype(float)
HOSTILE = "</script>$x^$"


def network(*sizes, **settings):
    return nn.DeepNetwork(sizes or (2, 4, 1), hidden="tanh", **{"seed": 0, **settings})


def boundaries(ax):
    return [c for c in ax.collections if isinstance(c, ContourSet)]


def test_the_boundary_is_where_the_classes_are_even():
    """p = ½ along the line; the colour on either side is the class's, stronger where surer."""
    made = network()
    ax = plots.decision_boundary(made, X, Y)
    (line,) = boundaries(ax)
    points = np.concatenate([p.vertices for p in line.get_paths()])
    assert len(points) > 20
    assert np.abs(made(points.T).data - 0.5).max() < 0.01
    left, right, bottom, top = ax.images[0].get_extent()
    _, points = plots.grid(X, 161)
    np.testing.assert_allclose(points.min(axis=1), [left, bottom])
    np.testing.assert_allclose(points.max(axis=1), [right, top])
    p = made(points).data.reshape(161, 161)
    for image, own in zip(ax.images, (1 - p, p), strict=True):
        alpha = np.asarray(image.get_array())[..., 3]
        np.testing.assert_allclose(alpha[own > 0.5], 0.12 + 0.4 * (2 * own - 1)[own > 0.5])
        assert not alpha[own < 0.5].any()


def test_examples_are_drawn_by_class():
    """Each class its points, its name, its form."""
    ax = plots.decision_boundary(network(), X, Y, classes=["no", HOSTILE])
    clouds = [c for c in ax.collections if not isinstance(c, ContourSet)]
    for k, cloud in enumerate(clouds):
        np.testing.assert_array_equal(cloud.get_offsets(), X[:, Y[0] == k].T)
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == ["no", HOSTILE.replace("$", r"\$")]


def test_three_classes_meet_in_lines():
    """Softmax; labels as numbers or as columns."""
    numbers = (X[0] > 0).astype(int) + (X[1] > 0)
    made = network(2, 3, output="softmax")
    ax = plots.decision_boundary(made, X, numbers)
    assert len(ax.images) == 3
    for line in boundaries(ax):
        for points in line.get_paths():
            P = np.sort(made(points.vertices.T).data, axis=0)
            assert (P[2] - P[1]).max() < 0.02
    columns = plots.decision_boundary(made, X, np.eye(3)[numbers].T)
    assert [t.get_text() for t in columns.get_legend().get_texts()] == [
        "class 0", "class 1", "class 2",
    ]  # fmt: skip


def test_of_a_regression_the_value_is_drawn():
    """Plane and points on one scale, with a bar."""
    made = network(output="identity")
    ax = plots.decision_boundary(made, X, X[:1] * 3)
    _, points = plots.grid(X, 161)
    np.testing.assert_array_equal(ax.images[0].get_array().ravel(), made(points).data[0])
    assert ax.images[0].get_clim() == ax.collections[0].get_clim()
    assert len(ax.figure.axes) == 2


def test_dropout_is_off_and_its_draws_are_not_used_up():
    """To look is to change nothing."""
    layers = nn.Linear(2, 5, seed=0), nn.Dropout(0.5, seed=1), nn.Linear(5, 1, seed=2)
    made, twin = nn.Sequential(*layers), copy.deepcopy(nn.Sequential(*layers))
    plots.decision_boundary(made, X, Y, loss="binary_cross_entropy_with_logits")
    plots.gradient_flow(made, X, Y, loss="binary_cross_entropy_with_logits")
    plots.weights(made)
    assert made.training
    assert all(p.grad is None for p in made.parameters())
    np.testing.assert_array_equal(made(X).data, twin(X).data)


@pytest.mark.parametrize("name", sorted(set(ACTIVATIONS) - {"softmax", "log_softmax"}))
def test_activations_are_drawn_with_their_slopes(name):
    """g' is the central difference of g, but across a jump, where it is not drawn."""
    (ax,) = plots.activations(name)
    (z, a), (_, slope) = (line.get_data() for line in ax.lines)
    np.testing.assert_array_equal(a, ACTIVATIONS[name](z))
    h = 1e-6
    numeric = (ACTIVATIONS[name](z + h) - ACTIVATIONS[name](z - h)) / (2 * h)
    smooth = ~np.isnan(slope) & (np.abs(z) > 1e-9)
    np.testing.assert_allclose(slope[smooth], numeric[smooth], atol=1e-6)
    assert np.isnan(slope).sum() == (1 if name in {"relu", "leaky_relu"} else 0)


def test_several_activations_share_a_picture(tmp_path):
    """A picture of four by default, each with its name."""
    drawn = plots.activations(path=tmp_path / "a.png")
    assert [ax.get_title() for ax in drawn] == ["sigmoid", "tanh", "relu", "leaky_relu"]
    assert len({ax.figure for ax in drawn}) == 1
    assert (tmp_path / "a.png").exists()


def test_weights_are_a_matrix_or_images():
    """Zero is white, the signs differ in colour; each image is its row."""
    made = network(6, 3, 1)
    made.W[1].data = W = np.array([[0.0, 1, -1, 0, 0.5, 0], [0] * 6, [2, 0, 0, 0, 0, -1]])
    ax = plots.weights(made)
    np.testing.assert_array_equal(ax.images[0].get_array(), W)
    assert ax.images[0].get_clim() == (-2, 2)
    sheet = np.asarray(plots.weights(made, image_shape=(2, 3)).images[0].get_array())
    assert sheet.shape == (2 * 2 + 1, 2 * 3 + 1, 3)
    assert (sheet[0, 0] > 0.99).all()
    assert sheet[0, 1, 2] > 0.7 > sheet[0, 1, 0]
    assert sheet[0, 2, 0] > 0.7 > sheet[0, 2, 2]
    assert (sheet[:2, 4:] > 0.99).all()
    np.testing.assert_allclose(sheet[3, 0], sheet[0, 1])
    colour = np.asarray(plots.weights(made, image_shape=(1, 2, 3)).images[0].get_array())
    np.testing.assert_allclose(colour[0, :2].ravel(), W[0] / 2 + 0.5)


def test_many_units_are_cut_and_it_is_said():
    """100 images; the title has the count."""
    ax = plots.weights(network(4, 130, 1, dtype="float32"), image_shape=(2, 2))
    assert ax.get_title() == "W[1]: 130 units, the first 100 shown"
    assert np.asarray(ax.images[0].get_array()).shape == (29, 29, 3)


def test_gradient_flow_is_the_norms_of_dW():
    """Those of the lecture's equations, whatever gradients the network has, which stay."""
    made = network()
    made(X).sum().backward()
    before = made.W[1].grad.copy()
    bars = plots.gradient_flow(made, X, Y).patches
    np.testing.assert_array_equal(made.W[1].grad, before)
    cache = nn.closed_form.forward(made.state_dict(), X, made.activations)
    grads = nn.closed_form.backward(cache, Y)
    for bar, name in zip(bars, ["dW1", "dW2"], strict=True):
        assert_close(bar.get_width(), np.linalg.norm(grads[name]), 1e-12)


def test_a_gradient_of_zero_is_drawn():
    """All zero: no logarithm of it."""
    made = network(init="zeros")
    bars = plots.gradient_flow(made, X, np.full((1, 50), 0.5)).patches
    assert [bar.get_width() for bar in bars] == [0, 0]


@pytest.mark.parametrize(
    "draw",
    [
        lambda **to: plots.decision_boundary(network(), X, Y, **to),
        lambda **to: plots.weights(network(), **to),
        lambda **to: plots.gradient_flow(network(), X, Y, **to),
    ],
)
def test_pictures_go_where_they_are_asked(tmp_path, draw):
    """Onto given axes, into a file; pyplot's state is not touched."""
    ax = Figure().add_subplot()
    assert draw(ax=ax, path=tmp_path / "a.svg") is ax
    assert b"<svg" in (tmp_path / "a.svg").read_bytes()
    assert (
        "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()
    )


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plots.decision_boundary(network(), X[:1], Y), r"X is \(1, 50\) .*two features"),
        (lambda: plots.decision_boundary(network(), X, Y[:, 1:]), r"Y is \(1, 49\)"),
        (lambda: plots.decision_boundary(network(), X, Y, classes="a"), "1 names .*; expected 2"),
        (lambda: plots.decision_boundary(nn.Linear(2, 1), X, Y), "Linear does not tell its output"),
        (lambda: plots.activations("softmax"), "activations: got 'softmax'; expected one of"),
        (lambda: plots.activations([]), "activations: got no names"),
        (lambda: plots.weights(network(), 3), "weights: got layer=3; expected 1 to 2"),
        (
            lambda: plots.weights(network(), 1, (3, 3)),
            r"image_shape is \(3, 3\) but W\[1\] is \(4, 2\)",
        ),
    ],
)
def test_what_cannot_be_drawn_is_named(draw, message):
    """Data, names, layers, sizes."""
    with pytest.raises(ValueError, match=message):
        draw()


def test_a_boundary_needs_examples_in_the_plane():
    """None, or one that is nowhere, leave no range to draw."""
    network, X = nn.DeepNetwork([2, 1], seed=0), np.ones((2, 3))
    with pytest.raises(mg.ShapeError, match=r"X is \(2, 0\) and Y is \(1, 0\)"):
        plots.decision_boundary(network, X[:, :0], np.ones((1, 0)))
    for wrong in (X * np.nan, X.astype(str)):
        with pytest.raises(nn.ArgumentError, match="X has something in it that is no finite num"):
            plots.decision_boundary(network, wrong, np.ones((1, 3)))


def test_no_curves_are_an_empty_picture():
    """Without a legend, and without a warning."""
    assert plots.cost_curve({}).get_legend() is None
