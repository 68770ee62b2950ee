"""The environment variables of the process of a learner's code: no secrets, one thread."""

import os

KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "VIRTUAL_ENV", "SYSTEMROOT")
OF_HOME = ("HOME", "XDG_CACHE_HOME", "MPLCONFIGDIR")  # behind walls there is no such folder
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
)


def variables(folder: str, walled: bool) -> dict[str, str]:
    """All variables of the process. folder: its own, for temporary files, and behind walls its home."""
    kept = {name: os.environ[name] for name in (*KEPT, *OF_HOME) if name in os.environ}
    if walled:
        kept = {name: value for name, value in kept.items() if name not in OF_HOME} | {"HOME": folder}
    paths = [os.path.abspath(path) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    own = {
        "TMPDIR": folder,
        "TEMP": folder,
        "TMP": folder,
        "MPLBACKEND": "agg",
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
    }
    return kept | own | {"PYTHONPATH": os.pathsep.join(paths)} | dict.fromkeys(THREADS, "1")
