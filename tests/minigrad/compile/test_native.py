"""The numba backend: what it builds computes what NumPy computes, whatever it is given."""

import pickle
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import programs

import minigrad as mg
from minigrad.program import Line, Program, recorded
from minigrad.table import ROWS

pytest.importorskip("numba")

from minigrad.compile import native, native_source
from minigrad.compile.native_layout import Buffer, viewed, whole


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory):
    """A cache of this test file's own."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        folder.chmod(0o700)
        patch.setenv("MINIGRAD_CACHE_DIR", str(folder))
        patch.setattr(native_source, "MOST_LINES", 90)  # quicker, and several functions
        yield folder


def build(program, donated=None, title="test"):
    return native.build(program, donated or {}, title)


def traced(f, *xs):
    """The program of f, a function of Tensors to a list of them, and the arrays to run it on."""
    floor = mg.Tensor(0.0).serial
    variables = [mg.tensor(x, dtype=x.dtype) for x in xs]
    program, closed = recorded(variables, f(*variables), floor)
    return program, [*(v.data[()] for v in variables), *closed.values()]


class Lines:
    """A program line by line, with inputs of any dtype; `check` runs it natively and eagerly."""

    def __init__(self):
        self.inputs, self.lines, self.outputs, self.arrays = [], [], [], []
        self.values = {}

    def input(self, array):
        line = Line(None, (), {}, np.shape(array), array.dtype, None)
        self.inputs.append(line)
        self.arrays.append(array)
        self.values[line] = array
        return line

    def line(self, key, *inputs, **params):
        op = ROWS[key]
        with np.errstate(all="ignore"):
            y = op.forward(
                *[self.values[a] if isinstance(a, Line) else a for a in inputs], **params
            )
        line = Line(op, inputs, params, np.shape(y), np.asarray(y).dtype, None)
        self.lines.append(line)
        self.values[line] = y
        return line

    def out(self, key, *inputs, **params):
        self.outputs.append(self.line(key, *inputs, **params))

    def program(self):
        return Program(tuple(self.inputs), tuple(self.lines), tuple(self.outputs))

    def check(self, wholly=True):
        built = build(self.program())
        assert ("one native function" in built.note) == wholly, built.note
        with np.errstate(all="ignore"):
            agree(built.run(*self.arrays), self.program()(*self.arrays))


def agree(got, wanted):
    """Equal in type, shape and dtype; exactly for whole numbers, else to rounding."""
    assert len(got) == len(wanted)
    for y, w in zip(got, wanted, strict=True):
        assert isinstance(y, (np.ndarray if np.ndim(w) else np.generic)), type(y)
        assert (y.shape, y.dtype) == (np.shape(w), np.asarray(w).dtype)
        if y.dtype.kind in "biu":
            np.testing.assert_array_equal(y, w)
        elif y.size:
            finite = np.abs(np.asarray(w)[np.isfinite(w)])
            rtol = 1e-12 if y.dtype in (np.float64, np.complex128) else 2e-5
            np.testing.assert_allclose(y, w, rtol, rtol * max(finite, default=0))


# What native code knows ---------------------------------------------------------------------------

NUMBERS = np.array([[-2.5, -1.0, -0.0], [0.3, 1.0, 4.0]])
SPECIAL = np.array([[np.nan, np.inf, -np.inf], [0.0, 1e300, 5e-324]])


def ufuncs(nin):
    """NumPy's of so many operands; SciPy's have rows too once it has been imported."""
    return [
        f for f in ROWS if isinstance(f, np.ufunc) and f.nin == nin and f.nout == 1
        and f.signature is None and getattr(np, f.__name__, None) is f
    ]  # fmt: skip


@pytest.mark.parametrize("nin", [1, 2])
@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_every_ufunc(nin, dtype):
    """Values, nan, infinities, signed zeros: as NumPy has them; row, column and number operands."""
    p = Lines()
    with np.errstate(all="ignore"):
        x = p.input(np.concatenate([NUMBERS, SPECIAL]).astype(dtype))
        row = p.input(np.array([[0.5, 2.0, np.nan]], dtype))
        for f in ufuncs(nin):
            operands = (x,) if nin == 1 else (x, row)
            if f is np.ldexp:
                operands = (x, 3)
            elif f.types[0].count("?") == 2 and f is not np.logical_xor and "dd" not in f.types:
                continue
            try:
                p.line(f, *operands)
            except TypeError:  # of whole numbers only
                continue
            p.out("astype", p.lines[-1], dtype=np.dtype(float))
    joined(p)
    p.check(wholly=True)


def joined(p):
    """Let the program have one output, all of them side by side: compiled sooner."""
    flat = [p.line(np.ravel, y) for y in p.outputs]
    p.outputs = []
    p.out(np.concatenate, *flat, axis=0)


def test_whole_numbers_and_bools():
    """Each dtype's own arithmetic: wrapping, promotion, casts of Python numbers."""
    p = Lines()
    i, u, b = (
        p.input(np.array([[-7, 0, 3], [100, -128, 127]], "i1")),
        p.input(np.array([[1, 2, 255]], "u1")),
        p.input(np.array([[True], [False]])),
    )
    big = p.input(np.array([2**62, -5, 3]))
    for f in (np.add, np.multiply, np.subtract, np.less, np.maximum, np.divide, np.equal):
        p.out(f, i, u)
        p.out(f, big, i)
        p.out(f, i, 2)
        p.out(f, big, 2)
        if f is not np.subtract:
            p.out(f, b, i)
    for f in (np.bitwise_and, np.bitwise_or, np.bitwise_xor):
        p.out(f, b, p.line(np.greater, i, 0))
    p.out(np.invert, b)
    p.out(np.multiply, b, 0.5)
    p.out(np.where, b, i, u)
    p.out(np.where, i, 1.5, 2)
    p.out(np.sum, b, axis=None, keepdims=False)
    p.out(np.sum, i, axis=0, keepdims=True)
    p.out(np.prod, big, axis=None, keepdims=False)
    p.out(np.max, big, axis=0, keepdims=False)
    p.out("astype", i, dtype=np.dtype("f4"))
    p.out("astype", big, dtype=np.dtype("i2"))
    p.out(np.matmul, i, np.ones((3, 2), "i1"))
    p.check()


