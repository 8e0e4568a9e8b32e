"""Linear algebra: every pairing in a product, singular points, forms of call, messages."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import assert_close
from strategies import operands

import minigrad as mg
from minigrad.testing import check_grads

letters = st.integers(1, 3)


@st.composite
def factors(draw):
    """Two arrays whose product exists: 1-D, 2-D, or stacks whose leading axes broadcast."""
    n, k, m = draw(letters), draw(letters), draw(letters)
    batch = st.sampled_from([((), ()), ((2,), (2,)), ((2,), ()), ((), (3,)), ((2, 1), (3,))])
    lead_a, lead_b = draw(batch)
    a = (k,) if draw(st.booleans()) and not lead_a else (*lead_a, n, k)
    b = (k,) if draw(st.booleans()) and not lead_b else (*lead_b, k, m)
    return draw(operands([a, b], [((-2, 2),)] * 2))


@given(pair=factors(), data=st.data())
def test_matmul_is_a_sum_of_products(pair, data):
    """Value and gradients are those of the same sums written out with multiply and sum."""
    a, b = pair

    def spelled_out(a, b):
        left = a[None, :] if a.ndim == 1 else a
        right = b[:, None] if b.ndim == 1 else b
        y = np.sum(left[..., :, :, None] * right[..., None, :, :], axis=-2)
        y = y[..., 0] if b.ndim == 1 else y
        return y if a.ndim > 1 else y[..., 0] if b.ndim == 1 else y[..., 0, :]

    y, pullback = mg.vjp(np.matmul, a, b)
    wanted, pullback_wanted = mg.vjp(spelled_out, a, b)
    assert_close(y, wanted, 1e-13)
    g = np.cos(1.0 + np.arange(y.size)).reshape(y.shape)
    for got, right in zip(pullback(g), pullback_wanted(g), strict=True):
        assert_close(got, right, 1e-13)


@pytest.mark.parametrize("side", ["left", "right"])
def test_an_array_on_either_side(side):
    """ndarray @ Tensor and Tensor @ ndarray record, and only the Tensor gets a gradient."""
    a, b = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    t = mg.tensor(a if side == "left" else b)
    y = t @ b if side == "left" else a @ t
    np.testing.assert_array_equal(y.data, a @ b)
    y.sum().backward()
    wanted = np.ones((2, 4)) @ b.T if side == "left" else a.T @ np.ones((2, 4))
    np.testing.assert_array_equal(t.grad, wanted)


def test_a_product_with_itself():
    """x @ x uses the variable on both sides: (x @ x)[0, 1] is x00 x01 + x01 x11."""
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    gradient = mg.grad(lambda x: (x @ x)[0, 1])(x)
    assert gradient.tolist() == [[2, 1 + 4], [0, 2]]


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ((2, 3), (4, 5), r"matmul: \(2, 3\) @ \(4, 5\): inner sizes 3 and 4 differ"),
        ((3,), (4,), r"matmul: \(3,\) @ \(4,\): inner sizes 3 and 4 differ"),
        ((2, 3), (), r"matmul: \(2, 3\) @ \(\): .*use \* for a number"),
        ((2, 3, 4), (5, 4, 3), r"matmul: \(2, 3, 4\) @ \(5, 4, 3\): the leading \(batch\) axes"),
    ],
)
def test_sizes_that_do_not_fit(a, b, message):
    """The message shows both shapes and says which sizes differ, from either side."""
    for left, right in [
        (mg.tensor(np.ones(a)), mg.tensor(np.ones(b))),
        (np.ones(a), mg.tensor(np.ones(b))),
        (mg.tensor(np.ones(a)), np.ones(b)),
    ]:
        with pytest.raises(mg.ShapeError, match=message):
            left @ right


@pytest.mark.parametrize("order", [None, 1, 2, 3, 1.5, np.inf, -np.inf, 0])
def test_norm_of_the_zero_vector_has_derivative_zero(order):
    """Not NaN, and without a warning; a zero element beside others neither."""
    assert mg.grad(lambda x: np.linalg.norm(x, order))(np.zeros(3)).tolist() == [0, 0, 0]
    assert np.all(np.isfinite(mg.grad(lambda x: np.linalg.norm(x, order))(np.array([3.0, 0, 4]))))


def test_elements_that_tie_for_the_largest_share_its_derivative():
    """The norm inf of (2, -2, 1) has the derivative (1/2, -1/2, 0)."""
    gradient = mg.grad(lambda x: np.linalg.norm(x, np.inf))(np.array([2.0, -2.0, 1.0]))
    assert gradient.tolist() == [0.5, -0.5, 0]


@pytest.mark.parametrize("order", ["nuc", 2, -2, 1, -1, np.inf, -np.inf, "fro"])
def test_norm_of_matrices_on_any_axes(order):
    """The value is NumPy's for each order, also where the axes are not the last two."""
    x = np.cos(np.arange(24.0) ** 1.5).reshape(2, 3, 4)
    for keep in (False, True):
        got = np.linalg.norm(mg.tensor(x), order, (2, 0), keepdims=keep)
        assert_close(got.data, np.linalg.norm(x, order, (2, 0), keepdims=keep), 1e-14)


