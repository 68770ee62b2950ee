"""Signs beside digits: decimal point, comma, colon, minus, plus, times, equals; slashes are in slashes.py.

A sign is read where its shape and its place tell it: a round dot at the base line between two digits, a level
dash at half the height of the digit that follows. All lengths are compared with the digits of the picture.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from handgrad.photos.marks import Mark, joined
from handgrad.photos.traits import Traits

MOST_SMALL = 256  # small marks: of more, which are grain, none is a sign
LARGE = 0.8  # crosses higher than this share of a digit may be a crossed 7
LOW = 0.5  # marks lower than this share of a digit may be dots, dashes and commas
NEAR = 1.6  # largest gap between a sign and a digit beside it, in heights of a digit,
SPACED = 3.0  # and between an operator and a digit
CLEAR = 0.06  # smallest such gap: nearer marks may be pieces of the digit
POINTS, COLON = (".", ","), ":"
LONG = 1.8  # area of a comma, in squares of its thickness; that of a dot is 1
UNDER = -0.12  # for dots and commas, which stand under a leaning stroke
LEANING = 0.3  # how far two dots of a colon may be apart across, as a share of what they are apart down

# A person should decide whether a point, a comma or a colon is specks, a piece of a digit or a filled zero:
PALE = 0.9  # a dot with less contrast, as a share of the digits',
FINE = 1.0  # thinner, in strokes of the digits;
OFF = 0.17  # with its middle farther from the base line, in heights of a digit,
TOO_NEAR = 0.12  # or nearer to a digit than this;
TALL = 1.4  # or a point that is so many times as high as wide,
SHALLOW = 0.1  # or a comma that reaches less far below the base line


class Usual(NamedTuple):
    """The digits of a picture."""

    height: float
    stroke: float  # width of their strokes: 2 area / length of the outlines
    contrast: float


class FoundSign(NamedTuple):
    """A sign on a page."""

    text: str
    mark: Mark
    unclear: bool = False  # whether it may be something else: a speck, a piece of a digit, a filled zero


class Beside(NamedTuple):
    """The digits on both sides of a small mark."""

    left: Mark | None
    right: Mark | None
    to_left: float  # the gaps, in heights of a digit
    to_right: float

    @property
    def base(self) -> tuple[float, float]:
        """The lower edges of the digits, the higher one first."""
        bottoms = [mark.bottom for mark in (self.left, self.right) if mark]
        return float(min(bottoms)), float(max(bottoms))

    def is_between(self, least: float, most: float = NEAR) -> bool:
        """Whether there is a digit on each side, no nearer than this and no farther."""
        return all(least <= gap <= most for gap in (self.to_left, self.to_right))

    def level(self, mark: Mark) -> float:
        """The height of a mark's middle: 0 at the upper edge of the digits, 1 at the lower one."""
        near = [each for each in (self.left, self.right) if each]
        top = sum(each.top for each in near) / len(near)
        bottom = sum(each.bottom for each in near) / len(near)
        return ((mark.top + mark.bottom) / 2 - top) / max(1.0, bottom - top)


