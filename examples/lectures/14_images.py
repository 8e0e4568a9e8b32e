"""The image classifier: pictures unrolled into columns, a deep network, its first weights drawn.

By default faces against other patches (scikit-image's `lfw_subset`: 200 of 25 × 25). With
`--data train.h5` the course's file (train_set_x (209, 64, 64, 3) uint8, train_set_y); with
`--data folder` the pictures in its two subfolders, the second by name being class 1.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

import nn

SIDE = 64  # of the pictures of a folder


def from_course(path: Path) -> tuple[Any, Any]:
    """The images and labels of the course's file."""
    import h5py

    with h5py.File(path) as file:
        names = [k for q in "xy" for k in file if k.endswith(f"set_{q}")]
        if len(names) != 2:
            raise SystemExit(f"{path}: got {list(file)}; expected train_set_x and train_set_y")
        images, labels = (file[name][:] for name in names)
    return images / 255, labels


def from_folder(path: Path) -> tuple[Any, Any]:
    """The pictures in the two subfolders, as RGB of one size."""
    from skimage.color import gray2rgb
    from skimage.io import imread
    from skimage.transform import resize

    folders = sorted(p for p in path.iterdir() if p.is_dir())
    if len(folders) != 2:
        raise SystemExit(f"{path}: got {len(folders)} subfolders; expected 2, one for each class")
    images, labels = [], []
    for label, folder in enumerate(folders):
        for file in sorted(folder.glob("[!.]*")):
            image = imread(file)
            image = gray2rgb(image) if image.ndim == 2 else image[..., :3]
            images.append(resize(image, (SIDE, SIDE), anti_aliasing=True))
            labels.append(label)
    return np.array(images), np.array(labels)


def load(path: Path | None) -> tuple[Any, Any]:
    """Images (m, height, width) or (m, height, width, 3) within [0, 1], and labels (m,)."""
    if path is not None:
        return from_folder(path) if path.is_dir() else from_course(path)
    from skimage import data

    return data.lfw_subset(), np.repeat([1, 0], 100)  # the first 100 are faces


def main(out: Path, path: Path | None = None, epochs: int = 60) -> float:
    """Train, test; draw the weights of the first layer as images into `out`."""
    images, labels = load(path)
    image_shape = images.shape[1:]
    train, test = train_test_split(
        np.arange(len(images)), test_size=0.25, random_state=0, stratify=labels
    )
    unrolled = images.reshape(len(images), -1).T  # a column for each image
    X = unrolled - unrolled[:, train].mean(axis=1, keepdims=True)
    Y = labels.reshape(1, -1)
    assert image_shape != (64, 64, 3) or len(X) == 12288  # the notes' feature vector
    print(f"{len(images)} images {image_shape}: X is {X.shape}, Y is {Y.shape}")

    network = nn.DeepNetwork([len(X), 16, 5, 1], hidden="relu", seed=0)
    print(f"\n{nn.shapes(network, len(train))}\n")
    optimizer = nn.Adam(network.parameters(), lr=0.001, weight_decay=0.01)
    history = nn.fit(
        network, X[:, train], Y[:, train],
        epochs=epochs, batch_size=32, optimizer=optimizer, seed=0, progress=False,
    )  # fmt: skip
    accuracy = nn.accuracy(network, X[:, test], Y[:, test])
    print(f"{history}\ntraining accuracy {nn.accuracy(network, X[:, train], Y[:, train]):.3f}")
    print(f"test accuracy     {accuracy:.3f}  ({len(test)} images that it has not seen)")

    assert path is not None or accuracy > 0.9

    out.mkdir(parents=True, exist_ok=True)
    nn.plots.weights(network, image_shape=image_shape, path=out / "14_images.png")
    print(f"wrote {out / '14_images.png'}")
    return accuracy


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for the picture")
    parser.add_argument("--data", type=Path, help="the course's .h5 file, or a folder of pictures")
    given = parser.parse_args()
    main(given.out, given.data)
