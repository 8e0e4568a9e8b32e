"""Wrong derivations, made by editing the source code of right ones.

A backward pass is written out as a student would write it; an edit replaces a piece of one line
(`W2.T` by `dW2.T`, `/ m` by nothing) and knows the name of the mistake. Nothing here knows how
`nn.diagnosis` finds it.
"""

import itertools
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import nn

FORWARD = {
    "tanh": "np.tanh({0})",
    "sigmoid": "1 / (1 + np.exp(-{0}))",
    "relu": "np.maximum(0, {0})",
    "leaky_relu": "np.where({0} > 0, {0}, 0.01 * {0})",
    "identity": "1.0 * {0}",
    "softmax": "np.exp({0}) / np.exp({0}).sum(axis=0)",
}
SLOPE = {
    "tanh": "(1 - A{0}**2)",
    "sigmoid": "(A{0} * (1 - A{0}))",
    "relu": "(Z{0} > 0)",
    "leaky_relu": "np.where(Z{0} > 0, 1, 0.01)",
    "identity": "1",
}
OF_A = {"tanh": "(1 - np.tanh(A{0})**2)", "sigmoid": "(s(A{0}) * (1 - s(A{0})))"}
RETURNS = {
    "all": ("dA", "dZ", "dW", "db"),
    "no dA": ("dZ", "dW", "db"),
    "parameters": ("dW", "db"),
    "forward": ("Z", "A", "dA", "dZ", "dW", "db"),
}


@dataclass(frozen=True)
class Network:
    """What a derivation is of."""

    sizes: tuple[int, ...]
    hidden: str
    m: int
    output: str = "sigmoid"

    @property
    def L(self):
        return len(self.sizes) - 1

    def activation(self, layer):
        return self.output if layer == self.L else self.hidden

    def build(self, seed=0, dtype="float64"):
        """The network, an X and a Y."""
        rng = np.random.default_rng([seed, *self.sizes, self.m])
        network = nn.DeepNetwork(self.sizes, self.hidden, self.output, seed=seed, dtype=dtype)
        state = {k: rng.normal(size=v.shape) * 0.8 for k, v in network.state_dict().items()}
        network.load_state_dict(state)
        X = rng.normal(size=(self.sizes[0], self.m)).astype(dtype)
        if self.output == "sigmoid":
            Y = rng.integers(0, 2, (self.sizes[-1], self.m))
            Y[0, :2] = [0, 1][: self.m]
        elif self.output == "softmax":
            Y = np.eye(self.sizes[-1])[:, rng.integers(0, self.sizes[-1], self.m)]
        else:
            Y = rng.normal(size=(self.sizes[-1], self.m))
        return network, X, Y


@dataclass(frozen=True)
class Edit:
    """In the line of `quantity`, `old` becomes `new`; the mistake that this is."""

    name: str
    quantity: str
    old: str
    new: str
    kind: str
    details: dict[str, Any] = field(default_factory=dict)


def lines(network, fused=False):
    """The right derivation, {what a line computes: its right-hand side}.

    `fused` leaves out dA[l] of the hidden layers: dZ1 = (W2.T @ dZ2) * (1 - A1**2).
    """
    L, found = network.L, {"s": "lambda v: 1 / (1 + np.exp(-v))", "m": "X.shape[1]", "A0": "X"}
    for layer in range(1, L + 1):
        found |= {f"W{layer}": f'params["W{layer}"]', f"b{layer}": f'params["b{layer}"]'}
        found[f"Z{layer}"] = f"W{layer} @ A{layer - 1} + b{layer}"
        found[f"A{layer}"] = FORWARD[network.activation(layer)].format(f"Z{layer}")
    for layer in range(L, 0, -1):
        back = f"(W{layer + 1}.T @ dZ{layer + 1})"
        if layer < L:
            if not fused:
                found[f"dA{layer}"] = back[1:-1]
            slope = SLOPE[network.hidden].format(layer)
            found[f"dZ{layer}"] = f"{back if fused else f'dA{layer}'} * {slope}"
        else:
            found[f"dZ{layer}"] = f"A{layer} - Y"
        found[f"dW{layer}"] = f"dZ{layer} @ A{layer - 1}.T / m"
        found[f"db{layer}"] = f"np.sum(dZ{layer}, axis=1, keepdims=True) / m"
    return found


