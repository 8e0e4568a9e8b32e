"""Which backend a program is built by: the one asked for, estimated or timed to be faster.

Read next: `minigrad.compile.compiled`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from math import prod
from time import perf_counter
from typing import Any

import numpy as np

from minigrad.compile import numpy_source
from minigrad.compile.numpy_source import Built
from minigrad.compile.types import shape_of
from minigrad.program import Line, Program
from minigrad.table import ROWS
from minigrad.values import Array

__all__ = ["BACKENDS", "Built", "built"]

BACKENDS = ("auto", "numpy", "numba", "timed")

# Measured on two cores (Python 3.11, NumPy 2.4), in seconds: what a line of the numpy backend costs
# before it does anything, what it costs for each byte it goes over, what a matrix product costs for
# each multiplication and byte of the dtype, and what part of the first two native code saves; then
# what a line that is left to Python costs more there, between native parts, than in one sequence.
_PER_LINE = 0.5e-6
_PER_BYTE = 0.08e-9
_PER_MULTIPLIED_BYTE = 0.006e-9
_SAVED = 0.7
_PER_CALLED = 2e-6
_WORTH = 0.1  # the part of the time that must be saved for native code, which takes seconds to make
_FEW = 8  # lines up to which calling native code takes as long as Python's arithmetic
_LONG = 500  # lines past which making native code takes more than some ten seconds


def built(
    program: Program,
    donated: Mapping[int, int],
    title: str,
    backend: str,
    arrays: list[Array],
) -> Built:
    """The program made runnable by a backend of that name.

    Args:
        program: what to compute.
        donated: by the number of an output, the input whose array it is written into.
        title: what to call it in messages.
        backend: one of BACKENDS.
        arrays: values for the inputs, to time it with.
    """
    why = ""
    if backend == "auto":
        backend, why = _estimated(program)
    if backend == "timed" and find_spec("numba") is None:
        backend, why = "numpy", "numba is not installed (the extra `fast`)"
    if backend == "timed":
        pair = [_by(name, program, donated, title) for name in ("numpy", "numba")]
        seconds = [_timed(made, donated, arrays) for made in pair]
        made = pair[int(np.argmin(seconds))]
        why = f"timed: numpy {seconds[0] * 1e6:.1f} µs, numba {seconds[1] * 1e6:.1f} µs a call"
    else:
        made = _by(backend, program, donated, title)
    return replace(made, note=f"{made.backend}: {made.note}" + (f"\n{why}" if why else ""))


def _by(backend: str, program: Program, donated: Mapping[int, int], title: str) -> Built:
    if backend == "numpy":
        return numpy_source.build(program, donated, title)
    made = _native("native").build(program, donated, title)
    return Built("numba", made.source, made.run, made.note)


def _native(name: str) -> Any:
    """A module of the numba backend, loaded when it is asked for: `import minigrad` stays cheap."""
    return import_module(f"minigrad.compile.{name}")


def _timed(made: Built, donated: Mapping[int, int], arrays: list[Array], calls: int = 5) -> float:
    """Seconds of the quickest of a few calls, each on arrays of its own."""
    best = float("inf")
    for _ in range(calls):
        given = [np.copy(x)[()] if i in donated.values() else x for i, x in enumerate(arrays)]
        start = perf_counter()
        made.run(*given)
        best = min(best, perf_counter() - start)
    return best


def _estimated(program: Program) -> tuple[str, str]:
    """The backend that should be faster, and why, in words."""
    lines = len(program.lines)
    if find_spec("numba") is None:
        return "numpy", "numba is not installed (the extra `fast`)"
    if lines <= _FEW:
        return "numpy", f"{lines} lines are too few for native code to pay"
    if lines > _LONG:
        return "numpy", f'{lines} lines take long to make native; backend="numba" does it'
    products = [line for line in program.lines if line.op is ROWS[np.matmul]]
    loops = [line for line in program.lines if line.op is not ROWS[np.matmul]]
    is_native = _native("native_ops").native
    called = [line for line in program.lines if not is_native(line)]
    multiplications = sum(map(_multiplications, products)) * _PER_MULTIPLIED_BYTE
    total = _overhead(lines, loops) + multiplications
    saved = _SAVED * (_overhead(lines, loops) - _overhead(len(called), called))
    share = (saved - len(called) * _PER_CALLED) / total
    python = f", which leaves {len(called)} of the calls to Python," if called else ""
    why = (
        f"estimated for NumPy: {lines} calls {lines * _PER_LINE * 1e6:.0f} µs, "
        f"loops {sum(map(_bytes, loops)) * _PER_BYTE * 1e6:.0f} µs, "
        f"matrix products {multiplications * 1e6:.0f} µs; native code{python} "
        + (f"saves {share:.0%}" if share > 0 else "saves nothing")
        + f" ({_WORTH:.0%} are worth it)"
    )
    return "numba" if share >= _WORTH else "numpy", why


def _overhead(calls: int, loops: list[Line]) -> float:
    """What native code saves a part of: seconds of so many calls, and of what the lines go over."""
    return calls * _PER_LINE + sum(map(_bytes, loops)) * _PER_BYTE


def _bytes(line: Line) -> int:
    """How many bytes a line goes over: of its result, or of what it reduces."""
    return max(prod(shape_of(a)) for a in (line, *_arrays(line))) * line.dtype.itemsize


def _multiplications(line: Line) -> int:
    inner = shape_of(line.inputs[0])[-1:]
    return prod(line.shape) * prod(inner) * line.dtype.itemsize


def _arrays(line: Line) -> list[Any]:
    return [a for a in line.inputs if type(a) is Line or isinstance(a, np.ndarray)]
