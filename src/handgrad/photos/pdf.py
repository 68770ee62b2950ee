"""The pages of a PDF file, drawn by PDFium, of the extra 'pdf'."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from PIL import Image

from handgrad.errors import ImageError
from handgrad.photos.formats import LONGEST, MAX_BYTES, MAX_PAGES, File
from handgrad.photos.raster import Leaf
from handgrad.photos.reduction import reduced

FINE = 2  # a page is drawn this many times as large as it is needed, and reduced
NESTED = 8  # levels of drawings within drawings in which pictures are looked for


def pages(file: File) -> Iterator[Leaf]:
    """Each page, drawn with 3,200 pixels on its longer side. ImageError without pypdfium2."""
    try:
        import pypdfium2
    except ImportError:
        raise ImageError("PDF files need pypdfium2: pip install 'handgrad[pdf]'") from None
    try:
        document = pypdfium2.PdfDocument(file)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise ImageError("expected a PDF without a password; save it without one") from None
        raise
    with document:
        total = len(document)
        for number in range(min(total, MAX_PAGES)):
            yield _drawn(document, number, total)


def _drawn(document: Any, number: int, total: int) -> Leaf:
    """The page of this number. It is closed again: PDFium keeps the pictures of a page that is open."""
    with closing(document[number]) as page:
        _expect_small_pictures(page)
        longer = max(page.get_size())
        if not 0 < longer < float("inf"):
            raise ValueError("a page without a size")
        with closing(page.render(scale=FINE * LONGEST / longer, rev_byteorder=True)) as bitmap:
            image = Image.fromarray(bitmap.to_numpy()[:, :, :3])
            return Leaf(reduced(image, FINE), image.size, total)


def _expect_small_pictures(page: Any) -> None:
    """ImageError if the pictures on a page are too large: PDFium decodes them as a whole."""
    import pypdfium2.raw as pdfium

    size = 0
    for picture in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=NESTED):
        facts = picture.get_metadata()
        size += facts.width * facts.height * max(1, facts.bits_per_pixel) // 8
    if size > MAX_BYTES:
        raise ImageError(
            f"expected at most {MAX_BYTES // 10**6} MB of pictures on a page; got {size / 10**6:,.0f} MB"
        )
