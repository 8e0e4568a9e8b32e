"""Which mistakes, put into an equation, give the student's numbers.

Read next: `nn.diagnosis.examine`, who asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, islice
from typing import Any

import numpy as np

from nn.diagnosis.bank import guesses, slots, terms
from nn.diagnosis.equations import Equations
from nn.diagnosis.expressions import Expr, of
from nn.diagnosis.factors import Factor, named
from nn.diagnosis.judging import Trial, evaluate, far, relative
from nn.diagnosis.scope import Part, Scope, layer_of

__all__ = ["Explanation", "explain", "told_apart"]

Array = Any
Fault = tuple[str, Mapping[str, Any]]  # a kind, and its details
_MANY = 500  # values, of which a few are looked at first
_AT_ONCE = 12  # alternatives of each slot that are tried in pairs


@dataclass(frozen=True, slots=True)
class Explanation:
    """Faults that together give the student's numbers.

    Attributes:
        faults: (kind, details) of each.
        expr: the student's equation.
        value: its value in a scope.
        error: how far from the student's numbers at most, relative.
    """

    faults: tuple[Fault, ...]
    expr: Expr
    value: Callable[[Scope], Array]
    error: float


def explain(
    equations: Equations,
    quantity: str,
    trials: Sequence[Trial],
    values: Sequence[Array],
    seen: str | None = None,
    deep: bool = True,
) -> list[Explanation]:
    """The explanations of a quantity's wrong values, all with as few faults as possible.

    Args:
        equations: the right ones.
        quantity: the wrong one.
        trials: where the values were seen, the smallest first.
        values: the student's values at each: of the quantity, or of `seen`.
        seen: a quantity computed from the one in question, which is not known itself.
        deep: whether to look for two faults at once, which takes longest.
    """
    search = _Search(equations, quantity, trials, values, seen or quantity)
    stages = [search.factors, search.singles, search.added, search.doubles]
    del stages[2 if seen else 4 if deep else 3 :]
    found: list[Explanation] = []
    for stage in stages:
        found += stage()
        by_chance = len(trials) == 1 and stage == search.factors  # a minus, or one wrong example?
        if found and not by_chance:
            break
    fewest = min((len(e.faults) for e in found), default=0)
    return [e for e in found if len(e.faults) == fewest]


@dataclass
class _Search:
    equations: Equations
    quantity: str
    trials: Sequence[Trial]
    values: Sequence[Array]
    seen: str

    def measured(self, expr: Expr) -> Expr:
        """What the student's values are of: the expression, or what is computed from it."""
        if self.seen == self.quantity:
            return expr
        form = self.equations.forms(self.seen)[-1]
        return Expr("", "", lambda s: form.value(s.with_(self.quantity, expr.value(s))))

    @cached_property
    def part(self) -> tuple[Part, Array] | None:
        """Of many values a few, with the part of the scope that they need."""
        trial, s = self.trials[0], self.values[0]
        shape = self.equations.layout.shape(self.quantity, trial.scope.m)
        if self.seen != self.quantity or s.size < _MANY or s.shape != shape:
            return None
        part = Part(trial.scope, self.quantity[1] in "AZ")
        return part, part.of(self.quantity, s)

    def fit(self, expr: Expr, noisy: bool = False) -> list[float] | None:
        """The factors c with values = c · expr, one for each trial; None where it does not fit."""
        if self.part is not None and not noisy:
            scope, s = self.part
            h = evaluate(expr, scope)
            eps = self.trials[0].eps
            if h is not None and h.shape == s.shape and _ratio(s, h, eps) is None:
                return None
        expr, factors = self.measured(expr), []
        letter, _ = layer_of(self.seen)
        for trial, s in zip(self.trials, self.values, strict=True):
            h = evaluate(expr, trial.scope)
            if h is None or h.shape != s.shape or not s.size:
                return None
            c = _ratio(s, h, trial.eps, trial.noise(expr, letter) if noisy else None)
            if c is None:
                return None
            factors.append(c)
        return None if np.isnan(factors).all() else factors

    def explained(
        self, expr: Expr, faults: tuple[Fault, ...], noisy: bool = False
    ) -> Iterator[Explanation]:
        """The explanations that `expr`, right up to a factor, gives."""
        factors = self.fit(expr, noisy)
        if factors is None:
            return
        scopes = [trial.scope for trial in self.trials]
        enough = len(self.trials) > 1 or self.values[0].size >= 3
        eps = max(trial.eps for trial in self.trials)
        for factor in named(self.equations, self.quantity, factors, scopes, eps, enough):
            yield self._explanation(expr, factor, faults)

    def _explanation(self, expr: Expr, factor: Factor, faults: tuple[Fault, ...]) -> Explanation:
        def value(scope: Scope) -> Array:
            h = evaluate(expr, scope)
            return None if h is None else factor.value(scope) * h

        seen = self.measured(Expr("", "", value))
        error = max(
            relative(s, seen.value(t.scope)) for t, s in zip(self.trials, self.values, strict=True)
        )
        return Explanation(faults + factor.faults, factor.applied(expr), value, error)

    def factors(self) -> Iterator[Explanation]:
        """The right equation times a factor."""
        for form in self.equations.forms(self.quantity):
            yield from self.explained(form, (), noisy=True)

    def singles(self) -> Iterator[Explanation]:
        """One piece changed; with a factor, if need be."""
        for form in slots(self.equations, self.quantity):
            for guess in guesses(form):
                yield from self.explained(guess.expr, ((guess.kind, guess.details),))

    def added(self) -> Iterator[Explanation]:
        """The right equation plus a multiple of a term that does not belong."""
        form = self.equations.forms(self.quantity)[-1]
        for term in terms(self.quantity):
            rests = []
            for trial, s in zip(self.trials, self.values, strict=True):
                h = evaluate(form, trial.scope)
                rests.append(s - h if h is not None and h.shape == s.shape else np.empty(0))
            rest = _Search(self.equations, self.quantity, self.trials, rests, self.quantity)
            factors = rest.fit(of(term))
            if factors is None or (len(rests) == 1 and rests[0].size < 3):
                continue
            yield from self._added(form, term, factors)

    def _added(self, form: Expr, term: str, factors: list[float]) -> Iterator[Explanation]:
        ms = [trial.scope.m for trial in self.trials]
        per_m = [c * m for c, m in zip(factors, ms, strict=True)]
        if np.allclose(factors, factors[0], rtol=1e-5):
            c, by_m = factors[0], False
        elif np.allclose(per_m, per_m[0], rtol=1e-5):
            c, by_m = per_m[0], True
        else:
            return
        shown = f"{c:.6g}/m" if by_m else f"{c:.6g}"
        details = {"term": term, "coefficient": factors[-1], "as_text": shown}

        def value(s: Scope) -> Array:
            return evaluate(form, s) + (c / s.m if by_m else c) * s[term]

        sign, size = ("-" if c < 0 else "+"), shown.lstrip("-")
        expr = Expr(f"{form.text} {sign} {size} {term}", f"{form.code} {sign} {size} * {term}",
                    value, tight=1)  # fmt: skip
        error = max(
            relative(s, value(t.scope)) for t, s in zip(self.trials, self.values, strict=True)
        )
        yield Explanation((("extra_term", details),), expr, value, error)

    def doubles(self) -> Iterator[Explanation]:
        """Two pieces changed."""
        for form in slots(self.equations, self.quantity):
            alternatives = [list(islice(wrong(), _AT_ONCE)) for wrong in form.wrong]
            for i, j in combinations(range(len(alternatives)), 2):
                for a in alternatives[i]:
                    for b in alternatives[j]:
                        pieces = list(form.right)
                        pieces[i], pieces[j] = a.expr, b.expr
                        faults = ((a.kind, a.details), (b.kind, b.details))
                        yield from self.explained(form.build(*pieces), faults)


