"""The one place where NumPy's errors become ours."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import failed

A, B = np.zeros((2, 3)), np.zeros((4, 5))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ValueError("sizes"), mg.ShapeError),
        (TypeError("kinds"), mg.DTypeError),
        (IndexError("index 5 is out of bounds"), mg.IndexingError),
        (np.exceptions.AxisError(3, 2), mg.ShapeError),
    ],
)
def test_each_kind_of_error_stays_that_kind(error, kind):
    """What NumPy raises as ValueError, TypeError or IndexError stays one, and says where."""
    new = failed("op", "op", (A, 3.0), error)
    assert type(new) is kind
    assert str(new) == f"op: (2, 3), 3.0: {error}"


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda x: np.linalg.inv(x * 0), "inv: (2, 2): Singular matrix"),
        (lambda x: np.linalg.cholesky(-x @ x.T), "cholesky: (2, 2): Matrix is not positive"),
        (lambda x: np.linalg.eigvals(x / 0), "eigvals: (2, 2): Array must not contain infs"),
    ],
)
def test_a_matrix_that_is_singular_is_a_singular_error(call, says):
    """What NumPy says of the numbers in a matrix is a LinAlgError here too."""
    x = mg.tensor([[1.0, 2.0], [3.0, 4.0]])
    with np.errstate(all="ignore"), pytest.raises(mg.SingularError) as caught:
        call(x)
    assert isinstance(caught.value, np.linalg.LinAlgError)
    assert str(caught.value).startswith(says)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda x: np.linalg.inv(x[0]), "inv: (3,): 1-dimensional array given"),
        (np.linalg.inv, "inv: (2, 3): Last 2 dimensions of the array must be square"),
        (lambda x: np.linalg.lstsq(x, x.T), "lstsq: (2, 3), (3, 2): Incompatible dimensions"),
    ],
)
def test_a_matrix_of_another_shape_is_a_shape_error(call, says):
    """NumPy raises its LinAlgError for sizes too; no matrix of that shape would do."""
    with pytest.raises(mg.ShapeError) as caught:
        call(mg.tensor(np.ones((2, 3))))
    assert type(caught.value) is mg.ShapeError
    assert str(caught.value).startswith(says)


def test_two_operands_stand_around_their_symbol():
    """An operator shows as it was written."""
    assert str(failed("add", "+", (A, B), ValueError("why"))).startswith("add: (2, 3) + (4, 5): ")


def test_the_cause_is_kept():
    """NumPy's own error hangs on the one shown."""
    with pytest.raises(mg.ShapeError) as caught:
        mg.tensor(A) + B
    assert isinstance(caught.value.__cause__, ValueError)
