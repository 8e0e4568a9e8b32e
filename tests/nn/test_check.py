"""The checker: the engine agrees with the equations, and a wrong equation is caught by name."""

import numpy as np
import pytest
from drawn import cases
from hypothesis import given

import minigrad as mg
import nn
from nn import closed_form

RNG = np.random.default_rng


def setting(m=7, sizes=(3, 5, 5, 3, 1), hidden="tanh", output="sigmoid"):
    """A network and data for its default loss."""
    network = nn.DeepNetwork(sizes, hidden, output, init="xavier", seed=0)
    Y = RNG(1).integers(0, 2, (sizes[-1], m))
    return network, RNG(0).normal(size=(sizes[0], m)), Y


@given(case=cases())
def test_engine_and_equations_agree(case):
    """dA, dZ, dW, db of every layer to 1e-10, for any activations, losses, sizes and m."""
    report = nn.check_closed_form(case.network, case.X, case.Y, case.loss)
    assert report.ok, f"\n{report}"
    sizes = case.network.sizes
    m = case.X.shape[1]
    wanted = [
        (n, q, size)
        for n in range(case.network.L, 0, -1)
        for q, size in [
            ("dA", (sizes[n], m)),
            ("dZ", (sizes[n], m)),
            ("dW", (sizes[n], sizes[n - 1])),
            ("db", (sizes[n], 1)),
        ]
    ]
    assert [(row.layer, row.quantity, row.size) for row in report.rows] == wanted


@pytest.mark.parametrize(
    ("output", "sizes"), [("sigmoid", (3, 4, 2)), ("softmax", (3, 4, 3)), ("identity", (3, 2))]
)
def test_the_default_loss_is_the_outputs_own(output, sizes):
    """Without a loss: the logistic, softmax's cross-entropy, half the squared error."""
    network, X, Y = setting(sizes=sizes, output=output)
    if output == "softmax":
        Y = RNG(0).integers(0, 3, 7)
    report = nn.check_closed_form(network, X, Y)
    name = {"sigmoid": "binary_cross_entropy", "softmax": "cross_entropy"}
    named = nn.check_closed_form(network, X, Y, name.get(output, "squared_error"))
    assert report.ok
    assert report == named


def planted(monkeypatch, change):
    """Let the equations go wrong: `change(grads, cache)` alters what backward returns."""
    right = closed_form.backward

    def wrong(cache, Y, loss="binary_cross_entropy"):
        grads = right(cache, Y, loss)
        change(grads, cache)
        return grads

    monkeypatch.setattr(closed_form, "backward", wrong)


def scaled(name, factor):
    """A mistake: this quantity times a factor."""

    def change(grads, cache):
        grads[name] = factor * grads[name]

    return change


def other_slope(grads, cache):
    """A misprint of the notes: g'(Z[l+1]) in dZ[l] = W[l+1]ᵀ dZ[l+1] * g'(Z[l])."""
    grads["dZ2"] = grads["dA2"] * (1 - np.tanh(cache["Z1"]) ** 2)


def repeated(grads, cache):
    """Another: db[l] where da[l-1] should stand."""
    grads["dA1"] = grads["db2"]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (scaled("dW3", 7), "dW[3]"),
        (scaled("db1", 1 / 7), "db[1]"),
        (scaled("dZ4", -1), "dZ[4]"),
        (scaled("dA2", 1 + 1e-9), "dA[2]"),
        (other_slope, "dZ[2]"),
        (repeated, "dA[1]"),
    ],
)
def test_a_wrong_equation_is_named(monkeypatch, change, found):
    """A factor m, a sign, another layer's g', the notes' misprints: exactly that row fails."""
    network, X, Y = setting()
    planted(monkeypatch, change)
    report = nn.check_closed_form(network, X, Y)
    assert not report.ok
    assert [f"{row.quantity}[{row.layer}]" for row in report.rows if not row.ok] == [found]
    assert f"✗ engine and equations differ on {found}: largest relative error" in str(report)


