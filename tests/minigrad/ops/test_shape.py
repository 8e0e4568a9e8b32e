"""Shape ops: the same numbers in another arrangement, and back."""

import numpy as np
import pytest
from cases import takes
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import minigrad as mg


def back_to(x, rearranged):
    """The gradient of x when each element of the result carries its number as cotangent."""
    t = mg.tensor(x)
    y = rearranged(t)
    y.backward(np.arange(1.0, y.size + 1).reshape(y.shape))
    return t.grad


@given(shape=hnp.array_shapes(max_dims=4, max_side=3), data=st.data())
def test_a_rearrangement_undoes_itself(shape, data):
    """The cotangent of each element returns to where that element came from."""
    x = np.arange(np.prod(shape), dtype=float).reshape(shape)
    order = data.draw(st.permutations(range(-len(shape), 0)) | st.none())
    i, k = (data.draw(st.integers(-len(shape), len(shape) - 1)) for _ in "ik")
    for rearranged in (
        lambda t: np.transpose(t, order),
        lambda t: np.swapaxes(t, i, k),
        lambda t: np.reshape(t, -1),
        np.ravel,
        np.squeeze,
        lambda t: np.expand_dims(t, i),
    ):
        y = rearranged(x)
        came_from = y.ravel().astype(int)  # x holds its own element numbers
        wanted = np.empty(x.size)
        wanted[came_from] = np.arange(1.0, x.size + 1)
        np.testing.assert_array_equal(back_to(x, rearranged), wanted.reshape(shape))


@pytest.mark.parametrize(
    "call",
    [
        lambda x: x.reshape(3, 2),
        lambda x: x.reshape((3, 2)),
        lambda x: x.reshape([3, -1]),
        lambda x: np.reshape(x, (3, 2)),
        *[lambda x: np.reshape(x, shape=(-1, 2))] * takes(np.reshape, "shape"),
    ],
)
def test_reshape_takes_its_sizes_in_every_form(call):
    """Sizes one by one, as a tuple, a list, by name, with -1 to be worked out."""
    assert call(mg.tensor(np.zeros((2, 3)))).shape == (3, 2)


def test_reshape_to_a_scalar_and_back():
    """() is a shape like any other."""
    assert back_to(np.ones((1, 1)), lambda x: x.reshape(()).reshape(1, 1)).tolist() == [[1.0]]


@pytest.mark.parametrize(
    "call",
    [
        lambda x: x.T,
        lambda x: x.transpose(),
        lambda x: x.transpose(None),
        lambda x: x.transpose(2, 1, 0),
        lambda x: x.transpose((2, 1, 0)),
        lambda x: x.transpose(-1, -2, -3),
        lambda x: np.transpose(x, axes=(2, 1, 0)),
    ],
)
def test_transpose_takes_its_axes_in_every_form(call):
    """One by one, as a tuple, by name, negative, or none for the reverse."""
    x = np.arange(24.0).reshape(2, 3, 4)
    np.testing.assert_array_equal(call(mg.tensor(x)).data, x.T)


def test_broadcasting_to_a_shape_sums_on_the_way_back():
    """An element used six times gets the sum of six cotangents."""
    assert back_to(np.array([[1.0], [2.0]]), lambda x: np.broadcast_to(x, (3, 2, 1))).tolist() == [
        [1 + 3 + 5],
        [2 + 4 + 6],
    ]


def test_concatenate_takes_tensors_arrays_and_lists():
    """Constants among the parts take their place and need no gradient."""
    a, b = mg.tensor([1.0, 2.0]), mg.tensor([5.0])
    y = np.concatenate([a, np.array([3.0, 4.0]), b, [6, 7]])
    assert y.data.tolist() == [1, 2, 3, 4, 5, 6, 7]
    y.backward(np.arange(7.0))
    assert (a.grad.tolist(), b.grad.tolist()) == ([0, 1], [4])


def test_the_same_tensor_twice_gets_both_parts():
    """A Tensor stacked with itself gets the sum of both cotangents."""
    x = mg.tensor([1.0, 2.0])
    np.stack([x, x], axis=1).backward(np.array([[1.0, 10.0], [2.0, 20.0]]))
    assert x.grad.tolist() == [11, 22]


def test_one_tensor_is_a_sequence_of_its_rows():
    """np.concatenate of a matrix joins its rows, as in NumPy."""
    assert back_to(np.ones((2, 2)), np.concatenate).tolist() == [[1, 2], [3, 4]]


