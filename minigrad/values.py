"""What may stand in a Tensor or beside one: arrays taken in, checked, copied and handed out.

Read next: `minigrad.tensor`, which asks these questions.
"""

from __future__ import annotations

from sys import getrefcount
from typing import Any

import numpy as np

from minigrad.errors import DTypeError, ShapeError

__all__ = ["Array", "constant", "copied", "fitting", "number_type", "readonly", "settle"]

Array = Any  # any array that speaks NumPy's protocols: ndarray, NumPy scalar, dask array, …

_NUMBERS = (float, int, complex, np.number, np.bool_)


def constant(value: Any, function: Any) -> Array:
    """`value` as a constant operand of `function`: a number or an array, or a DTypeError."""
    kind = type(value)
    if kind is float or kind is int or (kind is not np.ndarray and isinstance(value, _NUMBERS)):
        return value
    if kind is np.ndarray and value.dtype.kind in "fciub":
        return value
    array = value
    if isinstance(value, (list, tuple, np.matrix)):
        array = np.asarray(value)
    _refuse_mask(function.__name__, value)
    if not hasattr(array, "dtype") or not hasattr(array, "__array_function__"):
        raise DTypeError(
            f"{function.__name__}: got {type(value).__name__} {value!r} as an operand; "
            "expected a Tensor, an array or a number"
        )
    if array.dtype.kind not in "fciub":
        raise DTypeError(
            f"{function.__name__}: got an operand of dtype {array.dtype}; "
            "expected numbers: convert it first, for example with .astype(float)"
        )
    return array


def copied(value: Any, dtype: Any) -> Array:
    """The value of a new leaf: a copy nobody else holds, floating or complex."""
    _refuse_mask("tensor", value)
    if hasattr(value, "__array_function__") and not isinstance(value, (np.ndarray, np.generic)):
        array = value.copy()  # another library's array: dask, CuPy
    else:
        try:
            array = np.array(value)
        except ValueError as error:
            raise ShapeError(f"tensor: got rows of different lengths: {error}") from error
    kind = array.dtype.kind
    if dtype is None:
        dtype = array.dtype if kind in "fc" else float
    wanted = number_type("tensor", dtype)
    if kind not in "fciub" or wanted.kind not in "fc":
        raise DTypeError(
            f"tensor: got {type(value).__name__} of dtype {array.dtype}, to keep as {wanted}; "
            "expected real or complex numbers, kept as float or complex"
        )
    if kind == "c" and wanted.kind == "f":
        raise DTypeError(f"tensor: {wanted} cannot hold the complex values; use .real")
    array = array.astype(np.dtype(wanted.type), copy=False)  # in this machine's byte order
    return array[()] if not array.shape and isinstance(array, np.ndarray) else array


def number_type(what: str, dtype: Any) -> np.dtype[Any]:
    """The dtype that `dtype` names, if it is one of numbers."""
    try:
        wanted: np.dtype[Any] = np.dtype(dtype)
    except TypeError as error:
        raise DTypeError(f"{what}: {error}; expected a dtype, such as float") from None
    if wanted.kind not in "fciub":
        raise DTypeError(f"{what}: got dtype {wanted}; expected one of numbers, such as float")
    return wanted


def _refuse_mask(what: str, value: Any) -> None:
    if isinstance(value, np.ndarray) and hasattr(value, "mask"):  # np.ma itself is slow to import
        raise DTypeError(f"{what}: got a masked array, whose mask would be lost; fill it first")


def fitting(what: str, value: Any, like: Array, cast: bool) -> Array:
    """`value` as an array of the shape and dtype of `like`, or an error that begins with `what`."""
    array = value if hasattr(value, "__array_function__") else np.asarray(value)
    if array.shape != like.shape:
        raise ShapeError(f"{what}: got shape {array.shape}; expected {like.shape}")
    if array.dtype != like.dtype:
        kinds = "iub" if not cast else "iubf" if like.dtype.kind == "f" else "iubfc"
        if array.dtype.kind not in kinds and array.dtype.newbyteorder("=") != like.dtype:
            raise DTypeError(f"{what}: got dtype {array.dtype}; expected {like.dtype}")
        array = array.astype(like.dtype)
    return array[()] if isinstance(array, np.ndarray) and not array.shape else array


def readonly(value: Array) -> Array:
    """A view of the array that cannot be written through."""
    if isinstance(value, np.generic):
        value = np.asarray(value)
    if not isinstance(value, np.ndarray):
        return value
    view = value.view()
    view.flags.writeable = False
    return view


def settle(arrays: list[Array]) -> list[Array]:
    """The same list, each array now its own: what is shared with anything else is copied."""
    for i, g in enumerate(arrays):
        if isinstance(g, np.ndarray):
            if getrefcount(g) > _OWN or not g.flags.owndata:
                arrays[i] = g.copy()
            if not g.shape:
                arrays[i] = g[()]
    return arrays


def _holders(arrays: list[Array]) -> int:
    for _, g in enumerate(arrays):
        return getrefcount(g)
    return 0


_OWN = _holders([np.empty(1)])  # how many holders the loop itself makes: varies with CPython
