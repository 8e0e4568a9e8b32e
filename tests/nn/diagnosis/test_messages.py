"""The words of a diagnosis: there for every kind in both languages, true, short and harmless."""

import html
import re
import string
import unicodedata

import pytest

from nn.diagnosis import KINDS, NOTES, Candidate, Diagnosis, Evidence, Finding, Note, messages
from nn.diagnosis import messages_en as en
from nn.diagnosis import messages_zh as zh

LANGUAGES = pytest.mark.parametrize("lang", ["en", "zh"])
TABLES = ["SAYS", "MENDS", "SIZES", "NOTES", "WORDS"]
RIGHT = {
    "Z1": ("W1 X + b1", "W1 @ X + b1"),
    "A1": ("g1(Z1)", "np.tanh(Z1)"),
    "dA2": ("−Y/A2 + (1−Y)/(1−A2)", "-Y / A2 + (1 - Y) / (1 - A2)"),
    "dW2": ("dZ2 A1ᵀ / m", "dZ2 @ A1.T / m"),
    "db2": ("Σ dZ2 / m", "dZ2.sum(axis=1, keepdims=True) / m"),
    "dZ1": ("W2ᵀ dZ2 * g1'(Z1)", "(W2.T @ dZ2) * (1 - A1**2)"),
    "dW1": ("dZ1 Xᵀ / m", "dZ1 @ X.T / m"),
    "backward": ("", ""),
}


def found(quantity, kind, yours="", numbers=True, **more):
    """A finding in a network 3-4-1 with 7 examples; `more` are its details, or fields of it."""
    equation, code = RIGHT[quantity]
    fields = {k: more.pop(k) for k in ("follows_from", "candidates", "supplied") if k in more}
    return Finding(
        quantity, kind, more, equation and f"{quantity} = {equation}",
        yours and f"{quantity} = {yours}", latex=f"{quantity} = x", code=code and
        f"{quantity} = {code}", sizes=(3, 4, 1), m=7,
        evidence=Evidence((0, 2), -3.24, -0.463, 0.86, 1e-16, 4) if numbers else None, **fields,
    )  # fmt: skip


