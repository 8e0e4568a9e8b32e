"""Derivatives compiled: a scalar's gradient, a Hessian, a Hessian-vector product.

    python benchmarks/compiled_functions.py [--rounds N] [--json PATH]

The same function in plain NumPy for minigrad and in jax.numpy for JAX, with double precision.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from implementations import installed
from networks import NETWORKS, Problem, problem
from timing import interleave, ratio, seconds, settle_threads, table, title, write_json

import minigrad as mg

Array = Any


def cost(a: Array, b: Array, c: Array) -> Array:
    """The lecture's J = 3(a + bc)."""
    return 3 * (a + b * c)


def rosenbrock(x: Array) -> Array:
    """The sum over neighbours of 100 (x[i+1] − x[i]²)² + (1 − x[i])²."""
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def softmax_cost(layers: list[Array], numpy: Any = np) -> Array:
    """The cost of the network 784-512-256-10 on its 256 examples, in float32."""
    data = _examples()
    A = data.X
    for W, b in zip(layers[:-2:2], layers[1:-2:2], strict=True):
        A = numpy.maximum(W @ A + b, 0)
    Z = layers[-2] @ A + layers[-1]
    Z = Z - numpy.max(Z, axis=0)
    J = numpy.log(numpy.sum(numpy.exp(Z), axis=0)) - numpy.sum(Z * data.Y, axis=0)
    return numpy.mean(J)


@cache
def _examples() -> Problem:
    return problem(NETWORKS[-1])


def functions() -> dict[str, tuple[Callable[..., Any], tuple[Any, ...]]]:
    """Each function to compile, and arguments for it."""
    x = np.random.default_rng(0).normal(size=100)
    layers, v = problem(NETWORKS[-1]).start(), problem(NETWORKS[-1], seed=2).start()
    return {
        "gradient of J = 3(a+bc)": (mg.grad(cost, (0, 1, 2)), (5.0, 3.0, 2.0)),
        "Hessian of Rosenbrock, n=100": (mg.hessian(rosenbrock), (x,)),
        "Hessian-vector product of Rosenbrock, n=100": (mg.hvp(rosenbrock), (x, x)),
        "Hessian-vector product of 784-512-256-10": (mg.hvp(softmax_cost), (layers, v)),
    }


def in_jax() -> dict[str, Callable[..., Any]]:
    """The same, jitted by JAX."""
    import jax

    jax.config.update("jax_enable_x64", True)

    def product(f: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
        return lambda x, v: jax.jvp(jax.grad(f), (x,), (v,))[1]

    of_network = partial(softmax_cost, numpy=jax.numpy)
    jitted = map(
        jax.jit,
        (
            jax.grad(cost, (0, 1, 2)),
            jax.hessian(rosenbrock),
            product(rosenbrock),
            product(of_network),
        ),
    )
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
        given = [
            x if isinstance(x, float) else jax.tree.map(jax.numpy.asarray, x) for x in arguments
        ]
        calls["jax"] = lambda: jax.block_until_ready(jitted(*given))
    expected = arrays(f(*arguments))
    for way, call in calls.items():
        for _ in range(3):
            for found, right in zip(arrays(call()), expected, strict=True):
                few = 1e-10 if right.dtype == np.float64 else 1e-4
                atol = few * np.abs(right).max()
                np.testing.assert_allclose(found, right, rtol=few, atol=atol, err_msg=way)
    return calls


def arrays(result: Any) -> list[np.ndarray]:
    """The arrays in a result, which may be a tuple or list of them."""
    return [np.asarray(x) for x in (result if isinstance(result, (tuple, list)) else [result])]


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
