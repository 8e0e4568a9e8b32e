"""Hundreds of wrong derivations get their right names; right ones are never accused."""

import os
from collections import Counter

import corpus
import numpy as np
import pytest
import right

import nn

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
FORMS = ("all", "no dA", "parameters", "values")


def handed_in(specimen, form, network, X, Y):
    """The student's work as a function, or as the values that it returns."""
    function = corpus.function(specimen.text)
    if form != "values":
        return function
    with np.errstate(all="ignore"):
        return function(network.state_dict(), X, Y)


def verdict(specimen, form, found):
    """Whether the first mistake found is the one that was made: "right", "open" or "wrong"."""
    first, edit = found.mistakes[0], specimen.edit
    details = {k: v for k, v in edit.details.items() if form != "values" or k != "as_text"}
    same = all(first.details.get(k) == v for k, v in details.items())
    if (first.quantity, first.kind) == (specimen.quantity, edit.kind) and same:
        return "right"
    return "open" if first.kind in {"unknown", "ambiguous"} else "wrong"


def examined():
    """(specimen, form) pairs: every second specimen in one form, at night each in every form."""
    for k, form in enumerate(FORMS):
        for i, specimen in enumerate(corpus.specimens("all" if form == "values" else form)):
            if NIGHTLY or (i % 8 in {k, k + 4} and i // 8 % 2 == 0):
                yield specimen, form


def test_wrong_derivations_get_their_right_names(capsys):
    """At least 97 % are named right, at most 0.5 % wrong, and no right quantity is accused."""
    counts = {}
    for specimen, form in examined():
        network, X, Y = specimen.network.build()
        found = nn.diagnose(handed_in(specimen, form, network, X, Y), network, X, Y)
        assert not found.ok, specimen
        assert len(found.mistakes) == 1, (str(specimen), form, found.mistakes)
        result = verdict(specimen, form, found)
        counts.setdefault(specimen.edit.kind, Counter())[result] += 1
    with capsys.disabled():
        print()
        for kind, count in sorted(counts.items()):
            print(f"  {kind:30}", *(f"{count[r]:5} {r}" for r in ("right", "open", "wrong")))
    total = sum(counts.values(), Counter())
    assert total.total() >= 300
    assert len(counts) >= 17
    assert total["right"] >= 0.97 * total.total(), total
    assert total["wrong"] <= 0.005 * total.total(), total


def test_wrong_forward_passes_get_their_right_names():
    """Where Z and A are handed in: the first wrong one is named, and nothing after it accused."""
    results = Counter()
    for i, specimen in enumerate(corpus.specimens("forward", corpus.forward_edits)):
        network, X, Y = specimen.network.build()
        for form in ("function", "values") if NIGHTLY else [("function", "values")[i % 2]]:
            found = nn.diagnose(handed_in(specimen, form, network, X, Y), network, X, Y)
            result = verdict(specimen, form, found)
            assert result != "right" or len(found.mistakes) == 1, (specimen, found.mistakes)
            results[result] += 1
    assert results.total() >= 300
    assert results["right"] >= 0.97 * results.total(), results
    assert results["wrong"] <= 0.005 * results.total(), results


@pytest.mark.parametrize("seed", range(10))
def test_right_values_are_never_accused(seed):
    """Any activations and losses, m from 1 on, saturated, zero weights, float32, either 1/m.

    With Z and A in every other case.
    """
    for i in range(1000 if NIGHTLY else 80):
        rng = np.random.default_rng([seed, i])
        dtype = ("float32", "float64", "float64")[i % 3]
        with np.errstate(all="ignore"):
            network, X, Y, loss = right.random_case(rng, dtype)
            values = right.by_engine(network, X, Y, loss)
            forward = right.forward(network, X) if i % 2 else {}
        if i % 4 == 1:
            values = {k: v for k, v in values.items() if k[:2] != "dZ"}
        if i % 4 == 3:
            values = {k: v / X.shape[1] if k[:2] == "dZ" else v for k, v in values.items()}
        values |= forward
        if i % 7 == 0 and dtype == "float64":
            values = {k: v.astype("float32") for k, v in values.items()}
        found = nn.diagnose(values, network, X, Y, loss)
        assert found.ok, (seed, i, found.findings)


@pytest.mark.parametrize("seed", range(10))
def test_right_functions_are_never_accused(seed):
    """Loops, einsum, other formulas of the same functions, ReLU'(0) = 1."""
    for i in range(100 if NIGHTLY else 12):
        rng = np.random.default_rng([seed, i])
        sizes = rng.integers(1, 6, rng.integers(2, 6)).tolist()
        hidden = [str(g) for g in rng.choice(sorted(right.WAYS), len(sizes) - 2)]
        dtype = ("float32", "float64")[i % 2]
        network = nn.DeepNetwork(sizes, hidden, seed=rng, dtype=dtype)
        scale = rng.choice([1, 1, 0.01, 5, 0])
        state = {k: scale * rng.normal(size=v.shape) for k, v in network.state_dict().items()}
        network.load_state_dict(state)
        m = int(rng.choice([1, 2, 3, 7]))
        X, Y = rng.normal(size=(sizes[0], m)).astype(dtype), rng.integers(0, 2, (sizes[-1], m))
        found = nn.diagnose(right.by_hand(network, kink=bool(i % 3)), network, X, Y)
        assert found.ok, (seed, i, found.findings)


@pytest.mark.parametrize("form", ["function", "values"])
@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("network", corpus.NETWORKS, ids=str)
def test_the_unedited_derivation_is_right(network, fused, form):
    """What the corpus edits has no mistake to begin with."""
    specimen = corpus.Specimen(network, None, corpus.source(corpus.lines(network, fused)), "all")
    built = network.build()
    found = nn.diagnose(handed_in(specimen, form, *built), *built)
    assert found.ok
    assert set(found.checked) >= {"dW1", "db1", "dZ1"}


def test_two_mistakes_are_both_found():
    """Every pair of edits in different quantities shows as its two mistakes.

    Unless the second undoes the first (a minus twice), or changes nothing after it: then its
    quantity has the value it has without the one or without the other.
    """
    network = corpus.Network((3, 4, 4, 1), "tanh", 6)
    built, rng = network.build(), np.random.default_rng(0)
    edits = [e for e in corpus.edits(network, True) if e.kind not in {"nan_or_inf", "precision"}]
    clear = 0

    def values(*made):
        found = corpus.lines(network, True)
        for edit in made:
            found = corpus.edited(found, edit)
        function = corpus.function(corpus.source(found))
        return function, function(built[0].state_dict(), *built[1:])

    for _ in range(1000 if NIGHTLY else 80):
        first, second = (edits[i] for i in rng.choice(len(edits), 2, replace=False))
        if first.quantity == second.quantity:
            continue
        function, both = values(first, second)
        expected = {
            (edit.quantity, edit.kind)
            for edit, other in ((first, second), (second, first))
            if not any(
                np.array_equal(both[edit.quantity].shape, alone[edit.quantity].shape)
                and np.allclose(both[edit.quantity], alone[edit.quantity], 1e-9, 0)
                for alone in (values()[1], values(other)[1])
            )
        }
        found = nn.diagnose(function, *built)
        assert {(f.quantity, f.kind) for f in found.mistakes} == expected, (first, second)
        clear += len(expected) == 2
    assert clear >= 60


@pytest.mark.parametrize("quantity", ["dZ2", "dW2", "db2", "dZ1", "dW1", "db1"])
def test_noise_has_no_name(quantity):
    """What no mistake explains is unknown, and what follows from it is not accused."""
    network = corpus.Network((3, 4, 1), "tanh", 9)
    built = network.build()
    values = corpus.function(corpus.source(corpus.lines(network), "no dA"))(
        built[0].state_dict(), *built[1:]
    )
    rng = np.random.default_rng(1)
    found = nn.diagnose(values | {quantity: rng.normal(size=values[quantity].shape)}, *built)
    assert found.first_wrong == quantity
    assert found.findings[0].kind == "unknown"


@pytest.mark.parametrize("change", [
    "dZ1 = np.sin(dA1) * A1", "dZ1 = dA1**2", "dZ1 = dA1 * np.sqrt(np.abs(Z1)) + 0.1",
    "dW1 = dZ1 @ np.exp(X).T * A1.mean()", "dW2 = np.cumsum(dZ2 @ A1.T, axis=1)",
    "db1 = np.max(dZ1, axis=1, keepdims=True)",
])  # fmt: skip
def test_nonsense_has_no_name(change):
    """A wrong name is worse than none."""
    network = corpus.Network((3, 4, 1), "tanh", 9)
    name, value = change.split(" = ")
    text = corpus.source(corpus.lines(network) | {name: value})
    found = nn.diagnose(corpus.function(text), *network.build())
    assert [(f.quantity, f.kind) for f in found.mistakes] == [(name, "unknown")]
