"""The BLAS behind NumPy: the layout it is quickest with, and its own address for native code.

Read next: `minigrad.compile.plan`.
"""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache
from typing import Any

import numpy as np

__all__ = ["added_product", "crosswise", "threads"]

_KINDS = {np.dtype("f4"): ("s", ctypes.c_float), np.dtype("f8"): ("d", ctypes.c_double)}


def crosswise(n: int, k: int, p: int, dtype: np.dtype[Any]) -> bool:
    """Whether the product of (n, k) and (k, p) is quicker made column by column, as (b.T @ a.T).T.

    Measured with OpenBLAS 0.3.31 on one thread and on two: its kernels for AVX2, of float64, take
    0.5 to 0.85 times as long that way where a has 8 to 64 rows, b more columns than that, and the
    sums are long; of float32 they must be longer. Its kernels for AVX-512 take longer instead.
    """
    long = k * dtype.itemsize**2 >= 2**15
    fits = dtype in _KINDS and 8 <= n <= 64 and 2 * n <= p <= 1024 and long
    return fits and _kernels() in {"Haswell", "Zen"}


def threads() -> int:
    """How many threads a large product is spread over: the processor's cores, or what was set."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        if os.environ.get(name, "").isdecimal():
            return int(os.environ[name])
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _found(*names: str) -> Any:
    """The first of these functions that is in the library NumPy multiplies with, or None."""
    try:
        library = ctypes.CDLL(np._core._multiarray_umath.__file__)  # type: ignore[attr-defined]
    except (OSError, AttributeError):
        return None
    return next((f for name in names if (f := getattr(library, name, None))), None)


@cache
def _kernels() -> str:
    """Which processor OpenBLAS takes this one for; nothing if it is another library."""
    name = "openblas_get_corename"
    function = _found(f"scipy_{name}64_", f"{name}64_", name)
    if function is None:
        return ""
    function.argtypes, function.restype = [], ctypes.c_char_p
    return (function() or b"").decode()


@cache
def added_product(dtype: np.dtype[Any]) -> int:
    """The address of `cblas_?gemm` in the library NumPy itself multiplies with; 0 if unknown.

    It computes c := α a b + β c at once, which NumPy has no call for. Integers are passed with 64
    bits: where the library takes 32, Linux's calling conventions have it read the lower half. On
    other systems only names that say 64 count.
    """
    if dtype not in _KINDS:
        return 0
    letter, number = _KINDS[dtype]
    name = f"cblas_{letter}gemm"
    anywhere = [f"scipy_{name}64_", f"{name}64_"]
    function = _found(*anywhere, *([name] if sys.platform == "linux" else []))
    if function is None:
        return 0
    a, b, c = (np.arange(1, 1 + n, dtype=dtype) for n in (6, 12, 8))
    size, pointer = ctypes.c_int64, ctypes.c_void_p
    function.restype = None
    function.argtypes = [
        *[ctypes.c_int] * 3, size, size, size, number,
        pointer, size, pointer, size, number, pointer, size,
    ]  # fmt: skip
    expected = 3 * a.reshape(2, 3) @ b.reshape(4, 3).T + 2 * c.reshape(2, 4)
    function(101, 111, 112, 2, 4, 3, 3, a.ctypes.data, 3, b.ctypes.data, 3, 2, c.ctypes.data, 4)
    found = ctypes.cast(function, pointer).value or 0
    return found if np.array_equal(c.reshape(2, 4), expected) else 0
