"""Products: forms of call, messages, and agreement with an outside library."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from oracles import assert_close

import minigrad as mg

A, B, C = (np.cos(np.arange(6.0) + k).reshape(2, 3) for k in range(3))


@pytest.mark.parametrize("optimize", [False, True, "greedy", ["einsum_path", (0, 1), (0, 1)]])
def test_einsum_optimize_changes_no_derivative(optimize):
    """Whatever order the products are taken in, a given path included, the gradients agree."""

    def f(np):
        return lambda a, b, c, **how: np.sum(np.einsum("ij,kj,kl->il", a, b, c, **how) ** 2)

    got = mg.grad(lambda *xs: f(np)(*xs, optimize=optimize), (0, 1, 2))(A, B, C)
    for i in range(3):
        assert_close(got[i], autograd.grad(f(anp), i)(A, B, C), 1e-13)


def test_einsum_refuses_out_and_subscripts_that_do_not_fit():
    """Arguments without a rule and NumPy's own complaints come as errors that name einsum."""
    with pytest.raises(mg.NoRuleError, match=r"einsum: .*order"):
        np.einsum("ij->ji", mg.tensor(A), order="F")
    with pytest.raises(mg.ShapeError, match=r"einsum: \(2, 3\), \(2, 3\)"):
        np.einsum("ij,jk->ik", mg.tensor(A), B)


def test_einsum_of_one_operand_leaves_the_variable_alone():
    """A diagonal is a view in NumPy; the variable's value and gradient are its own all the same."""
    x = mg.tensor(np.eye(3))
    np.einsum("ii->i", x).sum().backward()
    np.testing.assert_array_equal(x.grad, np.eye(3))
    x.descend(x.grad)
    np.testing.assert_array_equal(x.data, np.zeros((3, 3)))


@pytest.mark.parametrize(
    "function",
    [np.dot, np.inner, np.kron, np.tensordot],
    ids=lambda f: f.__name__,
)
def test_products_agree_with_autograd(function):
    """Gradients of both operands equal those of HIPS autograd."""
    a, b = (A, A.T) if function is np.dot else (A, B)
    theirs = getattr(anp, function.__name__)
    both = mg.grad(lambda a, b: np.sum(function(a, b) ** 2), (0, 1))(a, b)
    for i in range(2):
        wanted = autograd.grad(lambda a, b: anp.sum(theirs(a, b) ** 2), i)(a, b)
        assert_close(both[i], wanted, 1e-12)


def test_vdot_conjugates_its_first_operand():
    """d/du - i d/dv of Re(conj(a) b) is conj(b) for a and conj(a) for b."""
    a, b = np.array([1 + 2j, 3j]), np.array([2 - 1j, 1 + 1j])
    of_a, of_b = mg.grad(lambda a, b: np.real(np.vdot(a, b)), (0, 1))(a, b)
    np.testing.assert_array_equal(of_a, b.conj())
    np.testing.assert_array_equal(of_b, a.conj())


def test_lists_are_constants():
    """A nested list beside a Tensor is a constant array."""
    x = mg.tensor([1.0, 2.0])
    np.dot([[1, 2], [3, 4]], x).sum().backward()
    np.testing.assert_array_equal(x.grad, [4, 6])


@pytest.mark.parametrize("function", [np.dot, np.inner, np.tensordot], ids=lambda f: f.__name__)
def test_sizes_that_do_not_fit(function):
    """The message names the function and shows both shapes."""
    with pytest.raises(mg.ShapeError, match=rf"{function.__name__}: \(2, 3\).*\(4, 5\)"):
        function(mg.tensor(np.ones((2, 3))), np.ones((4, 5)))


def test_einsum_in_numpys_other_form():
    """Operands and the numbers of their axes in turn are the same sum as the string."""
    a, b = mg.tensor(np.arange(6.0).reshape(2, 3)), np.arange(12.0).reshape(3, 4)
    for args, text in (
        ((a, [0, 1], b, [1, 2], [2, 0]), "ij,jk->ki"), ((a, [0, 1], b, [1, 2]), "ij,jk"),
        ((a, [..., 1], b, [1, 2], [..., 2]), "...j,jk->...k"), ((a, [0, 1], []), "ij->"),
    ):  # fmt: skip
        operands = [a, b][: text.count(",") + 1]
        np.testing.assert_array_equal(np.einsum(*args).data, np.einsum(text, *operands).data)


def test_the_cross_product_is_at_right_angles():
    """(a × b)·a = 0 for all a and b, so are its derivatives; other axes as NumPy counts them."""
    a, b = np.array([1.0, 2.0, 3.0]), np.array([-1.0, 0.5, 2.0])
    da, db = mg.grad(lambda a, b: np.cross(a, b) @ a, (0, 1))(a, b)
    np.testing.assert_allclose([da, db], np.zeros((2, 3)), atol=1e-15)
    for f in (np.cross, np.linalg.cross):
        with pytest.raises(
            mg.ShapeError, match=r"cross: \(2,\), \(2,\): expected .* 3 elem.* write"
        ):
            f(mg.tensor(a[:2]), b[:2])


def test_a_covariance_by_its_arguments():
    """Rows or columns, bias, ddof and both kinds of weights, as NumPy has them."""
    x = np.random.default_rng(0).normal(size=(3, 5))
    n, w = np.array([1, 3, 2, 1, 1]), np.array([1.0, 0.5, 2.0, 1.0, 3.0])
    for kwargs in (
        {}, {"bias": True}, {"ddof": 2}, {"rowvar": False}, {"fweights": n}, {"aweights": w},
        {"fweights": n, "aweights": w}, {"aweights": w, "ddof": 0}, {"dtype": np.float32},
    ):  # fmt: skip
        y = np.cov(mg.tensor(x), **kwargs)
        wanted = np.cov(x, **kwargs)
        assert y.dtype == wanted.dtype
        np.testing.assert_allclose(y.data, wanted, rtol=1e-5 if "dtype" in kwargs else 1e-12)
    z = x + 1j * x[::-1] ** 2
    np.testing.assert_allclose(np.cov(mg.tensor(z)).data, np.cov(z), rtol=1e-12)
    np.testing.assert_allclose(np.corrcoef(mg.tensor(z)).data, np.corrcoef(z), rtol=1e-12)
    with pytest.raises(mg.ShapeError, match=r"cov: .*more than 2 dimensions"):
        np.cov(mg.tensor(x[None]))


def test_a_correlation_does_not_change_with_scale():
    """corrcoef(2x) = corrcoef(x): along x itself the derivative is 0."""
    x = np.random.default_rng(1).normal(size=(3, 6))
    slope = mg.grad(lambda x: np.corrcoef(x)[0, 2])(x)
    np.testing.assert_allclose(np.sum(slope * x, axis=1), np.zeros(3), atol=1e-15)


@pytest.mark.parametrize("kind", ["fweights", "aweights"])
def test_a_covariance_takes_one_weight_for_each_observation(kind):
    """Weights do not broadcast."""
    with pytest.raises(mg.ShapeError, match=r"cov: .*one weight for each of 3 observations"):
        np.cov(mg.tensor(np.ones((2, 3))), **{kind: np.array([1])})


@pytest.mark.filterwarnings("ignore")
def test_a_covariance_of_too_few_observations_is_not_a_number():
    """There is no negative number of degrees of freedom."""
    x = np.array([[1.0, 2.0], [3.0, 5.0]])
    np.testing.assert_array_equal(np.cov(mg.tensor(x), ddof=3).data, np.cov(x, ddof=3))
