"""Measures the figures in tests/README.md and writes them there.

python tests/figures.py                        # all of them: some two hours of one core
python tests/figures.py --only size programs   # these; the others stay as they are
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- figures -->\n", "<!-- /figures -->\n"


def size(root=ROOT):
    """Lines of Python."""
    n = {
        part: sum(map(length, (root / part).rglob("*.py"))) for part in ("minigrad", "nn", "tests")
    }
    return {
        "lines of source": f"`minigrad` {n['minigrad']:,}, `nn` {n['nn']:,}",
        "lines of tests": f"{n['tests']:,}",
    }


def length(path):
    """The lines of a file."""
    return len(path.read_text(encoding="utf-8").splitlines())


def suite(root=ROOT):
    """One run of all tests, traced: how many, what the properties among them drew, what ran."""
    with tempfile.TemporaryDirectory() as folder:
        data = {"COVERAGE_FILE": str(Path(folder) / "coverage")}
        pytest = ["-m", "pytest", "-n", "auto", "--hypothesis-show-statistics"]
        said = output(["-m", "coverage", "run", *pytest], root, data)
        output(["-m", "coverage", "combine", "-q"], root, data)
        report = str(Path(folder) / "report.json")
        # -i: copies with a mutant in them were traced too, and are gone
        output(["-m", "coverage", "json", "-q", "-i", "-o", report], root, data)
        total = json.loads(Path(report).read_text(encoding="utf-8"))["totals"]
    drawn = [int(n) for n in re.findall(r"- (\d+) passing", said)]
    (outcome,) = re.findall(r"^=* ?(\d+ passed.*?) in [\d.]+s", said, re.MULTILINE)
    lines, branches = total["num_statements"], total["num_branches"]
    return {
        "tests": outcome,
        "property tests": f"{len(drawn):,}, on {sum(drawn):,} examples",
        "coverage": f"{part(total['covered_lines'], lines)} of {lines:,} lines, "
        f"{part(total['covered_branches'], branches)} of {branches:,} branches",
    }


def part(n, of):
    """As a percentage, rounded down."""
    return f"{1000 * n // max(1, of) / 10:.1f} %"


def engine(root=ROOT):
    """What became of the mutants of three modules."""
    names = r"^all +(\d+) +(\d+) +(\d+) +(\d+) +([\d.]+)$"
    said = output(["tests/mutants/engine.py"], root, allowed=(0, 1))
    ((n, killed, equivalent, missed, score),) = re.findall(names, said, re.MULTILINE)
    return {
        "mutants of `tensor.py`, `sweep.py`, `transforms.py`": f"{n}: {killed} killed, "
        f"{equivalent} equivalent ([why](mutants/equivalent.toml)), {missed} missed; score {score}"
    }


def rules(root=ROOT):
    """Whether `minigrad.testing` sees wrong rules."""
    said = output(["tests/mutants/trials.py"], root, allowed=(0, 1))
    ((n, caught, equivalent, missed),) = re.findall(
        r"^all +(\d+) +(\d+) +(\d+) +(\d+)$", said, re.MULTILINE
    )
    return {
        "wrong rules": f"{int(n):,}: {int(caught):,} caught by `check_grads`, "
        f"{int(equivalent):,} equivalent, {missed} missed"
    }


def programs(root=ROOT):
    """How random programs compare; the nightly run draws a hundred times as many."""
    script = "tests/minigrad/testing/random_programs.py"
    said = output([script, "--count", "10000"], root, allowed=(0, 1))
    ((n, wrong),) = re.findall(r" programs (\d+),.*; (\d+) disagree", said)
    return {
        "random programs": f"{int(n):,}, {wrong} of which disagree with differences or autograd; "
        "each night a million others"
    }


PARTS = {f.__name__: f for f in (size, suite, engine, rules, programs)}


def output(arguments, root, environment=None, allowed=(0,)):
    """What Python prints, run with these arguments in the root."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=root, check=False, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(root)} | (environment or {}),
    )  # fmt: skip
    assert done.returncode in allowed, f"{arguments}\n{done.stdout}{done.stderr}"
    return done.stdout


def read(page):
    """The figures written between the marks of a page, by what they are of."""
    block = page.partition(BEGIN)[2].partition(END)[0]
    return dict(re.findall(r"^\| (.+?) \| (.+) \|$", block, re.MULTILINE)[1:])


def written(page, figures):
    """The page with these figures, and the others as they were."""
    before, _, rest = page.partition(BEGIN)
    rows = [f"| {what} | {n} |\n" for what, n in (read(page) | figures).items()]
    return "".join(
        [before, BEGIN, "| what | how much |\n|---|---|\n", *rows, END, rest.partition(END)[2]]
    )


def main():
    """Measure, write, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    for name in parser.parse_args().only:
        figures = PARTS[name]()
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(written(page, figures), encoding="utf-8")
        print("\n".join(f"{what}: {n}" for what, n in figures.items()), flush=True)


if __name__ == "__main__":
    main()
