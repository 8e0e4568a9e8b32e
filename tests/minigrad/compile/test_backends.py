"""Which backend is taken, and how a compiled function explains it."""

import sys

import numpy as np
import pytest

import minigrad as mg
from minigrad.compile import backends

pytest.importorskip("numba")

X = np.linspace(0.1, 1, 12).reshape(3, 4)


def few(x):
    return np.sum(x * x)


def many(x):
    """Enough elementwise lines for native code to pay."""
    for k in range(12):
        x = x * (x + 0.25 * k) / (1 + x * x)
    return np.sum(x)


def loop(x):
    """A loop that comes to hundreds of lines, all of which native code could compute."""
    for k in range(130):
        x = x * (x[0] + 0.25 * k) / (1 + x * x)
    return x


def products(x):
    """Matrix products, and hardly anything else."""
    for _ in range(9):
        x = x @ x
    return x


def scattered(x):
    """A step of which native code must leave much to Python: elements whose places arrays hold."""
    return mg.grad(lambda x: sum((np.sum(x[[i, i - 1, -i]] ** 2) for i in range(20)), start=0.0))(x)


def made(f, *args, backend="auto"):
    step = mg.compile(f, backend=backend)
    expected = f(*args)
    for _ in range(3):
        np.testing.assert_allclose(step(*args), expected, rtol=1e-12)
    return step


@pytest.mark.parametrize(
    ("f", "x", "backend", "why"),
    [
        (few, X, "numpy", r"\d lines are too few for native code to pay"),
        (many, X, "numba", r"native code saves \d+% \(10% are worth it\)"),
        (loop, X, "numpy", r'\d+ lines take long to make native; backend="numba" does it'),
        (products, np.eye(300), "numpy", r"matrix products \d+ µs; native code saves \d% "),
        (
            scattered,
            np.ones(20),
            "numpy",
            r"leaves \d+ of the calls to Python, saves nothing",
        ),
    ],
    ids=["few lines", "many lines", "a loop", "products", "lines of Python"],
)
def test_auto_estimates(f, x, backend, why):
    """By how many lines there are, how many bytes they go over, and how much is multiplied."""
    import re

    step = made(f, x)
    assert step.backend == backend
    assert re.search(why, step.explain()), step.explain()
    assert f"{backend}: " in step.explain()


@pytest.mark.parametrize("wanted", ["auto", "timed"])
def test_without_numba(monkeypatch, wanted):
    """What is not installed is not taken, and what to install is said."""
    monkeypatch.setattr(backends, "find_spec", lambda name: None)
    step = made(many, X, backend=wanted)
    assert step.backend == "numpy"
    assert "numba is not installed (the extra `fast`)" in step.explain()


def test_numba_asked_for_and_not_installed(monkeypatch):
    """The error says which extra has it, and what else to ask for; the next call may be right."""
    monkeypatch.setitem(sys.modules, "numba", None)
    step = mg.compile(many, backend="numba")
    calls = (step(X) for _ in range(3))
    with pytest.raises(ImportError, match=r'needs numba, .*"minigrad\[fast\]", or backend="numpy"'):
        list(calls)
    monkeypatch.undo()
    for _ in range(3):
        np.testing.assert_allclose(step(X), many(X), rtol=1e-12)


@pytest.mark.parametrize("quicker", ["numpy", "numba"])
def test_timed_takes_the_quicker(monkeypatch, quicker):
    """Both are made and run; the figures are in the explanation."""
    seconds = {"numpy": 3e-6, "numba": 5e-6, quicker: 1e-6}
    monkeypatch.setattr(backends, "_timed", lambda made, donated, arrays: seconds[made.backend])
    step = made(many, X, backend="timed")
    assert step.backend == quicker
    figures = f"timed: numpy {seconds['numpy'] * 1e6} µs, numba {seconds['numba'] * 1e6} µs a call"
    assert figures in step.explain()


def test_timing_leaves_the_parameters_alone():
    """What is written into an array of the caller's is written once for each call."""
    w = mg.tensor(X)

    def step(x):
        y = np.sum(np.tanh(w * x) ** 2) + many(w)
        w.data = (w - 0.5 * x).data
        return y

    compiled = mg.compile(step, backend="timed")
    for _ in range(4):
        compiled(X)
    np.testing.assert_allclose(w.data, X - 4 * 0.5 * X, atol=1e-15)
    assert "timed: numpy" in compiled.explain()


def test_an_unknown_backend():
    """The error names those there are."""
    with pytest.raises(mg.MinigradError, match=r"cuda.*auto.*numpy.*numba.*timed"):
        mg.compile(few, backend="cuda")
