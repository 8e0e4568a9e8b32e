"""The package as a whole: what it exports, what importing it costs, which way imports point."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import minigrad
import nn

FILES = sorted(Path(nn.__file__).parent.glob("*.py"))


def test_everything_exported_exists():
    """__all__ is true, and complete: nothing public is missing from it."""
    assert all(hasattr(nn, name) for name in nn.__all__)
    assert len(set(nn.__all__)) == len(nn.__all__)
    assert callable(nn.shapes)
    assert callable(nn.fit)
    assert nn.optim.SGD is nn.SGD


def test_importing_it_imports_no_optional_library():
    """tqdm and matplotlib wait until they are used."""
    code = "import sys, nn; print(*{'tqdm', 'matplotlib', 'scipy'} & set(sys.modules))"
    root = Path(nn.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root
    )
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_only_the_public_engine_is_imported(path):
    """nn imports minigrad itself, no module inside it, and only names it exports."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("minigrad"):
            assert node.module == "minigrad"
        if isinstance(node, ast.Import):
            assert not any(alias.name.startswith("minigrad.") for alias in node.names)
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "mg":
            assert node.attr in minigrad.__all__


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_files_are_short(path):
    """Under 400 lines, and the docstring says where to read on."""
    text = path.read_text("utf-8")
    assert text.count("\n") < 400
    assert (ast.get_docstring(ast.parse(text)) or "").splitlines()[-1].startswith("Read next: `")
