"""The picture of the zoo: every curve of the wrong network over that of the right one."""

from typing import TYPE_CHECKING, Any

from handgrad.workbook.zoo.runs import CURVES, Curves

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLES = {
    "loss": "loss L",
    "grad_W1": "|grad_W1|",
    "grad_b1": "|grad_b1|",
    "grad_W2": "|grad_W2|",
    "grad_b2": "|grad_b2|",
    "dead": "dead hidden units",
    "saturated": "saturated outputs",
    "largest_z": "largest |z|",
}
SHARES = ("training_accuracy", "validation_accuracy", "dead", "saturated")
FAR = 20  # a curve that rises above this many times the right one's is drawn on a log scale


def curves(right: Curves, wrong: Curves, switch_on: int, title: str) -> "Figure":
    """A panel for each curve: right in blue, wrong in orange; a line where the bug is switched on."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    from handgrad.insight.plots import BLUE, GREY, ORANGE

    figure = Figure((13, 5), layout="constrained")
    ended = wrong.ended
    figure.suptitle(f"{title} (wrong: {ended})" if ended else title, fontsize=11)
    shared = sum(point.epoch <= switch_on - 1 for point in right.points)
    for axes, curve in zip(figure.subplots(2, 5).ravel(), CURVES, strict=True):
        for course, colour, name, first in (
            (right, BLUE, "right", 0),
            (wrong, ORANGE, "wrong", max(0, shared - 1)),  # from the last point that both have
        ):
            epochs = [point.epoch for point in course.points[first:]]
            values = course.values(curve)[first:]
            axes.plot(epochs, values, color=colour, label=name, linewidth=1.5)
            if course.ended:
                axes.plot(epochs[-1:], values[-1:], "x", color=colour)
        if switch_on > 1:
            axes.axvline(switch_on - 1, color=GREY, linewidth=0.8, linestyle=":")
        _scale(axes, curve, right.values(curve) + wrong.values(curve))
        axes.set_title(TITLES.get(curve, curve.replace("_", " ")), fontsize=9)
        axes.tick_params(labelsize=7.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        if curve in SHARES:
            axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    figure.legend(
        *figure.axes[0].get_legend_handles_labels(), loc="outside upper right", ncols=2, frameon=False
    )
    for axes in figure.axes[5:]:
        axes.set_xlabel("epoch", fontsize=8)
    return figure


def _scale(axes: Any, curve: str, every: list[float]) -> None:
    """Shares from 0 to 1, the rest from 0; on a log scale where both curves are above 0 and far apart."""
    if curve in SHARES:
        axes.set_ylim(-0.02, 1.02)
        return
    if min(every) > 0 and max(every) / min(every) > FAR:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
