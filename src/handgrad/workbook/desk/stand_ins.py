"""What stands in for packages that no answer depends on: plots, progress bars, logs.

A stand-in takes every call and does nothing. Other packages that are missing are represented by a Missing,
which says so when it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

ALWAYS = {  # whether they are installed or not: they are slow to import, and print or draw
    *("matplotlib", "seaborn", "plotly", "bokeh", "altair", "tqdm", "progressbar", "alive_progress", "wandb"),
    *("tensorboard", "tensorboardX", "mlflow", "IPython", "google.colab", "ipywidgets", "rich", "pylab"),
    *("livelossplot", "torchviz", "graphviz", "torchinfo", "torchsummary", "icecream", "ipdb", "ipykernel"),
    *("import_ipynb", "nbimporter"),
}
IF_MISSING = {
    "pandas",
    "numba",
    "pytest",
    "line_profiler",
    "memory_profiler",
    "tabulate",
    "termcolor",
    "colorama",
    "past",
    "future",
    "six",
}
PIP = {
    "sklearn": "scikit-learn",
    "cv2": "opencv-python",
    "PIL": "pillow",
    "skimage": "scikit-image",
    "yaml": "pyyaml",
}
KNOWN = {  # packages, which pip installs; any other module was perhaps left out of the hand-in
    *(
        "torch",
        "torchvision",
        "scipy",
        "sklearn",
        "tensorflow",
        "keras",
        "jax",
        "jaxlib",
        "cupy",
        "cv2",
        "PIL",
    ),
    *("pandas", "numba", "matplotlib", "skimage", "sympy", "h5py", "requests", "autograd", "mnist", "einops"),
    *(
        "torchaudio",
        "lightning",
        "pytorch_lightning",
        "datasets",
        "transformers",
        "networkx",
        "imageio",
        "yaml",
    ),
    *("statsmodels", "opt_einsum", "attr", "pydantic", "python_mnist", "idx2numpy", "deeplake", "joblib"),
}


class NotInstalledError(ModuleNotFoundError):
    """A learner's code needs something that is not here: str(error) says what, and what to do."""


def needs(module: str) -> str:
    """That a module is missing, and what to do, in words."""
    package = module.split(".")[0]
    if package in KNOWN:
        name = PIP.get(package, package)
        return f"needs the package {package}, which is not installed here: pip install {name}"
    return f"needs the module {module}, which is neither handed in nor installed here"


class Missing:
    """In place of what could not be imported."""

    def __init__(self, words: str) -> None:
        self.__dict__["_words"] = words

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        raise NotInstalledError(self.__dict__["_words"])

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise NotInstalledError(self.__dict__["_words"])

    __call__ = __getitem__ = __iter__ = __mro_entries__ = __enter__ = __len__ = __float__ = _refuse
    __add__ = __radd__ = __mul__ = __rmul__ = __matmul__ = __rmatmul__ = __sub__ = __rsub__ = _refuse
    __truediv__ = __rtruediv__ = __pow__ = __neg__ = __or__ = __ror__ = _refuse


def what_lacks(missing: Missing) -> str:
    """What it stands for, and what to do, in words."""
    return str(missing.__dict__["_words"])


class Nothing:
    """Takes every call, and does nothing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return SPECIAL.get(name, self)

    def __setattr__(self, name: str, value: Any) -> None:
        pass

    def __call__(self, *given: Any, **_: Any) -> Any:
        """Itself; of one function, that function."""
        if len(given) == 1 and callable(given[0]) and not isinstance(given[0], Nothing):
            return given[0]
        return self

    def __getitem__(self, key: Any) -> Any:
        return self

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __format__(self, form: str) -> str:
        return ""

    def __mro_entries__(self, bases: Any) -> tuple[type, ...]:
        return ()

    def __str__(self) -> str:
        return ""


class Progress:
    """tqdm: what it is given, and no bar."""

    def __init__(self, iterable: Any = None, *_: Any, **__: Any) -> None:
        self.iterable, self.total, self.n = iterable, None, 0

    def __iter__(self) -> Iterator[Any]:
        return iter(() if self.iterable is None else self.iterable)

    def __len__(self) -> int:
        return len(self.iterable)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return NOTHING

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    write = pandas = staticmethod(lambda *_, **__: None)


def _grid(rows: int = 1, columns: int = 1, *_: Any, **named: Any) -> tuple[Any, Any]:
    """plt.subplots: a figure, and axes in their shape."""
    rows, columns = named.get("nrows", rows), named.get("ncols", columns)
    axes = np.empty((rows, columns), dtype=object)
    for place in np.ndindex(axes.shape):
        axes[place] = NOTHING
    if named.get("squeeze", True):
        axes = axes.squeeze()
    return NOTHING, axes if axes.ndim else NOTHING


def _several(count: int) -> Callable[..., Any]:
    return lambda *_, **__: [NOTHING] * count


NOTHING = Nothing()
SPECIAL: dict[str, Any] = {
    "subplots": _grid,
    "plot": _several(1),
    "hist": _several(3),
    "tqdm": Progress,
    "tqdm_notebook": Progress,
    "trange": lambda *given, **_: Progress(range(*given)),
    "tnrange": lambda *given, **_: Progress(range(*given)),
    "track": lambda iterable, *_, **__: iterable,  # rich.progress
    "progressbar": Progress,
    "prange": range,
    "get_ipython": lambda: None,
    "xrange": range,  # past.builtins, six.moves
    "range": range,
    "zip": zip,
    "map": map,
}


def stand_in(module: str) -> Any:
    """What stands in for a module, whether it is installed or not; None if it matters."""
    return NOTHING if _listed(module, ALWAYS) else None


def if_missing(module: str) -> Any:
    """What stands in for a module that is not installed; None if it matters."""
    return NOTHING if _listed(module, IF_MISSING) else None


def _listed(module: str, names: set[str]) -> bool:
    return any(f"{module}.".startswith(f"{name}.") for name in names)


OLD_NAMES = {  # of NumPy, which newer versions have no more
    "float": float, "int": int, "object": object, "complex": complex, "str": str, "float_": np.float64,
    "complex_": np.complex128, "Inf": np.inf, "Infinity": np.inf, "infty": np.inf, "NaN": np.nan,
    "PINF": np.inf, "NINF": -np.inf, "product": np.prod, "cumproduct": np.cumprod, "sometrue": np.any,
    "alltrue": np.all, "row_stack": np.vstack, "round_": np.round, "asscalar": lambda array: array.item(),
}  # fmt: skip


def give_old_names() -> None:
    """NumPy's names of earlier years, with which its answers are right."""
    for name, thing in OLD_NAMES.items():
        if name not in vars(np):
            setattr(np, name, thing)
