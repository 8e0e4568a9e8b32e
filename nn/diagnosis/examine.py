"""One pass over a student's quantities, in the order of the backward pass.

Each is compared with the right value, and with what its equation gives from the student's own
values before it: right, right but fed with a wrong one (a consequence), or wrong itself.

Read next: `nn.diagnosis.explain`, how what is wrong itself gets its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from nn.diagnosis.equations import Equations
from nn.diagnosis.explain import Explanation, explain, told_apart
from nn.diagnosis.expressions import Expr
from nn.diagnosis.findings import Candidate, Evidence, Finding
from nn.diagnosis.judging import Trial, evaluate, relative, same
from nn.diagnosis.plain import Fault, lossy, numbers_fault, reshaped, rounded
from nn.diagnosis.scope import Layout, Point, Style, layer_of, order
from nn.diagnosis.trials import Case

__all__ = ["examine"]

Array = Any
_NOT_HIDDEN = {"missing_1_over_m", "sum_instead_of_mean"}  # said of dW and db, never of dZ


_NUMBER = r"\b(d?[ZAWb]|g)1(?!\d)|\^\{\[1\]\}(?:\{\})?"  # the only layer's
_RIDDLES = 2  # after so many, what is wrong is not thought about for long


def examine(
    layout: Layout, style: Style, cases: Sequence[Case], elsewhere: Point
) -> tuple[Finding, ...]:
    """The findings of one pass in one style.

    Args:
        layout: the network.
        style: see `Style`.
        cases: where the student answered; the user's own inputs first.
        elsewhere: a point in general position, to compare explanations at.
    """
    return _Pass(layout, style, cases, elsewhere).run()


class _Pass:
    """The state of a pass: the trials, with the student's values so far; what was wrong so far."""

    def __init__(
        self, layout: Layout, style: Style, cases: Sequence[Case], elsewhere: Point
    ) -> None:
        first = cases[0].answer
        self.apart, self.spelled, self.places = first.apart, first.spelled, order(layout.L)
        self.supplied = [q for q in self.places if all(q in c.answer.values for c in cases)]
        written = self.places if first.apart else self.supplied
        self.equations = Equations(layout, style, written)
        self.elsewhere = self.equations.scope(elsewhere)
        self.trials = [
            Trial(
                self.equations.scope(case.point),
                self.equations.scope(case.point),
                case.answer.values,
                case.eps,
            )
            for case in sorted(cases, key=lambda case: case.point.m)
        ]
        self.given = next(t for t in self.trials if t.values is first.values)
        self.wrong: dict[str, Finding] = {}
        self.inferred: set[str] = set()
        self.findings: list[tuple[str, Finding]] = []

    def run(self) -> tuple[Finding, ...]:
        """Every quantity in turn."""
        for quantity in self.supplied:
            for finding in self.of(quantity):
                self.report(quantity, finding)
            if not self.apart:
                self.go_on(quantity)
        self.findings.sort(key=lambda pair: self.places.index(pair[0]))
        return tuple(finding for _, finding in self.findings)

    def report(self, quantity: str, finding: Finding) -> None:
        """Remember a finding."""
        self.findings.append((quantity, finding))
        self.wrong[quantity] = finding

    def go_on(self, quantity: str) -> None:
        """Let the equations that follow use the student's values, where they can."""
        for trial in self.trials:
            value, shape = trial.values[quantity], self.shape(quantity, trial)
            if numbers_fault(value) is None and value.shape == shape:
                trial.take(quantity, value.astype(float))

    def shape(self, quantity: str, trial: Trial) -> tuple[int, ...]:
        """The right size of a quantity."""
        return self.equations.layout.shape(quantity, trial.scope.m)

    # --- one quantity ---------------------------------------------------------------------------

    def of(self, quantity: str) -> Iterator[Finding]:
        """The findings on one quantity: none, one, or one for each of two faults."""
        for trial in [self.given, *self.trials]:
            if fault := numbers_fault(trial.values[quantity]):
                yield self.finding(quantity, fault)
                return
        mended, values = self.mended(quantity)
        if self.locally_right(quantity, values):
            if mended:
                yield self.finding(quantity, mended, explained=0.0)
            elif (sources := self.sources(quantity)) and not self.right(quantity, values):
                yield self.finding(quantity, ("consequence", {}), follows_from=sources)
            return
        if self.right(quantity, values):
            if mended:
                yield self.finding(quantity, mended, explained=0.0)
            return
        yield from self.mistake(quantity, mended, values)

    def mended(self, quantity: str) -> tuple[Fault | None, list[Array]]:
        """The student's values as float64 in the right shape, and the fault of their shape."""
        fault, values = None, []
        for trial in self.trials:
            shape = self.shape(quantity, trial)
            fault, value = reshaped(quantity, trial.values[quantity], shape)
            values.append(value.astype(float))
        return fault, values

    def locally_right(self, quantity: str, values: list[Array]) -> bool:
        """Whether the quantity's equation gives these values from the student's own before it."""
        letter, _ = layer_of(quantity)
        return any(
            all(
                same(v, evaluate(form, t.scope), t.eps, t.noise(form, letter))
                for t, v in zip(self.trials, values, strict=True)
            )
            for form in self.equations.forms(quantity)
        )

    def right(self, quantity: str, values: list[Array]) -> bool:
        """Whether these are the right values, whatever was before them."""
        letter, _ = layer_of(quantity)
        form = self.equations.forms(quantity)[-1]
        return all(
            same(v, t.truth[quantity], t.eps, t.noise_of_truth(form, letter))
            for t, v in zip(self.trials, values, strict=True)
        )

    def sources(self, quantity: str) -> tuple[str, ...]:
        """The nearest wrong quantities that this one was computed from."""
        found, ahead = [], list(self.equations.inputs(quantity))
        while ahead:
            source = ahead.pop()
            if source in self.wrong:
                found.append(source)
            elif source not in self.supplied and source not in self.inferred:
                ahead += self.equations.inputs(source)
        return tuple(self.spelled.get(s, s) for s in found)

    # --- mistakes -------------------------------------------------------------------------------

    def mistake(
        self, quantity: str, mended: Fault | None, values: list[Array]
    ) -> Iterator[Finding]:
        """The findings on a quantity that is wrong itself."""
        form = self.equations.forms(quantity)[-1]
        rights = [evaluate(form, t.scope) for t in self.trials]
        raw = [t.values[quantity] for t in self.trials]
        faults = [rounded(quantity, r, h) for r, h in zip(raw, rights, strict=True)]
        if found := [f for f in faults if f] if all(faults) else []:
            best = max(found, key=lambda fault: fault[0] == "dtype_or_integer_division")
            yield self.finding(quantity, best)
            return
        deep = sum(f.kind == "unknown" for f in self.wrong.values()) < _RIDDLES
        floats = [r.astype(float) for r in raw]
        why = explain(self.equations, quantity, self.trials, floats, deep=deep)
        if not why and mended:
            why = explain(self.equations, quantity, self.trials, values, deep=deep)
        else:
            mended = None
        why = self.told_apart(why)
        if deep and not self.apart and (hidden := self.hidden(quantity, values, bool(why))):
            yield from self.adopt(*hidden, quantity)
            return
        if why:
            yield from self.explained(quantity, why, mended)
            return
        faults = [lossy(v, h) for v, h in zip(values, rights, strict=True)]
        if found := [f for f in faults if f] if all(faults) else []:
            yield self.finding(quantity, found[self.trials.index(self.given)])
        elif self.given.values[quantity].shape != self.given.truth[quantity].shape:
            shapes = self.given.values[quantity].shape, self.given.truth[quantity].shape
            details = {"received": shapes[0], "expected": shapes[1]}
            yield self.finding(quantity, ("shape", details))
        else:
            yield self.finding(quantity, ("unknown", {}))

    def told_apart(self, found: list[Explanation]) -> list[Explanation]:
        """The explanations that are not one and the same."""
        return told_apart(found, self.elsewhere) if len(found) > 1 else found

    def explained(
        self, quantity: str, found: list[Explanation], mended: Fault | None = None, **more: Any
    ) -> Iterator[Finding]:
        """Findings for the explanation, or one that lists the explanations if they differ."""
        kinds = {tuple(kind for kind, _ in e.faults) for e in found}
        best = found[0]
        if mended:
            yield self.finding(quantity, mended)
        common = {"explained": best.error, **more}
        if len(kinds) > 1:
            candidates = tuple(Candidate(k, d) for e in found[:8] for k, d in e.faults)
            yield self.finding(quantity, ("ambiguous", {}), candidates=candidates, **common)
            return
        for fault in best.faults:
            yield self.finding(quantity, fault, student=best.expr, **common)

    # --- mistakes in what is not supplied -------------------------------------------------------

    def chain(self, quantity: str) -> list[str]:
        """The dZ that are not supplied between a quantity and the nearest supplied before it."""
        found, ahead = [], self.equations.inputs(quantity)
        while ahead:
            source = ahead[0]
            if source in self.supplied or source in self.inferred:
                break
            if source.startswith("dZ"):
                found.append(source)
            ahead = self.equations.inputs(source)
        return found

    def hidden(
        self, quantity: str, values: list[Array], explained: bool
    ) -> tuple[str, list[Explanation]] | None:
        """A mistake in a dZ that is not supplied, if it explains more than one in `quantity`."""
        for source in self.chain(quantity):
            found = explain(self.equations, source, self.trials, values, seen=quantity)
            found = [e for e in self.told_apart(found) if not self.unlikely(e)]
            scores = [self.score(source, e) for e in found]
            best = max(scores, default=0)
            if best >= (2 if explained else 1):
                return source, [e for e, s in zip(found, scores, strict=True) if s == best]
        return None

    def unlikely(self, explanation: Explanation) -> bool:
        """Whether it says of a dZ what one does in every dW and db: to leave out the 1/m."""
        return any(
            kind in _NOT_HIDDEN or re.match(r"-?(\d\*)?m", str(details.get("as_text", "")))
            for kind, details in explanation.faults
        )

    def score(self, source: str, explanation: Explanation) -> int:
        """How many supplied quantities it explains; 0 if it spoils one that is right without."""
        score = 0
        scopes = [t.scope.with_(source, explanation.value(t.scope)) for t in self.trials]
        for quantity in self.supplied:
            if source not in self.chain(quantity):
                continue
            form = self.equations.forms(quantity)[-1]
            with_it = without = True
            for trial, scope in zip(self.trials, scopes, strict=True):
                value = trial.values[quantity]
                if numbers_fault(value):
                    with_it = without = False
                    break
                with_it &= same(value, evaluate(form, scope), trial.eps)
                without &= same(value, evaluate(form, trial.scope), trial.eps)
            if without and not with_it:
                return 0
            score += with_it and not without
        return score

    def adopt(self, source: str, found: list[Explanation], quantity: str) -> Iterator[Finding]:
        """Report the mistake in `source`, go on from there, and look at `quantity` again."""
        for finding in self.explained(source, found, supplied=False, inferred=found[0]):
            self.report(source, finding)
        for trial in self.trials:
            trial.take(source, found[0].value(trial.scope))
        self.inferred.add(source)
        yield from self.of(quantity)

    # --- findings -------------------------------------------------------------------------------

    def finding(
        self,
        quantity: str,
        fault: Fault,
        *,
        student: Expr | None = None,
        explained: float | None = None,
        inferred: Explanation | None = None,
        **more: Any,
    ) -> Finding:
        """A finding, with its equations and numbers."""
        kind, details = fault[0], dict(fault[1])
        if "example" in details:
            details["example"] %= self.given.scope.m  # the last is -1
        value = inferred.value(self.given.scope) if inferred else self.given.values.get(quantity)
        shown = self.spelled.get(quantity, quantity)
        return Finding(
            shown,
            kind,
            details,
            **_written(self.equations, quantity, shown, student),
            evidence=self.evidence(quantity, value, explained),
            sizes=self.equations.layout.sizes,
            m=self.given.scope.m,
            **more,
        )

    def evidence(self, quantity: str, value: Any, explained: float | None) -> Evidence:
        """The entry that is farthest off, at the user's own inputs."""
        right, inputs = self.given.truth[quantity], len(self.trials)
        odd = not isinstance(value, np.ndarray) or value.dtype.kind not in "biuf"
        if odd or value.shape != right.shape:
            return Evidence(None, np.nan, np.nan, np.inf, explained, inputs)
        with np.errstate(all="ignore"):
            apart = np.nan_to_num(np.abs(value - right), nan=np.inf)
        at = tuple(int(i) for i in np.unravel_index(apart.argmax(), right.shape))
        received, expected = float(value[at]), float(right[at])
        return Evidence(at, received, expected, relative(value, right), explained, inputs)


def _written(
    equations: Equations, quantity: str, shown: str, student: Expr | None
) -> dict[str, Any]:
    """The right equation and the student's, with a logistic regression's names where it is one.

    There the layer has no number, and dw is a column: (1/m) X dZᵀ.
    """
    right = equations.forms(quantity)[0]
    written = {
        "expected_equation": f"{shown} = {right.text}",
        "code": f"{shown} = {right.code}",
        "latex": equations.latex(quantity),
        "student_equation": f"{shown} = {student.text}" if student else "",
        "student_code": f"{shown} = {student.code}" if student else "",
    }
    if shown == quantity:
        return written
    written = {k: re.sub(_NUMBER, r"\1", text) for k, text in written.items()}
    if shown == "dw" and not equations.style.of_cost:
        written["expected_equation"] = "dw = (1/m) X dZᵀ"
        written["code"] = "dw = X @ dZ.T / m"
        written["latex"] = r"dw = \frac{1}{m}\,X dZ^{T}"
    return written
