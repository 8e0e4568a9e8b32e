"""Arrays that are written to between forward and backward are named with both lines."""

from contextlib import nullcontext

import numpy as np
import pytest
from debugged import caught, line_after

import minigrad as mg
from minigrad.debug.constants import fingerprint

RNG = np.random.default_rng

WRITES = {
    "the array": lambda X: X.__setitem__((0, 0), 5.0),
    "a view of it": lambda X: X[1:].__imul__(2.0),
    "its transpose": lambda X: X.T.__setitem__(0, 0.5),
    "an alias by memory": lambda X: np.frombuffer(X.data, X.dtype).__setitem__(3, 9.0),
    "a shuffle": lambda X: RNG(0).shuffle(X),
}


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("write", WRITES)
def test_a_constant_written_to_is_named_with_both_lines(write, large):
    """The line that used it and the line that goes back; no gradient is left."""
    n = 600 if large else 3
    X, W = RNG(0).normal(size=(n, n)), mg.tensor(np.ones((2, n)), name="W")

    def f():
        J = ((W @ X) ** 2).sum()  # mark: used
        WRITES[write](X)
        J.backward()  # mark: found

    said = caught(mg.MutatedError, f)
    assert said.splitlines()[:3] == [
        "an array was written to between its use and backward: input 1 of matmul, "
        f"{X.shape} float64",
        f"  used at {line_after('# mark: used')}",
        f"  found changed by backward at {line_after('# mark: found')}",
    ]
    assert W.grad is None


def test_an_array_a_function_closes_over():
    """vjp's pullback, called after the array has changed; also an index array."""
    c, i = np.array([1.0, 2.0]), np.array([0, 1])

    def f(x):
        return (x[i] * c).sum()

    for array in (c, i):
        with mg.debug():
            _, pullback = mg.vjp(f, np.ones(2))
            array[0] = 1 - array[0]
            with pytest.raises(
                mg.MutatedError, match="found changed by backward at test_constants"
            ):
                pullback(1.0)


def test_a_buffer_filled_anew_for_each_batch_is_fine():
    """Written to after backward, while the last graph is still there."""
    X, W = np.empty((3, 4)), mg.tensor(np.ones((2, 3)))
    with mg.debug():
        for k in range(3):
            X[:] = k + 1
            J = ((W @ X) ** 2).sum()
            J.backward()


def test_mutation_can_be_warned_of_or_ignored():
    """The same, going on."""
    x, c = mg.tensor(2.0), np.ones(())
    for action, context in (("warn", pytest.warns(mg.DebugWarning)), ("ignore", nullcontext())):
        with context, mg.debug(mutated=action):
            y = x * c
            c += 1
            y.backward()


@pytest.mark.parametrize("dtype", ["f8", ">f8", "f2", "c8", "g", "i1", "?", "u2"])
def test_the_fingerprint_sees_one_element(dtype):
    """Small and large, in every layout: one element, an exchange of two rows."""
    for shape in [(), (5,), (3, 4), (700, 300), (0, 3)]:
        x = np.arange(np.prod(shape, dtype=int)).reshape(shape)
        x = np.asarray(x % 3 % 2).astype(dtype)
        views = [x, x.T, x[::-1], x[..., ::-1]] if x.ndim else [x]
        for view in views if x.size else ():
            before = fingerprint(view)
            assert fingerprint(view) == before
            view[(-1,) * x.ndim] = not view[(-1,) * x.ndim]
            assert fingerprint(view) != before
            if x.ndim > 1 and (view[0] != view[1]).any():
                before = fingerprint(view)
                view[[0, 1]] = view[[1, 0]]
                assert fingerprint(view) != before
