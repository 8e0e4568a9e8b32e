"""The words of a diagnosis, in English and Chinese: message, size rule, mend, table, page.

Read next: `nn.diagnosis.messages_en`, the words themselves.
"""

# ruff: noqa: E741  (l is the lecture's layer number)
from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from html import escape
from types import ModuleType
from typing import TYPE_CHECKING, Any

from nn.diagnosis import messages_en, messages_zh
from nn.errors import pick

if TYPE_CHECKING:
    from nn.diagnosis.findings import Diagnosis, Finding, Note

__all__ = ["html", "mend", "message", "report", "size_rule"]

_LANGUAGES = {"en": messages_en, "zh": messages_zh}
_LINE = 160  # columns of a message
_LONGEST = 48  # columns for a piece of the student's: a name, a line; an exception's text has more


def message(finding: Finding, lang: str) -> str:
    """What is wrong, in one sentence: the right equation, the student's, and their difference.

    The student's is left out where it is not known, or where the line would get too long.
    """
    words = _language(lang).WORDS
    q, right = finding.quantity, finding.expected_equation
    yours = finding.student_equation.removeprefix(f"{q} = ")
    values = {"q": q, "right": right, "yours": yours}
    values["says"] = _says(finding, finding.kind, finding.details, lang)
    if not right or finding.kind in {"error", "not_numbers"}:
        text = words["no_equation"].format(**values)
    else:
        text = words["right_and_yours"].format(**values)
        if not yours or _width(text) > _LINE:
            text = words["right_alone"].format(**values)
    return str(text if finding.supplied else text + words["inferred"].format(q=q))


def mend(finding: Finding, lang: str) -> str:
    """The smallest change of code that mends it, and the line as it should be."""
    language = _language(lang)
    values = _values(finding, finding.kind, finding.details, lang)
    change = _pick(language.MENDS, finding.kind, _variant(finding, finding.kind, finding.details))
    parts = [change.format(**values), finding.code]
    return str(language.WORDS["colon"]).join(filter(None, parts))


def size_rule(finding: Finding, lang: str) -> str | None:
    """The size rule that would have caught the mistake, or None if none does.

    It is told in symbols, n[l] and m: also where the numbers agree by chance.
    """
    rule, values = _rule(finding)
    return _language(lang).SIZES[rule].format(**values) if rule else None


def report(diagnosis: Diagnosis, lang: str) -> str:
    """The table, each mistake with its numbers and how to mend it, the notes and the verdict."""
    table = _table(diagnosis, lang)
    widths = [max(map(_width, column)) for column in zip(*table, strict=True)]
    lines = ["  ".join(map(_padded, row, widths)).rstrip() for row in table]
    for finding in diagnosis.mistakes:
        lines += ["", f"✗ {message(finding, lang)}"]
        lines += [f"    {remark}" for remark in _remarks(finding, lang)]
    lines += ["", *(f"• {_noted(note, lang)}" for note in diagnosis.notes)]
    return "\n".join([*lines, _verdict(diagnosis, lang)])


def html(diagnosis: Diagnosis, lang: str) -> str:
    """The report for a notebook, which sets the equations between dollars."""
    head, *body = [[escape(cell) for cell in row] for row in _table(diagnosis, lang)]
    page = ["<table><tr>", *(f"<th>{cell}</th>" for cell in head), "</tr>"]
    for row in body:
        page += ["<tr>", *(f"<td>{cell}</td>" for cell in row), "</tr>"]
    page.append("</table>")
    for finding in diagnosis.mistakes:
        page.append(f"<p><b>✗ {escape(message(finding, lang))}</b></p>")
        if finding.latex:
            page.append(f"<details><summary>LaTeX</summary>${escape(finding.latex)}$</details>")
        remarks = (f"<li>{escape(remark)}</li>" for remark in _remarks(finding, lang))
        page += ["<ul>", *remarks, "</ul>"]
    page += [f"<p>• {escape(_noted(note, lang))}</p>" for note in diagnosis.notes]
    return "".join([*page, f"<p><b>{escape(_verdict(diagnosis, lang))}</b></p>"])


# What stands in the templates ---------------------------------------------------------------------


def _language(lang: str) -> ModuleType:
    return pick("lang", lang, _LANGUAGES)


def _pick(table: Mapping[str, str], kind: str, variant: str) -> str:
    """The template of this variant of a kind, or that of the kind."""
    return table[f"{kind}.{variant}"] if f"{kind}.{variant}" in table else table[kind]


def _says(finding: Finding, kind: str, details: Mapping[str, Any], lang: str) -> str:
    """What is wrong, as a predicate of "yours"."""
    language = _language(lang)
    values = _values(finding, kind, details, lang)
    return _pick(language.SAYS, kind, _variant(finding, kind, details)).format(**values)


