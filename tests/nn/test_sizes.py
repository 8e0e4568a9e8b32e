"""The size table: the lecture's for 2-3-5-4-2-1, and the shapes that really occur."""

import numpy as np
import pytest
from drawn import cases
from hypothesis import given

import minigrad as mg
import nn

TABLE = """\
layer  W, dW   b, db   z, a, dz, da  Z, A, dZ, dA (m = 10)
0 (X)                  (2, 1)        (2, 10)
1      (3, 2)  (3, 1)  (3, 1)        (3, 10)
2      (5, 3)  (5, 1)  (5, 1)        (5, 10)
3      (4, 5)  (4, 1)  (4, 1)        (4, 10)
4      (2, 4)  (2, 1)  (2, 1)        (2, 10)
5      (1, 2)  (1, 1)  (1, 1)        (1, 10)"""
LECTURE = nn.DeepNetwork([2, 3, 5, 4, 2, 1])


def test_the_lectures_table():
    """The network drawn in the notes, for ten examples and for one."""
    assert str(nn.shapes(LECTURE, 10)) == TABLE
    single = [line[: TABLE.index("  Z, A")].rstrip() for line in TABLE.splitlines()]
    assert str(nn.shapes(LECTURE)).splitlines() == single


@given(case=cases())
def test_the_table_is_what_really_occurs(case):
    """Every entry against the shape in a forward and backward pass."""
    network, m = case.network, case.X.shape[1]
    table = nn.shapes(network, m)
    nodes = network.cache(case.X)
    assert table["A0"] == nodes.pop("A0").shape
    mg.name(**nodes)
    nodes[f"A{network.L}"].sum().backward()
    for name, node in {**nodes, **dict(network.named_parameters())}.items():
        assert table[name] == np.shape(node.data)
        assert table[f"d{name}"] == node.grad.shape


@pytest.mark.parametrize("name", ["W0", "Z0", "dA0", "W6", "Q1", "W", "", "ddW1", "W1x", "W-1"])
def test_what_is_not_in_the_network_is_a_key_error(name):
    """No layer 6, no W[0], no derivative by the input, no other letters."""
    with pytest.raises(KeyError):
        nn.shapes(LECTURE)[name]


@pytest.mark.parametrize("m", [0, -1, 2.5])
def test_m_is_a_whole_positive_number(m):
    """Anything else is named."""
    with pytest.raises(nn.ArgumentError, match=r"shapes: m: got sizes .*; expected whole numbers"):
        nn.shapes(LECTURE, m)


def test_it_shows_as_the_table():
    """At the prompt as in print."""
    table = nn.shapes(nn.DeepNetwork([2, 3, 1]), 4)
    assert repr(table) == str(table)
    assert str(table).splitlines()[0].startswith("layer  W, dW")


def test_another_network_is_refused():
    """Only a DeepNetwork has the lecture's sizes."""
    with pytest.raises(nn.ArgumentError, match=r"shapes: got Linear\(2, 1\); expected a DeepNet"):
        nn.shapes(nn.Linear(2, 1))
