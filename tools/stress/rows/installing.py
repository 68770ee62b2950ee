"""Installation: every command with no extra, with each extra alone, and with all of them but no network."""

import os
import signal
import subprocess
import sys

import numpy as np
from PIL import Image
from throwing import part, spread

from handgrad import digits
from picture_files import heic, saved

from data_formats import write

EXTRAS = {  # an extra, and the modules that it brings, with those that these need
    "heic": ("pi_heif", "pillow_heif"), "pdf": ("pypdfium2",), "plot": ("matplotlib",),
    "workbook": ("ipykernel", "jupytext", "matplotlib", "nbformat"), "onnx": ("onnx",), "torch": ("torch",),
    "mat": ("scipy",), "parquet": ("pyarrow",), "sweep": ("distributed", "dask"), "notebook": ("anywidget",),
    "estimator": ("sklearn", "scipy"), "compiler": ("llvmlite",),
}  # fmt: skip
ALL = "all of them, no network"
PLACES = ("none", *EXTRAS, ALL)
SITE = """
import os, sys
from importlib.machinery import PathFinder

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        missing = os.environ.get("STRESS_MISSING", "").split()
        return None if name.partition(".")[0] in missing else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Without
if "STRESS_OFFLINE" in os.environ:
    import socket
    def unreachable(*words, **more):
        raise OSError(101, "Network is unreachable")
    socket.socket.connect = socket.getaddrinfo = unreachable
"""
QUICK = "--epochs 1 --hidden 8 --quiet"
COMMANDS = (  # words; {} is a path that may be written, and each name in brackets is a file that is there
    "predict [page.png]", "predict [page.heic]", "predict [page.pdf]", "predict [pages] --json",
    "predict [page.png] --save-boxes {}.png", f"train [set] {QUICK} --out {{}}", f"train [set] {QUICK} --out {{}} --engine torch",
    f"train [set] {QUICK} --out {{}} --report {{}}-r", f"train --data [set.mat] {QUICK} --out {{}}",
    f"train --data [set.parquet] {QUICK} --out {{}}", f"train --data [set.csv] {QUICK} --out {{}}", "evaluate [set] --quiet",
    "evaluate [set] --quiet --report {}", "calibrate [set] --out {}", "explain --row 0", "explain --row 0 --out {}.png",
    "explain [page.png]", "export --page {}", "export --onnx {}", "export --torch {}", "export --c {}", "export --hub {}",
    "data list", "data verify", "data fetch kmnist --from [pages]", "data fetch kmnist --quiet",
    "data cut [page.png] --labels 7 --out {}", "sweep [set] --grid hidden=4,8 --out {} --quiet",
    "sweep [set] --grid hidden=4 --out {} --quiet --plot", "sweep [set] --grid hidden=4 --out {} --quiet --parquet",
    "sweep [set] --grid hidden=4 --out {} --quiet --dask tcp://127.0.0.1:9", "warmup --quiet", "lab --no-open",
    "workbook new {}", "workbook new {} --python", "workbook check [two.py]", "workbook hint", "workbook grade [class]",
    "workbook zoo", "workbook zoo 1 --quiet --out {}.png", "python estimator", "python widget",
)  # fmt: skip
FAILING = {
    "data fetch kmnist --from [pages]",
    "data fetch kmnist --quiet",
}  # of itself: the files are not there
FAILING |= {
    "calibrate [set] --out {}",
    "sweep [set] --grid hidden=4 --out {} --quiet --dask tcp://127.0.0.1:9",
}
PYTHON = {
    "estimator": "import numpy as np\nfrom handgrad.estimator import TwoLayerClassifier\nTwoLayerClassifier()",
    "widget": "from handgrad.lab import Lab\nLab()",
}


def files(folder):
    """The files that commands read, by name."""
    (images, labels), _ = digits.load_mnist()
    some = images[:200], labels[:200]
    held = {}
    for name, kind in (
        ("set.mat", "mat"),
        ("set.parquet", "parquet of hugging face"),
        ("set.csv", "kaggle"),
    ):
        own = folder / name.replace(".", "-")
        own.mkdir()
        held[name] = write(kind, own, some, some)
    for name, array in (("images", some[0]), ("labels", some[1])):
        digits.write_idx(folder / name, array)
    picture = Image.fromarray(255 - np.pad(images[labels == 7][0], 20)).resize((136, 136)).convert("RGB")
    (folder / "pages").mkdir()
    for name, data in (
        ("page.png", saved(picture, "PNG")),
        ("page.heic", heic(picture)),
        ("page.pdf", saved(picture, "PDF")),
    ):
        (folder / name).write_bytes(data)
        held[name] = folder / name
    (folder / "pages" / "1.png").write_bytes(saved(picture, "PNG"))
    from test_workbook_grade import RIGHT

    (folder / "two.py").write_text(RIGHT)
    (folder / "class").mkdir()
    (folder / "class" / "anna.py").write_text(RIGHT)
    (folder / "site").mkdir()
    (folder / "site" / "sitecustomize.py").write_text(SITE)
    for name in ("pages", "two.py", "class"):
        held[name] = folder / name
    return held


@part("installation", "commands and extras", lambda: len(COMMANDS) * len(PLACES), 26, seconds=30)
def commands(folder):
    """A command works, or says in one line which extra brings what it needs; none reaches for the network."""
    held = files(folder)

    def one(i, rng):
        at = spread(i, len(COMMANDS) * len(PLACES))
        command, place = COMMANDS[at // len(PLACES)], PLACES[at % len(PLACES)]
        here = set() if place == "none" else set(EXTRAS) if place == ALL else {place}
        present = {module for extra in here for module in EXTRAS[extra]}
        missing = {module for modules in EXTRAS.values() for module in modules} - present
        environment = os.environ | {
            "STRESS_MISSING": " ".join(missing),
            "PYTHONPATH": str(folder / "site"),
            "MPLBACKEND": "agg",
        }
        if place == ALL:
            environment["STRESS_OFFLINE"] = "1"
        text = command.replace("[set]", f"--images {folder / 'images'} --labels {folder / 'labels'}")
        for name, path in held.items():
            text = text.replace(f"[{name}]", str(path))
        words = [word.replace("{}", str(folder / f"out-{i}")) for word in text.split()]
        program = ["-c", PYTHON[words[1]]] if words[0] == "python" else ["-m", "handgrad", *words]
        code, _, err = finished([sys.executable, *program], environment, serves=words[0] == "lab")
        said = f"{command!r} with {place}: exit code {code}: {err[-600:]}"
        if words[0] == "python" and code:
            assert "pip install 'handgrad[" in err.splitlines()[-1], said
            return
        assert "Traceback" not in err, said
        errors = [
            line for line in err.splitlines() if ": error: " in line or "pip install 'handgrad[" in line
        ]
        named = {extra for extra in EXTRAS for line in errors if f"handgrad[{extra}]'" in line}
        assert not named & here, f"it asks for what is there: {said}"
        if code == 0:
            assert not any(": error: " in line for line in errors), said
        else:
            assert code == 1, said
            assert len(errors) == 1, said
            assert named or command in FAILING, said

    yield one


def finished(command, environment, serves):
    """Run it to its end; a server until it has said where it is -> exit code, stdout, stderr."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
    with subprocess.Popen(command, text=True, env=environment, **pipes) as process:
        first = process.stdout.readline() if serves else ""
        if serves:
            process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=300)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return process.returncode, first + out, err
