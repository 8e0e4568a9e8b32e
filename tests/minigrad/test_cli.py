"""The command `minigrad`, as typed: what it prints, writes and refuses."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from minigrad.cli import _colours, main, recorded, table

LECTURE = ["u = b*c; v = a + u; J = 3*v", "a=5", "b=3", "c=2"]


@pytest.fixture
def run(capsys):
    """The command in this process: its exit code, stdout and stderr."""

    def command(*argv):
        try:
            code = main(argv)
        except SystemExit as ended:  # argparse's own
            code = ended.code
        return code, *capsys.readouterr()

    return command


def cells(text):
    """The table's rows by name, split at gaps."""
    return {row.split()[0]: re.split(r"  +", row) for row in text.split("\n")[1:] if row}


def test_the_lecture_s_table(run):
    """Values, derivatives, and the nudges 5 → 5.001 that make J 33.003."""
    code, out, err = run(*LECTURE)
    assert (code, err) == (0, "")
    assert out == (
        "   computed as  value  dJ/d·  nudged  J       ΔJ/Δ·\n"
        "a  variable     5      3      5.001   33.003  3\n"
        "b  variable     3      6      3.001   33.006  6\n"
        "c  variable     2      9      2.001   33.009  9\n"
        "u  b * c        6      3      6.001   33.003  3\n"
        "v  a + u        11     3      11.001  33.003  3\n"
        "J  3 * v        33     1\n"
    )


def test_nudges_of_arrays_are_element_by_element(run):
    """Each element's ratio is close to its derivative."""
    _, out, _ = run("sum(tanh(W @ x))", "W=[[1, 2], [3, 4]]", "x=[0.1, 0.2]")
    name, kind, _, _, grad, ratios = cells(out)["W"]
    assert (name, kind) == ("W", "float64[2, 2]")
    np.testing.assert_allclose(eval(ratios), eval(grad), rtol=1e-3)


def test_infinities_are_shown_without_a_warning(run, recwarn):
    """At the end of a domain the table has inf or nan."""
    code, out, err = run("sqrt(x) + log(y)", "x=0", "y=-1")
    assert (code, err, len(recwarn)) == (0, "", 0)
    assert (cells(out)["x"][3], cells(out)["J"][2]) == ("inf", "nan")


def test_a_nudge_to_where_there_is_no_value_is_nan(run):
    """The matrix that the last element's nudge makes is singular; the others' ratios stand."""
    code, out, err = run("sum(inv(W))", "W=[[1, 1], [1, 0.999]]")
    assert (code, err) == (0, "")
    assert re.search(r"-1000, 0\], \[\S+, nan\]\]$", cells(out)["W"][-1])


def test_large_graphs_are_not_nudged():
    """Where nudging would take long the columns are empty; the derivatives are there."""
    text = table(recorded("+".join(["sin(x)"] * 200) + "+ y.sum()", ["x=1", f"y={[1.0] * 200}"]))
    assert cells(text)["x"][-1] == "108.06"


def test_names_given_in_the_formula(run):
    """Numbers named in the formula are variables too; the last statement is J by default."""
    code, out, _ = run("a = 5; b = 3; a*b + 1")
    assert code == 0
    assert cells(out)["J"][-1] == "1"
    assert cells(out)["a"][3] == "3"


def test_formulas_that_begin_with_a_minus(run):
    """They are no options, and options may stand among the values."""
    assert run("-a*b", "a=5", "--no-color", "b=-3")[0] == 0
    assert cells(run("-3*a", "a=-pi/2")[1])["a"][3] == "-3"


def test_outputs_without_derivatives(run):
    """Of an array the values, and what to do."""
    code, out, _ = run("W @ x", "W=[[1, 2], [3, 4]]", "x=[1, 1]")
    assert code == 0
    assert "dJ" not in out.split("\n")[0]
    assert out.endswith("J is float64[2]; only one number has derivatives: its sum(), say\n")


def test_text_views(run):
    """Words, LaTeX and TikZ are printed in the place of the table, in that order."""
    code, out, err = run(*LECTURE, "--latex", "--explain", "b", "--tikz")
    assert (code, err) == (0, "")
    parts = [out.index(part) for part in ("dJ/db = 6: nudge b", r"\begin{align*}", "{tikzpicture}")]
    assert parts == sorted(parts)
    assert "computed as" not in out


