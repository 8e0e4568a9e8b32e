"""The rows of scipy.special.

One entry for each row: how to call it and where it is safe to evaluate. `test_table` does the rest.
"""

from cases import on
from scipy import special as s
from strategies import NONZERO, POSITIVE, REAL

import minigrad.ops.special  # noqa: F401  else entered when first needed

INSIDE, UNIT = ((-0.8, 0.8),), ((0.2, 0.8),)


def real(*domains, **how):
    return on(*domains, analytic=False, **how)


def ordered(f, v=1.5):
    """A function of an order, which is a constant, and a variable."""
    return real(POSITIVE, call=lambda x: f(v, x))


CASES = {
    s.erf: on(REAL),
    s.erfc: on(REAL),
    s.erfcx: on(REAL),
    s.erfi: on(INSIDE),
    s.dawsn: on(REAL),
    s.erfinv: real(INSIDE),
    s.erfcinv: real(((0.3, 1.7),)),
    s.ndtr: on(REAL),
    s.log_ndtr: real(REAL),
    s.ndtri: real(UNIT),
    s.expit: real(REAL),
    s.log_expit: real(REAL),
    s.logit: real(UNIT),
    s.xlogy: on(REAL, POSITIVE),
    s.xlog1py: on(REAL, UNIT),
    s.entr: real(POSITIVE),
    s.rel_entr: real(POSITIVE, POSITIVE),
    s.kl_div: real(POSITIVE, POSITIVE),
    s.exprel: real(REAL) + real(((-0.05, 0.05),)),
    s.expm1: on(REAL),
    s.log1p: on(UNIT),
    s.exp2: real(REAL),
    s.exp10: real(INSIDE),
    s.cbrt: real(NONZERO),
    s.cosm1: real(REAL),
    s.expi: real(POSITIVE),
    s.exp1: real(POSITIVE),
    s.gamma: real(POSITIVE),
    s.rgamma: real(POSITIVE),
    s.gammaln: real(POSITIVE),
    s.loggamma: real(POSITIVE),
    s.psi: real(POSITIVE),
    s._ufuncs._zeta: real(POSITIVE, call=lambda q: s.zeta(2.5, q)),
    s.beta: real(POSITIVE, POSITIVE),
    s.betaln: real(POSITIVE, POSITIVE),
    s.poch: real(POSITIVE, POSITIVE),
    s.gammainc: ordered(s.gammainc),
    s.gammaincc: ordered(s.gammaincc),
    s.j0: real(REAL),
    s.j1: real(REAL),
    s.y0: real(POSITIVE),
    s.y1: real(POSITIVE),
    s.i0: real(REAL),
    s.i1: real(REAL),
    s.i0e: real(NONZERO),
    s.i1e: real(NONZERO),
    s.k0: real(POSITIVE),
    s.k1: real(POSITIVE),
    s.jv: ordered(s.jv),
    s.yv: ordered(s.yv),
    s.iv: ordered(s.iv),
    s.kv: ordered(s.kv),
    s.ive: ordered(s.ive),
}
