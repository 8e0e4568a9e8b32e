"""One pass over a student's quantities, in the order in which they are computed.

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
from nn.diagnosis.explain import Explanation, Search, told_apart
from nn.diagnosis.expressions import Expr
from nn.diagnosis.findings import Candidate, Evidence, Finding
from nn.diagnosis.judging import Trial, evaluate, relative, same
from nn.diagnosis.plain import Fault, lossy, numbers_fault, reshaped, rounded
from nn.diagnosis.quoted import numberless, quoted
from nn.diagnosis.scope import Point, Scope, layer_of, order
from nn.diagnosis.trials import Case

__all__ = ["Pass"]

Array = Any
_NOT_HIDDEN = {"missing_1_over_m", "sum_instead_of_mean"}  # said of dW and db, never of dZ
_LARGE = 10_000  # values of a layer, from which on mistakes far ahead are not looked for
_CLEARLY = 1e-6  # relative error
_RIDDLES = (2, 6, 6, np.inf)  # after so many of them, a stage less of the search


class Pass:
    """One pass: the trials, with the student's values so far; what was wrong so far.

    Args:
        equations: the right ones, in one style.
        cases: where the student answered; the user's own inputs first.
        elsewhere: a point in general position, to compare explanations at.

    Attributes:
        findings: after `run`, those of the pass.
        right: the quantities that follow, by their equations, from the student's values before.
        nameless: whether an equation, right or wrong, fitted up to a factor that has no name, as
            one that changes with m, where the student writes a number for it.
    """

    def __init__(self, equations: Equations, cases: Sequence[Case], elsewhere: Point) -> None:
        first, self.equations = cases[0].answer, equations
        self.elsewhere = equations.scope(elsewhere)
        self.apart, self.spelled = first.apart, first.spelled
        self.places = order(equations.layout.L)
        self.supplied = [q for q in self.places if q in first.values]
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
        self.nameless = False
        self.right: set[str] = set()
        self.wrong: dict[str, list[Finding]] = {}
        self.inferred: set[str] = set()

    def run(self) -> Pass:
        """Examine every quantity in turn."""
        for quantity in self.supplied:
            for finding in self.of(quantity):
                self.wrong.setdefault(quantity, []).append(finding)
            self.go_on(quantity)
        return self

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Of all quantities, in their order."""
        return tuple(f for q in self.places for f in self.wrong.get(q, ()))

    def follows(self, quantity: str, noisy: bool = True) -> bool:
        """Whether a quantity follows from the student's values before it; without further ado."""
        found = False
        if not any(numbers_fault(t.values[quantity]) for t in self.trials):
            fault, values = self.mended(quantity)
            found = not fault and self.locally_right(quantity, values, noisy)
        self.go_on(quantity)
        return found

    def go_on(self, quantity: str) -> None:
        """Let the equations that follow use the student's values, where they can."""
        for trial in [] if self.apart else self.trials:
            value, shape = trial.values[quantity], self.shape(quantity, trial)
            if numbers_fault(value) is None and value.shape == shape:
                trial.take(quantity, value.astype(float, copy=False))

    def knows(self, quantity: str) -> bool:
        """Whether it is among the student's values, or inferred from them."""
        return quantity in self.given.values or quantity in self.inferred

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
            self.right.add(quantity)
            if mended:
                yield self.finding(quantity, mended, explained=0.0)
            elif (sources := self.sources(quantity)) and not self.globally_right(quantity, values):
                yield self.finding(quantity, ("consequence", {}), follows_from=sources)
            return
        if self.globally_right(quantity, values):
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
            values.append(value.astype(float, copy=False))
        return fault, values

    def locally_right(self, quantity: str, values: list[Array], noisy: bool = True) -> bool:
        """Whether the quantity's equation gives these values from the student's own before it."""
        letter, _ = layer_of(quantity)
        return any(
            all(
                same(v, evaluate(form, t.scope), t.eps, t.noise(form, letter) if noisy else None)
                for t, v in zip(self.trials, values, strict=True)
            )
            for form in self.equations.forms(quantity)
        )

    def globally_right(self, quantity: str, values: list[Array]) -> bool:
        """Whether these are the right values, whatever was before them."""
        letter, _ = layer_of(quantity)
        form = self.equations.forms(quantity)[-1]
        return all(
            same(v, t.truth[quantity], t.eps, t.noise_of_truth(form, letter))
            for t, v in zip(self.trials, values, strict=True)
        )

    def sources(self, quantity: str) -> tuple[str, ...]:
        """The nearest wrong quantities that this one was computed from."""
        found, ahead = [], [quantity] if self.wrong else []
        seen: set[str] = set()
        while ahead:
            for source in self.equations.inputs(ahead.pop()):
                if source in self.wrong and source not in seen:
                    found.append(source)
                elif source not in seen and not self.knows(source):
                    ahead.append(source)
                seen.add(source)
        return tuple(self.spelled.get(s, s) for s in found)

    # --- mistakes -------------------------------------------------------------------------------

    def mistake(
        self, quantity: str, mended: Fault | None, values: list[Array]
    ) -> Iterator[Finding]:
        """The findings on a quantity that is wrong itself."""
        rights = [t.scope[quantity] for t in self.trials]
        raw = [t.values[quantity] for t in self.trials]
        faults = [rounded(quantity, r, h) for r, h in zip(raw, rights, strict=True)]
        if all(faults):
            yield self.whole_numbers(quantity, [f for f in faults if f])
            return
        riddles = sum(f.kind == "unknown" for found in self.wrong.values() for f in found)
        stages = sum(riddles < most for most in _RIDDLES)
        floats = [r.astype(float, copy=False) for r in raw]
        why = self.explain(quantity, floats, stages)
        if not why and mended:
            why = self.explain(quantity, values, stages)
        else:
            mended = None
        received, expected = (s[quantity].shape for s in (self.given.values, self.given.truth))
        why = self.told_apart(why or (self.vanished(quantity) if received != expected else []))
        alone = len(self.trials) == 1 and values[0].size == 1  # one number fits too much
        thorough = stages == len(_RIDDLES) and not self.apart and not alone
        if thorough and (hidden := self.hidden(quantity, values, bool(why))):
            yield from self.adopt(*hidden, quantity)
            return
        if why:
            yield from self.explained(quantity, why, mended)
            return
        faults = [lossy(v, h) for v, h in zip(values, rights, strict=True)]
        fault = faults[self.trials.index(self.given)]
        if fault and all(faults):
            yield self.finding(quantity, fault)
        elif received != expected:
            yield self.finding(quantity, ("shape", {"received": received, "expected": expected}))
        else:
            yield self.finding(quantity, ("unknown", {"not_given": self.not_given(quantity)}))

    def not_given(self, quantity: str) -> tuple[str, ...]:
        """What it is computed from and is not supplied, unless another that is right is, too."""
        scopes, inputs = [trial.scope for trial in self.trials], self.equations.inputs(quantity)
        if inputs[:1] == [f"dA{quantity[2:]}"] and not self.knows(inputs[0]):
            inputs = [*self.equations.inputs(inputs[0]), *inputs[2:]]  # dZ without its dA
        absent = (q for q in inputs if not (self.apart or self.knows(q)))
        return tuple(
            self.spelled_as(quantity, q)
            for q in absent
            if not any(
                q in self.equations.inputs(s) and self.fits(s, scopes) for s in self.supplied
            )
        )

    def spelled_as(self, quantity: str, other: str) -> str:
        """The name of another quantity, without the number of the only layer if this has none."""
        return other if self.spelled.get(quantity, quantity) == quantity else numberless(other)

    def whole_numbers(self, quantity: str, faults: list[Fault]) -> Finding:
        """The finding on whole numbers, zeros too; a wrong g or g' may have led to them."""
        best = max(faults, key=lambda fault: fault[0] == "dtype_or_integer_division")
        if quantity.startswith(("dZ", "A")):
            found = self.told_apart(self.vanished(quantity))
            others = [fault for e in found for fault in e.faults]
            if others:
                candidates = tuple(Candidate(*fault) for fault in [best, *others[:7]])
                return self.finding(quantity, ("ambiguous", {}), candidates=candidates)
        return self.finding(quantity, best)

    def explain(
        self, quantity: str, values: Sequence[Array], stages: int, seen: str = ""
    ) -> list[Explanation]:
        """See `Search`."""
        search = Search(self.equations, quantity, self.trials, values, stages, seen)
        found = search.run()
        self.nameless |= search.nameless
        return found

    def vanished(self, quantity: str) -> list[Explanation]:
        """See `Search.vanished`."""
        values = [t.values[quantity].astype(float, copy=False) for t in self.trials]
        return [*Search(self.equations, quantity, self.trials, values, 0).vanished()]

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
        while ahead and ahead[0].startswith("d"):
            source = ahead[0]
            if self.knows(source):
                break
            if source.startswith("dZ"):
                found.append(source)
            ahead = self.equations.inputs(source)
        return found

    def hidden(
        self, quantity: str, values: list[Array], explained: bool
    ) -> tuple[str, list[Explanation]] | None:
        """A mistake in a dZ that is not supplied, if it explains more than one in `quantity`.

        Not of a dZ from which something follows rightly, which the mistake would spoil.
        """
        large = self.given.scope.m * max(self.equations.layout.sizes) >= _LARGE
        for source in self.chain(quantity)[: 1 if large else None]:
            touched = [q for q in self.supplied if source in self.chain(q)]
            if any(self.fits(q, [trial.scope for trial in self.trials]) for q in touched):
                continue
            found = self.explain(source, values, 2, seen=quantity)
            found = [e for e in self.told_apart(found) if not self.unlikely(e)]
            scores = []
            for explanation in found:
                scopes = [t.scope.with_(source, explanation.value(t.scope)) for t in self.trials]
                scores.append(sum(self.fits(q, scopes) for q in touched))
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

    def fits(self, quantity: str, scopes: list[Scope]) -> bool:
        """Whether a quantity follows from what is in the scopes."""
        return all(
            numbers_fault(value := trial.values[quantity]) is None
            and same(value, evaluate(self.equations[quantity], scope), trial.eps)
            for trial, scope in zip(self.trials, scopes, strict=True)
        )

    def adopt(self, source: str, found: list[Explanation], quantity: str) -> Iterator[Finding]:
        """Report the mistake in `source`, go on from there, and look at `quantity` again."""
        self.wrong[source] = [*self.explained(source, found, supplied=False, inferred=found[0])]
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
        if shown != quantity:
            details = {k: numberless(v) if isinstance(v, str) else v for k, v in details.items()}
        return Finding(
            shown,
            kind,
            details,
            **quoted(self.equations, quantity, shown, student),
            evidence=self.evidence(quantity, value, explained),
            sizes=self.equations.layout.sizes,
            m=self.given.scope.m,
            **more,
        )

    def wrong_at(self, quantity: str) -> list[Trial]:
        """The trials where a supplied quantity is clearly not right."""
        pairs = [(t, t.values[quantity], t.truth[quantity]) for t in self.trials]
        return [t for t, v, h in pairs if numbers_fault(v) or relative(v, h) > _CLEARLY]

    def evidence(self, quantity: str, value: Any, explained: float | None) -> Evidence:
        """The entry that is farthest off, at the user's own inputs unless it is right there."""
        trial, inputs = self.given, len(self.trials)
        if value is trial.values.get(quantity) and (wrong := self.wrong_at(quantity)):
            trial, inputs = trial if trial in wrong else wrong[0], len(wrong)
            value = trial.values[quantity]
        right = trial.truth[quantity]
        odd = not isinstance(value, np.ndarray) or value.dtype.kind not in "biuf"
        if odd or value.shape != right.shape:
            return Evidence(None, np.nan, np.nan, np.inf, explained, inputs)
        farthest = np.abs(value - right).argmax()  # or nan
        at = tuple(int(i) for i in np.unravel_index(farthest, right.shape))
        received, expected = float(value[at]), float(right[at])
        return Evidence(at, received, expected, relative(value, right), explained, inputs)
