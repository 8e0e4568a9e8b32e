"""diagnose: which of a student's hand-written gradients is the first wrong one, and how.

Read next: `nn.diagnosis.examine`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from nn.diagnosis.examine import examine
from nn.diagnosis.findings import Diagnosis, Finding, Note
from nn.diagnosis.scope import Layout, Style, order
from nn.diagnosis.students import Answer, Inputs, Student, read
from nn.diagnosis.trials import Case, answered, elsewhere, other_m, random_inputs
from nn.errors import ArgumentError
from nn.losses import LOSSES, Loss
from nn.network import DeepNetwork
from nn.objective import choose_loss

__all__ = ["diagnose"]

Findings = tuple[Finding, ...]


def diagnose(
    student: Any, network: DeepNetwork, X: Any, Y: Any, loss: str | Loss | None = None
) -> Diagnosis:
    """Find the first wrong quantity of a hand-written backward pass, and name the mistake.

    Every quantity the student gives is compared with its equation, computed from the student's own
    values of what it is made of: so a wrong dZ2 does not accuse a right dW2, which is reported
    as its consequence. What is wrong itself is held against the mistakes of `KINDS`; one is named
    only if it gives the student's numbers to 1e-6 and no other does. A function is also called with
    random parameters and inputs, which tells apart what one set of numbers may not.

    Args:
        student: a mapping with any of dZl, dAl, dWl, dbl, l = 1…L (dz, dw, db in a network of one
            layer); or a function `(params, X, Y)` that returns one, `params` being
            {"W1": …, "b1": …}; or equations, {"dW2": lambda dZ2, A1, m: …}, each of which is
            called with the right values of its inputs.
        network: a DeepNetwork, which does not change.
        X: (n[0], m).
        Y: labels (n[L], m).
        loss: a loss of `nn.losses`, or its name; see `nn.objective.choose_loss` for the default.

    Returns:
        The diagnosis; `print` shows it as a table.

    Raises:
        ArgumentError: a student of another form; a loss or activation without closed form.
        ShapeError: X or Y does not fit the network.

    >>> network = DeepNetwork([2, 3, 1], hidden="tanh", seed=0)
    >>> X, Y = np.random.default_rng(0).normal(size=(2, 5)), np.array([[0, 1, 1, 0, 1]])
    >>> def backward(params, X, Y):
    ...     A1 = np.tanh(params["W1"] @ X + params["b1"])
    ...     A2 = 1 / (1 + np.exp(-params["W2"] @ A1 - params["b2"]))
    ...     dZ2 = A2 - Y
    ...     dW2 = dZ2 @ A1.T / X.shape[1]
    ...     dZ1 = dW2.T @ dZ2 * (1 - A1**2)
    ...     return {"dZ2": dZ2, "dW2": dW2, "dZ1": dZ1, "dW1": dZ1 @ X.T / X.shape[1]}
    >>> found = diagnose(backward, network, X, Y)
    >>> found.first_wrong, found.findings[0].kind, dict(found.findings[0].details)
    ('dZ1', 'wrong_operand', {'expected': 'W2', 'used': 'dW2'})
    >>> found.findings[1].quantity, found.findings[1].follows_from
    ('dW1', ('dZ1',))
    """
    X, Y = np.asarray(X), np.asarray(Y)
    layout = _layout(network, loss)
    network(X)  # says which sizes do not fit
    choose_loss(network, loss)[0](network.logits(X), Y)
    work = read(student, layout)
    params = network.state_dict()
    given = answered(work, layout, Inputs(params, X, Y))
    inspector = _Inspector(layout, work, given, params, Y)
    findings, style = inspector.best()
    return _with_notes(layout, given.answer, findings, style)


def _layout(network: DeepNetwork, loss: str | Loss | None) -> Layout:
    """The network's sizes, activations and loss, all of which must have a closed form."""
    function, paired = choose_loss(network, loss)
    name = getattr(function, "__name__", repr(function))
    if LOSSES.get(name) is not function or "log_softmax" in network.activations:
        what = "log_softmax" if "log_softmax" in network.activations else name
        raise ArgumentError(f"diagnose: no closed form for {what}")
    if paired:
        softmax = network.activations[-1] == "softmax"
        name = "categorical_cross_entropy" if softmax else "binary_cross_entropy"
    return Layout(network.sizes, network.activations, name, paired)


