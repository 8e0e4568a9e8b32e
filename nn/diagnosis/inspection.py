"""diagnose: which of a student's hand-written equations is the first wrong one, and how.

Read next: `nn.diagnosis.examine`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from nn.diagnosis.equations import Equations
from nn.diagnosis.examine import Pass
from nn.diagnosis.findings import Diagnosis, Finding, Note
from nn.diagnosis.scope import Layout, Style, layer_of, order
from nn.diagnosis.slopes import VALUES
from nn.diagnosis.students import Answer, Inputs, Student, assuming, read
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
    called with random parameters and inputs, which tells apart what one set of numbers may not;
    where riddles are left, those of its variables that are named Z1, A1, dZ1, … are checked too.

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
    inputs = Inputs(network.state_dict(), X, Y)
    with np.errstate(all="ignore"):
        given = answered(work, layout, inputs)
        best = _Inspector(layout, work, given, inputs).best()
        if _riddles(best.findings) and work.callable:
            given, best = _looked_within(layout, work, inputs, given, best)
        if _riddles(best.findings) and not given.answer.apart:
            given, best = _of_another_activation(layout, work, inputs, given, best)
    findings = _leading(best.findings, given.answer)
    return _with_notes(layout, given.answer, findings, best.equations.style)


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


def _looked_within(
    layout: Layout, work: Student, inputs: Inputs, given: Case, best: Pass
) -> tuple[Case, Pass]:
    """The answer with the function's variables in it, and its pass, if they add no riddles."""
    inputs = replace(inputs, within=True)
    more = answered(work, layout, inputs)
    if not more.answer.within or more.point.m == 1:
        return given, best
    inside = _Inspector(layout, work, more, inputs).best()
    worse = _burden(_leading(inside.findings, more.answer)) > _burden(best.findings)
    return (given, best) if worse else (more, inside)


def _of_another_activation(
    layout: Layout, work: Student, inputs: Inputs, given: Case, best: Pass
) -> tuple[Case, Pass]:
    """The same, as if all hidden layers had another activation, if that solves riddles.

    Looked into only if what the last layer gives does follow from that.
    """
    if any(q.startswith(("Z", "A")) for q in given.answer.values):
        return given, best
    for hidden in [g for g in VALUES if g not in {"softmax", *layout.activations[:-1]}]:
        guess = assuming(work, layout, hidden)
        case = answered(guess, layout, inputs)
        inspector = _Inspector(layout, guess, case, inputs)
        if any(inspector.last_follows(style) for style in inspector.styles()):
            found = inspector.best()
            if _burden(found.findings) < _burden(best.findings):
                return case, found
    return given, best


def _leading(findings: Findings, answer: Answer) -> Findings:
    """Without what is wrong in a variable, and leads to nothing wrong that was handed in."""
    within = {answer.spelled[q] for q in answer.within}
    leading = {f.quantity for f in findings} - within
    for finding in reversed(findings):
        if finding.quantity in leading:
            leading |= set(finding.follows_from)
    return tuple(f for f in findings if f.quantity in leading)


class _Inspector:
    """Looks at the answers in every style and at every set of inputs that may help."""

    def __init__(self, layout: Layout, work: Student, given: Case, inputs: Inputs) -> None:
        self.layout, self.work, self.given, self.inputs = layout, work, given, inputs
        self.elsewhere = elsewhere(layout, inputs.params, inputs.Y, given.point.m)
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
        if _riddles(best.findings) and (best.nameless or len(cases) < 3):
            best = min(best, self.in_best_style(self.cases([m])), key=_weight)
        if _riddles(best.findings):
            for style in self.styles():  # the very numbers, perhaps
                alone = self.of([self.given], style)
                if all(alone.follows(quantity) for quantity in alone.supplied):
                    return alone
        return best

    def cases(self, ms: Sequence[int]) -> list[Case]:
        """The user's inputs, and random ones to which the student's answers have the same names."""
        found = [self.given]
        params, Y, within = self.inputs.params, self.inputs.Y, self.inputs.within
        for seed, m in enumerate(ms):
            inputs = random_inputs(self.layout, params, Y, m, seed)
            case = answered(self.work, self.layout, replace(inputs, within=within))
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

    def last_follows(self, style: Style) -> bool:
        """Whether dW of the last layer, and what else is given of that layer, are right."""
        last = self.of([self.given], style)
        for quantity in last.supplied:
            if quantity in self.given.answer.assumed:
                last.go_on(quantity)
            elif layer_of(quantity)[1] == self.layout.L and not last.follows(quantity):
                return False
        return f"dW{self.layout.L}" in last.supplied

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
                best = min(best, self.of(cases, style).run(), key=_weight)
        return best


def _riddles(findings: Findings) -> int:
    """How many mistakes have no name, or one that does not tell where it comes from."""
    return sum(f.kind in {"unknown", "ambiguous", "shape", "all_zero"} for f in findings)


def _burden(findings: Findings) -> tuple[int, int]:
    """How many mistakes have no name, and how many there are."""
    return _riddles(findings), sum(f.is_root for f in findings)


def _weight(work: Pass) -> tuple[int, int]:
    return _burden(work.findings)


def _with_notes(layout: Layout, answer: Answer, findings: Findings, style: Style) -> Diagnosis:
    """The diagnosis, with exceptions among the findings, and what is worth knowing."""
    failures = [
        Finding(f.quantity, "error", f.details, sizes=layout.sizes) for f in answer.failures
    ]
    findings = tuple(
        replace(f, supplied=False) if f.quantity in answer.assumed else f for f in findings
    )
    checked = tuple(
        answer.spelled[q] for q in order(layout.L) if q in answer.values.keys() - answer.assumed
    )
    failed = [f.quantity for f in failures]
    absent = tuple(q for q in order(layout.L)
                   if q.startswith("d") and q not in answer.values and q not in failed)  # fmt: skip
    notes = []
    if answer.within:
        variables = tuple(answer.spelled[q] for q in order(layout.L) if q in answer.within)
        notes.append(Note("variables", {"quantities": variables}))
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
