"""What a compiled function takes and gives: trees, layouts, dtypes and numbers of every kind."""

import functools
from collections import OrderedDict, namedtuple
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import minigrad as mg

compiled = functools.partial(mg.compile, backend="numpy")
X = np.array([1.0, -2.0, 3.0])


class Counting:
    """A function that counts its runs in Python."""

    def __init__(self, f):
        self.f, self.runs = f, 0

    def __call__(self, *args, **kwargs):
        self.runs += 1
        return self.f(*args, **kwargs)


def alike(got, wanted):
    """The same tree of the same arrays, scalars as scalars."""
    wanted = wanted[()] if isinstance(wanted, np.ndarray) else wanted
    assert type(got) is type(wanted)
    if isinstance(wanted, dict):
        assert list(got) == list(wanted)
        got, wanted = list(got.values()), list(wanted.values())
    if isinstance(wanted, (list, tuple)):
        assert len(got) == len(wanted)
        for a, b in zip(got, wanted, strict=True):
            alike(a, b)
    elif hasattr(wanted, "dtype"):
        assert (got.shape, got.dtype) == (wanted.shape, wanted.dtype)
        np.testing.assert_array_equal(got, wanted)
    else:
        assert got == wanted


# Trees of arguments and results -------------------------------------------------------------------

Pair = namedtuple("Pair", "a b")


@dataclass
class State:
    w: Any
    parts: list = field(default_factory=list)
    label: str = "none"


@dataclass(frozen=True)
class Checked:
    y: Any

    def __post_init__(self):
        if self.y.shape != (3,):
            raise ValueError("not three")


def thrice(x):
    y = x * 2
    return y, y, [y]


TREES = {
    "tuple": lambda x: (x, x * 2),
    "list": lambda x: [x * 2, [x + 1]],
    "dict": lambda x: {"z": x * 2, "a": (x, None)},
    "named": lambda x: Pair(x * 2, x),
    "nested": lambda x: {1: [Pair((x,), {"k": x + 1})], None: None, (1, 2): "text"},
    "none": lambda x: None,
    "empty": lambda x: (),
    "empty dict": lambda x: {"a": [], "b": ()},
    "constants": lambda x: (1, 2.5, "a", True, None, X, np.float32(2)),
    "the same twice": thrice,
    "the argument": lambda x: x,
    "parts": lambda x: (x[1:], x[0], x[..., 0], x[::-1], x.T),
    "one of one": lambda x: (x * 2,),
    "list of one": lambda x: [x * 2],
}


@pytest.mark.parametrize("name", TREES)
def test_trees_of_results(name):
    """The tree that f returns, around arrays of its own."""
    f = TREES[name]
    step = compiled(f)
    for x in (X, -X, X + 1, X * 3):
        wanted = f(x)
        alike(step(x), wanted)


def test_dataclasses_of_arrays():
    """As arguments and as results; what validates itself sees arrays only."""

    def f(state, c):
        return State(state.w * 2, [p + c.y for p in state.parts], state.label), Checked(c.y * 3)

    step = compiled(f)
    for k in (1.0, 2.0, 3.0, 4.0):
        state, c = step(State(X * k, [X, X[0]], "s"), Checked(X * k))
        alike(
            (state.w, state.parts[0], state.parts[1], c.y),
            (X * k * 2, X + X * k, X[0] + X * k, X * k * 3),
        )
        assert (type(state), type(c), state.label) == (State, Checked, "s")


@pytest.mark.parametrize(
    "tree",
    [
        (X, [X, X]), {"a": X, "b": {"c": X}}, Pair(X, 2.0), [None, X, None],
        OrderedDict(a=X, b=X * 2),
        {"n": 3, "x": X, "s": "mean", "t": (1, 2)}, [[], {}, (), X], State(X, [X * 2, 3.0]),
        {(1, "a"): X, None: X * 2, "class": X, "x0, *y": X},
    ],
    ids=lambda tree: type(tree).__name__,
)  # fmt: skip
def test_trees_of_arguments(tree):
    """What is no array, complex or float in a tree is fixed; arrays are found wherever they are."""

    def total(t):
        if isinstance(t, State):
            return total([t.w, t.parts])
        if isinstance(t, dict):
            return total(list(t.values()))
        if isinstance(t, (list, tuple)):
            return sum([total(part) for part in t], start=0.0)
        return 0.0 if t is None or isinstance(t, str) else np.sum(t)

    step = compiled(lambda t, k, *, scale: total(t) * k * scale)
    for k in (1.0, 2.0, -3.0, 0.5):
        np.testing.assert_allclose(step(tree, k, scale=2.0), total(tree) * k * 2, 1e-14)


