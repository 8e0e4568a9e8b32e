"""Every case of every row of the op table, compiled: the value, the gradient and the second one.

The first two calls of a compiled function run it as it is; what is compared is the third.
"""

import re
from dataclasses import replace

import numpy as np
import pytest
from checks import (
    CASES,
    CHECKS,
    OTHER,
    PLAIN,
    SOME,
    applied,
    called,
    differentiable,
    every,
    fortran,
    like,
    operands_of,
    read_only,
    reversed_,
    strided,
)

import minigrad as mg
from minigrad.table import ROWS


def compiled(f, *xs):
    """What the code of f computes for xs, after the two calls that make it."""
    step = mg.compile(f, backend="numpy")
    for _ in range(2):
        step(*xs)
    return step(*xs)


def agree(got, wanted, rtol=1e-12):
    """The same tree of arrays: shapes, dtypes and types too, numbers to `rtol` of the largest."""
    if isinstance(wanted, (tuple, list)):
        assert type(got) is type(wanted)
        assert len(got) == len(wanted)
        for a, b in zip(got, wanted, strict=True):
            agree(a, b, rtol)
        return
    kind = np.ndarray if np.shape(wanted) else np.generic  # never an array of no dimension
    assert isinstance(got, kind)
    assert (np.shape(got), got.dtype) == (np.shape(wanted), wanted.dtype)
    if wanted.dtype.kind in "biu":
        np.testing.assert_array_equal(got, wanted)
        return
    finite = np.abs(np.asarray(wanted)[np.isfinite(wanted)])
    scale = np.finfo(wanted.dtype).eps / np.finfo(float).eps * rtol
    np.testing.assert_allclose(got, wanted, scale, scale * np.max(finite, initial=0))


def identical(got, wanted):
    """The same tree of arrays, to the bit; nans are equal."""
    if isinstance(wanted, (tuple, list)):
        assert len(got) == len(wanted)
        for a, b in zip(got, wanted, strict=True):
            identical(a, b)
        return
    agree(got, wanted)
    np.testing.assert_array_equal(got, wanted)


def value_and_pullback(key, case):
    """The function of a cotangent and the operands to the value and their cotangents."""

    def f(g, *xs):
        y, pullback = mg.vjp(lambda *vs: applied(key, case, *vs), *xs)
        return y, pullback(g)

    return f


def second(key, case):
    """The function of the operands to the gradient of a directional derivative."""

    def f(ts, *xs):
        def along(*vs):
            def weighted(*us):
                y = applied(key, case, *us)
                return np.sum(np.cos(np.arange(y.size)).reshape(y.shape).astype(y.dtype) * y * y)

            gradients = mg.grad(weighted, every(vs))(*vs)
            return sum([np.sum(g * t) for g, t in zip(gradients, ts, strict=True)], start=0.0)

        return mg.grad(along, every(xs))(*xs)

    return f


# Rows of which some cases ask for a value that is not known when the code is made, and what they
# ask. The others of their cases compile.
REFUSED = {
    "geomspace": "bool",  # the sign of its ends
    "piecewise": "iter|nonzero",  # one condition, or a list of them; what they choose
    "poly": "iter",  # a factor for each root
    "polydiv": "allclose",  # leading zeros make the remainder shorter
    "polymul": "flatnonzero",
    "roots": "iter",
    "trim_zeros": "nonzero",
    "unique": "unique",
}
ROUNDS = {"polyfit"}  # NumPy's dot and matmul of a column may differ in the last digit
if np.lib.NumpyVersion(np.__version__) < "2.2.0":
    ROUNDS |= {"power", "norm"}  # and its float32 power, of an array in another order


def every_case():
    """The name, row and case of each case of each row with a derivative."""
    for key in differentiable():
        for i, case in enumerate(CASES[key]):
            yield f"{called(key)}-{i}", key, case


ALL = list(every_case())
cases = pytest.mark.parametrize(("key", "case"), [pytest.param(*p, id=name) for name, *p in ALL])


def drawn(key, case, dtype=float, check="value"):
    """Operands for the usual shapes of a case, and a cotangent for the value."""
    for xs in operands_of(CHECKS[check], key, case):
        cast = [np.asarray(x, dtype)[()] for x in xs]
        y = applied(key, case, *cast)
        yield cast, like([y], 7)[0].astype(y.dtype)[()]


