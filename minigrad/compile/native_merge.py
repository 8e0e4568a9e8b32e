"""Merging: what is done with each element of a matrix product becomes part of the product.

    loops of ours   each element goes straight into the kernel that uses it
    BLAS            w := w − α a b, a gradient step, is one call that never stores the gradient

Read next: `minigrad.compile.native_plan`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from minigrad.compile.blas import added_product
from minigrad.compile.native_layout import Buffer, Place, whole
from minigrad.compile.native_steps import Factor, Kernel, Product, Step

__all__ = ["merged"]

_SHORT_TAIL = 4  # nodes: they are written out for each element of a tile


def merged(steps: list[Step]) -> list[Step]:
    """The steps, with each kernel that alone uses a product made part of it where that can be."""
    users: dict[Buffer, list[Step]] = {}
    for step in steps:
        for buffer in {p.buffer for p in step.reads()}:
            users.setdefault(buffer, []).append(step)
    done: list[Step] = []
    for step in steps:
        for k, product in enumerate(done):
            if (
                isinstance(product, Product)
                and isinstance(step, Kernel)
                and product.tail is None
                and product.target.buffer.kind == "scratch"
                and users.get(product.target.buffer) == [step]
            ):
                between = done[k + 1 :]
                if _continues(product, step) and not any(_depend(step, b) for b in between):
                    done[k] = replace(product, tail=step)
                    break
                added = _added(product, step)
                if added is not None and not any(_depend(b, product) for b in between):
                    done[k:] = [*between, added]
                    _take_scales(done, users, product)
                    break
        else:
            done.append(step)
    return done


def _continues(product: Product, kernel: Kernel) -> bool:
    """Whether loops of ours can go on with the kernel after each element."""
    target = product.target
    return (
        product.form == "dots"
        and kernel.shape == target.shape
        and len(kernel.nodes) <= _SHORT_TAIL
        and not kernel.reductions
        and all(p == target for p in kernel.reads() if p.buffer is target.buffer)
        and _apart(product, kernel)
    )


def _added(product: Product, kernel: Kernel) -> Product | None:
    """The product as a term of the sum that is all the kernel computes, in place; else None."""
    target = product.target
    held = {p for p in kernel.reads() if p != target}
    if (
        product.form != "called"
        or not added_product(target.dtype)
        or len(target.shape) != 2
        or not all(map(_is_matrix, product.operands))
        or len(held) != 1
        or (len(kernel.stores), len(kernel.reductions)) != (1, 0)
        or not _apart(product, kernel)
    ):
        return None
    ((result, place),), (w,) = kernel.stores, held
    if w.buffer.memory != place.buffer.memory or not (
        w == whole(w.buffer, target.shape) and place == whole(place.buffer, target.shape)
    ):
        return None
    sums: dict[Any, dict[Place, Factor]] = {target: {target: ()}, w: {w: ()}}
    for node in kernel.nodes:
        if {node.dtype, *node.formula.casts} != {target.dtype}:
            return None
        sums[node] = _sum(node.formula.source, [sums.get(a, a) for a in node.operands])
    found = sums[result]
    if found.keys() != {target, w}:
        return None
    return replace(product, form="added", target=w, factors=(found[target], found[w]))


def _take_scales(done: list[Step], users: dict[Buffer, list[Step]], product: Product) -> None:
    """Make what only scales an operand of the last step, once this product, one of its factors."""
    for i in range(2):
        added = done[-1]
        assert isinstance(added, Product)
        assert added.factors is not None
        operand, (alpha, beta) = added.operands[i], added.factors
        for k, step in enumerate(done):
            scaled = _scaled(step, operand) if users.get(operand.buffer) == [product] else None
            if scaled is None or any(_writes(b, scaled[1]) for b in done[k:-1]):
                continue
            factor, place = scaled
            operands = (place, added.operands[1]) if i == 0 else (added.operands[0], place)
            factors = ((*alpha, factor), beta)
            done[-1] = replace(added, operands=operands, factors=factors)
            del done[k]
            break


def _scaled(step: Step, to: Place) -> tuple[Any, Place] | None:
    """(α, x), if all the step does is to put α x, x laid out alike, where `to` is a view of it."""
    if not isinstance(step, Kernel) or (len(step.nodes), len(step.stores)) != (1, 1):
        return None
    (node,), ((_, place),) = step.nodes, step.stores
    if place.buffer is not to.buffer or node.formula.source != "{0} * {1}" or step.reductions:
        return None
    factors = [a for a in node.operands if not isinstance(a, Place) or not any(a.strides)]
    scaled = [a for a in node.operands if a not in factors]
    if len(factors) != 1 or {node.dtype, *node.formula.casts} != {to.dtype}:
        return None
    (x,) = scaled
    same = (x.strides, x.offset, place.offset) == (place.strides, 0, 0)
    return (factors[0], replace(to, buffer=x.buffer)) if same else None


def _writes(step: Step, place: Place) -> bool:
    return place.buffer.memory in {p.buffer.memory for p in step.writes()}


def _sum(source: str, operands: list[Any]) -> dict[Place, Factor]:
    """A sum of places, each times a factor, from the sums that a formula joins; {} if it is none.

    Operands that are no sums are Scalars and numbers.
    """
    sums = [a for a in operands if isinstance(a, dict)]
    factors = tuple(a for a in operands if not isinstance(a, dict))
    if not all(sums):
        return {}
    if source == "{0} * {1}" and len(sums) == 1:
        return {place: (*f, *factors) for place, f in sums[0].items()}
    if source == "-{0}" and sums:
        return {place: (*f, -1) for place, f in sums[0].items()}
    if source in {"{0} + {1}", "{0} - {1}"} and len(sums) == 2:
        a, b = sums
        sign = (-1,) if "-" in source else ()
        return {} if a.keys() & b.keys() else a | {place: (*f, *sign) for place, f in b.items()}
    return {}


def _is_matrix(place: Place) -> bool:
    """Whether it lies in memory row by row or column by column, and is more than one of either."""
    (n, m), (s, t) = place.shape, place.strides
    return min(n, m) > 1 and ((t == 1 and s >= m) or (s == 1 and t >= n))


def _apart(product: Product, kernel: Kernel) -> bool:
    """Whether the kernel writes nothing that the product reads."""
    written = {p.buffer.memory for p in kernel.writes()}
    return written.isdisjoint(p.buffer.memory for p in product.operands)


def _depend(later: Step, earlier: Step) -> bool:
    """Whether the one must run after the other."""
    reads, writes = ({p.buffer.memory for p in ps} for ps in (later.reads(), later.writes()))
    before = {p.buffer.memory for p in earlier.writes()}
    return bool(before & (reads | writes)) or any(
        p.buffer.memory in writes for p in earlier.reads()
    )
