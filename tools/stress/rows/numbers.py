"""Numerics and backends: gradients, trainings with hostile arrays and rates, loss curves on every namespace."""

import contextlib
import warnings

import numpy as np
from throwing import part

from handgrad import digits, model_file, network, runs
from handgrad.engines import dense, engine
from handgrad.errors import DataError, DivergedError, HandgradError
from handgrad.layers import ACTIVATIONS
from handgrad.recipes import CHOICES, Recipe

import alike
import proofs


@part("numerics", "finite differences", 500, 40, seconds=5)
def finite_differences(folder):
    """Random shapes, activations, losses, biases: relative error below 1e-6 in float64."""

    def one(i, rng):
        N, D, H, C = (int(rng.integers(low, high)) for low, high in ((1, 9), (1, 12), (1, 10), (2, 9)))
        activation, loss = str(rng.choice(sorted(ACTIVATIONS))), str(rng.choice(["l2", "cross_entropy"]))
        case = proofs.make_case(N, D, H, C, activation, loss, bool(rng.integers(2)), int(rng.integers(2**32)))
        error = proofs.by_finite_differences(case)
        assert error < 1e-6, f"relative error {error:.1e} with {activation}, {loss}, {N, D, H, C}"

    yield one


FORMS = {  # what becomes of images of bytes
    "bytes": lambda images, rng: images,
    "floats": lambda images, rng: images / 255,
    "float16": lambda images, rng: (images / 255).astype(np.float16),
    "big-endian": lambda images, rng: (images / 255).astype(">f4"),
    "big-endian integers": lambda images, rng: images.astype(">i4"),
    "integers": lambda images, rng: images.astype(np.int64),
    "Fortran order": lambda images, rng: np.asfortranarray(images),
    "every other": lambda images, rng: np.repeat(images, 2, axis=0)[::2],
    "backwards": lambda images, rng: images[::-1],
    "read-only": lambda images, rng: np.broadcast_to(images, images.shape),
    "masked": lambda images, rng: np.ma.masked_equal(images, 0),
    "a matrix": lambda images, rng: images.reshape(len(images), -1),
    "NaN": lambda images, rng: np.where(rng.random(images.shape) < 0.001, np.nan, images / 255),
    "infinite": lambda images, rng: np.where(rng.random(images.shape) < 0.001, np.inf, images / 255),
    "huge": lambda images, rng: images * 1e300,
    "negative": lambda images, rng: -(images / 255),
    "no images": lambda images, rng: images[:0],
    "blank": lambda images, rng: np.zeros_like(images),
    "complex": lambda images, rng: images * 1j,
    "texts": lambda images, rng: images.astype(str),
    "objects": lambda images, rng: images.astype(object),
    "a list": lambda images, rng: images.tolist(),
}
RATES = (0.1, 1e3, 1e30, 1e38, 1e39, 1e300, 1e-300)


