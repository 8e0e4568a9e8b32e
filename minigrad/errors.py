"""The exceptions minigrad raises: what operation, what came, what was expected, what to do.

Read next: `minigrad.tensor`, where most of them are raised.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = [
    "DTypeError",
    "DebugWarning",
    "GraphError",
    "IndexingError",
    "MinigradError",
    "MutatedError",
    "NoRuleError",
    "NonFiniteError",
    "ShapeError",
    "SingularError",
    "failed",
]


class MinigradError(Exception):
    """Base of every exception minigrad raises on purpose."""


class ShapeError(MinigradError, ValueError):
    """Sizes, shapes or tree structures that do not fit."""


class DTypeError(MinigradError, TypeError):
    """A value that is no number, or a number of an unusable kind."""


class IndexingError(MinigradError, IndexError):
    """An index outside its axis."""


class NoRuleError(MinigradError, TypeError):
    """A function, method or argument that minigrad has no derivative for."""


class GraphError(MinigradError, ValueError):
    """A view of a graph that cannot be had: an unknown node, a format nothing here draws."""


class SingularError(ShapeError, np.linalg.LinAlgError):
    """A matrix that is singular, or does not converge; a `numpy.linalg.LinAlgError` too."""


class NonFiniteError(MinigradError, ArithmeticError):
    """An operation or a derivative that made a nan or an infinity; `minigrad.debug` raises it."""


class MutatedError(MinigradError, RuntimeError):
    """An array written to between its use and backward; `minigrad.debug` raises it."""


class DebugWarning(UserWarning):
    """What `minigrad.debug` found and does not raise."""


# What NumPy's LinAlgErrors say of the numbers in a matrix; the others are about its shape.
_OF_NUMBERS = ("ingular", "converge", "positive definite", "infs or NaNs")


def failed(op: str, symbol: str, args: Sequence[Any], error: Exception) -> MinigradError:
    """What to raise when `op` applied to the arrays `args` raised NumPy's `error`.

    >>> import numpy as np
    >>> print(failed("matmul", "@", (np.zeros((2, 3)), np.zeros((4, 5))), ValueError("")))
    matmul: (2, 3) @ (4, 5): inner sizes 3 and 4 differ
    """
    shapes = [str(a.shape) if hasattr(a, "shape") else repr(a) for a in args]
    infix = len(args) == 2 and not any(map(str.isalnum, symbol))
    joint = f" {symbol} " if infix else ", "
    reason = str(error)
    if isinstance(error, IndexError) and not isinstance(error, ValueError):
        return IndexingError(f"{op}: {joint.join(shapes)}: {reason}")
    if isinstance(error, np.linalg.LinAlgError) and any(part in reason for part in _OF_NUMBERS):
        return SingularError(f"{op}: {joint.join(shapes)}: {reason}")
    if isinstance(error, ValueError):
        if op == "matmul":
            reason = _why_no_product(*(getattr(a, "shape", ()) for a in args))
        elif "broadcast" in reason:
            reason = "shapes do not broadcast; counted from the right, sizes must be equal or 1"
        return ShapeError(f"{op}: {joint.join(shapes)}: {reason}")
    return DTypeError(f"{op}: {joint.join(shapes)}: {reason}")


def _why_no_product(a: tuple[int, ...], b: tuple[int, ...]) -> str:
    if not a or not b:
        return "a matrix product needs at least one axis on each side; use * for a number"
    inner = b[-2] if len(b) > 1 else b[0]
    if a[-1] != inner:
        return f"inner sizes {a[-1]} and {inner} differ"
    return "the leading (batch) axes do not broadcast"
