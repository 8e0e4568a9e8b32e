"""What is done for the BLAS behind NumPy: layouts, and products added to what is there."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.compile import blas, native_product, numpy_source, plan

DOUBLE = np.dtype(float)
SHAPES = [(8, 512, 16), (20, 600, 41), (64, 512, 130)]


def third(f, *xs, backend):
    """What compiled code returns: the first two calls run f as it is."""
    step = mg.compile(f, backend=backend)
    return [step(*xs) for _ in range(3)][-1], step


def matrices(n, k, p, dtype=float):
    rng = np.random.default_rng(n)
    return [rng.normal(size=s).astype(dtype) for s in ((n, k), (k, p), (n, 1))]


def close(got, wanted):
    assert got.flags.c_contiguous == wanted.flags.c_contiguous
    scale = np.abs(wanted).max()
    np.testing.assert_allclose(got, wanted, rtol=0, atol=64 * np.finfo(got.dtype).eps * scale)


# Layout -------------------------------------------------------------------------------------------


@pytest.fixture(params=["Haswell", "SkylakeX"])
def kernels(request, monkeypatch):
    """OpenBLAS as it is on two processors."""
    monkeypatch.setattr(blas, "_kernels", lambda: request.param)
    monkeypatch.setattr(native_product, "_SPREAD", 0)
    return request.param


def test_when_a_product_is_made_by_columns(monkeypatch):
    """Few rows, more columns, long sums, and the kernels for which it was measured to pay."""
    monkeypatch.setattr(blas, "_kernels", lambda: "Haswell")
    assert blas.crosswise(20, 12288, 209, DOUBLE)
    assert not any(
        blas.crosswise(*sizes, DOUBLE)
        for sizes in [(4, 12288, 209), (20, 100, 209), (20, 12288, 30), (512, 784, 256)]
    )
    assert not blas.crosswise(20, 600, 209, np.dtype("f4"))
    assert not blas.crosswise(20, 12288, 209, np.dtype(complex))
    monkeypatch.setattr(blas, "_kernels", lambda: "SkylakeX")
    assert not blas.crosswise(20, 12288, 209, DOUBLE)


def used(y, b):
    """One result for each way to use a product: in place, summed, moved, multiplied, returned."""
    z = y + b
    return (
        np.tanh(z) * z, z.sum(axis=0), z.sum(axis=1), z.reshape(-1)[:5], z[1:3].T, y.T @ z,
        np.concatenate([z, y]), np.maximum(y, 0.0).reshape(y.shape[1], -1), y,
    )  # fmt: skip


@pytest.mark.parametrize("sizes", SHAPES)
@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_whatever_is_done_with_a_product_by_columns(kernels, backend, sizes):
    """Its layout is nobody's business: values, and the layout of results, stay as they were."""
    pytest.importorskip("numba")
    W, X, b = matrices(*sizes)
    got, _ = third(lambda W, X, b: used(W @ X, b), W, X, b, backend=backend)
    for y, wanted in zip(got, used(W @ X, b), strict=True):
        scale = np.abs(wanted).max()
        np.testing.assert_allclose(y, wanted, rtol=0, atol=1e-13 * scale)
        assert y.flags.c_contiguous


@pytest.mark.parametrize("last", range(6))
def test_the_arena_holds_it_by_columns(kernels, last):
    """The numpy backend lays it out that way unless something needs it row by row."""
    W, X, b = matrices(*SHAPES[0])
    use = lambda W, X, b: used(W @ X, b)[last]  # noqa: E731
    got, step = third(use, W, X, b, backend="numpy")
    by_columns = "None, 'F'" in step.code
    assert by_columns == (kernels == "Haswell" and last != 5)  # where its transpose is a view
    np.testing.assert_allclose(got, use(W, X, b), rtol=1e-10, atol=1e-10)


def test_heirs_lie_as_what_they_overwrite(kernels, monkeypatch):
    """An elementwise operation in place never reads one layout while it writes the other."""
    W, X, b = matrices(*SHAPES[1])
    plans = []
    original = plan.planned
    monkeypatch.setattr(
        numpy_source, "planned", lambda *args: plans.append(original(*args)) or plans[-1]
    )
    third(lambda W, X, b: (np.tanh(W @ X + b) ** 3).sum(), W, X, b, backend="numpy")
    (made,) = plans
    pairs = [
        (line in made.by_columns, a in made.by_columns)
        for line, at in made.offset.items()
        for a in line.inputs
        if made.offset.get(a) == at and a.shape == (20, 41)
    ]
    assert pairs
    assert set(pairs) <= {(True, True), (False, False)}
    assert ((True, True) in pairs) == (kernels == "Haswell")


# Added products -----------------------------------------------------------------------------------

N, K, P = 64, 48, 56


