"""The computations whose pictures were looked at, and are kept as files in golden/.

Their numbers are such that no rounding of the last bits shows. To draw the files anew, and look at
them, run `PYTHONPATH=. python tests/minigrad/viz/pictures.py`.
"""

from pathlib import Path

import numpy as np

import minigrad as mg
import nn

GOLDEN = Path(__file__).parent / "golden"


def grid(n, m, shift=0):
    """An (n, m) matrix of small multiples of 1/4 of either sign."""
    return (np.arange(n * m).reshape(n, m) * 7 + shift) % 11 / 4 - 1.25


def lecture():
    """J = 3(a + bc)."""
    a, b, c = mg.tensor(5), mg.tensor(3), mg.tensor(2)
    u = b * c
    v = a + u
    J = 3 * v
    return mg.graph(J, names=locals())


def logistic():
    """Logistic regression on three examples."""
    X, Y = np.array([[1.0, 2, -1], [0.5, -1, 2]]), np.array([[1.0, 0, 1]])
    w, b = mg.tensor([[0.5], [-0.25]]), mg.tensor(0)
    Z = w.T @ X + b
    A = nn.sigmoid(Z)
    J = nn.binary_cross_entropy(A, Y)
    return mg.graph(J, names=locals())


def network():
    """The lecture's network 3-5-5-3-1."""
    net = nn.DeepNetwork([3, 5, 5, 3, 1], hidden="tanh", init=lambda rng, n, m: grid(n, m))
    X, Y = grid(3, 4, 5), np.array([[1.0, 0, 0, 1]])
    A = net(X)
    J = nn.binary_cross_entropy(A, Y)
    return mg.graph(J, names={"X": X, "Y": Y, "A": A, "J": J})


def residual():
    """A residual block: what two layers make of their input is added to it."""
    first, second = lambda rng, n, m: grid(n, m, 3), lambda rng, n, m: grid(n, m, 6)
    block = nn.Sequential(nn.Linear(3, 3, init=first), nn.tanh, nn.Linear(3, 3, init=second))
    A = mg.tensor(grid(3, 4))
    B = A + block(A)
    J = (B * B).mean()
    return mg.graph(J, names={"A": A, "B": B, "J": J})


def lstm():
    """One step of an LSTM cell, in plain NumPy."""
    n, m = 2, 3
    W, b = mg.tensor(grid(4 * n, n + 2)), mg.tensor(np.zeros((4 * n, 1)))

    @mg.scope("LSTM cell")
    def cell(x, h, c):
        Z = W @ np.concatenate([h, x]) + b
        forget, update, output = (nn.sigmoid(Z[k * n : (k + 1) * n]) for k in range(3))
        c = forget * c + update * np.tanh(Z[3 * n :])
        return output * np.tanh(c), c

    x, h0, c0 = grid(2, m), mg.tensor(grid(n, m, 1)), mg.tensor(grid(n, m, 2))
    h, c = cell(x, h0, c0)
    J = (h * h).sum()
    return mg.graph(J, names=locals())


def chain():
    """1,200 operations, three of them again and again."""
    x = y = mg.tensor(0.5, name="x")
    for _ in range(400):
        y = np.sin(y) * 1.25 + x
    return mg.graph(y, names={"y": y})


PICTURES = {f.__name__: f for f in (lecture, logistic, network, residual, lstm, chain)}


if __name__ == "__main__":
    from minigrad.viz import dot

    for name, make in PICTURES.items():
        (GOLDEN / f"{name}.dot").write_text(dot.to_dot(make(), limit=dot.LIMIT), encoding="utf-8")
        for theme in ("light", "dark"):
            print(make().render(GOLDEN / f"{name}_{theme}.svg", theme=theme))
