"""What a diagnosis consists of: findings, in the order of computation, and their table.

Read next: `nn.diagnosis.messages`, which puts them into words.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nn.diagnosis import messages
from nn.diagnosis.kinds import KINDS, NOTES

__all__ = ["Candidate", "Diagnosis", "Evidence", "Finding", "Note"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The numbers behind a finding.

    Attributes:
        index: the entry where yours is farthest from the right value; () for a scalar; None where
            no entries can be compared (another shape, an exception).
        received, expected: that entry of yours, and the right one; nan where `index` is None.
        error: the largest difference, relative to the largest right value; inf where not finite.
        explained: the same error after the mistake named is put into the equation; None where
            no mistake is named.
        inputs: on how many sets of inputs it was seen: 1, more if a function could be called.
    """

    index: tuple[int, ...] | None
    received: float
    expected: float
    error: float
    explained: float | None = None
    inputs: int = 1


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of several mistakes that explain the numbers equally well."""

    kind: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """One quantity that is wrong, and why.

    Attributes:
        quantity: "dW2"; in a logistic regression as the student spells it ("dw").
        kind: a key of `nn.diagnosis.KINDS`.
        details: what the kind needs to be told, by the keys that `KINDS` lists.
        expected_equation: the right equation, "dZ1 = W2ᵀ dZ2 * g1'(Z1)".
        student_equation: the student's, as far as the numbers tell it; "" where they do not.
        latex: the right equation, in LaTeX.
        code: the right equation as a line of NumPy, "dZ1 = (W2.T @ dZ2) * (1 - A1**2)".
        student_code: the student's line, as far as the numbers tell it; "" where they do not.
        evidence: the numbers; None for an exception.
        follows_from: the wrong quantities that a `consequence` was computed from; else ().
        candidates: the mistakes an `ambiguous` finding cannot tell apart; else ().
        supplied: whether the student supplied this quantity; else it was inferred from the others.
        sizes: n[0], …, n[L]; m: the number of examples.
    """

    quantity: str
    kind: str
    details: Mapping[str, Any] = field(default_factory=dict)
    expected_equation: str = ""
    student_equation: str = ""
    latex: str = ""
    code: str = ""
    student_code: str = ""
    evidence: Evidence | None = None
    follows_from: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    supplied: bool = True
    sizes: tuple[int, ...] = ()
    m: int = 0

    def __post_init__(self) -> None:
        wanted = KINDS[self.kind].details
        assert set(wanted) == set(self.details), f"{self.kind} tells {wanted}, got {self.details}"

    @property
    def message(self) -> str:
        """What is wrong, in one or two sentences of English; `diagnosis.text` has more."""
        return messages.message(self, "en")

    @property
    def is_root(self) -> bool:
        """Whether the mistake is made here, rather than a consequence of an earlier one."""
        return self.kind != "consequence"

    def to_dict(self, lang: str = "en") -> dict[str, Any]:
        """Plain numbers, strings, lists and dicts, for JSON; non-finite numbers become text."""
        return {
            "quantity": self.quantity,
            "kind": self.kind,
            "details": _plain(self.details),
            "message": messages.message(self, lang),
            "expected_equation": self.expected_equation,
            "student_equation": self.student_equation,
            "latex": self.latex,
            "code": self.code,
            "student_code": self.student_code,
            "evidence": None if self.evidence is None else _plain(_fields(self.evidence)),
            "follows_from": list(self.follows_from),
            "candidates": [_plain(_fields(c)) for c in self.candidates],
            "supplied": self.supplied,
            "size_rule": messages.size_rule(self, lang),
            "mend": messages.mend(self, lang),
        }


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth knowing that is no mistake: a key of `NOTES`, and its details."""

    key: str
    details: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        assert set(NOTES[self.key].details) == set(self.details), (self.key, self.details)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What `diagnose` found; printing it shows the table.

    Attributes:
        findings: Z[1], A[1], …, A[L], then dA[L], dZ[L], dW[L], db[L], dA[L-1], …, db[1].
        checked: the quantities of the student's that were compared, in the same order.
        notes: what is worth knowing and no mistake.
    """

    findings: tuple[Finding, ...]
    checked: tuple[str, ...]
    notes: tuple[Note, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether something was checked and nothing is wrong with it."""
        return bool(self.checked) and not self.findings

    @property
    def first_wrong(self) -> str | None:
        """The first wrong quantity that is no mere consequence: "dW2"; None if all is well."""
        return next((f.quantity for f in self.findings if f.is_root), None)

    @property
    def mistakes(self) -> tuple[Finding, ...]:
        """The findings that are no mere consequences."""
        return tuple(f for f in self.findings if f.is_root)

    def text(self, lang: str = "en") -> str:
        """The report in words, in English ("en") or Chinese ("zh")."""
        return messages.report(self, lang)

    def __str__(self) -> str:
        return self.text()

    def html(self, lang: str = "en") -> str:
        """The report as a piece of HTML, in English ("en") or Chinese ("zh")."""
        return messages.html(self, lang)

    def _repr_html_(self) -> str:
        return self.html()

    def to_dict(self, lang: str = "en") -> dict[str, Any]:
        """Plain numbers, strings, lists and dicts: ok, first_wrong, checked, findings, notes."""
        return {
            "ok": self.ok,
            "first_wrong": self.first_wrong,
            "checked": list(self.checked),
            "findings": [finding.to_dict(lang) for finding in self.findings],
            "notes": [{"key": n.key, "details": _plain(n.details)} for n in self.notes],
        }

    def to_json(self, indent: int | None = 2, lang: str = "en") -> str:
        """`to_dict` as JSON text that any parser reads: nan and inf are strings."""
        return json.dumps(self.to_dict(lang), indent=indent, ensure_ascii=False, allow_nan=False)


def _fields(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}


def _plain(value: Any) -> Any:
    """Value with tuples as lists and non-finite floats as text: what JSON can say."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    if isinstance(value, float) and not abs(value) < float("inf"):
        return str(value)
    return value
