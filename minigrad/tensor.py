"""Tensor: a variable that records what NumPy does to it, as a node of the computation graph.

An operation on Tensors computes its array at once and remembers (op, inputs); following the
inputs back from any result is the computation graph. `ROWS`, which `minigrad.ops` fills, says for
each NumPy function which op it is.

Read next: `minigrad.sweep`, the way back through these nodes.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from itertools import count
from sys import getrefcount
from typing import Any

import numpy as np

from minigrad.arraylike import ArrayLike
from minigrad.errors import DTypeError, MinigradError, ShapeError, failed
from minigrad.sweep import sweep
from minigrad.table import ROWS, Op
from minigrad.tracing import (
    debugger,
    is_recording,
    mode,
    no_grad,
    recording,
    refuse_value,
    tracer,
)
from minigrad.values import Array, constant, copied, fitting, readonly, settle

__all__ = [
    "Tensor", "as_argument", "clock", "is_argument", "is_recording", "name", "no_grad", "record",
    "recording", "remember", "tensor",
]  # fmt: skip

_NO_PARAMS: Mapping[str, Any] = {}
_ARGUMENT: Mapping[str, Any] = {}  # the params of a leaf that a transform made
clock = count(1)  # next() is atomic, so serials are unique across threads
_watching = tracer.get  # the trace that is told of what happens here, or None
_mode = mode.get  # None, as long as operations are recorded and nobody else is told
_new = object.__new__


def record(op: Op, inputs: tuple[Any, ...], params: Mapping[str, Any] = _NO_PARAMS) -> Tensor:
    """Apply `op` to the inputs (Tensors and constants) and return the node that remembers it."""
    args = tuple([a._value if isinstance(a, Tensor) else a for a in inputs])
    try:
        value = op.forward(*args, **params)
    except (ValueError, TypeError, IndexError) as error:
        if isinstance(error, MinigradError):
            raise
        raise failed(op.name, op.symbol, args, error) from error
    return remember(value, op, inputs, args, params)


def remember(
    value: Array,
    op: Op | None,
    inputs: tuple[Any, ...],
    args: tuple[Any, ...],
    params: Mapping[str, Any],
) -> Tensor:
    """The node for a value that `op` computed from the args, which the inputs held."""
    node: Tensor = _new(Tensor)
    unusual = _mode()
    if unusual is not None:
        if unusual is False and _watching() is not None:  # it is traced, but not differentiated
            with recording(True):
                return record(ROWS["stop_gradient"], (remember(value, op, inputs, args, params),))
        told = debugger.get()
        if told is not None:
            node.notes = told.note(value, op, inputs, args, params)
        if unusual is False:
            op, inputs, args, params = None, (), (), _NO_PARAMS
            if isinstance(value, np.ndarray) and not value.flags.owndata:
                value = value.copy()  # a leaf holds an array of its own
    node._value = value
    node.op = op
    node.inputs = inputs
    node._args = args
    node.params = params
    node.serial = next(clock)
    node.name = node._grad = None
    return node


def _binary(function: Any, compute: Callable[[Any, Any], Array]) -> tuple[Any, Any]:
    """The operator method for `function` and its reflection; `compute` is the quick way to it."""

    def apply(inputs: tuple[Any, Any], a: Array, b: Array) -> Tensor:
        op = ROWS[function]
        try:
            value = compute(a, b)
        except (ValueError, TypeError) as error:
            raise failed(op.name, op.symbol, (a, b), error) from error
        if type(value) is complex:  # Python's complex takes np.float64 for a float of its own
            value = np.complex128(value)
        return remember(value, op, inputs, (a, b), _NO_PARAMS)

    def method(self: Tensor, other: Any) -> Tensor:
        if isinstance(other, Tensor):
            return apply((self, other), self._value, other._value)
        other = constant(other, function)
        return apply((self, other), self._value, other)

    def reflected(self: Tensor, other: Any) -> Tensor:
        other = constant(other, function)
        return apply((other, self), other, self._value)

    return method, reflected


def _comparison(function: Any, compute: Callable[[Any, Any], Array]) -> Any:
    """Like `_binary`, but what is no number is merely not equal: `x == None` is False."""
    method = _binary(function, compute)[0]

    def compare(self: Tensor, other: Any) -> Any:
        return NotImplemented if other is None or isinstance(other, str) else method(self, other)

    return compare


class Tensor(ArrayLike):
    """A variable: an array whose history of operations is recorded.

    Args:
        value: a number, nested list or array, of any shape. It is copied. Integers and bools
            become float64; float16, 32, 64 and complex keep their dtype.
        dtype: a floating or complex dtype to convert to.
        name: what to call it in pictures, programs and messages.

    Raises:
        DTypeError: strings, objects, dates, masked arrays; also a Tensor (use `stop_gradient`);
            a name that is no string.

    >>> x = Tensor([1, 2, 3], name="x")
    >>> y = (x * x).sum()
    >>> y.backward()
    >>> x.grad
    array([2., 4., 6.])
    """

    __slots__ = ("_args", "_grad", "_value", "inputs", "name", "notes", "op", "params", "serial")

    _args: tuple[Any, ...]
    _grad: Array | None
    _value: Array
    inputs: tuple[Any, ...]
    name: str | None
    notes: dict[str, Any]  # what views tell of it; unset until someone has something to tell
    op: Op | None
    params: Mapping[str, Any]
    serial: int

    def __init__(self, value: Any, dtype: Any = None, name: str | None = None) -> None:
        if name is not None and not isinstance(name, str):
            raise DTypeError(f"tensor: got {name!r} as the name; expected a string")
        kind = type(value)
        if (kind is float or kind is int) and dtype is None:
            self._value = np.float64(value)
        elif isinstance(value, Tensor):
            raise DTypeError(
                "tensor: got a Tensor; use it as it is, or minigrad.tensor(x.data) for a new "
                "variable with its value, cut from its history"
            )
        else:
            self._value = copied(value, dtype)
        self.op = self._grad = None
        self.inputs = self._args = ()
        self.params = _NO_PARAMS
        self.serial = next(clock)
        self.name = name

    # What it holds ------------------------------------------------------------------------------

    @property
    def data(self) -> Array:
        """The value, as a read-only array. Assigning rebinds a leaf: `W.data = W.data - step`."""
        watching = _watching()
        return readonly(self._value) if watching is None else watching.read(self)

    @data.setter
    def data(self, value: Any) -> None:
        self._leaf("assigning .data")
        watching = _watching()
        if watching is not None:
            watching.assign(self, value)
            return
        new = self._fitting(f"data of {self._called()}", value)
        self._value = new.copy() if isinstance(new, np.ndarray) else new

    def descend(self, step: Array) -> None:
        """W := W - step, for a leaf; in place where no graph, view or caller holds the old array.

        Args:
            step: of the leaf's shape, for example `alpha * W.grad`.
        """
        if _watching() is not None:
            self.data = self.data - step
            return
        value = self._value
        like = type(step) is type(value) and step.dtype is value.dtype and step.shape == value.shape
        if self.op is not None or self.params is _ARGUMENT or not like:
            self._leaf("descend()")
            step = self._fitting(f"step of {self._called()}", step, cast=True)
        if type(value) is np.ndarray and getrefcount(value) <= _UNHELD:
            value -= step
        else:
            self._value = value - step

    @property
    def grad(self) -> Array | None:
        """What `backward()` has accumulated here, of this Tensor's shape and dtype; None before."""
        watching = _watching()
        if watching is not None:
            watching.grad(self)
            if isinstance(self._grad, Tensor):
                return watching.read(self._grad)
        return self._grad

    @grad.setter
    def grad(self, value: Any) -> None:
        traced = _watching() is not None and isinstance(value, Tensor)
        if value is not None and not traced:
            value = self._fitting(f"grad of {self._called()}", value).copy()
        self.zero_grad()
        self._grad = value

    def zero_grad(self) -> None:
        """Forget the accumulated gradient."""
        self._grad = None
        watching = _watching()
        if watching is not None:
            watching.set_grad(self)

    def operands(self) -> tuple[Any, ...]:
        """The inputs as they were when this was computed.

        A leaf assigned since then is stood in for by a node with the old value, through which
        derivatives still reach the leaf.
        """
        return tuple(
            a if a is x or a._value is x else remember(x, ROWS["recorded"], (a,), (x,), _NO_PARAMS)
            for a, x in zip(self.inputs, self._args, strict=True)
        )

    # Backpropagation ----------------------------------------------------------------------------

    def backward(self, seed: Any = None) -> None:
        """Add d self/d node to `.grad` of every leaf and every named node self depends on.

        Args:
            seed: the cotangent of self, of its shape; 1 by default, which needs a single element.

        Raises:
            ShapeError: self has more than one element and no seed is given, or the seed does
                not fit.

        A second call adds to the first, exactly; an exception in between leaves every `.grad`
        as it was.
        """
        value = self._value
        if value.dtype.kind not in ("f" if seed is None else "fc"):
            raise DTypeError(
                f"backward: {self._called()} has dtype {self.dtype}; expected a real output"
                + (", or a seed" if self.dtype.kind == "c" else "")
            )
        if seed is None:
            if value.size != 1:
                raise ShapeError(
                    f"backward: {self._called()} has shape {self.shape}, not a single element; "
                    "reduce it first, for example with .sum(), or pass a seed of that shape"
                )
            seed = value.dtype.type(1) if not value.shape else np.ones(value.shape, value.dtype)
        else:
            seed = self._fitting("backward: seed", seed, cast=True)
        seeds = {self: seed}
        kept: list[Tensor] = []
        arrays: list[Array] = []
        watching = _watching()
        for node, g in sweep(seeds, None, watching is not None):
            if node.op is None or node.name is not None:
                kept.append(node)
                arrays.append(g)
        del seed, seeds, g  # so that settle sees who else holds an array
        if watching is not None:
            for node in kept:
                watching.grad(node)
        for i, g in enumerate(settle(arrays)):
            if kept[i]._grad is not None:
                arrays[i] = kept[i]._grad + g
        any(map(_set_grad, kept, arrays))  # at once: an interrupt finds all as before, or all new

    __hash__ = object.__hash__

    __add__, __radd__ = _binary(np.add, operator.add)
    __sub__, __rsub__ = _binary(np.subtract, operator.sub)
    __mul__, __rmul__ = _binary(np.multiply, operator.mul)
    __truediv__, __rtruediv__ = _binary(np.divide, operator.truediv)
    __pow__, __rpow__ = _binary(np.power, operator.pow)
    __matmul__, __rmatmul__ = _binary(np.matmul, operator.matmul)
    __mod__, __rmod__ = _binary(np.remainder, operator.mod)
    __floordiv__, __rfloordiv__ = _binary(np.floor_divide, operator.floordiv)
    __divmod__ = lambda self, other: (self // other, self % other)  # noqa: E731
    __rdivmod__ = lambda self, other: (other // self, other % self)  # noqa: E731
    __and__, __rand__ = _binary(np.bitwise_and, operator.and_)
    __or__, __ror__ = _binary(np.bitwise_or, operator.or_)
    __xor__, __rxor__ = _binary(np.bitwise_xor, operator.xor)
    __lt__ = _comparison(np.less, operator.lt)
    __le__ = _comparison(np.less_equal, operator.le)
    __gt__ = _comparison(np.greater, operator.gt)
    __ge__ = _comparison(np.greater_equal, operator.ge)
    __eq__ = _comparison(np.equal, operator.eq)
    __ne__ = _comparison(np.not_equal, operator.ne)

    # Copies ------------------------------------------------------------------------------------

    def __reduce__(self) -> Any:  # pickles and copies of a leaf are leaves of their own
        refuse_value("copy")
        self._leaf("copying or pickling")
        return Tensor, (self._value, None, self.name), self._grad

    def __setstate__(self, grad: Array) -> None:
        self._grad = grad

    # Checks ------------------------------------------------------------------------------------

    def _fitting(self, what: str, value: Any, cast: bool = False) -> Array:
        if isinstance(value, Tensor):
            raise DTypeError(f"{what}: got a Tensor; expected an array, use its .data")
        return fitting(what, value, self._value, cast)

    def _leaf(self, what: str) -> None:
        origin = f"was computed by {self.op.name}" if self.op is not None else ""
        origin = "is an argument of a transform" if is_argument(self) else origin
        if origin:
            raise DTypeError(
                f"{what}: {self._called()} {origin}; only a leaf, made by minigrad.tensor(...), "
                "can be assigned, copied or pickled; a copy that derivatives pass is x.copy()"
            )


def as_argument(value: Any) -> Tensor:
    """A variable for a transform to hand to f: assigned or copied it would lose the derivative."""
    node = Tensor(value)
    node.params = _ARGUMENT
    return node


def is_argument(node: Tensor) -> bool:
    """Whether it is what a transform, or checkpoint, handed to its function."""
    return node.params is _ARGUMENT or (node.op is not None and node.op.name == "recorded")


def tensor(value: Any, *, dtype: Any = None, name: str | None = None) -> Tensor:
    """A new variable with a copy of `value`. See `Tensor`.

    >>> tensor(5, name="a")
    tensor(5., name='a')
    """
    return Tensor(value, dtype, name)


def name(node: Tensor | None = None, label: str | None = None, /, **tensors: Tensor) -> Any:
    """Name nodes, for pictures and programs; `backward()` keeps the gradient of a named node.

    Call it as `u = name(b * c, "u")`, which returns the node, or as `name(u=u, v=v)`.

    >>> b, c = tensor(3), tensor(2)
    >>> u = name(b * c, "u")
    >>> (3 * u).backward()
    >>> print(u.grad)
    3.0
    """
    if node is not None:
        if not isinstance(label, str):
            raise DTypeError(f"name: got {label!r} as the name; expected a string: name(node, 'u')")
        tensors = {label: node, **tensors}
    for called, each in tensors.items():
        if not isinstance(each, Tensor):
            raise DTypeError(f"name: {called} is {type(each).__name__}; only a Tensor can be named")
        each.name = called
    return node


def _unheld() -> int:
    probe = Tensor(np.empty(1))
    value = probe._value
    return getrefcount(value)


_UNHELD = _unheld()
_set_grad = Tensor.__dict__["_grad"].__set__
