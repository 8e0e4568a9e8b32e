"""The cache: generated modules on disk, beside which numba keeps their machine code.

It is a directory of the user's own; where there is none, or others may write in it, everything
works uncached, for whoever can write there could have us run their code.

Measured for a training step of four layers: compiled in 1.2 to 2.5 s, loaded by a second process
in 0.06 s. Before the first of either numba itself takes 0.7 s to start: 0.25 to import, the rest at
the first function, where it imports scipy.linalg too.

Read next: `minigrad.compile.native`.
"""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import re
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from threading import Timer
from types import ModuleType
from typing import Any

import numpy as np

__all__ = ["directory", "load"]

_log = logging.getLogger("minigrad.compile")


def load(title: str, source: str) -> ModuleType:
    """The module of this text, from the cache if it is there; `{cache}` in it says if it may be.

    Args:
        title: what the file is called, as far as its characters allow.
        source: of a module.
    """
    name = _stem(title, source)
    with _announced(title):
        folder = directory()
        if folder is not None:
            try:
                return _kept(folder / f"{name}.py", source.replace("{cache}", "True"))
            except OSError as error:  # the disk is full, say
                _log.info("compile: no cache: %s", error)
        module = ModuleType(name)
        text = source.replace("{cache}", "False")
        exec(compile(text, f"<minigrad.compile {name}>", "exec"), module.__dict__)
        return module


def _kept(path: Path, text: str) -> ModuleType:
    """The module of the file, which is to hold this text; once more where anything is damaged.

    Damaged machine code would crash the process, and damaged bytecode run as what it has become.
    So nothing that was derived from the text is read unless its seal fits.
    """
    seal = path.parent / "__pycache__" / f"{path.stem}.sha256"
    seal.parent.mkdir(exist_ok=True)
    if path.exists():
        try:
            _write(path, text)
            if seal.read_text(encoding="utf-8") == _checksum(path):
                return _sealed(path, seal)
        except Exception as error:  # a damaged file can raise anything
            _log.info("compile: %s in the cache is unusable: %r", path, error)
        _forget(path)
    _write(path, text)
    return _sealed(path, seal)


def _sealed(path: Path, seal: Path) -> ModuleType:
    module = _imported(path)
    _write(seal, _checksum(path))
    return module


def _checksum(path: Path) -> str:
    """Of a module and of all that was derived from it."""
    total = hashlib.sha256()
    for file in (path, *_derived(path)):
        total.update(f"{file.name} {file.stat().st_size}\n".encode() + file.read_bytes())
    return total.hexdigest()


def _derived(path: Path) -> list[Path]:
    found = path.parent.glob(f"__pycache__/{path.stem}.*")
    return sorted(file for file in found if file.suffix != ".sha256")


def directory() -> Path | None:
    """Where generated modules are kept: $MINIGRAD_CACHE_DIR, else minigrad in the user's cache."""
    given = os.environ.get("MINIGRAD_CACHE_DIR")
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        home = Path(base) if base and Path(base).is_absolute() else Path.home() / ".cache"
        folder = Path(given) if given else home / "minigrad"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        about = folder.stat()
    except (OSError, RuntimeError) as error:
        _log.info("compile: no cache: %s", error)
        return None
    if hasattr(os, "getuid") and (
        about.st_uid != os.getuid() or about.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    ):
        _log.info("compile: no cache: others may write in %s", folder)
        return None
    return folder.resolve() if os.access(folder, os.W_OK | os.X_OK) else None


def _stem(title: str, source: str) -> str:
    """A file name for this text and this machine."""
    import numba
    from llvmlite import binding

    runtime = Path(__file__).with_name("native_runtime.py").read_bytes()
    about = (
        source, numba.__version__, np.__version__, sys.version, platform.machine(),
        binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten(),
    )  # fmt: skip
    digest = hashlib.sha256(repr(about).encode() + runtime).hexdigest()[:24]
    return f"{re.sub(r'[^A-Za-z0-9]+', '_', title)[:40].strip('_') or 'step'}_{digest}"


def _write(path: Path, text: str) -> None:
    """Put the text in the file, at once or not at all."""
    try:
        if path.read_text(encoding="utf-8") == text:
            return
    except (OSError, UnicodeDecodeError):
        pass
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _imported(path: Path) -> ModuleType:
    """The module in the file; while machine code is loaded, numba looks it up by its name."""
    name = f"minigrad_{path.stem}"
    spec = spec_from_loader(name, SourceFileLoader(name, str(path)))
    if spec is None or spec.loader is None:
        raise OSError(f"{path} cannot be imported")
    module = sys.modules[name] = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def _forget(path: Path) -> None:
    """Remove a module and all that was derived from it."""
    for file in (path, *path.parent.glob(f"__pycache__/{path.stem}.*")):
        with suppress(OSError):
            file.unlink()


@contextmanager
def _announced(title: str) -> Iterator[None]:
    """Say what is being done: to the log, and in a terminal if it takes more than a second."""
    line = f"compile: translating {title!r} to machine code"
    _log.info(line)

    def tell(stream: Any = sys.stderr) -> None:
        if stream is not None and stream.isatty():
            print(f"{line} …", file=stream, flush=True)

    timer = Timer(1.0, tell)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
