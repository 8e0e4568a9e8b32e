"""Which loss a network is trained on and checked with: one place decides.

Read next: `nn.training`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nn.errors import ArgumentError, pick
from nn.losses import LOSSES, Loss, binary_cross_entropy_with_logits, cross_entropy

__all__ = ["choose_loss", "objective"]

Array = Any  # an ndarray or a Tensor

# The losses of logits that stand for (output activation, loss): exact where the pair is not.
_ON_LOGITS = {
    ("sigmoid", "binary_cross_entropy"): binary_cross_entropy_with_logits,
    ("sigmoid", "binary_cross_entropy_with_logits"): binary_cross_entropy_with_logits,
    ("softmax", "cross_entropy"): cross_entropy,
}
_DEFAULT = {"sigmoid": "binary_cross_entropy", "softmax": "cross_entropy"}


def choose_loss(network: Any, loss: str | Loss | None = None) -> tuple[Loss, bool]:
    """The loss to use for a network, and whether it is to be given Z[L] rather than A[L].

    Without a `loss`: binary_cross_entropy after a sigmoid output, cross_entropy after softmax,
    else squared_error. A sigmoid output with either binary cross-entropy, or softmax with
    cross_entropy, is trained on the logits Z[L]: the same J, exact also where A[L] saturates.
    Any other loss is given the network's output.

    Args:
        network: a DeepNetwork, or any Module if a loss is given.
        loss: None, the name of a loss in this module, or a function `(A, Y) -> J`.

    Raises:
        ArgumentError: an unknown name; no loss and no `network.activations` to choose by.

    >>> from nn.network import DeepNetwork
    >>> f, on_logits = choose_loss(DeepNetwork([2, 1]))
    >>> f.__name__, on_logits
    ('binary_cross_entropy_with_logits', True)
    """
    activations = getattr(network, "activations", None)
    if loss is None:
        if activations is None:
            raise ArgumentError(
                f"loss: {type(network).__name__} does not tell its output activation; "
                f"choose one of {', '.join(LOSSES)}"
            )
        loss = _DEFAULT.get(activations[-1], "squared_error")
    function = loss if callable(loss) else pick("loss", loss, LOSSES)
    pair = (activations[-1] if activations else "", getattr(function, "__name__", ""))
    if pair in _ON_LOGITS and LOSSES.get(pair[1]) is function:
        return _ON_LOGITS[pair], True
    return function, False


def objective(network: Any, loss: str | Loss | None = None) -> Callable[[Array, Array], Array]:
    """The function `(X, Y) -> J` to minimise, by `choose_loss`."""
    function, on_logits = choose_loss(network, loss)
    output = network.logits if on_logits else network
    return lambda X, Y: function(output(X), Y)
