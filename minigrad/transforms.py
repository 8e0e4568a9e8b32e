"""Transforms: from a function of arrays to its derivatives.

With this you can write `grad(f)(x)`, and `grad(grad(f))(x)`: a derivative is a function like any
other. An argument is handed to f as a fresh variable; what f computes is swept back to it. When
the caller passed Tensors, or f closes over one, the sweep itself is recorded, so the derivative
can be differentiated again and always with respect to the right variable.

Read next: `minigrad.jacobians`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.errors import DTypeError, ShapeError
from minigrad.sweep import reach, sweep
from minigrad.table import ROWS
from minigrad.tensor import Tensor, as_argument, record, recording
from minigrad.trees import flatten
from minigrad.values import fitting, settle

__all__ = ["Span", "chosen", "grad", "jvp", "stop_gradient", "value_and_grad", "vjp"]


def vjp(f: Callable[..., Any], *xs: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The value of f and the map from a cotangent of it to cotangents of its arguments (Jᵀg).

    Args:
        f: any function of arrays, or of trees of them, to an array or a tree.
        *xs: its arguments: numbers, arrays, Tensors, or nested dicts, lists, tuples and
            dataclasses of them.

    Returns:
        y: what f returned; arrays, or Tensors where y depends on one the caller can see.
        pullback: takes a cotangent shaped like y and returns a tuple, one entry for each argument,
            shaped like it: arrays for arrays, Tensors for Tensors. It may be called repeatedly.

    Raises:
        ShapeError: the cotangent's tree or shapes differ from y's.

    If f closes over a Tensor, a result that depends on it is a Tensor, also for array arguments.

    >>> y, pullback = vjp(lambda a, b: a * b, 3.0, np.array([1.0, 2.0]))
    >>> y, pullback(np.array([1.0, 10.0]))
    (array([3., 6.]), (np.float64(21.0), array([ 3., 30.])))
    """
    leaves, rebuild = flatten(xs)
    with recording(True):
        variables = [_variable(leaf) for leaf in leaves]
        outputs, rebuild_y = flatten(f(*rebuild(list(variables))))
    span = Span(variables, outputs)

    def pullback(g: Any) -> tuple[Any, ...]:
        seeds, rebuild_g = flatten(g)
        got, expected = _tree(rebuild_g, len(seeds)), _tree(rebuild_y, len(outputs))
        if got != expected:
            raise ShapeError(f"vjp: the cotangent is {got}; expected {expected}, as the output")
        pulled: tuple[Any, ...] = rebuild(span.pull(seeds))
        return pulled

    return rebuild_y([span.seen(y) for y in outputs]), pullback


