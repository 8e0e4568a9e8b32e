"""names: what the lecture would call the lines of a program.

Parameters and arguments have names; the rest follows from what is done with them. With W2 and b2
named, W2 A + b2 is Z2, what W2 multiplies is A1, and what W2 moves by is dW2, from dZ2.

Read next: `minigrad.compile.readable`.
"""

from __future__ import annotations

import re

import numpy as np

from minigrad.compile.trace import Trace
from minigrad.program import Line, Program
from minigrad.table import ROWS

__all__ = ["named"]


def named(program: Program, trace: Trace, arguments: list[str]) -> dict[Line, str]:
    """A name for each line that has one; the arguments are those of the first inputs."""
    names = dict(zip(program.inputs, arguments, strict=False))
    n = len(program.inputs) - len(trace.leaves)
    leaves = dict(zip(trace.leaves, program.inputs[n:], strict=True))
    names |= {line: leaf.name for leaf, line in leaves.items() if leaf.name}
    _forward(program, names)
    _derivatives(program, trace, names)
    results = program.outputs[: trace.n]
    if trace.form == "*" and type(results[0]) is Line and not results[0].shape:
        names.setdefault(results[0], "J")
    return names


def _forward(program: Program, names: dict[Line, str]) -> None:
    """Z[l] and A[l-1], from the products of W[l]."""
    for line in program.lines:
        product = line if line.op is ROWS[np.matmul] else line.inputs[0]
        layer = _layer(names, product, "W")
        if layer is None:
            continue
        if line.op is ROWS[np.add] and _named(names, line.inputs[1]) == f"b{layer}":
            names[line] = f"Z{layer}"
        a = product.inputs[1]
        if type(a) is Line and a.op is not None:
            names.setdefault(a, f"A{int(layer) - 1}")


def _layer(names: dict[Line, str], product: object, letter: str) -> str | None:
    """The number l of a product whose left factor is called W[l]."""
    if type(product) is not Line or product.op is not ROWS[np.matmul]:
        return None
    found = re.fullmatch(rf"{letter}([0-9]+)", _named(names, product.inputs[0]))
    return found[1] if found else None


def _named(names: dict[Line, str], a: object) -> str:
    return names.get(a, "") if type(a) is Line else ""


def _derivatives(program: Program, trace: Trace, names: dict[Line, str]) -> None:
    """dW and db of every leaf, from its gradient or its update; dZ[l] from dW[l] = dZ[l] Aᵀ."""
    k = trace.n + len(trace.assigned)
    for leaf, line in zip(trace.graded, program.outputs[k:], strict=True):
        if type(line) is Line and leaf.name:
            names[line] = f"d{leaf.name}"
    for leaf, line in zip(trace.assigned, program.outputs[trace.n : k], strict=True):
        if type(line) is not Line or not leaf.name:
            continue
        names.setdefault(line, leaf.name)
        step = line.inputs[1] if line.op is ROWS[np.subtract] else None
        for a in step.inputs if type(step) is Line and step.op is ROWS[np.multiply] else ():
            if type(a) is Line and a.op is not None and a.shape == leaf.shape:
                names.setdefault(a, f"d{leaf.name}")
    for line in program.lines:
        found = re.fullmatch(r"dW([0-9]+)", names.get(line, ""))
        a = line.inputs[0] if line.inputs else None
        if found and line.op is ROWS[np.matmul] and type(a) is Line and a.op is not None:
            names.setdefault(a, f"dZ{found[1]}")
