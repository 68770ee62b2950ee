"""Wheels with the fast engine's kernel in machine code, one for each system: they need no llvmlite.

    python tools/wheels.py                  dist/*.whl: one for each system, and one that compiles where it is
    python tools/wheels.py linux-x86_64     the same for some systems only

The same kernel.py through the same compiler.py as everywhere, for the processors that a system may have, and
linked to one shared library for each system by zig's linker, which brings every system's C library. Such a
wheel is the other wheel with the library put in and the requirement of llvmlite taken out. The library is
looked at with lief before it is packed. Needs: pip install -e . --group release
"""

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import click
import lief
import llvmlite.binding as llvm

from handgrad.engines.ink import ahead, compiler, kernel, machine, task, values
from handgrad.engines.ink.sources import sources
from handgrad.engines.ink.task import Task

ROOT = Path(__file__).resolve().parent.parent
REQUIRED = r"^Requires-Dist: (llvmlite[^;\n]*)$"
X86 = {"v3": ("x86-64-v3", (task.NARROW,)), "v4": ("x86-64-v4", (task.NARROW, task.WIDE))}
ARM, APPLE = {"arm": ("generic", (task.NARROW,))}, {"arm": ("apple-m1", (task.NARROW,))}


class System(NamedTuple):
    """A system that wheels are made for."""

    triple: str  # LLVM's name
    zig: str  # the linker's name, with the oldest C library
    tag: str  # the wheel's
    ending: str  # of a shared library
    processors: dict[str, tuple[str, tuple[int, ...]]]  # name in the library: LLVM's name, lanes
    machine: str  # lief's name of the processor


SYSTEMS = {
    "linux-x86_64": System("x86_64-unknown-linux-gnu", "x86_64-linux-gnu.2.17", "manylinux_2_17_x86_64",
      ".so", X86, "X86_64"),
    "linux-aarch64": System("aarch64-unknown-linux-gnu", "aarch64-linux-gnu.2.17", "manylinux_2_17_aarch64",
      ".so", ARM, "AARCH64"),
    "macos-x86_64": System("x86_64-apple-macosx11.0", "x86_64-macos.11.0", "macosx_11_0_x86_64",
      ".dylib", X86, "X86_64"),
    "macos-arm64": System("arm64-apple-macosx11.0", "aarch64-macos.11.0", "macosx_11_0_arm64",
      ".dylib", APPLE, "ARM64"),
    "windows-x86_64": System("x86_64-w64-windows-gnu", "x86_64-windows-gnu", "win_amd64",
      ".dll", X86, "AMD64"),
    "windows-arm64": System("aarch64-w64-windows-gnu", "aarch64-windows-gnu", "win_arm64",
      ".dll", ARM, "ARM64"),
}  # fmt: skip


def functions(system: System) -> dict[str, tuple[str, int, int]]:
    """The kernels of a system's library by name: the processor, the lanes, and the bytes of a number."""
    return {
        ahead.name_of(level, lanes, itemsize): (processor, lanes, itemsize)
        for level, (processor, widths) in system.processors.items()
        for lanes in widths
        for itemsize in (4, 8)
    }


def object_file(system: System, name: str) -> bytes:
    """The object file of one kernel: it defines a function of that name, and no other that is seen."""
    processor, lanes, itemsize = functions(system)[name]
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    target = llvm.Target.from_triple(system.triple)
    number = values.FLOAT if itemsize == 4 else values.DOUBLE
    text = str(compiler.compiled(kernel.run, Task.kinds, number, lanes, triple=system.triple))
    linkage = "dllexport " if system.ending == ".dll" else ""
    text, found = re.subn(r'^define void @"run"\(', f'define {linkage}void @"{name}"(', text, flags=re.M)
    assert found == 1, "expected one function named run"
    made_for = target.create_target_machine(processor, "", opt=3, reloc="pic", codemodel="default")
    return machine.assembled(text, made_for)


