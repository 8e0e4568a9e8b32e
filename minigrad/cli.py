"""The command `minigrad "3*(a + b*c)" a=5 b=3 c=2`: values, derivatives and what nudging gives.

Read next: `minigrad.expression`, the language it takes.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from textwrap import fill
from typing import Any, TextIO

import numpy as np

from minigrad import checking
from minigrad.errors import GraphError, MinigradError
from minigrad.expression import FUNCTIONS, ExpressionError, Program, parse
from minigrad.expression.program import columns
from minigrad.graph import Graph, Node, graph
from minigrad.tensor import Tensor
from minigrad.viz.text import formula, kind, summary

__all__ = ["main", "recorded", "table"]

NUDGE = 0.001
_REPLAYS = 50_000  # nodes that nudging may compute again
_BOLD, _BLUE, _RED = "1", "34", "31"
_INKS = (_BOLD, "", "", _BLUE, _RED, "", _BLUE, _RED)  # of the table's columns

_DESCRIPTION = """\
Compute a formula, differentiate it, and check each derivative by nudging: the table shows
every value, every derivative dJ/d·, and ΔJ/Δ·, how much J moves as that value is nudged by 0.001.
"""
_EPILOG = f"""\
formulas:
  3*(a + b*c)                      numbers, names, + - * / ** @ % //, comparisons, parentheses
  u = b*c; v = a + u; J = 3*v      statements; what they name is shown by its name
  ((W @ x - [1, 2])**2).mean()     lists are arrays; .T, x[0], x[:, 1:], sum(x, axis=0)

functions:
{fill(", ".join([*FUNCTIONS, "pi", "e"]), 88, initial_indent="  ", subsequent_indent="  ")}

