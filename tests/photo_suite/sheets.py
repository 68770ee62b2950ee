"""Paper, pens and a camera: digits written on a sheet, and the sheet photographed."""

import io
from itertools import pairwise

import cv2
import numpy as np
from PIL import Image

from .strokes import strokes

INKS = {
    "black": (25, 25, 30),
    "blue": (30, 45, 140),
    "red": (190, 30, 35),
    "green": (20, 110, 50),
    "pencil": (95, 95, 100),
    "violet": (95, 35, 130),
}
PENS = {  # width in shares of the digit's height, how much it varies, how grainy it is, how opaque
    "ballpoint": (0.028, 0.15, 0.08, 0.92),
    "pencil": (0.035, 0.35, 0.45, 0.75),
    "felt": (0.085, 0.12, 0.02, 1.0),
    "marker": (0.14, 0.08, 0.02, 1.0),
    "chalk": (0.075, 0.25, 0.5, 0.95),
    "fountain": (0.05, 0.45, 0.05, 0.95),
}


def drawn(digit, height, pen, rng):
    """The ink (h, w), 0 to 1, of a digit drawn with a pen, `height` pixels high."""
    width = pen_width(pen, height, rng)
    return inked([path * height for path in strokes(digit, rng)], width, pen, rng)


def pen_width(pen, height, rng):
    """How wide the strokes of a pen are beside digits of this height, in pixels; each time a little different."""
    return max(1.2, PENS[pen][0] * height * rng.uniform(0.8, 1.25))


