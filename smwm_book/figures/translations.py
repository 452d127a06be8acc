"""Figures of latent translations: displacement fields and composition errors."""

import numpy as np

from smwm_book.figures.style import ORANGE, PALE, SMWM, Figure, new_figure, seeds_and_mean


def displacement_fields(background: np.ndarray, origin: np.ndarray, fields: dict[str, np.ndarray]) -> Figure:
    """How actions move latents.

    Arguments:
        background: ``(M, 2)`` latents in the plane of two principal components, for orientation.
        origin: ``(N, 2)`` latents at which the arrows start.
        fields: per title the displacements ``(N, 2)`` of one action in the same plane, at most two.
    """
    figure, axes = new_figure(7.5, 4.2, 1, len(fields), sharex=True, sharey=True)
    for axis, (title, field), colour in zip(axes, fields.items(), (SMWM, ORANGE), strict=True):
        axis.scatter(*background.T, s=8, color=PALE, zorder=1)
        axis.quiver(*origin.T, *field.T, color=colour, angles="xy", scale_units="xy", scale=1, width=0.011, zorder=2)
        axis.update_datalim(origin + field)
        axis.set(title=title, xlabel="PC 1", ylabel="PC 2", aspect="equal")
        axis.tick_params(labelleft=True)  # a phone stacks the panels
        axis.autoscale_view()
    return figure


def composition_errors(counts: np.ndarray, errors: np.ndarray) -> Figure:
    """Composition error against the number of steps, one thin line per seed.

    Arguments:
        counts: ``(K,)`` numbers of steps.
        errors: ``(seeds, K)``, relative to the length of the single step.
    """
    figure, axis = new_figure(7, 3.6)
    seeds_and_mean(axis, counts, 100 * errors, SMWM, markersize=8)
    axis.set(xlabel="number of small steps that make up the large one", xticks=counts, ylim=(0, None))
    axis.set_ylabel("distance of the end points\n(% of the large step)")
    return figure
