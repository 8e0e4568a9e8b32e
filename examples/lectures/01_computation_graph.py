"""Computation graph: J = 3(a + bc), each derivative by a nudge and by the chain rule."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import minigrad as mg

EPS = 0.001
# What the notes print: a node's value and dJ/d(node).
NOTES = {"v": (11, 3), "u": (6, 3), "a": (5, 3), "b": (3, 6), "c": (2, 9)}


def main(out: Path) -> mg.Graph:
    """Values from left to right, derivatives from right to left, and a nudge at every node."""
    a, b, c = mg.tensor(5), mg.tensor(3), mg.tensor(2)
    u = b * c
    v = a + u
    J = 3 * v
    mg.name(a=a, b=b, c=c, u=u, v=v, J=J)
    J.backward()
    assert J.item() == 33

    graph = mg.graph(J)
    print(f"{'':3}{'from':>5}{'to':>9}{'J':>10}{'ΔJ/Δ':>9}{'dJ/d':>7}")
    for name, (value, derivative) in NOTES.items():
        nudged = graph.nudge(name, EPS)
        ratio = (nudged["J"].value - 33) / EPS
        print(
            f"{name:3}{value:5}{nudged[name].value:9.3f}{nudged['J'].value:10.3f}{ratio:9.3f}"
            f"{graph[name].grad:7g}"
        )
        assert graph[name].value == value
        assert graph[name].grad == derivative
        np.testing.assert_allclose(ratio, derivative, rtol=1e-9)

    by_a, by_b = graph.nudge("a", EPS), graph.nudge("b", EPS)
    np.testing.assert_allclose([by_a["v"].value, by_a["J"].value], [11.001, 33.003])
    np.testing.assert_allclose([by_b["u"].value, by_b["J"].value], [6.002, 33.006])
    print(f"\n{graph.explain('b')}")

    out.mkdir(parents=True, exist_ok=True)
    print(f"\nwrote {graph.render(out / '01_computation_graph.svg')}")
    return graph


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the picture")
    main(parser.parse_args().out)