SLOPE = {"activation": "tanh", "used_activation": None, "expected": "1 - A1**2"}
LOSS = {"loss": "binary_cross_entropy", "expected": "-Y / A2 + (1 - Y) / (1 - A2)"}
WHOLE = {"dtype": "int64"}
FINDINGS = [
    found("dW2", "constant_factor", "2 dZ2 A1ᵀ / m", factor=2.0, as_text="2"),
    found("dW2", "constant_factor", factor=7 / 3, as_text="m/n[0]"),
    found("dW2", "missing_1_over_m", "dZ2 A1ᵀ"),
    found("dW2", "extra_1_over_m"),
    found("dZ1", "extra_1_over_m"),
    found("db2", "sum_instead_of_mean", "Σ dZ2"),
    found("dA2", "sign"),
    found("dZ1", "sign", supplied=False),
    found("dW2", "transposed", operand="dW2"),
    found("dW2", "transposed", operand="A1"),
    found("dZ1", "transposed", operand="dZ2"),
    *(found("db2", "wrong_axis", axis=axis) for axis in (0, "all", "none")),
    found("db2", "missing_keepdims", shape=(1,), numbers=False),
    found("dZ1", "wrong_operand", "dW2ᵀ dZ2 * g1'(Z1)", expected="W2", used="dW2"),
    found("dZ1", "wrong_operand", expected="W2", used="W1"),
    found("dW1", "missing_operand", operand="X"),
    found("dZ1", "missing_operand", operand="W2"),
    found("dZ1", "missing_activation_derivative", "W2ᵀ dZ2", activation="tanh"),
    found("dZ1", "wrong_activation_derivative", **SLOPE, variant="of_a", used="1 - tanh(A1)**2"),
    found("dZ1", "wrong_activation_derivative", **SLOPE | {"used_activation": "sigmoid"},
          variant="other_activation", used="A1 * (1 - A1)"),
    found("dZ1", "wrong_activation_derivative", **SLOPE, variant="other_layer", used="1 - A2**2"),
    found("dZ1", "wrong_activation_derivative", **SLOPE, variant="twice", used="(1 - A1**2)**2"),
    found("dZ1", "wrong_activation_derivative", **SLOPE, variant="value", used="A1"),
    found("dZ1", "wrong_activation_derivative", **SLOPE, variant="malformed", used="1 - A1"),
    found("dW2", "wrong_layer_cache", expected="A1", used="A2"),
    found("A1", "wrong_activation", activation="tanh", expected="np.tanh(Z1)", used="sigmoid(Z1)"),
    found("Z1", "missing_term", "W1 X", term="b1"),
    found("Z1", "transposed", operand="W1"),
    found("dZ1", "matmul_vs_elementwise", expected="*", used="@"),
    found("dW2", "matmul_vs_elementwise", expected="@", used="*"),
    found("dA2", "missing_term", term="(1 - Y) / (1 - A2)"),
    found("dW2", "extra_term", term="W2", coefficient=0.1, as_text="0.1"),
    found("dA2", "extra_term", term="Y", coefficient=1.0, as_text="1"),
    found("dA2", "wrong_loss_derivative", **LOSS, used_loss="squared_error", used="A2 - Y"),
    found("dA2", "wrong_loss_derivative", **LOSS, used_loss=None,
          used="-Y / A2 - (1 - Y) / (1 - A2)"),
    found("dW2", "one_example_only", example=0),
    found("dA2", "one_example_only", example=3),
    found("dA2", "wrong_quantity", used="db2"),
    found("dW2", "shape", received=(4, 1), expected=(1, 4), numbers=False),
    *(found("dW2", "dtype_or_integer_division", **WHOLE, how=how)
      for how in ("truncated", "rounded", "floor", "zero")),
    found("dW2", "precision", dtype="float16", error=1e-3),
    found("dW2", "nan_or_inf", count=1, what="nan"),
    found("dW2", "nan_or_inf", count=3, what="nan and inf"),
    found("dW2", "all_zero"),
    found("backward", "error", numbers=False, error="ZeroDivisionError", text="division by zero",
          line=12, code="dZ1 = 1 / 0"),
    found("dW2", "error", numbers=False, error="KeyError", text="'W2'", line=None, code=""),
    found("dW2", "not_numbers", numbers=False, what="str"),
    found("dW1", "consequence", follows_from=("dZ1", "dA2")),
    found("dW2", "ambiguous", candidates=(Candidate("missing_1_over_m"),
          Candidate("constant_factor", {"factor": 7.0, "as_text": "7"}))),
    found("dW2", "unknown", not_given=()),
    found("dW2", "unknown", not_given=("dZ2", "A1")),
]  # fmt: skip
EVERY = [Note(key, dict.fromkeys(kind.details, ("dW1", "db1"))) for key, kind in NOTES.items()]


def label(finding):
    return f"{finding.kind}-{messages._variant(finding, finding.kind, finding.details)}"


