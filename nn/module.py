"""Module: an object that holds parameters and finds them again, and the simplest modules.

Read next: `nn.network`, the lecture's network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Self

import numpy as np

import minigrad as mg
from nn.errors import ArgumentError
from nn.init import initial

__all__ = ["Linear", "Module", "Sequential", "affine", "sizes_of"]

Array = Any  # an ndarray or a Tensor
Seed = int | np.random.Generator | None


class Module:
    """Base of everything with parameters: write `__init__` and `forward`, the rest follows.

    Parameters are the Tensors among its attributes, also those inside lists, tuples, dicts and
    other Modules. `.training` tells layers that behave differently in use; see `train`.

    >>> class Scale(Module):
    ...     def __init__(self):
    ...         self.factor = mg.tensor(2.0)
    ...     def forward(self, X):
    ...         return self.factor * X
    >>> scale = Scale()
    >>> print(scale(3.0).item(), scale.state_dict())
    6.0 {'factor': array(2.)}
    """

    training = True

    def forward(self, X: Array) -> Array:
        """What calling the module computes; each subclass writes its own."""
        raise NotImplementedError(f"{type(self).__name__}: write a method forward(self, X)")

    def __call__(self, *args: Array, **options: Any) -> Array:
        """What `forward` returns; pictures draw it as a box with the module's name."""
        return mg.scope(type(self).__name__, self.forward, *args, **options)

    def _members(self) -> Iterable[tuple[str, Any]]:
        """The attributes in which parameters are looked for, with the names to give them."""
        return vars(self).items()

    def named_parameters(self) -> Iterator[tuple[str, mg.Tensor]]:
        """Each parameter once, with its path: ("layers.0.W", Tensor).

        A Tensor that two places share is yielded at the first. One that was computed from
        parameters, a value that `forward` kept, is none.

        Raises:
            ArgumentError: two have the same path; one was computed from something else.
        """
        found = [(k, t) for k, t in _walk("", self, set()) if isinstance(t, mg.Tensor)]
        own = {t for _, t in found if t.op is None}
        named: set[str] = set()
        for name, t in found:
            if t.op is not None:
                if not _made_of(t, own):
                    raise ArgumentError(
                        f"{type(self).__name__}: {name} was computed, by {t.op.name}, and cannot "
                        f"be updated; to make it a parameter keep minigrad.tensor({name}.data)"
                    )
                continue
            if name in named:
                raise ArgumentError(f"{type(self).__name__}: two parameters are called {name}")
            named.add(name)
            yield name, t

    def parameters(self) -> list[mg.Tensor]:
        """Each parameter once."""
        return [p for _, p in self.named_parameters()]

    def state_dict(self) -> dict[str, np.ndarray]:
        """A copy of each parameter's value by name: {"W1": array, …}."""
        return {name: np.array(p.data) for name, p in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over values saved by `state_dict`: all of them, or none and an error.

        Args:
            state: an array for each name of `named_parameters()`, of that parameter's shape; it
                is converted to that parameter's dtype.

        Raises:
            ArgumentError: naming every entry that is missing, unexpected or of another shape.
        """
        own = dict(self.named_parameters())
        if not isinstance(state, Mapping):
            raise ArgumentError(f"load_state_dict: got {state!r}; expected an array for each name")
        wrong = [f"{name} is missing" for name in own if name not in state]
        wrong += [f"{name} is unexpected" for name in state if name not in own]
        wrong += [
            f"{name} is {np.shape(state[name])}, expected {p.shape}"
            for name, p in own.items()
            if name in state and np.shape(state[name]) != p.shape
        ]
        values = {k: np.asarray(state[k]) for k in own if k in state}
        wrong += [
            f"{name} has dtype {value.dtype}, expected {own[name].dtype}"
            for name, value in values.items()
            if not np.can_cast(value.dtype, own[name].dtype, "same_kind")
        ]
        if wrong:
            raise ArgumentError(f"load_state_dict: {'; '.join(wrong)}")
        values = {name: value.astype(own[name].dtype) for name, value in values.items()}
        for name, p in own.items():
            p.data = values[name]

    def train(self, training: bool = True) -> Self:
        """Set `.training` here and in every module inside; returns self."""
        for _, found in _walk("", self, set()):
            if isinstance(found, Module):
                found.training = training
        return self

    def eval(self) -> Self:
        """`train(False)`: layers behave as in use, not as in training."""
        return self.train(False)

    def zero_grad(self) -> None:
        """Forget the gradient of every parameter."""
        for p in self.parameters():
            p.zero_grad()

    def __repr__(self) -> str:
        parts = dict.fromkeys(name.split(".")[0] for name, _ in self.named_parameters())
        return f"{type(self).__name__}({', '.join(parts)})"


def _walk(path: str, value: Any, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """Every Tensor and Module inside `value`, each once, with its path."""
    if id(value) in seen or not isinstance(value, (mg.Tensor, Module, list, tuple, dict)):
        return
    seen.add(id(value))
    if isinstance(value, (mg.Tensor, Module)):
        yield path, value
    if isinstance(value, Module):
        members: Iterable[tuple[Any, Any]] = value._members()
    elif isinstance(value, dict):
        members = value.items()
    else:
        members = () if isinstance(value, mg.Tensor) else enumerate(value)
    for name, member in members:
        yield from _walk(f"{path}.{name}" if path else str(name), member, seen)


def _made_of(computed: mg.Tensor, own: set[mg.Tensor]) -> bool:
    """Whether one of these was used to compute it."""
    waiting, seen = [computed], {computed}
    while waiting:
        t = waiting.pop()
        if t in own:
            return True
        inputs = {a for a in t.inputs if isinstance(a, mg.Tensor)} - seen
        seen |= inputs
        waiting += inputs
    return False


def sizes_of(who: str, sizes: Iterable[Any]) -> tuple[int, ...]:
    """Layer sizes as a tuple of positive ints, or an error that begins with `who`."""
    checked = tuple(sizes) if isinstance(sizes, Iterable) else (sizes,)
    if any(isinstance(n, bool) or not isinstance(n, (int, np.integer)) for n in checked) or any(
        n < 1 for n in checked
    ):
        raise ArgumentError(f"{who}: got sizes {checked}; expected whole numbers, at least 1")
    return tuple(int(n) for n in checked)


@mg.primitive(
    vjp=(
        lambda g, _y, _W, A, _b: g @ A.T,
        lambda g, _y, W, _A, _b: W.T @ g,
        lambda g, _y, _W, _A, _b: g.sum(axis=1, keepdims=True),
    ),
    symbol="W A + b",
    code="{0} @ {1} + {2}",
    inline=True,
)
def affine(W: Array, A: Array, b: Array) -> Array:
    """Z = W A + b as one node; dW = dZ Aᵀ, dA = Wᵀ dZ, db = Σ_columns dZ.

    >>> affine(np.eye(2), np.ones((2, 3)), np.array([[0.0], [1.0]]))
    array([[1., 1., 1.],
           [2., 2., 2.]])
    """
    Z = W @ A
    Z += b
    return Z


class Linear(Module):
    """One layer without activation: Z = W X + b, a column for each example.

    Args:
        n_in: rows of X.
        n_out: rows of Z.
        init: an initialiser of `nn.init` by name, or a function `(rng, n_out, n_in) -> array`.
        seed: None, an int, or a numpy.random.Generator to draw from.
        dtype: of the parameters.

    Attributes: `W` (n_out, n_in) and `b` (n_out, 1), Tensors; b starts at 0.

    >>> layer = Linear(4, 3, seed=0)
    >>> layer(np.ones((4, 7))).shape
    (3, 7)
    >>> layer(np.ones((5, 7)))
    Traceback (most recent call last):
    minigrad.errors.ShapeError: Linear(4, 3): X is (5, 7); expected (4, m), a column per example
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        init: str | Callable[..., Any] = "he",
        seed: Seed = None,
        dtype: Any = "float64",
    ) -> None:
        self.n_in, self.n_out = sizes_of("Linear", (n_in, n_out))
        rng = np.random.default_rng(seed)
        self.W = mg.tensor(initial(init, rng, n_out, n_in), dtype=dtype, name="W")
        self.b = mg.tensor(np.zeros((n_out, 1)), dtype=dtype, name="b")

    def forward(self, X: Array) -> mg.Tensor:
        """Z = W X + b.

        Args:
            X: (n_in, m).

        Returns:
            Z (n_out, m).

        Raises:
            ShapeError: X has another shape.
        """
        shape = np.shape(X)
        if len(shape) != 2 or shape[0] != self.n_in:
            raise mg.ShapeError(
                f"{self!r}: X is {shape}; expected ({self.n_in}, m), a column per example"
            )
        Z: mg.Tensor = affine(self.W, X, self.b)
        return Z

    def __repr__(self) -> str:
        return f"Linear({self.n_in}, {self.n_out})"


class Sequential(Module):
    """Modules and functions one after the other, each given what the one before returned.

    Args:
        *layers: Modules, or functions such as `nn.relu`.

    >>> network = Sequential(Linear(2, 3, seed=0), np.tanh, Linear(3, 1, seed=1))
    >>> network(np.ones((2, 5))).shape
    (1, 5)
    >>> [name for name, _ in network.named_parameters()]
    ['layers.0.W', 'layers.0.b', 'layers.2.W', 'layers.2.b']
    """

    def __init__(self, *layers: Callable[[Array], Array]) -> None:
        for i, layer in enumerate(layers):
            if not callable(layer) or isinstance(layer, type):
                made = f", such as {layer.__name__}(…)" if isinstance(layer, type) else ""
                raise ArgumentError(
                    f"Sequential: layer {i} is {layer!r}; expected a Module{made} or a function"
                )
        self.layers = list(layers)

    def forward(self, X: Array) -> Array:
        """The last layer's result."""
        for layer in self.layers:
            X = layer(X)
        return X

    def __repr__(self) -> str:
        parts = [getattr(layer, "__name__", None) or repr(layer) for layer in self.layers]
        return f"Sequential({', '.join(parts)})"
