"""How a test says where and how an op is called; `cases_<family>` says it for each row."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from strategies import REAL

import minigrad as mg
from minigrad.table import ROWS
from minigrad.tensor import record


@dataclass(frozen=True)
class Case:
    """One way of calling a row.

    Attributes:
        domains: where each differentiable operand is safe, and clear of kinks.
        call: arrays or Tensors in, result out; by default the NumPy function itself.
        shapes: the tuples of operand shapes to try; None for any that broadcast.
        analytic: whether the complex step makes sense.
        on_complex: whether complex operands do; by default where the complex step does.
    """

    domains: tuple[Any, ...]
    call: Callable[..., Any] | None = None
    shapes: tuple[Any, ...] | None = None
    analytic: bool = True
    on_complex: bool = True


def on(*domains, call=None, shapes=None, analytic=True, on_complex=None):
    """A list of one case; the shapes of a single operand are given bare."""
    if shapes is not None and len(domains) == 1:
        shapes = tuple((s,) for s in shapes)
    return [Case(domains, call, shapes, analytic, analytic if on_complex is None else on_complex)]


def takes(function, argument):
    """Whether the installed NumPy's function has the argument: some came after 2.0."""
    return argument in inspect.signature(function).parameters


def internal(key):
    """A call of a row that stands under no public function."""
    op = ROWS[key]
    return lambda *xs: (
        record(op, xs) if any(isinstance(x, mg.Tensor) for x in xs) else op.forward(*xs)
    )


def checker(*xs):
    """A mask of the broadcast shape of xs, alternately true and false."""
    shape = np.broadcast_shapes(*(x.shape for x in xs))
    return np.arange(prod(shape)).reshape(shape) % 2 == 0


def reductions(function, analytic=True, empty=((0,), (0, 3))):
    """A reduction over all axes, one, a negative one, several, with and without keepdims."""
    cases = on(REAL, call=function, shapes=((), (4,), (2, 3), *empty), analytic=analytic)
    for axis in (0, -1, (0, -1), (1,)):
        for keep in (False, True):
            cases += on(
                REAL,
                call=lambda x, axis=axis, keep=keep: function(x, axis=axis, keepdims=keep),
                shapes=((2, 3), (2, 3, 2)),
                analytic=analytic,
            )
    return cases
