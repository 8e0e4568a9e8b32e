"""Which backend a program is built by.

Read next: `minigrad.compile.compiled`.
"""

from __future__ import annotations

from collections.abc import Mapping

from minigrad.compile.numpy_source import Built, build
from minigrad.program import Program

__all__ = ["BACKENDS", "Built", "built"]

BACKENDS = ("auto", "numpy", "numba")


def built(program: Program, donated: Mapping[int, int], title: str, backend: str) -> Built:
    """The program made runnable by a backend of that name."""
    return build(program, donated, title)
