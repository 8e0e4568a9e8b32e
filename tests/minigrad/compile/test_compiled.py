"""When a function is recorded, what it may ask meanwhile, its derivatives, and hostile names."""

import copy
import functools
import linecache
import re

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import programs

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


@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool"])
def test_derivatives_by_integers(dtype):
    """They count as floats in a trace too."""
    gradient = mg.grad(lambda x: np.sum(1.0 * x**3))
    step, x = compiled(gradient), np.array([0, 1, 3]).astype(dtype)
    for _ in range(3):
        alike(step(x), gradient(x))


# What is recorded, and when -----------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:compile")
def test_f_runs_twice_for_each_kind_of_arguments():
    """After that its Python is not run any more; another shape, dtype or tree is another kind."""
    f = Counting(lambda x, k=1: np.sum(x["a"][0] if type(x) is dict else x) * k)
    step = compiled(f)
    kinds = [
        ((X,), {}), ((X[:2],), {}), ((X.astype("f4"),), {}), (({"a": [X]},), {}),
        (({"a": (X,)},), {}), ((X, 2), {}), ((X,), {"k": 2}),
        ((X,), {"k": 2.5}), ((X[:, None],), {}),
    ]  # fmt: skip
    for n, (args, kwargs) in enumerate(kinds, 1):
        for _ in range(4):
            alike(step(*args, **kwargs), f.f(*args, **kwargs))
        assert f.runs == 2 * n
    for args, kwargs in kinds:
        step(*args, **kwargs)
    assert f.runs == 2 * len(kinds)


def test_the_warning_is_given_once_and_names_the_users_line():
    """At the eighth kind, with what to do."""
    step = compiled(lambda x, n: x * n)
    for n in range(7):
        step(X, n)
    with pytest.warns(
        UserWarning, match="recorded for 8 .*should be a float or an array"
    ) as caught:
        step(X, 7)
    assert caught[0].filename == __file__
    for n in range(20):
        step(X, n)  # none any more, or it would be an error here


@pytest.mark.filterwarnings("ignore:compile")
def test_only_so_many_kinds_are_kept():
    """32; the oldest goes, and is recorded again when it comes back."""
    f = Counting(lambda x, n: x * n)
    step = compiled(f)
    for n in range(33):
        step(X, n), step(X, n)
    assert f.runs == 66
    step(X, 1)
    assert f.runs == 66
    step(X, 0), step(X, 0), step(X, 0)
    assert f.runs == 68
    assert len(step._entries) == 32


@pytest.mark.filterwarnings("error")
def test_a_warning_that_is_an_error_leaves_it_usable():
    """The eighth kind raises where warnings do; the ninth and the eighth work."""
    step = compiled(lambda x, n: x * n)
    for n in range(7):
        step(X, n)
    with pytest.raises(UserWarning):
        step(X, 7)
    for n in (8, 7, 7, 7):
        np.testing.assert_array_equal(step(X, n), X * n)


def test_what_is_equal_but_not_the_same_kind_is_another_kind():
    """1, True, 1.0 and np.int64(1) are told apart, and 0.0 is an input like any float."""
    step = compiled(lambda x, k: (x * k, x + k))
    for _ in range(3):
        for k in (1, True, 1.0, -0.0, 0.0, np.int64(1), np.bool_(True), np.float32(1), 1j):
            alike(step(X, k), (X * k, X + k))


# What a traced value refuses ----------------------------------------------------------------------


def branch(x):
    return x if x[0] > 0 else -x


def unpacked(x):
    a, b, c = x
    return a * b * c


