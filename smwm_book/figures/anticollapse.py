"""Figures that put anti-collapse methods side by side."""

import numpy as np

from smwm_book.figures.style import GREY, INK, SMALL, SMWM, VERMILION, Figure, new_figure

COLLAPSED = 1e-3  # a total variance below it, in latent units²


def kept_and_dropped(
    controlled: dict[str, np.ndarray], distractor: dict[str, np.ndarray], variance: dict[str, float]
) -> Figure:
    """Per method, how well the latent tells what the action moves, and what moves by itself.

    Where the latent has collapsed the marks are grey and hollow, and its variance stands beside them.

    Arguments:
        controlled, distractor: per label the R² of each seed, ``(seeds,)``; drawn from 0 to 1.
        variance: per label the total variance of the latent.
    """
    figure, axis = new_figure(7, 0.5 * len(controlled) + 1.4)
    kinds = (controlled, SMWM, "o", "controlled dot"), (distractor, VERMILION, "D", "distractor")
    for values, colour, marker, name in kinds:
        axis.plot([], [], linestyle="none", marker=marker, color=colour, markersize=9, label=name)
        for place, (label, seeds) in enumerate(values.items()):
            is_open, shown = variance[label] > COLLAPSED, seeds.clip(0, 1)
            look = {"color": colour} if is_open else {"color": GREY, "markerfacecolor": "none"}
            axis.plot(shown, [place] * len(shown), linestyle="none", marker=marker, markersize=4, **look)
            axis.plot(shown.mean(), place, linestyle="none", marker=marker, markersize=9, **look)
            if not is_open:
                axis.text(1.04, place, f"collapsed: {variance[label]:.0e}", ha="right", va="center", fontsize=SMALL)
    axis.set(yticks=range(len(controlled)), yticklabels=list(controlled), xlim=(-0.04, 1.04))
    axis.set_xlabel("R² of a linear read-out of the position")
    axis.invert_yaxis()
    axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    return figure


def spectra_by_method(spectra: dict[str, dict[str, np.ndarray]], true_dim: dict[str, int]) -> Figure:
    """A table of spectra: a row per method, a column per world.

    Arguments:
        spectra: per method's label, per world's name, variances ``(seeds, Z)``.
        true_dim: per world, the number of dimensions of the action.
    """
    shape, shared = (len(spectra), len(true_dim)), {"sharex": True, "sharey": True}
    figure, axes = new_figure(9, 1.5 * len(spectra) + 0.8, *shape, **shared, squeeze=False)
    components = 16
    x = np.arange(1, components + 1)
    for row, (label, worlds) in zip(axes, spectra.items(), strict=True):
        for axis, (world, variances) in zip(row, worlds.items(), strict=True):
            shown = np.maximum(variances[:, :components], 1e-12)
            inside = x <= true_dim[world]
            axis.plot(x, shown.T, color=GREY, linewidth=0.8, alpha=0.6)
            mean = np.exp(np.log(shown).mean(0))
            axis.plot(x[inside], mean[inside], linestyle="none", marker="o", markersize=5, color=SMWM)
            axis.plot(x[~inside], mean[~inside], linestyle="none", marker="o", markersize=4, color=GREY)
            axis.axvline(true_dim[world] + 0.5, color=INK, linestyle="--", linewidth=1)
            axis.tick_params(labelleft=True)  # a phone stacks the columns
        row[0].set_ylabel(label.replace(" (", "\n("), rotation=0, ha="right", va="center", labelpad=10)
    axes[0, 0].set(yscale="log", xticks=[1, 4, 8, 12, 16])
    for axis, world in zip(axes[0], true_dim, strict=True):
        axis.set_title(f"{world}\n{true_dim[world]}-D action", fontsize="medium")
    for axis in axes[-1]:
        axis.set_xlabel("principal component")
    figure.supylabel("variance (latent units², logarithmic)", fontsize="medium")
    return figure
