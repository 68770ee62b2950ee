"""Which shade is paper and how strongly is each pixel inked: a picture -> ink, 0 on paper, more in a stroke.

Everything is looked at along one direction of colour, the one in which neighbouring pixels differ most:
red ink on green paper of the same lightness is then as plain as black on white. Ink makes strokes: from an
edge, a short way into the ink leads to the opposite edge. That tells whether ink is dark or light, and how
wide strokes are. Paper is what is left when a morphological closing has filled what is no wider than a
stroke: shadows, and the table beside the sheet, stay as they are.
"""

from typing import NamedTuple

import cv2
import numpy as np

from handgrad.arrays import NDArray

COARSE = 360  # pixels of the longer side on which the paper is found
WIDEST = 0.25  # a stroke is at most this wide, in shares of the longer side
FILLED = 2.5  # what is narrower than so many usual strokes is filled
CLEARLY = 0.65  # what makes less than this share of the other's strokes is not the ink
DARKEST = 0.4  # light in the deepest shadow, in shares of the full light
FAINTEST = 0.045  # ink that stands out from the paper by less than this share of all shades is no ink


class Ink(NamedTuple):
    """The ink on a picture."""

    ink: NDArray  # (height, width) float32: what stands out from the paper, in shares of all shades
    grain: float  # the standard deviation of bare paper
    uneven: float = 0.0  # the standard deviation of the paper's shade


def ink_on_paper(pixels: NDArray) -> Ink:
    """The ink on a picture (height, width, 3) of digits on paper, dark ink or light.

    Whichever makes more strokes, and narrower ones; where that does not tell, what lies on evener paper: what
    passes for paper with the wrong ink is paper here and ink there.
    """
    picture = pixels.astype(np.float32) / 255
    coarse = _shrunk(picture, COARSE)
    along = _direction(coarse)
    shade, coarse_shade = picture @ along, _smoothed(coarse @ along)
    dark, light = stroke_widths(coarse_shade)
    by_dark, by_light = (float((1 / widths).sum()) for widths in (dark, light))
    if not dark.size + light.size:
        return Ink(np.zeros(shade.shape, np.float32), 0.0)
    ways = []
    if by_dark >= CLEARLY * by_light:
        ways.append(_seen(shade, coarse_shade, bool((along > 0).all()), dark))
    if by_light > CLEARLY * by_dark:
        ways.append(_seen(-shade, -coarse_shade, False, light))
    return min(ways, key=lambda way: way.uneven)


def stroke_widths(shade: NDArray) -> tuple[NDArray, NDArray]:
    """How wide dark strokes are, and light ones: from each edge straight across to the opposite edge.

    Where there is no opposite edge within the widest stroke, nothing is counted.
    """
    across = cv2.Sobel(shade, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(shade, cv2.CV_32F, 0, 1)
    steep = np.hypot(across, down)
    scale = 2000 / max(float(steep.max()), 1e-6)
    dx, dy = (np.rint(slope * scale).astype(np.int16) for slope in (across, down))
    high = min(max(6 * float(np.median(steep)) * scale, 0.12 * 2000), 0.7 * 2000)
    high = max(high, 3 * FAINTEST * scale)  # of a step as high as 1, the slope here is 4
    edges = cv2.Canny(dx, dy, 0.4 * high, high, L2gradient=True) > 0
    y, x = np.nonzero(edges)
    unit_x, unit_y = across / np.maximum(steep, 1e-6), down / np.maximum(steep, 1e-6)
    longest = max(3, int(WIDEST * max(shade.shape)))
    widths = []
    for way in (-1, 1):  # down into the dark, up into the light
        width = np.zeros(len(x))
        for step in range(1, longest):
            open_ones = np.flatnonzero(width == 0)
            ahead_x = np.rint(x + way * step * unit_x[y, x]).astype(int)[open_ones]
            ahead_y = np.rint(y + way * step * unit_y[y, x]).astype(int)[open_ones]
            inside = (ahead_x >= 0) & (ahead_x < shade.shape[1]) & (ahead_y >= 0) & (ahead_y < shade.shape[0])
            width[open_ones[~inside]] = np.inf
            here, ahead_x, ahead_y = open_ones[inside], ahead_x[inside], ahead_y[inside]
            same = unit_x[y[here], x[here]] * unit_x[ahead_y, ahead_x]
            same += unit_y[y[here], x[here]] * unit_y[ahead_y, ahead_x]
            opposite = (same < -0.6) & (steep[ahead_y, ahead_x] > 0.3 * steep[y[here], x[here]])
            beside = cv2.dilate(edges.astype(np.uint8), np.ones((3, 3), np.uint8))[ahead_y, ahead_x] > 0
            width[here[opposite & beside]] = step
        widths.append(width[(width > 0) & np.isfinite(width)])
    return widths[0], widths[1]


def _spread(ink: NDArray) -> float:
    """How much of the picture, and of its edge, is inked; the edge counts as much."""
    full = np.clip(ink / max(float(np.quantile(ink[::2, ::2], 0.99)), FAINTEST), 0, 1)
    return float(full.mean()) + on_edge(full)


def flat_ink(pixels: NDArray) -> NDArray:
    """The ink, 0 to 1, of a picture on which paper and ink have one shade each; 0 where it is blank.

    Along the edge of the picture, and on all of it, there is more paper than ink.
    """
    picture = pixels.astype(np.float32) / 255
    shade = picture @ _direction(_shrunk(picture, COARSE))
    dark, light = (float(value) for value in np.quantile(shade, (0.02, 0.98)))
    if light - dark < 2 * FAINTEST:
        return np.zeros(shade.shape, np.float32)
    ink = np.clip((shade - dark) / (light - dark), 0, 1).astype(np.float32)
    return np.asarray(1 - ink if _spread(1 - ink) < _spread(ink) else ink)


def on_edge(ink: NDArray) -> float:
    """How much of the edge of a picture is inked."""
    return float(np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]]).mean())


