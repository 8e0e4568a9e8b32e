"""Batched sweeps: many cotangents at once give what they give one after the other."""

import importlib
from dataclasses import replace
from functools import partial
from pathlib import Path

import cases as cases_of_ops
import numpy as np
import pytest
from hypothesis import given
from oracles import assert_close
from strategies import programs, spread_out

import minigrad as mg
from minigrad import batching, jacobians, transforms
from minigrad.sweep import sweep
from minigrad.table import ROWS

PAD = np.zeros(400)  # an argument or output that matters not, but for which way is the shorter


def every_case():
    """Each case of each row, as a pytest parameter."""
    for file in sorted(Path(cases_of_ops.__file__).parent.glob("cases_*.py")):
        for key, found in importlib.import_module(file.stem).CASES.items():
            for i, case in enumerate(found):
                name = key if isinstance(key, str) else key.__name__
                yield pytest.param(key, case, id=f"{name}-{i}")


def shapes(case):
    """Shapes of the operands: those of the case, or broadcasting, 0-d and empty ones."""
    n = len(case.domains)
    if case.shapes is not None:
        return case.shapes
    usual = [(2, 3), (3,), (2, 1), ()]
    return [tuple(usual[(start + i) % 4] for i in range(n)) for start in range(4)] + [((0, 3),) * n]


def units(x):
    """The arrays like x that are 1 in one element and 0 in the others."""
    return list(np.eye(np.size(x), dtype=np.result_type(x)).reshape(np.size(x), *np.shape(x)))


def joined(parts, *shapes):
    """The parts side by side, in the shape of the shapes together."""
    shape = sum(shapes, start=())
    return np.reshape(np.stack(parts) if parts else np.zeros(shape), shape)


def backwards(f, *xs):
    """For each argument the Jacobian, from a pullback for each element of the output."""
    y, pullback = mg.vjp(f, *xs)
    rows = [pullback(g) for g in units(y)]
    return [joined([row[i] for row in rows], np.shape(y), np.shape(x)) for i, x in enumerate(xs)]


def forwards(f, *xs):
    """For each argument the Jacobian, from a tangent for each of its elements."""
    y, found = np.shape(f(*xs)), []
    for i, x in enumerate(xs):
        still = [np.zeros_like(other) for other in xs]
        columns = [mg.jvp(f, xs, (*still[:i], t, *still[i + 1 :]))[1] for t in units(x)]
        block = joined(columns, np.shape(x), y)
        found.append(np.moveaxis(block, range(np.ndim(x)), range(-np.ndim(x), 0)))
    return found


def check(f, xs, tolerance=1e-12):
    """Batched equals one by one, from the output and from the arguments, recorded and not."""
    numbers = tuple(range(len(xs) + 1))
    back = mg.jacobian(lambda pad, *xs: f(*xs), numbers)
    forth = mg.jacobian(lambda *xs: (f(*xs), PAD), numbers[:-1])
    y = f(*map(mg.tensor, xs))  # of arrays, a condition number is complex in NumPy 2.0
    kinds = [np.iscomplexobj(a) for a in (y, *xs)]
    rows, columns = backwards(f, *xs), forwards(f, *xs)
    for i, of_x in enumerate(kinds[1:]):
        if kinds[0] and not of_x:  # a derivative that is complex, though x is not: only forward
            rows[i] = columns[i]
        elif of_x and not kinds[0]:
            columns[i] = rows[i]
    for wanted, jacobian in (
        (rows, lambda *xs: back(PAD, *xs)[1:]),
        (columns, lambda *xs: forth(*xs)[0]),
    ):
        for blocks in (jacobian(*xs), [J.data for J in jacobian(*map(mg.tensor, xs))]):
            for got, block in zip(blocks, wanted, strict=True):
                assert type(got) is np.ndarray
                assert got.shape == block.shape
                assert_close(got, block, tolerance)


@pytest.mark.parametrize(("key", "case"), list(every_case()))
def test_every_row_takes_a_batch(key, case):
    """Every way of calling every row, with real and complex operands."""
    f = case.call or key
    for drawn in shapes(case):
        xs = spread_out(3, drawn, case.domains)
        check(f, xs, 1e-9)
        if case.on_complex:
            check(f, [x + 0.3j * np.cos(x) for x in xs], 1e-9)


