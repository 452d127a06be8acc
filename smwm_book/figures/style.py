"""One look for all figures: fonts, sizes and a colour for every method.

The colours are Okabe and Ito's, told apart with every common form of colour blindness. Figures keep
a white ground, so that they read the same on light and dark pages. The pages' style sheet
(``book/_static/smwm.css``) has the same palette and type scale; a test compares them.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

BLUE, ORANGE, VERMILION, PURPLE, SKY = "#0072B2", "#E69F00", "#D55E00", "#CC79A7", "#56B4E9"
INK, GREY, PALE, FAINT = "#1F2933", "#6B7280", "#B8C4CE", "#D5DBE1"
TITLE, TEXT, SMALL = 13, 12, 11  # points

SMWM, FORWARD_ONLY = BLUE, VERMILION

_RC = {
    "figure.dpi": 150,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "font.size": TEXT,
    "axes.titlesize": TITLE,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "lines.linewidth": 2,
}


def new_figure(width: float, height: float, rows: int = 1, columns: int = 1, **options) -> tuple[Figure, object]:
    """A figure in the house style, detached from pyplot so that a notebook shows it just once.

    Arguments:
        width, height: inches; text is 12 pt, so 7 by 4 stays readable on a phone.
        options: passed on to ``plt.subplots``.

    Returns:
        figure and axes, as ``plt.subplots`` does.
    """
    plt.rcParams.update(_RC)
    figure, axes = plt.subplots(rows, columns, figsize=(width, height), layout="constrained", **options)
    plt.close(figure)
    return figure, axes


def seeds_and_mean(axis, x: np.ndarray, values: np.ndarray, colour: str, *, geometric: bool = False, **options) -> None:
    """A thin line per seed, ``(seeds, X)``, and their mean with the options of ``plot``."""
    axis.plot(x, values.T, color=colour, linewidth=0.8, alpha=0.5)
    mean = np.exp(np.log(values).mean(0)) if geometric else values.mean(0)
    axis.plot(x, mean, color=colour, **{"marker": "o", **options})
