"""tests/conventions.md says what minigrad, and each library of the version named there, does."""

import re

import conventions
import numpy as np
import pytest

LINES = conventions.PATH.read_text(encoding="utf-8").splitlines()


def written(choice):
    """What the page says of a choice, by library."""
    title = choice.what.replace("|", r"\|")
    (line,) = [line for line in LINES if line.startswith(f"| {title} | ")]
    cells = line[len(title) + 5 :].split(" | ")
    return dict(zip(conventions.LIBRARIES, cells, strict=False))


@pytest.mark.parametrize("library", conventions.LIBRARIES)
@pytest.mark.parametrize("choice", conventions.CHOICES, ids=lambda choice: choice.what)
def test_the_page_is_true(choice, library):
    """Computed again, wherever that version of the library is installed."""
    if library != "minigrad":
        version = conventions.version(library)
        if version is None or f"{conventions.TITLES[library]} {version}" not in " ".join(LINES):
            pytest.skip(f"{library} is not installed in the version written of")
    assert conventions.shown(choice, library) == written(choice)[library]


@pytest.mark.parametrize("choice", conventions.CHOICES, ids=lambda choice: choice.what)
def test_minigrad_says_something_everywhere(choice):
    """A number, and not nan."""
    assert "nan" not in written(choice)["minigrad"]
    assert written(choice)["minigrad"] != "none"


def test_a_choice_that_changed_would_be_seen(rows):
    """The page is compared with what is computed, not with itself."""
    from minigrad.ops.declare import elementwise

    elementwise(np.absolute, lambda y, x: np.where(x >= 0, 1.0, -1.0))
    choice = next(c for c in conventions.CHOICES if c.what == "abs(x) at 0")
    assert conventions.shown(choice, "minigrad") == "1" != written(choice)["minigrad"]


def test_the_page_lists_these_and_no_others():
    body = [line for line in LINES if re.match(r"\| .* \|$", line)]
    first = body.index(next(line for line in body if line.startswith("| library")))
    assert len(body[1:first]) == len(conventions.CHOICES)
