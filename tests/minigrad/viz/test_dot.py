"""The graph as a picture."""

import re
import shutil
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import minigrad as mg

BLUE, RED = "#1f5fbf", "#c8322b"


def lecture():
    """The graph of J = 3(a + bc) at (5, 3, 2)."""
    a, b, c = mg.tensor(5), mg.tensor(3), mg.tensor(2)
    u = b * c
    v = a + u
    J = 3 * v
    return mg.graph(J, names=locals())


def drawn(path):
    """The texts of an SVG and, by colour, how many arrows it has."""
    root = ET.parse(path).getroot()
    ns = {"s": "http://www.w3.org/2000/svg"}
    texts = {"".join(t.itertext()) for t in root.iterfind(".//s:text", ns)}
    strokes = [p.get("stroke") for p in root.iterfind(".//s:path", ns)]
    return texts, {colour: strokes.count(colour) for colour in (BLUE, RED)}


def test_svg_of_the_lecture(tmp_path):
    """Every value and derivative is written; blue arrows go forward and red ones back."""
    path = lecture().render(tmp_path / "j.svg")
    texts, arrows = drawn(path)
    everything = " ".join(texts)
    for wanted in ["a", "= 5", "= 6", "= 11", "= 33", "dJ/da = 3", "dJ/db = 6", "dJ/dc = 9"]:
        assert wanted in everything
    assert {"dJ/du = 3", "dJ/dv = 3", "×", "+", "3"} <= texts
    # Blue: two into each of three operations (the literal 3 included) and one out of each.
    # Red: the same, but for the literal.
    assert arrows == {BLUE: 9, RED: 8}


def test_values_are_boxes_and_operations_circles():
    """The shapes of the lecture's drawing."""
    source = lecture().to_dot()
    assert source.count("shape=box") == 6
    assert source.count("shape=circle") == 3


def test_fan_out_shows_what_each_use_adds():
    """Where a value is used twice, its red arrows say `+=`."""
    x = mg.tensor(3.0, name="x")
    source = mg.graph(x * x).to_dot()
    assert source.count("+= 3") == 2


def test_png_and_the_suffix(tmp_path):
    """The suffix chooses the format; the path written is returned."""
    path = lecture().render(str(tmp_path / "j.PNG"))
    width, height = struct.unpack(">II", path.read_bytes()[16:24])
    assert width > 300
    assert height > 50


def test_the_same_graph_gives_the_same_bytes(tmp_path):
    """Pictures are deterministic."""
    first, second = lecture().render(tmp_path / "1.svg"), lecture().render(tmp_path / "2.svg")
    assert first.read_bytes() == second.read_bytes()


def test_no_system_graphviz_is_needed(tmp_path, monkeypatch):
    """With an empty PATH the picture is still drawn; PDF says what it lacks."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert lecture().render(tmp_path / "j.svg").stat().st_size > 1000
    with pytest.raises(mg.GraphError, match="no program that draws pdf: PDF needs the system's"):
        lecture().render(tmp_path / "j.pdf")


def test_unknown_suffix(tmp_path):
    """Another suffix is refused before anything is written."""
    with pytest.raises(mg.GraphError, match=r"got 'j.gif'; expected a name ending in .svg, .png"):
        lecture().render(tmp_path / "j.gif")
    assert list(tmp_path.iterdir()) == []


def test_large_arrays_are_ranges():
    """A box shows the size and range of a large array, not a wall of digits."""
    x = mg.tensor(np.arange(10_000.0), name="x")
    source = mg.graph((x * x).sum()).to_dot()
    assert "float64[10000]" in source
    assert len(source) < 3000


@given(name=st.text(min_size=1, max_size=20))
@example(name="\x1f")
@example(name="</B>><script>\\N\\")
def test_any_name_can_be_drawn(name):
    """A name is only ever text: quotes, brackets and control characters break nothing."""
    x = mg.tensor(1.0, name=name)
    source = mg.graph(x * 2).to_dot()
    assert re.match(r"digraph \{", source)
    done = subprocess.run(
        [shutil.which("graphviz-pure", path=sys.prefix + "/bin") or "graphviz-pure", "-Tsvg"],
        input=source.encode("utf-8", "surrogatepass"),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, (name, done.stderr)
    ET.fromstring(done.stdout)
