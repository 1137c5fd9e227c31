"""The kernel that says where segments lie; it has a slow twin in the tests that it must equal."""

from __future__ import annotations

import numpy as np

from segmentation._jit import Array, kernel


@kernel("void(int32[:,::1], int64[::1], int32[:,::1], int32[:,::1])")
def locate(labels: Array, area: Array, box: Array, point: Array) -> None:
    """Fill area, half-open box and a pixel well inside of every label, in one pass over its rows.

    Of the middles of all horizontal runs that one counts from which the way out of the label is
    long: left, right, up or down, whichever is shortest. A later one must be better by more than
    an eighth, and odd rows serve labels without any yet, so that few are looked at closely.
    """
    height, width = labels.shape
    far = np.zeros(len(area), np.int64)  # steps until the label is left, 0: no pixel yet
    for y in range(height):
        x = 0
        while x < width:
            label = labels[y, x]
            start = x
            x += 1
            while x < width and labels[y, x] == label:
                x += 1
            if label == 0:
                continue
            row = label - 1
            if area[row] == 0:
                box[row, 0] = start
                box[row, 1] = y
            area[row] += x - start
            box[row, 0] = min(box[row, 0], start)
            box[row, 2] = max(box[row, 2], x)
            box[row, 3] = y + 1
            if y & 1 and far[row] > 0:
                continue
            reach = min((x - start - 1) // 2, y, height - 1 - y)
            least = far[row] + far[row] // 8
            middle = (start + x - 1) // 2
            # Looking at both ends first spares most walks.
            if (
                reach < least
                or labels[y - least, middle] != label
                or labels[y + least, middle] != label
            ):
                continue
            step = 0
            while (
                step < reach
                and labels[y - step - 1, middle] == label
                and labels[y + step + 1, middle] == label
            ):
                step += 1
            if step >= least:
                far[row] = step + 1
                point[row, 0] = middle
                point[row, 1] = y
