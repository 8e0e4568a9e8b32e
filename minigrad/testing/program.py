"""Random straight-line programs of NumPy: drawn, run by any library, shrunk, printed as Python.

    program = random_program(seed=7)
    f = program.function()                     # of program.inputs, to a number
    print(program.smallest(lambda p: ...))     # the smallest that still fails

Values are shared and fan out, constants stand on either side, and some lines are derivatives of
functions that close over other lines. Read next: `minigrad.testing.ways`, what a line may be.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from minigrad.errors import NoRuleError
from minigrad.testing import ways
from minigrad.testing.ways import Way
from minigrad.transforms import grad
from minigrad.values import Array

__all__ = ["Line", "Program", "draw_program", "random_program"]

Choose = Callable[[int], int]  # n -> one of 0 … n - 1; small numbers for simple programs
Allowed = Callable[[Way], bool]

SIZE, LARGEST = 40, 40.0  # of a value: its elements, and the largest of them
SHAPES: list[tuple[tuple[int, ...], ...]] = [
    ((2,), (2,)), ((2, 3), (3,)), ((), (2,)), ((3, 3), (3, 1)), ((2, 1), (1, 3)), ((2, 3), (2, 3)),
    ((3,), (3, 3)), ((), ()), ((2, 2, 3), (2, 1)), ((1,), (2, 2)), ((2, 2), (2, 2)),
    ((3, 2), (2, 3)),
]  # fmt: skip
NUMBERS = (2, 0.5, -1.5, 3)


@dataclass(frozen=True)
class Line:
    """One line: a way to compute, and the numbers of the values it is given."""

    way: Way
    operands: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Program:
    """A straight-line program: arrays in, one number out.

    Its values are numbered: inputs first, then constants, then what each line computes. The
    result is the sum of all that no line uses, under unequal weights, so that a derivative that
    lands in the wrong place shows. `str()` is a script that runs it and prints its gradients.

    Attributes:
        inputs: the arrays to differentiate by.
        constants: the arrays and numbers it uses besides.
        lines: in order; each uses earlier values.
    """

    inputs: tuple[Array, ...]
    constants: tuple[Any, ...]
    lines: tuple[Line, ...]

    @property
    def analytic(self) -> bool:
        """Whether the complex step may differentiate it."""
        return all(line.way.analytic for line in self.lines)

    @property
    def nested(self) -> bool:
        """Whether a line of it is a derivative."""
        return any("grad(" in line.way.code for line in self.lines)

    def body(self) -> list[str]:
        """Its lines as Python, the result last."""
        first = len(self.inputs) + len(self.constants)
        names = self._names()
        lines = [
            f"{names[first + i]} = {line.way.code.format(*[names[k] for k in line.operands])}"
            for i, line in enumerate(self.lines)
        ]
        sums = [f"np.sum({names[k]} * w(np.shape({names[k]})))" for k in self._sinks()]
        return [*lines, f"return {' + '.join(sums)}"]

    def function(self, np: Any = np, grad: Any = grad) -> Callable[..., Any]:
        """The program as a function of its inputs, in the words of a library like NumPy.

        Args:
            np: NumPy, or a module with its names: `autograd.numpy`, `jax.numpy`.
            grad: what that library differentiates a scalar function with.
        """
        scope = {"np": np, "grad": grad, "w": _weights}
        names = self._names()
        constants = names[len(self.inputs) : len(self.inputs) + len(self.constants)]
        scope |= zip(constants, self.constants, strict=True)
        head = f"def f({', '.join(names[: len(self.inputs)])}):"
        exec("\n    ".join([head, *self.body()]), scope)
        made: Callable[..., Any] = scope["f"]
        return made

    def __str__(self) -> str:
        names = self._names()
        given = [
            f"{name} = {_written(x)}"
            for name, x in zip(names, (*self.inputs, *self.constants), strict=False)
        ]
        arguments = ", ".join(names[: len(self.inputs)])
        numbers = tuple(range(len(self.inputs)))
        return "\n".join([
            "import numpy as np",
            "from minigrad import grad",
            "",
            *given,
            "",
            "def w(shape):",
            '    """Unequal weights."""',
            "    return 0.5 + np.cos(np.arange(np.prod(shape, dtype=int))).reshape(shape) / 3",
            "",
            f"def f({arguments}):",
            *[f"    {line}" for line in self.body()],
            "",
            f"print(grad(f, {numbers})({arguments}))",
        ])  # fmt: skip

    __repr__ = __str__

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:  # how Hypothesis prints it
        printer.text(f"\n{self}\n")

    def _names(self) -> list[str]:
        n, m = len(self.inputs), len(self.constants)
        return [
            *[f"x{i}" for i in range(n)],
            *[f"c{i}" for i in range(m)],
            *[f"v{i}" for i in range(len(self.lines))],
        ]

    def _sinks(self) -> list[int]:
        """The values that no line uses; of a program without lines, its inputs."""
        first = len(self.inputs) + len(self.constants)
        used = {k for line in self.lines for k in line.operands}
        last = range(first, first + len(self.lines))
        return [k for k in last if k not in used] or list(range(len(self.inputs)))

    def values(self) -> list[Any]:
        """All its values, in the order of their numbers."""
        found = [*self.inputs, *self.constants]
        for line in self.lines:
            found.append(compute(line.way, *[found[k] for k in line.operands]))
        return found

    def smallest(self, fails: Callable[[Program], bool]) -> Program:
        """A program made of this one that still fails and from which no line can be taken.

        A line is dropped with all that needs it, or gives way to an input with its value.

        Args:
            fails: whether a program shows what this one shows.
        """
        best = self
        again = True
        while again:
            again = False
            for i in reversed(range(len(best.lines))):
                for smaller in (best._without(i), best._given(i)):
                    if smaller.lines and fails(smaller):
                        best, again = smaller, True
                        break
                if again:
                    break
        return best

    def _without(self, i: int) -> Program:
        """The program without line i and all that needs it."""
        first = len(self.inputs) + len(self.constants)
        gone = {first + i}
        for j, line in enumerate(self.lines):
            if gone & {*line.operands}:
                gone.add(first + j)
        return self._kept(gone, {})

    def _given(self, i: int) -> Program:
        """The program with an input in place of line i."""
        k = len(self.inputs) + len(self.constants) + i
        return self._kept({k}, {k: np.asarray(self.values()[k])[()]})

    def _kept(self, gone: set[int], given: dict[int, Array]) -> Program:
        """What is left without some lines, and without the inputs and constants nobody uses."""
        n, first = len(self.inputs), len(self.inputs) + len(self.constants)
        lines = [(first + j, line) for j, line in enumerate(self.lines) if first + j not in gone]
        used = {k for _, line in lines for k in line.operands}
        inputs = [(k, x) for k, x in enumerate(self.inputs) if k in used]
        inputs += [(k, x) for k, x in given.items() if k in used]
        constants = [(n + j, c) for j, c in enumerate(self.constants) if n + j in used]
        order = [k for k, _ in (*inputs, *constants, *lines)]
        new = {k: place for place, k in enumerate(order)}
        return Program(
            tuple(x for _, x in inputs),
            tuple(c for _, c in constants),
            tuple(Line(line.way, tuple(new[k] for k in line.operands)) for _, line in lines),
        )


@lru_cache(256)
def _weights(shape: tuple[int, ...]) -> Array:
    """Unequal weights, so that a cotangent put in the wrong place shows."""
    return 0.5 + np.cos(np.arange(prod(shape))).reshape(shape) / 3


def _written(x: Any) -> str:
    return f"np.array({np.asarray(x).tolist()})" if hasattr(x, "dtype") else repr(x)


@lru_cache(4096)
def _compiled(code: str) -> Callable[..., Any]:
    made: Callable[..., Any] = eval(
        f"lambda a, b=None: {code.format('a', 'b')}", {"np": np, "grad": grad}
    )
    return made


def compute(way: Way, *values: Any) -> Any:
    """What a way computes of these arrays."""
    return _compiled(way.code)(*values)


# Drawing ------------------------------------------------------------------------------------------


def random_program(
    seed: int, max_lines: int = 7, allowed: Allowed = lambda way: True, nested: bool = True
) -> Program:
    """The random program of that number: always the same.

    Args:
        seed: which.
        max_lines: of how many lines at most.
        allowed: whether it may contain a way to compute.
        nested: whether lines may be derivatives.

    >>> program = random_program(14)
    >>> for line in program.body():
    ...     print(line)
    v0 = np.hstack([x0, x0])
    return np.sum(v0 * w(np.shape(v0)))
    >>> grad(program.function())(*program.inputs)
    array([1.00333583, 0.96221956, 0.95583845])
    """
    rng = random.Random(seed)
    return draw_program(lambda n: int(rng.random() * n), max_lines, allowed, nested)


def draw_program(
    choose: Choose, max_lines: int = 7, allowed: Allowed = lambda way: True, nested: bool = True
) -> Program:
    """A program by a sequence of choices; see `random_program`.

    Args:
        choose: for n, one of 0 … n − 1. The smaller its answers, the simpler the program.
        max_lines: of how many lines at most.
        allowed: whether it may contain a way to compute.
        nested: whether lines may be derivatives.
    """
    draw = _Draw(choose, allowed, nested)
    shapes = SHAPES[choose(len(SHAPES))]
    inputs = [draw.array(shape) for shape in shapes[: 1 + choose(2)]]
    constants = [draw.constant(shapes[-1]) for _ in range(choose(3))]
    values: list[Any] = [*inputs, *constants]
    lines: list[Line] = []
    with np.errstate(all="ignore"):
        for left in reversed(range(max_lines)):
            line = draw.line(values, len(inputs), len(constants))
            value = compute(line.way, *[values[k] for k in line.operands])
            if 0 < np.size(value) <= SIZE and np.abs(value).max() < LARGEST:  # False for nan
                lines.append(line)
                values.append(value)
            if not choose(1 + left):  # asked after each line, so that shrinking can take one away
                break
    if not lines:
        lines = [Line(draw.simple(inputs[0]), (0,))]
    return Program(tuple(inputs), tuple(constants), tuple(lines))._kept(set(), {})


@dataclass(frozen=True)
class _Draw:
    """The choices that make a line."""

    choose: Choose
    allowed: Allowed
    nested: bool

    def array(self, shape: tuple[int, ...]) -> Array:
        """An array of numbers of two decimals, between -2 and 2."""
        rng = random.Random(self.choose(2**20))
        flat = [round(rng.uniform(-2, 2), 2) or 0.5 for _ in range(prod(shape))]
        return np.reshape(np.array(flat), shape)[()]

    def constant(self, shape: tuple[int, ...]) -> Any:
        k = self.choose(6)
        return NUMBERS[k] if k < 4 else self.array(shape)

    def line(self, values: Sequence[Any], inputs: int, constants: int) -> Line:
        """A line that fits the values there are."""
        places = [*range(inputs), *range(inputs + constants, len(values))]
        a = self.recent(places)
        kind = self.choose(10)
        if kind in (1, 4, 5, 6):
            back = self.choose(len(places))
            b = places[-1 - back] if self.choose(3) else self.choose(len(values))
            pair = (b, a) if self.choose(2) else (a, b)
            line = self.of_two(kind, pair, values)
            if line is not None:
                return line
        shape = np.shape(values[a])
        family = ways.UNARY
        if kind in (2, 7):
            family = ways.reductions(shape)
        elif kind in (3, 8):
            family = ways.rearrangements(shape)
        way = self.first(family, values[a]) or self.first(ways.UNARY, values[a])
        return Line(way or self.simple(values[a]), (a,))

    def simple(self, value: Any) -> Way:
        """The first function of one array that may occur and fits."""
        for way in ways.UNARY:
            if self.allowed(way) and way.fits(value):
                return way
        raise NoRuleError(
            f"random_program: `allowed` leaves no function that is safe for {value}; "
            "expected one that is safe everywhere, such as np.tanh"
        )

    def of_two(self, kind: int, pair: tuple[int, int], values: Sequence[Any]) -> Line | None:
        a, b = (np.asarray(values[k]) for k in pair)
        if kind == 6 and a.shape == b.shape:
            way = self.first(ways.joins(a.shape), a, b)
        elif kind == 5:
            way = self.first(ways.PRODUCTS, a, b)
        elif not _broadcast(a.shape, b.shape):
            return None
        elif kind == 4 and self.nested:
            way = self.first(ways.NESTED, a, b)
        else:
            way = self.first(ways.BINARY, a, b)
        return Line(way, pair) if way else None

    def recent(self, places: list[int]) -> int:
        """One of the values, the newest ones more often."""
        back = min(self.choose(len(places)), self.choose(len(places)))
        return places[len(places) - 1 - back]

    def first(self, family: Sequence[Way], *values: Any) -> Way | None:
        """A way that fits: the one chosen, or one of those before it."""
        start = self.choose(len(family))
        for i in range(start, max(start - 6, -1), -1):
            way = family[i]
            if self.allowed(way) and way.fits(*values):
                return way
        return None


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    return all(n == m or 1 in (n, m) for n, m in zip(reversed(a), reversed(b), strict=False))
