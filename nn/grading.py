"""What `minigrad check` runs in a process of its own: a student's program, held to the equations.

Everything the program does that a function should not (raising, leaving, running for ever) ends
as one small dict of facts, written to what was stdout when the process began.

Read next: `minigrad.checking`, which starts the process and puts the facts into words.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import inspect
import json
import math
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

import minigrad as mg
from nn.diagnosis import Diagnosis, diagnose
from nn.module import sizes_of
from nn.network import DeepNetwork
from nn.objective import choose_loss

__all__ = ["grade", "main"]

_DEFAULTS = {"sizes": "3,4,1", "hidden": "tanh", "output": "sigmoid", "loss": None}
_LONGEST = 2000  # characters of a message or traceback
_NOT_THEIRS = (  # where no student can mend a line: in our packages, Python's, installed ones
    "<frozen",
    str(Path(__file__).parent) + os.sep,
    *(str(Path(m.__file__ or "").parents[up]) + os.sep for m, up in ((mg, 0), (os, 0), (np, 1))),
)


class _Ended(BaseException):
    """The check is over before there is a diagnosis; the facts say why."""

    def __init__(self, status: str, **facts: Any) -> None:
        self.facts = {"status": status, **facts}


class _OutOfTime(BaseException):
    """Raised by the alarm, wherever the program is then."""


def main() -> NoReturn:
    """Grade what the first argument, a JSON object of settings, says; write the facts; end."""
    settings = json.loads(sys.argv[1])
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as channel:
        os.dup2(2, 1)  # what the student's code prints, C and subprocesses included, is no report
        sys.stdout = sys.stderr
        _limit(settings["timeout"], settings["memory"])
        json.dump(grade(settings), channel)
    sys.stderr.flush()
    os._exit(0)  # without waiting for the student's threads


def grade(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The facts about a student's program.

    Args:
        settings: student, function, sizes, hidden, output, loss, seed, examples, lang as
            `minigrad check` takes them; None for what the program or the default decides.

    Returns:
        {"status", …}: what `minigrad.checking` makes the object of that `--json` prints.
    """
    try:
        return _graded(settings)
    except _Ended as ended:
        return ended.facts
    except mg.MinigradError as error:  # what no equations are known for
        return {"status": "usage", "reason": "setting", "got": str(error)}
    except (_OutOfTime, MemoryError) as error:  # in code of ours
        return {"status": "memory" if isinstance(error, MemoryError) else "timeout"}


def _graded(settings: Mapping[str, Any]) -> dict[str, Any]:
    module, function, name = _load(settings["student"], settings["function"])
    chosen = _chosen(settings, module)
    network, X, Y = _problem(chosen, settings["seed"], settings["examples"])

    def student(params: Any, X: Any, Y: Any) -> Any:
        grads = _run(name, function, params, X, Y)
        if not isinstance(grads, Mapping):
            got = "None" if grads is None else type(grads).__name__
            raise _Ended("no_mapping", who=name, got=got)
        return grads

    vars(student)["__signature__"] = inspect.signature(student)
    vars(student)["__wrapped__"] = function  # whose variables may tell more

    def words(diagnosis: Diagnosis) -> dict[str, Any]:
        return {
            "report": diagnosis.text(settings["lang"]),
            "diagnosis": diagnosis.to_dict(settings["lang"]),
        }

    try:
        diagnosis = diagnose(student, network, X, Y, loss=chosen["loss"])
    except _Ended as ended:
        facts = ended.facts
        if facts["status"] == "raises":  # what had been computed by then may tell why
            with contextlib.suppress(_Ended):
                diagnosis = _run(name, diagnose, function, network, X, Y, chosen["loss"])
                facts |= words(diagnosis) if diagnosis.checked else {}
        return facts
    return {"status": "right" if diagnosis.ok else "wrong"} | words(diagnosis)


def _load(student: str, function: str | None) -> tuple[Any, Callable[..., Any], str]:
    """The student's module, the function to check, and its name."""
    path, colon, name = student.rpartition(":")
    if not colon or not name.isidentifier():
        path, name = student, "backward"
    name = function or name
    if Path(path).suffix.lower() == ".py":
        module = _run(Path(path).name, _from_file, path)
    elif all(map(str.isidentifier, path.split("."))) and not Path(path).is_file():
        module = _run(path, _by_name, path)
    else:
        raise _Ended("usage", reason="source")
    found = getattr(module, name, None)
    if not callable(found):
        own = [k for k, v in vars(module).items() if inspect.isfunction(v) and k[0] != "_"]
        raise _Ended("usage", reason="function", who=name, got=", ".join(own[:10]))
    with contextlib.suppress(ValueError):  # what is written in C may not tell its signature
        signature = inspect.signature(found)
        try:
            signature.bind({}, 0, 0)
        except TypeError:
            raise _Ended("usage", reason="arguments", who=name, got=str(signature)) from None
    return module, found, name