def stroke_width(ink: NDArray) -> float:
    """The mean width of the strokes, in pixels: twice the inked area over the length of its outline."""
    mask = (ink > 0.5).astype(np.uint8)
    outlines, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    around = sum(cv2.arcLength(outline, True) for outline in outlines)
    return 2 * float(mask.sum()) / around if around else 0.0


def _direction(picture: NDArray) -> NDArray:
    """The direction of colour (3,) in which neighbouring pixels differ most, of length 1, towards light."""
    spread = max(1.0, max(picture.shape) / 12)
    fine = (picture - cv2.GaussianBlur(picture, (0, 0), spread)).reshape(-1, 3)
    _, vectors = np.linalg.eigh(fine.T @ fine)
    along = vectors[:, -1]
    lightness = float(along.sum())
    return np.asarray(along if lightness >= 0 else -along, np.float32)


def _seen(shade: NDArray, coarse: NDArray, by_share: bool, widths: NDArray) -> Ink:
    """Ink that is darker than its paper; by_share: paper in the shade reflects a share of its light."""
    paper = _paper(coarse, max(5, int(FILLED * _heavy(widths, 0.1 * max(coarse.shape)))) | 1)
    paper = cv2.resize(paper, shade.shape[::-1], interpolation=cv2.INTER_LINEAR)
    ink = paper - shade
    if by_share:
        ink = ink * (float(paper.max()) / np.maximum(paper, DARKEST * float(paper.max())))
    some = ink[::2, ::2]
    level = float(np.median(some[some <= np.quantile(some, 0.6)]))  # the closing follows the lightest grains
    return Ink(np.maximum(ink - level, 0).astype(np.float32), _grain(ink), float(paper.std()))


def _heavy(widths: NDArray, otherwise: float) -> float:
    """The width below which three quarters of the inked area are: thin rules, however many, have little."""
    if not widths.size:
        return otherwise
    widths = np.sort(widths)
    area = np.cumsum(widths)
    return float(widths[np.searchsorted(area, 0.75 * area[-1])])


def _grain(ink: NDArray) -> float:
    """The standard deviation of bare paper, most of the picture: from pixels that lie side by side."""
    if ink.shape[1] < 8:
        return 0.0
    return float(np.median(np.abs(ink[:, 3:] - ink[:, :-3]))) / 0.954


def _paper(shade: NDArray, width: int) -> NDArray:
    """The shade that the paper has at each pixel, also under ink that is darker and narrower than width."""
    if min(shade.shape) >= 48:  # light specks would be spread over the paper
        shade = cv2.morphologyEx(shade, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    edge = width // 2 + 1
    field = cv2.copyMakeBorder(shade, edge, edge, edge, edge, cv2.BORDER_REPLICATE)
    closed = cv2.morphologyEx(field, cv2.MORPH_CLOSE, np.ones((width, width), np.uint8))
    even = cv2.blur(closed, (edge // 4 * 2 + 1, edge // 4 * 2 + 1))
    closed = cv2.erode(np.minimum(closed, even), np.ones((3, 3), np.uint8))  # beside an edge, rather too dark
    return np.asarray(closed[edge:-edge, edge:-edge])


def _shrunk(picture: NDArray, longest: int) -> NDArray:
    height, width = picture.shape[:2]
    share = longest / max(height, width)
    if share >= 1:
        return picture
    size = (max(1, round(width * share)), max(1, round(height * share)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def _smoothed(shade: NDArray) -> NDArray:
    shade = np.ascontiguousarray(shade, np.float32)
    return np.asarray(cv2.medianBlur(shade, 3)) if min(shade.shape) >= 48 else shade
