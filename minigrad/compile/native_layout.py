"""Where the elements of a value are: a place is a strided part of a buffer.

Operations that only move elements cost nothing in native code: what NumPy does to the strides of
a stand-in array says where their results are.

Read next: `minigrad.compile.native_ops`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np

__all__ = ["Buffer", "Place", "c_strides", "coalesced", "viewed", "whole"]

_LETTERS = {"input": "x", "constant": "c", "result": "y", "scratch": "s"}


@dataclass(slots=True, eq=False)
class Buffer:
    """Consecutive elements in memory.

    Attributes:
        dtype: of its elements.
        size: how many they are.
        kind: "input", "constant", "result" (a new array) or "scratch".
        number: which of its kind; of scratch, the byte it begins at, once that is settled.
    """

    dtype: np.dtype[Any]
    size: int
    kind: str = "scratch"
    number: int = 0

    @property
    def name(self) -> str:
        """What the source calls it."""
        return f"{_LETTERS[self.kind]}{self.number}"

    @property
    def memory(self) -> object:
        """Equal for buffers that are the same memory: an input and the result put in its place."""
        return self if self.kind == "scratch" else self.name

    @property
    def nbytes(self) -> int:
        """Its length in bytes."""
        return self.size * self.dtype.itemsize


@dataclass(frozen=True, slots=True)
class Place:
    """Elements of a buffer as an array; strides and offset count elements.

    An axis of size 1 has stride 0, so that equal places are equal.
    """

    buffer: Buffer
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int = 0

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of its elements."""
        return self.buffer.dtype

    @property
    def contiguous(self) -> bool:
        """Whether the elements follow each other in C order."""
        return self.strides == c_strides(self.shape)

    def spread(self, shape: tuple[int, ...]) -> Place:
        """The same elements broadcast to the shape: strides of 0."""
        new = len(shape) - len(self.shape)
        return replace(self, shape=shape, strides=(0,) * new + self.strides)


def whole(buffer: Buffer, shape: tuple[int, ...]) -> Place:
    """A buffer as an array in C order."""
    return Place(buffer, shape, c_strides(shape))


def c_strides(shape: Sequence[int]) -> tuple[int, ...]:
    """The strides of an array in C order."""
    return tuple(0 if n == 1 else prod(shape[i + 1 :]) for i, n in enumerate(shape))


def viewed(move: Callable[[Any], Any], place: Place) -> Place | None:
    """Where `move` of the array at this place is; None where NumPy would copy elements."""
    probe = np.empty(max(place.buffer.size, 1), np.int8)
    start = probe[min(place.offset, probe.size - 1) :]
    result = move(np.lib.stride_tricks.as_strided(start, place.shape, place.strides))
    if not isinstance(result, np.ndarray) or not np.may_share_memory(result, probe):
        return None
    offset = result.__array_interface__["data"][0] - probe.__array_interface__["data"][0]
    strides = tuple(0 if n == 1 else s for n, s in zip(result.shape, result.strides, strict=True))
    return Place(place.buffer, result.shape, strides, offset)


def coalesced(
    shape: tuple[int, ...], strides: Sequence[tuple[int, ...]]
) -> tuple[tuple[int, ...], list[tuple[int, ...]]]:
    """The loop nest over `shape` with as few loops as these accesses allow.

    >>> coalesced((2, 1, 3, 4), [(12, 9, 4, 1), (0, 0, 4, 1)])
    ((2, 12), [(12, 1), (0, 1)])
    """
    axes = [i for i, n in enumerate(shape) if n != 1]
    groups = [[i] for i in axes[:1]]
    for i, j in pairwise(axes):
        if all(s[i] == shape[j] * s[j] for s in strides):
            groups[-1].append(j)
        else:
            groups.append([j])
    sizes = tuple(prod(shape[i] for i in group) for group in groups)
    return sizes, [tuple(s[group[-1]] for group in groups) for s in strides]
