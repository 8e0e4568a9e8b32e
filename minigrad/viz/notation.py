"""Names, numbers and operations in LaTeX, for pdflatex with amsmath and for KaTeX; and in NumPy.

In LaTeX a name is anything: what is no letter is escaped, what is not ASCII has its accent or its
code.

Read next: `minigrad.viz.derived`, which writes derivatives with it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from minigrad.table import Op
from minigrad.viz.text import operand, summary
from minigrad.viz.written import ATOM, PRODUCT, SUM, Written, filled, in_the_open

__all__ = ["Latex", "Python", "escaped", "symbol", "turns"]

Shape = tuple[int, ...]

_GREEK = [
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda",
    "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
    "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega",
]  # fmt: skip
_LETTERS = {
    unicodedata.lookup(f"GREEK {case} LETTER {g.upper().replace('LAMBDA', 'LAMDA')}"): rf"\{g}"
    for g in _GREEK
    for case in ["SMALL" if g.islower() else "CAPITAL"]
}
_ACCENTS = {
    "\u0300": "grave", "\u0301": "acute", "\u0302": "hat", "\u0303": "tilde", "\u0304": "bar",
    "\u0307": "dot", "\u0308": "ddot", "\u030a": "mathring", "\u030c": "check",
}  # fmt: skip
_SIGNS = {
    "\\": r"\backslash ", "{": r"\{", "}": r"\}", "$": r"\$", "%": r"\%", "#": r"\#", "&": r"\&",
    "_": r"\_", "^": r"\wedge ", "~": r"\sim ", " ": r"\ ", "'": r"{'}", "-": "{-}",
}  # fmt: skip
_OPERATORS = {
    "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "exp", "log", "max",
    "min", "det", "maximum", "minimum",
}  # fmt: skip
_SHORT = {"maximum": "max", "minimum": "min"}
_TALL = re.compile(r"\\(frac|sum|prod|begin|int)\b")
_LAYERED = re.compile(r"[AWZabghwz]")


def escaped(text: str, command: str = "mathrm") -> str:
    r"""Any text, as an upright word in a formula.

    >>> escaped("50% \\input{x}")
    '\\mathrm{50\\%\\ \\backslash input\\{x\\}}'
    """
    return rf"\{command}{{{''.join(map(_character, unicodedata.normalize('NFC', text)))}}}"


def _character(c: str) -> str:
    if c in _SIGNS:
        return _SIGNS[c]
    if c.isascii():
        return c if c.isprintable() else f"x{ord(c):02x}"
    if c in _LETTERS:
        return _LETTERS[c] + " "
    spelled = unicodedata.normalize("NFD", c)
    if spelled[0].isascii() and spelled[0].isalpha() and spelled[1:] in _ACCENTS:
        return rf"\{_ACCENTS[spelled[1:]]}{{{spelled[0]}}}"
    return f"U{{+}}{ord(c):04X}"


def symbol(name: str, ndim: int = 0) -> str:
    r"""A name as mathematics writes it: layers of arrays above, other numbers below.

    >>> symbol("W2", 2), symbol("x1"), symbol("alpha"), symbol("w_out"), symbol("y_hat")
    ('W^{[2]}', 'x_{1}', '\\alpha', 'w_{\\mathrm{out}}', '\\hat{y}')
    """
    parts = re.fullmatch(r"([^\W\d_]+)(?:(\d+)|\[(\d+)\]|_(hat|bar|tilde|dot)|_(\w+))?", name)
    if parts is None:
        return escaped(name)
    base, digits, place, accent, below = parts.groups()
    letter = _base(base)
    if accent:
        return rf"\{accent}{{{letter}}}"
    if place or (digits and ndim and _LAYERED.fullmatch(base)):
        return f"{letter}^{{[{place or digits}]}}"
    if below and not below.isdigit():
        return f"{letter}_{{{_base(below)}}}"
    return f"{letter}_{{{digits or below}}}" if digits or below else letter


def _base(word: str) -> str:
    if word in _GREEK:
        return rf"\{word}"
    if len(word) == 1:
        return _character(word).strip()
    return escaped(word)


class Latex:
    """Writes values and operations in LaTeX.

    Args:
        sizes: whether the sizes of arrays stand under their names.
    """

    def __init__(self, sizes: bool = False) -> None:
        self.sizes = sizes
        self.names: dict[str, str] = {}
        self.taken: set[str] = set()

    def name(self, name: str, shape: Shape, prefix: str = "") -> Written:
        """The name of a value; two names never look the same."""
        if name not in self.names:
            text = symbol(name, len(shape))
            self.names[name] = text = escaped(name) if text in self.taken else text
            self.taken.add(text)
        return Written(prefix + self.names[name], shape=shape)

    def literal(self, a: Any) -> Written:
        """A number, a small array, or a part of an index."""
        if isinstance(a, np.ndarray) and a.ndim:
            return self.array(a)
        if a is None:
            return Written(r"\mathrm{new}")
        if a is Ellipsis:
            return Written(r"\ldots")
        if isinstance(a, (bool, np.bool_, str)):
            return Written(escaped(str(a)))
        if isinstance(a, slice):
            return Written(operand(a))
        return self.number(a)

    def array(self, a: Any, full: int = 6) -> Written:
        """Up to `full` elements, else the smallest and the largest; one number if all are equal."""
        if a.size and (a == a.flat[0]).all():
            return self.literal(a.flat[0])
        if a.size <= full:
            return Written(f"[{_scientific(summary(a)[1:-1])}]")
        a = np.abs(a) if a.dtype.kind == "c" else a
        finite = a[np.isfinite(a)]
        ends = (finite.min(), finite.max()) if finite.size else (np.nan, np.nan)
        low, high = (self.number(float(f"{float(end):.3g}")).text for end in ends)
        return Written(rf"[{low} \ldots {high}]")

    def number(self, value: Any) -> Written:
        """A number with six digits."""
        text = _scientific(summary(np.asarray(value)))
        if isinstance(value, (complex, np.complexfloating)):
            return Written(f"({text})")
        binds = SUM if text.startswith("-") else PRODUCT if "cdot" in text else ATOM
        return Written(text, binds)

    def sized(self, w: Written) -> str:
        """What is written, a name with its sizes below."""
        if not (self.sizes and w.shape):
            return w.text
        sizes = ",".join(map(str, w.shape)) + "," * (len(w.shape) == 1)
        return rf"\underset{{({sizes})}}{{{w.text}}}"

    def apply(
        self,
        op: Op,
        operands: Sequence[Written],
        params: Mapping[str, Any],
        shapes: Sequence[Shape],
    ) -> Written:
        """The operation on these operands, of these shapes."""
        if turns(op, params, len(shapes[0])):
            return self._transposed(operands[0])
        template = self._template(op, operands, shapes)
        if template == "#0":
            return operands[0]
        shown = [Written(self.sized(w), w.binds, w.size) for w in operands]
        if template.startswith(r"#0 \, #1") and " * " in in_the_open(shown[0].text):
            shown[0] = Written(shown[0].text, SUM, shown[0].size)  # (a * b) C is not a * (b C)
        for hole in re.finditer(r"#(\d+)([_^])", template):
            w = operands[int(hole[1])]
            if hole[2] in in_the_open(w.text):  # no index upon an index
                shown[int(hole[1])] = Written(self.sized(w), PRODUCT, w.size)
            elif not hole.start():
                shown[0] = w
        if any(_TALL.search(w.text) for w in shown):
            template = re.sub(r"\(", r"\\left(", re.sub(r"\)", r"\\right)", template))
        return filled(template, shown, partial(self._parameter, params), _parenthesised)

    def pulled(self, y: Written, x: Written, g: Written) -> Written:
        """The transposed derivative of y by x, times g."""
        slope = rf"\left(\frac{{\partial {y.text}}}{{\partial {x.text}}}\right)"
        turned = "^{T}" if y.shape or x.shape else ""
        return Written(rf"{slope}{turned} \, {self.sized(g)}", PRODUCT, y.size + x.size + 1)

    def times(self, factor: str, w: Written) -> Written:
        """A number times it."""
        closed = w.binds >= PRODUCT or w.text.startswith(r"\sum")
        text = self.sized(w) if closed else _parenthesised(w.text)
        return Written(rf"{factor} \, {text}", PRODUCT, w.size + 1)

    def _template(self, op: Op, operands: Sequence[Written], shapes: Sequence[Shape]) -> str:
        if op.name == "multiply":
            return _product(operands, shapes)
        if op.latex:
            return op.latex
        if re.fullmatch(r"[{}\d @+-]+", op.code):  # a @ b + c
            return re.sub(r"\{(\d+)\}", r"#\1", op.code).replace("@", r"\,")
        name = _SHORT.get(op.name, op.name.lstrip("_"))
        called = rf"\{name}" if name in _OPERATORS else escaped(name, "operatorname")
        return rf"{called}#=(#*)"

    def _transposed(self, w: Written) -> Written:
        r"""A^{T}, A^{[1]T} of A^{[1]}, and A of A^{T}."""
        shape = (*w.shape[:-2], *w.shape[:-3:-1])
        turned = re.fullmatch(r"(.*)\^\{(\[\d+\])?T\}", w.text)
        if turned and w.binds == ATOM:
            above = f"^{{{turned[2]}}}" if turned[2] else ""
            return Written(turned[1] + above, ATOM, w.size, shape)
        layer = re.fullmatch(r"(.*\^\{\[\d+\])\}", w.text)
        if layer and w.binds == ATOM:
            return Written(f"{layer[1]}T}}", ATOM, w.size, shape)
        base = w.text if w.binds == ATOM else _parenthesised(w.text)
        return Written(f"{base}^{{T}}", ATOM if w.shape else PRODUCT, w.size + 1, shape)

    def _parameter(self, params: Mapping[str, Any], what: str) -> str:
        if what == "=":
            given = [f"{escaped(k)}={self._value(v)}" for k, v in params.items()
                     if v is not None and v is not False]  # fmt: skip
            return "_{" + r",\,".join(given) + "}" if given else ""
        value = params.get(what)
        if what == "axis" and value is not None:
            axes = ",".join(map(str, value if isinstance(value, (tuple, list)) else [value]))
            return rf"_{{\mathrm{{axis}}\,{axes}}}"
        return "" if value is None else self._value(value)

    def _value(self, value: Any) -> str:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return self.number(value).text
        return escaped(value if isinstance(value, str) else operand(value))


def turns(op: Op, params: Mapping[str, Any], n: int) -> bool:
    """Whether the op exchanges the last two of n axes and does nothing else."""
    last = [*range(n - 2), n - 1, n - 2]
    if op.name == "swapaxes":
        return n > 1 and {params["axis1"] % n, params["axis2"] % n} == {n - 1, n - 2}
    axes = params.get("axes")
    return op.name == "transpose" and (n == 2 if axes is None else [i % n for i in axes] == last)


def _parenthesised(text: str) -> str:
    return rf"\left({text}\right)" if _TALL.search(text) else f"({text})"


def _product(operands: Sequence[Written], shapes: Sequence[Shape]) -> str:
    """a * b of arrays, element by element; a number stands before what it multiplies."""
    (a, b), (sa, sb) = operands[:2], shapes[:2]
    if a.text == b.text and a.binds == ATOM and not a.text[0].isdigit():
        return "#0^{2}"
    if sa[-1:] == (1,) and len(sa) == 2 and len(sb) == 1 and sa[0] > 1 and sb[0] > 1:
        return r"#0 \, #1^{T}"  # a column times a row
    if max(sa, default=1) > 1 and max(sb, default=1) > 1:
        return "#0 * #1"
    return r"#0 \cdot #1" if b.text[0].isdigit() else r"#0 \, #1"


def _scientific(text: str) -> str:
    """1e-05 as a power of ten, inf as its sign."""
    text = re.sub(r"e([+-])0*(\d+)", lambda m: rf" \cdot 10^{{{m[1].strip('+')}{m[2]}}}", text)
    return re.sub(r"\bnan\b", r"\\mathrm{nan}", re.sub(r"\binf\b", r"\\infty ", text))


# NumPy -------------------------------------------------------------------------------------------


class Python:
    """Writes values and operations as NumPy has them."""

    def name(self, name: str, shape: Shape, prefix: str = "") -> Written:
        """The name of a value."""
        return Written(prefix + name, shape=shape)

    def literal(self, a: Any) -> Written:
        """A number, an array, a part of an index."""
        if isinstance(a, np.ndarray) and a.size and a.ndim and (a == a.flat[0]).all():
            made = {0: "np.zeros({0})", 1: "np.ones({0})"}.get(a.flat[0], "np.full({0}, {1})")
            return Written(made.format(a.shape, summary(a.flat[0])))
        text = operand(a)
        return Written(text, SUM if text.startswith("-") else ATOM)

    def apply(
        self, op: Op, operands: Sequence[Written], params: Mapping[str, Any], shapes: Any
    ) -> Written:
        """The op's code, with these operands."""
        if len(shapes[0]) == 2 and turns(op, params, 2):
            return filled("#0.T", operands, str, "({})".format)
        words = {k: repr(v) if isinstance(v, str) else operand(v) for k, v in params.items()}
        given = [f"{k}={v}" for k, v in words.items() if v not in {"None", "False"}]
        template = re.sub(r"\{(\w*)(\*?=?)\}", _hole, op.code)
        joint = ", " if "#*#=" in template else ""

        def parameter(what: str) -> str:
            if what == "=":
                return "".join(joint + g for g in given) if joint else ", ".join(given)
            return words[what]

        return filled(template, operands, parameter, "({})".format)

    def pulled(self, y: Written, x: Written, g: Written) -> Written:
        """The transposed derivative of y by x, times g."""
        return Written(f"(d{y.text}/d{x.text})ᵀ {g.text}", PRODUCT, 1)

    def times(self, factor: str, w: Written) -> Written:
        """A number times it."""
        return filled("#0 * #1", [Written(factor), w], str, "({})".format)


def _hole(match: re.Match[str]) -> str:
    """A hole of an op's code as one of a template."""
    at, mark = match[1], match[2]
    return {"": f"#{at or 0}", "*": f"#{at}*", "=": "#=", "*=": f"#{at}*#="}[mark]
