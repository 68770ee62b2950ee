"""The readings drawn on the picture: a box around each digit and sign, and around what was left out."""

import io
from collections.abc import Iterable
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from handgrad.photos.decoding import Picture
from handgrad.photos.result import PageReading

SURE, DOUBTFUL, LEFT_OUT = (0, 140, 60), (220, 80, 0), (120, 120, 120)  # green, orange and grey
SMALLEST = 400  # the longer side of a drawing has at least this many pixels, to keep the text legible


class Label(NamedTuple):
    """A box in pixels of the upright picture, the text above it, and their colour."""

    box: tuple[int, int, int, int]
    text: str  # above the box; "" for none
    colour: tuple[int, int, int]


def labels(page: PageReading) -> list[Label]:
    """The labels of the digits, of the signs, and of what was left out: each reason is written once."""
    reasons = [each.reason for each in page.left_out]
    return [
        *(
            Label(each.box, each.reason if reasons.index(each.reason) == number else "", LEFT_OUT)
            for number, each in enumerate(page.left_out)
        ),
        *(
            Label(one.box, f"{one.digit}? {one.runner_up}", DOUBTFUL)
            if one.doubtful
            else Label(one.box, str(one.digit), SURE)
            for one in page.digits
        ),
        *(Label(sign.box, sign.text, SURE) for sign in page.signs),
    ]


def drawn(picture: Picture, labels: Iterable[Label]) -> bytes:
    """The bytes of a PNG file: the picture, upright and reduced as read_picture does it, with the labels."""
    canvas = Image.fromarray(picture.pixels)
    share = max(1, -(-SMALLEST // max(canvas.size)))
    canvas = canvas.resize((canvas.width * share, canvas.height * share), Image.Resampling.NEAREST)
    pen = ImageDraw.Draw(canvas)
    scale = canvas.width / picture.size[0]
    thick = max(1, round(max(canvas.size) / 500))
    for label in labels:
        x, y, width, height = (side * scale for side in label.box)
        frame = (x - thick, y - thick, x + width + thick, y + height + thick)
        pen.rectangle(frame, outline=label.colour, width=thick)
        if not label.text:
            continue
        font = ImageFont.load_default(size=min(max(14.0, 0.3 * height), 40.0))
        left, top, right, bottom = pen.textbbox((0, 0), label.text, font=font)
        at_x = min(max(0.0, frame[0]), max(0.0, canvas.width - (right - left) - 4))
        at_y = max(0.0, frame[1] - (bottom - top) - 5)
        pen.rectangle((at_x, at_y, at_x + right - left + 4, at_y + bottom - top + 4), fill=label.colour)
        pen.text((at_x + 2 - left, at_y + 2 - top), label.text, fill="white", font=font)
    buffer = io.BytesIO()
    maker = PngInfo()
    maker.add_text("Software", "handgrad")  # by which files.PNG recognises it
    canvas.save(buffer, "PNG", pnginfo=maker)
    return buffer.getvalue()
