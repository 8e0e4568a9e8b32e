"""diagnose, as its users meet it: forms of students, spellings, consequences, errors, reports."""

import json

import corpus
import numpy as np
import pytest
from asked import TWO, diagnosed, mistakes, values

import minigrad as mg
import nn
from nn.diagnosis import KINDS, NOTES

# --- consequences ---------------------------------------------------------------------------------


def test_a_consequence_is_marked_and_names_its_cause():
    """dZ2 turned round makes dW2, db2 and all that follows wrong, and only dZ2 is to blame."""
    found = diagnosed(values(dZ2="Y - A2"))
    assert found.first_wrong == "dZ2"
    assert mistakes(found) == [("dZ2", "sign")]
    follows = {f.quantity: f.follows_from for f in found.findings if f.kind == "consequence"}
    assert follows == {
        "dW2": ("dZ2",), "db2": ("dZ2",), "dZ1": ("dZ2",), "dW1": ("dZ1",), "db1": ("dZ1",),
    }  # fmt: skip


def test_a_right_quantity_after_a_wrong_one_is_right():
    """dW2 computed from A2 − Y is right, whatever is handed in as dZ2."""
    found = diagnosed(values() | {"dZ2": values(dZ2="Y - A2")["dZ2"]})
    assert [f.quantity for f in found.findings] == ["dZ2"]


def test_what_is_not_handed_in_is_inferred():
    """dW2 and db2 with the wrong sign, and all that follows: dZ2 it was."""
    found = diagnosed(values(returned="parameters", dZ2="Y - A2"))
    assert mistakes(found) == [("dZ2", "sign")]
    assert not found.findings[0].supplied
    assert {f.quantity for f in found.findings[1:]} == {"dW2", "db2", "dW1", "db1"}


def test_what_is_0_by_a_wrong_slope_or_never_computed_is_ambiguous():
    """Where every Z is negative, the slope of ReLU is 0 throughout."""
    network, X, Y = corpus.Network((2, 3, 1), "sigmoid", 5).build()
    params = {k: 0 * v - (k == "b1") + (k == "W2") for k, v in network.state_dict().items()}
    network.load_state_dict(params)
    right = nn.closed_form.backward(nn.closed_form.forward(params, X, network.activations), Y)
    found = nn.diagnose(right | {"dZ1": 0 * right["dZ1"]}, network, X, Y)
    assert found.first_wrong == "dZ1"
    (finding,) = (f for f in found.findings if f.quantity == "dZ1")
    assert finding.kind == "ambiguous"
    assert {c.kind for c in finding.candidates} == {"all_zero", "wrong_activation_derivative"}


def test_a_wrong_axis_is_seen_also_where_rounding_is_all_that_is_left():
    """A softmax's A − Y sums to 0 over the units, so db2 is 1e-17 wherever that is computed."""
    network = corpus.Network((3, 4, 3), "tanh", 8, "softmax")
    line = "np.sum(dZ2, axis=0, keepdims=True) / m"
    (finding,) = diagnosed(values(network, "parameters", db2=line), network).mistakes
    assert (finding.kind, finding.details["axis"]) == ("wrong_axis", 0)


def test_1_over_m_left_out_everywhere_is_each_equations_mistake():
    """Nobody multiplies dZ2 by m: both dW and db lack their 1/m."""
    found = diagnosed(values(returned="parameters", dW2="dZ2 @ A1.T", dW1="dZ1 @ X.T"))
    assert mistakes(found) == [("dW2", "missing_1_over_m"), ("dW1", "missing_1_over_m")]


def test_the_other_place_of_1_over_m_is_no_mistake():
    """dZ and dA may be derivatives of J, if dW and db are then right; a note says so."""
    right = values()
    of_J = {k: v / 9 if k[1] == "Z" else v for k, v in right.items()}
    found = diagnosed(of_J)
    assert found.ok
    assert "derivatives_of_J" in [note.key for note in found.notes]
    found = diagnosed(of_J | {"dW1": -of_J["dW1"]})
    assert mistakes(found) == [("dW1", "sign")]


# --- what is ambiguous ----------------------------------------------------------------------------


def test_ambiguous_numbers_are_reported_with_the_candidates():
    """With m = 2, twice as much may be a factor 2 or a 1/m left out; a function tells."""
    network = corpus.Network((3, 4, 1), "tanh", 2)
    (finding,) = diagnosed(values(network, dW2="2 * dZ2 @ A1.T / m"), network).mistakes
    assert finding.kind == "ambiguous"
    assert {c.kind for c in finding.candidates} == {"missing_1_over_m", "constant_factor"}
    for line, kind in (("2 * dZ2 @ A1.T / m", "constant_factor"),
                       ("dZ2 @ A1.T", "missing_1_over_m")):  # fmt: skip
        text = corpus.source(corpus.lines(network) | {"dW2": line})
        assert mistakes(diagnosed(corpus.function(text), network)) == [("dW2", kind)]


