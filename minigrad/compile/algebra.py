"""Algebra: rules that put a simpler line in the place of another of the same value.

The arithmetic ones are equations, read as patterns; the structural ones are functions.

Read next: `minigrad.compile.plan`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from minigrad.compile.types import apply, shape_of
from minigrad.program import Line
from minigrad.table import ROWS, Op

__all__ = ["EQUATIONS", "simpler"]

# Pattern and replacement, for floating and complex operands. A letter stands for any of them, the
# same one wherever it stands, a number for itself. Both sides round alike; the sign of a zero may
# change where 0 is added. The last is exact where its left side is not: it is the derivative of
# the cross-entropy of a sigmoid, which is kept inside (0, 1) by bounds p and q.
EQUATIONS = [
    ("x + 0", "x"),
    ("0 + x", "x"),
    ("x - 0", "x"),
    ("x * 1", "x"),
    ("1 * x", "x"),
    ("x / 1", "x"),
    ("x ** 1", "x"),
    ("x ** 2", "np.square(x)"),
    ("-(-x)", "x"),
    ("x + (-y)", "x - y"),
    ("(-x) + y", "y - x"),
    ("x - (-y)", "x + y"),
    ("(-x) * (-y)", "x * y"),
    ("(-x) / (-y)", "x / y"),
    ("np.absolute(-x)", "np.absolute(x)"),
    ("np.absolute(np.absolute(x))", "np.absolute(x)"),
    ("np.maximum(x, x)", "x"),
    ("np.minimum(x, x)", "x"),
    ("np.conjugate(np.conjugate(x))", "x"),
    (
        "s * ((1 - y) / (1 - np.minimum(np.maximum(1 / (1 + np.exp(z)), p), q))"
        " - y / np.minimum(np.maximum(1 / (1 + np.exp(z)), p), q))"
        " * (1 / (1 + np.exp(z))) * (1 - 1 / (1 + np.exp(z)))",
        "s * (1 / (1 + np.exp(z)) - y)",
    ),
]

_BINARY: dict[type, Any] = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide,
    ast.Pow: np.power,
}  # fmt: skip


def simpler(line: Line) -> Any:
    """What may stand in the place of the line: itself, an operand or a new line."""
    assert line.op is not None
    for pattern, replacement in _BY_OP.get(line.op, ()):
        found: dict[str, Any] = {}
        if _matches(pattern, line, found) and _allowed(found):
            new = _built(replacement, found)
            if type(new) is Line and (new.shape, new.dtype) == (line.shape, line.dtype):
                return new
    rule = _STRUCTURAL.get(line.op)
    new = rule(line) if rule else line
    fits = type(new) is Line and (new.shape, new.dtype) == (line.shape, line.dtype)
    return new if fits else line


def _matches(pattern: ast.expr, a: Any, found: dict[str, Any]) -> bool:
    """Whether the operand has the form of the pattern; `found` gets what its letters stand for."""
    if isinstance(pattern, ast.Name):
        b = found.setdefault(pattern.id, a)
        return a is b or (type(a) is type(b) is not Line and repr(a) == repr(b))
    if isinstance(pattern, ast.Constant):
        number = type(a) in (int, float) or isinstance(a, np.number)
        return number and bool(a == pattern.value)
    op, operands = _parts(pattern)
    if type(a) is not Line or a.op is not op:
        return False
    return all(_matches(p, b, found) for p, b in zip(operands, a.inputs, strict=True))


def _allowed(found: dict[str, Any]) -> bool:
    """Whether the operands are numbers for which the equations hold: no integers, which wrap."""
    if not all(getattr(a, "dtype", np.dtype(float)).kind in "fc" for a in found.values()):
        return False
    p, q = found.get("p", 0), found.get("q", 1)
    if type(p) is Line or type(q) is Line:
        return False
    return bool(np.all(p < 1e-30) and np.all(q > 1 - 1e-6))


def _built(pattern: ast.expr, found: dict[str, Any]) -> Any:
    if isinstance(pattern, ast.Name):
        return found[pattern.id]
    if isinstance(pattern, ast.Constant):
        return pattern.value
    op, operands = _parts(pattern)
    return apply(op, *[_built(p, found) for p in operands])


def _parts(pattern: ast.expr) -> tuple[Op, list[ast.expr]]:
    """The op and the operands of a pattern that is neither a letter nor a number."""
    if isinstance(pattern, ast.BinOp):
        return ROWS[_BINARY[type(pattern.op)]], [pattern.left, pattern.right]
    if isinstance(pattern, ast.UnaryOp):
        return ROWS[np.negative], [pattern.operand]
    assert isinstance(pattern, ast.Call)
    assert isinstance(pattern.func, ast.Attribute)
    return ROWS[getattr(np, pattern.func.attr)], pattern.args


def _read(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


_BY_OP: dict[Op, list[tuple[ast.expr, ast.expr]]] = {}
for _left, _right in EQUATIONS:
    _BY_OP.setdefault(_parts(_read(_left))[0], []).append((_read(_left), _read(_right)))


# Structure ----------------------------------------------------------------------------------------


def _same(line: Line) -> Any:
    """Its input: for an op that changes neither values nor, here, shape and dtype."""
    return line.inputs[0]


def _conjugate(line: Line) -> Any:
    return line if line.dtype.kind == "c" else line.inputs[0]


def _getitem(line: Line) -> Any:
    x, *parts = line.inputs
    whole = all(p is Ellipsis or (isinstance(p, slice) and p == slice(None)) for p in parts)
    return x if whole else line


def _transpose(line: Line) -> Any:
    """Of a transpose: one, or none."""
    x, axes = line.inputs[0], line.params["axes"]
    n = len(line.shape)
    if n < 2:
        return x
    outer = tuple(a % n for a in axes) if axes is not None else tuple(reversed(range(n)))
    if type(x) is Line and x.op is line.op:
        axes = x.params["axes"]
        inner = tuple(a % n for a in axes) if axes is not None else tuple(reversed(range(n)))
        outer, x = tuple(inner[a] for a in outer), x.inputs[0]
        if outer == tuple(range(n)):
            return x
        return Line(line.op, (x,), {"axes": outer}, line.shape, line.dtype, line.name)
    return x if outer == tuple(range(n)) else line


def _sum(line: Line) -> Any:
    """The sum of a broadcast number is a product."""
    x, axis = line.inputs[0], line.params.get("axis")
    if type(x) is not Line or x.op is not ROWS[np.broadcast_to] or axis is not None:
        return line
    a = x.inputs[0]
    n = prod(x.shape)
    if shape_of(a) or line.shape or not n or line.dtype.itemsize < 4:
        return line
    return apply(ROWS[np.multiply], a, n)


_STRUCTURAL: dict[Op, Callable[[Line], Any]] = {
    ROWS[np.conjugate]: _conjugate,
    ROWS["getitem"]: _getitem,
    ROWS[np.transpose]: _transpose,
    ROWS[np.sum]: _sum,
}
for _key in ("recorded", "stop_gradient", "astype", np.copy, np.positive, np.reshape,
             np.broadcast_to, np.squeeze, np.real):  # fmt: skip
    _STRUCTURAL[ROWS[_key]] = _same
