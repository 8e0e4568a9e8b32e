"""The network diagram: its bytes, its parts, what it refuses. Run this file to redraw the pictures.

The pictures in `pictures/` were looked at; any change of a byte is to be looked at again.
"""

# ruff: noqa: E741
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
import nn
from nn.dense import dense_layers, gradient_norms, in_use
from nn.diagram import diagram

PICTURES = Path(__file__).parent / "pictures"
HOSTILE = "</script><img src=x onerror=alert(1)>\"'&\x00\ud800"


def network(*sizes, hidden="tanh", **settings):
    return nn.DeepNetwork(sizes, hidden=hidden, **{"seed": 0, **settings})


def iris():
    layers = nn.Linear(4, 3, seed=0), nn.relu, nn.Dropout(0.5, seed=0), nn.Linear(3, 3, seed=1)
    return nn.Sequential(*layers, nn.softmax)


DRAWN = {
    "3-4-1": lambda: diagram(network(3, 4, 1)),
    "3-5-5-3-1": lambda: diagram(network(3, 5, 5, 3, 1), np.array([0.5, -1, 2])),
    "2-3-5-4-2-1": lambda: diagram(
        network(2, 3, 5, 4, 2, 1, hidden="relu"), inputs=["size", "age"]
    ),
    "12288-20-7-5-1": lambda: diagram(network(12288, 20, 7, 5, 1, hidden="relu")),
    "4-3-3": lambda: diagram(iris(), np.ones(4), outputs=["setosa", "versicolor", HOSTILE]),
}


def parts(picture, tag):
    return ET.fromstring(picture.svg).iter(f"{{http://www.w3.org/2000/svg}}{tag}")


def edges(picture):
    return {e.get("data-weight"): e for e in parts(picture, "line") if e.get("data-weight")}


@pytest.mark.parametrize("name", DRAWN)
def test_the_pictures_are_as_they_were_looked_at(name):
    """Byte for byte; the lecture's networks, one with an example, one built by hand."""
    assert DRAWN[name]().svg == (PICTURES / f"network-{name}.svg").read_text(encoding="utf-8")


def test_every_edge_is_its_weight():
    """Colour, dashes and class say the sign, the width the share of the layer's largest."""
    made = network(3, 4, 1)
    found = edges(diagram(made))
    assert len(found) == 3 * 4 + 4
    for l, W in made.W.items():
        for j, i in np.ndindex(W.shape):
            edge, w = found[f"{l} {j} {i}"], W.data[j, i]
            assert edge.get("class") == ("plus" if w > 0 else "minus")
            assert (edge.get("stroke-dasharray") is None) == (w > 0)
            share = (float(edge.get("stroke-width")) - 0.4) / 3.4
            assert abs(share - abs(w) / np.abs(W.data).max()) < 0.002
            assert edge[0].text == f"W[{l}][{j}, {i}] = {w:.4g}"


def test_every_edge_joins_its_neurons():
    """From the circle of a[l-1] i to the circle of a[l] j."""
    picture = diagram(network(3, 4, 2))
    at = {}
    for group in parts(picture, "g"):
        circle = next(e for e in group if e.tag.endswith("circle"))
        at[group.get("data-unit")] = circle.get("cx"), circle.get("cy")
    for key, edge in edges(picture).items():
        l, j, i = map(int, key.split())
        assert (edge.get("x1"), edge.get("y1")) == at[f"{l - 1} {i}"]
        assert (edge.get("x2"), edge.get("y2")) == at[f"{l} {j}"]


def test_an_examples_activations_fill_the_circles():
    """Numbers and fills are those of the network's own forward pass."""
    made, x = network(3, 4, 1), np.array([0.5, -1.0, 2.0])
    cache = made.cache(x[:, None])
    for picture in (diagram(made, x), diagram(made, x[:, None])):
        for group in parts(picture, "g"):
            l, j = map(int, group.get("data-unit").split())
            a = np.asarray(getattr(cache[f"A{l}"], "data", cache[f"A{l}"]))[:, 0]
            assert group[0].text.startswith(f"{a[j]:.4g};")
            fill = group[2]
            assert abs(float(fill.get("fill-opacity")) - 0.5 * abs(a[j]) / np.abs(a).max()) < 0.006
            assert (fill.get("fill") == "#1f5fbf") == (a[j] > 0)


def test_wide_layers_are_elided_with_their_count():
    """First neurons, ⋮, last neuron; the caption has n[l]."""
    picture = diagram(network(12288, 20, 1))
    text = "".join(parts_text(picture))
    assert "n[0] = 12288" in text
    assert "12282 more" in text
    assert {key.split()[2] for key in edges(picture) if key[0] == "1"} == {*"01234", "12287"}
    assert len(edges(diagram(network(12, 9, 1), most=12))) == 12 * 9 + 9


def parts_text(picture):
    return ET.fromstring(picture.svg).itertext()


def test_captions_say_size_and_activation():
    """Under each layer; what is no activation counts too."""
    text = list(parts_text(DRAWN["4-3-3"]()))
    for told in ("input", "relu, Dropout(0.5)", "softmax", "layer 2"):
        assert told in text


@pytest.mark.parametrize("init", ["zeros", lambda rng, n, k: np.full((n, k), np.nan)])
def test_weights_without_sign_are_drawn_neutral(init):
    """All zero or nan: no division by zero, no invalid number in the picture."""
    picture = diagram(network(2, 2, 1, init=init), np.zeros(2))
    assert {e.get("class") for e in edges(picture).values()} == {"nought"}
    assert not re.search(r'="(nan|inf)', picture.svg)


