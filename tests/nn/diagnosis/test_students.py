"""Backward passes as students write them, and what they are told, on values and by their names."""

import sys

import corpus
import numpy as np
import pytest
from asked import TWO, diagnosed, mistakes, values


def written(network=TWO, **lines):
    """The right function with lines of it replaced, which hands in dW and db."""
    return corpus.function(corpus.source(corpus.lines(network) | lines, "parameters"))


def only(found):
    """The one mistake."""
    (finding,) = found.mistakes
    return finding


@pytest.mark.parametrize("value", [0.3, np.float64(0.3), np.array(0.3)])
def test_a_number_for_a_column_is_a_finding(value):
    """What broadcasts is no derivative of b1."""
    assert mistakes(diagnosed(values() | {"db1": value})) == [("db1", "shape")]
    softmax = corpus.Network((3, 4, 3), "tanh", 8, "softmax")
    assert mistakes(diagnosed(values(softmax) | {"db2": value}, softmax)) == [("db2", "shape")]


@pytest.mark.parametrize(("line", "yours"), [
    ("dA1 * (1 - np.tanh(A1)**2)", "W2ᵀ dZ2 * (1 - np.tanh(A1)**2)"),
    ("dA1 * (1 - A1)**2", "W2ᵀ dZ2 * (1 - A1)**2"),
    ("dA1 * (1 - A2**2)", "W2ᵀ dZ2 * (1 - A2**2)"),
    ("dA1 * A1 * (1 - A1)", "W2ᵀ dZ2 * A1 * (1 - A1)"),
    ("2 * dA1 * (1 - A1**2)", "2 W2ᵀ dZ2 * g1'(Z1)"),
])  # fmt: skip
def test_the_students_formula_is_quoted_with_its_parentheses(line, yours):
    """Read aloud, it is what the student wrote."""
    assert only(diagnosed(written(dZ1=line))).student_equation == f"dZ1 = {yours}"


def test_sigma_for_a_slope_is_not_called_softplus():
    """Whoever multiplies by σ(Z) forgot the (1 − σ(Z)), and may not know softplus."""
    finding = only(diagnosed(written(dZ1="dA1 * (1 / (1 + np.exp(-Z1)))")))
    assert "it multiplies by sigmoid(Z1); the derivative of tanh is 1 - A1**2" in finding.message


@pytest.mark.parametrize("returned", ["parameters", "all"])
def test_relu_asked_of_the_derivative_is_named(returned):
    """dZ[dA <= 0] = 0, where Z should be asked."""
    network = corpus.Network((3, 4, 1), "relu", 9)
    lines = corpus.lines(network) | {"dZ1": "dA1 * (dA1 > 0)"}
    finding = only(diagnosed(corpus.function(corpus.source(lines, returned)), network))
    assert (finding.quantity, finding.details["variant"]) == ("dZ1", "malformed")
    assert "it multiplies by dA1 > 0; the derivative of relu is A1 > 0" in finding.message


def test_the_derivative_of_softmax_is_more_than_its_diagonal():
    """−Y/A * A(1 − A) is what the formula of a sigmoid makes of the loss of a softmax."""
    network = corpus.Network((3, 4, 3), "tanh", 8, "softmax")
    found = diagnosed(written(network=network, dZ2="-Y / A2 * A2 * (1 - A2)"), network)
    assert mistakes(found) == [("dZ2", "wrong_activation_derivative")]


@pytest.mark.parametrize(("slope", "variant"), [
    ("Z2 * (1 - Z2)", "malformed"), ("(1 - A2)", "malformed"), ("A2", "other_activation"),
    ("(1 - A2**2)", "other_activation"), ("(Z2 > 0)", "other_activation"),
])  # fmt: skip
def test_a_wrong_slope_of_the_output_is_named_where_only_dz_is_asked_for(slope, variant):
    """dZ2 by way of dA2, as the course's sigmoid_backward(dA, cache) has it."""
    finding = only(diagnosed(written(dZ2=f"(-Y / A2 + (1 - Y) / (1 - A2)) * {slope}")))
    assert (finding.quantity, finding.kind) == ("dZ2", "wrong_activation_derivative")
    assert finding.details["variant"] == variant


@pytest.mark.parametrize(("hidden", "line", "used"), [
    ("relu", "dA1 * (X > 0)", "(X > 0)"), ("tanh", "dA1 * (1 - X**2)", "(1 - X**2)"),
    ("tanh", "dA1 * (1 - A2**2)", "(1 - A2**2)"),
])  # fmt: skip
def test_another_layers_values_in_a_slope(hidden, line, used):
    """g' of what lies before or behind: l − 1 or l + 1 for l."""
    network = corpus.Network((4, 4, 1), hidden, 9)
    finding = only(diagnosed(written(network=network, dZ1=line), network))
    assert (finding.quantity, finding.details["variant"]) == ("dZ1", "other_layer")
    assert finding.student_equation == f"dZ1 = W2ᵀ dZ2 * {used}"


