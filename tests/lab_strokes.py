"""Drawings of the ten digits, as a hand might move a pen: paths of our own, bent by a seeded generator.

drawings(1000)  -> (digit, pen, strokes): points on the lab's pad of 4096 by 4096
picture(...)    -> the same drawing as a grey picture, dark on light
"""

import math

import cv2
import numpy as np

SIDE = 4096
# forms of each digit: strokes through these points, in a box 1 wide and 1 high (y down)
FORMS = {
    0: [
        ["50,0 22,8 4,35 4,65 22,93 50,100 78,93 96,65 96,35 78,8 50,0"],
        ["55,2 30,10 15,40 18,75 40,98 68,90 84,60 82,25 62,4 45,6"],
    ],
    1: [["50,0 50,100"], ["30,22 55,0 52,50 50,100"], ["58,0 50,50 44,100"]],
    2: [
        ["10,25 25,5 55,0 80,12 82,35 62,60 35,80 8,98 50,97 92,98"],
        ["14,22 38,2 70,8 78,32 55,62 20,92 12,98 30,90 60,97 90,92"],
    ],
    3: [
        ["12,12 40,0 72,6 80,25 66,42 42,48 70,54 86,72 74,92 42,100 12,88"],
        ["15,4 78,4 48,40 76,52 84,74 66,96 36,99 12,88"],
    ],
    4: [
        ["58,0 34,34 8,64 50,66 94,64", "70,34 68,66 66,100"],
        ["22,2 18,30 16,52 50,54 84,50", "80,4 76,50 72,100"],
    ],
    5: [
        ["82,2 50,2 22,3 18,42 46,36 76,46 86,68 72,92 42,100 12,90"],
        ["24,4 20,44 50,38 78,52 80,78 58,98 14,92", "24,4 84,2"],
    ],
    6: [
        ["72,2 42,18 20,48 14,74 30,96 58,99 80,84 78,64 56,52 30,62 18,78"],
        ["62,0 34,28 18,62 26,92 52,100 76,88 78,66 56,56 32,68 24,82"],
    ],
    7: [
        ["8,4 50,5 90,3 70,36 52,66 40,100"],
        ["8,6 50,4 88,4 66,42 50,72 42,100", "30,50 55,48 80,48"],
    ],
    8: [
        ["76,14 50,0 24,10 24,32 50,48 78,66 80,88 50,100 22,88 24,66 50,48 76,30 78,14"],
        ["52,46 26,30 30,6 56,0 76,16 68,38 40,54 20,76 32,98 60,99 80,82 72,60 50,46"],
    ],
    9: [
        ["80,20 56,2 28,10 20,34 40,52 66,46 80,22 80,58 74,100"],
        ["78,26 62,4 34,6 22,30 38,50 64,46 78,26 74,62 56,98"],
    ],
}


def drawings(count: int, seed: int = 0):
    """`count` drawings in turn of 0 to 9: (digit, pen as a share of the pad, strokes [[x, y, x, y, ...], ...])."""
    rng = np.random.default_rng(seed)
    for i in range(count):
        digit = i % 10
        yield digit, *_drawing(digit, rng)


def _drawing(digit, rng):
    forms = FORMS[digit]
    form = forms[rng.integers(len(forms))]
    height = rng.uniform(0.4, 0.75)
    width = height * (rng.uniform(0.55, 0.8))
    slant, angle = rng.uniform(-0.12, 0.28), rng.normal(0, 0.06)
    cos, sin = math.cos(angle), math.sin(angle)
    at = rng.uniform(0.45, 0.55, 2)
    strokes = []
    for text in form:
        points = np.array([[float(n) for n in pair.split(",")] for pair in text.split()]) / 100 - 0.5
        points = _smooth(points + rng.normal(0, 0.018, points.shape))
        x, y = points[:, 0] * width - slant * points[:, 1] * height, points[:, 1] * height
        places = np.stack([cos * x - sin * y, sin * x + cos * y], axis=1) + at
        places = np.clip(np.rint(places * SIDE), 60, SIDE - 60).astype(int)
        strokes.append([int(n) for point in places for n in point])
    pen = round(float(rng.uniform(0.02, 0.085)), 3)
    return pen, strokes


def _smooth(points, times=3):
    """Chaikin's corner cutting, which keeps the ends."""
    for _ in range(times if len(points) > 2 else 0):
        cut = np.stack(
            [0.75 * points[:-1] + 0.25 * points[1:], 0.25 * points[:-1] + 0.75 * points[1:]], axis=1
        )
        points = np.concatenate([points[:1], cut.reshape(-1, 2), points[-1:]])
    return points


def picture(pen, strokes, side=420, fine=4):
    """A grey picture (side, side) uint8 of the drawing, dark ink on light paper."""
    sheet = np.zeros((side * fine, side * fine), np.uint8)
    scale = side * fine / SIDE
    for stroke in strokes:
        points = np.rint(np.array(stroke).reshape(-1, 2) * scale * 16).astype(np.int32)
        cv2.polylines(sheet, [points.reshape(-1, 1, 2)], False, 255, round(pen * side * fine), cv2.LINE_AA, 4)
        for x, y in points:
            cv2.circle(sheet, (int(x), int(y)), round(pen * side * fine * 8), 255, -1, cv2.LINE_AA, 4)
    small = cv2.resize(sheet, (side, side), interpolation=cv2.INTER_AREA)
    return (245 - small * (215 / 255)).astype(np.uint8)
