"""What of a graph is drawn, and where parts of it repeat."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
import nn
from minigrad.viz import dot
from minigrad.viz.collapse import Block, view
from minigrad.viz.repeats import Wiring, repeats


def network(sizes, hidden="tanh"):
    """The graph of a deep network's cost."""
    net = nn.DeepNetwork(sizes, hidden=hidden, seed=0)
    A = net(np.ones((sizes[0], 4)))
    return mg.graph(nn.binary_cross_entropy(A, np.ones((sizes[-1], 4))))


def labels(drawn):
    """The labels of the blocks drawn and of the frames around what is drawn."""
    items = drawn.items()
    boxes = [i.box if isinstance(i, Block) else drawn.box[i] for i in items]
    frames = []
    while boxes := [box for box in boxes if box is not None]:
        frames += [box.label for box in boxes]
        boxes = [box.outer for box in boxes]
    return [i.label for i in items if isinstance(i, Block)], sorted(set(frames))


def sound(drawn):
    """Each operation is drawn, in a block, or stood in for by the same one drawn; none is lost."""
    nodes, items = drawn.wiring.nodes, set(drawn.items())
    for i, item in enumerate(drawn.item):
        if item is None:
            assert nodes[i].op is None
            assert all(drawn.item[u] != u for u in drawn.wiring.users[i])
        elif isinstance(item, int):
            assert drawn.item[item] == item
            assert (nodes[item].op, nodes[item].shape) == (nodes[i].op, nodes[i].shape)
        else:
            assert item in items
    members = [i for item in items if isinstance(item, Block) for i in item.members]
    assert len(members) == len(set(members))
    return True


def test_everything_is_drawn_unless_asked_otherwise():
    """Without depth and limit each node stands for itself, in the frames of its modules."""
    drawn = view(network([3, 5, 5, 3, 1]))
    assert drawn.items() == list(range(19))
    assert drawn.note == ""
    assert labels(drawn) == ([], ["DeepNetwork", "layer 1", "layer 2", "layer 3", "layer 4"])


def test_depth_closes_modules():
    """At depth 1 the network's layers are nodes; at 0 the network is."""
    g = network([3, 5, 4, 3, 1])
    drawn = view(g, depth=1)
    assert labels(drawn) == (["layer 1", "layer 2", "layer 3", "layer 4"], ["DeepNetwork"])
    assert [len(b.members) for b in drawn.items() if isinstance(b, Block)] == [4] * 4
    assert sound(drawn)
    drawn = view(g, depth=0)
    assert labels(drawn) == (["DeepNetwork"], [])
    assert {g.nodes[i].name for i in drawn.items() if not isinstance(i, Block)} == {
        "t1",
        "t10",
        "t11",
    }


def test_repeated_layers_are_drawn_once():
    """Consecutive layers of the same form are one frame with ×N; others stand for themselves."""
    g = network([3, 4, 4, 4, 4, 1])
    drawn = view(g, depth=9)
    frames = ["DeepNetwork", "layer 1", "layer 2", "layer 5", "×3  layer 2 … layer 4"]
    assert labels(drawn) == ([], frames)
    assert sound(drawn)
    drawn = view(g, depth=1)
    assert labels(drawn) == (
        ["layer 1", "layer 2", "layer 5"],
        ["DeepNetwork", "×3  layer 2 … layer 4"],
    )
    assert labels(view(network([3, 4, 4, 4, 1]), depth=9))[1][-1] == "layer 4"  # twice is no series
    different = network([3, 4, 4, 4, 4, 1], hidden=["relu", "tanh", "relu", "tanh"])
    assert not any("×" in frame for frame in labels(view(different, depth=9))[1])


def test_repeated_blocks_with_a_bypass_are_drawn_once():
    """A module and the sum behind it, again and again."""
    A = mg.tensor(np.ones((3, 4)), name="A")
    for k in range(6):
        A = A + nn.Sequential(nn.Linear(3, 3, seed=k), nn.tanh)(A)
    drawn = view(mg.graph(A.sum()), depth=1)
    assert "×5  Sequential #2 … Sequential #6" in labels(drawn)[1] or labels(drawn)[1] == [
        "×6  Sequential … Sequential #6"
    ]
    assert sound(drawn)