def descent(rule, dtype=float, held=()):
    """A function of a compiled step's state to its new state, in place."""
    rng = np.random.default_rng(0)
    a, b = (mg.tensor(rng.normal(size=s).astype(dtype)) for s in ((N, K), (K, P)))
    w = mg.tensor(rng.normal(size=(N, P)).astype(dtype))
    rate = mg.tensor(np.array(0.25, dtype))

    def step():
        new, *others = rule(w, a @ b, rate)
        w.data = new.data
        return [other * 1.0 for other in others]

    return step, w


RULES = {
    "gradient": (True, lambda w, g, r: (w - r * g,)),
    "scaled first": (True, lambda w, g, r: (w - 0.5 * (r * g),)),
    "decay": (False, lambda w, g, r: (0.875 * w - r * g,)),
    "ascent": (True, lambda w, g, r: (g + w,)),
    "negated": (True, lambda w, g, r: (-w - (-g),)),
    "read again": (False, lambda w, g, r: (w - r * g, g.sum())),
    "twice": (False, lambda w, g, r: (w - r * g - g * g,)),
    "of itself": (False, lambda w, g, r: (w * w - r * g,)),
    "not linear": (False, lambda w, g, r: (np.maximum(w - r * g, 0.0),)),
    "transposed": (False, lambda w, g, r: (w[:, ::-1] - r * g,)),
}


@pytest.mark.parametrize("dtype", [float, np.float32])
@pytest.mark.parametrize("name", RULES)
def test_a_sum_with_a_product_is_one_call(name, dtype):
    """w := β w + α a b is BLAS's own; whatever else is made of the product is not."""
    pytest.importorskip("numba")
    merged, rule = RULES[name]
    (eager, w), (f, v) = descent(rule, dtype), descent(rule, dtype)
    step = mg.compile(f, backend="numba")
    for _ in range(4):
        for a, b in zip(step(), eager(), strict=True):
            np.testing.assert_allclose(a.data, b.data, rtol=1e-4 if dtype is np.float32 else 1e-10)
    close(v.data, w.data)
    assert blas.added_product(np.dtype(dtype))
    assert ("gemm(table" in step.code) == merged


@pytest.mark.parametrize("flip", [False, True])
def test_operands_of_any_orientation(flip):
    """Transposed matrices are BLAS's business; matrices with gaps and single rows are not."""
    pytest.importorskip("numba")
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(K, N)), rng.normal(size=(P, K))
    cut = (lambda x: x[:, ::2]) if flip else (lambda x: x)
    w = mg.tensor(rng.normal(size=(len(cut(a).T), P)))
    v = mg.tensor(w.data)

    def rule(w):
        w.data = (w - 0.5 * (cut(a).T @ b.T)).data

    a, b = mg.tensor(a), mg.tensor(b)
    step = mg.compile(lambda: rule(v), backend="numba")
    for _ in range(4):
        step()
        rule(w)
    close(v.data, w.data)
    assert ("gemm(table" in step.code) == (not flip)


def test_without_blas(monkeypatch):
    """A library that cannot be asked is asked for nothing."""
    pytest.importorskip("numba")
    from minigrad.compile import native_merge

    monkeypatch.setattr(native_merge, "added_product", lambda dtype: 0)
    (eager, w), (f, v) = (descent(RULES["gradient"][1]) for _ in range(2))
    step = mg.compile(f, backend="numba")
    for _ in range(4):
        step()
        eager()
    close(v.data, w.data)
    assert "gemm(table" not in step.code


def test_what_the_library_says(monkeypatch):
    """A library without these names, or none, leaves everything as it is."""
    blas.added_product.cache_clear()
    blas._kernels.cache_clear()
    monkeypatch.setattr(blas, "_found", lambda *names: None)
    try:
        assert blas.added_product(DOUBLE) == 0
        assert blas._kernels() == ""
    finally:
        blas.added_product.cache_clear()
        blas._kernels.cache_clear()
    assert blas.added_product(np.dtype(int)) == 0


def test_a_library_that_cannot_be_opened(monkeypatch):
    """A NumPy with its BLAS built in is not asked."""

    def refused(path):
        raise OSError(f"cannot open {path}")

    monkeypatch.setattr("ctypes.CDLL", refused)
    assert blas._found("cblas_dgemm") is None


def test_threads_of_a_machine_that_pins_no_process(monkeypatch):
    """Where the system does not say which cores a process may use, all of them count."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    for cores in (6, None):  # None: it does not say that either
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        assert blas.threads() == (cores or 1)


@pytest.mark.parametrize("name", ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"])
def test_threads(monkeypatch, name):
    """What the user set counts."""
    for other in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(other, raising=False)
    assert blas.threads() >= 1
    monkeypatch.setenv(name, "3")
    assert blas.threads() == 3
    monkeypatch.setenv(name, "many")
    assert blas.threads() < 3 or name
