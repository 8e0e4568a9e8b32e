"""The page around the steps: nudges, search, modules, hostile names, accessibility, size."""

import graphs
import numpy as np
import pytest

import minigrad as mg
from minigrad.viz import page

HOSTILE = "</script><img src=x onerror=alert(1)>"

NODES = "() => [...document.querySelectorAll('[data-node]')].map(g => g.dataset.node)"


ROW = """([leaf, delta]) => {
    const data = JSON.parse(document.getElementById('data').textContent);
    const table = data.nudges.find(n => data.nodes[n.node].name === leaf);
    return table.picks[0].delta.findIndex(x => Math.abs(x - delta) < 1e-12); }"""


def slide(tab, leaf, delta):
    """Move a slider to the row of its table that has this Δ; the middle is no nudge, and no row."""
    k = tab.evaluate(ROW, [leaf, delta])
    assert k >= 0
    tab.locator(f"[data-nudge='{leaf}']").fill(str(k + (delta > 0)))


def cells(tab):
    """The row of the table of nudges that the slider stands at."""
    return [float(x) for x in tab.locator("#nudged tr[aria-current] > *").all_inner_texts()]


def test_the_lectures_nudges(opened):
    """a 5 → 5.001 makes v 11.001 and J 33.003; the ratio is the derivative."""
    graph = graphs.lecture()
    tab = opened(graph)
    tab.keyboard.press("End")
    tab.click("#nudges summary")
    for leaf in "abc":
        for delta in (0.001, -0.5, 1e-6):
            slide(tab, leaf, delta)
            nudged = graph.nudge(leaf, delta)
            J = float(nudged["J"].value)
            expected = [delta, float(nudged[leaf].value), J, float(graph[leaf].grad)]
            assert cells(tab) == pytest.approx(expected, rel=1e-6)
            for node in nudged:
                shown = tab.get_attribute(f"[data-node={node.name}]", "data-nudged")
                changed = node.value != graph[node.name].value
                assert (shown is not None) == changed
                assert not changed or float(shown) == node.value
    slide(tab, "a", 0.001)
    assert cells(tab)[:3] == [0.001, 5.001, 33.003]
    assert "→ 11.001" in tab.text_content("[data-node=v]")


def test_the_ratio_approaches_the_derivative(opened):
    """For a curved J, each smaller nudge is nearer; the slider's rest shows nothing."""
    x = mg.tensor(2.0, name="x")
    tab = opened(mg.graph(x**3, names={}))
    tab.click("#nudges summary")
    slide(tab, "x", 1)
    ratios = [float(r.split("\t")[-1]) for r in tab.locator("#nudged tbody tr").all_inner_texts()]
    errors = [abs(r - 12) for r in ratios]
    assert len(errors) == 7
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1e-4
    tab.focus("[data-nudge=x]")
    middle = int(tab.get_attribute("[data-nudge=x]", "max")) // 2
    tab.locator("[data-nudge=x]").fill(str(middle))
    assert tab.inner_text("#nudged") == ""
    assert tab.locator("[data-nudged]").count() == 0
    tab.keyboard.press("ArrowRight")  # the slider's own key: no step is made
    assert tab.get_attribute("[data-step]", "data-step") == "0"
    assert tab.locator("[data-nudged]").count() == 1  # x; J is not computed yet


def test_an_element_of_an_array_is_nudged(opened):
    """A picker chooses the element, or all of them at once."""
    graph = graphs.network()
    tab = opened(graph, nudge=["W1"])
    assert tab.locator("[data-nudge]").count() == 1
    tab.click("#nudges summary")
    slide(tab, "W1", 0.001)
    ratio = cells(tab)[-1]
    assert ratio == pytest.approx(graph["W1"].grad.sum(), abs=2e-2)
    index = np.unravel_index(np.argmax(np.abs(graph["W1"].grad)), graph["W1"].shape)
    tab.select_option("#sliders select", label=f"W1[{index[0]}, {index[1]}]")
    middle = int(tab.get_attribute("[data-nudge=W1]", "max")) // 2
    tab.locator("[data-nudge=W1]").fill(str(middle + 1))
    assert cells(tab)[-1] == pytest.approx(graph["W1"].grad[index], rel=1e-5)


