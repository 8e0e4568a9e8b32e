"""The lecture notes' misprints, and what the checker says of each: lectures/19_misprints.py."""

from pathlib import Path
from runpy import run_path

if __name__ == "__main__":
    run_path(str(Path(__file__).parent / "lectures" / "19_misprints.py"), run_name="__main__")
