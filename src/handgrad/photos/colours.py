"""A frame and ink of two colours taken apart: how much of each is in every pixel.

Frame and ink take light from the paper, each in its own proportion of red, green and blue. A pixel is paper
less some of the one and some of the other: two unknowns, by least squares.
"""

from typing import NamedTuple

import numpy as np

from handgrad.arrays import NDArray

APART = 12.0  # smallest angle between the colours of frame and ink, in degrees
FAINTEST = 10  # least that a line takes from one of the colours, of 255
TRACE = 0.35  # less ink than this share of a full stroke, on a line, is what is left of the line
FEWEST = 20  # pixels of each that are needed to know its colour


class Layers(NamedTuple):
    """What frame and ink take from the light of the paper."""

    frame: NDArray  # (height, width) float32: 1 in a full line, 0 on paper
    ink: NDArray  # (height, width) float32: 1 in a full stroke, 0 on paper
    colour: NDArray  # (3,): what a full line takes from red, green and blue
    full: float  # what a full stroke takes from all three, as the length of that vector


def layers(pixels: NDArray, paper: NDArray, lines: NDArray, strokes: NDArray) -> Layers | None:
    """The frame's layer of a picture (height, width, 3); None if frame and ink have about the same colour.

    paper: its colour at each pixel.  lines, strokes (height, width), 0 or 1: where frame and ink are seen.
    """
    taken = paper.astype(np.float32) - pixels
    ink = _usual(taken[strokes > 0])
    if ink is None:
        return None
    of_lines = taken[lines > 0]
    cosine = of_lines @ ink / np.maximum(np.linalg.norm(of_lines, axis=1) * np.linalg.norm(ink), 1e-6)
    # Where a digit was taken for a line, the pixel has the colour of ink: these are left out.
    frame = _usual(of_lines[cosine <= np.median(cosine)]) if cosine.size else None
    if frame is None:
        return None
    ff, gg, fg = float(frame @ frame), float(ink @ ink), float(frame @ ink)
    if fg > np.cos(np.radians(APART)) * np.sqrt(ff * gg):
        return None
    of_frame, of_ink = taken @ frame, taken @ ink
    share = (gg * of_frame - fg * of_ink) / (ff * gg - fg * fg)
    other = (ff * of_ink - fg * of_frame) / (ff * gg - fg * fg)
    share = np.where(other < 0, of_frame / ff, share)
    return Layers(
        np.maximum(share, 0).astype(np.float32), other.astype(np.float32), frame, float(np.sqrt(gg))
    )


def _usual(taken: NDArray) -> NDArray | None:
    """The usual colour of the stronger half of some pixels; None if they are too few or too faint."""
    if len(taken) < FEWEST:
        return None
    strength = taken.sum(axis=1)
    usual = np.median(taken[strength >= np.median(strength)], axis=0)
    return usual if usual.max() > FAINTEST else None


def without_layer(pixels: NDArray, apart: Layers, paper: NDArray, zone: NDArray, bare: NDArray) -> NDArray:
    """The picture without the frame's layer, where the zone (height, width) is not 0.

    JPEG blurs colours more than shades: on a thin line, what is left of it looks like a little ink.
    bare (height, width): not 0 where a line is crossed by no stroke.
    """
    cleaned = np.minimum(pixels + apart.frame[:, :, None] * apart.colour, np.maximum(paper, pixels))
    of_line = apart.frame * np.linalg.norm(apart.colour) / apart.full
    is_trace = apart.ink < np.where(bare > 0, np.maximum(TRACE, of_line), TRACE)
    cleaned = np.where(is_trace[:, :, None], np.maximum(paper, pixels), cleaned)
    return np.where(zone[:, :, None] > 0, np.rint(np.clip(cleaned, 0, 255)), pixels).astype(np.uint8)
