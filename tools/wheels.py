"""Wheels with the fast engine's kernel in machine code, one for each system; an installation needs no llvmlite.

    python tools/wheels.py                  dist/*.whl: one for each system, and one that compiles where it is
    python tools/wheels.py linux-x86_64     the same for some systems only

The same kernel.py through the same compiler.py as everywhere, for the processors that a system may have, and
linked to one shared library for each system by zig's linker, which brings every system's C library. Such a
wheel is the other wheel with the library put in and the requirement of llvmlite taken out.
Needs: pip install -e . --group release
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
import llvmlite.binding as llvm

from handgrad.engines.ink import ahead, compiler, kernel, machine, task, values
from handgrad.engines.ink.task import Task

ROOT = Path(__file__).resolve().parent.parent
FACTS = re.compile(r"^Requires-Dist: (llvmlite[^;\n]*)$", re.M)
X86 = {"v3": ("x86-64-v3", (task.NARROW,)), "v4": ("x86-64-v4", (task.NARROW, task.WIDE))}
ARM = ("generic", (task.NARROW,))


class System(NamedTuple):
    """A system that wheels are made for."""

    triple: str  # LLVM's name
    zig: str  # the linker's name, with the oldest C library
    tag: str  # the wheel's
    ending: str  # of a shared library
    processors: dict[str, tuple[str, tuple[int, ...]]]  # name in the library: LLVM's name, lanes


SYSTEMS = {
    "linux-x86_64": System(
        "x86_64-unknown-linux-gnu", "x86_64-linux-gnu.2.17", "manylinux_2_17_x86_64", ".so", X86
    ),
    "linux-aarch64": System(
        "aarch64-unknown-linux-gnu", "aarch64-linux-gnu.2.17", "manylinux_2_17_aarch64", ".so", {"arm": ARM}
    ),
    "macos-x86_64": System("x86_64-apple-macosx11.0", "x86_64-macos.11.0", "macosx_11_0_x86_64", ".dylib", X86),
    "macos-arm64": System(
        "arm64-apple-macosx11.0", "aarch64-macos.11.0", "macosx_11_0_arm64", ".dylib", {"arm": ("apple-m1", ARM[1])}
    ),
    "windows-x86_64": System("x86_64-w64-windows-gnu", "x86_64-windows-gnu", "win_amd64", ".dll", X86),
    "windows-arm64": System("aarch64-w64-windows-gnu", "aarch64-windows-gnu", "win_arm64", ".dll", {"arm": ARM}),
}  # fmt: skip

def named(text: str, name: str, system: System) -> str:
    """The module's text with another name for its function `run`, the only one that others see."""
    linkage = "dllexport " if system.ending == ".dll" else ""
    text, found = re.subn(r'^define void @"run"\(', f'define {linkage}void @"{name}"(', text, flags=re.M)
    assert found == 1, "expected one function named run"
    return text


def objects(system: System) -> dict[str, bytes]:
    """The object files of a system's library by name."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    target = llvm.Target.from_triple(system.triple)

    def for_processor(processor: str) -> object:
        return target.create_target_machine(processor, "", opt=3, reloc="pic", codemodel="default")

    found = {}
    for level, (processor, widths) in system.processors.items():
        for lanes in widths:
            for number in (values.FLOAT, values.DOUBLE):
                name = ahead.name_of(level, lanes, 4 if number is values.FLOAT else 8)
                module = compiler.compiled(kernel.run, Task.kinds, number, lanes, triple=system.triple)
                found[name] = machine.assembled(named(str(module), name, system), for_processor(processor))
    return found


def library(system: System) -> bytes:
    """The shared library of a system."""
    with TemporaryDirectory() as folder:
        parts = []
        for name, binary in objects(system).items():
            parts.append(Path(folder) / f"{name}.o")
            parts[-1].write_bytes(binary)
        out = Path(folder) / f"{ahead.STEM}{system.ending}"
        level = [f'-DSOURCES="{ahead.sources()}"', str(Path(__file__).with_name("level.c"))]
        words = ["cc", "-target", system.zig, "-O2", "-shared", "-s", "-o", str(out), *level, *map(str, parts)]
        subprocess.run([sys.executable, "-m", "ziglang", *words], check=True)
        return out.read_bytes()


def wheel(pure: Path, system: System, out: Path) -> Path:
    """The wheel of a system, from the one that compiles where it is."""
    with TemporaryDirectory() as folder:
        run("-m", "wheel", "unpack", "--dest", folder, str(pure))
        (root,) = Path(folder).iterdir()
        (root / "handgrad" / "engines" / "ink" / f"{ahead.STEM}{system.ending}").write_bytes(library(system))
        (info,) = root.glob("*.dist-info")
        facts, found = FACTS.subn(r"Requires-Dist: \1 ; extra == 'compiler'", (info / "METADATA").read_text("utf-8"))
        assert found == 1, "expected one requirement of llvmlite"
        (info / "METADATA").write_text(facts, "utf-8")
        named = (info / "WHEEL").read_text("utf-8")
        named = named.replace("py3-none-any", f"py3-none-{system.tag}").replace("Root-Is-Purelib: true", "Root-Is-Purelib: false")
        (info / "WHEEL").write_text(named, "utf-8")
        run("-m", "wheel", "pack", "--dest-dir", str(out), str(root))
    return out / pure.name.replace("py3-none-any", f"py3-none-{system.tag}")


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
        print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB, SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
