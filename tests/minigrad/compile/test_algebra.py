"""The rules of algebra: both sides are equal, the rule is used, and nothing else is rewritten."""

import ast
from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import seeds

import minigrad as mg
import nn
from minigrad.compile.algebra import EQUATIONS
from minigrad.compile.passes import optimized
from minigrad.program import recorded

REAL, COMPLEX = [np.float32, np.float64], [np.complex64, np.complex128]
EDGES = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 5e-324, -1e-310, 1e-40, 3e38, 1e308]
SIGN_OF_ZERO = {"x + 0", "0 + x"}  # -0.0 + 0 is 0.0, and x is -0.0
SIGMOID = next(left for left, _ in EQUATIONS if "np.exp" in left)
BOUNDS = {"p": np.finfo(np.float32).tiny, "q": 1 - np.finfo(np.float32).epsneg}

equations = pytest.mark.parametrize(("left", "right"), EQUATIONS, ids=[e[0] for e in EQUATIONS])


def letters(text):
    """The letters of a side, in order."""
    return sorted(
        {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)} - {"np"}
    )


def side(text, **values):
    """What a side of an equation is for these values of its letters."""
    return eval(text, {"np": np}, values)  # the text is ours


def numbers(rng, dtype, n=40):
    """Random numbers of every size, among them all the edges; complex ones are finite."""
    kind = np.dtype(dtype).kind
    with np.errstate(over="ignore"):
        x = (rng.normal(size=n) * 10.0 ** rng.integers(-6, 6, n)).astype(dtype)
        if kind == "c":
            return x + 1j * rng.permutation(x)
        return rng.permutation(np.concatenate([x, np.array(EDGES, dtype)]))


def check_equation(left, right, dtype, seed):
    """Both sides are the same bits, for numbers of every kind (complex: to rounding)."""
    rng = np.random.default_rng(seed)
    values = {letter: numbers(rng, dtype) for letter in letters(left)}
    with np.errstate(all="ignore"):
        a, b = side(left, **values), side(right, **values)
    assert (a.shape, a.dtype) == (b.shape, b.dtype)
    if np.dtype(dtype).kind == "c":
        np.testing.assert_allclose(a, b, 4 * np.finfo(dtype).eps)
        return
    np.testing.assert_array_equal(a, b)
    if left not in SIGN_OF_ZERO:
        known = ~np.isnan(a)
        np.testing.assert_array_equal(np.signbit(a)[known], np.signbit(b)[known])


def check_many(left, right):
    for seed in range(20):
        check_equation(left, right, np.float64, seed)


def shortened(f, *xs, constants=()):
    """What f of these arrays comes to, as a function, and the names of its operations."""
    floor = mg.Tensor(0.0).serial
    variables = [mg.tensor(x, dtype=x.dtype) for x in xs]
    before, _ = recorded(variables, [f(*variables, *constants)], floor)
    after = optimized(before)
    return after, [line.op.name for line in after.lines]


# The equations ------------------------------------------------------------------------------------


@equations
@given(seed=seeds, dtype=st.sampled_from(REAL + COMPLEX))
def test_both_sides_are_equal(left, right, dtype, seed):
    """For infinities, nan, both zeros and subnormal numbers too; signs of zeros where claimed."""
    if left != SIGMOID:
        check_equation(left, right, dtype, seed)


@given(seed=seeds, dtype=st.sampled_from(REAL))
def test_sigmoid_and_cross_entropy(dtype, seed):
    """The last rule holds wherever the sigmoid is inside its bounds."""
    rng = np.random.default_rng(seed)
    z, s = rng.uniform(-8, 8, 50).astype(dtype), rng.normal(size=50).astype(dtype)
    y = rng.choice([0, 1, 0.3], 50).astype(dtype)
    bounds = {k: dtype(v) for k, v in BOUNDS.items()}
    a, b = (side(text, z=z, s=s, y=y, **bounds) for text in EQUATIONS[-1])
    assert a.dtype == b.dtype == dtype
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(a, b, 40 * eps, 8 * eps * np.max(np.abs(s)))


