"""Figures of the dot world: the grid and its latents, the spectra, collapse while training."""

import numpy as np

from smwm_book.figures.style import FORWARD_ONLY, GREY, INK, PALE, SMWM, Figure, new_figure, seeds_and_mean


def latent_grids(position: np.ndarray, latents: dict[str, np.ndarray]) -> Figure:
    """A grid of dot positions beside the latents of models, all latents on one scale.

    Arguments:
        position: ``(G, G, 2)`` pixels, x and y; neighbours in the array are neighbours in the frame.
        latents: per label ``(G, G, 2)`` coordinates in the plane of the first two principal
            components of that model; at most two.
    """
    figure, axes = new_figure(9, 3.6, 1, 1 + len(latents))
    reach = 1.3 * max(np.abs(points).max() for points in latents.values())
    panels = [(position, "The world", "x (px)", "y (px)")]
    panels += [(points, f"Latent, {label}", "PC 1", "PC 2") for label, points in latents.items()]
    colours = position_colours(position)
    for axis, (points, title, x_label, y_label) in zip(axes, panels, strict=True):
        for line in (*points, *points.transpose(1, 0, 2)):
            axis.plot(line[:, 0], line[:, 1], color=PALE, linewidth=0.8, zorder=1)
        axis.scatter(points[..., 0].ravel(), points[..., 1].ravel(), c=colours, s=28, zorder=2)
        axis.set(title=title, xlabel=x_label, ylabel=y_label, aspect="equal")
        axis.spines[["top", "right"]].set_visible(True)
    axes[0].set(xlim=(14, 49), ylim=(49, 14), xticks=[18, 27, 36, 45], yticks=[18, 27, 36, 45])
    _name_corners(axes[0], position)
    for axis, points in zip(axes[1:], latents.values(), strict=True):
        axis.set(xlim=(-reach, reach), ylim=(-reach, reach))
        axis.locator_params(nbins=5)
        if np.abs(points).max() > 0.05 * reach:
            _name_corners(axis, points)
        else:
            _name_the_point(axis, points)
    return figure


def spectra(curves: dict[str, np.ndarray], true_dim: int, components: int = 12) -> Figure:
    """Variance along each principal component, in absolute units, one thin line per seed.

    Arguments:
        curves: per label ``(seeds, Z)`` variances, largest first; at most two.
        true_dim: the number of directions that the action controls.
        components: how many to show.
    """
    figure, axis = new_figure(7, 4.2)
    x = np.arange(1, components + 1)
    _seeds_and_mean(axis, x, {label: variances[:, :components] for label, variances in curves.items()})
    axis.axvline(true_dim + 0.5, color=GREY, linestyle="--", linewidth=1.2)
    label = f"{true_dim} controlled\ndirections"
    axis.text(true_dim + 0.65, 0.97, label, transform=axis.get_xaxis_transform(), va="top")
    axis.set(yscale="log", xlabel="principal component", ylabel="variance (latent units²)", xticks=x)
    axis.legend(loc="center right", bbox_to_anchor=(1, 0.42))
    return figure


def collapse(steps: np.ndarray, curves: dict[str, np.ndarray]) -> Figure:
    """Total variance of the latents of fixed frames while training.

    Arguments:
        steps: ``(S,)`` training steps, starting with 0.
        curves: per label ``(seeds, S)`` total variances; at most two.
    """
    figure, axis = new_figure(7, 4)
    _seeds_and_mean(axis, steps, curves)
    training_step_axis(axis, steps)
    axis.set(yscale="log", ylabel="total variance (latent units²)")
    axis.minorticks_off()
    axis.legend(loc="center left")
    return figure


def position_colours(position: np.ndarray) -> np.ndarray:
    """A colour per position ``(…, 2)``: blue to orange along x, dark to light along y; ``(P, 3)`` in [0, 1]."""
    position = position.reshape(-1, 2)
    low, high = position.min(0), position.max(0)
    u, v = ((position - low) / (high - low)).T
    blue, orange = np.array([0.0, 0.35, 0.70]), np.array([0.90, 0.55, 0.0])
    hue = blue + u[:, None] * (orange - blue)
    return hue + 0.45 * v[:, None] * (1 - hue)


def training_step_axis(axis, steps: np.ndarray) -> None:
    """A logarithmic axis of training steps that has room for step 0."""
    axis.set_xscale("symlog", linthresh=1, linscale=0.5)
    ticks = [tick for tick in (0, 1, 10, 100, 1_000, 10_000, 100_000) if tick <= steps[-1]]
    axis.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axis.set(xlabel="training step", xlim=(0, steps[-1] * 1.2))
    axis.minorticks_off()


def _seeds_and_mean(axis, x: np.ndarray, curves: dict[str, np.ndarray]) -> None:
    """A thin line per seed and their geometric mean; what is exactly zero is drawn at 1e-30."""
    for (label, values), colour in zip(curves.items(), (SMWM, FORWARD_ONLY), strict=False):
        seeds_and_mean(axis, x, np.maximum(values, 1e-30), colour, geometric=True, label=label)


def _name_corners(axis, points: np.ndarray) -> None:
    centre = points.reshape(-1, 2).mean(0)
    for letter, (row, column) in zip("ABCD", ((0, 0), (0, -1), (-1, -1), (-1, 0)), strict=True):
        corner = points[row, column]
        outwards = (corner - centre) / np.linalg.norm(corner - centre)
        if axis.yaxis_inverted():
            outwards = outwards * (1, -1)
        axis.annotate(
            letter, corner, xytext=11 * outwards, textcoords="offset points", ha="center", va="center", weight="bold"
        )


def _name_the_point(axis, points: np.ndarray) -> None:
    label, line = f"{points.shape[0] * points.shape[1]} positions,\none point", {"arrowstyle": "-", "color": INK}
    at = {"xytext": (0, 26), "textcoords": "offset points", "ha": "center", "arrowprops": {**line, "shrinkB": 5}}
    axis.annotate(label, points.reshape(-1, 2).mean(0), **at)
