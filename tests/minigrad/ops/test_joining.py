"""Joining, splitting, taking and choosing: forms of call, constants among the parts, refusals."""

import numpy as np
import pytest
from cases import takes

import minigrad as mg


def test_constants_and_numbers_among_the_parts():
    """What is no Tensor takes its place and needs no gradient."""
    a = mg.tensor([1.0, 2.0])
    y = np.vstack([a, [3.0, 4.0], np.ones(2)])
    assert y.data.tolist() == [[1, 2], [3, 4], [1, 1]]
    assert np.hstack([0, a, [5]]).data.tolist() == [0, 1, 2, 5]
    y.backward(np.arange(6.0).reshape(3, 2))
    assert a.grad.tolist() == [0, 1]


def test_split_returns_a_list_of_tensors():
    """Each piece is differentiable on its own; what nobody uses gets zeros."""
    x = mg.tensor(np.arange(6.0))
    first, middle, last = np.split(x, 3)
    assert isinstance(np.array_split(x, 4), list)
    (first * last).sum().backward()
    assert x.grad.tolist() == [4, 5, 0, 0, 0, 1]
    assert middle.data.tolist() == [2, 3]


def test_meshgrid_in_every_form():
    """A tuple of the shapes NumPy gives, for each indexing, sparse or not."""
    x, y, z = np.arange(2.0), np.arange(3.0), np.arange(4.0)
    for kwargs in ({}, {"indexing": "ij"}, {"sparse": True}, {"indexing": "ij", "sparse": True}):
        got, wanted = np.meshgrid(mg.tensor(x), y, z, **kwargs), np.meshgrid(x, y, z, **kwargs)
        assert type(got) is type(wanted)
        for a, b in zip(got, wanted, strict=True):
            np.testing.assert_array_equal(a.data if isinstance(a, mg.Tensor) else a, b)


def test_a_tensor_of_integers_is_an_index():
    """take and take_along_axis accept places that were computed."""
    x = mg.tensor([5.0, 6.0, 7.0])
    places = mg.tensor([2.0, 0.0]).astype(int)
    for f in (np.take, lambda x, i: np.take_along_axis(x, i, 0)):
        assert f(x, places).data.tolist() == [7, 5]


def test_an_element_taken_twice_gets_both_cotangents():
    """The cotangents of one element add."""
    assert mg.grad(lambda x: np.sum(np.take(x, [1, 1, 0])))(np.ones(3)).tolist() == [1, 2, 0]


def test_select_takes_the_first_that_holds():
    """Only the chosen branch gets a derivative."""
    x = np.array([-2.0, 0.0, 3.0])

    def f(x):
        return np.sum(np.select([x < 0, x < 1], [np.sin(x), x * x], default=5 * x))

    assert mg.grad(f)(x).tolist() == [np.cos(-2), 0, 5]


def test_full_like_with_a_tensor():
    """Every element is the fill, which gets the sum of the cotangents."""
    x, v = mg.tensor(np.zeros((2, 3))), mg.tensor(2.0)
    y = np.full_like(x, v)
    y.backward(np.ones((2, 3)))
    assert (y.data.tolist(), float(v.grad), x.grad) == ([[2] * 3] * 2, 6, None)


def test_an_array_taken_from_by_a_tensor_of_places():
    """The places may be computed where the table is a constant; they have no derivative."""
    table, places = np.array([[5.0, 6.0, 7.0]]), mg.tensor([[2.0, 0.0]]).astype(int)
    assert np.take_along_axis(table, places, 1).data.tolist() == [[7, 5]]


def test_piecewise_calls_a_function_where_it_holds():
    """No function sees an element that is not its own, so none spoils another's derivative."""
    x = np.array([-4.0, 0.0, 4.0])
    slope = mg.grad(lambda x: np.sum(np.piecewise(x, [x > 0, x < 0], [np.sqrt, np.square, 1])))
    assert slope(x).tolist() == [-8, 0, 0.25]
    y = np.piecewise(mg.tensor(x), np.array([x > 0, x > -1]), [1, 2])  # the last that holds
    assert (y.data if isinstance(y, mg.Tensor) else y).tolist() == [0, 2, 2]