@pytest.mark.parametrize(
    "wrong",
    [("x + 1", "x"), ("x - y", "y - x"), ("x / y", "y / x"), ("np.absolute(x)", "x"),
     ("x - x", "0 * x * 0"), ("(x + y) - y", "x"), ("(x / y) * y", "x"), ("x * 0", "x - x"),
     ("-(x - y)", "y - x"), ("np.minimum(x, y)", "np.fmin(x, y)"), ("np.sqrt(x * x)", "x")],
    ids=lambda pair: pair[0],
)  # fmt: skip
def test_a_wrong_equation_is_caught(wrong):
    """Plausible rules that are wrong for some numbers do not pass the check."""
    with pytest.raises(AssertionError):
        check_many(*wrong)


def of_letters(left, dtype):
    """The left side as a function of its letters' arrays, these, and the bounds it is given."""
    rng = np.random.default_rng(0)
    names = [name for name in letters(left) if name not in BOUNDS]
    xs = [rng.uniform(0.2, 0.9, (2, 3)).astype(dtype) for _ in names]
    bounds = {name: dtype(v) for name, v in BOUNDS.items() if name in letters(left)}
    return lambda text, *vs: side(text, **dict(zip(names, vs, strict=True)), **bounds), xs


@equations
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_the_rule_is_used(left, right, dtype):
    """A program that is the left side becomes the right side's operations, and no others."""
    if left == SIGMOID and dtype is np.complex128:
        return  # np.maximum of complex numbers is no bound
    f, xs = of_letters(left, dtype)
    program, names = shortened(lambda *vs: f(left, *vs), *xs)
    _, wanted = shortened(lambda *vs: f(right, *vs) if right not in "xy" else vs[0], *xs)
    assert Counter(names) == Counter(wanted)
    np.testing.assert_allclose(
        program(*xs)[0], f(left, *xs), 1e-6 if dtype is np.float32 else 1e-13
    )


@equations
def test_the_compiled_function_agrees(left, right):
    """Whole functions of the sides, derivatives included; numbers of fewer dimensions, and none."""
    f, xs = of_letters(left, np.float64)

    def both(*vs):
        return f(left, *vs), mg.grad(lambda *us: np.sum(np.absolute(f(left, *us))))(*vs)

    for given_ in (xs, [x[0] for x in xs], [x[0, 0] for x in xs], [x[:0] for x in xs]):
        step = mg.compile(both, backend="numpy")
        for _ in range(3):
            got = step(*given_)
        for a, b in zip(got, both(*given_), strict=True):
            np.testing.assert_allclose(a, b, 1e-12, 1e-14)


def test_the_network_uses_the_last_rule():
    """Through a sigmoid and its cross-entropy the sweep carries a - y, without quotients."""
    Z, Y = np.array([[-1.0, 0.5, 3.0]]), np.array([[0.0, 1.0, 1.0]])
    J = lambda Z, Y: nn.binary_cross_entropy(nn.sigmoid(Z), Y)  # noqa: E731
    step = mg.compile(mg.grad(J), backend="numpy")
    for _ in range(3):
        got = step(Z, Y)
    names = [line.op.name for line in step._last[0].program.lines]
    assert names.count("divide") <= 2  # of the sigmoid, and by the number of examples
    np.testing.assert_allclose(got, (1 / (1 + np.exp(-Z)) - Y) / 3, 1e-14)


# What no rule may touch ---------------------------------------------------------------------------

I64, U8, I8 = np.array([5, 0, 3]), np.array([3, 0, 255], np.uint8), np.array([-128, 1, 0], np.int8)
F, F32, C = np.array([0.5, -0.0, 2.0]), np.array([0.5, 2.0, 3.0], "f4"), np.array([1 + 2j, -1j, 3])
WIDE = np.linspace(0.0, 1.0, 2000)
WIDER = np.where(np.arange(2000) == 1000, 9.0, WIDE)  # printed, the two are alike

