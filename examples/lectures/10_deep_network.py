"""The deep network as the notes' blocks: forward with a cache, backward from it, each by hand.

At every step of a training both the blocks and the engine differentiate J at the same weights, and
every dW[l] and db[l] is compared.
"""

# ruff: noqa: E741  (l is the lecture's layer number)
from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

import nn

SIZES = (3, 5, 5, 3, 1)
L, STEPS, ALPHA = len(SIZES) - 1, 600, 0.2
Cache = dict[str, Any]


def forward(l: int, A_prev: Any, params: Cache) -> tuple[Any, Cache]:
    """The forward block of layer l: A[l-1] in, A[l] out; what the way back needs is cached."""
    W, b = params[f"W{l}"], params[f"b{l}"]
    Z = W @ A_prev + b
    A = 1 / (1 + np.exp(-Z)) if l == L else np.tanh(Z)
    return A, {"A_prev": A_prev, "W": W, "Z": Z}


def backward(l: int, dA: Any, cache: Cache) -> tuple[Any, Any, Any]:
    """The backward block of layer l: dA[l] in; dA[l-1], dW[l], db[l] out."""
    a = 1 / (1 + np.exp(-cache["Z"]))
    dZ = dA * (a * (1 - a) if l == L else 1 - np.tanh(cache["Z"]) ** 2)
    m = dA.shape[1]
    dW = dZ @ cache["A_prev"].T / m
    db = np.sum(dZ, axis=1, keepdims=True) / m
    return cache["W"].T @ dZ, dW, db


def gradients(params: Cache, X: Any, Y: Any) -> tuple[float, Cache]:
    """J, and its derivatives: the blocks from left to right, then from right to left."""
    A, caches, grads = X, {}, {}
    for l in range(1, L + 1):
        A, caches[l] = forward(l, A, params)
    J = -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    dA = -Y / A + (1 - Y) / (1 - A)
    for l in range(L, 0, -1):
        dA, grads[f"W{l}"], grads[f"b{l}"] = backward(l, dA, caches[l])
    return float(J), grads


def main(out: Path) -> float:
    """Train, comparing at every step; draw the trained network into `out`."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3, 200))
    Y = (np.sum(X**2, axis=0, keepdims=True) < 2.4) * 1.0  # inside a ball, or not
    network = nn.DeepNetwork(SIZES, hidden="tanh", init="xavier", seed=0)
    optimizer = nn.SGD(network.parameters(), lr=ALPHA, momentum=0.9)
    largest = 0.0

    for step in range(STEPS):
        J, grads = gradients(network.state_dict(), X, Y)
        optimizer.zero_grad()
        J_engine = nn.binary_cross_entropy(network(X), Y)
        J_engine.backward()
        for name, p in network.named_parameters():
            apart = np.abs(p.grad - grads[name]).max() / np.abs(grads[name]).max()
            largest = max(largest, float(apart))
        optimizer.step()
        if step % 100 == 0:
            print(f"step {step:4}   J by hand {J:.15f}   of the engine {J_engine.item():.15f}")

    accuracy = nn.accuracy(network, X, Y)
    print(f"\n{STEPS} steps, {2 * L} derivatives each: apart by {largest:.1e} at most")
    print(f"{accuracy:.1%} of the points are on the right side\n")
    assert largest < 1e-10
    assert accuracy > 0.95

    report = nn.check_closed_form(network, X, Y)  # the same comparison, as the library makes it
    print(report)
    assert report.ok
    out.mkdir(parents=True, exist_ok=True)
    print(f"\nwrote {nn.diagram(network).save(out / '10_deep_network.svg')}")
    return largest


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the picture")
    main(parser.parse_args().out)
