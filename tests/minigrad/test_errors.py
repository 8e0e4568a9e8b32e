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


def test_two_operands_stand_around_their_symbol():
    """An operator shows as it was written."""
    assert str(failed("add", "+", (A, B), ValueError("why"))).startswith("add: (2, 3) + (4, 5): ")


def test_the_cause_is_kept():
    """NumPy's own error hangs on the one shown."""
    with pytest.raises(mg.ShapeError) as caught:
        mg.tensor(A) + B
    assert isinstance(caught.value.__cause__, ValueError)
