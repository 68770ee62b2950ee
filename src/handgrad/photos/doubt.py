"""Why a digit is doubtful, in words: what the networks see in it, and how its ink looks."""

import numpy as np

from handgrad.arrays import NDArray
from handgrad.model import Model
from handgrad.photos.borders import is_cut
from handgrad.photos.connected import with_labels
from handgrad.photos.marks import Mark, Page
from handgrad.photos.ranks import quantile
from handgrad.photos.scoring import Answer
from handgrad.photos.shapes import is_face, is_strange

UNSURE = 0.5  # a digit of less sureness is doubtful
UNSURE_CUT = 0.95  # the same for a digit that was cut from another
LIKE_NOTHING = 0.3  # outputs that are all lower tell of no digit
NEAR = 0.2  # a runner-up with at least this share of the largest output may be the digit
ONE_OR_SEVEN = {7: (1, 0.5), 1: (7, 1.0)}  # what both networks see of the other one, for a person to decide
WIDE, SURE_WIDE = 0.9, 0.9  # a digit of more than this width, in heights, of less sureness may be several
FAINT = 0.22  # contrast with the paper below which ink may be a stain or a crease; black on white is 1.7
CREASES = ((0.5, 45), (0.35, 28))  # a line of less contrast, so many times as long as wide, may be a crease

LOW_CONFIDENCE = "low confidence"
NOT_WHOLE = "perhaps a part of a digit, or several digits"
UNSURE_DIGIT = "perhaps not a digit"
UNLIKE = "does not look like a digit"
VERY_FAINT = "very faint"
SMALL_ONE = "1 or a comma"
LOW = 0.6  # a 1 of less than this share of the usual height may be a comma
CREASE = "perhaps a crease or a hair"
CUT_OFF = "cut by the border of the picture"
EXCLUDED = "looks like {}, which is not expected here"


def reasons(model: Model, answer: Answer, was_cut: bool) -> tuple[str, ...]:
    """What the networks doubt in a digit; empty if they are sure. was_cut: from another digit."""
    if answer.excluded is not None:
        return (EXCLUDED.format(answer.excluded),)
    sureness = answer.sureness * answer.agreement if was_cut else answer.sureness
    is_unsure = sureness < (UNSURE_CUT if was_cut else UNSURE)
    found = {
        of_outputs(model, answer.outputs): bool(model.doubtful(answer.outputs)[0]),
        _either(1, 7): answer.disputed or _is_one_or_seven(model, answer),
        UNLIKE: is_strange(answer.image, model.classes[int(answer.outputs.argmax())]),
        NOT_WHOLE: is_unsure and answer.wholeness < answer.outputs.max(),
    }
    return tuple(why for why, holds in found.items() if holds) or ((UNSURE_DIGIT,) if is_unsure else ())


def _is_one_or_seven(model: Model, answer: Answer) -> bool:
    """Whether both networks together see much of a 7 in a 1, or of a 1 in a 7: a serif decides.

    The second network knows nothing of the hand that a model has learnt in addition.
    """
    digit = int(answer.outputs.argmax())
    if digit not in ONE_OR_SEVEN:
        return False
    other, least = ONE_OR_SEVEN[digit]
    second = answer.outputs
    if answer.seconded is not None and model.began is None:
        second = answer.seconded
    own = float(answer.outputs[other])
    return bool(own + max(float(second[other]), own / 2) >= least)


def of_outputs(model: Model, outputs: NDArray) -> str:
    """What makes an answer doubtful, by its outputs (C,): no class, two classes, or less."""
    order = np.argsort(-outputs, kind="stable")
    if outputs[order[0]] < LIKE_NOTHING:
        return UNLIKE
    if len(order) > 1 and outputs[order[1]] >= NEAR * outputs[order[0]]:
        return _either(*(model.classes[i] for i in order[:2]))
    return LOW_CONFIDENCE


def of_mark(page: Page, mark: Mark, answer: Answer, usual: float) -> tuple[str, ...]:
    """What makes a mark doubtful beside what the networks see. usual: the height of digits on its page."""
    of_page = of_ink(page, mark) + of_border(page, mark) + of_shape(page, mark)
    return of_width(answer, mark, usual) + of_page


def of_ink(page: Page, mark: Mark) -> tuple[str, ...]:
    """What makes a mark doubtful, whatever the networks see in it: ink that is hardly darker than paper."""
    if page.single:  # its ink is measured by the darkest and the lightest shade of the picture
        return ()
    rows, columns = slice(mark.top, mark.bottom), slice(mark.left, mark.right)
    labels = page.labels[rows, columns]
    own = with_labels(labels, mark.parts)
    own = own if own.any() else labels > 0  # what was cut apart has other labels
    if not own.any():
        return ()
    contrast = quantile(page.ink[rows, columns][own], 0.7)
    if contrast < FAINT:
        return (VERY_FAINT,)
    length = float(np.hypot(mark.width, mark.height))
    is_hair = any(contrast < pale and length * length > long * own.sum() for pale, long in CREASES)
    return (CREASE,) if is_hair else ()


def of_width(answer: Answer, mark: Mark, usual: float) -> tuple[str, ...]:
    """What makes a wide mark doubtful: it may be several digits. Both networks have to be asked.

    A 1 that touches another digit hardly changes what they see.  usual: the height of digits on the page.
    """
    is_wide = mark.width > WIDE * max(mark.height, 0.7 * usual)
    is_unsure = answer.seconded is not None and answer.sureness * answer.agreement < SURE_WIDE
    return (NOT_WHOLE,) if is_wide and is_unsure else ()


def of_shape(page: Page, mark: Mark) -> tuple[str, ...]:
    """What makes a mark doubtful by its shape on the page, which is finer than the networks' images."""
    return (UNLIKE,) if not page.single and is_face(page.labels, mark) else ()


def of_border(page: Page, mark: Mark) -> tuple[str, ...]:
    """What makes a mark doubtful at the border of the picture: there is perhaps more of it outside."""
    return (CUT_OFF,) if is_cut(page, mark) else ()


def of_height(digit: int | str, mark: Mark, usual: float) -> tuple[str, ...]:
    """What makes a mark doubtful beside others. usual: the height of the digits on its page."""
    return (SMALL_ONE,) if str(digit) == "1" and mark.height < LOW * usual else ()


def _either(first: int | str, second: int | str) -> str:
    """The words for two classes, the same for both orders: perhaps a 4 or a 9."""
    small, large = sorted((first, second), key=str)
    return f"perhaps {_named(small)} or {_named(large)}"


def _named(label: int | str) -> str:
    return f"an {label}" if str(label).startswith("8") else f"a {label}"
