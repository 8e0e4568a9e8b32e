"""check_grads: are the derivatives of a function those of the function?

Every derivative minigrad takes, of any order, in reverse and in forward mode, is compared with
extrapolated differences. Read next: `minigrad.testing.report`, what it finds and raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from minigrad.errors import DTypeError, ShapeError
from minigrad.sweep import reach
from minigrad.tensor import Tensor
from minigrad.testing.curves import EPS, TINY, Lost, Measured
from minigrad.testing.differences import measure, plain, precision, typical, units
from minigrad.testing.judge import FULL, SAMPLES, About, Judge
from minigrad.testing.report import GradientError, Report, Row, called, paths
from minigrad.testing.rules import wrong_rules
from minigrad.transforms import grad, jvp, vjp
from minigrad.trees import flatten
from minigrad.values import Array

__all__ = ["check_grads"]


def check_grads(
    f: Callable[..., Any],
    *args: Any,
    order: int = 2,
    argnums: int | tuple[int, ...] | None = None,
    rtol: float | None = None,
    allow_kinks: bool = False,
    raises: bool = True,
    seed: int = 0,
) -> Report:
    """Compare the derivatives of f, in reverse and forward mode, with differences of f.

    The whole Jacobian is compared, and its product with one random cotangent; of an argument, or an
    output, of more than 200 numbers, the products with 12 random directions, or cotangents. Each
    order above the first is the gradient of the order below along a random direction. The rules
    of every `primitive` that f uses are checked by themselves, and where something is wrong those
    of every op, in the order of computation, so that the first wrong one is named.

    Args:
        f: a function of arrays, or of trees of them, to an array or a tree.
        *args: its arguments, where to check: numbers, arrays or Tensors, real or complex, in
            nested dicts, lists, tuples and dataclasses.
        order: up to which order.
        argnums: which arguments to differentiate; all by default. The others are passed as given.
        rtol: what relative error of an element to accept: by default 1e-9, or 100 roundings of
            the argument's dtype if that is more, besides the differences' own error.
        allow_kinks: accept what lies between the slopes on both sides where f is not
            differentiable, instead of refusing to judge it.
        raises: raise an error if something is wrong; otherwise the report says so.
        seed: of the random directions.

    Returns:
        The `Report`, a row for each order, argument and mode.

    Raises:
        GradientError: a derivative is wrong, or cannot be judged: at a kink, or because f is
            random, not finite, or too rough for differences. An AssertionError too.
        DTypeError: f returned no number, or is no function; an argument is no number.
        ShapeError: an order below 1, a negative rtol, argnums out of range.

    Differences are taken in float64, whatever the arguments are in.

    >>> f = lambda W, b: np.tanh(W @ b)
    >>> report = check_grads(f, np.ones((2, 2)), np.ones(2), order=1)
    >>> print(report.verdict)
    f: all 4 agree with differences
    >>> [(row.mode, row.argument, row.checked) for row in report.rows][:2]
    [('reverse', 'W', '8'), ('forward', 'W', '2')]
    """
    __tracebackhide__ = True  # pytest then shows the caller's line
    if not callable(f):
        raise DTypeError(f"check_grads: got {type(f).__name__} {f!r}; expected a function")
    if not isinstance(order, int) or order < 1:
        raise ShapeError(f"check_grads: got order {order!r}; expected 1 or more")
    if rtol is not None and not rtol >= 0:
        raise ShapeError(f"check_grads: got rtol {rtol!r}; expected 0 or more")
    problem = _Problem.of(f, args, argnums)
    rng = np.random.default_rng(seed)
    judge = Judge(rtol, allow_kinks)
    name, names = called(f), paths(f, args, problem.where)
    rows: list[Row] = []
    with np.errstate(all="ignore"):
        roots = tuple(problem.function(list(map(_named, problem.given, names))))
        trouble = _trouble(problem)
        problem = replace(problem, eps=_precision(problem))
        try:
            for k in range(1, order + 1) if not trouble else ():
                rows += _rows(problem, k, names, judge, rng)
                if not all(row.ok for row in rows):
                    break
                problem = problem.along(rng)
        except Exception as error:  # a rule that is wrong may fail in any way
            if not any(wrong_rules(roots, seed=seed)):
                raise
            trouble = f"{type(error).__name__}: {error}"
        right = not trouble and all(row.ok for row in rows)
        rules = tuple(wrong_rules(roots, primitives_only=right, seed=seed))
    found = Report(
        name, tuple(rows), rules, trouble, "" if right else _note(roots, problem.eps), roots
    )
    if raises and not found.ok:
        raise GradientError(found)
    return found


def _trouble(problem: _Problem) -> str:
    """Why a function cannot be checked, or ''."""
    xs = [plain(x) for x in problem.given]
    value, again = problem.flat(xs), problem.flat(xs)
    if not np.array_equal(value, again, equal_nan=True):
        return "two calls with equal arguments differ, so it is random"
    return "" if np.all(np.isfinite(value)) else "it is not finite there"


def _note(roots: tuple[Any, ...], eps: float) -> str:
    """What in the graph may be meant to make a derivative differ from differences."""
    nodes = reach([t for t in roots if isinstance(t, Tensor)])
    if any(t.op is not None and t.op.name == "stop_gradient" for t in nodes):
        return "it uses stop_gradient, past which a derivative is not that of the value"
    if eps > EPS:
        return f"it computes with {-np.log10(eps):.0f} digits on the way, too few for differences"
    if not any(t.op for t in nodes):
        return "it computes with plain arrays only: does it use .data, or no_grad?"
    return ""


@dataclass(frozen=True)
class _Problem:
    """A function of a list of arrays to a list of arrays, and where to differentiate it.

    Attributes:
        function: arrays to arrays, Tensors to Tensors.
        given: the arrays, in the caller's dtypes.
        where: which of the caller's arguments they are from.
        scale: how large the numbers were from which its own were computed.
        eps: of the precision in which it computes, given float64.
    """

    function: Callable[[list[Any]], list[Any]]
    given: list[Array]
    where: tuple[int, ...] = ()
    scale: float = 0.0
    eps: float = EPS

    @staticmethod
    def of(f: Callable[..., Any], args: tuple[Any, ...], argnums: Any) -> _Problem:
        if argnums is None:
            argnums = tuple(range(len(args)))
        where = argnums if isinstance(argnums, tuple) else (argnums,)
        if not all(isinstance(i, int) for i in where):
            raise DTypeError(f"check_grads: got argnums {argnums!r}; expected integers")
        if not all(-len(args) <= i < len(args) for i in where):
            raise ShapeError(f"check_grads: argnums {argnums} is out of range for {len(args)}")
        where = tuple(i % len(args) for i in where)
        leaves, rebuild = flatten(tuple(args[i] for i in where))
        if not leaves:
            raise ShapeError("check_grads: got no argument to differentiate")

        def function(xs: list[Any]) -> list[Any]:
            full = list(args)
            for i, argument in zip(where, rebuild(list(xs)), strict=True):
                full[i] = argument
            return _outputs(f(*full))

        given = map(_number, leaves, paths(f, args, where))
        return _Problem(function, list(given), where)

    def flat(self, xs: list[Array]) -> Array:
        """The outputs for arrays as one array of real numbers, imaginary parts after real ones."""
        ys = [y._value if isinstance(y, Tensor) else y for y in self.function(xs)]
        return _flat([np.asarray(y) for y in ys])

    def along(self, rng: np.random.Generator) -> _Problem:
        """The derivative, along a random direction, of a random combination of the outputs."""
        ys = self.function(self.given)
        gs = [_random(rng, np.shape(y), _dtype(y)) for y in ys]
        ds = [_random(rng, np.shape(x), x.dtype) for x in self.given]

        def total(xs: list[Any]) -> Any:
            parts = zip(gs, self.function(xs), strict=True)
            return sum([np.sum(np.real(g * y)) for g, y in parts], start=0.0)

        def derivative(xs: list[Any]) -> list[Any]:
            parts = zip(grad(total)(xs), ds, strict=True)
            return [sum([np.sum(np.real(c * d)) for c, d in parts], start=0.0)]

        size = float(np.max(np.abs(self.flat([plain(x) for x in self.given])), initial=0.0))
        return replace(self, function=derivative, scale=max(size, self.scale))


def _number(x: Any, path: str) -> Array:
    x = _array(x)
    if np.asarray(x).dtype.kind not in "fciub":
        of = f" of dtype {x.dtype}" if hasattr(x, "dtype") else ""
        raise DTypeError(
            f"check_grads: got {type(x).__name__}{of} for {path}; expected numbers; what is not to "
            "be differentiated goes into an argument of its own, which argnums leaves out"
        )
    return Tensor(x)._value


def _precision(problem: _Problem) -> float:
    """That of the coarsest arithmetic on the way from the arguments, as arrays of float64."""
    xs = [Tensor(plain(x)[()]) for x in problem.given]
    moving = set(map(id, xs))
    eps = EPS
    for node in reversed(reach([t for t in problem.function(xs) if isinstance(t, Tensor)])):
        if not moving.isdisjoint(map(id, node.inputs)):
            moving.add(id(node))
            eps = max(eps, precision(node._value.dtype))
    return eps


def _named(x: Array, name: str) -> Tensor:
    return Tensor(x, name=name)


def _array(x: Any) -> Any:
    return x.data if isinstance(x, Tensor) else x


def _dtype(y: Any) -> np.dtype[Any]:
    dtype: np.dtype[Any] = getattr(y, "dtype", np.dtype(float))
    return dtype


def _outputs(y: Any) -> list[Any]:
    """The floating and complex arrays of what f returned."""
    leaves, _ = flatten(y)
    kinds = [np.dtype(_dtype(a)).kind if hasattr(a, "dtype") else _kind(a) for a in leaves]
    found = [a for a, kind in zip(leaves, kinds, strict=True) if kind in "fc"]
    if not found:
        got = ", ".join(type(a).__name__ for a in leaves) or "nothing (is a return missing?)"
        raise DTypeError(f"check_grads: f returned {got}; expected real or complex numbers")
    return found


def _kind(a: Any) -> str:
    return "f" if isinstance(a, float) else "c" if isinstance(a, complex) else "O"


def _flat(ys: list[Array]) -> Array:
    parts = [p for y in ys for p in ((y.real, y.imag) if y.dtype.kind == "c" else (y,))]
    return np.concatenate([np.ravel(p) for p in parts]).astype(float)


def _cotangents(ys: list[Any], weights: Array) -> list[Array]:
    """Cotangents of outputs like ys under which the sum is that of the flat outputs' weights."""
    found, start = [], 0
    for y in ys:
        n, shape = np.size(y), np.shape(y)
        a = np.reshape(weights[start : start + n], shape)
        start += n
        if _dtype(y).kind == "c":  # Re (a - ib)(u + iv) = au + bv
            a = a - 1j * np.reshape(weights[start : start + n], shape)
            start += n
        found.append(a.astype(_dtype(y))[()])
    return found


