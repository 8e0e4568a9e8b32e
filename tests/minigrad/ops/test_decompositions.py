"""Decompositions: NumPy's result types, dropped results, repeated values, what is refused."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from oracles import assert_close, gradient

import minigrad as mg

A = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, -0.2], [0.5, -0.2, 2.0]])


@pytest.mark.parametrize(
    ("function", "fields"),
    [
        (np.linalg.eigh, ("eigenvalues", "eigenvectors")),
        (np.linalg.eig, ("eigenvalues", "eigenvectors")),
        (np.linalg.svd, ("U", "S", "Vh")),
        (np.linalg.qr, ("Q", "R")),
        (np.linalg.slogdet, ("sign", "logabsdet")),
    ],
)
def test_results_come_as_numpys_named_tuple(function, fields):
    """Fields, shapes and values are those of NumPy's result; each is a Tensor."""
    got, wanted = function(mg.tensor(A)), function(A)
    assert type(got) is type(wanted)
    for field in fields:
        part = getattr(got, field)
        assert isinstance(part, mg.Tensor)
        np.testing.assert_array_equal(part.data, getattr(wanted, field))


def test_repeated_eigenvalues_have_derivatives_alone():
    """The sum of the eigenvalues of the identity is its trace; their vectors are refused."""
    x = mg.tensor(np.eye(3))
    np.linalg.eigh(x).eigenvalues.sum().backward()
    assert_close(x.grad, np.eye(3), 1e-14)
    np.testing.assert_allclose(mg.grad(lambda x: np.linalg.eigvalsh(x).sum())(np.eye(3)), np.eye(3))
    with pytest.raises(mg.SingularError, match=r"eigh: repeated values among \[1. 1. 1.\]"):
        mg.grad(lambda x: np.linalg.eigh(x).eigenvectors[0, 1])(np.eye(3))


def test_repeated_singular_values_have_derivatives_alone():
    """The same for svd: the sum of the singular values of the identity again gives the identity."""
    total = mg.grad(lambda x: np.linalg.svd(x).S.sum())(np.eye(3))
    assert_close(total, np.eye(3), 1e-14)
    with pytest.raises(mg.SingularError, match="svd: repeated values"):
        mg.grad(lambda x: np.linalg.svd(x).U[0, 1])(np.eye(3))


def test_a_function_of_the_phase_of_complex_vectors_is_refused():
    """Their phase is LAPACK's choice; what does not depend on it has a derivative."""
    a = A + 1j * (np.triu(A, 1) - np.tril(A, -1))
    with pytest.raises(mg.NoRuleError, match="eigh: the result depends on the phase"):
        mg.grad(lambda x: np.real(np.linalg.eigh(x)[1][0, 1] * (1 + 1j)))(a)
    rotation = np.array([[0.3, -1.0], [2.0, 0.1]])

    def f(x):
        return np.sum(np.absolute(np.linalg.eig(x).eigenvectors) * [[1, 1], [3, 3]])

    assert_close(mg.grad(f)(rotation), gradient(f, [rotation])[0], 1e-8)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (np.linalg.svd, mg.NoRuleError, r"svd: a is \(3, 2\).*full_matrices=False"),
        (
            lambda x: np.linalg.qr(x, "complete"),
            mg.NoRuleError,
            r"qr: mode='complete' of a \(3, 2\)",
        ),
        (lambda x: np.linalg.qr(x, mode="raw"), mg.NoRuleError, "qr: mode='raw'.* takes 'reduced'"),
        (np.linalg.cholesky, mg.ShapeError, r"cholesky: \(3, 2\)"),
    ],
)
def test_what_has_no_derivative_is_refused(call, error, message):
    """The message names the function, what came, and what to ask for."""
    with pytest.raises(error, match=message):
        call(mg.tensor(np.arange(6.0).reshape(3, 2)))


def test_singular_values_without_vectors():
    """compute_uv=False gives the values alone, of a matrix of any shape and of complex ones."""
    for a in (A[:, :2], A[:2], A + 1j * A.T**2):
        s = np.linalg.svd(mg.tensor(a), compute_uv=False)
        np.testing.assert_array_equal(s.data, np.linalg.svd(a, compute_uv=False))
        np.testing.assert_array_equal(np.linalg.svd(mg.tensor(a), False, False).data, s.data)
        s.sum().backward()


COMPLEX = A + 1j * np.sin(A**2)


