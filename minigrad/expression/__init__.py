"""A small language for formulas: `u = b*c; v = a + u; J = 3*v`, read safely and recorded.

    program    = statement { (";" | newline) [ statement ] }
    statement  = [ NAME "=" ] comparison
    comparison = sum [ ("<" | "<=" | ">" | ">=" | "==" | "!=") sum ]
    sum        = product { ("+" | "-") product }
    product    = unary { ("*" | "/" | "@" | "%" | "//") unary }
    unary      = ("+" | "-") unary | power
    power      = postfix [ "**" unary ]
    postfix    = atom { ".T" | "." NAME "(" [ operands ] ")" | "[" part { "," part } "]" }
    atom       = NUMBER | NAME | NAME "(" operands ")" | "(" comparison ")" | list
    list       = "[" comparison { "," comparison } "]"
    operands   = comparison { "," comparison } { "," NAME "=" option }
    option     = INTEGER | "(" INTEGER { "," INTEGER } ")" | "True" | "False" | "None"
    part       = INTEGER | [ INTEGER ] ":" [ INTEGER ] [ ":" [ INTEGER ] ]

Operators and functions are NumPy's. A name to which numbers are assigned is a variable. Nothing
of Python is ever evaluated: a formula may come from a stranger, and what it can ask for is bounded
in length, depth, number of operations and size of arrays.

Read next: `minigrad.expression.program`.
"""

from minigrad.expression.program import FUNCTIONS, ExpressionError, Program
from minigrad.expression.reading import parse

__all__ = ["FUNCTIONS", "ExpressionError", "Program", "parse"]
