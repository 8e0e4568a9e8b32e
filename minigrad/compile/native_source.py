"""Source: a plan as the text of a module with one native function and the function that calls it.

Nothing of the user's stands in the text: buffers are called x0 (an input), c0 (a constant), y0 (a
result) or s64 (scratch memory from byte 64), and each index is written out in numbers.

Read next: `minigrad.compile.native_runtime`, the functions the text uses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.compile.native_layout import Buffer, Place, coalesced
from minigrad.compile.native_ops import Loop, caster, inner_loop, number
from minigrad.compile.native_product import Tail, dots, rows
from minigrad.compile.native_steps import (
    Call,
    Factor,
    Kernel,
    Node,
    Plan,
    Product,
    Reduce,
    Scalar,
    Step,
)
from minigrad.program import Program

__all__ = ["Added", "Function", "Table", "functions"]

MOST_LINES = 300  # of a function: LLVM takes time that grows with the square of its length

_READ, _WRITTEN = 0x101, 0x501  # NumPy's flags: in C order and aligned; and writable


@dataclass(frozen=True, slots=True)
class Added:
    """BLAS's product of this dtype that is added to a matrix."""

    dtype: np.dtype[Any]


class Table:
    """The addresses the native function is handed: dtypes', inner loops' and BLAS's, each once."""

    def __init__(self) -> None:
        self.dtypes: dict[Any, int] = {}
        self.loops: dict[tuple[Any, int], int] = {}
        self.entries: list[np.dtype[Any] | Added | Loop] = []

    def dtype(self, dtype: np.dtype[Any] | Added) -> str:
        """The source of the address of a dtype, or of BLAS's product of one."""
        if dtype not in self.dtypes:
            self.dtypes[dtype] = len(self.entries)
            self.entries += [dtype]
        return f"table[{self.dtypes[dtype]}]"

    def loop(self, loop: Loop) -> str:
        """The source of the two addresses of an inner loop."""
        key = (loop.function, loop.index)
        if key not in self.loops:
            self.loops[key] = len(self.entries)
            self.entries += [loop, loop]
        return f"table[{self.loops[key]}], table[{self.loops[key] + 1}]"


@dataclass(frozen=True, slots=True)
class Function:
    """A native function: its name, the names of its arguments, and its text."""

    name: str
    arguments: tuple[str, ...]
    source: str


def functions(program: Program, plan: Plan, table: Table) -> list[Function]:
    """The plan as native functions, to be called in turn; mostly one.

    Each returns whether it refused an array as not in the expected order; only the first may.
    """
    pieces: list[list[tuple[Step, list[str]]]] = [[]]
    for k, step in enumerate(plan.steps):
        lines = list(_step(step, k, table))
        if sum(len(written) for _, written in pieces[-1]) > MOST_LINES:
            pieces.append([])
        pieces[-1].append((step, lines))
    found = []
    for k, piece in enumerate(pieces):
        steps = [step for step, _ in piece]
        lines = list(_checks(program, plan, table)) if not k else []
        lines += [*_pointers(steps), *(line for _, written in piece for line in written)]
        arguments = {f"x{n}": None for n, x in enumerate(program.inputs) if x.shape and not k}
        arguments |= dict.fromkeys(name for step in steps for name in _names(step))
        arguments |= {"scratch": None, "table": None}
        head = f"def step{k}({', '.join(arguments)}):"
        text = "\n".join([head, *(f"    {line}" for line in lines), "    return False", ""])
        found.append(Function(f"step{k}", tuple(arguments), text))
    return found


def _names(step: Step) -> Iterator[str]:
    """The arguments that a step uses."""
    for place in (*step.reads(), *step.writes()):
        if place.buffer.kind != "scratch":
            yield place.buffer.name
    kernel = step.tail if isinstance(step, Product) else step
    used = [n.operands for n in kernel.nodes] if isinstance(kernel, Kernel) else []
    used += (step.factors or ()) if isinstance(step, Product) else ()
    yield from (a.name for operands in used for a in operands if isinstance(a, Scalar))


