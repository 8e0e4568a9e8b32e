"""Where functions are safe to differentiate: clear of kinks, poles, edges and large numbers.

Read next: `minigrad.testing.strategies`, which draws arrays from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from minigrad.errors import DTypeError
from minigrad.values import Array

__all__ = [
    "DOMAINS",
    "NONZERO",
    "POSITIVE",
    "REAL",
    "UNIT",
    "Domain",
    "domains_of",
    "intervals",
    "spread_out",
]

Domain = tuple[tuple[float, float], ...]  # intervals that together hold the safe values

REAL: Domain = ((-2, 2),)
POSITIVE: Domain = ((0.3, 3),)
NONZERO: Domain = ((-2, -0.3), (0.3, 2))
UNIT: Domain = ((0.2, 0.8),)
INSIDE: Domain = ((-0.8, 0.8),)
FRACTION: Domain = ((-0.8, -0.1), (0.1, 0.8))

DOMAINS: dict[str, tuple[Domain, ...]] = {
    **dict.fromkeys(["reciprocal", "cbrt", "fabs", "sign", "absolute"], (NONZERO,)),
    **dict.fromkeys(["log", "log2", "log10", "sqrt"], (POSITIVE,)),
    **dict.fromkeys(["arcsin", "arccos", "arctanh"], (INSIDE,)),
    **dict.fromkeys(["floor", "ceil", "trunc", "rint", "spacing"], (((0.6, 0.9), (-0.4, -0.1)),)),
    **dict.fromkeys(["remainder", "fmod"], (FRACTION, ((1, 2),))),
    **dict.fromkeys(["arctan2", "hypot"], (NONZERO, NONZERO)),
    **dict.fromkeys(["power", "float_power"], (POSITIVE, REAL)),
    "arccosh": (((1.3, 3),),),
    "copysign": (NONZERO, NONZERO),
    "divide": (REAL, NONZERO),
    "floor_divide": (((0.1, 0.8),), ((1, 2),)),
    "heaviside": (NONZERO, REAL),
    "log1p": (((-0.7, 2),),),
    "tan": (((-1.2, 1.2),),),
    # scipy.special
    **dict.fromkeys(["entr", "expi", "exp1", "gamma", "rgamma", "gammaln", "loggamma", "psi", "y0",
                     "y1", "k0", "k1", "k0e", "k1e", "spence"], (POSITIVE,)),
    **dict.fromkeys(["erfi", "erfinv", "exp10", "ellipk", "ellipe"], (INSIDE,)),
    **dict.fromkeys(["ndtri", "logit", "ellipkm1"], (UNIT,)),
    **dict.fromkeys(["i0e", "i1e"], (NONZERO,)),
    **dict.fromkeys(["rel_entr", "kl_div", "beta", "betaln", "poch"], (POSITIVE, POSITIVE)),
    **dict.fromkeys(["pseudo_huber", "powm1", "boxcox", "boxcox1p"], (POSITIVE, REAL)),
    **dict.fromkeys(["inv_boxcox", "inv_boxcox1p"], (UNIT, UNIT)),
    "binom": (((2.2, 3),), UNIT),
    "cotdg": (((30, 60),),),
    "erfcinv": (((0.3, 1.7),),),
    "huber": (((0.2, 0.9),), ((-2, -1), (1, 2))),
    "ndtri_exp": (((-2, -0.2),),),
    "voigt_profile": (REAL, POSITIVE, POSITIVE),
    "xlog1py": (REAL, UNIT),
    "xlogy": (REAL, POSITIVE),
}  # fmt: skip
"""By the name of a NumPy or SciPy ufunc, the safe domain of each operand; elsewhere all of REAL.

Of SciPy's functions of several operands only those listed are known.
"""


def domains_of(op: Any) -> tuple[Domain, ...]:
    """The safe domain of each operand of a ufunc.

    >>> domains_of(np.log), domains_of(np.add)
    ((((0.3, 3),),), (((-2, 2),), ((-2, 2),)))
    """
    if not isinstance(op, np.ufunc):
        name = getattr(op, "__name__", repr(op))
        raise DTypeError(f"domains: got {name}; expected a ufunc, such as np.log, or give a domain")
    if op.nin > 1 and op.__name__ not in DOMAINS and getattr(np, op.__name__, None) is not op:
        raise DTypeError(
            f"domains: where {op.__name__} is safe is not known; give the domains of its "
            f"{op.nin} operands instead, such as [(0.3, 3), (-2, 2)]"
        )
    return DOMAINS.get(op.__name__, (REAL,) * op.nin)


def intervals(domain: Any) -> Domain:
    """The safe domain of a ufunc's first operand; or a domain, for which one interval may stand."""
    if callable(domain):
        return domains_of(domain)[0]
    one = not isinstance(domain[0], (tuple, list))
    found: Domain = ((domain[0], domain[1]),) if one else tuple((a, b) for a, b in domain)
    return found


def spread_out(
    seed: int, shapes: Sequence[tuple[int, ...]], domains: Sequence[Domain], dtype: Any = float
) -> tuple[Array, ...]:
    """One array for each shape, random in its domain, any two elements of all clearly apart.

    Apart, so that no difference steps over the kink of a maximum, a sort or an abs.
    """
    rng = np.random.default_rng(seed)
    sizes = [prod(shape) for shape in shapes]
    total = sum(sizes)
    unit = (rng.permutation(total) + rng.uniform(0.3, 0.7, total)) / max(total, 1)
    parts = np.split(unit, np.cumsum(sizes)[:-1])
    return tuple(
        np.reshape(_into(part, domain), shape).astype(dtype)[()]
        for part, shape, domain in zip(parts, shapes, domains, strict=True)
    )


def _into(unit: Array, domain: Domain) -> Array:
    """[0, 1) mapped onto the intervals of the domain, one after the other."""
    low, high = np.array(domain, float).T
    starts = np.concatenate([[0], np.cumsum(high - low)])
    along = unit * starts[-1]
    k = np.clip(np.searchsorted(starts, along, side="right") - 1, 0, len(domain) - 1)
    return low[k] + along - starts[k]