def test_one_example_hides_what_has_to_do_with_m():
    """With m = 1 there is no 1/m to forget, nor a sum."""
    network = corpus.Network((3, 4, 1), "tanh", 1)
    assert diagnosed(values(network, dW2="dZ2 @ A1.T", db1="dZ1"), network).ok


# --- the mistakes of the notes and of the forum ---------------------------------------------------


@pytest.mark.parametrize("form", ["function", "values"])
@pytest.mark.parametrize(("lines", "expected"), [
    ({"dZ1": "dA1 * (1 - A1**2) / m"}, [("dZ1", "extra_1_over_m")]),
    ({"dW2": "2 * dZ2 @ A1.T / m", "db1": "4 / m * np.sum(dZ1, axis=1, keepdims=True)"},
     [("dW2", "constant_factor"), ("db1", "constant_factor")]),
    ({"dA1": "dW2.T @ dZ2"}, [("dZ1", "wrong_operand")]),
    ({"dZ1": "dA1 * (1 - np.tanh(A1)**2)"}, [("dZ1", "wrong_activation_derivative")]),
    ({"dW2": "dZ2 @ np.tanh(A1).T / m"}, [("dW2", "wrong_layer_cache")]),
    ({"dZ1": "dA1 * (A2 * (1 - A2))"}, [("dZ1", "wrong_activation_derivative")]),
    ({"dW1": "dZ1 / m"}, [("dW1", "missing_operand")]),
    ({"dW1": "dZ1.T / m"}, [("dW1", "missing_operand")]),
    ({"dZ2": "(-Y / A2 - (1 - Y) / (1 - A2)) * A2 * (1 - A2)"},
     [("dZ2", "wrong_loss_derivative")]),
    ({"db1": "np.sum(dZ1) / m"}, [("db1", "wrong_axis")]),
], ids=str)  # fmt: skip
def test_known_mistakes(lines, expected, form):
    """What the notes misprint and what forums are full of."""
    student = values(**lines)
    if form == "function":
        student = corpus.function(corpus.source(corpus.lines(TWO) | lines, "no dA"))
    assert mistakes(diagnosed(student)) == expected


def test_matmul_for_star():
    """`@` where `*` belongs fits only where n = m; elsewhere it is an exception, and its line."""
    square = corpus.Network((3, 4, 1), "tanh", 4)
    line = {"dZ1": "dA1 @ (1 - A1**2)"}
    function = corpus.function(corpus.source(corpus.lines(square) | line))
    assert mistakes(diagnosed(function, square)) == [("dZ1", "matmul_vs_elementwise")]
    found = diagnosed(function)
    assert [(f.quantity, f.kind) for f in found.findings] == [("dZ1", "error")]
    assert found.findings[0].details["error"] == "ValueError"


def test_the_misprinted_equation_of_dA():
    """The notes repeat `db[l] = dz[l]` where `da[l-1] = W[l]ᵀ dz[l]` belongs."""
    found = diagnosed(values(returned="all", dA1="np.sum(dZ2, axis=1, keepdims=True) / m"))
    assert mistakes(found)[0] == ("dA1", "wrong_quantity")


LOGISTIC = corpus.Network((3, 1), "tanh", 7)


def logistic(params, X, Y):
    """The notes' own program."""
    m = X.shape[1]
    Z = params["w"].T @ X + params["b"]
    dZ = 1 / (1 + np.exp(-Z)) - Y
    return {"dz": dZ, "dw": X @ dZ.T / m, "db": np.sum(dZ) / m}


def test_logistic_regression_as_the_notes_write_it():
    """w is a column there, db a number."""
    found = diagnosed(logistic, LOGISTIC)
    assert found.ok
    assert found.checked == ("dz", "dw", "db")
    network, X, Y = LOGISTIC.build()
    done = logistic({"w": network.W[1].data.T, "b": network.b[1].data}, X, Y)
    one_by_one = {f"dw{i}": done["dw"][i - 1, 0] for i in (1, 2, 3)}
    assert diagnosed(one_by_one | {"db": done["db"]}, LOGISTIC).ok
    assert diagnosed({"dw": done["dw"].ravel()}, LOGISTIC).ok


def test_the_misprinted_logistic_regression():
    """`dw = 1/m * dZ.T` lacks X."""

    def misprinted(params, X, Y):
        found = logistic(params, X, Y)
        return found | {"dw": found["dz"].T / X.shape[1]}

    (finding,) = diagnosed(misprinted, LOGISTIC).findings
    assert (finding.quantity, finding.kind) == ("dw", "missing_operand")
    assert finding.details["operand"] == "X"
    assert finding.expected_equation == "dw = (1/m) X dZᵀ"
    assert finding.code == "dw = X @ dZ.T / m"
    assert finding.student_equation == "dw = (1/m) dZᵀ"