def test_a_nudge_out_of_the_domain_is_no_number(opened):
    """log at 0.5 - 0.5 and below: the table says so, the plot leaves it out."""
    x = mg.tensor(0.5, name="x")
    tab = opened(mg.graph(np.log(x - 0.45), names={}))
    tab.keyboard.press("End")
    tab.click("#nudges summary")
    slide(tab, "x", -0.1)
    assert "nan" in tab.inner_text("#nudged tr[aria-current]")
    assert tab.locator("#nudged .tangent").count() == 1
    assert tab.locator("#nudged .secant").count() == 0


def test_a_nudge_into_a_pole_is_infinite(opened):
    """What J and ΔJ/Δ are there is infinite, and said so."""
    a = mg.tensor(0.001, name="a")
    page = opened(mg.graph(mg.name(np.log(a) - 1 / a, "J")))
    assert "Given is the variable a." in page.inner_text("body")
    page.locator("summary", has_text="Nudge").click()
    slider = page.locator("[data-nudge=a]")
    slider.press("Home")
    told = slider.get_attribute("aria-valuetext")
    assert told.startswith("Δ = -0.001, J = -inf, ratio inf, derivative 1001000")


def test_a_node_tells_all_about_itself(opened):
    """Equation, value, derivative as the sum over its uses."""
    tab = opened(graphs.fan())
    tab.keyboard.press("End")
    tab.click("[data-node=u]")
    told = tab.inner_text("#node")
    sums = ["dJ/dv · dv/du = 1 · 9 = 9", "dJ/dJ · dJ/du = 1 · 1 = 1"]
    for wanted in ["u = x * x", "dJ/du 19", *sums, "minigrad.debug()"]:
        assert wanted in told
    assert tab.get_attribute("[data-node=u]", "aria-pressed") == "true"


def test_search_opens_what_hides_a_node(opened):
    """A node is found by name or operation, inside closed modules too."""
    tab = opened(graphs.network())
    tab.click("[data-action=close]")
    assert "Z2" not in tab.evaluate(NODES)
    tab.fill("#search", "Z2")
    assert tab.locator("#found [data-found]").first.inner_text().startswith("Z2 = ")
    tab.keyboard.press("Enter")
    assert "Z2" in tab.evaluate(NODES)
    assert tab.evaluate("document.activeElement.dataset.node") == "Z2"
    tab.fill("#search", "nowhere to be found")
    assert "nothing found" in tab.inner_text("#found")


def test_a_closed_module_is_one_box_and_one_step(opened):
    """Modules close and open by the mouse and by Enter; nothing is lost on the way."""
    graph = graphs.network((3, 4, 3, 1))
    tab = opened(graph)
    everything = tab.evaluate(NODES)
    assert sorted(everything) == sorted(node.name for node in graph)
    steps = int(tab.get_attribute("#step", "max"))
    tab.click("[data-action=close]")
    closed = tab.locator("[data-module]").count()
    assert closed > 0
    tab.click("[data-action=forward]")
    assert "Forward through the module" in tab.inner_text("#this")
    tab.click("[data-action=back]")
    clicks = 0
    while tab.is_enabled("[data-action=forward]"):
        tab.click("[data-action=forward]")
        clicks += 1
    assert clicks < steps
    assert tab.get_attribute("[data-node=J]", "data-grad") == "1"
    while tab.is_enabled("[data-action=back]"):
        tab.click("[data-action=back]")
        clicks -= 1
    assert clicks == 0
    tab.locator("[data-module]").first.focus()
    tab.keyboard.press("Enter")
    assert tab.locator("[data-module]").count() < closed
    tab.click("[data-action=open]")
    assert sorted(tab.evaluate(NODES)) == sorted(everything)


