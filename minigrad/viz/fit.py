"""Texts as wide in the viewer as in the layout, whatever font the viewer has for Helvetica.

Graphviz makes room for the letters of Helvetica. Where there is none, another font takes its place,
often a wider one, and text would run out of its box; so each text of an SVG says how long it is.

Read next: `minigrad.viz.dot`.
"""

from __future__ import annotations

import re
from html import unescape

__all__ = ["fitted"]

# Thousandths of the font's size, by letter; what is in no list is 556 wide, in bold 611.
_REGULAR = {
    191: "'", 222: "ijl", 260: "|", 278: " !,./:;I[\\]ft", 333: "()-`r", 334: "{}", 355: '"',
    389: "*", 469: "^", 500: "Jckvsxyz", 584: "+<=>~", 611: "FTZ", 667: "&ABEKPSVXY",
    722: "CDHNRUw", 778: "GOQ", 833: "Mm", 889: "%", 944: "W", 1015: "@",
}  # fmt: skip
_BOLD = {
    238: "'", 278: " ,./I\\ijl", 280: "|", 333: "!()-:;[]`ft", 389: "*r{}", 474: '"', 500: "z",
    556: "#$0123456789J_aceksvxy", 584: "+<=>^~", 667: "EPSVXY", 722: "&ABCDHKNRU", 778: "GOQw",
    833: "M", 889: "%m", 944: "W", 975: "@",
}  # fmt: skip
_OTHER = 278  # each byte of a letter beyond ASCII
_WIDTHS = [
    {letter: width for width, letters in table.items() for letter in letters}
    for table in (_REGULAR, _BOLD)
]
_TEXT = re.compile(r'(<text [^>]*font-size="([0-9.]+)"[^>]*)>([^<]*)</text>')


def fitted(svg: str) -> str:
    """The picture with the length of each text of more than one letter.

    >>> fitted('<text x="1" font-size="10.00">J = 3</text>')
    '<text x="1" font-size="10.00" textLength="21.96" lengthAdjust="spacingAndGlyphs">J = 3</text>'
    """
    return _TEXT.sub(_with_length, svg)


def _with_length(text: re.Match[str]) -> str:
    head, size, written = text.groups()
    letters = unescape(written)
    if len(letters) < 2:
        return text[0]
    bold = 'font-weight="bold"' in head
    widths, usual = _WIDTHS[bold], 611 if bold else 556
    total = sum(widths.get(c, usual) if c.isascii() else _OTHER * len(c.encode()) for c in letters)
    length = f"{total * float(size) / 1000:.2f}"
    return f'{head} textLength="{length}" lengthAdjust="spacingAndGlyphs">{written}</text>'
