"""Faults that show without any equation being changed: sizes, dtypes, nan, zeros, rounding.

Read next: `nn.diagnosis.examine`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nn.diagnosis.judging import relative

__all__ = ["Fault", "lossy", "numbers_fault", "reshaped", "rounded"]

Array = Any
Fault = tuple[str, Mapping[str, Any]]


def numbers_fault(value: Any) -> Fault | None:
    """What keeps a value from being compared at all: no array of numbers, or nan and inf."""
    if not isinstance(value, np.ndarray):
        return "not_numbers", {"what": type(value).__name__}
    if value.dtype.kind not in "biuf":
        return "not_numbers", {"what": value.dtype.name}
    if value.dtype.kind == "f" and not np.isfinite(value).all():
        nan, inf = bool(np.isnan(value).any()), bool(np.isinf(value).any())
        what = "nan and inf" if nan and inf else "nan" if nan else "inf"
        return "nan_or_inf", {"count": int((~np.isfinite(value)).sum()), "what": what}
    return None


def reshaped(
    quantity: str, value: Array, shape: tuple[int, ...]
) -> tuple[Fault, Array] | tuple[None, Array]:
    """The value in the shape it should have, and the fault mended by that; as it is if in doubt."""
    if value.shape == shape:
        return None, value
    if quantity.startswith("db") and value.size == shape[0] and value.ndim < 2:
        return ("missing_keepdims", {"shape": value.shape}), value.reshape(shape)
    if value.shape == shape[::-1]:
        return ("transposed", {"operand": quantity}), value.T
    return None, value


def rounded(quantity: str, value: Array, right: Array) -> Fault | None:
    """Zeros, and whole numbers where the right ones, made whole, are these.

    Zeros of the right ones' signs (−0.0 has one) are a product with 0: of dW or db with 1 // m.
    """
    if value.shape != right.shape or not right.any() or (value != np.round(value)).any():
        return None
    dtype = value.dtype.name
    if not value.any():
        product = (
            np.signbit(value).any() and (np.signbit(value) == np.signbit(right))[right != 0].all()
        )
        if value.dtype.kind in "bui" or (product and quantity[1] in "Wb"):
            return "dtype_or_integer_division", {"dtype": dtype, "how": "zero"}
        return "all_zero", {}
    for how, whole in (("truncated", np.trunc), ("floor", np.floor), ("rounded", np.round)):
        if (value == whole(right)).all() and (value != right).any():
            return "dtype_or_integer_division", {"dtype": dtype, "how": how}
    return None


def lossy(value: Array, right: Array) -> Fault | None:
    """Right numbers, of which digits were lost on the way.

    So small an error is no equation's; a larger one is believed only of numbers that float16 or
    float32 holds exactly.
    """
    if value.shape != right.shape:
        return None
    error = relative(value.astype(float), right)
    for kind, most in ((np.float16, 2e-2), (np.float32, 1e-4)):
        if error <= most and (value.astype(kind).astype(float) == value).all():
            name = value.dtype.name if value.dtype.itemsize < 8 else np.dtype(kind).name
            return "precision", {"dtype": name, "error": error}
    return ("precision", {"dtype": value.dtype.name, "error": error}) if error <= 2e-5 else None
