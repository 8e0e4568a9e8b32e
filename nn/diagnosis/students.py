"""What a student hands in, whatever its form, as values of the lecture's quantities.

A mapping of arrays, a function `(params, X, Y) -> mapping`, or functions of each equation's inputs
(`lambda dZ2, A1, m: dZ2 @ A1.T / m`), which are given the right ones.

Read next: `nn.diagnosis.judging`.
"""

# ruff: noqa: E741  (l is the lecture's layer number)
from __future__ import annotations

import contextlib
import dis
import inspect
import linecache
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import FrameType, TracebackType
from typing import Any

import numpy as np

from nn import closed_form
from nn.diagnosis.scope import Layout
from nn.errors import ArgumentError

__all__ = ["Answer", "Failure", "Inputs", "Student", "assuming", "read"]

Array = Any
_NAME = re.compile(r"(d[zawb]|[za])[\[_^{(]*(\d*)[\])}]*", re.IGNORECASE)
_FORWARD = re.compile(r"([zawbxy]|cost|loss|j|m|cache|al|yhat)[\[_^{(]*(\d*)[\])}]*", re.I)
_LETTERS = {"z": "Z", "a": "A", "dz": "dZ", "da": "dA", "dw": "dW", "db": "db"}


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a student's function is called with; `right` finds the value of any quantity.

    `within` asks for its variables too: the Z, A and dZ among them.
    """

    params: Mapping[str, Array]
    X: Array
    Y: Array
    right: Any = None
    within: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """An exception in the student's code: the quantity it was at, and details of "error"."""

    quantity: str
    details: Mapping[str, Any]


@dataclass
class Answer:
    """What came back.

    Attributes:
        values: by quantity, as they came.
        spelled: the student's own spelling of each quantity.
        strange: names that are no quantity.
        failures: exceptions.
        apart: whether each equation was computed from the right inputs.
        within: those of `values` that are the function's variables, and were not handed in.
        assumed: those of `values` that are a guess of ours.
    """

    values: dict[str, Any] = field(default_factory=dict)
    spelled: dict[str, str] = field(default_factory=dict)
    strange: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    apart: bool = False
    within: frozenset[str] = frozenset()
    assumed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Student:
    """The student's work: `answer(inputs)`, and whether other inputs give other answers."""

    answer: Callable[[Inputs], Answer]
    callable: bool


def read(student: Any, layout: Layout) -> Student:
    """Recognise the form of what was handed in."""
    if isinstance(student, Mapping):
        functions = [callable(v) for v in student.values()]
        if functions and all(functions):
            return Student(lambda i: _apart(student.items(), i, layout), True)
        if any(functions):
            raise ArgumentError("diagnose: got both arrays and functions; expected one of the two")
        return Student(lambda i: _named(student, layout), False)
    if isinstance(student, list | tuple) and student and all(map(callable, student)):
        return Student(lambda i: _apart(((f.__name__, f) for f in student), i, layout), True)
    if callable(student):
        names = _parameters(student)
        name = getattr(student, "__name__", "")
        if quantity(name, layout) and names and "params" not in names:
            return Student(lambda i: _apart([(name, student)], i, layout), True)
        return Student(lambda i: _called(student, names, i, layout), True)
    raise ArgumentError(
        f"diagnose: got a {type(student).__name__}; expected a mapping {{'dW1': array, …}}, "
        "a function (params, X, Y) -> mapping, or a mapping of functions, one for each equation"
    )


def assuming(student: Student, layout: Layout, hidden: str) -> Student:
    """The student as if every hidden A had been handed in, of this activation."""
    activations = (*[hidden] * (layout.L - 1), layout.activations[-1])
    guessed = [f"A{l}" for l in range(1, layout.L)]

    def answer(inputs: Inputs) -> Answer:
        found = student.answer(inputs)
        cache = closed_form.forward(inputs.params, inputs.X, activations)
        found.values |= {q: cache[q] for q in guessed}
        found.spelled |= {q: q for q in guessed}
        return replace(found, assumed=frozenset(guessed))

    return Student(answer, student.callable)


def quantity(name: Any, layout: Layout) -> str | None:
    """The quantity a student's name stands for: dZ2 of "dz2", "dZ[2]", "dZ_2"; None if none.

    In a network of one layer the layer's number may be left out, as in a logistic regression.
    """
    match = _NAME.fullmatch(name.strip()) if isinstance(name, str) else None
    if not match:
        return None
    l = int(match[2]) if match[2] else layout.L if layout.L == 1 else 0
    return f"{_LETTERS[match[1].lower()]}{l}" if 1 <= l <= layout.L else None