def _checks(program: Program, plan: Plan, table: Table) -> Iterator[str]:
    written = {r.number for r in plan.results if r.kind == "input"}
    for k, line in enumerate(program.inputs):
        if line.shape:
            flags = _WRITTEN if k in written else _READ
            size = int(np.prod(line.shape))
            yield f"if not fits(x{k}, {table.dtype(line.dtype)}, {flags}, {size}):"
            yield "    return True"


def _pointers(steps: list[Step]) -> Iterator[str]:
    places = (p for step in steps for p in (*step.reads(), *step.writes()))
    for name, buffer in sorted({_pointer(p.buffer): p.buffer for p in places}.items()):
        kept = buffer.kind == "scratch"
        base, start = ("scratch", buffer.number) if kept else (buffer.name, 0)
        yield f"{name} = pointer({base}, {start}, {_stored(buffer.dtype)})"


def _pointer(buffer: Buffer) -> str:
    """The name of the pointer to a buffer's elements; one place in memory may hold two dtypes."""
    return f"{buffer.name}_{caster(buffer.dtype)}"


def _stored(dtype: np.dtype[Any]) -> str:
    """The type of an element in memory: a bool is a byte."""
    return "t_u1" if dtype.kind == "b" else f"t_{caster(dtype)}"


def _step(step: Step, k: int, table: Table) -> Iterator[str]:
    """The lines of one step; its variables have its number, so that numba sees each of one type."""
    if isinstance(step, Kernel):
        return _Nest(step, f"{k}_").lines()
    if isinstance(step, Call):
        return _call(step, table)
    if step.form == "called":
        return _called(*step.operands, step.target, table)
    if step.factors is not None:
        return _added(step, step.factors, table)
    names = [_pointer(p.buffer) for p in (*step.operands, step.target)]
    if step.form == "rows":
        written = rows(*step.operands, step.target, names)
    else:
        written = dots(*step.operands, step.target, names, _tail(step))
    return (line.replace("#", f"{k}_") for line in written)


def _tail(step: Product) -> Tail | None:
    kernel = step.tail
    if kernel is None:
        return None

    def lines(i: str, j: str, value: str) -> Iterator[str]:
        return _Nest(kernel, f"{value}_", (i, j), {step.target: value}).lines()

    return lines


# Loop nests ---------------------------------------------------------------------------------------