class _Inspector:
    """Looks at the answers in every style and at every set of inputs that may help."""

    def __init__(
        self, layout: Layout, work: Student, given: Case, params: Any, Y: np.ndarray
    ) -> None:
        self.layout, self.work, self.given = layout, work, given
        self.params, self.Y = params, Y
        self.elsewhere = elsewhere(layout, params, Y, given.point.m)

    def best(self) -> tuple[Findings, Style]:
        """The pass with the fewest riddles, then the fewest mistakes."""
        best: tuple[Findings, Style] | None = None
        for cases in self.sets():
            found = self.in_best_style(cases)
            if best is None or _burden(found[0]) < _burden(best[0]):
                best = found
            if not _burden(best[0])[0]:
                break
        assert best is not None
        if self.work.callable and _burden(best[0])[0]:
            alone = self.in_best_style([self.given])
            return alone if not alone[0] else best
        return best

    def sets(self) -> Iterator[list[Case]]:
        """The user's inputs and, for a function, random ones: with other m, then with the same."""
        if not self.work.callable:
            yield [self.given]
            return
        m = self.given.point.m
        for ms in (other_m(self.layout, m), [m, m]):
            others = [self.at(k, seed) for seed, k in enumerate(ms)]
            yield [self.given, *(case for case in others if self.comparable(case))]

    def at(self, m: int, seed: int) -> Case:
        inputs = random_inputs(self.layout, self.params, self.Y, m, seed)
        return answered(self.work, self.layout, inputs)

    def comparable(self, case: Case) -> bool:
        """Whether the student answered there as for the user's inputs, with the same names."""
        return case.answer.values.keys() == self.given.answer.values.keys()

    def in_best_style(self, cases: Sequence[Case]) -> tuple[Findings, Style]:
        """The pass in the style that leaves the fewest riddles and mistakes.

        Styles are where the 1/m stands, tried the other way if the first dZ or dA is not the
        notes', and ReLU'(0), if a Z is 0.
        """
        kinks = (False, True) if self.given.point.on_kink(self.layout) else (False,)
        names = self.given.answer.values
        whole = [q for q in order(self.layout.L) if q in names and q[:2] in {"dZ", "dA"}]
        tried = []
        for of_cost in (False, True):
            for kink in kinks:
                style = Style(of_cost, kink)
                found = examine(self.layout, style, cases, self.elsewhere)
                if not found:
                    return found, style
                tried.append((found, style))
            first = self.given.answer.spelled[whole[0]] if whole else None
            if not any(f.quantity == first for found, _ in tried for f in found):
                break
        return min(tried, key=lambda pair: _burden(pair[0]))


def _burden(findings: Findings) -> tuple[int, int]:
    """How many mistakes have no name, and how many there are."""
    roots = [f for f in findings if f.is_root]
    return sum(f.kind in {"unknown", "ambiguous", "shape"} for f in roots), len(roots)


def _with_notes(layout: Layout, answer: Answer, findings: Findings, style: Style) -> Diagnosis:
    """The diagnosis, with exceptions among the findings, and what is worth knowing."""
    failures = [
        Finding(f.quantity, "error", f.details, sizes=layout.sizes) for f in answer.failures
    ]
    checked = tuple(answer.spelled[q] for q in order(layout.L) if q in answer.values)
    failed = [f.quantity for f in failures]
    absent = tuple(q for q in order(layout.L) if q not in answer.values and q not in failed)
    notes = []
    if style.of_cost:
        notes.append(Note("derivatives_of_J"))
    narrow = tuple(answer.spelled[q] for q, v in answer.values.items()
                   if isinstance(v, np.ndarray) and v.dtype == np.float32)  # fmt: skip
    if narrow:
        notes.append(Note("float32", {"quantities": narrow}))
    if absent and checked:
        short = layout.L == 1 and "1" not in "".join(checked)
        shown = tuple(q[:2] if short else q for q in absent)
        notes.append(Note("not_given", {"quantities": shown}))
    if answer.strange:
        notes.append(Note("not_understood", {"names": tuple(answer.strange)}))
    if not checked and not failures:
        notes.append(Note("nothing_to_check"))
    return Diagnosis((*findings, *failures), checked, tuple(notes))
