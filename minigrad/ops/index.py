"""Indexing: reading parts of an array, and writing them as a recorded operation.

The parts of an index are inputs of the op, so an index array may itself be a Tensor.

Read next: `minigrad.ops.linalg`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.errors import DTypeError
from minigrad.ops.declare import arrays, linear
from minigrad.ops.shape import applied
from minigrad.table import Op
from minigrad.tensor import Tensor, record
from minigrad.tracing import refuse_value
from minigrad.values import Array

__all__ = ["set_at"]


def set_at(x: Any, index: Any, value: Any) -> Any:
    """A copy of `x` with `x[index] = value`: the recorded form of writing in place.

    Args:
        x: Tensor or array, of any shape.
        index: whatever NumPy takes between brackets. Of an element that the index names twice,
            the last value stays, and only that one gets a derivative.
        value: Tensor, array or number that broadcasts to `x[index]`.

    Returns:
        A Tensor if any of the three is one, else an array, of x's shape and dtype.

    Raises:
        DTypeError: x cannot hold the value: integers a float, real numbers a complex one.

    >>> x, v = Tensor([1.0, 2.0, 3.0]), Tensor(5.0)
    >>> y = set_at(x, 1, v)
    >>> (y * y).sum().backward()
    >>> x.grad, print(v.grad)
    10.0
    (array([2., 0., 6.]), None)
    """
    x, value = arrays(set_at, (x, value))
    kinds = [np.result_type(getattr(a, "dtype", a)) for a in (x, value)]
    if not np.can_cast(kinds[1], kinds[0], "same_kind"):
        raise DTypeError(
            f"set_at: got a value of dtype {kinds[1]}, which an array of {kinds[0]} cannot hold; "
            f"use set_at(x.astype({kinds[1]}), ...)"
        )
    return applied("set_at", x, value, *_parts(index))


def _parts(index: Any) -> tuple[Any, ...]:
    parts = index if isinstance(index, tuple) else (index,)
    return tuple([np.asarray(p, None if p else int) if isinstance(p, list) else p for p in parts])


def _getting(op: Op, x: Any, index: Any) -> Tensor:
    parts = _parts(index)
    for part in parts:
        if isinstance(part, (Tensor, np.ndarray)) and part.dtype.kind == "f" and part.size:
            raise DTypeError(
                f"getitem: got an index of dtype {part.dtype}; expected integers or bools "
                "(a Tensor of integers is x.astype(int))"
            )
        if isinstance(part, Tensor) and part.dtype == bool:
            refuse_value("nonzero")
    return record(op, (x, *parts))


def _get(x: Array, *index: Any) -> Array:
    return x[index]


def _set(x: Array, value: Array, *index: Any) -> Array:
    out = np.array(x)
    out[index] = value
    return out[()]


def _add(x: Array, value: Array, *index: Any) -> Array:
    out = np.array(x)
    if any(getattr(part, "dtype", np.bool_) != np.bool_ for part in index):
        np.add.at(out, index, value)  # integer arrays may name an element twice
    else:
        out[index] += value
    return out[()]


def _scatter(g: Array, y: Array, x: Array, *index: Any) -> Array:
    return applied("add_at", np.zeros(x.shape, g.dtype), g, *index)


def _last(shape: tuple[int, ...], index: tuple[Any, ...]) -> Array:
    """Which elements of x[index] are the last to name theirs."""
    index = tuple([part._value if isinstance(part, Tensor) else part for part in index])
    place = np.zeros(shape, np.intp)
    turn = np.arange(place[index].size).reshape(place[index].shape)
    place[index] = turn
    return place[index] == turn


linear("getitem", _scatter, forward=_get, call=_getting, code="{0}[{1*}]", latex="#0_{[#1*]}")
linear(
    "add_at",
    lambda g, y, x, value, *index: g,
    lambda g, y, x, value, *index: applied("getitem", g, *index),
    forward=_add,
    latex=r"\operatorname{add}_{[#2*]}(#0, #1)",
)
linear(
    "set_at",
    lambda g, y, x, value, *index: applied("set_at", g, 0, *index),
    lambda g, y, x, value, *index: applied("getitem", g, *index) * _last(x.shape, index),
    forward=_set,
    latex=r"\operatorname{set}_{[#2*]}(#0, #1)",
)


# Sums by label ------------------------------------------------------------------------------------


def _bincount(op: Op, x: Any, weights: Any = None, minlength: int = 0) -> Tensor:
    if isinstance(x, Tensor):
        refuse_value("bincount")
    inputs = (x,) if weights is None else (x, weights)
    return record(op, arrays(np.bincount, inputs), {"minlength": minlength})


linear(np.bincount, None, lambda g, y, x, weights, *, minlength: g[x], call=_bincount)
