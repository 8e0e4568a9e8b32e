"""A headless Chromium for the tests of the pages, driven by Playwright.

MINIGRAD_BROWSER=required makes a missing browser a failure instead of a reason to skip;
CHROMIUM is the program to run, AXE_CORE the folder of the npm package axe-core.
"""

import os
import shutil

import pytest

from minigrad.viz import page

collect_ignore = ["conftest.py"]  # as a module with doctests: there is another of that name

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_SWITCHES = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def missing(what):
    """Skip for want of something, or fail where a browser is required."""
    if os.environ.get("MINIGRAD_BROWSER") == "required":
        pytest.fail(f"MINIGRAD_BROWSER=required, but {what}")
    pytest.skip(what)


@pytest.fixture(scope="session")
def chromium():
    """The browser, started once."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright is not installed: pip install playwright")
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        missing("no Chromium on the PATH: apt install chromium, or set CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_SWITCHES))
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture
def opened(chromium, tmp_path):
    """A function that writes a graph's page and opens it; afterwards nothing may have gone wrong.

    Errors, console messages (a violation of the Content-Security-Policy is one), dialogs and
    requests other than for the file itself are failures.
    """
    contexts, wrong = [], []

    def open_page(graph, width=1280, height=800, scheme="light", **options):
        path = page.to_html(graph, tmp_path / f"{len(contexts)}.html", **options)
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            reduced_motion="reduce",
        )
        contexts.append(context)
        tab = context.new_page()
        own = path.as_uri()
        tab.on("console", lambda message: wrong.append(f"console: {message.text}"))
        tab.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        tab.on("dialog", lambda dialog: (wrong.append("dialog"), dialog.dismiss()))
        tab.on(
            "request",
            lambda r: r.url == own or r.url.startswith("data:") or wrong.append(f"asks: {r.url}"),
        )
        tab.goto(own)
        return tab

    open_page.wrong = wrong
    try:
        yield open_page
    finally:
        for context in contexts:
            context.close()
    assert wrong == []


@pytest.fixture(scope="session")
def axe():
    """The source of axe-core, which finds violations of accessibility."""
    folder = os.environ.get("AXE_CORE")
    if not folder:
        missing("axe-core is not there: npm install axe-core, and set AXE_CORE to its folder")
    with open(os.path.join(folder, "axe.min.js"), encoding="utf-8") as file:
        return file.read()
