"""What the package says when it is used wrongly: the errors shared by its modules.

Read next: `nn.activations`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import minigrad as mg

__all__ = ["ArgumentError", "missing_extra", "pick", "within"]

T = TypeVar("T")


class ArgumentError(mg.MinigradError, ValueError):
    """An argument that has the right type but no meaning here."""


def pick(what: str, name: Any, table: Mapping[str, T]) -> T:
    """`table[name]`, or an error that lists the choices.

    >>> pick("colour", "blue", {"red": 1})
    Traceback (most recent call last):
    nn.errors.ArgumentError: colour: got 'blue'; expected one of red
    """
    if not isinstance(name, str) or name not in table:
        raise ArgumentError(f"{what}: got {name!r}; expected one of {', '.join(table)}")
    return table[name]


def within(who: str, name: str, value: Any, ok: Callable[[Any], Any], expected: str) -> None:
    """An error that says what was expected, unless the value is one that `ok` takes.

    >>> within("SGD", "lr", "0.1", lambda x: x > 0, "a positive number")
    Traceback (most recent call last):
    nn.errors.ArgumentError: SGD: got lr='0.1'; expected a positive number
    """
    try:
        fine = bool(ok(value))
    except (TypeError, ValueError, mg.MinigradError):  # no number at all
        fine = False
    if not fine:
        raise ArgumentError(f"{who}: got {name}={value!r}; expected {expected}")


def missing_extra(what: str, library: str, extra: str, error: ImportError) -> ImportError:
    """The error to raise where an optional library is not installed."""
    return ImportError(
        f'{what} needs {library}, which is not installed: pip install "minigrad[{extra}]"',
        name=error.name,
    )
