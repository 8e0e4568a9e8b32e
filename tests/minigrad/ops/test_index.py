"""Indexing: whatever NumPy takes between brackets, read and written, recorded."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import minigrad as mg

INDICES = {
    "integer": 1,
    "negative": -1,
    "numpy integer": np.int64(2),
    "slice": slice(1, None),
    "reversed": slice(None, None, -1),
    "step": (slice(None), slice(None, None, 2)),
    "pair": (0, -1),
    "newaxis": None,
    "newaxis inside": (slice(None), None, 1),
    "ellipsis": (..., 0),
    "empty tuple": (),
    "all": ...,
    "nothing": slice(0, 0),
    "list": [2, 0],
    "repeated": [0, 0, 2, 0],
    "empty list": [],
    "array": np.array([[0, 1], [1, 1]]),
    "two arrays": (np.array([0, 0, 2]), np.array([1, 1, 3])),
    "outer": (np.array([[0], [0]]), np.array([1, 1, 2])),
    "array and slice": (np.array([1, 1]), slice(1, 3)),
    "slice between": (np.array([1, 1, 0]), None, slice(1, 3)),
    "separated arrays": (np.array([0, 0]), None, np.array([3, 3])),
    "mask": np.arange(12).reshape(3, 4) % 3 == 0,
    "row mask": np.array([True, False, True]),
    "mask and integer": (np.array([True, False, True]), 1),
    "mask and array": (np.array([True, False, True]), np.array([2, 2])),
    "no element": np.zeros((3, 4), bool),
    "true": True,
    "false": False,
}
every_index = pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
X = np.arange(12.0).reshape(3, 4)  # element k holds k


def scattered(index, seed):
    """The gradient of X[index], worked out by walking the picked element numbers."""
    wanted = np.zeros(X.size)
    for k, g in zip(X[index].ravel().astype(int), seed.ravel(), strict=True):
        wanted[k] += g
    return wanted.reshape(X.shape)


@every_index
def test_reading_returns_each_cotangent_to_its_element(index):
    """x[index] has NumPy's value; an element picked several times gets the sum."""
    x = mg.tensor(X)
    y = x[index]
    np.testing.assert_array_equal(y.data, X[index])
    seed = 1.0 + np.arange(y.size).reshape(y.shape)
    y.backward(seed)
    np.testing.assert_array_equal(x.grad, scattered(index, seed))


@given(index=hnp.basic_indices(X.shape, allow_newaxis=True), data=st.data())
def test_any_basic_index(index, data):
    """Every mixture of integers, slices, ellipsis and newaxis."""
    test_reading_returns_each_cotangent_to_its_element(index)


@given(index=hnp.integer_array_indices(X.shape))
def test_any_integer_array_index(index):
    """Integer arrays of any shapes that broadcast."""
    test_reading_returns_each_cotangent_to_its_element(index)


@given(mask=hnp.arrays(bool, X.shape))
def test_a_mask_that_is_a_tensor(mask):
    """x[x > c] with the mask recorded from Tensors is the same as with an array."""
    x = mg.tensor(X)
    recorded = mg.tensor(mask.astype(float)) > 0.5
    y = x[recorded]
    np.testing.assert_array_equal(y.data, X[mask])
    y.sum().backward()
    np.testing.assert_array_equal(x.grad, mask.astype(float))


def test_an_index_that_is_a_tensor_of_integers():
    """x[i] with a recorded integer array; the index gets no derivative."""
    x, i = mg.tensor(X), mg.tensor([1.0, 1.0])
    x[i.astype(int)].sum().backward()
    assert x.grad.sum(axis=1).tolist() == [0, 8, 0]
    assert i.grad is None


@every_index
def test_second_derivative_through_an_index(index):
    """The gradient of a sum of cubes of x[index], differentiated again: 6x for each use."""
    uses = scattered(index, np.ones(X[index].shape))
    twice = mg.grad(lambda x: np.sum(mg.grad(lambda x: np.sum(x[index] ** 3))(x)))(X)
    np.testing.assert_allclose(twice, 6 * X * uses)


@every_index
def test_writing_is_numpys_writing_on_a_copy(index):
    """set_at(x, index, v) has the value of x[index] = v and leaves x alone."""
    value = -1.0 - np.arange(X[index].size).reshape(X[index].shape)
    wanted = X.copy()
    wanted[index] = value
    x, v = mg.tensor(X), mg.tensor(value)
    for y in (mg.set_at(x, index, v), mg.set_at(x, index, value), mg.set_at(X, index, v)):
        assert isinstance(y, mg.Tensor)
        np.testing.assert_array_equal(y.data, wanted)
    np.testing.assert_array_equal(mg.set_at(X, index, value), wanted)
    np.testing.assert_array_equal(x.data, np.arange(12.0).reshape(3, 4))