def test_joining_different_dtypes_gives_each_its_own_gradient():
    """float32 beside float64 computes in float64 and goes back as float32."""
    a, b = mg.tensor([1.0], dtype=np.float32), mg.tensor([2.0])
    y = np.concatenate([a, b])
    y.sum().backward()
    assert (y.dtype, a.grad.dtype, b.grad.dtype) == (np.float64, np.float32, np.float64)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: x.reshape(4, 2), r"reshape: \(2, 3\): cannot reshape .* into shape \(4,2\)"),
        (lambda x: np.squeeze(x, axis=0), r"squeeze: .*\(2, 3\)"),
        (lambda x: np.squeeze(x, axis=2), r"squeeze: .*axis 2 is out of bounds"),
        (lambda x: np.expand_dims(x, 5), r"expand_dims: .*axis 5 is out of bounds"),
        (lambda x: np.swapaxes(x, 0, 5), r"swapaxes: .*axis 5 is out of bounds"),
        (lambda x: x.transpose(0, 1, 2), r"transpose: \(2, 3\): axes don't match"),
        (lambda x: np.broadcast_to(x, (2, 2)), r"broadcast_to: \(2, 3\).*do not broadcast"),
        (lambda x: np.stack([x, np.ones(2)]), r"stack: \(2, 3\), \(2,\)"),
        (lambda x: np.concatenate([x, np.ones((3, 2))]), r"concatenate: \(2, 3\), \(3, 2\)"),
    ],
)
def test_a_shape_that_does_not_fit(call, message):
    """The message names the op and the shapes; no axis wraps around silently."""
    with pytest.raises(mg.ShapeError, match=message):
        call(mg.tensor(np.zeros((2, 3))))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: np.reshape(x, -1, order="A"), "reshape: got order 'A'; a Tensor takes 'C' or"),
        (lambda x: np.ravel(x, "K"), "reshape: got order 'K'"),
        *[
            (
                lambda x: np.reshape(x, -1, copy=False),
                "reshape: .*'copy'; a Tensor takes a, shape, ord",
            )
        ]
        * takes(np.reshape, "copy"),
        (lambda x: np.concatenate([x, x], dtype=np.float32), "concatenate: .*'dtype'"),
        (lambda x: np.stack([x, x], out=np.zeros((2, 2))), "stack: .*'out'"),
    ],
)
def test_an_unsupported_argument_is_named(call, message):
    """An argument without a rule is refused by name, never ignored."""
    with pytest.raises(mg.NoRuleError, match=message):
        call(mg.tensor([1.0, 2.0]))


@pytest.mark.parametrize("alien", ["a", None, np.array(["a"])], ids=repr)
def test_joining_with_what_is_no_number(alien):
    """A string or None among the parts is refused, not turned into an array of strings."""
    with pytest.raises(mg.DTypeError, match=r"stack: got .*expected"):
        np.stack([mg.tensor(1.0), alien])


@pytest.mark.parametrize("mode", ["edge", "reflect", "symmetric", "wrap"])
def test_a_border_returns_to_what_it_repeats(mode):
    """Each element gets the cotangents of all its copies."""
    x = np.arange(4.0)
    y = np.pad(x, 3, mode)
    assert back_to(x, lambda t: np.pad(t, 3, mode)).tolist() == [
        np.sum(1 + np.flatnonzero(y == v)) for v in x
    ]


@pytest.mark.parametrize("mode", ["edge", "reflect", "symmetric", "wrap"])
@pytest.mark.parametrize("n", [1, 2, 3, 5])
@pytest.mark.parametrize("width", [(0, 1), (3, 0), (2, 7), (11, 4)], ids=str)
def test_borders_wider_than_the_array(mode, n, width):
    """Where a border repeats the array several times over, so do the cotangents."""
    numbers = np.arange(2 * n).reshape(2, n)
    padded = np.pad(numbers, (width, width), mode)
    wanted = np.zeros(2 * n)
    np.add.at(wanted, padded.ravel(), 1.0 + np.arange(padded.size))
    gradient = back_to(numbers.astype(float), lambda x: np.pad(x, (width, width), mode))
    assert gradient.ravel().tolist() == wanted.tolist()


def test_widths_by_axis():
    """A dict of widths names the axes that are padded, negative ones too."""
    x = np.ones((2, 3))
    y = np.pad(mg.tensor(x), {-1: (1, 2), 0: 1})
    np.testing.assert_array_equal(y.data, np.pad(x, ((1, 1), (1, 2))))


@pytest.mark.parametrize("order", ["C", "F"])
def test_fortrans_order(order):
    """reshape, ravel and flatten take order= as NumPy does."""
    x = np.arange(6.0).reshape(2, 3)
    t = mg.tensor(x)
    for y, wanted in (
        (t.reshape(3, 2, order=order), x.reshape(3, 2, order=order)),
        (np.reshape(t, (-1, 2), order), np.reshape(x, (-1, 2), order)),
        (t.ravel(order), x.ravel(order)),
        (t.flatten(order=order), x.flatten(order=order)),
    ):
        np.testing.assert_array_equal(y.data, wanted)


def test_counts_may_differ():
    """repeat with a count for each element, none included."""
    assert back_to(np.ones(3), lambda x: np.repeat(x, [2, 0, 1])).tolist() == [3, 0, 3]


def test_a_vector_on_and_off_the_diagonal():
    """diag builds a matrix from a vector and takes a vector from a matrix."""
    x = mg.tensor([1.0, 2.0])
    assert np.diag(np.diag(x, 1), 1).data.tolist() == [1, 2]
    assert back_to(np.ones((2, 3)), np.trace).tolist() == [[1, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: np.pad(x, 1, "mean"), r"pad: got mode 'mean', .*; expected a mode of .*edge"),
        (lambda x: np.pad(x, 1, "reflect", reflect_type="odd"), "pad: .*'reflect_type'.* takes ar"),
        (lambda x: np.pad(x, 1, constant_values=x[0]), r"pad: .*constant_values tensor\(1.\); exp"),
        (lambda x: np.repeat(x, x), "repeat: argument repeats is a Tensor"),
        (lambda x: np.trace(x, dtype=int), "trace: .*'dtype'.* takes a, offset, axis1, axis2"),
    ],
)
def test_what_no_rule_covers_is_refused(call, message):
    """A mode or argument without a rule is an error, never a wrong derivative."""
    with pytest.raises(mg.NoRuleError, match=message):
        call(mg.tensor([1.0, 2.0]))
