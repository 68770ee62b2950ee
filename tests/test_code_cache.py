"""Machine code that somebody else could have put into the cache is not loaded; what is written is private."""

import hashlib
import os
import stat

import pytest

from handgrad.engines.ink import kept

pytestmark = pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
CODE = b"machine code"


@pytest.fixture
def path(tmp_path):
    """Where code was written, in a folder of its own."""
    kept.write(tmp_path / "cache" / "ink-1", CODE)
    return tmp_path / "cache" / "ink-1"


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_written_is_read_and_nobody_else_can_write_or_read_it(tmp_path):
    path, mask = tmp_path / "cache" / "ink-1", os.umask(0)
    try:
        kept.write(path, CODE)
        kept.write(path, CODE)
    finally:
        os.umask(mask)
    assert kept.read(path) == CODE
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)


def of_another(path):
    """As root, to another user; else, by another user who looks."""
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
        return os.geteuid()
    return os.geteuid() + 1


def a_link(path):
    other = path.with_name("other")
    path.rename(other)
    path.symlink_to(other)


def a_pipe(path):
    path.unlink()
    os.mkfifo(path)


def damage(path):
    path.write_bytes(path.read_bytes()[:-1])


KINDS = {
    "the group can write the file": lambda path: path.chmod(0o660),
    "all can write the file": lambda path: path.chmod(0o602),
    "the group can write the folder": lambda path: path.parent.chmod(0o770),
    "all can write the folder": lambda path: path.parent.chmod(0o707),
    "all can add to the folder, and remove their own": lambda path: path.parent.chmod(0o1777),
    "a link": a_link,
    "a pipe": a_pipe,
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "damaged": damage,
    "empty": lambda path: path.write_bytes(b""),
    "nothing": lambda path: path.unlink(),
}


@pytest.mark.parametrize("kind", KINDS)
def test_code_that_others_could_have_written_is_not_loaded(kind, path):
    assert kept.read(path) == CODE
    KINDS[kind](path)
    assert kept.read(path) is None


@pytest.mark.parametrize("whose", ["file", "folder"])
def test_code_that_others_own_is_not_loaded(whose, path, monkeypatch):
    user = of_another(path if whose == "file" else path.parent)
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert kept.read(path) is None


def test_a_file_that_others_can_write_is_replaced_by_a_private_one(path):
    planted = b"planted"
    path.write_bytes(hashlib.sha256(planted).digest() + planted)
    path.chmod(0o666)
    path.parent.chmod(0o777)
    assert kept.read(path) is None
    kept.write(path, CODE)
    assert kept.read(path) == CODE
    assert (mode(path), mode(path.parent)) == (0o600, 0o755)


def test_a_link_is_not_followed_when_code_is_written(path, tmp_path):
    victim = tmp_path / "precious"
    victim.write_text("precious")
    path.unlink()
    path.symlink_to(victim)
    kept.write(path, CODE)
    assert victim.read_text() == "precious"
    assert path.is_symlink()


def test_nothing_is_written_into_a_folder_of_others(path, monkeypatch):
    path.unlink()
    user = of_another(path.parent)
    monkeypatch.setattr(os, "geteuid", lambda: user)
    before = mode(path.parent)
    kept.write(path, CODE)
    assert [*path.parent.iterdir()] == []
    assert mode(path.parent) == before