@given(program=programs())
def test_random_programs(program):
    """Gradients of whole programs: their Jacobians are Hessians, recorded they are third ones."""
    check(mg.grad(partial(program.run, np)), program.inputs, 1e-9)


X, M = np.linspace(-1.0, 2.0, 12).reshape(2, 2, 3), np.cos(np.arange(12.0)).reshape(4, 3)
TOGETHER = {
    "sum": lambda x: x.sum(),
    "mean": lambda x: x.mean(axis=(0, -1)),
    "max": lambda x: x.max(axis=1, keepdims=True),
    "logsumexp": lambda x: np.logaddexp.reduce(x, axis=2),
    "reshape": lambda x: x.reshape(3, -1),
    "transpose": lambda x: x.transpose(1, -1, 0) * x.T.reshape(2, 3, 2),
    "swapaxes": lambda x: np.swapaxes(x, 0, -1),
    "moveaxis": lambda x: np.moveaxis(x, [0, 1], [-1, 0]),
    "concatenate": lambda x: np.concatenate([x, 2 * x], axis=-1),
    "stack": lambda x: np.stack([x, x * x], axis=1),
    "broadcast": lambda x: np.broadcast_to(x[:, None], (2, 4, 2, 3)),
    "flip": lambda x: np.flip(x) + np.flip(x, (0, 2)),
    "roll": lambda x: np.roll(x, 1, axis=0),
    "cumsum": lambda x: np.cumsum(x, axis=-1),
    "diagonal": lambda x: np.diagonal(x, 1, 0, 2),
    "pad": lambda x: np.pad(x, ((0, 0), (1, 0), (2, 1)), "edge"),
    "slices": lambda x: x[1:, ..., ::-1] * x[0, :, None, 0],
    "index arrays": lambda x: x[:, [0, 1, 0], [2, 1, 2]],
    "mask": lambda x: x[:, np.eye(2, 3) > 0],
    "tensordot": lambda x: np.tensordot(np.tensordot(x, M, (-1, 1)), x, ([1], [0])),
    "set_at": lambda x: mg.set_at(x, (slice(None), 0), x[:, 1]),
    "where": lambda x: np.where(x > 0, np.sqrt(np.abs(x)), x**2) - np.clip(x, -0.5, 0.5),
    "matmul": lambda x: M @ np.swapaxes(x, 1, 2),
    "vectors": lambda x: (x @ M[0]) @ x[0, 0, :2] + M[0] @ x[1, 1],
    "row": lambda x: x[0, 0] @ M[:2].T + x[0, 0] @ np.swapaxes(x, 1, 2),
    "dot": lambda x: np.dot(x[0], M.T) * np.dot(x[0, 0], x[1, 1]) * np.dot(x[0, 0, 0], M[:2, :1]),
}


@pytest.mark.parametrize("name", TOGETHER)
def test_common_functions_go_together(name, monkeypatch):
    """What the ways are for is not done one by one, in either direction, and is right."""
    with monkeypatch.context() as patched:
        patched.setattr(batching, "_one_by_one", lambda op, k: pytest.fail(op.name))
        mg.jacobian(lambda pad, x: TOGETHER[name](x), (0, 1))(PAD, X)
        mg.jacobian(lambda x: (TOGETHER[name](x), PAD))(X)
    check(TOGETHER[name], [X])


@pytest.fixture
def ways(monkeypatch):
    """A function that plants another way for an op."""

    def plant(key, way):
        batching._way.cache_clear()
        monkeypatch.setitem(batching.WAYS, key, way)

    yield plant
    batching._way.cache_clear()


@pytest.mark.parametrize(
    ("key", "way", "name"),
    [
        (np.max, batching._as_it_is, "max"),
        (np.swapaxes, batching._shaped, "swapaxes"),
        (np.transpose, batching._as_it_is, "transpose"),
        ("getitem", lambda *args: batching._as_it_is(), "slices"),
    ],
)
def test_a_wrong_way_is_caught(key, way, name, ways):
    """A rule that is given the batch in a wrong way computes something else, or cannot."""
    ways(key, way)
    with pytest.raises((AssertionError, ValueError, IndexError)):
        check(TOGETHER[name], [X])


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def rule_calls(f, x, monkeypatch):
    """How often f's derivatives call the rules of the ops of `x * x`."""
    calls, op = [], ROWS[np.multiply]
    counted = [lambda *given, vjp=vjp: calls.append(1) or vjp(*given) for vjp in op.vjps]
    monkeypatch.setitem(ROWS, np.multiply, replace(op, vjps=tuple(counted)))
    f(x)
    monkeypatch.setitem(ROWS, np.multiply, op)
    return len(calls)