def _variant(finding: Finding, kind: str, details: Mapping[str, Any]) -> str:
    """Which of a kind's templates fits, the part of its key after the dot."""
    letter, _ = _parsed(finding.quantity)
    match kind:
        case "constant_factor":  # m is the wrong size of an array
            of_size = details["as_text"].startswith("m/n[") and finding.code.endswith(" / m")
            return "size" if of_size else ""
        case "extra_1_over_m":
            return "dW" if letter in "Wb" else "dZ"
        case "transposed":
            operand = details["operand"]
            if operand == finding.quantity:
                return "whole"
            return "missing" if f"{operand}.T" in finding.code else "extra"
        case "wrong_axis":
            return str(details["axis"])
        case "wrong_activation_derivative":  # softplus' is σ, and whoever writes σ means σ
            softplus = details["used_activation"] == "softplus"
            return "malformed" if softplus else str(details["variant"])
        case "matmul_vs_elementwise":
            return str(details["expected"])
        case "extra_term":
            return "decay" if str(details["term"]).startswith(("W", "w")) else "other"
        case "wrong_loss_derivative":
            return "named" if details["used_loss"] else "unnamed"
        case "dtype_or_integer_division":
            return str(details["how"])
        case "nan_or_inf":
            return "one" if details["count"] == 1 else "many"
        case "unknown":
            return "inputs" if details["not_given"] else ""
        case "error":
            return "nowhere" if details["line"] is None else "line"
    return ""


