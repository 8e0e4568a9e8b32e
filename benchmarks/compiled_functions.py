"""Derivatives compiled: a scalar's gradient, a Hessian, a Hessian-vector product.

    python benchmarks/compiled_functions.py [--rounds N] [--json PATH]

The same function in plain NumPy for minigrad and in jax.numpy for JAX, with double precision.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from implementations import installed
from timing import interleave, ratio, seconds, settle_threads, table, title, write_json

import minigrad as mg

Array = Any


def cost(a: Array, b: Array, c: Array) -> Array:
    """The lecture's J = 3(a + bc)."""
    return 3 * (a + b * c)


def rosenbrock(x: Array) -> Array:
    """The sum over neighbours of 100 (x[i+1] − x[i]²)² + (1 − x[i])²."""
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def functions() -> dict[str, tuple[Callable[..., Any], tuple[Any, ...]]]:
    """Each function to compile, and arguments for it."""
    x = np.random.default_rng(0).normal(size=100)
    return {
        "gradient of J = 3(a+bc)": (mg.grad(cost, (0, 1, 2)), (5.0, 3.0, 2.0)),
        "Hessian of Rosenbrock, n=100": (mg.hessian(rosenbrock), (x,)),
        "Hessian-vector product of Rosenbrock, n=100": (mg.hvp(rosenbrock), (x, x)),
    }


def in_jax() -> dict[str, Callable[..., Any]]:
    """The same, jitted by JAX."""
    import jax

    jax.config.update("jax_enable_x64", True)

    def product(x: Array, v: Array) -> Array:
        return jax.jvp(jax.grad(rosenbrock), (x,), (v,))[1]

    jitted = map(jax.jit, (jax.grad(cost, (0, 1, 2)), jax.hessian(rosenbrock), product))
    return dict(zip(functions(), jitted, strict=True))


def contenders(name: str) -> dict[str, Callable[[], Any]]:
    """For one of the functions: what to call, for each way of running it."""
    f, arguments = functions()[name]
    ways = {"eager": f, "numpy": mg.compile(f, backend="numpy")}
    if installed("compiled numba"):
        ways["numba"] = mg.compile(f, backend="numba")
    calls: dict[str, Callable[[], Any]] = {way: partial(g, *arguments) for way, g in ways.items()}
    if installed("jax"):
        import jax

        jitted = in_jax()[name]
        given = [x if isinstance(x, float) else jax.numpy.asarray(x) for x in arguments]
        calls["jax"] = lambda: jax.block_until_ready(jitted(*given))
    expected = np.asarray(f(*arguments))
    for way, call in calls.items():
        for _ in range(3):
            np.testing.assert_allclose(np.asarray(call()), expected, rtol=1e-10, err_msg=way)
    return calls


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    settle_threads()

    rows, results = [], {}
    for name in functions():
        times = interleave(contenders(name), options.rounds)
        found = {way: (*ratio(times, way, "eager"), seconds(times, way)) for way in times}
        results[name] = found
        cells = [f"{found[w][0]:.3f}" if w in found else "–" for w in ("numpy", "numba", "jax")]
        rows.append([name, f"{found['eager'][3] * 1e6:.1f} µs", *cells])
    print(title(options.rounds))
    head = ["÷ eager minigrad", "eager", "compiled numpy", "compiled numba", "jax, jitted"]
    print(table(head, rows))
    write_json(options.json, {"ratio, quartiles, seconds": results})


if __name__ == "__main__":
    main()
