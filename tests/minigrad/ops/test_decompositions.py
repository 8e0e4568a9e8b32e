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
    with pytest.raises(mg.NoRuleError, match=r"eigh: repeated values among \[1. 1. 1.\]"):
        mg.grad(lambda x: np.linalg.eigh(x).eigenvectors[0, 1])(np.eye(3))


def test_repeated_singular_values_have_derivatives_alone():
    """The same for svd: the sum of the singular values of the identity again gives the identity."""
    total = mg.grad(lambda x: np.linalg.svd(x).S.sum())(np.eye(3))
    assert_close(total, np.eye(3), 1e-14)
    with pytest.raises(mg.NoRuleError, match="svd: repeated values"):
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
        (lambda x: np.linalg.qr(x, "complete"), mg.NoRuleError, "qr: mode='complete'"),
        (lambda x: np.linalg.qr(x + 1j), mg.DTypeError, "qr: got dtype complex128"),
        (lambda x: np.linalg.svd(x + 1j, False), mg.DTypeError, "svd: got dtype complex128"),
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