def width(text):
    """Columns of a terminal, Chinese characters taking two."""
    return sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def named(template):
    """What a template wants to be told."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_there_is_a_finding_of_every_kind():
    """The tests below speak for all of KINDS."""
    assert {finding.kind for finding in FINDINGS} == set(KINDS)


@pytest.mark.parametrize("table", TABLES)
def test_both_languages_say_the_same_things(table):
    """The same keys; the same pieces named under each; none of it left in English."""
    one, other = getattr(en, table), getattr(zh, table)
    assert set(one) == set(other)
    for key in one:
        assert named(one[key]) == named(other[key]), key
        assert table == "WORDS" or one[key] != other[key], key


@LANGUAGES
@pytest.mark.parametrize("finding", FINDINGS, ids=label)
def test_every_finding_is_put_into_words(finding, lang):
    """Complete, in at most 160 columns, the right equation quoted and the right line given."""
    texts = [messages.message(finding, lang), messages.mend(finding, lang)]
    rule = messages.size_rule(finding, lang)
    assert rule is None or rule
    for text in [*texts, *filter(None, [rule])]:
        assert not set("{}\n") & set(text)
        assert "None" not in text
        assert width(text) <= 160, (width(text), text)
    assert finding.quantity in texts[0]
    if finding.kind not in {"error", "not_numbers"}:
        assert texts[0].startswith(finding.expected_equation)
    assert texts[1].endswith(finding.code)
    assert texts[1] != finding.code


@LANGUAGES
@pytest.mark.parametrize("finding", FINDINGS, ids=label)
def test_what_is_known_is_told(finding, lang):
    """Each detail stands in the message or under it, the student's equation in the message."""
    message = messages.message(finding, lang)
    assert finding.student_equation.removeprefix(f"{finding.quantity} = ") in message
    silent = {"variant", "how", "factor", "coefficient", "axis"}  # said in words, or as_text is
    text = message + messages.mend(finding, lang)
    for key, value in finding.details.items():
        if key in silent or value is None or (key, str(value)) == ("as_text", "1"):
            continue
        if key == "not_given":
            assert all(name in text for name in value)
        elif label(finding) == "constant_factor-size":
            assert "n[0] = 3" in text
        elif finding.kind == "precision" and key == "error":
            assert "1e-03" in text
        elif (finding.kind, key) == ("nan_or_inf", "what"):
            continue
        elif (finding.kind, key, value) == ("nan_or_inf", "count", 1) and lang == "en":
            assert "in one entry" in text
        elif (key, label(finding)) == ("used", "wrong_activation_derivative-twice"):
            assert "g1'(Z1)" in text
        elif finding.kind == "wrong_activation_derivative" and key == "activation":
            assert (
                value in text or messages._values(finding, finding.kind, {}, lang)["slope"] in text
            )
        else:
            assert str(value) in text, (key, text)
    for source in finding.follows_from:
        assert source in text


@pytest.mark.parametrize("table", TABLES[:3])
@LANGUAGES
def test_no_text_is_never_said(table, lang, monkeypatch):
    """Every line of the tables is what some finding is answered with."""
    said = set()

    class Recording(dict):
        def __getitem__(self, key):
            said.add(key)
            return super().__getitem__(key)

    module = {"en": en, "zh": zh}[lang]
    monkeypatch.setattr(module, table, Recording(getattr(module, table)))
    for finding in FINDINGS:
        messages.message(finding, lang)
        messages.mend(finding, lang)
        messages.size_rule(finding, lang)
    assert said == set(getattr(module, table))


def test_a_text_that_names_what_is_not_there_is_caught(monkeypatch):
    """The check for completeness can fail."""
    monkeypatch.setitem(zh.SAYS, "sign", "{nothing}")
    with pytest.raises(KeyError, match="nothing"):
        messages.message(found("dA2", "sign"), "zh")
    assert named(zh.SAYS["sign"]) != named(en.SAYS["sign"])


@pytest.mark.parametrize(
    ("finding", "says"),
    [
        (found("dW2", "missing_1_over_m", "dZ2 A1ᵀ"),
         "dW2 = dZ2 A1ᵀ / m; yours is dZ2 A1ᵀ: it lacks the 1/m, so it is m = 7 times too large"),
        (found("dW2", "missing_1_over_m"),
         "dW2 = dZ2 A1ᵀ / m; yours lacks the 1/m, so it is m = 7 times too large"),
        (found("dZ1", "sign", supplied=False),
         "dZ1 = W2ᵀ dZ2 * g1'(Z1); yours has the opposite sign "
         "(dZ1 is not among yours: inferred from the others)"),
        (found("dW1", "consequence", follows_from=("dZ1",)),
         "dW1 = dZ1 Xᵀ / m; yours is computed rightly from a wrong dZ1"),
        (found("dW2", "nan_or_inf", count=1, what="nan"),
         "dW2 = dZ2 A1ᵀ / m; yours is nan in one entry"),
        (found("dW2", "nan_or_inf", count=2, what="inf"),
         "dW2 = dZ2 A1ᵀ / m; yours is inf in 2 entries"),
    ],
)  # fmt: skip
def test_a_message_reads_as_a_sentence(finding, says):
    """The right equation, beside it the student's if it is known, then the difference."""
    assert finding.message == says


@LANGUAGES
def test_a_long_equation_of_the_students_is_left_out(lang):
    """The line keeps to 160 columns, and still says what is wrong."""
    long = "W2ᵀ dZ2 * " + " * ".join(["sigmoid(Z1)"] * 9)
    finding = found("dZ1", "wrong_activation_derivative", long, **SLOPE, variant="other_layer",
                    used="(" + "1 - A2**2" * 30 + ")")  # fmt: skip
    text = messages.message(finding, lang)
    assert long not in text
    assert "1 - A2**2" in text
    assert width(text) <= 160