def test_linspace_ends():
    """From start to stop, without it if asked, and the step between."""
    a, b = mg.tensor(1.0), mg.tensor(3.0)
    y, step = np.linspace(a, b, 5, retstep=True)
    assert (y.data.tolist(), float(step)) == ([1, 1.5, 2, 2.5, 3], 0.5)
    y.backward(np.array([0.0, 1.0, 0.0, 0.0, 10.0]))
    assert (float(a.grad), float(b.grad)) == (0.75, 10.25)
    assert np.linspace(a, b, 2, endpoint=False, dtype=np.float32).dtype == np.float32
    assert np.logspace(a, b, 2, base=2).data.tolist() == [2, 8]
    np.testing.assert_allclose(np.geomspace(a, b, 3).data, np.geomspace(1, 3, 3), rtol=1e-15)


def test_apply_along_axis_stacks_what_the_function_returns():
    """A number, a vector or a matrix for each line stands where the axis was."""
    x = np.arange(24.0).reshape(2, 3, 4)
    for f in (np.sum, np.cumsum, lambda v: np.outer(v, v)):
        for axis in (0, 1, -1):
            y = np.apply_along_axis(f, axis, mg.tensor(x))
            np.testing.assert_allclose(y.data, np.apply_along_axis(f, axis, x), rtol=1e-15)


def test_blocks_and_trimmed_zeros():
    """A matrix from parts of any depth; a vector without the zeros at its ends."""
    a = mg.tensor([[1.0]])
    y = np.block([[a, np.zeros((1, 2))], [np.ones((2, 1)), 3 * np.eye(2)]])
    assert y.data.tolist() == [[1, 0, 0], [1, 3, 0], [1, 0, 3]]
    x = mg.tensor([0.0, 1.0, 0.0, 2.0, 0.0])
    for trim, wanted in (("fb", [1, 0, 2]), ("f", [1, 0, 2, 0]), ("b", [0, 1, 0, 2])):
        assert np.trim_zeros(x, trim).data.tolist() == wanted
    assert np.trim_zeros(0 * x).data.tolist() == []


@pytest.mark.skipif(not takes(np.trim_zeros, "axis"), reason="NumPy 2.2")
def test_zeros_are_trimmed_along_some_axes():
    """The others keep their length, also where nothing but zeros is in them."""
    x = np.zeros((4, 5))
    x[1:3, [1, 3]] = [[1, 0], [2, 3]]
    for given in (x, 0 * x):
        for trim in ("fb", "f", "b"):
            for axis in (None, 0, -1, (1, 0)):
                wanted = np.trim_zeros(given, trim, axis=axis)
                got = np.trim_zeros(mg.tensor(given), trim, axis=axis)
                np.testing.assert_array_equal(got.data, wanted)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: np.split(x, 2), mg.ShapeError, r"split: \(3,\): array split does not result"),
        (lambda x: np.vsplit(x, 3), mg.ShapeError, r"vsplit: \(3,\): .* 2 or more dimensions"),
        (lambda x: np.take(x, 3), mg.IndexingError, "index 3 is out of bounds"),
        (lambda x: np.take(x, 0, out=np.zeros(())), mg.ShapeError, "take: .*out= writes in place"),
        (lambda x: np.take(x, 0, mode="rap"), mg.ShapeError, r"take: \(3,\): got mode='rap'; exp"),
        (
            lambda x: np.take_along_axis(x, np.array([[0]]), 0),
            mg.ShapeError,
            r"take_along_axis: \(3,\), \(1, 1\): .*same number of dimensions",
        ),
        (lambda x: np.vstack([x, x], dtype=int), mg.NoRuleError, "vstack: .*'dtype'.* takes tup"),
        (lambda x: np.vstack([x, "a"]), mg.DTypeError, "vstack: got str 'a' as an operand"),
        (lambda x: np.vstack([x, np.ones(2)]), mg.ShapeError, r"concatenate: \(1, 3\), \(1, 2\)"),
        (lambda x: np.meshgrid(x, indexing="yx"), mg.ShapeError, "meshgrid: .*'xy' and 'ij'"),
        (lambda x: np.choose([0, 2, 0], [x, x]), mg.ShapeError, r"choose: \(3,\), \(3,\): inv"),
        (lambda x: np.block([x, [x]]), mg.ShapeError, "block: .*leaves must be equally deep"),
        (lambda x: np.geomspace(x, -x), mg.ShapeError, "geomspace: .*not zero and of one sign"),
        (lambda x: np.piecewise(x, [x > 0], [1, 2, 3]), mg.ShapeError, "piecewise: .*one more"),
        (lambda x: np.select([], [x]), mg.ShapeError, "select: .*same length"),
    ],
)
def test_what_does_not_fit_is_named(call, error, message):
    """The message names op, shapes and reason."""
    with pytest.raises(error, match=message):
        call(mg.tensor(np.ones(3)))