def source(found, returned="all"):
    """The derivation as the text of a function."""
    body = "\n".join(f"    {name} = {value}" for name, value in found.items())
    names = [n for n in found if n.rstrip("0123456789") in RETURNS[returned]]
    result = ", ".join(f'"{n}": {n}' for n in names)
    return f"def backward(params, X, Y):\n{body}\n    return {{{result}}}\n"


def function(text):
    """The function that the text defines."""
    space = {"np": np}
    exec(compile(text, "<student>", "exec"), space)
    return space["backward"]


def edited(found, edit):
    """The derivation with an edit made."""
    assert edit.old in found[edit.quantity], (edit, found[edit.quantity])
    return found | {edit.quantity: found[edit.quantity].replace(edit.old, edit.new, 1)}


def edits_of_forward(network, layer):
    """Mistakes in Z = W A + b and in A = g(Z)."""
    Z, W, A, b, n = f"Z{layer}", f"W{layer}", f"A{layer - 1}", f"b{layer}", network.sizes
    shown, right = "X" if layer == 1 else A, f"{W} @ {A} + {b}"
    yield Edit("no b", Z, f" + {b}", "", "missing_term", {"term": b})
    yield Edit("minus b", Z, f"+ {b}", f"- {b}", "wrong_operand", {"expected": b, "used": f"-{b}"})
    yield Edit("minus", Z, right, f"-({right})", "sign")
    yield Edit("times 2", Z, right, f"2 * ({right})", "constant_factor", {"factor": 2.0})
    yield Edit("1/m", Z, right, f"({right}) / m", "constant_factor", {"as_text": "1/m"})
    yield Edit("half precision", Z, right, f"({right}).astype('f2').astype('f8')", "precision")
    if layer > 1:
        yield Edit("Z for A", Z, A, f"Z{layer - 1}", "wrong_layer_cache",
                   {"expected": A, "used": f"Z{layer - 1}"})  # fmt: skip
    if n[layer] == n[layer - 1]:
        yield Edit("W turned", Z, W, f"{W}.T", "transposed", {"operand": W})
        yield Edit("no W", Z, f"{W} @ ", "", "missing_operand", {"operand": W})
    for other in range(1, network.L + 1):
        if other != layer and n[other] == n[layer]:
            yield Edit("another b", Z, b, f"params['b{other}']", "wrong_operand",
                       {"expected": b, "used": f"b{other}"})  # fmt: skip
            if n[other - 1] == n[layer - 1]:
                yield Edit("another W", Z, W, f"params['W{other}']", "wrong_operand",
                           {"expected": W, "used": f"W{other}"})  # fmt: skip
        if layer > 1 and other < layer - 1 and n[other] == n[layer - 1]:
            yield Edit("another A", Z, A, f"A{other}", "wrong_layer_cache",
                       {"expected": shown, "used": f"A{other}"})  # fmt: skip
    g = network.activation(layer)
    right = FORWARD[g].format(Z)
    for other, formula in FORWARD.items():
        if other != g and {g, other} != {"relu", "leaky_relu"}:
            yield Edit(other, f"A{layer}", right, formula.format(Z), "wrong_activation",
                       {"activation": g})  # fmt: skip
    if g in {"tanh", "sigmoid"}:
        yield Edit("twice", f"A{layer}", right, FORWARD[g].format(f"({right})"),
                   "wrong_layer_cache", {"expected": Z, "used": f"A{layer}"})  # fmt: skip


