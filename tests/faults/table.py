"""The fault table: what goes wrong, and what then happens; each row is a test of its own.

python tests/faults/table.py        writes README.md beside it
"""

import ast
from pathlib import Path

HERE = Path(__file__).parent


def rows():
    """(area, fault, outcome) of each test: its module's and its own docstring."""
    for path in sorted(HERE.glob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        area = ast.get_docstring(tree).splitlines()[0].rstrip(".")
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                text = " ".join(ast.get_docstring(node).split())
                fault, _, outcome = text.partition(": ")
                yield area, fault, outcome.rstrip(".").replace("|", "\\|")


def text():
    """The table in Markdown."""
    lines = ["# Faults", "", "Each row is a test; `python tests/faults/table.py` writes this."]
    area = None
    for here, fault, outcome in rows():
        if here != area:
            lines += ["", f"## {here}", "", "| fault | what happens |", "|---|---|"]
            area = here
        lines.append(f"| {fault} | {outcome} |".replace("\n", " "))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (HERE / "README.md").write_text(text(), encoding="utf-8")