def value_and_grad(
    f: Callable[..., Any], argnums: int | tuple[int, ...] = 0
) -> Callable[..., tuple[Any, Any]]:
    """A function that returns f's value and its gradient, from one evaluation of f.

    Args:
        f: a function whose result is a real scalar (one element).
        argnums: which positional arguments to differentiate; a tuple gives a tuple of gradients.

    Returns:
        A function of f's arguments returning (value, gradient). The gradient has the tree, shapes
        and dtypes of the argument (integers count as float64): arrays for arrays, Tensors for
        Tensors; zeros where f does not depend on it. See `vjp` for closed-over Tensors.

    Raises:
        ShapeError: f returned something else than one element; use `vjp`, or reduce it.
        DTypeError: f is no function; it returned a complex or non-numeric value; an argument is
            no number.

    >>> value_and_grad(lambda w: (w * w).sum())(np.array([1.0, 2.0]))
    (np.float64(5.0), array([2., 4.]))
    """
    if not callable(f):
        raise DTypeError(f"grad: got {type(f).__name__} {f!r}; expected a function")

    def value_and_gradient(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        with recording(True):
            full, variables, rebuild = chosen(args, argnums)
            y = f(*full, **kwargs)
        _check_scalar(y)
        span = Span(variables, [y])
        seed = np.ones(y.shape, y.dtype)[()] if isinstance(y, Tensor) else None
        return span.seen(y), rebuild(span.pull([seed]))

    return value_and_gradient


def grad(f: Callable[..., Any], argnums: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """The gradient of a scalar function, as a function. See `value_and_grad` for the arguments.

    >>> J = lambda a, b, c: 3 * (a + b * c)
    >>> [float(d) for d in grad(J, (0, 1, 2))(5, 3, 2)]
    [3.0, 6.0, 9.0]
    >>> float(grad(grad(grad(np.sin)))(0.0))
    -1.0
    """
    both = value_and_grad(f, argnums)
    return lambda *args, **kwargs: both(*args, **kwargs)[1]


def jvp(f: Callable[..., Any], xs: tuple[Any, ...], ts: tuple[Any, ...]) -> tuple[Any, Any]:
    """The value of f and its directional derivative (J t): forward mode.

    The map from a cotangent to `vjp`'s pullback of it is linear; this is its transpose, so there
    is no second set of rules.

    Args:
        f: any function of arrays, or of trees of them, to an array or a tree.
        xs: a tuple of its arguments, as in `vjp`.
        ts: a tuple of their tangents, with the same trees and shapes.

    Returns:
        y and the tangent of y, shaped like y: arrays, or Tensors where an argument or tangent is
        one or f closes over one (see `vjp`).

    Raises:
        DTypeError: xs or ts is no tuple.
        ShapeError: the tangents' trees or shapes differ from the arguments'.

    >>> jvp(np.sin, (0.0,), (2.0,))
    (np.float64(0.0), np.float64(2.0))
    """
    for what, given in (("xs", xs), ("ts", ts)):
        if not isinstance(given, (tuple, list)):
            raise DTypeError(
                f"jvp: {what} is {type(given).__name__}; expected a tuple, one for each argument "
                "of f: jvp(f, (x,), (t,))"
            )
    leaves, rebuild = flatten(tuple(xs))
    tangents, rebuild_t = flatten(tuple(ts))
    got, expected = _tree(rebuild_t, len(tangents)), _tree(rebuild, len(leaves))
    if got != expected:
        raise ShapeError(f"jvp: the tangents are {got}; expected {expected}, as the arguments")
    with recording(True):
        variables = [_variable(leaf) for leaf in leaves]
        outputs, rebuild_y = flatten(f(*rebuild(list(variables))))
    tangents = [_like("jvp: tangent", v, t) for v, t in zip(variables, tangents, strict=True)]
    span = Span(variables, outputs)
    pushed = span.transposed().pull(tangents)
    if any(isinstance(a, Tensor) for a in [*leaves, *tangents]):
        pushed = [t if isinstance(t, Tensor) else Tensor(t) for t in pushed]
    return rebuild_y([span.seen(y) for y in outputs]), rebuild_y(pushed)


def stop_gradient(x: Any) -> Any:
    """`x`, an array or a tree, as a constant: the same values, through which no derivative passes.

    >>> float(grad(lambda x: x * stop_gradient(x))(3.0))
    3.0
    """
    leaves, rebuild = flatten(x)
    row = ROWS["stop_gradient"]
    return rebuild([record(row, (leaf,)) if isinstance(leaf, Tensor) else leaf for leaf in leaves])


class Span:
    """The part of a graph between the variables of a transform and its outputs."""

    def __init__(
        self, variables: list[Tensor], outputs: list[Any], floor: float | None = None
    ) -> None:
        self.variables = variables
        self.outputs = outputs
        roots = [y for y in outputs if isinstance(y, Tensor)]
        if floor is None:  # what is older was there before the transform
            floor = variables[0].serial if variables else math.inf
        self.floor = floor
        self.nodes = reach(roots, floor)
        self.wanted: set[Tensor] = set(variables)
        self.open: set[Tensor] = set()  # nodes that depend on a Tensor the caller can see
        for node in reversed(self.nodes):
            for a, x in zip(node.inputs, node._args, strict=True):
                if a is not x:
                    if a in self.wanted:
                        self.wanted.add(node)
                    if a.serial < floor or a in self.open:
                        self.open.add(node)
        self.open.update(y for y in roots if y.serial < floor)

    def seen(self, y: Any) -> Any:
        """An output as the caller gets it."""
        if not isinstance(y, Tensor) or y in self.open:
            return y
        return y._value.copy() if isinstance(y._value, np.ndarray) else y._value

    def pull(self, seeds: list[Any]) -> list[Any]:
        """The cotangents of the variables for these of the outputs."""
        record_it = bool(self.open) or any(isinstance(g, Tensor) for g in seeds)
        at: dict[Tensor, Any] = {}
        for y, g in zip(self.outputs, seeds, strict=True):
            if isinstance(y, Tensor) and g is not None:
                seed = _like("vjp: cotangent", y, g)
                at[y] = at[y] + seed if y in at else seed
        return self.swept(at, record_it)

    def swept(self, at: dict[Tensor, Any], record_it: bool, batch: int | None = None) -> list[Any]:
        """The same for cotangents of the roots, of a batch of them where `batch` says how many."""
        found = dict.fromkeys(self.variables)
        node = g = None  # the sweep may reach nothing
        for node, g in sweep(at, self.wanted, record_it, batch):
            if node in found:
                found[node] = g
        at.clear()
        lead = () if batch is None else (batch,)
        gradients = [
            np.zeros((*lead, *v.shape), v.dtype)[()] if g is None else g for v, g in found.items()
        ]
        del found, node, g
        return [
            Tensor(g) if v.op is not None and not isinstance(g, Tensor) else g
            for v, g in zip(self.variables, settle(gradients), strict=True)
        ]

    def transposed(self) -> Span:
        """The linear map from cotangents of the outputs to those of the variables, as a span."""
        duals = [Tensor(np.zeros(np.shape(y), _dtype(y))) for y in self.outputs]
        with recording(True):
            return Span(duals, self.pull(duals), self.floor)


def _dtype(y: Any) -> Any:
    kind = getattr(y, "dtype", np.dtype(float))
    return kind if kind.kind in "fc" else np.dtype(float)


def _tree(rebuild: Callable[[list[Any]], Any], n: int) -> str:
    return str(rebuild(["array"] * n)).replace("'array'", "array")


def _like(what: str, y: Tensor, g: Any) -> Any:
    """`g` in the shape and dtype of `y`, or an error that begins with `what`."""
    if not isinstance(g, Tensor):
        return fitting(what, g, y._value, cast=True)
    if g.shape != y.shape:
        raise ShapeError(f"{what}: got shape {g.shape}; expected {y.shape}")
    if g.dtype.kind == "c" and y.dtype.kind != "c":
        raise DTypeError(f"{what}: got dtype {g.dtype}; expected {y.dtype}")
    return g if g.dtype == y.dtype else g.astype(y.dtype)


def _variable(leaf: Any) -> Tensor:
    """A fresh variable for an argument: a leaf for an array, a node on top of a Tensor."""
    if not isinstance(leaf, Tensor):
        return as_argument(leaf)
    return record(ROWS["recorded"], (leaf if leaf.dtype.kind in "fc" else leaf.astype(float),))


def chosen(
    args: tuple[Any, ...], argnums: int | tuple[int, ...]
) -> tuple[list[Any], list[Tensor], Callable[[list[Any]], Any]]:
    """The arguments with fresh variables in the chosen ones, these, and how results are shaped."""
    numbers = argnums if isinstance(argnums, tuple) else (argnums,)
    where = [_position(i, len(args)) for i in numbers]
    if len(set(where)) < len(where):
        raise ShapeError(f"grad: argnums {argnums} names an argument twice")
    leaves, rebuild = flatten(tuple(args[i] for i in where))
    variables = [_variable(leaf) for leaf in leaves]
    full = list(args)
    for i, argument in zip(where, rebuild(list(variables)), strict=True):
        full[i] = argument
    return full, variables, rebuild if numbers is argnums else lambda new: rebuild(new)[0]


def _position(i: int, n: int) -> int:
    if not isinstance(i, int):
        raise DTypeError(f"grad: got argnums {i!r}; expected an integer or a tuple of integers")
    if not -n <= i < n:
        raise ShapeError(f"grad: argnums {i} is out of range; got {n} positional arguments")
    return i % n


def _check_scalar(y: Any) -> None:
    if not isinstance(y, (Tensor, np.ndarray, np.generic, float, int)):
        raise DTypeError(f"grad: f returned {type(y).__name__}; expected a real scalar")
    if np.size(y) != 1:
        raise ShapeError(
            f"grad: f returned shape {np.shape(y)}; expected a single element: "
            "reduce it, for example with .sum(), or use vjp"
        )
    if isinstance(y, Tensor) and y.dtype.kind != "f":
        raise DTypeError(f"grad: f returned dtype {y.dtype}; expected a real scalar")
