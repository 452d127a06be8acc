"""Figures of latent rollouts: the paths themselves, and how their error grows."""

import numpy as np

from smwm_book.figures.style import FAINT, GREY, INK, ORANGE, SMWM, Figure, new_figure, seeds_and_mean


def rollout_paths(background: np.ndarray, encoded: np.ndarray, predicted: np.ndarray) -> Figure:
    """Four held-out trajectories in the latent plane, as encoded and as predicted.

    Arguments:
        background: ``(N, 2)`` latents of many frames, to show where latents can be.
        encoded: ``(4, T + 1, 2)``, the encoded frames.
        predicted: ``(4, T, 2)``, predicted from the first encoded frame and the actions alone.
    """
    figure, axes = new_figure(7, 6.8, 2, 2, sharex=True, sharey=True)
    for axis, truth, guess in zip(axes.flat, encoded, predicted, strict=True):
        axis.scatter(*background.T, s=2, color=FAINT, zorder=1)
        axis.plot(*truth.T, color=SMWM, marker="o", markersize=9, zorder=2, label="encoded frames")
        path = np.vstack([truth[:1], guess])
        axis.plot(*path.T, color=ORANGE, linestyle="--", linewidth=1.6, zorder=3)
        axis.scatter(*guess.T, marker="D", s=34, facecolor="white", edgecolor=ORANGE, linewidth=1.8, zorder=4)
        axis.plot(*truth[0], color=INK, marker="s", markersize=11, linestyle="none", zorder=5, label="start")
        axis.set_aspect("equal")
    axes[0, 0].plot([], [], color=ORANGE, linestyle="--", marker="D", markerfacecolor="white", label="predicted")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    figure.supxlabel("PC 1", fontsize="medium")
    figure.supylabel("PC 2", fontsize="medium")
    return figure


def rollout_error(ratios: np.ndarray, label: str) -> Figure:
    """Prediction error over stay-put error for each step ahead, one thin line per seed.

    Arguments:
        ratios: ``(seeds, T)``; 1 is as bad as predicting that nothing moves.
        label: names the model.
    """
    figure, axis = new_figure(7, 3.8)
    steps = np.arange(1, ratios.shape[1] + 1)
    axis.axhline(1, color=GREY, linestyle="--", linewidth=1.4)
    axis.text(steps[-1], 0.97, "“it stays where it is”", ha="right", va="top", color=GREY)
    seeds_and_mean(axis, steps, ratios, SMWM, markersize=8)
    axis.text(steps[0], ratios.mean(0)[0] + 0.05, label, color=SMWM)
    axis.set(xlabel="steps ahead", ylabel="error ÷ stay-put error", xticks=steps, ylim=(0, 1.1))
    return figure
