"""Wrong rules, made from right ones: by wrapping what a rule returns, and by editing its source.

A `Mutant` is a context manager: within it, one row of the op table has the wrong rule.
"""

import ast
import copy
import functools
import inspect
import itertools
import random
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

import minigrad as mg
from minigrad.ops.declare import Each, Joint
from minigrad.table import ROWS

KINDS = ("sign", "factor", "transposed", "dropped term", "wrong axis", "swapped operands", "other")


@dataclass(frozen=True)
class Mutant:
    """A mistake in the rule of one input of a row, or in a function that its rules call.

    Attributes:
        key: of the row.
        kind: one of KINDS.
        what: the change in words.
        planted: a context manager in which the mistake is there.
    """

    key: Any
    kind: str
    what: str
    planted: Callable[[], Any]


def mutants(key, most=None):
    """The mutants of a row; with `most`, only so many of them, always the same ones."""
    op = ROWS[key]
    n = rule_count(op)
    makers = [
        functools.partial(Mutant, key, kind, f"input {i}: {what}",
                          functools.partial(wrapped, op, i, wrap))
        for i in range(n)
        for kind, what, wrap in wraps(i, n)
    ]  # fmt: skip
    makers += [
        functools.partial(_edit, key, function, *edit)
        for function in sources(op)
        for edit in edits(function)
    ]
    if most is not None:
        random.Random(getattr(key, "__name__", key)).shuffle(makers)
    made = (mutant for make in makers if (mutant := make()) is not None)
    return itertools.islice(made, most)


def _edit(key, function, kind, what, place, change):
    """A mutant by one change of a function's source; None where that does not compile."""
    new = copy.deepcopy(node_of(function))
    target = next(itertools.islice(ast.walk(new), place, None))
    code = compiled(_Put(target, change(target)).visit(new), function)
    if code is None:
        return None
    planted = functools.partial(edited, function, code)
    return Mutant(key, kind, f"{function.__name__}: {what}", planted)


def rule_count(op):
    """For how many inputs a row has rules; of those for any number, the first two."""
    return len(op.vjps) if isinstance(op.vjps, tuple) else 2


# What a rule returns, changed ---------------------------------------------------------------------


def wraps(i, n):
    """(kind, what, wrap) for the i-th of n inputs; wrap takes all rules and gives a wrong one."""

    def on_result(change):
        def wrap(rules):
            def wrong(*given, **params):
                c = rules[i](*given, **params)
                return None if c is None else change(c)

            return wrong

        return wrap

    yield "sign", "minus", on_result(lambda c: -c)
    yield "factor", "twice", on_result(lambda c: 2 * c)
    yield "factor", "1.001 times", on_result(lambda c: 1.001 * c)
    yield "transposed", "axes swapped", on_result(transposed)
    yield "dropped term", "first element 0", on_result(without_first)
    yield "dropped term", "nothing", on_result(lambda c: 0 * c)
    yield "wrong axis", "rolled", on_result(lambda c: np.roll(c, 1))
    yield "other", "constant to second order", lambda rules: detached(rules[i])
    if n > 1:
        yield (
            "swapped operands",
            "the other input's rule",
            lambda rules: rules[1 - i if i < 2 else 0],
        )
        yield "swapped operands", "inputs swapped", lambda rules: with_swapped(rules[i])


def transposed(c):
    """With its last axes swapped, in the shape it had."""
    return np.reshape(np.swapaxes(c, -1, -2), c.shape) if np.ndim(c) > 1 else c


def without_first(c):
    """With a zero in the first place."""
    return c * (np.arange(np.size(c)).reshape(np.shape(c)) > 0)


def detached(rule):
    """Right, but its dependence on y and the inputs is not recorded."""

    def wrong(g, *given, **params):
        return rule(g, *map(mg.stop_gradient, given), **params)

    return wrong


def with_swapped(rule):
    """Called with the first two inputs in the wrong order."""

    def wrong(g, y, a, b, *rest, **params):
        return rule(g, y, b, a, *rest, **params)

    return wrong


@contextmanager
def wrapped(op, i, wrap):
    """The row with the wrong rule for input i."""
    before = op.vjps
    if isinstance(before, tuple):
        wrong = None if before[i] is None else wrap(before)
        rules = tuple(wrong if k == i else v for k, v in enumerate(before))
    else:
        rules = _Wrapped(before, i, wrap)
    object.__setattr__(op, "vjps", rules)
    try:
        yield
    finally:
        object.__setattr__(op, "vjps", before)


