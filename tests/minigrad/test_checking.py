"""The command as an autograder runs it: exit codes, one clean object, limits that hold."""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import pytest

from minigrad import checking

RIGHT = """\
import numpy as np
print("loading")

def backward(params, X, Y):
    print('{"status": "right"}')
    m = X.shape[1]
    A1 = np.tanh(params["W1"] @ X + params["b1"])
    A2 = 1 / (1 + np.exp(-(params["W2"] @ A1 + params["b2"])))
    dZ2 = A2 - Y
    return {"dZ2": dZ2, "dW2": dZ2 @ A1.T / m}
"""
WRONG = RIGHT.replace(" / m}", "}")
LOOP = "def backward(params, X, Y):\n    while True:\n        X = X + 1\n"
KEYS = ["schema", "status", "ok", "message", "where", "traceback", "report", "diagnosis"]


def parsed(*words):
    parser = argparse.ArgumentParser()
    checking.add_arguments(parser)
    return parser.parse_args([*map(str, words)])


@pytest.fixture
def check(tmp_path, capfd):
    """A function that runs the command on a program: exit code, its stdout, its stderr."""

    def run(source, *words):
        path = tmp_path / "student.py"
        path.write_text(source, encoding="utf-8")
        code = checking.run(parsed(path, *words))
        return code, *capfd.readouterr()

    return run


def test_a_right_program(check):
    """Exit code 0; what it prints is on stderr, and stdout is the report alone."""
    code, out, err = check(RIGHT)
    assert code == 0
    verdict = "✓ all 2 quantities agree with the equations; not checked: db2, dW1, db1"
    assert out.splitlines()[-1] == verdict
    assert "loading" in err
    assert "loading" not in out
    assert '{"status": "right"}' in err


def test_a_wrong_program_in_both_languages(check):
    """Exit code 1 and the mistake by name."""
    code, out, _ = check(WRONG)
    assert code == 1
    assert out.splitlines()[-1] == "✗ the mistake is in dW2"
    assert "missing_1_over_m" in out
    assert check(WRONG, "--lang", "zh")[1].splitlines()[-1] == "✗ 错误在 dW2"


@pytest.mark.parametrize(
    ("source", "words", "code", "status", "message"),
    [
        (RIGHT, [], 0, "right",
         "✓ all 2 quantities agree with the equations; not checked: db2, dW1, db1"),
        (WRONG, [], 1, "wrong", "✗ the mistake is in dW2"),
        (RIGHT, ["--sizes", "3,0"], 2, "usage",
         "DeepNetwork: got sizes (3, 0); expected whole numbers, at least 1"),
        (RIGHT, ["--function", "back"], 2, "usage",
         "student.py has no function back; it has: backward"),
        ("", [], 2, "usage", "student.py has no function backward; it has: none"),
        ("def backward(X): ...", [], 2, "usage",
         "backward takes (X); it is called as backward(params, X, Y)"),
        ("1 / 0", [], 1, "raises", "student.py raises ZeroDivisionError: division by zero"),
        ("def backward(*a): exit()", [], 1, "exits",
         "backward ends the program (sys.exit) instead of returning its derivatives"),
        ("def backward(*a): return [1]", [], 1, "no_mapping",
         "backward returns list; expected a mapping: {'dW1': …, 'db1': …, …}"),
        ("def backward(*a): return bytearray(2**38)", ["--memory", "500"], 1, "memory",
         "backward takes more than 500 MB of memory (--memory)"),
        (LOOP, ["--timeout", "1"], 1, "timeout", "backward is not done after 1 s (--timeout)"),
        ("import os\nos._exit(0)", [], 1, "died",
         "the process that ran student.py ended without a result (exit code 0)"),
        ("import os\nos.kill(os.getpid(), 9)", [], 1, "died",
         "the process that ran student.py ended without a result (Killed)"),
    ],
)  # fmt: skip
def test_one_object_whatever_happens(check, tmp_path, source, words, code, status, message):
    """The documented keys, the exit code that goes with the status, the message in words."""
    got, out, _ = check(source, "--json", *words)
    assert out.isascii()
    outcome = json.loads(out)
    assert list(outcome) == KEYS
    assert all(f"    {key} " in checking.__doc__ for key in KEYS)
    assert status in checking.__doc__
    assert (got, outcome["schema"], outcome["status"]) == (code, 1, status)
    assert outcome["ok"] == (code == 0)
    assert outcome["message"].replace(f"{tmp_path}{os.sep}", "") == message
    assert bool(outcome["report"]) == bool(outcome["diagnosis"]) == (status in {"right", "wrong"})
    blamed = status in {"raises", "exits", "memory", "timeout"}
    assert bool(outcome["where"]) == bool(outcome["traceback"]) == blamed
    if blamed:
        assert set(outcome["where"]) == {"file", "line", "code"}