def signs_among(
    marks: Sequence[Mark], usual: Usual, look: Callable[[Mark], Traits], crossed: Callable[[Mark, bool], str]
) -> list[FoundSign]:
    """The signs among the marks of a page; the text of an operator that has no sign here is "".

    look: the traits of a mark.  crossed: "+" or "x" if a mark is a cross, or surely one.
    """
    height = usual.height
    crosses = [
        FoundSign(text, mark)
        for mark in marks
        if 0.25 * height <= mark.height <= 1.1 * height and 0.25 * height <= mark.width <= 1.1 * height
        if look(mark).hole == 0
        if (text := crossed(mark, mark.height > LARGE * height))
    ]
    operators = {each.mark for each in crosses}
    digits = [mark for mark in marks if mark.height >= LOW * height and mark not in operators]
    small = {
        mark: shape
        for mark in marks
        if mark.height < LOW * height and mark.width < height and mark not in operators
        if max(mark.width, mark.height) >= 0.04 * height
        if (shape := _shape(mark, look(mark), usual))
    }
    if len(small) > MOST_SMALL:
        small = {}
    found = [each for each in crosses if _stands_beside(_beside(each.mark, digits, height))]
    points: dict[tuple[Mark | None, Mark | None], tuple[float, FoundSign]] = {}
    for stack in _stacks(small, height):
        whole = joined(stack)
        beside = _beside(whole, digits, height)
        texted = _sign(whole, [small[mark] for mark in stack], beside, height, digits)
        if texted is None:
            continue
        is_weak = any(_is_weak(mark, look(mark), usual) for mark in stack)
        sign = FoundSign(texted, whole, unclear=is_weak and texted == COLON)
        gap = min(beside.to_left, beside.to_right)
        if texted in POINTS:
            sign = sign._replace(unclear=is_weak or _is_out_of_place(sign, beside, usual))
            # of two between the same digits, the nearer one to a digit is a piece of it
            place = beside.left, beside.right
            points[place] = max(points.get(place, (gap, sign)), (gap, sign), key=lambda each: each[0])
        else:
            found.append(sign)
    return [*found, *(sign for _, sign in points.values())]


def _stacks(small: Mapping[Mark, str], height: float) -> list[list[Mark]]:
    """The small marks, those that stand above each other together, from top to bottom."""
    stacks: list[list[Mark]] = []
    for mark in sorted(small, key=lambda mark: mark.top):
        under = [stack for stack in stacks if any(_is_stacked(each, mark, height) for each in stack)]
        stacks = [stack for stack in stacks if stack not in under]
        stacks.append([*(each for stack in under for each in stack), mark])
    return stacks


def _sign(
    mark: Mark, shapes: Sequence[str], beside: Beside, height: float, digits: Sequence[Mark]
) -> str | None:
    """The text of a stack of small marks; "" for an operator without a sign here, None if it is no sign."""
    match shapes:
        case ["dot"]:
            return _point(mark, beside, height)
        case ["comma"]:
            return _comma(mark, beside, height)
        case ["dash"]:
            return _minus(mark, beside, height, digits)
        case ["dot", "dot"]:
            return _between(COLON, mark, beside, digits)
        case ["dash", "dash"]:
            return _between("=", mark, beside, digits)
        case ["dot" | "blob", "dash", "dot" | "blob"]:
            return _between("", mark, beside, digits)
    return None


def _shape(mark: Mark, seen: Traits, usual: Usual) -> str:
    """What a small mark looks like: "dot", "dash", "dashes", "comma", "blob", or ""."""
    width, high, height = mark.width, mark.height, usual.height
    if seen.contrast < 0.55 * usual.contrast or (seen.hole > 0.1 and high > 0.2 * height):
        return ""
    filled = seen.area / (width * high)
    thick = max(2.4 * usual.stroke, 0.16 * height)
    is_long = high >= 1.2 * width and seen.area > LONG * seen.thickness**2  # a comma leans: its box is wide
    is_round = min(width, high) >= 0.5 * max(width, high) and not is_long
    if max(width, high) <= min(1.3 * thick, 0.35 * height) and is_round:
        return "dot" if filled >= 0.5 and min(width, high) >= 0.6 * usual.stroke else ""
    if width >= 1.6 * high and 0.15 * height <= width and seen.thickness <= thick and filled > 0.35:
        single = seen.thickness <= 1.5 * usual.stroke + 2 and seen.hole < 0.01
        return "dash" if single else "dashes"
    if high >= 1.2 * width and 0.12 * height <= high and seen.thickness <= thick:
        return "comma"
    return "blob" if filled > 0.55 and max(width, high) <= LOW * height else ""


