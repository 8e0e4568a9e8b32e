"""What a Tensor holds: read-only data, assigning a leaf, descending, copies."""

import copy

import numpy as np
import pytest
from hypothesis import given
from strategies import arrays

import minigrad as mg


@pytest.mark.parametrize("value", [2.0, [1.0, 2.0]])
def test_data_cannot_be_written(value):
    """The graph needs the value it was computed from."""
    x = mg.tensor(value)
    for array in (x.data, (x * 2).data):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    with pytest.raises(ValueError, match="read-only"):
        x.data -= 1.0


def test_assigning_data_copies():
    """W.data = array: the leaf keeps its own copy."""
    x, new = mg.tensor([1.0, 2.0]), np.array([5.0, 6.0])
    x.data = new
    new[:] = 0
    assert x.data.tolist() == [5, 6]
    x.data = x.data - 1
    assert x.data.tolist() == [4, 5]


def test_assigning_data_takes_whole_numbers():
    """An array of integers fits a real variable."""
    x = mg.tensor([1.0, 2.0])
    x.data = np.array([5, 6])
    assert x.dtype == np.float64


def test_assigning_data_must_fit():
    """Same shape, same dtype, leaves only; the message names the tensor by its name."""
    W = mg.tensor([1.0, 2.0], dtype=np.float32, name="W")
    with pytest.raises(mg.ShapeError, match=r"data of tensor 'W': got shape \(3,\); expected \(2,"):
        W.data = np.ones(3)
    with pytest.raises(mg.DTypeError, match="data of tensor 'W': got dtype float64; expected floa"):
        W.data = np.ones(2)
    with pytest.raises(mg.DTypeError, match=r"data of tensor 'W': got a Tensor; .*use its .data"):
        W.data = mg.tensor([1.0, 2.0])
    with pytest.raises(mg.DTypeError, match=r"computed by multiply; only a leaf"):
        (W * 2).data = np.ones(2)


def test_a_graph_recorded_before_an_assignment_keeps_its_values():
    """y = x³ recorded at x = 2 has the slope 12 there, whatever x is assigned afterwards."""
    x = mg.tensor(2.0)
    y = x * x * x
    x.data = 10.0
    y.backward()
    assert (y.item(), float(x.grad)) == (8.0, 12.0)


def test_second_derivatives_across_an_assignment():
    """A pullback taken before an assignment differentiates twice at the old value: 6x at 2."""
    x = mg.tensor(2.0)
    _, pullback = mg.vjp(lambda v: v**3, x)
    x.data = 10.0
    (first,) = pullback(1.0)
    assert first.item() == 12.0
    first.backward()
    assert float(x.grad) == 12.0


def test_second_derivatives_by_a_closed_over_leaf_across_an_assignment():
    """The same for a leaf that the function closes over: d/dx (x w w) by w at the old w."""
    w = mg.tensor(3.0)
    _, pullback = mg.vjp(lambda x: x * w * w, 5.0)
    w.data = 100.0
    (slope,) = pullback(1.0)
    assert slope.item() == 9.0
    slope.backward()
    assert float(w.grad) == 6.0


@given(x=arrays((3,)))
def test_descend_is_a_subtraction(x):
    """W := W - step, in W's dtype."""
    for dtype in (np.float64, np.float32):
        W = mg.tensor(x, dtype=dtype)
        before = W.data.copy()
        W.descend(0.5 * np.ones(3, dtype))
        np.testing.assert_array_equal(W.data, before - dtype(0.5))
        assert W.dtype == dtype


HOLDERS = {
    "its data": lambda W: W.data,
    "a slice of its data": lambda W: W.data[:1],
    "a node computed from it": lambda W: W * 2,
    "a rearrangement": lambda W: W.reshape(2, 1),
    "the data of a rearrangement": lambda W: W.reshape(2, 1).data,
    "a node further on": lambda W: (W * 1.0).sum(),
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_descend_changes_no_array_that_someone_holds(holder):
    """In place only where nobody can see it: neither views nor graphs change."""
    W = mg.tensor([1.0, 2.0])
    held = HOLDERS[holder](W)
    before = np.array(held.data if isinstance(held, mg.Tensor) else held)
    W.descend(np.ones(2))
    after = held.data if isinstance(held, mg.Tensor) else held
    np.testing.assert_array_equal(after, before)
    assert W.data.tolist() == [0, 1]


def test_descend_with_a_graph_alive_keeps_its_derivative():
    """A graph recorded before the step differentiates at its own values."""
    W = mg.tensor([1.0, 2.0])
    J = (W**2).sum()
    W.descend(np.ones(2))
    J.backward()
    assert W.grad.tolist() == [2, 4]


def test_descend_in_place_when_nobody_looks():
    """A large unshared array is not allocated anew at each step."""
    W = mg.tensor(np.ones(1000))
    before = W.data.ctypes.data
    W.descend(np.ones(1000))
    assert W.data.ctypes.data == before


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("shape", [(), (2,)])
def test_descend_keeps_the_dtype(held, shape):
    """A float64 step leaves a float32 parameter float32, in place or not."""
    W = mg.tensor(np.ones(shape, np.float32))
    keep = W.data if held else None
    W.descend(np.full(shape, 0.25))
    assert W.dtype == np.float32
    assert (W.data == 0.75).all()
    assert keep is None or (keep == 1).all()


def test_descend_must_fit():
    """The step has the leaf's shape, and only a leaf descends."""
    W = mg.tensor([1.0, 2.0], name="W")
    with pytest.raises(mg.ShapeError, match=r"step of tensor 'W': got shape \(3,\)"):
        W.descend(np.ones(3))
    with pytest.raises(mg.DTypeError, match="computed by multiply; only a leaf"):
        (W * 2).descend(np.ones(2))


def test_plus_equals_rebinds():
    """x += 1 makes a new node; the old one, held elsewhere, stays what it was."""
    x = old = mg.tensor(1.0)
    x += 1
    x *= 3
    assert (x.item(), old.item()) == (6.0, 1.0)
    x.backward()
    assert float(old.grad) == 3.0


def test_copies_are_independent():
    """A deep copy of a leaf has its value and takes its own gradients."""
    x = mg.tensor([1.0, 2.0], name="x")
    y = copy.deepcopy(x)
    (x * y).sum().backward()
    y.descend(np.ones(2))
    assert (x.data.tolist(), y.data.tolist(), y.name) == ([1, 2], [0, 1], "x")
    assert (x.grad.tolist(), y.grad.tolist()) == ([1, 2], [1, 2])
