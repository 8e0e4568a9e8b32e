"""Shapes and dtypes of lines, derived from those of their inputs.

Read next: `minigrad.compile.algebra`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.program import Line
from minigrad.table import Op

__all__ = ["apply", "elementwise_type", "is_elementwise", "shape_of"]

Type = tuple[tuple[int, ...], np.dtype[Any]]


def is_elementwise(line: Any) -> bool:
    """Whether it is a line whose op is a ufunc of corresponding elements."""
    ufunc = line.op.forward if type(line) is Line and line.op else None
    return isinstance(ufunc, np.ufunc) and ufunc.signature is None and ufunc.nout == 1


def shape_of(a: Any) -> tuple[int, ...]:
    """The shape of an operand: a line or a constant."""
    return a.shape if type(a) is Line else np.shape(a)


def elementwise_type(op: Op, inputs: tuple[Any, ...]) -> Type:
    """Shape and dtype of an elementwise op; a Python number is weak, as in NumPy."""
    shape = np.broadcast_shapes(*map(shape_of, inputs))
    kinds = [a.dtype if hasattr(a, "dtype") else _weak(a) for a in inputs]
    dtype: np.dtype[Any] = op.forward.resolve_dtypes((*kinds, None))[-1]  # type: ignore[attr-defined]
    return shape, dtype


def apply(op: Op, *inputs: Any) -> Line:
    """The line of an elementwise op on these operands."""
    shape, dtype = elementwise_type(op, inputs)
    return Line(op, inputs, {}, shape, dtype, None)


def _weak(a: Any) -> Any:
    return type(a) if type(a) in (int, float, complex) else np.asarray(a).dtype