class _Nest:
    """The source of one kernel: of all its loops, or of what is done for one index in them."""

    def __init__(
        self,
        kernel: Kernel,
        prefix: str,
        index: Sequence[str] | None = None,
        known: Mapping[Place, str] | None = None,
    ) -> None:
        self.kernel = kernel
        self.prefix = prefix
        self.names: dict[Any, str] = dict(known or {})
        places = [*kernel.reads(), *kernel.writes()]
        self.strides = {p: p.strides for p in places}
        self.sizes: tuple[int, ...] = ()
        if index is None:
            self.sizes, found = coalesced(kernel.shape, [p.strides for p in places])
            self.strides = dict(zip(places, found, strict=True))
            index = [f"j{prefix}{d}" for d in range(len(self.sizes))]
        self.index = index

    def lines(self) -> Iterator[str]:
        """The loops, from the outermost in."""
        inside = [r for r in self.kernel.reductions if self._level(r) is None]
        for r in inside:
            yield from self._over(r, f"{self._at(r.target)} = {_start(r)}")
        yield from self._depth(0)
        for r in inside:
            if r.divisor != 1:
                yield from self._over(
                    r, f"{self._at(r.target)} = {_divided(r, self._at(r.target))}"
                )

    def _level(self, r: Reduce) -> int | None:
        """The loop outside which a reduction's sum is kept in a register; None if in memory."""
        kept = [d for d, s in enumerate(self.strides[r.target]) if s]
        return len(kept) if kept == list(range(len(kept))) else None

    def _over(self, r: Reduce, line: str) -> Iterator[str]:
        """A line for each element of a reduction's result."""
        indent = ""
        for d, (n, s) in enumerate(zip(self.sizes, self.strides[r.target], strict=True)):
            if s:
                yield f"{indent}for {self.index[d]} in range({n}):"
                indent += "    "
        yield indent + line

    def _at(self, place: Place) -> str:
        terms = [
            f"{s} * {j}" if s != 1 else j
            for s, j in zip(self.strides[place], self.index, strict=True)
            if s
        ]
        index = " + ".join([*([str(place.offset)] if place.offset or not terms else []), *terms])
        return f"{_pointer(place.buffer)}[{index}]"

    def _depth(self, d: int) -> Iterator[str]:
        """What stands inside `d` loops, and the loops in it."""
        sums = [
            (r, f"a{self.prefix}{k}")
            for k, r in enumerate(self.kernel.reductions)
            if self._level(r) == d
        ]
        for r, name in sums:
            yield f"{name} = {_start(r)}"
        yield from self._loads(d)
        if d == len(self.sizes):
            yield from self._body()
        else:
            yield f"for {self.index[d]} in range({self.sizes[d]}):"
            yield from (f"    {line}" for line in self._depth(d + 1))
        for r, name in sums:
            yield f"{self._at(r.target)} = {_divided(r, name)}"

    def _loads(self, d: int) -> Iterator[str]:
        """Loads that need the indices of the outer `d` loops and no more."""
        for place in self.kernel.reads():
            depth = max((k + 1 for k, s in enumerate(self.strides[place]) if s), default=0)
            if place not in self.names and d == min(depth, len(self.sizes)):
                self.names[place] = f"v{self.prefix}{len(self.names)}"
                isbool = " != 0" if place.dtype.kind == "b" else ""
                yield f"{self.names[place]} = {self._at(place)}{isbool}"

    def _body(self) -> Iterator[str]:
        for node in self.kernel.nodes:
            source = self._computed(node)
            if not source.isidentifier():
                name = f"v{self.prefix}{len(self.names)}"
                yield f"{name} = {source}"
                source = name
            self.names[node] = source
        for node, place in self.kernel.stores:
            yield f"{self._at(place)} = {_cast(self.names[node], node.dtype, node.dtype, True)}"
        for k, r in enumerate(self.kernel.reductions):
            sum_ = f"a{self.prefix}{k}" if self._level(r) is not None else self._at(r.target)
            join = r.how.floats if r.target.dtype.kind == "f" else r.how.integers
            yield f"{sum_} = {join.format(sum_, self.names[r.node])}"

    def _computed(self, node: Node) -> str:
        casts = node.formula.casts
        operands = [self._operand(a, cast) for a, cast in zip(node.operands, casts, strict=True)]
        numbers = {
            "zero": number(0, casts[0]), "one": number(1, casts[0]),
            "inf": number(np.inf, casts[0]) if casts[0].kind == "f" else "",
        }  # fmt: skip
        return node.formula.source.format(*operands, **numbers)

    def _operand(self, a: Any, cast: np.dtype[Any]) -> str:
        if isinstance(a, (Place, Node)):
            return _cast(self.names[a], a.dtype, cast)
        return _known(a, cast)


def _known(a: Any, cast: np.dtype[Any]) -> str:
    """A Scalar, a number, or what is in a place of one element."""
    if isinstance(a, Place):
        return _cast(f"{_pointer(a.buffer)}[{a.offset}]", a.dtype, cast)
    return _cast(a.name, a.dtype, cast) if isinstance(a, Scalar) else number(a, cast)


