"""Archives: zip and tar, within each other, damaged, hostile."""

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from handed_in import AFFINE, MB, RELU, contents, tarred, write, zipped
from handgrad.workbook.marking.archives import Budget, TooMuchError, members
from handgrad.workbook.marking.collecting import collect, collect_one


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("ben.zip", zipped({"net.py": AFFINE})),
        ("BEN.ZIP", zipped({"net.py": AFFINE})),
        ("ben.tar", tarred({"net.py": AFFINE})),
        ("ben.tar.gz", tarred({"net.py": AFFINE}, gzip.compress)),
        ("ben.tgz", tarred({"net.py": AFFINE}, gzip.compress)),
        ("ben.tar.bz2", tarred({"net.py": AFFINE}, bz2.compress)),
        ("ben.tar.xz", tarred({"net.py": AFFINE}, lzma.compress)),
        ("ben.zip", zipped({"a.zip": zipped({"b.tar.gz": tarred({"c/d/net.py": AFFINE}, gzip.compress)})})),
        ("ben.zip", zipped({"deep/er/and/deeper/net.py": AFFINE, "deep/report.pdf": b"%PDF"})),
    ],
)
def test_archives(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    before = contents(tmp_path)
    handin = collect_one(tmp_path / name)
    assert [(source.name, source.text) for source in handin.sources] == [("net.py", AFFINE)]
    assert (handin.student, handin.file) == (Path(name).name.split(".")[0], name)
    assert [(one.student, one.sources) for one in collect(tmp_path)] == [(handin.student, handin.sources)]
    assert contents(tmp_path) == before


def test_names_in_archives_of_other_systems(tmp_path):
    """UTF-8 that is not declared (macOS), code page 437 (Windows), backslashes, letters in two pieces."""
    data = zipped({"xxxxxxx.py": AFFINE}).replace(b"xxxxxxx.py", "Müllxx.py".encode())
    (tmp_path / "mac.zip").write_bytes(data)
    (tmp_path / "windows.zip").write_bytes(
        zipped({"xxxxxx.py": AFFINE}).replace(b"xxxxxx.py", b"M\x81ller.py")
    )
    (tmp_path / "slash.zip").write_bytes(zipped({"Übung\\teil 1\\net.py": AFFINE, "Übung\\a.py": RELU}))
    (tmp_path / "pieces.zip").write_bytes(zipped({"Mu\u0308ller.py": AFFINE}))
    found = {one.student: sorted(source.name for source in one.sources) for one in collect(tmp_path)}
    assert found == {
        "mac": ["Müllxx.py"], "windows": ["Müller.py"], "slash": ["a.py", "teil 1/net.py"], "pieces": ["Müller.py"]
    }  # fmt: skip


def test_a_locked_file_does_not_hide_the_others(tmp_path):
    data = bytearray(zipped({"locked.py": AFFINE, "open.py": RELU}))
    data[6] |= 1  # as an archiver marks a member with a password
    data[data.find(b"PK\1\2") + 8] |= 1
    (tmp_path / "ben.zip").write_bytes(bytes(data))
    handin = collect_one(tmp_path / "ben.zip")
    assert [source.name for source in handin.sources] == ["open.py"]
    assert handin.unread == ("locked.py: protected with a password; hand it in without one",)
    (tmp_path / "ben.zip").write_bytes(bytes(data).replace(b"locked.py", b"locked.md"))
    assert collect_one(tmp_path / "ben.zip").unread == ()


def test_a_damaged_file_does_not_hide_the_others(tmp_path):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.py", AFFINE)
        file.writestr("b.py", RELU)
    (tmp_path / "ben.zip").write_bytes(archive.getvalue().replace(b"x @ W.T", b"x * W.T"))
    handin = collect_one(tmp_path / "ben.zip")
    assert [source.name for source in handin.sources] == ["b.py"]
    assert handin.unread == (
        "a.py: a damaged archive; hand in a zip file that opens, or the files themselves",
    )


def test_an_archive_never_leads_out_of_its_folder(tmp_path):
    """Names that would escape are only names: nothing is written, whatever they say."""
    escaping = {
        "../../evil.py": AFFINE,
        "/etc/evil2.py": AFFINE,
        "C:\\Windows\\evil3.py": AFFINE,
        "a/./../b/evil4.py": AFFINE,
    }
    inner = tmp_path / "x" / "y"
    write(inner, {"ben.zip": zipped(escaping), "ada.tar": tarred(escaping)})
    before = contents(tmp_path)
    for one in collect(inner):
        assert sorted(Path(source.name).name for source in one.sources) == [
            "evil.py",
            "evil2.py",
            "evil3.py",
            "evil4.py",
        ]
        assert not any(source.name.startswith("/") or ".." in source.name for source in one.sources)
    assert contents(tmp_path) == before


def test_links_in_archives_are_not_followed(tmp_path):
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as file:
        for name, kind in (("a.py", tarfile.SYMTYPE), ("b.py", tarfile.LNKTYPE), ("c.py", tarfile.FIFOTYPE)):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            file.addfile(member)
        member = tarfile.TarInfo("net.py")
        member.size = len(AFFINE)
        file.addfile(member, io.BytesIO(AFFINE.encode()))
    (tmp_path / "ben.tar").write_bytes(archive.getvalue())
    link = zipfile.ZipInfo("a.py")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "ada.zip", "w") as file:
        file.writestr(link, "/etc/passwd")
        file.writestr("net.py", AFFINE)
    ada, ben = collect(tmp_path)
    for one in (ada, ben):
        assert [source.name for source in one.sources] == ["net.py"]
    assert ada.unread == ("a.py: a link; the file itself has to be handed in",)
    assert [line.split(": ")[1][:6] for line in ben.unread] == ["a link", "a link", "a devi"]


