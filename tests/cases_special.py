"""The rows of scipy.special, and np.i0, whose derivative is SciPy's.

One entry for each row: how to call it and where it is safe to evaluate. `test_table` does the rest.
"""

import numpy as np
from cases import internal, on
from scipy import special as s
from strategies import NONZERO, POSITIVE, REAL

import minigrad.ops.bessel  # noqa: F401  else entered when first needed
from minigrad.table import ROWS

INSIDE, UNIT = ((-0.8, 0.8),), ((0.2, 0.8),)


def real(*domains, **how):
    return on(*domains, analytic=False, **how)


def ordered(f, *orders, domain=POSITIVE):
    """A function of orders, which are constants, and a variable."""
    return real(domain, call=lambda x: f(*orders or (1.5,), x))


def polynomials(f, *parameters):
    """Of orders from 0 on."""
    return [case for n in (0, 1, 2, 5) for case in ordered(f, n, *parameters, domain=INSIDE)]


def stacked(f, domain):
    """A function with several results."""
    return real(domain, call=lambda x: np.stack(f(x)))


def hidden(name):
    """The ufunc that a function of SciPy calls and that has no name in public."""
    return next(key for key in ROWS if getattr(key, "__name__", "") == f"_{name}")


def both(y):
    """A real number of a complex one, in which both parts stand."""
    return np.real(y) - 2 * np.imag(y)


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
    hidden("zeta"): real(POSITIVE, call=lambda q: s.zeta(2.5, q)),
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
    s.k0e: real(POSITIVE),
    s.k1e: real(POSITIVE),
    s.kve: ordered(s.kve),
    s.kn: ordered(s.kn, 2),
    s.yn: ordered(s.yn, 0),
    s.hankel1: real(POSITIVE, call=lambda x: both(s.hankel1(1.5, x))),
    s.hankel2: real(POSITIVE, call=lambda x: both(s.hankel2(1.5, x))),
    s.hankel1e: real(POSITIVE, call=lambda x: both(s.hankel1e(1.5, x))),
    s.hankel2e: real(POSITIVE, call=lambda x: both(s.hankel2e(1.5, x))),
    np.i0: real(REAL),
    s.ndtri_exp: real(((-2, -0.2),)),
    s.wofz: real(REAL, call=lambda x: both(s.wofz(x))),
    s.owens_t: real(REAL, REAL),
    s.voigt_profile: real(REAL, POSITIVE, POSITIVE),
    s.huber: real(((0.2, 0.9),), ((-2, -1), (1, 2))) + real(((2.1, 3),), REAL),
    s.pseudo_huber: real(POSITIVE, REAL),
    s.powm1: real(POSITIVE, REAL),
    s.sindg: real(REAL),
    s.cosdg: real(REAL),
    s.tandg: real(REAL),
    s.cotdg: real(((30, 60),)),
    s.expn: [case for n in (0, 1, 2, 4) for case in ordered(s.expn, n)],
    s.spence: real(POSITIVE),
    s.wrightomega: real(REAL),
    hidden("lambertw"): real(POSITIVE, call=lambda x: both(s.lambertw(x, -1)))
    + real(((-0.2, 2),), call=lambda x: np.real(s.lambertw(x))),
    s.boxcox: real(POSITIVE, REAL) + real(POSITIVE, ((-0.01, 0.01),)),
    s.boxcox1p: real(POSITIVE, REAL),
    s.inv_boxcox: real(UNIT, UNIT) + real(UNIT, ((-0.01, 0.01),)),
    s.inv_boxcox1p: real(UNIT, UNIT),
    s.binom: real(((2.2, 3),), UNIT),
    s.gammaincinv: ordered(s.gammaincinv, domain=UNIT),
    s.gammainccinv: ordered(s.gammainccinv, domain=UNIT),
    s.betainc: ordered(s.betainc, 1.5, 2.5, domain=UNIT),
    s.betaincc: ordered(s.betaincc, 1.5, 2.5, domain=UNIT),
    s.betaincinv: ordered(s.betaincinv, 1.5, 2.5, domain=UNIT),
    s.betainccinv: ordered(s.betainccinv, 1.5, 2.5, domain=UNIT),
    s.chdtr: ordered(s.chdtr),
    s.chdtrc: ordered(s.chdtrc),
    s.pdtr: ordered(s.pdtr, 2.5),
    s.pdtrc: ordered(s.pdtrc, 2),
    s.fdtr: ordered(s.fdtr, 3.0, 4.5),
    s.fdtrc: ordered(s.fdtrc, 3.0, 4.5),
    s.stdtr: ordered(s.stdtr, 3.5, domain=REAL),
    s.stdtrit: ordered(s.stdtrit, 3.5, domain=UNIT),
    s.gdtr: real(POSITIVE, POSITIVE, call=lambda a, x: s.gdtr(a, 1.5, x)),
    s.gdtrc: real(POSITIVE, POSITIVE, call=lambda a, x: s.gdtrc(a, 1.5, x)),
    s.sici: stacked(s.sici, NONZERO),
    s.shichi: stacked(s.shichi, NONZERO),
    s.fresnel: stacked(s.fresnel, REAL),
    s.airy: stacked(s.airy, REAL),
    s.hyp0f1: ordered(s.hyp0f1),
    s.hyp1f1: ordered(s.hyp1f1, 0.5, 1.5),
    s.hyperu: ordered(s.hyperu, 0.5, 1.5),
    s.hyp2f1: ordered(s.hyp2f1, 0.5, 1.5, 2.5, domain=INSIDE),
    s.ellipk: real(INSIDE),
    s.ellipe: real(INSIDE),
    s.ellipkinc: real(REAL, call=lambda phi: s.ellipkinc(phi, 0.4)),
    s.ellipeinc: real(REAL, call=lambda phi: s.ellipeinc(phi, 0.4)),
    s.eval_legendre: polynomials(s.eval_legendre) + ordered(s.eval_legendre, 1.5, domain=INSIDE),
    s.eval_sh_legendre: polynomials(s.eval_sh_legendre),
    s.eval_chebyt: polynomials(s.eval_chebyt),
    s.eval_chebyu: polynomials(s.eval_chebyu),
    s.eval_hermite: polynomials(s.eval_hermite),
    s.eval_hermitenorm: polynomials(s.eval_hermitenorm),
    s.eval_laguerre: polynomials(s.eval_laguerre),
    s.eval_genlaguerre: polynomials(s.eval_genlaguerre, 0.5),
    s.eval_gegenbauer: polynomials(s.eval_gegenbauer, 0.7),
    s.eval_jacobi: polynomials(s.eval_jacobi, 0.5, 1.5),
}
CASES |= {
    name: real(domain, call=internal(name))
    for domain, names in (
        (NONZERO, ("Si", "Ci", "Shi", "Chi")),
        (REAL, ("fresnel_S", "fresnel_C", "Ai", "Ai_prime", "Bi", "Bi_prime")),
    )
    for name in names
}
