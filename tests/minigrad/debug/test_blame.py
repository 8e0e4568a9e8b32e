"""Numbers that are not finite: the operation that made the first, and how `debug` says it."""

import numpy as np
import pytest
from debugged import caught, line_after

import minigrad as mg
from minigrad.debug.blame import finite


def test_the_first_forward_operation_is_named():
    """Its operands, the element, the line and the way there; not what follows from it."""
    a, b = mg.tensor([1.0, 2.0, 3.0], name="a"), mg.tensor([4.0, 0.0, 1.0])

    def f():
        c = b * 2.0
        y = np.exp(a) / c  # mark: forward
        return (y - y).sum()

    said = caught(mg.NonFiniteError, f).splitlines()
    assert said == [
        "divide made inf: 1 of 3 elements, first at [1]",
        f"  at {line_after('# mark: forward')}",
        "  input 0, exp: (3,) float64, from 2.71828 to 20.0855; 7.38905609893065 at [1]",
        "  input 1, multiply: (3,) float64, from 0 to 8; 0.0 at [1]",
        "  path: a → exp → divide",
    ]


def test_the_first_backward_operation_is_named():
    """d√s at s = 0 is infinite; the nan that 2x·inf makes later is not what is wrong."""
    x = mg.tensor(np.zeros(3), name="x")

    def f():
        norm = np.sqrt((x**2).sum())  # mark: backward
        (3 * norm).backward()

    said = caught(mg.NonFiniteError, f).splitlines()
    assert said == [
        "backward of sqrt made inf: it is inf",
        f"  sqrt was recorded at {line_after('# mark: backward')}",
        "  g = 3.0",
        "  y = 0.0",
        "  input 0, sum = 0.0",
        "  path: multiply → sqrt → sum",
    ]
    assert x.grad is None


def test_without_debug_the_same_program_is_silently_nan():
    """What debug() finds is there without it too."""
    x = mg.tensor(np.zeros(3))
    with np.errstate(all="ignore"):
        np.sqrt((x**2).sum()).backward()
    assert np.isnan(x.grad).all()


def test_the_derivatives_of_grad_and_of_grad_of_grad():
    """x^1.5 has a second derivative of inf at 0, found in the sweep of the sweep."""
    said = caught(mg.NonFiniteError, lambda: mg.grad(mg.grad(lambda x: x**1.5))(0.0))
    assert said.startswith("backward of power made inf")
    assert "x: x**1.5" in said  # the line of the power, not of the sweep


def test_a_users_rule_is_named():
    """The vjp of a primitive that divides by zero."""
    twice = mg.primitive(lambda x: 2 * x, vjp=lambda g, y, x: g / (x - x))
    twice.__name__ = "twice"
    x = mg.tensor(2.0, name="x")
    said = caught(mg.NonFiniteError, lambda: twice(x).backward())
    assert said.startswith("backward of <lambda> made inf")
    assert "path: <lambda> → x" in said


def test_inside_a_checkpoint_and_a_trace():
    """What is run again on the way back, and what compile records, is looked at as well."""

    def f(x):
        return np.sqrt((x**2).sum())  # mark: inside

    x = mg.tensor(np.zeros(3))
    said = caught(mg.NonFiniteError, lambda: mg.checkpoint(f)(x).backward())
    assert said.startswith("backward of sqrt made inf")
    said = caught(mg.NonFiniteError, lambda: mg.compile(mg.grad(f))(np.zeros(3)))
    assert said.startswith("backward of sqrt made inf")
    assert line_after("# mark: inside") in said
    assert mg.compile(f)(np.ones(3)) == np.sqrt(3)  # no trace is left behind


def test_long_paths_are_shortened():
    """The nearest operations of a forward path; both ends of a backward one."""
    x = mg.tensor([0.0, 1.0], name="x")

    def counted(y):
        for _ in range(20):
            y = y + 1.0
        return y

    said = caught(mg.NonFiniteError, lambda: np.log(counted(x) - 20.0))
    assert said.endswith("\n  path: … → " + "add → " * 10 + "subtract → log")
    said = caught(mg.NonFiniteError, lambda: counted(np.sqrt(x)).sum().backward())
    assert said.endswith("\n  path: sum" + " → add" * 5 + " → …" + " → add" * 4 + " → sqrt → x")


def test_an_operand_with_no_finite_number_has_no_range():
    """A range of none would be an error; the element is told where the operand lines up."""
    stack = mg.tensor(np.ones((2, 3, 4)), name="stack")
    said = caught(mg.NonFiniteError, lambda: stack @ np.full((4, 5), np.nan))
    assert "\n  input 1: (4, 5) float64, nan in 20 of 20 elements, first at [0, 0]\n" in said
    said = caught(mg.NonFiniteError, lambda: stack * np.full(4, np.nan))
    assert said.splitlines()[3] == (
        "  input 1: (4,) float64, nan in 4 of 4 elements, first at [0]; nan at [0, 0, 0]"
    )


