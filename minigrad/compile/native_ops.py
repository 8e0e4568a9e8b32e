"""Which operations native code computes, and how: the table from rows to source.

An elementwise operation is a formula, or one of NumPy's own inner loops; a reduction is a way to
join two elements; what only moves elements is a place. Whatever is in none of these tables is
called from Python.

Read next: `minigrad.compile.native_plan`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.compile.types import shape_of
from minigrad.program import Line
from minigrad.table import ROWS, Op
from minigrad.values import Array

__all__ = [
    "CONCATENATE", "IDENTITIES", "MATMUL", "MOVES", "NUMBERS", "REDUCTIONS", "STACK", "WRITES",
    "Formula", "Loop", "Reduction", "addresses", "caster", "elementwise", "identity", "inner_loop",
    "mover", "native", "number",
]  # fmt: skip

NUMBERS = {np.dtype(c) for c in "?bBhHiIlLqQfd"}
"""The dtypes native code computes with; complex numbers and float16 are left to NumPy."""


@dataclass(frozen=True, slots=True)
class Formula:
    """Source of one element.

    `{0}`, `{1}` stand for the operands, each cast to its dtype of `casts`; `{zero}`, `{one}` and
    `{inf}` for numbers of the first of these.
    """

    source: str
    casts: tuple[np.dtype[Any], ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """A NumPy inner loop: a ufunc, which of its loops, and the dtypes of operands and result.

    What `_FORMULAS` does not know is one of these, whatever its size. Measured on Zen 5, in ns,
    NumPy's loop called by address / a scalar function in a loop of numba's, over n elements of
    float64: exp 8/9 at n = 2, 12/47 at 16, 660/3400 at 1000; log1p 12/60 at 16; tanh 30/450.
    """

    function: Any
    index: int
    casts: tuple[np.dtype[Any], ...]
    dtype: np.dtype[Any]


@dataclass(frozen=True, slots=True)
class Reduction:
    """How elements join: `{0}` the result so far, `{1}` the next element; what to begin with."""

    floats: str
    integers: str
    start: str


# ufunc: (source, characters of the operand dtypes for which it is that)
_FORMULAS: dict[Any, tuple[str, str]] = {
    np.add: ("{0} + {1}", "lqfd"),
    np.subtract: ("{0} - {1}", "lqfd"),
    np.multiply: ("{0} * {1}", "lqfd"),
    np.divide: ("{0} / {1}", "fd"),
    np.negative: ("-{0}", "lqfd"),
    np.positive: ("{0}", "lqfd"),
    np.square: ("{0} * {0}", "lqfd"),
    np.reciprocal: ("{one} / {0}", "fd"),
    np.sqrt: ("sqrt({0})", "fd"),
    np.absolute: ("abs({0})", "fd"),
    np.fabs: ("abs({0})", "fd"),
    np.maximum: ("choose(({0} >= {1}) | ({0} != {0}), {0}, {1})", "fd"),
    np.minimum: ("choose(({0} <= {1}) | ({0} != {0}), {0}, {1})", "fd"),
    np.sign: (
        "choose({0} > {zero}, {one}, choose({0} < {zero}, -{one}, "
        "choose({0} == {zero}, {zero}, {0})))",
        "fd",
    ),
    np.less: ("{0} < {1}", "lqfd"),
    np.less_equal: ("{0} <= {1}", "lqfd"),
    np.greater: ("{0} > {1}", "lqfd"),
    np.greater_equal: ("{0} >= {1}", "lqfd"),
    np.equal: ("{0} == {1}", "?lqfd"),
    np.not_equal: ("{0} != {1}", "?lqfd"),
    np.isnan: ("{0} != {0}", "fd"),
    np.isinf: ("abs({0}) == {inf}", "fd"),
    np.isfinite: ("abs({0}) < {inf}", "fd"),
    np.bitwise_and: ("{0} & {1}", "?lq"),
    np.bitwise_or: ("{0} | {1}", "?lq"),
    np.bitwise_xor: ("{0} ^ {1}", "?lq"),
    np.invert: ("{0} == {zero}", "?"),
    np.logical_and: ("{0} & {1}", "?"),
    np.logical_or: ("{0} | {1}", "?"),
    np.logical_xor: ("{0} ^ {1}", "?"),
    np.logical_not: ("{0} == {zero}", "?"),
}

_WHERE, _CLIP, _ASTYPE, _GETITEM = (ROWS[k] for k in (np.where, np.clip, "astype", "getitem"))
_RAISED = _FORMULAS[np.maximum][0]
_CLIPPED = _FORMULAS[np.minimum][0].replace("{1}", "{2}").replace("{0}", f"({_RAISED})")

IDENTITIES = {
    ROWS[key]
    for key in ("recorded", "stop_gradient", "copied", np.copy, np.positive)
    if key in ROWS
}
"""Rows whose result is their input."""

MOVES = {
    ROWS[key]
    for key in (
        np.reshape, np.ravel, np.squeeze, np.expand_dims, np.transpose, np.swapaxes,
        np.broadcast_to, np.moveaxis, np.flip, np.diagonal, "getitem",
    )
    if key in ROWS
}  # fmt: skip
"""Rows whose result is made of elements of their first input, often without moving any."""

WRITES = {ROWS["add_at"]: "{0} + {1}", ROWS["set_at"]: "{1}"}
"""Rows that write {1} into a part of the first operand: what an element {0} of that becomes."""

CONCATENATE, STACK, MATMUL = ROWS[np.concatenate], ROWS[np.stack], ROWS[np.matmul]

_SUM = Reduction("plus({0}, {1})", "{0} + {1}", "{zero}")
REDUCTIONS: dict[Op, Reduction] = {
    ROWS[np.sum]: _SUM,
    ROWS[np.mean]: _SUM,
    ROWS[np.max]: Reduction("largest({0}, {1})", "max({0}, {1})", "{low}"),
    ROWS[np.min]: Reduction("smallest({0}, {1})", "min({0}, {1})", "{high}"),
    ROWS[np.prod]: Reduction("{0} * {1}", "{0} * {1}", "{one}"),
}


def elementwise(line: Line) -> Formula | Loop | None:
    """How each element of the line is computed from those of its inputs, or None."""
    op, dtype = line.op, line.dtype
    assert op is not None
    if op is _WHERE and all(_held(a, dtype) for a in line.inputs[1:]):
        return Formula("choose({0}, {1}, {2})", (np.dtype(bool), dtype, dtype))
    if op is _CLIP and dtype.kind == "f":
        return Formula(_CLIPPED, (dtype,) * 3)
    if op is _ASTYPE and (dtype.kind == "f" or _dtype(line.inputs[0]).kind in "iub"):
        return Formula("{0}", (dtype,))
    if isinstance(op.forward, np.ufunc) and not line.params and op.forward.signature is None:
        return _ufunc(op.forward, line)
    return None


def identity(line: Line) -> bool:
    """Whether the line's value is that of its input."""
    a = line.inputs[0]
    same = isinstance(a, Line) and (a.shape, a.dtype) == (line.shape, line.dtype)
    return same and (line.op in IDENTITIES or line.op is _ASTYPE)


