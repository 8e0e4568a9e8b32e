"""The reductions.

One entry for each row: how to call it and where it is safe to evaluate. `test_table` does the rest.
"""

import numpy as np
from cases import reductions

CASES = {
    np.sum: reductions(np.sum),
    np.mean: reductions(np.mean, empty=()),
    np.max: reductions(np.max, analytic=False, empty=()),
    np.min: reductions(np.min, analytic=False, empty=()),
}  # fmt: skip