KEPT = {
    "unsigned add": (lambda x, y: x + (-y), I64, U8),
    "unsigned add left": (lambda x, y: (-y) + x, I64, U8),
    "unsigned subtract": (lambda x, y: x - (-y), I64, U8),
    "unsigned multiply": (lambda x, y: (-x) * (-y), I64, U8),
    "unsigned divide": (lambda x, y: (-x) / (-y), F, U8 + np.uint8(1)),
    "unsigned absolute": (lambda x: np.absolute(-x), U8),
    "least int8": (lambda x, y: x - (-y), I64, I8),
    "int divide": (lambda x: x / 1, I64),
    "float64 zero beside float32": (lambda x: x + np.float64(0), F32),
    "zeros of another shape": (lambda x: x + np.zeros((2, 1)), F),
    "ones of another shape": (lambda x: x * np.ones((2, 1)), F),
    "a complex one": (lambda x: x * (1 + 0j), F),
    "x ** 2 of another dtype": (lambda x: x ** np.float64(2), F32),
    "true": (lambda x: x * True, F),
    "x ** 2.5": (lambda x: np.absolute(x) ** 2.5, F),
    "x ** -1": (lambda x: (x + 3.0) ** -1, F),
    "nearly one": (lambda x: x * (1 + 1e-16) + x * (1 + 3e-16), F),
    "conjugate": (np.conjugate, C),
    "real": (np.real, C),
    "imag": (np.imag, F),
    "two bounds": (np.maximum, F, F[::-1].copy()),
    "constants alike in print": (
        lambda x: np.maximum(WIDE * x, 0) - np.maximum(WIDER * x, 0), WIDE,
    ),
    "sum along an axis": (lambda x: np.sum(np.broadcast_to(x[0], (3, 4)), axis=0), F),
    "sum, keepdims": (lambda x: np.sum(np.broadcast_to(x[0], (3, 4)), keepdims=True), F),
    "sum of a row broadcast": (lambda x: np.sum(np.broadcast_to(x, (4, 3))), F),
    "sum of nothing": (lambda x: np.sum(np.broadcast_to(x[0] / 0, (0,))), F),
    "sum with initial": (lambda x: np.sum(np.broadcast_to(x[0], (3,)), initial=2.0), F),
    "sum where": (lambda x: np.sum(np.broadcast_to(x[0], (3,)), where=np.arange(3) > 1), F),
    "sum of int8": (lambda x: np.sum(np.broadcast_to(x[0], (300,))), I8),
    "part": (lambda x: x[1:], F),
    "reversed": (lambda x: x[::-1], F),
    "a new axis": (lambda x: x[None], F),
    "some": (lambda x: x[[0, 0, 1]], F),
    "astype": (lambda x: x.astype("f4"), F),
    "astype and back": (lambda x: x.astype("f4").astype(float), F / 3),
    "swapped": (lambda x: np.transpose(np.reshape(x, (3, 1))), F),
    "reshaped": (lambda x: np.reshape(x, (3, 1)), F),
    "Fortran's order": (lambda x: np.reshape(np.outer(x, x)[:, :2], (2, 3), order="F"), F),
    "broadcast": (lambda x: np.broadcast_to(x, (1, 3)), F),
}  # fmt: skip


@pytest.mark.parametrize("name", KEPT)
def test_what_only_looks_alike_keeps_its_value(name):
    """Wrapping integers, other dtypes and shapes, real parts: the code gives eager's bits."""
    f, *xs = KEPT[name]
    step = mg.compile(f, backend="numpy")
    with np.errstate(all="ignore"):
        eager, code = [step(*xs) for _ in range(2)][-1], step(*xs)
    assert (eager.shape, eager.dtype) == (code.shape, code.dtype)
    np.testing.assert_array_equal(code, eager)


def wide_cross_entropy(z, y, s, p, q):
    return side(SIGMOID, z=z, y=y, s=s, p=p, q=q)


