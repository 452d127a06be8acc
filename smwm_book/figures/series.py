"""Figures of world models of a plant."""

import numpy as np

from smwm_book.figures.style import FAINT, GREY, INK, ORANGE, PURPLE, SMALL, SMWM, VERMILION, Figure, new_figure


def claims_and_knowledge(claims: dict[str, np.ndarray], knows: dict[str, dict[str, np.ndarray]]) -> Figure:
    """What each way of training claims, and what its latent knows.

    Arguments:
        claims: per label the one-step error over that of standing still, ``(seeds,)``.
        knows: per quantity, per label, how well it is read, ``(seeds,)``; drawn from 0 to 1.
    """
    figure, (left, right) = new_figure(9.5, 0.55 * len(claims) + 1.5, 1, 2)
    places = np.arange(len(claims))
    means = [values.mean() for values in claims.values()]
    left.barh(places, means, 0.62, color=GREY)
    for place, values in zip(places, claims.values(), strict=True):
        left.plot(values, np.full(len(values), place), linestyle="none", marker="o", markersize=4, color=INK)
    left.axvline(1, color=INK, linestyle="--", linewidth=1)
    left.set(xlabel="one-step error ÷ standing still", xlim=(0, None))
    left.set_title("what it claims")
    height = 0.72 / len(knows)
    for number, (colour, (quantity, values)) in enumerate(zip((SMWM, ORANGE, PURPLE), knows.items(), strict=False)):
        at = places + (number - (len(knows) - 1) / 2) * height
        right.barh(at, [max(0, values[label].mean()) for label in claims], height * 0.9, color=colour, label=quantity)
        for place, label in zip(at, claims, strict=True):
            seeds = values[label].clip(0, 1)
            right.plot(seeds, np.full(len(seeds), place), linestyle="none", marker="o", markersize=3, color=INK)
    right.set(xlim=(0, 1.02), xlabel="R², or area under the curve (smoke)")
    right.set_title("what it knows")
    right.legend(loc="upper right", bbox_to_anchor=(1, -0.12), ncols=len(knows), fontsize=SMALL, columnspacing=1)
    for axis in (left, right):
        axis.set(yticks=places, yticklabels=list(claims), ylim=(len(claims) - 0.4, -0.6))
    return figure


def what_if(true: np.ndarray, believed: dict[str, np.ndarray], errors: dict[str, np.ndarray]) -> Figure:
    """The change that other commands make: one example, and the error over many.

    Arguments:
        true: difference of a sensor's temperature at each sample, ``(K,)`` in K.
        believed: per label the model's.
        errors: per label the root mean square of the error over that of the truth, ``(seeds,)``.
    """
    figure, (left, right) = new_figure(9.5, 5.8, 1, 2, width_ratios=(1.3, 1))
    ahead = np.arange(1, len(true) + 1)
    left.axhline(0, color=FAINT, linewidth=1)
    left.plot(ahead, true, color=INK, linewidth=3, label="truth")
    styles = zip((SMWM, VERMILION, ORANGE, PURPLE), ("o", "D", "s", "^"), believed.items(), strict=False)
    for colour, marker, (label, values) in styles:
        left.plot(ahead, values, color=colour, marker=marker, markersize=5, linewidth=1.4, label=label)
    left.set(xlabel="samples after the others begin", ylabel="difference of T1 (K)")
    left.legend(
        loc="lower left", bbox_to_anchor=(0, 1), fontsize=SMALL
    )  # above its own panel, so that both stay together
    places = np.arange(len(errors))
    right.barh(places, [values.mean() for values in errors.values()], 0.6, color=GREY)
    for place, values in zip(places, errors.values(), strict=True):
        right.plot(values, np.full(len(values), place), linestyle="none", marker="o", markersize=4, color=INK)
    right.axvline(1, color=INK, linestyle="--", linewidth=1)
    right.set(yticks=places, yticklabels=list(errors), xlabel="error ÷ size of the true change", xlim=(0, None))
    right.invert_yaxis()
    return figure


def set_points_held(errors: dict[str, np.ndarray], missed: dict[str, np.ndarray]) -> Figure:
    """How controllers hold set-points, and how many fires they miss.

    Arguments:
        errors: per label the mean distance from the set-point at each sample, ``(T,)`` in K.
        missed: per label the share of fires at which the heaters stayed on, ``(seeds,)`` in percent.
    """
    figure, (left, right) = new_figure(9.5, 5.4, 1, 2, width_ratios=(1.3, 1))
    colours = dict(zip(errors, (INK, SMWM, VERMILION, ORANGE, PURPLE), strict=False))
    for label, values in errors.items():
        style = "--" if label not in missed else "-"
        left.plot(np.arange(1, len(values) + 1), values, color=colours[label], linestyle=style, label=label)
    left.set(xlabel="samples", ylabel="distance from the set-point (K)", ylim=(0, None))
    left.legend(
        loc="lower left", bbox_to_anchor=(0, 1), fontsize=SMALL
    )  # above its own panel, so that both stay together
    places = np.arange(len(missed))
    right.barh(places, [v.mean() for v in missed.values()], 0.6, color=[colours[label] for label in missed])
    for place, values in zip(places, missed.values(), strict=True):
        right.plot(values, np.full(len(values), place), linestyle="none", marker="o", markersize=4, color=INK)
    right.set(yticks=places, yticklabels=list(missed), xlabel="fires with the heaters left on (%)", xlim=(0, 100))
    right.invert_yaxis()
    return figure


def along_the_line(errors: dict[str, np.ndarray], true: np.ndarray) -> Figure:
    """Counterfactual error against the distance from the board that was commanded otherwise.

    Arguments:
        errors: per label the relative error, ``(seeds, boards)``.
        true: size of the true change, ``(seeds, boards)`` in K.
    """
    figure, (left, right) = new_figure(9, 3.8, 1, 2)
    distance = np.arange(true.shape[1])
    for (label, values), colour, marker in zip(errors.items(), (SMWM, GREY), "os", strict=False):
        left.plot(distance, values.T, color=colour, linewidth=0.8, alpha=0.5)
        left.plot(distance, values.mean(0), color=colour, marker=marker, markersize=7, label=label)
    left.axhline(1, color=INK, linestyle="--", linewidth=1)
    left.set(xlabel="boards away", ylabel="error ÷ size of the true change", xticks=distance, yscale="log")
    left.legend(fontsize="small")
    right.plot(distance, true.mean(0), color=INK, marker="o", markersize=7)
    right.set(xlabel="boards away", ylabel="size of the true change (K)", xticks=distance, yscale="log")
    return figure
