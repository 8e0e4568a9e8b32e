"""shapes: the size table of a network, to compare with the one worked out by hand.

Read next: `nn.network`.
"""

# ruff: noqa: E741  (l is the lecture's layer number)
from __future__ import annotations

from dataclasses import dataclass

from nn.module import sizes_of
from nn.network import DeepNetwork

__all__ = ["Shapes", "shapes"]

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Shapes:
    """The shapes in a network; printing it shows the table, `table["dW2"]` is one of them.

    Attributes:
        sizes: n[0], …, n[L].
        m: the number of examples.
    """

    sizes: tuple[int, ...]
    m: int

    def __getitem__(self, quantity: str) -> Shape:
        letter, l = quantity.removeprefix("d").rstrip("0123456789"), quantity.lstrip("dWbZA")
        if letter not in {"W", "b", "Z", "A"} or not l.isdecimal() or int(l) >= len(self.sizes):
            raise KeyError(quantity)
        n, layer = self.sizes, int(l)
        if layer == 0 and quantity != "A0":
            raise KeyError(quantity)
        return {"W": (n[layer], n[layer - 1]), "b": (n[layer], 1)}.get(letter, (n[layer], self.m))

    def __str__(self) -> str:
        lines = [("layer", "W, dW", "b, db", "z, a, dz, da", f"Z, A, dZ, dA (m = {self.m})")]
        for l, n in enumerate(self.sizes):
            own = (str(self[f"W{l}"]), str(self[f"b{l}"])) if l else ("", "")
            lines.append((f"{l}" if l else "0 (X)", *own, f"({n}, 1)", str(self[f"A{l}"])))
        lines = lines if self.m > 1 else [line[:4] for line in lines]  # type: ignore[misc]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


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
        ArgumentError: m is no whole number of at least 1.

    Source: the lecture, week 4, "Getting your matrix dimensions right".

    >>> print(shapes(DeepNetwork([2, 3, 1]), m=10))
    layer  W, dW   b, db   z, a, dz, da  Z, A, dZ, dA (m = 10)
    0 (X)                  (2, 1)        (2, 10)
    1      (3, 2)  (3, 1)  (3, 1)        (3, 10)
    2      (1, 3)  (1, 1)  (1, 1)        (1, 10)
    >>> shapes(DeepNetwork([2, 3, 1]))["dW2"]
    (1, 3)
    """
    (m,) = sizes_of("shapes: m", (1 if m is None else m,))
    return Shapes(network.sizes, m)
