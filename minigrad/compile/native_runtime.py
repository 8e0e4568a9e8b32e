"""What generated native code is made of, besides loops: pointers, sums in any order, and calls of
NumPy's own inner loops.

A ufunc holds, for each combination of dtypes, the address of a C function that applies it along
an axis. Called from native code it gives NumPy's SIMD `exp` and NumPy's BLAS without NumPy's call
overhead, and the same bits.

Read next: `minigrad.compile.native_cache`.
"""

# ruff: noqa: ARG001  (an intrinsic's first parameter is the typing context)
from __future__ import annotations

from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = [
    "apply",
    "array",
    "choose",
    "fits",
    "gemm",
    "largest",
    "plus",
    "pointer",
    "smallest",
    "times",
    "weighted",
]

_I64 = ir.IntType(64)
_BYTES = ir.IntType(8).as_pointer()
_HEADER = object.__basicsize__  # what stands before the fields of every object


def array(dtype: Any, ndim: int, layout: str = "A") -> Any:
    """The type of an array argument."""
    return types.Array(numba.from_dtype(dtype), ndim, layout)


@intrinsic  # type: ignore[untyped-decorator]
def pointer(context: Any, base: Any, offset: Any, dtype: Any) -> Any:
    """A pointer to elements of `dtype`, `offset` bytes into the array `base`."""

    def emit(target: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = target.make_array(base)(target, builder, args[0]).data
        at = builder.gep(builder.bitcast(data, _BYTES), [args[1]], inbounds=True)
        return builder.bitcast(at, target.get_value_type(signature.return_type))

    return types.CPointer(dtype.dtype)(base, types.intp, dtype), emit


@intrinsic  # type: ignore[untyped-decorator]
def fits(context: Any, a: Any, descr: Any, flags: Any, size: Any) -> Any:
    """Whether `a` has this very dtype object (an address), these flags, and so many elements."""

    def emit(target: Any, builder: Any, signature: Any, args: Any) -> Any:
        given = target.make_array(a)(target, builder, args[0])
        fields = builder.gep(builder.bitcast(given.parent, _BYTES), [ir.Constant(_I64, _HEADER)])

        def field(offset: int) -> Any:
            at = builder.gep(fields, [ir.Constant(_I64, offset)])
            return builder.load(builder.bitcast(at, _I64.as_pointer()))

        found = (builder.and_(field(48), args[2]), field(40), given.nitems)
        wanted = (args[2], args[1], args[3])
        checks = [builder.icmp_signed("==", *pair) for pair in zip(found, wanted, strict=True)]
        return builder.and_(builder.and_(checks[0], checks[1]), checks[2])

    return types.boolean(a, types.intp, types.intp, types.intp), emit


@intrinsic  # type: ignore[untyped-decorator]
def apply(context: Any, function: Any, data: Any, args: Any, sizes: Any, steps: Any) -> Any:
    """Call a NumPy inner loop: `function(args, sizes, steps, data)`.

    `function` and `data` are addresses; the others are tuples: of pointers to the operands, of
    sizes, and of strides in bytes.
    """

    def emit(target: Any, builder: Any, signature: Any, given: Any) -> Any:
        def packed(values: Any, kind: Any) -> Any:
            items = cgutils.unpack_tuple(builder, values)
            room = cgutils.alloca_once(builder, kind, size=len(items))
            for i, item in enumerate(items):
                value = item if kind is _I64 else builder.bitcast(item, kind)
                builder.store(value, builder.gep(room, [ir.Constant(_I64, i)]))
            return room

        kinds = (_BYTES.as_pointer(), _I64.as_pointer(), _I64.as_pointer(), _I64)
        loop = ir.FunctionType(ir.VoidType(), kinds).as_pointer()
        rooms = [packed(given[2], _BYTES), packed(given[3], _I64), packed(given[4], _I64)]
        builder.call(builder.inttoptr(given[0], loop), [*rooms, given[1]])
        return target.get_dummy_value()

    return types.void(function, data, args, sizes, steps), emit


@intrinsic  # type: ignore[untyped-decorator]
def gemm(
    context: Any, function: Any, crossed: Any, sizes: Any, factors: Any, data: Any, rows: Any
) -> Any:
    """c := α a b + β c by BLAS's `cblas_?gemm`, at this address, for matrices in C order.

    `crossed` says of a and b whether they are transposed (112) or not (111); `sizes` are those of
    the product's rows, columns and sums; `factors` (α, β), `data` the pointers to a, b, c and
    `rows` how many elements lie from one row in memory to the next.
    """

    def emit(target: Any, builder: Any, signature: Any, given: Any) -> Any:
        flags, counts, (alpha, beta), (a, b, c), (lda, ldb, ldc) = (
            cgutils.unpack_tuple(builder, part) for part in given[1:]
        )
        flag = ir.IntType(32)
        args = [
            flag(101), *(builder.trunc(f, flag) for f in flags), *counts, alpha,
            builder.bitcast(a, _BYTES), lda, builder.bitcast(b, _BYTES), ldb, beta,
            builder.bitcast(c, _BYTES), ldc,
        ]  # fmt: skip
        kind = ir.FunctionType(ir.VoidType(), [arg.type for arg in args]).as_pointer()
        builder.call(builder.inttoptr(given[0], kind), args)
        return target.get_dummy_value()

    return types.void(function, crossed, sizes, factors, data, rows), emit


def _of_floats(a: Any, b: Any, emit: Any) -> Any:
    return (a(a, b), emit) if a == b and isinstance(a, types.Float) else None


@intrinsic  # type: ignore[untyped-decorator]
def plus(context: Any, a: Any, b: Any) -> Any:
    """a + b in a sum whose order does not matter."""

    def emit(target: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fadd(*args, flags=("reassoc", "contract"))

    return _of_floats(a, b, emit)


@intrinsic  # type: ignore[untyped-decorator]
def times(context: Any, a: Any, b: Any) -> Any:
    """a * b, which may be one instruction with the `plus` around it."""

    def emit(target: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fmul(*args, flags=("contract",))

    return _of_floats(a, b, emit)


@intrinsic  # type: ignore[untyped-decorator]
def choose(context: Any, condition: Any, a: Any, b: Any) -> Any:
    """`a if condition else b`, without a branch."""

    def emit(target: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.select(*args)

    return (a(condition, a, b), emit) if a == b else None


@intrinsic  # type: ignore[untyped-decorator]
def weighted(context: Any, start: Any, a: Any, b: Any) -> Any:
    """start + a[0] * b[0] + a[1] * b[1] + …, for tuples, in any order."""

    def emit(target: Any, builder: Any, signature: Any, args: Any) -> Any:
        total, *pairs = args
        for x, y in zip(*(cgutils.unpack_tuple(builder, pair) for pair in pairs), strict=True):
            term = builder.fmul(x, y, flags=("contract",))
            total = builder.fadd(total, term, flags=("reassoc", "contract"))
        return total

    return start(start, a, b), emit


def _extreme(name: str) -> Any:
    def emit(target: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = args[0].type
        suffix = "f32" if kind == ir.FloatType() else "f64"
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(kind, (kind, kind)), f"llvm.{name}.{suffix}"
        )
        return builder.call(function, args)

    return emit


@intrinsic  # type: ignore[untyped-decorator]
def largest(context: Any, a: Any, b: Any) -> Any:
    """The greater of a and b; nan if either is."""
    return _of_floats(a, b, _extreme("maximum"))


@intrinsic  # type: ignore[untyped-decorator]
def smallest(context: Any, a: Any, b: Any) -> Any:
    """The lesser of a and b; nan if either is."""
    return _of_floats(a, b, _extreme("minimum"))