def compared(f, key, *given, same=identical):
    """Whether f compiles: then its code computes what f does, else the error is as it should be."""
    wanted = f(*given)
    message = ""
    try:
        got = compiled(f, *given)
    except mg.GraphError as error:
        message = str(error)
    if message:
        where = r"(test_compiled_ops|checks|cases_\w+)\.py:\d+: `.*`: "
        asked = REFUSED.get(called(key), "nothing")
        assert re.match(f"compile: ({asked}) of a traced value at {where}", message)
        assert "outside the compiled function" in message
        return False
    (agree if called(key) in ROUNDS else same)(got, wanted)
    return True


@cases
def test_value_and_gradient(key, case):
    """The code computes the recorded function's bits, at every usual shape of the case."""
    for xs, g in drawn(key, case):
        compared(value_and_pullback(key, case), key, g, *xs)


@cases
def test_float32(key, case):
    """Of float32 operands too, and the dtypes are the recorded function's."""
    xs, g = next(drawn(key, case, np.float32))
    compared(value_and_pullback(key, case), key, g, *xs)


@cases
def test_broadcasting(key, case):
    """Operands that broadcast: the sums of their cotangents are in the code."""
    for xs, g in drawn(key, case, check="broadcasting"):
        compared(value_and_pullback(key, case), key, g, *xs)


@cases
def test_second_derivative(key, case):
    """The gradient of a directional derivative compiles as well."""
    xs, _ = next(drawn(key, case))
    compared(second(key, case), key, like(xs, 3), *xs, same=agree)


@cases
def test_memory_layout(key, case):
    """Operands in another order in memory: the same code computes the same numbers."""
    xs, g = next(drawn(key, case, check="non-contiguous"), (None, None))
    f = value_and_pullback(key, case)
    if xs is None or not compared(f, key, g, *xs):
        return
    step = mg.compile(f, backend="numpy")
    for laid in (fortran, strided, reversed_, read_only):
        others = [laid(np.asarray(x)) for x in xs]
        agree(step(g, *others), f(g, *xs))


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_still_is(name):
    """An entry of the table goes when all cases of its row compile."""
    refused = []
    for key, case in [(key, case) for _, key, case in ALL if called(key) == name]:
        xs, g = next(drawn(key, case))
        refused.append(not compared(value_and_pullback(key, case), key, g, *xs))
    assert any(refused)


# Rows without a derivative ------------------------------------------------------------------------

CONSTANT = [key for key in ROWS if ROWS[key].form == "constant"]


@pytest.mark.parametrize("key", CONSTANT, ids=called)
def test_constant_rows(key):
    """Comparisons and masks are computed from the values of each call."""
    bits = key in {np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert}

    def f(*xs):
        return key(*[x > 0.2 for x in xs]) if bits else key(*xs)

    xs = [SOME, OTHER][: key.nin]
    step = mg.compile(f, backend="numpy")
    for sign in (1, 1, -1, 2):
        now = [sign * x for x in xs]
        identical(step(*now), f(*now))


# What a row that answers about the values says when it is asked in a compiled function.
ANSWERS = {
    np.any, np.all, np.argmax, np.argmin, np.nanargmax, np.nanargmin, np.argsort, np.argpartition,
    np.searchsorted, np.digitize, np.lexsort, np.ones_like, np.zeros_like, np.full_like,
    np.linalg.matrix_rank,
}  # fmt: skip
if isinstance(np.count_nonzero(0), np.generic):  # not so in NumPy 2.0: a Python int
    ANSWERS.add(np.count_nonzero)
OF_SHAPES = {
    np.shape, np.ndim, np.size, np.iscomplexobj, np.isrealobj, np.result_type, np.can_cast,
    np.common_type, np.min_scalar_type, np.diag_indices_from, np.tril_indices_from,
    np.triu_indices_from, np.empty_like,
}  # fmt: skip


@pytest.mark.parametrize("key", [k for k in ROWS if ROWS[k].form == "plain"], ids=called)
def test_plain_rows(key):
    """A question about shapes is answered, one about values is code or refused, never frozen."""
    f = PLAIN[key]
    step = mg.compile(f, backend="numpy")
    xs = [np.nan_to_num(SOME, nan=0.5) * k for k in (1, 1, -1, 2)]
    if key in ANSWERS or key in OF_SHAPES:
        for x in xs:
            np.testing.assert_array_equal(step(x), f(x))
    else:
        with pytest.raises(
            mg.GraphError, match=r" of a traced value at (checks|test_compiled_ops)\.py:\d+"
        ):
            step(xs[0])


# The check can fail -------------------------------------------------------------------------------


def test_a_wrong_code_is_caught(rows):
    """A row whose code is not what its function computes."""
    rows[np.sin] = replace(rows[np.sin], code="-{0}")
    f = np.sin
    with pytest.raises(AssertionError):
        identical(compiled(f, 0.5), f(0.5))