def test_cotangents_that_only_together_are_infinite():
    """Each of two uses of x gives 1e308; their sum overflows."""
    x = mg.tensor(0.0, name="x")
    said = caught(mg.NonFiniteError, (x * 1e308 + x * 1e308).backward)
    assert said.splitlines()[:2] == [
        "backward made inf: it is inf",
        "  the cotangents of x are finite one by one, and their sum is not",
    ]


def test_of_two_uses_the_one_that_np_where_drops_is_not_blamed():
    """√x at 0 twice: the one behind np.where has no cotangent there, the other has an infinite."""
    x = mg.tensor(np.zeros(1), name="x")

    def f():
        bare = np.sqrt(x)  # mark: bare
        safe = np.where(x.data > 0, np.sqrt(x), 0.0)
        (bare + safe).sum().backward()

    assert line_after("# mark: bare") in caught(mg.NonFiniteError, f)
    with mg.debug():
        np.where(x.data > 0, np.sqrt(x), 0.0).sum().backward()
    assert x.grad.tolist() == [0.0]


def test_a_nan_in_the_data_is_not_held_against_the_operation():
    """It is told as what it is: given."""
    X, W = np.ones((3, 4)), mg.tensor(np.ones((2, 3)), name="W")
    X[1, 2] = np.nan
    said = caught(mg.NonFiniteError, lambda: W @ X)
    assert said.startswith("matmul was given nan: 2 of 8 elements, first at [0, 2]")
    assert "input 1: (3, 4) float64, from 1 to 1, nan in 1 of 12 elements" in said


def test_an_infinity_in_the_data_is_nobodys_fault():
    """A mask of -inf is usual; what it makes finite again is fine, and inf - inf is a new nan."""
    x, mask = mg.tensor([1.0, 2.0], name="x"), np.array([0.0, -np.inf])
    with mg.debug():
        np.exp(x + mask).sum().backward()
    assert x.grad.tolist() == [np.e, 0.0]
    with pytest.raises(mg.NonFiniteError, match="subtract made nan"), mg.debug(inf="ignore"):
        (x + mask) - (x + mask)


def test_a_nan_of_a_computed_infinity_says_where_that_came_from():
    """With infinities ignored the nan is found, and the operation that overflowed is named."""
    x = mg.tensor(1000.0, name="x")

    def f():
        big = np.exp(x)  # mark: overflow
        return big - big

    said = caught(mg.NonFiniteError, f, inf="ignore")
    assert said.startswith("subtract made nan: it is nan")
    assert f"the infinity came from exp at {line_after('# mark: overflow')}" in said


def test_warnings_instead_of_errors():
    """ "warn" says it once for each line, the first operation only, and goes on."""
    x = mg.tensor([0.0, 1.0], name="x")

    def f():
        for _ in range(3):
            y = np.log(x)
            (y - y).sum()

    with pytest.warns(mg.DebugWarning, match="log made inf") as said, mg.debug(inf="warn"):
        f()
    assert len(said) == 1
    assert said[0].filename == __file__


def test_no_grad_is_looked_at_too():
    """Evaluation makes infinities as training does."""
    x = mg.tensor(0.0)

    def f():
        with mg.no_grad():
            np.log(x)

    assert caught(mg.NonFiniteError, f).startswith("log made inf")


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "c8", "c16", "g"])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,)])
def test_finite(dtype, shape):
    """Every dtype and layout; numbers whose squares overflow are finite."""
    x = np.full(shape, np.finfo(dtype).max, dtype)
    with np.errstate(all="ignore"):
        for layout in (x, x.T, np.asfortranarray(x), np.stack([x, x], -1)[..., 0], x[()]):
            assert finite(layout)
        for bad in (np.nan, np.inf, -np.inf):
            if x.size:
                y = x.copy()
                y[(-1,) * y.ndim] = bad
                assert not finite(y)
                assert not finite(y.T)
    assert finite(np.arange(3))
    assert finite("text")


def test_the_nan_is_pointed_at_and_not_an_infinity_before_it():
    """log(0) is -inf, log(-1) is what is nan."""
    with pytest.raises(mg.NonFiniteError) as caught, mg.debug():
        np.log(mg.tensor([1.0, 0.0, -1.0], name="x"))
    said = str(caught.value)
    assert said.startswith("log made nan: 1 of 3 elements, first at [2]")
    assert "\n  x: (3,) float64, from -1 to 1; -1.0 at [2]\n" in said