def _beside(mark: Mark, digits: Sequence[Mark], height: float) -> Beside:
    """The nearest digits on both sides, at about the level of a mark."""
    x, y = (mark.left + mark.right) / 2, (mark.top + mark.bottom) / 2
    level = [d for d in digits if d.top - 0.2 * height <= y <= d.bottom + 0.35 * height]
    left = max((d for d in level if (d.left + d.right) / 2 < x), key=lambda d: d.right, default=None)
    right = min((d for d in level if (d.left + d.right) / 2 >= x), key=lambda d: d.left, default=None)
    to_left = (mark.left - left.right) / height if left else float("inf")
    to_right = (right.left - mark.right) / height if right else float("inf")
    return Beside(left, right, to_left, to_right)


def _stands_beside(beside: Beside) -> bool:
    """Whether an operator stands before a digit, and clear of the digit before it."""
    return CLEAR <= beside.to_right <= SPACED and beside.to_left >= CLEAR


def _is_stacked(upper: Mark, lower: Mark, height: float) -> bool:
    """Whether one small mark stands right above another."""
    overlap = min(upper.right, lower.right) - max(upper.left, lower.left)
    near = lower.bottom - upper.top < 0.95 * height and upper.bottom <= lower.top
    across = abs(upper.left + upper.right - lower.left - lower.right)
    leans = across <= LEANING * (lower.top + lower.bottom - upper.top - upper.bottom)
    return near and (leans or overlap >= 0.3 * min(upper.width, lower.width))


def _between(text: str, mark: Mark, beside: Beside, digits: Sequence[Mark]) -> str | None:
    """The text if a mark stands between two digits, at about half their height."""
    if not beside.is_between(CLEAR, SPACED) or not 0.2 < beside.level(mark) < 0.95:
        return None
    covered = any(mark.left < d.right and d.left < mark.right and _share_rows(mark, d) for d in digits)
    return None if covered else text


def _share_rows(mark: Mark, other: Mark) -> bool:
    return mark.top < other.bottom and other.top < mark.bottom


def _point(mark: Mark, beside: Beside, height: float) -> str | None:
    """The text "." for a dot at the base line between two digits."""
    if not beside.is_between(UNDER):
        return None
    high, low = beside.base
    middle = (mark.top + mark.bottom) / 2
    at_base = high - 0.22 * height <= middle <= low + 0.22 * height
    is_clear = max(beside.to_left, beside.to_right) >= CLEAR
    return "." if at_base and is_clear else None


def _comma(mark: Mark, beside: Beside, height: float) -> str | None:
    """The text "," for a short stroke between two digits that reaches below the base line."""
    if not beside.is_between(UNDER):
        return None
    high, low = beside.base
    crosses = mark.top >= high - 0.3 * height and high + 0.06 * height <= mark.bottom <= low + 0.5 * height
    return "," if crosses and mark.top <= low + 0.15 * height else None


def _is_weak(mark: Mark, seen: Traits, usual: Usual) -> bool:
    """Whether a dot is paler or thinner than the pen of the digits makes it."""
    return seen.contrast < PALE * usual.contrast or min(mark.width, mark.height) < FINE * usual.stroke


def _is_out_of_place(sign: FoundSign, beside: Beside, usual: Usual) -> bool:
    """Whether a point or a comma has another shape or place than people give it, for a person to decide."""
    mark, base = sign.mark, sum(beside.base) / 2
    if sign.text == ",":
        return mark.bottom < base + SHALLOW * usual.height
    is_off = abs((mark.top + mark.bottom) / 2 - base) > OFF * usual.height
    is_tall = mark.height > TALL * mark.width
    return is_tall or is_off or min(beside.to_left, beside.to_right) < TOO_NEAR


def _minus(mark: Mark, beside: Beside, height: float, digits: Sequence[Mark]) -> str | None:
    """The text "-" for a dash at half the height of the digit that follows, nothing above or below it."""
    if not CLEAR <= beside.to_right <= SPACED or beside.to_left < CLEAR:
        return None
    alone = not any(
        mark.left < d.right
        and d.left < mark.right
        and d.top < mark.bottom + 0.5 * height
        and mark.top - 0.5 * height < d.bottom
        for d in digits
    )
    return "-" if alone and 0.25 <= beside.level(mark) <= 0.78 else None
