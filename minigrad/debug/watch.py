"""Watch: what is told of every operation and every cotangent within `minigrad.debug`.

Read next: `minigrad.debug.constants`.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from minigrad.debug import blame
from minigrad.debug.constants import fingerprint
from minigrad.debug.lint import Units, suspicion
from minigrad.errors import DebugWarning, MutatedError, NonFiniteError
from minigrad.sweep import sweep
from minigrad.table import Op
from minigrad.tensor import Tensor
from minigrad.tracing import is_library, is_recording, shown_line, users_frame, users_line
from minigrad.values import Array

__all__ = ["Watch"]

_READERS = {"matmul", "dot", "affine"}  # products in which weights read the units before
_ERRORS: dict[str, type[Exception]] = {
    "nan": NonFiniteError, "inf": NonFiniteError, "mutated": MutatedError, "lint": DebugWarning,
}  # fmt: skip


class Watch:
    """A `Debugger`; `finish` says what can be said at the end only.

    The notes of a node hold its "line" and its "constants": which operands are arrays of the
    user's, with their fingerprints.
    """

    def __init__(self, actions: Mapping[str, str], parameters: Iterable[Tensor]) -> None:
        self.actions = actions
        self.trusting = actions["nan"] == actions["inf"] == "ignore"
        self.told = actions["inf"] != "ignore"
        self.lint = actions["lint"] != "ignore"
        self.fixed = actions["mutated"] != "ignore"
        self.units = Units()
        self.said: set[tuple[str, str]] = set()
        self.used = {p.serial: blame.called(p) for p in parameters}  # leaves, until reached
        self.reached: set[int] = set()
        self.backward = False  # whether a sweep for every leaf was made
        self.at = 0  # the node whose operands were compared last
        self.tainted: set[int] = set()  # nodes of whose cotangent a part is not finite

    def note(
        self,
        value: Array,
        op: Op | None,
        inputs: tuple[Any, ...],
        args: tuple[Any, ...],
        params: Mapping[str, Any],
    ) -> dict[str, Any]:
        """`op` computed the value from the args, which the inputs held: the node's notes."""
        line, ruled = _place()
        notes: dict[str, Any] = {"line": line}
        if op is None:
            return notes
        held: list[tuple[int | str, int]] = []
        for i, (a, x) in enumerate(zip(inputs, args)):
            if a is x:
                if isinstance(x, np.ndarray) and self.fixed:
                    held.append((i, fingerprint(x)))
            elif a.op is None and a.serial not in self.reached and not ruled:
                self._uses(a, op, line)
        if params and self.fixed:
            held += [(k, fingerprint(x)) for k, x in params.items() if isinstance(x, np.ndarray)]
        if held:
            notes["constants"] = held
        if ruled:  # what a rule computes is looked at when the sweep has it
            return notes
        if not (self.trusting or blame.finite(value)):
            self._blame_operation(value, op, inputs, args, line)
        if self.lint:
            what = suspicion(op, value, inputs, args)
            if what:
                self._say("lint", f"{what}; at {line}", line)
            if op.name in _READERS:
                self.units.saw(inputs, args, line)
        return notes

    def pulled(self, swept: Any, node: Any, a: Any, g: Any, c: Any, total: Any) -> None:
        """A sweep had from a node's cotangent g the input's c, one part of the total so far."""
        if node.serial != self.at or node in swept[0]:
            self.at = node.serial
            for i, before in getattr(node, "notes", {}).get("constants", ()):
                x = node._args[i] if type(i) is int else node.params[i]
                if fingerprint(x) != before:
                    self._blame_write(node, i, x)
        if a.op is None:
            self.used.pop(a.serial, None)
            self.reached.add(a.serial)
            self.backward = self.backward or swept[1] is None
        if self.trusting:
            return
        if not blame.finite(blame.value_of(c)):
            self._blame_rule(swept[0], node, a, g, blame.value_of(c))
        elif total is not c and not (
            a.serial in self.tainted or blame.finite(blame.value_of(total))
        ):
            self._blame_sum(swept[0], node, a, blame.value_of(total))

    def finish(self) -> None:
        """Say which leaves backward() never reached, and which units let no derivative through."""
        if self.backward:
            for leaf in self.used.values():
                self._say(
                    "lint", f"backward() never reached {leaf}, though it reached others", leaf
                )
        for message in self.units.idle() if self.lint else ():
            self._say("lint", message, message)

    def _uses(self, leaf: Tensor, op: Op, line: str) -> None:
        """A leaf is an operand of what may have a derivative."""
        if op.form not in {"constant", "plain"} and op.name != "stop_gradient" and is_recording():
            self.used.setdefault(leaf.serial, f"{blame.called(leaf)}, used at {line}")

    def _blame_operation(
        self, value: Array, op: Op, inputs: tuple[Any, ...], args: tuple[Any, ...], line: str
    ) -> None:
        computed, data = blame.sorted_out(inputs, args)
        did = blame.trouble(value, computed, data, self.told)
        text = [
            f"{op.name} {did}: {blame.count_bad(value)}",
            f"  at {line}",
            *blame.operands(value, inputs, args, {}),
            f"  path: {blame.path_here(op.name, inputs)}{blame.origin(inputs)}",
        ]
        self._say(did[-3:], "\n".join(text), line)

    def _blame_rule(self, seeds: Any, node: Tensor, a: Tensor, g: Any, c: Array) -> None:
        self.tainted.add(a.serial)
        more = {"g": blame.value_of(g), "y": node._value}
        computed, data = blame.sorted_out(node.inputs, node._args)
        did = blame.trouble(c, [*more.values(), *computed], data, self.told)
        line, op = blame.line_of(node), blame.op_of(node)
        text = [
            f"backward of {op} {did}: {blame.count_bad(c)}",
            f"  {op} was recorded at {line}",
            *blame.operands(c, node.inputs, node._args, more),
            f"  path: {blame.path_back(seeds, node, a)}{blame.origin(node.inputs)}",
        ]
        self._say(did[-3:], "\n".join(text), line)

    def _blame_sum(self, seeds: Any, node: Tensor, a: Tensor, total: Array) -> None:
        self.tainted.add(a.serial)
        line = blame.line_of(node)
        text = [
            f"backward made inf: {blame.count_bad(total)}",
            f"  the cotangents of {blame.called(a)} are finite one by one, and their sum is not",
            f"  the last came through {blame.op_of(node)}, recorded at {line}",
            f"  path: {blame.path_back(seeds, node, a)}",
        ]
        self._say("inf", "\n".join(text), line)

    def _blame_write(self, node: Tensor, i: int | str, x: Array) -> None:
        line = blame.line_of(node)
        text = [
            f"an array was written to between its use and backward: input {i} of "
            f"{blame.op_of(node)}, {x.shape} {x.dtype}",
            f"  used at {line}",
            f"  found changed by backward at {users_line()}",
            "  a derivative that needs it is taken at the new numbers; give the operation a copy, "
            "or write to the array after backward",
        ]
        self._say("mutated", "\n".join(text), line)

    def _say(self, kind: str, text: str, line: str) -> None:
        action = self.actions.get(kind)
        if action == "raise":
            raise _ERRORS[kind](text)
        if action == "warn" and (kind, line) not in self.said:
            self.said.add((kind, line))
            frame = users_frame()
            warnings.warn_explicit(text, DebugWarning, frame.f_code.co_filename, frame.f_lineno)


def _place() -> tuple[str, bool]:
    """The line of the user's that is recording; in a sweep that of the node, and True."""
    frame = sys._getframe(2)
    while is_library(frame.f_code.co_filename) and frame.f_back is not None:
        if frame.f_code is sweep.__code__:
            return blame.line_of(frame.f_locals["node"]), True
        frame = frame.f_back
    return _line(frame.f_code.co_filename, frame.f_lineno), False


def _line(file: str, number: int) -> str:
    return shown_line(file, number) if file.startswith("<") else _kept_line(file, number)


_kept_line = lru_cache(4096)(shown_line)
