"""Reading a formula: its tokens, then precedence climbing, to steps in the order of computation.

Read next: `minigrad.cli`.
"""

from __future__ import annotations

import re
import unicodedata
from difflib import get_close_matches
from typing import Any, NoReturn

import numpy as np

from minigrad.expression.program import (
    CONSTANTS,
    FUNCTIONS,
    OPERATORS,
    SIGNS,
    TRANSPOSED,
    ExpressionError,
    Function,
    Program,
    Step,
    Token,
)
from minigrad.tensor import Tensor

__all__ = ["parse"]

LENGTH = 10_000  # characters
DEPTH = 100  # operands within operands
OPERATIONS = 1_000

_BINDS = {**dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), 1), "+": 2, "-": 2,
          **dict.fromkeys(("*", "/", "@", "%", "//"), 3), "**": 5}  # fmt: skip
_SIGN = 4  # how tightly a sign binds: -x**2 is -(x**2)
_WORDS = {"True": True, "False": False, "None": None}
_INSTEAD = {
    "^": "**",
    "×": "*",
    "·": "*",
    "∗": "*",
    "÷": "/",
    "−": "-",
    "≤": "<=",
    "≥": ">=",
    "²": "**2",
    "³": "**3",
}

_TOKEN = re.compile(
    r"(?P<space>[^\S\n]+|\#[^\n]*)"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<sign>\*\*|//|[<>=!]=|[-+*/@%<>()\[\],;:=.]|\n)"
)


def parse(source: str) -> Program:
    """Read a formula.

    Args:
        source: in the language above.

    Returns:
        The `Program`, to be `run`.

    Raises:
        ExpressionError: it is none, or longer, deeper or larger than the bounds allow.

    >>> parse("3*(a + b*c)").names
    ('a', 'b', 'c')
    >>> parse("3*(a + )")
    Traceback (most recent call last):
    minigrad.expression.program.ExpressionError: expected a number, a name, '(' or '[', got ')'
        3*(a + )
               ^
    """
    return _Parser(unicodedata.normalize("NFC", source)).program()


