"""The graph as a picture."""

import re
import shutil
import struct
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from importlib.metadata import version

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pictures import GOLDEN, PICTURES, lecture

import minigrad as mg
from minigrad.viz import dot, label
from minigrad.viz.theme import THEMES
from minigrad.viz.tikz import to_tikz

BLUE, RED = THEMES["light"].forward, THEMES["light"].back
PURE = shutil.which("graphviz-pure", path=sys.prefix + "/bin") or "graphviz-pure"
PROGRAMS = [PURE, *filter(None, [shutil.which("dot")])]
SVG = {"s": "http://www.w3.org/2000/svg"}


def drawn(svg):
    """The texts of an SVG and, by colour, how many arrows it has."""
    root = ET.fromstring(svg)
    texts = {"".join(t.itertext()) for t in root.iterfind(".//s:text", SVG)}
    strokes = [p.get("stroke") for p in root.iterfind(".//s:path", SVG)]
    return texts, {colour: strokes.count(colour) for colour in (BLUE, RED)}


def ids(svg):
    """The ids in an SVG, each once."""
    found = [g.get("id") for g in ET.fromstring(svg).iterfind(".//s:g[@id]", SVG)]
    assert len(set(found)) == len(found)
    return {i for i in found if i != "graph0" and not i.startswith("a_")}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_those_that_were_looked_at(name):
    """Byte for byte the DOT; and the SVG, in either theme, where the layout engine is the same."""
    wanted = (GOLDEN / f"{name}.dot").read_text(encoding="utf-8")
    assert dot.to_dot(PICTURES[name](), limit=dot.LIMIT) == wanted
    for theme in THEMES:
        if version("graphviz-pure") == "0.2.2":
            wanted = (GOLDEN / f"{name}_{theme}.svg").read_bytes()
            assert dot.image(PICTURES[name](), "svg", theme=theme) == wanted


def test_svg_of_the_lecture(tmp_path):
    """Every value and derivative is written; blue arrows go forward and red ones back."""
    svg = lecture().render(tmp_path / "j.svg").read_bytes()
    texts, arrows = drawn(svg)
    everything = " ".join(texts)
    for wanted in ["a", "= 5", "= 6", "= 11", "= 33", "dJ/da = 3", "dJ/db = 6", "dJ/dc = 9"]:
        assert wanted in everything
    assert {"dJ/du = 3", "dJ/dv = 3", "×", "+", "3"} <= texts
    # Blue: two into each of three operations (the literal 3 included) and one out of each.
    # Red: the same, but for the literal.
    assert arrows == {BLUE: 9, RED: 8}
    arrows = {f"f-{i}{k}" for i in (3, 4, 5) for k in ("", "-0", "-1")}
    values = {f"node-{i}" for i in range(6)} | {"op-3", "op-4", "op-5", "lit-5-0"}
    assert ids(svg) == arrows | values


def test_what_a_node_is_shows_in_its_outline():
    """Variables are round, data has a folded corner, outputs a double line, operations circles."""
    X = np.ones((2, 3))
    w = mg.tensor(2.0, name="w")
    source = mg.graph((w * X).sum() * 3, names={"X": X}).to_dot()
    lines = {m[1]: m[0] for m in re.finditer(r'"(.*)" \[id="\1".*', source)}
    assert 'style="rounded,filled"' in lines["node-0"]
    assert 'shape="note"' in lines["node-1"]
    assert 'shape="circle"' in lines["op-2"]
    assert 'shape="plain"' in lines["lit-4-1"]
    assert [name for name, line in lines.items() if "peripheries" in line] == ["node-4"]


def test_fan_out_shows_what_each_use_adds():
    """Where a value is used twice, its red arrows say `+=`; an array's say the range."""
    x = mg.tensor(3.0, name="x")
    assert mg.graph(x * x).to_dot().count("+= 3") == 2
    x = mg.tensor([1.0, 2.0, 3.0], name="x")
    J = (x * x).sum()
    assert mg.graph(J, names=locals()).to_dot().count("dJ/dx += 1 … 3") == 2


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
    with pytest.raises(mg.GraphError, match="no program that draws pdf: that needs the system's"):
        lecture().render(tmp_path / "j.pdf")


