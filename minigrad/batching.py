"""Batched rules: k cotangents through one call of a rule, `g` of shape (k, *y.shape).

There is no second set of rules. The one there is takes the leading axis of `g`

    as it is      where it meets `g` element by element or in a product of matrices: both broadcast
    lifted        as the rule of the same function of arrays that have the axis too, over later axes
    one by one    otherwise, which is always right

Read next: `minigrad.sweep`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from typing import Any

import numpy as np

from minigrad.table import ROWS, Op
from minigrad.values import Array

__all__ = ["WAYS", "batched"]

Rule = Callable[..., Any]
Way = Callable[..., "Callable[[int, Rule], Rule] | None"]


def batched(
    op: Op, k: int, args: tuple[Array, ...], params: dict[str, Any]
) -> Iterable[Rule | None]:
    """The rules of a node of `op`, in the order of its inputs, for k cotangents at once."""
    way = None if op.form == "primitive" else _way(op)
    taken = way(*args, **params) if way else None
    if taken is None:
        return _one_by_one(op, k)
    return (vjp and taken(i, vjp) for i, vjp in enumerate(op.vjps))


@cache
def _way(op: Op) -> Way | None:
    if is_elementwise(op):
        return _as_it_is
    return next((way for key, way in WAYS.items() if ROWS.get(key) is op), None)


def is_elementwise(op: Op) -> bool:
    """Whether the op is NumPy's of corresponding elements."""
    return isinstance(op.forward, np.ufunc) and op.forward.signature is None


def _one_by_one(op: Op, k: int) -> Iterator[Rule | None]:
    """Each cotangent in a pass of its own over the rules, as a sweep of its own would make."""
    for i, vjps in enumerate(zip(*[op.vjps] * k, strict=True)):
        yield None if vjps[0] is None else partial(_stacked, op, i, vjps)


def _stacked(
    op: Op, i: int, vjps: tuple[Rule, ...], g: Array, y: Array, *args: Array, **params: Any
) -> Array | None:
    found = [vjp(g[j], y, *args, **params) for j, vjp in enumerate(vjps)]
    if op.check:
        recorded, shape = hasattr(y, "op"), args[i].shape
        found = [op.check(vjp, c, shape, recorded) for vjp, c in zip(vjps, found, strict=True)]
    return None if found[0] is None else np.stack(found)


# Ways: (*args, **params) -> (i, vjp) -> input i's rule for k cotangents; None for one by one ------


def _as_it_is(*_: Array, **__: Any) -> Any:
    return lambda i, vjp: vjp


def _in_front(**params: Any) -> Any:
    """The rule of the same function, with these parameters, of arrays with the axis in front."""
    return lambda i, vjp: (
        lambda g, y, *args, **_: vjp(g, *[_widened(g, a) for a in (y, *args)], **params)
    )


def _widened(g: Array, a: Array) -> Array:
    shape = getattr(a, "shape", ())
    return np.broadcast_to(a, (g.shape[0], *shape))


def _later(axis: Any) -> Any:
    """An axis, or axes, where one more is in front."""
    if np.ndim(axis):
        return tuple(_later(i) for i in axis)
    return axis + 1 if axis >= 0 else axis


def _along(*names: str) -> Way:
    """For parameters that are axes; without them the arrays are taken as flat."""

    def way(*args: Array, **params: Any) -> Any:
        if any(params.get(name) is None for name in names) or not args[0].ndim:
            return None
        return _in_front(**params | {name: _later(params[name]) for name in names})

    return way


def _over(name: str = "axis") -> Way:
    """For the axes of a reduction, of which None means all."""

    def way(x: Array, **params: Any) -> Any:
        whole = params[name] is None or not x.ndim
        return _in_front(
            **params | {name: tuple(range(1, x.ndim + 1)) if whole else _later(params[name])}
        )

    return way


def _shaped(*_: Array, **params: Any) -> Any:
    """For rules that go by the shapes of the arrays and not by the parameters."""
    return _in_front(**params)


def _transposed(a: Array, *, axes: Any = None) -> Any:
    axes = range(a.ndim)[::-1] if axes is None else axes
    return _in_front(axes=(0, *(i % a.ndim + 1 for i in axes)))


def _padded(array: Array, *, pad_width: Any, **params: Any) -> Any:
    widths = np.broadcast_to(pad_width, (array.ndim, 2)).tolist()
    return _in_front(pad_width=[(0, 0), *widths], **params)


