"""Compiling LaTeX: by KaTeX in Node and by pdflatex, whichever are there.

KATEX is the folder of KaTeX (`npm i katex` makes node_modules/katex). With MINIGRAD_LATEX=required
a machine that has neither fails instead of skipping.
"""

import json
import os
import shutil
import subprocess

import pytest

_NODE = """
const katex = require(process.argv[1]), fs = require("fs");
JSON.parse(fs.readFileSync(0)).forEach((text, i) => {
  try { katex.renderToString(text, {displayMode: true, throwOnError: true, strict: "error"}); }
  catch (error) { console.log(i + ": " + error.message + " in " + text); }
});
"""


def katex(blocks):
    """What KaTeX finds wrong with the blocks, in words."""
    command = ["node", "-e", _NODE, os.environ["KATEX"]]
    done = subprocess.run(
        command, input=json.dumps(blocks), capture_output=True, text=True, check=True
    )
    return done.stdout


def pdflatex(blocks, folder):
    """What pdflatex finds wrong with a document of the blocks."""
    packages = r"\documentclass{article}\usepackage{amsmath,tikz}\begin{document}"
    source = "\n\n".join([packages, *blocks, r"\end{document}"])
    (folder / "blocks.tex").write_text(source, encoding="utf-8")
    command = ["pdflatex", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error"]
    done = subprocess.run([*command, "blocks.tex"], cwd=folder, capture_output=True, check=False)
    return done.stdout.decode(errors="replace")[-2000:] if done.returncode else ""


def assert_compiles(blocks, folder, pictures=False):
    """Each block compiles, in every engine there is; TikZ pictures need pdflatex."""
    engines = 0
    if os.environ.get("KATEX") and not pictures:
        engines += 1
        problems = katex(blocks)
        assert not problems, problems
    if shutil.which("pdflatex"):
        engines += 1
        problems = pdflatex(blocks, folder)
        assert not problems, problems
    if not engines:
        missing = "no LaTeX: set KATEX to the folder of KaTeX, or install pdflatex"
        assert os.environ.get("MINIGRAD_LATEX") != "required", missing
        pytest.skip(missing)