def test_det_of_a_singular_matrix():
    """Its derivatives are the cofactors, which exist where the inverse does not."""
    a = np.array([[1.0, 2.0], [2.0, 4.0]])
    assert_close(mg.grad(np.linalg.det)(a), [[4, -2], [-2, 1]], 1e-15)
    assert_close(mg.grad(np.linalg.det)(np.zeros((1, 1))), [[1]], 0)


@pytest.mark.parametrize("n", [2, 3, 4, 6])
def test_det_near_a_singular_matrix(n):
    """The second derivatives are those of the polynomial that det is, also compiled up to 3 × 3."""
    rng = np.random.default_rng(n)
    a, step = rng.normal(size=(n, n)), rng.normal(size=(n, n))
    a[-1] = a[0] + 1e-15 * a[1]
    second = mg.grad(lambda x: np.sum(mg.grad(np.linalg.det)(x) * step))
    # a polynomial of degree n along a line: differences over far points are exact
    slopes = mg.grad(np.linalg.det)
    ts = np.cos(np.arange(n) * np.pi / n + 0.3)
    fitted = np.polynomial.polynomial.polyfit(
        ts, np.array([slopes(a + t * step).ravel() for t in ts]), n - 1
    )
    assert_close(second(a), fitted[1].reshape(n, n), 1e-11)
    if n <= 3:
        assert_close(mg.compile(second, backend="numpy")(a), second(a), 1e-15)


@pytest.mark.parametrize("shape", [(4, 2), (4, 4), (2, 4)], ids=["tall", "square", "wide"])
@pytest.mark.parametrize("columns", [(), (3,)], ids=["vector", "matrix"])
@pytest.mark.parametrize("kind", ["f8", "c16"])
def test_lstsq_gives_the_derivative_of_each_of_numpys_answers(shape, columns, kind):
    """The solution, the residuals where there are any, the singular values; the rank has none."""
    rng = np.random.default_rng(0)
    a, b = (
        rng.normal(size=s) + (1j * rng.normal(size=s) if kind == "c16" else 0)
        for s in (shape, (shape[0], *columns))
    )
    got, wanted = np.linalg.lstsq(mg.tensor(a), mg.tensor(b)), np.linalg.lstsq(a, b)
    assert (got[2], got[1].shape, got[3].shape) == (wanted[2], wanted[1].shape, wanted[3].shape)
    for i in (0, 1, 3):
        assert_close(getattr(got[i], "data", got[i]), wanted[i], 1e-13)
        check_grads(lambda a, b, i=i: np.linalg.lstsq(a, b)[i], a, b)


@pytest.mark.parametrize("wrap", [lambda f: f, lambda f: mg.compile(f, backend="numpy")])
def test_lstsq_of_a_rank_that_is_not_full(wrap):
    """A small change of a is a jump of the solution there: refused, also by code made before."""
    slope = wrap(mg.grad(lambda a: np.sum(np.linalg.lstsq(a, np.ones(3))[0])))
    for _ in range(3):
        slope(np.eye(3, 2))
    with pytest.raises(mg.ShapeError, match=r"lstsq: a is \(3, 2\) of rank 1; .* full, 2"):
        slope(np.ones((3, 2)))


