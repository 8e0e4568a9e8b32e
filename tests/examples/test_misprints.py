"""The misprints of the notes are found, each under its name."""

from html import escape

import numpy as np
import pytest
from test_examples import load

import nn


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """What the example returns, and the folder it wrote into."""
    out = tmp_path_factory.mktemp("out")
    return load("lectures/19_misprints").main(out), out


@pytest.mark.parametrize(
    ("printed", "first", "kind", "details"),
    [
        ("db[l] = dz[l]", "dA2", "missing_operand", {"operand": "W3"}),
        ("g[l+1]'(z[l+1])", "dZ2", "wrong_activation_derivative", {"variant": "other_layer"}),
        ("L = −y log a", "dA3", "wrong_loss_derivative", {"used_loss": None}),
        ("dw = 1/m * dZ.T", "dw", "missing_operand", {"operand": "X"}),
    ],
)
def test_a_misprinted_derivative_is_named(run, printed, first, kind, details):
    """The first wrong quantity, the mistake, and the right equation beside it."""
    (diagnosis,) = (found for key, found in run[0].items() if printed in key)
    assert diagnosis.first_wrong == first
    finding = diagnosis.mistakes[0]
    assert (finding.quantity, finding.kind) == (first, kind)
    assert details.items() <= finding.details.items()
    assert finding.message.startswith(f"{first} = ")


@pytest.mark.parametrize(
    ("printed", "says"),
    [
        ("for i in 1 to m", "there is no 'W4': m = 7, and L = 3"),
        ("A[l] = g(z[l])", "A1 is (4, 1), and should be (4, 7)"),
        ("W[1](i)", "W1 is (4, 3) for 7 examples: it has none for each"),
    ],
)
def test_a_misprint_on_the_way_forward_shows_in_the_sizes(run, printed, says):
    """What the size table says of it."""
    assert run[0][printed] == says


def test_without_a_misprint_nothing_is_found():
    """The programs the misprints are put into are right."""
    module = load("lectures/19_misprints")
    network = nn.DeepNetwork(module.SIZES, "tanh", seed=1)
    X, Y = np.random.default_rng(0).normal(size=(3, 7)), np.arange(7)[None] % 2
    assert nn.diagnose(module.backward, network, X, Y).ok


def test_the_page_has_every_report(run):
    """As a notebook shows it; a misprint of the forward pass in a sentence."""
    found, out = run
    page = (out / "19_misprints.html").read_text(encoding="utf-8")
    assert (page.count("<table>"), page.count("<h2>")) == (4, len(found))
    for says in found.values():
        assert (escape(says) if isinstance(says, str) else says._repr_html_()) in page
