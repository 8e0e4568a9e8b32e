"""scope: which part of a computation a node belongs to."""

import gc
import sys
import threading
import weakref

import numpy as np
import pytest

import minigrad as mg


def scopes(*outputs, **names):
    """The scope of each node, by name."""
    return {node.name: node.scope for node in mg.graph(*outputs, names=names)}


def test_calls_nest_as_their_boxes_do():
    """What an inner call computed is in both; what only one call uses belongs to it."""
    w, shared = mg.tensor(2.0, name="w"), mg.tensor(3.0, name="shared")
    data = np.ones(2)

    @mg.scope("inner")
    def inner(x):
        return mg.name(x * w, "product") + data

    @mg.scope("outer")
    def outer(x):
        return mg.name(inner(x) * shared, "y")

    x = mg.tensor([1.0, 2.0], name="x")
    assert scopes(outer(x) + shared, data=data) == {
        "x": (), "shared": (), "t2": (), "y": ("outer",), "w": ("outer", "inner"),
        "data": ("outer", "inner"), "product": ("outer", "inner"), "t1": ("outer", "inner"),
    }  # fmt: skip


def test_each_call_is_a_box_of_its_own():
    """Called twice, a function has two boxes; what both use belongs to neither."""
    w = mg.tensor(2.0, name="w")
    f = mg.scope("f")(lambda x: x * w)
    first = mg.name(f(mg.tensor(1.0, name="x")), "first")
    assert scopes(mg.name(f(first), "second")) == {
        "w": (), "x": (), "first": ("f",), "second": ("f #2",)
    }  # fmt: skip


@pytest.mark.parametrize("inner_first", [True, False])
def test_what_a_call_and_one_inside_it_use_belongs_to_the_outer(inner_first):
    """Whichever of them uses it first."""
    w = mg.tensor(2.0, name="w")
    inner = mg.scope("inner")(lambda x: mg.name(x * w, "product"))
    outer = mg.scope("outer")(lambda x: inner(x) * w if inner_first else inner(x * w))
    found = scopes(mg.name(outer(mg.tensor(3.0, name="x")), "y"))
    assert found["w"] == ("outer",)


@pytest.mark.parametrize(
    "make", [lambda a, b: (a, b), lambda a, b: [a, {"b": b}]], ids=["tuple", "tree"]
)
def test_every_result_of_a_call_is_inside(make):
    """A tuple or tree of results is one box, also where one result is computed from the other."""
    y = mg.scope("f", lambda x: make(a := mg.name(x + 1, "a"), mg.name(a * 2, "b")), mg.tensor(1.0))
    a, b = y if isinstance(y, tuple) else (y[0], y[1]["b"])
    assert scopes(a, b, b * a) == {"t1": (), "a": ("f",), "b": ("f",), "t2": ()}


def test_what_a_call_is_given_stays_outside():
    """Arguments are not part of the call, also when nothing else uses them; nor when handed on."""
    X, x, y = np.ones(2), mg.tensor(1.0, name="x"), mg.tensor(2.0, name="y")
    inner = mg.scope("inner")(lambda X, x, *, y: (X * x + y).sum())
    outer = mg.scope("outer")(lambda X, x, y: inner(X, x, y=y))
    found = scopes(outer(X, x, y), X=X)
    assert (found["X"], found["x"], found["y"]) == ((), (), ())
    assert found["t1"] == ("outer", "inner")


def test_a_call_that_returns_what_it_was_given_is_no_box():
    """Nothing was computed, so nothing is noted, however often it is called."""
    x = mg.tensor(1.0, name="x")
    for _ in range(3):
        assert mg.scope("f", lambda x: x, x) is x
    assert not hasattr(x, "notes")
    assert scopes(x * 2) == {"x": (), "t1": ()}


def test_threads_do_not_disturb_each_other():
    """A call's box holds what led to its results, not what another thread computed meanwhile."""
    ready, results = threading.Barrier(2), {}

    def work(name):
        def f(x):
            for _ in range(50):
                ready.wait()
                x = x + 1
            return x

        results[name] = mg.scope(name, f, mg.tensor(1.0, name=f"x{name}"))

    threads = [threading.Thread(target=work, args=(name,)) for name in "AB"]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    found = [node.scope for node in mg.graph(results["A"] * results["B"])]
    assert [found.count(scope) for scope in (("A",), ("B",), ())] == [50, 50, 3]


def test_nothing_is_kept_alive():
    """A scope holds neither arguments nor results."""

    class Data(np.ndarray):
        pass

    x = np.ones(3).view(Data)
    gone = weakref.ref(x)
    y = mg.scope("f", lambda x: mg.tensor(x.sum()) * 2, x)
    del x
    gc.collect()
    assert gone() is None
    gone = weakref.ref(y.data)
    del y
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("label", ["f", ("a", "b")])
def test_unrecorded_parts_are_freed(label):
    """Without a recording the last result keeps none of those before it."""

    def parts(x):
        a = x * 2
        return [a, a + 1]

    with mg.no_grad():
        a, _b = mg.scope(label, parts, mg.tensor(np.ones(3)))
    assert sys.getrefcount(a) == 2  # the name and the argument


def test_it_changes_no_result():
    """Compiled, differentiated and without recording, a scoped function is the function."""
    f = mg.scope("f")(lambda x: np.sin(x) * x)
    compiled = mg.compile(f)
    for _ in range(3):
        assert float(compiled(2.0)) == np.sin(2.0) * 2
    assert mg.grad(mg.grad(f))(2.0) == mg.grad(mg.grad(lambda x: np.sin(x) * x))(2.0)
    with mg.no_grad():
        assert f(mg.tensor(2.0)).op is None
    assert mg.scope("f", lambda: None) is None


def test_the_wrapper_looks_like_the_function():
    """Its name and docstring are those of the function."""

    @mg.scope("layer")
    def forward(x):
        """Forward."""
        return x

    assert (forward.__name__, forward.__doc__) == ("forward", "Forward.")


def test_a_label_is_a_string():
    """Anything else is an error that says so."""
    with pytest.raises(mg.DTypeError, match="scope: got 3 as the label; expected a string"):
        mg.scope(3)


def test_a_deep_chain_in_many_calls_needs_no_recursion():
    """10,000 calls, one after the other."""
    x = mg.tensor(1.0, name="x")
    y = x
    for _ in range(10_000):
        y = mg.scope("step", np.sin, y)
    found = [node.scope for node in mg.graph(y)]
    assert found[1] == ("step",)
    assert found[-1] == ("step #10000",)


def test_parts_one_after_the_other():
    """A tuple of labels: a box for each result, and what only a part uses is in its box."""
    v, w = mg.tensor(2.0, name="v"), mg.tensor(3.0, name="w")

    def parts(x):
        a = mg.name(mg.name(x * v, "a0") + 1, "a")
        return [a, mg.name(np.sin(a) * w, "b")]

    x = mg.name(mg.tensor(1.0, name="x0") * 2, "x")
    _, b = mg.scope("whole", lambda x: mg.scope(("first", "second"), parts, x), x)
    first, second = ("whole", "first"), ("whole", "second")
    assert scopes(mg.name(b * 2, "J")) == {
        "x0": (), "x": (), "v": first, "a0": first, "a": first, "w": second, "t1": second,
        "b": second, "J": (),
    }  # fmt: skip
    with pytest.raises(mg.DTypeError, match="scope: got 3 labels for 2 results"):
        mg.scope(("a", "b", "c"), parts, x)
