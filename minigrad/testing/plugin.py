"""The pytest plugin: a marker and a fixture that check gradients, and the rows no test reached.

    @pytest.mark.gradcheck(x=(3, 2), w=(2,))     # the test is the function; these are its shapes
    def test_scores(x, w):
        return np.tanh(x @ w)

    def test_loss(gradcheck, data):              # or call it
        gradcheck(loss, params, data, order=1)

A marked test returns the value to differentiate. What it names in the marker are the arguments to
differentiate by: a shape, for which an array is drawn, or an array itself; without any, all its
arguments that are floating-point numbers. The marker takes the options of `check_grads` too, and
`domain`, where to draw; on a test that asks for the fixture it sets the options of that.

This module imports nothing of minigrad before a test asks for it, so that it may be installed
under a name of its own. Read next: `minigrad.testing.checks`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator
from importlib import import_module
from typing import Any

import pytest

OPTIONS = {"order", "argnums", "rtol", "allow_kinks", "seed"}
_watch: pytest.StashKey[Any] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The two options."""
    group = parser.getgroup("gradcheck", "checks of gradients by minigrad")
    group.addoption(
        "--gradcheck-seed", type=int, default=0, help="of the arrays and directions drawn"
    )
    group.addoption(
        "--gradcheck-coverage",
        action="store_true",
        help="list the functions whose derivative no test took",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker; start to watch, if asked."""
    config.addinivalue_line(
        "markers",
        "gradcheck(order=2, rtol=None, domain=None, **arguments): the test returns a value whose "
        "derivatives by the arguments are checked; arguments are shapes or arrays",
    )
    if config.getoption("--gradcheck-coverage"):
        config.stash[_watch] = import_module("minigrad.testing.coverage").Watch()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Draw the arguments that a marker gives the shapes of."""
    marker = metafunc.definition.get_closest_marker("gradcheck")
    given = _arguments(marker)
    if marker is None or not given:
        return
    name = metafunc.function.__name__
    for argument in given:
        if argument not in metafunc.fixturenames:
            pytest.fail(f"gradcheck: {name} has no argument {argument!r}", pytrace=False)
    seed = _seed(metafunc.config, marker)
    values = _drawn(given, marker.kwargs.get("domain"), seed)
    metafunc.parametrize(
        ",".join(given), [values if len(given) > 1 else values[0]], ids=[f"seed{seed}"]
    )


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Check the gradients of a marked test, in place of calling it once."""
    __tracebackhide__ = True
    marker = pyfuncitem.get_closest_marker("gradcheck")
    names = list(inspect.signature(pyfuncitem.obj).parameters)
    if marker is None or "gradcheck" in names:
        return None
    values = {name: pyfuncitem.funcargs[name] for name in names if name in pyfuncitem.funcargs}
    wanted = list(_arguments(marker)) or [n for n, v in values.items() if _inexact(v)]
    if not wanted:
        pytest.fail(
            "gradcheck: the test has no argument to differentiate by; give the marker its shape: "
            "@pytest.mark.gradcheck(x=(3, 2))",
            pytrace=False,
        )
    f = _of_arguments(pyfuncitem.obj, wanted, values)
    _check(f, [values[n] for n in wanted], pyfuncitem.config, marker, {})
    return True


@pytest.fixture
def gradcheck(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """`minigrad.testing.check_grads`, with the seed and the options of the marker."""
    marker = request.node.get_closest_marker("gradcheck")

    def check(f: Callable[..., Any], *args: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        return _check(f, args, request.config, marker, options)

    return check


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, Any]:
    """Show the graph of the function whose gradient is wrong, and how to see it again."""
    outcome: Any = yield
    report = getattr(call.excinfo and call.excinfo.value, "report", None)
    if report is not None and type(report).__module__ == "minigrad.testing.report":
        drawn = report.graph()
        if drawn is not None:
            outcome.sections.append((f"graph of {report.name}", str(drawn)))
        seed = _seed(item.config, item.get_closest_marker("gradcheck"))
        outcome.sections.append(("gradcheck", f"seen with --gradcheck-seed={seed}"))
    return outcome


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Watch the rows there are by now."""
    watch = item.config.stash.get(_watch, None)
    if watch is not None:
        watch.start()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Put the rows back."""
    watch = config.stash.get(_watch, None)
    if watch is not None:
        watch.stop()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List the rows that no test reached."""
    watch = terminalreporter.config.stash.get(_watch, None)
    if watch is not None:
        missed = watch.missed()
        terminalreporter.section("gradcheck coverage")
        n = len(watch.reached)
        terminalreporter.line(f"{n} of {n + len(missed)} functions were differentiated; not these:")
        terminalreporter.line(", ".join(missed) or "(none)")


def _check(
    f: Callable[..., Any],
    args: Any,
    config: pytest.Config,
    marker: pytest.Mark | None,
    options: dict[str, Any],
) -> Any:
    __tracebackhide__ = True
    of_marker = {k: v for k, v in (marker.kwargs if marker else {}).items() if k in OPTIONS}
    given = {"seed": _seed(config, marker), **of_marker, **options}
    return import_module("minigrad.testing").check_grads(f, *args, **given)


def _seed(config: pytest.Config, marker: pytest.Mark | None) -> int:
    own = marker.kwargs.get("seed") if marker else None
    seed: int = config.getoption("--gradcheck-seed") if own is None else own
    return seed


def _arguments(marker: pytest.Mark | None) -> dict[str, Any]:
    """What a marker says of the test's arguments."""
    kwargs = marker.kwargs if marker else {}
    return {k: v for k, v in kwargs.items() if k not in OPTIONS | {"domain"}}


def _drawn(given: dict[str, Any], domain: Any, seed: int) -> list[Any]:
    """The arrays: drawn where there is a shape, else as they are."""
    domains = import_module("minigrad.testing.domains")
    safe = domains.REAL if domain is None else domains.intervals(domain)
    shapes = {k: v for k, v in given.items() if _is_shape(v)}
    arrays = domains.spread_out(seed, list(shapes.values()), [safe] * len(shapes)) if shapes else ()
    found = {**given, **dict(zip(shapes, arrays, strict=True))}
    return list(found.values())


def _is_shape(value: Any) -> bool:
    return isinstance(value, tuple) and all(type(n) is int for n in value)


def _inexact(value: Any) -> bool:
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    return kind in {"f", "c"} or isinstance(value, (float, complex))


def _of_arguments(
    test: Callable[..., Any], wanted: list[str], values: dict[str, Any]
) -> Callable[..., Any]:
    """The test as a function of the arguments to differentiate by, under its own name."""

    def f(*xs: Any) -> Any:
        return test(**{**values, **dict(zip(wanted, xs, strict=True))})

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    f.__name__ = getattr(test, "__name__", "test")
    f.__signature__ = inspect.Signature([inspect.Parameter(n, kind) for n in wanted])  # type: ignore[attr-defined]
    return f
