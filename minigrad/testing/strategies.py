"""What Hypothesis draws to check gradients on: arrays, shapes, programs and networks.

    @given(xs=operands(np.arctan2))
    def test_arctan2(xs):
        check_grads(np.arctan2, *xs)

Read next: `minigrad.testing.program`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from minigrad.testing.domains import REAL, domains_of, intervals, spread_out
from minigrad.testing.network import ACTIVATIONS, Network, random_network
from minigrad.testing.program import Program, draw_program
from minigrad.testing.ways import Way
from minigrad.values import Array

__all__ = ["arrays", "broadcastable", "networks", "operands", "programs"]

Shape = tuple[int, ...]
Strategy = st.SearchStrategy

_seeds = st.integers(0, 2**32 - 1)


def arrays(
    shape: Shape | Strategy[Shape] | None = None, domain: Any = REAL, dtype: Any = float
) -> Strategy[Array]:
    """Arrays whose elements are clear of what a function cannot take.

    Args:
        shape: or a strategy for it; up to three axes of up to three elements by default.
        domain: a ufunc, for where its first operand is safe; or the interval (low, high), or a
            tuple of such intervals.
        dtype: of the arrays.

    Any two elements are clearly apart, so that no difference steps over the kink of a maximum.
    """
    safe = intervals(domain)
    if shape is None:
        shape = hnp.array_shapes(min_dims=0, max_dims=3, max_side=3)
    shapes = shape if isinstance(shape, Strategy) else st.just(shape)
    return st.tuples(shapes, _seeds).map(lambda d: spread_out(d[1], [d[0]], [safe], dtype)[0])


def operands(
    op: Any, shapes: Sequence[Shape] | None = None, dtype: Any = float
) -> Strategy[tuple[Array, ...]]:
    """Operands of a ufunc, of shapes that broadcast, in its safe domain.

    Args:
        op: a ufunc of NumPy's or SciPy's, or the domains themselves, one for each operand.
        shapes: of the operands; by default any that broadcast.
        dtype: of the arrays.
    """
    domains = domains_of(op) if callable(op) else tuple(map(intervals, op))
    drawn = broadcastable(len(domains)) if shapes is None else st.just(tuple(shapes))
    return st.tuples(drawn, _seeds).map(lambda d: spread_out(d[1], d[0], domains, dtype))


def broadcastable(n: int, min_side: int = 1) -> Strategy[tuple[Shape, ...]]:
    """Tuples of n shapes that broadcast: also (), and (k, 1) with (1, m).

    Args:
        n: how many.
        min_side: of an axis; 0 for arrays without elements too.
    """
    return hnp.mutually_broadcastable_shapes(
        num_shapes=n, max_dims=3, min_side=min_side, max_side=3
    ).map(lambda drawn: drawn.input_shapes)


@st.composite
def programs(
    draw: Callable[..., Any],
    max_lines: int = 7,
    analytic: bool = False,
    nested: bool = True,
    allowed: Callable[[Way], bool] = lambda way: True,
) -> Program:
    """Random straight-line programs; what fails is shrunk, and printed as a script that runs.

    Args:
        draw: given by Hypothesis.
        max_lines: how many lines at most.
        analytic: only such as the complex step differentiates.
        nested: whether a line may be a derivative of a function of the others.
        allowed: whether a `Way` to compute may occur.
    """
    return draw_program(
        lambda n: draw(st.integers(0, n - 1)),
        max_lines,
        lambda way: allowed(way) and (way.analytic or not analytic),
        nested and not analytic,
    )


@st.composite
def networks(
    draw: Callable[..., Any],
    max_layers: int = 3,
    max_units: int = 4,
    max_examples: int = 4,
    activations: Sequence[str] = tuple(ACTIVATIONS),
) -> Network:
    """Random networks with data: `network.cost` is a function of `network.params`.

    Args:
        draw: given by Hypothesis.
        max_layers: without the input.
        max_units: of a layer.
        max_examples: of the data.
        activations: which to use.
    """
    units = st.integers(1, max_units)
    L = draw(st.integers(1, max_layers))
    sizes = tuple(draw(units) for _ in range(L + 1))
    chosen = tuple(draw(st.sampled_from(list(activations))) for _ in range(L))
    return random_network(draw(_seeds), sizes, chosen, draw(st.integers(1, max_examples)))
