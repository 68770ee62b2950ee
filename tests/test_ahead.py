"""The kernel that a wheel brings: used where it is of these sources and for this processor, and nowhere else."""

import ctypes
import shutil
import subprocess
import sys

import numpy as np
import pytest

from handgrad.engines.ink import ahead, machine
from handgrad.engines.ink.sources import sources

import house

X86_LINUX = sys.platform == "linux" and machine.target_machine().triple.startswith("x86_64")
pytestmark = pytest.mark.skipif(
    not (X86_LINUX and shutil.which("ld.lld")), reason="needs Linux on x86-64, and lld, to make a library"
)


@pytest.fixture
def library(tmp_path, monkeypatch):
    """library(...) -> what ahead.ready finds, given a library that says this of itself; its answer to all is 7."""

    def made(of=None, level=3):
        function = "define void @{}(ptr %task) {{\n  store i64 7, ptr %task\n  ret void\n}}\n"
        names = [ahead.name_of(name, 32, 4) for name in ahead.LEVELS.values()]
        text = f'@sources = constant [64 x i8] c"{of or sources()}"\ndefine i32 @level() {{\n  ret i32 {level}\n}}\n'
        (tmp_path / "a.o").write_bytes(machine.assembled(text + "".join(map(function.format, names))))
        words = ["ld.lld", "-shared", "-o", tmp_path / f"{ahead.STEM}.so", tmp_path / "a.o"]
        subprocess.run(words, check=True)
        return ahead.ready()

    monkeypatch.setattr(ahead, "__file__", str(tmp_path / "ahead.py"))
    for known in (ahead.ready, ahead.has_avx512, ahead._function):
        known.cache_clear()
    yield made
    monkeypatch.undo()
    for known in (ahead.ready, ahead.has_avx512, ahead._function):
        known.cache_clear()


@pytest.mark.parametrize(("level", "name"), [(4, "v4"), (3, "v3")])
def test_the_library_of_these_sources_is_used(library, level, name):
    found, says = library(level=level)
    assert found is not None
    assert says == name
    assert ahead.has_avx512() == (level == 4)
    task = ctypes.c_uint64(0)
    ahead.code(32, np.float32)(ctypes.addressof(task))
    assert task.value == 7


@pytest.mark.parametrize("claim", [{"of": "0" * 64}, {"level": 0}])
def test_other_sources_and_other_processors_are_compiled_here(library, claim):
    assert library(**claim) == (None, "")
    assert ahead.code(32, np.float32) is machine.code(32, np.float32)


def test_a_damaged_library_is_no_library(tmp_path, library):
    (tmp_path / f"{ahead.STEM}.so").write_bytes(b"\x7fELF damaged")
    assert ahead.ready() == (None, "")


def test_no_library_lies_in_the_sources():
    """A wheel's library is put into the wheel alone: here each change of the kernel is compiled."""
    assert not list((house.SOURCE / "engines" / "ink").glob(f"{ahead.STEM}.*"))
