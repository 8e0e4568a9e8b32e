"""What a Tensor shares with ndarray, and where it refuses instead of losing a derivative."""

import operator

import numpy as np
import pytest

import minigrad as mg

X = mg.tensor([1.0, 2.0, 3.0])


def add_in_place(array):
    array += X
    return array


# Refusals -----------------------------------------------------------------------------------------

REFUSED = {
    "np.asarray": (lambda: np.asarray(X), r"np.asarray of .*; use .data for the value, np.stack"),
    "np.array of Tensors": (lambda: np.array([X, X]), "np.stack for an array of Tensors"),
    "np.sum of a list": (lambda: np.sum([X, X]), "np.stack for an array of Tensors"),
    "np.full": (lambda: np.full(3, X[0]), "np.full of the tensor: that would drop its history"),
    "np.interp's left": (
        lambda: np.interp(-1.0, [0.0, 1.0], [2.0, 3.0], left=X[0]),
        r"np.interp of the tensor, for a plain number: .* use \.data for the value",
    ),
    "item assignment": (lambda: operator.setitem(X, 0, 1.0), r"x = minigrad.set_at\(x, index, "),
    "array += tensor": (lambda: add_in_place(np.zeros(3)), r"add: out= .*write a = a \+ x for a "),
    "out=": (lambda: np.exp(X, out=np.zeros(3)), "exp: out= writes in place"),
    "reduce": (lambda: np.divide.reduce(X), r"divide.reduce has no .*; expected .* np.divide\("),
    "accumulate": (lambda: np.maximum.accumulate(X), "maximum.accumulate has no derivative rule"),
    "reduceat": (lambda: np.add.reduceat(X, [0, 2]), "add.reduceat has no derivative rule"),
    "fill_diagonal": (
        lambda: np.fill_diagonal(X.reshape(3, 1), 0),
        r"fill_diagonal: writes in place.*x = minigrad.set_at\(x, index, value\)",
    ),
    "copyto": (lambda: np.copyto(np.zeros(3), X), "copyto: writes in place"),
    "sort": (X.sort, r"sort: a Tensor is not written in place; use x = np.sort\(x\)"),
    "fill": (lambda: X.fill(0), r"fill: .* in place; use x = np.full_like\(x, value\)"),
    "view": (lambda: X.view(int), r"view: .*use x.data.view\(...\)"),
    "float as index": (lambda: range(X[0]), "index: the tensor has dtype float64 and shape"),
    "several as index": (lambda: range(X.astype(int)), r"index: .* shape \(3,\); expected a sing"),
    "at": (lambda: np.add.at(np.zeros(3), [0, 1, 2], X), r"add.at: writes in .*minigrad.set_at\("),
    "dtype=": (lambda: np.add(X, 1, dtype=np.float32), "add with dtype= has no derivative rule"),
    "where=": (lambda: np.exp(X, where=[True] * 3), "exp with where= has no derivative rule"),
    "string": (lambda: X + "a", "add: got str 'a' as an operand; expected a Tensor, an array or a"),
    "string left": (lambda: "a" * X, "multiply: got str 'a' as an operand"),
    "none": (lambda: X * None, "multiply: got NoneType None as an operand"),
    "none to a ufunc": (lambda: np.maximum(None, X), "maximum: got NoneType None as an operand"),
    "objects": (lambda: X + np.array([1, 2, None]), "operand of dtype object; expected numbers"),
    "date": (lambda: X - np.datetime64("2020-01-01"), "subtract: got datetime64"),
    "dates": (
        lambda: X - np.array(["2020-01-01"], "M8[D]"),
        r"dtype datetime64\[D\]; expected num",
    ),
    "masked": (lambda: X * np.ma.array([1, 2, 3], mask=[0, 1, 0]), "multiply: got a masked array"),
    "where string": (lambda: np.where(X > 1, X, "a"), "where: got str 'a' as an operand"),
    "where none": (lambda: np.where(X > 1, X, None), "where: got NoneType None as an operand"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_would_lose_a_derivative_is_refused(kind):
    """One clear TypeError that says what came and what to write instead."""
    attempt, message = REFUSED[kind]
    with pytest.raises(TypeError, match=message) as caught:
        attempt()
    assert isinstance(caught.value, mg.MinigradError)


def test_a_number_that_numpy_adds_to_plain_arrays_is_refused():
    """np.sum does not ask what `initial` is. Where nothing is recorded there is nothing to lose."""
    plain = np.array([1.0, 2.0])
    for attempt in (lambda: np.sum(plain, initial=X[0]), lambda: plain.sum(initial=X[0])):
        with pytest.raises(ValueError, match="setting an array element") as caught:
            attempt()
        assert isinstance(caught.value.__cause__, mg.DTypeError)
        assert "np.sum of the tensor, for a plain number" in str(caught.value.__cause__)
        with mg.no_grad():
            assert attempt() == 4.0


def test_a_masked_array_on_the_left_is_refused_too():
    """np.ma takes over there; it may not drop the history."""
    with pytest.raises(mg.DTypeError, match=r"np\.asarray of the tensor"):
        np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0]) * X


