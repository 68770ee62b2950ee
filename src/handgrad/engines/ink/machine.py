"""The kernel as machine code: compiled for this processor, kept on disk, and loaded from there.

The object file is kept in the user's cache folder behind its SHA-256. Its name is a hash of all that it
depends on: the source, the processor and the versions. So another kernel, processor or version has a file of
its own. A file that is damaged, or that others own or can write, is not used (kept.py). Without a file the
kernel is compiled, which takes half a second.
"""

import hashlib
import os
import platform
from ctypes import CFUNCTYPE, c_void_p
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import llvmlite
import llvmlite.binding as llvm
import numpy as np

from handgrad.engines.ink import kept
from handgrad.engines.ink.sources import CONSTANTS, KERNEL, Function
from handgrad.engines.ink.symbols import undefined
from handgrad.errors import HandgradError
from handgrad.files import user_folder

MADE_FROM = (*KERNEL, "machine.py")

_lock = Lock()
if hasattr(os, "register_at_fork"):  # a process is forked before or after compiling, never in between
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)


def code(lanes: int, dtype: Any) -> Function:
    """The kernel for blocks of `lanes` hidden units and parameters of that type; compiled if need be.

    TypeError for parameters that are not float32 or float64 in this machine's byte order. HandgradError if
    the kernel uses a C function that this system does not have.
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
    binary = kept.read(path) if path else None
    if binary is None:
        binary = _compiled(lanes, itemsize)
        if path is not None:
            kept.write(path, binary)
    return linked(binary)


@cache  # llvmlite frees memory in a destructor, where Python would swallow a Ctrl-C: so only once
def processor() -> tuple[str, str]:
    """The name and the features of this processor, as LLVM lists them."""
    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


def assembled(module: Any, target: Any = None) -> bytes:
    """The object file of an LLVM module, optimized. target: a target machine, by default this one's."""
    target = target or target_machine()
    made = llvm.parse_assembly(str(module))
    made.triple, made.data_layout = target.triple, str(target.target_data)
    made.verify()
    passes = llvm.create_pass_builder(target, llvm.create_pipeline_tuning_options(speed_level=3))
    passes.getModulePassManager().run(made, passes)
    binary: bytes = target.emit_object(made)
    return binary


def linked(binary: bytes) -> Function:
    """The function `run` of an object file, loaded into memory and ready to be called.

    HandgradError if the object uses a function that this process does not have.
    """
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target_machine())
    missing = sorted(name for name in undefined(binary) if not llvm.address_of_symbol(name))
    if missing:  # MCJIT would link them to address 0
        raise HandgradError(
            f"the compiled kernel needs C functions that this system does not have: {', '.join(missing)}; "
            "use --engine numpy"
        )
    engine.add_object_file(llvm.ObjectFileRef.from_data(binary))
    engine.finalize_object()
    run = CFUNCTYPE(None, c_void_p)(engine.get_function_address("run"))
    run.engine = engine  # type: ignore[attr-defined]  # it owns the code's memory
    return run


def target_machine(triple: str | None = None, name: str = "", features: str = "") -> Any:
    """LLVM's code generator for a system and processor, by default for this one.

    An engine (linked) takes its target machine over, so each needs one of its own.
    """
    if triple is None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        triple, (name, features) = llvm.get_process_triple(), processor()
    relocation = "static" if triple.startswith("x86") else "default"
    return llvm.Target.from_triple(triple).create_target_machine(
        name, features, opt=3, reloc=relocation, codemodel="jitdefault", jit=True
    )


def _path(name: str) -> Path | None:
    """Where code of that name is kept; None for a user without a home folder."""
    try:
        return user_folder("cache") / name
    except HandgradError:
        return None


def _compiled(lanes: int, itemsize: int) -> bytes:
    """The kernel's object file."""
    from handgrad.engines.ink import compiler, kernel, values
    from handgrad.engines.ink.task import Task

    number = values.FLOAT if itemsize == 4 else values.DOUBLE
    return assembled(compiler.compiled(kernel.run, Task.kinds, number, lanes))