examples:
  minigrad "3*(a + b*c)" a=5 b=3 c=2
  minigrad "u = b*c; v = a + u; J = 3*v" a=5 b=3 c=2 --explain b --svg J.svg
  minigrad "sum(tanh(W @ x))" "W=[[1, 2], [3, 4]]" "x=[0.1, 0.2]" --latex > J.tex
  minigrad check student.py        is a hand-written backward pass right? See check --help
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is 0, or 2 if what was asked for makes no sense."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a terminal that has no Δ shows ?
    try:
        with np.errstate(all="ignore"):  # an infinity or nan is shown as what it is
            code = _run([*(sys.argv[1:] if argv is None else argv)])
        sys.stdout.flush()
    except BrokenPipeError:  # head has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _run(argv: list[str]) -> int:
    if argv[:1] == ["check"]:
        checker = argparse.ArgumentParser(
            prog="minigrad check", description="Is a hand-written backward pass right?"
        )
        checking.add_arguments(checker)
        return checking.run(checker.parse_args(argv[1:]))
    args = _parser().parse_intermixed_args([_shielded(a) for a in argv])
    try:
        shown = recorded(args.formula, args.values)
        texts = [view(shown) for view in _views(args)]
        print("\n\n".join(texts or [table(shown, _colours(args.no_color, sys.stdout))]))
        for path, write in _files(args):
            write(shown, path)
            print(f"wrote {path}", file=sys.stderr)
    except BrokenPipeError:
        raise
    except (MinigradError, OSError) as error:
        message = str(error)
        if isinstance(error, OSError):
            message = f"{error.filename}: {error.strerror}"
        print(f"minigrad: {message}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="minigrad",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("formula", help="what to compute")
    add(
        "values",
        nargs="*",
        default=[],
        metavar="NAME=VALUE",
        help="its variables: a=5, x=[1,2], t=pi/4",
    )
    add("--explain", metavar="NAME", help="print in words why dJ/dNAME is what it is")
    add("--latex", action="store_true", help="print the equations in LaTeX")
    add("--tikz", action="store_true", help="print the picture in TikZ")
    add("--html", metavar="FILE", help="write the graph as a page to step through")
    add("--svg", metavar="FILE", help="write the picture as SVG")
    add("--png", metavar="FILE", help="write the picture as PNG")
    add("--dot", metavar="FILE", help="write the picture in Graphviz's DOT language")
    add("--no-color", action="store_true", help="no colours (also: NO_COLOR=1)")
    add("--version", action="version", version=f"minigrad {_version()}")
    return parser


def _version() -> str:
    try:
        return version("minigrad")
    except PackageNotFoundError:
        return "(not installed)"


def _shielded(argument: str) -> str:
    """A formula such as -a*b, told apart from an option by a space before it."""
    dashed = argument.startswith("-") and not argument.startswith("--") and argument != "-h"
    return f" {argument}" if dashed else argument


def recorded(formula: str, values: Sequence[str]) -> Graph:
    """The graph of a formula for values given as `name=value`.

    Args:
        formula: in the language of `minigrad.expression`.
        values: one for each name of the formula that needs one.

    Returns:
        The graph of the formula's last statement, which is called J if it has no name.

    Raises:
        ExpressionError: the formula or a value cannot be read or computed.

    >>> recorded("3*(a + b*c)", ["a=5", "b=3", "c=2"])["b"].grad.item()
    6.0
    """
    program = parse(formula.strip())
    used = {step.what for step in program.steps if step.kind == "name"}
    known: dict[str, Any] = {}
    for text in values:
        name, value = _assignment(text.strip())
        if name in known or name not in used:
            wrong = f"{name} is given twice" if name in known else f"the formula has no {name}"
            raise ExpressionError(wrong, text.strip(), 0, len(name))
        known[name] = value.run()[name]
    names = program.run(known)
    result = names[""]
    if not isinstance(result, Tensor):
        message = "nothing varies here; name a number: 3*a with a=5"
        raise ExpressionError(message, program.source, 0, len(program.source))
    if result.name is None and "J" not in names:
        result.name = "J"
    return graph(result)


def _assignment(text: str) -> tuple[str, Program]:
    """The name in `name=value`, and the whole as a program."""
    program = parse(text)
    *others, last = program.steps
    if last.kind != "assign" or any(step.kind == "assign" for step in others):
        raise ExpressionError("expected NAME=VALUE, such as a=5", text, 0)
    if program.names:
        raise ExpressionError("a value is made of numbers", text, text.index("=") + 1)
    return last.what, program


def _views(args: argparse.Namespace) -> list[Any]:
    """What is printed instead of the table: functions of the graph."""
    views = [
        (args.explain, lambda shown: shown.explain(args.explain)),
        (args.latex, Graph.to_latex),
        (args.tikz, Graph.to_tikz),
    ]
    return [view for asked, view in views if asked]


def _files(args: argparse.Namespace) -> list[tuple[str, Any]]:
    """What is written: paths, with functions of the graph and the path."""

    def dot(shown: Graph, path: str) -> None:
        with open(path, "w", encoding="utf-8") as file:
            file.write(shown.to_dot())

    def drawn(form: str) -> Any:
        def write(shown: Graph, path: str) -> None:
            if not path.lower().endswith(f".{form}"):
                raise GraphError(f"--{form}: got {path!r}; expected a name ending in .{form}")
            shown.render(path)

        return write

    files = [
        (args.html, Graph.to_html),
        (args.svg, drawn("svg")),
        (args.png, drawn("png")),
        (args.dot, dot),
    ]
    return [(path, write) for path, write in files if path is not None]


# The table ----------------------------------------------------------------------------------------


def _colours(refused: bool, stream: TextIO) -> bool:
    """Whether the stream is a terminal that shows colours and nobody asked for none."""
    if refused or os.environ.get("NO_COLOR") or not stream.isatty():
        return False
    modern = sys.platform != "win32" or {"WT_SESSION", "ANSICON", "TERM"} & os.environ.keys()
    return bool(modern) and os.environ.get("TERM") != "dumb"


def table(shown: Graph, colours: bool = False) -> str:
    """Every node with its value, its derivative, and what nudging it does to the output.

    >>> print(table(recorded("3*(a + b*c)", ["a=5", "b=3", "c=2"])))
        computed as  value  dJ/d·  nudged  J       ΔJ/Δ·
    a   variable     5      3      5.001   33.003  3
    b   variable     3      6      3.001   33.006  6
    c   variable     2      9      2.001   33.009  9
    t1  b * c        6      3      6.001   33.003  3
    t2  a + t1       11     3      11.001  33.003  3
    J   3 * t2       33     1
    """
    of, typed = shown.of, any(node.shape or node.dtype != np.float64 for node in shown)
    rows = [["", "type", "computed as", "value", f"d{of}/d·", "nudged", of, f"Δ{of}/Δ·"]]
    for node in shown:
        grad = "" if node.grad is None else summary(node.grad)
        told = [node.name, kind(node) if typed else "", formula(node), summary(node.value), grad]
        rows.append([*told, *_nudged(shown, node)])
    inked = []
    for ink, column in zip(_INKS, zip(*rows, strict=True), strict=True):
        if any(column[1:]):
            width = max(map(columns, column))
            codes = [_BOLD, *[ink] * len(shown)] if colours else [""] * len(rows)
            inked.append([_inked(c, width, code) for c, code in zip(column, codes, strict=True)])
    lines = ["  ".join(cells).rstrip() for cells in zip(*inked, strict=True)]
    if not of:
        (result,) = shown.outputs
        what = f"{result.name} is {kind(result)}"
        lines += ["", f"{what}; only one number has derivatives: its sum(), say"]
    return "\n".join(lines)


def _inked(cell: str, width: int, code: str) -> str:
    blank = " " * (width - columns(cell))
    return f"\x1b[{code}m{cell}\x1b[0m{blank}" if code and cell else cell + blank


def _nudged(shown: Graph, node: Node) -> list[str]:
    """What a number is nudged to, what the output becomes, and the ratio of the changes.

    Of an array each element is nudged alone: only the ratios are shown. Nothing, where nothing
    can be nudged or it would take too long.
    """
    cost = len(shown) * sum(n.value.size for n in shown if n.grad is not None)
    if node.grad is None or node.name == shown.of or cost > _REPLAYS:
        return [""] * 3
    before = shown[shown.of].value.item()
    after = np.empty(node.shape)
    for place in np.ndindex(node.shape):
        delta = np.zeros(node.shape)
        delta[place] = NUDGE
        try:
            after[place] = shown.nudge(node.name, delta)[shown.of].value.item()
        except MinigradError:  # of a matrix that is singular there
            after[place] = np.nan
    ratio = summary((after - before) / NUDGE, digits=6)
    if node.shape:
        return ["", "", ratio]
    return [f"{node.value + NUDGE:.10g}", f"{after.item():.10g}", ratio]
