"""Figures of latent translations: displacement fields and composition errors."""

import numpy as np

from smwm_core.figures.style import ORANGE, SMWM, Figure, new_figure


def displacement_fields(latent: np.ndarray, fields: dict[str, np.ndarray]) -> Figure:
    """How actions move the latents of a grid of positions.

    Arguments:
        latent: ``(N, 2)`` latents in the plane of two principal components.
        fields: per title the displacements ``(N, 2)`` of one action in the same plane, at most four.
    """
    figure, axes = new_figure(7.5, 4, 1, len(fields), sharex=True, sharey=True)
    for axis, (title, field), colour in zip(axes, fields.items(), (SMWM, ORANGE, SMWM, ORANGE), strict=False):
        axis.scatter(*latent.T, s=8, color="#9AA5B1", zorder=1)
        axis.quiver(*latent.T, *field.T, color=colour, angles="xy", scale_units="xy", scale=1, width=0.006, zorder=2)
        axis.set(title=title, xlabel="PC 1", aspect="equal")
        axis.margins(0.15)
    axes[0].set_ylabel("PC 2")
    return figure


def composition_errors(counts: np.ndarray, errors: np.ndarray) -> Figure:
    """Composition error against the number of steps, one thin line per seed.

    Arguments:
        counts: ``(K,)`` numbers of steps.
        errors: ``(seeds, K)``, relative to the length of the single step.
    """
    figure, axis = new_figure(7, 3.6)
    axis.plot(counts, 100 * errors.T, color=SMWM, linewidth=0.8, alpha=0.5)
    axis.plot(counts, 100 * errors.mean(0), color=SMWM, marker="o", markersize=8)
    axis.set(
        xlabel="number of small steps that make up the large one",
        ylabel="distance of the end points\n(% of the large step)",
        xticks=counts,
        ylim=(0, None),
    )
    return figure
