"""The rows that rearrange.

One entry for each row: how to call it and where it is safe to evaluate. `test_table` does the rest.
"""

import numpy as np
from cases import on
from strategies import REAL

CASES = {
    np.reshape: on(REAL, call=lambda x: np.reshape(x, (3, -1)), shapes=((6,), (2, 3), (3, 1)))
    + on(REAL, call=lambda x: np.reshape(x, ()), shapes=((1, 1), ()))
    + on(REAL, call=lambda x: np.reshape(x, (3, -1), "F"), shapes=((6,), (2, 3), (3, 2, 2))),
    np.transpose: on(REAL, shapes=((), (3,), (2, 3), (0, 2), (2, 3, 2)))
    + on(REAL, call=lambda x: np.transpose(x, (2, 0, -2)), shapes=((2, 3, 2),)),
    np.broadcast_to: on(
        REAL, call=lambda x: np.broadcast_to(x, (2, 3)), shapes=((), (3,), (2, 1), (2, 3))
    )
    + on(REAL, call=lambda x: np.broadcast_to(x, (0, 3)), shapes=((), (3,), (1, 3))),
    np.concatenate: on(
        REAL, REAL, call=lambda a, b: np.concatenate([a, b]),
        shapes=(((2,), (3,)), ((0,), (2,)), ((1, 2), (3, 2))),
    )
    + on(
        REAL, REAL, REAL, call=lambda *xs: np.concatenate(xs, axis=-1),
        shapes=(((2, 1), (2, 3), (2, 0)),),
    )
    + on(
        REAL, REAL, call=lambda a, b: np.concatenate([a, b], axis=None),
        shapes=(((2, 2), (3,)), ((0,), (2, 1))),
    ),
    np.stack: on(REAL, REAL, call=lambda a, b: np.stack([a, b]), shapes=(((), ()), ((3,), (3,))))
    + on(
        REAL, REAL, REAL, call=lambda *xs: np.stack(xs, axis=-2),
        shapes=(((2, 3),) * 3, ((0, 2),) * 3),
    ),
    np.ravel: on(REAL, shapes=((), (3,), (2, 3), (0, 2)))
    + on(REAL, call=lambda x: np.ravel(x, order="F"), shapes=((), (3,), (2, 3), (2, 3, 2))),
    np.matrix_transpose: on(REAL, shapes=((2, 3), (2, 3, 2))),
    np.squeeze: on(REAL, shapes=((), (1, 3), (2, 1, 2)))
    + on(REAL, call=lambda x: np.squeeze(x, axis=-2), shapes=((1, 3), (2, 1, 2))),
    np.swapaxes: on(REAL, call=lambda x: np.swapaxes(x, 0, -1), shapes=((3,), (2, 3), (2, 1, 3))),
    np.expand_dims: on(REAL, call=lambda x: np.expand_dims(x, (0, -1)), shapes=((), (3,), (2, 3))),
    np.copy: on(REAL),
    np.moveaxis: on(REAL, call=lambda x: np.moveaxis(x, 0, -1), shapes=((3,), (2, 3), (2, 3, 2)))
    + on(REAL, call=lambda x: np.moveaxis(x, (0, -1), (1, 0)), shapes=((2, 3), (2, 3, 4))),
    np.rollaxis: on(REAL, call=lambda x: np.rollaxis(x, -1), shapes=((3,), (2, 3, 2)))
    + on(REAL, call=lambda x: np.rollaxis(x, 0, 2), shapes=((2, 3), (2, 3, 2)))
    + on(REAL, call=lambda x: np.rollaxis(x, 1, -1), shapes=((2, 3, 4),)),
    np.flip: on(REAL, shapes=((3,), (2, 3), (0, 2)))
    + on(REAL, call=lambda x: np.flip(x, (0, -1)), shapes=((2, 3), (2, 3, 2))),
    np.fliplr: on(REAL, shapes=((2, 3),)),
    np.flipud: on(REAL, shapes=((3,), (2, 3))),
    np.rot90: on(REAL, shapes=((2, 3), (0, 2)))
    + on(REAL, call=lambda x: np.rot90(x, 3, (-1, 0)), shapes=((2, 3), (2, 2, 3))),
    np.roll: on(REAL, call=lambda x: np.roll(x, 2), shapes=((), (3,), (2, 3), (0,)))
    + on(REAL, call=lambda x: np.roll(x, -1, axis=0), shapes=((3,), (2, 3)))
    + on(REAL, call=lambda x: np.roll(x, (1, 2), axis=(0, -1)), shapes=((2, 3), (2, 3, 4))),
    np.repeat: on(REAL, call=lambda x: np.repeat(x, 2), shapes=((), (3,), (2, 3), (0,)))
    + on(REAL, call=lambda x: np.repeat(x, [2, 0], axis=0), shapes=((2,), (2, 3)))
    + on(REAL, call=lambda x: np.repeat(x, 3, axis=-1), shapes=((2,), (2, 3)))
    + on(REAL, call=lambda x: np.repeat(x, [2], axis=-2), shapes=((2, 3), (2, 3, 2), (2, 0)))
    + on(REAL, call=lambda x: np.repeat(x, 0, axis=0), shapes=((2,), (2, 3))),
    np.tile: on(REAL, call=lambda x: np.tile(x, 2), shapes=((), (3,), (2, 3), (0,)))
    + on(REAL, call=lambda x: np.tile(x, (2, 1, 3)), shapes=((), (2,), (2, 3), (2, 2, 3, 1)))
    + on(REAL, call=lambda x: np.tile(x, (2, 0)), shapes=((2,), (2, 3), (0, 2))),
    np.delete: on(REAL, call=lambda x: np.delete(x, 1), shapes=((3,), (2, 3)))
    + on(REAL, call=lambda x: np.delete(x, [0, -1], axis=-1), shapes=((3,), (2, 3))),
    np.resize: on(REAL, call=lambda x: np.resize(x, (2, 4)), shapes=((3,), (2, 3), (9,))),
    np.pad: on(REAL, call=lambda x: np.pad(x, 1), shapes=((), (3,), (2, 3), (0,)))
    + on(REAL, call=lambda x: np.pad(x, (1, 2), constant_values=5), shapes=((3,), (2, 3)))
    + on(REAL, call=lambda x: np.pad(x, ((1, 0), (0, 2)), mode="constant"), shapes=((2, 3),))
    + on(REAL, call=lambda x: np.pad(x, ((0, 0), (7, 3)), "wrap"), shapes=((2, 2), (2, 1)))
    + on(REAL, call=lambda x: np.pad(x, ((2, 0), (0, 9)), "reflect"), shapes=((3, 2), (1, 4)))
    + [
        case
        for mode in ("edge", "reflect", "symmetric", "wrap")
        for case in on(REAL, call=lambda x, m=mode: np.pad(x, (1, 4), m), shapes=((3,), (2, 3)))
    ],
    np.tril: on(REAL, shapes=((3,), (2, 3), (2, 3, 3)))
    + on(REAL, call=lambda x: np.tril(x, -1), shapes=((3, 2),)),
    np.triu: on(REAL, shapes=((3,), (2, 3), (2, 3, 3)))
    + on(REAL, call=lambda x: np.triu(x, 1), shapes=((3, 2),)),
    np.diag: on(REAL, shapes=((3,), (2, 3), (0,)))
    + on(REAL, call=lambda x: np.diag(x, -1), shapes=((3,), (2, 3))),
    np.diagonal: on(REAL, shapes=((2, 3), (2, 2, 3), (0, 2)))
    + on(REAL, call=lambda x: np.diagonal(x, 1, 0, -1), shapes=((2, 3), (2, 2, 3)))
    + on(REAL, call=lambda x: np.diagonal(x, 0, -1, -2), shapes=((3, 3), (2, 3, 3))),
    np.diagflat: on(REAL, call=lambda x: np.diagflat(x, 1), shapes=((), (3,), (2, 2))),
    np.trace: on(REAL, shapes=((2, 3), (2, 2, 3)))
    + on(REAL, call=lambda x: np.trace(x, -1, axis1=1, axis2=0), shapes=((2, 3), (2, 2, 3))),
}  # fmt: skip
