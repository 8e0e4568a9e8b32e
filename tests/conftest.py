"""How the suite runs: Hypothesis profiles, and fixtures that leave the world as they found it.

HYPOTHESIS_PROFILE=nightly searches longer and differently each night; the default, ci, draws the
same examples every time, so that a red run is about the change and not about luck. brief draws a
tenth of them: for one more interpreter, or NumPy.
"""

import gc
import os
import tempfile

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

from minigrad.table import ROWS

collect_ignore = ["conftest.py"]  # as a module with doctests: there is another of that name

settings.register_profile("ci", max_examples=60, derandomize=True, database=None, deadline=None)
settings.register_profile("brief", settings.get_profile("ci"), max_examples=6)
settings.register_profile(
    "nightly",
    max_examples=2000,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
os.environ.setdefault("MINIGRAD_CACHE_DIR", tempfile.mkdtemp(prefix="minigrad-"))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
if settings.default.derandomize:
    # Hypothesis also draws constants it finds in the modules imported so far: in those that the
    # tests before imported, which in two processes are others each time.
    providers._get_local_constants = providers.Constants


@pytest.fixture
def rows():
    """The op table, put back as it was afterwards."""
    before = dict(ROWS)
    try:
        yield ROWS
    finally:
        ROWS.clear()
        ROWS.update(before)


@pytest.fixture
def no_gc():
    """No cyclic garbage collection: what is not freed by counting stays."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item):
    """Undo what Hypothesis (6.170) adds to a parametrized test's settings in every run of it.

    Each run puts another layer around them, and the layers are walked through: after a thousand
    cases of one test that is a RecursionError.
    """
    own = "_hypothesis_internal_use_settings"
    function = getattr(item, "obj", None)
    before = getattr(function, own, None)
    try:
        return (yield)
    finally:
        if before is not None:
            setattr(function, own, before)
