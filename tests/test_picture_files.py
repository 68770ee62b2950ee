"""Files as people have them: every format, several pages, large JPEGs, folders; and arrays of any type."""

import io
import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from handgrad import pretrained
from handgrad.errors import ImageError
from handgrad.photos import as_picture, read, read_picture, read_pictures
from handgrad.photos.folders import listing, natural
from photo_suite.kinds import line, samples
from picture_files import TIFFS, heic, in_mode, saved

REDUCED_IN_MEMORY = 290  # megabytes that a process may take; 300 are promised


@pytest.fixture(scope="module")
def model():
    return pretrained.load()


@pytest.fixture(scope="module")
def sheet(mnist):
    """A line of digits on paper, and what it says."""
    sample = samples(line, 1, 9, mnist[0])[0]
    return Image.open(io.BytesIO(sample.data)).convert("RGB"), sample.text


@pytest.fixture(scope="module")
def figures(mnist):
    """Ten drawings, 0 to 9, dark on light."""
    images, labels = mnist[1]
    chosen = [images[list(labels).index(digit)] for digit in range(10)]
    return [Image.fromarray(255 - np.pad(image, 20)).resize((136, 136)) for image in chosen]


def text(model, source):
    return "|".join("".join(str(one.digit) for one in row) for row in read(model, source))


FORMATS = {
    "GIF": lambda picture: saved(picture, "GIF"),
    "AVIF": lambda picture: saved(picture, "AVIF"),
    "HEIC": heic,
    "PDF": lambda picture: saved(picture, "PDF"),
    "PBM": lambda picture: saved(picture.convert("1"), "PPM"),
    "PGM": lambda picture: saved(picture.convert("L"), "PPM"),
    "PGM, 16 bits": lambda picture: saved(in_mode(picture, "I;16"), "PPM"),
    "PPM": lambda picture: saved(picture, "PPM"),
    "PPM as text": lambda picture: plain(picture),
    "CMYK JPEG": lambda picture: saved(picture.convert("CMYK"), "JPEG"),
    "progressive JPEG": lambda picture: saved(picture, "JPEG", progressive=True),
    "JPEG with a second picture": lambda picture: saved(
        picture, "MPO", save_all=True, append_images=[picture]
    ),
    **{
        f"TIFF, {kind}": lambda picture, mode=mode, way=way: saved(in_mode(picture, mode), "TIFF", **way)
        for kind, (mode, way) in TIFFS.items()
    },
}


def plain(picture):
    pixels = np.asarray(picture)
    rows = "\n".join(" ".join(map(str, row.ravel())) for row in pixels)
    return f"P3\n# a comment\n{pixels.shape[1]} {pixels.shape[0]}\n255\n{rows}\n".encode()


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_digits_are_read_from_every_format(format, model, sheet, tmp_path):
    picture, says = sheet
    data = FORMATS[format](picture)
    (tmp_path / "file").write_bytes(data)
    with open(tmp_path / "file", "rb") as file:
        assert text(model, file) == says
        found, again = read_picture(file), read_picture(file)
        assert np.array_equal(again.pixels, found.pixels), "read again from its beginning"
    for source in (tmp_path / "file", str(tmp_path / "file"), data, bytearray(data), io.BytesIO(data)):
        assert np.array_equal(read_picture(source).pixels, found.pixels)
    assert found.size == (
        (3200, round(3200 * picture.height / picture.width)) if format == "PDF" else picture.size
    )


@pytest.mark.parametrize("format", ["JPEG", "TIFF", "AVIF", "PNG"])
def test_all_orientations_are_upright_once(format, figures, model):
    """EXIF is applied to each format exactly once: Pillow applies it to TIFF itself."""
    turns = (None, None, 0, 3, 1, 5, 2, 6, 4)  # as EXIF numbers them: how the picture is stored
    seven = figures[7].resize((100, 136))
    for orientation in range(1, 9):
        turn = {None: None, 0: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
                1: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE, 2: Image.Transpose.ROTATE_90,
                6: Image.Transpose.TRANSVERSE, 4: Image.Transpose.ROTATE_270}[turns[orientation]]  # fmt: skip
        exif = Image.Exif()
        exif[0x0112] = orientation
        stored = seven if turn is None else seven.transpose(turn)
        found = read_picture(saved(stored.convert("RGB"), format, exif=exif.tobytes()))
        assert found.size == (100, 136)
        difference = np.abs(found.pixels[:, :, 0].astype(int) - np.asarray(seven))
        assert difference.mean() < 5, orientation
    assert text(model, found) == "7"