def peak(work):
    """What it returns, and the most memory that it took, in megabytes."""
    tracemalloc.start()
    try:
        return work(), tracemalloc.get_traced_memory()[1] / MB
    finally:
        tracemalloc.stop()


def bomb(levels):
    """A zip in a zip in a zip; ten of each, so that one side of the tree alone has 10 ** levels files."""
    data = zipped({f"{i}.py": b"#" * 900_000 for i in range(10)})
    for _ in range(levels):
        data = zipped({f"{i}.zip": data for i in range(10)})
    return data


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (lambda: bomb(3), "more code than one person writes"),
        (lambda: zipped({f"{i}.py": b"" for i in range(10_010)}), "more than 10,000 files"),
        (lambda: zipped({"huge.py": b"#" * 80_000_000}), "expected at most 4 MB"),
        (lambda: zipped({"huge.ipynb": b"#" * 80_000_000}), "expected at most 50 MB"),
        (lambda: zipped({f"{i}.ipynb": b" " * 45_000_000 for i in range(7)}), "more than 300 MB unpacked"),
    ],
    ids=["zips in zips", "many files", "a huge file", "a huge notebook", "huge notebooks"],
)  # fmt: skip
def test_bombs_in_zips(tmp_path, data, words):
    write(tmp_path, {"ben.zip": data(), "ada.py": AFFINE})
    ada, ben = collect(tmp_path)
    assert words in " ".join([ben.failure or "", *ben.unread])
    assert [source.text for source in ada.sources] == [AFFINE]


def test_huge_files_take_no_memory(tmp_path):
    """Only what may be read is unpacked, and not more of it than may be read."""
    write(
        tmp_path,
        {
            "ben.zip": zipped(
                {"a.ipynb": b"#" * 80_000_000, "b.py": b"#" * 80_000_000, "c.bin": b"#" * 80_000_000}
            )
        },
    )
    (ben,), megabytes = peak(lambda: collect(tmp_path))
    assert ben.failure
    assert megabytes < 5


def test_an_environment_in_an_archive_does_not_count(tmp_path):
    """People pack their environment with their work; it is left out, however large."""
    files = {f"hw/venv/lib/site-packages/{i}.py": "" for i in range(10_010)} | {"hw/net.py": AFFINE}
    (tmp_path / "ben.zip").write_bytes(zipped(files))
    handin = collect_one(tmp_path / "ben.zip")
    assert ([source.name for source in handin.sources], handin.unread) == (["net.py"], ())


def test_a_zip_that_holds_itself_ends(tmp_path):
    data = zipped({"net.py": AFFINE})
    for level in range(12):
        data = zipped({"again.zip": data, f"level{level}.py": RELU})
    (tmp_path / "ben.zip").write_bytes(data)
    handin = collect_one(tmp_path / "ben.zip")
    assert len(handin.sources) == 6
    assert any("archives within each other" in line for line in handin.unread)


def test_sizes_that_lie(tmp_path):
    """A member that says it is small and is large, and one that says it is large and is small."""
    data = zipped({"net.py": b"#" * 3_000_000})
    real = (3_000_000).to_bytes(4, "little")
    (tmp_path / "small.zip").write_bytes(data.replace(real, (100).to_bytes(4, "little")))
    (tmp_path / "large.zip").write_bytes(
        zipped({"net.py": AFFINE}).replace(len(AFFINE).to_bytes(4, "little"), b"\xff\xff\xff\x7f")
    )
    found, megabytes = peak(lambda: collect(tmp_path))
    assert all(one.failure for one in found)
    assert megabytes < 10


def test_bombs_in_tars(tmp_path):
    """Much that nobody wants, a header that takes the memory, and endless zeros."""
    header = tarfile.TarInfo("facts")
    facts = b"".join(b"%d k%07d=%s\n" % (100, i, b"x" * 87) for i in range(250_000))
    header.type, header.size = tarfile.XGLTYPE, len(facts)
    headers = header.tobuf() + facts + b"\0" * (-len(facts) % 512) + tarred({"net.py": AFFINE})
    write(
        tmp_path,
        {
            "headers.tar.gz": gzip.compress(headers, 1),
            "zeros.tgz": gzip.compress(b"\0" * 400 * MB, 1),
            "data.tgz": tarred({"data.bin": b"\0" * 320 * MB, "net.py": AFFINE}, lambda data: gzip.compress(data, 1)),
        },
    )  # fmt: skip
    found, megabytes = peak(lambda: {one.student: one for one in collect(tmp_path)})
    assert "more than 300 MB" in found["data"].failure
    assert "damaged" in found["headers"].failure
    assert found["zeros"].failure
    assert megabytes < 60


def test_a_long_directory_is_not_read():
    """The directory of a zip is as long as its end says: it is asked before memory is taken."""
    end = b"PK\5\6" + b"\0" * 8 + (60 * MB).to_bytes(4, "little") + b"\0" * 6
    with pytest.raises(TooMuchError, match="more than 100 files"):
        list(members(io.BytesIO(b"\0" * 60 * MB + end), "x.zip", Budget(headers=100)))
