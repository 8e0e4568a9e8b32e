"""A graph as a page that steps through it: forward one operation at a time, then back.

One HTML file that needs nothing else: our script and style are in it, a Content-Security-Policy
lets nothing else run, and no request leaves it.

Read next: `minigrad.viz.page_data`, what the page is given; `assets/page.js`, what it does.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minigrad.errors import GraphError
from minigrad.viz import page_nudge
from minigrad.viz.page_data import Encoder, modules, nodes
from minigrad.viz.page_order import order

if TYPE_CHECKING:
    from collections.abc import Iterable

    from minigrad.graph import Graph

__all__ = ["Frame", "iframe", "to_html"]

SCRIPTS = ("layout.js", "format.js", "steps.js", "draw.js", "panels.js", "nudge.js", "page.js")
_OPEN = 2_000  # nodes up to which a page opens with every module open
_BLOCK = 200  # parts after which consecutive ones are put together in a block
_MOST = 50_000  # nodes that a page can hold


def to_html(
    graph: Graph,
    path: str | Path | None = None,
    *,
    title: str | None = None,
    nudge: Iterable[str] | None = None,
) -> str | Path:
    """Write the page, which steps through the computation forward and back.

    Args:
        graph: up to 50,000 nodes; from 2,000 on the page opens with its modules closed.
        path: the file to write; None returns the page as a string.
        title: the heading; what is computed, by default.
        nudge: names of the variables that get a slider; as many as there is room for, by default.

    Returns:
        The path written, or the page.

    Raises:
        GraphError: too many nodes, or a name in `nudge` is not that of a variable.

    >>> from minigrad.graph import graph
    >>> from minigrad.tensor import tensor
    >>> page = to_html(graph(tensor(5.0, name="a") * 3))
    >>> page.startswith("<!DOCTYPE html>"), "http://" in page.replace("http://www.w3.org", "")
    (True, False)
    """
    if len(graph) > _MOST:
        raise GraphError(
            f"to_html: the graph has {len(graph)} nodes; a page holds up to {_MOST}: render draws "
            "it with modules as single nodes, or record a smaller part of it"
        )
    leaves = page_nudge.chosen(graph, nudge)
    html = _page(title or _title(graph), _data(graph, leaves))
    if path is None:
        return html
    path = Path(path)
    path.write_text(html, encoding="utf-8", errors="xmlcharrefreplace", newline="\n")
    return path


def _title(graph: Graph) -> str:
    return f"The graph of {', '.join(node.name for node in graph.outputs)}"


def _data(graph: Graph, leaves: list[Any]) -> dict[str, Any]:
    uses = sum(len(node.inputs) for node in graph)
    encode = Encoder(2 * len(graph) + 3 * uses)
    known, inside = modules(graph, _BLOCK if len(graph) > _OPEN else len(graph))
    listed = nodes(graph, encode)
    for node, module in zip(listed, inside, strict=True):
        node["module"] = module
    place = {node: i for i, node in enumerate(graph.nodes)}
    tables, left_out = page_nudge.tables(graph, leaves)
    return {
        "of": graph.of,
        "outputs": [place[node] for node in graph.outputs],
        "nodes": listed,
        "modules": known,
        "open": len(graph) <= _OPEN,
        "nudges": tables,
        "unnudged": left_out,
        "order": order(graph, encode),
    }


def _page(title: str, data: dict[str, Any]) -> str:
    style, script = _asset("page.css"), _script()
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    parts = {"policy": policy, "title": escape(title), "data": _json(data)}
    page = _asset("page.html")
    # The user's text goes in last and once, so that nothing in it is taken for a place to fill.
    head, _, rest = page.partition("{data}")
    head = head.replace("{style}", style).replace("{policy}", policy)
    rest = rest.replace("{script}", script)
    return head.replace("{title}", parts["title"]) + parts["data"] + rest


def _script() -> str:
    """Our scripts as one, in a block, so that they leave no names behind."""
    return '"use strict";\n{\n' + "\n".join(map(_asset, SCRIPTS)) + "}\n"


def _asset(name: str) -> str:
    return (files("minigrad.viz") / "assets" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _json(data: Any) -> str:
    """JSON that can stand in a script element: no character of it can end one."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@dataclass(frozen=True, slots=True)
class Frame:
    """The page in a notebook, in a frame that can do nothing but show it.

    Attributes:
        page: the HTML.
        height: in pixels.
    """

    page: str
    height: int

    def _repr_html_(self) -> str:
        return (
            f'<iframe srcdoc="{escape(self.page)}" sandbox="allow-scripts allow-modals" '
            f'width="100%" height="{self.height}" frameborder="0" '
            'title="Step-through of a graph"></iframe>'
        )


def iframe(graph: Graph, height: int = 720, **options: Any) -> Frame:
    """The page for a notebook: the last expression of a cell. Options are those of `to_html`.

    >>> from minigrad.graph import graph
    >>> from minigrad.tensor import tensor
    >>> iframe(graph(tensor(5.0) * 3))._repr_html_()[:16]
    '<iframe srcdoc="'
    """
    return Frame(str(to_html(graph, **options)), height)
