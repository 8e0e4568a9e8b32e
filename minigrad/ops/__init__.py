"""The ops: importing this package fills the op table, one file for each family.

Read next: `minigrad.ops.declare`, how an op is declared.
"""

from minigrad.ops import (
    decompositions,
    determinant,
    elementwise,
    fft,
    index,
    joining,
    linalg,
    order,
    primitive,
    products,
    reduction,
    shape,
    signal,
)

__all__ = [
    "decompositions",
    "determinant",
    "elementwise",
    "fft",
    "index",
    "joining",
    "linalg",
    "order",
    "primitive",
    "products",
    "reduction",
    "shape",
    "signal",
]
