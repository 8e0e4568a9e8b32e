"""The examples run, find what they say they find, and draw what the README shows."""

import importlib.util
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


def load(name):
    """An example as a module."""
    spec = importlib.util.spec_from_file_location(Path(name).stem, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def texts(svg):
    """Every text of an SVG, sorted."""
    root = ET.parse(svg).getroot()
    return sorted("".join(t.itertext()) for t in root.iter("{http://www.w3.org/2000/svg}text"))


def test_computation_graph(tmp_path, capsys):
    """The lecture's numbers are printed, and the nudge table has its ratios."""
    graph = load("computation_graph").main(tmp_path)
    out = capsys.readouterr().out
    assert float(graph["J"].value) == 33
    for line in ["da = 3", "db = 6", "dc = 9", "du = 3", "dv = 3"]:
        assert line in out
    rows = dict(re.findall(r"^([vuabc]) +.* (\d+\.\d+) +\d+$", out, re.MULTILINE))
    assert rows == {"v": "3.000", "u": "3.000", "a": "3.000", "b": "6.000", "c": "9.000"}


def test_the_readmes_picture_is_what_the_example_draws(tmp_path):
    """The committed picture is today's, word for word."""
    load("computation_graph").main(tmp_path)
    name = "computation_graph.svg"
    assert texts(EXAMPLES / "pictures" / name) == texts(tmp_path / name)


def test_deep_network(tmp_path, capsys):
    """The main job: accuracy, agreement with the equations at every check, and two pictures."""
    result = load("deep_network").main(tmp_path)
    out = capsys.readouterr().out
    assert result.accuracy >= 0.95
    assert result.largest_error <= 1e-10
    assert result.losses[-1] < result.losses[0] / 2
    assert "✗" not in out
    assert out.count("✓ engine and equations agree") == 2
    assert (tmp_path / "cost_curve.png").read_bytes().startswith(b"\x89PNG")
    shown = " ".join(texts(tmp_path / "deep_network.svg"))
    for name in ["A0", "W1", "b1", "Z1", "A3", "dJ/dW3"]:
        assert name in shown


def test_rosenbrock(capsys):
    """With exact derivatives SciPy gets closer and evaluates less than with differences."""
    runs = load("numpy/rosenbrock").main()
    far = {name: np.abs(run.x - 1).max() for name, run in runs.items()}
    assert far["grad and hvp"] < 1e-9
    assert far["grad"] < 1e-5
    assert runs["grad"].nfev < runs["differences"].nfev / 10
    assert "distance to minimum" in capsys.readouterr().out


def test_newton_logistic():
    """The last steps halve the exponent each time, and scikit-learn finds the same weights."""
    w, reference, lengths = load("numpy/newton_logistic").main()
    np.testing.assert_allclose(w, reference, atol=1e-5)
    assert lengths[-1] < 1e-8
    assert lengths[-1] < lengths[-2] ** 1.5


def test_gaussian_process():
    """The optimum and the gradient are scikit-learn's, whose derivative was worked out by hand."""
    found, reference, error = load("numpy/gaussian_process").main()
    np.testing.assert_allclose(found, reference, rtol=1e-3)
    assert error < 1e-7


def test_kalman_filter():
    """The filter's likelihood is the joint Gaussian's, and its gradient leads near the truth."""
    module = load("numpy/kalman_filter")
    found, check = module.main()
    assert check < 1e-10
    np.testing.assert_allclose(found, [module.PUSH, module.SIGHT], rtol=0.15)


def test_deconvolution():
    """Newton's step through np.fft gives the closed form, nearer the truth than what was seen."""
    truth, seen, found, closed = load("numpy/deconvolution").main()
    np.testing.assert_allclose(found, closed, atol=1e-8)
    assert np.mean((found - truth) ** 2) < 0.6 * np.mean((seen - truth) ** 2)


OWN = sorted(path for path in EXAMPLES.rglob("*.py") if path.name != "misprints.py")  # runs another


@pytest.mark.parametrize("path", OWN, ids=lambda p: p.name)
def test_examples_are_short_and_say_what_they_are_for(path):
    """30 to 110 lines, a purpose in one line, a main()."""
    source = path.read_text(encoding="utf8")
    assert 30 <= source.count("\n") <= 110
    assert re.match(r'"""[A-Z][^\n]+\.\n?', source)
    assert "def main(" in source
