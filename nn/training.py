"""fit: gradient descent on the examples, all at once or in shuffled mini-batches.

Read next: `nn.optim`, the steps it takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from os import PathLike
from typing import Any

import numpy as np

import minigrad as mg
from nn.errors import ArgumentError, missing_extra
from nn.losses import Loss
from nn.module import Module, Seed
from nn.objective import objective
from nn.optim import SGD, Optimizer
from nn.record import Recording

__all__ = ["DivergenceError", "History", "fit"]

Array = np.ndarray


@dataclass
class History:
    """What `fit` returns.

    Attributes:
        losses: J of each epoch, the mean over the examples as they were met.

    >>> History([0.7, 0.5])
    History(2 epochs, J 0.7 → 0.5)
    """

    losses: list[float] = field(default_factory=list)

    @property
    def epochs(self) -> int:
        """How many epochs were completed."""
        return len(self.losses)

    def __repr__(self) -> str:
        went = f", J {self.losses[0]:.4g} → {self.losses[-1]:.4g}" if self.losses else ""
        return f"History({self.epochs} epoch{'s' * (self.epochs != 1)}{went})"


class DivergenceError(mg.MinigradError, ArithmeticError):
    """The cost became infinite or nan; `.history` holds the epochs before."""

    def __init__(self, message: str, history: History) -> None:
        super().__init__(message)
        self.history = history


def fit(
    network: Module,
    X: Any,
    Y: Any,
    *,
    epochs: int = 1000,
    batch_size: int | None = None,
    optimizer: Optimizer | None = None,
    learning_rate: float | None = None,
    loss: str | Loss | None = None,
    seed: Seed = None,
    progress: bool = True,
    callback: Callable[[int, Any, float], Any] | None = None,
    compile: bool | str = False,  # noqa: A002 - the verb of minigrad.compile
    record: str | PathLike[str] | None = None,
) -> History:
    """Minimise J over the network's parameters, in place.

    In each epoch every example is met once: all in one batch, or in mini-batches of a shuffled
    order, the last one smaller if need be. With a sigmoid or softmax output and its cross-entropy
    the derivative starts at the logits Z[L]; see `nn.objective.choose_loss`.

    Args:
        network: a Module; for one without `.activations` give the loss.
        X: (n[0], m), finite. It is converted to the dtype of the parameters, like Y.
        Y: labels, a column for each example, finite; for cross_entropy also class numbers (m,).
        epochs: how often every example is met.
        batch_size: examples in a mini-batch; None for all of them.
        optimizer: an SGD or Adam over the network's parameters; SGD by default.
        learning_rate: of the default SGD, 0.1 unless given.
        loss: a loss of `nn`, its name, or a function `(A, Y) -> J`.
        seed: None, an int or a numpy.random.Generator, for the order of the mini-batches.
        progress: show a bar (tqdm).
        callback: called after each epoch as `callback(epoch, network, J)`, epoch from 1.
        compile: run each step as code that `minigrad.compile` makes in the first two: True, or
            the name of a backend. The network's and the loss's Python then run in those only.
        record: where to write a page (HTML, complete in itself) in which a slider goes through up
            to 80 epochs: the cost, what the network says of each point (for one or two features),
            its weights, its gradients. It is written when the training ends, also by an error or
            an interrupt, if an epoch was completed. Recording changes no number of the training.

    Returns:
        The History: J of each epoch.

    Raises:
        ShapeError, ArgumentError: data or settings that do not fit.
        DivergenceError: J is nan or infinite. The network keeps its last, useless, parameters.
        ImportError: progress without tqdm.

    Source: the lecture, weeks 2 to 4.

    >>> from nn.network import DeepNetwork
    >>> X, Y = np.array([[0.0, 1.0, 2.0, 3.0]]), np.array([[0, 0, 1, 1]])
    >>> fit(DeepNetwork([1, 1], init="zeros"), X, Y, epochs=500, learning_rate=1, progress=False)
    History(500 epochs, J 0.6931 → 0.02484)
    """
    _of_kind("network", network, Module, "a Module, such as nn.DeepNetwork([2, 4, 1])")
    params = network.parameters()
    if not params:
        raise ArgumentError("fit: the network has no parameters")
    X, Y = _examples(X, Y, params[0].dtype)
    m = X.shape[1]
    _at_least_one("epochs", epochs)
    _at_least_one("batch_size", m if batch_size is None else batch_size)
    if optimizer is not None and learning_rate is not None:
        raise ArgumentError("fit: got an optimizer and a learning_rate; give the optimizer its lr")
    if optimizer is not None:
        _of_kind("optimizer", optimizer, Optimizer, "an SGD or Adam, made")
    if callback is not None:
        _of_kind("callback", callback, Callable, "a function (epoch, network, J)")
    optimizer = optimizer or SGD(params, 0.1 if learning_rate is None else learning_rate)
    step = _step(objective(network, loss), optimizer)
    if compile:
        step = mg.compile(step, backend="auto" if compile is True else compile)
    rng, history = np.random.default_rng(seed), History()
    film = None if record is None else Recording(record, network, X, Y, epochs, loss)
    with film or nullcontext(), closing(_Bar(epochs, progress)) as bar:
        for epoch in range(1, epochs + 1):
            J = _epoch(step, _batches(X, Y, batch_size, rng)) / m
            if not np.isfinite(J):
                raise DivergenceError(
                    f"fit: J is {J} in epoch {epoch}; the steps are too large: "
                    f"try a learning rate below {optimizer.lr:g}",
                    history,
                )
            history.losses.append(J)
            if film is not None:
                film.keep(epoch, J)
            bar.show(J)
            if callback is not None:
                callback(epoch, network, J)
    return history


def _epoch(step: Callable[[Array, Array], Any], batches: Iterator[tuple[Array, Array]]) -> float:
    """Take a step on each batch; J summed over the examples."""
    total = 0.0
    for x, y in batches:
        with np.errstate(over="ignore", invalid="ignore"):  # fit tells of an infinite J
            total += float(step(x, y)) * x.shape[1]
    return total


def _step(J_of: Callable[..., Any], optimizer: Optimizer) -> Callable[[Array, Array], Any]:
    """The function of a batch that takes one step of gradient descent and returns J before it."""

    def step(X: Array, Y: Array) -> Any:
        optimizer.zero_grad()
        J = J_of(X, Y)
        if not isinstance(J, mg.Tensor):
            raise ArgumentError(
                f"fit: the loss returned {J!r}; expected J, a Tensor computed from A and Y"
            )
        J.backward()
        if all(p.grad is None for p in optimizer.params):
            raise ArgumentError(
                "fit: J depends on none of the parameters that the optimizer updates; expected "
                "those of this network, and a loss computed from its output"
            )
        value = J.data
        del J  # no graph holds the parameters now, so they are updated in place
        optimizer.step()
        return value

    return step


def _batches(
    X: Array, Y: Array, size: int | None, rng: np.random.Generator
) -> Iterator[tuple[Array, Array]]:
    m = X.shape[1]
    if size is None:
        yield X, Y
        return
    order = rng.permutation(m)
    for start in range(0, m, size):
        chosen = order[start : start + size]
        yield X[:, chosen], Y[..., chosen]


def _examples(X: Any, Y: Any, dtype: Any) -> tuple[Array, Array]:
    """X and Y as arrays of that dtype, after every check that does not need the network."""
    X, Y = np.asarray(X), np.asarray(Y)
    for name, array in (("X", X), ("Y", Y)):
        if array.dtype.kind not in "fiub":
            raise mg.DTypeError(f"fit: {name} has dtype {array.dtype}; expected real numbers")
    if X.ndim != 2:
        raise mg.ShapeError(f"fit: X is {X.shape}; expected (n, m), a column for each example")
    m = X.shape[1]
    if not m:
        raise mg.ShapeError(f"fit: no examples: X is {X.shape}")
    if Y.ndim not in {1, 2} or Y.shape[-1] != m:
        rows = "; are the examples its rows? then give X.T" if len(X) in Y.shape else ""
        raise mg.ShapeError(
            f"fit: X is {X.shape} but Y is {Y.shape}; expected {m} columns in both{rows}"
        )
    for name, array in (("X", X), ("Y", Y)):
        wrong = np.argwhere(~np.isfinite(array))
        if len(wrong):
            where = ", ".join(map(str, wrong[0]))
            raise ArgumentError(
                f"fit: {name}[{where}] is {array[tuple(wrong[0])]}; expected finite numbers "
                f"({len(wrong)} are not)"
            )
    return X.astype(dtype, copy=False), Y.astype(dtype, copy=False)


def _of_kind(name: str, value: Any, kind: Any, expected: str) -> None:
    if not isinstance(value, kind):
        raise ArgumentError(f"fit: got {name}={value!r}; expected {expected}")


def _at_least_one(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ArgumentError(f"fit: got {name}={value!r}; expected a whole number, at least 1")


class _Bar:
    """A tqdm bar of epochs; nothing if it is not wanted."""

    def __init__(self, epochs: int, progress: bool) -> None:
        self._bar = None
        if progress:
            try:
                from tqdm import tqdm
            except ImportError as error:
                raise missing_extra("fit(progress=True)", "tqdm", "train", error) from error
            self._bar = tqdm(total=epochs, unit="epoch")

    def show(self, J: float) -> None:
        """One epoch more, of that cost."""
        if self._bar is not None:
            self._bar.set_postfix_str(f"J={J:.4g}", refresh=False)
            self._bar.update()

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()
