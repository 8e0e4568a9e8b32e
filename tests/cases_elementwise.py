"""The elementwise rows.

One entry for each row: how to call it and where it is safe to evaluate. `test_table` does the rest.
"""

import numpy as np
from cases import checker, internal, on, takes
from strategies import NONZERO, POSITIVE, REAL

LOW, BETWEEN, HIGH = ((-1.5, -0.7),), ((-3, -1.6), (-0.6, 0.6), (1.6, 3)), ((0.7, 1.5),)
INSIDE = ((-0.8, 0.8),)
LEVELS = np.array([0.5, 1])

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
    np.float_power: on(POSITIVE, REAL),
    np.reciprocal: on(NONZERO),
    np.exp: on(REAL),
    np.exp2: on(REAL),
    np.log2: on(POSITIVE),
    np.log10: on(POSITIVE),
    np.cbrt: on(NONZERO, analytic=False),
    np.tan: on(((-1.2, 1.2),)),
    np.arcsin: on(INSIDE),
    np.arccos: on(INSIDE),
    np.arctan: on(REAL),
    np.sinh: on(REAL),
    np.cosh: on(REAL),
    np.arcsinh: on(REAL),
    np.arccosh: on(((1.3, 3),)),
    np.arctanh: on(INSIDE),
    np.sinc: on(REAL) + on(((-0.05, 0.05),)),
    np.rad2deg: on(REAL, analytic=False),
    np.degrees: on(REAL, analytic=False),
    np.deg2rad: on(REAL, analytic=False),
    np.radians: on(REAL, analytic=False),
    np.arctan2: on(NONZERO, NONZERO, analytic=False),
    np.hypot: on(NONZERO, NONZERO, analytic=False),
    np.remainder: on(((-0.8, -0.1), (0.1, 0.8)), ((1, 2),), analytic=False)
    + on(((3.2, 3.8),), ((-1.5, -1.3),), analytic=False),
    np.fmod: on(((-0.8, -0.1), (0.1, 0.8)), ((1, 2),), analytic=False)
    + on(((-3.8, -3.2),), ((1.3, 1.5),), analytic=False),
    np.ldexp: on(
        REAL, call=lambda x: np.ldexp(x, np.array([3, -1])), shapes=((2,), (), (3, 1)),
        analytic=False,
    ),
    np.fabs: on(NONZERO, analytic=False),
    np.copysign: on(NONZERO, call=lambda x: np.copysign(x, -1.5), analytic=False),
    np.fmax: on(REAL, REAL, analytic=False),
    np.fmin: on(REAL, REAL, analytic=False),
    np.logaddexp2: on(REAL, REAL, analytic=False),
    np.heaviside: on(
        REAL, call=lambda h: np.heaviside(np.array([0, 1, -1], np.float32), h), shapes=((3,), ()),
        analytic=False,
    )
    + on(REAL, call=lambda h: np.heaviside(np.float32(0), h), analytic=False),
    np.sign: on(NONZERO, analytic=False, on_complex=True),
    np.floor_divide: on(((0.1, 0.8), (2.2, 2.4)), call=lambda x: x // 1, analytic=False)
    + on(((1, 1.1),), call=lambda x: 2.5 // x, analytic=False),
    np.divmod: on(
        ((3.2, 3.8),), ((1.3, 1.5),), call=lambda a, b: sum(np.divmod(a, b)), analytic=False
    ),
    np.round: on(((0.6, 1.4),), analytic=False)
    + on(((0.16, 0.24),), call=lambda x: np.round(x, 1), analytic=False),
    np.around: on(((0.6, 1.4),), analytic=False),
    np.modf: on(
        ((-1.8, -1.2), (0.2, 0.8)), call=lambda x: np.modf(x)[0] * (2 + np.modf(x)[1]),
        analytic=False,
    ),
    np.frexp: on(
        ((-1.9, -1.1), (0.3, 0.45)), call=lambda x: np.frexp(x)[0] * (3 + np.frexp(x)[1]),
        analytic=False,
    ),
    "exponent": on(
        ((-1.9, -1.1), (0.3, 0.45)), call=lambda x: x * internal("exponent")(x), analytic=False
    ),
    np.i0: on(REAL, analytic=False) + on(((-30, -20), (20, 30)), analytic=False),
    np.isclose: on(
        ((1, 1.1),), ((1, 1.1),), analytic=False,
        call=lambda a, b: a * np.isclose(a, b, atol=0.2) + b * np.isclose(a, b + 1, 0.1),
    ),
    np.isin: on(REAL, call=lambda x: x * np.isin(x, LEVELS, invert=True), analytic=False),
    np.isposinf: on(REAL, call=lambda x: x * ~np.isposinf(x), analytic=False),
    np.isneginf: on(REAL, call=lambda x: x * ~np.isneginf(x), analytic=False),
    np.isreal: on(REAL, call=lambda x: x * np.isreal(x), analytic=False),
    np.iscomplex: on(REAL, call=lambda x: x * ~np.iscomplex(x), analytic=False),
    np.astype: on(
        REAL, call=lambda x: np.astype(x, np.float64, copy=False), shapes=((2,), (2, 3)),
        analytic=False,
    ),
    np.nan_to_num: on(REAL, analytic=False, on_complex=True),
    np.angle: on(NONZERO, analytic=False, on_complex=True)
    + on(NONZERO, call=lambda z: np.angle(z, deg=True), analytic=False, on_complex=True),
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
    + [
        case for case in on(BETWEEN, call=lambda x: np.clip(x, min=-1), analytic=False)
        if takes(np.clip, "min")
    ],
    np.where: on(REAL, REAL, call=lambda a, b: np.where(checker(a, b), a, b)),
    np.conjugate: on(REAL, analytic=False, on_complex=True),
    np.real: on(REAL, analytic=False, on_complex=True),
    np.imag: on(REAL, analytic=False, on_complex=True),
    "astype": on(REAL, call=lambda x: x.astype(np.float64), analytic=False),
    "recorded": on(REAL, call=internal("recorded")),
}  # fmt: skip
