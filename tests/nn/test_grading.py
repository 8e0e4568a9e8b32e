"""A student's program becomes facts, whatever it does; in this process, without the limits."""

import json
import sys

import numpy as np
import pytest

from nn import grading

RIGHT = """\
import numpy as np

def backward(params, X, Y):
    m = X.shape[1]
    A1 = np.tanh(params["W1"] @ X + params["b1"])
    A2 = 1 / (1 + np.exp(-(params["W2"] @ A1 + params["b2"])))
    dZ2 = A2 - Y
    dW2 = dZ2 @ A1.T / m
    db2 = dZ2.sum(axis=1, keepdims=True) / m
    dZ1 = W2T(params) @ dZ2 * (1 - A1**2)
    dW1 = dZ1 @ X.T / m
    db1 = dZ1.sum(axis=1, keepdims=True) / m
    return {"dZ2": dZ2, "dW2": dW2, "db2": db2, "dZ1": dZ1, "dW1": dW1, "db1": db1}

def W2T(params):
    return params["W2"].T
"""
SETTINGS = {
    "function": None, "sizes": None, "hidden": None, "output": None, "loss": None,
    "seed": 0, "examples": 7, "lang": "en",
}  # fmt: skip


@pytest.fixture
def graded(tmp_path, monkeypatch):
    """A function that grades the text of a program; what it imports is forgotten afterwards."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)

    def grade(source, name="student.py", target=None, **settings):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(source, encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        facts = grading.grade(SETTINGS | settings | {"student": target or name})
        assert json.loads(json.dumps(facts, allow_nan=False)) == facts
        return facts

    yield grade
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_a_right_program_is_right(graded):
    """With the whole diagnosis."""
    facts = graded(RIGHT)
    assert facts["status"] == "right"
    assert facts["report"].endswith("✓ all 6 quantities agree with the equations")
    assert facts["diagnosis"]["ok"]
    assert facts["diagnosis"]["checked"] == ["dZ2", "dW2", "db2", "dZ1", "dW1", "db1"]


@pytest.mark.parametrize(
    ("old", "new", "first", "kind"),
    [
        ("dW2 = dZ2 @ A1.T / m", "dW2 = dZ2 @ A1.T", "dW2", "missing_1_over_m"),
        ("(1 - A1**2)", "1", "dZ1", "missing_activation_derivative"),
        ("dZ2 = A2 - Y", "dZ2 = Y - A2", "dZ2", "sign"),
        ('params["W2"].T', 'params["W2"].T * 2', "dZ1", "constant_factor"),
    ],
)
def test_a_wrong_program_is_diagnosed(graded, old, new, first, kind):
    """The first mistake by name, in the report too."""
    facts = graded(RIGHT.replace(old, new))
    assert facts["status"] == "wrong"
    assert facts["diagnosis"]["first_wrong"] == first
    assert [f["kind"] for f in facts["diagnosis"]["findings"] if f["quantity"] == first] == [kind]
    assert first in facts["report"].splitlines()[-1]
    assert "错误" in graded(RIGHT.replace(old, new), lang="zh")["report"]


def body(*lines):
    return "\n".join(["def backward(params, X, Y):", *(f"    {line}" for line in lines)])


@pytest.mark.parametrize(
    ("source", "status", "got", "line", "code"),
    [
        (body("z = 0", "return 1 / z"), "raises", "ZeroDivisionError: division by zero", 3,
         "return 1 / z"),
        ("import numpy as np\n" + body("return np.linalg.inv(X)"), "raises",
         "numpy.linalg.LinAlgError: Last 2 dimensions of the array must be square", 3,
         "return np.linalg.inv(X)"),
        (body("return params['W9']"), "raises", "KeyError: 'W9'", 2, "return params['W9']"),
        (body("raise KeyboardInterrupt"), "raises", "KeyboardInterrupt", 2,
         "raise KeyboardInterrupt"),
        ("import no_such_library", "raises",
         "ModuleNotFoundError: No module named 'no_such_library'", 1, "import no_such_library"),
        (body("dZ = (1"), "raises", "SyntaxError: '(' was never closed", 2, "dZ = (1"),
        (body("import sys", "sys.exit(3)"), "exits", "SystemExit: 3", 3, "sys.exit(3)"),
        ("exit()", "exits", "SystemExit: None", 1, "exit()"),
        (body("raise MemoryError"), "memory", "MemoryError", 2, "raise MemoryError"),
        (body("return bytearray(2**62)"), "memory", "MemoryError", 2, "return bytearray(2**62)"),
    ],
)  # fmt: skip
def test_what_it_raises_is_told_with_its_line(graded, source, status, got, line, code):
    """The student's line, at import and in the function, and no frames but the student's."""
    facts = graded(source)
    assert facts["status"] == status
    assert facts["got"] == got
    assert (facts["where"]["line"], facts["where"]["code"]) == (line, code)
    assert facts["where"]["file"].endswith("student.py")
    assert facts["who"] in {"backward", "student.py"}
    assert code in facts["traceback"]
    assert facts["traceback"].count("File ") == 1


def test_calls_within_the_program_are_all_told(graded):
    """From the function that was called to the one that failed."""
    facts = graded(RIGHT.replace('params["W2"].T', 'params["w2"].T'))
    assert facts["got"] == "KeyError: 'w2'"
    assert facts["traceback"].count("File ") == 2
    assert "in W2T" in facts["traceback"]


def test_a_line_with_tabs_is_shown_with_spaces(graded):
    """And not with what stands for a character that cannot be printed."""
    facts = graded("def backward(params, X, Y):\n    m = 1\n\treturn m")
    assert facts["got"].startswith("TabError: ")
    assert facts["where"]["code"] == "return m"
    assert "\N{REPLACEMENT CHARACTER}" not in facts["traceback"]
    assert "\n        return m\n" in facts["traceback"]


def test_what_it_says_can_do_no_harm(graded):
    """Escape codes are replaced and long messages cut."""
    facts = graded(body("raise ValueError('\\x1b[31m' + 'x' * 10**6)"))
    assert facts["got"].startswith("ValueError: \N{REPLACEMENT CHARACTER}[31mxxx")
    assert len(facts["got"]) < 3000


@pytest.mark.parametrize(("value", "got"), [("1, 2", "tuple"), ("None", "None"), ("'dW1'", "str")])
def test_what_is_no_mapping_is_told(graded, value, got):
    """The type that came."""
    expected = {"status": "no_mapping", "who": "backward", "got": got}
    assert graded(body(f"return {value}")) == expected


@pytest.mark.parametrize(
    ("settings", "reason", "got"),
    [
        ({"target": "other.py"}, "file", None),
        ({"target": "no.such.module:f"}, "file", None),
        ({"target": "student.txt/x"}, "source", None),
        ({"name": "student.txt"}, "source", None),
        ({"name": "student.ipynb"}, "source", None),
        ({"function": "forward"}, "function", "backward, W2T"),
        ({"target": "student:forward"}, "function", "backward, W2T"),
        ({"function": "W2T"}, "arguments", "(params)"),
        ({"sizes": "3"}, "setting", "DeepNetwork: got sizes (3,); expected at least n[0] and n[1]"),
        ({"sizes": "3,x,1"}, "setting",
         "DeepNetwork: got sizes (3, 'x', 1); expected whole numbers, at least 1"),
        ({"hidden": "sine"}, "setting", "activation: got 'sine'; expected one of sigmoid, "),
        ({"hidden": "tanh,relu"}, "setting", "DeepNetwork: got 2 hidden activations; expected 1"),
        ({"loss": "l2"}, "setting", "loss: got 'l2'; expected one of "),
        ({"examples": 0}, "setting", "examples: got sizes (0,); expected whole numbers"),
        ({"seed": -1}, "setting", "expected non-negative integer"),
    ],
)  # fmt: skip
def test_wrong_use_is_told_from_wrong_programs(graded, settings, reason, got):
    """A missing file or function, other arguments, a network that cannot be."""
    facts = graded(RIGHT, **settings)
    assert facts["status"] == "usage"
    assert facts["reason"] == reason
    assert facts.get("got", "").startswith(got or "")


@pytest.mark.parametrize(
    "target", ["student.py", "student.py:backward", "student:backward", "folder/student.py",
               "folder.student:backward", "folder.student", "HOMEWORK.PY"],
)  # fmt: skip
def test_the_ways_to_spell_a_program(graded, target):
    """A path, a module, and the function after a colon; a name that Windows made."""
    name = "folder/student.py" if target.startswith("folder") else "student.py"
    name = target if target.isupper() else name
    assert graded(RIGHT, name, target=target)["status"] == "right"


def test_a_library_that_the_program_lacks_is_its_own_error(graded):
    """Not taken for a program that is not there, however that is spelt."""
    for target in ("student.py", "student:backward"):
        facts = graded("import numpy\nimport no_such_library\n", target=target)
        assert facts["status"] == "raises"
        assert facts["got"] == "ModuleNotFoundError: No module named 'no_such_library'"
        assert facts["where"]["line"] == 2


def test_another_function_and_what_lies_beside_the_file(graded):
    """--function; the program may import its neighbours, and be named like a library."""
    graded(RIGHT, "helper_of_student.py")
    facts = graded("from helper_of_student import backward as mine", "json.py", function="mine")
    assert facts["status"] == "right"


def test_constants_of_the_program_say_the_network(graded):
    """Settings win over them; a function that has such a name is no constant."""
    source = RIGHT + "\nsizes = 5, 2, 1\nhidden = 'sigmoid'\ndef loss(A, Y): ...\noutput = 3\n"
    assert graded(source)["status"] == "wrong"
    assert graded(source, hidden="tanh")["status"] == "right"
    assert graded(source, hidden="tanh", sizes="2,3,2")["status"] == "right"


def test_the_program_is_given_copies(graded):
    """What it writes into does not change what it is held to."""
    spoiled = "    X *= 0\n    for p in params.values():\n        p *= 0\n    return {"
    assert graded(RIGHT.replace("    return {", spoiled, 1))["status"] == "right"


@pytest.mark.parametrize(
    ("loss", "low", "high"),
    [("binary_cross_entropy", 0, 1), ("hinge", -1, 1), ("cross_entropy", 0, 1), ("mse", -5, 5)],
)
def test_labels_are_what_the_loss_takes(loss, low, high):
    """0 or 1, −1 or 1, columns with a single 1, or any numbers."""
    Y = grading._labels(loss, 3, 50, np.random.default_rng(0))
    assert Y.shape == (3, 50)
    assert low <= Y.min() < Y.max() <= high
    assert (len(np.unique(Y)) == 2) == (loss != "mse")
    assert loss != "cross_entropy" or (Y.sum(axis=0) == 1).all()


def test_every_output_and_loss_can_be_asked_for(graded):
    """The network's own derivatives are right for each of them."""
    source = """\
from nn import closed_form
def backward(params, X, Y):
    return closed_form.backward(closed_form.forward(params, X, ACTIVATIONS), Y, LOSS)
"""
    for output, loss in [("softmax", "cross_entropy"), ("identity", "mse"), ("identity", "hinge")]:
        names = f"\nACTIVATIONS, LOSS = ('relu', '{output}'), '{loss}'\n"
        settings = {"hidden": "relu", "output": output, "loss": loss, "sizes": "3,4,3"}
        assert graded(source + names, **settings)["status"] == "right"
    facts = graded(RIGHT, output="log_softmax")
    assert (facts["status"], facts.get("reason")) == ("usage", "setting")