def _values(finding: Finding, kind: str, details: Mapping[str, Any], lang: str) -> dict[str, Any]:
    """What a template may name: the details, and what follows from the quantity."""
    _, l = _parsed(finding.quantity)
    numbered = finding.quantity[-1].isdigit()
    values = {k: _clipped(_bare(v)) if isinstance(v, str) else v for k, v in details.items()}
    if kind == "error":
        values["text"] = _clipped(details["text"], _LONGEST * 3 // 2)
    if kind == "extra_term":
        times = values["as_text"]
        values["product"] = values["term"] if times == "1" else f"{times} {values['term']}"
    if kind == "constant_factor":
        size = values["as_text"].removeprefix("m/")
        layer = re.fullmatch(r"n\[(\d+)\]", size)
        values["number"] = f"{size} = {finding.sizes[int(layer[1])]}" if layer else size
    if kind == "unknown":
        values["not_given"] = _language(lang).WORDS["comma"].join(values["not_given"])
    if kind == "nan_or_inf":
        values["what"] = values["what"].replace(" and ", _language(lang).WORDS["and"])
    symbols, size = _size(finding, finding.quantity)
    return values | {
        "q": finding.quantity,
        "candidates": len(finding.candidates),
        "of": finding.quantity.removeprefix("d"),
        "layer": l,
        "m": finding.m,
        "slope": f"g{l}'(Z{l})" if numbered else "g'(Z)",
        "sources": _language(lang).WORDS["comma"].join(finding.follows_from),
        "symbols": symbols,
        "size": size,
    }


def _parsed(name: str) -> tuple[str, int]:
    """("W", 2) of "dW2" or "W2"; the input X is A0; layer 1 where none is written."""
    name = "A0" if name == "X" else name
    match = re.fullmatch(r"d?([WbZAwza])(\d*)", name)
    if not match:
        return "?", 0
    letter, l = match.groups()
    return (letter if letter == "b" else letter.upper()), int(l or 1)


def _size(finding: Finding, name: str) -> tuple[str, str]:
    """The size of "dW2" or "A1.T", in symbols and in numbers; ("", "") of what has none."""
    letter, l = _parsed(name.removesuffix(".T"))
    if letter == "?" or l >= len(finding.sizes):
        return "", ""
    one, m = ("1", 1), ("m", finding.m)
    n = [(f"n[{i}]", size) for i, size in enumerate(finding.sizes)]
    size = [n[l], {"W": n[l - 1], "b": one}.get(letter, m)]
    if "w" in name:  # a logistic regression's column of weights
        size = [n[0], one]
    if name.endswith(".T"):
        size.reverse()
    (rows, i), (columns, k) = size
    return f"({rows}, {columns})", f"({i}, {k})"


def _bare(code: str) -> str:
    """Without parentheses around the whole."""
    depth = 0
    for i, c in enumerate(code):
        depth += (c == "(") - (c == ")")
        if not depth:
            return code[1:-1] if c == ")" and i == len(code) - 1 else code
    return code


def _clipped(text: str, longest: int = _LONGEST) -> str:
    """A piece of the student's on one line, short, and with nothing a terminal would obey."""
    text = "".join(c if c.isprintable() else " " for c in text)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


# The size rules -----------------------------------------------------------------------------------


def _rule(finding: Finding) -> tuple[str | None, dict[str, Any]]:
    """Which of SIZES the mistake breaks whatever the numbers, and what its template names."""
    q, kind, details = finding.quantity, finding.kind, finding.details
    letter, _ = _parsed(q)
    values = _values(finding, kind, details, "en")
    product = _product(finding)
    factors = {product.get("left"), product.get("right")}
    if not values["symbols"]:
        return None, values
    if not q.startswith("d") and (kind == "shape" or details.get("operand") == q):
        return ("product" if product else None), values | product
    if kind in {"wrong_axis", "missing_keepdims", "shape"}:
        return "same", values
    if kind == "one_example_only" and letter in "AZ":
        return "same", values
    if kind == "matmul_vs_elementwise" and details["expected"] == "*":
        return "elementwise", values
    if kind in {"wrong_operand", "wrong_layer_cache", "wrong_quantity"}:
        values = {"expected": q} | values
        for key in ("expected", "used"):
            values[f"{key}_symbols"], _ = _size(finding, str(values[key]))
        symbols = {values["expected_symbols"], values["used_symbols"]}
        return ("operands" if len(symbols) == 2 and "" not in symbols else None), values
    if kind == "transposed" and details["operand"] == q:
        return "same", values
    if kind == "missing_operand" and {details["operand"], f"{details['operand']}.T"} & factors:
        return "same", values
    if kind in {"transposed", "matmul_vs_elementwise"} and product and "w" not in q:
        return "product", values | product
    return None, values


def _product(finding: Finding) -> dict[str, str]:
    """The matrix product in the right line of code: its factors and their sizes, in symbols."""
    match = re.search(r"([\w.]+) @ ([\w.]+)", finding.code)
    if not match:
        return {}
    left, right = match.groups()
    sizes = {"left_symbols": _size(finding, left)[0], "right_symbols": _size(finding, right)[0]}
    return {"left": left, "right": right, **sizes} if all(sizes.values()) else {}


# The report's parts -------------------------------------------------------------------------------


def _table(diagnosis: Diagnosis, lang: str) -> list[list[str]]:
    """Each quantity in the order of computation: its error, its mark, what is said of it."""
    words = _language(lang).WORDS
    found: dict[str, list[Finding]] = {q: [] for q in diagnosis.checked}
    for finding in diagnosis.findings:
        found.setdefault(finding.quantity, []).append(finding)

    def position(q: str) -> tuple[bool, float, int]:
        letter, l = _parsed(q)
        if letter == q[0].upper():
            return (False, l, "ZA".find(letter))
        return (True, -l or -math.inf, "AZWb".find(letter))

    rows = [[words["quantity"], words["error"], "", words["finding"]]]
    for q in sorted(found, key=position):
        if not found[q]:
            rows.append([q, "", "✓", ""])
        for finding in found[q]:
            error = "" if finding.evidence is None else f"{finding.evidence.error:.1e}"
            what = finding.kind
            if finding.follows_from:
                sources = words["comma"].join(finding.follows_from)
                what = words["follows"].format(sources=sources)
            rows.append([q, error, "✗" if finding.is_root else "↳", what])
    return rows


def _remarks(finding: Finding, lang: str) -> list[str]:
    """What stands under a mistake, with labels: an entry, the size rule, the mend."""
    words = _language(lang).WORDS
    remarks = []
    evidence = finding.evidence
    if evidence is not None and evidence.index is not None:
        label = words["at"].format(index=list(evidence.index)) if evidence.index else words["value"]
        received, expected = f"{evidence.received:.6g}", f"{evidence.expected:.6g}"
        numbers = words["numbers"].format(received=received, expected=expected)
        seen = words["on_inputs"].format(inputs=evidence.inputs) if evidence.inputs > 1 else ""
        remarks.append((label, numbers + seen))
    for candidate in finding.candidates:
        says = _says(finding, candidate.kind, candidate.details, lang)
        remarks.append((words["perhaps"], words["it"].format(says=says)))
    rule = size_rule(finding, lang)
    if rule:
        remarks.append((words["size"], rule))
    remarks.append((words["mend"], mend(finding, lang)))
    return [label + words["colon"] + text for label, text in remarks]


def _noted(note: Note, lang: str) -> str:
    """A note in words; its lists of names are shortened."""
    language = _language(lang)
    names = {
        key: language.WORDS["comma"].join(_clipped(str(v)) for v in value[:12])
        + ("…" if len(value) > 12 else "")
        for key, value in note.details.items()
    }
    return str(language.NOTES[note.key].format(**names))


def _verdict(diagnosis: Diagnosis, lang: str) -> str:
    """The last line."""
    words = _language(lang).WORDS
    if not diagnosis.checked and not diagnosis.findings:
        return str(words["nothing"])
    if diagnosis.ok:
        key, names = "ok_one" if len(diagnosis.checked) == 1 else "ok", diagnosis.checked
        text = words[key].format(count=len(names), names=", ".join(names))
        absent = (
            q for n in diagnosis.notes if n.key == "not_given" for q in n.details["quantities"]
        )
        missing = words["comma"].join(q for q in absent if q[1] in "Wwb")
        return str(text + (words["incomplete"].format(names=missing) if missing else ""))
    first, count = diagnosis.mistakes[0], len(diagnosis.mistakes)
    others = len(diagnosis.findings) - count
    before = first.kind == "unknown" and first.details["not_given"]
    text = words["before" if before else "wrong_one" if count == 1 else "wrong"]
    others *= not before
    if others:
        text += words["others_one" if others == 1 else "others"]
    return str(text.format(first=diagnosis.first_wrong, count=count, others=others))


def _width(text: str) -> int:
    """Columns of a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
