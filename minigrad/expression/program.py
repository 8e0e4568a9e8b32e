"""A formula that has been read: a program for a machine with a stack, and what it may call.

Read next: `minigrad.expression.reading`.
"""

from __future__ import annotations

import operator
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any, NoReturn

import numpy as np

from minigrad.errors import MinigradError
from minigrad.ops.primitive import primitive
from minigrad.tensor import Tensor
from minigrad.values import Array

__all__ = [
    "CONSTANTS", "FUNCTIONS", "OPERATORS", "SIGNS", "TRANSPOSED", "ExpressionError", "Function",
    "Program", "Step", "Token", "columns",
]  # fmt: skip

SIZE = 2_000  # elements of an array


class ExpressionError(MinigradError, ValueError):
    """A formula that cannot be read or computed: what is wrong, and a caret under where.

    Attributes:
        message: what is wrong.
        source: the formula.
        at: where in it, counted in characters.
        width: how many characters are meant.
    """

    def __init__(self, message: str, source: str, at: int, width: int = 1) -> None:
        super().__init__(message)
        self.message, self.source, self.at, self.width = message, source, at, width

    def __str__(self) -> str:
        start = self.source.rfind("\n", 0, self.at) + 1
        line, at = self.source[start:].partition("\n")[0], self.at - start
        low = max(0, at - 50)
        before = ("…" if low else "") + "".join(map(_visible, line[low:at]))
        after = "".join(map(_visible, line[at : at + 30])) + ("…" if len(line) > at + 30 else "")
        marks = "^" * max(1, columns(line[at : at + min(self.width, 30)]))
        return f"{self.message}\n    {before}{after}\n    {' ' * columns(before)}{marks}"


def _visible(c: str) -> str:
    """The character, or for one that moves the cursor or worse a sign of the same width."""
    return c if c.isprintable() else "�"


def columns(text: str) -> int:
    """How many columns of a terminal the text takes."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


# What a formula may call --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Function:
    """What a name or an operator stands for.

    Attributes:
        call: what computes it.
        least: the smallest number of operands.
        most: the largest.
        options: which named ones it takes.
        joins: whether its operands broadcast.
    """

    call: Callable[..., Any]
    least: int = 1
    most: int = 1
    options: tuple[str, ...] = ()
    joins: bool = False


@primitive(vjp=lambda g, y, z: g * y * (1 - y), symbol="σ", latex=r"\sigma(#0)")
def sigmoid(z: Array) -> Array:
    """The logistic function 1/(1 + e^−z); σ' = σ(1 − σ)."""
    return 1 / (1 + np.exp(-z))


@primitive(vjp=lambda g, y, z: g * (z > 0))
def relu(z: Array) -> Array:
    """max(0, z); its derivative is 1 for z > 0, else 0."""
    return np.maximum(z, 0.0)


_REDUCING = ("axis", "keepdims")
FUNCTIONS: dict[str, Function] = {
    **{
        name: Function(getattr(np, name))
        for name in (
            "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "cbrt", "square",
            "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh",
            "arccosh", "arctanh", "abs", "sign", "floor", "ceil", "transpose", "ravel", "diag",
            "trace",
        )
    },
    **{name: Function(f) for name, f in (("sigmoid", sigmoid), ("relu", relu))},
    **{name: Function(getattr(np.linalg, name)) for name in ("inv", "det")},
    **{
        name: Function(getattr(np, name), 2, 2, joins=True)
        for name in ("maximum", "minimum", "arctan2", "hypot", "logaddexp")
    },
    **{name: Function(getattr(np, name), 3, 3, joins=True) for name in ("where", "clip")},
    **{
        name: Function(getattr(np, name), options=_REDUCING)
        for name in ("sum", "mean", "max", "min", "prod", "var", "std")
    },
    "cumsum": Function(np.cumsum, options=("axis",)),
    "norm": Function(np.linalg.norm, options=("ord", *_REDUCING)),
    **{name: Function(getattr(np, name), 2, 2) for name in ("dot", "inner", "outer", "cross")},
    "solve": Function(np.linalg.solve, 2, 2),
}  # fmt: skip
"""The functions of the language, by name."""

