"""Run every lecture example and renew the pictures that examples/README.md shows."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

HERE = Path(__file__).resolve().parent
PICTURES = HERE / "pictures" / "lectures"
LARGEST = 60 * 1024  # bytes of a picture
WIDTHS = (800, 400, 240)  # pixels of a picture made smaller


def run(script: Path, out: Path) -> None:
    """Run a script as its user would, with the library of this checkout."""
    paths = [str(HERE.parent), os.environ.get("PYTHONPATH", "")]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    subprocess.run([sys.executable, script, "--out", out], env=env, check=True)


def shrink(source: Path, target: Path) -> None:
    """Copy a picture, a PNG that is too large with 128 colours and as few pixels as it takes."""
    if source.suffix == ".png" and source.stat().st_size > LARGEST:
        with Image.open(source) as opened:
            picture = opened.convert("RGB")
        for width in WIDTHS:
            picture.thumbnail((width, width))
            picture.quantize(128).save(target, optimize=True)
            if target.stat().st_size <= LARGEST:
                break
    else:
        shutil.copyfile(source, target)
    if target.stat().st_size > LARGEST:
        raise ValueError(f"{source.name} is {target.stat().st_size} bytes; expected {LARGEST}")


def main(only: str) -> None:
    """Renew the pictures of the scripts whose name starts with `only`, of all if it is empty."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for script in sorted((HERE / "lectures").glob(f"{only}*.py")):
        print(f"== {script.name}", flush=True)
        with tempfile.TemporaryDirectory() as out:
            run(script, Path(out))
            for picture in sorted(Path(out).iterdir()):
                if picture.suffix in {".png", ".svg"}:
                    shrink(picture, PICTURES / picture.name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="the beginning of a script's name, such as 03")
    main(parser.parse_args().only)