@every_index
def test_writing_gives_each_cotangent_to_whose_value_stands(index):
    """An element belongs to x where it was not written, else to the last that wrote it."""
    n = X[index].size
    numbers = 100.0 + np.arange(n).reshape(X[index].shape)  # 100 + k: the k-th written value
    x, v = mg.tensor(X), mg.tensor(numbers)
    y = mg.set_at(x, index, v)
    seed = 1.0 + np.arange(12.0).reshape(3, 4)
    y.backward(seed)
    owner = y.data  # below 100 an element of x, from 100 on one of v
    np.testing.assert_array_equal(x.grad, np.where(owner < 100, seed, 0))
    wanted = np.zeros(n)
    for k, g in zip(owner.ravel(), seed.ravel(), strict=True):
        if k >= 100:
            wanted[int(k) - 100] = g
    np.testing.assert_array_equal(v.grad, wanted.reshape(v.shape))


def test_a_value_that_broadcasts_gets_the_sum():
    """One number written to a whole row gets the row's cotangents together."""
    v = mg.tensor(7.0)
    mg.set_at(mg.tensor(X), 1, v).backward(X)
    assert float(v.grad) == X[1].sum()


def test_set_at_keeps_the_dtype_of_x():
    """As writing into an array does: a float64 value in a float32 array."""
    x, v = mg.tensor(np.ones(3, np.float32)), mg.tensor(2.0)
    y = mg.set_at(x, 0, v)
    y.sum().backward()
    assert (y.dtype, x.grad.dtype, v.grad.dtype) == (np.float32, np.float32, np.float64)


def test_rows_one_by_one():
    """Iterating and unpacking give recorded rows."""
    x = mg.tensor(X)
    a, b, c = x
    (a * 1 + b * 2 + c * 3).sum().backward()
    assert x.grad[:, 0].tolist() == [1, 2, 3]
    assert [float(e) for e in mg.tensor([1.0, 2.0])] == [1, 2]


@pytest.mark.parametrize("act", [lambda x, i: x[i], lambda x, i: mg.set_at(x, i, 1.0)])
@pytest.mark.parametrize(
    ("index", "message"),
    [
        (5, "index 5 is out of bounds for axis 0 with size 3"),
        ((0, 0, 0), "too many indices"),
        (np.array([True, False]), "boolean index did not match"),
    ],
)
def test_an_index_outside(act, index, message):
    """The message names op, shape and index; the error is an IndexError as in NumPy."""
    with pytest.raises(mg.IndexingError, match=rf"_?[gs]et.*\(3, 4\).*{message}") as caught:
        act(mg.tensor(X), index)
    assert isinstance(caught.value, IndexError)


@pytest.mark.parametrize("index", [mg.tensor([0.0, 1.0]), np.array([0.0]), [0.5]], ids=repr)
def test_an_index_that_is_no_integer(index):
    """A float index is refused with what to do about a Tensor."""
    with pytest.raises(mg.DTypeError, match="index of dtype float64; expected integers or bools"):
        mg.tensor(X)[index]


def test_a_value_of_the_wrong_shape():
    """Writing three values in two places names all three shapes."""
    with pytest.raises(mg.ShapeError, match=r"set_at: \(3, 4\), \(3,\), .*do not broadcast"):
        mg.set_at(mg.tensor(X), (0, slice(2)), np.ones(3))


@pytest.mark.parametrize("value", [None, "a", np.ma.array([1.0], mask=[1]), [None]], ids=repr)
def test_writing_what_is_no_number(value):
    """None does not become NaN, and a mask is not lost: only numbers are written."""
    with pytest.raises(mg.DTypeError, match="set_at: got"):
        mg.set_at(mg.tensor(X), 0, value)


def test_sums_by_label():
    """bincount adds the weights of each label; their cotangent is that of the label's sum."""
    labels, w = np.array([1, 0, 1]), mg.tensor([1.0, 2.0, 4.0])
    y = np.bincount(labels, w, minlength=3)
    y.backward(np.array([10.0, 20.0, 30.0]))
    assert (y.data.tolist(), w.grad.tolist()) == ([2, 5, 0], [20, 10, 20])
    assert np.bincount(mg.tensor([1.0, 1.0]).astype(int)).data.tolist() == [0, 2]


def test_an_array_that_cannot_hold_the_value():
    """Integers would cut a float off, and its derivative with it; float32 only rounds."""
    with pytest.raises(
        mg.DTypeError, match=r"set_at: .* float64, .* int64 cannot .*astype\(float64\)"
    ):
        mg.set_at(np.arange(3), 0, mg.tensor(1.5))
    with pytest.raises(mg.DTypeError, match="value of dtype complex128, which an array of float64"):
        mg.set_at(mg.tensor([1.0, 2.0]), 0, 1j)
    assert mg.set_at(np.arange(3), 0, 7).tolist() == [7, 1, 2]
    assert mg.grad(lambda v: mg.set_at(np.zeros(2, np.float32), 0, v).sum())(0.1) == 1
