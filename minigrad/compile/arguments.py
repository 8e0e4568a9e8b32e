"""arguments: what a call of a compiled function is given, as arrays and a key to the code for it.

Read next: `minigrad.compile.compiled`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from minigrad.compile.types import is_elementwise
from minigrad.errors import DTypeError
from minigrad.program import Program
from minigrad.tensor import Tensor
from minigrad.trees import flatten
from minigrad.values import Array

__all__ = ["casts_for", "check_casts", "is_array", "names_of", "signature_of"]


def signature_of(x: Any, arrays: list[Array], key: list[Any]) -> bool:
    """Add the arrays in a tree to `arrays`, and all else about it to `key`; False for a Tensor.

    The order is that of `flatten`.
    """
    kind = type(x)
    if kind is tuple or kind is list:
        key.append(kind)
        key.append(len(x))
        for part in x:
            if not signature_of(part, arrays, key):
                return False
    elif kind is np.ndarray or isinstance(x, np.generic):
        key.append(x.shape)
        key.append(x.dtype)
        arrays.append(x)
    elif isinstance(x, np.ndarray):
        key += (kind, x.shape, x.dtype)
        arrays.append(np.asarray(x))
    elif kind is float or kind is complex:
        key.append(kind)
        arrays.append(x)
    elif isinstance(x, Tensor):
        return False
    elif isinstance(x, dict):
        key.append(kind)
        key.append(tuple(x))
        return all(signature_of(part, arrays, key) for part in x.values())
    elif isinstance(x, (tuple, list)):
        key.append(kind)
        key.append(len(x))
        return all(signature_of(part, arrays, key) for part in x)
    elif is_dataclass(x) and kind is not type:
        key.append(kind)
        parts = [getattr(x, field.name) for field in fields(x) if field.init]
        return all(signature_of(part, arrays, key) for part in parts)
    else:
        key.append((kind, x) if kind in _BY_VALUE else _Same(x))
    return True


_BY_VALUE = {int, bool, str, bytes, type(None), range}


class _Same:
    """Stands for an object in a key; equal to itself alone, however the object compares."""

    def __init__(self, x: Any) -> None:
        self.x = x

    def __hash__(self) -> int:
        return id(self.x)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.x is other.x


def names_of(f: Callable[..., Any], args: Any, kwargs: Any) -> list[str]:
    """A name for each array among the arguments: that of the parameter, numbered in a tree."""
    try:
        given = inspect.signature(f).bind(*args, **kwargs).arguments
    except (TypeError, ValueError):
        return []
    names = []
    for name, value in given.items():
        n = sum(map(is_array, flatten(value)[0]))
        names += [name] if n == 1 else [f"{name}{i}" for i in range(1, n + 1)]
    return names


def casts_for(arrays: list[Any]) -> tuple[tuple[int, Any], ...]:
    """For each Python number the NumPy type it is given: the precision of the arrays beside it."""
    kinds = [x.dtype for x in arrays if hasattr(x, "dtype") and x.dtype.kind in "fc"]
    real = np.result_type(*[np.finfo(kind).dtype for kind in kinds or [np.dtype(float)]])
    types = {float: real.type, complex: np.result_type(real, np.complex64).type}
    return tuple((i, types[type(x)]) for i, x in enumerate(arrays) if type(x) in types)


def check_casts(name: str, program: Program, numbers: list[int]) -> None:
    """Refuse a Python number that met an array of less precision, and raised it."""
    weak = {id(program.inputs[i]) for i in numbers}
    for line in program.lines if weak else ():
        others = [a.dtype for a in line.inputs if hasattr(a, "dtype") and id(a) not in weak]
        met = len(others) < len(line.inputs) and is_elementwise(line) and others
        if met and _precision(line.dtype) > max(map(_precision, others)) > 0:
            raise DTypeError(
                f"compile: {name}: an argument that is a Python number meets {others[0]} in "
                f"{line.op.name if line.op else ''}; pass it as np.{others[0]}(…), for a compiled "
                "function has to know its dtype"
            )


def _precision(dtype: Any) -> int:
    """The bytes of a real number of the dtype; 0 for integers, which have no less of it."""
    return int(np.finfo(dtype).dtype.itemsize) if dtype.kind in "fc" else 0


def is_array(x: Any) -> bool:
    """Whether compiled code takes the argument as an input."""
    return isinstance(x, (np.ndarray, np.generic, float, complex)) and not isinstance(x, bool)