def _from_file(path: str) -> Any:
    """The module of a file, run as `python file.py` would: what lies beside it can be imported."""
    if not Path(path).is_file():
        raise _Ended("usage", reason="file")
    sys.path.insert(0, str(Path(path).resolve().parent))
    loader = SourceFileLoader("__student__", path)  # also of a name that ends in .PY
    spec = importlib.util.spec_from_file_location("__student__", path, loader=loader)
    assert spec is not None  # where there is a loader
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def _by_name(path: str) -> Any:
    """The module package.module, looked for in the working directory first."""
    sys.path.insert(0, "")
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError as error:
        if f"{path}.".startswith(f"{error.name}."):
            raise _Ended("usage", reason="file") from None
        raise


def _chosen(settings: Mapping[str, Any], module: Any) -> dict[str, Any]:
    """Sizes, activations and loss: the setting, else the program's constant, else the default."""

    def constant(name: str) -> Any:  # a program may well call a function of its own `loss`
        value = getattr(module, name, None)
        return value if isinstance(value, str | tuple | list) else _DEFAULTS[name]

    return {name: settings[name] or constant(name) for name in _DEFAULTS}


def _problem(chosen: Mapping[str, Any], seed: int, m: int) -> tuple[DeepNetwork, Any, Any]:
    """A network with random parameters, biases included, and random data for its loss."""
    sizes, hidden = chosen["sizes"], chosen["hidden"]
    if isinstance(sizes, str):
        sizes = [int(n) if n.strip().isdecimal() else n for n in sizes.split(",")]
    if isinstance(hidden, str) and "," in hidden:
        hidden = hidden.split(",")
    try:
        rng = np.random.default_rng(seed)
        (m,) = sizes_of("examples", (m,))
        network = DeepNetwork(sizes, hidden, chosen["output"], init="xavier", seed=rng)
        loss, _ = choose_loss(network, chosen["loss"])
    except ValueError as error:
        raise _Ended("usage", reason="setting", got=str(error)) from None
    for b in network.b.values():
        b.data = rng.normal(0, 0.5, b.shape)
    X = rng.normal(size=(network.sizes[0], m))
    return network, X, _labels(loss.__name__, network.sizes[-1], m, rng)


def _labels(loss: str, n: int, m: int, rng: np.random.Generator) -> Any:
    """Y as the loss wants it: 0 or 1, a single 1 in each column, −1 or 1, or any number."""
    if loss == "cross_entropy":
        return np.eye(n)[:, rng.integers(0, n, m)]
    if loss == "hinge":
        return rng.choice([-1.0, 1.0], (n, m))
    if loss.startswith("binary_cross_entropy"):
        return rng.choice([0.0, 1.0], (n, m))
    return rng.normal(size=(n, m))


def _run(who: str, function: Callable[..., Any], *args: Any) -> Any:
    """function(*args); what it raises ends the check, with the student's part of the traceback."""
    try:
        return function(*args)
    except _Ended:
        raise
    except BaseException as error:
        ends = {SystemExit: "exits", MemoryError: "memory", _OutOfTime: "timeout"}
        status = next((ends[kind] for kind in ends if isinstance(error, kind)), "raises")
        raise _Ended(status, who=who, **_blame(error)) from None


def _blame(error: BaseException) -> dict[str, Any]:
    """What was raised, the student's line it came from, and the calls that led there from ours."""
    told = traceback.TracebackException.from_exception(error)
    only = list(told.format_exception_only())
    theirs = traceback.StackSummary.from_list(
        [frame for frame in told.stack if not frame.filename.startswith(_NOT_THEIRS)]
    )
    calls = theirs.format()
    at: tuple[Any, ...] | None = None
    if isinstance(error, SyntaxError):
        calls, at = only[:-1], (error.filename, error.lineno, (error.text or "").strip())
    elif theirs:
        at = theirs[-1].filename, theirs[-1].lineno, theirs[-1].line
    return {
        "got": _shown(next(line for line in only if not line.startswith(" ")).strip()),
        "where": at and dict(zip(("file", "line", "code"), at, strict=True)),
        "traceback": _shown("".join(calls)) or None,
    }


def _shown(text: str) -> str:
    """Text of the student's, cut where it gets long, with nothing a terminal would obey."""
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    text = text.expandtabs(4)
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def _limit(seconds: float, megabytes: float) -> None:
    """Bound this process where the system can: an alarm in time, processor time, memory.

    The alarm raises where the program is, so that the line can be told; the limit of processor
    time is for when nobody is left to end the process.
    """

    def alarm(*_: Any) -> NoReturn:
        raise _OutOfTime

    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, alarm)
        signal.setitimer(signal.ITIMER_REAL, seconds)
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        bounds = {"RLIMIT_CPU": math.ceil(seconds) + 10, "RLIMIT_AS": int(megabytes * 2**20)}
        for name, bound in bounds.items():
            what = getattr(resource, name)
            hard = resource.getrlimit(what)[1]
            most = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
            resource.setrlimit(what, (most, most))
