"""What `import minigrad` costs beside `import numpy`: whole processes, by the clock on the wall.

    python benchmarks/import_time.py [--rounds N] [--json PATH]

Both ratios are printed: of the processes as they are, and of what they take beyond a bare
interpreter's start. Every module has its bytecode, as after an installation: the processes keep
it in a folder of their own, filled by the runs that are not timed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from timing import interleave, ratio, seconds, table, title, write_json

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = {"bare interpreter": "pass", "import numpy": "import numpy",
            "import minigrad": "import minigrad"}  # fmt: skip


def start(program: str, environment: dict[str, str]) -> None:
    """Run `python -c program` to its end in a fresh process."""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, env=environment)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()

    with TemporaryDirectory() as bytecode:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": bytecode, "PYTHONDONTWRITEBYTECODE": ""}
        functions = {name: partial(start, p, environment) for name, p in PROGRAMS.items()}
        times = interleave(functions, options.rounds, burst=0.0)
    bare, numpy, minigrad = (times[name] for name in PROGRAMS)
    whole = ratio(times, "import minigrad", "import numpy")[0]
    beyond = median(
        (m - b) / (n - b) for b, n, m in zip(bare, numpy, minigrad, strict=True) if n > b
    )
    print(title(options.rounds))
    rows = [[name, f"{seconds(times, name) * 1e3:.1f} ms"] for name in PROGRAMS]
    print(table(["a fresh process", "time"], rows))
    print(f"\nimport minigrad / import numpy: {whole:.2f}")
    print(f"beyond the interpreter's start: {beyond:.2f}")
    write_json(options.json, {"ratio": whole, "ratio beyond the interpreter's start": beyond})


if __name__ == "__main__":
    main()
