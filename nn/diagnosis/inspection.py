"""diagnose: which of a student's hand-written equations is the first wrong one, and how.

Read next: `nn.diagnosis.examine`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from nn.diagnosis.equations import Equations
from nn.diagnosis.examine import Pass
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
    values of what it is made of: so a wrong A1 or dZ2 does not accuse a right dW2, which is
    reported as its consequence. What is wrong itself is held against the mistakes of `KINDS`; one
    is named only if it gives the student's numbers to 1e-6 and no other does. A function is also
    called with random parameters and inputs, which tells apart what one set of numbers may not.

    Args:
        student: a mapping with any of dZl, dAl, dWl, dbl, l = 1…L (dz, dw, db in a network of one
            layer), and of Zl, Al, which are checked first; or a function `(params, X, Y)` that
            returns one, `params` being {"W1": …, "b1": …}; or equations,
            {"dW2": lambda dZ2, A1, m: …}, each called with the right values of its inputs.
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
    with np.errstate(all="ignore"):
        given = answered(work, layout, Inputs(params, X, Y))
        best = _Inspector(layout, work, given, params, Y).best()
    return _with_notes(layout, given.answer, best.findings, best.equations.style)


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
        supplied = [q for q in order(layout.L) if q in given.answer.values]
        self.whole = [q for q in supplied if q[:2] in {"dZ", "dA"}]
        written = order(layout.L) if given.answer.apart else supplied
        self.equations = cache(lambda style: Equations(layout, style, written))

    def best(self) -> Pass:
        """The pass with the fewest riddles, then the fewest mistakes.

        A function is asked again with random inputs: with other m, and with the same m if that may
        solve a riddle, because its own m is a number, or because it raises where m is another.
        """
        if not self.work.callable:
            return self.in_best_style([self.given])
        m = self.given.point.m
        cases = self.cases(other_m(self.layout, m))
        best = self.in_best_style(cases)
        if _riddles(best) and (best.nameless or len(cases) < 3):
            best = min(best, self.in_best_style(self.cases([m])), key=_burden)
        if _riddles(best):
            for style in self.styles():  # the very numbers, perhaps
                alone = self.of([self.given], style)
                if all(alone.follows(quantity) for quantity in alone.supplied):
                    return alone
        return best

    def cases(self, ms: Sequence[int]) -> list[Case]:
        """The user's inputs, and random ones to which the student's answers have the same names."""
        found = [self.given]
        for seed, m in enumerate(ms):
            inputs = random_inputs(self.layout, self.params, self.Y, m, seed)
            case = answered(self.work, self.layout, inputs)
            if case.answer.values.keys() == self.given.answer.values.keys():
                found.append(case)
        return found

    def styles(self) -> list[Style]:
        """Where the 1/m stands; what ReLU'(0) is, if a Z is 0."""
        kinks = (False, True) if self.given.point.on_kink(self.layout) else (False,)
        return [Style(of_cost, kink) for of_cost in (False, True) for kink in kinks]

    def of(self, cases: Sequence[Case], style: Style) -> Pass:
        """A pass before it is run."""
        return Pass(self.equations(style), cases, self.elsewhere)

    def in_best_style(self, cases: Sequence[Case]) -> Pass:
        """The pass in the style that leaves the fewest riddles and mistakes.

        A style other than the notes' is tried only if something is right in it that is not in
        theirs; 1/m in another place, if the first dZ or dA is not the notes'.
        """
        usual, *others = self.styles()
        best = first = self.of(cases, usual).run()
        for style in others if best.wrong else []:
            if style.of_cost and (not self.whole or self.whole[0] in first.right):
                break
            trial = self.of(cases, style)
            if any(trial.follows(q, noisy=False) and q not in first.right for q in trial.supplied):
                best = min(best, self.of(cases, style).run(), key=_burden)
        return best


def _riddles(work: Pass) -> int:
    """How many mistakes have no name."""
    return sum(f.kind in {"unknown", "ambiguous", "shape"} for f in work.findings)


def _burden(work: Pass) -> tuple[int, int]:
    """How many mistakes have no name, and how many there are."""
    return _riddles(work), sum(f.is_root for f in work.findings)


def _with_notes(layout: Layout, answer: Answer, findings: Findings, style: Style) -> Diagnosis:
    """The diagnosis, with exceptions among the findings, and what is worth knowing."""
    failures = [
        Finding(f.quantity, "error", f.details, sizes=layout.sizes) for f in answer.failures
    ]
    checked = tuple(answer.spelled[q] for q in order(layout.L) if q in answer.values)
    failed = [f.quantity for f in failures]
    absent = tuple(q for q in order(layout.L)
                   if q.startswith("d") and q not in answer.values and q not in failed)  # fmt: skip
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