def test_what_no_integer_of_the_dtype_is_left_to_numpy():
    """It compares with any whole number; and a power may raise. What is empty is never written."""
    p = Lines()
    u, none = p.input(np.array([1, 2, 255], "u1")), p.input(np.ones((0, 3), "i4"))
    p.out(np.less, u, -1)
    p.out(np.power, none, p.input(np.array(-1)))
    p.out(np.where, p.line(np.greater, u, 1), u, -1)
    p.out(np.minimum, p.line(np.stack, none, none, axis=0), p.line(np.negative, none))
    p.check(wholly=False)


def test_reductions_and_moves():
    """Every axis, kept or not, of what is in any order; empty ones; nan in an extreme."""
    p = Lines()
    x = p.input(np.arange(24.0).reshape(2, 3, 4) - 7)
    bad = p.input(SPECIAL)
    for axis in (None, 0, 1, -1, (0, 2), (0, 1), (1, 2)):
        p.out(np.sum, x, axis=axis, keepdims=False)
        p.out(np.mean, p.line(np.multiply, x, x), axis=axis, keepdims=True)
    for f in (np.max, np.min, np.sum):
        p.out(f, bad, axis=1, keepdims=False)
        p.out(f, bad, axis=None, keepdims=True)
    p.out(np.prod, x, axis=2, keepdims=False)
    p.out(np.sum, p.input(np.zeros((3, 0))), axis=1, keepdims=False)
    turned = p.line(np.transpose, x, axes=(2, 0, 1))
    p.out(np.add, turned, turned)
    p.out(np.reshape, turned, shape=(4, 6))
    p.out(np.sum, turned, axis=0, keepdims=False)
    p.out("getitem", x, 1, slice(None, None, -2), None, ...)
    p.out("getitem", x, 0, 1, 2)
    p.out(np.concatenate, x, p.line(np.negative, x), axis=-1)
    p.out(np.stack, bad, bad, axis=1)
    p.out(np.expand_dims, x, axis=0)
    p.out(np.clip, bad, -1.0, 2.0)
    p.outputs += [x, x, turned]
    p.check()


