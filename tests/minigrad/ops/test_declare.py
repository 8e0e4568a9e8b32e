"""Declaring ops: the forms a row may take, and what a function without one says."""

import numpy as np
import pytest
from oracles import assert_close, complex_step

import minigrad as mg
from minigrad.errors import NoRuleError
from minigrad.ops.declare import constant, elementwise, plain, rule
from minigrad.table import row


def test_each_form_of_declaration_makes_a_working_row(rows):
    """A new row is all it takes for NumPy's function to accept Tensors."""
    elementwise(np.arctan, lambda y, x: 1 / (1 + x * x))
    rule(np.arctan2, lambda g, y, a, b: g * b / (a * a + b * b), None)
    constant(np.floor)
    plain(np.isreal)
    (wanted,) = complex_step(np.arctan, (0.3,))
    assert_close(mg.grad(np.arctan)(0.3), wanted, 1e-15)
    assert_close(mg.grad(np.arctan2)(0.3, 1.0), wanted, 1e-15)
    assert float(mg.grad(lambda x: x * np.floor(x))(2.5)) == 2.0
    assert np.isreal(mg.tensor([1.0])).tolist() == [True]
    assert [row(f).form for f in (np.arctan, np.arctan2, np.floor, np.isreal)] == [
        "elementwise", "rule", "constant", "plain",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "function", [np.sinc, np.linalg.norm, np.fmod, np.linalg.eigh, np.trapezoid]
)
def test_a_function_without_a_row_says_how_to_declare_one(function, rows):
    """No fallback to arrays, which would lose the derivative: an error with the next step."""
    rows.pop(function, None)
    x = mg.tensor(np.ones((2, 2)))
    args = (x, x) if function is np.fmod else (x,)
    with pytest.raises(mg.NoRuleError) as caught:
        function(*args)
    text = str(caught.value)
    module = "np.linalg" if "linalg" in getattr(function, "__module__", "numpy") else "np"
    assert text.startswith(f"{module}.{function.__name__}: no derivative rule")
    assert f"minigrad.primitive({module}.{function.__name__}, vjp=lambda g, y, x: ...)" in text


def test_answers_about_values_are_computed_anew_in_compiled_code():
    """Also where arrays are given by name; of Tensors in a list they cannot be, which is said."""
    places = mg.compile(lambda x: np.searchsorted(x, v=x[::-1]) + x)
    for x in np.array([[1.0, 2.0, 3.0], [1.0, 1.0, 1.0], [0.0, 5.0, 9.0]]):
        np.testing.assert_array_equal(places(x), np.searchsorted(x, x[::-1]) + x)
    among = mg.compile(lambda x: np.searchsorted(x, [x[0], x[1]]) + x[:2])
    with pytest.raises(mg.GraphError, match=r"compile: searchsorted of a traced value at test_dec"):
        among(x)


@pytest.mark.parametrize(
    "call", [lambda x: x.swapaxes(0), lambda x: x.swapaxes(0, 1, 2), lambda x: x.repeat()]
)
def test_a_method_with_too_few_or_too_many_arguments(call):
    """The message says what it takes."""
    with pytest.raises(NoRuleError, match=r"too few or too many arguments; a Tensor takes a, "):
        call(mg.tensor(np.ones((2, 2))))


def test_an_argument_that_says_numpys_default_is_as_if_not_given():
    x = mg.tensor([1.0, 3.0])
    assert np.quantile(x, 0.5, weights=None, overwrite_input=False).item() == 2
    with pytest.raises(NoRuleError, match="overwrite_input"):
        np.quantile(x, 0.5, overwrite_input=True)