def test_an_infinite_weight_is_as_wide_as_the_widest():
    """And the finite ones keep their widths."""
    made = network(2, 1)
    made.W[1].data = np.array([[np.inf, 1.0]])
    assert [e.get("stroke-width") for e in edges(diagram(made)).values()] == ["3.80", "3.80"]


def test_drawing_changes_nothing():
    """Neither the mode nor the draws of dropout nor the gradients."""
    made, twin = iris(), iris()
    diagram(made, np.ones(4))
    assert made.training
    A = np.ones((4, 6))
    np.testing.assert_array_equal(made(A).data, twin(A).data)
    assert all(p.grad is None for p in made.parameters())


def test_dropout_is_off_in_the_picture():
    """The activations are those of use, the same every time."""
    x = np.ones(4)
    assert diagram(iris(), x).svg == diagram(iris().eval(), x).svg


@given(text=st.text(max_size=40))
def test_any_label_is_text(text):
    """Whatever a label holds, the picture is valid XML with no elements of the label's."""
    plain = sum(1 for _ in ET.fromstring(diagram(network(1, 1), inputs=["x"]).svg).iter())
    shown = diagram(network(1, 1), inputs=[text])
    assert sum(1 for _ in ET.fromstring(shown.svg.encode()).iter()) == plain


def test_hostile_labels_are_shown():
    """They are in the tooltip as they were given, but for what XML cannot hold."""
    shown = "".join(parts_text(DRAWN["4-3-3"]()))
    assert "</script><img src=x onerror=alert(1)>\"'&\ufffd?" in shown
    assert "<img" not in DRAWN["4-3-3"]().svg


def test_notebooks_and_files_get_the_svg(tmp_path):
    """`_repr_svg_`, and save with its path returned."""
    picture = DRAWN["3-4-1"]()
    path = tmp_path / "network.svg"
    assert picture.save(path) == path
    assert path.read_text(encoding="utf-8") == picture.svg == picture._repr_svg_()
    assert repr(picture).startswith("<Diagram, ")
    with pytest.raises(nn.ArgumentError, match=r"got 'a.png'; expected a name ending in .svg"):
        picture.save(tmp_path / "a.png")


def test_the_picture_tells_what_it_is():
    """A title, a description of every layer, a role."""
    root = ET.fromstring(DRAWN["3-4-1"]().svg)
    assert root.get("role") == "img"
    assert root[0].text == "Neural network 3-4-1"
    assert root[1].text == "layer 0: 3 inputs; layer 1: 4 units, tanh; layer 2: 1 units, sigmoid."


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"x": np.ones(4)}, r"diagram: x is \(4,\); expected one example, \(3,\) or \(3, 1\)"),
        ({"x": np.ones((3, 2))}, r"diagram: x is \(3, 2\)"),
        ({"inputs": ["a"]}, "diagram: got 1 inputs; expected 3"),
        ({"outputs": "abc"}, "diagram: got 3 outputs; expected 1"),
        ({"most": 2}, "diagram: got most=2; expected a whole number, at least 3"),
    ],
)
def test_what_does_not_fit_is_named(settings, message):
    """Example, labels, limit."""
    with pytest.raises(ValueError, match=message):
        diagram(network(3, 4, 1), **settings)


class Residual(nn.Module):
    """A module that is no chain."""

    def __init__(self):
        self.inner = nn.Linear(2, 2, seed=0)

    def forward(self, X):
        return X + self.inner(X)


@pytest.mark.parametrize(
    "made",
    [
        Residual(),
        nn.Sequential(nn.relu),
        nn.Sequential(Residual()),
        nn.Sequential(nn.Linear(2, 3), Residual()),
        nn.Sequential(nn.Linear(2, 3), nn.Linear(4, 1)),
    ],
)
def test_what_is_no_chain_is_refused(made):
    """The message says what can be drawn."""
    with pytest.raises(nn.ArgumentError, match="no chain of dense layers; expected a DeepNetwork"):
        diagram(made)


def test_a_function_that_changes_the_size_is_refused():
    """Where an example shows it."""

    def first(A):
        return A[:1]

    with pytest.raises(nn.ArgumentError, match=r"first made \(1, 1\) of Z, which is \(3, 1\)"):
        diagram(nn.Sequential(nn.Linear(2, 3, seed=0), first), np.ones(2))


def test_a_network_that_cannot_be_copied_is_refused():
    """With the reason."""
    made = nn.Linear(1, 1)
    made.log = (line for line in [])
    with pytest.raises(
        nn.ArgumentError, match=r"Linear: a copy to look at cannot be made: .*gener"
    ):
        in_use(made)


def test_a_chain_computes_what_its_network_does():
    """The layers, one after the other, give the network's output; nested ones too."""
    X = np.random.default_rng(0).normal(size=(4, 5))
    nested = nn.Sequential(nn.Sequential(nn.Linear(4, 3, seed=0), np.tanh), nn.Linear(3, 2, seed=1))
    for made in (iris().eval(), nested, network(4, 3, 2)):
        A = mg.tensor(X)
        for layer in dense_layers(made):
            A = layer(A)
        np.testing.assert_array_equal(A.data, made(X).data)


def test_gradient_norms_are_of_weights():
    """Frobenius norms by the lecture's names; a module of biases alone shows those."""
    made = nn.Sequential(nn.Linear(2, 1, seed=0))
    made(np.ones((2, 3))).sum().backward()
    assert gradient_norms(made) == {"d(layers.0.W)": np.sqrt(18)}
    del made.layers[0].W
    assert gradient_norms(made) == {"d(layers.0.b)": 3.0}


if __name__ == "__main__":
    for name, draw in DRAWN.items():
        draw().save(PICTURES / f"network-{name}.svg")