# --- forms of students ----------------------------------------------------------------------------


def test_equations_one_by_one():
    """Each function gets right inputs, so each is judged alone."""
    found = diagnosed({
        "dZ2": lambda A2, Y: Y - A2,
        "dW2": lambda dZ2, A1, m: dZ2 @ A1.T / m,
        "dZ1": lambda dW2, dZ2, A1: (dW2.T @ dZ2) * (1 - A1**2),
        "dW1": lambda dZ1, X, m: dZ1 @ X.T / m,
    })  # fmt: skip
    assert [(f.quantity, f.kind) for f in found.findings] == [
        ("dZ2", "sign"), ("dZ1", "wrong_operand"),
    ]  # fmt: skip


def test_functions_named_after_their_quantity():
    """A list of functions, or a single one, says by its name what it computes."""

    def dW2(dZ2, A1):
        return dZ2 @ A1.T

    assert mistakes(diagnosed(dW2)) == [("dW2", "missing_1_over_m")]
    assert mistakes(diagnosed([dW2])) == [("dW2", "missing_1_over_m")]


def test_a_function_of_the_parameters_by_name():
    """`(W1, b1, W2, b2, X, Y)` is as good as `(params, X, Y)`."""
    function = corpus.function(corpus.source(corpus.lines(TWO) | {"dZ2": "Y - A2"}))

    def student(W1, b1, W2, b2, X, Y):
        return function({"W1": W1, "b1": b1, "W2": W2, "b2": b2}, X, Y)

    assert diagnosed(student).first_wrong == "dZ2"


@pytest.mark.parametrize("spelled", ["dz2", "dZ[2]", "dZ_2", "dZ^{[2]}"])
def test_spellings(spelled):
    """Of a layer's number and of capitals."""
    assert mistakes(diagnosed({spelled: values(dZ2="Y - A2")["dZ2"]})) == [("dZ2", "sign")]


def test_tensors_and_lists():
    """Values may be Tensors or nested lists."""
    right = values()
    assert diagnosed({k: mg.tensor(v) for k, v in right.items()}).ok
    assert diagnosed({k: v.tolist() for k, v in right.items()}).ok


def test_nothing_is_changed():
    """A student's function may write into what it is given; nobody else's arrays change."""
    network, X, Y = TWO.build()
    kept = network.state_dict(), X.copy(), Y.copy()

    def vandal(params, X, Y):
        found = corpus.function(corpus.source(corpus.lines(TWO)))(params, X, Y)
        for array in (*params.values(), X, Y):
            array[...] = 7
        return found

    assert nn.diagnose(vandal, network, X, Y).ok
    right = values()
    before = {k: v.copy() for k, v in right.items()}
    nn.diagnose(right, network, X, Y)
    after = network.state_dict(), X, Y
    for a, b in zip((*kept[0].values(), *kept[1:], *before.values()),
                    (*after[0].values(), *after[1:], *right.values()), strict=True):  # fmt: skip
        np.testing.assert_array_equal(a, b)


def test_a_written_out_m_is_no_mistake():
    """`/ 9` is right for the 9 examples at hand."""
    text = corpus.source(corpus.lines(TWO) | {"m": "9"})
    assert diagnosed(corpus.function(text)).ok


def test_an_exception_names_its_line_and_what_came_before_is_judged(tmp_path):
    """The student's traceback says which quantity it was at; earlier ones are still checked."""
    lines = corpus.lines(TWO) | {"dZ2": "Y - A2", "dZ1": "dA1 @ A1"}
    path = tmp_path / "student.py"
    path.write_text("import numpy as np\n" + corpus.source(lines), encoding="utf-8")
    space = {}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), space)
    found = diagnosed(space["backward"])
    assert mistakes(found) == [("dZ2", "sign"), ("dZ1", "error")]
    details = found.findings[-1].details
    assert details["code"] == "dZ1 = dA1 @ A1"
    text = path.read_text(encoding="utf-8").splitlines()
    assert text[details["line"] - 1].strip() == details["code"]


# --- errors and reports ---------------------------------------------------------------------------


@pytest.mark.parametrize(("student", "message"), [
    (3, "diagnose: got a int; expected a mapping"),
    ({"dW1": np.ones, "dW2": np.ones(3)}, "got both arrays and functions"),
    ({"dW2": lambda dZ2, foo: dZ2}, "the equation of dW2 takes 'foo'; expected names"),
])  # fmt: skip
def test_other_students(student, message):
    """What cannot be read is said to be so."""
    with pytest.raises(nn.ArgumentError, match=message):
        diagnosed(student)


