"""A quantity's equation as a finding quotes it: the right one, the student's, and their code.

Read next: `nn.diagnosis.findings`.
"""

from __future__ import annotations

import re
from typing import Any

from nn.diagnosis.equations import Equations
from nn.diagnosis.expressions import Expr

__all__ = ["numberless", "quoted"]

_NUMBER = r"\b(d?[ZAWb]|g)1(?!\d)|\^\{\[1\]\}(?:\{\})?"  # the only layer's


def numberless(text: str) -> str:
    """Without the number of the only layer."""
    return re.sub(_NUMBER, r"\1", text)


def quoted(equations: Equations, quantity: str, shown: str, student: Expr | None) -> dict[str, Any]:
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
    written = {k: numberless(text) for k, text in written.items()}
    if shown == "dw":
        written = {k: _as_column(text) for k, text in written.items()}
    return written


def _as_column(text: str) -> str:
    """The product of dw turned round: dw is the transpose of dW."""
    for product, turned in (("dZ Xᵀ", "X dZᵀ"), ("dZ @ X.T", "X @ dZ.T"), ("dZ X^{T}", "X dZ^{T}")):
        text = text.replace(product, turned)
    return text