@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_products(dtype):
    """Unrolled, as rows, as scalar products, by BLAS; transposed, batched, of vectors, empty."""
    rng = np.random.default_rng(0)
    p = Lines()

    def given(*shape):
        return p.input(rng.standard_normal(shape).astype(dtype))

    for n, k, m in ((3, 4, 5), (7, 130, 45), (41, 33, 67), (1, 300, 1), (5, 300, 6)):
        a, b = given(n, k), given(k, m)
        p.out(np.matmul, a, b)
        p.out(np.matmul, p.line(np.transpose, b, axes=None), p.line(np.transpose, a, axes=None))
        p.out(np.matmul, a, p.line(np.transpose, given(m, k), axes=None))
    p.out(np.matmul, given(17, 300), p.line(np.transpose, given(35, 300), axes=None))
    p.out(np.matmul, given(2, 1, 3, 30), given(4, 30, 2))
    v = given(30)
    p.out(np.matmul, v, v)
    p.out(np.matmul, given(3, 30), v)
    p.out(np.matmul, v, given(30, 3))
    p.out(np.matmul, given(3, 0), given(0, 2))
    p.check()


@settings(max_examples=4)
@given(drawn=st.lists(programs(), min_size=4, max_size=4))
def test_random_programs(drawn):
    """Whatever is composed of them: several random programs at once, as one."""
    p = Lines()
    for program in drawn:
        inputs = [p.input(np.asarray(x)) for x in program.inputs]
        traced_, _ = traced(
            lambda *vs, run=program.run: [run(np, *vs)], *map(np.asarray, program.inputs)
        )
        own = dict(zip(traced_.inputs, inputs, strict=True))
        for line in traced_.lines:
            args = [own[a] if isinstance(a, Line) else a for a in line.inputs]
            made = Line(line.op, tuple(args), line.params, line.shape, line.dtype, None)
            p.lines.append(made)
            own[line] = made
        p.outputs.append(own[traced_.outputs[0]])
    built = build(p.program())
    agree(built.run(*[a[()] for a in p.arrays]), p.program()(*[a[()] for a in p.arrays]))


def test_what_native_code_does_not_know():
    """Is called from Python in between: complex numbers, float16, a user's own primitive."""
    double = mg.primitive(lambda x: x + x, vjp=lambda g, y, x: 2 * g)

    def f(x, z):
        y = double(np.exp(x) * 2) + x
        return [np.sort(y * 3) - 1, np.abs(z * y) + 1, x.astype("f2") * 2, z]

    program, arrays = traced(f, np.array([0.3, -1.0, 2.0]), np.array([1j, 2.0, 1 - 1j]))
    built = build(program)
    got = built.run(*arrays)
    agree(got, program(*arrays))
    assert "in Python" in built.note
    assert not any(np.shares_memory(y, a) for y in got for a in arrays)


# How it is called ---------------------------------------------------------------------------------


def step():
    """W - 0.5 W X summed by rows, exp(W), a number: built with W donated to the first."""
    p = Lines()
    W, X, s = (p.input(a) for a in (np.arange(12.0).reshape(3, 4), np.eye(4), np.float64(0.5)))
    g = p.line(np.multiply, p.line(np.matmul, W, X), s)
    p.out(np.subtract, W, g)
    p.out(np.exp, W)
    p.out(np.sum, g, axis=None, keepdims=False)
    return p


def test_any_layout():
    """Order, strides, read-only, byte order: arrays are converted where they must be."""
    p = step()
    run = build(p.program()).run
    W, X, s = p.arrays
    wanted = p.program()(*p.arrays)
    readonly = W.copy()
    readonly.flags.writeable = False
    unaligned = np.frombuffer(b"x" + W.tobytes(), np.uint8)[1:].view(float).reshape(3, 4)
    strided = np.repeat(W, 2, axis=1)[:, ::2]
    fields = pickle.loads(pickle.dumps(W))  # its dtype is another object
    for drawn in (W, np.asfortranarray(W), strided, readonly, unaligned, W.astype(">f8"), fields):
        for number in (s, 0.5):
            agree(run(drawn, X, number), wanted)
    with pytest.raises(mg.ShapeError, match=r"got an array of shape \(4,\); expected \(4, 4\)"):
        run(W, X[0], s)


