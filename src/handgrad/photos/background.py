"""Ink on paper: the shade of the paper is estimated and subtracted, so that ink alone remains.

Shades are measured along one direction of colour, the one in which neighbouring pixels differ most. Red ink
on green paper of the same lightness is then as plain as black on white. Ink makes strokes: their number and
width tell whether the ink is dark or light (strokes.py). A morphological closing a little wider than the
strokes fills them with the shade of the paper around them. Shadows, and a table beside the sheet, are wider:
they stay part of the background.
"""

from typing import NamedTuple

import cv2
import numpy as np

from handgrad.arrays import NDArray
from handgrad.photos.ranks import median, quantile, quantiles
from handgrad.photos.strokes import FAINTEST, stroke_widths

COARSE = 360  # the paper is estimated on a copy whose longer side is this many pixels
FILLED = 2.5  # the closing is this many strokes wide
CLEARLY = 0.65  # dark or light is ruled out as ink by fewer strokes than this share of the other's
DARKEST = 0.4  # least light assumed in a shadow, as a share of the full light


class Ink(NamedTuple):
    """The ink on a picture."""

    ink: NDArray  # (height, width) float32: contrast with the paper, 0 on paper
    grain: float  # standard deviation of bare paper between near pixels
    unevenness: float = 0.0  # standard deviation of the paper's shade over the picture


class Shades(NamedTuple):
    """The shades of a picture along its direction of colour."""

    direction: NDArray  # (3,)
    fine: NDArray  # (height, width) float32
    coarse: NDArray  # the same of the copy on which paper is estimated


def shades_of(pixels: NDArray) -> Shades:
    """The shades of a picture (height, width, 3) uint8."""
    picture = pixels.astype(np.float32) / 255
    coarse = _shrunk(picture, COARSE)
    direction = _direction(coarse)
    fine = picture @ direction
    return Shades(direction, fine, fine if coarse is picture else coarse @ direction)


def ink_on_paper(pixels: NDArray, other: bool = False, shades: Shades | None = None) -> Ink:
    """The ink of digits on paper, whether it is darker or lighter than the paper. pixels (height, width, 3).

    Ink is what makes more strokes, and narrower ones. Where dark and light are too close to call, it is what
    leaves the more even paper: with the wrong choice, ink would be part of the paper.
    other: the ink of the other choice, which is light instead of dark or dark instead of light.
    shades: those of the picture, where they are known.
    """
    direction, shade, coarse = shades or shades_of(pixels)
    coarse_shade = _smoothed(coarse)
    dark, light = stroke_widths(coarse_shade)
    if not dark.size + light.size:
        return Ink(np.zeros(shade.shape, np.float32), 0.0)
    by_dark, by_light = (float((1 / widths).sum()) for widths in (dark, light))
    multiplies = bool((direction > 0).all())  # a shadow takes the same share of the light from each shade
    is_dark, is_light = by_dark >= CLEARLY * by_light, by_light > CLEARLY * by_dark
    if other and is_dark != is_light:
        is_dark, is_light = is_light, is_dark
    choices = []
    if is_dark:
        choices.append(_dark_ink(shade, coarse_shade, dark, multiplies))
    if is_light:
        choices.append(_dark_ink(-shade, -coarse_shade, light, False))
    choices.sort(key=lambda choice: choice.unevenness)
    return choices[-1] if other else choices[0]


def flat_ink(pixels: NDArray, shades: Shades | None = None) -> NDArray:
    """The ink, 0 to 1, on a picture whose paper has one shade and whose ink has another; 0 if it is blank.

    Paper is the shade that covers more of the picture and of its border. shades: as ink_on_paper takes them.
    """
    shade = (shades or shades_of(pixels)).fine
    dark, light = quantiles(shade, (0.02, 0.98))
    if light - dark < 2 * FAINTEST:
        return np.zeros(shade.shape, np.float32)
    ink = np.clip((shade - dark) / (light - dark), 0, 1).astype(np.float32)
    return np.asarray(1 - ink if _coverage(1 - ink) < _coverage(ink) else ink)


def _coverage(ink: NDArray) -> float:
    """The inked share of the picture plus the inked share of its border."""
    full = np.clip(ink / max(quantile(ink[::2, ::2], 0.99), FAINTEST), 0, 1)
    border = np.concatenate([full[0], full[-1], full[:, 0], full[:, -1]])
    return float(full.mean()) + float(border.mean())