def test_a_png_with_chinese_names_is_the_systems_to_draw(tmp_path, monkeypatch):
    """graphviz-pure has no such letters and would draw boxes; in an SVG the viewer has them."""
    graph = mg.graph(3 * mg.tensor(5.0, name="价格"))
    if shutil.which("dot"):
        assert graph.render(tmp_path / "j.png").read_bytes().startswith(b"\x89PNG")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "价格" in graph.render(tmp_path / "j.svg").read_text("utf-8")
    with pytest.raises(mg.GraphError, match=r"draws png with '价': .*the system's.*write .svg"):
        graph.render(tmp_path / "j.png")


def test_a_program_that_fails_is_quoted(tmp_path, monkeypatch):
    """What it says is part of the error."""
    failing = tmp_path / "graphviz-pure"
    failing.write_text("#!/bin/sh\necho no fonts here >&2\nexit 3\n")
    failing.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda *args, **options: str(failing))
    with pytest.raises(mg.GraphError, match=r"render: .*graphviz-pure: no fonts here$"):
        lecture().render(tmp_path / "j.svg")
    with pytest.raises(mg.GraphError, match=r"to_tikz: .*graphviz-pure: no fonts here$"):
        to_tikz(lecture())
    assert not (tmp_path / "j.svg").exists()


@pytest.mark.skipif(len(PROGRAMS) == 1, reason="PDF needs the system's Graphviz")
def test_pdf(tmp_path):
    """The system's Graphviz draws the PDF, in either theme and collapsed."""
    for theme in THEMES:
        assert lecture().render(tmp_path / "j.pdf", 0, theme).read_bytes().startswith(b"%PDF")


def test_unknown_suffix(tmp_path):
    """Another suffix is refused before anything is written."""
    with pytest.raises(mg.GraphError, match=r"got 'j.gif'; expected a name ending in .svg, .png"):
        lecture().render(tmp_path / "j.gif")
    assert list(tmp_path.iterdir()) == []


def test_dark_and_light_differ_in_colours_only():
    """The dark picture is the light one, painted otherwise."""
    light, dark = (lecture().to_dot(theme=theme) for theme in ("light", "dark"))
    assert light != dark
    assert re.sub("#[0-9a-f]{6}", "", light) == re.sub("#[0-9a-f]{6}", "", dark)


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_text_stands_out_from_what_it_is_written_on(theme):
    """Every text has a contrast of 4.5 : 1 at least with every ground it stands on (WCAG AA)."""

    def luminance(colour):
        parts = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    for text in (theme.ink, theme.faint, theme.back):
        for ground in (theme.paper, theme.variable, theme.constant, theme.computed, theme.block):
            low, high = sorted(map(luminance, (text, ground)))
            assert (high + 0.05) / (low + 0.05) >= 4.5 or (text, ground) == (
                theme.back,
                theme.block,
            )


def test_unknown_themes_and_depths():
    """The error says what came and what there is."""
    with pytest.raises(mg.GraphError, match="got theme 'blue'; expected light or dark"):
        lecture().to_dot(theme="blue")
    for depth in (-1, 1.5, "1", True):
        with pytest.raises(mg.GraphError, match=r"got depth .*; expected None, or 0, 1, 2"):
            lecture().to_dot(depth=depth)


def test_large_arrays_are_maps_and_ranges():
    """A box shows the size, range and a small map of a large array, not a wall of digits."""
    x = mg.tensor(np.arange(10_000.0), name="x")
    source = mg.graph((x * x).sum()).to_dot()
    assert "float64[10000]" in source
    assert "0 … 1e+04" in source
    assert source.count("<TD WIDTH") == 4 * 8  # values and derivatives of x and x²
    assert len(source) < 5000


def test_a_large_constant_is_a_map_of_its_values():
    """It has no derivative to show."""
    x = mg.tensor(2.0, name="x")
    data = np.arange(10_000.0)
    source = mg.graph((x * data).sum(), names={"data": data}).to_dot()
    assert source.count("<TD WIDTH") == 3 * 8  # values of data, values and derivatives of x·data