REFUSED = {
    "if": (branch, "bool", r"np\.where\(condition, a, b\)"),
    "and": (lambda x: x[0] > 0 and x, "bool", "np.where"),
    "not": (lambda x: not x[0], "bool", "np.where"),
    "chained": (lambda x: 0 < x[0] < 2, "bool", "np.where"),
    "in": (lambda x: 3.0 in x, "bool", "np.where"),
    "max": (lambda x: max(x[0], x[1]), "bool", "np.where"),
    "float": (lambda x: float(x[0]), "float", "keep it an array"),
    "int": (lambda x: int(x[0]), "int", "keep it an array"),
    "complex": (lambda x: complex(x[0]), "complex", "keep it an array"),
    "round trip": (lambda x: x * float(np.sum(x)), "float", "keep it an array"),
    "item": (lambda x: x[0].item(), "item", "keep it an array"),
    "tolist": (lambda x: [x.tolist()], "tolist", "keep it an array"),
    "deepcopy": (lambda x: copy.deepcopy(x) * 2, "copy", "use np.copy"),
    "tobytes": (lambda x: x.tobytes(), "tobytes", "keep it an array"),
    "for": (lambda x: sum(v * v for v in x), "iter", "functions with an axis"),
    "unpacking": (unpacked, "iter", r"write x\[0\], x\[1\]"),
    "range": (lambda x: range(np.argmax(x)), "index", "keep it an array"),
    "list index": (lambda x: [1, 2, 3][np.argmax(x)], "index", "keep it an array"),
    "format": (lambda x: f"{x[0]:.3f}", "format", "keep it an array"),
    "mask": (lambda x: x[x > 0], "nonzero", r"np\.where"),
    "mask and slice": (lambda x: x[:, None][x > 0, :], "nonzero", "np.where"),
    "nonzero": (lambda x: np.nonzero(x)[0], "nonzero", r"np\.where"),
    "where": (lambda x: np.where(x > 0)[0], "nonzero", "np.where"),
    "argwhere": (lambda x: np.argwhere(x - 1), "argwhere", "outside"),
    "flatnonzero": (np.flatnonzero, "flatnonzero", "outside"),
    "compress": (lambda x: np.compress(x > 0, x), "flatnonzero", "outside"),
    "extract": (lambda x: np.extract(x > 0, x), "flatnonzero", "outside"),
    "unique": (np.unique, "unique", "outside"),
    "allclose": (lambda x: np.allclose(x, x), "allclose", "outside"),
    "array_equal": (lambda x: np.array_equal(x, x), "array_equal", "outside"),
    "bincount": (lambda x: np.bincount(x.astype(int) + 5), "bincount", "outside"),
    "value of a leaf": (lambda x: x * float(LEAF), "float", "keep it an array"),
    "its data": (lambda x: x * float(LEAF.data), "float", "keep it an array"),
    "in a derivative": (mg.grad(lambda x: np.sum(branch(x))), "bool", "np.where"),
    "without recording": (lambda x: unrecorded(float, x[0]), "float", "keep it an array"),
}
LEAF = mg.tensor(2.0)


def test_what_numpy_refuses_in_a_later_call():
    """The error that other values raise in recorded code is minigrad's, and names the function."""
    step = compiled(lambda x, i: np.linalg.inv(x)[i])
    eye, first = np.eye(2), np.array([0])
    for _ in range(3):
        step(eye, first)
    with pytest.raises(mg.SingularError, match="<lambda>, compiled: Singular matrix"):
        step(0 * eye, first)
    with pytest.raises(mg.IndexingError, match="<lambda>, compiled: index 5 is out of bounds"):
        step(eye, first + 5)
    np.testing.assert_array_equal(step(2 * eye, first), [[0.5, 0]])


def only_arrays(x):
    assert type(x) is np.ndarray
    return x * 2


@pytest.mark.parametrize(
    "f",
    [
        only_arrays,
        lambda x: {np.ndarray: x * 2}[type(x)],
        lambda x: x * 2 if x[0] > 0 else x + x,
        lambda x: np.asarray(x) * 2,
        lambda x: x * 2 if isinstance(x, np.ndarray) else x[:1],
    ],
    ids=["assertion", "key", "branch", "array", "another shape"],
)
def test_a_primitive_that_cannot_be_looked_into_is_called(f):
    """However its function takes a Tensor in the place of an array, it stays a line of its own."""
    doubled = mg.primitive(f, vjp=lambda g, y, x: 2 * g, inline=True)
    step = compiled(mg.grad(lambda x: np.sum(doubled(x) * x)))
    for sign in (1, -1, 1):
        np.testing.assert_array_equal(step(sign * X), 4 * sign * X)