def test_why_in_this_order(opened):
    """The naive order gets another number where a value fans out at two depths."""
    tab = opened(graphs.fan())
    tab.click("#why summary")
    told = tab.inner_text("#order")
    assert "J, v, u, x" in told
    row = tab.locator("#order tbody tr").all_inner_texts()
    assert row == ["dJ/dx\t54\t114"]  # u sent on the first 9 of its 9 + 9 + 1
    assert "small program" not in told
    tab = opened(graphs.lecture())
    tab.click("#why summary")
    assert "small program" in tab.inner_text("#order")
    assert tab.locator("#order tbody tr").all_inner_texts() == ["dJ/dx\t54\t120"]


def test_hostile_names_are_shown_and_not_run(opened):
    """A name, title or line is text wherever it stands; dialogs and errors would fail the test."""
    x = mg.tensor(2.0, name=HOSTILE)
    y = mg.name(x * x, "'\"><svg onload=alert(2)>")
    J = mg.name(y + x, "${alert(3)}&lt;\u2028{data}{script}")
    graph = mg.graph(J)
    tab = opened(graph, title=HOSTILE)
    assert tab.inner_text("h1") == tab.title() == HOSTILE
    assert set(tab.evaluate(NODES)) == {node.name for node in graph}
    tab.keyboard.press("End")
    for details in ("nudges", "why", "program"):
        tab.click(f"#{details} summary")
    tab.fill("#search", "<img")
    tab.keyboard.press("Enter")
    assert HOSTILE in tab.inner_text("#node")
    assert tab.locator("img").count() == 0
    assert tab.evaluate("document.scripts.length") == 2


def test_the_policy_lets_nothing_else_run(opened):
    """What was smuggled in would be stopped by the policy, and the check of the page sees it."""
    tab = opened(graphs.lecture())
    tab.evaluate(
        """() => { const s = document.createElement('script'); s.textContent = 'window.bad = 1';
        document.body.append(s);
        document.body.insertAdjacentHTML('beforeend', '<p style="color:red">');
        fetch('https://example.org/').catch(() => {}); }"""
    )
    tab.wait_for_timeout(50)
    assert tab.evaluate("window.bad") is None
    stopped = [w for w in opened.wrong if "Content Security Policy" in w]
    assert len(stopped) >= 3
    opened.wrong.clear()


VIEWS = [(1280, 800, "light"), (1280, 800, "dark"), (360, 740, "light"), (360, 740, "dark")]


@pytest.mark.parametrize(("width", "height", "scheme"), VIEWS)
def test_axe_finds_no_violation(opened, axe, width, height, scheme):
    """WCAG A and AA and good practice, with everything open, in light and dark, also on a phone."""
    tab = opened(graphs.network(), width, height, scheme)
    tab.evaluate(axe)
    for state in ("start", "forward", "end"):
        if state == "forward":
            tab.keyboard.press("ArrowRight")
        if state == "end":
            tab.keyboard.press("End")
            for details in ("nudges", "why", "program"):
                tab.evaluate("id => { document.getElementById(id).open = true; }", details)
            slide(tab, "b2", -0.001)
            tab.evaluate(
                "document.querySelector('[data-node=Z1]').dispatchEvent(new MouseEvent('click'))"
            )
            tab.wait_for_timeout(50)
        found = tab.evaluate("async () => (await axe.run()).violations")
        assert [(v["id"], [n["html"][:200] for n in v["nodes"]]) for v in found] == []
    tab.keyboard.press("?")
    assert tab.evaluate("async () => (await axe.run('#help')).violations.map(v => v.id)") == []


def test_axe_sees_what_is_planted(opened, axe):
    """The check above can fail: a button without a name, a text too pale."""
    tab = opened(graphs.lecture())
    tab.evaluate(axe)
    tab.evaluate(
        """() => { document.querySelector('[data-action=help]').textContent = '';
        document.querySelector('[data-action=help]').title = '';
        document.querySelector('h1').style.color = '#ccc'; }"""
    )
    found = tab.evaluate("async () => (await axe.run()).violations.map(v => v.id)")
    assert {"button-name", "color-contrast"} <= set(found)