def test_files(run, tmp_path):
    """Each is written where asked, over what was there, and nothing else is."""
    paths = {kind: tmp_path / f"j.{kind}" for kind in ("html", "svg", "png", "dot")}
    paths["svg"].write_text("old")
    options = [word for kind, path in paths.items() for word in (f"--{kind}", str(path))]
    code, out, err = run(*LECTURE, *options)
    assert code == 0
    assert "ΔJ/Δ·" in out
    assert err == "".join(f"wrote {path}\n" for path in paths.values())
    assert sorted(tmp_path.iterdir()) == sorted(paths.values())
    starts = {kind: path.read_bytes()[:200] for kind, path in paths.items()}
    assert b"<!doctype html>" in starts["html"].lower()
    assert b"<svg" in paths["svg"].read_bytes()
    assert starts["png"].startswith(b"\x89PNG")
    assert starts["dot"].startswith(b"digraph")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["3*(a+", "a=1"], "minigrad: expected a number, a name, '(' or '[', got the end\n"
                           "    3*(a+\n         ^\n"),
        (["a*b", "a=3"], "minigrad: b has no value; give it one: b=2\n    a*b\n      ^\n"),
        (["a", "a=3", "a=2"], "minigrad: a is given twice\n    a=2\n    ^\n"),
        (["a", "a=3", "cc=2"], "minigrad: the formula has no cc\n    cc=2\n    ^^\n"),
        (["a", "a"], "minigrad: expected NAME=VALUE, such as a=5\n    a\n    ^\n"),
        (["a", "a=b"], "minigrad: a value is made of numbers\n    a=b\n      ^\n"),
        (["a", "a=1;b=2"], "minigrad: expected NAME=VALUE, such as a=5\n    a=1;b=2\n    ^\n"),
        (["1 + 2"], "minigrad: nothing varies here; name a number: 3*a with a=5\n"
                    "    1 + 2\n    ^^^^^\n"),
        (["2*a", "a=1", "--explain", "z"],
         "minigrad: graph: no node is named 'z'; the nodes are a, J\n"),
        (["2*a", "a=1", "--svg", "j.gif"],
         "minigrad: --svg: got 'j.gif'; expected a name ending in .svg\n"),
        (["a", "a=1", "--dot", "/nowhere/j.dot"],
         "minigrad: /nowhere/j.dot: No such file or directory\n"),
        (["a*b", "a=[1,2]", "b=[1,2,3]"],
         "minigrad: multiply: (2,) × (3,): shapes do not broadcast; "
         "counted from the right, sizes must be equal or 1\n    a*b\n     ^\n"),
        ([], "minigrad: error: the following arguments are required: formula\n"),
        (["a", "a=1", "--what"], "minigrad: error: unrecognized arguments: --what\n"),
    ],
)  # fmt: skip
def test_errors_are_one_message_and_exit_code_2(run, argv, message):
    """What is wrong and where, no traceback."""
    code, _, err = run(*argv)
    assert code == 2
    assert err.endswith(message)


def test_help_and_version(run):
    """Readable in a narrow terminal; every function and option is listed."""
    code, out, _ = run("--help")
    assert code == 0
    assert all(len(line) <= 100 for line in out.split("\n"))
    for word in ("--explain", "--html", "sigmoid", "minigrad check", "NO_COLOR"):
        assert word in out
    code, out, _ = run("--version")
    assert code == 0
    assert re.fullmatch(r"minigrad (\d+\.\d+\.\d+|\(not installed\))\n", out)


def test_check_has_the_other_command(run):
    """`minigrad check` is handed on."""
    code, out, _ = run("check", "--help")
    assert code == 0
    assert out.startswith("usage: minigrad check")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def test_colours(monkeypatch):
    """On terminals only; NO_COLOR, --no-color and a dumb terminal have none."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert _colours(False, Terminal())
    assert not _colours(True, Terminal())
    assert not _colours(False, io.StringIO())
    monkeypatch.setenv("TERM", "dumb")
    assert not _colours(False, Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not _colours(False, Terminal())
    monkeypatch.delenv("NO_COLOR")
    for name in ("WT_SESSION", "ANSICON", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "win32")
    assert not _colours(False, Terminal())
    monkeypatch.setenv("WT_SESSION", "1")
    assert _colours(False, Terminal())


def test_colours_change_no_text():
    """With its colours taken away, the table is the same."""
    graph = recorded("3*(a + b*c)", ["a=5", "b=3", "c=2"])
    coloured = table(graph, colours=True)
    assert "\x1b[31m9\x1b[0m" in coloured
    assert re.sub("\x1b\\[\\d+m", "", coloured) == table(graph)


def process(*argv, **options):
    """The command in a process of its own."""
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root), **options.pop("env", {})}
    return subprocess.Popen(
        [sys.executable, "-m", "minigrad", *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=environment, **options,
    )  # fmt: skip


def test_a_broken_pipe_is_quiet():
    """Whoever reads may stop reading."""
    with process("+".join(["sin(a)"] * 300), "a=1") as child:
        child.stdout.close()
        assert child.stderr.read() == b""
    assert child.returncode == 1


def test_an_interrupted_command_is_quiet(run, monkeypatch):
    """Ctrl-C has the shell's exit code and no traceback."""

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("minigrad.cli.recorded", interrupted)
    assert run(*LECTURE) == (130, "", "")


def test_a_terminal_without_greek_letters():
    """What it cannot show is a question mark, not a traceback."""
    with process(
        "a*b", "a=2", "b=3", env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    ) as child:
        out, err = child.communicate()
    assert child.returncode == 0
    assert (b"?J/??" in out, err) == (True, b"")


@pytest.mark.parametrize(
    "name", ["__import__('os').system('id')", "a\x1b[2J", "$(id)", "`id`", "a;rm"]
)
def test_nothing_typed_is_run_or_sent_to_the_terminal(run, name):
    """Formulas and values of strangers are refused with what was typed made visible."""
    for argv in ([name, "a=1"], ["a*2", f"a={name}"], ["a*2", "a=1", "--explain", name]):
        code, out, err = run(*argv)
        assert code == 2
        assert "\x1b" not in out + err
        assert "uid=" not in out + err


def test_a_picture_is_of_the_kind_asked_for(tmp_path, capsys):
    """--svg writes no PNG, whatever the name ends in."""
    for form, wrong in (("svg", "png"), ("png", "svg")):
        path = tmp_path / f"J.{wrong}"
        assert main(["a*b", "a=2", "b=3", f"--{form}", str(path)]) == 2
        assert f"expected a name ending in .{form}" in capsys.readouterr().err
        assert not path.exists()
