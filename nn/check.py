"""The checker: is what the engine differentiates what the equations say, quantity by quantity?

Read next: `nn.closed_form`, the equations.
"""

# ruff: noqa: E741  (l is the lecture's layer number)
from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

import minigrad as mg
from nn import closed_form
from nn.errors import ArgumentError
from nn.losses import LOSSES, Loss, binary_cross_entropy, class_columns, cross_entropy, inside
from nn.network import DeepNetwork, deep_network
from nn.objective import choose_loss

__all__ = ["Report", "Row", "check_closed_form"]

Array = np.ndarray
_HEAD = ("layer", "quantity", "size", "relative error", "")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a report: a quantity of a layer, its size, its largest relative error."""

    layer: int
    quantity: str
    size: tuple[int, ...]
    error: float
    ok: bool

    def cells(self) -> tuple[str, ...]:
        """The line as text."""
        mark = "✓" if self.ok else "✗"
        return str(self.layer), self.quantity, str(self.size), f"{self.error:.1e}", mark


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """What `check_closed_form` found; it shows as the table.

    Attributes:
        rows: a `Row` for each of dA, dZ, dW, db of layers L…1, in the order of the backward pass.
        tolerance: the largest relative error that still counts as equal.
    """

    rows: tuple[Row, ...]
    tolerance: float

    @property
    def ok(self) -> bool:
        """Whether every quantity agrees."""
        return all(row.ok for row in self.rows)

    @property
    def largest(self) -> float:
        """The largest relative error of all."""
        return max(row.error for row in self.rows)

    @property
    def verdict(self) -> str:
        """The last line of the table."""
        within = f"largest relative error {self.largest:.1e}, tolerance {self.tolerance:.0e}"
        if self.ok:
            return f"✓ engine and equations agree on all {len(self.rows)}: {within}"
        wrong = [f"{row.quantity}[{row.layer}]" for row in self.rows if not row.ok]
        return f"✗ engine and equations differ on {', '.join(wrong)}: {within}"

    def __repr__(self) -> str:
        lines = [_HEAD, *(row.cells() for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        table = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
        return "\n".join([*table, self.verdict])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{cell}</th>" for cell in _HEAD)
        body = "".join(
            f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row.cells())}</tr>"
            for row in self.rows
        )
        return f"<table><tr>{head}</tr>{body}</table><p>{escape(self.verdict)}</p>"


def check_closed_form(
    network: DeepNetwork,
    X: Any,
    Y: Any,
    loss: str | Loss | None = None,
    tolerance: float = 1e-10,
) -> Report:
    """Compare the engine's derivatives with the lecture's equations, for every layer.

    dA[l], dZ[l] are m ∂J/∂A[l], m ∂J/∂Z[l]; dW[l], db[l] are ∂J/∂W[l], ∂J/∂b[l]. The relative
    error of a quantity is max |engine − equation| / max |equation|; the denominator is at least
    1e-4 of the largest of A[L], Y and every dZ from there to the output, so that a difference
    that cancels is not judged by its rounding. Where an output saturates (A[L] is exactly 0 or 1
    and the cross-entropy's dA[L] would be infinite), dA[L] is compared at the nearest number
    inside (0, 1), and the engine's other derivatives are those of the loss of Z[L], as in `fit`.

    Args:
        network: a DeepNetwork; neither its parameters nor their gradients change.
        X: (n[0], m).
        Y: labels (n[L], m).
        loss: a loss of `nn.losses`, or its name; see `nn.objective.choose_loss` for the default.
        tolerance: what relative error to accept. The equations compute in float64: allow a
            float32 network about 1e-4.

    Returns:
        The report, 4 L rows.

    Raises:
        ArgumentError: a loss or activation without closed form.
        ShapeError: sizes that do not fit.

    >>> network = DeepNetwork([2, 3, 1], seed=0)
    >>> report = check_closed_form(network, np.eye(2), np.array([[0, 1]]), tolerance=1e-12)
    >>> report.ok, len(report.rows), report.rows[0].quantity, report.rows[0].size
    (True, 8, 'dA', (1, 2))
    """
    deep_network("check_closed_form", network)
    X, Y = np.asarray(X), np.asarray(Y)
    function, paired = choose_loss(network, loss)
    name = getattr(function, "__name__", repr(function))
    if LOSSES.get(name) is not function or "log_softmax" in network.activations:
        what = "log_softmax" if "log_softmax" in network.activations else name
        raise ArgumentError(f"check_closed_form: no closed form for {what}")
    values = network.cache(X)
    cache = closed_form.forward(network.state_dict(), X, network.activations)
    engine = _engine(network, values, Y, function, paired, cache[f"A{network.L}"])
    equations = closed_form.backward(cache, Y, name)
    rows, largest = [], max(float(np.abs(v).max()) for v in (cache[f"A{network.L}"], Y))
    for l in range(network.L, 0, -1):
        largest = max(largest, float(np.abs(equations[f"dZ{l}"]).max()))
        for quantity in ("dA", "dZ", "dW", "db"):
            a, b = engine[f"{quantity}{l}"], equations[f"{quantity}{l}"]
            error = _relative(a, b, 1e-4 * largest)
            rows.append(Row(l, quantity, a.shape, error, error <= tolerance))
    return Report(tuple(rows), tolerance)


def _relative(a: Array, b: Array, floor: float) -> float:
    """max |a − b| / max |b|, or / floor if that is more; inf where it cannot be told."""
    apart = float(np.abs(a - b).max()) if a.shape == b.shape else np.inf
    scale = max(float(np.abs(b).max()), floor)
    if not apart:
        return 0.0
    return apart / scale if scale and np.isfinite(apart) else np.inf


def _engine(
    network: DeepNetwork,
    values: dict[str, Any],
    Y: Array,
    function: Loss,
    paired: bool,
    output: Array,
) -> dict[str, Array]:
    """The engine's dA, dZ, dW, db, in the lecture's units, swept back through `values`."""
    L, m = network.L, values.pop("A0").shape[1]
    mg.name(**values)  # backward() keeps the derivatives of named nodes
    A, Z = values[f"A{L}"], values[f"Z{L}"]
    cost = _cost_of_probabilities(network.activations[-1]) if paired else function
    saturated = paired and bool(
        (inside(A.data) != A.data).any() or (inside(output) != output).any()
    )
    J = function(Z, Y) if saturated else cost(A, Y)
    params = network.parameters()
    kept = [p.grad for p in params]
    network.zero_grad()
    try:
        J.backward()
        grads = {f"d{node}": m * _derivative(tensor) for node, tensor in values.items()}
        if saturated:
            grads[f"dA{L}"] = m * mg.grad(cost)(inside(output), Y)
        for l in range(1, L + 1):
            grads[f"dW{l}"] = _derivative(network.W[l])
            grads[f"db{l}"] = _derivative(network.b[l])
    finally:
        for p, grad in zip(params, kept, strict=True):
            p.grad = grad
    return grads


def _derivative(node: mg.Tensor) -> Array:
    return np.zeros(node.shape) if node.grad is None else np.asarray(node.grad)


def _cost_of_probabilities(output: str) -> Loss:
    """The cross-entropy as a function of A[L], which is otherwise computed from Z[L]."""
    if output == "sigmoid":
        return binary_cross_entropy

    def categorical(A: Any, Y: Array) -> Any:
        cross_entropy(A.data, Y)  # checks the labels
        return -(class_columns(A.data, Y) * np.log(A)).sum() / A.shape[1]

    return categorical
