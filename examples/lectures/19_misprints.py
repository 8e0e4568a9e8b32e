"""The lecture notes' misprints, each run as it is printed, and what the checker says of it."""

# ruff: noqa: E741  (l is the lecture's layer number)
from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

import nn

SIZES, M = (3, 4, 4, 1), 7
Grads = dict[str, Any]


def backward(params: Mapping[str, Any], X: Any, Y: Any, misprint: str = "") -> Grads:
    """The deep network's backward pass, right unless one line is to be as misprinted."""
    cache = nn.closed_form.forward(params, X, ("tanh", "tanh", "sigmoid"))
    slopes = {l: 1 - cache[f"A{l}"] ** 2 for l in (1, 2)}
    A = cache["A3"]
    slopes[3] = A * (1 - A)
    dA = -Y / A + (1 - Y) / (1 - A)
    if misprint == "loss":  # of L = −y log a + (1−y) log(1−a)
        dA = -Y / A - (1 - Y) / (1 - A)
    grads: Grads = {}
    for l in (3, 2, 1):
        dZ = dA * slopes[l + 1 if misprint == "slope" and l < 3 else l]
        dW = dZ @ cache[f"A{l - 1}"].T / X.shape[1]
        db = np.sum(dZ, axis=1, keepdims=True) / X.shape[1]
        grads |= {f"dA{l}": dA, f"dZ{l}": dZ, f"dW{l}": dW, f"db{l}": db}
        dA = dZ if misprint == "repeated" else cache[f"W{l}"].T @ dZ
    return grads


def logistic(params: Mapping[str, Any], X: Any, Y: Any) -> Grads:
    """Logistic regression with the misprinted dw."""
    dZ = 1 / (1 + np.exp(-(params["W1"] @ X + params["b1"]))) - Y
    return {"dz": dZ, "dw": 1 / X.shape[1] * dZ.T, "db": np.sum(dZ) / X.shape[1]}


def loop_over_m(params: Mapping[str, Any], X: Any) -> Any:
    """The deep forward pass with `for i in 1 to m`, where l = 1, …, L is meant."""
    A = X
    for i in range(1, X.shape[1] + 1):
        A = np.tanh(params[f"W{i}"] @ A + params[f"b{i}"])
    return A


GRADIENTS: dict[str, tuple[tuple[int, ...], Callable[..., Grads]]] = {
    "db[l] = dz[l], in the place of da[l-1]": (SIZES, partial(backward, misprint="repeated")),
    "dz[l] = W[l+1]ᵀ dz[l+1] * g[l+1]'(z[l+1])": (SIZES, partial(backward, misprint="slope")),
    "L = −y log a + (1−y) log(1−a)": (SIZES, partial(backward, misprint="loss")),
    "dw = 1/m * dZ.T": ((3, 1), logistic),
}


def forward_misprints(network: nn.DeepNetwork, X: Any) -> dict[str, str]:
    """What the sizes say of the misprints on the way forward."""
    params, table, found = network.state_dict(), nn.shapes(network, M), {}
    try:
        loop_over_m(params, X)
    except KeyError as error:
        found["for i in 1 to m"] = f"there is no {error}: m = {M}, and L = {len(SIZES) - 1}"
    for i in range(M):  # after this loop z is the last example's
        z = params["W1"] @ X[:, [i]] + params["b1"]
    found["A[l] = g(z[l])"] = f"A1 is {np.tanh(z).shape}, and should be {table['A1']}"
    found["W[1](i)"] = f"W1 is {table['W1']} for {M} examples: it has none for each"
    return found


def main(out: Path) -> dict[str, Any]:
    """Run every misprint and print what is found in it; write that as a page into `out` too."""
    rng = np.random.default_rng(0)
    found: dict[str, Any] = {}
    page = ["<!doctype html><meta charset='utf-8'>", "<title>Misprints</title>"]
    for printed, (sizes, student) in GRADIENTS.items():
        network = nn.DeepNetwork(sizes, "tanh", seed=rng)
        X, Y = rng.normal(size=(sizes[0], M)), rng.integers(0, 2, (sizes[-1], M))
        diagnosis = found[printed] = nn.diagnose(student, network, X, Y)
        print(f"{printed}\n{diagnosis}\n")
        page.append(f"<h2>{escape(printed)}</h2>{diagnosis.html()}")
    network, X = nn.DeepNetwork(SIZES, "tanh", seed=rng), rng.normal(size=(SIZES[0], M))
    for printed, says in forward_misprints(network, X).items():
        found[printed] = says
        print(f"{printed}\n✗ {says}\n")
        page.append(f"<h2>{escape(printed)}</h2><p>✗ {escape(says)}</p>")
    out.mkdir(parents=True, exist_ok=True)
    path = out / "19_misprints.html"
    path.write_text("\n".join(page), encoding="utf-8")
    print(f"wrote {path}")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the page")
    main(parser.parse_args().out)
