"""Whether an array still holds what it held: a fingerprint of its bytes.

Read next: `minigrad.debug.blame`.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np

from minigrad.values import Array

__all__ = ["fingerprint"]

_LARGE = 2**18  # bytes
_WIDE, _DEEP = 1021, 64


def fingerprint(x: Array) -> int:
    """A number that changes when the elements do.

    The checksum of all bytes; of a large array that of sums of 64 words each, 1021 words apart,
    which takes a tenth of the time and misses nothing but exchanges within such a sum.
    """
    if not x.flags.c_contiguous:
        x = x.T if x.flags.f_contiguous else np.ascontiguousarray(x)
    if x.nbytes < _LARGE:
        return crc32(x)
    data = x.reshape(-1).view(np.uint8)
    whole = x.nbytes // (8 * _WIDE * _DEEP) * (8 * _WIDE * _DEEP)
    words = data[:whole].view(np.uint64).reshape(-1, _DEEP, _WIDE)
    return crc32(data[whole:], crc32(np.add.reduce(words, axis=1)))