class _Wrapped:
    """Rules made as they are asked for, the i-th of them wrong."""

    def __init__(self, rules, i, wrap):
        self.rules, self.i, self.wrap = rules, i, wrap

    def __iter__(self) -> Iterator[Any]:
        made = _Made(iter(self.rules))
        for k in iter(int, None):  # without end
            yield self.wrap(made) if k == self.i else made[k]


class _Made:
    """Rules by number, from an iterator of them."""

    def __init__(self, rules):
        self.rules, self.made = rules, []

    def __getitem__(self, k):
        while len(self.made) <= k:
            self.made.append(next(self.rules))
        return self.made[k]


# The source, edited -------------------------------------------------------------------------------


def sources(op):
    """The Python functions of minigrad.ops in which a row's rules are written, helpers too."""
    rules = list(op.vjps) if isinstance(op.vjps, tuple) else [op.vjps.vjp]
    found, queue = {}, [r for r in rules if r is not None]
    while queue:
        function = queue.pop(0)
        if isinstance(function, functools.partial):
            function = function.func
        if isinstance(function, Each | Joint):
            function = function.vjp
        if not isinstance(function, types.FunctionType) or function in found:
            continue
        if not function.__module__.startswith("minigrad.ops"):
            continue
        cells = [c.cell_contents for c in function.__closure__ or ()]
        queue += [c for c in cells if callable(c)]
        names = function.__code__.co_names
        if function.__module__ != "minigrad.ops.declare":
            found[function] = None
            queue += [function.__globals__[n] for n in names if n in function.__globals__]
    return list(found)


@functools.cache
def _tree(path):
    with open(path, encoding="utf-8") as file:
        return ast.parse(file.read())


@functools.cache
def node_of(function):
    """The syntax tree of a function: the smallest that holds all of its instructions."""
    code = function.__code__
    places = {
        (a, c)
        for a, _, c, _ in code.co_positions()
        if a and c is not None and (a, c) != (code.co_firstlineno, 0)
    }
    fitting = []
    for node in ast.walk(_tree(inspect.getsourcefile(function))):
        if isinstance(node, ast.Lambda | ast.FunctionDef):
            start = (node.lineno, node.col_offset)
            end = (node.end_lineno, node.end_col_offset)
            if all(start <= place <= end for place in places):
                fitting.append((end[0] - start[0], end[1] - start[1], node))
    named = [f for f in fitting if getattr(f[2], "name", "<lambda>") == function.__name__]
    return min(named, key=lambda f: f[:2])[2] if named else None


def edits(function):
    """(kind, what, place, change) for each single change of the function's source."""
    node = node_of(function)
    for place, found in enumerate(ast.walk(node) if node else ()):
        line = f"line {getattr(found, 'lineno', 0)}"
        for kind, what, change in changes(found, node):
            yield kind, f"{line}: {what}", place, change


class _Put(ast.NodeTransformer):
    """One node in the place of another."""

    def __init__(self, target, new):
        self.target, self.new = target, new

    def visit(self, node):
        return self.new if node is self.target else super().generic_visit(node)


OTHER = {"sin": "cos", "cos": "sin", "sinh": "cosh", "cosh": "sinh", "exp": "expm1",
         "greater": "less", "less": "greater", "maximum": "minimum", "cumsum": "cumprod",
         "swapaxes": None, "conj": None, "conjugate": None, "flip": None,
         "transpose": None}  # fmt: skip
OPPOSITE = {
    ast.Add: ("sign", ast.Sub), ast.Sub: ("sign", ast.Add), ast.Mult: ("factor", ast.Div),
    ast.Div: ("factor", ast.Mult),
}  # fmt: skip
REVERSED = {ast.Gt: ast.Lt, ast.Lt: ast.Gt, ast.GtE: ast.LtE, ast.LtE: ast.GtE}


