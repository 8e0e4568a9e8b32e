"""Which mistakes, put into an equation, give the student's numbers.

Read next: `nn.diagnosis.examine`, who asks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import combinations, islice
from typing import Any

import numpy as np

from nn.diagnosis.bank import Slots, guesses, slots, terms
from nn.diagnosis.equations import Equations
from nn.diagnosis.expressions import Expr, of
from nn.diagnosis.factors import Factor, named
from nn.diagnosis.judging import Trial, evaluate, far, relative, same
from nn.diagnosis.scope import Part, Scope, layer_of

__all__ = ["Explanation", "Search", "told_apart"]

Array = Any
Fault = tuple[str, Mapping[str, Any]]  # a kind, and its details
_MANY = 100  # values, of which a few are looked at first
_AT_ONCE = 10  # alternatives of each slot that are tried in pairs


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


@dataclass
class Search:
    """The search for what explains a quantity's wrong values.

    Attributes:
        equations: the right ones.
        quantity: the wrong one.
        trials: where the values were seen, the smallest first.
        values: the student's values at each: of the quantity, or of `seen`.
        stages: how many of the stages of `run`, each of which takes longer, to go through.
        seen: a quantity computed from the one in question, which is not known itself.
        nameless: whether something fitted up to a factor that has no name.
    """

    equations: Equations
    quantity: str
    trials: Sequence[Trial]
    values: Sequence[Array]
    stages: int
    seen: str = ""
    nameless: bool = False

    def run(self) -> list[Explanation]:
        """The explanations, all with as few faults as possible."""
        found: list[Explanation] = []
        for stage in (self.factors, self.singles, self.added, self.doubles)[: self.stages]:
            found += stage()
            by_chance = len(self.trials) == 1 and stage == self.factors  # or one wrong example?
            if (found or self.nameless) and not by_chance:
                break
        fewest = min((len(e.faults) for e in found), default=0)
        return [e for e in found if len(e.faults) == fewest]

    def measured(self, expr: Expr) -> Expr:
        """What the student's values are of: the expression, or what is computed from it."""
        if not self.seen:
            return expr
        form = self.equations.forms(self.seen)[-1]
        return Expr("", "", lambda s: form.value(s.with_(self.quantity, expr.value(s))))

    @cached_property
    def part(self) -> tuple[Part, Array, list[int]] | None:
        """Of many values a few, with the part of the scope they need, and where two are largest."""
        trial, s = self.trials[0], self.values[0]
        shape = self.equations.layout.shape(self.quantity, trial.scope.m)
        if self.seen or s.size < _MANY or s.shape != shape:
            return None
        part = Part(trial.scope, layer_of(self.quantity)[0][-1] in "AZ")
        few = part.of(self.quantity, s)
        return part, few, np.abs(few).argsort(axis=None)[-2:].tolist()

    def fits_part(self, expr: Expr) -> bool:
        """Whether the expression may fit, as far as a few values tell."""
        if self.part is None:
            return True
        scope, s, (i, j) = self.part
        h = evaluate(expr, scope)
        if h is None or h.shape != s.shape:  # and all its values too, unless m passes for an n
            return scope.m in self.equations.layout.sizes
        one, other = s.item(i) * h.item(j), s.item(j) * h.item(i)
        return (
            not abs(one - other) > 0.1 * abs(one) and _ratio(s, h, self.trials[0].eps) is not None
        )

    def fit(self, expr: Expr, noisy: bool = False) -> list[float] | None:
        """The factors c with values = c · expr, one for each trial; None where it does not fit."""
        if not noisy and not self.fits_part(expr):
            return None
        expr, factors = self.measured(expr), []
        letter, _ = layer_of(self.seen or self.quantity)
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
        names = [*named(self.equations, self.quantity, factors, scopes, eps, enough)]
        self.nameless |= not names and self.values[0].size > 1
        for factor in names:
            yield self._explanation(expr, factor, faults)

    def vanished(self) -> Iterator[Explanation]:
        """One piece changed, where rounding is all that is left of the values.

        The sum of A[L] − Y over a softmax's units is 0, and so may be another's g'(Z).
        """
        letter, _ = layer_of(self.quantity)
        for form in slots(self.equations, self.quantity):
            for guess in guesses(form):
                expr = guess.expr
                if all(
                    same(s, evaluate(expr, t.scope), t.eps, t.noise(expr, letter))
                    for t, s in zip(self.trials, self.values, strict=True)
                ):
                    faults = ((guess.kind, guess.details),)
                    yield Explanation(faults, expr, partial(evaluate, expr), 0.0)

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
        rest = self.rest(form)
        if len(rest.values) == 1 and rest.values[0].size < 3:
            return
        for term in terms(self.quantity):
            if factors := rest.fit(of(term)):
                yield from self._added(form, term, factors)
        yield from self.updated()

    def updated(self) -> Iterator[Explanation]:
        """With weights that a step of gradient descent has changed before their time."""
        for form in slots(self.equations, self.quantity):
            for i, piece in enumerate(form.right):
                W = piece.code.removesuffix(".T")
                if not re.fullmatch(r"W\d+", W):
                    continue
                step = form.with_piece(i, of(f"d{W}", T=True))
                factors = self.rest(form.build(*form.right)).fit(step)
                alpha = -factors[0] if factors else 0.0
                if alpha > 0 and np.allclose(factors or 0, -alpha, rtol=1e-5):
                    yield self._updated(form, i, W, alpha)

    def _updated(self, form: Slots, i: int, W: str, alpha: float) -> Explanation:
        shown = f"{W} - {alpha:.6g} * d{W}"
        text = f"({W} − {alpha:.6g} d{W})ᵀ"
        stale = Expr(text, f"({shown}).T", lambda s: (s[W] - alpha * s[f"d{W}"]).T)
        expr = form.with_piece(i, stale)
        error = max(
            relative(s, expr.value(t.scope)) for t, s in zip(self.trials, self.values, strict=True)
        )
        fault = "wrong_operand", {"expected": W, "used": shown}
        return Explanation((fault,), expr, partial(evaluate, expr), error)

    def rest(self, form: Expr) -> Search:
        """A search for what explains the difference from a form."""
        rests = []
        for trial, s in zip(self.trials, self.values, strict=True):
            h = evaluate(form, trial.scope)
            rests.append(s - h if h is not None and h.shape == s.shape else np.empty(0))
        return Search(self.equations, self.quantity, self.trials, rests, 0)

    def _added(self, form: Expr, term: str, factors: list[float]) -> Iterator[Explanation]:
        ms = [trial.scope.m for trial in self.trials]
        per_m = [c * m for c, m in zip(factors, ms, strict=True)]
        if np.allclose(factors, factors[0], rtol=1e-5):
            c, by_m = factors[0], False
        elif np.allclose(per_m, per_m[0], rtol=1e-5):
            c, by_m = per_m[0], True
        else:
            self.nameless |= self.values[0].size > 1
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
    i = np.abs(h).argmax()
    most, at = h.item(i), s.item(i)
    if not (most and at) or not np.isfinite(most):
        return None
    c = at / most
    if abs(s.item(0) - c * h.item(0)) > 0.1 * np.abs(s).max():
        return None
    total = float(np.vdot(h, h))
    c = float(np.vdot(h, s)) / total if total and np.isfinite(total) else c
    spread = (lambda: abs(c) * noise()) if noise else None
    return None if far(s, c * h, eps, spread) else c


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