@pytest.mark.parametrize("n", [0, 1, 2, 3, 6, -2])
def test_matrix_power_is_repeated_multiplication(n):
    """Value and gradient are those of the product written out."""
    a = np.array([[1.0, 0.5], [-0.3, 2.0]])

    def spelled_out(a):
        y = np.eye(2) + 0 * a
        for _ in range(abs(n)):
            y = y @ (a if n > 0 else np.linalg.inv(a))
        return np.sum(y * y)

    wanted = mg.grad(spelled_out)(a)
    assert_close(mg.grad(lambda a: np.sum(np.linalg.matrix_power(a, n) ** 2))(a), wanted, 1e-12)


def test_a_singular_matrix_is_numpys_error_too():
    """Code that catches NumPy's LinAlgError catches ours, which says which shape it was."""
    x = mg.tensor([[1.0, 2.0], [2.0, 4.0]])
    with pytest.raises(np.linalg.LinAlgError, match=r"inv: \(2, 2\): Singular matrix") as caught:
        np.linalg.inv(x)
    assert isinstance(caught.value, mg.SingularError)


A = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, -0.2], [0.5, -0.2, 2.0]])


@pytest.mark.parametrize("order", [None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf])
def test_norm_of_the_zero_matrix_has_derivative_zero(order):
    """For matrices as for vectors, under either of NumPy's names."""
    zero = np.zeros((3, 2))
    for norm in (np.linalg.norm, np.linalg.matrix_norm):
        got = mg.grad(lambda x, norm=norm: norm(x, ord="fro" if order is None else order))(zero)
        assert got.tolist() == zero.tolist()


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), (2, 0, 1)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_vector_norm_takes_any_axes(axis, keepdims):
    """The value is NumPy's, the gradient x/‖x‖."""
    x = np.cos(np.arange(24.0) ** 1.5).reshape(2, 3, 4)
    got = np.linalg.vector_norm(mg.tensor(x), axis=axis, keepdims=keepdims)
    assert_close(got.data, np.linalg.vector_norm(x, axis=axis, keepdims=keepdims), 1e-14)
    gradient = mg.grad(lambda x: np.sum(np.linalg.vector_norm(x, axis=axis)))(x)
    assert_close(gradient, x / np.linalg.vector_norm(x, axis=axis, keepdims=True), 1e-14)


@pytest.mark.parametrize("p", [None, 2, -2, 1, -1, np.inf, -np.inf, "fro"])
def test_cond_does_not_depend_on_the_scale(p):
    """The value is NumPy's; along x itself the derivative is 0, for cond(2x) is cond(x)."""
    stack = np.stack([A, A @ A + 1])
    assert_close(np.linalg.cond(mg.tensor(stack), p).data, np.linalg.cond(stack, p), 1e-14)
    gradient = mg.grad(lambda x: np.sum(np.linalg.cond(x, p)))(stack)
    assert_close(np.sum(gradient * stack), 0.0, 1e-13)
    assert np.max(np.abs(gradient)) > 0.01


def test_cond_where_it_is_infinite():
    """A singular matrix has NumPy's infinite value for p=2, and an error for others."""
    zero = mg.tensor(np.zeros((2, 2)))
    assert np.linalg.cond(zero).item() == np.linalg.cond(zero, -2).item() == np.inf
    with pytest.raises(mg.SingularError, match=r"cond: \(2, 2\) holds a singular .*; use p=2"):
        np.linalg.cond(zero, 1)


