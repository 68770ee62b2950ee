"""Distortions: images of digits as another hand might have written them.

A distorted image takes each of its pixels from another place of the original. The map of places is a sum
of fields with random coefficients, so the maps of many images are one matrix product:

    places (n, pixels) = coefficients (n, fields) @ fields (fields, pixels)

The first three fields are 1, x and y: shift, rotation, scale and shear. The others are smooth waves, the
principal components of smoothed noise, as many as carry nearly all of it: the elastic distortion.
Source: Simard, Steinkraus and Platt, "Best practices for convolutional neural networks applied to visual
document analysis" (2003).
"""

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np

from handgrad.arrays import NDArray
from handgrad.errors import DataError
from handgrad.recipes import Distortion
from handgrad.threads import available_cores, one_blas_thread

TOGETHER = 500  # images distorted by one call, with one random generator
MOST_ROWS = 32_000  # of a picture that OpenCV moves: below 2^15
CARRIED = 0.999  # share of the noise's variance that the waves carry


def augment(
    images: NDArray,
    rng: np.random.Generator,
    distortion: Distortion | None = None,
    threads: int | None = None,
) -> NDArray:
    """Each image distorted at random: (N, height, width) uint8 -> new images of the same shape.

    The same images and state of rng give the same bytes, whatever the threads (by default the cores that
    this process may use). Ink that leaves the image is lost; the edges are filled with paper (0).
    DataError for other images.
    """
    if not isinstance(images, np.ndarray) or images.ndim != 3 or images.dtype != np.uint8:
        got = f"{images.dtype} of shape {images.shape}" if isinstance(images, np.ndarray) else type(images)
        raise DataError(f"expected images to distort as uint8 (N, height, width); got {got}")
    how, distorted = distortion or Distortion(), np.empty_like(images)
    if images.size == 0:
        return distorted
    size = max(1, min(TOGETHER, MOST_ROWS // (images.shape[1] + 1)))
    starts = range(0, len(images), size)
    seeds = rng.integers(1 << 63, size=len(starts))

    def some(start: int, seed: int) -> None:
        rows = slice(start, start + size)
        _distort(images[rows], np.random.default_rng(seed), how, distorted[rows])

    with one_blas_thread(), ThreadPoolExecutor(threads or available_cores()) as pool:
        for _ in pool.map(some, starts, seeds):
            pass
    return distorted


def _distort(images: NDArray, rng: np.random.Generator, how: Distortion, out: NDArray) -> None:
    """Some images -> out, by one generator."""
    import cv2

    n, height, width = images.shape
    # one tall picture of all images, separated by rows of paper: a single call to OpenCV moves all pixels
    sheet = np.zeros((n * (height + 1) + 1, width), np.uint8)
    tops = np.arange(n, dtype=np.float32) * (height + 1) + 1
    sheet[1:].reshape(n, height + 1, width)[:, :-1] = images
    affine = _affine(n, height, width, rng, how)  # (n, 2, 3)
    if how.thickness:
        sheet = _thickened(sheet, rng.uniform(-how.thickness, how.thickness, n))
    waves = (
        elastic_fields(height, width, how.sigma) if how.elastic else np.empty((0, height * width), np.float32)
    )
    rolled = how.elastic * rng.standard_normal((2, n, len(waves)), np.float32)
    plane = np.indices((height, width), np.float32).reshape(2, -1)
    basis = np.concatenate([np.ones_like(plane[:1]), plane[::-1], waves])
    x, y = (np.concatenate([affine[:, axis], rolled[axis]], axis=1) @ basis for axis in (0, 1))
    np.clip(y, -1, height, out=y)
    y += tops[:, None]
    moved = cv2.remap(
        sheet, x.reshape(-1, width), y.reshape(-1, width), cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT
    )
    out[:] = moved.reshape(n, height, width)


def _affine(n: int, height: int, width: int, rng: np.random.Generator, how: Distortion) -> NDArray:
    """Rows (offset, by x, by y) that map a place to the one it comes from, for x and for y: (n, 2, 3)."""

    def drawn(most: float) -> NDArray:
        return rng.uniform(-most, most, n)

    angle, shear = np.deg2rad(drawn(how.rotation)), drawn(how.shear)
    across, down = 1 + drawn(how.scale), 1 + drawn(how.scale)
    cos, sin = np.cos(angle), np.sin(angle)
    matrix = np.empty((n, 2, 2))
    matrix[:, 0] = np.stack([cos * across, cos * shear - sin * down], axis=1)
    matrix[:, 1] = np.stack([sin * across, sin * shear + cos * down], axis=1)
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    offset = centre + np.stack([drawn(how.shift), drawn(how.shift)], axis=1) - matrix @ centre
    return np.concatenate([offset[:, :, None], matrix], axis=2).astype(np.float32)


@cache
def elastic_fields(height: int, width: int, sigma: float) -> NDArray:
    """Waves (waves, height * width): the principal components of noise smoothed by a Gaussian of sigma
    pixels, each as high as its standard deviation.

    Their sum with coefficients from N(0, 1) has the covariance of even noise from -1 to 1 (variance 1/3)
    convolved with the Gaussian: the product of one along y and one along x.
    """

    def along(length: int) -> tuple[NDArray, NDArray]:
        reach = int(np.ceil(4 * sigma))
        steps = np.arange(-reach, reach + 1)
        kernel = np.exp(-(steps**2) / (2 * sigma**2))
        covariance = np.correlate(kernel, kernel, "full") / kernel.sum() ** 2
        by_distance = np.zeros(max(length, len(steps)))
        by_distance[: len(steps)] = covariance[len(steps) - 1 :]
        i = np.arange(length)
        values, vectors = np.linalg.eigh(by_distance[abs(i[:, None] - i)])
        return values.clip(0), vectors

    (y_values, y_vectors), (x_values, x_vectors) = along(height), along(width)
    variances = np.outer(y_values, x_values).ravel() / 3
    order = np.argsort(-variances)
    carried = np.cumsum(variances[order])
    kept = order[: 1 + int(np.searchsorted(carried, CARRIED * carried[-1]))]
    i, j = np.divmod(kept, width)  # compute only these: all waves would be a pixels x pixels matrix
    waves: NDArray = y_vectors.T[i][:, :, None] * x_vectors.T[j][:, None, :]
    return (np.sqrt(variances[kept])[:, None] * waves.reshape(len(kept), -1)).astype(np.float32)


def _thickened(sheet: NDArray, share: NDArray) -> NDArray:
    """Each image of the sheet blended with its dilation (share 0 to 1) or its erosion (share -1 to 0)."""
    import cv2

    height = (len(sheet) - 1) // len(share)
    images = sheet[1:].reshape(len(share), height, -1)
    thick, thin = (change(sheet, np.ones((3, 3), np.uint8)) for change in (cv2.dilate, cv2.erode))
    aims = np.where(share[:, None, None] > 0, *(s[1:].reshape(images.shape) for s in (thick, thin)))
    far = abs(share).astype(np.float32)[:, None, None]
    changed = sheet.copy()
    changed[1:].reshape(images.shape)[:, :-1] = np.rint(images + far * (aims - images.astype(np.float32)))[
        :, :-1
    ]
    return changed