@given(
    period=st.integers(1, 9),
    times=st.integers(4, 12),
    seed=st.integers(0, 99),
)
def test_what_was_repeated_is_found(period, times, seed):
    """A random stretch of operations, repeated, is found, but for one at its end."""
    rng = np.random.default_rng(seed)
    ops = [np.sin, np.cos, np.tanh, np.exp, lambda x: x + w, lambda x: x * w, lambda x: x * x]
    w = mg.tensor(0.5, name="w")
    body = rng.choice(len(ops), period)
    y = np.sqrt(mg.tensor(0.25))
    for k in np.tile(body, times):
        y = ops[k](y) * 0.1
    with np.errstate(all="ignore"):
        found = repeats(Wiring(mg.graph(y * y)))
    covered = sum(r.period * r.times for r in found)
    assert covered >= 2 * period * (times - 1)


@pytest.mark.parametrize(
    "steps",
    [
        [0, 2, [2], [2], [2], [2, 1]],
        [[1, 1, 1, 1, 1, 1, 1, [2], [0, 2, 1], [1, 1]]],
        [2, [2, 0], [2, 0], [2, 0], [2, 0], [2, 1]],
        [0, [1, 0], [1, 0], [1, 0], [1, 0], 1, 0],
        [[0, 1], [0, 1], [0, 1], [0, 1], [0]],
        [0, 1, [0, 1], [[0], 1], [0, 1], [0, 1], [0, 1], [0, 1], 0, 1, 0],
    ],
    ids=str,
)
def test_a_repeat_cuts_no_module(steps):
    """What is repeated begins and ends where modules do, though more operations are alike."""
    ops = [np.sin, np.cos, np.tanh]

    def chain(y, steps):
        for s in steps:
            y = ops[s](y) if isinstance(s, int) else mg.scope("part", chain, y, s)
        return y

    graph = mg.graph(chain(np.sqrt(mg.tensor(0.25)), steps))
    wiring = Wiring(graph)
    scopes = [wiring.nodes[i].scope for i in wiring.operations]
    for found in repeats(wiring):
        inside = range(found.start, found.start + found.period * found.times)
        for depth in range(found.depth, 3):
            within = {s[: depth + 1] for c, s in enumerate(scopes) if c in inside and s[depth:]}
            outside = {s[: depth + 1] for c, s in enumerate(scopes) if c not in inside}
            assert within.isdisjoint(outside)
    assert sound(view(graph, limit=4))


