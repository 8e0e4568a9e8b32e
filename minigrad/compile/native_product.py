"""Matrix products: unrolled into the elements of a kernel, as loops of our own, or NumPy's.

Three forms of loops, for matrices a (n, k) and b (k, p):

    unrolled   k is short: each element of the product is a sum written out
    rows       a has few rows and b's lie in memory one after the other: rows of b, scaled
    dots       both have their k elements side by side: scalar products

and `called`, NumPy's own inner loop, which is BLAS. OpenBLAS packs both matrices anew for each
product: with few rows that takes longer than the multiplication, and the loops here do not; but
it has a thread on every core. `added`, BLAS again, adds the product to a matrix that is there.

Read next: `minigrad.compile.native_steps`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import prod

from minigrad.compile.blas import threads
from minigrad.compile.native_layout import Place
from minigrad.compile.native_ops import Formula, caster

__all__ = ["dots", "product_form", "rows", "unrolled"]

Tail = Callable[[str, str, str], Iterable[str]]
"""The source of what follows, from those of an element's row, its column and its value."""

# Measured on Zen 5 with AVX-512 against OpenBLAS 0.3.31 on two threads:
_SHORT = 24  # terms of an unrolled sum
_FEW = 24  # rows for which loops of our own win
_LITTLE = 2**15  # multiplications below which a call of BLAS takes longer than the product
_SPREAD = 2**22  # multiplications from which BLAS's second thread makes up for what it packs

_ROWS, _TERMS = 5, 8  # of `rows`: C's rows, and terms added to them, in one pass
_TILE = 4  # of `dots`: scalar products side by side, in both directions


def product_form(a: Place, b: Place, batch: tuple[int, ...]) -> str:
    """The form in which to compute a @ b."""
    (n, k), p = a.shape[-2:], b.shape[-1]
    size = prod(batch) * n * k * p
    little = size <= _LITTLE
    if a.dtype.kind != "f" or not k:
        return "called"
    if k <= _SHORT and (little or (n <= _FEW and b.strides[-1] == 1)):
        return "unrolled"
    if batch or not (n <= _FEW or little) or (size >= _SPREAD and threads() > 1):
        return "called"
    if b.strides[1] == 1 and p > 1:
        return "rows"
    return "dots" if a.strides[1] == b.strides[0] == 1 else "called"


def unrolled(a: Place, b: Place, shape: tuple[int, ...]) -> tuple[Formula, list[Place]]:
    """The formula of an element of the product, and its operands: terms of a, then of b."""
    n = a.shape[-1]
    left = [
        Place(a.buffer, (*a.shape[:-1], 1), (*a.strides[:-1], 0), a.offset + i * a.strides[-1])
        for i in range(n)
    ]
    at = (*b.shape[:-2], 1, b.shape[-1])
    right = [
        Place(b.buffer, at, (*b.strides[:-2], 0, b.strides[-1]), b.offset + i * b.strides[-2])
        for i in range(n)
    ]
    terms = [", ".join(f"{{{i}}}" for i in part) for part in (range(n), range(n, 2 * n))]
    source = f"weighted({{zero}}, ({terms[0]},), ({terms[1]},))"
    return Formula(source, (a.dtype,) * (2 * n)), [place.spread(shape) for place in left + right]


def _at(place: Place, name: str, i: str, j: str) -> str:
    s, t = place.strides
    return f"{name}[{place.offset} + {s} * ({i}) + {t} * ({j})]"


def _tuple(items: Iterator[str]) -> str:
    return f"({', '.join(items)},)"


def _blocks(n: int, size: int) -> list[tuple[int, int, int]]:
    """(first, end, step) of whole blocks and of the rest."""
    full = n - n % size
    return [block for block in ((0, full, size), (full, n, n - full)) if block[0] < block[1]]


def rows(a: Place, b: Place, c: Place, names: Sequence[str]) -> Iterator[str]:
    """Source of c = a @ b: to some rows of c add several rows of b, scaled; b is read once.

    In it `#` stands for the number of the step.
    """
    x, y, z = names
    (n, k), p = a.shape, b.shape[1]
    for start, end, terms in _blocks(k, _TERMS):
        yield f"for k# in range({start}, {end}, {terms}):"
        for top, bottom, size in _blocks(n, _ROWS):
            yield f"    for i# in range({top}, {bottom}, {size}):"
            for r in range(size):
                held = (_at(a, x, f"i# + {r}", f"k# + {t}") for t in range(terms))
                yield f"        a#{size}{terms}{r} = {_tuple(held)}"
            yield f"        for j# in range({p}):"
            beside = (_at(b, y, f"k# + {t}", "j#") for t in range(terms))
            yield f"            b#{size}{terms} = {_tuple(beside)}"
            for r in range(size):
                at = _at(c, z, f"i# + {r}", "j#")
                zero = f"{caster(c.dtype)}(0)"
                old = f"choose(k# > 0, {at}, {zero})" if start == 0 else at
                yield f"            {at} = weighted({old}, a#{size}{terms}{r}, b#{size}{terms})"


def dots(
    a: Place, b: Place, c: Place, names: Sequence[str], tail: Tail | None = None
) -> Iterator[str]:
    """Source of c = a @ b: a tile of scalar products at a time; `#` as in `rows`.

    What is done with each element is the lines of `tail`, or it is stored.
    """
    x, y, z = names
    (n, k), p = a.shape, b.shape[1]
    side = _TILE if n * k * p > _LITTLE else 1
    for left, right, wide in _blocks(p, side):
        yield f"for j# in range({left}, {right}, {wide}):"
        for top, bottom, high in _blocks(n, side):
            tile = [(r, t) for r in range(high) for t in range(wide)]
            yield f"    for i# in range({top}, {bottom}, {high}):"
            for r, t in tile:
                yield f"        s#{r}{t} = {caster(c.dtype)}(0)"
            yield f"        for k# in range({k}):"
            for r in range(high):
                yield f"            a#{r} = {_at(a, x, f'i# + {r}', 'k#')}"
            for t in range(wide):
                yield f"            b#{t} = {_at(b, y, 'k#', f'j# + {t}')}"
            for r, t in tile:
                yield f"            s#{r}{t} = plus(s#{r}{t}, times(a#{r}, b#{t}))"
            for r, t in tile:
                i, j = f"(i# + {r})", f"(j# + {t})"
                stored = [f"{_at(c, z, i, j)} = s#{r}{t}"]
                for line in stored if tail is None else tail(i, j, f"s#{r}{t}"):
                    yield f"        {line}"
