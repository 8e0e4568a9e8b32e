"""What the tests of `minigrad.debug` share: the line of a mark, and what a block of debug says."""

import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
import nn

X = np.random.default_rng(0).normal(size=(2, 60))
LABELS = (np.random.default_rng(1).normal(size=(1, 60)) > 0).astype(float)


def line_after(mark):
    """The caller's line that holds the mark, as messages show it."""
    path = Path(sys._getframe(1).f_code.co_filename)
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if mark in text and "line_after" not in text:
            return f"{path.name}:{number}: `{text.strip()}`"
    raise AssertionError(mark)


def caught(error, f, **options):
    """The message of the error that f raises within debug()."""
    with pytest.raises(error) as info, mg.debug(**options):
        f()
    return str(info.value)


def lint(f):
    """What debug() warns of, in f."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with mg.debug():
            f()
    return [str(w.message) for w in said if w.category is mg.DebugWarning]


def network(hidden):
    """The lecture's network, and a step of it whose second layer can be spoiled."""
    net = nn.DeepNetwork([2, 4, 3, 1], hidden=hidden, seed=1)

    def step():
        J = nn.binary_cross_entropy(net(X), LABELS)
        net.zero_grad()
        J.backward()

    return net, step
