"""The sizes of the network 2-3-5-4-2-1, as the notes ask for them before anything is run.

The table for one example and for m; every value and derivative of a real pass held to it; and what
is said when one size is wrong.
"""

# ruff: noqa: E741  (l is the lecture's layer number)
from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import minigrad as mg
import nn

SIZES, M = (2, 3, 5, 4, 2, 1), 7
PRINTED = {  # of W[l] and dW[l]; of b[l] and db[l], and of one example's z[l], a[l], dz[l], da[l]
    1: ((3, 2), (3, 1)),
    2: ((5, 3), (5, 1)),
    3: ((4, 5), (4, 1)),
    4: ((2, 4), (2, 1)),
    5: ((1, 2), (1, 1)),
}


def measured(network: nn.DeepNetwork, X: Any, Y: Any) -> dict[str, tuple[int, ...]]:
    """The size of everything that a pass forward and back computes."""
    values = network.cache(X)
    mg.name(**{name: value for name, value in values.items() if name != "A0"})
    nn.binary_cross_entropy(values["A5"], Y).backward()
    nodes = {**values, **dict(network.named_parameters())}
    sizes = {name: node.shape for name, node in nodes.items()}
    return sizes | {f"d{name}": node.grad.shape for name, node in nodes.items() if name != "A0"}


def refusal(wrong: Callable[[], Any]) -> str:
    """What the library says of sizes that do not fit."""
    try:
        wrong()
    except mg.MinigradError as error:
        return f"{type(error).__name__}: {error}"
    raise AssertionError("a wrong size went unnoticed")


def main(out: Path) -> list[str]:
    """Print the tables, hold a pass to them, make sizes wrong; draw the network into `out`."""
    rng = np.random.default_rng(0)
    network = nn.DeepNetwork(SIZES, hidden="tanh", seed=0)
    X, Y = rng.normal(size=(2, M)), rng.integers(0, 2, (1, M))

    for m in (1, M):
        table = nn.shapes(network, m)
        print(f"{table}\n")
        for l, (W, one) in PRINTED.items():
            assert table[f"W{l}"] == table[f"dW{l}"] == W
            assert table[f"b{l}"] == table[f"db{l}"] == one
            assert {table[f"{q}{l}"] for q in ("Z", "A", "dZ", "dA")} == {(one[0], m)}
        sizes = measured(network, X[:, :m], Y[:, :m])
        assert all(table[name] == size for name, size in sizes.items())
    print(f"{len(sizes)} values and derivatives of a pass have the sizes of the table\n")

    state = network.state_dict()
    said = [refusal(wrong) for wrong in (
        lambda: network(X.T),
        lambda: network(X[:, 0]),
        lambda: setattr(network.b[2], "data", np.zeros(5)),
        lambda: network.load_state_dict(state | {"W3": state["W3"].T}),
        lambda: nn.binary_cross_entropy(network(X), Y[0]),
    )]  # fmt: skip
    print("Where one size is wrong:\n\n" + "\n".join(said))

    def backward(params: Any, X: Any, Y: Any) -> Any:
        cache = nn.closed_form.forward(params, X, network.activations)
        grads = nn.closed_form.backward(cache, Y)
        return grads | {"db3": np.sum(grads["dZ3"], axis=1) / X.shape[1]}  # (4,), no column

    (finding,) = nn.diagnose(backward, network, X, Y).mistakes
    print(f"\nand in a backward pass by hand:\n\n{finding.message}")
    assert finding.quantity == "db3"
    assert "(4,)" in finding.message

    out.mkdir(parents=True, exist_ok=True)
    print(f"\nwrote {nn.diagram(network).save(out / '11_sizes.svg')}")
    return [*said, finding.message]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the picture")
    main(parser.parse_args().out)
