"""How the code hangs together, read from its syntax: imports, optional libraries, sizes."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import minigrad

ROOT = Path(__file__).parents[1]
ORDER = [
    "errors", "values", "tracing", "table", "trees", "batching", "sweep", "arraylike", "tensor",
    "ops", "transforms", "jacobians", "program", "checkpoint", "scopes", "viz", "graph", "compile",
    "testing", "debug", "expression", "checking", "cli", "__main__", "__init__",
]  # fmt: skip
SIDE_BY_SIDE = [{"compile", "testing"}, {"compile", "viz"}, {"testing", "viz"}]
OPTIONAL = {
    "hypothesis", "matplotlib", "numba", "onnx", "pytest", "safetensors", "scipy", "sklearn",
    "tqdm",
}  # fmt: skip
GENERATED = {"minigrad.compile.native_runtime"}  # imported by generated code alone
LATE = {"minigrad.testing.strategies", "minigrad.testing.plugin"}  # asked for by who has those
HEAVY = [*OPTIONAL, "graphviz", "graphviz_pure", "jax", "torch", "autograd", "pandas"]


def modules(package):
    return sorted(p for p in (ROOT / package).rglob("*.py"))


def each(*paths):
    """A test for each of these files."""
    ids = [str(p.relative_to(ROOT)).removesuffix(".py") for p in paths]
    return pytest.mark.parametrize("path", paths, ids=ids)


MINIGRAD, NN = modules("minigrad"), modules("nn")
EVERY = each(*MINIGRAD, *NN)


def dotted(path):
    """The module's name: minigrad.ops.index, minigrad.ops for a package's __init__."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def part(module):
    """The entry of ORDER that a module of minigrad belongs to."""
    return module.split(".")[1] if "." in module else "__init__"


