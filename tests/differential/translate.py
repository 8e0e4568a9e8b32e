"""A row's case as another library would run it: NumPy's functions replaced by that library's."""

import functools
import types
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.special
from checks import CASES, CHECKS, applied, weights
from oracles import assert_close, gradient
from strategies import spread_out

import minigrad as mg


@dataclass(frozen=True)
class Fare:
    """How one example fared.

    Attributes:
        order: the highest order of derivative to which the two agree; 0 for none.
        refused: what the other library said in refusing it, if it did.
        differs: how they differ, if they do.
        right: then, whether finite differences agree with minigrad, and with the other library.
    """

    order: int = 0
    refused: str = ""
    differs: str = ""
    right: tuple[bool, bool] | None = None


@dataclass(frozen=True)
class Library:
    """Another library with the names of NumPy and SciPy.

    Attributes:
        numpy: its numpy module, with `linalg` and `fft`.
        special: its scipy.special.
        gradients: a scalar function of a tuple of arrays, and that tuple, to the gradients.
    """

    numpy: Any
    special: Any
    gradients: Any

    @functools.cached_property
    def functions(self):
        """NumPy or SciPy function -> the library's, for each row that it has by the same name."""
        found = {}
        for ours, theirs in [
            (np, self.numpy), (np.linalg, self.numpy.linalg), (np.fft, self.numpy.fft),
            (scipy.special, self.special),
        ]:  # fmt: skip
            for name in dir(ours):
                key, function = getattr(ours, name), getattr(theirs, name, None)
                if callable(key) and key in CASES and function not in (None, key):
                    found[key] = function
        return found

    def translated(self, function, done):
        """The Python function with the library's functions where it uses NumPy's."""
        if function in done:
            return done[function]
        if isinstance(function, functools.partial):
            return functools.partial(self.translated(function.func, done), **function.keywords)
        if not isinstance(function, types.FunctionType):
            return function
        scope = dict(function.__globals__)
        cells = [self.replaced(c.cell_contents, done) for c in function.__closure__ or ()]
        defaults = tuple(self.replaced(d, done) for d in function.__defaults__ or ())
        new = types.FunctionType(
            function.__code__, scope, function.__name__, defaults, tuple(map(types.CellType, cells))
        )
        new.__kwdefaults__ = function.__kwdefaults__
        done = {**done, function: new}
        for name in {*function.__code__.co_names} & scope.keys():
            scope[name] = self.replaced(scope[name], done)
        return new

    def replaced(self, value, done):
        """What stands in the place of a value that the function uses."""
        if value is np or value is scipy.special:
            return self.numpy if value is np else self.special
        try:
            known = value in done
        except (TypeError, ValueError):  # lists and arrays
            return value
        helper = isinstance(value, types.FunctionType) and value.__module__.startswith("cases")
        helper = helper or isinstance(value, functools.partial)
        return self.translated(value, done) if known or helper else value

    def compare(self, key, seed, most=None, orders=2):
        """How the examples of the row's cases fare: all, or until `most` could be compared.

        They come from both ends, so that the first few are not all of one kind.
        orders: up to which order of derivative.
        """
        examples = [(c, shapes) for c in CASES[key] for shapes in CHECKS["value"].shapes(key, c)]
        compared = 0
        while examples and compared != most:
            case, shapes = examples.pop(0 if compared % 2 == 0 else -1)
            theirs = self.functions[key]
            if case.call:
                theirs = self.translated(case.call, self.functions)
            xs = spread_out(seed, shapes, case.domains)
            fare = self.fares(key, case, theirs, xs)
            if fare.order and orders > 1:
                fare = self.second(key, case, theirs, xs)
            compared += not fare.refused
            yield fare

    def fares(self, key, case, theirs, xs):
        """How one example fares in first order."""
        y, pullback = mg.vjp(lambda *vs: applied(key, case, *vs), *xs)
        g = np.random.default_rng(0).uniform(0.5, 1.5, np.shape(y)) * np.sign(weights(np.shape(y)))
        try:
            value = np.asarray(theirs(*xs))
            wanted = self.gradients(lambda vs: self.numpy.sum(theirs(*vs) * g))(tuple(xs))
            wanted = [np.asarray(w) for w in wanted]
        except Exception as error:  # each library has its own ways of saying that it cannot
            return Fare(refused=f"{type(error).__name__}: {error}")
        got = pullback(g)
        try:
            assert_close(np.asarray(y), value, 1e-11)
            agree(got, wanted, 1e-9)
        except AssertionError as error:
            true = gradient(lambda *vs: np.sum(applied(key, case, *vs) * g), xs)
            right = tuple(agreeing(these, true) for these in (got, wanted))
            return Fare(differs=str(error), right=right)
        return Fare(order=1)

    def second(self, key, case, theirs, xs):
        """How one that agrees in first order fares in the gradient of the gradient's squares."""

        def squares(gradient, total):
            return lambda vs: sum([total(g * g) for g in gradient(vs)])

        def theirs_squared(vs):
            return self.numpy.sum(theirs(*vs) ** 2)

        try:
            wanted = self.gradients(squares(self.gradients(theirs_squared), self.numpy.sum))(
                tuple(xs)
            )
        except Exception:  # first derivatives only
            return Fare(order=1)
        ours = mg.grad(lambda vs: np.sum(applied(key, case, *vs) ** 2))
        try:
            agree(mg.grad(squares(ours, np.sum))(tuple(xs)), wanted, 1e-7)
        except AssertionError as error:
            return Fare(differs=f"in second order, {error}")
        return Fare(order=2)


def agree(got, wanted, tolerance):
    """Raise an AssertionError unless each array is close to the one wanted."""
    for have, want in zip(got, wanted, strict=True):
        assert_close(have, want, tolerance)


def agreeing(got, wanted):
    """Whether they are those of finite differences, to their precision."""
    try:
        agree(got, wanted, 1e-7)
    except AssertionError:
        return False
    return True