def mover(line: Line) -> Callable[[Array], Array]:
    """The function that moves the elements of the line's first input, or to where it writes."""
    rest, op, params = line.inputs[1:], line.op, line.params
    assert op is not None
    if op is not _GETITEM and op not in WRITES:
        return lambda a: op.forward(a, *rest, **params)
    index = rest[op in WRITES :]
    index = index if any(part is ... for part in index) else (*index, ...)
    return lambda a: a[index]


def native(line: Line) -> bool:
    """Whether native code can compute the line."""
    if line.op in WRITES:
        return _writable(line)
    if not all(_number(a) for a in (line, *line.inputs)) and line.op is not _GETITEM:
        return False
    if line.op in REDUCTIONS:
        return _reducible(line)
    if line.op is MATMUL:
        return inner_loop(np.matmul, (line.dtype,) * 2, line.dtype) is not None
    if line.op in {CONCATENATE, STACK}:
        return isinstance(line.params["axis"], int)
    if identity(line):
        return True
    if line.op in MOVES:
        x, *rest = line.inputs
        return _basic(rest) and isinstance(x, Line) and _number(x)
    return elementwise(line) is not None


def _basic(index: Sequence[Any]) -> bool:
    """Whether an index names a part by its place alone."""
    return all(
        part is None or part is ... or type(part) in {int, slice} or isinstance(part, np.integer)
        for part in index
    )


def _writable(line: Line) -> bool:
    """Whether it writes floats of its own dtype, or a Python number, into a basic part."""
    _, value, *index = line.inputs
    if line.dtype not in NUMBERS or line.dtype.kind != "f" or not _basic(index):
        return False
    part = mover(line)(np.broadcast_to(np.empty((), np.int8), line.shape))
    plain = type(value) in {int, float} or _dtype(value) == line.dtype
    return plain and len(shape_of(value)) <= part.ndim


