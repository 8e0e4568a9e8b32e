"""compile: a function that is recorded once and from then on runs as the code it came to.

Read next: `minigrad.compile.trace`.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import update_wrapper
from threading import RLock
from types import MethodType
from typing import Any

import numpy as np

from minigrad.compile.arguments import casts_for, check_casts, is_array, names_of, signature_of
from minigrad.compile.backends import BACKENDS, Built, built
from minigrad.compile.compare import difference
from minigrad.compile.dispatch import Caller
from minigrad.compile.passes import optimized
from minigrad.compile.readable import readable
from minigrad.compile.trace import Trace, trace
from minigrad.errors import (
    DTypeError,
    GraphError,
    IndexingError,
    MinigradError,
    SingularError,
)
from minigrad.graph import Graph
from minigrad.program import Program
from minigrad.tensor import Tensor
from minigrad.tracing import tracer
from minigrad.trees import flatten
from minigrad.values import Array, constant

__all__ = ["Compiled", "compile"]

_KEPT = 32  # signatures kept; the oldest goes first
_MANY = 8  # signatures after which there is a warning, for each costs a trace


@dataclass(slots=True, eq=False)
class _Entry:
    """What is kept for one signature."""

    trace: Trace
    program: Program
    built: Built
    call: Caller
    casts: tuple[tuple[int, Any], ...]  # of the arguments that are Python's numbers
    names: list[str]  # of the arguments, where each is one array
    again: bool = False  # whether a second run has been compared with the first


class Compiled:
    """What `compile` returns: call it as the function it was made of."""

    def __init__(self, f: Callable[..., Any], backend: str = "auto") -> None:
        if not callable(f):
            raise DTypeError(f"compile: got {type(f).__name__} {f!r}; expected a function")
        if backend not in BACKENDS:
            raise GraphError(f"compile: got backend {backend!r}; expected {', '.join(BACKENDS)}")
        update_wrapper(self, f)
        self._f = f
        self.__name__ = self._name
        self._wanted = backend
        self._entries: dict[Any, _Entry] = {}
        self._last: tuple[_Entry, list[Array]] | None = None
        self._traced = 0
        self._lock = RLock()
        self._quick: Callable[[Any], Any] = (
            _never  # a short way for arguments like those recorded last
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """f's result; the code is made in the first call with arguments of these types."""
        try:
            if not kwargs and tracer.get() is None:
                result = self._quick(args)
                if result is not NotImplemented:
                    return result
            return self._called(args, kwargs)
        except MinigradError:
            raise
        except np.linalg.LinAlgError as error:
            raise SingularError(f"{self._name}, compiled: {error}") from error
        except IndexError as error:
            raise IndexingError(f"{self._name}, compiled: {error}") from error

    def _called(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        arrays: list[Array] = []
        key: list[Any] = []
        tree = (args, kwargs) if kwargs else args
        if not signature_of(tree, arrays, key) or tracer.get() is not None:
            return self._f(*args, **kwargs)  # within a derivative, or another compiled function
        entry = self._entries.get(signature := tuple(key))
        if entry is None or not entry.again:
            return self._record(signature, args, kwargs)
        for i, cast in entry.casts:
            arrays[i] = cast(arrays[i])
        return entry.call.on_arrays(*arrays)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __reduce__(self) -> Any:
        path = getattr(self, "__qualname__", "").split(".")
        found: Any = sys.modules.get(self.__module__)
        for part in path:
            found = getattr(found, part, None)
        return ".".join(path) if found is self else (Compiled, (self._f, self._wanted))

    @property
    def _name(self) -> str:
        return getattr(self._f, "__name__", type(self._f).__name__)

    @property
    def source(self) -> str:
        """What the code recorded last computes, as one would write it, in the names of the user.

        A function of the arguments and of the leaves it closes over; it returns the results, then
        the new values of the leaves it assigns and the gradients it leaves. See `code`.
        """
        entry, _ = self._latest("source")
        return readable(entry.program, entry.trace, self._name, entry.names)

    @property
    def code(self) -> str:
        """The code recorded last as it runs, with the arrays that it writes into."""
        return self._latest("code")[0].built.source

    def explain(self) -> str:
        """Which backend made the code recorded last, and why."""
        entry, _ = self._latest("code to explain")
        return f"{self._name}: {entry.built.note}"

    @property
    def backend(self) -> str:
        """The backend of the code recorded last; before the first call the one asked for."""
        return self._last[0].built.backend if self._last else self._wanted

    @property
    def graph(self) -> Graph:
        """The graph of the code recorded last, at the arguments of that call, which are kept."""
        entry, arrays = self._latest("graph")
        leaves = [leaf._value for leaf in entry.trace.leaves]
        inputs = [Tensor(x) for x in (*arrays, *leaves)]
        for tensor, line in zip(inputs, entry.program.inputs, strict=True):
            tensor.name = line.name
        outputs = [y for y in entry.program(*inputs) if isinstance(y, Tensor)]
        if not outputs:
            raise GraphError(f"compile: {self._name} returns constants, so there is no graph")
        return Graph(tuple(outputs), {})

    def _latest(self, what: str) -> tuple[_Entry, list[Array]]:
        if self._last is None:
            raise GraphError(
                f"compile: {self._name} has no {what} before its first call, "
                "which shows what arguments it takes"
            )
        return self._last

    def _record(self, signature: Any, args: Any, kwargs: Any) -> Any:
        """Run f as it is, and keep what it did; the second time, make sure that it did the same."""
        leaves, rebuild = flatten((args, kwargs))
        dynamic = [is_array(x) for x in leaves]
        given = [constant(x, self) for x, d in zip(leaves, dynamic, strict=True) if d]
        casts = casts_for(given)
        for i, cast in casts:
            given[i] = cast(given[i])

        def call(variables: list[Tensor]) -> Any:
            following = iter(variables)
            new = [next(following) if d else x for x, d in zip(leaves, dynamic, strict=True)]
            args, kwargs = rebuild(new)
            return self._f(*args, **kwargs)

        with self._lock:
            run, results = trace(call, given)
            check_casts(self._name, run.program, [i for i, _ in casts])
            entry = self._entries.get(signature)
            if entry is None:
                self._keep(
                    signature, self._built(run, given, casts, names_of(self._f, args, kwargs))
                )
                self._last = self._entries[signature], given
            else:
                changed = difference(entry.trace, run)
                if changed:
                    del self._entries[signature]
                    raise GraphError(
                        f"compile: {self._name} computed something else in its second call: "
                        f"{changed}; pass what changes as an argument, or keep it in a Tensor "
                        "(draws of random numbers belong into a minigrad.primitive)"
                    )
                entry.again = True
                if not kwargs:
                    self._quick = entry.call.on_arguments(args, _needed(entry)) or _never
        return run.rebuild(results)

    def _built(self, run: Trace, given: list[Array], casts: Any, names: list[str]) -> _Entry:
        n = len(given)
        program = optimized(run.program)
        place = {leaf: i for i, leaf in enumerate(run.leaves)}
        inplace = {
            run.n + i: place[leaf]
            for i, leaf in enumerate(run.assigned)
            if leaf in place and leaf.shape
        }
        donated = {i: n + j for i, j in inplace.items()}
        values = [*given, *(leaf._value for leaf in run.leaves)]
        code = built(program, donated, self._name, self._wanted, values)
        call = Caller(run, code.run, n, tuple(inplace.values()))
        return _Entry(run, program, code, call, casts, names)

    def _keep(self, signature: Any, entry: _Entry) -> None:
        self._entries[signature] = entry
        self._traced += 1
        if len(self._entries) > _KEPT:
            del self._entries[next(iter(self._entries))]
        if self._traced == _MANY:
            warnings.warn(
                f"compile: {self._name} was recorded for {_MANY} different kinds of arguments; "
                "arrays of other shapes, and other values of ints, bools and strings, are "
                "recorded anew: a number that changes should be a float or an array",
                stacklevel=5,
            )


def compile(f: Callable[..., Any] | None = None, *, backend: str = "auto") -> Any:
    """`f` as code: recorded in its first call, and from then on run without recording; a decorator.

    Derivatives in f are recorded like all else, so a whole training step compiles: `grad` and
    `value_and_grad`, or `J.backward()` and an optimizer's `step()`, with the parameters updated in
    place. The result is the one f gives; operations may be done in another order (1e-12).

    Args:
        f: a function of arrays, numbers and trees of them. Arrays, floats and complex numbers are
            inputs of the code. What else it is called with (ints, bools and strings by value,
            objects by identity) and every shape and dtype is fixed; others are recorded anew, up
            to 32 kinds. f gets copies of the lists, dicts and dataclasses among its arguments.
            Leaf Tensors that f closes over are inputs too: their values at each call count.
            Everything else that f closes over is a constant: arrays, numbers, `training` of a
            module. f is run as it is in the first two calls, and must do the same in both.
        backend: "numpy"; "numba", native code (needs the extra `fast`; seconds to make, kept on
            disk); "auto", which estimates from the sizes whether that pays, up to 500 lines; or
            "timed", which makes both and times them. `.explain()` tells.

    Returns:
        A function with f's signature. Results are arrays of their own where f returns Tensors:
        they have no history, so derivatives are taken inside f. Called with Tensors (also in
        the fields of a dataclass), or within another compiled function, it is f. A pickle or copy
        of it compiles afresh. It has `.source`, `.code`, `.graph`, `.backend` and `.explain()`, of
        the arguments recorded last. Draws that no result depends on are not made.

    Raises:
        GraphError: f asks for the value of what it computes (`if x > 0`, `float(x)`, iteration),
            adds to a gradient that it has not cleared, closes over an argument of a transform, or
            did something else in its second call; an unknown backend.
        DTypeError: an array of other things than numbers; f is no function.

    >>> from minigrad.transforms import grad
    >>> dJ = compile(grad(lambda a, b, c: 3 * (a + b * c), (0, 1, 2)))
    >>> [[float(d) for d in dJ(5.0, 3.0, 2.0)] for _ in range(3)]
    [[3.0, 6.0, 9.0], [3.0, 6.0, 9.0], [3.0, 6.0, 9.0]]
    """
    if f is None:
        return lambda function: compile(function, backend=backend)
    return Compiled(f, backend)


def _needed(entry: _Entry) -> dict[int, Any]:
    """The casts of the numbers that the program uses."""
    program = entry.program
    used = {id(a) for line in program.lines for a in line.inputs} | set(map(id, program.outputs))
    return {i: cast for i, cast in entry.casts if id(program.inputs[i]) in used}


def _never(_args: Any) -> Any:
    return NotImplemented
