"""The lecture's J = 3(a + bc): its values, its derivatives, and the nudges that explain them."""

from __future__ import annotations

import argparse
from pathlib import Path

import minigrad as mg

NUDGE = 0.001


def main(out: Path) -> mg.Graph:
    """Record J, sweep back, nudge every variable; draw the graph into `out`."""
    a, b, c = mg.tensor(5), mg.tensor(3), mg.tensor(2)
    u = b * c
    v = a + u
    J = 3 * v
    mg.name(u=u, v=v)  # a named node keeps its derivative
    J.backward()

    print(f"J = 3(a + bc) = {J.item():g}")
    for name, node in {"da": a, "db": b, "dc": c, "du": u, "dv": v}.items():
        print(f"  {name} = {node.grad:g}")

    graph = mg.graph(J, names={"a": a, "b": b, "c": c, "J": J})
    print(f"\nThe recorded program:\n\n{graph}\n")

    print(f"Nudge one of them by {NUDGE}; J moves by the derivative as much:\n")
    print(f"{'':4}{'from':>5}{'to':>8}{'J':>9}{'ΔJ/Δ·':>9}{'dJ/d·':>7}")
    for name in ("v", "u", "a", "b", "c"):
        nudged = graph.nudge(name, NUDGE)
        (before, after), (J0, J1) = [(graph[n].value, nudged[n].value) for n in (name, "J")]
        ratio = (J1 - J0) / NUDGE
        print(f"{name:4}{before:5g}{after:8.3f}{J1:9.3f}{ratio:9.3f}{graph[name].grad:7g}")

    out.mkdir(parents=True, exist_ok=True)
    for suffix in ("svg", "png"):
        print(f"\nwrote {graph.render(out / f'computation_graph.{suffix}')}", end="")
    print()
    return graph


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the pictures")
    main(parser.parse_args().out)
