"""Which functions an object file takes from the process that loads it.

LLVM's linker for code in memory puts address 0 where it finds no function, and the program dies when it
calls it. So machine.py looks the names up first. llvmlite reads an object's sections but not its symbols,
which is why they are read here: ELF (Linux, and for LLVM in memory also Windows) and Mach-O (macOS).
"""

import struct

ELF, MACH_O = b"\x7fELF", b"\xcf\xfa\xed\xfe"
ELF_SYMBOL_TABLE = MACH_O_SYMBOL_TABLE = 2


def undefined(binary: bytes) -> set[str]:
    """The C names of the functions that a 64-bit object file uses and does not define.

    ValueError if it is neither ELF nor Mach-O.
    """
    if binary.startswith(ELF):
        return _undefined_in_elf(binary)
    if binary.startswith(MACH_O):
        return _undefined_in_mach_o(binary)
    raise ValueError(f"expected an ELF or a 64-bit Mach-O object file; got one that begins {binary[:4]!r}")


def _undefined_in_elf(binary: bytes) -> set[str]:
    order = "<" if binary[5] == 1 else ">"
    (at,) = struct.unpack_from(order + "Q", binary, 0x28)  # of the section headers
    size, count = struct.unpack_from(order + "HH", binary, 0x3A)
    # name, type, flags, address, offset, size, link, info, alignment, size of an entry
    sections = [struct.unpack_from(order + "IIQQQQIIQQ", binary, at + i * size) for i in range(count)]
    names: set[str] = set()
    for section in sections:
        if section[1] == ELF_SYMBOL_TABLE:
            texts = sections[section[6]][4]
            for entry in range(section[4], section[4] + section[5], 24):
                name, _, _, defined_in, _, _ = struct.unpack_from(order + "IBBHQQ", binary, entry)
                if name and not defined_in:
                    names.add(_text(binary, texts + name))
    return names


def _undefined_in_mach_o(binary: bytes) -> set[str]:
    (commands,) = struct.unpack_from("<I", binary, 16)
    names: set[str] = set()
    at = 32
    for _ in range(commands):
        command, size = struct.unpack_from("<II", binary, at)
        if command == MACH_O_SYMBOL_TABLE:
            symbols, count, texts, _ = struct.unpack_from("<IIII", binary, at + 8)
            for entry in range(symbols, symbols + 16 * count, 16):
                name, kind, _, _, _ = struct.unpack_from("<IBBHQ", binary, entry)
                if kind == 1:  # external and undefined
                    names.add(_text(binary, texts + name).removeprefix("_"))
        at += size
    return names


def _text(binary: bytes, at: int) -> str:
    return binary[at : binary.index(b"\0", at)].decode()
