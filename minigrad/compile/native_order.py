"""The order of lines: as written, except that what overwrites an input comes after its readers.

Read next: `minigrad.compile.native_plan`.
"""

from __future__ import annotations

from collections.abc import Mapping

from minigrad.program import Line, Program

__all__ = ["ordered"]


def ordered(program: Program, donated: Mapping[int, int]) -> list[Line]:
    """The program's lines, each after those it uses.

    A line whose result goes where an input is waits, if nothing else uses it, until all other
    readers of that input are placed.
    """
    waits: dict[Line, Line] = {}
    for i, n in donated.items():
        if program.outputs[i] not in program.inputs:
            waits.setdefault(program.outputs[i], program.inputs[n])
    users: dict[Line, set[Line]] = {x: set() for x in (*program.inputs, *program.lines)}
    for line in program.lines:
        for a in line.inputs:
            if isinstance(a, Line):
                users[a].add(line)
    late: set[Line] = set()
    for line in reversed(program.lines):
        if line in waits and users[line] <= late:
            late.add(line)
    done: dict[Line, None] = {}

    def ready(y: Line) -> bool:
        needs = (a for a in y.inputs if isinstance(a, Line) and a.op is not None)
        return users[waits[y]] - {y} <= done.keys() and all(a in done for a in needs)

    for line in program.lines:
        if line not in late:
            done[line] = None
            for y in [y for y in program.lines if y in late and y not in done]:
                if ready(y):
                    done[y] = None
    done.update(dict.fromkeys(program.lines))
    return list(done)
