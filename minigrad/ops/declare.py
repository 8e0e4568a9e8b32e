"""How an op is declared: one row from which its value, derivative, picture and code follow.

    elementwise(np.tanh, lambda y, x: 1 - y * y)                 partial derivatives
    linear(np.transpose, lambda g, y, x, *, axes=None: ...)      its transpose
    multilinear(np.multiply, lambda g, y, a, b: g * b, ...)      a transpose for each input
    rule(np.max, lambda g, y, x, *, axis=None, ...: ...)         any vector-Jacobian product
    constant(np.greater)                                         no derivative
    composed(np.ptp, lambda a, axis=None: np.max(...) - ...)     others that have rows

Letters: `y` output, `g` cotangent of y, `x` or `a`, `b` inputs; what stands after `*` are
parameters, with their defaults. Rules are plain NumPy: on arrays they compute, on Tensors the
same lines record, which is where second derivatives come from. A rule may return the cotangent
still broadcast: the sweep sums it to the input's shape. Complex inputs follow
`cotangent of x = g * dy/dx`, without conjugation (JAX's convention).

Read next: `minigrad.ops.elementwise`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from itertools import count
from typing import Any

import numpy as np

from minigrad.errors import MinigradError, NoRuleError, SingularError, failed
from minigrad.table import ROWS, Op
from minigrad.tensor import Tensor, record, remember
from minigrad.tracing import refuse_value, tracer
from minigrad.values import Array
from minigrad.values import constant as operand

__all__ = [
    "Each", "Joint", "arrays", "binding", "checked", "composed", "constant", "elementwise",
    "linear", "multilinear", "plain", "rule",
]  # fmt: skip

Rule = Callable[..., Array]


def rule(
    function: Any, *vjps: Any, form: str = "rule", forward: Rule | None = None,
    symbol: str | None = None, code: str | None = None, latex: str = "",
    call: Rule | None = None,
) -> None:  # fmt: skip
    """Declare `function` by its vector-Jacobian products, one for each input, or an `Each`."""
    if call is None:
        call = binding(function, next(v for v in vjps if v is not None))
    else:
        call = _guarded(call)
    rules = vjps[0] if isinstance(vjps[0], Each) else vjps
    _enter(function, rules, form, forward or function, symbol, code, call, latex)


def _enter(
    function: Any,
    vjps: Any,
    form: str,
    forward: Rule,
    symbol: str | None,
    code: str | None,
    call: Rule,
    latex: str = "",
) -> None:
    """Enter a row as given; the other declarations end here."""
    name = function if isinstance(function, str) else function.__name__
    ours = isinstance(function, str)
    ROWS[function] = Op(
        name,
        forward,
        vjps,
        symbol or name,
        form,
        call,
        code or f"{'' if ours else 'np.'}{name}({{*=}})",
        latex=latex,
    )


linear = partial(rule, form="linear")
multilinear = partial(rule, form="multilinear")


def elementwise(
    function: Any,
    *partials: Rule | None,
    symbol: str | None = None,
    code: str | None = None,
    latex: str = "",
) -> None:
    """Declare a function of corresponding elements by its partials `(y, *inputs) -> dy/dx`."""
    vjps = [_times(p, len(partials)) if p else None for p in partials]
    _enter(function, tuple(vjps), "elementwise", function, symbol, code, _recording, latex)


def _times(derivative: Rule, arity: int) -> Rule:
    if arity == 1:
        return lambda g, y, x: g * derivative(y, x)
    return lambda g, y, a, b: g * derivative(y, a, b)


def constant(
    *functions: Any, symbol: str | None = None, code: str | None = None, latex: str = ""
) -> None:
    """Declare functions that are recorded and let no derivative through: comparisons, masks."""
    for function in functions:
        _enter(function, (), "constant", function, symbol, code, _recording, latex)


def plain(*functions: Any) -> None:
    """Declare functions that answer about the values, in plain NumPy: shape, allclose, argmax."""
    for function in functions:
        _enter(function, (), "plain", function, None, None, _on_values)


def composed(function: Any, body: Rule) -> None:
    """Declare a function by its expression in others; it leaves their nodes, none of its own."""

    def call(op: Op, *args: Any, **kwargs: Any) -> Any:
        try:
            return body(*args, **kwargs)
        except MinigradError:
            raise
        except (ValueError, TypeError, IndexError) as error:
            _check_taken(op, body, args, kwargs)
            parts = [p for a in args for p in (a if isinstance(a, (list, tuple)) else (a,))]
            shaped = [p for p in parts if hasattr(p, "shape")]
            raise failed(op.name, op.symbol, shaped, error) from error

    _enter(function, (), "composed", function, None, None, call)


class Each:
    """The rules of an op with any number of inputs, from one: `lambda i, g, y, *xs: ...`."""

    def __init__(self, vjp: Rule) -> None:
        self.vjp = vjp
        self.made: dict[int, Rule] = {}

    def __iter__(self) -> Iterator[Rule]:
        made, vjp = self.made, self.vjp
        return (made.get(i) or made.setdefault(i, partial(vjp, i)) for i in count())


class Joint:
    """The rules of an op from one that gives every input's cotangent: `(g, y, *xs) -> tuple`.

    Each pass over it, which a sweep makes once for each node, evaluates it at most once.
    """

    def __init__(self, vjp: Rule) -> None:
        self.vjp = vjp

    def __iter__(self) -> Iterator[Rule]:
        pulled: list[Any] = []

        def entry(i: int, *given: Any, **params: Any) -> Array:
            if not pulled:
                pulled.extend(self.vjp(*given, **params))
            return pulled[i]

        return (partial(entry, i) for i in count())


# Plain functions that answer about shapes and dtypes, and those whose answer's shape depends on the
# values: a trace takes the one for a constant, and refuses the other.
_OF_SHAPES = {
    np.shape, np.ndim, np.size, np.iscomplexobj, np.isrealobj, np.result_type, np.can_cast,
    np.common_type, np.min_scalar_type, np.diag_indices_from, np.tril_indices_from,
    np.triu_indices_from,
}  # fmt: skip
_SHAPED_BY_VALUES = {np.nonzero, np.flatnonzero, np.argwhere, np.unique}

# What a call of the NumPy function does -----------------------------------------------------------


def _recording(op: Op, *args: Any) -> Tensor:
    return record(op, args)


def _on_values(op: Op, *args: Any, **kwargs: Any) -> Any:
    answer = op.forward(*map(_values, args), **{k: _values(v) for k, v in kwargs.items()})
    if tracer.get() is None or op.forward in _OF_SHAPES:
        return answer
    if not isinstance(answer, (np.ndarray, np.generic)) or op.forward in _SHAPED_BY_VALUES:
        refuse_value(op.name)
    if any(isinstance(a, Tensor) for a in kwargs.values()):
        bound = inspect.signature(op.forward).bind(*args, **kwargs)
        args, kwargs = bound.args, bound.kwargs
    parts = [part for a in args if isinstance(a, (list, tuple)) for part in a]
    if any(isinstance(a, Tensor) for a in (*parts, *kwargs.values())):
        refuse_value(op.name)  # only a whole argument can be recorded
    args = tuple([np.asarray(a) if isinstance(a, list) else a for a in args])
    held = tuple([a._value if isinstance(a, Tensor) else a for a in args])
    return remember(answer, op, args, held, kwargs)


def _values(a: Any) -> Any:
    """An argument, which may be a list of others, with arrays in the place of Tensors."""
    if isinstance(a, (list, tuple)):
        return type(a)([_values(part) for part in a])
    return a._value if isinstance(a, Tensor) else a


def _guarded(body: Rule) -> Rule:
    """`body` with arguments it does not take refused by name."""

    def call(op: Op, *args: Any, **kwargs: Any) -> Any:
        try:
            return body(op, *args, **kwargs)
        except TypeError:
            _check_taken(op, partial(body, op), args, kwargs)
            raise

    return call


def _check_taken(op: Op, body: Rule, args: Any, kwargs: Any) -> None:
    taken = inspect.signature(body)
    try:
        taken.bind(*args, **kwargs)
    except TypeError as misfit:
        takes = ", ".join(taken.parameters)
        raise NoRuleError(f"{op.name}: {misfit}; a Tensor takes {takes}") from None


def binding(function: Any, vjp: Rule) -> Rule:
    """The `call` of a row: sorts NumPy's arguments into the inputs and parameters of `vjp`."""
    code = vjp.__code__
    n = code.co_argcount - 2
    own = code.co_varnames[2 : code.co_argcount + code.co_kwonlyargcount]
    defaults: dict[str, Any] = vjp.__kwdefaults__ or {}

    def call(op: Op, *args: Any, **kwargs: Any) -> Tensor:
        if len(args) == n and not kwargs and len(own) == n + len(defaults):
            return record(op, arrays(function, args), defaults)
        of_numpy = _numpy_parameters(function)
        names = tuple(of_numpy)
        if not names or not {*own[n:]} <= {*names}:  # none shown, or another version's
            names = own
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        inputs = [given.pop(name) for name in names[:n] if name in given]
        params = {**defaults, **{k: given.pop(k) for k in own[n:] if k in given}}
        takes = f"a Tensor takes {', '.join([*names[:n], *own[n:]])}"
        if len(inputs) < n or len(params) < len(own) - n or len(args) > len(names):
            raise NoRuleError(f"{op.name}: too few or too many arguments; {takes}")
        given = {k: v for k, v in given.items() if v is not of_numpy.get(k, given)}
        if given:
            raise NoRuleError(
                f"{op.name}: argument {', '.join(given)} has no derivative rule; {takes}"
            )
        for k, v in params.items():
            if isinstance(v, Tensor):
                raise NoRuleError(
                    f"{op.name}: argument {k} is a Tensor, and has no derivative rule; "
                    f"expected a constant, such as its .data"
                )
        return record(op, arrays(function, inputs), params)

    return call


