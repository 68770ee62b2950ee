"""What a process takes to start: import, the fast engine, a training; with an empty cache, then a full one.

    python benchmarks/starts.py                            # this installation
    python benchmarks/starts.py a/bin/python b/bin/python  # say a wheel, and from the sources

A wheel of tools/wheels.py brings the kernel in machine code. An installation from the sources compiles it at
its first start, by llvmlite, and keeps it in the cache. Medians of --times starts, seconds of the processor.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile

ENGINE = "from handgrad.engines import engine; engine('ink', threads=1)"
STARTS = {
    "import handgrad": ["-c", "import handgrad"],
    "the fast engine, ready to train": ["-c", ENGINE],
    "handgrad train --epochs 1": ["-m", "handgrad", "train", "--epochs", "1", "--quiet"],
}


def seconds(python, words, folder):
    """Processor seconds of one process, whose cache and files are in the folder."""
    environment = os.environ | {"XDG_CACHE_HOME": folder, "XDG_DATA_HOME": folder, "OMP_NUM_THREADS": "1"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([python, *words], env=environment, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    """The table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pythons", nargs="*", default=[sys.executable], metavar="PYTHON")
    parser.add_argument("--times", type=int, default=5)
    arguments = parser.parse_args()
    print("| | Python | empty cache | full cache |\n|---|---|--:|--:|")
    for name, words in STARTS.items():
        for python in map(os.path.abspath, arguments.pythons):
            taken = []
            for _ in range(arguments.times):
                with tempfile.TemporaryDirectory() as folder:
                    taken.append([seconds(python, words, folder) for _ in range(2)])
            first, then = map(statistics.median, zip(*taken, strict=True))
            print(f"| {name} | {os.path.relpath(python)} | {first:.2f} s | {then:.2f} s |", flush=True)


if __name__ == "__main__":
    main()