def test_results_are_the_callers():
    """No two calls, and no two outputs, share memory; inputs stay as they are."""
    p = step()
    p.outputs.append(p.outputs[0])
    p.outputs.append(p.inputs[1])
    run = build(p.program()).run
    before = [np.array(a) for a in p.arrays]
    first, second = run(*p.arrays), run(*p.arrays)
    arrays = [y for y in (*first, *second, *p.arrays) if np.ndim(y)]
    assert all(a is b or not np.shares_memory(a, b) for a in arrays for b in arrays)
    assert len({id(a) for a in arrays}) == len(arrays)
    assert all(y.flags.owndata for y in first if np.ndim(y))
    agree(p.arrays, before)


def test_donated_inputs_are_written_last():
    """The result is in the input's array, though other lines read its old value."""
    p = step()
    W, X, s = p.arrays
    wanted = p.program()(*p.arrays)
    run = build(p.program(), {0: 0}).run
    for held in (W.copy(), pickle.loads(pickle.dumps(W))):
        got = run(held, X, s)
        assert got[0] is held
        agree(got, wanted)


def test_donated_inputs_of_a_program_that_is_partly_python():
    """Written last all the same, after what sorts and what multiplies has read them."""
    p = Lines()
    w, v = p.input(np.array([3.0, 1.0, 2.0])), p.input(np.array([5.0, 4.0, 6.0]))
    p.out(np.subtract, w, p.line(np.multiply, p.line(np.sort, w, axis=-1), v))
    p.outputs += [w, v]
    wanted = p.program()(*p.arrays)
    given = [a.copy() for a in p.arrays]
    built = build(p.program(), {0: 0, 1: 1})
    got = built.run(*given)
    assert "in Python" in built.note
    assert all(y is x for y, x in zip(got, given, strict=False))
    agree(got, wanted)


def test_donated_inputs_may_trade_places():
    """Swapped, reversed, transposed, shifted: what is read is what was there before."""
    p = Lines()
    a, b, c, d = (p.input(np.arange(9.0).reshape(3, 3) + k) for k in range(4))
    p.outputs += [b, a]
    p.out("getitem", c, slice(None, None, -1))
    p.out(np.add, d, p.line(np.transpose, d, axes=None))
    e = p.input(np.arange(4.0))
    p.out(
        np.concatenate, p.line("getitem", e, slice(1, 4)), p.line("getitem", e, slice(0, 1)), axis=0
    )
    wanted = [np.array(y) for y in p.program()(*p.arrays)]
    given = [a.copy() for a in p.arrays]
    got = build(p.program(), {k: k for k in range(5)}).run(*given)
    assert all(y is x for y, x in zip(got, given, strict=True))
    agree(got, wanted)


def test_threads():
    """Each call has scratch memory of its own."""
    p = step()
    run = build(p.program()).run
    wrong = []

    def work(k):
        W, X, s = p.arrays
        for _ in range(200):
            y = run(W + k, X, s)[1]
            if not np.allclose(y, np.exp(W + k)):
                wrong.append(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_an_exception_leaves_it_usable():
    """A wrong argument is refused and forgotten."""
    p = step()
    run = build(p.program()).run
    with pytest.raises(TypeError):
        run("W", p.arrays[1], p.arrays[2])
    agree(run(*p.arrays), p.program()(*p.arrays))


def test_a_place_is_where_numpy_has_it():
    """Views are found by moving a stand-in array."""
    place = whole(Buffer(np.dtype(float), 24), (2, 3, 4))
    moved = viewed(lambda a: a[1, ::-1, 1:], place)
    assert (moved.shape, moved.strides, moved.offset) == ((3, 3), (-4, 1), 21)
    assert viewed(lambda a: np.transpose(a).reshape(-1), place) is None
