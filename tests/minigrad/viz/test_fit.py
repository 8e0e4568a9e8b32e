"""Texts are as long as Graphviz laid them out, whatever font the viewer has."""

import re
import shutil
import string
import subprocess
import sysconfig
from html import escape, unescape

import numpy as np

import minigrad as mg
from minigrad.viz.fit import fitted

GRAPHVIZ = shutil.which("graphviz-pure", path=sysconfig.get_path("scripts")) or "graphviz-pure"
LETTERS = [c for c in string.printable[:95] if c not in " \\"]


def laid_out(label):
    """How wide Graphviz makes each text of an HTML-like label of 10 points."""
    source = f'digraph {{ a [fontname="Helvetica" fontsize="10" label=<{label}>] }}'
    done = subprocess.run(
        [GRAPHVIZ, "-Txdot"], input=source.encode(), capture_output=True, check=True
    )
    drawn = done.stdout.decode().replace("\\\n", "")
    return [float(w) for w in re.findall(r" T \S+ \S+ \S+ (\S+) \d+ -", drawn)]


def said(bold, texts):
    """How long `fitted` makes them."""
    weight = ' font-weight="bold"' if bold else ""
    svg = "".join(f'<text{weight} font-size="10.00">{escape(t)}</text>' for t in texts)
    return [float(w) for w in re.findall(r'textLength="([^"]*)"', fitted(svg))]


def test_every_letter_is_as_wide_as_graphviz_makes_it():
    for bold in (False, True):
        texts = [c * 20 for c in LETTERS] + ["a b", "dJ/dW = -1.5 … 2", "面积", "∂Σ×"]
        rows = "<BR/>".join(f"<B>{escape(t)}</B>" if bold else escape(t) for t in texts)
        np.testing.assert_allclose(said(bold, texts), laid_out(rows), rtol=2e-3)


def test_a_name_ends_where_its_value_begins(tmp_path):
    a = mg.tensor(5.0, name="</b>&amp; ii WW 面积")
    svg = mg.graph(mg.name(3 * a, "cost")).render(tmp_path / "a.svg").read_text("utf-8")
    runs = re.findall(
        r'x="([0-9.]+)"[^>]*bold[^>]*textLength="([0-9.]+)".*?\n.*?x="([0-9.]+)"', svg
    )
    assert len(runs) == 2
    for x, length, after in runs:
        assert abs(float(x) + float(length) - float(after)) < 0.1


def test_every_text_of_more_than_one_letter_has_its_length(tmp_path):
    x = mg.tensor(np.arange(6.0).reshape(2, 3), name="x")
    svg = mg.graph(mg.name((x**2).sum(), "J")).render(tmp_path / "a.svg").read_text("utf-8")
    for head, text in re.findall(r"<text ([^>]*)>([^<]*)</text>", svg):
        assert ("textLength" in head) == (len(unescape(text)) > 1)
