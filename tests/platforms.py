"""The kernel's object file for each system: python tests/platforms.py prints the functions that it needs.

On Windows, too, LLVM loads ELF objects into memory ("-elf"; llvmlite adds that itself there).
"""

import lief
import llvmlite.binding as llvm

from handgrad.engines.ink import compiler, kernel, machine, values
from handgrad.engines.ink.task import Task

lief.logging.disable()  # it finds no data in the code of Mach-O objects, and says so

# system: its triple, the oldest processor it runs on, a recent one, and the functions that the object may use
MATHEMATICS = {"log", "fma", "fmaf"}  # fma: where the processor has no such instruction
SYSTEMS = {
    "Linux x86-64": ("x86_64-unknown-linux-gnu", "x86-64", "x86-64-v4", {*MATHEMATICS, "sched_yield"}),
    "Linux aarch64": ("aarch64-unknown-linux-gnu", "generic", "neoverse-n1", {"log", "sched_yield"}),
    "macOS x86-64": ("x86_64-apple-darwin", "x86-64", "haswell", {*MATHEMATICS, "sched_yield"}),
    "macOS arm64": ("arm64-apple-darwin", "generic", "apple-m1", {"log", "sched_yield"}),
    "Windows x86-64": ("x86_64-pc-windows-msvc-elf", "x86-64", "x86-64-v4", {*MATHEMATICS, "SwitchToThread"}),
    "Windows ARM64": ("aarch64-pc-windows-msvc-elf", "generic", "neoverse-n1", {"log", "SwitchToThread"}),
}


def object_file(triple, processor, lanes=32, number=values.FLOAT):
    """The kernel, compiled for another system."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    module = compiler.compiled(kernel.run, Task.kinds, number, lanes, triple=triple)
    return machine.assembled(module, machine.target_machine(triple, processor))


def undefined_by_lief(binary):
    """What symbols.undefined should find, by a library: lief."""
    parsed = lief.parse(list(binary))
    if isinstance(parsed, lief.ELF.Binary):
        return {symbol.name for symbol in parsed.symtab_symbols if symbol.shndx == 0 and symbol.name}
    undefined = (symbol for symbol in parsed.symbols if symbol.type == lief.MachO.Symbol.TYPE.UNDEFINED)
    return {symbol.name.removeprefix("_") for symbol in undefined}


if __name__ == "__main__":
    print("| system | processor | object, bytes | functions that it takes from the system |")
    print("|---|---|---|---|")
    for system, (triple, *processors, _) in SYSTEMS.items():
        for processor in processors:
            binary = object_file(triple, processor)
            names = ", ".join(f"`{name}`" for name in sorted(undefined_by_lief(binary)))
            print(f"| {system} | {processor} | {len(binary):,} | {names} |")