def _ratio(
    s: Array, h: Array, eps: float, noise: Callable[[], Array] | None = None
) -> float | None:
    """The c with s = c · h, nan if both are 0; None if there is none."""
    if not h.any() and not s.any():
        return np.nan
    with np.errstate(all="ignore"):
        i = np.argmax(np.abs(h))
        if not (h.flat[i] and s.flat[i]) or not np.isfinite(h.flat[i]):
            return None
        c = float(s.flat[i] / h.flat[i])
        if noise is None and abs(s.flat[0] - c * h.flat[0]) > 0.1 * np.abs(s).max():
            return None
        total = float(np.vdot(h, h))
        c = float(np.vdot(h, s)) / total if total and np.isfinite(total) else c
    spread = (lambda: abs(c) * noise()) if noise else None
    unlike = far(s, c * h, eps, spread) if spread else far(s, c * h, eps)
    return None if unlike else c


def told_apart(found: list[Explanation], elsewhere: Scope) -> list[Explanation]:
    """One explanation for each expression that differs from the others at other inputs.

    Two that agree there too are one mistake under two names, and the first is kept; two that do
    not agree only here, by chance or because m = 1 or a value is 0, are both kept.
    """
    kept: list[tuple[Explanation, Array]] = []
    for one in found:
        value = one.value(elsewhere)
        if value is None:
            value = np.empty(0)
        if all(far(value, other, 1e-16) for _, other in kept):
            kept.append((one, value))
    return [one for one, _ in kept]