def test_constants_have_no_graph():
    """What was computed of none of the arguments is no picture."""
    step = compiled(lambda x: 3.0)
    assert step(X) == 3.0
    with pytest.raises(mg.GraphError, match="<lambda> returns constants, so there is no graph"):
        _ = step.graph


def unrecorded(f, *xs):
    with mg.no_grad():
        return f(*xs)


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_become_a_constant_is_refused(name):
    """The error names this file, the line and its text, and what to do instead."""
    f, asked, remedy = REFUSED[name]
    step = compiled(f)
    for _ in range(2):  # and it is not taken for recorded
        with pytest.raises(
            mg.GraphError, match=rf"^compile: ({asked}) of a traced value"
        ) as caught:
            step(X)
        assert re.search(r" at test_compiled\.py:\d+: `.+`: ", str(caught.value))
        assert re.search(remedy, str(caught.value))
    line = int(re.search(r"test_compiled\.py:(\d+)", str(caught.value))[1])
    assert f"`{linecache.getline(__file__, line).strip()}`" in str(caught.value)


ALLOWED = {
    "shape": lambda x: x * x.shape[0] * len(x) * x.ndim * x.size,
    "dtype": lambda x: x.astype(x.dtype) if x.dtype == np.float64 else x,
    "none": lambda x: x if x is not None and x != None else 0 * x,  # noqa: E711
    "isinstance": lambda x: x * 2 if hasattr(x, "shape") else x,
    "where": lambda x: np.where(x > 0, x, -x),
    "index by argmax": lambda x: x[np.argmax(x)] + x[np.argsort(x)],
    "index array": lambda x: x[[0, 0, 2]] * x[np.array([True, False, True])][0],
    "set_at": lambda x: mg.set_at(x, x > 0, 0.0),
    "repr": lambda x: x * len(repr(x)[:0] + str(x)[:0] + f"{x}"[:0] or "a"),
    "dict key": lambda x: {x: 2.0}[x] * x,
    "rows by number": lambda x: sum([x[i] * i for i in range(len(x))]),
    "take": lambda x: np.take(x, [2, 1]) + np.take_along_axis(x, np.argsort(x), 0)[1],
    "constant mask": lambda x: x[X > 0],
    "data": lambda x: x * x.data,
    "stop": mg.grad(lambda x: np.sum(x * mg.stop_gradient(x))),
    "no_grad": lambda x: x * unrecorded(np.dot, x, x),
    "data in a derivative": mg.grad(lambda x: np.sum(x * np.exp(x.data))),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_what_depends_on_no_value_is_allowed(name):
    """Shapes, dtypes, identity, reads of `.data`: answered once, and the numbers are computed."""
    f = ALLOWED[name]
    step = compiled(f)
    for x in (X, X, -X, X[::-1] * 2):
        wanted = f(mg.tensor(x))
        alike(step(x), getattr(wanted, "data", wanted))


# Derivatives --------------------------------------------------------------------------------------


def quartic(x):
    return np.sum(x**4 * np.sin(x)) + np.prod(x)


def test_derivatives_of_a_compiled_function_are_those_of_f():
    """Called with Tensors, or inside grad, jvp, hessian and the rest, it is f."""
    step = compiled(quartic)
    for _ in range(3):
        step(X)
    v = np.array([0.5, 1.0, -1.0])
    for transform in (
        lambda f: mg.grad(f)(X), lambda f: mg.hessian(f)(X), lambda f: mg.jvp(f, (X,), (v,)),
        lambda f: mg.value_and_grad(f)(X), lambda f: mg.jacobian(f)(X),
        lambda f: mg.grad(lambda x: np.sum(mg.grad(f)(x) ** 2))(X), lambda f: mg.vjp(f, X)[1](2.0),
        lambda f: compiled(mg.grad(f))(X), lambda f: compiled(mg.hessian(f))(X),
    ):  # fmt: skip
        alike(transform(step), transform(quartic))


@given(drawn=programs())
def test_random_programs_with_gradient_and_direction(drawn):
    """Value, gradient and Hessian-vector product of random programs."""
    every = tuple(range(len(drawn.inputs)))
    f = lambda *vs: drawn.run(np, *vs)  # noqa: E731

    def both(*vs):
        def along(*us):
            return sum([np.sum(g * 0.3) for g in mg.grad(f, every)(*us)], start=0.0)

        return f(*vs), mg.grad(f, every)(*vs), mg.grad(along, every)(*vs)

    step = compiled(both)
    for _ in range(3):
        got = step(*drawn.inputs)
    wanted = both(*drawn.inputs)
    for a, b in zip([got[0], *got[1], *got[2]], [wanted[0], *wanted[1], *wanted[2]], strict=True):
        np.testing.assert_allclose(a, b, 1e-11, 1e-11)


def test_a_tensor_among_the_arguments():
    """Then it is f: the result is a node, and backward() reaches the Tensor."""
    step = compiled(lambda x, y: x * y)
    for _ in range(3):
        step(X, X)
        t = mg.tensor(X)
        y = step(X, t)
        assert isinstance(y, mg.Tensor)
        y.sum().backward()
        np.testing.assert_array_equal(t.grad, X)
        assert isinstance(step(t, X), mg.Tensor)


def test_compiled_functions_call_each_other():
    """Compiled within compiled, twice compiled, and one that calls itself."""
    inner = compiled(lambda x: np.sin(x) * 2)
    outer = compiled(lambda x: inner(x) + inner(x * 2))
    double = compiled(outer)
    power = compiled(lambda x, n: x if n == 0 else x * power(x, n - 1))
    for x in (X, X, X * 2, X - 1):
        wanted = np.sin(x) * 2 + np.sin(x * 2) * 2
        for f in (outer, double):
            np.testing.assert_allclose(f(x), wanted, 1e-15)
        np.testing.assert_allclose(inner(x), np.sin(x) * 2, 1e-15)
        np.testing.assert_allclose(power(x, 3), x**4, 1e-15)


# Names --------------------------------------------------------------------------------------------

HOSTILE = [
    "x0", "run", "pool", "kept", "memory", "k0", "r0", "return", "class", "np", "", " ", "a b", "1",
    'x"""', "x'); import os; ('", "\n    raise SystemExit\n", "\0", "\ud800", "{0}", "%s", "\\",
    "#", "lambda: 0", "__import__('os')", "x := 1", "ﬁ", "µ",
    "é", "名前", "None", "print", "x" * 5000,
]  # fmt: skip


def hostile(name):
    """A compiled function in which everything that can has the name; what it computes."""

    def rule(g, y, x):
        return g * 2

    def body(x, options):
        y = mg.name(own(options[name] * x), name)
        return {name: y * W, "y": y}

    def twice(x):
        return x * 2

    twice.__name__ = rule.__name__ = body.__name__ = name
    own = mg.primitive(twice, vjp=rule)
    W = mg.tensor(3.0, name=name)
    return compiled(body), {name: X}


@given(name=st.text(max_size=30))
@example("\0")
@example("\ud800")
def test_names_are_not_code(name):
    """Of Tensors, functions, primitives, dict keys: any text, and it changes nothing."""
    step, options = hostile(name)
    for k in (1.0, 2.0, 3.0, 4.0):
        got = step(k, options)
        assert set(got) == {name, "y"}
        np.testing.assert_array_equal(got["y"], X * k * 2)


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names(name):
    """Words of the generated code, Python's, quotes, braces, line ends, surrogates."""
    step, options = hostile(name)
    for k in (1.0, 2.0, 3.0):
        np.testing.assert_array_equal(step(k, options)[name], X * k * 6)
    assert "SystemExit" not in step.code
    assert "import" not in step.code
    compile(step.code, "code", "exec")