def imports(path, everywhere=False):
    """(module, names) of each import that runs; those inside functions too if `everywhere`."""
    found = []

    def walk(node, inside):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            for child in node.orelse:
                walk(child, inside)
            return
        if isinstance(node, ast.Import) and (everywhere or not inside):
            found.extend((alias.name, ()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (everywhere or not inside):
            assert not node.level, f"{path}: imports are absolute, so that they can be searched"
            found.append((node.module, tuple(alias.name for alias in node.names)))
        inside = inside or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.iter_child_nodes(node):
            walk(child, inside)

    walk(ast.parse(path.read_text(encoding="utf-8")), False)
    return found


def own_imports(path, package, everywhere=False):
    """The modules of our own package that a module imports; submodules named after `from` too."""
    known = {dotted(p) for p in modules(package)}
    for module, names in imports(path, everywhere):
        if module.split(".")[0] == package:
            inner = [f"{module}.{n}" for n in names if f"{module}.{n}" in known]
            yield from inner or [module]


@pytest.mark.parametrize("path", MINIGRAD, ids=dotted)
def test_imports_point_one_way(path):
    """A module imports only what stands before it in the order that explains the program."""
    here = dotted(path)
    assert part(here) in ORDER, f"give {here} its place in ORDER"
    for module in own_imports(path, "minigrad"):
        there = part(module)
        assert there in ORDER, f"give {module} its place in ORDER"
        if there == part(here) != "__init__":
            continue  # within a package, which the test for cycles covers
        assert ORDER.index(there) < ORDER.index(part(here)), f"{here} imports {module}"


@pytest.mark.parametrize("path", MINIGRAD, ids=dotted)
def test_views_of_a_graph_do_not_know_each_other(path):
    """compile, viz and testing are each a function of a Graph and nothing else of ours."""
    for pair in SIDE_BY_SIDE:
        if part(dotted(path)) in pair:
            others = pair - {part(dotted(path))}
            assert not others & {part(m) for m in own_imports(path, "minigrad", everywhere=True)}


@pytest.mark.parametrize("package", ["minigrad", "nn"])
def test_there_are_no_import_cycles(package):
    """Modules can be read in an order in which each needs only earlier ones."""
    left = {dotted(p): set(own_imports(p, package)) - {dotted(p)} for p in modules(package)}
    while ready := [m for m, needs in left.items() if not needs & left.keys()]:
        for module in ready:
            del left[module]
    assert not left, f"a cycle among {sorted(left)}"


@EVERY
def test_no_import_of_ours_hides_in_a_function(path):
    """A function-local import of our own would hide a cycle; optional libraries may be local."""
    for package in ("minigrad", "nn"):
        hidden = set(own_imports(path, package, everywhere=True)) - set(own_imports(path, package))
        assert not hidden


@EVERY
def test_optional_libraries_are_imported_where_they_are_used(path):
    """Importing the project needs nothing that an extra installs."""
    tops = {module.split(".")[0] for module, _ in imports(path)}
    assert not tops & OPTIONAL or dotted(path) in GENERATED | LATE


@pytest.mark.parametrize("path", NN, ids=dotted)
def test_nn_uses_the_public_engine_only(path):
    """nn is written with what any user has: `import minigrad as mg`, names of its __all__."""
    for module, names in imports(path, everywhere=True):
        if module.split(".")[0] == "minigrad":
            assert module == "minigrad", f"{dotted(path)} imports {module}"
            assert set(names) <= set(minigrad.__all__)


def test_the_closed_form_never_sees_the_engine():
    """The equations are NumPy alone: what is checked and what checks share no code."""
    tops = {m.split(".")[0] for m, _ in imports(ROOT / "nn" / "closed_form.py", everywhere=True)}
    assert tops <= {"numpy"} | set(sys.stdlib_module_names)


@each(*MINIGRAD, *NN, *modules("tests"), *modules("examples"), *modules("benchmarks"))
def test_files_are_short(path):
    """A file that explains one idea fits in 400 lines."""
    assert len(path.read_text(encoding="utf-8").splitlines()) < 400


def functions(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body
            start = body[0].end_lineno if ast.get_docstring(node) else node.lineno
            yield node.name, node.end_lineno - start


@EVERY
def test_functions_are_short(path):
    """A function fits on a screen: under 40 lines, its docstring not counted."""
    assert not [(name, n) for name, n in functions(path) if n >= 40]


@EVERY
def test_every_module_says_what_it_offers(path):
    """A module opens with a docstring of one sentence, ended as one."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert text
    assert text.split("\n\n")[0].rstrip().endswith((".", ":", "?"))


def test_all_is_what_there_is():
    """Every name in minigrad.__all__ exists, sorted by none but listed once."""
    assert len(set(minigrad.__all__)) == len(minigrad.__all__)
    assert all(hasattr(minigrad, name) for name in minigrad.__all__)


@pytest.mark.parametrize("module", [minigrad, minigrad.testing], ids=lambda m: m.__name__)
def test_a_name_that_there_is_not(module):
    """Names are loaded when asked for, and others are the usual AttributeError."""
    with pytest.raises(AttributeError, match=f"module '{module.__name__}' has no attribute 'gard'"):
        module.gard  # noqa: B018
    assert not hasattr(module, "__wrapped__")


def test_what_needs_a_library_says_which(monkeypatch):
    """Strategies need Hypothesis; anything else that is missing is not taken for it."""
    monkeypatch.delitem(sys.modules, "minigrad.testing.strategies", raising=False)
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(ModuleNotFoundError, match=r"testing.arrays needs hypothesis: pip install"):
        minigrad.testing.arrays  # noqa: B018
    monkeypatch.setitem(sys.modules, "minigrad.testing.strategies", None)
    with pytest.raises(ModuleNotFoundError, match=r"import of minigrad\.testing\.str"):
        minigrad.testing.arrays  # noqa: B018


def test_importing_loads_no_optional_library():
    """`import minigrad, nn` loads NumPy and the standard library, and nothing heavy."""
    code = (
        "import sys, json, minigrad, nn; "
        "print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT
    )
    assert not set(json.loads(run.stdout)) & set(HEAVY)
