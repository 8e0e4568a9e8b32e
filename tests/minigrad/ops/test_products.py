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


def test_einsum_in_its_interleaved_form_is_refused():
    """np.einsum(a, [0, 1], ...) is answered with the form that works."""
    with pytest.raises(mg.NoRuleError, match=r"einsum: got Tensor before .*'ij,jk->ik'"):
        np.einsum(mg.tensor(A), [0, 1], B, [2, 1])


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
