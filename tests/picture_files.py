"""Files of pictures for the tests: in the formats, and with the pages, that people have."""

import io

import numpy as np
from PIL import Image

TIFFS = {  # a mode of Pillow's, and how it is saved
    "1 bit, G4": ("1", {"compression": "group4"}),
    "1 bit, G3": ("1", {"compression": "group3"}),
    "grey, LZW": ("L", {"compression": "tiff_lzw"}),
    "colour, not compressed": ("RGB", {}),
    "colour, deflate": ("RGB", {"compression": "tiff_adobe_deflate"}),
    "colour, JPEG": ("RGB", {"compression": "jpeg"}),
    "palette, packbits": ("P", {"compression": "packbits"}),
    "CMYK": ("CMYK", {"compression": "tiff_lzw"}),
    "transparent": ("RGBA", {}),
    "16 bits": ("I;16", {}),
    "16 bits, other order": ("I;16B", {}),
    "floats": ("F", {}),
    "LAB": ("LAB", {}),
}


def saved(picture, format, **options):
    """The bytes of a file that holds the picture."""
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def in_mode(picture, mode):
    """The picture, as a scanner would save it in this mode of Pillow's."""
    if mode.startswith("I;16"):
        grey = 16 * np.asarray(picture.convert("L"), np.uint16)  # 12 of the 16 bits, as scanners use them
        deep = Image.fromarray(grey.astype("<u2" if mode == "I;16" else ">u2"))
        assert deep.mode == mode
        return deep
    if mode == "LAB":
        from PIL import ImageCms

        srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        return ImageCms.profileToProfile(picture.convert("RGB"), srgb, lab, outputMode="LAB")
    return picture.convert(mode, dither=Image.Dither.NONE)


def heic(picture):
    """The bytes of a HEIC file."""
    import pillow_heif

    buffer = io.BytesIO()
    pillow_heif.from_pillow(picture.convert("RGB")).save(
        buffer, quality=80, enc_params={"preset": "ultrafast"}
    )
    return buffer.getvalue()


def every_format(picture):
    """The bytes of files with this grey picture in every format that is read."""
    colour = picture.convert("RGB")
    files = [saved(one, "PNG") for one in (picture, picture.convert("RGBA"), picture.convert("P"))]
    files += [saved(colour, name) for name in ("JPEG", "WEBP", "BMP", "GIF", "PPM", "AVIF")]
    files += [saved(colour, "JPEG", progressive=True), heic(picture), saved(picture, "PDF")]
    files += [saved(in_mode(picture, mode), "TIFF", **way) for mode, way in TIFFS.values()]
    return [*files, saved(picture, "TIFF", save_all=True, append_images=[picture] * 3)]