@pytest.mark.parametrize("m", ["X.shape[0]", "len(X)"])
def test_m_taken_from_the_rows_is_called_so(m):
    """n[0] for m is a factor m/n[0] to a mathematician, and a wrong m to a student."""
    found = diagnosed(written(m=m))
    assert {f.kind for f in found.mistakes} == {"constant_factor"}
    assert "yours is (1/n[0]) dZ2 A1ᵀ: it divides by n[0] = 3 where m = 9 belongs" in str(found)
    assert "mend: divide by m, the number of columns of X: m = X.shape[1]: dW2 = " in str(found)


@pytest.mark.parametrize("returned", ["parameters", "no dA", "all"])
def test_weights_updated_before_their_time_are_named(returned):
    """W2 := W2 − α dW2 between dW2 and dA1: the step is in dA1, or in dZ1."""
    lines = corpus.lines(TWO) | {"dA1": "(W2 - 0.05 * dW2).T @ dZ2"}
    finding = only(diagnosed(corpus.function(corpus.source(lines, returned))))
    assert finding.quantity == ("dA1" if returned == "all" else "dZ1")
    assert (finding.kind, finding.details) == (
        "wrong_operand", {"expected": "W2", "used": "W2 - 0.05 * dW2"},
    )  # fmt: skip
    assert "(W2 − 0.05 dW2)ᵀ dZ2" in finding.student_equation


def test_a_mean_over_everything_is_quoted_as_a_mean():
    """Not as a sum."""
    finding = only(diagnosed(written(db1="np.mean(dZ1)")))
    assert finding.student_equation == "db1 = mean dZ1 (all)"


# --- what the function did not hand in ------------------------------------------------------------


@pytest.mark.parametrize(("lines", "expected"), [
    ({"Z1": "W1 @ X"}, [("Z1", "missing_term")]),
    ({"A2": "np.round(1 / (1 + np.exp(-Z2)))"}, [("A2", "dtype_or_integer_division")]),
    ({"A1": "np.tanh(Z1) * (np.random.rand(*Z1.shape) < 0.8)"}, [("A1", "unknown")]),
    ({"dZ1": "dA1 * np.cos(Z1)", "dW1": "dZ1 @ X.T"},
     [("dZ1", "unknown"), ("dW1", "missing_1_over_m")]),
])  # fmt: skip
def test_riddles_are_looked_up_in_the_functions_variables(lines, expected):
    """It hands in dW and db only; its variables say where the mistake is."""
    found = diagnosed(written(**lines))
    assert mistakes(found) == expected
    assert "variables" in [note.key for note in found.notes]
    assert all(f.supplied for f in found.mistakes)


def test_variables_that_are_right_narrow_a_riddle_down():
    """Clipped at the end: what dW1 and dW2 are computed from is right and not asked for."""

    def student(params, X, Y):
        W1, W2, m = params["W1"], params["W2"], X.shape[1]
        A1 = np.tanh(W1 @ X + params["b1"])
        dZ2 = 1 / (1 + np.exp(-W2 @ A1 - params["b2"])) - Y
        dZ1 = W2.T @ dZ2 * (1 - A1**2)
        grads = {"dW2": dZ2 @ A1.T / m, "dW1": dZ1 @ X.T / m}
        return {q: np.clip(g, -0.01, 0.01) for q, g in grads.items()}

    found = diagnosed(student)
    assert [(f.quantity, f.details["not_given"]) for f in found.mistakes] == [
        ("dW2", ()), ("dW1", ()),
    ]  # fmt: skip
    assert str(found).splitlines()[-1] == "✗ the first of 2 mistakes is in dW2"


def test_zeros_are_traced_to_the_variable_that_was_cut_off():
    """An array of whole numbers made dZ2 zeros, and they all that follows."""

    def student(params, X, Y):
        W1, W2, m = params["W1"], params["W2"], X.shape[1]
        A1 = np.tanh(W1 @ X + params["b1"])
        dZ2 = np.zeros_like(Y, dtype=int)
        dZ2[:] = 1 / (1 + np.exp(-W2 @ A1 - params["b2"])) - Y
        dZ1 = W2.T @ dZ2 * (1 - A1**2)
        return {"dW2": dZ2 @ A1.T / m, "dW1": dZ1 @ X.T / m}

    assert mistakes(diagnosed(student)) == [("dZ2", "dtype_or_integer_division")]


def test_the_numbers_shown_are_those_of_inputs_where_it_is_wrong():
    """Clipped where the numbers at hand never are."""
    most = np.abs(values()["dW2"]).max()

    def student(params, X, Y):
        found = corpus.function(corpus.source(corpus.lines(TWO), "parameters"))(params, X, Y)
        return {"dW1": -found["dW1"], "dW2": np.clip(found["dW2"], -most, most)}

    dW2 = next(f for f in diagnosed(student).mistakes if f.quantity == "dW2")
    assert dW2.evidence.error > 1e-3
    assert dW2.evidence.received != pytest.approx(dW2.evidence.expected)
    assert dW2.evidence.inputs < 3


