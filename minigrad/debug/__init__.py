"""debug: run a program as it is, and be told what is wrong with its numbers, arrays and shapes.

Read next: `minigrad.debug.watch`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Literal

import numpy as np

from minigrad.debug.watch import Watch
from minigrad.errors import GraphError
from minigrad.tensor import Tensor
from minigrad.tracing import telling

__all__ = ["debug"]

Action = Literal["raise", "warn", "ignore"]


@contextmanager
def debug(
    *,
    nan: Action = "raise",
    inf: Action = "raise",
    mutated: Action = "raise",
    lint: Action = "warn",
    parameters: Iterable[Tensor] = (),
) -> Iterator[None]:
    """A block in which every operation and every derivative is looked at; also a decorator.

    Found are
    - the first operation that makes a nan or an infinity, forward or backward, with its operands,
      the line that recorded it and the way through the graph. What was in an input already is
      not held against an operation (a nan in the data is told as such); a nan made of infinities
      is. NumPy's own warnings of this are off.
    - an array that was an operand and is written to before `backward()`, which would take its
      derivative at the new numbers: by its contents, so through any view of it. The line that used
      it is named and the one that goes back; which one wrote is not known.
    - shapes: (n,) with (n, 1), or (1, n) with (n, 1), which makes (n, n); a prediction that is
      stretched over the rows or columns of the target; softmax over an axis of size 1.
    - at the end: leaves that no `backward()` reached while it reached others; units that are 0
      (ReLU) or flat (tanh, sigmoid) for every example and so let no derivative through, seen where
      a product with weights reads them.

    It holds for the current thread or task, and for what is recorded in it. Compiled code runs as
    it is: debug the function that it was made of. Nodes keep their line, for pictures. An
    operation takes about twice the time; outside of the block nothing does.

    Args:
        nan: what to do about a nan: "raise", "warn" (once for each line) or "ignore" it.
        inf: the same for an infinity.
        mutated: the same for an array that was written to.
        lint: the same for shapes, leaves and units.
        parameters: Tensors that `backward()` is to reach, also if no operation uses them.

    Raises:
        NonFiniteError: a nan or an infinity was made. Where `np.where` is to drop it, "ignore" it.
        MutatedError: an operand was written to.

    Warns:
        DebugWarning: of everything else.

    >>> import numpy as np
    >>> x = Tensor([4.0, 0.0], name="x")
    >>> with debug():
    ...     np.sqrt(x).sum().backward()
    Traceback (most recent call last):
    minigrad.errors.NonFiniteError: backward of sqrt made inf: 1 of 2 elements, first at [1]
      sqrt was recorded at <doctest minigrad.debug.debug[2]>:2: `np.sqrt(x).sum().backward()`
      g: (2,) float64, from 1 to 1; 1.0 at [1]
      y: (2,) float64, from 0 to 2; 0.0 at [1]
      x: (2,) float64, from 0 to 4; 0.0 at [1]
      path: sum → sqrt → x
    """
    actions = {"nan": nan, "inf": inf, "mutated": mutated, "lint": lint}
    for what, action in actions.items():
        if action not in {"raise", "warn", "ignore"}:
            raise GraphError(f"debug: got {what}={action!r}; expected 'raise', 'warn' or 'ignore'")
    watch = Watch(actions, parameters)
    quiet = nullcontext() if watch.trusting else np.errstate(all="ignore")
    with quiet, telling(watch):
        yield
    watch.finish()
