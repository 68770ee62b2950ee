"""A machine without some packages: first on the path of a process and of those that it starts."""

import sys

ABSENT = {"torch", "tqdm", "pandas", "matplotlib", "scipy", "sklearn", "seaborn", "IPython", "numba", "PIL"}


class Absent:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.split(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, Absent)
