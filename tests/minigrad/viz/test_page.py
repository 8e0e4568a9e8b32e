"""The step-through page as a file; what it does is tested in tests/browser."""

import base64
import hashlib
import json
import re
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import minigrad as mg
import nn
from minigrad.viz import page
from minigrad.viz.page_data import Encoder, modules
from minigrad.viz.page_order import naive


def lecture():
    a, b, c = mg.tensor(5), mg.tensor(3), mg.tensor(2)
    u = b * c
    v = a + u
    J = 3 * v
    return mg.graph(J, names=locals())


def data(html):
    """The data block of a page."""
    return json.loads(
        re.search(r'<script type="application/json" id="data">(.*?)</script>', html)[1]
    )


def number(x):
    """A number or array of the data as an array."""
    return np.reshape(x["d"], x["s"]) if isinstance(x, dict) else np.float64(x)


def test_a_file_or_a_string(tmp_path):
    """With a path the page is written there, without one it is returned; both are the same."""
    html = page.to_html(lecture())
    path = page.to_html(lecture(), tmp_path / "J.html")
    assert path == tmp_path / "J.html"
    assert path.read_text(encoding="utf-8") == html
    assert "<title>The graph of J</title>" in html


def test_the_policy_allows_exactly_our_script_and_style():
    """The hashes in the policy are those of what is in the page; nothing is loaded."""
    html = page.to_html(lecture())
    policy = re.search(r'Content-Security-Policy" content="(.*?)"', html)[1]
    for tag in ("script", "style"):
        text = re.search(rf"<{tag}>(.*?)</{tag}>", html, re.S)[1]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    markup = re.sub(r"<(script|style)>.*?</\1>", "", html, flags=re.S)
    assert not re.search(r'\s(src|href|action)="(?!data:)|\sstyle=|\son\w+=', markup)


@given(name=st.text(min_size=1, max_size=20))
@example(name="</script><img src=x onerror=alert(1)>")
@example(name="<!--<script>{data}{script}{title}\u2028")
@example(name="\ud800")
def test_any_name_and_title_is_only_text(name):
    """What the user writes cannot end the data block, nor fill a place of the page."""
    graph = mg.graph(mg.tensor(2.0, name=name) * 3, names={})
    html = page.to_html(graph, title=name)
    plain = page.to_html(mg.graph(mg.tensor(2.0, name="x") * 3, names={}), title="x")
    assert data(html)["nodes"][0]["name"] == graph.nodes[0].name
    for mark in ("<script", "</script", "<img", "<!--", "<h1", "<style"):
        assert html.count(mark) == plain.count(mark)


def test_the_data_are_the_engines():
    """Values, derivatives, products, local derivatives and running sums, in the sweep's order."""
    network = nn.DeepNetwork([2, 3, 1], hidden="tanh", seed=0)
    X = np.random.default_rng(0).normal(size=(2, 4))
    graph = mg.graph(nn.mse(network(X), np.ones((1, 4))) + (network.W[2] ** 2).sum())
    listed = data(page.to_html(graph))["nodes"]
    sums = {}
    for i in reversed(range(len(graph))):
        node, known = graph.nodes[i], listed[i]
        assert np.array_equal(number(known["value"]), node.value)
        assert (known["grad"] is None) == (node.grad is None)
        for use in known["sent"]:
            to = use["to"]
            product = number(use["product"])
            assert np.array_equal(product, node.contributions()[use["at"]])
            if "local" in use and node.shape == np.shape(product):
                assert np.allclose(node.grad * number(use["local"]), product)
            if "jacobian" in use:
                assert np.allclose(np.ravel(node.grad) @ number(use["jacobian"]), np.ravel(product))
            sums[to] = sums.get(to, 0) + product
            after = number(use.get("sum", listed[to]["grad"]))
            assert np.array_equal(after, sums[to])
    kinds = [key for known in listed for use in known["sent"] for key in use]
    assert {"local", "jacobian", "sum"} <= set(kinds)


def test_where_the_branch_not_taken_has_no_derivative():
    """An infinite derivative of a branch not taken does not make the page's sums nan."""
    x = mg.tensor([0.0, 4.0], name="x")
    graph = mg.graph(np.where(x > 0, np.sqrt(x), 0.0).sum(), names={})
    for known in data(page.to_html(graph))["nodes"]:
        for use in known["sent"]:
            assert np.isfinite(number(use["product"]).astype(float)).all()


