"""The long tail of a 9: a ring on top of a stroke that is several times as high.

Fitted to 20 pixels, the ring of such a 9 shrinks to a thick end, and the networks see a 1 without any doubt.
With its tail no longer than MNIST's writers make it, they see the ring.
"""

from dataclasses import replace

import cv2
import numpy as np

from handgrad.arrays import NDArray
from handgrad.photos.marks import Mark
from handgrad.photos.traits import shape_of

SLENDER = 0.5  # a 9 with a long tail is at most this wide, in heights
RING_ENDS = 0.42  # its ring ends above this share of its height,
RING = 0.35  # and has a hole at least this wide, as a share of its width
KEPT = 2.3  # heights of the ring that are kept, from the top of the ring


def shortened(labels: NDArray, mark: Mark) -> Mark | None:
    """The mark without the end of its tail; None if it is no ring on a long stroke.

    labels (height, width): of the page.
    """
    if mark.width > SLENDER * mark.height:
        return None
    own = np.pad(shape_of(labels, mark), 1)
    count, _, stats, _ = cv2.connectedComponentsWithStats((own == 0).astype(np.uint8), connectivity=4)
    holes = np.asarray(stats)[2:] if count > 2 else np.zeros((0, 5), np.int64)  # after the ink, and the paper
    ends = holes[:, cv2.CC_STAT_TOP] + holes[:, cv2.CC_STAT_HEIGHT]
    rings = holes[:, cv2.CC_STAT_WIDTH] >= RING * mark.width
    rings &= ends <= RING_ENDS * mark.height
    if not rings.any():
        return None
    high = round(KEPT * float(ends[rings].max()))
    return replace(mark, bottom=mark.top + high) if high < mark.height else None
