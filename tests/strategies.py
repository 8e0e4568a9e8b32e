"""What Hypothesis draws for the tests: arrays in a safe domain, shapes, expression programs."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

# Arrays -------------------------------------------------------------------------------------------

Domain = tuple[tuple[float, float], ...]  # intervals that together hold the safe values
REAL: Domain = ((-2, 2),)
POSITIVE: Domain = ((0.3, 3),)
NONZERO: Domain = ((-2, -0.3), (0.3, 2))


def spread_out(seed, shapes, domains, dtype=float):
    """One array for each shape, random in its domain, any two elements clearly apart.

    Apart, so that no difference quotient steps over the kink of a max, a sort or an abs.
    """
    rng = np.random.default_rng(seed)
    sizes = [prod(shape) for shape in shapes]
    total = sum(sizes)
    unit = (rng.permutation(total) + rng.uniform(0.3, 0.7, total)) / max(total, 1)
    parts = np.split(unit, np.cumsum(sizes)[:-1])
    return [
        _into(part, domain).reshape(shape).astype(dtype)[()]
        for part, shape, domain in zip(parts, shapes, domains, strict=True)
    ]


def _into(unit, domain):
    """[0, 1) mapped onto the intervals of the domain, one after the other."""
    ends = np.array(domain)
    lengths = ends[:, 1] - ends[:, 0]
    starts = np.concatenate([[0], np.cumsum(lengths)])
    along = unit * starts[-1]
    k = np.clip(np.searchsorted(starts, along, side="right") - 1, 0, len(domain) - 1)
    return ends[k, 0] + along - starts[k]


seeds = st.integers(0, 2**32 - 1)


def arrays(shape, domain=REAL, dtype=float):
    """Arrays of this shape with values in the domain, any two elements clearly apart."""
    return seeds.map(lambda seed: spread_out(seed, [shape], [domain], dtype)[0])


def operands(shapes, domains, dtype=float):
    """Tuples of arrays, one for each shape and domain, clearly apart from each other too."""
    return seeds.map(lambda seed: tuple(spread_out(seed, shapes, domains, dtype)))


def broadcastable(n, min_side=0):
    """Tuples of n shapes that broadcast: also 0-d, (k, 1) with (1, m), and empty ones."""
    return hnp.mutually_broadcastable_shapes(
        num_shapes=n, max_dims=3, min_side=min_side, max_side=3
    ).map(lambda drawn: drawn.input_shapes)


def broadcastable_pairs(domains=(REAL, REAL), min_side=0):
    """Pairs of arrays whose shapes broadcast."""
    return broadcastable(2, min_side).flatmap(lambda shapes: operands(shapes, domains))


# Programs -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Op:
    """One way to compute with values: `apply(xp, *values)`, where `fits(*values)`."""

    name: str
    apply: Callable[..., Any]
    fits: Callable[..., bool] = lambda *values: True
    analytic: bool = True


@dataclass(frozen=True)
class Step:
    """One line of a program; an operand is the number of an earlier value, or a constant."""

    op: Op
    operands: tuple[Any, ...]

    def read(self, values):
        """The operands' values."""
        return [a.pick(values) if isinstance(a, Ref) else a for a in self.operands]


@dataclass(frozen=True)
class Ref:
    """An operand that is an earlier value."""

    number: int

    def pick(self, values):
        return values[self.number]

    def __repr__(self):
        return f"v{self.number}"


@dataclass(frozen=True)
class Program:
    """A straight-line program: arrays in, a scalar out, the same lines for every array library."""

    inputs: tuple[Any, ...]
    steps: tuple[Step, ...]

    def run(self, xp, *inputs):
        """The weighted sum of all results that no later line uses; xp is the library's numpy."""
        values = list(inputs)
        for step in self.steps:
            values.append(step.op.apply(xp, *step.read(values)))
        used = {a.number for s in self.steps for a in s.operands if isinstance(a, Ref)}
        total = 0.0
        for i, v in enumerate(values):
            if i >= len(inputs) and i not in used:
                total = total + xp.sum(v * _weights(v.shape))
        return total

    @property
    def analytic(self):
        """Whether the complex step may differentiate it."""
        return all(step.op.analytic for step in self.steps)

    def __repr__(self):
        lines = [f"v{i} = np.array({np.asarray(x).tolist()})" for i, x in enumerate(self.inputs)]
        lines += [
            f"v{i} = {step.op.name}({', '.join(map(_shown, step.operands))})"
            for i, step in enumerate(self.steps, len(self.inputs))
        ]
        return "\n" + "\n".join(lines) + "\n"

    def _repr_pretty_(self, printer, cycle):  # what Hypothesis prints of a failing example
        printer.text(repr(self))


