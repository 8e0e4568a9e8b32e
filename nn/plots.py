"""Pictures of training, with matplotlib and without its global state.

Read next: `nn.training`, whose History they show.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nn.errors import missing_extra
from nn.training import History

__all__ = ["cost_curve"]


def cost_curve(
    history_or_losses: History | Sequence[float], path: Any = None, ax: Any = None
) -> Any:
    """Draw J against the epochs.

    Args:
        history_or_losses: what `fit` returned, or the costs themselves.
        path: where to save the picture; its ending says how (png, svg, pdf).
        ax: matplotlib Axes to draw on; by default those of a new Figure.

    Returns:
        The Axes; `.figure` is its figure.

    Raises:
        ImportError: matplotlib is not installed.

    >>> ax = cost_curve([0.7, 0.4, 0.3])
    >>> ax.get_xlabel(), ax.get_ylabel(), len(ax.lines[0].get_ydata())
    ('epoch', 'J', 3)
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise missing_extra("cost_curve", "matplotlib", "plots", error) from error
    given = history_or_losses
    losses = given.losses if isinstance(given, History) else given
    if ax is None:
        ax = Figure(layout="constrained").add_subplot(xlabel="epoch", ylabel="J")
        ax.grid(alpha=0.3)
    ax.plot(range(1, len(losses) + 1), losses)
    if path is not None:
        ax.figure.savefig(path)
    return ax