def test_pinv_of_a_hermitian_matrix_reads_a_triangle():
    """hermitian=True gives the upper one no derivative, and the lower one both."""
    both = mg.grad(lambda x: np.sum(np.linalg.pinv(x) ** 2))(A)
    half = mg.grad(lambda x: np.sum(np.linalg.pinv(x, hermitian=True) ** 2))(np.tril(A))
    assert_close(half, np.tril(both) + np.tril(both, -1), 1e-13)
    x = mg.tensor(A + 1j * (np.tril(A, -1) - np.triu(A, 1)))
    assert_close(np.linalg.pinv(x, hermitian=True).data, np.linalg.inv(x.data), 1e-13)


@pytest.mark.parametrize("kinds", [{"rcond": 0.4}, {"rtol": 0.4}])
def test_pinv_of_lower_rank(kinds):
    """What is cut off has no part in the derivative: of 1/a, -1/a² is left."""
    gradient = mg.grad(lambda x: np.linalg.pinv(x, **kinds)[0, 0])(np.diag([2.0, 0.5]))
    assert_close(gradient, np.diag([-1 / 4, 0]), 1e-15)


def test_solving_for_a_tensor():
    """tensorsolve and tensorinv are solve and inv between reshapes; a may be a constant list."""
    a = (A[:, :, None, None] * A + 9 * np.eye(9).reshape(3, 3, 3, 3)).tolist()
    b = mg.tensor(A)
    x = np.linalg.tensorsolve(a, b)
    assert_close(x.data, np.linalg.tensorsolve(a, A), 1e-14)
    x.sum().backward()
    inverse = np.linalg.tensorinv(np.array(a))
    assert_close(b.grad, np.sum(inverse, axis=(0, 1)), 1e-14)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: np.linalg.vector_norm(x, axis=5), mg.ShapeError, "vector_norm: .*axis 5 is out"),
        (lambda x: np.linalg.vector_norm(x, axis=(0, 0)), mg.ShapeError, "repeated axis"),
        (lambda x: np.linalg.norm(x, "nuc", (0, 5)), mg.ShapeError, "norm: .*axis 5 is out of"),
        (lambda x: np.linalg.norm(x, 2, (1, -1)), mg.ShapeError, "norm: .*Duplicate axes"),
        (lambda x: np.linalg.norm(x, 3), mg.ShapeError, "norm: .*Invalid norm order"),
        (lambda x: np.linalg.cond(x, 1), mg.ShapeError, r"cond: got shape \(2, 3\) and p=1; exp"),
        (lambda x: np.linalg.cond(x[:0]), mg.ShapeError, r"cond: got shape \(0, 3\)"),
        (np.linalg.tensorinv, mg.ShapeError, r"tensorinv: got shape \(2, 3\) and ind=2"),
        (
            lambda x: np.linalg.tensorsolve(x, np.ones(2)),
            mg.ShapeError,
            r"tensorsolve: a is \(2, 3",
        ),
        (lambda x: np.linalg.tensorsolve(x, np.ones(2), (7,)), mg.ShapeError, "axis 7 is out of"),
        (
            lambda x: np.linalg.lstsq(x, np.ones(3)),
            mg.ShapeError,
            r"lstsq: \(2, 3\), \(3,\): Incom",
        ),
        (
            lambda x: np.linalg.matrix_transpose(x[0]),
            mg.ShapeError,
            r"got shape \(3,\); expected 2",
        ),
        (lambda x: np.linalg.trace(x, dtype=int), mg.NoRuleError, "'dtype'; a Tensor takes x, off"),
    ],
)
def test_what_does_not_fit_is_refused(call, error, message):
    """The message names the function, what came, and what was expected; no axis wraps around."""
    with pytest.raises(error, match=message):
        call(mg.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: np.linalg.matrix_power(x, 1), r"matrix_power: got shape \(2, 3\); .*square"),
        (lambda x: np.linalg.matrix_power(x[:1], 0), r"matrix_power: got shape \(1, 3\)"),
        (lambda x: np.linalg.outer(x, x[0]), r"outer: got shapes \(2, 3\) and \(3,\)"),
    ],
)
def test_a_matrix_of_another_shape_is_refused(call, message):
    """Also where the numbers would multiply."""
    with pytest.raises(mg.ShapeError, match=message):
        call(mg.tensor(np.ones((2, 3))))
