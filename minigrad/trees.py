"""Trees: nested dicts, lists, tuples and dataclasses of arrays, taken apart and put together.

Read next: `minigrad.transforms`, whose functions take trees as arguments.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from functools import partial
from typing import Any

from minigrad.errors import ShapeError

__all__ = ["flatten", "outline"]


def flatten(tree: Any) -> tuple[list[Any], Callable[[list[Any]], Any]]:
    """The leaves of `tree` in order, and the function that builds the same tree around others.

    Dicts, lists, tuples (also named ones, and classes made of them) and dataclass instances are
    branches; None is a branch without leaves; everything else is a leaf.

    >>> leaves, rebuild = flatten({"W": [1, 2], "b": (3,)})
    >>> leaves, rebuild([10, 20, 30])
    ([1, 2, 3], {'W': [10, 20], 'b': (30,)})
    """
    leaves: list[Any] = []
    build = _take_apart(tree, leaves)
    n = len(leaves)  # rebuild keeps the form of the tree, and nothing that is in it

    def rebuild(new: list[Any]) -> Any:
        if len(new) != n:
            raise ShapeError(f"tree: got {len(new)} leaves; expected {n}")
        return build(iter(new))

    return leaves, rebuild


def _take_apart(tree: Any, leaves: list[Any]) -> Callable[[Iterator[Any]], Any]:
    kind = type(tree)
    if tree is None:
        return lambda new: None
    if isinstance(tree, dict):
        parts = {key: _take_apart(part, leaves) for key, part in tree.items()}
        if kind is dict:
            return lambda new: {key: build(new) for key, build in parts.items()}
        made: Any = kind
        if isinstance(tree, defaultdict):
            made = partial(made, tree.default_factory)
        return lambda new: made({key: build(new) for key, build in parts.items()})
    if isinstance(tree, (list, tuple)):
        builds = [_take_apart(part, leaves) for part in tree]
        if hasattr(tree, "_fields"):  # a named tuple takes its fields one by one
            return lambda new: kind(*[build(new) for build in builds])
        return lambda new: kind([build(new) for build in builds])
    if is_dataclass(tree) and not isinstance(tree, type):
        names = [f.name for f in fields(tree) if f.init]
        members = {name: _take_apart(getattr(tree, name), leaves) for name in names}
        return lambda new: kind(**{name: build(new) for name, build in members.items()})
    leaves.append(tree)
    return next


def outline(tree: Any) -> Any:
    """The form of the tree without its leaves: equal for trees of the same form.

    >>> outline({"W": [1, 2]}) == outline({"W": [3, 4]}) != outline({"W": (1, 2)})
    True
    """
    if isinstance(tree, dict):
        return type(tree), *((key, outline(part)) for key, part in tree.items())
    if isinstance(tree, (list, tuple)):
        return type(tree), *map(outline, tree)
    if is_dataclass(tree) and not isinstance(tree, type):
        return type(tree), *(outline(getattr(tree, f.name)) for f in fields(tree) if f.init)
    return None if tree is None else "*"