def test_boxes_whose_names_look_alike_have_ids_of_their_own():
    """Letters that an id cannot have are all the same there, and the boxes are not."""
    y = mg.tensor(0.5, name="x")
    for name in ("π", "φ", "a b", "a-b", "a_b"):
        y = mg.scope(name, np.sin, y)
    source = mg.graph(y).to_dot()
    ids = re.findall(r'subgraph "cluster_([^"]*)"', source)
    assert len(ids) == len(set(ids)) == 5
    for name in ("π", "φ", "a b", "a-b", "a_b"):
        assert f'label="{name}"' in source


def test_a_value_used_very_often_crowds_nothing():
    """Its arrows carry no numbers, which would take long to lay out."""
    x = y = mg.tensor(1.0, name="x")
    for _ in range(9):
        y = y + x
    assert "dt9/dx +=" not in mg.graph(y).to_dot()


NAMES = st.text(min_size=1, max_size=20)


@given(name=NAMES, module=NAMES)
@example(name="\x1f\x00", module="\x00")
@example(name="</B>><script>\\N\\", module='"];}\\')
@example(name="&lt;&#65;&amp", module="&lt;\\G")
@example(name="\u202eevil\u2066", module="\ud800")
@example(name="</script><img onerror=alert(1)>", module="-->]]><x")
@example(name="a\nb\\nc\\", module="\\")
def test_any_name_is_shown_and_nothing_else(name, module):
    """A name is only ever text: the SVG holds it letter for letter, in every place it stands."""
    x = mg.tensor([1.0, 2.0, 3.0], name=name)
    named = mg.primitive(lambda x: x * 2, vjp=lambda g, y, x: 2 * g)
    g = mg.graph(mg.scope(module, named, mg.scope(module, np.sin, x)))
    source = g.to_dot(depth=1)
    path = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in module)
    for program in PROGRAMS:
        done = subprocess.run(
            [program, "-Tsvg"], input=source.encode(), capture_output=True, check=True
        )
        root = ET.fromstring(done.stdout)
        assert {e.tag.partition("}")[2] for e in root.iter()} <= {
            "svg", "g", "title", "polygon", "polyline", "path", "ellipse", "text", "a"
        }  # fmt: skip
        texts = {" ".join("".join(t.itertext()).split()) for t in root.iterfind(".//s:text", SVG)}
        shown = {label.shown(text) for text in (g.nodes[0].name, path, f"{path} #2")}
        assert {" ".join(text.split()) for text in shown} <= texts


def test_symbols_literals_and_lines_are_escaped_too():
    """An operation's symbol, a number's text and the user's line go between quotes as text."""
    evil = '"]; </script>\\N\\\x00\u202e'
    safe = '"]; </script>\\N\\\\x00\\u202e'
    op = mg.primitive(lambda x: x * 2, vjp=lambda g, y, x: 2 * g, symbol=evil)
    y = op(mg.tensor(1.0, name="x"))
    y.notes = {"line": f"a.py:1: `{evil}`"}
    for program in PROGRAMS:
        source = mg.graph(y).to_dot().encode()
        done = subprocess.run([program, "-Tsvg"], input=source, capture_output=True, check=True)
        root = ET.fromstring(done.stdout)
        assert safe in {t.text for t in root.iterfind(".//s:text", SVG)}
        titles = {
            a.get("{http://www.w3.org/1999/xlink}title") for a in root.iterfind(".//s:a", SVG)
        }
        assert any(t and safe in t and "a.py:1" in t for t in titles)


def test_the_time_it_takes_is_linear():
    """Ten times the nodes take at most 11 times as many steps: calls, and characters written."""

    def work(n):
        x = y = mg.tensor(1.0, name="x")
        for _ in range(n):
            y = y * x
        g = mg.graph(y)
        calls = 0

        def count(*_):
            nonlocal calls
            calls += 1

        sys.setprofile(count)
        try:
            source = g.to_dot()
        finally:
            sys.setprofile(None)
        return calls, len(source)

    (calls, size), (more_calls, more_size) = work(300), work(3000)
    assert more_calls < 11 * calls
    assert more_size < 11.5 * size  # the numbers of nodes have a digit more


def test_squaring_a_thousand_times_is_instant():
    """A shared node is drawn once: nothing follows every path."""
    y = mg.tensor(1.0, name="y")
    for _ in range(1000):
        y = y * y
    g = mg.graph(y)
    start = time.process_time()
    assert g.to_dot().count('[id="op-') == 1000
    assert time.process_time() - start < 60
