"""The op table: for each NumPy function, everything minigrad knows about it.

`minigrad.ops` fills it; the engine looks rows up in it and never imports the ops themselves.

Read next: `minigrad.ops.declare`, how a row is written.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from minigrad.errors import NoRuleError
from minigrad.values import Array

__all__ = ["ROWS", "Op", "row"]


@dataclass(frozen=True, slots=True, eq=False)
class Op:
    """One row of the op table: everything minigrad knows about one operation.

    Attributes:
        name: NumPy's name for it.
        forward: arrays in, array out: `forward(*args, **params)`.
        vjps: for each input in turn the function `(g, y, *args, **params) -> cotangent of the
            input`, in plain NumPy, or None where no derivative passes.
        symbol: what a picture writes in its circle: `+`, `√`, `tanh`.
        form: how it was declared: elementwise, linear, multilinear, rule, constant, plain,
            composed or primitive.
        call: what calling the NumPy function does when a Tensor is among the arguments:
            `call(op, *args, **kwargs)`, the call's own arguments.
        code: its Python source: `{0}` stands for input 0, `{1*}` for those from 1 on, `{axis}` for
            that parameter, `{=}` for all of them as keywords, `{*=}` for everything.
        check: `(vjp, c, shape)` -> c, which a user's `vjp` returned, made sure of; called where c
            is not at once an array like the input. None for our own rules.
    """

    name: str
    forward: Callable[..., Array]
    vjps: Iterable[Callable[..., Array] | None]
    symbol: str
    form: str
    call: Callable[..., Any]
    code: str
    check: Callable[[Any, Any, tuple[int, ...]], Array | None] | None = None


ROWS: dict[Any, Op] = {}
"""The op table: NumPy function (or a function of ours) -> row."""

# Rows for a library that minigrad does not import: where they are, once the user has imported it.
_LATER = {"scipy.special": "minigrad.ops.special"}


def row(function: Any) -> Op:
    """The row of `function`, or a NoRuleError that says what to do."""
    op = ROWS.get(function)
    if op is None:
        for package, module in _LATER.items():
            if package in sys.modules:
                import_module(module)
        op = ROWS.get(function)
    if op is None:
        raise _no_rule(function)
    return op


def _no_rule(function: Any) -> NoRuleError:
    module = getattr(function, "__module__", "numpy")
    if not hasattr(np, function.__name__) and isinstance(function, np.ufunc):
        module = "scipy.special"  # its ufuncs do not say where they are from
    called = f"{module}.{function.__name__}".replace("numpy.", "np.", 1)
    return NoRuleError(
        f"{called}: no derivative rule for it; compose it from functions that have one, "
        f"or declare it: "
        f"{function.__name__} = minigrad.primitive({called}, vjp=lambda g, y, x: ...)"
    )