def _shown(a):
    return f"np.array({a.tolist()})" if isinstance(a, np.ndarray) else repr(a)


def _weights(shape):
    """Unequal weights, so that a cotangent put in the wrong place shows."""
    return 0.5 + np.cos(np.arange(prod(shape), dtype=float)).reshape(shape) / 3


def _bounded(limit):
    return lambda *values: all(np.all(np.abs(v) <= limit) for v in values)


def _above(low):
    return lambda *values: all(np.all(v > low) for v in values)


def _off_zero(*values):
    return all(np.all(np.abs(v) > 0.1) for v in values)


def _apart(a, b):
    try:
        return np.all(np.abs(a - b) > 0.05)
    except ValueError:
        return False


def _clearly(x, *bounds):
    return all(_apart(x, b) for b in bounds)


def _fit_product(a, b):
    a, b = np.shape(a), np.shape(b)
    if not a or not b or (len(a) == len(b) == 1 and a != b):
        return False
    try:
        np.empty(a) @ np.empty(b)
    except ValueError:
        return False
    return True


UNARY = [
    Op("negative", lambda xp, a: -a),
    Op("exp", lambda xp, a: xp.exp(a), _bounded(1.5)),
    Op("expm1", lambda xp, a: xp.expm1(a), _bounded(1.5)),
    Op("log", lambda xp, a: xp.log(a), _above(0.3)),
    Op("log1p", lambda xp, a: xp.log1p(a), _above(-0.7)),
    Op("sqrt", lambda xp, a: xp.sqrt(a), _above(0.3)),
    Op("square", lambda xp, a: xp.square(a), _bounded(3)),
    Op("sin", lambda xp, a: xp.sin(a)),
    Op("cos", lambda xp, a: xp.cos(a)),
    Op("tanh", lambda xp, a: xp.tanh(a)),
    Op("cube", lambda xp, a: a**3, _bounded(2)),
    Op("two_to_the", lambda xp, a: 2.0**a, _bounded(2)),
    Op("reciprocal", lambda xp, a: 1 / a, _off_zero),
    Op("abs", lambda xp, a: xp.abs(a), _off_zero, analytic=False),
    Op("relu", lambda xp, a: xp.maximum(0, a), _off_zero, analytic=False),
    Op("clip", lambda xp, a: xp.clip(a, -0.9, 0.7), lambda a: _clearly(a, -0.9, 0.7), False),
    Op("select", lambda xp, a: xp.where(a > 0, a, -0.1 * a), _off_zero, analytic=False),
]
BINARY = [
    Op("add", lambda xp, a, b: a + b),
    Op("subtract", lambda xp, a, b: a - b),
    Op("multiply", lambda xp, a, b: a * b, _bounded(3)),
    Op("divide", lambda xp, a, b: a / b, lambda a, b: _off_zero(b) and _bounded(5)(a)),
    Op("power", lambda xp, a, b: a**b, lambda a, b: _above(0.3)(a) and _bounded(2)(a, b)),
    Op("maximum", lambda xp, a, b: xp.maximum(a, b), _apart, analytic=False),
    Op("minimum", lambda xp, a, b: xp.minimum(a, b), _apart, analytic=False),
    Op("logaddexp", lambda xp, a, b: xp.logaddexp(a, b), _bounded(5), analytic=False),
]
PRODUCT = Op("matmul", lambda xp, a, b: xp.matmul(a, b), _fit_product)


def _reductions(shape):
    axes = [None, *range(len(shape))] + ([(0, -1)] if len(shape) > 1 else [])
    for axis in axes:
        for keep in (False, True):
            at = f"[axis={axis}, keepdims={keep}]"
            yield Op(f"sum{at}", lambda xp, a, i=axis, k=keep: xp.sum(a, axis=i, keepdims=k))
            yield Op(f"mean{at}", lambda xp, a, i=axis, k=keep: xp.mean(a, axis=i, keepdims=k))
            yield Op(
                f"max{at}", lambda xp, a, i=axis, k=keep: xp.max(a, axis=i, keepdims=k),
                _distinct, analytic=False,
            )  # fmt: skip