def test_where_the_1_over_m_sits():
    """dZ, dA are of the summed loss: m ∂J/∂Z. Off by m in either place, the check fails."""
    network, X, Y = setting(m=7)
    cache = closed_form.forward(network.state_dict(), X, network.activations)
    grads = closed_form.backward(cache, Y)
    nodes = network.cache(X)
    mg.name(**{k: v for k, v in nodes.items() if k != "A0"})
    nn.binary_cross_entropy(nodes["A4"], Y).backward()
    np.testing.assert_allclose(grads["dZ2"], 7 * nodes["Z2"].grad, rtol=1e-11, atol=1e-15)
    np.testing.assert_allclose(grads["dW2"], network.W[2].grad, rtol=1e-11, atol=1e-15)


def test_the_network_is_left_as_it_was():
    """Neither parameters nor gradients change, whether there were any or not."""
    network, X, Y = setting()
    before = network.state_dict()
    nn.check_closed_form(network, X, Y)
    assert all(p.grad is None for p in network.parameters())
    nn.binary_cross_entropy(network(X), Y).backward()
    kept = [p.grad.copy() for p in network.parameters()]
    nn.check_closed_form(network, X, Y)
    for p, g in zip(network.parameters(), kept, strict=True):
        np.testing.assert_array_equal(p.grad, g)
        np.testing.assert_array_equal(p.data, before[p.name])


def test_zero_derivatives_agree():
    """A dead layer has zero derivatives on both sides: error 0, not nan."""
    network, X, Y = setting(sizes=(3, 4, 1), hidden="relu")
    network.b[1].data = np.full((4, 1), -1e3)
    report = nn.check_closed_form(network, X, Y)
    assert report.ok
    assert [row.error for row in report.rows if row.layer == 1][1:] == [0, 0, 0]


def test_zero_against_nonzero_is_an_infinite_error(monkeypatch):
    """Equations that say 0 where the engine does not are not excused."""
    planted(monkeypatch, lambda grads, cache: grads.update({k: 0 * v for k, v in grads.items()}))
    report = nn.check_closed_form(*setting(sizes=(3, 1)))
    assert not any(row.ok for row in report.rows)
    network, X, _ = setting(sizes=(3, 1), output="relu")
    network.b[1].data = np.array([[-1e3]])  # A[L] = Y = 0 give no scale either
    loss = "binary_cross_entropy_with_logits"
    assert nn.check_closed_form(network, X, np.zeros((1, 7)), loss).rows[0].error == np.inf


def test_a_perfect_fit_is_not_judged_by_its_rounding():
    """A[L] − Y of a few ulps: engine and equations round differently, and that is no error."""
    network, X, _ = setting(sizes=(3, 4, 2), hidden="gelu", output="identity")
    cache = closed_form.forward(network.state_dict(), X, network.activations)
    ulps = RNG(2).integers(-2, 3, cache["A2"].shape) * np.spacing(cache["A2"])
    assert nn.check_closed_form(network, X, cache["A2"] + ulps).ok


def test_another_shape_or_nan_is_an_infinite_error(monkeypatch):
    """A transposed dW and a nan are failures, not crashes or passes."""
    network, X, Y = setting()

    def change(grads, cache):
        grads["dW2"], grads["db1"] = grads["dW2"][:, :1], grads["db1"] * np.nan

    planted(monkeypatch, change)
    errors = {(r.quantity, r.layer): r.error for r in nn.check_closed_form(network, X, Y).rows}
    assert errors["dW", 2] == errors["db", 1] == np.inf


def test_float32_needs_a_looser_tolerance():
    """The equations compute in float64: 1e-10 is out of float32's reach, 1e-4 within."""
    network = nn.DeepNetwork([3, 4, 1], seed=0, dtype="float32")
    _, X, Y = setting()
    assert not nn.check_closed_form(network, X.astype("float32"), Y).ok
    assert nn.check_closed_form(network, X.astype("float32"), Y, tolerance=1e-4).ok


def test_the_report_prints_as_a_table():
    """Head, a line for each quantity with its mark, the verdict last."""
    network, X, Y = setting(sizes=(3, 1), m=2)
    report = nn.check_closed_form(network, X, Y)
    lines = str(report).splitlines()
    assert lines[0].split() == ["layer", "quantity", "size", "relative", "error"]
    assert lines[3].startswith("1      dW        (1, 3)")
    assert all(line.endswith("✓") for line in lines[1:-1])
    assert lines[-1] == report.verdict
    assert lines[-1].startswith("✓ engine and equations agree on all 4: largest relative error ")