def _random(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> Array:
    d = rng.uniform(0.2, 1, shape) * rng.choice([-1, 1], shape)
    if np.dtype(dtype).kind == "c":
        d = d + 1j * rng.uniform(-1, 1, shape)
    return d.astype(dtype)[()]


# The comparison -----------------------------------------------------------------------------------


def _rows(
    problem: _Problem, order: int, names: list[str], judge: Judge, rng: np.random.Generator
) -> Iterator[Row]:
    """The rows of one order: for each argument, reverse and forward mode."""
    xs = [plain(x) for x in problem.given]
    value = problem.flat(xs)
    outputs, pullback = vjp(lambda *vs: problem.function(list(vs)), *problem.given)
    n = value.size
    some = rng.uniform(-2, 2, (1 if n <= FULL else SAMPLES, n))  # shows what is not linear in g
    weights = np.vstack([np.eye(n), some]) if n <= FULL else some
    pulled = [pullback(_cotangents(outputs, w)) for w in weights]
    for i, x in enumerate(xs):
        numbers = x.size * (2 if x.dtype.kind == "c" else 1)
        every = numbers <= FULL and numbers * n <= FULL**2
        samples = [(_random(rng, x.shape, x.dtype), typical(x)) for _ in range(SAMPLES)]
        directions = list(units(x)) if every else samples
        lost = Lost(problem.eps, 10 * EPS * problem.scale / typical(x))
        found = measure(problem.flat, xs, i, directions, lost)
        size = float(np.max(np.abs(value), initial=max(problem.scale, TINY))) / typical(x)
        D = np.reshape([d for d, _ in directions], (len(directions), x.size))
        C = np.reshape([np.ravel(_array(p[i])) for p in pulled], (len(pulled), x.size))
        wanted = Measured(found.value.T, found.error.T)
        combined = Measured(some @ wanted.value, np.abs(some) @ wanted.error)
        wanted = _stacked(wanted, combined) if n <= FULL else combined
        dtype = problem.given[i].dtype
        about = About(problem.flat, xs, i, D, weights, size, dtype, lost, every)
        yield judge.row(order, "reverse", names[i], about, _entries(C, D, every), wanted)
        w = rng.uniform(0.2, 1, len(directions))
        wanted = Measured((w @ found.value)[:, None], (w @ found.error)[:, None])
        about = replace(about, directions=(w @ D)[None], weights=None, every=False)
        yield judge.row(order, "forward", names[i], about, _pushed(problem, i, w @ D), wanted)


def _stacked(one: Measured, other: Measured) -> Measured:
    return Measured(np.vstack([one.value, other.value]), np.vstack([one.error, other.error]))


def _entries(C: Array, D: Array, every: bool) -> Array:
    """The derivatives along each direction, from gradients: each by itself where that is one."""
    if not every:
        return np.real(C @ D.T)
    if C.shape[1] == len(D):  # real numbers
        return np.real(C)
    return np.reshape(np.stack([C.real, -C.imag], axis=-1), (len(C), len(D)))


def _pushed(problem: _Problem, i: int, t: Array) -> Array:
    """The flat derivative of the outputs along t, in the i-th argument."""
    x = problem.given[i]

    def of_one(v: Any) -> list[Any]:
        return problem.function([*problem.given[:i], v, *problem.given[i + 1 :]])

    _, pushed = jvp(of_one, (x,), (np.reshape(t, x.shape).astype(x.dtype)[()],))
    return _flat([np.asarray(_array(p)) for p in pushed])[:, None]
