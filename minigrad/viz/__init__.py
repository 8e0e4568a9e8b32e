"""Views of a recorded computation: each is a function of a `Graph` and of nothing else.

They are loaded when they are asked for, `viz.dot` say: who differentiates draws nothing.

Read next: `minigrad.viz.text`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from minigrad.viz import dot, explain, latex, page, tikz

__all__ = ["dot", "explain", "latex", "page", "tikz"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return import_module(f"minigrad.viz.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