def test_sizes_that_do_not_fit():
    """X and Y are the caller's business, and an error names the layer."""
    network, X, Y = TWO.build()
    with pytest.raises(mg.ShapeError, match="layer 1"):
        nn.diagnose({}, network, X[:2], Y)
    with pytest.raises(mg.ShapeError):
        nn.diagnose({}, network, X, Y[:, :3])


def test_no_closed_form():
    """A loss of one's own has no equations to compare with."""
    with pytest.raises(nn.ArgumentError, match="no closed form"):
        nn.diagnose({}, *TWO.build(), loss=lambda A, Y: ((A - Y) ** 2).sum())


def test_nothing_to_check_is_not_ok():
    """An empty mapping, or one of strange names, proves nothing."""
    found = diagnosed({"gradient": np.ones(3), "J": 0})
    assert not found.ok
    assert found.first_wrong is None
    assert {note.key for note in found.notes} == {"not_understood", "nothing_to_check"}


@pytest.mark.parametrize(("value", "kind"), [
    ("text", "not_numbers"), (None, "not_numbers"), ([[1], [2, 3]], "not_numbers"),
    (np.full((1, 4), np.inf), "nan_or_inf"), (np.zeros((1, 4)), "all_zero"),
    (np.zeros((1, 4), int), "dtype_or_integer_division"), (np.ones((2, 2, 2)), "shape"),
    (np.ones((1, 4), complex), "not_numbers"), (5.0, "shape"), (np.ones((4, 2)), "shape"),
    (np.zeros((0, 4)), "shape"),
])  # fmt: skip
def test_odd_values(value, kind):
    """Whatever is handed in gets a finding, not a traceback."""
    assert mistakes(diagnosed(values() | {"dW2": value})) == [("dW2", kind)]


@pytest.mark.parametrize(("line", "theirs"), [
    ("dZ2 @ A1.T", "dW2 = dZ2 A1ᵀ"), ("2 * dZ2 @ A1.T", "dW2 = 2 dZ2 A1ᵀ"),
    ("-dZ2 @ A1.T / m", "dW2 = −(1/m) dZ2 A1ᵀ"), ("dZ2 @ Z1.T / m", "dW2 = (1/m) dZ2 Z1ᵀ"),
    ("dZ2 @ A1.T / m + 0.25 * W2", "dW2 = (1/m) dZ2 A1ᵀ + 0.25 W2"),
])  # fmt: skip
def test_the_students_equation_is_quoted(line, theirs):
    """As far as the numbers tell it; and the code quoted gives the student's numbers."""
    text = corpus.source(corpus.lines(TWO) | {"dW2": line})
    network, X, Y = TWO.build()
    finding = nn.diagnose(corpus.function(text), network, X, Y).findings[0]
    assert finding.student_equation == theirs
    cache = nn.closed_form.forward(network.state_dict(), X, network.activations)
    known = {"np": np, "X": X, "m": 9, **cache, **values()}
    result = eval(finding.student_code.split(" = ")[1], known)
    np.testing.assert_allclose(result, values(dW2=line)["dW2"], 1e-6)


def test_the_report():
    """It prints, is JSON, shows the right equation beside the student's, and keeps its promises."""
    found = diagnosed(values(dA1="dW2.T @ dZ2"))
    finding = found.findings[0]
    assert finding.expected_equation == "dZ1 = W2ᵀ dZ2 * g1'(Z1)"
    assert finding.student_equation == "dZ1 = dW2ᵀ dZ2 * g1'(Z1)"
    assert finding.code == "dZ1 = (W2.T @ dZ2) * (1 - A1**2)"
    assert finding.student_code == "dZ1 = (dW2.T @ dZ2) * (1 - A1**2)"
    assert finding.evidence.explained < 1e-12
    assert "dZ1" in str(found)
    data = json.loads(found.to_json())
    assert data["first_wrong"] == "dZ1"
    assert data["findings"][0]["details"] == {"expected": "W2", "used": "dW2"}
    assert {f.kind for f in found.findings} <= set(KINDS)
    assert {note.key for note in found.notes} <= set(NOTES)


@pytest.mark.parametrize("network", corpus.NETWORKS, ids=str)
def test_the_code_that_is_quoted_runs_and_is_right(network):
    """A report's line of NumPy computes the quantity: every one, on the right values of others."""
    built, m = network.build(), network.m
    right = values(network, "all")
    wrong = {k: v + 1 for k, v in right.items()}
    cache = nn.closed_form.forward(built[0].state_dict(), built[1], built[0].activations)
    for finding in diagnosed(wrong, network).findings:
        name, code = finding.code.split(" = ", 1)
        known = {k: v for k, v in (cache | right).items() if k != name}
        result = eval(code, {"np": np, "X": built[1], "Y": built[2], "m": m, **known})
        np.testing.assert_allclose(result, right[name], 1e-9, 1e-12)
