"""Jacobians and Hessians: every derivative of a function, from one sweep of many cotangents.

Read next: `minigrad.batching`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.tensor import Tensor, recording
from minigrad.transforms import Span, chosen, grad, vjp
from minigrad.trees import flatten
from minigrad.values import Array

__all__ = ["hessian", "hvp", "jacobian"]

AT_ONCE = 2**22
"""How many elements an array of a sweep may have at most for more than one cotangent."""


def jacobian(f: Callable[..., Any], argnums: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """A function that returns every derivative of f's output by its argument.

    Args:
        f: a function to an array or a tree of arrays.
        argnums: which positional arguments; a tuple gives a tuple for each output.

    Returns:
        A function of f's arguments. For output y and argument x it returns an array of shape
        `y.shape + x.shape`; for trees, the tree of the output with the tree of the argument at
        each leaf. It costs one evaluation of f and a sweep of as many cotangents at once as the
        output has elements, or the argument if those are fewer, but only so many that none of the
        arrays of the sweep has more than about four million elements (or one cotangent's). Sweeps
        are one for each array of a tree.

        Its dtype is the argument's, or complex where the output is. By a complex argument it is
        what `grad` gives of a real output; a complex one must be holomorphic, so that its
        derivative is a number.

    >>> jacobian(lambda x: x * x[::-1])(np.array([1.0, 2.0]))
    array([[2., 1.],
           [2., 1.]])
    """

    def jacobian_of_f(*args: Any, **kwargs: Any) -> Any:
        with recording(True):
            full, variables, rebuild = chosen(args, argnums)
            outputs, rebuild_y = flatten(f(*full, **kwargs))
        outputs = [y if isinstance(y, Tensor) else Tensor(y) for y in outputs]
        blocks = _blocks(Span(variables, outputs))
        return rebuild_y([rebuild(row) for row in blocks])

    return jacobian_of_f


def hessian(f: Callable[..., Any], argnums: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """A function that returns the second derivatives of a scalar f: the Jacobian of its gradient.

    For an argument x it has the shape `x.shape + x.shape`. See `jacobian` and `value_and_grad`.

    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 3.0]))
    array([[6., 2.],
           [2., 0.]])
    """
    return jacobian(grad(f, argnums), argnums)


def hvp(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function `(x, v)` that returns the Hessian of a scalar f at x times v, shaped like x.

    Of an f with more arguments it is `(x, v, *args)`, and the Hessian that by x: as SciPy calls
    `minimize(f, x, args, hessp=hvp(f))`.

    It costs a few evaluations of f, however many elements x has (Pearlmutter, "Fast exact
    multiplication by the Hessian", 1994).

    >>> hvp(lambda x: (x**3).sum())(np.array([1.0, 2.0]), np.array([1.0, 10.0]))
    array([  6., 120.])
    """
    return lambda x, v, *args: vjp(lambda x: grad(f)(x, *args), x)[1](v)[0]


def _blocks(span: Span) -> list[list[Array]]:
    """For each output, for each variable, the array of derivatives of shape y.shape + x.shape."""
    ys, xs = span.outputs, span.variables
    fewer = sum(y.size for y in ys) <= sum(x.size for x in xs)
    back = [[_backwards(y, x, fewer) for x in xs] for y in ys]
    rows = [_rows(span, y, y, xs) if any(any_) else [] for y, any_ in zip(ys, back, strict=True)]
    across = None if all(map(all, back)) else span.transposed()
    columns = [
        _rows(across, root, x, ys) if across and not all(every) else []
        for root, x, every in zip(across.outputs if across else xs, xs, zip(*back), strict=True)
    ]
    return [
        [
            _block(rows[k][j] if back[k][j] else _swapped(columns[j][k], x.ndim), x)
            for j, x in enumerate(xs)
        ]
        for k in range(len(ys))
    ]


def _backwards(y: Tensor, x: Tensor, fewer: bool) -> bool:
    """Whether the derivatives of y by x are taken in rows.

    Where one of them is complex it is the one that is swept from: a real one holds real parts only.
    """
    kinds = y.dtype.kind == "c", x.dtype.kind == "c"
    return fewer if kinds[0] == kinds[1] else kinds[1]


def _block(block: Array, x: Tensor) -> Array:
    """Derivatives by x as the caller gets them: in its precision, Tensors for a Tensor."""
    if block.dtype.kind == x.dtype.kind and block.dtype != x.dtype:
        block = block.astype(x.dtype)
    return Tensor(block) if x.op is not None and not isinstance(block, Tensor) else block


def _rows(span: Span, root: Any, y: Tensor, xs: list[Tensor]) -> list[Array]:
    """The derivatives of the output `root`, an array like y, by the variables, arrays like xs."""
    k = max(1, AT_ONCE // max([1, y.size, *(node.size for node in span.wanted)]))
    parts = [[np.zeros((0, *x.shape), x.dtype)] for x in xs]
    for start in range(0, y.size, k):
        n = min(k, y.size - start)
        seeds = np.reshape(np.eye(n, y.size, start, y.dtype), (n, *y.shape))
        at = {root: seeds} if isinstance(root, Tensor) else {}
        for part, c in zip(parts, span.swept(at, bool(span.open), n), strict=True):
            part.append(c)
    return [
        np.reshape(part[1] if len(part) == 2 else np.concatenate(part), (*y.shape, *x.shape))
        for part, x in zip(parts, xs, strict=True)
    ]


def _swapped(block: Array, n: int) -> Array:
    """The first `n` axes of `block` put last."""
    return np.transpose(block, (*range(n, block.ndim), *range(n)))
