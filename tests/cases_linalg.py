"""The rows of linear algebra.

One entry for each row: how to call it and where it is safe to evaluate. `test_table` does the rest.
"""

import numpy as np
from cases import on
from strategies import REAL

MATRICES = (
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 2)),
    ((2, 2, 3), (2, 3, 1)), ((2, 1, 2, 3), (3, 3, 2)), ((2, 2, 3), (3, 2)), ((2, 3), (2, 3, 2)),
    ((3,), (2, 3, 2)), ((2, 2, 3), (3,)), ((0, 3), (3, 2)), ((2, 0), (0, 3)), ((1, 1), (1, 1)),
)  # fmt: skip

CASES = {
    np.matmul: on(REAL, REAL, shapes=MATRICES),
}  # fmt: skip