def changes(node, whole):
    """(kind, what, change) for each mistake one could make at a node of the syntax."""
    text = ast.unparse(node) if isinstance(node, ast.expr) else ""
    short = text if len(text) < 40 else text[:37] + "..."
    if isinstance(node, ast.BinOp):
        if type(node.op) in OPPOSITE:
            kind, other = OPPOSITE[type(node.op)]
            yield kind, f"{short}: the opposite operator", _with(op=other())
        if isinstance(node.op, ast.Add | ast.Sub):
            yield "dropped term", f"{short}: the left term alone", lambda n: n.left
            yield "dropped term", f"{short}: the right term alone", lambda n: n.right
        if isinstance(node.op, ast.Sub | ast.Div | ast.MatMult | ast.Pow):
            yield "swapped operands", f"{short}: swapped", _swapped_sides
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        if not isinstance(node.operand, ast.Constant):
            yield "sign", f"{short}: without the minus", lambda n: n.operand
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in REVERSED:
        yield "other", f"{short}: reversed", _with(ops=[REVERSED[type(node.ops[0])]()])
    elif isinstance(node, ast.Call):
        yield from of_call(node, short)
    elif isinstance(node, ast.Attribute) and node.attr in {"T", "mT"}:
        yield "transposed", f"{short}: not transposed", lambda n: n.value
    elif isinstance(node, ast.IfExp):
        yield "other", f"{short}: the other branch", lambda n: ast.IfExp(n.test, n.orelse, n.body)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield from of_name(node, whole)
    elif isinstance(node, ast.Constant) and type(node.value) in {int, float}:
        yield "factor", f"{short} + 1", _with(value=node.value + 1)


def of_call(node, short):
    """Mistakes in a call: another function, arguments swapped, another axis."""
    name = getattr(node.func, "attr", "")
    if name in OTHER and OTHER[name] is None and node.args:
        kind = "other" if name.startswith("conj") else "transposed"
        yield kind, f"{short}: {name} left out", lambda n: n.args[0]
    elif name in OTHER:
        yield "other", f"{short}: {OTHER[name]}", _renamed(OTHER[name])
    if len(node.args) > 1 and not any(isinstance(a, ast.Starred) for a in node.args[:2]):
        yield "swapped operands", f"{short}: arguments swapped", _swapped_arguments
    for k, keyword in enumerate(node.keywords):
        if keyword.arg == "axis":
            yield "wrong axis", f"{short}: axis 0", _other_axis(k)


def of_name(node, whole):
    """An argument in the place of another."""
    arguments = [a.arg for a in whole.args.args]
    if node.id in arguments and len(arguments) > 1:
        other = arguments[(arguments.index(node.id) + 1) % len(arguments)]
        yield "swapped operands", f"{other} for {node.id}", _with(id=other)


def _with(**fields):
    def change(node):
        new = copy.copy(node)
        for name, value in fields.items():
            setattr(new, name, value)
        return new

    return change


def _swapped_sides(node):
    return ast.BinOp(node.right, node.op, node.left)


def _swapped_arguments(node):
    return ast.Call(node.func, [node.args[1], node.args[0], *node.args[2:]], node.keywords)


def _renamed(name):
    return lambda node: ast.Call(_with(attr=name)(node.func), node.args, node.keywords)


def _other_axis(k):
    def change(node):
        keywords = list(node.keywords)
        keywords[k] = ast.keyword("axis", ast.Constant(0))
        return ast.Call(node.func, node.args, keywords)

    return change


def compiled(node, function):
    """The code of a changed function, for the same closure; None where it does not compile."""
    free = function.__code__.co_freevars
    if isinstance(node, ast.Lambda):
        body = [ast.Return(node)]
    else:
        node.decorator_list, node.returns = [], None
        for argument in [*node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]:
            if argument is not None:
                argument.annotation = None
        body = [node]
    outer = ast.parse(f"def outer({', '.join(free)}): pass").body[0]
    outer.body = body
    module = ast.fix_missing_locations(ast.Module([outer], []))
    made = compile(module, "<mutant>", "exec").co_consts[0]
    inner = [c for c in made.co_consts if isinstance(c, types.CodeType)]
    code = inner[-1] if inner else None
    same = code is not None and code.co_freevars == free
    return code if same and code.co_name == function.__code__.co_name else None


@contextmanager
def edited(function, code):
    """The function with other code."""
    before = function.__code__
    function.__code__ = code
    try:
        yield
    finally:
        function.__code__ = before
