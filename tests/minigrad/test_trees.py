"""Trees: whatever nesting of containers a user keeps parameters in, taken apart and put back."""

from collections import OrderedDict, defaultdict, namedtuple
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.trees import flatten

Layer = namedtuple("Layer", "W b")


@dataclass(frozen=True)
class Block:
    scale: object
    layers: object
    note: object = None
    total: object = field(init=False, default=0)


trees = st.recursive(
    st.floats(-1, 1) | st.none(),
    lambda parts: st.one_of(
        st.lists(parts, max_size=3),
        st.lists(parts, max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=2), parts, max_size=3),
        st.builds(Layer, parts, parts),
        st.builds(Block, parts, parts),
    ),
    max_leaves=8,
)


@given(tree=trees)
def test_what_is_taken_apart_goes_back_together(tree):
    """Rebuilding from the same leaves gives an equal tree, of the same types."""
    leaves, rebuild = flatten(tree)
    again = rebuild(leaves)
    assert again == tree
    assert repr(again) == repr(tree)


@given(tree=trees)
def test_a_tree_is_rebuilt_around_other_leaves(tree):
    """Each new leaf stands where the old one stood, in the same order."""
    leaves, rebuild = flatten(tree)
    numbered, _ = flatten(rebuild(list(range(len(leaves)))))
    assert numbered == list(range(len(leaves)))


def test_none_is_no_leaf():
    """None stands for a parameter that is not there, such as a layer without a bias."""
    leaves, rebuild = flatten({"W": 1.0, "b": None})
    assert (leaves, rebuild([2.0])) == ([1.0], {"W": 2.0, "b": None})


def test_dicts_keep_their_order():
    """Leaves come in the order the keys were inserted, not sorted."""
    assert flatten({"b": 1, "a": 2})[0] == [1, 2]
    leaves, rebuild = flatten(OrderedDict(b=1, a=2))
    assert list(rebuild(leaves)) == ["b", "a"]


def test_a_class_is_a_leaf():
    """A dataclass itself, not an instance, is no branch."""
    assert flatten(Block)[0] == [Block]


@pytest.mark.parametrize("new", [[], [1, 2], [1, 2, 3, 4]])
def test_the_wrong_number_of_leaves(new):
    """Too few or too many is an error and not a truncated tree."""
    _, rebuild = flatten([1, (2, 3)])
    with pytest.raises(mg.ShapeError, match=f"tree: got {len(new)} leaves; expected 3"):
        rebuild(new)


class Params(dict):
    """A dict with a property."""

    @property
    def w(self):
        return self["w"]


class Stack(list):
    """A list with a method."""

    def top(self):
        return self[-1]


@pytest.mark.parametrize(
    ("tree", "f"),
    [
        (Params(w=3.0, b=1.0), lambda p: p.w**2 + p["b"]),
        (defaultdict(float, w=3.0, b=1.0), lambda p: p["w"] ** 2 + p["b"] + p["none"]),
        (OrderedDict(b=1.0, w=3.0), lambda p: p.popitem()[1] ** 2 + p["b"]),
        (Stack([1.0, 3.0]), lambda p: p.top() ** 2 + p[0]),
    ],
)
def test_classes_made_of_containers_stay_what_they_are(tree, f):
    """The function gets, and the gradient is, an instance of the same class."""
    g = mg.grad(f)(tree)
    assert type(g) is type(tree)
    assert sorted(g.values() if isinstance(g, dict) else g) == [1, 6]
    if isinstance(g, defaultdict):
        assert g.default_factory is float