def test_numbers_that_json_does_not_have():
    """nan, infinities, complex numbers, large integers and booleans are text."""
    encode = Encoder(1)
    assert [encode(x) for x in (np.nan, -np.inf, 1 + 2j, True, 2**60, np.float32(0.5))] == [
        "nan", "-inf", "1+2j", "True", str(2**60), 0.5,
    ]  # fmt: skip
    x = mg.tensor([0.0, np.inf])
    html = page.to_html(mg.graph((x * 2).sum(), names={}))
    assert data(html)["nodes"][0]["value"]["d"] == [0.0, "inf"]


def test_a_large_array_is_the_means_of_its_blocks():
    """A page of a large array stays small, and says its size and range."""
    x = np.arange(1e6).reshape(1000, 1000)
    known = Encoder(1)(x)
    assert known["s"] == [1000, 1000]
    assert known["b"] == [16, 16]
    assert known["t"] == "0 … 999999"
    sizes = np.diff(np.append(np.arange(16) * 1000 // 16, 1000))
    assert np.average(np.reshape(known["d"], (16, 16)), weights=np.outer(sizes, sizes)) == (
        pytest.approx(x.mean(), rel=1e-3)
    )
    assert len(page.to_html(mg.graph((mg.tensor(x) * 2).sum(), names={}))) < 500_000


def test_nudges_are_the_engines():
    """Every entry is what `graph.nudge` computes; float32 is not nudged below its grain."""
    graph = lecture()
    for table in data(page.to_html(graph))["nudges"]:
        node = graph.nodes[table["node"]]
        (pick,) = table["picks"]
        assert {-0.001, 0.001, 1.0, 1e-6} <= set(pick["delta"])
        for k, delta in enumerate(pick["delta"]):
            nudged = graph.nudge(node.name, delta)
            assert pick["J"][k] == nudged["J"].value
            for i, moved in pick["moved"].items():
                assert moved[k] == nudged.nodes[int(i)].value
    x = mg.tensor(2.0, dtype="float32", name="x")
    (table,) = data(page.to_html(mg.graph(x * x)))["nudges"]
    assert min(map(abs, table["picks"][0]["delta"])) >= 3e-4


def test_nudges_leave_dropout_as_it_was():
    """What was drawn stays: ΔJ/Δ is the derivative; the layer draws what it would have drawn."""
    dropout = nn.Dropout(0.5, seed=0)
    b = mg.tensor(np.ones((8, 1)), name="b")
    graph = mg.graph(mg.name((dropout(b * 2.0) ** 2).sum(), "J"))
    state = dropout._rng.bit_generator.state
    (table,) = data(page.to_html(graph))["nudges"]
    assert dropout._rng.bit_generator.state == state
    pick = table["picks"][0]
    nearest = int(np.argmin(np.abs(pick["delta"])))
    slope = (pick["J"][nearest] - graph["J"].value) / pick["delta"][nearest]
    np.testing.assert_allclose(slope, graph["b"].grad.sum(), rtol=1e-4)


def test_nudges_compute_only_what_follows():
    """A variable that comes in late does not cost the whole computation again."""
    calls = []
    slow = mg.primitive(lambda x: calls.append(1) or 2 * x, vjp=lambda g, y, x: 2 * g)
    a, b = mg.tensor(1.0, name="a"), mg.tensor(1.0, name="b")
    graph = mg.graph(mg.name(slow(a) * b, "J"))
    calls.clear()
    page.to_html(graph, nudge="b")
    assert not calls


def test_which_variables_are_nudged():
    """Those asked for, else what there is room for; the page says which it left out."""
    graph = lecture()
    assert [t["node"] for t in data(page.to_html(graph, nudge=["b"]))["nudges"]] == [1]
    with pytest.raises(mg.GraphError, match="cannot nudge u; expected a variable that J has"):
        page.to_html(graph, nudge="u")
    xs = [mg.tensor(float(i), name=f"x{i}") for i in range(50)]
    known = data(page.to_html(mg.graph(sum(x * x for x in xs), names={})))
    assert len(known["nudges"]) + len(known["unnudged"]) == 50
    assert known["unnudged"]


def test_nudges_out_of_the_domain_are_left_out():
    """Where an op refuses the nudged value, or makes another shape of it, there is no row."""
    A = mg.tensor([[1.0, 0.0], [0.0, 0.5]], name="A")
    table, *_ = data(page.to_html(mg.graph(np.linalg.cholesky(A).sum(), names={})))["nudges"]
    pick = table["picks"][0]
    assert 0.001 in pick["delta"]
    assert -1.0 not in pick["delta"]
    assert {len(pick[key]) for key in ("delta", "to", "by", "J")} == {len(pick["delta"])}


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x[1:, None].sum(),
        lambda x: x[np.array([0, 2])].sum(),
        lambda x: np.abs((x + 1j) ** 2).sum(),
        lambda x: np.linalg.svd(np.outer(x, x) + np.eye(3) * 1j)[1].sum(),
        lambda x: x[:0].sum() + x.max(),
        lambda x: x.astype(np.float32).sum(),
        lambda x: np.where(x > 1, x, 0.0).sum(),
    ],
    ids=["slice", "index", "complex", "svd", "empty", "float32", "where"],
)
def test_any_operand_can_be_shown(f):
    """Parts of an index, masks, complex and empty arrays: every product is the engine's."""
    graph = mg.graph(f(mg.tensor([1.0, 2.0, 3.0], name="x")), names={})
    for node, known in zip(graph, data(page.to_html(graph))["nodes"], strict=True):
        assert len(known["sent"]) == sum(c is not None for c in node.contributions())