def test_the_report_shows_in_a_notebook():
    """As an HTML table with every row."""
    network, X, Y = setting(sizes=(3, 1))
    page = nn.check_closed_form(network, X, Y)._repr_html_()
    assert page.count("<tr>") == 5
    assert "<td>dW</td><td>(1, 3)</td>" in page
    assert "✓ engine and equations agree" in page


def test_what_has_no_closed_form_is_named():
    """A loss of one's own, and log_softmax."""
    network, X, Y = setting()
    with pytest.raises(nn.ArgumentError, match=r"check_closed_form: no closed form for .*lambda"):
        nn.check_closed_form(network, X, Y, lambda A, Y: (A - Y).sum())
    network = nn.DeepNetwork([3, 2, 1], "log_softmax")
    with pytest.raises(nn.ArgumentError, match="no closed form for log_softmax"):
        nn.check_closed_form(network, X, Y)


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
@pytest.mark.parametrize("bias", [100.0, -1000.0])
def test_a_saturated_output_is_compared(output, bias):
    """Where A[L] is exactly 0 or 1, right labels and wrong, the derivatives still agree."""
    network, X, Y = setting(sizes=(3, 4, 2), output=output)
    network.b[2].data = np.array([[bias], [0.0]])
    A = network(X).data
    assert A.min() < 1e-40 or A.max() == 1
    one_hot = Y[:1] == np.arange(2)[:, None]
    for labels in (one_hot, ~one_hot, A.round()):
        report = nn.check_closed_form(network, X, labels)
        assert report.ok, report
        assert np.isfinite(report.largest)


def test_labels_that_cancel_are_not_judged_by_their_rounding():
    """One class, its probability off by an ulp: softmax − Y is 0 or an ulp, as it is rounded."""
    network, X, _ = setting(sizes=(3, 1), output="relu")
    network.b[1].data = np.array([[-1e3]])  # A[L] = 0, so that Y alone gives the scale
    Y = np.full((1, 7), np.nextafter(1, 0))
    assert nn.check_closed_form(network, X, Y, "cross_entropy").ok


def test_sums_that_cancel_are_not_judged_by_their_rounding():
    """softmax passes nothing of a dA equal in all rows: 0 up to rounding on either side."""
    network, X, _ = setting(sizes=(3, 4, 3), output="softmax")
    report = nn.check_closed_form(network, X, np.full((3, 7), -1.0), "mae")
    assert report.ok, f"\n{report}"


def test_labels_are_checked_as_in_training():
    """Several classes at once are no label of softmax: an error, not a table of differences."""
    network, X, _ = setting(sizes=(3, 2), output="softmax")
    with pytest.raises(nn.ArgumentError, match=r"cross_entropy: the columns of Y .* must sum to 1"):
        nn.check_closed_form(network, X, np.ones((2, 7)))


def test_sizes_that_do_not_fit_are_the_networks_and_the_losss_errors():
    """X and Y are checked where they are used."""
    network, X, Y = setting()
    with pytest.raises(mg.ShapeError, match=r"layer 1: W\[1\] is \(5, 3\) but A\[0\] is \(2, 7\)"):
        nn.check_closed_form(network, X[:2], Y)
    with pytest.raises(mg.ShapeError, match=r"A is \(1, 7\) but Y is \(1, 6\)"):
        nn.check_closed_form(network, X, Y[:, :6])


def test_the_report_shows_as_its_table():
    """At the prompt as in print; another module than a DeepNetwork is named."""
    report = nn.check_closed_form(nn.DeepNetwork([2, 1], seed=0), np.eye(2), np.array([[0, 1]]))
    assert repr(report) == str(report)
    with pytest.raises(nn.ArgumentError, match=r"check_closed_form: got Linear.*a DeepNetwork"):
        nn.check_closed_form(nn.Linear(2, 1), np.eye(2), np.array([[0, 1]]))
