"""checkpoint: a function as one node, whose inner values are computed again on the way back.

Read next: `minigrad.graph`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from minigrad.errors import DTypeError
from minigrad.ops.declare import Joint
from minigrad.program import Line, Program, recorded
from minigrad.sweep import reach, sweep
from minigrad.table import ROWS, Op, word
from minigrad.tensor import Tensor, is_recording, record, recording, remember
from minigrad.tracing import tracer
from minigrad.trees import flatten
from minigrad.values import Array

__all__ = ["checkpoint"]


def checkpoint(f: Callable[..., Any]) -> Callable[..., Any]:
    """`f` with the same value and derivatives, that keeps no array between its inputs and outputs.

    What it recorded is run again, from its inputs, when a derivative is asked for: the memory of
    one run of f instead of all of them, for the time of a second one. A chain of n blocks, each
    checkpointed, holds n inputs and one block's inner values.

    Args:
        f: a function of arrays or trees of them to an array or a tree. It is called once; random
            draws in it are kept, to be the same ones on the way back. It may close over Tensors.

    Returns:
        A function of the same arguments. It can be nested and used as a decorator.

    Raises:
        GraphError: f assigned a Tensor that it closes over.
        DTypeError: f is no function.

    >>> f = checkpoint(lambda x: np.sin(np.exp(x)))
    >>> x = Tensor(0.0)
    >>> y = f(x)
    >>> y.inputs == (x,)
    True
    >>> y.backward()
    >>> bool(x.grad == np.cos(1.0))
    True
    """
    if not callable(f):
        raise DTypeError(f"checkpoint: got {type(f).__name__} {f!r}; expected a function")

    @wraps(f)
    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        if not is_recording() or tracer.get() is not None:  # what compiles f plans its memory
            return f(*args, **kwargs)
        leaves, rebuild = flatten((args, kwargs))
        inputs = [a for a in leaves if isinstance(a, Tensor)]
        floor = Tensor(0.0).serial  # what is newer is f's own
        variables = [record(ROWS["recorded"], (a,)) for a in inputs]
        fresh = iter(variables)
        args, kwargs = rebuild([next(fresh) if isinstance(a, Tensor) else a for a in leaves])
        outputs, rebuild_y = flatten(f(*args, **kwargs))
        inner = [isinstance(y, Tensor) and y.serial > floor for y in outputs]
        made = [y for y, own in zip(outputs, inner, strict=True) if own]
        if not made:
            return rebuild_y(outputs)
        program, closed = recorded(variables, made, floor, expand=_held)
        held = [*(a._value for a in inputs), *closed.values()]
        whole = _one_node(f, program, made, (*inputs, *closed), tuple(held))
        parts = iter(whole)
        return rebuild_y([next(parts) if own else y for y, own in zip(outputs, inner, strict=True)])

    return checkpointed


def _held(node: Tensor) -> Program | None:
    """What no derivative passes and only the user's code can compute is kept: it may be random."""
    assert node.op is not None
    if node.op.form != "primitive" or any(node.op.vjps):
        return None
    given = [a for a, x in zip(node.inputs, node._args, strict=True) if a is not x]
    inputs = [Line(None, (), {}, a.shape, a.dtype, None) for a in given]
    return Program(tuple(inputs), (), (node._value,))


def _one_node(
    f: Callable[..., Any],
    program: Program,
    outputs: list[Tensor],
    inputs: tuple[Tensor, ...],
    held: tuple[Array, ...],
) -> list[Array]:
    """The outputs, as parts of the value of one node."""
    pack, unpack = _packing(outputs)
    name = getattr(f, "__name__", type(f).__name__)
    op = Op(
        name=name,
        forward=lambda *xs: pack(program(*xs)),
        vjps=Joint(lambda g, y, *xs: _pulled(program, unpack(g), xs)),
        symbol=name,
        form="primitive",
        call=record,
        code=f"{word(name, 'checkpoint')}({{*=}})",
        expand=lambda *xs: pack(program(*xs)),
    )
    return unpack(remember(pack([y._value for y in outputs]), op, inputs, held, {}))


def _pulled(program: Program, seeds: list[Array], xs: tuple[Array, ...]) -> list[Array | None]:
    """The cotangents of the program's inputs, from a run of it at xs."""
    with recording(True):
        variables = [record(ROWS["recorded"], (x,)) for x in xs]
        outputs = program(*variables)
    at: dict[Tensor, Array] = {}
    for y, g in zip(outputs, seeds, strict=True):
        at[y] = at[y] + g if y in at else g
    own = set(reach(outputs, variables[0].serial))
    differentiable = any(isinstance(a, Tensor) for a in (*seeds, *xs))
    given = set(variables)
    found = {v: g for v, g in sweep(at, own, differentiable) if v in given}
    return [found.get(v) for v in variables]


def _packing(outputs: list[Tensor]) -> tuple[Callable[..., Array], Callable[[Array], list[Array]]]:
    """Functions that put arrays like the outputs into one, and take them out of it again."""
    if len(outputs) == 1:
        return lambda values: values[0], lambda whole: [whole]
    ends = np.cumsum([y.size for y in outputs])
    likes = [(y.shape, y.dtype) for y in outputs]

    def pack(values: list[Array]) -> Array:
        return np.concatenate([np.ravel(v) for v in values])

    def unpack(whole: Array) -> list[Array]:
        parts = zip(np.split(whole, ends[:-1]), likes, strict=True)
        return [_cast(np.reshape(part, shape), dtype) for part, (shape, dtype) in parts]

    return pack, unpack


def _cast(part: Array, dtype: Any) -> Array:
    """`part` in the dtype it had before it was packed with others."""
    real = part.dtype.kind == "c" and dtype.kind != "c"
    return (np.real(part) if real else part).astype(dtype)
