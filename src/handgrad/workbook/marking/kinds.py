"""What a file is, by its name: Python, a notebook, an archive, a document, or what nobody hands in."""

import re

PYTHON, NOTEBOOK, ARCHIVE, PERHAPS, OTHER = "Python", "notebook", "archive", "perhaps", "other"
NO_WORK = re.compile(
    r"\..*|__pycache__|__MACOSX|__pypackages__|~\$.*|venv|env|virtualenv|site-packages|node_modules|lib64|.*\.egg-info|.*\.dist-info"
    r"|Thumbs\.db|desktop\.ini|Icon\r|\$RECYCLE\.BIN",
    re.IGNORECASE | re.DOTALL,
)
NAMED = re.compile(r"(?P<stem>.*)\.(?P<suffix>py|pyw|ipynb)(?P<more>\.(txt|json|download))?", re.I | re.S)
PACKED = re.compile(r"(.+)\.(zip|tar|tgz|tbz2|txz|tar\.(gz|bz2|xz))", re.IGNORECASE | re.DOTALL)
TESTS = re.compile(r"conftest\.py|setup\.py|test_.*\.py|.*_tests?\.py", re.IGNORECASE | re.DOTALL)
TEST_FOLDERS = ("test", "tests", "testing")
INSTEAD = "hand in the .py or .ipynb file"
DOCUMENTS = {  # what people hand in by mistake
    **dict.fromkeys((".doc", ".docx", ".docm"), "a Word document"),
    **dict.fromkeys((".odt", ".rtf", ".pages", ".wpd"), "a text document"),
    ".pdf": "a PDF document",
    **dict.fromkeys((".ppt", ".pptx", ".odp"), "a presentation"),
    **dict.fromkeys((".url", ".lnk", ".webloc", ".desktop", ".gdoc", ".alias"), "a link"),
    **dict.fromkeys((".pyc", ".pyo"), "compiled Python"),
    **dict.fromkeys((".crdownload", ".part", ".partial"), "half of a download"),
}
CLOSED = {".rar": "a RAR archive", ".7z": "a 7-Zip archive", ".dmg": "a disk image", ".iso": "a disk image"}


def no_work(name: str) -> bool:
    """Whether a file or folder of this name is left out: caches, environments, what systems leave behind."""
    return bool(NO_WORK.fullmatch(name))


def kind_of(name: str) -> str:
    """One of the kinds above. PERHAPS: its content decides."""
    if NAMED.fullmatch(name):
        return NOTEBOOK if NAMED.fullmatch(name)["suffix"].casefold() == "ipynb" else PYTHON  # type: ignore[index]
    if PACKED.fullmatch(name):
        return ARCHIVE
    return PERHAPS if suffix_of(name) in ("", ".txt", ".json", ".html", ".htm") else OTHER


def is_work(name: str) -> bool:
    """Whether a file of this name is meant as work."""
    return kind_of(name) in (PYTHON, NOTEBOOK, ARCHIVE)


def suffix_of(name: str) -> str:
    """The last suffix, in lower case."""
    stem, dot, suffix = name.rpartition(".")
    return f".{suffix.casefold()}" if dot and stem and len(suffix) < 12 and " " not in suffix else ""


def stem_of(name: str) -> str:
    """The name without what says its kind: net for net.py, net.ipynb.json and net.tar.gz."""
    if found := NAMED.fullmatch(name):
        return found["stem"]
    if packed := PACKED.fullmatch(name):
        return packed[1]
    return name[: len(name) - len(suffix_of(name))]


def is_test(parts: tuple[str, ...]) -> bool:
    """Whether this is a file of tests, or of a project's installation, rather than of work."""
    return bool(TESTS.fullmatch(parts[-1])) or any(part.casefold() in TEST_FOLDERS for part in parts[:-1])


def why_not(name: str) -> str:
    """Why a document or a closed archive cannot be marked; "" for other files."""
    if what := CLOSED.get(suffix_of(name)):
        return f"{what}, which cannot be opened here; hand in a zip file, or the files themselves"
    what = DOCUMENTS.get(suffix_of(name))
    return f"{what}, not a Python file or notebook; {INSTEAD}" if what else ""