def test_complex_singular_vectors():
    """The nearest unitary matrix u vᴴ to a: along a itself, and along a u vᴴ, it does not move."""

    def polar(x):
        u, _, vh = np.linalg.svd(x)
        return u @ vh

    for along in (COMPLEX, polar(COMPLEX)):
        _, moved = mg.jvp(polar, (COMPLEX,), (along,))
        assert_close(moved, np.zeros((3, 3)), 1e-13)
    _, turned = mg.jvp(polar, (COMPLEX,), (1j * COMPLEX,))  # but with a it turns
    assert_close(turned, 1j * polar(COMPLEX), 1e-13)


def test_a_function_of_the_phase_of_singular_vectors_is_refused():
    """u alone depends on LAPACK's choice of the phase that u and v share."""
    with pytest.raises(mg.NoRuleError, match="svd: the result depends on the phase"):
        mg.grad(lambda x: np.real(np.linalg.svd(x).U[0, 1]))(COMPLEX)


def test_a_singular_value_that_is_zero():
    """Its own derivative is 0, the vectors that belong to it have none, those of others do."""
    a = np.array([[2.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    assert_close(mg.grad(lambda x: np.sum(np.linalg.svdvals(x)))(a), a / 2, 1e-15)
    with pytest.raises(mg.SingularError, match="svd: a singular value is 0"):
        mg.grad(lambda x: np.linalg.svd(x, full_matrices=False).U[2, 1])(a)
    leading = mg.grad(lambda x: np.sum(np.linalg.svd(x, full_matrices=False).Vh[0] ** 2))(a)
    assert_close(leading, 0 * a, 1e-15)


def test_svd_of_a_hermitian_matrix():
    """NumPy makes it of eigenvalues, some negative: same values, and those of a triangle's rule."""
    a = A - 2.5 * np.eye(3)
    got, wanted = (np.linalg.svd(x, hermitian=True) for x in (mg.tensor(a), a))
    for mine, numpys in zip(got, wanted, strict=True):
        assert_close(mine.data, numpys, 1e-14)
    alone = np.linalg.svd(mg.tensor(a), compute_uv=False, hermitian=True)
    assert_close(alone.data, wanted.S, 1e-14)

    def total(x):
        return np.sum(np.linalg.svd(x, hermitian=True).S ** 3)

    assert_close(mg.grad(total)(a), gradient(total, [a])[0], 1e-8)


def test_eigenvalues_without_eigenvectors():
    """(1 1; 0 1) has one eigenvector: its eigenvalues leave like a root, so have no derivative."""
    defective = np.array([[1.0, 1.0], [0.0, 1.0]])
    for values in (np.linalg.eigvals, lambda x: np.linalg.eig(x).eigenvalues):
        with pytest.raises(mg.SingularError, match=r"eig(vals)?: a has too few eigenvectors"):
            mg.grad(lambda x, values=values: np.real(values(x)[0]))(defective)


def test_singular_matrices_in_the_backward_pass():
    """Where only the derivative needs an inverse, the error still names the function."""
    singular = np.array([[1.0, 2.0], [2.0, 4.0]])
    with pytest.raises(mg.SingularError, match="slogdet: a is singular"):
        mg.grad(lambda x: np.linalg.slogdet(x).logabsdet)(singular)
    with pytest.raises(mg.SingularError, match="qr: the columns of a depend on each other"):
        mg.grad(lambda x: np.linalg.qr(x).Q.sum())(np.zeros((2, 2)))


def test_the_upper_cholesky_factor_is_the_adjoint():
    """Of the same Hermitian matrix; only the upper triangle is read, so only it has a gradient."""
    a = COMPLEX @ np.conj(COMPLEX.T)
    upper = np.linalg.cholesky(mg.tensor(a), upper=True)
    assert_close(upper.data, np.conj(np.linalg.cholesky(a).T), 1e-14)
    gradient = mg.grad(lambda x: np.sum(np.absolute(np.linalg.cholesky(x, upper=True))))(a)
    assert np.all(np.tril(gradient, -1) == 0)
    assert np.all(np.triu(gradient)[np.triu_indices(3)] != 0)


@pytest.mark.parametrize(
    "f",
    [
        lambda np, a: np.sum(np.linalg.cholesky((a + a.T) / 2) ** 3),
        lambda np, a: np.sum(np.linalg.eigh((a + a.T) / 2)[1] ** 3),
        lambda np, a: np.sum(np.linalg.svd(a[:, :2], full_matrices=False)[0] ** 3),
        lambda np, a: np.linalg.slogdet(a)[1],
    ],
    ids=["cholesky", "eigh", "svd", "slogdet"],
)
def test_gradients_agree_with_autograd(f):
    """HIPS autograd, an implementation that shares no line with ours, gives the same numbers."""
    assert_close(mg.grad(lambda a: f(np, a))(A), autograd.grad(lambda a: f(anp, a))(A), 1e-12)