def _number(a: Any) -> bool:
    if type(a) in {int, float, bool}:
        return True
    return isinstance(a, (Line, np.ndarray, np.generic)) and a.dtype in NUMBERS


def _reducible(line: Line) -> bool:
    x, kind = line.inputs[0], line.dtype.kind
    if not isinstance(x, Line) or not x.shape or not {"axis", "keepdims"} >= {*line.params}:
        return False
    if line.op is ROWS[np.mean]:
        return kind == "f"
    return kind == "f" or (kind in "iu" and line.dtype.itemsize == 8)


def _ufunc(function: np.ufunc, line: Line) -> Formula | Loop | None:
    given = [type(a) if type(a) in {int, float} else _dtype(a) for a in line.inputs]
    if len(given) != function.nin or function.nout != 1:
        return None
    try:
        *casts, dtype = function.resolve_dtypes((*given, None))
    except TypeError:  # a Python number this loop could not take, say
        return None
    if dtype != line.dtype or not NUMBERS.issuperset([*casts, dtype]):
        return None
    if not all(map(_held, line.inputs, casts)):
        return None
    if function is np.power and line.inputs[1] is not True and _is_two(line.inputs[1]):
        return Formula("{0} * {0}", (casts[0],)) if casts[0].kind == "f" else None
    if function is np.power and dtype.kind in "iu":
        return None  # its loop may raise, which native code cannot
    source, kinds = _FORMULAS.get(function, ("", ""))
    if all(c.char in kinds for c in casts):
        return Formula(source, tuple(casts))
    return inner_loop(function, tuple(casts), dtype)


def _held(a: Any, dtype: np.dtype[Any]) -> bool:
    """Whether the dtype has room for what may be a Python integer: NumPy compares any with any."""
    if type(a) is not int or dtype.kind not in "iu":
        return True
    return bool(np.iinfo(dtype).min <= a <= np.iinfo(dtype).max)


def _is_two(a: Any) -> bool:
    return not isinstance(a, Line) and np.ndim(a) == 0 and a == 2


def _dtype(a: Any) -> np.dtype[Any]:
    if isinstance(a, Line):
        return a.dtype
    return np.asarray(a).dtype


def inner_loop(
    function: np.ufunc, casts: tuple[np.dtype[Any], ...], dtype: np.dtype[Any]
) -> Loop | None:
    """The loop of a ufunc for these dtypes."""
    wanted = f"{''.join(c.char for c in casts)}->{dtype.char}"
    if wanted not in function.types or _layout(function) is None:
        return None
    return Loop(function, function.types.index(wanted), casts, dtype)


# Where NumPy keeps its inner loops ----------------------------------------------------------------


class _UFunc(ctypes.Structure):
    """The first fields of PyUFuncObject, part of NumPy's C interface."""

    _fields_ = (
        ("header", ctypes.c_byte * object.__basicsize__),
        ("nin", ctypes.c_int),
        ("nout", ctypes.c_int),
        ("nargs", ctypes.c_int),
        ("identity", ctypes.c_int),
        ("functions", ctypes.POINTER(ctypes.c_void_p)),
        ("data", ctypes.POINTER(ctypes.c_void_p)),
        ("ntypes", ctypes.c_int),
        ("reserved", ctypes.c_int),
        ("name", ctypes.c_char_p),
    )


def _layout(function: np.ufunc) -> _UFunc | None:
    """The fields of a ufunc; None if they are not where they are expected."""
    fields = _UFunc.from_address(id(function))
    counts = (fields.nin, fields.nout, fields.nargs, fields.ntypes)
    if counts != (function.nin, function.nout, function.nargs, function.ntypes):
        return None
    return fields if fields.name == function.__name__.encode() else None


def addresses(loop: Loop) -> tuple[int, int]:
    """Of the C function, and of the data to hand it."""
    fields = _layout(loop.function)
    assert fields is not None
    return fields.functions[loop.index] or 0, fields.data[loop.index] or 0


def number(value: Array, dtype: np.dtype[Any]) -> str:
    """A constant as source, in which `f4` and so on are NumPy's types, and inf and nan numbers.

    >>> number(2, np.dtype("f4")), number(np.inf, np.dtype("f8"))
    ('f4(2.0)', 'inf')
    >>> number(-2, np.dtype("f8"))
    '(-2.0)'
    """
    source = repr(dtype.type(value).item())
    if dtype.char == "d":
        return f"({source})" if source.startswith("-") else source
    return f"{caster(dtype)}({source})"


def caster(dtype: np.dtype[Any]) -> str:
    """The name of the type in generated source: f8, i4, b1."""
    return f"{dtype.kind}{dtype.itemsize}"
