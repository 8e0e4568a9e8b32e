"""Expressions as text: the template of an op filled with its operands, in parentheses where needed.

A template, `#0 + #1`, says by its form how loosely what it writes holds together: a comparison, a
sum, a product, a power, or something closed in itself. An operand that holds together more loosely
than the place where it stands gets parentheses.

Read next: `minigrad.viz.notation`, the templates of LaTeX.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["ATOM", "COMPARISON", "POWER", "PRODUCT", "SUM", "Written", "filled", "in_the_open"]

COMPARISON, SUM, PRODUCT, POWER, ATOM = range(5)

_HOLE = re.compile(r"#(\d+\*|\*|\d+|=|[A-Za-z_]\w*)")
_CLOSED = re.compile(
    r"\{[^{}]*\}|\([^()]*\)|\[[^\[\]]*\]|\\l(vert|Vert|floor|ceil)\b.*?\\r\1\b|\\begin.*\\end"
)
_COMPARES = re.compile(r"[<>&|≠]|[=!]=| = |\\(le|ge|ne|approx|in|land|lor|oplus)\b")


@dataclass(frozen=True, slots=True)
class Written:
    """A piece of text that stands for a value.

    Attributes:
        text: what is written.
        binds: how tightly it holds together, from COMPARISON to ATOM.
        size: how many operations it contains.
        shape: of the value, where the text is a mere name to which its sizes can be added.
    """

    text: str
    binds: int = ATOM
    size: int = 0
    shape: tuple[int, ...] = ()


def in_the_open(text: str) -> str:
    """The text with blanks in the place of what stands in brackets of any kind."""
    while (bare := _CLOSED.sub(lambda m: " " * len(m[0]), text)) != text:
        text = bare
    return text


@lru_cache(1024)
def _read(template: str) -> tuple[int, Mapping[int, int]]:
    """How tightly the template binds, and how tightly the operands in the open must, by place."""
    rest = in_the_open(template)
    holes = [m for m in _HOLE.finditer(rest) if m[1].rstrip("*").isdigit()]
    if _COMPARES.search(_HOLE.sub("", rest)) or template.startswith(r"\begin"):
        binds = COMPARISON
    elif re.search(r"[+-]|\\(sum|prod|bmod)\b|//|%", rest):  # also what no factor may touch
        binds = SUM
    elif "**" in rest or (len(holes) == 1 and not holes[0].start() and holes[0].end() < len(rest)):
        binds = POWER
    else:
        binds = PRODUCT if holes else POWER if "^" in rest else ATOM
    needs = {}
    for term in re.finditer(r"[^+-]+" if binds == SUM else ".+", rest):  # a @ b + c: two terms
        inside = [m.start() for m in holes if term.start() <= m.start() < term.end()]
        single = len(inside) == 1 and "\\" not in term[0]
        level = PRODUCT if binds == SUM and not single else binds
        for i, at in enumerate(inside):  # a - b - c is (a - b) - c
            strict = i or level not in {SUM, PRODUCT} or (level == binds and at)
            needs[at] = level + bool(strict)
    needs |= {m.start(): ATOM for m in re.finditer(r"#\d+(?=[\^_])", template)}
    return binds, needs


def filled(
    template: str,
    operands: Sequence[Written],
    parameter: Callable[[str], str],
    parentheses: Callable[[str], str],
) -> Written:
    """The template with its holes filled.

    Args:
        template: `#0` is operand 0, `#*` all of them, `#1*` those from 1 on; other names are given
            to `parameter`.
        operands: what is written for each.
        parameter: the text of a parameter.
        parentheses: a text between parentheses.

    >>> a, b, c = (Written(name) for name in "abc")
    >>> total = filled("#0 + #1", [a, b], str, "({})".format)
    >>> filled("#0 - #1", [total, total], str, "({})".format).text
    'a + b - (a + b)'
    >>> filled("f(#*)", [total, c], str, "({})".format).text
    'f(a + b, c)'
    """
    binds, needs = _read(template)

    def fill(hole: re.Match[str]) -> str:
        what = hole[1]
        if not what.rstrip("*").isdigit() and what != "*":
            return parameter(what)
        if what.endswith("*"):
            return ", ".join(a.text for a in operands[int(what[:-1] or 0) :])
        a = operands[int(what)]
        return a.text if a.binds >= needs.get(hole.start(), 0) else parentheses(a.text)

    return Written(_HOLE.sub(fill, template), binds, 1 + sum(a.size for a in operands))
