"""The rows that rearrange.

One entry for each row: how to call it and where it is safe to evaluate. `test_table` does the rest.
"""

import numpy as np
from cases import on
from strategies import REAL

CASES = {
    np.reshape: on(REAL, call=lambda x: np.reshape(x, (3, -1)), shapes=((6,), (2, 3), (3, 1)))
    + on(REAL, call=lambda x: np.reshape(x, ()), shapes=((1, 1), ())),
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
    np.ravel: on(REAL, shapes=((), (3,), (2, 3), (0, 2))),
    np.squeeze: on(REAL, shapes=((), (1, 3), (2, 1, 2)))
    + on(REAL, call=lambda x: np.squeeze(x, axis=-2), shapes=((1, 3), (2, 1, 2))),
    np.swapaxes: on(REAL, call=lambda x: np.swapaxes(x, 0, -1), shapes=((3,), (2, 3), (2, 1, 3))),
    np.expand_dims: on(REAL, call=lambda x: np.expand_dims(x, (0, -1)), shapes=((), (3,), (2, 3))),
}  # fmt: skip
