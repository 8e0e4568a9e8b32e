"""J = 3(a+bc) built and differentiated, and a chain of 100,000 nodes, against other libraries.

    python benchmarks/scalar_graph.py [--rounds N] [--json PATH]

Nothing is computed to speak of: what is timed is the bookkeeping of a recorded operation. Each
call makes the variables, builds J and asks for the three derivatives, which must be 3, 6 and 9.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from timing import Times, interleave, ratio, seconds, table, title, write_json

NODES = 100_000


def j_minigrad() -> tuple[Any, ...]:
    """minigrad."""
    import minigrad as mg

    return _by_backward(mg.tensor(5.0), mg.tensor(3.0), mg.tensor(2.0))


def j_micrograd() -> tuple[Any, ...]:
    """micrograd: Python floats, no arrays."""
    from micrograd.engine import Value

    return _by_backward(Value(5.0), Value(3.0), Value(2.0))


def j_torch() -> tuple[Any, ...]:
    """PyTorch, eager, float64."""
    import torch

    variable = partial(torch.tensor, dtype=torch.float64, requires_grad=True)
    return _by_backward(variable(5.0), variable(3.0), variable(2.0))


def j_mygrad() -> tuple[Any, ...]:
    """MyGrad."""
    import mygrad as mg

    return _by_backward(mg.tensor(5.0), mg.tensor(3.0), mg.tensor(2.0))


def _by_backward(a: Any, b: Any, c: Any) -> tuple[Any, ...]:
    J = 3 * (a + b * c)
    J.backward()
    return a.grad, b.grad, c.grad


def j_autograd() -> tuple[Any, ...]:
    """HIPS autograd."""
    from autograd import grad

    return tuple(grad(_j, (0, 1, 2))(5.0, 3.0, 2.0))


def j_jax(gradient: Callable[..., tuple[Any, ...]]) -> tuple[Any, ...]:
    """JAX, traced on every call, or jitted: then it runs compiled code and builds nothing."""
    from jax import block_until_ready

    return tuple(block_until_ready(gradient(5.0, 3.0, 2.0)))


def _j(a: Any, b: Any, c: Any) -> Any:
    return 3 * (a + b * c)


def contenders() -> dict[str, Callable[[], tuple[Any, ...]]]:
    """J in each library that is installed, after checking that it finds 3, 6 and 9."""
    found: dict[str, Callable[[], tuple[Any, ...]]] = {"micrograd": j_micrograd}
    found["minigrad"] = j_minigrad
    if find_spec("torch"):
        found["torch"] = j_torch
    if find_spec("autograd"):
        found["autograd"] = j_autograd
    if find_spec("mygrad"):
        found["mygrad"] = j_mygrad
    if find_spec("jax"):
        import jax

        gradient = jax.grad(_j, argnums=(0, 1, 2))
        found["jax"] = partial(j_jax, gradient)
        found["jax, jitted"] = partial(j_jax, jax.jit(gradient))
    for name, function in found.items():
        if (got := [float(d) for d in function()]) != [3, 6, 9]:
            raise SystemExit(f"{name}: the derivatives are {got}; expected 3, 6, 9")
    return found


def chain(start: Any, nodes: int = NODES) -> Any:
    """x + 1 + 1 + …: a graph as deep as it is large."""
    y = start
    for _ in range(nodes):
        y = y + 1.0
    return y


def chain_times(rounds: int) -> Times:
    """Build and free a chain, and differentiate one that stands, in minigrad and torch."""
    import minigrad as mg

    functions: dict[str, Callable[[], object]] = {
        "minigrad: build": lambda: chain(mg.tensor(0.0)),
        "minigrad: backward": chain(mg.tensor(0.0)).backward,
    }
    if find_spec("torch"):
        import torch

        variable = partial(torch.tensor, 0.0, dtype=torch.float64, requires_grad=True)
        functions["torch: build"] = lambda: chain(variable())
        functions["torch: backward"] = partial(chain(variable()).backward, retain_graph=True)
    return interleave(functions, rounds)


def micrograd_fails() -> str:
    """What micrograd, which sorts its graph recursively, says to such a chain."""
    from micrograd.engine import Value

    try:
        chain(Value(0.0)).backward()
    except RecursionError as error:
        return f"RecursionError: {error}"
    return "no error"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if not find_spec("micrograd"):
        raise SystemExit("micrograd is the yardstick here: pip install micrograd")

    print(title(options.rounds))
    times = interleave(contenders(), options.rounds, burst=0.002)
    found = {name: (*ratio(times, name, "micrograd"), seconds(times, name)) for name in times}
    rows = [[name, f"{r:.2f}", f"{s * 1e6:.1f} µs"] for name, (r, _, _, s) in found.items()]
    print(table(["J = 3(a+bc)", "÷ micrograd", "time"], rows))

    times = chain_times(max(3, options.rounds // 20))
    per_node = {name: seconds(times, name) / NODES for name in times}
    rows = [[name, f"{s * 1e6:.2f} µs"] for name, s in per_node.items()]
    print("\n" + table([f"chain of {NODES:,} nodes", "per node"], rows))
    print(f"micrograd: {micrograd_fails()}")
    write_json(options.json, {"J": found, "chain, seconds per node": per_node})


if __name__ == "__main__":
    main()
