"""Images of no digit: letters, operators, several digits, frames, shapes, scribbles, noise, blank paper.

The outputs of the network in the box are to be low for all of them. Letters that have a digit's shape are
left out (b, g, I, l, O, q, S, Z ...), and so is what may be a 1, a 0 or a 4: slashes, narrow frames, two 1.
"""

from collections.abc import Callable, Collection

import cv2
import numpy as np
from paths import smooth
from placing import placed, trimmed

from handgrad.arrays import NDArray
from handgrad.photos.normalisation import SIDE

LETTERS = "AEFHKLMNPRTVWXdefhkmnprtvwx+-=#%<>"  # none has the shape of a digit
FONTS = [cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_PLAIN, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX]
SIZES = 5.0  # of letters, relative to OpenCV's


def letter(rng: np.random.Generator, images: NDArray) -> NDArray:
    """A letter or an operator of one of OpenCV's fonts, leaned and turned."""
    text, font = LETTERS[rng.integers(len(LETTERS))], FONTS[rng.integers(len(FONTS))]
    size = SIZES * (2 if font == cv2.FONT_HERSHEY_PLAIN else 1)
    ink = np.zeros((260, 260), np.uint8)
    cv2.putText(ink, text, (60, 190), font, size, 255, int(rng.integers(8, 24)))
    lean, wide = rng.normal(0.08, 0.2), np.exp(rng.normal(0, 0.2))
    turn = cv2.getRotationMatrix2D((130, 130), rng.normal(0, 7), 1)
    turn[:, :2] = turn[:, :2] @ np.array([[wide, -lean], [0, 1]])
    turn[:, 2] = np.array([200, 200]) - turn[:, :2] @ np.array([130, 130])
    return placed(trimmed(cv2.warpAffine(ink, turn, (400, 400))))


def several(rng: np.random.Generator, images: NDArray) -> NDArray:
    """Two to four digits side by side in the room of one."""
    chosen = [trimmed(images[rng.integers(len(images))]) for _ in range(rng.integers(2, 5))]
    chosen = [one for one in chosen if one.shape[1] > 8] or chosen  # two 1 might be an open 4
    if len(chosen) == 1:
        chosen = chosen * 2
    high, gap = max(one.shape[0] for one in chosen), int(rng.integers(0, 7))
    parts = [np.pad(one, ((high - one.shape[0], 0), (0, gap))) for one in chosen]
    return placed(trimmed(np.concatenate(parts, axis=1)))


def shape(rng: np.random.Generator, images: NDArray) -> NDArray:
    """Frames, grids, bars, crosses, filled shapes, stars, arrows, waves, scribbles."""
    side, pen = 160, int(rng.integers(8, 34))
    ink = np.zeros((side, side), np.uint8)
    low, high = rng.integers(0, 26, 2) + pen // 2, side - rng.integers(0, 26, 2) - pen // 2
    (left, top), (right, bottom) = low.tolist(), high.tolist()
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    kind = int(rng.integers(8))
    if kind == 0:  # a frame, whole or with a side missing, perhaps divided
        sides = rng.permutation(4)[: rng.integers(3, 5)]
        for at in sides:
            cv2.line(ink, corners[at], corners[(at + 1) % 4], 255, pen)
        for _ in range(int(rng.integers(3)) if len(sides) == 4 else 0):
            across = rng.integers(2)
            at = int(rng.integers(top, bottom) if across else rng.integers(left, right))
            cv2.line(
                ink, (left, at) if across else (at, top), (right, at) if across else (at, bottom), 255, pen
            )
    elif kind == 1:  # parallel bars
        for at in np.linspace(pen, side - pen, int(rng.integers(2, 5))).round().astype(int).tolist():
            cv2.line(ink, (left, at), (right, at + int(rng.integers(-8, 9))), 255, min(pen, 20))
    elif kind == 2:  # a bar that lies
        tilt = int(rng.integers(-45, 46))
        cv2.line(ink, (pen, 80 - tilt // 2), (side - pen, 80 + tilt // 2), 255, pen)
    elif kind == 3:  # a blot
        axes = (int(rng.integers(45, 80)), int(rng.integers(45, 80)))
        cv2.ellipse(ink, (80, 80), axes, float(rng.uniform(0, 180)), 0, 360, 255, -1)
    elif kind == 4:  # a filled square or triangle, or one's outline
        count = int(rng.integers(3, 5))
        points = np.array(corners[:count], np.int32)
        cv2.fillPoly(ink, [points], 255) if rng.random() < 0.5 else cv2.polylines(
            ink, [points], True, 255, pen
        )
    elif kind == 5:  # rays from a point: crosses, stars, arrows
        at, spread = rng.uniform(60, 100, 2), rng.uniform(0, np.pi)
        for angle in spread + np.linspace(0, 2 * np.pi, int(rng.integers(4, 9)), endpoint=False):
            end = at + rng.uniform(45, 75) * np.array([np.cos(angle), np.sin(angle)])
            cv2.line(
                ink, np.rint(at).astype(int).tolist(), np.rint(end).astype(int).tolist(), 255, pen // 2 + 3
            )
    elif kind == 6:  # a wave
        x = np.linspace(pen, side - pen, 60)
        y = 80 + rng.uniform(15, 50) * np.sin(x / rng.uniform(8, 22) + rng.uniform(0, 6))
        cv2.polylines(ink, [np.stack([x, y], 1).round().astype(np.int32)], False, 255, pen // 2 + 3)
    else:  # a scribble
        places = rng.uniform(10, 150, (int(rng.integers(9, 18)), 2))
        cv2.polylines(ink, [smooth(*map(tuple, places)).round().astype(np.int32)], False, 255, pen // 2 + 3)
    return placed(trimmed(ink))


def texture(rng: np.random.Generator, images: NDArray) -> NDArray:
    """Blank, nearly blank, all ink, noise, specks, or a digit with paper and ink exchanged."""
    kind = int(rng.integers(8))
    if kind in (0, 6, 7):
        return np.full((SIDE, SIDE), 0, np.uint8)
    if kind == 1:
        return np.full((SIDE, SIDE), rng.integers(1, 256), np.uint8)
    if kind == 2:
        return np.asarray(255 - images[rng.integers(len(images))])
    noise = rng.integers(0, 256, (SIDE, SIDE)).astype(np.uint8)
    if kind == 3:
        return noise // np.uint8(rng.integers(1, 20))
    if kind == 4:
        return np.asarray(noise * (rng.random(noise.shape) < rng.uniform(0.002, 0.2)))
    smooth = cv2.GaussianBlur(rng.standard_normal((SIDE, SIDE)), (0, 0), rng.uniform(1, 4))
    return np.asarray(np.where(smooth > rng.uniform(0, 1) * smooth.std(), 255, 0), np.uint8)


NOTHINGS: dict[Callable[[np.random.Generator, NDArray], NDArray], float] = {
    letter: 0.4,
    several: 0.2,
    shape: 0.25,
    texture: 0.15,
}


def nothings(count: int, seed: int, images: NDArray, left_out: Collection[str] = ()) -> NDArray:
    """Images (count, 28, 28) uint8 of no digit; some are made from these images of digits.

    left_out: kinds that are not made, such as "letter".
    """
    rng, made = np.random.default_rng(seed), np.empty((count, SIDE, SIDE), np.uint8)
    kinds = {kind: share for kind, share in NOTHINGS.items() if kind.__name__ not in left_out}
    order, shares = list(kinds), np.array(list(kinds.values())) / sum(kinds.values())
    for number in range(count):
        made[number] = order[rng.choice(len(order), p=shares)](rng, images)
    return made