def edits_of_dW(network, layer):
    """Mistakes in dW = dZ Aᵀ / m."""
    dW, dZ, A = f"dW{layer}", f"dZ{layer}", f"A{layer - 1}"
    shown = "X" if layer == 1 else A
    n = network.sizes
    yield Edit("no 1/m", dW, " / m", "", "missing_1_over_m")
    yield Edit("1/m twice", dW, " / m", " / m / m", "extra_1_over_m")
    yield Edit("times 2", dW, dZ, f"2 * {dZ}", "constant_factor", {"factor": 2.0})
    yield Edit("half", dW, " / m", " / (2 * m)", "constant_factor", {"factor": 0.5})
    yield Edit("learning rate", dW, dZ, f"0.01 * {dZ}", "constant_factor", {"factor": 0.01})
    yield Edit("minus", dW, dZ, f"-{dZ}", "sign")
    if n[0] not in {network.m, 1}:
        as_text = {"as_text": "m/n[0]"}
        yield Edit("m is n[0]", dW, " / m", " / X.shape[0]", "constant_factor", as_text)
    yield Edit("weight decay", dW, " / m", f" / m + 0.3 * W{layer}", "extra_term",
               {"term": f"W{layer}"})  # fmt: skip
    yield Edit("weight decay / m", dW, " / m", f" / m + 0.7 / m * W{layer}", "extra_term",
               {"term": f"W{layer}"})  # fmt: skip
    yield Edit("last example", dW, f"{dZ} @ {A}.T", f"{dZ}[:, -1:] @ {A}[:, -1:].T",
               "one_example_only")  # fmt: skip
    yield Edit("first example", dW, f"{dZ} @ {A}.T / m", f"np.outer({dZ}[:, 0], {A}[:, 0])",
               "one_example_only")  # fmt: skip
    yield Edit("turned", dW, f"{dZ} @ {A}.T", f"{A} @ {dZ}.T", "transposed", {"operand": dW})
    yield Edit("tanh again", dW, f"{A}.T", f"np.tanh({A}).T", "wrong_layer_cache",
               {"expected": shown})  # fmt: skip
    yield Edit("no A", dW, f" @ {A}.T", "", "missing_operand", {"operand": shown})
    yield Edit("whole numbers", dW, f"{dZ} @ {A}.T / m", f"({dZ} @ {A}.T / m * 9 / 9).astype(int)",
               "dtype_or_integer_division")  # fmt: skip
    yield Edit("1 // m", dW, f"{dZ} @ {A}.T / m", f"(1 // m) * ({dZ} @ {A}.T)",
               "dtype_or_integer_division", {"how": "zero"})  # fmt: skip
    yield Edit("half precision", dW, f"{dZ} @ {A}.T / m", f"({dZ} @ {A}.T / m).astype('f2')",
               "precision")  # fmt: skip
    yield Edit("nan", dW, " / m", " / m * np.nan", "nan_or_inf")
    yield Edit("division by 0", dW, " / m", " / np.float64(0 * m)", "nan_or_inf")
    yield Edit("a column too few", dW, f"{dZ} @ {A}.T", f"np.hstack([{dZ} @ {A}.T] * 2)", "shape")
    yield Edit("zeros", dW, f"{dZ} @ {A}.T / m", f"np.zeros(W{layer}.shape)", "all_zero")
    if layer > 1:
        yield Edit("Z for A", dW, f"{A}.T", f"Z{layer - 1}.T", "wrong_layer_cache",
                   {"expected": A, "used": f"Z{layer - 1}"})  # fmt: skip
    if n[layer] == n[layer - 1]:
        yield Edit("A of its own layer", dW, f"{A}.T", f"A{layer}.T", "wrong_layer_cache",
                   {"expected": shown, "used": f"A{layer}"})  # fmt: skip
        if n[layer] == network.m:
            yield Edit("star", dW, "@", "*", "matmul_vs_elementwise", {"expected": "@"})
            yield Edit("no T", dW, f"{A}.T", A, "transposed", {"operand": shown})
    if layer < network.L:
        yield Edit("dA for dZ", dW, dZ, f"(W{layer + 1}.T @ dZ{layer + 1})", "wrong_operand",
                   {"expected": dZ, "used": f"dA{layer}"})  # fmt: skip