def _indexed(n: int) -> Way:
    """For n arrays and then the parts of an index, which gets one more.

    NumPy puts what index arrays give in their place if they stand side by side, else in front.
    """

    def way(*args: Any) -> Any:
        index = args[n:]
        chosen = [i for i, p in enumerate(index) if not isinstance(p, _SLICING)]
        many = any(np.shape(index[i]) for i in chosen)
        apart = many and chosen[-1] - chosen[0] >= len(chosen)
        if apart or any(map(_flag, index)):
            return None
        whole = slice(None)
        return lambda i, vjp: (
            lambda g, y, *given: vjp(
                g, _widened(g, y), *[_widened(g, a) for a in given[:n]], whole, *given[n:]
            )
        )

    return way


_SLICING = (slice, type(...), type(None))


def _flag(part: Any) -> bool:
    """Whether this part of an index is a single bool, which adds an axis in front."""
    return not isinstance(part, _SLICING) and not np.shape(part) and np.asarray(part).dtype == bool


def _product(a: Array, b: Array) -> Any:
    """A vector is a matrix of one row or one column; the rules for matrices take stacks."""
    if not a.ndim or not b.ndim:
        return _as_it_is()
    row, column = a.ndim == 1, b.ndim == 1
    rules: tuple[Any, ...] = tuple(ROWS[np.matmul].vjps)

    def rule(i: int, g: Array, y: Array, a: Array, b: Array) -> Array:
        if row and not i and b.ndim == 2:  # the vectors of the batch are the rows of a matrix
            return rules[0](g, y, a[None], b)
        if column and i and a.ndim == 2:
            return rules[0](g, y, b[None], a.T)
        if column:
            g, y, b = g[..., None], y[..., None], b[:, None]
        if row:
            g, y, a = g[..., None, :], y[..., None, :], a[None]
        c = rules[i](g, y, a, b)
        return c[..., 0] if column and i else c

    return lambda i, _: partial(rule, i) if row or column else rules[i]


def _dot(a: Array, b: Array) -> Any:
    return _product(a, b) if max(a.ndim, b.ndim) < 3 else None


def _tensordot(a: Array, b: Array, *, axes: Any = 2) -> Any:
    """Of either input, the axis in front is one more that the product keeps."""
    if isinstance(axes, int):
        axes = range(a.ndim - axes, a.ndim), range(axes)
    of_a = [int(i) % a.ndim for i in np.ravel(axes[0])]
    of_b = [int(i) % b.ndim for i in np.ravel(axes[1])]

    def left(vjp: Rule, g: Array, y: Array, a: Array, b: Array, **_: Any) -> Array:
        return vjp(g, y, _widened(g, a), b, axes=(_later(of_a), of_b))

    def right(vjp: Rule, g: Array, y: Array, a: Array, b: Array, **_: Any) -> Array:
        among = np.moveaxis(g, 0, a.ndim - len(of_a))
        return vjp(among, y, a, _widened(g, b), axes=(of_a, _later(of_b)))

    return lambda i, vjp: partial((left, right)[i], vjp)


WAYS: dict[Any, Way] = {
    **dict.fromkeys((np.where, np.clip, np.real, np.imag, np.sinc, np.angle, np.nan_to_num, np.i0,
                     np.copy, np.broadcast_to, "astype", "recorded"), _as_it_is),
    **dict.fromkeys((np.sum, np.mean, np.max, np.amax, np.min, np.amin, np.prod, np.var, np.std,
                     "logsumexp", np.flip), _over()),
    **dict.fromkeys((np.fft.fftshift, np.fft.ifftshift), _over("axes")),
    **dict.fromkeys((np.reshape, np.ravel, np.squeeze, np.expand_dims), _shaped),
    **dict.fromkeys((np.concatenate, np.stack, np.cumsum, np.cumprod, np.sort, np.roll, np.repeat,
                     np.delete), _along("axis")),
    np.transpose: _transposed,
    np.swapaxes: _along("axis1", "axis2"),
    np.diagonal: _along("axis1", "axis2"),
    np.moveaxis: _along("source", "destination"),
    np.pad: _padded,
    "getitem": _indexed(1),
    "add_at": _indexed(2),
    "set_at": _indexed(2),
    np.matmul: _product,
    np.dot: _dot,
    np.tensordot: _tensordot,
}  # fmt: skip
"""How the rules of an op that is not one of corresponding elements take k cotangents."""
