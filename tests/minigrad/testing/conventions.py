"""Writes tests/conventions.md: the derivatives about which libraries choose differently.

    python tests/minigrad/testing/conventions.py

Each line is a function at a point where its derivative is a matter of choice. The columns are what
each library says there today; the test computes those of the libraries that are installed.
"""

import importlib.metadata
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[3]))

import minigrad as mg

PATH = Path(__file__).parents[2] / "conventions.md"


@dataclass(frozen=True)
class Choice:
    """A derivative that is a matter of choice.

    Attributes:
        what: the function and the point, for the table.
        f: the function, in the words of a library's NumPy.
        x: the point.
        torch: the function in PyTorch's words, if they are others.
        why: what minigrad's choice is good for.
    """

    what: str
    f: Callable[..., Any]
    x: Any
    why: str
    torch: Callable[..., Any] | None = None


TIED = [1.0, 1.0, 0.0]
CHOICES = [
    Choice("abs(x) at 0", lambda np, x: np.abs(x), 0.0, "the mean of the slopes"),
    Choice("sqrt(x) at 0", lambda np, x: np.sqrt(x), 0.0, "the slope is infinite"),
    Choice("maximum(x, 0) at 0", lambda np, x: np.maximum(x, 0.0), 0.0, "a tie is shared equally",
           lambda t, x: t.maximum(x, t.zeros_like(x))),
    Choice("maximum(x, y) at x = y, by x", lambda np, x: np.maximum(x, 1.0), 1.0,
           "a tie is shared equally", lambda t, x: t.maximum(x, t.ones_like(x))),
    Choice("fmax(x, y) at x = y, by x", lambda np, x: np.fmax(x, 1.0), 1.0,
           "a tie is shared equally", lambda t, x: t.fmax(x, t.ones_like(x))),
    Choice("max of (1, 1, 0)", lambda np, x: np.max(x), TIED, "a tie is shared equally",
           lambda t, x: t.amax(x)),
    Choice("clip(x, 0, 1) at 0", lambda np, x: np.clip(x, 0.0, 1.0), 0.0,
           "the slope on the left"),
    Choice("clip(x, 0, 1) at 1", lambda np, x: np.clip(x, 0.0, 1.0), 1.0, "the slope on the left"),
    Choice("sort of (1, 1, 0), weighted 1, 2, 4", lambda np, x: np.sum(np.sort(x) * W(np)), TIED,
           "equal elements in the order they came",
           lambda t, x: (t.sort(x, stable=True)[0] * t.tensor([1.0, 2.0, 4.0]).to(x)).sum()),
    Choice("median of (1, 2, 2, 3)", lambda np, x: np.median(x), [1.0, 2.0, 2.0, 3.0],
           "the mean of the two in the middle",
           lambda t, x: t.quantile(x, 0.5)),
    Choice("norm of (0, 0)", lambda np, x: np.linalg.norm(x), [0.0, 0.0],
           "0 is a subgradient: no step", lambda t, x: t.linalg.norm(x)),
    Choice("std of (2, 2)", lambda np, x: np.std(x), [2.0, 2.0], "0 is a subgradient: no step",
           lambda t, x: t.std(x, correction=0)),
    Choice("hypot(x, 0) at 0", lambda np, x: np.hypot(x, 0.0), 0.0, "0 is a subgradient: no step",
           lambda t, x: t.hypot(x, t.zeros_like(x))),
    Choice("arctan2(y, 0) at 0", lambda np, x: np.arctan2(x, 0.0), 0.0, "no direction: no step",
           lambda t, x: t.arctan2(x, t.zeros_like(x))),
    Choice("x ** 0 at 0", lambda np, x: x ** 0.0, 0.0, "x⁰ is 1 everywhere"),
    Choice("0 ** y at 1, by y", lambda np, x: np.power(0.0, x), 1.0, "0^y is 0 for y > 0",
           lambda t, x: t.pow(t.zeros_like(x), x)),
    Choice("prod of (0, 2)", lambda np, x: np.prod(x), [0.0, 2.0],
           "the products of the others, without dividing by 0"),
    Choice("where(x > 0, log(x), 0) at 0", lambda np, x: np.where(x > 0, np.log(x), 0.0), 0.0,
           "a branch not taken contributes nothing"),
    Choice("sign(x) at 0", lambda np, x: np.sign(x), 0.0, "a step: nothing flows"),
    Choice("floor(x) at 1", lambda np, x: np.floor(x), 1.0, "a step: nothing flows"),
    Choice("sinc(x) at 0", lambda np, x: np.sinc(x), 0.0, "the derivative there is: a series"),
    Choice("remainder(1, x) at 0.5, by x", lambda np, x: np.remainder(1.0, x), 0.5,
           "that of NumPy's side of the jump", lambda t, x: t.remainder(t.ones_like(x), x)),
    Choice("logaddexp(x, −inf) at −inf", lambda np, x: np.logaddexp(x, -np.inf), -np.inf,
           "a tie is shared equally", lambda t, x: t.logaddexp(x, t.full_like(x, -t.inf))),
    Choice("|z|² at 1 + 2i", lambda np, z: np.real(z * np.conj(z)), 1 + 2j,
           "du − i dv: g · dy/dz without conjugation", lambda t, z: t.real(z * t.conj(z))),
    Choice("Re z³ at 1 + 2i", lambda np, z: np.real(z * z * z), 1 + 2j,
           "du − i dv, which is 3 z² here", lambda t, z: t.real(z * z * z)),
    Choice("|z| at 0 + 0i", lambda np, z: np.abs(z), 0j, "no direction: no step"),
]  # fmt: skip