def test_what_raises_is_told_with_what_was_wrong_before(check):
    """A product of the wrong kind shows only where its size no longer fits."""
    source = RIGHT.replace(" - Y\n", " - Y\n    dZ1 = (params['W2'].T @ dZ2) @ (1 - A1**2).T\n")
    source = source.replace("    return", "    dW1 = dZ1 @ X.T / m\n    return")
    code, out, _ = check(source)
    assert code == 1
    assert out.startswith("backward raises ValueError: matmul: ")
    assert "    dW1 = dZ1 @ X.T / m\n" in out
    assert "✗  matmul_vs_elementwise" in out
    assert "dW1 raises ValueError" in out
    assert json.loads(check(source, "--json")[1])["diagnosis"]["first_wrong"] == "dZ1"


def test_the_line_that_takes_for_ever_is_told(check):
    """The alarm goes off where the program is."""
    code, out, _ = check(LOOP, "--timeout", "1")
    assert code == 1
    assert "student.py" in out
    assert any(line in out for line in LOOP.splitlines()[1:])


def test_nothing_of_it_lives_on(check, tmp_path, monkeypatch):
    """A program that lets no exception through is killed, and so is what it started."""
    started = tmp_path / "pid"
    source = f"""\
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open({str(started)!r}, "w").write(str(child.pid))
def backward(params, X, Y):
    while True:
        try:
            time.sleep(600)
        except BaseException:
            pass
"""
    monkeypatch.setattr(checking, "_GRACE", 0.2)
    code, out, _ = check(source, "--timeout", "3")
    assert code == 1
    assert "is not done after 3 s" in out
    pid, deadline = int(started.read_text()), time.monotonic() + 60
    while _alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _alive(pid)


def _alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_what_it_leaves_running_does_not_hold_the_report_up(check):
    """Threads and processes of its own, still at work when it returns."""
    source = RIGHT + (
        "import subprocess, sys, threading, time\n"
        "threading.Thread(target=time.sleep, args=(600,)).start()\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    )
    assert check(source)[0] == 0


def test_it_reads_nothing(check):
    """input() ends at once rather than waiting for somebody."""
    _, out, _ = check("def backward(params, X, Y):\n    return input()\n")
    assert out.startswith("backward raises EOFError")


def test_every_outcome_has_words_in_both_languages():
    """The same keys, the same pieces named."""
    one, other = (checking._SAYS[lang] for lang in ("en", "zh"))
    assert set(one) == set(other)
    assert all(one[key].count("{") == other[key].count("{") for key in one)


@pytest.mark.parametrize("words", [["--timeout", "0"], ["--timeout", "inf"], ["--memory", "lots"]])
def test_limits_are_numbers_above_zero(words, capsys):
    """argparse says so, with exit code 2."""
    with pytest.raises(SystemExit) as caught:
        parsed("student.py", *words)
    assert caught.value.code == 2
    assert f"got '{words[1]}'; expected a number above 0" in capsys.readouterr().err


def test_the_engine_does_not_import_nn():
    """nn is imported in the other process only."""
    source = Path(checking.__file__).read_text(encoding="utf-8")
    assert "\nimport nn" not in source
    assert "\nfrom nn" not in source
    assert sys.modules["minigrad.checking"] is checking