def test_naive_recursion_is_wrong_where_a_value_fans_out():
    """In a tree it is right; a shared value that is reached too early loses what comes later."""
    reached, got = naive(lecture())
    assert [n.name for n in reached] == ["J", "v", "a", "u", "b", "c"]
    assert all(got[n] == n.grad for n in reached)
    x = mg.tensor(3.0)
    u = x * x
    J = u * u + u
    graph = mg.graph(J, names={"x": x})
    got = naive(graph)[1]
    assert float(graph["x"].grad) == 2 * 3 * (2 * 9 + 1)
    assert float(got[graph["x"]]) == 2 * 3 * 9  # the first of u's three shares only


def test_naive_recursion_of_a_deep_chain():
    """It is written without recursion: a chain deeper than Python's stack works."""
    y = mg.tensor(0.5, name="x")
    for _ in range(5000):
        y = np.sin(y)
    reached, got = naive(graph := mg.graph(y))
    assert len(reached) == 5001
    assert got[graph["x"]] == graph["x"].grad


def test_naive_recursion_of_what_has_no_product():
    """Of equal eigenvalues' vectors one share alone has no product; the recursion ends there."""
    A = mg.tensor(np.diag([1.0, 1.0, 2.0]), name="A")
    w, v = np.linalg.eigh(A)
    graph = mg.graph(np.sum((v * w) @ v.T * np.arange(9.0).reshape(3, 3)))
    np.testing.assert_allclose(np.diag(graph["A"].grad), [0, 4, 8], atol=1e-12)
    reached, got = naive(graph)
    assert graph["A"] not in got
    assert len(reached) == len(got) > 3
    assert "Why in this order?" in page.to_html(graph)


@pytest.mark.parametrize("n", [30, 100, 1000])
def test_blocks_of_a_large_graph(n):
    """Each level of blocks has few parts; each node is in one; blocks are in order."""
    y = mg.tensor(0.5, name="x")
    for _ in range(n):
        y = np.sin(y)
    graph = mg.graph(y)
    known, inside = modules(graph, 10)
    outermost = {m for m, module in enumerate(known) if module["in"] < 0}
    assert 1 < len(outermost) <= 10
    assert inside == sorted(inside)
    for m in range(len(known)):
        parts = inside.count(m) + sum(module["in"] == m for module in known)
        assert parts <= 11  # one more where x stands beside its first use


def test_too_many_nodes(monkeypatch):
    """Beyond what a page holds the error says what to do."""
    monkeypatch.setattr(page, "_MOST", 5)
    with pytest.raises(
        mg.GraphError, match="to_html: the graph has 6 nodes; a page holds up to 5: r"
    ):
        page.to_html(lecture())


def test_the_same_graph_gives_the_same_bytes():
    """Pages are deterministic."""
    assert page.to_html(lecture()) == page.to_html(lecture())


def test_the_notebooks_frame_is_closed_off():
    """The page stands in an attribute: no quote of it ends that, and the frame is a sandbox."""
    graph = mg.graph(mg.tensor(1.0, name='"><script>alert(1)</script>') * 2, names={})
    html = page.iframe(graph, height=300)._repr_html_()
    assert html.count("<") == 2
    assert re.fullmatch(
        r'<iframe srcdoc="[^"]*" sandbox="allow-scripts allow-modals" [^<>]*></iframe>', html
    )


def test_assets_are_short_and_can_stand_in_a_page():
    """Our scripts have under 400 lines each, and nothing that would end a script element."""
    for name in (*page.SCRIPTS, "page.css", "page.html"):
        text = (files("minigrad.viz") / "assets" / name).read_text(encoding="utf-8")
        assert len(text.splitlines()) < 400
        if not name.endswith(".html"):
            assert not re.search(r"</script|<!--|</style", text, re.I)