def arrays(function: Any, inputs: Iterable[Any]) -> tuple[Any, ...]:
    """The inputs of a call as Tensors and checked constants."""
    return tuple([a if isinstance(a, Tensor) else operand(a, function) for a in inputs])


@cache
def _numpy_parameters(function: Any) -> dict[str, Any]:
    """The names of NumPy's arguments, with their defaults."""
    try:
        return {p.name: p.default for p in inspect.signature(function).parameters.values()}
    except (TypeError, ValueError):  # some compiled functions of older NumPy show no signature
        return {}


# A condition on values, which compiled code keeps -------------------------------------------------


def checked(x: Array, bad: Array, message: str, *shown: Array) -> Array:
    """`x`; whenever this is run, a SingularError if an element of `bad` is true.

    The message may have places `{}` for the arrays `shown`.
    """
    inputs, params = (x, bad, *shown), {"message": message}
    if Tensor in map(type, inputs):
        return record(ROWS["checked"], inputs, params)
    return _checked(*inputs, **params)


def _checked(x: Array, bad: Array, *shown: Array, message: str) -> Array:
    if np.any(bad):
        raise SingularError(message.format(*shown))
    return x


def _through(g: Array, y: Array, *_inputs: Array, message: str) -> Array:
    return g


rule("checked", _through, form="linear", forward=_checked, code="{0}", latex="#0", call=record)