def _named(mapping: Mapping[Any, Any], layout: Layout) -> Answer:
    """The mapping's values under the lecture's names."""
    answer = Answer()
    mapping = _components(mapping, layout)
    for name, value in mapping.items():
        q = quantity(name, layout)
        if q is None or q in answer.values:
            if not (isinstance(name, str) and _FORWARD.fullmatch(name)):
                answer.strange.append(str(name))
            continue
        short = layout.L == 1 and not re.search(r"\d", name)
        answer.values[q] = _as_the_notes_have_it(q, value, layout) if short else _array(value)
        answer.spelled[q] = name.strip() if short else q
    return answer


def _components(mapping: Mapping[Any, Any], layout: Layout) -> Mapping[Any, Any]:
    """dw1, dw2, … of a logistic regression, each a number, as one dw."""
    n = layout.sizes[0]
    names = [f"dw{i}" for i in range(1, n + 1)]
    if layout.sizes[1:] != (1,) or any(np.size(mapping.get(k, ())) != 1 for k in names):
        return mapping
    if n == 1 and np.ndim(mapping["dw1"]) == 2:
        return mapping
    rest = {k: v for k, v in mapping.items() if k not in names}
    return rest | {"dw": np.array([[np.asarray(mapping[k]).item() for k in names]])}


def _array(value: Any) -> Any:
    """An array of our own, so that nothing here can change the student's; else the value."""
    data = getattr(value, "data", None)
    if isinstance(data, np.ndarray):  # a Tensor
        value = data
    try:
        array = np.array(value)
    except (ValueError, TypeError):
        return value
    return array if array.dtype.kind in "biuf" else value


def _as_the_notes_have_it(q: str, value: Any, layout: Layout) -> Any:
    """The shapes of a logistic regression in the notes: w (n, 1), b a number, z one for each."""
    array = _array(value)
    if not isinstance(array, np.ndarray) or layout.sizes[-1] != 1:
        return array
    n = layout.sizes[0]
    if q.startswith("dW") and array.shape in {(n, 1), (n,)}:
        return array.reshape(1, n)
    if q.startswith("db") and array.size == 1:
        return array.reshape(1, 1)
    return array.reshape(1, -1) if array.ndim == 1 and q.strip("d")[0] in "ZA" else array


def _parameters(function: Callable[..., Any]) -> list[str]:
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in found if p.kind in {p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD}
            and p.default is p.empty]  # fmt: skip


def _inputs(inputs: Inputs) -> dict[str, Any]:
    """Copies, so that a student's function may write into them."""
    params = _Params((k, np.array(v)) for k, v in inputs.params.items())
    X, Y = np.array(inputs.X), np.array(inputs.Y)
    known = {"params": params, "parameters": params, "X": X, "Y": Y, "m": X.shape[1], **params}
    if len(params) == 2:
        known |= {name: params[name] for name in ("W", "b", "w")}
    return known


class _Params(dict[str, Any]):
    """Parameters by name; those of a single layer without its number too, and w = W1.T."""

    def __missing__(self, name: str) -> Any:
        if len(self) == 2 and name in {"W", "b", "w"}:
            value = self[f"{name.upper() if name == 'w' else name}1"]
            return value.T if name == "w" else value
        raise KeyError(name)


def _called(
    function: Callable[..., Any], names: list[str], inputs: Inputs, layout: Layout
) -> Answer:
    """The answer of a function of (params, X, Y), or of any of these and the parameters by name."""
    known = _inputs(inputs)
    by_name = bool(names) and set(names) <= known.keys() and "params" not in names
    arguments = [known[k] for k in (names if by_name else ("params", "X", "Y"))]
    try:
        with _variables(function if inputs.within else None) as variables:
            result = function(*arguments)
    except Exception as error:
        return _failed(error, function, layout)
    if isinstance(result, Mapping):
        answer = _named(result, layout)
        return _with_variables(answer, variables, known["m"], layout) if variables else answer
    name = getattr(function, "__name__", "the function")
    text = f"{name} returned a {type(result).__name__}; expected a mapping {{'dW1': array, …}}"
    return Answer(failures=[Failure("backward", _error("TypeError", text))])


