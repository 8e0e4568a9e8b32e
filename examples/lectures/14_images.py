"""The image classifier: pictures unrolled into columns, a deep network, its first weights drawn.

By default faces against other patches (scikit-image's `lfw_subset`: 200 of 25 × 25), then patches
of a cat's picture against those of three others, 64 × 64 × 3 as in the course: 12288 features.
With `--data train.h5` the course's file (train_set_x (209, 64, 64, 3) uint8, train_set_y); with
`--data folder` the pictures in its two subfolders, the second by name being class 1.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from skimage import data
from skimage.color import gray2rgb
from skimage.io import imread
from skimage.transform import resize
from sklearn.model_selection import train_test_split

import nn

SIDE = 64  # of the pictures of a folder, and of the cat's patches
Data = tuple[Any, Any, Any]  # images (m, height, width[, 3]) in [0, 1], labels (m,), which to test


def split(images: Any, labels: Any) -> Data:
    """A quarter of each class is kept for the test."""
    every = np.arange(len(labels))
    _, chosen = train_test_split(every, test_size=0.25, random_state=0, stratify=labels)
    return images, labels, np.isin(every, chosen)


def cat() -> Data:
    """Patches of a cat and of an astronaut, a coffee, a rocket; the right halves for the test."""
    rng, found = np.random.default_rng(0), []
    for load in (data.chelsea, data.astronaut, data.coffee, data.rocket):
        is_cat = load is data.chelsea
        for test, half in enumerate(np.array_split(load() / 255, 2, axis=1)):
            for _ in range(90 if is_cat else 30):
                y, x = (rng.integers(0, n - SIDE + 1) for n in half.shape[:2])
                found.append((half[y : y + SIDE, x : x + SIDE], is_cat, test))
    images, labels, tests = zip(*found)
    return np.array(images), np.array(labels, int), np.array(tests, bool)


def from_course(path: Path) -> Data:
    """The images and labels of the course's file."""
    with h5py.File(path) as file:
        if not {"train_set_x", "train_set_y"} <= set(file):
            raise SystemExit(f"{path}: got {list(file)}; expected train_set_x and train_set_y")
        return split(file["train_set_x"][:] / 255, file["train_set_y"][:].ravel())


def from_folder(path: Path) -> Data:
    """The pictures in the two subfolders, as RGB of one size."""
    folders = sorted(p for p in path.iterdir() if p.is_dir())
    if len(folders) != 2:
        raise SystemExit(f"{path}: got {len(folders)} subfolders; expected 2, one for each class")
    files = [sorted(folder.glob("[!.]*")) for folder in folders]
    pictures = [imread(file) for each in files for file in each]
    pictures = [gray2rgb(p) if p.ndim == 2 else p[..., :3] for p in pictures]
    images = np.array([resize(p, (SIDE, SIDE), anti_aliasing=True) for p in pictures])
    return split(images, np.repeat([0, 1], [len(each) for each in files]))


def learn(given: Data, epochs: int, picture: Path) -> float:
    """Train, test, draw the weights of the first layer as images."""
    images, labels, test = given
    X, Y = images.reshape(len(images), -1).T, labels.reshape(1, -1)  # a column for each image
    X = X - X[:, ~test].mean(axis=1, keepdims=True)
    network = nn.DeepNetwork([len(X), 16, 5, 1], hidden="relu", seed=0)
    print(f"{len(images)} images {images.shape[1:]}: X is {X.shape}, Y is {Y.shape}\n")
    print(f"{nn.shapes(network, int(np.sum(~test)))}\n")
    adam = nn.Adam(network.parameters(), lr=0.001, weight_decay=0.01)
    known, new = (X[:, ~test], Y[:, ~test]), (X[:, test], Y[:, test])
    history = nn.fit(
        network, *known, epochs=epochs, batch_size=32, optimizer=adam, seed=0, progress=False
    )
    accuracy = nn.accuracy(network, *new)
    print(f"{history}\ntraining accuracy {nn.accuracy(network, *known):.3f}")
    print(f"test accuracy     {accuracy:.3f}  ({test.sum()} images that it has not seen)")
    nn.plots.weights(network, image_shape=images.shape[1:], path=picture)
    print(f"wrote {picture}\n")
    return accuracy


def main(out: Path, path: Path | None = None) -> float:
    """The faces and the cat, or the reader's pictures."""
    out.mkdir(parents=True, exist_ok=True)
    if path is not None:
        return learn((from_folder if path.is_dir() else from_course)(path), 60, out / "14.png")
    faces = split(data.lfw_subset(), np.repeat([1, 0], 100))  # the first 100 are
    accuracy = learn(faces, 60, out / "14_images.png")
    cats = learn(cat(), 10, out / "14_cat.png")
    print("It has seen the left halves and is less often right on the others: what it has learned")
    print("is this cat's colours and fur, not what a cat is.")
    assert accuracy > 0.9
    assert cats > 0.65
    return accuracy


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the picture")
    parser.add_argument("--data", type=Path, help="the course's .h5 file, or a folder of pictures")
    given = parser.parse_args()
    main(given.out, given.data)