def _rearrangements(shape):
    yield Op("transpose", lambda xp, a: xp.transpose(a))
    yield Op("reshape", lambda xp, a: xp.reshape(a, (-1, 1)))
    if shape[:1] == (1,):  # HIPS autograd's broadcast_to adds no axes
        yield Op("broadcast_to", lambda xp, a: xp.broadcast_to(a, (3, *shape[1:])))
    if shape:  # and it cannot sum the gradients of several indices into a 0-d array
        yield Op("add_axis", lambda xp, a: a[..., None])
        yield Op("last_row", lambda xp, a: a[-1])
        yield Op("backwards", lambda xp, a: a[::-1])
        yield Op("repeat_first", lambda xp, a: a[np.array([0, -1, 0])])
        yield Op("masked", lambda xp, a: a[np.arange(shape[0]) % 2 == 0])


def _distinct(a):
    return np.all(np.diff(np.sort(np.ravel(a))) > 0.02)


@st.composite
def programs(draw, analytic=False, max_inputs=3, max_steps=7):
    """Random programs with fan-out, broadcasting, constants on either side, products, indices.

    A line is drawn only if it stays clear of kinks, poles and large numbers at the inputs drawn,
    so that difference quotients mean something.
    """
    shapes = draw(broadcastable(draw(st.integers(1, max_inputs)), min_side=1))
    inputs = draw(operands(shapes, [REAL] * len(shapes)))
    values, steps = list(inputs), []
    for _ in range(draw(st.integers(1, max_steps))):
        step = draw(_steps(values, analytic))
        value = step.op.apply(np, *step.read(values))
        if 0 < np.size(value) <= 60 and _bounded(50)(value):
            steps.append(step)
            values.append(value)
    if not steps:
        steps = [Step(UNARY[7], (Ref(0),))]
    return Program(inputs, tuple(steps))


@st.composite
def _steps(draw, values, analytic):
    numbers = st.integers(0, len(values) - 1).map(lambda i: len(values) - 1 - i)  # newest first
    a = Ref(draw(numbers))
    value = a.pick(values)
    kind = draw(
        st.sampled_from(
            ["unary", "binary", "unary", "binary", "reduce", "arrange", "join", "matmul"]
        )
    )
    if kind == "binary":
        b = Ref(draw(numbers)) if draw(st.booleans()) else draw(_constants(value.shape))
        pair = (a, b) if draw(st.booleans()) else (b, a)
        found = _fitting(BINARY, pair, values, analytic)
        if found:
            return Step(draw(st.sampled_from(found)), pair)
    if kind == "matmul" and value.shape:
        b = draw(numbers.map(Ref) | arrays((value.shape[-1], 2)))
        if _fitting([PRODUCT], (a, b), values, analytic):
            return Step(PRODUCT, (a, b))
    if kind == "join":
        alike = [Ref(i) for i, v in enumerate(values) if v.shape == value.shape]
        b = draw(st.sampled_from(alike))
        ways = [Op("stack", lambda xp, a, b: xp.stack([a, b], axis=-1))]
        if value.shape:
            ways.append(Op("concatenate", lambda xp, a, b: xp.concatenate([a, b], axis=-1)))
        return Step(draw(st.sampled_from(ways)), (a, b))
    ways = UNARY
    if kind in {"reduce", "arrange"}:
        ways = list((_reductions if kind == "reduce" else _rearrangements)(value.shape))
    return Step(draw(st.sampled_from(_fitting(ways, (a,), values, analytic))), (a,))


def _constants(shape):
    """Python numbers and arrays that broadcast with the shape."""
    numbers = st.sampled_from([2, 0.5, -1.5, 3])
    return numbers | arrays(shape) | arrays((2, *shape)) | arrays((1,) * len(shape))


def _fitting(ops, args, values, analytic):
    given = Step(ops[0], args).read(values)
    with np.errstate(all="ignore"):
        return [op for op in ops if (op.analytic or not analytic) and _suits(op, given)]


def _suits(op, given):
    try:
        np.broadcast_shapes(*map(np.shape, given)) if op is not PRODUCT else None
    except ValueError:
        return False
    return bool(op.fits(*given))
