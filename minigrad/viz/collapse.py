"""What of a graph is drawn: everything, or modules as one node and repeated parts once.

Read next: `minigrad.viz.repeats`, how repeated parts are found.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from minigrad.viz.label import shown
from minigrad.viz.repeats import Repeat, Wiring, repeats

if TYPE_CHECKING:
    from minigrad.graph import Graph

__all__ = ["Block", "Box", "View", "view"]

_ENDS = 40  # operations left at either end, where the middle is drawn as one node
_ALIKE = 8  # leaves with the same users, above which they are drawn as one node


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """A frame in the picture: a module, or a part that repeats.

    Attributes:
        path: the labels from the outermost frame to this one.
        label: what is written on it.
        outer: the frame around it.
        repeated: whether what is in it stands for several.
    """

    path: str
    label: str
    outer: Box | None
    repeated: bool


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Nodes that are drawn as one.

    Attributes:
        label: the module's name, or how many there are.
        box: the frame it stands in.
        members: their places in `graph.nodes`.
    """

    label: str
    box: Box | None
    members: list[int] = field(default_factory=list)


Item = int | Block | None


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What is drawn of a graph.

    Attributes:
        wiring: of the graph.
        item: for each node what stands for it: itself, by its place, another node that does the
            same, or a block; None for a leaf that only such nodes use as are stood in for.
        box: for each node drawn as itself, the frame it stands in.
        note: what the picture says of how it was made; empty if everything is drawn.
    """

    wiring: Wiring
    item: list[Item]
    box: dict[int, Box | None]
    note: str = ""

    def items(self) -> list[int | Block]:
        """Everything drawn, once, in order."""
        return [item for item in dict.fromkeys(self.item) if item is not None]


def view(graph: Graph, depth: int | None = None, limit: int | None = None) -> View:
    """What to draw of the graph.

    Args:
        graph: the graph.
        depth: how many levels of modules are open; a module further in is drawn as one node, and
            what repeats is drawn once. None: everything is drawn.
        limit: how many nodes to draw at most. Where there are more, what repeats is drawn once;
            then modules are closed, innermost first; then the middle of what is left is drawn as
            one node. None: there is no limit.
    """
    wiring = Wiring(graph)
    n = len(graph.nodes)
    if depth is None and (limit is None or n <= limit):
        return _drawing(wiring, [], None)
    found = repeats(wiring)
    deepest = max(len(node.scope) for node in graph.nodes)
    said = [f"{n:,} nodes, more than {limit}: what repeats is drawn once (×)"]
    for d in range(deepest, -1, -1) if depth is None else [depth]:
        drawn = _drawing(wiring, found, d)
        if limit is None or len(drawn.items()) <= limit:
            break
    else:
        _shorten(drawn)
        said.append("the middle left out")
    if depth is None and d < deepest:
        said.insert(1, "modules closed")
    return drawn if len(said) == 1 and depth is not None else replace(drawn, note=", ".join(said))


def _drawing(wiring: Wiring, found: list[Repeat], depth: int | None) -> View:
    """What is drawn with modules open to that depth, and once what was found to repeat."""
    stands, part = _once(wiring, [r for r in found if depth is None or r.depth <= depth])
    frames = _Frames(wiring)
    blocks: dict[Any, Block] = {}
    item: list[Item] = list(range(len(wiring.nodes)))
    box: dict[int, Box | None] = {}
    for i, node in enumerate(wiring.nodes):
        if i in stands:
            continue
        inside = part.get(i)
        if depth is None or len(node.scope) <= depth:
            box[i] = frames.around(node.scope, inside)
            continue
        key = (node.scope[: depth + 1], inside)
        if key not in blocks:
            blocks[key] = Block(node.scope[depth], frames.around(node.scope[:depth], inside))
        blocks[key].members.append(i)
        item[i] = blocks[key]
    for i, other in stands.items():
        item[i] = None if other is None else item[other]
    return View(wiring, item, box)


def _once(wiring: Wiring, found: list[Repeat]) -> tuple[dict[int, int | None], dict[int, Repeat]]:
    """For the nodes not drawn, which one stands for them; for those that do, the repeat."""
    stands: dict[int, int | None] = {}
    part: dict[int, Repeat] = {}
    at = wiring.operations
    for repeat in found:
        first = at[repeat.start : repeat.start + repeat.period]
        part |= dict.fromkeys(first, repeat)
        for c in range(repeat.period, repeat.period * repeat.times):
            stands[at[repeat.start + c]] = first[c % repeat.period]
    if found:
        for leaf, users in wiring.users.items():
            kept = {part.get(u) for u in users if u not in stands}
            if users and not kept and leaf not in wiring.outputs:
                stands[leaf] = None
            elif len(kept) == 1 and not any(u in stands for u in users):
                inside = kept.pop()
                if inside is not None:
                    part[leaf] = inside
    return stands, part


class _Frames:
    """The frames of modules and of repeated parts, each made once."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.made: dict[Any, Box | None] = {}

    def around(self, scope: tuple[str, ...], repeat: Repeat | None) -> Box | None:
        """The innermost frame around what is in the module and in the repeated part."""
        if (scope, repeat) in self.made:
            return self.made[scope, repeat]
        box: Box | None = None
        for k in range(len(scope) + 1):
            if repeat is not None and k == repeat.depth:
                box = self._frame(("×", repeat), self._times(repeat), box, True)
            if k < len(scope):
                within = repeat if repeat is not None and k >= repeat.depth else None
                box = self._frame((scope[: k + 1], within, "module"), scope[k], box, False)
        self.made[scope, repeat] = box
        return box

    def _frame(self, key: Any, label: str, outer: Box | None, repeated: bool) -> Box:
        if key not in self.made:
            repeated = repeated or (outer is not None and outer.repeated)
            path = f"{outer.path}/{label}" if outer else label
            self.made[key] = Box(path, label, outer, repeated)
        box = self.made[key]
        assert box is not None
        return box

    def _times(self, repeat: Repeat) -> str:
        """What a repeated part is called: how often it is there, and its first and last module."""
        last = repeat.start + (repeat.times - 1) * repeat.period
        ends = [
            self.wiring.nodes[self.wiring.operations[c]].scope[repeat.depth : repeat.depth + 1]
            for c in (repeat.start, last)
        ]
        return f"×{repeat.times:,}" + (
            f"  {shown(ends[0][0])} … {shown(ends[1][0])}" if all(ends) else ""
        )


def _shorten(drawn: View) -> None:
    """Put the middle operations into one block, then leaves that the same items use into others."""
    wiring, item = drawn.wiring, drawn.item
    operations = list(dict.fromkeys(item[i] for i in wiring.operations))
    middle = set(operations[_ENDS:-_ENDS])
    block = Block("…", None)
    alike: defaultdict[frozenset[Item], list[int]] = defaultdict(list)
    for i, stands in enumerate(item):
        if i not in wiring.users and stands in middle:
            item[i] = block
            block.members.append(i)
    for leaf, users in wiring.users.items():
        if item[leaf] == leaf:
            alike[frozenset(item[u] for u in users)].append(leaf)
    for by, leaves in alike.items():
        if by == {block} or len(leaves) > _ALIKE:
            into = block if by == {block} else Block("…", None)
            into.members.extend(leaves)
            for leaf in leaves:
                item[leaf] = into
