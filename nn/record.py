"""Recording: what `fit(record=…)` keeps of a training, epoch by epoch.

Read next: `nn.replay`, the page made of it.
"""

# ruff: noqa: E741  (l is the lecture's layer number)
from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from nn.dense import dense_layers, gradient_norms, in_use
from nn.diagram import diagram, drawn_units, drawn_weights
from nn.errors import ArgumentError
from nn.losses import Loss
from nn.module import Module
from nn.replay import Film, Frame, to_html
from nn.surface import class_numbers, grid, verdict

__all__ = ["Recording", "kept_epochs"]

Array = np.ndarray

_FRAMES = 80  # epochs kept
_GRID = {1: 121, 2: 49}  # predictions along each feature
_POINTS, _JUDGED = 400, 2000  # examples drawn, examples whose class is compared with the label
_EDGES = 1500  # a network with more drawn weights is not drawn


def kept_epochs(epochs: int, most: int = _FRAMES) -> list[int]:
    """Which of the epochs 0…epochs are kept: closer together at first, where more happens.

    >>> kept_epochs(4), kept_epochs(1000, 10)
    ([0, 1, 2, 3, 4], [0, 1, 6, 32, 178, 250, 500, 750, 1000])
    """
    if epochs < most:
        return list(range(epochs + 1))
    half = most // 2
    both = np.r_[np.geomspace(1, epochs, half), np.linspace(0, epochs, most - half)]
    return [int(e) for e in np.unique(np.rint(both))]


@dataclass
class Recording:
    """Looks at a network while it is trained, and writes the page when the training ends.

    It looks at a copy, so that training with and without it are the same to the last bit. A
    training that raises writes what there is, if an epoch was completed.

    Args:
        path: of the HTML file.
        network: the Module being trained.
        X, Y: the examples.
        epochs: how many there will be.
        loss: as given to `fit`.

    Raises:
        ArgumentError: a path that cannot be written; a network that cannot be copied.
    """

    path: Any
    network: Module
    X: Array
    Y: Array
    epochs: int
    loss: str | Loss | None = None
    frames: list[Frame] = field(default_factory=list, init=False)
    losses: list[float] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        if not isinstance(self.path, (str, os.PathLike)):
            raise ArgumentError(f"fit: got record={self.path!r}; expected the path of a page")
        self.path = Path(self.path)
        if self.path.is_dir() or not self.path.parent.is_dir():
            raise ArgumentError(
                f"fit: record={str(self.path)!r} cannot be written; expected the path of a file "
                "in a folder that exists"
            )
        self._kept = set(kept_epochs(self.epochs))
        n, m = self.X.shape
        self._judged = np.unique(np.linspace(0, m - 1, _JUDGED).astype(int))
        self._axes: list[Array] = []
        self._points: Array | None = None
        if n in _GRID:
            self._axes, self._points = grid(self.X, _GRID[n])
        self._drawn = self._drawn_weights()

    def _drawn_weights(self) -> list[tuple[int, int, int]]:
        """Which weights the page draws: none of a network that is no chain, or is too deep."""
        try:
            layers = dense_layers(self.network)
        except ArgumentError:
            return []
        sizes = [layers[0].W.shape[1], *(layer.W.shape[0] for layer in layers)]
        drawn = drawn_weights(sizes)
        return drawn if len(drawn) <= _EDGES else []

    def __enter__(self) -> Self:
        self._look(0)
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.losses:
            self._write(error)

    def keep(self, epoch: int, J: float) -> None:
        """Note the epoch's J; look at the network if the epoch is one of those kept."""
        self.losses.append(J)
        if epoch in self._kept:
            self._look(epoch)

    def _look(self, epoch: int) -> None:
        """Add a frame: what the network is and says after that epoch."""
        seen = in_use(self.network)
        frame = Frame(epoch, list(gradient_norms(seen).values()))
        with np.errstate(all="ignore"):
            judged = verdict(seen, self.X[:, self._judged], self.loss)
            if judged is not None:
                labels = class_numbers(self.Y[..., self._judged])
                if labels is not None:
                    frame.right = float((judged[0] == labels).mean())
            if self._points is not None:
                frame.surface = verdict(seen, self._points, self.loss)
                frame.output = np.array(seen(self._points).data[0])
        if self._drawn:
            layers = dense_layers(seen)
            frame.weights = np.array([layers[l - 1].W.data[j, i] for l, j, i in self._drawn])
            frame.biases = np.array(
                [layers[l - 1].b.data[j, 0] for l, j in drawn_units(self._drawn)]
            )
        self.frames.append(frame)

    def _write(self, error: BaseException | None) -> None:
        """Write the page beside its place, then move it there: never half a page."""
        m = self.X.shape[1]
        shown = np.unique(np.linspace(0, m - 1, _POINTS).astype(int))
        film = Film(
            of=repr(self.network),
            losses=self.losses,
            frames=self.frames,
            names=list(gradient_norms(self.network)),
            diagram=diagram(in_use(self.network)) if self._drawn else None,
            drawn=self._drawn,
            axes=self._axes,
            X=self.X[:, shown],
            Y=self.Y[..., shown],
            notes=self._notes(len(shown), error),
        )
        place = Path(self.path)
        beside = place.with_name(f".{place.name}.{os.getpid()}")
        try:
            beside.write_text(to_html(film), encoding="utf-8")
            beside.replace(place)
        finally:
            beside.unlink(missing_ok=True)

    def _notes(self, shown: int, error: BaseException | None) -> list[str]:
        """What the page says about itself: how the training ended, what is left out."""
        n, m = self.X.shape
        done, notes = len(self.losses), []
        if error is not None:
            told = f"{type(error).__name__}: {error}".rstrip(": ")
            notes.append(f"The training ended early, after epoch {done} of {self.epochs}: {told}")
        if len(self.frames) <= done:
            notes.append(
                f"The slider goes through {len(self.frames)} of the epochs 0 to {done}, closer "
                "together at the start. The cost curve has all of them."
            )
        notes.append(
            "Epoch 0 is before the first step. J is the mean over an epoch's examples as "
            "they were met; dW is that of the epoch's last step."
        )
        if self._points is None:
            notes.append(f"What the network says is drawn for 1 or 2 features; here are {n}.")
        elif shown < m:
            notes.append(f"Of the {m} examples {shown} are drawn.")
        if len(self._judged) < m:
            notes.append(f"The share that is right is of {len(self._judged)} of the {m} examples.")
        if not self._drawn:
            notes.append("The neurons are drawn for chains of dense layers that are not too deep.")
        return notes