def inked(paths, width, pen, rng):
    """The ink (h, w), 0 to 1, of the paths (n, 2) of a pen, in pixels."""
    varies = PENS[pen][1]
    margin = int(width) + 3
    extent = np.ceil(np.concatenate(paths).max(axis=0)).astype(int) + 2 * margin
    fine = 4
    ink = np.zeros((extent[1] * fine, extent[0] * fine), np.uint8)
    for path in paths:
        places = (path + margin) * fine
        pressure = 1 + varies * np.interp(
            np.linspace(0, 1, len(path)), np.linspace(0, 1, 6), rng.normal(0, 0.6, 6)
        )
        for (a, b), p in zip(pairwise(places), pressure, strict=False):
            thick = max(1, round(width * fine * max(p, 0.4)))
            cv2.line(
                ink,
                tuple(np.rint(a).astype(int).tolist()),
                tuple(np.rint(b).astype(int).tolist()),
                255,
                thick,
            )
    return cv2.resize(ink, (extent[0], extent[1]), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def pasted(image, height, rng):
    """The ink (h, w), 0 to 1, of an MNIST image, `height` pixels high, with crisp edges."""
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    crop = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    crop = np.pad(crop, 1).astype(np.float32) / 255
    share = height / crop.shape[0]
    big = cv2.resize(crop, (max(2, round(crop.shape[1] * share)), height), interpolation=cv2.INTER_CUBIC)
    return np.clip((big - 0.5) * max(1.0, share / 3) + 0.5, 0, 1)


def row(inks, rng, gap=0.3, drift=0.05):
    """Digits beside each other on one line, (h, w); gap in shares of the height, below 0 they touch."""
    height = max(ink.shape[0] for ink in inks)
    places, x = [], 0
    for ink in inks:
        y = round(height - ink.shape[0] + height * rng.normal(0, drift))
        places.append((x, y))
        x += ink.shape[1] + round(height * gap * rng.uniform(0.7, 1.3))
    low = min(y for _, y in places)
    high = max(y + ink.shape[0] for ink, (_, y) in zip(inks, places, strict=True))
    field = np.zeros((high - low, x + height), np.float32)
    for ink, (left, top) in zip(inks, places, strict=True):
        part = field[top - low : top - low + ink.shape[0], left : left + ink.shape[1]]
        np.maximum(part, ink, out=part)
    return field[:, : max(left + ink.shape[1] for ink, (left, _) in zip(inks, places, strict=True))]


def touching(inks, rng):
    """Digits pushed together until their ink meets, (h, w)."""
    height = max(ink.shape[0] for ink in inks)
    inks = [np.pad(ink, ((height - ink.shape[0], 0), (0, 0))) for ink in inks]
    field = inks[0]
    for ink in inks[1:]:
        left = field.shape[1]
        while left > field.shape[1] - ink.shape[1] and left > 0:
            over = field[:, left : left + ink.shape[1]]
            if (np.minimum(over, ink[:, : over.shape[1]]) > 0.5).sum() > 0.001 * height * height:
                break
            left -= 1
        together = np.zeros((height, max(field.shape[1], left + ink.shape[1])), np.float32)
        together[:, : field.shape[1]] = field
        np.maximum(together[:, left : left + ink.shape[1]], ink, out=together[:, left : left + ink.shape[1]])
        field = together
    return field


def sheet(ink, rng, *, margin=0.5, paper=(245, 244, 240), pen="felt", colour="black", rules=None, digit=None):
    """The ink (h, w) on a sheet of paper (h, w, 3), 0 to 255; margins in shares of a digit's height."""
    digit = digit or ink.shape[0]
    edges = [round(digit * margin * rng.uniform(0.6, 1.8)) for _ in range(4)]
    ink = np.pad(ink, ((edges[0], edges[1]), (edges[2], edges[3])))
    _, _, grain, opaque = PENS[pen]
    noise = cv2.GaussianBlur(rng.normal(0, 1, ink.shape).astype(np.float32), (0, 0), 1.0) * 1.8
    ink = np.clip(ink * opaque * (1 - grain * np.clip(noise, -0.5, 1.6) * 0.6), 0, 1)[:, :, None]
    page = np.ones((*ink.shape[:2], 3), np.float32) * np.array(paper, np.float32)
    page += cv2.GaussianBlur(rng.normal(0, 1, page.shape).astype(np.float32), (0, 0), 1.2) * 4
    if rules:
        page = ruled(page, rules, digit, rng)
    inkcolour = np.array(INKS.get(colour, colour), np.float32)
    light = inkcolour.mean() > np.mean(paper)
    dark = page * (1 - ink) + inkcolour * ink
    return dark if light else np.minimum(dark, page)


def ruled(page, rules, digit, rng):
    """The page with printed lines: "lines", "squares" or "margin" (lines and a red margin)."""
    height, width = page.shape[:2]
    step = digit * (rng.uniform(0.9, 1.6) if rules != "squares" else rng.uniform(0.4, 0.8))
    thick = max(1, round(digit * 0.012))
    shade = np.array([(150, 175, 215), (170, 170, 175), (185, 205, 225)][rng.integers(3)], np.float32)
    lines = np.zeros((height, width), np.float32)
    for y in np.arange(rng.uniform(0, step), height, step):
        cv2.line(lines, (0, round(y)), (width, round(y)), 1.0, thick)
    if rules == "squares":
        for x in np.arange(rng.uniform(0, step), width, step):
            cv2.line(lines, (round(x), 0), (round(x), height), 1.0, thick)
    page = page * (1 - lines[:, :, None]) + shade * lines[:, :, None]
    if rules == "margin":
        red = np.zeros((height, width), np.float32)
        x = round(digit * 0.15)
        cv2.line(red, (x, 0), (x, height), 1.0, thick)
        page = page * (1 - red[:, :, None]) + np.array((215, 110, 110), np.float32) * red[:, :, None]
    return page


def photographed(
    page, rng, *, turn=0.0, tilt=0.0, table=False, light="even", blur=0.0, noise=2.0, longest=None
):
    """The sheet as a camera sees it: turned, in perspective, unevenly lit, a little out of focus, (h, w, 3)."""
    height, width = page.shape[:2]
    around = round((0.12 if table else 0.0) * max(height, width))
    corners = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    moved = corners + rng.uniform(-tilt, tilt, (4, 2)) * [width, height]
    angle = np.radians(rng.uniform(-turn, turn))
    spin = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.array([width, height]) / 2
    moved = ((moved - middle) @ spin.T + middle + around).astype(np.float32)
    size = (width + 2 * around, height + 2 * around)
    matrix = cv2.getPerspectiveTransform(corners, moved)
    if table:
        wood = np.array(rng.uniform(40, 110, 3), np.float32)
        grain = cv2.GaussianBlur(
            rng.normal(0, 1, (size[1], size[0])).astype(np.float32), (0, 0), 12, sigmaY=1
        )
        back = wood + 60 * grain[:, :, None]
        shown = cv2.warpPerspective(np.ones((height, width), np.float32), matrix, size, flags=cv2.INTER_AREA)
        sheet_there = cv2.warpPerspective(page, matrix, size, flags=cv2.INTER_LINEAR)
        photo = back * (1 - shown[:, :, None]) + sheet_there * shown[:, :, None]
    else:
        photo = cv2.warpPerspective(
            page, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    photo = photo * lighting(photo.shape[:2], light, rng)[:, :, None]
    if longest is not None:
        share = longest / max(photo.shape[:2])
        photo = cv2.resize(photo, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    if blur:
        photo = cv2.GaussianBlur(photo, (0, 0), blur)
    photo = photo + rng.normal(0, noise, photo.shape)
    return np.clip(photo, 0, 255).astype(np.uint8)


def lighting(shape, light, rng):
    """How much light falls where (h, w): "even", "gradient", "vignette", "shadow" or "dim"."""
    height, width = shape
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    if light == "gradient":
        angle = rng.uniform(0, 2 * np.pi)
        along = (x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle)
        return 0.72 + 0.5 * along
    if light == "vignette":
        return 1 - 0.55 * ((x - 0.5) ** 2 + (y - 0.5) ** 2) / 0.5
    if light == "shadow":
        angle, offset = rng.uniform(0, 2 * np.pi), rng.uniform(-0.2, 0.2)
        along = (x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle) - offset
        soft = 1 / (1 + np.exp(-along / rng.uniform(0.008, 0.05)))
        return 0.55 + 0.45 * soft
    if light == "dim":
        return np.full(shape, 0.42, np.float32)
    return np.ones(shape, np.float32)


def saved(photo, quality=None, exif=None):
    """The bytes of a file: a JPEG of that quality, else a PNG."""
    buffer = io.BytesIO()
    picture = photo if isinstance(photo, Image.Image) else Image.fromarray(photo)
    if quality:
        picture.save(buffer, "JPEG", quality=quality, **({"exif": exif} if exif else {}))
    else:
        picture.save(buffer, "PNG")
    return buffer.getvalue()
