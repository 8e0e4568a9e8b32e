"""The colours of pictures, on light and on dark paper.

Read next: `minigrad.viz.label`.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["THEMES", "Theme"]


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours as #rrggbb.

    Attributes:
        paper: what everything stands on.
        ink: text.
        faint: text that matters less.
        line: outlines.
        forward: arrows of values.
        back: arrows of derivatives, and derivatives.
        variable, constant, computed, block: what boxes are filled with.
        negative, zero, positive, nan: the cells of a map.
    """

    paper: str
    ink: str
    faint: str
    line: str
    forward: str
    back: str
    variable: str
    constant: str
    computed: str
    block: str
    negative: str
    zero: str
    positive: str
    nan: str


THEMES = {
    "light": Theme(
        paper="#ffffff",
        ink="#1a1a1a",
        faint="#5f5f5f",
        line="#444444",
        forward="#1f5fbf",
        back="#c8322b",
        variable="#e8f0fc",
        constant="#f4f1e6",
        computed="#ffffff",
        block="#ececec",
        negative="#5e3c99",
        zero="#f7f7f7",
        positive="#e66101",
        nan="#000000",
    ),
    "dark": Theme(
        paper="#16181d",
        ink="#ececec",
        faint="#a8adb8",
        line="#8b919c",
        forward="#6ea8ff",
        back="#ff8279",
        variable="#1b2a45",
        constant="#322e20",
        computed="#21242b",
        block="#2e323b",
        negative="#b39bea",
        zero="#2b2f38",
        positive="#ff9440",
        nan="#ffffff",
    ),
}
