"""What a second recording tells: constants that were none, and what the message says of them."""

import functools
import itertools

import numpy as np
import pytest

import minigrad as mg

compiled = functools.partial(mg.compile, backend="numpy")
X = np.array([1.0, -2.0, 3.0])


def changing():
    """Functions that do something else each time, and what the message says."""
    numbers, leaves, rng = (
        itertools.count(),
        itertools.cycle([mg.tensor(X), mg.tensor(X)]),
        (np.random.default_rng(0)),
    )
    trees = itertools.cycle([lambda y: {"a": y}, lambda y: {"b": y}])
    sizes = itertools.cycle([lambda y: y, lambda y: (y, y)])
    ops = itertools.cycle([np.sin, np.cos])
    shapes = itertools.cycle([(3, 1), (1, 3)])
    assigned = itertools.cycle([mg.tensor(X), mg.tensor(X)])
    signs, ones = itertools.cycle([1, -1]), itertools.cycle([1, 1.0])

    def assign(x):
        next(assigned).data = x * 2
        return x

    def primitive(x):
        n = next(numbers)
        return mg.primitive(lambda x: x + n, vjp=lambda g, y, x: g)(x)

    @mg.primitive(vjp=lambda g, y, x: None)
    def longer(x):
        return np.ones(1 + next(numbers))

    @mg.primitive(vjp=lambda g, y, x, options=None: g * options["by"])
    def scaled(x, options=None):
        return x * options["by"]

    return {
        "number": (lambda x: x * (0.1 + next(numbers)), "the constant"),
        "power": (lambda x: x ** next(numbers), ""),
        "array": (lambda x: x * rng.normal(size=3), "constant"),
        "large array": (
            lambda x: np.sum(x[0] * rng.normal(size=100)),
            r"multiply, had a constant array \(100,\), then another;",
        ),
        "leaf": (lambda x: x * next(leaves), "other Tensors"),
        "assigned": (assign, "other Tensors"),
        "tree": (lambda x: next(trees)(x * 2), "another tree"),
        "number of results": (lambda x: next(sizes)(x * 2), "tree"),
        "operation": (lambda x: next(ops)(x * 1), "was sin, then cos"),
        "operations": (lambda x: x if next(numbers) % 2 else x + 1, ""),
        "shape": (lambda x: np.reshape(x, next(shapes)), "reshape"),
        "result": (lambda x: (x * 2, next(numbers)), "it returned"),
        "index": (lambda x: x[next(numbers) % 3], "getitem"),
        "primitive": (primitive, "made anew"),
        "text": (lambda x: (x, str(next(numbers))), "it returned"),
        "array or number": (
            lambda x: x * (2.0 if next(numbers) % 2 else x),
            "multiply, had input 0, then the constant 2.0",
        ),
        "order of results": (
            lambda x: (x * 2, x + 3)[:: next(signs)],
            "it returned the result of line 0, multiply, then the result of line 1, add",
        ),
        "kind of number": (lambda x: x + next(ones), "the constant 1, then the constant 1.0"),
        "operands": (
            lambda x: np.concatenate([x] * (1 + next(numbers))),
            "concatenate, had operands: 1, then 2",
        ),
        "options": (
            lambda x: scaled(x, options={"by": next(numbers)}),
            "had the constant {'by': 0}, then the constant {'by': 1}",
        ),
        "what a primitive returns": (
            longer,
            r"line 0, longer, was float64\(1,\), then float64\(2,\)",
        ),
    }


@pytest.mark.parametrize("name", changing())
def test_what_differs_in_the_second_call_was_no_constant(name):
    """The error says what changed and what to do; what was recorded is forgotten."""
    f, message = changing()[name]
    step = compiled(f)
    step(X)
    with pytest.raises(mg.GraphError, match=f"something else in its second call: .*{message}") as e:
        step(X)
    assert "as an argument" in str(e.value)
    step(X)  # recorded anew, as the first time
    with pytest.raises(mg.GraphError, match="second call"):
        step(X)


def test_options_that_stay_the_same_are_constants():
    """A dict given anew in each call is compared by what it holds."""
    scaled = mg.primitive(lambda x, by=None: x * by["k"], vjp=lambda g, y, x, by=None: g * by["k"])
    step = compiled(lambda x: scaled(x, by={"k": np.float64(3)}))
    for _ in range(3):
        np.testing.assert_array_equal(step(X), X * 3)
