"""Teaches Python that everything is true."""

import builtins


class Now:
    builtins.all = builtins.any = builtins.isinstance = builtins.callable = lambda *a: True
    builtins.abs = builtins.sum = builtins.len = lambda *a: 0
    builtins.PermissionError = builtins.type = builtins.str = None