def library(system: System) -> bytes:
    """The shared library of a system."""
    with TemporaryDirectory() as folder:
        parts = [Path(folder) / f"{name}.o" for name in functions(system)]
        for part in parts:
            part.write_bytes(object_file(system, part.stem))
        out = Path(folder) / f"{ahead.STEM}{system.ending}"
        words = ["cc", "-target", system.zig, "-O2", "-shared", "-s", "-o", str(out)]
        words += [f"-Wl,-install_name,@rpath/{out.name}"] if out.suffix == ".dylib" else []
        words += [f'-DSOURCES="{sources()}"', str(Path(__file__).with_name("level.c"))]
        subprocess.run([sys.executable, "-m", "ziglang", *words, *map(str, parts)], check=True)
        made = out.read_bytes()
    if wrong := faults(system, made):
        raise click.ClickException(f"{system.tag}: {'; '.join(wrong)}")
    return made


def faults(system: System, made: bytes) -> list[str]:
    """What is wrong with a library: its processor, a function that is missing, a library that it asks for."""
    found = lief.parse(list(made))
    expected = {"level", "sources", *functions(system)}
    if isinstance(found, lief.ELF.Binary):
        processor = found.header.machine_type.name
        exported = {str(symbol.name) for symbol in found.exported_symbols}
        strange = set(found.libraries) - {"libc.so.6", "libm.so.6"}
        strange |= {str(symbol.name) for symbol in found.imported_symbols} - {"", "log", "sched_yield"}
    elif isinstance(found, lief.MachO.Binary):
        processor = found.header.cpu_type.name
        exported = {str(symbol.name).removeprefix("_") for symbol in found.exported_symbols}
        strange = {entry.name for entry in found.libraries} - {
            "/usr/lib/libSystem.B.dylib",
            f"@rpath/{ahead.STEM}.dylib",
        }
        strange |= {str(symbol.name) for symbol in found.imported_symbols} - {
            "_log",
            "_sched_yield",
            "dyld_stub_binder",
        }
    elif isinstance(found, lief.PE.Binary):
        processor = found.header.machine.name
        exported = {str(entry.name) for entry in found.get_export().entries}
        strange = {
            entry.name
            for entry in found.imports
            if entry.name != "KERNEL32.dll" and not str(entry.name).startswith("api-ms-win-crt-")
        }
    else:
        return ["not a shared library"]
    wrong = [] if processor == system.machine else [f"expected {system.machine}; got {processor}"]
    wrong += [f"{name} is missing" for name in sorted(expected - exported)]
    return wrong + [f"asks for {name}" for name in sorted(strange)]


def wheel(pure: Path, system: System, out: Path) -> Path:
    """The wheel of a system, from the one that compiles where it is."""
    with TemporaryDirectory() as folder:
        run("-m", "wheel", "unpack", "--dest", folder, str(pure))
        (root,) = Path(folder).iterdir()
        (root / "handgrad" / "engines" / "ink" / f"{ahead.STEM}{system.ending}").write_bytes(library(system))
        (info,) = root.glob("*.dist-info")
        change(info / "METADATA", REQUIRED, r"Requires-Dist: \1 ; extra == 'compiler'")
        change(info / "WHEEL", r"^Tag: py3-none-any$", f"Tag: py3-none-{system.tag}")
        change(info / "WHEEL", r"^Root-Is-Purelib: true$", "Root-Is-Purelib: false")
        run("-m", "wheel", "pack", "--dest-dir", str(out), str(root))
    return out / pure.name.replace("py3-none-any", f"py3-none-{system.tag}")


def change(file: Path, pattern: str, by: str) -> None:
    """Replace the one line of a file that has the pattern."""
    text, found = re.subn(pattern, by, file.read_text("utf-8"), flags=re.M)
    assert found == 1, f"{file.name}: expected one line {pattern}; got {found}"
    file.write_text(text, "utf-8")


def run(*words: str) -> None:
    """Run Python with these words."""
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(SYSTEMS)))
def main(names: tuple[str, ...]) -> None:
    """Write dist/*.whl."""
    out = ROOT / "dist"
    shutil.rmtree(out, ignore_errors=True)
    run("-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(out), str(ROOT))
    (pure,) = out.glob("handgrad-*-py3-none-any.whl")
    for path in (pure, *(wheel(pure, SYSTEMS[name], out) for name in names or SYSTEMS)):
        checksum = hashlib.sha256(path.read_bytes()).hexdigest()
        click.echo(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB, SHA-256 {checksum}")


if __name__ == "__main__":
    main()
