"""What the fuzzers draw: formulas of the grammar with what they mean, and text that is none."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from minigrad.expression import FUNCTIONS

NAMES = {"a": 1.5, "b": -2.25, "x_1": 0.75}  # what the variables of a drawn formula are
_ONE = ["exp", "sin", "tanh", "abs", "floor", "sigmoid", "square", "sum", "mean"]
_TWO = ["maximum", "minimum", "hypot", "arctan2"]
_BINDS = {"<": 1, ">=": 1, "+": 2, "-": 2, "*": 3, "/": 3, "%": 3, "//": 3, "**": 5}
_ATOM, _SIGN = 9, 4


@dataclass(frozen=True)
class Formula:
    """A formula as text, what it is worth, and how tightly its outermost operator binds."""

    text: str
    value: Any
    binds: int = _ATOM

    def within(self, least: int) -> str:
        """As an operand of what binds as tightly as this, with parentheses where needed."""
        return self.text if self.binds >= least else f"({self.text})"


@np.errstate(all="ignore")
def _binary(pair, sign, space):
    a, b = pair
    level = _BINDS[sign]
    left = a.within(_ATOM if sign == "**" else level + (level == 1))
    right = b.within(_SIGN if sign == "**" else level + 1)
    compute = {
        "<": np.less, ">=": np.greater_equal, "+": np.add, "-": np.subtract, "*": np.multiply,
        "/": np.divide, "%": np.remainder, "//": np.floor_divide, "**": np.power,
    }[sign]  # fmt: skip
    text, value = f"{left}{space}{sign}{space}{right}", compute(a.value, b.value)
    if level == 1:  # a truth as a number, for NumPy's truths have an arithmetic of their own
        return Formula(f"1*({text})", 1.0 * value, _BINDS["*"])
    return Formula(text, value, level)


@np.errstate(all="ignore")
def _call(name, operands):
    function = FUNCTIONS[name].call
    values = [np.float64(a.value) for a in operands]
    return Formula(f"{name}({', '.join(a.text for a in operands)})", function(*values))


def _larger(inner):
    pairs = st.tuples(inner, inner)
    return st.one_of(
        st.builds(_binary, pairs, st.sampled_from(list(_BINDS)), st.sampled_from(["", " ", "\t "])),
        st.builds(lambda a: Formula(f"-{a.within(_SIGN)}", -np.float64(a.value), _SIGN), inner),
        st.builds(lambda a: Formula(f"({a.text})", a.value), inner),
        st.builds(lambda name, a: _call(name, [a]), st.sampled_from(_ONE), inner),
        st.builds(_call, st.sampled_from(_TWO), pairs.map(list)),
    )


numbers = st.one_of(
    st.integers(0, 10**6).map(str),
    st.floats(0, 1e300, allow_subnormal=False).map(repr),
    st.sampled_from(["0.", ".5", "1e3", "2E-4", "007"]),
).map(lambda text: Formula(text, np.float64(text)))
names = st.sampled_from(list(NAMES)).map(lambda n: Formula(n, np.float64(NAMES[n])))
formulas = st.recursive(numbers | names, _larger, max_leaves=15)

WORDS = [
    *NAMES, *FUNCTIONS, *_BINDS, "(", ")", "[", "]", ",", ";", ":", ".", "=", "==", "!=", "@", "\n",
    ".T", "axis=", "keepdims=True", "None", "1", "0", "-1", "1e999", "9**9**9", "[1, 2]", "[:, 0]",
    "#", "'", '"', "\\", "{", "}", "__import__('os')", "__class__", "lambda", "import os", "\0",
    "π", "²", "－", "\u202e", "\ud800", "é", "e\u0301", "𝐱", "٣", "_", "..", "0x1F", "1j",
]  # fmt: skip
word_salad = st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join)


@st.composite
def damaged(draw):
    """A formula with a piece removed, repeated, or replaced by something else."""
    text = draw(formulas).text
    i, j = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    return text[:i] + draw(st.sampled_from(["", text[i:j] * 2, *WORDS])) + text[j:]


raw_text = st.one_of(word_salad, damaged(), st.text(max_size=60))
