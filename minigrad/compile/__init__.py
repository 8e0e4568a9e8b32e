"""compile: from a recorded function to the code one would have written by hand.

A call is traced, the program simplified, its arrays planned, and source made of it by a backend.

Read next: `minigrad.compile.compiled`.
"""

from minigrad.compile.compiled import Compiled, compile  # noqa: A004

__all__ = ["Compiled", "compile"]
