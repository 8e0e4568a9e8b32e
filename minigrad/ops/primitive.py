"""primitive: a user's own function as an op, with a derivative rule of the user's.

Read next: `minigrad.transforms`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, overload

import numpy as np

from minigrad.errors import DTypeError, ShapeError
from minigrad.ops.declare import Each
from minigrad.table import Op
from minigrad.tensor import Tensor, record
from minigrad.values import Array

__all__ = ["primitive"]


Function = Callable[..., Any]


@overload
def primitive(
    f: Function, *, vjp: Any, symbol: str | None = None, code: str | None = None
) -> Function: ...


@overload
def primitive(
    f: None = None, *, vjp: Any, symbol: str | None = None, code: str | None = None
) -> Callable[[Function], Function]: ...


def primitive(
    f: Function | None = None,
    *,
    vjp: Any,
    symbol: str | None = None,
    code: str | None = None,
) -> Any:
    """A function of arrays with its own derivative rule, as one node of the graph.

    Args:
        f: `f(*inputs, **params)`, arrays in and one array out. On arrays it just runs; with a
            Tensor among the inputs the call is recorded.
        vjp: `(g, y, *inputs, **params) -> cotangent of the input` for one input; for several, a
            tuple of these, with None where no derivative passes, or one function that returns a
            tuple. Written in plain NumPy, it serves second derivatives too.
        symbol: what pictures write in its circle; its name by default.
        code: how programs write it, such as `{0} @ {1} + {2}`; a call by its name by default.

    Returns:
        The function. Without `f`, a decorator.

    Raises:
        ShapeError: when used, if a rule's result does not broadcast from the input's shape.

    >>> @primitive(vjp=lambda g, y, x: g * y * (1 - y))
    ... def logistic(x):
    ...     return 1 / (1 + np.exp(-x))
    >>> x = Tensor(0.0)
    >>> logistic(x).backward()
    >>> print(x.grad)
    0.25
    """
    if f is None:
        return lambda function: primitive(function, vjp=vjp, symbol=symbol, code=code)
    name = getattr(f, "__name__", type(f).__name__)
    rules = None if callable(vjp) else tuple(vjp)
    op = Op(
        name=name,
        forward=_checked_forward(name, f),
        vjps=_checked_rules(name, vjp, rules),
        symbol=symbol or name,
        form="primitive",
        call=lambda op, *args, **params: record(op, args, params),
        code=code or f"{name}({{*=}})",
    )

    @wraps(f)
    def function(*inputs: Any, **params: Any) -> Any:
        if Tensor in map(type, params.values()):
            raise DTypeError(
                f"{name}: a parameter is a Tensor; pass it by position to differentiate by it"
            )
        for a in inputs:
            if isinstance(a, Tensor):
                break
        else:
            return f(*inputs, **params)
        if rules is not None and len(rules) != len(inputs):
            raise ShapeError(
                f"{name}: got {len(inputs)} inputs; its vjp has {len(rules)} rules, one for each"
            )
        return record(op, inputs, params)

    return function


def _checked_forward(name: str, f: Callable[..., Any]) -> Callable[..., Array]:
    def forward(*args: Any, **params: Any) -> Array:
        y = f(*args, **params)
        if not hasattr(y, "dtype"):
            y = np.asarray(y)[()]
        if y.dtype.kind not in "fciub":
            raise DTypeError(f"{name}: it returned dtype {y.dtype}; expected an array of numbers")
        return y

    return forward


def _checked_rules(name: str, vjp: Any, rules: tuple[Any, ...] | None) -> Iterable[Any]:
    def cotangent(i: int, g: Array, y: Array, *inputs: Array, **params: Any) -> Array | None:
        if rules is not None:
            c = rules[i](g, y, *inputs, **params)
        else:
            c = vjp(g, y, *inputs, **params)
            if len(inputs) > 1 or type(c) is tuple:
                c = _entry(name, i, c, len(inputs))
        x = inputs[i]
        if type(c) is np.ndarray and c.shape == x.shape and c.dtype is x.dtype:
            return c
        return _checked(name, i, c, x.shape)

    each = Each(cotangent)
    return each if rules is None else tuple(r and checked for r, checked in zip(rules, each))


def _entry(name: str, i: int, c: Any, n: int) -> Any:
    """Entry `i` of what one vjp for `n` inputs returned."""
    if type(c) is not tuple or len(c) != n:
        got = f"a tuple of {len(c)}" if type(c) is tuple else type(c).__name__
        raise ShapeError(
            f"{name}: its vjp returned {got}; expected a tuple, one for each of {n} inputs"
        )
    return c[i]


def _checked(name: str, i: int, c: Any, shape: tuple[int, ...]) -> Array | None:
    """What a user's rule for input `i` returned, if it can be that input's cotangent."""
    if c is None or isinstance(c, Tensor):
        return c
    c = np.asarray(c)[()]
    if c.dtype.kind not in "fciub":
        raise DTypeError(
            f"{name}: the vjp for input {i} returned dtype {c.dtype}; expected numbers"
        )
    lead = c.ndim - len(shape)
    if lead < 0 or any(n not in (1, k) for n, k in zip(shape, c.shape[lead:], strict=True)):
        raise ShapeError(
            f"{name}: the vjp for input {i} returned shape {c.shape}; expected {shape}"
        )
    return c