class _Parser:
    """Where it is in the tokens, and the steps so far."""

    def __init__(self, source: str) -> None:
        self.source = source
        if len(source) > LENGTH:
            message = f"{len(source):,} characters; expected at most {LENGTH:,}"
            raise ExpressionError(message, source, LENGTH)
        self.tokens = self._tokens()
        self.at = 0
        self.depth = 0
        self.steps: list[Step] = []
        self.calls = 0

    def _tokens(self) -> list[Token]:
        found, at, open_ = [], 0, 0
        while at < len(self.source):
            match = _TOKEN.match(self.source, at)
            kind, text = (str(match.lastgroup), match[0]) if match else ("", "")
            while kind == "name" and text and not text.isidentifier():  # \w has a ² too
                text = text[:-1]
            if not text:
                c = self.source[at]
                hint = f"; write {_INSTEAD[c]}" if c in _INSTEAD else ""
                shown = repr(c) if c.isprintable() else f"U+{ord(c):04X}"
                raise ExpressionError(f"{shown} has no meaning here{hint}", self.source, at)
            open_ += (text in {"(", "["}) - (text in {")", "]"})
            if kind != "space" and not (text == "\n" and open_ > 0):
                found.append(Token(kind, text, at))
            at += len(text)
        return [*found, Token("end", "", len(self.source))]

    # Tokens -------------------------------------------------------------------------------------

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def take(self, *texts: str) -> Token | None:
        """The next token, if it is one of these signs."""
        token = self.next
        if token.kind != "sign" or token.text not in texts:
            return None
        self.at += 1
        return token

    def need(self, text: str, what: str) -> None:
        if not self.take(text):
            self.fail(f"expected {what}, got {self.next}")

    def fail(self, message: str, token: Token | None = None) -> NoReturn:
        token = token or self.next
        raise ExpressionError(message, self.source, token.at, len(token.text.strip()))

    def do(self, kind: str, what: Any, token: Token, taken: int = 0, **options: Any) -> None:
        self.calls += kind == "call"
        if self.calls > OPERATIONS:
            self.fail(f"more than {OPERATIONS:,} operations", token)
        self.steps.append(Step(kind, what, token, taken, options))

    # The grammar --------------------------------------------------------------------------------

    def program(self) -> Program:
        assigned: set[str] = set()
        needed: dict[str, None] = {}
        while True:
            while self.take(";", "\n"):
                pass
            if self.next.kind == "end":
                break
            start = len(self.steps)
            name = self._target()
            self.expression()
            for step in self.steps[start:]:
                if step.kind == "name" and not (step.what in assigned or step.what in CONSTANTS):
                    needed[step.what] = None
            if name:
                assigned.add(name.text)
                self.do("assign", name.text, name, 1)
            if self.next.kind != "end" and self.next.text not in {";", "\n"}:
                self._fail_after()
        if not self.steps:
            self.fail("expected a formula, such as 3*(a + b*c)")
        return Program(self.source, tuple(self.steps), tuple(needed))

    def _target(self) -> Token | None:
        name, equals = (
            self.tokens[self.at : self.at + 2] if self.next.kind != "end" else [self.next] * 2
        )
        if name.kind != "name" or equals.text != "=":
            return None
        self.at += 2
        return name

    def _fail_after(self) -> NoReturn:
        token, before = self.next, self.tokens[self.at - 1]
        if token.text == "=":
            self.fail("expected a single name before '='; to compare write ==")
        if before.text in FUNCTIONS and token.kind in {"name", "number"}:
            self.fail(f"expected '(' after {before}: {before.text}({token.text})")
        if token.kind in {"name", "number"} or token.text == "(":
            self.fail(f"expected an operator between {before} and {token}; to multiply write *")
        self.fail(f"expected an operator or the end, got {token}")

    def expression(self, binds: int = 1) -> None:
        """Operands joined by operators that bind at least as tightly as `binds`."""
        self.depth += 1
        if self.depth > DEPTH:
            self.fail("nested too deeply")
        self._operand()
        while (token := self.next).kind == "sign" and _BINDS.get(token.text, 0) >= binds:
            self.at += 1
            level = _BINDS[token.text]
            self.expression(_SIGN if token.text == "**" else level + 1)
            self.do("call", Function(OPERATORS[token.text], joins=token.text != "@"), token, 2)
            if level == 1 and _BINDS.get(self.next.text) == 1:
                self.fail("comparisons do not chain; write (a < b) * (b < c)")
        self.depth -= 1

    def _operand(self) -> None:
        token = self.next
        if self.take("-", "+"):
            self.expression(_SIGN)
            self.do("call", SIGNS[token.text], token, 1)
            return
        if token.kind not in {"number", "name"} and token.text not in {"(", "["}:
            self.fail(f"expected a number, a name, '(' or '[', got {token}")
        self.at += 1
        if token.kind == "number":
            self.do("number", np.float64(token.text), token)
        elif token.text == "(":
            self.expression()
            self.need(")", "an operator or ')'")
        elif token.text == "[":
            self.do("list", None, token, self._several("]"))
        elif self.next.text == "(":
            self._call(token, 0)
        else:
            self.do("name", token.text, token)
        self._postfixes()

    def _several(self, end: str) -> int:
        """Expressions with commas between and `end` after them: how many."""
        n = 0
        while not self.take(end):
            if n:
                self.need(",", f"an operator, ',' or {end!r}")
            self.expression()
            n += 1
        if not n:
            self.fail("expected at least one element", self.tokens[self.at - 1])
        return n

    def _postfixes(self) -> None:
        while token := self.take(".", "["):
            if token.text == "[":
                self.do("part", self._index(), token, 1)
                continue
            name = self.next
            if name.kind != "name":
                self.fail(f"expected T or a function's name after '.', got {name}")
            self.at += 1
            if name.text == "T":
                self.do("call", TRANSPOSED, name, 1)
            elif not hasattr(Tensor, name.text) or name.text not in FUNCTIONS:
                self.fail(f"no method is called {name.text}; expected T, sum, mean, …", name)
            elif self.next.text != "(":
                self.fail(f"expected '(' after {name.text}, got {self.next}")
            else:
                self._call(name, 1)

    def _call(self, name: Token, n: int) -> None:
        """The operands between parentheses, after `n` that are there already."""
        function = FUNCTIONS.get(name.text)
        if function is None:
            close = get_close_matches(name.text, FUNCTIONS, 1)
            hint = f"did you mean {close[0]}?" if close else f"to multiply write {name.text}*(…)"
            self.fail(f"no function is called {name.text}; {hint}", name)
        self.at += 1
        options: dict[str, Any] = {}
        first = n
        while not self.take(")"):
            if n > first or options:
                self.need(",", "an operator, ',' or ')'")
            if self.next.kind == "name" and self.tokens[self.at + 1].text == "=":
                self._option(name, function, options)
            elif options:
                self.fail("expected the operands before the options")
            else:
                self.expression()
                n += 1
        if not function.least <= n <= function.most:
            takes = f"{function.least} operand{'s' * (function.least > 1)}"
            more = f"{name.text}imum"
            hint = f"; the {name.text} of two is {more}(a, b)" if more in FUNCTIONS else ""
            self.fail(f"{name.text} takes {takes}, got {n}{hint}", name)
        self.do("call", function, name, n, **options)

    def _option(self, name: Token, function: Function, options: dict[str, Any]) -> None:
        key = self.next
        if key.text in options:
            self.fail(f"{name.text} has {key.text}= already")
        if key.text not in function.options:
            takes = ", ".join(function.options) or "none"
            self.fail(f"{name.text} takes no option {key.text}; it takes {takes}")
        self.at += 2
        if self.take("("):
            sizes = [self._integer()]
            while self.take(","):
                sizes.append(self._integer())
            self.need(")", "',' or ')'")
            options[key.text] = tuple(sizes)
        elif self.next.text in _WORDS:
            options[key.text] = _WORDS[self.next.text]
            self.at += 1
        else:
            options[key.text] = self._integer()

    def _index(self) -> tuple[int | slice, ...]:
        parts = [self._part()]
        while self.take(","):
            parts.append(self._part())
        self.need("]", "',', ':' or ']'")
        return tuple(parts)

    def _part(self) -> int | slice:
        ends = [self._bound()]
        while len(ends) < 3 and self.take(":"):
            ends.append(self._bound())
        if len(ends) > 1:
            return slice(*ends)
        if ends[0] is None:
            self.fail(f"expected a whole number or ':', got {self.next}")
        return ends[0]

    def _bound(self) -> int | None:
        return None if self.next.text in {":", "]", ","} else self._integer()

    def _integer(self) -> int:
        sign = -1 if self.take("-") else 1
        token = self.next
        if not re.fullmatch(r"\d{1,9}", token.text, re.ASCII):
            self.fail(f"expected a whole number, got {token}")
        self.at += 1
        return sign * int(token.text)
