"""The command under arguments it was not made for: what it may do is watched by an audit hook.

120 command lines are drawn, 4,000 with HYPOTHESIS_PROFILE=nightly.
"""

import contextlib
import io
import os
import sys

import pytest
from formulas import formulas, raw_text
from hypothesis import example, given, settings
from hypothesis import strategies as st

from minigrad.cli import main

FORBIDDEN = {
    "exec", "compile", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.remove",
    "os.rename", "os.mkdir", "os.rmdir", "os.chmod", "os.symlink", "os.link", "os.truncate",
    "subprocess.Popen", "socket.connect", "socket.bind", "pickle.find_class", "marshal.loads",
    "ctypes.dlopen", "urllib.Request", "webbrowser.open", "code.__new__",
}  # fmt: skip
watched = False
done = []


def hook(event, args):
    """Note what is forbidden; an audit hook stays for good, so it looks only while it is asked."""
    if watched and (event in FORBIDDEN or (event == "open" and writes(args))):
        done.append((event, args))


def writes(args):
    _path, mode, flags = args
    asked = set(mode or "") & set("wax+")
    return bool(asked or (flags and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)))


sys.addaudithook(hook)


@contextlib.contextmanager
def watching():
    """What happens in the block, in a list."""
    global watched  # noqa: PLW0603
    done.clear()
    watched = True
    try:
        yield done
    finally:
        watched = False


def run(argv):
    """The exit code and what is printed."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(argv)
        except SystemExit as stop:  # argparse: usage errors, --help
            code = stop.code
    return code, out.getvalue(), err.getvalue()


@pytest.fixture(scope="module", autouse=True)
def imported():
    """Everything that is imported on first use is imported before anyone watches."""
    for view in ([], ["--latex"], ["--tikz"], ["--explain", "a"]):
        assert run(["3*(a + [1, 2].sum())", "a=2", *view])[0] == 0


def test_the_hook_sees():
    """Evaluating, writing and starting a process are noticed: the check can fail."""
    with watching() as seen:
        eval("1 + 1")
        with open(os.devnull, "w", encoding="utf-8"):
            pass
        with contextlib.suppress(OSError):
            os.rmdir("there is no such folder")
    assert {"compile", "exec", "open", "os.rmdir"} <= {event for event, _ in seen}


options = st.lists(
    st.sampled_from(["--latex", "--tikz", "--no-color", "--explain", "a", "-h", "--version", "--"]),
    max_size=2,
)
values = st.lists(
    st.sampled_from(["a=1", "b=[1,2]", "x_1=0.5", "a=b", "=", "a=1;b=2", "a="]) | raw_text
)


@settings(max_examples=2 * settings().max_examples)
@given(formula=formulas.map(lambda f: f.text) | raw_text, values=values, options=options)
@example("__import__('os').system('true')", [], [])
@example("a.__class__.__mro__", ["a=1"], [])
@example("a", ["a=open('/etc/passwd')"], [])
@example("check", [], [])
def test_text_is_never_evaluated(formula, values, options):
    """Whatever the arguments: exit code 0 or 2, a message, nothing written, run or opened."""
    argv = [formula, *values, *options]
    if argv[0] == "check":
        return  # runs the file it is given, as it says
    with watching() as seen:
        code, out, err = run(argv)
    assert seen == []
    assert code in {0, 2}
    assert (out if code == 0 else err).strip()
    assert "Traceback" not in err


@pytest.mark.parametrize("option", ["--dot", "--svg", "--html"])
@pytest.mark.parametrize("name", ["../up", "a/b", "-", "--svg", "$HOME", "x\ny", "~", "π²"])
def test_files_are_written_where_they_were_asked_for(option, name, tmp_path, monkeypatch):
    """One file, of that very name, or an error; nothing beside it."""
    inner = tmp_path / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    path = f"{name}.{option[2:]}"
    code, _, err = run(["3*a", "a=2", f"{option}={path}"])
    written = {os.path.relpath(f, inner) for f in tmp_path.rglob("*") if f.is_file()}
    if code == 0:
        assert written == {path}
    else:
        assert code == 2
        assert written == set()
        assert err