def test_arguments_by_name_and_default():
    """By position, by name, by default, starred: as f takes them."""

    def f(a, /, b=2.0, *rest, c, d=4.0, **more):
        return a + 10 * b + sum(rest) + 100 * c + d + sum(more.values())

    step = compiled(f)
    calls = [
        ((1.0,), {"c": 3.0}),
        ((1.0, 5.0, 6.0), {"c": 3.0}),
        ((1.0,), {"c": 1.0, "z": 2.0, "y": 3.0}),
    ]
    for k in range(4):
        for args, kwargs in calls:
            assert step(*[a + k for a in args], **kwargs) == f(*[a + k for a in args], **kwargs)
    with pytest.raises(TypeError, match="missing"):
        step(1.0)
    assert step(2.0, c=3.0) == f(2.0, c=3.0)


def test_names_in_another_order_are_the_same_arguments():
    """f(x=a, y=b) and f(y=b, x=a)."""
    step = compiled(lambda x, y: x - y)
    for _ in range(3):
        assert step(x=5.0, y=2.0) == 3.0
        assert step(y=2.0, x=5.0) == 3.0


@pytest.mark.parametrize("odd", [{1, 2}, [{1}], bytearray(b"a"), object()])
def test_what_is_no_array_is_itself(odd):
    """Hashable or not, another object of the same kind is another argument."""
    seen = []
    step = compiled(lambda x, y: (seen.append(y), x * 2)[1])
    alike([step(X, odd) for _ in range(3)], [X * 2] * 3)
    assert len(seen) == 2
    step(X, {1, 2})
    assert len(seen) == 3


@pytest.mark.parametrize("bad", [np.array(["a"]), np.array([None])])
def test_arrays_of_no_numbers(bad):
    """Refused by name; then it works as before."""
    step = compiled(lambda x, y: x * 2)
    with pytest.raises(mg.DTypeError, match=r"compile|<lambda>"):
        step(X, bad)
    alike([step(X, 0) for _ in range(3)], [X * 2] * 3)


@pytest.mark.parametrize("f", [3, None, "f"])
def test_what_is_no_function(f):
    """Refused when it is compiled, except that compile() without one is a decorator."""
    if f is None:
        assert callable(mg.compile(backend="numpy"))
        return
    with pytest.raises(mg.DTypeError, match=r"compile: got .*; expected a function"):
        mg.compile(f)


def test_an_unknown_backend():
    """The message says which there are."""
    with pytest.raises(mg.GraphError, match="got backend 'jax'; expected auto, numpy, numba"):
        mg.compile(np.sin, backend="jax")


# Numbers of every kind ----------------------------------------------------------------------------

BASE = np.arange(12.0).reshape(3, 4) - 5.5
LAYOUTS = {
    "Fortran": np.asfortranarray(BASE),
    "strided": np.repeat(np.repeat(BASE, 2, 0), 3, 1)[::2, ::3],
    "reversed": BASE[::-1, ::-1].copy()[::-1, ::-1],
    "transposed": BASE.T.copy().T,
    "broadcast": np.broadcast_to(BASE[:1], (3, 4)),
    "swapped": BASE.astype(">f8"),
    "unaligned": np.frombuffer(b"a" + BASE.tobytes(), "u1")[1:].view(float).reshape(3, 4),
    "subclass": BASE.view(type("Mine", (np.ndarray,), {})),
    "float32": BASE.astype("f4"),
    "float16": BASE.astype("f2"),
    "longdouble": BASE.astype(np.longdouble),
    "complex64": (BASE + 1j).astype("c8"),
    "complex128": BASE * 1j,
    "special": np.array([[np.nan, np.inf, -np.inf, -0.0]] * 3),
    "empty": BASE[:0],
    "no columns": BASE[:, :0],
}