def test_a_hessian_is_one_sweep(monkeypatch):
    """As many rules run for 100 variables as for 3."""
    H = mg.hessian(rosenbrock)
    few, many = (rule_calls(H, np.full(n, 0.5), monkeypatch) for n in (3, 100))
    assert few == many > 0
    x = np.linspace(-1, 1, 5)
    assert_close(H(x), backwards(mg.grad(rosenbrock), x)[0], 1e-13)


def test_large_arrays_go_in_parts(monkeypatch):
    """A sweep carries no more cotangents than memory allows, and at least one."""
    wanted = mg.jacobian(TOGETHER["stack"])(X)
    sizes = []

    def watched(seeds, wanted, record, batch):
        sizes.append(batch)
        return sweep(seeds, wanted, record, batch)

    monkeypatch.setattr(transforms, "sweep", watched)
    for limit, parts in ((10**6, [12]), (5 * 24, [5, 5, 2]), (1, [1] * 12)):
        sizes.clear()
        monkeypatch.setattr(jacobians, "AT_ONCE", limit)
        assert np.array_equal(mg.jacobian(TOGETHER["stack"])(X), wanted)
        assert [size for size in sizes if size] == parts


def test_trees_and_dtypes():
    """Each block has the dtype of its argument, or of its output where those are swept to."""
    p = {"a": np.float32(2), "b": (np.arange(3.0), np.array([1j, 2.0]))}
    f = lambda p: [p["a"] * p["b"][0], (p["b"][1] * p["a"]).astype(complex)]  # noqa: E731
    J = mg.jacobian(lambda p, pad: f(p), (0, 1))(p, PAD)
    assert J[0][0]["a"].dtype == np.float32
    assert J[0][0]["a"].tolist() == [0, 1, 2]
    assert J[0][0]["b"][0].tolist() == (2 * np.eye(3)).tolist()
    assert J[0][0]["b"][1].shape == (3, 2)
    assert J[1][0]["b"][1].dtype == complex
    assert J[1][0]["b"][1].tolist() == (2 * np.eye(2)).tolist()


def test_a_primitive_is_asked_one_by_one():
    """A user's rule sees cotangents of the shape it was written for, in whatever form it is."""
    joint = mg.primitive(lambda a, b: a * b, vjp=lambda g, y, a, b: (g * b, g[0] * a * [1, 0]))
    J = mg.jacobian(joint, (0, 1))(np.array([5.0, 7.0]), np.array([2.0, 1.0]))
    assert J[0].tolist() == [[2, 0], [0, 1]]
    assert J[1].tolist() == [[5, 0], [0, 0]]
    listed = mg.primitive(lambda a: 2 * a, vjp=lambda g, y, a: [2 * part for part in g])
    assert mg.jacobian(listed)(np.ones(2)).tolist() == [[2, 0], [0, 2]]


def test_what_where_did_not_take_has_no_derivative():
    """Also for a batch, and where the derivative is infinite."""
    f = lambda x: np.where(x > 0, np.sqrt(x), 0)  # noqa: E731
    with np.errstate(divide="ignore", invalid="ignore"):
        assert mg.jacobian(f)(np.array([0.0, 4.0])).tolist() == [[0, 0], [0, 0.25]]
        wide = mg.jacobian(lambda pad, x: f(x * np.ones(3)), (0, 1))(PAD, np.zeros(1))[1]
    assert wide.tolist() == [[0]] * 3


def test_jacobians_nest():
    """A Jacobian of a Jacobian, along a tangent, inside a gradient: the third derivative."""
    f = lambda x: (x**4).sum()  # noqa: E731
    x, t = np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.0, -1.0])
    third = np.zeros((3, 3, 3))
    third[range(3), range(3), range(3)] = 24 * x
    assert_close(mg.jacobian(mg.hessian(f))(x), third, 1e-13)
    assert_close(mg.jvp(mg.hessian(f), (x,), (t,))[1], third @ t, 1e-13)
    assert_close(mg.grad(lambda x: (mg.hessian(f)(x) @ t).sum())(x), third @ t @ np.ones(3), 1e-13)
