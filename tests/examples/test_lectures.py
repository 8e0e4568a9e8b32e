"""Every lecture example runs in a process of its own, as a script and as a notebook."""

import ast
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
PICTURES = EXAMPLES / "pictures" / "lectures"
SCRIPTS = sorted((EXAMPLES / "lectures").glob("*.py"))
BUDGET = 120  # seconds for one example: a hang, not a slow machine
LARGEST = 60 * 1024

each = pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.stem)


def start(*command, **options):
    """Run Python on this checkout; a failure shows what the process wrote."""
    paths = filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])
    env = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONIOENCODING": "utf8"}
    command = [sys.executable, *map(str, command)]
    done = subprocess.run(
        command,
        env=env,
        timeout=BUDGET,
        check=False,
        capture_output=True,
        text=True,
        encoding="utf8",
        **options,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def private_names(source):
    """Underscored names that a script imports, or takes from a module or an object."""
    found = []
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.ImportFrom):
            names = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [part for alias in node.names for part in alias.name.split(".")]
        elif isinstance(node, ast.Attribute):
            names = [node.attr]
        found += [n for n in names if n.startswith("_") and not n.endswith("__")]
    return found


def repeated(sources):
    """Functions other than main that two of the scripts spell alike, whatever their docstrings."""
    seen, found = {}, []
    for name, source in sources.items():
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef) and node.name != "main":
                body = node.body[1:] if ast.get_docstring(node) else node.body
                text = ast.dump(node.args) + "".join(map(ast.dump, body))
                if seen.setdefault(text, name) != name:
                    found.append((node.name, seen[text], name))
    return found


@each
def test_it_runs_alone_and_shows_the_path_of_its_picture(path, tmp_path):
    """Exit status 0, so its assertions hold; each file that it wrote is named in what it prints."""
    printed = start(path, "--out", tmp_path, cwd=tmp_path)
    written = [p for p in tmp_path.iterdir() if p.is_file()]
    assert all(str(p) in printed for p in written)
    assert all(p.name.startswith(path.stem[:3]) for p in written)


@each
def test_its_form(path):
    """30 to 110 lines, the purpose in one line, a main(), public names only, a fixed seed."""
    source = path.read_text(encoding="utf8")
    assert re.match(r"\d\d_[a-z_]+\.py$", path.name)
    assert 30 <= source.count("\n") <= 110
    assert re.match(r'"""[A-Z][^\n]+\.(\n\n|""")', source)
    assert "def main(" in source
    assert private_names(source) == []
    assert "default_rng()" not in source
    assert not re.search(r"np\.random\.(?!default_rng\(|Generator)", source)


def test_no_two_repeat_a_function():
    """What two examples need belongs in the library."""
    assert repeated({p.stem: p.read_text(encoding="utf8") for p in SCRIPTS}) == []


def test_a_private_name_and_a_repeated_function_are_seen():
    """The two checks above can fail."""
    assert private_names("from nn import _x\nimport nn._y\nnn.plots._figure\nA.__len__") == [
        "_x", "_y", "_figure",
    ]  # fmt: skip
    one, two = 'def f(x):\n    """A."""\n    return x', "def g(x):\n    return x"
    assert repeated({"a": one, "b": two}) == [("g", "a", "b")]
    assert repeated({"a": one, "b": "def g(x):\n    return -x"}) == []


@each
def test_the_readme_lists_it(path):
    """With a link to the script."""
    readme = (EXAMPLES / "README.md").read_text(encoding="utf8")
    assert f"(lectures/{path.name})" in readme


def test_pictures_are_small_and_all_shown():
    """60 KiB each; the README shows every one, and only such as exist."""
    readme = (EXAMPLES / "README.md").read_text(encoding="utf8")
    shown = set(re.findall(r"pictures/lectures/([\w.]+)", readme))
    assert shown == {p.name for p in PICTURES.iterdir()}
    assert {p.name for p in PICTURES.iterdir() if p.stat().st_size > LARGEST} == set()