@part("numerics", "hostile trainings", 3_000, 120, seconds=10)
def trainings(folder):
    """Rates to 1e300, arrays of every form, one image, one class, batches larger than the data.

    A finite network is saved, or one line says why not; nothing is warned of but by handgrad itself.
    """
    images, labels = digits.load_mnist()[0]
    engines = [engine("numpy"), engine("ink", threads=1)]

    def one(i, rng):
        form, rate = list(FORMS)[i % len(FORMS)], RATES[int(rng.integers(len(RATES)))]
        N = int(rng.choice([1, 2, 7, 60]))
        first = int(rng.integers(50_000))
        some, own = images[first : first + N], labels[first : first + N].copy()
        if rng.random() < 0.2:
            own[:] = own[0]
        recipe = Recipe(
            hidden=int(rng.choice([1, 20, 33])), learning_rate=rate, batch_size=int(rng.choice([1, 16, 1000])),
            epochs=int(rng.integers(1, 4)), averaging=float(rng.choice([0, 0.5])), bias=bool(rng.integers(2)),
            **{key: str(rng.choice(CHOICES[key])) for key in ("activation", "loss", "optimizer", "schedule", "output_bias")},
        )  # fmt: skip
        out = folder / "m"
        out.unlink(missing_ok=True)
        where, kept = engines[int(rng.integers(2))], 0
        said = f"{form}, {where.name}, {recipe}"
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a bare warning of NumPy's is a fault
            warnings.filterwarnings(
                "ignore", ".*numpy engine"
            )  # said where the fast engine leaves an epoch to it
            try:
                given = FORMS[form](some, rng)
                data = runs.split(given, own, int(rng.integers(0, 2)) if N > 2 else 0)
                for _ in runs.run(data, recipe, i, out, engine=where):
                    kept += 1
            except (HandgradError, ValueError) as error:
                assert type(error) in (DataError, DivergedError, HandgradError, ValueError), said
                assert "\n" not in str(error), f"more than one line: {error!r}: {said}"
                if isinstance(error, DivergedError):
                    assert error.epoch >= 1, said
            except Exception as error:
                raise AssertionError(f"{type(error).__name__}: {error}: {said}") from error
        assert out.exists() == (kept > 0), f"{kept} epochs were kept: {said}"
        if kept:
            assert all(p is None or np.isfinite(p).all() for p in model_file.load(out).params), said

    yield one


def agreeing(name, put):
    """A part that compares loss curves after 50 epochs of one to three steps with those on NumPy arrays."""

    @part("backends", name, 200, 6, seconds=30)
    def curves(folder):
        where = put()

        def one(i, rng):
            dtype, bound = ((np.float64, 1e-10), (np.float32, 1e-4))[i % 2]
            ours, theirs, recipe = alike.curves(where, dtype, int(rng.integers(2**32)), 50)
            worst = float(np.abs(ours - theirs).max())
            assert worst < bound, f"losses differ by {worst:.1e} in {dtype.__name__}: {recipe}"

        yield one


def _strict():
    import array_api_strict

    return array_api_strict.asarray


def _torch():
    import torch

    torch.set_num_threads(1)
    return torch.asarray


def _jax():
    import jax

    jax.config.update("jax_enable_x64", True)
    return jax.numpy.asarray


agreeing("array-api-strict and NumPy", _strict)
agreeing("torch and NumPy", _torch)
agreeing("JAX and NumPy", _jax)


@part("backends", "engines and reference", 400, 30, seconds=30)
def engines(folder):
    """The dense and the compiled engine: parameters of two epochs within 1e-10 of the reference, in float64."""
    from handgrad.engines.ink import InkEngine

    fast = [InkEngine(threads) for threads in (1, 2, 3)]

    def one(i, rng):
        recipe = Recipe(
            hidden=int(rng.integers(1, 71)), batch_size=int(rng.integers(1, 41)), bias=bool(rng.integers(2)),
            learning_rate=float(rng.uniform(1e-4, 0.05)),
            **{key: str(rng.choice(CHOICES[key])) for key in ("activation", "loss", "optimizer")},
        )  # fmt: skip
        sizes = {"N": int(rng.integers(1, 91)), "D": int(rng.integers(1, 301)), "C": int(rng.integers(2, 41))}
        run_epoch = dense.run_epoch if i % 2 else fast[int(rng.integers(3))].run_epoch
        with contextlib.suppress(DivergedError), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that images with much ink are left to the dense engine
            (p, _, a), (q, _, b) = alike.both(recipe, sizes, int(rng.integers(2**32)), np.float64, run_epoch)
            np.testing.assert_allclose(a, b, rtol=1e-10)
            for name, ours, theirs in zip(network.Params._fields, p, q, strict=True):
                if ours is not None:
                    worst = float(np.abs(ours - theirs).max())
                    assert worst < 1e-10, f"{name} differs by {worst:.1e}: {recipe}, {sizes}"

    yield one
