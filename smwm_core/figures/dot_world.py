"""Figures of the dot world: the grid and its latents, the spectra, collapse while training."""

import numpy as np

from smwm_core.figures.style import FORWARD_ONLY, GREY, INK, SMWM, Figure, new_figure


def latent_grids(position: np.ndarray, smwm: np.ndarray, forward_only: np.ndarray) -> Figure:
    """A grid of dot positions beside the latents of two models, both on one scale.

    Arguments:
        position: ``(G, G, 2)`` pixels, x and y; neighbours in the array are neighbours in the frame.
        smwm, forward_only: ``(G, G, 2)`` coordinates of their latents in the plane of the first two
            principal components of each model.
    """
    figure, axes = new_figure(9, 3.6, 1, 3)
    reach = 1.3 * np.abs(smwm).max()
    panels = (
        (position, "The world", "x (px)", "y (px)"),
        (smwm, "Latent, λ = 10", "PC 1", "PC 2"),
        (forward_only, "Latent, λ = 0", "PC 1", "PC 2"),
    )
    colours = _position_colours(position)
    for axis, (points, title, x_label, y_label) in zip(axes, panels, strict=True):
        for line in (*points, *points.transpose(1, 0, 2)):
            axis.plot(line[:, 0], line[:, 1], color="#CBD2D9", linewidth=0.8, zorder=1)
        axis.scatter(points[..., 0].ravel(), points[..., 1].ravel(), c=colours, s=28, zorder=2)
        axis.set(title=title, xlabel=x_label, ylabel=y_label, aspect="equal")
        axis.spines[["top", "right"]].set_visible(True)
    axes[0].set(xlim=(14, 49), ylim=(49, 14), xticks=[18, 27, 36, 45], yticks=[18, 27, 36, 45])
    for axis in axes[1:]:
        axis.set(xlim=(-reach, reach), ylim=(-reach, reach), xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    for axis, points in ((axes[0], position), (axes[1], smwm)):
        _name_corners(axis, points)
    axes[2].annotate(
        f"{position.shape[0] * position.shape[1]} positions,\none point",
        forward_only.reshape(-1, 2).mean(0),
        xytext=(0, 26),
        textcoords="offset points",
        ha="center",
        arrowprops={"arrowstyle": "-", "color": INK, "shrinkB": 5},
    )
    return figure


def spectra(smwm: np.ndarray, forward_only: np.ndarray, true_dim: int, components: int = 12) -> Figure:
    """Variance along each principal component, in absolute units, one thin line per seed.

    Arguments:
        smwm, forward_only: ``(seeds, Z)`` variances, largest first.
        true_dim: the number of directions that the action controls.
        components: how many to show.
    """
    figure, axis = new_figure(7, 4.2)
    x = np.arange(1, components + 1)
    for variances, colour, name in ((smwm, SMWM, "λ = 10 (SMWM)"), (forward_only, FORWARD_ONLY, "λ = 0")):
        axis.plot(x, variances[:, :components].T, color=colour, linewidth=0.8, alpha=0.5)
        mean = np.exp(np.log(variances[:, :components]).mean(0))
        axis.plot(x, mean, color=colour, marker="o", label=name)
    axis.axvline(true_dim + 0.5, color=GREY, linestyle="--", linewidth=1.2)
    axis.text(
        true_dim + 0.65, 0.97, f"{true_dim} controlled\ndirections", transform=axis.get_xaxis_transform(), va="top"
    )
    axis.set(yscale="log", xlabel="principal component", ylabel="variance (latent units²)", xticks=x)
    axis.legend(loc="center right", bbox_to_anchor=(1, 0.42))
    return figure


def collapse(steps: np.ndarray, smwm: np.ndarray, forward_only: np.ndarray) -> Figure:
    """Total variance of the latents of fixed frames while training.

    Arguments:
        steps: ``(S,)`` training steps, starting with 0.
        smwm, forward_only: ``(seeds, S)`` total variances.
    """
    figure, axis = new_figure(7, 4)
    for variances, colour, name in ((smwm, SMWM, "λ = 10 (SMWM)"), (forward_only, FORWARD_ONLY, "λ = 0")):
        axis.plot(steps, variances.T, color=colour, linewidth=0.8, alpha=0.5)
        axis.plot(steps, np.exp(np.log(variances).mean(0)), color=colour, marker="o", label=name)
    axis.set_xscale("symlog", linthresh=1, linscale=0.5)
    ticks = [0, 1, 10, 100, 1_000, 10_000]
    ticks = [tick for tick in ticks if tick <= steps[-1]]
    axis.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axis.set(yscale="log", xlabel="training step", ylabel="total variance (latent units²)", xlim=(0, steps[-1] * 1.2))
    axis.minorticks_off()
    axis.legend(loc="center left")
    return figure


def _position_colours(position: np.ndarray) -> np.ndarray:
    """A colour per position: blue to orange along x, dark to light along y; ``(G·G, 3)``."""
    low, high = position.min((0, 1)), position.max((0, 1))
    u, v = np.moveaxis((position - low) / (high - low), -1, 0)
    blue, orange = np.array([0.0, 0.35, 0.70]), np.array([0.90, 0.55, 0.0])
    hue = blue + u[..., None] * (orange - blue)
    return (hue + 0.45 * v[..., None] * (1 - hue)).reshape(-1, 3)


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
