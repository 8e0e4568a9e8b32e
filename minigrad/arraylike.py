"""What a Tensor shares with ndarray: NumPy's protocols, methods and conversions.

Nothing here knows how recording works; every operation goes through its row of the op table.

Read next: `minigrad.tensor`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from minigrad.errors import DTypeError, NoRuleError, ShapeError
from minigrad.table import row
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
    def real(self) -> Any:
        """The real part, as a recorded operation."""
        return _apply(np.real, self)

    @property
    def imag(self) -> Any:
        """The imaginary part, as a recorded operation."""
        return _apply(np.imag, self)

    def tolist(self) -> Any:
        """The value as a number or nested lists of numbers."""
        return self._value.tolist()

    def sort(self, *_args: Any, **_kwargs: Any) -> None:
        """Refused, for it would sort in place."""
        raise NoRuleError("sort: a Tensor is not written in place; use x = np.sort(x)")

    def item(self) -> Any:
        """The single element, as a Python number."""
        return self._single("item")

    def _single(self, what: str) -> Any:
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
        op = row(function)
        return op.call(op, *args, **kwargs)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise DTypeError(
            f"np.asarray of {self._called()}: that would drop its history, and its derivative with "
            "it; use .data for the value, np.stack for an array of Tensors"
        )

    def __setitem__(self, index: Any, value: Any) -> None:
        raise DTypeError(
            f"{self._called()}[...] = value: a Tensor is not written in place, its graph needs the "
            "old value; use x = minigrad.set_at(x, index, value)"
        )

    def __getitem__(self, index: Any) -> Any:
        return _apply("getitem", self, index)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __len__(self) -> int:
        if not self.shape:
            raise DTypeError(f"len: {self._called()} is a scalar and has no axis to count")
        return self.shape[0]

    def __float__(self) -> float:
        return float(self._single("float"))

    def __int__(self) -> int:
        return int(self._single("int"))

    def __complex__(self) -> complex:
        return complex(self._single("complex"))

    def __bool__(self) -> bool:
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
    nonzero = _method(np.nonzero)
    repeat = _method(np.repeat)
    take = _method(np.take)
    diagonal = _method(np.diagonal)
    trace = _method(np.trace)
    dot = _method(np.dot)
    round = _method(np.round)
    copy = _method(np.copy)
    conj = _method(np.conjugate)
    clip = _method(np.clip)
    squeeze = _method(np.squeeze)
    swapaxes = _method(np.swapaxes)
    ravel = _method(np.ravel)
    flatten = ravel

    def reshape(self, *shape: Any) -> Any:
        """`np.reshape`; the sizes one by one or as a tuple."""
        return _apply(np.reshape, self, shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes: Any) -> Any:
        """`np.transpose`; the axes one by one, as a tuple, or none for the reverse order."""
        return _apply(np.transpose, self, axes[0] if len(axes) == 1 else axes or None)

    def astype(self, dtype: Any) -> Any:
        """The same numbers in another dtype; gradients come back in this one's."""
        return _apply("astype", self, dtype=number_type("astype", dtype))
