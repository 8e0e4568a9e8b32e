"""What a check of gradients found, argument by argument, and the error that says so.

Read next: `minigrad.testing.differences`, what the derivatives are compared with.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from minigrad.errors import MinigradError
from minigrad.graph import Graph, graph
from minigrad.tensor import Tensor
from minigrad.testing.diagnosis import Mistake
from minigrad.testing.rules import WrongRule

__all__ = ["GradientError", "Report", "Row", "called", "paths"]

DRAWN = 200  # nodes up to which a failure shows the graph


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a report: the derivatives of one order by one argument, in one mode.

    Attributes:
        order: of the derivative.
        mode: "reverse" or "forward".
        argument: which one, as the caller writes it: `params['W1']`.
        shape: of the argument.
        checked: how many numbers were compared, and of what.
        error: the largest difference, relative to the largest derivative.
        at: where the derivative is farthest from right, and what it is there.
        mistake: what is wrong; of kind "none" where nothing is.
    """

    order: int
    mode: str
    argument: str
    shape: tuple[int, ...]
    checked: str
    error: float
    at: str
    mistake: Mistake

    @property
    def ok(self) -> bool:
        """Whether the derivatives agree."""
        return self.mistake.ok

    def cells(self) -> tuple[str, ...]:
        """The line as text."""
        mark = "✓" if self.ok else f"✗ {self.mistake.kind}"
        shape = str(self.shape)
        error = f"{self.error:.1e}"
        return str(self.order), self.mode, self.argument, shape, self.checked, error, mark


@dataclass(frozen=True, slots=True)
class Report:
    """What `check_grads` found. Printing it shows the table.

    Attributes:
        name: of the function.
        rows: a `Row` for each order, argument and mode.
        rules: the ops whose own rules are wrong, in the order of computation: the user's
            primitives always, the others where a row is wrong.
        trouble: why the function could not be checked at all, or ''.
        note: what else to know where something is wrong, or ''.
    """

    name: str
    rows: tuple[Row, ...]
    rules: tuple[WrongRule, ...] = ()
    trouble: str = ""
    note: str = ""
    roots: tuple[Any, ...] = field(default=(), repr=False, compare=False)

    @property
    def ok(self) -> bool:
        """Whether every derivative agrees and no rule is wrong."""
        return not (self.rules or self.trouble) and all(row.ok for row in self.rows)

    @property
    def verdict(self) -> str:
        """What is wrong, or that nothing is, in a few lines."""
        wrong = [row for row in self.rows if not row.ok]
        lines = []
        if self.trouble:
            lines = [f"{self.name}: cannot be checked: {self.trouble}"]
        elif wrong:
            first = wrong[0]
            what = f"{_ordinal(first.order)} derivative by {first.argument}, in {first.mode} mode"
            verb = "cannot judge the" if first.mistake.kind == "unsettled" else "wrong"
            lines = [f"{self.name}: {verb} {what}", f"  {first.at}", f"  {first.mistake}"]
        elif self.rules:
            lines = [f"{self.name}: right here, but it uses a rule that is wrong"]
        lines += [f"  wrong rule: {rule}" for rule in self.rules]
        lines += [f"  {self.note}"] * bool(self.note)
        return "\n".join(lines) or f"{self.name}: all {len(self.rows)} agree with differences"

    def graph(self) -> Graph | None:
        """The graph of the function where it was checked.

        None if it is too large to be read, records nothing, or has a rule that fails.
        """
        nodes = [t for t in self.roots if isinstance(t, Tensor)]
        if not nodes:
            return None
        try:
            drawn = graph(*nodes)
        except Exception:  # a rule that is wrong may fail in any way
            return None
        return drawn if len(drawn) <= DRAWN else None

    def __str__(self) -> str:
        head = ("order", "mode", "argument", "size", "compared", "error", "")
        lines = [head, *(row.cells() for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        table = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
        return "\n".join([self.verdict, "", *table] if self.rows else [self.verdict])


class GradientError(MinigradError, AssertionError):
    """A derivative that disagrees with differences of the function.

    Attributes:
        report: everything that was compared.
    """

    def __init__(self, report: Report) -> None:
        super().__init__(f"check_grads: {report}")
        self.report = report


def _ordinal(order: int) -> str:
    names = ("first", "second", "third", "fourth")
    return names[order - 1] if order <= len(names) else f"{order}th"


def called(f: Callable[..., Any]) -> str:
    """What to call a function in a report."""
    name = getattr(f, "__name__", type(f).__name__)
    return "f" if name == "<lambda>" else name


def paths(f: Callable[..., Any], args: tuple[Any, ...], where: tuple[int, ...]) -> list[str]:
    """How the caller writes each leaf of the chosen arguments: `w`, `params['W'][0]`."""
    names = [f"argument {i}" for i in range(len(args))]
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):  # some compiled functions show none
        parameters = []
    for i, p in enumerate(parameters[: len(args)]):
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD):
            names[i] = p.name
    return [path for i in where for path in _leaves(args[i], names[i])]


def _leaves(tree: Any, path: str) -> Iterator[str]:
    """The paths of the leaves, in the order of `minigrad.trees.flatten`."""
    if tree is None:
        return
    if isinstance(tree, dict):
        for key, part in tree.items():
            yield from _leaves(part, f"{path}[{key!r}]")
    elif isinstance(tree, (list, tuple)):
        for i, part in enumerate(tree):
            at = f".{tree._fields[i]}" if hasattr(tree, "_fields") else f"[{i}]"
            yield from _leaves(part, path + at)
    elif is_dataclass(tree) and not isinstance(tree, type):
        for each in fields(tree):
            if each.init:
                yield from _leaves(getattr(tree, each.name), f"{path}.{each.name}")
    else:
        yield path
