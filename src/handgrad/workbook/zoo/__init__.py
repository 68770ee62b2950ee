"""The bug zoo: a mistake is switched on in a running network, and its curves stand beside the right ones.

bug -> watch: one network learns right; from an epoch on, a copy of it goes on wrong -> Watched
quiz: which bug is it, of four?      survey: how much each still learns; accuracy is no proof
"""

from handgrad.workbook.zoo.bugs import BUGS, Bug
from handgrad.workbook.zoo.formulas import RIGHT, Formulas, run_epoch
from handgrad.workbook.zoo.questions import Quiz, quiz
from handgrad.workbook.zoo.runs import CURVES, Curves, Point
from handgrad.workbook.zoo.watched import Surveyed, Watched, find, survey, watch

__all__ = [
    "BUGS", "CURVES", "RIGHT", "Bug", "Curves", "Formulas", "Point", "Quiz", "Surveyed", "Watched",
    "find", "quiz", "run_epoch", "survey", "watch",
]  # fmt: skip
