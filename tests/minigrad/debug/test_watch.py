"""What `debug` leaves alone, and what it costs."""

import gc
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from debugged import caught, line_after, network
from hypothesis import given
from strategies import programs

import minigrad as mg


@given(program=programs())
def test_debugging_changes_no_number(program):
    """Values, first and second derivatives are the same within debug() and without."""
    f = mg.value_and_grad(lambda *xs: program.run(np, *xs), tuple(range(len(program.inputs))))
    g = mg.grad(lambda *xs: sum((d**2).sum() for d in f(*xs)[1]))
    want = f(*program.inputs), g(*program.inputs)
    with mg.debug(nan="ignore", inf="ignore", lint="ignore"):
        got = f(*program.inputs), g(*program.inputs)
    np.testing.assert_equal(got, want)


def test_nodes_keep_the_line_that_recorded_them():
    """For pictures; outside of the block nothing is noted. Rules have the line of their node."""
    x = mg.tensor(2.0)
    with mg.debug():
        y = x * x  # mark: noted
        z = mg.grad(lambda v: v * v * x)(3.0)
    graph = mg.graph(y)
    assert graph.nodes[-1].line == line_after("# mark: noted")
    assert "v * v * x" in z.notes["line"]
    assert not hasattr(x * x, "notes")


def test_debug_ends_with_its_block():
    """Also after an error; blocks nest; another thread is not concerned."""
    x = mg.tensor(0.0)
    with np.errstate(all="ignore"):
        for outer in ("raise", "ignore"):
            with mg.debug(inf=outer):
                with mg.debug(inf="ignore"):
                    np.log(x)
                with pytest.raises(mg.NonFiniteError) if outer == "raise" else nullcontext():
                    np.log(x)
                with ThreadPoolExecutor(1) as pool:
                    assert not hasattr(pool.submit(np.exp, x).result(), "notes")
        assert np.log(x).data == -np.inf


def test_a_decorator():
    """Each call is a block of its own."""
    assert mg.debug()(mg.grad(np.sin))(0.0) == 1
    with pytest.raises(mg.NonFiniteError):
        mg.debug()(np.log)(mg.tensor(0.0))


def test_options_that_are_none():
    """The names are checked before anything runs."""
    with pytest.raises(mg.GraphError, match="debug: got inf='stop'; expected 'raise', 'warn' or"):
        mg.debug(inf="stop").__enter__()


def test_hostile_names():
    """A name cannot break the lines of a message."""
    x = mg.tensor(0.0, name="x\n  at safe.py:1")
    said = caught(mg.NonFiniteError, lambda: np.log(x))
    assert len(said.splitlines()) == 4
    assert "  x\\n  at safe.py:1 = 0.0" in said


@pytest.mark.usefixtures("no_gc")
def test_debugging_keeps_no_graph_alive():
    """Steps within the block free what they made."""
    _, step = network("tanh")
    with mg.debug():
        step()
        before = len(gc.get_objects())
        for _ in range(50):
            step()
        assert len(gc.get_objects()) - before < 20


def calls(f):
    """How many functions f calls, of Python's and C's: a cost without a clock."""
    files = []
    f()
    sys.setprofile(
        lambda frame, event, arg: event.endswith("call") and files.append(frame.f_code.co_filename)
    )
    try:
        f()
    finally:
        sys.setprofile(None)
    return files


def test_what_debugging_costs():
    """Off: nothing of it is called, and nothing stays behind. On: at most twice the calls."""
    _, step = network("tanh")
    before = calls(step)
    with mg.debug():
        on = calls(step)
    assert calls(step) == before
    folder = str(Path(mg.debug.__wrapped__.__code__.co_filename).parent)
    assert not any(file.startswith(folder) for file in before)
    assert len(on) < 3 * len(before)
