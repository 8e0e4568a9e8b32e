"""The op table: for each NumPy function, everything minigrad knows about it.

`minigrad.ops` fills it; the engine looks rows up in it and never imports the ops themselves.

Read next: `minigrad.ops.declare`, how a row is written.
"""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from types import FrameType
from typing import Any

import numpy as np

from minigrad.errors import NoRuleError
from minigrad.values import Array

__all__ = ["ROWS", "Op", "caller", "filled", "instead", "numpys", "row", "word"]


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
        check: `(vjp, c, shape, recorded)` -> c, which a user's `vjp` returned, made sure of; called
            where c is not at once an array like the input. None for our own rules.
        expand: the same as `forward`, as a function that may be called with Tensors to see what
            it consists of; None where it is one NumPy call.
        latex: its LaTeX: `#0` stands for input 0, `#*` for all, `#1*` for those from 1 on, `#axis`
            for the axis as a subscript, `#k` for another parameter, `#=` for all of them as a
            subscript. "" is its name as an operator, applied to the inputs.
    """

    name: str
    forward: Callable[..., Array]
    vjps: Iterable[Callable[..., Array] | None]
    symbol: str
    form: str
    call: Callable[..., Any]
    code: str
    check: Callable[..., Array | None] | None = None
    expand: Callable[..., Array] | None = None
    latex: str = ""

    @property
    def is_draw(self) -> bool:
        """Whether it may be a random draw, which another look must not repeat.

        It is a user's own function through which no derivative passes.
        """
        return self.form == "primitive" and self.expand is None and not any(self.vjps)


ROWS: dict[Any, Op] = {}
"""The op table: NumPy function (or a function of ours) -> row."""

# Rows for a library that minigrad does not import: where they are, once the user has imported it.
_LATER = {"scipy.special": "minigrad.ops.bessel"}  # which needs minigrad.ops.special

_INSTEAD = {
    "scipy.special.logsumexp": "np.logaddexp.reduce(x, axis=...)",
    "scipy.special.softmax": "nn.softmax(x), over the first axis",
    "scipy.special.log_softmax": "nn.log_softmax(x), over the first axis",
    "scipy.special.comb": "scipy.special.binom(n, k)",
    "scipy.special.factorial": "scipy.special.gamma(n + 1)",
    "scipy.special.polygamma": "scipy.special.zeta(n + 1, x) times (-1)**(n + 1) * n!",
}


def filled(code: str, inputs: list[str], params: dict[str, str]) -> str:
    """The source of an op with these operands; parameters that are off or not given are left out.

    >>> filled("np.sum({*=})", ["x"], {"axis": "1", "keepdims": "False"})
    'np.sum(x, axis=1)'
    """
    given = [f"{k}={v}" for k, v in params.items() if v not in {"None", "False"}]

    def fill(hole: re.Match[str]) -> str:
        at, mark = hole[1], hole[2]
        if at and not at.isdigit():
            return params[at]
        i = int(at or 0)
        shown = {"": inputs[i : i + 1], "*": inputs[i:], "=": given, "*=": inputs[i:] + given}
        return ", ".join(shown[mark])

    return re.sub(r"\{(\w*)(\*?=?)\}", fill, code)


def word(name: str, default: str) -> str:
    """The name, if it may stand in a program; anything may be in the name of a function."""
    fits = name.isascii() and name.isidentifier() and not keyword.iskeyword(name)
    return name if fits else default


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
    name = function.__name__
    called = f"{getattr(function, '__module__', 'numpy')}.{name}".replace("numpy.", "np.", 1)
    if isinstance(function, np.ufunc) and not hasattr(np, name):  # it does not say where it is from
        python = caller()
        if python and python not in sys.modules:
            called, name = python, python.rpartition(".")[2]
        else:
            ours = hasattr(sys.modules.get("scipy.special"), name)
            called = f"scipy.special.{name}" if ours else name
    given = called if getattr(function, "nout", 1) == 1 else f"lambda x: {called}(x)[0]"
    return NoRuleError(
        f"{called}: no derivative rule for it; compose it from functions that have one, "
        f"or declare it: {name} = minigrad.primitive({given}, vjp=lambda g, y, x: ...)"
    )


def caller() -> str | None:
    """The function of SciPy that the user called and that is calling NumPy now, or its module.

    SciPy's ufuncs reach their rows. The rest of SciPy is Python code that wants plain arrays.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame and _module(frame).startswith(("numpy.", "minigrad.")):
        frame = frame.f_back
    package = function = None
    while frame and _module(frame).startswith("scipy."):
        package = _module(frame).partition("._")[0]
        if hasattr(sys.modules.get(package), frame.f_code.co_name):
            function = f"{package}.{frame.f_code.co_name}"
        frame = frame.f_back
    return function or package


def numpys(frame: FrameType | None) -> str | None:
    """The function of NumPy that was called, if it is its Python code that runs in the frame."""
    called = None
    while frame and _module(frame).startswith("numpy."):
        called, frame = frame.f_code.co_name.lstrip("_"), frame.f_back
    return called if called is None or hasattr(np, called) else "asarray"


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__"))


def instead(called: str) -> str:
    """What to do in place of `called`, by which SciPy wanted a plain array of a Tensor."""
    name = called.rpartition(".")[2]
    for ours in (np.linalg, np.fft):
        if getattr(ours, name, None) in ROWS:
            return f"use {ours.__name__.replace('numpy', 'np')}.{name}"
    if called in sys.modules:
        return "declare the function with minigrad.primitive"
    declared = f"declare it: {name} = minigrad.primitive({called}, vjp=lambda g, y, x: ...)"
    return f"use {_INSTEAD[called]}, or {declared}" if called in _INSTEAD else declared
