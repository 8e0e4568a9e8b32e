"""What is merged into a matrix product: what follows it, and what only scales an operand of it."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.compile import native_merge

pytest.importorskip("numba")


def trained(rule, shapes):
    """Matrices after steps that a rule takes, as they are and compiled; and the compiled step."""
    ends = []
    for wrap in (lambda f: f, lambda f: mg.compile(f, backend="numba")):
        rng = np.random.default_rng(0)
        state = [mg.tensor(rng.normal(size=shape)) for shape in shapes]

        def move(state=state):
            for old, new in zip(state, rule(*state, mg.tensor(0.25)), strict=True):
                if new is not old:
                    old.data = new.data

        step = wrap(move)
        for _ in range(4):
            step()
        ends.append([x.data for x in state])
    return *ends, step


def seen(monkeypatch, name):
    """What a function of the merging answers from now on."""
    answers, original = [], getattr(native_merge, name)

    def noted(*given):
        answers.append(original(*given))
        return answers[-1]

    monkeypatch.setattr(native_merge, name, noted)
    return answers


TAILS = {
    "gradient": (True, lambda w, a, b, r: (w - r * (a @ b.T), a, b)),
    "twice": (True, lambda w, a, b, r: (w - (p := a @ b.T) * p, a, b)),
    "row and column": (True, lambda w, a, b, r: ((a @ b.T) * w[:1] + w[:, :1], a, b)),
    "of what moves": (True, lambda w, a, b, r: (w - r * (a @ b.T), a * 0.5, b * 0.9)),
    "reversed": (False, lambda w, a, b, r: ((a @ b.T)[::-1], a, b)),
    "summed": (False, lambda w, a, b, r: (w - r * (a @ b.T).sum(0), a, b)),
}


@pytest.mark.parametrize("name", TAILS)
def test_what_follows_scalar_products_is_done_with_each(name, monkeypatch):
    """dW = dZ Aᵀ of few units and many examples, and the step with it, in one pass."""
    once, rule = TAILS[name]
    answers = seen(monkeypatch, "_continues")
    wanted, got, _ = trained(rule, [(6, 5), (6, 40), (5, 40)])
    assert any(answers) == once
    for x, y in zip(got, wanted, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-12, atol=1e-13)


SCALES = {
    "a Tensor": (True, lambda w, a, b, r: (w - r * (a @ b), a, b)),
    "a number": (True, lambda w, a, b, r: (w - 0.5 * (a @ b), a, b)),
    "computed": (True, lambda w, a, b, r: (w - (r * r + 1) * (np.tanh(a) @ b), a, b)),
    "of what moves": (True, lambda w, a, b, r: (w - r * (a @ b), a - 0.5 * np.tanh(a), b)),
    "an element of it": (False, lambda w, a, b, r: (w - a[0, 0] * (a @ b), a * 0.5, b)),
    "read again": (False, lambda w, a, b, r: (w - r * (a @ b), r * a, b)),
}


@pytest.mark.parametrize("name", SCALES)
def test_a_factor_of_an_operand_is_blas_s(name, monkeypatch):
    """(α a) b, as which a step of a large W is computed, needs no array α a."""
    merged, rule = SCALES[name]
    answers = seen(monkeypatch, "_scaled")
    wanted, got, step = trained(rule, [(200, 60), (200, 8), (8, 60)])
    assert "gemm(table" in step.code
    assert any(answers) == merged
    for x, y in zip(got, wanted, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-12, atol=1e-13)