OPERATORS = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq,
    "!=": operator.ne, "+": operator.add, "-": operator.sub, "*": operator.mul,
    "/": operator.truediv, "@": operator.matmul, "%": operator.mod, "//": operator.floordiv,
    "**": operator.pow,
}  # fmt: skip
SIGNS = {"-": Function(operator.neg), "+": Function(operator.pos)}
TRANSPOSED = Function(lambda x: x.T)
CONSTANTS = {"pi": np.float64(np.pi), "π": np.float64(np.pi), "e": np.float64(np.e)}


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a formula."""

    kind: str  # number, name, sign, or end
    text: str
    at: int

    def __str__(self) -> str:
        if self.kind == "end":
            return "the end"
        return "the end of the line" if self.text == "\n" else repr(self.text)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a program: take `taken` values off the stack, put one on it.

    Attributes:
        kind: number, name, call, list, part (of an array) or assign.
        what: the number, name, function or index.
        token: where it stands.
        taken: how many values it takes.
        options: of a call.
    """

    kind: str
    what: Any
    token: Token
    taken: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Program:
    """A formula that has been read.

    Attributes:
        source: its text.
        steps: what to do, for a machine with a stack.
        names: the names in it that need a value, in the order in which they appear.
    """

    source: str
    steps: tuple[Step, ...]
    names: tuple[str, ...]

    def run(self, values: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Compute it.

        Args:
            values: for each of `names` a Tensor or an array.

        Returns:
            Every name with its value, the variables and named results being Tensors of that name.
            Under "" stands the value of the last statement.

        Raises:
            ExpressionError: a name has no value, shapes do not fit, an array is too large.

        >>> from minigrad.expression import parse
        >>> program = parse("u = b*c; J = 3*(a + u)")
        >>> program.run({"a": Tensor(5), "b": Tensor(3), "c": Tensor(2)})[""]
        tensor(33., name='J')
        """
        known: dict[str, Any] = dict(values or {})
        stack: list[Any] = []
        with np.errstate(all="ignore"):  # an infinity or nan is shown as what it is
            for step in self.steps:
                operands = stack[len(stack) - step.taken :]
                del stack[len(stack) - step.taken :]
                stack.append(self._done(step, operands, known))
        known[""] = stack[-1]
        return known

    def _done(self, step: Step, operands: list[Any], known: dict[str, Any]) -> Any:
        token = step.token
        if step.kind == "number":
            return step.what
        if step.kind == "name":
            if step.what in known:
                return known[step.what]
            if step.what in CONSTANTS:
                return CONSTANTS[step.what]
            self._fail(f"{step.what} has no value; give it one: {step.what}=2", token)
        if step.kind == "assign":
            if step.what in known:
                self._fail(f"{step.what} has a value already; a name is assigned once", token)
            known[step.what] = value = _named(operands[0], step.what)
            return value
        try:
            _check_size(step, operands)
            value = _computed(step, operands)
            _check(value.size)
        except (ValueError, TypeError, IndexError, ArithmeticError, MemoryError) as error:
            self._fail(str(error) or type(error).__name__, token)
        return value

    def _fail(self, message: str, token: Token) -> NoReturn:
        raise ExpressionError(message, self.source, token.at, len(token.text)) from None


def _named(value: Any, name: str) -> Tensor:
    if not isinstance(value, Tensor):
        return Tensor(value, name=name)
    if value.name is None:
        value.name = name
    return value


def _check_size(step: Step, operands: list[Any]) -> None:
    """Refuse before it is computed what would be far too large; else it is at most SIZE squared."""
    if step.kind == "list":
        _check(sum([a.size for a in operands]))
    if step.kind == "call" and step.what.joins:
        try:
            shape = np.broadcast_shapes(*[a.shape for a in operands])
        except ValueError:
            return  # the operation itself says so better
        _check(prod(shape))


def _check(size: int) -> None:
    if size > SIZE:
        raise ValueError(f"an array of {size:,} elements; expected at most {SIZE:,}")


def _computed(step: Step, operands: list[Any]) -> Any:
    if step.kind == "call":
        return step.what.call(*operands, **step.options)
    if step.kind == "part":
        return operands[0][step.what]
    if any(isinstance(a, Tensor) for a in operands):
        return np.stack(operands)
    if len({a.shape for a in operands}) > 1:
        raise ValueError(f"rows of different sizes: {', '.join(str(a.shape) for a in operands)}")
    return np.array(operands)
