"""The numba backend's cache: what it keeps, what it refuses, what it survives."""

# ruff: noqa: F811  (a fixture is imported, and asked for)

import os
import subprocess
import sys
import textwrap

import pytest

pytest.importorskip("numba")

from test_native import agree, build, cache, step  # noqa: F401

from minigrad.compile import native_cache

HOSTILE = ["", "../../etc/passwd", 'a"""\nimport os', "x" * 500, "π\0\n{cache}", "-rf *"]


def test_titles_cannot_leave_the_folder_or_the_text(cache):
    """A title is part of a file's name, as far as it is letters and digits, and of nothing else."""
    p = step()
    for title in HOSTILE:
        source = build(p.program(), title=title).source
        assert source == build(p.program()).source
    names = [f.name for f in cache.iterdir()]
    assert all(len(n) < 90 and n.replace("_", "").replace(".py", "").isalnum() for n in names), (
        names
    )


def test_a_damaged_cache_is_rebuilt(cache):
    """Files that hold something else, or half of it, are written anew."""
    p = step()
    build(p.program(), title="damaged")
    files = [f for f in cache.rglob("damaged*") if f.is_file()]
    assert {f.suffix for f in files} >= {".py", ".nbi", ".nbc"}
    for f in files:
        f.write_bytes(f.read_bytes()[:40] if f.suffix != ".py" else b"raise SystemError")
    agree(build(p.program(), title="damaged").run(*p.arrays), p.program()(*p.arrays))


def test_without_a_cache(tmp_path, monkeypatch):
    """A folder others may write in, or that cannot be made, is not used."""
    p = step()
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    (tmp_path / "file").write_text("")
    for folder in (shared, tmp_path / "file" / "below"):
        monkeypatch.setenv("MINIGRAD_CACHE_DIR", str(folder))
        assert native_cache.directory() is None
    agree(build(p.program()).run(*p.arrays), p.program()(*p.arrays))
    assert not list(shared.iterdir())


def test_another_process_finds_the_machine_code(cache):
    """It loads what this one compiled."""
    code = """
        import numpy as np, sys
        import minigrad as mg
        from minigrad.compile import native
        from minigrad.program import recorded
        floor = mg.Tensor(0.0).serial
        x = mg.tensor([1.0, 2.0])
        program, _ = recorded([x], [np.exp(x) * 3 + x], floor)
        print(native.build(program, {}, "again").run(np.array([1.0, 2.0]))[0].sum())
        from numba.core import event
    """
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "NUMBA_DEBUG_CACHE": "1"}
    outs = [
        subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)], env=env, capture_output=True,
            text=True, check=True, timeout=300,
        ).stdout
        for _ in range(2)
    ]  # fmt: skip
    assert "data saved" in outs[0]
    assert "data loaded" in outs[1]
    assert "data saved" not in outs[1]
