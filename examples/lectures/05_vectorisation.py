"""Vectorisation: the dot product of two million-element vectors, in a loop and in one call."""

from __future__ import annotations

import argparse
from pathlib import Path
from time import perf_counter

import numpy as np
from matplotlib.figure import Figure

import minigrad as mg

N, REPEATS = 1_000_000, 20
NOTES = {"vectorised": 1.5, "loop": 474.0}  # ms, as the notes print


def main(out: Path) -> float:
    """Time both; returns how many times faster one call is."""
    rng = np.random.default_rng(0)
    a, b = rng.random(N), rng.random(N)
    times = []
    for _ in range(REPEATS):
        start = perf_counter()
        c = np.dot(a, b)
        times.append(perf_counter() - start)
    start = perf_counter()
    total = 0.0
    for i in range(N):
        total += a[i] * b[i]
    today = {"vectorised": 1000 * min(times), "loop": 1000 * (perf_counter() - start)}

    ratio, notes = today["loop"] / today["vectorised"], NOTES["loop"] / NOTES["vectorised"]
    np.testing.assert_allclose(total, c, rtol=1e-9)
    np.testing.assert_allclose(c / N, 0.25, rtol=0.01)  # the notes' 250286.989866 is as near
    assert ratio > 5
    print(f"np.dot {c:.6f}   {today['vectorised']:8.3f} ms")
    print(f"loop   {total:.6f}   {today['loop']:8.3f} ms")
    print(f"\ntoday {ratio:.0f}×; the notes: 474 ms / 1.5 ms = {notes:.0f}×, about 300×")

    da, db = mg.grad(np.dot, argnums=(0, 1))(a, b)  # the way back is vectorised too
    assert np.array_equal(da, b)
    assert np.array_equal(db, a)

    figure = Figure(figsize=(5, 2.2), layout="constrained")
    ax = figure.add_subplot(xscale="log", xlabel="ms")
    names = [f"{who}, {how}" for who in ("notes", "today") for how in NOTES]
    bars = ax.barh(
        names, [*NOTES.values(), *today.values()], color=["#9ca3af"] * 2 + ["#1f5fbf"] * 2
    )
    ax.bar_label(bars, fmt=" %.3g ms")
    ax.invert_yaxis()
    ax.margins(x=0.25)
    out.mkdir(parents=True, exist_ok=True)
    figure.savefig(out / "05_vectorisation.png")
    print(f"\nwrote {out / '05_vectorisation.png'}")
    return ratio


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the picture")
    main(parser.parse_args().out)