def mixture(x):
    y = np.exp(-(x * x)) @ np.transpose(x) + np.sum(x, axis=-1)
    return y * 2, np.sum(y), x[:, 1:], np.where(np.real(x) > 0, x, 0), np.reshape(x, (-1,)), x.T


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_arrays_of_every_layout_and_dtype(name):
    """Order, strides, byte order, subclasses, precision, nan: the values f computes, dtypes too."""
    x = LAYOUTS[name]
    x.flags.writeable = False
    step = compiled(mixture)
    for _ in range(3):
        got = step(x)
    for a, b in zip(got, mixture(np.asarray(x)), strict=True):
        assert type(a) is (np.ndarray if np.ndim(b) else type(b))
        assert a.dtype == b.dtype.newbyteorder("=") or a.dtype == b.dtype
        rtol = 1e-12 if a.dtype.itemsize >= 8 and a.dtype != "c8" else 1e-3
        np.testing.assert_allclose(a, b, rtol, 10 * rtol)


def test_one_code_for_all_layouts():
    """The same shape and dtype is the same kind, however it lies in memory."""
    f = Counting(mixture)
    step = compiled(f)
    for name in ("Fortran", "strided", "reversed", "transposed", "broadcast", "unaligned"):
        for _ in range(2):
            x = LAYOUTS[name]
            for a, b in zip(step(x), mixture(x), strict=True):
                np.testing.assert_allclose(a, b, 1e-12, 1e-12)
    assert f.runs == 2


@pytest.mark.parametrize("dtype", ["i1", "u1", "i4", "i8", "u8", "?"])
def test_whole_numbers_and_truths(dtype):
    """Integers wrap and divide as NumPy's do; masks are masks."""
    x = np.array([[0, 1, 3], [7, 100, 1]]).astype(dtype)

    def f(x):
        return (
            x + x,
            x * x,
            x / 2,
            x == x.T[0, 0],
            np.sum(x),
            np.mean(x),
            np.max(x),
            x > 0,
            ~(x > 0),
            x @ x.T,
        )

    step = compiled(f)
    for _ in range(3):
        alike(step(x), f(x))


@pytest.mark.parametrize("dtype", ["f4", "f2", "c8"])
def test_precision_is_kept(dtype):
    """Python numbers do not raise it, written in f or given to it."""

    def f(x, rate):
        return (
            x * 2 + 0.5,
            x - rate * x,
            np.mean(x) / 3,
            mg.grad(lambda v: np.sum(np.abs(v) ** 2))(x),
        )

    step = compiled(f)
    x = X.astype(dtype)
    for rate in (0.5, 0.25, 0.125):
        for a in step(x, rate):
            assert a.dtype == (x.dtype if a.dtype.kind == x.dtype.kind else x.real.dtype)
        np.testing.assert_allclose(step(x, rate)[1], x - np.asarray(rate, x.real.dtype) * x, 1e-3)


def test_a_number_among_precisions_must_say_its_own():
    """Eagerly it takes that of whatever it meets; compiled code has to know one."""
    step = compiled(lambda x, y, rate: x * rate + y)
    with pytest.raises(
        mg.DTypeError, match=r"Python number meets float32 in multiply; pass it as np.float32\("
    ):
        step(X.astype("f4"), X, 0.5)
    for _ in range(3):
        alike(step(X.astype("f4"), X, np.float32(0.5)), X.astype("f4") * np.float32(0.5) + X)


def test_a_function_that_hides_its_signature():
    """Its arguments have no names to be called by; it is compiled all the same."""

    class Hidden:
        __signature__ = "none"
        __name__ = "hidden"

        def __call__(self, x):
            return x * x + 1

    step = compiled(Hidden())
    for _ in range(3):
        alike(step(X), X * X + 1)
    assert step.source == "def hidden(x0):\n    t1 = x0 * x0 + 1\n    return t1\n"


@pytest.mark.parametrize("x", [2.0, -0.0, 1 + 2j, np.float32(2), np.float64(3), np.inf, np.int8(3)])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_numbers(x):
    """Single numbers are NumPy scalars of their dtype, in and out."""

    def f(x):
        return (
            x * 1j,
            x + 1,
            -x,
            x * x - 3.0 * x,
            2 / (x + 5),
            np.exp(x),
            x**2,
            np.sqrt(x * x),
            1j + x,
        )

    step = compiled(f)
    wanted = f(np.asarray(x)[()])
    for _ in range(3):
        got = step(x)
    for a, b in zip(got, wanted, strict=True):
        assert isinstance(a, np.generic)
        assert a.dtype == np.asarray(b).dtype
        np.testing.assert_allclose(a, b, 1e-6 if a.dtype.itemsize < 8 else 1e-14)
