"""add_at and set_at in native code: written where integers and slices say, into a copy."""

import numpy as np
import pytest
from test_native import Lines, cache  # noqa: F401

import minigrad as mg
from minigrad.compile.native_ops import native

PARTS = {
    "row": (1,),
    "from behind": (-1, ...),
    "a NumPy integer": (np.int64(0), slice(None, None, -2)),
    "a new axis": (slice(None), None, 2),
    "an element": (0, 1, 3),
    "all": (),
    "columns": (..., slice(1, 3)),
    "nothing": (slice(2, 2),),
}


@pytest.mark.parametrize("key", ["add_at", "set_at"])
def test_parts_of_every_kind(key):
    """Into an input, a computed array, zeros, and what was just written; of 0, 1 and all axes."""
    p = Lines()
    x, one = p.input(np.arange(24.0).reshape(2, 3, 4)), p.input(np.full(1, 0.5))
    square, zeros = p.line(np.multiply, x, x), np.zeros((2, 3, 4))
    for name, part in PARTS.items():
        read = p.line("getitem", square, *part)
        p.out(key, x, 2 if name == "an element" else one, *part)
        p.out(key, p.line(key, zeros, read, *part), read, *part)
        p.out(key, square, p.line(np.negative, read), *part)
    p.out(key, p.line(key, p.input(np.float64(3)), np.float64(2)), 1.5, ...)
    p.out(key, p.input(np.zeros((0, 3))), one, slice(None), 1)
    first = p.line("getitem", x, 0)
    product = p.line(np.matmul, first, p.line(np.transpose, first, axes=None))
    p.out(key, p.line(np.sin, product), product, slice(None))
    p.outputs += [x, square]
    p.check()


@pytest.mark.parametrize("key", ["add_at", "set_at"])
def test_what_numpy_writes(key):
    """Places in an array, another dtype and axes to drop: NumPy's, between native parts."""
    p = Lines()
    x, f4 = p.input(np.arange(12.0).reshape(3, 4)), p.input(np.ones(4, "f4"))
    a, b = p.line(np.negative, x), p.line(np.multiply, x, x)
    p.out(key, a, p.line("getitem", b, 0), np.array([2]))
    p.out(key, p.line(np.square, f4), p.line("getitem", b, 0), slice(None))
    p.out("set_at", a, p.line(np.expand_dims, b, axis=(0, 1)))
    p.out(key, p.input(np.arange(3)), p.input(np.int64(4)), 1)
    p.check(wholly=False)


def test_derivatives_of_elements_are_native():
    """What is computed element by element is one native function, its derivatives included."""

    def wave(u, v):
        for _ in range(3):
            v = mg.set_at(v, slice(1, -1), v[1:-1] + 0.1 * (u[2:] - 2 * u[1:-1] + u[:-2]))
            u = u + v * u[0]
        return np.sum(u * u) + v[2]

    step = mg.compile(mg.value_and_grad(wave, (0, 1)), backend="numba")
    rng = np.random.default_rng(0)
    for _ in range(3):
        u, v = rng.normal(size=(2, 6))
        J, gradients = step(u, v)
    wanted, expected = mg.value_and_grad(wave, (0, 1))(u, v)
    np.testing.assert_allclose([J, *np.ravel(gradients)], [wanted, *np.ravel(expected)], 1e-12)
    (entry,) = step._entries.values()
    assert "in one native function" in step.explain()
    assert {"add_at", "set_at"} <= {line.op.name for line in entry.program.lines if native(line)}


def test_into_what_is_assigned():
    """A leaf gets what it held with a part written over, by values of other parts of it."""
    ends = []
    for wrap in (lambda f: f, lambda f: mg.compile(f, backend="numba")):
        w, v = mg.tensor(np.arange(6.0)), mg.tensor(np.ones(4))

        def move(w=w, v=v):
            w.data = mg.set_at(w.data, slice(1, 5), 2 * w.data[:4])
            v.data = mg.set_at(mg.set_at(v.data, slice(1, None), v.data[:-1]), 0, w.data[2])
            return v.data[::-1]

        step = wrap(move)
        ends.append([w.data, v.data, *(step() for _ in range(4))])
        ends[-1][:2] = w.data, v.data
    for ours, wanted in zip(ends[1], ends[0], strict=True):
        np.testing.assert_array_equal(ours, wanted)


def test_a_leaf_turned_round():
    """What is assigned was only moved, and the first step reads the leaf: it sees its old value."""
    w = mg.tensor(np.arange(4.0))

    @mg.compile(backend="numba")
    def turned():
        sines = np.sin(w.data)
        w.data = w.data[::-1]
        return sines

    for i in range(4):
        np.testing.assert_array_equal(turned(), np.sin(np.arange(4.0)[:: (-1) ** i]))
        np.testing.assert_array_equal(w.data, np.arange(4.0)[:: (-1) ** (i + 1)])