def edits_of_db(network, layer):
    """Mistakes in db = Σ dZ / m."""
    db, dZ = f"db{layer}", f"dZ{layer}"
    many = network.sizes[layer] > 1
    yield Edit("no 1/m", db, " / m", "", "sum_instead_of_mean")
    yield Edit("1/m twice", db, " / m", " / m / m", "extra_1_over_m")
    yield Edit("4/m", db, "np.sum", "4 * np.sum", "constant_factor", {"factor": 4.0})
    yield Edit("minus", db, "np.sum", "-np.sum", "sign")
    yield Edit("no keepdims", db, ", keepdims=True", "", "missing_keepdims")
    yield Edit("not summed", db, f"np.sum({dZ}, axis=1, keepdims=True)", dZ, "wrong_axis",
               {"axis": "none"} if many else {})  # fmt: skip
    yield Edit("last example", db, f"np.sum({dZ}, axis=1, keepdims=True)", f"{dZ}[:, -1:]",
               "one_example_only")  # fmt: skip
    if many:
        yield Edit("axis 0", db, "axis=1", "axis=0", "wrong_axis", {"axis": 0})
        yield Edit("no axis", db, "axis=1, ", "", "wrong_axis", {"axis": "all"})
    if layer < network.L:
        yield Edit("dA for dZ", db, dZ, f"W{layer + 1}.T @ dZ{layer + 1}", "wrong_operand",
                   {"used": f"dA{layer}"})  # fmt: skip


def edits_of_dA(network, layer, fused):
    """Mistakes in dA = Wᵀ dZ, which stand in dZ where dA is not written out."""
    q = f"dZ{layer}" if fused else f"dA{layer}"
    W, dZ, n = f"W{layer + 1}", f"dZ{layer + 1}", network.sizes
    yield Edit("dW for W", q, f"{W}.T", f"d{W}.T", "wrong_operand",
               {"expected": W, "used": f"d{W}"})  # fmt: skip
    yield Edit("minus", q, f"{W}.T", f"-{W}.T", "sign")
    yield Edit("1/m", q, f"{W}.T", f"1 / m * {W}.T", "extra_1_over_m")
    yield Edit("times 3", q, f"{W}.T", f"3 * {W}.T", "constant_factor", {"factor": 3.0})
    if n[layer] == n[layer + 1]:
        yield Edit("no T", q, f"{W}.T", W, "transposed", {"operand": W})
        yield Edit("no W", q, f"{W}.T @ ", "", "missing_operand", {"operand": W})
        if n[layer] == network.m:
            yield Edit("star", q, "@", "*", "matmul_vs_elementwise", {"expected": "@"})
    if n[layer - 1] == n[layer] == n[layer + 1]:
        yield Edit("W of its own layer", q, f"{W}.T", f"W{layer}.T", "wrong_operand",
                   {"expected": W, "used": f"W{layer}"})  # fmt: skip
    if layer + 1 == network.L:
        yield Edit("A for dZ", q, f"@ {dZ}", f"@ A{layer + 1}", "wrong_operand",
                   {"expected": dZ, "used": f"A{layer + 1}"})  # fmt: skip


def edits_of_dZ(network, layer):
    """Mistakes in dZ = dA * g'(Z) of a hidden layer."""
    q, g, n = f"dZ{layer}", network.hidden, network.sizes
    slope = SLOPE[g].format(layer)
    wrong = "wrong_activation_derivative"
    yield Edit("no slope", q, f" * {slope}", "", "missing_activation_derivative")
    if g in OF_A:
        yield Edit("g'(A)", q, slope, OF_A[g].format(layer), wrong, {"variant": "of_a"})
        yield Edit("twice", q, slope, f"{slope} * {slope}", wrong, {"variant": "twice"})
    for other in ("tanh", "sigmoid", "relu"):
        if other != g:
            yield Edit(f"slope of {other}", q, slope, SLOPE[other].format(layer), wrong,
                       {"variant": "other_activation", "used_activation": other})  # fmt: skip
    if n[layer] == n[layer + 1] and layer + 1 < network.L:
        yield Edit("slope of the next layer", q, slope, SLOPE[g].format(layer + 1), wrong,
                   {"variant": "other_layer"})  # fmt: skip
    if layer + 1 == network.L and (n[layer] == n[layer + 1] or n[layer + 1] == 1):
        yield Edit("slope of the output", q, slope, SLOPE["sigmoid"].format(layer + 1), wrong,
                   {"variant": "other_layer"})  # fmt: skip
    if n[layer] == network.m:
        yield Edit("@ for *", q, f" * {slope}", f" @ {slope}", "matmul_vs_elementwise",
                   {"expected": "*"})  # fmt: skip
    if g == "tanh":
        yield Edit("1 - A", q, slope, f"(1 - A{layer})", wrong, {"variant": "malformed"})
        yield Edit("A for slope", q, slope, f"A{layer}", wrong, {"variant": "value"})


