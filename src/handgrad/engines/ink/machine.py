"""The kernel as machine code: compiled for this processor, kept on disk, and loaded from there.

What is kept is an object file behind its SHA-256, in the user's cache folder; its name says what it was
made from and for. So another processor, version or kernel finds none, and a damaged file is none: the
kernel is compiled anew, which takes half a second.
"""

import hashlib
import os
import platform
from collections.abc import Callable
from contextlib import suppress
from ctypes import CFUNCTYPE, c_void_p
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import llvmlite
import llvmlite.binding as llvm
import numpy as np

from handgrad.errors import HandgradError
from handgrad.files import KEPT, new_file, user_folder
from handgrad.layers import LEAK
from handgrad.optimizers import BETA, BETA2, EPSILON

MADE_FROM = ("kernel.py", "task.py", "operations.py", "values.py", "compiler.py", "machine.py")
CONSTANTS = BETA, BETA2, EPSILON, LEAK  # of the kernel, defined outside the files of MADE_FROM
CHECKED = hashlib.sha256().digest_size  # bytes of the checksum before the code
Function = Callable[[int], None]  # of the address of a task; it lets go of the interpreter's lock

_lock = Lock()
if hasattr(os, "register_at_fork"):  # a process is forked before or after compiling, never in between
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)


def code(lanes: int, dtype: Any) -> Function:
    """The kernel in blocks of so many units, for parameters of that type; compiled if it never was.

    TypeError for parameters that are not float32 or float64 in this machine's byte order.
    """
    if dtype not in (np.float32, np.float64):
        raise TypeError(f"expected float32 or float64; got {dtype}")
    with _lock:
        return _code(lanes, np.dtype(dtype).itemsize)


@cache
def _code(lanes: int, itemsize: int) -> Function:
    made_for = lanes, itemsize, *processor(), llvmlite.__version__, platform.python_version(), *CONSTANTS
    texts = [(Path(__file__).parent / name).read_bytes() for name in MADE_FROM]
    key = hashlib.sha256(b"".join([*texts, repr(made_for).encode()])).hexdigest()
    path = _path(f"ink-{key[:32]}")
    binary = _kept(path) if path else None
    if binary is None:
        binary = _compiled(lanes, itemsize)
        if path is None:
            return linked(binary)
        with suppress(OSError, HandgradError):  # nowhere to keep it: it is compiled each time
            path.parent.mkdir(parents=True, exist_ok=True)
            with new_file(path, KEPT) as file:
                file.write(hashlib.sha256(binary).digest() + binary)
    return linked(binary)


@cache  # also because llvmlite tidies up in a destructor, where Python would lose a Ctrl-C
def processor() -> tuple[str, str]:
    """The name of this processor and what it can do, as LLVM says it."""
    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


def assembled(module: Any) -> bytes:
    """An object file of an LLVM module (its text will do), made fast."""
    target = _target()
    made = llvm.parse_assembly(str(module))
    made.triple, made.data_layout = target.triple, str(target.target_data)
    made.verify()
    passes = llvm.create_pass_builder(target, llvm.create_pipeline_tuning_options(speed_level=3))
    passes.getModulePassManager().run(made, passes)
    binary: bytes = target.emit_object(made)
    return binary


def linked(binary: bytes) -> Function:
    """The function `run` of an object file, in memory and ready to be called."""
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target())
    engine.add_object_file(llvm.ObjectFileRef.from_data(binary))
    engine.finalize_object()
    run = CFUNCTYPE(None, c_void_p)(engine.get_function_address("run"))
    run.engine = engine  # type: ignore[attr-defined]  # the code goes with it
    return run


def _target() -> Any:
    """How LLVM writes code for this processor; an engine takes it over, so each needs its own."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    triple = llvm.get_process_triple()
    place = "static" if triple.startswith("x86") else "default"
    return llvm.Target.from_triple(triple).create_target_machine(
        *processor(), opt=3, reloc=place, codemodel="jitdefault", jit=True
    )


def _path(name: str) -> Path | None:
    """Where code of that name is kept; None for a user without a home folder."""
    try:
        return user_folder("cache") / name
    except HandgradError:
        return None


def _kept(path: Path) -> bytes | None:
    """The object file that was kept, if it is there and whole."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    binary = data[CHECKED:]
    return binary if hashlib.sha256(binary).digest() == data[:CHECKED] else None


def _compiled(lanes: int, itemsize: int) -> bytes:
    """The kernel as an object file."""
    from handgrad.engines.ink import compiler, kernel, values
    from handgrad.engines.ink.task import Task

    number = values.FLOAT if itemsize == 4 else values.DOUBLE
    return assembled(compiler.compiled(kernel.run, Task.kinds, number, lanes))
