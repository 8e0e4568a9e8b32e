"""What a picture writes into its boxes, in Graphviz's HTML-like markup.

Every name, number and type is escaped on its way in; nothing else of the user's gets here.

Read next: `minigrad.viz.dot`.
"""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.viz.heatmap import colours
from minigrad.viz.text import kind, summary

if TYPE_CHECKING:
    from minigrad.graph import Graph, Node
    from minigrad.values import Array
    from minigrad.viz.theme import Theme

__all__ = ["block_label", "node_label", "short", "shown"]

_FULL = 2  # elements up to which an array is written out
_LONG = 40  # characters of a name
_CELL = 'WIDTH="6" HEIGHT="6"'
_PLURAL = {"computed": "operations", "variable": "variables", "constant": "arrays"}


def shown(text: str) -> str:
    """A name as it fits into a picture: the middle of a long one is left out.

    >>> shown("W" * 100)
    'WWWWWWWWWWWWWWWWWWWWWWWW…WWWWWWWWWWWWWWW'
    """
    return text if len(text) <= _LONG else f"{text[:24]}…{text[-15:]}"


def short(value: Any) -> str:
    """A value, or the range of an array, in a few characters."""
    return summary(value, full=_FULL, digits=6 if np.ndim(value) == 0 else 3)


def node_label(graph: Graph, node: Node, theme: Theme, bare: bool, maps: bool) -> str:
    """The name of a node, its type, value and derivative.

    Args:
        graph: the graph.
        node: one of its nodes.
        theme: the colours.
        bare: whether to leave out value and derivative.
        maps: whether to draw an array of more than two elements as a map of its numbers.
    """
    name = f"<B>{_html(shown(node.name))}</B>"
    small = f'<FONT POINT-SIZE="9" COLOR="{theme.faint}">{_html(kind(node))}</FONT>'
    if bare:
        return f"{name}<BR/>{small}"
    derivative = "" if node.grad is None else f"d{shown(graph.of)}/d{shown(node.name)} = "
    if maps and node.value.size > _FULL:
        rows = [f'<TR><TD COLSPAN="2">{name}  {small}</TD></TR>', _row("", node.value, theme)]
        if node.grad is not None:
            rows.append(_row(derivative, node.grad, theme))
        return _table("".join(rows), "0", "3")
    plain = not node.shape and node.dtype == np.float64
    lines = [f"{name} = {_html(short(node.value))}{'' if plain else f'  {small}'}"]
    if node.grad is not None:
        lines.append(_red(derivative + short(node.grad), theme))
    return "<BR/>".join(lines)


def block_label(label: str, kinds: list[str], theme: Theme) -> str:
    """The name of nodes drawn as one, and how many of each kind they are."""
    counts = Counter(kinds)
    parts = [
        f"{counts[k]:,} {word if counts[k] > 1 else word[:-1]}"
        for k, word in _PLURAL.items()
        if counts[k]
    ]
    small = f'<FONT POINT-SIZE="9" COLOR="{theme.faint}">{", ".join(parts)}</FONT>'
    return f"<B>{_html(shown(label))}</B><BR/>{small}"


def _row(title: str, value: Array, theme: Theme) -> str:
    """A row of a box: the map of an array, and beside it its range."""
    cells = "".join(
        "<TR>" + "".join(f'<TD {_CELL} BGCOLOR="{colour}"></TD>' for colour in row) + "</TR>"
        for row in colours(value, theme.negative, theme.zero, theme.positive, theme.nan)
    )
    text = _red(title + short(value), theme) if title else _html(short(value))
    drawn = _table(cells, "1", "0", f' COLOR="{theme.line}"')
    return f'<TR><TD>{drawn}</TD><TD ALIGN="LEFT">{text}</TD></TR>'


def _table(rows: str, border: str, spacing: str, more: str = "") -> str:
    return (
        f'<TABLE BORDER="{border}" CELLBORDER="0" CELLSPACING="{spacing}" CELLPADDING="0"{more}>'
        f"{rows}</TABLE>"
    )


def _html(text: str) -> str:
    """The text as markup; Graphviz gives backslashes a meaning of their own here too."""
    return escape(text).replace("\\", r"\\")


def _red(text: str, theme: Theme) -> str:
    return f'<FONT COLOR="{theme.back}">{_html(text)}</FONT>'