@pytest.mark.parametrize(
    ("p", "q"),
    [(0.3, 0.6), (1e-8, 0.9), (0.2, 1.0), (0.0, 0.5), (np.full(3, 0.4), np.full(3, 0.5))],
)
def test_bounds_that_matter_are_kept(p, q):
    """A sigmoid kept well inside (0, 1) is not the same as without bounds."""
    xs = np.array([-3.0, 0.1, 2.0]), np.array([0.0, 1.0, 0.5]), np.array([1.0, 2.0, -1.0])
    step = mg.compile(lambda *v: wide_cross_entropy(*v, p, q), backend="numpy")
    eager, _, code = (step(*xs) for _ in range(3))
    np.testing.assert_allclose(code, eager, 1e-13)


# Structure ----------------------------------------------------------------------------------------


@given(st.data())
def test_transposes_become_one_or_none(data):
    """Any sequence of transposes is at most one, and none where it leads back."""
    n = data.draw(st.integers(0, 4))
    x = np.arange(float(np.prod(range(2, 2 + n)))).reshape(range(2, 2 + n))
    orders = st.lists(
        st.sampled_from([*permutations(range(n)), *permutations(range(-n, 0)), None]), max_size=5
    )
    chosen = data.draw(orders)

    def f(v):
        for axes in chosen:
            v = np.transpose(v, axes)
        return v

    program, names = shortened(f, x)
    np.testing.assert_array_equal(program(x)[0], f(x))
    back = f(x).shape == x.shape  # every side has another length
    assert names == ([] if back else ["transpose"])


SAME = {
    "reshape": lambda x: np.reshape(x, (2, 3)),
    "reshape twice": lambda x: np.reshape(np.reshape(x, (2, -1)), x.shape),
    "broadcast": lambda x: np.broadcast_to(x, (2, 3)),
    "squeeze": np.squeeze,
    "positive": np.positive,
    "copy": np.copy,
    "astype": lambda x: x.astype(float),
    "real": np.real,
    "conjugate": np.conjugate,
    "conj twice": lambda x: np.conj(np.conj(x)),
    "everything": lambda x: x[...],
    "all rows": lambda x: x[:],
    "all": lambda x: x[:, :],
    "all and more": lambda x: x[:, ..., :],
    "nothing said": lambda x: x[()],
    "there and back": lambda x: x.T.T,
    "stop": mg.stop_gradient,
    "minus minus": lambda x: -np.negative(x),
    "many": lambda x: ((x * 1 + 0)[...].T * 1).T / 1,
}


@pytest.mark.parametrize("name", SAME)
def test_what_changes_nothing_is_gone(name):
    """No line is left; the result of the function is an array of the caller's all the same."""
    x = np.array([[1.0, -0.5, 2.0], [0.0, 3.0, np.inf]])
    program, names = shortened(SAME[name], x)
    assert names == []
    assert program.outputs[0] is program.inputs[0]
    step = mg.compile(SAME[name], backend="numpy")
    for _ in range(3):
        y = step(x)
        np.testing.assert_array_equal(y, x)
        assert not np.shares_memory(x, y)


def test_rules_work_together():
    """What one rule leaves is another's pattern, however many steps it takes."""
    x = np.array([[0.5, 2.0, -1.0]])
    _, names = shortened(lambda v: -(-(v.T.T + 0) * 1) + (-(v[...] ** 1)), x)
    assert names == ["subtract"]


@given(n=st.integers(1, 5000), a=st.floats(-1e3, 1e3), dtype=st.sampled_from(REAL + COMPLEX))
def test_sum_of_a_number_broadcast_is_a_product(n, a, dtype):
    """Σ a over n elements is n a, in the dtype of a."""
    f = lambda v: np.sum(np.broadcast_to(v, (n,)))  # noqa: E731
    program, names = shortened(f, dtype(a))
    assert names == (["multiply"] if n > 1 else names)
    got, wanted = program(dtype(a))[0], f(dtype(a))
    assert got.dtype == wanted.dtype
    np.testing.assert_allclose(got, wanted, 20 * np.finfo(dtype).eps)