def test_what_says_anything_of_itself_is_a_student_too():
    """It claims to wrap itself."""

    class Odd:
        def __getattr__(self, name):
            return self

        def __call__(self, params, X, Y):
            return written(dZ1="dA1 * np.cos(Z1)")(params, X, Y)

    assert {f.kind for f in diagnosed(Odd()).mistakes} == {"unknown"}


def test_a_profiler_is_left_alone():
    """Its place is taken: the variables are not looked at, and it goes on."""
    seen = []

    def profile(frame, event, _):
        seen.append(event)

    student = written(dZ1="dA1 * np.cos(Z1)")
    sys.setprofile(profile)
    try:
        found = diagnosed(student)
        still = sys.getprofile()
    finally:
        sys.setprofile(None)
    assert (still, bool(seen)) == (profile, True)
    assert "variables" not in [note.key for note in found.notes]
    assert sys.getprofile() is None
    assert "variables" in [note.key for note in diagnosed(student).notes]
    assert sys.getprofile() is None


def test_variables_of_another_meaning_are_not_accused():
    """Z1 without its bias, a dZ2 scaled after its use: nothing handed in follows from them."""

    def student(params, X, Y):
        m = X.shape[1]
        Z1 = params["W1"] @ X
        A1 = np.tanh(Z1 + params["b1"])
        dZ2 = 1 / (1 + np.exp(-params["W2"] @ A1 - params["b2"])) - Y
        dZ1 = params["W2"].T @ dZ2 * (1 - A1**2)
        dZ1, A2 = dZ1 * np.cos(dZ1), dZ1.T
        found = {"dW2": dZ2 @ A1.T / m, "dW1": dZ1 @ X.T / m, "db1": dZ1.mean(1, keepdims=True)}
        dZ2 = 3 * dZ2 + len(A2)
        return found

    assert mistakes(diagnosed(student)) == [("dZ1", "unknown")]


def test_without_such_variables_the_next_step_is_told():
    """Which quantities to hand in, and no count of mistakes that may be one."""

    def student(params, X, Y):
        def quietly(known):
            return corpus.function(corpus.source(corpus.lines(TWO) | known, "parameters"))

        return quietly({"dZ1": "dA1 * np.cos(Z1)"})(params, X, Y)

    found = diagnosed(student)
    assert [(f.quantity, f.details["not_given"]) for f in found.mistakes] == [
        ("dW1", ("dZ1",)), ("db1", ("dZ1",)),
    ]  # fmt: skip
    lines = str(found).splitlines()
    assert "    mend: hand in dZ1 too, where the mistake may be; else compare with: " \
           "dW1 = dZ1 @ X.T / m" in lines  # fmt: skip
    assert lines[-1] == "✗ the first mistake is in dW1 or in what it is computed from"


def test_what_is_missing_stands_in_the_verdict():
    """All that was handed in is right, but a loop ended too early."""
    verdict = str(diagnosed({k: v for k, v in values().items() if k[-1] == "2"})).splitlines()[-1]
    assert verdict == "✓ all 3 quantities agree with the equations; not checked: dW1, db1"


@pytest.mark.parametrize("depth", [2, 3])
def test_another_activation_of_the_hidden_layers_is_recognised(depth):
    """Of one who wrote ReLU for tanh, and hands in dW and db only, as values or as a function."""
    sizes = (3, *(4, 5)[: depth - 1], 1)
    network, other = (corpus.Network(sizes, g, 9) for g in ("tanh", "relu"))
    layers = range(1, depth)
    expected = [(f"A{layer}", "wrong_activation") for layer in layers]
    expected += [(f"dZ{layer}", "wrong_activation_derivative") for layer in layers[::-1]]
    text = corpus.source(corpus.lines(other), "parameters")

    def student(params, X, Y):  # whose own variables tell nothing
        return corpus.function(text)(params, X, Y)

    found = diagnosed(student, network)
    assert mistakes(found) == expected
    assert not found.findings[0].supplied
    assert not any(q.startswith("A") for q in found.checked)
    assert "it is not tanh, which layer 1 has (A1 is not among yours" in found.findings[0].message


def test_another_activation_is_believed_only_if_the_last_layer_follows():
    """Noise stays unknown."""
    rng = np.random.default_rng(0)
    noise = {k: rng.normal(size=v.shape) for k, v in values(returned="parameters").items()}
    assert {f.kind for f in diagnosed(noise).findings} == {"unknown"}


def test_a_weight_of_a_logistic_regression_is_quoted_as_a_column():
    """X dZᵀ on both sides."""
    network = corpus.Network((3, 1), "tanh", 7)

    def student(params, X, Y):
        dZ = 1 / (1 + np.exp(-params["w"].T @ X - params["b"])) - Y
        return {"dw": X @ dZ.T, "db": np.mean(dZ)}

    finding = only(diagnosed(student, network))
    assert finding.message.startswith("dw = (1/m) X dZᵀ; yours is X dZᵀ: it lacks the 1/m")
    assert finding.student_code == "dw = X @ dZ.T"
