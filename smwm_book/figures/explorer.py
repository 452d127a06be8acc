"""Figures of the collapse explorer: the variance of all runs, one moment of one run, and a table of moments."""

import numpy as np
from matplotlib import colormaps

from smwm_book.figures.dot_world import training_step_axis
from smwm_book.figures.style import FORWARD_ONLY, SMALL, SMWM, Figure, new_figure

LOWEST_VARIANCE = 1e-8


def variance_by_lambda(steps: np.ndarray, lambdas: list[float], variances: np.ndarray) -> Figure:
    """Total variance of the latents of fixed frames while training, a line per λ with its name at the end.

    Arguments:
        steps: ``(S,)`` training steps, starting with 0.
        lambdas: ``(L,)``, rising from 0.
        variances: ``(L, S)`` total variances.
    """
    figure, axis = new_figure(7, 4.2)
    shades = colormaps["viridis"](np.linspace(0.75, 0, len(lambdas) - 1))
    for lam, curve, colour in zip(lambdas, variances, [FORWARD_ONLY, *shades], strict=True):
        axis.plot(steps, curve, color=colour, marker="o", markersize=4)
        axis.text(steps[-1] * 1.2, curve[-1], f"λ = {lam:g}", color=colour, va="center", fontsize=SMALL, weight="bold")
    training_step_axis(axis, steps)
    axis.set(yscale="log", ylabel="total variance (latent units²)", xlim=(0, steps[-1] * 4))
    axis.minorticks_off()
    return figure


def explorer_moment(cloud: np.ndarray, colours: np.ndarray, spectrum: np.ndarray, extent: float) -> Figure:
    """The latent cloud of fixed frames beside its spectrum.

    Arguments:
        cloud: ``(P, 2)`` coordinates in the plane of two principal components.
        colours: ``(P, 3)`` in [0, 1], the position that each point is a picture of.
        spectrum: ``(K,)`` variances, largest first.
        extent: half the side of the square that is drawn.
    """
    figure, (left, right) = new_figure(8, 3.8, 1, 2)
    left.scatter(*cloud.T, c=colours, s=18)
    left.set(xlim=(-extent, extent), ylim=(-extent, extent), aspect="equal", xlabel="PC 1", ylabel="PC 2")
    right.bar(range(1, len(spectrum) + 1), np.maximum(spectrum, LOWEST_VARIANCE), color=SMWM, width=0.7)
    right.set(yscale="log", ylim=(LOWEST_VARIANCE, 10), xlabel="principal component", ylabel="variance (log)")
    return figure


def explorer_table(
    clouds: np.ndarray, colours: np.ndarray, lambdas: list[float], steps: list[int], extent: float
) -> Figure:
    """Clouds for some values of λ (rows) at some steps (columns), all on one scale.

    Arguments:
        clouds: ``(rows, columns, P, 2)``.
        colours: ``(P, 3)`` in [0, 1].
        extent: half the side of each square.
    """
    rows, columns = clouds.shape[:2]
    figure, axes = new_figure(1.6 * columns + 1, 1.6 * rows + 0.4, rows, columns, squeeze=False)
    for row, of_lambda, lam in zip(axes, clouds, lambdas, strict=True):
        for axis, cloud in zip(row, of_lambda, strict=True):
            axis.scatter(*cloud.T, c=colours, s=5)
            axis.set(xlim=(-extent, extent), ylim=(-extent, extent), aspect="equal", xticks=[], yticks=[])
            axis.spines[["top", "right"]].set_visible(True)
        row[0].set_ylabel(f"λ = {lam:g}", rotation=0, ha="right", va="center", labelpad=8)
    for axis, step in zip(axes[0], steps, strict=True):
        axis.set_title(f"step {step:,}", fontsize="medium", loc="center", weight="normal")
    return figure