def edits_of_output(network):
    """Mistakes in dZ[L] = A[L] − Y."""
    L, q = network.L, f"dZ{network.L}"
    A, right = f"A{L}", f"A{L} - Y"
    yield Edit("turned round", q, right, f"Y - {A}", "sign")
    yield Edit("no Y", q, " - Y", "", "missing_term", {"term": "Y"})
    yield Edit("plus Y", q, " - Y", " + Y", "wrong_loss_derivative")
    yield Edit("Z for A", q, A, f"Z{L}", "wrong_layer_cache", {"expected": A, "used": f"Z{L}"})
    yield Edit("1/m", q, right, f"({right}) / m", "extra_1_over_m")
    yield Edit("times 2", q, right, f"2 * ({right})", "constant_factor", {"factor": 2.0})
    if network.output == "sigmoid":
        slope = SLOPE["sigmoid"].format(L)
        yield Edit("squared error", q, right, f"({right}) * {slope}", "wrong_loss_derivative",
                   {"used_loss": "squared_error"})  # fmt: skip
        yield Edit("no slope", q, right, f"-Y / {A} + (1 - Y) / (1 - {A})",
                   "missing_activation_derivative")  # fmt: skip
        yield Edit("misprinted loss", q, right, f"(-Y / {A} - (1 - Y) / (1 - {A})) * {slope}",
                   "wrong_loss_derivative")  # fmt: skip


NETWORKS = [
    Network((3, 4, 1), "tanh", 9),
    Network((3, 4, 1), "sigmoid", 6),
    Network((5, 4, 1), "relu", 7),
    Network((4, 4, 4, 1), "tanh", 5),
    Network((2, 3, 3, 2), "leaky_relu", 10),
    Network((3, 5, 4, 3, 1), "sigmoid", 8),
    Network((6, 6, 6, 6), "tanh", 6),
    Network((3, 4, 3), "tanh", 8, "softmax"),
    Network((3, 1), "tanh", 7),
]


def forward_edits(network, fused):
    """Every edit of a network's forward pass."""
    for layer in range(1, network.L + 1):
        yield from edits_of_forward(network, layer)


def edits(network, fused):
    """Every edit of a network's derivation."""
    for layer in range(network.L, 0, -1):
        yield from edits_of_dW(network, layer)
        yield from edits_of_db(network, layer)
        if layer < network.L:
            yield from edits_of_dA(network, layer, fused)
            yield from edits_of_dZ(network, layer)
    yield from edits_of_output(network)


@dataclass(frozen=True)
class Specimen:
    """A wrong derivation, and its mistake's right name."""

    network: Network
    edit: Edit
    text: str
    returned: str

    @property
    def quantity(self):
        """Where the mistake shows: in dZ, if dA is computed on the way and not handed in."""
        q = self.edit.quantity
        return q if q[:2] in RETURNS[self.returned] else q.replace("dA", "dZ")

    def __str__(self):
        shape = "-".join(map(str, self.network.sizes))
        return f"{shape} {self.network.hidden} m={self.network.m} {self.edit.quantity}: " \
               f"{self.edit.name}"  # fmt: skip


def specimens(returned="all", edits=edits):
    """All edits of all networks; dA is written out in every other network."""
    for network, fused in zip(NETWORKS, itertools.cycle([False, True]), strict=False):
        right = lines(network, fused)
        for edit in edits(network, fused):
            yield Specimen(network, edit, source(edited(right, edit), returned), returned)