@each
def test_its_notebook(path):
    """The notebook has the script's text and definitions, and its cells run one after the other."""
    jupytext = pytest.importorskip("jupytext")
    spec = importlib.util.spec_from_file_location("notebooks", EXAMPLES / "notebooks.py")
    notebooks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(notebooks)
    made = notebooks.notebook(path)
    assert made.cells[0].cell_type == "markdown"
    assert made.cells[-1].source.count("main(out)") == 1
    code = jupytext.writes(made, "py:light")
    assert "__main__" not in code
    names = {n.name for n in ast.parse(code).body if isinstance(n, ast.FunctionDef)}
    source = ast.parse(path.read_text(encoding="utf8")).body
    assert names == {n.name for n in source if isinstance(n, ast.FunctionDef)}


def test_a_notebook_runs_in_a_kernel(tmp_path):
    """The shortest one, from the command line: its picture is in the last cell's output."""
    for needed in ("jupytext", "nbclient", "ipykernel"):
        pytest.importorskip(needed)
    start(EXAMPLES / "notebooks.py", "--out", tmp_path, "--execute", "--only", "01")
    text = (tmp_path / "01_computation_graph.ipynb").read_text(encoding="utf8")
    assert "image/svg+xml" in text
    assert (tmp_path / "out" / "01_computation_graph.svg").exists()


def lecture(name):
    """A script as a module."""
    spec = importlib.util.spec_from_file_location("lecture", EXAMPLES / "lectures" / name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_image_classifier_reads_the_course_file(tmp_path):
    """train_set_x (m, 64, 64, 3) uint8 and train_set_y (m,), in a small file of that layout."""
    h5py = pytest.importorskip("h5py")
    rng, labels = np.random.default_rng(0), np.arange(12) % 2
    pixels = rng.integers(0, 56, (12, 64, 64, 3)) + 200 * labels[:, None, None, None]
    path = tmp_path / "train_catvnoncat.h5"
    with h5py.File(path, "w") as file:
        file["train_set_x"], file["train_set_y"] = pixels.astype("u1"), labels
        file["list_classes"] = np.array([b"non-cat", b"cat"])
    images = lecture("14_images.py")
    got, classes, test = images.from_course(path)
    np.testing.assert_array_equal(got * 255, pixels)
    np.testing.assert_array_equal(classes, labels)
    assert sorted(classes[test]) == [0, 0, 1] or sorted(classes[test]) == [0, 1, 1]
    taught = images.learn(images.from_course(path), 10, tmp_path / "weights.png")
    assert taught == 1.0  # what is nearly white is a cat
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["images"] = pixels
    with pytest.raises(SystemExit, match=r"got \['images'\]; expected train_set_x and train_set_y"):
        images.from_course(tmp_path / "other.h5")


def test_the_image_classifier_reads_a_folder_of_pictures(tmp_path):
    """Two subfolders, pictures grey, coloured and with an alpha channel, of any size."""
    image = pytest.importorskip("PIL.Image")
    shapes = ("L", (30, 40)), ("RGB", (64, 64)), ("RGBA", (100, 70)), ("RGB", (65, 20))
    for folder, value in (("cats", 230), ("other", 20)):
        (tmp_path / folder).mkdir()
        for i, (mode, size) in enumerate(shapes):
            colour = value if mode == "L" else (value,) * len(mode)
            image.new(mode, size, colour).save(tmp_path / folder / f"{i}.png")
    (tmp_path / "cats" / ".DS_Store").write_text("no picture")
    images = lecture("14_images.py")
    got, classes, _ = images.from_folder(tmp_path)
    assert got.shape == (8, 64, 64, 3)
    np.testing.assert_array_equal(classes, [0, 0, 0, 0, 1, 1, 1, 1])
    np.testing.assert_allclose(got[:4], 230 / 255, atol=1e-6)
    np.testing.assert_allclose(got[4:], 20 / 255, atol=1e-6)
    assert images.learn(images.from_folder(tmp_path), 10, tmp_path / "weights.png") == 1.0
    (tmp_path / "third").mkdir()
    with pytest.raises(SystemExit, match="subfolders; expected 2, one for each class"):
        images.from_folder(tmp_path)
