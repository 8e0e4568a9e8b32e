"""Turn every lecture example into a notebook, and run it if asked to."""

from __future__ import annotations

import argparse
import ast
import os
from pathlib import Path
from typing import Any

import jupytext

HERE = Path(__file__).resolve().parent
SHOW = """from IPython.display import SVG, Image, display

out = Path("out")
main(out)
for path in sorted(out.glob("{stem}*")):
    if path.suffix in {{".png", ".svg"}}:
        display(Image(path) if path.suffix == ".png" else SVG(path))"""


def notebook(script: Path) -> Any:
    """The script's text as Markdown, its definitions as cells, and at the end a call of main."""
    source = script.read_text(encoding="utf8")
    title = script.stem.replace("_", " ").capitalize()
    body = source[: source.index('\nif __name__ == "__main__":')]
    tree = ast.parse(body)
    text = f"# {title}\n\n{ast.get_docstring(tree)}"
    code = "".join(body.splitlines(keepends=True)[tree.body[0].end_lineno :])
    comment = "".join(f"# {line}".rstrip() + "\n" for line in text.splitlines())
    call = SHOW.format(stem=script.stem[:2])
    return jupytext.reads(f"{comment}\n{code}\n# +\n{call}\n", "py:light")


def execute(made: Any, folder: Path) -> None:
    """Run every cell in a kernel of its own, in that folder; raises where a cell does."""
    from nbclient import NotebookClient

    paths = [str(HERE.parent), os.environ.get("PYTHONPATH", "")]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    client = NotebookClient(
        made, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.execute(env=env)


def main(out: Path, run: bool, only: str) -> None:
    """Write `out`/NN_name.ipynb for each script whose name starts with `only`."""
    out.mkdir(parents=True, exist_ok=True)
    for script in sorted((HERE / "lectures").glob(f"{only}*.py")):
        made = notebook(script)
        if run:
            execute(made, out)
        jupytext.write(made, out / f"{script.stem}.ipynb")
        print(f"wrote {out / f'{script.stem}.ipynb'}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("notebooks"), help="folder to write to")
    parser.add_argument("--execute", action="store_true", help="run them (ipykernel, nbclient)")
    parser.add_argument("--only", default="", help="the beginning of a script's name, such as 03")
    args = parser.parse_args()
    main(args.out, args.execute, args.only)