def test_an_array_of_bases_broadcasts_with_the_ends():
    """The new axis stands before theirs, as in NumPy."""
    base = np.array([2.0, 3.0, 5.0])
    y, pullback = mg.vjp(lambda b: np.logspace(0, 2, 3, base=b), base)
    np.testing.assert_allclose(y, np.logspace(0, 2, 3, base=base), rtol=1e-15)
    np.testing.assert_allclose(pullback(np.ones((3, 3)))[0], 1 + 2 * base, rtol=1e-14)


def test_piecewise_takes_a_matrix_for_a_list_of_conditions():
    """NumPy reads the rows of a matrix as conditions in turn, whatever x is."""
    x, conditions = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[True, False], [False, True]])
    y = np.piecewise(mg.tensor(x), conditions, [np.negative, np.square])
    np.testing.assert_array_equal(y.data, np.piecewise(x, conditions, [np.negative, np.square]))


def test_piecewise_takes_one_condition_as_a_list_of_bools():
    """NumPy reads a list of bools as one condition where x is an array."""
    x, condition = np.array([1.0, 2.0, 3.0]), [True, False, True]
    y, pullback = mg.vjp(lambda x: np.piecewise(x, condition, [np.square, np.negative]), x)
    np.testing.assert_array_equal(y, np.piecewise(x, condition, [np.square, np.negative]))
    assert pullback(np.ones(3))[0].tolist() == [2, -1, 6]


def test_one_part_among_thousands_of_constants():
    """A block without a Tensor is joined as the array that it is."""
    a = mg.tensor([7.0])
    y = np.concatenate([np.array([float(i)]) for i in range(4000)] + [a])
    assert y.data.tolist() == [*range(4000), 7]
    y.backward(np.arange(4001.0))
    assert a.grad.tolist() == [4000]


def test_thousands_of_parts_join_block_by_block():
    """Each part gets its own cotangent, whichever block it is in."""
    parts = [mg.tensor([float(i)]) for i in range(5000)]
    for join, axis in ((np.concatenate, 0), (np.concatenate, None), (np.stack, -1)):
        y = join(parts, axis=axis)
        assert y.data.ravel().tolist() == list(range(5000))
        y.backward(np.arange(5000.0).reshape(y.shape))
        assert [p.grad.tolist() for p in parts] == [[float(i)] for i in range(5000)]
        for p in parts:
            p.zero_grad()


def test_a_number_to_append_to_is_double_precision():
    """As in NumPy, where it is an array before it is joined."""
    x = mg.tensor([1.0], dtype=np.float32)
    y = np.append(7.0, x)
    assert (y.dtype, y.data.tolist()) == (np.float64, [7, 1])
    y.sum().backward()
    assert (x.grad.dtype, x.grad.tolist()) == (np.float32, [1])


def test_take_refuses_an_axis_that_is_not_there():
    """No axis wraps around silently."""
    with pytest.raises(mg.ShapeError, match=r"take: .*axis 2 is out of bounds"):
        np.take(mg.tensor(np.ones((2, 3))), [0], axis=2)