@contextlib.contextmanager
def _variables(function: Callable[..., Any] | None) -> Iterator[dict[str, Any]]:
    """What the variables of a function, or of the one it wraps, hold when it has returned.

    Nothing where a profiler is at work: there is one place for the two.
    """
    found: dict[str, Any] = {}
    code = None
    if function and sys.getprofile() is None:
        with contextlib.suppress(ValueError):  # wrapped in itself
            code = getattr(inspect.unwrap(function), "__code__", None)

    def watch(frame: FrameType, event: str, _: Any) -> None:
        if event == "return" and frame.f_code is code:
            found.update(frame.f_locals)

    if code:
        sys.setprofile(watch)
    try:
        yield found
    finally:
        if code:
            sys.setprofile(None)


def _with_variables(answer: Answer, variables: dict[str, Any], m: int, layout: Layout) -> Answer:
    """The answer, and the Z, A and dZ among the variables that have the size these should have."""
    inside = _named({k: v for k, v in variables.items() if quantity(k, layout)}, layout)
    for q, value in inside.values.items():
        whole = q.startswith(("Z", "A", "dZ")) and np.shape(value) == layout.shape(q, m)
        if whole and q not in answer.values:
            answer.values[q], answer.spelled[q] = value, inside.spelled[q]
            answer.within |= {q}
    return answer


def _apart(equations: Iterable[tuple[str, Callable[..., Any]]], inputs: Inputs, layout: Layout
           ) -> Answer:  # fmt: skip
    """Each equation's value, computed from the right values of its inputs."""
    answer = Answer(apart=True)
    for name, function in equations:
        q = quantity(name, layout)
        if q is None:
            answer.strange.append(str(name))
            continue
        known = _inputs(inputs)
        arguments = []
        for parameter in _parameters(function):
            value = _right(parameter, known, inputs, layout)
            if value is None:
                raise ArgumentError(
                    f"diagnose: the equation of {name} takes {parameter!r}; expected names of the "
                    f"lecture's quantities, such as W1, b1, Z1, A1, dZ1, X, Y, m"
                )
            arguments.append(value)
        try:
            value = function(*arguments)
        except Exception as error:
            failed = _failed(error, function, layout)
            answer.failures += [Failure(q, f.details) for f in failed.failures]
            continue
        found = _named({name: value}, layout)
        answer.values |= found.values
        answer.spelled |= found.spelled
    return answer


def _right(name: str, known: Mapping[str, Any], inputs: Inputs, layout: Layout) -> Any:
    """The right value of a quantity that a student's equation takes."""
    assert inputs.right is not None
    if name in known:
        return known[name]
    q = "A0" if re.fullmatch(r"[aA]_?0", name) else quantity(name, layout)
    return None if q is None else np.array(inputs.right[q])


def _error(kind: str, text: str, line: int | None = None, code: str = "") -> dict[str, Any]:
    return {"error": kind, "text": text, "line": line, "code": code}


def _failed(error: Exception, function: Callable[..., Any], layout: Layout) -> Answer:
    """The exception, the line that raised it, and what had been computed until then.

    The line's assignment, in the student's own file, says which quantity was being computed; the
    local variables there hold those computed before.
    """
    own = getattr(getattr(function, "__code__", None), "co_filename", None)
    at, place, trace = None, None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == own:
            line = linecache.getline(own, trace.tb_lineno).strip()
            found = quantity(_target(trace, line), layout)
            if found or not at:
                at, place = found, (trace.tb_lineno, line, trace.tb_frame.f_locals)
        trace = trace.tb_next
    number, line, before = place or (None, "", {})
    answer = _named({k: v for k, v in before.items() if quantity(k, layout)}, layout)
    if at:
        answer.values.pop(at, None)
    details = _error(type(error).__name__, str(error), number, line)
    answer.failures.append(Failure(at or "backward", details))
    return answer


def _target(trace: TracebackType, line: str) -> str:
    """The name that the failing statement assigns to: dW2 of `grads["dW2"] = …`, too."""
    if item := re.match(r"\w+\[['\"](\w+)['\"]\]\s*=(?!=)", line):
        return item[1]
    for step in dis.get_instructions(trace.tb_frame.f_code):
        if step.offset > trace.tb_lasti and step.opname.startswith(("STORE", "RETURN")):
            return str(step.argval)
    return ""
