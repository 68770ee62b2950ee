"""The order of a network's way back: which backward functions its backward calls, and which it forgets."""

from __future__ import annotations

from dataclasses import replace

from handgrad.workbook.checks.mistakes import MISTAKES
from handgrad.workbook.checks.verdict import Verdict

REVERSE = ("sigmoid_backward", "affine_backward", "relu_backward", "affine_backward")
NOTED = tuple(dict.fromkeys(REVERSE))
ELSEWHERE = (None, 11, 12, 15, 19)  # what a way back in another order may look like


def explained(verdict: Verdict, called: list[str], raised: bool) -> Verdict:
    """A verdict on a wrong backward, with what it calls; as it is where that is in order, or all is inline.

    raised: whether the calls end with an exception.
    """
    inline = not called or ("affine_backward" not in called and not raised)
    if verdict.passed or verdict.mistake not in ELSEWHERE or inline:
        return verdict
    missing = [] if raised else [name for name in NOTED if name not in called]
    mirror = f"the way back is the way out in reverse: {', '.join(REVERSE)}"
    if missing:
        are = "is" if len(missing) == 1 else "are"
        words = f"{' and '.join(missing)} {are} never called; {mirror}"
        if len(missing) == 1 and verdict.mistake:
            return replace(verdict, message=f"{verdict.message}\n{words}")
        number = verdict.mistake or {"relu_backward": 19, "sigmoid_backward": 15}.get(missing[0])
        return replace(verdict, message=words, mistake=number)
    if tuple(called) == REVERSE[: len(called)]:
        return verdict
    words = f"{MISTAKES[104].sentence}; here {', '.join(called)} are called, one after the other"
    return replace(verdict, message="\n".join([words, verdict.message]) if raised else words, mistake=104)