def test_the_candidates_of_an_ambiguous_finding_are_told():
    """Their number in the message; below it each in the words it would have alone."""
    (finding,) = (f for f in FINDINGS if f.kind == "ambiguous")
    assert "yours fits 2 mistakes alike" in finding.message
    text = str(Diagnosis((finding,), ("dW2",)))
    for candidate in finding.candidates:
        alone = found("dW2", candidate.kind, **candidate.details)
        assert f"perhaps: it {alone.message.partition('yours ')[2]}\n" in text


@pytest.mark.parametrize(
    ("finding", "rule"),
    [
        (found("dW2", "transposed", operand="dW2"),
         "dW2 has the size of W2: (n[2], n[1]) = (1, 4)"),
        (found("db2", "wrong_axis", axis=0), "db2 has the size of b2: (n[2], 1) = (1, 1)"),
        (found("Z1", "transposed", operand="W1"),
         "inner sizes agree: W1 (n[1], n[0]) @ X (n[0], m) → (n[1], m)"),
        (found("Z1", "shape", received=(7, 4), expected=(4, 7)),
         "inner sizes agree: W1 (n[1], n[0]) @ X (n[0], m) → (n[1], m)"),
        (found("A1", "shape", received=(7, 4), expected=(4, 7)), None),
        (found("dW2", "transposed", operand="A1"),
         "inner sizes agree: dZ2 (n[2], m) @ A1.T (m, n[1]) → (n[2], n[1])"),
        (found("dZ1", "matmul_vs_elementwise", expected="*", used="@"),
         "* takes two arrays of one size: (n[1], m) = (4, 7)"),
        (found("dZ1", "wrong_operand", expected="W2", used="W1"),
         "W2 is (n[2], n[1]), W1 is (n[1], n[0])"),
        (found("dW1", "wrong_layer_cache", expected="X", used="A1"),
         "X is (n[0], m), A1 is (n[1], m)"),
        (found("dW1", "missing_operand", operand="X"),
         "dW1 has the size of W1: (n[1], n[0]) = (4, 3)"),
        (found("dZ1", "wrong_operand", expected="W2", used="dW2"), None),  # of one size
        (found("dA2", "wrong_operand", expected="A2 - Y", used="Y - A2"), None),
        (found("dZ1", "missing_operand", operand="dA1"), None),  # an elementwise factor
        (found("dW2", "one_example_only", example=1), None),  # (n, 1)(1, n) has the right size
        (found("dW2", "missing_1_over_m"), None),
        (found("dA2", "sign"), None),
    ],
)  # fmt: skip
def test_a_size_rule_is_told_where_one_exists(finding, rule):
    """In symbols: equal sizes by chance are no reason to keep the rule back."""
    assert messages.size_rule(finding, "en") == rule
    assert bool(messages.size_rule(finding, "zh")) == bool(rule)


def test_a_logistic_regression_is_spelled_as_the_student_does():
    """dw is a column, dz has no layer number."""
    dw = Finding("dw", "missing_operand", {"operand": "X"}, "dw = X dzᵀ / m", sizes=(3, 1), m=7,
                 code="dw = X @ dz.T / m")  # fmt: skip
    assert messages.size_rule(dw, "en") == "dw has the size of w: (n[0], 1) = (3, 1)"
    dz = Finding(
        "dz", "missing_activation_derivative", {"activation": "sigmoid"}, sizes=(3, 1), m=7
    )
    assert "leaves out g'(Z)" in messages.message(dz, "en")


MISTAKES = Diagnosis(
    (found("dA2", "sign"), found("dZ1", "sign", supplied=False),
     found("dW1", "consequence", follows_from=("dZ1",))),
    ("db2", "dW1", "dA2", "dW2"), tuple(EVERY),
)  # fmt: skip