@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_a_matrix_counts_as_an_array():
    """* with np.matrix means multiply, not a matrix product under the rule of multiply."""
    x = mg.tensor([[1.0, 2.0], [3.0, 4.0]])
    y = x * np.matrix([[1.0, 2.0], [3.0, 4.0]])
    assert y.data.tolist() == [[1, 4], [9, 16]]


def test_shapes_that_do_not_broadcast():
    """The message shows the operation, both shapes and the rule of broadcasting."""
    message = r"add: \(3,\) \+ \(2, 2\): shapes do not broadcast; counted from the right, sizes mus"
    with pytest.raises(mg.ShapeError, match=message):
        X + np.zeros((2, 2))
    with pytest.raises(mg.ShapeError, match=r"subtract: \(2, 2\) . \(3,\)"):
        np.zeros((2, 2)) - X
    with pytest.raises(mg.ShapeError, match=r"logaddexp: \(3,\), \(2,\)"):
        np.logaddexp(X, np.zeros(2))


# Conversions --------------------------------------------------------------------------------------


def test_a_single_element_is_a_number():
    """float, int, complex, bool and item of one element, whatever its shape."""
    x = mg.tensor([[2.5]])
    assert (float(x), int(x), complex(x), bool(x), x.item()) == (2.5, 2, 2.5 + 0j, True, 2.5)
    assert bool(mg.tensor(0.0)) is False
    assert [1, 2, 3][int(mg.tensor(1))] == 2


@pytest.mark.parametrize(
    ("convert", "message"),
    [
        (float, r"float: the tensor has shape \(3,\); expected a single element"),
        (int, r"int: .*\(3,\)"),
        (complex, r"complex: .*\(3,\)"),
        (bool, r"bool: .*\(3,\); the truth .* ambiguous: use np.where, or .data with .any\(\)"),
        (lambda x: x.item(), r"item: .*\(3,\)"),
        (lambda x: f"{x:.2f}", r"format: .*\(3,\)"),
    ],
)
def test_several_elements_are_no_number(convert, message):
    """The message names what was asked for and the shape."""
    with pytest.raises(mg.ShapeError, match=message):
        convert(X)


def test_branching_on_a_comparison():
    """if x > 0 works on one element; on several it is an error."""
    assert mg.tensor(3.0) > 0
    with pytest.raises(mg.ShapeError, match=r"bool: .*\(3,\)"):
        assert X > 0


def test_a_scalar_has_no_length():
    """len and iteration of a 0-d Tensor fail as NumPy's do: a TypeError."""
    x = mg.tensor(1.0, name="a")
    for act in (len, iter, list):
        with pytest.raises(TypeError, match="len: tensor 'a' is a scalar and has no axis"):
            act(x)


def test_an_integer_tensor_is_an_index():
    """A single integer counts and chooses, as an ndarray's does."""
    n = mg.tensor(2.0).astype(int)
    assert ([1, 2, 3][n], list(range(n)), np.zeros(n).shape) == (3, [0, 1], (2,))


def test_in_asks_for_an_equal_element():
    """`value in x`, as for an ndarray of any number of axes."""
    assert 3 in X
    assert 4 not in X
    assert None not in X
    assert 2.0 in X.reshape(3, 1)


def test_size_in_bytes():
    """Of an element and of all; the bytes themselves are the value's."""
    x = mg.tensor([[1.0, 2.0]], dtype=np.float32)
    assert (x.itemsize, x.nbytes, x.tobytes()) == (4, 8, x.data.tobytes())


@pytest.mark.parametrize(
    ("method", "args"),
    [
        ("flat", None), ("mT", None), ("conjugate", ()), ("choose", ([X, X],)),
        ("compress", ([True, False],)), ("searchsorted", (2.0,)), ("argpartition", (1,)),
    ],
)  # fmt: skip
def test_more_methods_of_arrays(method, args):
    """A property or method of ndarray is one of a Tensor, with NumPy's value."""
    array = {"mT": np.ones((2, 3)), "choose": np.array([0, 1, 0])}.get(method, X.data)
    x = mg.tensor(array).astype(array.dtype)
    got, wanted = getattr(x, method), getattr(array, method)
    if args is not None:
        got, wanted = got(*args), np.asarray(wanted(*[_data(a) for a in args]))
    np.testing.assert_array_equal(_data(got), np.array(wanted))


