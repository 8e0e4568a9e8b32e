"""The pytest plugin, as its users run it."""

import re
import shutil
from pathlib import Path

import pytest

import minigrad.testing.plugin

pytest_plugins = ["pytester"]
PLUGIN = ("-p", "minigrad.testing.plugin", "-p", "no:cacheprovider", "-p", "no:minigrad")
SOURCE = Path(minigrad.testing.plugin.__file__)


@pytest.fixture
def run(pytester):
    """A function that runs a test file with the plugin, in this process."""

    def run(source, *options):
        pytester.makepyfile(source)
        return pytester.runpytest_inprocess(*PLUGIN, *options)

    return run


WRONG = """
    import numpy as np, minigrad as mg
    double_slope = mg.primitive(np.sinh, vjp=lambda g, y, x: 2 * g * np.cosh(x))
"""


def test_a_marked_test_is_the_function(run):
    """Its arguments are drawn from their shapes; right gradients pass, wrong ones fail."""
    result = run(
        WRONG
        + """
    import pytest

    @pytest.mark.gradcheck(x=(3, 2), w=(2,))
    def test_right(x, w):
        assert x.shape == (3, 2) and w.shape == (2,)
        return np.tanh(x @ w)

    @pytest.mark.gradcheck(x=(), order=1)
    def test_wrong(x):
        return double_slope(x)
    """
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines([
        "*GradientError: check_grads: test_wrong: wrong first derivative by x, in reverse mode",
        "*factor: it is 2 times the right gradient",
        "*wrong rule: primitive sinh, the rule of input 0 (shapes ()):*",
        "*graph of test_wrong*",
        "*computed as*",
        "x * float64 * variable *",
        "*gradcheck*",
        "seen with --gradcheck-seed=0",
    ])  # fmt: skip


def test_a_rule_that_fails_is_reported_without_a_graph(run):
    """There is none to show; the run goes on."""
    result = run(
        """
    import numpy as np, minigrad as mg
    failing = mg.primitive(np.sinh, vjp=lambda g, y, x: 1 / 0)

    def test_it(gradcheck):
        gradcheck(lambda x: np.sum(failing(x)), np.array([0.3, 0.4]))

    def test_next(gradcheck):
        gradcheck(np.sin, 0.3)
    """
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*cannot be checked: ZeroDivisionError*", "*--gradcheck-seed=0"])
    assert "graph of" not in result.stdout.str()


def test_the_traceback_is_the_users(run):
    """No line of the checker itself between the user and the message."""
    result = run(
        WRONG
        + """
    def test_it(gradcheck):
        gradcheck(double_slope, 0.3)
    """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([">*gradcheck(double_slope, 0.3)"])
    assert "judge.py" not in result.stdout.str()
    assert "checks.py" not in result.stdout.str()


def test_the_fixture_takes_the_options_of_the_marker(run):
    """And those of its own call before them."""
    run(
        """
    import numpy as np, pytest

    @pytest.mark.gradcheck(order=1)
    def test_it(gradcheck):
        assert {row.order for row in gradcheck(np.sin, 0.3).rows} == {1}
        assert {row.order for row in gradcheck(np.sin, 0.3, order=3).rows} == {1, 2, 3}
    """
    ).assert_outcomes(passed=1)


def test_fixtures_and_parameters_are_arguments_too(run):
    """Those that are floating-point numbers, where the marker names none."""
    run(
        """
    import numpy as np, pytest

    @pytest.fixture
    def data():
        return np.array([0.5, -1.0])

    @pytest.mark.gradcheck
    @pytest.mark.parametrize("n", [1, 2])
    def test_it(data, n):
        assert type(n) is int
        return data ** n
    """
    ).assert_outcomes(passed=2)


def test_arrays_and_domains(run):
    """An argument may be given as it is, or drawn where a function is safe."""
    run(
        """
    import numpy as np, pytest
    X = np.array([1.0, 2.0])

    @pytest.mark.gradcheck(x=X, w=(2,), domain=np.log)
    def test_it(x, w):
        if type(x) is np.ndarray:
            assert np.max(np.abs(x - X)) < 0.2
            assert np.min(w) > 0
        return np.log(x) * np.log(w)

    @pytest.mark.gradcheck(w=(4,), domain=(5, 6))
    def test_interval(w):
        assert np.min(w) > 4 and np.max(w) < 7
        return w * w
    """
    ).assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("@pytest.mark.gradcheck(y=(2,))\ndef test_it(x): return x",
         "test_it has no argument 'y'"),
        ("@pytest.mark.gradcheck\ndef test_it(): return 1.0",
         "no argument to differentiate by; give the marker its shape"),
        ("@pytest.mark.gradcheck(x=())\ndef test_it(x): x * x",
         "returned nothing (is a return missing?)"),
    ],
)  # fmt: skip
def test_mistakes_in_its_use_are_told(run, source, says):
    result = run(f"import pytest\n{source}\n")
    assert result.ret != 0
    assert says in result.stdout.str()


def test_the_seed_decides_what_is_drawn(run):
    """It is in the test's name, so that a failure can be seen again."""
    source = """
    import pytest

    @pytest.mark.gradcheck(x=(3,))
    def test_it(x):
        if not hasattr(x, "op"):
            print("DRAWN", x)
        return x * x
    """
    drawn = {}
    for seed in (0, 7):
        result = run(source, "--gradcheck-seed", str(seed), "-s", "-v")
        result.stdout.fnmatch_lines([f"*test_it?seed{seed}?*"])
        drawn[seed] = re.search(r"DRAWN (.*)", result.stdout.str())[1]
    assert drawn[0] != drawn[7]


def test_coverage_lists_the_rows_that_no_test_reached(run):
    """What was differentiated is not in the list, what was only computed is."""
    result = run(
        """
    import numpy as np, minigrad as mg

    def test_it(gradcheck):
        gradcheck(lambda x: np.tanh(x) + np.vstack([x, x]), np.ones(2))

    def test_values_only():
        np.cosh(mg.tensor(1.0))
    """,
        "--gradcheck-coverage",
    )
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*gradcheck coverage*", "* functions were differentiated; not*"])
    missed = result.stdout.str().partition("not these:")[2].replace("\n", " ").split(", ")
    missed = [name.strip() for name in missed]
    assert "np.cosh" in missed
    assert "np.linalg.inv" in missed
    assert not {"np.tanh", "np.add", "np.vstack", "np.sum"} & {*missed}


def test_coverage_leaves_the_table_as_it_was(run):
    from minigrad.table import ROWS

    before = {key: (op.vjps, op.call) for key, op in ROWS.items()}
    run("def test_it(): pass", "--gradcheck-coverage").assert_outcomes(passed=1)
    assert {key: (op.vjps, op.call) for key, op in ROWS.items()} == before


def test_it_costs_nothing_where_it_is_not_used(pytester):
    """Installed under a name of its own, it imports nothing of minigrad, nor NumPy."""
    shutil.copy(SOURCE, pytester.path / "pytest_gradcheck_copy.py")
    pytester.makepyfile(
        """
    import sys

    def test_it():
        assert "pytest_gradcheck_copy" in sys.modules
        assert not {"minigrad", "numpy"} & {name.partition(".")[0] for name in sys.modules}
    """
    )
    pytester.syspathinsert()
    options = ("-p", "no:minigrad", "-p", "no:hypothesispytest", "-p", "no:cov", "-p", "no:xdist")
    result = pytester.runpytest_subprocess("-p", "pytest_gradcheck_copy", *options)
    result.assert_outcomes(passed=1)


def test_a_copy_under_its_own_name_works(pytester):
    """As an entry point would load it."""
    shutil.copy(SOURCE, pytester.path / "pytest_gradcheck_copy.py")
    pytester.makepyfile(
        """
    import numpy as np, pytest

    @pytest.mark.gradcheck(x=(2,))
    def test_it(x):
        return np.sin(x)
    """
    )
    pytester.syspathinsert()
    result = pytester.runpytest_inprocess("-p", "pytest_gradcheck_copy", "-p", "no:minigrad")
    result.assert_outcomes(passed=1)
