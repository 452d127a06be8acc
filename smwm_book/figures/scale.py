"""Figures about the weight of the inverse loss: what survives at each, how large the latent is, a weight that moves."""

import numpy as np

from smwm_book.figures.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    PALE,
    SKY,
    SMALL,
    VERMILION,
    Figure,
    new_figure,
    seeds_and_mean,
)

STATES = {"controlled dot not held": (PALE, 0.5), "works": (SKY, 0.35), "distractor leaks in": (ORANGE, 0.4)}
LINES = ((BLUE, "o"), (ORANGE, "s"), (VERMILION, "D"), (INK, "^"))


def state_of(r2: float, pull: float, least_r2: float, largest_pull: float) -> str:
    """One of ``STATES``: without the controlled dot nothing else counts."""
    if not r2 >= least_r2:
        return "controlled dot not held"
    return "works" if pull <= largest_pull else "distractor leaks in"


def weight_map(
    weights: np.ndarray,
    panels: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]],
    *,
    least_r2: float,
    largest_pull: float,
) -> Figure:
    """What a latent holds at each weight, one panel below the other, with the way of an adapted weight over it.

    Arguments:
        weights: ``(W,)``, a factor of ten apart, rising.
        panels: per title the R² of the controlled dot and the pull ratio, ``(seeds, W)``, and an adapted weight
            after each step, ``(seeds, steps)``, which is drawn from the top to the bottom.
        least_r2, largest_pull: what counts as working; the colour is that of the mean over seeds.
    """
    figure, axes = new_figure(6.3, 2.1 * len(panels) + 0.7, len(panels), 1, squeeze=False, sharex=True)
    places = np.log10(weights)
    seen = {}
    for axis, (title, (r2, pull, path)) in zip(axes[:, 0], panels.items(), strict=True):
        for place, held, pulled in zip(places, r2.mean(0), pull.mean(0), strict=True):
            state = state_of(held, pulled, least_r2, largest_pull)
            colour, alpha = STATES[state]
            seen[state] = axis.axvspan(place - 0.5, place + 0.5, color=colour, alpha=alpha, linewidth=0)
            told = f"R² {max(held, 0):.2f}\npull {pulled:.2f}" if pulled < 9.995 else f"R² {max(held, 0):.2f}\npull > 9"
            axis.text(place, -0.04, told, ha="center", va="top", fontsize=SMALL, transform=axis.get_xaxis_transform())
        for edge in places[1:] - 0.5:
            axis.axvline(edge, color="white", linewidth=1.5)
        steps = np.arange(path.shape[1])
        for way in path:
            (seen["λ of the constraint"],) = axis.plot(np.log10(way), steps, color=INK, linewidth=1.6)
            axis.plot(np.log10(way[-1]), steps[-1], "o", color=INK, markersize=7)
        axis.set(title=title, ylabel="step", xlim=(places[0] - 0.5, places[-1] + 0.5))
        axis.set(ylim=(1.04 * max(steps[-1], 1), 0), xticks=[])
    axes[-1, 0].set_xticks(places, [f"{weight:g}" for weight in weights], fontweight="bold")
    axes[-1, 0].tick_params(axis="x", pad=36, length=0)
    axes[-1, 0].set_xlabel("λ")
    figure.legend(seen.values(), seen.keys(), loc="outside lower center", ncols=2, fontsize=SMALL)
    return figure


def scale_and_leak(
    weights: np.ndarray, worlds: dict[str, tuple[np.ndarray, np.ndarray]], *, largest_pull: float
) -> Figure:
    """Total variance and pull ratio against the weight.

    Arguments:
        weights: ``(W,)``.
        worlds: per label the total variance and the pull ratio, ``(seeds, W)``, > 0.
        largest_pull: drawn as a line.
    """
    figure, (left, right) = new_figure(9, 3.5, 1, 2)
    for (label, (variance, pull)), (colour, marker) in zip(worlds.items(), LINES, strict=False):
        for axis, values in ((left, variance), (right, pull)):
            seeds_and_mean(axis, weights, values, colour, geometric=True, marker=marker, label=label)
    right.axhline(largest_pull, color=GREY, linestyle="--", linewidth=1.4)
    for axis, title in ((left, "Total variance"), (right, "Pull ratio")):
        axis.set(title=title, xlabel="λ", xscale="log", yscale="log")
        axis.set_xticks(weights[::2], [f"{weight:g}" for weight in weights[::2]])
        axis.minorticks_off()
    left.set_ylabel("latent units²")
    left.legend(fontsize=SMALL)
    return figure


def weight_paths(paths: dict[str, np.ndarray], bounds: tuple[float, float]) -> Figure:
    """An adapted weight against the step of training.

    Arguments:
        paths: per label ``(seeds, steps)``.
        bounds: the least and the largest weight that there may be, drawn as lines.
    """
    figure, axis = new_figure(6.3, 3.6)
    for (label, path), (colour, _) in zip(paths.items(), LINES, strict=False):
        seeds_and_mean(axis, np.arange(path.shape[1]), path, colour, geometric=True, marker="", label=label)
    for bound in bounds:
        axis.axhline(bound, color=GREY, linestyle="--", linewidth=1.4)
    axis.set(xlabel="step of training", ylabel="λ", yscale="log", ylim=(bounds[0] / 2, bounds[1] * 2))
    axis.minorticks_off()
    figure.legend(*axis.get_legend_handles_labels(), loc="outside lower center", ncols=len(paths), fontsize=SMALL)
    return figure