def _cast(text: str, dtype: np.dtype[Any], to: np.dtype[Any], stored: bool = False) -> str:
    if to.kind == "b" and not stored:
        return text if dtype.kind == "b" else f"({text} != 0)"
    if dtype == to and (not stored or to.char in "fdlq"):
        return text
    return f"u1({text})" if to.kind == "b" else f"{caster(to)}({text})"


def _start(r: Reduce) -> str:
    dtype = r.target.dtype
    low, high = (
        (-np.inf, np.inf) if dtype.kind == "f" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    )
    given = {"zero": 0, "one": 1, "low": low, "high": high}
    return r.how.start.format(**{k: number(v, dtype) for k, v in given.items()})


def _divided(r: Reduce, sum_: str) -> str:
    return sum_ if r.divisor == 1 else f"{sum_} / {number(r.divisor, r.target.dtype)}"


# Calls and products -------------------------------------------------------------------------------


def _bytes(place: Place, extra: str = "") -> str:
    """The source of a pointer to a place's first byte."""
    buffer = place.buffer
    base = "scratch" if buffer.kind == "scratch" else buffer.name
    start = (buffer.number if buffer.kind == "scratch" else 0) + place.offset * place.dtype.itemsize
    return f"pointer({base}, {start}{extra}, t_u1)"


def _packed(items: Sequence[Any]) -> str:
    return f"({', '.join(map(str, items))},)"


def _call(step: Call, table: Table) -> Iterator[str]:
    places = (*step.operands, step.target)
    size = int(np.prod(step.target.shape))
    steps = [p.dtype.itemsize if any(p.strides) or size == 1 else 0 for p in places]
    steps[-1] = step.target.dtype.itemsize
    yield (
        f"apply({table.loop(step.loop)}, {_packed([_bytes(p) for p in places])}, ({size},), "
        f"{_packed(steps)})"
    )


def _called(a: Place, b: Place, c: Place, table: Table) -> Iterator[str]:
    """NumPy's matrix product, once for each matrix of a batch."""
    loop = inner_loop(np.matmul, (c.dtype, c.dtype), c.dtype)
    assert loop is not None
    item, batch = c.dtype.itemsize, c.shape[:-2]
    pointers = []
    for place in (a, b, c):
        over = Place(place.buffer, place.shape[:-2], place.strides[:-2], place.offset)
        terms = [f" + {s * item} * j{d}" for d, s in enumerate(over.spread(batch).strides) if s]
        pointers.append(_bytes(place, "".join(terms)))
    strides = [s * item for place in (a, b, c) for s in _steps(place)]
    indent = ""
    for d, n in enumerate(batch):
        yield f"{indent}for j{d} in range({n}):"
        indent += "    "
    sizes = (1, a.shape[-2], a.shape[-1], b.shape[-1])
    yield (
        f"{indent}apply({table.loop(loop)}, {_packed(pointers)}, {_packed(sizes)}, "
        f"{_packed([0, 0, 0, *strides])})"
    )


def _added(step: Product, factors: tuple[Factor, Factor], table: Table) -> Iterator[str]:
    """BLAS's product of matrices that lie in memory row by row or column by column."""
    places, dtype = (*step.operands, step.target), step.target.dtype
    sizes = (*step.target.shape, step.operands[0].shape[1])
    crossed = [111 if place.strides[1] == 1 else 112 for place in step.operands]
    weights = [" * ".join([number(1, dtype), *(_known(a, dtype) for a in f)]) for f in factors]
    data = [_bytes(place) for place in places]
    rows = [max(place.strides) for place in places]
    parts = map(_packed, (crossed, sizes, weights, data, rows))
    yield f"gemm({table.dtype(Added(dtype))}, {', '.join(parts)})"


def _steps(matrix: Place) -> tuple[int, int]:
    """Its strides, also over axes of size 1, as BLAS wants them."""
    (n, m), (s, t) = matrix.shape[-2:], matrix.strides[-2:]
    return (s if n > 1 else max(m * t, 1)), (t if m > 1 else 1 if s != 1 or n == 1 else max(n, 1))
