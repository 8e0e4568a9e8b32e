"""Stepping through a computation in the page: every number equals the engine's."""

import json

import graphs
import numpy as np
import pytest

GRAPHS = pytest.mark.parametrize("graph", [graphs.lecture(), graphs.fan(), graphs.network()],
                                 ids=["lecture", "fan-out", "2-3-1"])  # fmt: skip

READ = """() => Object.fromEntries([...document.querySelectorAll('[data-node]')].map(
    g => [g.dataset.node, [g.dataset.value, g.dataset.grad]]))"""


def at(tab):
    return int(tab.get_attribute("[data-step]", "data-step"))


def press(tab, action):
    tab.click(f"[data-action={action}]")


def expected(graph):
    """For each step, node -> (value, derivative so far), from the engine's values and products."""
    values = {n: n.value for n in graph if n.op is None}
    grads = {}
    states = [(dict(values), dict(grads))]
    for node in graph:
        if node.op is not None:
            values[node] = node.value
            states.append((dict(values), {}))
    grads[graph.outputs[0]] = np.ones(graph.outputs[0].shape)
    states.append((dict(values), dict(grads)))
    for node in reversed(graph.nodes):
        pulled = [(a, c) for a, c in zip(node.inputs, node.contributions()) if c is not None]
        for a, c in pulled:
            grads[a] = c if a not in grads else grads[a] + c
        if pulled:
            states.append((dict(values), dict(grads)))
    return states


def same(text, value):
    return text == "" if value is None else np.array_equal(np.array(json.loads(text)), value)


def check(tab, graph, state):
    values, grads = state
    read = tab.evaluate(READ)
    assert set(read) == {node.name for node in graph}
    for node in graph:
        value, grad = read[node.name]
        assert same(value, values.get(node)), (node.name, value)
        assert same(grad, grads.get(node)), (node.name, grad)


@GRAPHS
def test_every_step_forward_and_back(opened, graph):
    """Values appear one operation at a time, derivatives accumulate one at a time, and go again."""
    tab, states = opened(graph), expected(graph)
    assert tab.get_attribute("#step", "max") == str(len(states) - 1)
    for step, state in enumerate(states):
        assert at(tab) == step
        check(tab, graph, state)
        if step < len(states) - 1:
            press(tab, "forward")
    final = tab.evaluate(READ)
    for node in graph:
        assert same(final[node.name][0], node.value)
        assert same(final[node.name][1], node.grad)
    for step in reversed(range(len(states) - 1)):
        press(tab, "back")
        assert at(tab) == step
        check(tab, graph, states[step])


def test_a_wrong_number_would_be_seen(opened):
    """The check of a step fails for a value or a derivative that is not the engine's."""
    graph = graphs.fan()
    tab, states = opened(graph), expected(graph)
    press(tab, "end")
    check(tab, graph, states[-1])
    for which in (0, 1):
        planted = tuple(dict(part) for part in states[-1])
        planted[which][graph["x"]] = planted[which][graph["x"]] + 1e-9
        with pytest.raises(AssertionError):
            check(tab, graph, planted)


def test_a_backward_step_tells_the_product_and_the_sum(opened):
    """Incoming × local = product, and what it makes of the sum where a value fans out."""
    tab = opened(graphs.fan())
    press(tab, "end")
    rows = tab.locator("#this tbody tr")
    assert [rows.nth(i).inner_text().split("\t") for i in range(2)] == [
        ["x", "19", "× 3", "= 57", "0 → 57"],
        ["x", "19", "× 3", "= 57", "57 → 114"],
    ]
    assert "x = 3" not in tab.inner_text("#live")
    assert "19 times 3 is 57, added to 57: 114." in tab.inner_text("#live")
    press(tab, "back")
    assert tab.get_attribute("[data-node=u]", "data-grad") == "19"
    press(tab, "back")  # u has the share of J = v + u only, and says that more is to come
    assert "so far" in tab.text_content("[data-node=u]")


def test_keyboard(opened):
    """Arrows, Home, End and space step; / finds; ? helps; up and down walk the nodes."""
    tab = opened(graphs.lecture())
    for key, step in [("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", 7),
                      ("ArrowRight", 7), ("Home", 0), ("ArrowLeft", 0)]:  # fmt: skip
        tab.keyboard.press(key)
        assert at(tab) == step
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("ArrowDown")
    assert tab.evaluate("document.activeElement.dataset.node") == "b"
    assert "dJ/db" in tab.inner_text("#node")
    tab.keyboard.press("ArrowUp")
    assert tab.evaluate("document.activeElement.dataset.node") == "a"
    tab.keyboard.press("?")
    assert tab.is_visible("#help")
    tab.keyboard.press("ArrowRight")
    assert at(tab) == 0
    tab.keyboard.press("Escape")
    tab.keyboard.press("/")
    assert tab.evaluate("document.activeElement.id") == "search"
    tab.keyboard.type("b *")
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.dataset.node") == "u"


def test_play_pauses_and_ends(opened):
    """Playing goes on by itself, pauses on the key, stops at the end and starts over."""
    tab = opened(graphs.lecture())
    tab.clock.install()  # time passes where the test says so
    press(tab, "play")
    assert tab.inner_text("[data-action=play]") == "⏸ Pause"
    tab.clock.run_for(2500)
    assert at(tab) == 2  # 1.2 seconds a step
    tab.select_option("#speed", "600")
    tab.clock.run_for(650)
    assert at(tab) == 3
    tab.evaluate("document.activeElement.blur()")
    tab.keyboard.press("Space")
    tab.clock.run_for(5000)
    assert at(tab) == 3
    press(tab, "play")
    tab.clock.run_for(5000)
    assert at(tab) == 7
    assert tab.inner_text("[data-action=play]") == "▶ Play"
    press(tab, "play")
    assert at(tab) == 0


def test_any_step_at_once(opened):
    """The slider of the steps shows the same as stepping there."""
    graph = graphs.network()
    tab, states = opened(graph), expected(graph)
    for step in (8, 3, len(states) - 1, 0, 6):
        tab.locator("#step").fill(str(step))
        check(tab, graph, states[step])


def test_an_output_that_is_no_number_has_no_way_back(opened):
    """Forward only, and the page says why."""
    import minigrad as mg

    x = mg.tensor([1.0, 2.0], name="x")
    tab = opened(mg.graph(x * 2, names={}))
    assert "not a single real number" in tab.inner_text("#this")
    press(tab, "end")
    assert at(tab) == 1
    tab.click("#why summary")
    assert "no way back" in tab.inner_text("#order")