def _direction(picture: NDArray) -> NDArray:
    """The unit vector of colour (3,), towards light, along which neighbouring pixels differ most."""
    if (picture[:, :, 0] == picture[:, :, 1]).all() and (picture[:, :, 0] == picture[:, :, 2]).all():
        return np.full(3, 3**-0.5, np.float32)  # grey
    spread = max(1.0, max(picture.shape) / 12)
    detail = (picture - _blurred(picture, spread)).reshape(-1, 3)
    _, vectors = np.linalg.eigh(detail.T @ detail)
    direction = vectors[:, -1]
    return np.asarray(direction if float(direction.sum()) >= 0 else -direction, np.float32)


def _blurred(picture: NDArray, spread: float) -> NDArray:
    """The picture after a Gaussian blur; a wide one is computed on a smaller copy, in a tenth of the time."""
    factor = int(spread / 4)
    if factor < 2:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), spread))
    height, width = picture.shape[:2]
    copy = cv2.resize(picture, (-(-width // factor), -(-height // factor)), interpolation=cv2.INTER_AREA)
    copy = cv2.GaussianBlur(copy, (0, 0), spread / factor)
    return np.asarray(cv2.resize(copy, (width, height), interpolation=cv2.INTER_LINEAR))


def _dark_ink(shade: NDArray, coarse: NDArray, widths: NDArray, multiplies: bool) -> Ink:
    """The ink that is darker than its paper.

    widths: of the strokes on the coarse copy.  multiplies: whether a shadow weakens ink and paper alike, so
    that contrast in the shadow is divided by the light that is left there.
    """
    paper = _paper(coarse, max(5, int(FILLED * _usual_width(widths, 0.1 * max(coarse.shape)))) | 1)
    paper = cv2.resize(paper, shade.shape[::-1], interpolation=cv2.INTER_LINEAR)
    ink = paper - shade
    if multiplies and (light := float(paper.max())) > 0:  # black paper has no light to lose
        ink = ink * (light / np.maximum(paper, DARKEST * light))
    sample = ink[::2, ::2]
    level = median(sample[sample <= quantile(sample, 0.6)])  # closing follows the lightest grains
    return Ink(np.maximum(ink - level, 0).astype(np.float32), _grain(ink), float(paper.std()))


def _usual_width(widths: NDArray, default: float) -> float:
    """The width of the strokes that complete three quarters of the inked area, or the default without any.

    Weighting by area keeps thin printed lines from counting, however many they are.
    """
    if not widths.size:
        return default
    widths = np.sort(widths)
    area = np.cumsum(widths)
    return float(widths[np.searchsorted(area, 0.75 * area[-1])])


def _grain(ink: NDArray) -> float:
    """The standard deviation of bare paper, estimated from pixels that are three columns apart."""
    if ink.shape[1] < 8:
        return 0.0
    return median(np.abs(ink[:, 3:] - ink[:, :-3])) / 0.954


def _paper(shade: NDArray, width: int) -> NDArray:
    """The shade of the paper at each pixel, also under ink that is darker and narrower than width."""
    if min(shade.shape) >= 48:  # the closing would spread light specks over the paper
        shade = cv2.morphologyEx(shade, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    border = width // 2 + 1
    field = cv2.copyMakeBorder(shade, border, border, border, border, cv2.BORDER_REPLICATE)
    closed = cv2.morphologyEx(field, cv2.MORPH_CLOSE, np.ones((width, width), np.uint8))
    even = cv2.blur(closed, (border // 4 * 2 + 1, border // 4 * 2 + 1))
    # Beside the edge of a shadow, paper that is too dark costs less than paper that looks like ink.
    closed = cv2.erode(np.minimum(closed, even), np.ones((3, 3), np.uint8))
    return np.asarray(closed[border:-border, border:-border])


def _shrunk(picture: NDArray, longest: int) -> NDArray:
    """The picture with its longer side reduced to this many pixels; a smaller picture as it is."""
    height, width = picture.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return picture
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def _smoothed(shade: NDArray) -> NDArray:
    """The shade without single grains; pictures of few pixels have none to lose."""
    shade = np.ascontiguousarray(shade, np.float32)
    return np.asarray(cv2.medianBlur(shade, 3)) if min(shade.shape) >= 48 else shade
