"""`minigrad check student.py`: is a hand-written backward pass right, and if not, what is wrong?

The student's code runs in a process of its own (`nn.grading`) under limits of time and memory:
limits against accidents, not a prison for hostile code. What it prints goes to stderr, so that
stdout is the report, or with `--json` one object, whose schema stays as it is:

    schema       1
    status       right wrong | raises exits no_mapping timeout memory died | usage
    ok           whether status is "right": all that was handed in is; what was not stands in the
                 diagnosis's note "not_given"
    message      what happened, in a sentence
    where        {"file", "line", "code"} of the line that raised, left or was in work, or null
    traceback    the student's calls that led there, as text, or null
    report       the table of quantities and what is said of each, as text, or null
    diagnosis    the same, as `nn.Diagnosis.to_dict` has it; null where there is no report

A program that raises has a report if what it had computed by then allows one. `--lang` chooses
the language of message and report.

The exit code is 0 for "right", 2 for "usage" (no such file or function, sizes that make no
network), 1 for everything else.

Read next: `nn.grading`, what runs there.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from typing import Any

__all__ = ["add_arguments", "run"]

_GRACE = 5.0  # seconds in which the process that ran out of time may say where it was

_SAYS = {
    "en": {
        "raises": "{function} raises {error}",
        "exits": "{function} ends the program (sys.exit) instead of returning its derivatives",
        "no_mapping": "{function} returns {got}; expected a mapping: {{'dW1': …, 'db1': …, …}}",
        "timeout": "{function} is not done after {timeout:g} s (--timeout)",
        "memory": "{function} takes more than {memory:g} MB of memory (--memory)",
        "died": "the process that ran {function} ended without a result ({got})",
        "file": "{student}: there is no such file or module",
        "source": "{student}: not a Python program; expected file.py or package.module:function",
        "function": "{student} has no function {function}; it has: {got}",
        "arguments": "{function} takes {got}; it is called as {function}(params, X, Y)",
        "setting": "{got}",
        "nothing": "none",
    },
    "zh": {
        "raises": "{function} 抛出异常 {error}",
        "exits": "{function} 结束了程序（sys.exit），没有返回导数",
        "no_mapping": "{function} 返回的是 {got}；应返回字典：{{'dW1': …, 'db1': …, …}}",
        "timeout": "{function} 运行 {timeout:g} 秒后仍未结束（--timeout）",
        "memory": "{function} 占用的内存超过 {memory:g} MB（--memory）",
        "died": "运行 {function} 的进程没有给出结果就结束了（{got}）",
        "file": "{student}：没有这个文件或模块",
        "source": "{student}：不是 Python 程序；应为 file.py 或 package.module:function",
        "function": "{student} 中没有函数 {function}；其中有：{got}",
        "arguments": "{function} 的参数是 {got}；调用方式为 {function}(params, X, Y)",
        "setting": "{got}",
        "nothing": "没有",
    },
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `minigrad check` takes; `run` is given what was parsed."""
    parser.epilog = "exit code: 0 right, 1 wrong, 2 used wrongly"
    add = parser.add_argument
    add("student", help="file.py, or package.module:function")
    add("--function", metavar="NAME", help="called as NAME(params, X, Y) (default: backward)")
    network = parser.add_argument_group(
        "network", "what is not given here is read from constants sizes, hidden, … of the program"
    ).add_argument
    network("--sizes", metavar="N,…", help="n[0],…,n[L] (default: 3,4,1)")
    network("--hidden", metavar="G", help="activation of hidden layers, or g,g,… (default: tanh)")
    network("--output", metavar="G", help="activation of the last layer (default: sigmoid)")
    network("--loss", metavar="NAME", help="a loss of nn (default: the output's own)")
    add("--seed", type=int, default=0, metavar="N", help="of parameters and data (default: 0)")
    add("--examples", type=int, default=7, metavar="M", help="how many (default: 7)")
    add("--timeout", type=_positive, default=20.0, metavar="S", help="seconds (default: 20)")
    add("--memory", type=_positive, default=1024.0, metavar="MB", help="(default: 1024)")
    add("--json", action="store_true", help="one JSON object, for programs")
    add("--lang", choices=[*_SAYS], default="en", help="language of the report (default: en)")


def _positive(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 < float(text) < float("inf"):
            return float(text)
    raise argparse.ArgumentTypeError(f"got {text!r}; expected a number above 0")


def run(args: argparse.Namespace) -> int:
    """Check the student's program and print the report.

    Args:
        args: what a parser with `add_arguments` parsed.

    Returns:
        The exit code: 0 right, 1 wrong, 2 used wrongly.
    """
    outcome = _outcome(args)
    if args.json:
        print(json.dumps(outcome, indent=2))
    else:
        blocks = [outcome["report"]]
        if outcome["status"] not in {"right", "wrong"}:  # whose message ends the report
            blocks.insert(0, "\n".join([outcome["message"], outcome["traceback"] or ""]).rstrip())
        print(*filter(None, blocks), sep="\n\n")
    return {"right": 0, "usage": 2}.get(outcome["status"], 1)


def _outcome(args: argparse.Namespace) -> dict[str, Any]:
    """The object that `--json` prints."""
    facts = _graded(args)
    status, says = facts["status"], _SAYS[args.lang]
    got = facts.get("got") or says["nothing"]
    name = {"function": facts.get("who", args.function or args.student), "got": got, "error": got}
    if status in {"right", "wrong"}:
        message = facts["report"].splitlines()[-1]
    else:
        message = says[facts.get("reason", status)].format(**vars(args) | name)
    return {
        "schema": 1,
        "status": status,
        "ok": status == "right",
        "message": message,
        **{key: facts.get(key) for key in ("where", "traceback", "report", "diagnosis")},
    }


def _graded(args: argparse.Namespace) -> dict[str, Any]:
    """What `nn.grading`, or the way it ended, says of the student's program.

    The process gets our module path, whatever else its environment says, and one thread.
    """
    boot = f"import sys; sys.path[:] = {sys.path!r}; from nn.grading import main; main()"
    command = [sys.executable, "-I", "-X", "utf8", "-c", boot, json.dumps(vars(args), default=str)]
    threads = {f"{lib}_NUM_THREADS": "1" for lib in ("OMP", "OPENBLAS", "MKL")}
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, start_new_session=True,
            env={**os.environ, **threads, "MPLBACKEND": "Agg"},
        )  # fmt: skip
        try:
            code: int | None = child.wait(args.timeout + _GRACE)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            _kill(child)
        out.seek(0)
        text = out.read()
    if code == 0 and text:
        facts: dict[str, Any] = json.loads(text)
        return facts
    if code is None or code == -getattr(signal, "SIGXCPU", 0):
        return {"status": "timeout"}
    return {"status": "died", "got": f"exit code {code}" if code >= 0 else signal.strsignal(-code)}


def _kill(child: subprocess.Popen[bytes]) -> None:
    """End a process and all it has started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):  # nothing is left of it
            os.killpg(child.pid, signal.SIGKILL)
    child.kill()
    child.wait()
