"""dispatch: the few lines between a call and its code, written out for one signature.

They are most of the time of a small function, so nothing in them is looped over or looked up.

Read next: `minigrad.compile.compiled`.
"""

from __future__ import annotations

from collections.abc import Callable
from sys import getrefcount
from typing import Any

import numpy as np

from minigrad.compile.trace import Trace
from minigrad.errors import GraphError
from minigrad.tensor import Tensor

__all__ = ["Caller"]


class Caller:
    """Calls the code of one signature: on its arrays, or straight on the arguments of a call.

    Args:
        trace: what the code does.
        run: the code.
        inputs: how many arrays there are.
        inplace: the numbers of the leaves whose arrays it writes into. A copy takes the place of
            an array that something else holds: a graph, a view, or another thread.
    """

    def __init__(
        self, trace: Trace, run: Callable[..., Any], inputs: int, inplace: tuple[int, ...]
    ) -> None:
        self._body, self._names = _calling(trace, run, inputs, inplace)
        self.on_arrays = _made(", ".join(f"x{i}" for i in range(inputs)), self._body, self._names)

    def on_arguments(
        self, like: tuple[Any, ...], casts: dict[int, Any]
    ) -> Callable[[tuple[Any, ...]], Any] | None:
        """A function of a tuple of arguments that returns NotImplemented if their types differ.

        `casts` says what a number that is used is converted by. There is no such function where
        an argument is neither an array nor a float.
        """
        names = {**self._names, "ndarray": np.ndarray}
        body = [f"if len(args) != {len(like)}: return NotImplemented"]
        for i, a in enumerate(like):
            x = f"x{i}"
            body.append(f"{x} = args[{i}]")
            if type(a) is np.ndarray:
                names[f"d{i}"] = a.dtype
                same = f"type({x}) is ndarray and {x}.dtype is d{i} and {x}.shape == {a.shape}"
                body.append(f"if not ({same}): return NotImplemented")
            elif type(a) is float:
                body.append(f"if type({x}) is not float: return NotImplemented")
                if i in casts:
                    names[f"cast{i}"] = casts[i]
                    body.append(f"{x} = cast{i}({x})")
            else:
                return None
        return _made("args", [*body, *self._body], names)


def _calling(
    trace: Trace, run: Callable[..., Any], inputs: int, inplace: tuple[int, ...]
) -> tuple[list[str], dict[str, Any]]:
    """The statements of a call with arrays x0, x1, …, and what they name."""
    leaves = {leaf: f"leaf{i}" for i, leaf in enumerate(_all(trace))}
    names: dict[str, Any] = {name: leaf for leaf, name in leaves.items()}
    names |= {"run": run, "held": getrefcount, "refuse": _refuse, "rebuild": trace.rebuild}
    body = [f"if {leaves[t]}._grad is not None: refuse({leaves[t]})" for t in trace.ungraded]
    for i, leaf in enumerate(trace.leaves):
        body.append(f"v{i} = {leaves[leaf]}._value")
        if i in inplace:
            body.append(f"if held(v{i}) > {_UNHELD} or not v{i}.flags.carray: v{i} = v{i}.copy()")
    operands = [f"x{i}" for i in range(inputs)] + [f"v{i}" for i in range(len(trace.leaves))]
    results = [f"r{i}" for i in range(trace.n)]
    targets = [
        *results,
        *(f"{leaves[leaf]}._value" for leaf in trace.assigned),
        *(f"{leaves[leaf]}._grad" for leaf in trace.graded),
    ]
    call = f"run({', '.join(operands)})"
    if targets == results and not trace.cleared and trace.form == (tuple, *["*"] * trace.n):
        return [*body, f"return {call}"], names
    body.append(f"{', '.join(targets)}, = {call}" if targets else call)
    body += [f"{leaves[leaf]}._grad = None" for leaf in trace.cleared]
    return [*body, f"return {_shape_of_result(trace, results)}"], names


def _shape_of_result(trace: Trace, results: list[str]) -> str:
    """The expression of what the function returns: one array, a tuple of them, or another tree."""
    if trace.form == "*":
        return "r0"
    if trace.form == (tuple, *["*"] * len(results)):
        return f"({', '.join(results)},)" if results else "()"
    return f"rebuild([{', '.join(results)}])"


def _all(trace: Trace) -> list[Tensor]:
    groups = (trace.leaves, trace.assigned, trace.graded, trace.cleared, trace.ungraded)
    return list(dict.fromkeys(leaf for group in groups for leaf in group))


def _refuse(leaf: Tensor) -> None:
    raise GraphError(
        f"compile: {leaf._called()} holds a gradient, to which the compiled code would add; call "
        "zero_grad() first, inside the compiled function or before it"
    )


def _made(inputs: str, body: list[str], names: dict[str, Any]) -> Callable[..., Any]:
    source = "\n    ".join([f"def call({inputs}):", *body])
    exec(compile(source, "<minigrad: call>", "exec"), names)
    made: Callable[..., Any] = names["call"]
    return made


def _unheld() -> int:
    leaf = Tensor(np.empty(1))
    v0 = leaf._value
    return getrefcount(v0)


_UNHELD = _unheld()
