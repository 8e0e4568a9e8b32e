"""Which rows of the op table have been differentiated while somebody watched.

Read next: `minigrad.testing.plugin`, which lists those that no test reached.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minigrad.table import ROWS, Op

__all__ = ["Watch", "row_name"]

_WITHOUT = {"constant", "plain", "primitive"}  # forms of rows that have no rule of their own


class Watch:
    """Notes which rows' rules run, from `start()` to `stop()`.

    >>> from minigrad.transforms import grad
    >>> watch = Watch()
    >>> watch.start()
    >>> slope = grad(np.tanh)(0.0)
    >>> watch.stop()
    >>> [row_name(key) for key in watch.reached]
    ['np.tanh']
    """

    def __init__(self) -> None:
        self.reached: dict[Any, None] = {}
        self.kept: dict[Any, tuple[Op, Any, Any]] = {}

    def start(self) -> None:
        """Watch every row there is by now; again, for rows that were declared since."""
        for key, op in ROWS.items():
            if key in self.kept or not _differentiable(op):
                continue
            self.kept[key] = (op, op.vjps, op.call)
            if op.form == "composed":
                _put(op, call=self._noting(key, op.call))
            elif isinstance(op.vjps, tuple):
                _put(op, vjps=tuple(v and self._noting(key, v) for v in op.vjps))
            else:
                _put(op, vjps=_Each(op.vjps, lambda v, key=key: self._noting(key, v)))

    def stop(self) -> None:
        """Put the rows back as they were."""
        for op, vjps, call in self.kept.values():
            _put(op, vjps=vjps, call=call)
        self.kept.clear()

    def missed(self) -> list[str]:
        """The rows with a derivative that were not reached, by name."""
        return sorted(
            row_name(key)
            for key, op in ROWS.items()
            if _differentiable(op) and key not in self.reached
        )

    def _noting(self, key: Any, function: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*args: Any, **kwargs: Any) -> Any:
            self.reached[key] = None
            return function(*args, **kwargs)

        return noted


class _Each:
    """Rules that are made as they are asked for, each noted when it runs."""

    def __init__(self, rules: Any, noting: Callable[..., Any]) -> None:
        self.rules = rules
        self.noting = noting

    def __iter__(self) -> Iterator[Any]:
        return (rule and self.noting(rule) for rule in self.rules)


def _differentiable(op: Op) -> bool:
    return op.form == "composed" or (op.form not in _WITHOUT and op.vjps not in ((), (None,)))


def _put(op: Op, **new: Any) -> None:
    """A row is frozen for everybody else; batched rules look it up by its identity."""
    for name, value in new.items():
        object.__setattr__(op, name, value)


def row_name(key: Any) -> str:
    """How a row is called: by its place in NumPy or SciPy, or by our own name."""
    if isinstance(key, str):
        return key
    home = getattr(key, "__module__", None) or "numpy"
    if isinstance(key, np.ufunc):
        home = "numpy" if getattr(np, key.__name__, None) is key else "scipy.special"
    return f"{home}.{key.__name__}".replace("numpy.", "np.", 1)
