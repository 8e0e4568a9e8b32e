"""Damaged files in the cache of compiled code: noticed, never run, and made anew."""

import marshal
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minigrad.compile.native_cache import load

SOURCE = "cached = {cache}\nanswer = 41 + 1\n"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache folder with the module in it, its bytecode, and a file as numba leaves one."""
    pytest.importorskip("numba")
    monkeypatch.setenv("MINIGRAD_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    assert load("step", SOURCE).answer == 42
    return tmp_path


def files(cache):
    return sorted(f for f in cache.rglob("*") if f.is_file())


def loaded():
    """The module as another process would load it."""
    for name in [n for n in sys.modules if n.startswith("minigrad_step")]:
        del sys.modules[name]
    module = load("step", SOURCE)
    return module.answer, module.cached


def test_a_cache_that_is_whole_is_used(cache):
    """Nothing is written a second time."""
    before = [(f, f.stat().st_mtime_ns) for f in files(cache)]
    assert loaded() == (42, True)
    assert [(f, f.stat().st_mtime_ns) for f in files(cache)] == before


def test_bytecode_of_another_program_is_not_run(cache):
    """Its header fits the text, its code does not."""
    (bytecode,) = cache.rglob("*.pyc")
    other = compile("answer, cached = 666, True", "step.py", "exec")
    bytecode.write_bytes(bytecode.read_bytes()[:16] + marshal.dumps(other))
    assert loaded() == (42, True)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage(cache, data):
    """Bits that flip, files cut short, zeroed, emptied, replaced or removed."""
    file = data.draw(st.sampled_from(files(cache)))
    raw = bytearray(file.read_bytes())
    at = data.draw(st.integers(0, max(len(raw) - 1, 0)))
    how = data.draw(st.sampled_from(["flip", "cut", "zero", "text", "remove"]))
    if how == "flip" and raw:
        raw[at] ^= 1 << data.draw(st.integers(0, 7))
    elif how == "cut":
        del raw[at:]
    elif how == "zero":
        raw[at : at + 16] = bytes(len(raw[at : at + 16]))
    elif how == "text":
        raw = data.draw(st.binary(max_size=50))
    if how == "remove":
        file.unlink()
    else:
        file.write_bytes(raw)
    assert loaded() == (42, True)