@LANGUAGES
def test_the_report_is_a_table_then_the_mistakes_then_the_verdict(lang):
    """Rows in the order of the backward pass, aligned also where letters take two columns."""
    lines = MISTAKES.text(lang).splitlines()
    table = lines[: lines.index("")]
    assert [line.split()[0] for line in table[1:]] == ["dA2", "dW2", "db2", "dZ1", "dW1"]
    marks = [next(c for c in line if c in "✓✗↳") for line in table[1:]]
    assert "".join(marks) == "✗✓✓✗↳"
    starts = {width(line[: line.index(mark)]) for line, mark in zip(table[1:], marks, strict=True)}
    assert len(starts) == 1
    for finding in MISTAKES.mistakes:
        assert f"✗ {messages.message(finding, lang)}" in lines
    for note, line in zip(EVERY, lines[-1 - len(EVERY) : -1], strict=True):
        assert line.startswith("• "), note
        assert all(name in line for names in note.details.values() for name in names)
    assert max(map(width, lines)) <= 160
    assert "[0, 2]" in MISTAKES.text(lang)
    assert "-3.24" in MISTAKES.text(lang)


@pytest.mark.parametrize(
    ("diagnosis", "verdict", "chinese"),
    [
        (MISTAKES,
         "✗ the first of 2 mistakes is in dA2; one other quantity follows from what is wrong",
         "✗ 共 2 处错误，第一处在 dA2；另有 1 个量因此出错"),
        (Diagnosis((found("dA2", "sign"),), ("dA2",)), "✗ the mistake is in dA2", "✗ 错误在 dA2"),
        (Diagnosis((), ("dW1",)), "✓ dW1 agrees with the equations", "✓ dW1 与公式一致"),
        (Diagnosis((), ("dW1", "db1")), "✓ all 2 quantities agree with the equations",
         "✓ 全部 2 个量与公式一致"),
        (Diagnosis((), ("dW2",), (Note("not_given", {"quantities": ("dZ2", "dW1", "db1")}),)),
         "✓ dW2 agrees with the equations; not checked: dW1, db1",
         "✓ dW2 与公式一致；未检查：dW1、db1"),
        (Diagnosis((found("dW2", "unknown", not_given=("dZ2",)), found("dW1", "sign")), ("dW2",)),
         "✗ the first mistake is in dW2 or in what it is computed from",
         "✗ 第一处错误在 dW2 或计算它所用的量中"),
        (Diagnosis((), (), (Note("nothing_to_check"),)), "✗ nothing was checked",
         "✗ 没有检查任何量"),
    ],
)  # fmt: skip
def test_the_verdict_counts_properly(diagnosis, verdict, chinese):
    """One mistake and several, none, and nothing to look at."""
    assert str(diagnosis).splitlines()[-1] == verdict
    assert diagnosis.text("zh").splitlines()[-1] == chinese


def test_the_numbers_of_several_inputs_are_called_so():
    """Evidence seen on four sets of inputs weighs more than on one."""
    assert "at [0, 2]: yours -3.24, right -0.463 (on each of 4 sets of inputs)" in str(MISTAKES)


@LANGUAGES
def test_the_page_says_what_the_report_says(lang):
    """Every line of the report stands in the notebook's HTML, with the equation in LaTeX."""
    page = messages.html(MISTAKES, lang)
    for line in MISTAKES.text(lang).splitlines():
        for cell in re.split(r"\s{2,}", line.strip("• ✗")):
            assert html.escape(cell.strip("✗↳ ")) in page
    assert "$dA2 = x$" in page
    assert page.count("<tr>") == page.count("</tr>") == 6


def test_what_a_student_wrote_can_do_no_harm():
    """Escape codes and tags are text, and long lines are cut."""
    hostile = "\x1b[31m<script>\n" + "x" * 500
    finding = found("dW2", "error", numbers=False, error="E", text=hostile, line=1, code=hostile)
    diagnosis = Diagnosis((finding,), (), (Note("not_understood", {"names": (hostile,) * 99}),))
    for lang in ("en", "zh"):
        text, page = diagnosis.text(lang), messages.html(diagnosis, lang)
        assert "\x1b" not in text + page
        assert "<script>" not in page
        assert "&lt;script&gt;" in page
        assert max(map(width, text.splitlines())) < 800


def test_another_language_is_refused():
    """With those there are."""
    with pytest.raises(ValueError, match="lang: got 'fr'; expected one of en, zh"):
        MISTAKES.text("fr")