def W(np):
    return np.array([1.0, 2.0, 4.0])


def of_torch(choice):
    """PyTorch's derivative."""
    import torch

    x = torch.tensor(choice.x, requires_grad=True, dtype=torch.complex128
                     if isinstance(choice.x, complex) else torch.float64)  # fmt: skip
    f = choice.torch or choice.f
    y = f(torch, x)
    if not y.requires_grad:
        return np.zeros(np.shape(choice.x))
    (found,) = torch.autograd.grad(y, x, allow_unused=True)
    return found.numpy()


def of_jax(choice):
    """JAX's derivative."""
    import jax

    jax.config.update("jax_enable_x64", True)
    return np.asarray(jax.grad(lambda x: choice.f(jax.numpy, x))(point(choice)))


def of_autograd(choice):
    """HIPS autograd's derivative."""
    import autograd
    import autograd.numpy as anp

    return np.asarray(autograd.grad(lambda x: choice.f(anp, x))(point(choice)))


def of_minigrad(choice):
    """Ours."""
    return np.asarray(mg.grad(lambda x: choice.f(np, x))(point(choice)))


def point(choice):
    return np.array(choice.x)[()]


LIBRARIES = {
    "minigrad": of_minigrad,
    "autograd": of_autograd,
    "jax": of_jax,
    "torch": of_torch,
}
TITLES = {"minigrad": "minigrad", "autograd": "HIPS autograd", "jax": "JAX", "torch": "PyTorch"}


def version(name):
    """Of the installed library, without what says how it was built; None where there is none."""
    try:
        return importlib.metadata.version(name).partition("+")[0]
    except importlib.metadata.PackageNotFoundError:
        return None


def shown(choice, library):
    """What a library says, for the table."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            found = LIBRARIES[library](choice)
        except Exception:  # each has its own ways of saying that it has none
            return "none"
    found = np.asarray(found)
    text = ", ".join(number(x) for x in np.ravel(found))
    return f"({text})" if found.ndim else text


def number(x):
    """Few digits; −0 is 0."""
    x = complex(x)
    if x.imag:
        return f"{x.real + 0:.4g}{x.imag:+.4g}i"
    return f"{x.real + 0:.4g}"


HEAD = """\
# Where a derivative is a matter of choice

Written by `python tests/minigrad/testing/conventions.py`, with
{versions}; a test computes it again. *none*: the library has no rule.

| at | minigrad | HIPS autograd | JAX | PyTorch | minigrad's reason |
|---|---|---|---|---|---|
"""

TAIL = """
## What is no convention

Finite differences decide against the other library here, so random programs are not compared with
it on these; `tests/differential` has the same for single functions.

| library | what | what happens |
|---|---|---|
| HIPS autograd | `np.where` of operands that broadcast | gradients of the wrong shape |
| HIPS autograd | `np.tile(x, n)` of a matrix | repeats taken for those of the first axis |
| HIPS autograd | `np.fft.rfft` of an odd length, `np.sort` of a matrix | no rule |
| HIPS autograd | `np.diagonal` of a matrix that is not square | no rule |
| HIPS autograd | `np.flip`, `np.cbrt`, `np.float_power` | no rule |
| HIPS autograd | `np.linalg.det` of a singular matrix, twice | det(A) A⁻ᵀ: all rounding |
"""


def table():
    """The page."""
    lines = [
        " | ".join(
            [
                "",
                choice.what.replace("|", r"\|"),
                *[shown(choice, name) for name in LIBRARIES],
                choice.why,
                "",
            ]
        )
        for choice in CHOICES
    ]
    versions = ", ".join(f"{TITLES[name]} {version(name)}" for name in [*LIBRARIES][1:])
    return (
        HEAD.replace("{versions}", versions)
        + "\n".join(line.strip() for line in lines)
        + "\n"
        + TAIL
    )


if __name__ == "__main__":
    PATH.write_text(table(), encoding="utf-8")
    print(PATH.read_text(encoding="utf-8"))
