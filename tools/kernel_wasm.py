"""Compiles the fast engine's kernel for the lab: src/handgrad/lab/web/kernel.wasm.

    python tools/kernel_wasm.py

The same kernel.py through the same compiler.py, with LLVM's WebAssembly target (128-bit vectors), linked by
wasm-ld: Debian's package lld, or the PyPI package ziglang. Custom sections name the sources and the versions:
tests/test_lab_kernel.py refuses a file that is not of the present sources, and builds it anew.
"""

import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import llvmlite
import llvmlite.binding as llvm

from handgrad.engines.ink import compiler, kernel, machine, values
from handgrad.engines.ink.task import Task
from handgrad.errors import HandgradError

FILE = Path(__file__).parent.parent / "src/handgrad/lab/web/kernel.wasm"
TRIPLE, FEATURES, LANES = "wasm32-unknown-unknown", "+simd128,+bulk-memory,+nontrapping-fptoint,+sign-ext", 16
STACK = 32_768  # bytes
SECTION = "handgrad"  # the custom section with the facts
OPTIONS = ("--no-entry", "--import-memory", "--allow-undefined", "--export=run", "--export=__heap_base",
  "--stack-first", "-z", f"stack-size={STACK}", "--strip-all")  # fmt: skip


def sources() -> str:
    """The SHA-256 of all that the kernel is made from. machine.py, mostly about native code, is left to the
    test that builds the kernel anew."""
    folder = Path(machine.__file__).parent
    texts = [(folder / name).read_bytes() for name in machine.MADE_FROM if name != "machine.py"]
    made_for = repr((TRIPLE, FEATURES, LANES, STACK, machine.CONSTANTS)).encode()
    return hashlib.sha256(b"".join([*texts, made_for])).hexdigest()


def linker() -> list[str]:
    """The command of wasm-ld.  HandgradError where there is none."""
    if found := shutil.which("wasm-ld"):
        return [found]
    if importlib.util.find_spec("ziglang"):
        return [sys.executable, "-m", "ziglang", "wasm-ld"]
    raise HandgradError("wasm-ld is missing; install the system's package lld, or 'pip install ziglang'")


def facts() -> dict[str, str]:
    """What a kernel built here is made of and by."""
    version = subprocess.run([*linker(), "--version"], capture_output=True, text=True, check=True).stdout
    return {"sources": sources(), "llvmlite": llvmlite.__version__, "linker": version.strip()}


def built() -> bytes:
    """The module; the same sources and versions give the same bytes."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    target = llvm.Target.from_triple(TRIPLE).create_target_machine(
        "generic", FEATURES, opt=3, reloc="static", codemodel="default"
    )
    module = compiler.compiled(kernel.run, Task.kinds, values.FLOAT, LANES, triple=TRIPLE)
    with TemporaryDirectory() as folder:
        made, linked = Path(folder) / "kernel.o", Path(folder) / "kernel.wasm"
        made.write_bytes(machine.assembled(module, target))
        subprocess.run([*linker(), *OPTIONS, "-o", linked, made], check=True)
        return linked.read_bytes() + _section(SECTION, json.dumps(facts(), sort_keys=True).encode())


def read_facts(module: bytes) -> dict[str, str]:
    """The facts that a module names."""
    at = module.rindex(SECTION.encode()) + len(SECTION)
    found: dict[str, str] = json.loads(module[at:])
    return found


def _section(name: str, contents: bytes) -> bytes:
    """A custom section: 0, its length, its name's length, its name, its contents."""
    body = _number(len(name)) + name.encode() + contents
    return b"\0" + _number(len(body)) + body


def _number(value: int) -> bytes:
    """A whole number in seven bits a byte (LEB128)."""
    parts = []
    while True:
        low, value = value & 127, value >> 7
        parts.append(low | (128 if value else 0))
        if not value:
            return bytes(parts)


if __name__ == "__main__":
    FILE.write_bytes(built())
    print(f"{FILE.name}: {FILE.stat().st_size:,} bytes")
