"""shapes: the size table of a network, to compare with the one worked out by hand.

Read next: `nn.network`.
"""

# ruff: noqa: E741  (l is the lecture's layer number)
from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from nn.module import sizes_of
from nn.network import DeepNetwork, deep_network

__all__ = ["Shapes", "shapes"]

Shape = tuple[int, ...]


@dataclass(frozen=True, repr=False)
class Shapes:
    """The shapes in a network; it shows as the table, `table["dW2"]` is one of them.

    Attributes:
        sizes: n[0], …, n[L].
        m: the number of examples.
    """

    sizes: tuple[int, ...]
    m: int

    @cached_property
    def _all(self) -> dict[str, Shape]:
        found: dict[str, Shape] = {"A0": (self.sizes[0], self.m)}
        for l, (n_in, n) in enumerate(zip(self.sizes, self.sizes[1:]), start=1):
            for q, shape in (
                ("W", (n, n_in)),
                ("b", (n, 1)),
                ("Z", (n, self.m)),
                ("A", (n, self.m)),
            ):
                found[f"{q}{l}"] = found[f"d{q}{l}"] = shape
        return found

    def __getitem__(self, quantity: str) -> Shape:
        return self._all[quantity]

    def __repr__(self) -> str:
        rows = [("layer", "W, dW", "b, db", "z, a, dz, da", f"Z, A, dZ, dA (m = {self.m})")]
        for l, n in enumerate(self.sizes):
            own = (str(l), str(self[f"W{l}"]), str(self[f"b{l}"])) if l else ("0 (X)", "", "")
            rows.append((*own, f"({n}, 1)", str(self[f"A{l}"])))
        columns = list(zip(*rows, strict=True))[: 5 if self.m > 1 else 4]
        widths = [max(map(len, column)) for column in columns]
        return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def shapes(network: DeepNetwork, m: int | None = None) -> Shapes:
    """The size of W, b, Z, A and of their derivatives in every layer.

    W[l], dW[l]: (n[l], n[l-1]); b[l], db[l]: (n[l], 1); Z[l], A[l], dZ[l], dA[l]: (n[l], m); a
    single example's z, a, dz, da: (n[l], 1).

    Args:
        network: a DeepNetwork.
        m: the number of examples; None for a single one.

    Returns:
        The table, which prints as such.

    Raises:
        ArgumentError: another network; m is no whole number of at least 1.

    Source: the lecture, week 4, "Getting your matrix dimensions right".

    >>> print(shapes(DeepNetwork([2, 3, 1]), m=10))
    layer  W, dW   b, db   z, a, dz, da  Z, A, dZ, dA (m = 10)
    0 (X)                  (2, 1)        (2, 10)
    1      (3, 2)  (3, 1)  (3, 1)        (3, 10)
    2      (1, 3)  (1, 1)  (1, 1)        (1, 10)
    >>> shapes(DeepNetwork([2, 3, 1]))["dW2"]
    (1, 3)
    """
    deep_network("shapes", network)
    (m,) = sizes_of("shapes: m", (1 if m is None else m,))
    return Shapes(network.sizes, m)