BOXES = """() => [...document.querySelectorAll('.unit')].map(g => {
    const r = g.querySelector('rect').getBoundingClientRect();
    return [r.left, r.top, r.right, r.bottom]; })"""


@pytest.mark.parametrize("width", [1280, 360])
def test_boxes_do_not_overlap_and_nothing_is_cut_off(opened, width):
    """Each box stands apart, its text inside it; the page itself never scrolls sideways."""
    for graph in (graphs.network((3, 5, 5, 3, 1)), graphs.fan(), graphs.chain(40)):
        tab = opened(graph, width)
        tab.keyboard.press("End")
        boxes = np.array(tab.evaluate(BOXES))
        apart = (boxes[:, None, :2] >= boxes[None, :, 2:]).any(axis=-1)
        assert (apart | apart.T | np.eye(len(boxes), dtype=bool)).all()
        outside = tab.evaluate(
            """() => [...document.querySelectorAll('.unit')].filter(g => {
            const r = g.querySelector('rect').getBoundingClientRect();
            return [...g.querySelectorAll('text')].some(
                t => t.getBoundingClientRect().right > r.right); }).map(g => g.textContent)"""
        )
        assert outside == []
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_large_graph_opens_closed(opened):
    """More than 2,000 nodes open as a few blocks, which open in turn."""
    graph = graphs.chain(2500)
    tab = opened(graph, nudge=[])
    assert tab.locator(".unit").count() <= 200
    assert not tab.is_visible("[data-action=open]")
    tab.keyboard.press("End")
    assert tab.locator("[data-module]").count() > 1
    tab.fill("#search", graph.nodes[1700].name)
    tab.keyboard.press("Enter")
    node = tab.locator(f"[data-node='{graph.nodes[1700].name}']")
    assert float(node.get_attribute("data-value")) == graph.nodes[1700].value
    assert tab.locator(".unit").count() <= 500


def test_a_step_changes_a_few_elements_whatever_the_size(opened):
    """One step of 2,000 operations touches no more of the document than one of 50."""
    changed = []
    for n in (50, 1999):
        tab = opened(graphs.chain(n), nudge=[])
        assert tab.locator("[data-node]").count() == n + 1
        for _ in range(3):
            tab.keyboard.press("ArrowRight")
        changed.append(
            tab.evaluate(
                """async () => { let count = 0;
            const watch = new MutationObserver(list => { count += list.length; });
            watch.observe(document.getElementById('stage'),
                { attributes: true, childList: true, characterData: true, subtree: true });
            document.querySelector('[data-action=forward]').click();
            await new Promise(done => setTimeout(done, 0)); return count; }"""
            )
        )
    assert changed[0] > 0
    assert changed[1] <= changed[0] + 20


def test_a_notebook_shows_the_page_in_a_frame(opened, chromium, tmp_path):
    """The frame works from a page without network, and has no access to what surrounds it."""
    html = page.iframe(graphs.lecture())._repr_html_()
    path = tmp_path / "notebook.html"
    path.write_text(f"<!DOCTYPE html><html lang='en'><title>t</title>{html}", encoding="utf-8")
    tab = chromium.new_page()
    wrong = []
    tab.on("console", lambda message: wrong.append(message.text))
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    try:
        tab.goto(path.as_uri())
        frame = tab.frames[1]
        frame.click("[data-action=end]")
        assert frame.get_attribute("[data-node=b]", "data-grad") == "6"
        assert (
            frame.evaluate("try { parent.document.title } catch (e) { e.name }") == "SecurityError"
        )
    finally:
        tab.close()
    assert wrong == []


def test_it_prints(opened):
    """On paper: the picture and the table of all values, no buttons, nothing cut off."""
    tab = opened(graphs.network())
    tab.keyboard.press("End")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    tab.emulate_media(media="print")
    assert not tab.is_visible("nav")
    assert tab.is_visible("#table table")
    box, stage = (tab.locator(s).bounding_box() for s in ("#stage svg", "#stage"))
    assert box["width"] <= stage["width"] + 1
    assert tab.pdf().startswith(b"%PDF")
