"""minigrad: reverse-mode automatic differentiation for NumPy, on a graph you can see.

    import numpy as np
    import minigrad as mg

Read next: `minigrad.tensor`.
"""

from importlib import import_module
from typing import Any

from minigrad import ops
from minigrad.checkpoint import checkpoint
from minigrad.compile import compile  # noqa: A004
from minigrad.debug import debug
from minigrad.errors import (
    DebugWarning,
    DTypeError,
    GraphError,
    IndexingError,
    MinigradError,
    MutatedError,
    NonFiniteError,
    NoRuleError,
    ShapeError,
    SingularError,
)
from minigrad.graph import Graph, graph
from minigrad.jacobians import hessian, hvp, jacobian
from minigrad.ops.index import set_at
from minigrad.ops.primitive import primitive
from minigrad.scopes import scope
from minigrad.tensor import Tensor, name, no_grad, tensor
from minigrad.transforms import (
    grad,
    jvp,
    stop_gradient,
    value_and_grad,
    vjp,
)

__all__ = [
    "DTypeError",
    "DebugWarning",
    "Graph",
    "GraphError",
    "IndexingError",
    "MinigradError",
    "MutatedError",
    "NoRuleError",
    "NonFiniteError",
    "ShapeError",
    "SingularError",
    "Tensor",
    "checkpoint",
    "compile",
    "debug",
    "grad",
    "graph",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "name",
    "no_grad",
    "ops",
    "primitive",
    "scope",
    "set_at",
    "stop_gradient",
    "tensor",
    "value_and_grad",
    "vjp",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """`minigrad.testing`, loaded when it is first asked for."""
    if name == "testing":
        return import_module("minigrad.testing")
    raise AttributeError(f"module 'minigrad' has no attribute {name!r}")
