"""The smoke suite in environments of their own, made for it and thrown away: python tests/smoke [NAME]...

    lowest              the lowest versions that pyproject.toml declares
    newest              the newest versions there are
    without-llvmlite    the newest, but without the fast engine's compiler
    python3.12 ...      the newest, on another Python, wherever it is found on this machine

Without a NAME: all of them. Prints the versions in each environment and its result; the exit code is 0 only
when every suite passed. It needs Python 3.11 or later, pip 22.3 or later, and a package index.
"""

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
OTHER_PYTHONS = ("python3.12", "python3.13", "python3.14")
ALL = ("lowest", "newest", "without-llvmlite", *OTHER_PYTHONS)
TOOLS = PROJECT["dependency-groups"]["smoke"]
REPORT = """
import json, sys
from importlib.metadata import version
import handgrad
print(json.dumps([handgrad.__file__, sys.version.split()[0], {name: version(name) for name in sys.argv[1:]}]))
"""


def lowest(requirement):
    """numpy>=2.1 -> numpy==2.1: what is declared as the lowest is a release, and this one."""
    name, separator, version = requirement.partition(">=")
    if not separator or not re.fullmatch(r"[\d.]+", version):
        raise ValueError(f"expected a requirement such as numpy>=2.1; got {requirement!r}")
    return f"{name}=={version}"


def requirements(name):
    """What is installed beside handgrad itself: its dependencies and the extras plot and workbook."""
    extras = PROJECT["project"]["optional-dependencies"]
    wanted = list(dict.fromkeys([*PROJECT["project"]["dependencies"], *extras["plot"], *extras["workbook"]]))
    if name == "lowest":
        return [lowest(requirement) for requirement in wanted]
    if name == "without-llvmlite":
        return [requirement for requirement in wanted if not requirement.startswith("llvmlite")]
    return wanted


def interpreter(name):
    """The Python to run on: this one, or the one of that name on the path or among pyenv's; None if there is none."""
    if name not in OTHER_PYTHONS:
        return sys.executable
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = glob.glob(str(pyenv / "versions" / f"{name.removeprefix('python')}*" / "bin" / "python"))
    for path in (shutil.which(name), *sorted(found)):  # pyenv has a python3.12 on the path that may not run
        if path and subprocess.run([path, "--version"], capture_output=True).returncode == 0:
            return path
    return None


def pip(*words, python=None):
    """Run the pip of the Python at hand, for the environment of another: those are made without a pip."""
    target = ["--python", str(python)] if python else []
    subprocess.run([sys.executable, "-m", "pip", *target, *map(str, words), "-qq"], check=True)


def make(folder, name, python, wheel):
    """A new environment with the wheel in it -> its Python; ends with an error where it is not as asked for."""
    subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True)
    inside = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = requirements(name)
    pip("install", *wanted, *TOOLS, python=inside)
    pip("install", "--no-deps", wheel, python=inside)
    names = [re.split("[=>]", requirement)[0] for requirement in wanted]
    report = subprocess.run([inside, "-c", REPORT, *names], check=True, capture_output=True, text=True).stdout
    file, version, versions = json.loads(report)
    assert Path(file).is_relative_to(folder.resolve()), f"handgrad comes from {file}, not from {folder}"
    assert ("llvmlite" in versions) == (name != "without-llvmlite")
    print(f"  Python {version}, {', '.join(f'{key} {value}' for key, value in versions.items())}", flush=True)
    return inside


def build(folder):
    """The project's wheel, in the folder -> its path."""
    pip("wheel", "--no-deps", "--wheel-dir", folder, ROOT)
    (wheel,) = Path(folder).glob("*.whl")
    return wheel


def smoke(name, wheel):
    """Run the suite in a new environment -> whether it passed; its result is printed last, under its name."""
    python = interpreter(name)
    if python is None:
        print(f"smoke ({name}): left out, there is no {name} on this machine", flush=True)
        return True
    print(f"smoke ({name}) ...", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        inside = make(Path(folder) / "environment", name, python, wheel)
        command = [inside, "-m", "pytest", "--quiet", "-p", "no:cacheprovider", "tests/smoke"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    last = (done.stdout.strip().splitlines() or ["pytest said nothing"])[-1].strip("= ")
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n")
    print(f"smoke ({name}): {last}; {time.monotonic() - began:.0f} s with the installation", flush=True)
    return done.returncode == 0


def main(names):
    """Build the wheel once, then smoke each -> the exit code."""
    if unknown := set(names) - set(ALL):
        print(f"expected names among {', '.join(ALL)}; got {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        wheel = build(folder)
        passed = [smoke(name, wheel) for name in names or ALL]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
