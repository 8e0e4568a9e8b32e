"""What a Tensor shares with ndarray: NumPy's protocols, methods and conversions.

Nothing here knows how recording works; every operation goes through its row of the op table.

Read next: `minigrad.tensor`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from opcode import opmap
from types import FrameType
from typing import Any

import numpy as np

from minigrad.errors import DTypeError, NoRuleError, ShapeError
from minigrad.table import caller, instead, numpys, row
from minigrad.tracing import is_recording, refuse_value
from minigrad.values import Array, constant, number_type

__all__ = ["ArrayLike"]


def _apply(function: Any, *args: Any, **kwargs: Any) -> Any:
    op = row(function)
    return op.call(op, *args, **kwargs)


def _method(function: Any) -> Any:
    """The ndarray method that does what `function` does."""

    def method(self: ArrayLike, *args: Any, **kwargs: Any) -> Any:
        op = row(function)
        return op.call(op, self, *args, **kwargs)

    method.__doc__ = f"`np.{function.__name__}` of self, as a recorded operation."
    return method


def _refused(name: str, instead: str) -> Any:
    """A method of ndarray that a Tensor has only to say what to use instead."""

    def method(*_args: Any, **_kwargs: Any) -> Any:
        raise NoRuleError(f"{name}: {instead}")

    method.__doc__ = f"Refused: {instead}."
    return method


def _in_place(name: str, instead: str) -> Any:
    return _refused(name, f"a Tensor is not written in place; use {instead}")


def _on_data(name: str) -> Any:
    return _refused(name, f"a question about the array, not the numbers; use x.data.{name}(...)")


# What a method of a ufunc does to a Tensor, said by the function that has the row.
_REDUCE: dict[Any, Any] = {
    np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min,
    np.fmax: np.nanmax, np.fmin: np.nanmin, np.logaddexp: "logsumexp",
    np.logical_and: np.all, np.logical_or: np.any,
}  # fmt: skip
_ACCUMULATE: dict[Any, Any] = {np.add: np.cumsum, np.multiply: np.cumprod}

_IN_PLACE = {np.copyto, np.fill_diagonal, np.place, np.put, np.put_along_axis, np.putmask}


class ArrayLike:
    """An object with a value that answers as an ndarray would; the base of `Tensor`."""

    __slots__ = ()

    _value: Array
    name: str | None

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the axes; () for a scalar."""
        shape: tuple[int, ...] = self._value.shape
        return shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the value and of the gradient."""
        dtype: np.dtype[Any] = self._value.dtype
        return dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self._value.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(self._value.size)

    @property
    def T(self) -> Any:
        """The transpose: axes in reverse order."""
        return self.transpose()

    @property
    def mT(self) -> Any:
        """The transpose of each matrix of a stack."""
        return _apply(np.matrix_transpose, self)

    @property
    def flat(self) -> Any:
        """The elements in one row, as a recorded operation."""
        return self.ravel()

    @property
    def itemsize(self) -> int:
        """The bytes of an element."""
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """The bytes of all elements."""
        return self.size * self.dtype.itemsize

    @property
    def real(self) -> Any:
        """The real part, as a recorded operation."""
        return _apply(np.real, self)

    @property
    def imag(self) -> Any:
        """The imaginary part, as a recorded operation."""
        return _apply(np.imag, self)

    def tolist(self) -> Any:
        """The value as a number or nested lists of numbers."""
        refuse_value("tolist")
        return self._value.tolist()

    def tobytes(self, order: Any = "C") -> bytes:
        """The value's bytes."""
        refuse_value("tobytes")
        raw: bytes = self._value.tobytes(order)
        return raw

    def item(self, *index: Any) -> Any:
        """The single element, or the one at an index, as a Python number."""
        if index:
            refuse_value("item")
            return self._value.item(*index)
        return self._single("item")

    def _single(self, what: str) -> Any:
        refuse_value(what)
        if self.size != 1:
            raise ShapeError(
                f"{what}: {self._called()} has shape {self.shape}; expected a single element"
            )
        return self._value.item()

    def _called(self) -> str:
        return f"tensor {self.name!r}" if self.name else "the tensor"

    # NumPy's protocols --------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if "out" in kwargs:
            raise NoRuleError(
                f"{ufunc.__name__}: out= writes in place, which a recorded graph cannot undo; "
                "use the returned value (write a = a + x for a += x)"
            )
        same = {"reduce": _REDUCE, "accumulate": _ACCUMULATE}.get(method, {}).get(ufunc)
        if same is not None:
            given = {k: v for k, v in kwargs.items() if v is not None or k == "axis"}
            return _apply(same, *inputs, **{"axis": 0, **given})
        if method == "outer" and not kwargs:
            a, b = inputs
            spaced = np.reshape(a, (*np.shape(a), *(1,) * np.ndim(b)))
            return _apply(ufunc, spaced, b)
        if method == "at":
            raise NoRuleError(
                f"{ufunc.__name__}.at: writes in place, which a recorded graph cannot undo; use "
                "x = minigrad.set_at(x, index, value), or np.bincount for sums by label"
            )
        if method != "__call__" or kwargs:
            asked = f".{method}" if method != "__call__" else f" with {', '.join(kwargs)}="
            raise NoRuleError(
                f"{ufunc.__name__}{asked} has no derivative rule; expected a plain call "
                f"np.{ufunc.__name__}(...)"
            )
        operands = tuple([a if isinstance(a, ArrayLike) else constant(a, ufunc) for a in inputs])
        op = row(ufunc)
        return op.call(op, *operands)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function in _IN_PLACE:
            raise NoRuleError(
                f"{function.__name__}: writes in place, which a recorded graph cannot undo; use "
                "x = minigrad.set_at(x, index, value)"
            )
        op = row(function)
        return op.call(op, *args, **kwargs)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        self._not_for_scipy("array")
        called = numpys(sys._getframe(1)) or "asarray"
        raise DTypeError(
            f"np.{called} of {self._called()}: that would drop its history, and its derivative "
            "with it; use .data for the value, np.stack for an array of Tensors"
        )

    def __setitem__(self, index: Any, value: Any) -> None:
        raise DTypeError(
            f"{self._called()}[...] = value: a Tensor is not written in place, its graph needs the "
            "old value; use x = minigrad.set_at(x, index, value)"
        )

    def __getitem__(self, index: Any) -> Any:
        return _apply("getitem", self, index)

    def __iter__(self) -> Iterator[Any]:
        refuse_value("iter")
        return (self[i] for i in range(len(self)))

    def __contains__(self, value: Any) -> bool:
        return bool(np.any(self == value))

    def __len__(self) -> int:
        if not self.shape:
            raise DTypeError(f"len: {self._called()} is a scalar and has no axis to count")
        return self.shape[0]

    def __float__(self) -> float:
        self._not_kept(sys._getframe(1))
        return float(self._single("float"))

    def __int__(self) -> int:
        self._not_kept(sys._getframe(1))
        return int(self._single("int"))

    def __index__(self) -> int:
        if self.dtype.kind not in "iu" or self.shape:
            raise DTypeError(
                f"index: {self._called()} has dtype {self.dtype} and shape {self.shape}; expected "
                "a single integer: use int(x) or x.astype(int)"
            )
        return int(self._single("index"))

    def __complex__(self) -> complex:
        self._not_kept(sys._getframe(1))
        return complex(self._single("complex"))

    def _not_kept(self, frame: FrameType) -> None:
        """Refuse to become a number that others keep: `array[i] = self`, SciPy's code, NumPy's."""
        if self.dtype.kind not in "fc" or not is_recording():
            return
        if frame.f_code.co_code[frame.f_lasti] == opmap["STORE_SUBSCR"]:
            raise DTypeError(
                f"array[...] = {self._called()}: an array would keep the value without its history "
                "and derivative; use array = minigrad.set_at(array, index, x), or np.stack of a "
                "list; float(x) for the value alone"
            )
        self._not_for_scipy("number")
        if called := numpys(frame):
            raise DTypeError(
                f"np.{called} of {self._called()}, for a plain number: that would drop its "
                "history, and its derivative with it; use .data for the value"
            )

    def _not_for_scipy(self, kind: str) -> None:
        if called := caller():
            raise DTypeError(
                f"{called}: SciPy's Python code takes {self._called()} for a plain {kind}, without "
                f"its history and derivative; {instead(called)}; for the value alone pass .data"
            )

    def __bool__(self) -> bool:
        refuse_value("bool")
        if self.size != 1:
            raise ShapeError(
                f"bool: {self._called()} has shape {self.shape}; the truth of several elements is "
                "ambiguous: use np.where, or .data with .any() or .all()"
            )
        return bool(self._value)

    def __repr__(self) -> str:
        array = np.array2string(np.asarray(self._value), separator=", ", prefix="tensor(")
        kind = "" if self.dtype == np.float64 else f", dtype={self.dtype}"
        return f"tensor({array}{kind}{f', name={self.name!r}' if self.name else ''})"

    def __format__(self, spec: str) -> str:
        return format(self._single("format"), spec) if spec else str(self)

    # Methods ------------------------------------------------------------------------------------

    __pos__ = _method(np.positive)
    __neg__ = _method(np.negative)
    __abs__ = _method(np.absolute)
    __invert__ = _method(np.invert)

    sum = _method(np.sum)
    mean = _method(np.mean)
    max = _method(np.max)
    min = _method(np.min)
    prod = _method(np.prod)
    var = _method(np.var)
    std = _method(np.std)
    cumsum = _method(np.cumsum)
    cumprod = _method(np.cumprod)
    any = _method(np.any)
    all = _method(np.all)
    argmax = _method(np.argmax)
    argmin = _method(np.argmin)
    argsort = _method(np.argsort)
    argpartition = _method(np.argpartition)
    searchsorted = _method(np.searchsorted)
    nonzero = _method(np.nonzero)
    repeat = _method(np.repeat)
    take = _method(np.take)
    choose = _method(np.choose)
    diagonal = _method(np.diagonal)
    trace = _method(np.trace)
    dot = _method(np.dot)
    round = _method(np.round)
    copy = _method(np.copy)
    conj = _method(np.conjugate)
    conjugate = conj
    clip = _method(np.clip)
    squeeze = _method(np.squeeze)
    swapaxes = _method(np.swapaxes)
    ravel = _method(np.ravel)
    flatten = ravel

    def compress(self, condition: Any, axis: int | None = None) -> Any:
        """`np.compress` of self, as a recorded operation."""
        return _apply(np.compress, condition, self, axis)

    def reshape(self, *shape: Any, **order: Any) -> Any:
        """`np.reshape`; the sizes one by one or as a tuple."""
        return _apply(np.reshape, self, shape[0] if len(shape) == 1 else shape, **order)

    def transpose(self, *axes: Any) -> Any:
        """`np.transpose`; the axes one by one, as a tuple, or none for the reverse order."""
        return _apply(np.transpose, self, axes[0] if len(axes) == 1 else axes or None)

    def astype(self, dtype: Any, *, copy: bool = True) -> Any:
        """The same numbers in another dtype; gradients come back in this one's."""
        dtype = number_type("astype", dtype)
        if not copy and dtype == self.dtype:
            return self
        return _apply("astype", self, dtype=dtype)

    sort = _in_place("sort", "x = np.sort(x)")
    partition = _in_place("partition", "x = np.partition(x, kth)")
    fill = _in_place("fill", "x = np.full_like(x, value)")
    put = _in_place("put", "x = minigrad.set_at(x, index, value)")
    resize = _in_place("resize", "x = np.resize(x, shape)")
    setfield = _in_place("setfield", "x = minigrad.set_at(x, index, value)")
    setflags = _in_place("setflags", "x.data.copy() for an array that can be written")
    byteswap, view, getfield = _on_data("byteswap"), _on_data("view"), _on_data("getfield")
    tofile, dump, dumps = _on_data("tofile"), _on_data("dump"), _on_data("dumps")
