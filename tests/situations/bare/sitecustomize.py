"""A machine without some packages: first on the path of a process and of those that it starts."""

import sys

ABSENT = {"torch", "tqdm", "pandas", "matplotlib", "scipy", "sklearn", "seaborn", "IPython", "numba", "PIL"}


class WithoutSome:
    """A finder that does not find the absent."""

    def __init__(self, finder):
        self._finder = finder

    def __getattr__(self, name):
        return getattr(self._finder, name)

    def find_spec(self, name, path=None, target=None):
        return None if name.split(".")[0] in ABSENT else self._finder.find_spec(name, path, target)


sys.meta_path[:] = map(WithoutSome, sys.meta_path)