def _data(a):
    return (
        [x.data for x in a]
        if isinstance(a, list) and isinstance(a[0], mg.Tensor)
        else (a.data if isinstance(a, mg.Tensor) else a)
    )


def test_what_an_array_has_a_tensor_has():
    """Every public name of ndarray, but for what describes its memory."""
    memory = {"base", "ctypes", "data", "device", "flags", "strides", "to_device"}
    memory |= {"itemset", "newbyteorder", "ptp", "tostring"}  # of NumPy 2.0: they only raise
    missing = {n for n in dir(np.ndarray) if not n.startswith("_")} - set(dir(mg.Tensor))
    assert missing <= memory


# Identity -----------------------------------------------------------------------------------------


def test_tensors_are_keys():
    """Hashed by identity: two Tensors of equal value are two variables."""
    a, b = mg.tensor(1.0), mg.tensor(1.0)
    assert {a: "a", b: "b"}[b] == "b"
    assert len({a, b, a}) == 2


def test_equality_is_elementwise():
    """== compares numbers, as in NumPy; what is no number is simply not equal."""
    assert (X == +X).data.tolist() == [True, True, True]
    assert (X == [1, 5, 3]).data.tolist() == [True, False, True]
    assert (X == None) is False  # noqa: E711
    assert (X != None) is True  # noqa: E711
    assert (X == "text") is False


def test_ordering_with_a_string_is_an_error():
    """There is no less-than between numbers and text."""
    with pytest.raises(TypeError, match="'<' not supported"):
        X < "a"  # noqa: B015


# Text ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (mg.tensor(3), "tensor(3.)"),
        (
            mg.tensor([1, 2], dtype=np.float32, name="W"),
            "tensor([1., 2.], dtype=float32, name='W')",
        ),
        (mg.tensor([[1.5], [2]]), "tensor([[1.5],\n        [2. ]])"),
        (X > 2, "tensor([False, False,  True], dtype=bool)"),
        (mg.tensor(1 + 2j), "tensor(1.+2.j, dtype=complex128)"),
    ],
)
def test_repr_shows_value_dtype_and_name(x, text):
    """As NumPy shows an array, in the words that make one."""
    assert repr(x) == str(x) == text


def test_format():
    """A format for one number; without one, the whole Tensor."""
    assert f"{mg.tensor(2):.3f} {mg.tensor(2)}" == "2.000 tensor(2.)"


def test_sum_of_a_list():
    """Python's own sum starts at 0 and adds."""
    assert sum([X, X]).data.tolist() == [2, 4, 6]


def test_divmod_and_round():
    """The builtins work as on arrays: the remainder has the derivative 1, the rest has none."""
    x = mg.tensor(7.5)
    whole, rest = divmod(x, 2)
    (whole + rest).backward()
    assert (whole.item(), rest.item(), x.grad) == (3, 1.5, 1)
    assert [part.item() for part in divmod(7.5, mg.tensor(2.0))] == [3, 1.5]
    assert mg.tensor(2.567).round(1).item() == 2.6


@pytest.mark.parametrize("dtype", [float, int, complex, np.float32])
def test_a_tensor_is_not_written_into_an_array(dtype):
    """array[i] = x would lose the derivative; NumPy's error has the one that says so as its cause.

    NumPy asks for the number by float(x), as the user may.
    """
    array = np.zeros(3, dtype)
    with pytest.raises((TypeError, ValueError)) as caught:
        array[0] = X[0]
    error = caught.value if isinstance(caught.value, mg.DTypeError) else caught.value.__cause__
    assert isinstance(error, mg.DTypeError)
    assert "use array = minigrad.set_at(array, index, x), or np.stack of a list" in str(error)
    assert array[0] == 0


def test_what_may_be_written_into_an_array():
    """A number asked for as such, an integer, what is not recorded; and a Tensor into a list."""
    array, kept = np.zeros(4), [None]
    array[0] = float(X[1])
    array[1] = X[2].item()
    array[2] = (X > 1).sum()
    with mg.no_grad():
        array[3] = X[0]
    kept[0] = X[0]
    assert array.tolist() == [2, 3, 2, 1]
    assert isinstance(kept[0], mg.Tensor)
    assert X.item(1) == 2
    assert mg.tensor([[1.0, 2.0]]).item(0, 1) == 2