def test_a_heic_picture_is_turned_as_its_file_says(figures):
    import pillow_heif

    seven = figures[7].resize((100, 136)).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6
    file, buffer = pillow_heif.from_pillow(seven.transpose(Image.Transpose.ROTATE_90)), io.BytesIO()
    file.save(buffer, quality=90, exif=exif.tobytes())
    found = read_picture(buffer.getvalue())
    assert found.size == (100, 136)
    assert np.abs(found.pixels[:, :, 0].astype(int) - np.asarray(seven)[:, :, 0]).mean() < 6


def test_pages_come_one_by_one_with_their_numbers(figures, model, tmp_path):
    pages = [
        in_mode(picture, mode)
        for picture, mode in zip(figures[:5], ("1", "L", "RGB", "P", "CMYK"), strict=True)
    ]
    (tmp_path / "scan.tif").write_bytes(saved(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    pages = [picture.convert("L") for picture in figures[:3]]
    (tmp_path / "scan.pdf").write_bytes(saved(pages[0], "PDF", save_all=True, append_images=pages[1:]))
    for name, total in (("scan.tif", 5), ("scan.pdf", 3)):
        found = list(read_pictures(tmp_path / name))
        assert [text(model, page) for page in found] == list("01234")[:total]
        numbers = range(1, total + 1)
        assert [page.name for page in found] == [f"{tmp_path / name}, page {number}" for number in numbers]
        assert [(page.page, page.pages, page.note) for page in found] == [
            (number, total, "") for number in numbers
        ]
        first = read_picture(tmp_path / name)
        assert np.array_equal(first.pixels, found[0].pixels), "read_picture and read take the first page"


def test_a_preview_in_a_tiff_is_no_page(figures, model):
    """Page 2 is marked as a smaller copy of another (NewSubfileType 1)."""
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    preview = ImageFileDirectory_v2()
    preview[254] = 1
    small = figures[3].resize((40, 40))
    small.encoderinfo = {"tiffinfo": preview}
    data = saved(figures[3], "TIFF", save_all=True, append_images=[small])
    assert Image.open(io.BytesIO(data)).n_frames == 2
    (page,) = read_pictures(data)
    assert (page.size, page.pages, text(model, page)) == ((136, 136), 1, "3")


def test_more_pages_than_are_read_are_counted(monkeypatch):
    for module in ("decoding", "raster", "pdf"):
        monkeypatch.setattr(f"handgrad.photos.{module}.MAX_PAGES", 3)
    blank = Image.new("1", (8, 8), 1)
    for format in ("TIFF", "PDF"):
        data = saved(blank, format, save_all=True, append_images=[blank] * 7)
        found = list(read_pictures(data, "long"))
        assert len(found) == 3
        assert {page.note for page in found[:-1]} == {""}
        assert found[-1].note == "5 of its 8 pages are not read: at most 3 are"


def test_an_animation_shows_its_first_frame_and_says_so(figures, model):
    for format in ("GIF", "PNG", "WEBP", "AVIF"):
        data = saved(figures[4], format, save_all=True, append_images=[figures[6]])
        (found,) = read_pictures(data)
        assert text(model, found) == "4"
        assert found.note == "an animation; only its first frame is read", format
        assert read_picture(saved(figures[4], format)).note == ""


def test_a_broken_page_names_itself_and_what_is_lost(figures, model):
    pages = [picture.convert("L") for picture in figures[:4]]
    data = bytearray(saved(pages[0], "TIFF", save_all=True, append_images=pages[1:], compression="tiff_lzw"))
    tiff = Image.open(io.BytesIO(bytes(data)))
    tiff.seek(1)
    data[tiff.tag_v2[273][0] : tiff.tag_v2[273][0] + 400] = b"\xff" * 400
    found = read_pictures(bytes(data), "a.tif")
    assert text(model, next(found)) == "0"
    with pytest.raises(ImageError, match=r"^a.tif, page 2: .*; the pages after it are not read either$"):
        next(found)


def test_what_is_wrong_with_a_pdf_is_one_line():
    import pypdfium2

    empty = io.BytesIO()
    with pypdfium2.PdfDocument.new() as document:
        document.save(empty)
    with pytest.raises(ImageError, match=r"^x.pdf: the picture is damaged \(Failed to load document"):
        read_picture(empty, "x.pdf")
    key = (
        b"/Encrypt <</Filter/Standard/V 1/R 2/P -4/O <"
        + b"5a" * 32
        + b">/U <"
        + b"a5" * 32
        + b">>>\n/ID [<00> <00>]\n"
    )
    locked = saved(Image.new("L", (9, 9)), "PDF").replace(b"trailer\n<<\n", b"trailer\n<<\n" + key)
    with pytest.raises(ImageError, match=r"^x.pdf: expected a PDF without a password; save it without one$"):
        read_picture(locked, "x.pdf")
    with pytest.raises(ImageError, match=r"^x.pdf: the picture is damaged \(Failed to load document"):
        read_picture(b"%PDF-1.4\n%%EOF", "x.pdf")
    huge = (
        saved(Image.new("L", (9, 9)), "PDF")
        .replace(b"/Width 9", b"/Width 60000")
        .replace(b"/Height 9", b"/Height 60000")
    )
    with pytest.raises(
        ImageError, match=r"^x.pdf: expected at most 100 MB of pictures on a page; got 3,600 MB$"
    ):
        read_picture(huge, "x.pdf")


@pytest.mark.parametrize(
    ("format", "library", "extra"), [("HEIC", "pi_heif", "heic"), ("PDF", "pypdfium2", "pdf")]
)
def test_without_its_library_a_format_names_the_extra(format, library, extra, sheet, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    data = FORMATS[format](sheet[0])
    with pytest.raises(
        ImageError, match=rf"^x: .* {library.replace('_', '-')}: pip install 'handgrad\[{extra}\]'$"
    ):
        read_picture(data, "x")


def test_large_jpegs_are_read_at_a_fraction_and_others_have_limits(sheet, model):
    """Files that declare their size: what is refused is refused before a pixel is decoded."""
    picture, says = sheet
    large = picture.resize((9600, round(9600 * picture.height / picture.width)), Image.Resampling.NEAREST)
    assert large.width * large.height > 40_000_000
    assert text(model, saved(large, "JPEG", quality=60)) == says
    with pytest.raises(ImageError, match=r"at most 25 megapixels in colour; got .*: save it as a JPEG"):
        read_picture(saved(large, "BMP"))
    assert read_picture(saved(large.convert("L"), "BMP")).size == large.size
    small = saved(Image.new("RGB", (64, 64)), "JPEG", progressive=True, subsampling=0)
    at = small.index(b"\xff\xc2") + 5
    declared = small[:at] + struct.pack(">HH", 6000, 6000) + small[at + 4 :]
    with pytest.raises(
        ImageError, match="at most 25 megapixels in a progressive JPEG; got 6000 x 6000: reduce it"
    ):
        read_picture(declared)
    with pytest.raises(ImageError, match="at most 1 megapixels in a PNM that is written as text"):
        read_picture(b"P2 2000 2000 255 0")


MEASURED = """
import sys
from handgrad.photos import read_pictures
for picture in read_pictures(sys.argv[1]):
    assert max(picture.pixels.shape) <= 1600
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(int(peak.split()[1]) / 1024)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize(
    "format", ["JPEG of 190 megapixels", "G4 TIFF of 95 megapixels", "HEIC of 12 megapixels"]
)
def test_large_files_fit_into_memory(format, sheet, tmp_path, figure):
    picture, _ = sheet
    pixels = {"J": 190e6, "G": 95e6, "H": 12e6}[format[0]]
    width = int((pixels * picture.width / picture.height) ** 0.5)
    large = picture.convert("L").resize((width, int(pixels / width)), Image.Resampling.NEAREST)
    data = {"J": lambda: saved(large, "JPEG"), "H": lambda: heic(Image.new("RGB", large.size, "white")),
            "G": lambda: saved(large.convert("1"), "TIFF", compression="group4")}[format[0]]()  # fmt: skip
    (tmp_path / "large").write_bytes(data)
    command = [sys.executable, "-c", MEASURED, tmp_path / "large"]
    megabytes = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    figure(f"read_pictures, {format}", f"{megabytes:.0f} MB")
    assert megabytes < REDUCED_IN_MEMORY


# Arrays.


def deep(pixels):
    return pixels.astype(np.uint16) * 257


SHADES = {  # a picture of bytes (height, width, 3) -> the same in another form
    "floats to 1": lambda p: p / 255,
    "float16 to 1": lambda p: (p / 255).astype(np.float16),
    "floats that overshoot": lambda p: p / 255 * 1.1 - 0.05,
    "floats to 255": lambda p: p.astype(np.float64),
    "int64": lambda p: p.astype(np.int64),
    "uint16 to 255": lambda p: p.astype(np.uint16),
    "uint16 to 65,535": deep,
    "uint16 of 12 bits": lambda p: deep(p) >> 4,
    "big-endian": lambda p: deep(p).astype(">u2"),
    "int32 to 65,535": lambda p: deep(p).astype(np.int32),
    "floats to 65,535": lambda p: deep(p).astype(np.float32),
    "bool": lambda p: p > 128,
    "two levels, 0 and 1": lambda p: (p > 128).astype(np.uint8),
    "two levels, int64": lambda p: (p > 128).astype(np.int64),
    "16 shades": lambda p: p // 17,
    "17 shades, floats": lambda p: np.rint(p / 255 * 16),
    "in Fortran's order": np.asfortranarray,
    "read-only": lambda p: np.broadcast_to(p, p.shape),
}
AXES = {
    "(h, w)": lambda p: p[:, :, 0],
    "(h, w, 1)": lambda p: p[:, :, :1],
    "(1, h, w)": lambda p: np.moveaxis(p[:, :, :1], 2, 0),
    "(h, w, 3)": lambda p: p,
    "(3, h, w)": lambda p: np.moveaxis(p, 2, 0),
    "(1, 3, h, w)": lambda p: np.moveaxis(p, 2, 0)[None],
    "(1, 1, h, w)": lambda p: p[None, None, :, :, 0],
    "(h, w, 4)": lambda p: np.concatenate(
        [p, np.full_like(p[:, :, :1], 1 if p.dtype == bool else p.max())], axis=2
    ),
    "a list": lambda p: p[:, :, 0].tolist(),
    "a list of rows": lambda p: list(p[:, :, 0]),
}


@pytest.mark.parametrize("shades", SHADES)
def test_arrays_of_every_type_and_shape_are_read_alike(shades, sheet, model):
    pixels = np.asarray(sheet[0].convert("L").convert("RGB"))
    pixels = np.where(pixels > 240, 255, pixels)  # its lightest shade is white
    array = SHADES[shades](pixels)
    found = as_picture(array)
    assert text(model, found) == sheet[1]
    for axes, turned in AXES.items():
        picture = as_picture(turned(array))
        if axes == "(h, w, 4)":  # 15 of 16 shades is not quite opaque
            assert text(model, picture) == sheet[1]
        else:
            assert np.array_equal(picture.pixels, found.pixels), axes


def test_a_prepared_image_of_any_type_is_taken_as_it_is(mnist, model):
    images, labels = mnist[1]
    for image, label in zip(images[:20], labels[:20], strict=True):
        assert text(model, image.astype(np.int64)) == str(label)
        assert np.array_equal(as_picture(image / 255).pixels, as_picture(image).pixels)


def test_what_is_no_picture_is_refused_in_one_line():
    wrong = {
        "shape (5,)": np.zeros(5),
        r"shape (784,); reshape(28, 28) makes a square of it": np.zeros(784),
        "shape (9, 28, 28); for 9 pictures, read one after the other": np.zeros((9, 28, 28)),
        "got -0.4242 to 2.821: undo its normalisation": np.array([[-0.4242, 2.8215]]),
        "got -3 to 4": np.array([[-3, 4]]),
        "got 0 to 1e+05": np.array([[0, 100_000]]),
        "finite shades, 0 (black) to 1 (white); got NaN or infinity": np.array([[0, np.inf]]),
        "a picture of numbers; got complex128": np.zeros((5, 5), complex),
        "a picture of numbers; got <U1": np.full((5, 5), "x"),
        "one picture; got a list of 2: read one after the other": [Image.new("L", (9, 9))] * 2,
        "one picture; got a list of 0": [],
        "a picture that NumPy can read": [[1, 2], [3]],
        "a file, its bytes, an array or an image; got dict": {},
        "a file, its bytes, an array or an image; got NoneType": None,
        "a file that is open for bytes; open it with 'rb'": io.StringIO("7"),
        "at least one pixel; got 0 x 5": Image.new("L", (0, 5)),
    }
    for message, source in wrong.items():
        with pytest.raises(ImageError) as caught:
            as_picture(source)
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)
        assert "expected" in str(caught.value)


def test_images_tensors_and_lists_of_pictures(figures, model):
    torch = pytest.importorskip("torch")
    seven = figures[7]
    before = seven.tobytes()
    for image in (seven, seven.convert("RGBA"), seven.convert("1"), seven.convert("P"), seven.convert("I")):
        assert text(model, image) == "7"
    assert seven.tobytes() == before
    tensor = torch.tensor(np.asarray(seven) / 255)
    assert text(model, tensor) == text(model, tensor[None]) == "7"
    with pytest.raises(ImageError, match=r"expected a picture that NumPy can read: .*detach"):
        as_picture(tensor.requires_grad_())
    sources = [seven, np.asarray(figures[1]), saved(figures[2], "PNG"), (figures[3], [figures[4]])]
    assert [text(model, picture) for picture in read_pictures(sources)] == list("71234")


def test_a_pipe_is_read_to_its_end(figures, model):
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as file:
        file.write(saved(figures[5].convert("L"), "TIFF"))
    with os.fdopen(reading, "rb") as file:
        assert text(model, file) == "5"


# Folders.


@pytest.fixture
def scans(figures, tmp_path):
    """A folder: 10 pictures in two folders, a scan of two pages, a broken file, and what is not read."""
    folder = tmp_path / "scans"
    (folder / "more").mkdir(parents=True)
    (folder / ".hidden").mkdir()
    figures[1].save(folder / ".hidden" / "1.png")
    for number in (10, 9, 2):
        figures[number % 10].save(folder / f"digit {number}.PNG")
    figures[8].save(folder / "more" / "8.gif")
    (folder / "two.tif").write_bytes(saved(figures[3], "TIFF", save_all=True, append_images=[figures[4]]))
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    (folder / "notes.txt").write_text("Dear Ann,")
    (folder / ".DS_Store").write_bytes(b"")
    return folder


def test_numbers_in_names_count_by_their_value():
    names = ["10.png", "2.png", "a10b2", "a10b11", "A9", "", "²"]
    assert sorted(names, key=natural) == ["", "2.png", "10.png", "A9", "a10b2", "a10b11", "²"]


def test_a_folder_is_listed_in_order(scans):
    found = listing(scans)
    names = ["broken.jpg", "digit 2.PNG", "digit 9.PNG", "digit 10.PNG", "two.tif", "more/8.gif"]
    assert [path.relative_to(scans).as_posix() for path in found.pictures] == names
    assert (found.others, found.hidden) == (1, 2)
    (scans / "empty").mkdir()
    with pytest.raises(
        ImageError, match=r"empty: expected a folder with pictures \(PNG, .*\); it holds none$"
    ):
        listing(scans / "empty")
    with pytest.raises(ImageError, match=r"none: cannot be read: No such file or directory$"):
        listing(scans / "none")


def test_predict_reads_a_folder_and_a_broken_file_does_not_stop_it(run, scans):
    code, out, err = run("predict", scans, "--json")
    assert code == 1
    assert err.splitlines() == [
        f"{scans}: 6 pictures; left out: 1 other files and 2 hidden files or folders",
        next(line for line in err.splitlines() if "broken.jpg: the picture is damaged" in line),
    ]
    images = json.loads(out)["images"]
    told = [(Path(image["file"]).name, image["page"], image["pages"], image["text"]) for image in images]
    assert told == [
        ("digit 2.PNG", 1, 1, "2"),
        ("digit 9.PNG", 1, 1, "9"),
        ("digit 10.PNG", 1, 1, "0"),
        ("two.tif", 1, 2, "3"),
        ("two.tif", 2, 2, "4"),
        ("8.gif", 1, 1, "8"),
    ]
    assert f"{scans / 'two.tif'}, page 2: 4 " in run("predict", scans, "--quiet")[1]


def test_a_folder_without_pictures_is_an_error_that_stops_nothing(run, scans, tmp_path):
    (tmp_path / "empty").mkdir()
    code, out, err = run("predict", tmp_path / "empty", scans / "more", "--quiet")
    assert code == 1
    assert err.startswith(f"handgrad: error: {tmp_path / 'empty'}: expected a folder with pictures (PNG, ")
    assert err.count("\n") == 1
    assert "8.gif: 8" in out


def test_drawings_of_several_pictures_go_into_a_folder(run, scans, tmp_path):
    boxes = tmp_path / "boxes"
    assert run("predict", scans, scans / "digit 2.PNG", "--save-boxes", boxes)[0] == 1  # the broken one
    drawn = sorted(path.relative_to(boxes).as_posix() for path in boxes.rglob("*.png"))
    names = ["digit 10.PNG.png", "digit 2.PNG (2).png", "digit 2.PNG.png", "digit 9.PNG.png"]
    assert drawn == [*names, "more/8.gif.png", "two.tif-1.png", "two.tif-2.png"]
    assert all(read_picture(boxes / name).size == (408, 408) for name in drawn)
    assert run("predict", scans / "two.tif", "--save-boxes", f"{tmp_path / 'two'}/")[0] == 0
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == ["two.tif-1.png", "two.tif-2.png"]
    assert run("predict", scans / "two.tif", "--save-boxes", tmp_path / "one.png")[0] == 0
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two" / "two.tif-1.png").read_bytes()


def test_drawings_replace_nothing_else_and_are_not_read(run, scans, tmp_path):
    boxes = tmp_path / "boxes"
    boxes.mkdir()
    (boxes / "digit 9.PNG.png").write_text("Dear Ann,")
    code, out, err = run("predict", scans, "--save-boxes", boxes)
    assert (code, out) == (1, "")
    assert "digit 9.PNG.png: exists and is not a PNG image made by handgrad" in err
    assert [path.name for path in boxes.iterdir()] == ["digit 9.PNG.png"]
    for place in (scans, scans / "boxes"):
        code, out, err = run("predict", scans, "--save-boxes", place)
        assert (code, out) == (1, "")
        assert err.endswith(f"lies in {scans}, whose pictures are read; choose another folder\n")
    code, _, err = run("predict", scans, "--save-boxes", tmp_path / "boxes.png")
    assert code == 2
    assert "--save-boxes: expected a folder for the pictures of a folder; got" in err


@pytest.mark.parametrize("format", ["HEIC", "PDF", "TIFF, 1 bit, G4"])
def test_stdin_takes_every_format(format, run, sheet, monkeypatch):
    data = FORMATS[format](sheet[0])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    code, out, _ = run("predict", "-", "--json")
    assert code == 0
    (image,) = json.loads(out)["images"]
    assert (image["file"], image["text"]) == ("-", sheet[1])


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_progress_bar_is_shown_on_a_terminal_only(run, scans, monkeypatch):
    from handgrad.cli import main

    assert "6/6" not in run("predict", scans)[2]
    monkeypatch.setattr(sys, "stderr", Terminal())
    main(["predict", str(scans), "--json"])
    assert "6/6" in sys.stderr.getvalue()
    assert "\033[Khandgrad: error: " in sys.stderr.getvalue().replace("\n", "")
    monkeypatch.setattr(sys, "stderr", Terminal())
    main(["predict", str(scans), "--json", "--quiet"])
    assert "6/6" not in sys.stderr.getvalue()
    main(["predict", str(scans / "two.tif"), "--json"])
    assert "1/1" not in sys.stderr.getvalue()


def test_other_threads_do_not_change_the_answers(run, scans, monkeypatch):
    """The answers of many files at once are those of one after the other, in order."""
    together = json.loads(run("predict", *[scans] * 4, "--json", "--quiet")[1])["images"]
    monkeypatch.setattr("handgrad.cli.predict.available_cores", lambda: 1)
    alone = json.loads(run("predict", *[scans] * 4, "--json", "--quiet")[1])["images"]
    assert len(together) == 24
    assert together == alone
