"""A row's case as another library would run it: NumPy's functions replaced by that library's."""

import types
from dataclasses import dataclass
from typing import Any

import numpy as np
from checks import CASES, CHECKS, applied, every, weights
from oracles import assert_close
from strategies import spread_out

import minigrad as mg


@dataclass(frozen=True)
class Library:
    """Another library with NumPy's names.

    Attributes:
        numpy: its numpy module, with `linalg` and `fft`.
        gradients: a scalar function of a tuple of arrays, and that tuple, to the gradients.
    """

    numpy: Any
    gradients: Any

    def functions(self):
        """NumPy function -> the library's, for each row that it has under the same name."""
        found = {}
        for ours, theirs in [
            (np, self.numpy), (np.linalg, self.numpy.linalg), (np.fft, self.numpy.fft)
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
        if value is np:
            return self.numpy
        try:
            known = value in done
        except (TypeError, ValueError):  # lists and arrays
            return value
        helper = isinstance(value, types.FunctionType) and value.__module__.startswith("cases")
        return self.translated(value, done) if known or helper else value

    def compare(self, key, seed):
        """How each case of the row fares: agreed, differs, or what the library refused it with."""
        functions = self.functions()
        for case in CASES[key]:
            theirs = self.translated(case.call, functions) if case.call else functions[key]
            for shapes in CHECKS["value"].shapes(key, case):
                xs = spread_out(seed, shapes, case.domains)
                yield self.fares(key, case, theirs, xs)

    def fares(self, key, case, theirs, xs):
        y, pullback = mg.vjp(lambda *vs: applied(key, case, *vs), *xs)
        g = np.random.default_rng(0).uniform(0.5, 1.5, np.shape(y)) * np.sign(weights(np.shape(y)))

        def first(function, total):
            return lambda vs: total(function(*vs) * g)

        try:
            value = np.asarray(theirs(*xs))
            wanted = self.gradients(first(theirs, self.numpy.sum))(tuple(xs))
        except Exception as error:  # each library has its own ways of saying that it cannot
            return type(error).__name__
        try:
            assert_close(np.asarray(y), value, 1e-11)
            for got, want in zip(pullback(g), wanted, strict=True):
                assert_close(got, want, 1e-9)
            self.second(key, case, theirs, xs)
        except AssertionError as error:
            return f"differs: {error}"
        return "agrees"

    def second(self, key, case, theirs, xs):
        """The gradient of the gradient's squares, where the library can take it."""

        def squares(gradient, total):
            return lambda vs: sum([total(g * g) for g in gradient(vs)])

        def theirs_squared(vs):
            return self.numpy.sum(theirs(*vs) ** 2)

        try:
            wanted = self.gradients(squares(self.gradients(theirs_squared), self.numpy.sum))(
                tuple(xs)
            )
        except Exception:  # first derivatives only
            return
        ours = mg.grad(lambda vs: np.sum(applied(key, case, *vs) ** 2))
        got = mg.grad(squares(ours, np.sum))(tuple(xs))
        for i in every(xs):
            assert_close(got[i], wanted[i], 1e-7)
