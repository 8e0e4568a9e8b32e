"""primitive: a user's own function as an op, with a derivative rule of the user's.

Read next: `minigrad.transforms`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import partial, wraps
from typing import Any, overload

import numpy as np

from minigrad.errors import DTypeError, ShapeError
from minigrad.ops.declare import Joint
from minigrad.table import Op, word
from minigrad.tensor import Tensor, record
from minigrad.tracing import tracer
from minigrad.values import Array

__all__ = ["primitive"]


Function = Callable[..., Any]
_watching = tracer.get


@overload
def primitive(
    f: Function,
    *,
    vjp: Any,
    symbol: str | None = None,
    code: str | None = None,
    latex: str = "",
    inline: bool = False,
) -> Function: ...


@overload
def primitive(
    f: None = None,
    *,
    vjp: Any,
    symbol: str | None = None,
    code: str | None = None,
    latex: str = "",
    inline: bool = False,
) -> Callable[[Function], Function]: ...


def primitive(
    f: Function | None = None,
    *,
    vjp: Any,
    symbol: str | None = None,
    code: str | None = None,
    latex: str = "",
    inline: bool = False,
) -> Any:
    """A function of arrays with its own derivative rule, as one node of the graph.

    Args:
        f: `f(*inputs, **params)`, arrays in and one array out. On arrays it just runs; with a
            Tensor among the inputs the call is recorded. It is given lists as arrays.
        vjp: `(g, y, *inputs, **params) -> cotangent of the input` for one input; for several, a
            tuple of these, with None where no derivative passes, or one function that returns a
            tuple. Written in plain NumPy, it serves second derivatives too.
        symbol: what pictures write in its circle; its name by default.
        code: how programs write it, such as `{0} @ {1} + {2}`; a call by its name by default.
        latex: how equations write it, such as `#0^2`; its name, applied to the inputs, by
            default. See `minigrad.table.Op`.
        inline: whether `minigrad.compile` may look inside, once, with Tensors in the place of
            arrays: for an f of NumPy functions alone, whose result depends on its arguments and
            nothing else. Otherwise compiled code calls f each time, as it must where f draws
            random numbers. An f that chooses a branch by a value is called all the same.

    Returns:
        The function. Without `f`, a decorator.

    Raises:
        DTypeError: f is no function, or vjp none; when used, if f returned no numbers.
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
        return partial(primitive, vjp=vjp, symbol=symbol, code=code, latex=latex, inline=inline)
    name = getattr(f, "__name__", type(f).__name__)
    _check_declared(f, vjp)
    rules = (vjp,) if callable(vjp) and _takes_one(f) else None if callable(vjp) else tuple(vjp)
    vjps: Iterable[Any] = _split(name, vjp) if rules is None else rules
    op = Op(
        name=name,
        forward=_checked_forward(name, f),
        vjps=vjps,
        symbol=symbol or name,
        form="primitive",
        call=lambda op, *args, **params: record(op, args, params),
        code=code or f"{word(name, 'primitive')}({{*=}})",
        check=partial(_checked, name, vjps),
        expand=f if inline else None,
        latex=latex,
    )

    @wraps(f)
    def function(*inputs: Any, **params: Any) -> Any:
        if params and Tensor in map(type, params.values()):
            raise DTypeError(
                f"{name}: a parameter is a Tensor; pass it by position to differentiate by it"
            )
        if list in map(type, inputs):
            inputs = tuple([np.asarray(a) if type(a) is list else a for a in inputs])
        for a in inputs:
            if isinstance(a, Tensor):
                break
        else:
            return f(*inputs, **params)
        if rules is not None and len(rules) != len(inputs):
            raise _misfit(name, len(inputs), len(rules))
        return record(op, inputs, params)

    return function


def _check_declared(f: Any, vjp: Any) -> None:
    rules = vjp if type(vjp) in (tuple, list) else (vjp,)
    if not callable(f) or vjp is None or not all(r is None or callable(r) for r in rules):
        raise DTypeError(
            f"primitive: got {f!r} with vjp={vjp!r}; expected a function, and its rule: a function "
            "(g, y, *inputs), or a tuple of one for each input"
        )


def _misfit(name: str, inputs: int, rules: int) -> ShapeError:
    return ShapeError(
        f"{name}: got {inputs} inputs; its vjp has {rules} rules, one for each "
        "(a parameter is given by its name)"
    )


def _takes_one(f: Function) -> bool:
    """Whether f has one input: one positional argument without a default."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):  # some compiled functions show none
        return False
    needed = [p.kind for p in parameters if p.default is p.empty]
    return needed in (
        [inspect.Parameter.POSITIONAL_ONLY],
        [inspect.Parameter.POSITIONAL_OR_KEYWORD],
    )


def _checked_forward(name: str, f: Callable[..., Any]) -> Callable[..., Array]:
    def forward(*args: Any, **params: Any) -> Array:
        if _watching() is None:
            y = f(*args, **params)
        else:
            before = tracer.set(None)  # what f does inside is its own
            try:
                y = f(*args, **params)
            finally:
                tracer.reset(before)
        if not hasattr(y, "dtype"):
            y = np.asarray(y)
            y = y if y.dtype.kind == "O" else y[()]
        if y.dtype.kind not in "fciub":
            got = "None" if y.dtype.kind == "O" and y.tolist() is None else f"dtype {y.dtype}"
            raise DTypeError(f"{name}: it returned {got}; expected an array of numbers")
        return y

    return forward


def _split(name: str, vjp: Callable[..., Any]) -> Joint:
    """The rules of the inputs from one for all, which returns a tuple (or not, for one input)."""

    def cotangents(g: Array, y: Array, *inputs: Array, **params: Any) -> tuple[Any, ...]:
        c = vjp(g, y, *inputs, **params)
        n = len(inputs)
        if n == 1 and type(c) is not tuple:
            return (c,)
        if type(c) is not tuple or len(c) != n:
            got = f"a tuple of {len(c)}" if type(c) is tuple else type(c).__name__
            raise ShapeError(
                f"{name}: its vjp returned {got}; expected a tuple, one for each of {n} inputs"
            )
        return c

    return Joint(cotangents)


def _checked(
    name: str, vjps: Iterable[Any], rule: Any, c: Any, shape: Any, recorded: bool = False
) -> Array | None:
    """What a user's rule returned, if it can be the cotangent of an input of that shape."""
    if type(c) is tuple and len(c) == 1:
        c = c[0]
    if c is None or (recorded and isinstance(c, Tensor)):
        return c
    if isinstance(c, Tensor):
        i = _index(vjps, rule)
        raise DTypeError(
            f"{name}: the vjp for input {i} used a Tensor that is no input, whose derivative would "
            "be lost; make it an input, or use its .data"
        )
    c = np.asarray(c)
    if c.dtype.kind not in "fciub":
        i = _index(vjps, rule)
        raise DTypeError(
            f"{name}: the vjp for input {i} returned dtype {c.dtype}; expected numbers"
        )
    lead = c.ndim - len(shape)
    if lead < 0 or any(n not in (1, k) for n, k in zip(shape, c.shape[lead:], strict=True)):
        i = _index(vjps, rule)
        raise ShapeError(
            f"{name}: the vjp for input {i} returned shape {c.shape}; expected {shape}"
        )
    return c[()]


def _index(vjps: Any, rule: Any) -> int:
    """Which input a rule is for; those of a Joint are partial functions of that."""
    i: int = vjps.index(rule) if isinstance(vjps, tuple) else rule.args[0]
    return i