def test_what_differs_is_no_repeat():
    """Another number, shape, type, input or distance each break a series."""
    x, w, v = mg.tensor(1.0, name="x"), mg.tensor(2.0, name="w"), mg.tensor(3.0, name="v")

    def times(f, n=6):
        y = np.sqrt(x)
        ys = [y]
        for k in range(n):
            y = f(k, y, ys)
            ys.append(y)
        return sum(r.times for r in repeats(Wiring(mg.graph(y))))

    assert times(lambda k, y, ys: y * 2.0) == 6
    assert times(lambda k, y, ys: y * float(k)) == 0
    assert times(lambda k, y, ys: y * [w, v, v, w, v, w][k]) == 0
    assert times(lambda k, y, ys: y * ys[0], 4) == 4
    assert times(lambda k, y, ys: y * ys[k // 2]) == 0
    assert times(lambda k, y, ys: y * np.ones(k + 1).sum()) == 0


def test_parameters_of_their_own_do_not_break_a_series():
    """Each layer has its own W of the same shape; those of layers drawn once are not drawn."""
    y = mg.tensor(np.ones(3), name="x")
    for k in range(8):
        y = np.tanh(mg.tensor(np.eye(3), name=f"W{k}") @ y)
    drawn = view(mg.graph(y.sum()), limit=10)
    drawn_names = {drawn.wiring.nodes[i].name for i in drawn.items() if isinstance(i, int)}
    assert len([name for name in drawn_names if name[0] == "W"]) <= 2
    assert sound(drawn)


def test_a_picture_over_the_limit_says_so():
    """What repeats is drawn once, then modules are closed, until it fits."""
    drawn = view(network([3, *[4] * 60, 1]), limit=50)
    assert drawn.note == "247 nodes, more than 50: what repeats is drawn once (×)"
    assert len(drawn.items()) <= 50
    assert labels(drawn)[1][-1] == "×59  layer 2 … layer 60"
    drawn = view(network([3, *range(4, 60), 1]), limit=100)
    assert drawn.note == "231 nodes, more than 100: what repeats is drawn once (×), modules closed"
    rng = np.random.default_rng(0)
    values = [mg.tensor(1.0)]
    for _ in range(1000):
        f = [np.sin, np.cos, np.tanh, np.exp][rng.integers(4)]
        values.append(f(values[-1]) * values[rng.integers(len(values))])
    drawn = view(mg.graph(values[-1]), limit=200)
    assert drawn.note.endswith("the middle left out")
    assert len(drawn.items()) < 120
    assert [b.label for b in drawn.items() if isinstance(b, Block)] == ["…"]
    assert sound(drawn)


def test_very_many_inputs_are_one_block():
    """A thousand variables that one operation uses are drawn as one."""
    y = np.stack([mg.tensor(1.0, name=f"x{i}") for i in range(1000)]).sum()
    drawn = view(mg.graph(y), limit=100)
    assert len(drawn.items()) < 60
    assert " variables<" in dot.to_dot(mg.graph(y), limit=100)
    assert sound(drawn)


@given(st.data())
def test_any_computation_can_be_drawn_at_any_depth_and_limit(data):
    """Random programs with random modules: nothing is lost, and the picture is not too large."""
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    values = [mg.tensor(1.0, name="x"), mg.tensor(0.5, name="w")]

    def step():
        a, b = (values[i] for i in rng.integers(max(0, len(values) - 4), len(values), 2))
        values.append([lambda: a * b, lambda: a + b, lambda: np.sin(a)][rng.integers(3)]())
        return values[-1]

    def module(depth):
        y = step()
        for _ in range(rng.integers(1, 4)):
            inner = depth < 3 and rng.random() < 0.5
            y = mg.scope(f"m{rng.integers(3)}", module, depth + 1) if inner else step()
        return y

    for _ in range(data.draw(st.integers(1, 40))):
        mg.scope("top", module, 1) if rng.random() < 0.5 else step()
    g = mg.graph(values[-1])
    depth = data.draw(st.none() | st.integers(0, 4))
    limit = data.draw(st.none() | st.integers(90, 120))
    drawn = view(g, depth, limit)
    assert sound(drawn)
    source = dot.to_dot(g, depth, limit=limit)
    assert source.count("{") == source.count("}")
    for item in drawn.items():
        assert (
            f'"{"node-" + str(item) if isinstance(item, int) else "block-" + str(item.members[0])}"'
            in source
        )


@pytest.mark.parametrize("n", [1000, 10_000])
def test_long_chains_draw_in_few_nodes(n):
    """A chain is drawn as its first operations, a frame with ×N, and its last ones."""
    x = y = mg.tensor(0.5, name="x")
    for _ in range(n // 2):
        y = np.sin(y) * x
    drawn = view(mg.graph(y), limit=200)
    assert len(drawn.items()) < 12
    assert f"×{n // 2 - 1:,}" in labels(drawn)[1]


def test_an_output_is_always_drawn():
    """Also where it is a variable of a part that stands for others, or stood in for by one."""
    leaves = [mg.tensor(1.0, name=f"w{k}") for k in range(9)]
    y = mg.tensor(0.5)
    for w in leaves:
        y = np.sin(y) * w
    g = mg.graph(y, leaves[6])
    drawn = view(g, depth=0)
    assert {drawn.wiring.nodes[i].name for i in drawn.items()} >= {"w6"}
    assert dot.to_dot(g, depth=0).count("peripheries") == 2
