"""The elementwise rows.

One entry for each row: how to call it and where it is safe to evaluate. `test_table` does the rest.
"""

import numpy as np
from cases import checker, internal, on
from strategies import NONZERO, POSITIVE, REAL

LOW, BETWEEN, HIGH = ((-1.5, -0.7),), ((-3, -1.6), (-0.6, 0.6), (1.6, 3)), ((0.7, 1.5),)

CASES = {
    np.add: on(REAL, REAL),
    np.subtract: on(REAL, REAL),
    np.positive: on(REAL),
    np.negative: on(REAL),
    np.multiply: on(REAL, REAL),
    np.divide: on(REAL, NONZERO),
    np.power: on(POSITIVE, REAL)
    + on(REAL, call=lambda x: x**2)
    + on(REAL, call=lambda x: x**3.0)
    + on(NONZERO, call=lambda x: x**-1)
    + on(REAL, call=lambda x: x ** np.array([2, 3, 0]), shapes=((3,), (1,), (2, 1))),
    np.exp: on(REAL),
    np.expm1: on(REAL),
    np.log: on(POSITIVE),
    np.log1p: on(((-0.7, 2),)),
    np.sqrt: on(POSITIVE),
    np.square: on(REAL),
    np.sin: on(REAL),
    np.cos: on(REAL),
    np.tanh: on(REAL),
    np.absolute: on(NONZERO, analytic=False, on_complex=True),
    np.maximum: on(REAL, REAL, analytic=False),
    np.minimum: on(REAL, REAL, analytic=False),
    np.logaddexp: on(REAL, REAL, analytic=False),
    np.clip: on(BETWEEN, LOW, HIGH, analytic=False)
    + on(BETWEEN, call=lambda x: np.clip(x, -1, 1), analytic=False)
    + on(BETWEEN, call=lambda x: np.clip(x, None, 1), analytic=False)
    + on(BETWEEN, call=lambda x: np.clip(x, min=-1), analytic=False),
    np.where: on(REAL, REAL, call=lambda a, b: np.where(checker(a, b), a, b)),
    np.conjugate: on(REAL, analytic=False, on_complex=True),
    np.real: on(REAL, analytic=False, on_complex=True),
    np.imag: on(REAL, analytic=False, on_complex=True),
    "astype": on(REAL, call=lambda x: x.astype(np.float64), analytic=False),
    "recorded": on(REAL, call=internal("recorded")),
}  # fmt: skip
