"""The engine's own code made wrong: each mutant of three modules that cosmic-ray makes, tried.

    python tests/mutants/engine.py                  # some minutes for each hundred mutants
    python tests/mutants/engine.py --only sweep

A mutant is killed if one of the tests below fails. `equivalent.toml` lists those that no test can
kill, and why; every other that survives is missed.
"""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
EQUIVALENTS = Path(__file__).with_name("equivalent.toml")
KILLED, EQUIVALENT, MISSED = "killed", "equivalent", "missed"

MODULES = tuple(f"minigrad/{name}.py" for name in ("tensor", "sweep", "transforms"))
FIRST = [  # these kill most
    f"tests/minigrad/test_{name}.py"
    for name in ("nesting", "vjp", "tensor", "transforms", "backward")
]
REST = [
    *[f"tests/minigrad/test_{name}.py" for name in (
        "where", "assignment", "arraylike", "errors", "trees", "jacobians", "checkpoint", "scopes",
    )],
    "tests/minigrad/debug",
    *[f"tests/minigrad/compile/test_compiled_{name}.py" for name in ("arguments", "state", "life")],
    "tests/minigrad/test_sweep.py", "tests/faults", "tests/minigrad/test_batched_jacobian.py",
    "-k", "not million and not every_row",
]  # fmt: skip
CONFIG = """\
[cosmic-ray]
module-path = {module}
test-command = {command}
timeout = 900.0
distributor.name = "local"
[cosmic-ray.filters.operators-filter]
exclude-operators = [
    ".*_BitOr_",  # in annotations alone
    ".*_(LShift|RShift|BitAnd|BitOr|BitXor)$",  # of floats a TypeError wherever it runs
    ".*_(Is|IsNot)_(Lt|LtE|Gt|GtE)$",  # so is this of types and of None
]
"""
LIMITS = "ulimit -t 60 && ulimit -v 8388608"  # seconds, kB: a mutant may run or grow without end


@dataclass(frozen=True)
class Mutant:
    """A change of one place in a module, and how it fared.

    Attributes:
        where: `minigrad/sweep.py:reach`.
        before: the lines changed, as they are.
        after: the same lines with the mistake.
        fate: KILLED, EQUIVALENT or MISSED.
    """

    where: str
    before: str
    after: str
    fate: str

    def __str__(self):
        return f"{self.where}\n  - {self.before}\n  + {self.after}"


def mutants(module, root, stages, listed):
    """What becomes of the mutants of a module, tried on a copy of the tree."""
    pytest = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    command = ["sh", "-c", " && ".join([LIMITS, *[shlex.join([*pytest, *s]) for s in stages]])]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "tree"
        shutil.copytree(root, copy, ignore=shutil.ignore_patterns(".*"))
        run(command, copy)  # all is well without a mutant
        settings = CONFIG.format(module=json.dumps(module), command=json.dumps(shlex.join(command)))
        (copy / "mutants.toml").write_text(settings, encoding="utf-8")
        run(["cosmic-ray", "init", "mutants.toml", "mutants.sqlite"], copy)
        run(["cr-filter-operators", "mutants.sqlite", "mutants.toml"], copy)
        run(["cosmic-ray", "exec", "mutants.toml", "mutants.sqlite"], copy)
        lines = run(["cosmic-ray", "dump", "mutants.sqlite"], copy).stdout.splitlines()
    made = [mutant(*json.loads(line), listed) for line in lines]
    return [m for m in made if m is not None]


def run(command, folder):
    """The finished process of a command that succeeded in the folder, whose packages it imports."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    own = {"PYTHONPATH": str(folder), "PATH": path, "HYPOTHESIS_PROFILE": "brief"}
    done = subprocess.run(
        command, cwd=folder, env=os.environ | own, check=False, capture_output=True, text=True
    )
    assert not done.returncode, f"{shlex.join(command)}\n{done.stdout}{done.stderr}"
    return done


def mutant(item, result, listed):
    """The mutant of one line of cosmic-ray's dump; None if it was filtered out."""
    if result["worker_outcome"] == "skipped":
        return None
    (mutation,) = item["mutations"]
    where = f"{mutation['module_path']}:{mutation['definition_name']}"
    diff = [line for line in result["diff"].splitlines() if not line.startswith(("---", "+++"))]
    before, after = (
        " ".join(" ".join(line[1:].split()) for line in diff if line.startswith(sign))
        for sign in "-+"
    )
    fate = KILLED if result["test_outcome"] == "killed" else MISSED
    if fate == MISSED and squeezed(before, after) in listed:
        fate = EQUIVALENT
    return Mutant(where, before, after, fate)


def squeezed(before, after):
    """A change without its spaces, which are no part of it."""
    return "".join(before.split()), "".join(after.split())


def equivalents():
    """Why no test can kill it, by the squeezed change."""
    reasons = {}
    for group in tomllib.loads(EQUIVALENTS.read_text(encoding="utf-8")).values():
        for line in group["changes"].strip().splitlines():
            if line.startswith("-"):
                before = line[1:]
            else:
                reasons[squeezed(before, line[1:])] = group["why"]
    return reasons


@dataclass
class Tally:
    """How the mutants fared.

    Attributes:
        tried: all of them.
        listed: why, by the squeezed change, of those said to be equivalent.
    """

    tried: list[Mutant]
    listed: dict[tuple[str, str], str]

    def count(self, fate):
        """How many fared so."""
        return sum(m.fate == fate for m in self.tried)

    @property
    def score(self):
        """The part killed of those that are not equivalent."""
        return self.count(KILLED) / (self.count(KILLED) + self.count(MISSED))

    def __str__(self):
        lines = [f"{'':22}{'mutants':>8}{KILLED:>8}{EQUIVALENT:>12}{MISSED:>8}{'score':>8}"]
        files = sorted({m.where.partition(":")[0] for m in self.tried})
        for file in [*files, ""]:
            part = Tally([m for m in self.tried if m.where.startswith(file)], self.listed)
            n = [len(part.tried), *map(part.count, (KILLED, EQUIVALENT, MISSED))]
            lines.append(f"{file or 'all':22}{n[0]:8}{n[1]:8}{n[2]:12}{n[3]:8}{part.score:8.3f}")
        why = Counter(
            self.listed[squeezed(m.before, m.after)] for m in self.tried if m.fate == EQUIVALENT
        )
        lines += [f"equivalent, {n} ×: {reason}" for reason, n in why.most_common()]
        return "\n".join([*lines, *[f"missed: {m}" for m in self.tried if m.fate == MISSED]])


def trial(modules=MODULES, root=ROOT, stages=(FIRST, REST), jobs=None):
    """The tally of the modules' mutants, as many modules at once as there are cores."""
    listed = equivalents()
    with ThreadPoolExecutor(jobs or os.cpu_count()) as pool:
        found = pool.map(lambda module: mutants(module, root, stages, listed), modules)
        return Tally([m for part in found for m in part], listed)


def main():
    """Try them, print the numbers, exit with an error if one was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", default=["tensor", "sweep", "transforms"])
    parser.add_argument("--jobs", type=int, help="how many modules at once; as there are cores")
    options = parser.parse_args()
    tally = trial([f"minigrad/{name}.py" for name in options.only], jobs=options.jobs)
    print(tally)
    sys.exit(bool(tally.count(MISSED)))


if __name__ == "__main__":
    main()
