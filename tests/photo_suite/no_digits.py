"""Pictures of no digit: letters and shapes, stains and creases on bare paper, textures without any paper."""

from itertools import pairwise

import cv2
import numpy as np

from .kinds import PAPERS, Maker, Sample
from .sheets import INKS, photographed, saved, sheet
from .strokes import curve

BLANK = ""  # what stands on a picture of no digit
FIGURES = {  # in a square of side 1; a point that is given twice is a corner
    "A": [[(0.0, 1.0), (0.35, 0.0), (0.35, 0.0), (0.7, 1.0)], [(0.15, 0.6), (0.55, 0.6)]],
    "E": [[(0.6, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 1.0), (0.0, 1.0), (0.6, 1.0)], [(0.0, 0.5), (0.5, 0.5)]],
    "H": [[(0.0, 0.0), (0.0, 1.0)], [(0.6, 0.0), (0.6, 1.0)], [(0.0, 0.5), (0.6, 0.5)]],
    "K": [[(0.0, 0.0), (0.0, 1.0)], [(0.6, 0.0), (0.05, 0.55), (0.05, 0.55), (0.6, 1.0)]],
    "M": [[(0.0, 1.0), (0.1, 0.0), (0.1, 0.0), (0.4, 0.7), (0.4, 0.7), (0.7, 0.0), (0.7, 0.0), (0.8, 1.0)]],
    "R": [[(0.0, 1.0), (0.0, 0.0), (0.0, 0.0), (0.5, 0.1), (0.5, 0.4), (0.0, 0.5), (0.0, 0.5), (0.55, 1.0)]],
    "W": [[(0.0, 0.0), (0.2, 1.0), (0.2, 1.0), (0.4, 0.3), (0.4, 0.3), (0.6, 1.0), (0.6, 1.0), (0.8, 0.0)]],
    "X": [[(0.0, 0.0), (0.6, 1.0)], [(0.6, 0.0), (0.0, 1.0)]],
    "m": [[(0.0, 0.4), (0.0, 1.0), (0.0, 1.0), (0.1, 0.5), (0.3, 0.5), (0.35, 1.0), (0.35, 1.0), (0.45, 0.5), (0.65, 0.5), (0.7, 1.0)]],
    "k": [[(0.0, 0.0), (0.0, 1.0)], [(0.4, 0.4), (0.05, 0.7), (0.05, 0.7), (0.45, 1.0)]],
    "triangle": [[(0.4, 0.0), (0.0, 0.8), (0.0, 0.8), (0.9, 0.8), (0.9, 0.8), (0.4, 0.0)]],
    "square": [[(0.0, 0.0), (0.8, 0.0), (0.8, 0.0), (0.8, 0.8), (0.8, 0.8), (0.0, 0.8), (0.0, 0.8), (0.0, 0.0)]],
    "star": [[(0.5, 0.0), (0.2, 1.0), (0.2, 1.0), (1.0, 0.4), (1.0, 0.4), (0.0, 0.4), (0.0, 0.4), (0.8, 1.0), (0.8, 1.0), (0.5, 0.0)]],
    "arrow": [[(0.0, 0.5), (1.0, 0.5)], [(0.7, 0.2), (1.0, 0.5), (1.0, 0.5), (0.7, 0.8)]],
    "tick": [[(0.0, 0.6), (0.3, 1.0), (0.3, 1.0), (0.9, 0.0)]],
    "wave": [[(0.0, 0.4), (0.2, 0.2), (0.4, 0.4), (0.6, 0.6), (0.8, 0.4), (1.0, 0.2), (1.2, 0.4)]],
    "face": [[(0.5, 0.0), (0.0, 0.5), (0.5, 1.0), (1.0, 0.5), (0.5, 0.0)], [(0.3, 0.35), (0.31, 0.4)], [(0.7, 0.35), (0.71, 0.4)], [(0.25, 0.65), (0.5, 0.8), (0.75, 0.65)]],
}  # fmt: skip


def figure(m: Maker) -> Sample:
    """A letter or a shape, drawn by an unsteady pen."""
    name = m.pick([*FIGURES])
    width, high = m.rng.uniform(3, 16), m.rng.uniform(80, 160)
    angle = m.rng.normal(0, 0.08)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    paths = [curve(np.array(points)) @ turn.T for points in FIGURES[name]]
    paths = [high * (path + m.rng.normal(0, 0.006, path.shape)) for path in paths]
    corner = np.concatenate(paths).min(axis=0) - width
    extent = np.ceil(np.concatenate(paths).max(axis=0) - corner + width).astype(int)
    ink = np.zeros((4 * extent[1], 4 * extent[0]), np.uint8)
    for path in paths:
        for a, b in pairwise(np.rint(4 * (path - corner)).astype(int).tolist()):
            cv2.line(ink, a, b, 255, round(4 * width))
    ink = cv2.resize(ink, extent.tolist(), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    page = sheet(ink, m.rng, paper=m.pick(PAPERS), digit=110, colour=m.pick([*INKS][:4]), margin=1.0)
    return Sample(saved(photographed(page, m.rng, turn=4.0), 85), BLANK)


def stained(m: Maker) -> Sample:
    """Bare paper: a sheet with stains, a crease, or a shadow."""
    high, wide = (int(side) for side in m.rng.integers(300, 700, 2))
    page = sheet(np.zeros((high, wide), np.float32), m.rng, paper=m.pick(PAPERS), margin=0.1, digit=110)
    for _ in range(m.rng.integers(0, 5)):
        blot = np.zeros(page.shape[:2], np.float32)
        place, axes = m.rng.integers(0, (page.shape[1], page.shape[0])), m.rng.integers(4, 60, 2)
        cv2.ellipse(blot, place.tolist(), axes.tolist(), float(m.rng.uniform(0, 180)), 0, 360, 1.0, -1)
        blot = cv2.GaussianBlur(blot, (0, 0), float(m.rng.uniform(1, 15))) * m.rng.uniform(0.1, 0.5)
        page = page * (1 - blot[:, :, None]) + np.array((150, 110, 70), np.float32) * blot[:, :, None]
    if m.rng.random() < 0.4:
        ends = (m.rng.uniform(0, 1, (2, 2)) * [page.shape[1], page.shape[0]]).astype(int).tolist()
        page = cv2.line(np.ascontiguousarray(page), *ends, (205, 204, 200), 2)
    light = m.pick(["even", "gradient", "vignette", "shadow"])
    return Sample(saved(photographed(page, m.rng, light=light, noise=m.rng.uniform(1, 6)), 85), BLANK)


def texture(m: Maker) -> Sample:
    """Something without any paper: cloth, wood, gravel, foliage, noise."""
    size = tuple(int(side) for side in m.rng.integers(200, 600, 2))
    scale, along = m.rng.uniform(1, 14), m.pick([1.0, 1.0, 6.0])
    field = cv2.GaussianBlur(m.rng.normal(0, 1, size).astype(np.float32), (0, 0), scale, sigmaY=scale * along)
    field = field / field.std()
    if m.rng.random() < 0.3:
        field = np.sign(field) * np.abs(field) ** 0.3
    colour, other = m.rng.uniform(20, 235, 3), m.rng.uniform(20, 235, 3)
    share = np.clip(0.5 + 0.25 * field, 0, 1)[:, :, None]
    photo = colour * share + other * (1 - share) + m.rng.normal(0, 3, (*size, 3))
    return Sample(saved(np.clip(photo, 0, 255).astype(np.uint8), 85), BLANK)


KINDS = (figure, stained, texture)
