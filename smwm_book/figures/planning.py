"""Figures of planning: how often goals are reached, and episodes to look at."""

import numpy as np
from matplotlib.ticker import MaxNLocator

from smwm_book.figures.dot_world import position_colours
from smwm_book.figures.play import plans_in_room
from smwm_book.figures.style import (
    FAINT,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    SMALL,
    SMWM,
    TITLE,
    VERMILION,
    Figure,
    new_figure,
)
from smwm_core.analysis.quantities import Asked

METHOD_COLOURS = {"SMWM": SMWM, "SMWM, two frames": SKY, "SIGReg": ORANGE, "forward only": VERMILION, "random": GREY}
REFERENCES = {
    "true dynamics": {"color": PURPLE},
    "true dynamics, all at rest": {"color": PURPLE, "linestyle": "--"},
    "random actions": {"color": GREY},
    "stand still": {"color": GREY, "linestyle": ":"},
}


def planning_success(
    tasks: dict[str, dict[str, dict]], longer: dict[str, dict[str, dict]], references: dict[str, dict[str, dict]]
) -> Figure:
    """Bars with intervals, a panel per task; a black line marks the paper's value where there is one.

    Arguments:
        tasks: per task, per method's label, a metric with ``value, low, high, paper`` in percent.
        longer: the same of longer trainings, where there are any; drawn as outlines.
        references: per task, per label, a metric of what needs no model; drawn as lines across the panel.
    """
    columns = min(2, len(tasks))
    rows = -(-len(tasks) // columns)
    figure, axes = new_figure(4.2 * columns, 3.3 * rows, rows, columns, sharey=True, squeeze=False)
    drawn = {}
    for axis, (task, methods) in zip(axes.flat, tasks.items(), strict=False):
        for label, metric in references.get(task, {}).items():
            drawn[label] = axis.axhline(metric["value"], linewidth=1.4, **REFERENCES[label])
        for place, (label, metric) in enumerate(methods.items()):
            axis.bar(place, metric["value"], color=METHOD_COLOURS[label], width=0.5)
            marked = [(metric, place)]
            if label in longer.get(task, {}):
                outline = {"fill": False, "edgecolor": METHOD_COLOURS[label], "linewidth": 2, "hatch": "//"}
                drawn["four times the training"] = axis.bar(place, longer[task][label]["value"], width=0.8, **outline)
                marked.append((longer[task][label], place + 0.33))
            for number, at in marked:
                _interval(axis, at, number, color=INK, linewidth=1.2)
            if metric["paper"] is not None:
                (drawn["the paper's"],) = axis.plot(
                    [place - 0.45, place + 0.45], [metric["paper"]] * 2, INK, linewidth=2.5
                )
        axis.set(title=task, xticks=range(len(methods)), ylim=(0, 105), ylabel="goals reached (%)")
        axis.tick_params(labelleft=True)  # a phone stacks the panels
        axis.set_xticklabels(methods, rotation=30, ha="right")
    figure.legend(drawn.values(), drawn, loc="outside lower left")  # below the first column, which a phone cuts off
    return figure


def _interval(axis, at: float, metric: dict, **look) -> None:
    value = metric["value"]
    axis.errorbar(at, value, [[value - metric["low"]], [metric["high"] - value]], capsize=4, **look)


def success_and_readings(
    success: dict[str, dict[int, dict]],
    references: dict[str, dict],
    readings: dict[str, tuple[dict[str, dict[int, dict]], float]],
) -> Figure:
    """Success against windows seen, and beside it how well what the goal asks for is read, with the test's tolerance.

    Arguments:
        success: per method's label, per number of windows, a metric with ``value, low, high, paper`` in percent.
        references: per label, a metric of what needs no training.
        readings: per quantity, the metrics per method's label and number of windows, in a unit, and the tolerance.
    """
    figure, axes = new_figure(3.7 * (1 + len(readings)), 5.1, 1, 1 + len(readings))
    windows = sorted({count for metrics in success.values() for count in metrics})
    axes[0].set(title="goals reached (%)", ylim=(-2, 152), yticks=range(0, 101, 20))  # above all, room for a legend
    for label, metric in references.items():
        axes[0].axhline(metric["value"], linewidth=1.4, **REFERENCES[label])
        side, off = ("top", -0.7) if metric["value"] > 8 else ("bottom", 0.7)  # where there is room for it
        place = (windows[0] / 1.5, metric["value"] + off)
        axes[0].text(*place, label, fontsize=SMALL, va=side, color=REFERENCES[label]["color"])
    panels = [(axes[0], success)]
    for axis, (quantity, (methods, tolerance)) in zip(axes[1:], readings.items(), strict=True):
        unit = next(metric["unit"] for metrics in methods.values() for metric in metrics.values())
        highest = max(metric["high"] for metrics in methods.values() for metric in metrics.values())
        axis.set(title=f"error of {quantity} ({unit})", ylim=(0, 1.1 * max(highest, tolerance)))
        axis.axhline(tolerance, color=INK, linestyle="--", linewidth=1.2)
        axis.text(windows[-1] * 2, tolerance, "tolerance", fontsize=SMALL, va="bottom", ha="right")
        panels.append((axis, methods))
    for axis, methods in panels:
        for label, metrics in methods.items():
            low, value, high = (np.array([m[key] for m in metrics.values()]) for key in ("low", "value", "high"))
            colour, at = METHOD_COLOURS[label], list(metrics)
            axis.plot(at, value, color=colour, marker="o", label=label)
            axis.errorbar(at, value, [value - low, high - value], color=colour, linestyle="none", capsize=4)
            paper = [metric["paper"] for metric in metrics.values() if metric["paper"] is not None]
            axis.plot([windows[-1] * 1.5] * len(paper), paper, "o", markerfacecolor="none", color=colour)
        axis.set(xscale="log", xlabel="windows seen in training", xlim=(windows[0] / 1.6, windows[-1] * 2))
        axis.set_xticks(windows, [f"{count / 1e6:.1g} M" for count in windows])
        axis.minorticks_off()
    axes[0].plot([], [], "o", markerfacecolor="none", color=INK, label="the paper's, from far more")
    axes[0].legend(fontsize=SMALL, loc="upper left")  # in the panel, so that a phone can stack the panels
    return figure


def by_recording(
    success: dict[str, dict[str, dict]], readings: dict[str, dict[str, dict]], ceilings: dict[str, float], asked: Asked
) -> Figure:
    """Success and how well a quantity is read, by how the training data were recorded.

    Arguments:
        success: per method's label and kind of recording, a metric in percent.
        readings: the same of the median error of a quantity.
        ceilings: per kind, where known, the percentage that a search reaches with the true dynamics and all at rest.
        asked: the quantity; its tolerance is drawn.
    """
    figure, axes = new_figure(7.6, 4.6, 1, 2)
    kinds = list(dict.fromkeys(kind for metrics in success.values() for kind in metrics))
    for axis, panel in zip(axes, (success, readings), strict=True):
        for label, shift in zip(success, (-0.2, 0, 0.2), strict=False):
            for kind, metric in panel.get(label, {}).items():
                at, colour = kinds.index(kind) + shift, METHOD_COLOURS[label]
                _interval(axis, at, metric, color=colour, marker="o", markersize=8)
                axis.plot([at + 0.07] * len(metric["per_seed"]), metric["per_seed"], ".", color=colour, alpha=0.6)
        axis.set_xticks(range(len(kinds)), kinds)
        axis.set(xlim=(-0.5, len(kinds) - 0.5), xlabel="torques in the training data")
    for kind, value in ceilings.items():
        at = kinds.index(kind)
        axes[0].plot([at - 0.4, at + 0.4], [value, value], color=INK, linestyle=":")
    axes[0].set(title="goals reached (%)", ylim=(0, 165), yticks=range(0, 101, 20))  # above all, room for a legend
    axes[1].set(title=f"error of the wrist ({asked.unit})", ylim=(0, None))
    axes[1].axhline(asked.tolerance, color=INK, linestyle="--", linewidth=1.2)
    axes[1].text(len(kinds) - 0.5, asked.tolerance, "tolerance", fontsize=SMALL, va="bottom", ha="right")
    for label in success:
        axes[0].plot([], [], "o", color=METHOD_COLOURS[label], label=label)
    axes[0].plot([], [], color=INK, linestyle=":", label="true dynamics, all at rest")
    axes[0].legend(fontsize=SMALL, loc="upper left")  # in the panel, so that a phone can stack the panels
    return figure


def filmstrips(films: dict[str, dict[str, np.ndarray]]) -> Figure:
    """Episodes of one task: their frames, the goal, and the way through the plane of the latent.

    Arguments:
        films: per label, what ``smwm_book.experiments.films.planned_episode`` returns.
    """
    count = len(next(iter(films.values()))["frames"])
    figure, axes = new_figure(
        9.8, 1.8 * len(films), len(films), count + 2, squeeze=False, width_ratios=[1] * (count + 1) + [1.9]
    )
    for row, (label, film) in zip(axes, films.items(), strict=True):
        for axis, frame, step in zip(row, [*film["frames"], film["goal"]], [*film["steps"], None], strict=False):
            axis.imshow(frame)
            axis.set(xticks=[], yticks=[])
            for side in axis.spines.values():
                side.set(visible=True, color=INK if step is not None else SMWM, linewidth=1 if step is not None else 3)
            axis.set_title(
                "goal" if step is None else f"step {step}", fontsize=SMALL, fontweight="normal", loc="center"
            )
        row[0].set_ylabel(label, fontsize=TITLE, fontweight="bold", rotation=0, ha="right", va="center", labelpad=8)
        latent_way(row[-1], film)
    axes[0, -1].set_title("latent (2 PCs)", fontsize=SMALL, fontweight="normal", loc="center")
    return figure


def latent_way(axis, film: dict[str, np.ndarray]) -> None:
    """Draw a film's way and its plans into an axis of the latent plane."""
    axis.plot(*film["cloud"].T, linestyle="none", marker=".", markersize=2, color=FAINT, zorder=0)
    axis.plot(*film["way"].T, color=INK, linewidth=1.6)
    for plan in film["planned"]:
        axis.plot(*plan.T, color=ORANGE, linestyle="--", marker="o", markersize=3, linewidth=1.3)
    axis.plot(*film["way"][0], marker="o", color=INK, markersize=6)
    axis.plot(*film["target"], marker="*", color=SMWM, markersize=14, markeredgecolor="white")
    axis.set(xticks=[], yticks=[])


def lambda_sweep(tasks: dict[str, dict[float, dict]]) -> Figure:
    """Success against the weight of the inverse loss, a panel per task; 0 stands apart at the left.

    Arguments:
        tasks: per task, per weight, a metric with ``value, low, high`` in percent.
    """
    figure, axes = new_figure(max(7, 4.2 * len(tasks)), 3.8, 1, len(tasks), sharey=True, squeeze=False)
    for axis, (task, sweep) in zip(axes[0], tasks.items(), strict=True):
        values, low, high = (np.array([metric[key] for metric in sweep.values()]) for key in ("value", "low", "high"))
        places = np.arange(len(sweep))
        axis.plot(places[1:], values[1:], color=SMWM)
        axis.errorbar(places, values, [values - low, high - values], color=INK, linestyle="none", capsize=4)
        axis.plot(places[1:], values[1:], "o", color=SMWM, markersize=8)
        axis.plot(places[:1], values[:1], "D", color=VERMILION, markersize=8)
        axis.axvline(0.5, color=GREY, linestyle=":", linewidth=1)
        axis.set(title=task, ylim=(-3, 105), xlabel="λ", xticks=places)
        axis.set_xticklabels([f"{weight:g}" for weight in sweep], fontsize=SMALL)
    axes[0, 0].set_ylabel("goals reached (%)")
    return figure


def horizon_sweep(methods: dict[str, dict[int, dict]]) -> Figure:
    """Success against the distance of the goal; dashed lines are the paper's.

    Arguments:
        methods: per label, per offset in steps, a metric with ``value, low, high, paper`` in percent.
    """
    figure, axis = new_figure(7, 4.6)
    for label, sweep in methods.items():
        offsets, colour = list(sweep), METHOD_COLOURS[label]
        values, low, high = (np.array([metric[key] for metric in sweep.values()]) for key in ("value", "low", "high"))
        axis.plot(offsets, values, color=colour, marker="o", label=label)
        axis.fill_between(offsets, low, high, color=colour, alpha=0.18, linewidth=0)
        axis.plot(offsets, [metric["paper"] for metric in sweep.values()], color=colour, linestyle="--", linewidth=1.3)
    axis.plot([], [], color=INK, linestyle="--", linewidth=1.3, label="the paper's")
    axis.set(xlabel="steps from start to goal", ylabel="goals reached (%)", ylim=(-2, 104), xticks=offsets)
    axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3)
    return figure


def probe_scores(quantities: dict[str, dict[str, dict[str, dict]]]) -> Figure:
    """R² of probes: a row per quantity under its name, a column per probe; hollow marks are the paper's values.

    Arguments:
        quantities: per quantity, per probe, per method's label, a metric with ``value, low, high, paper``.
    """
    probes = list(next(iter(quantities.values())))
    figure, axes = new_figure(7, 1.05 * len(quantities) + 1.6, 1, len(probes), sharey=True, squeeze=False)
    for axis, probe in zip(axes[0], probes, strict=True):
        for place, scores in enumerate(quantities.values()):
            for shift, (label, metric) in zip((-0.24, 0, 0.24), scores[probe].items(), strict=True):
                colour, at = METHOD_COLOURS[label], place + shift
                low, value, high = (max(0, metric[key]) for key in ("low", "value", "high"))
                axis.plot([low, high], [at, at], color=colour, linewidth=2)
                axis.plot(value, at, "o", color=colour, markersize=8, label=label if place == 0 else None)
                if metric["paper"] is not None:
                    axis.plot(metric["paper"], at, "o", markersize=8, markerfacecolor="none", color=INK)
        axis.set(title=f"{probe} probe" if probe != "mlp" else "MLP probe", xlabel="R²", xlim=(-0.03, 1.05))
        for place in range(1, len(quantities)):
            axis.axhline(place - 0.62, color=INK, linewidth=0.5, alpha=0.3)
        axis.set_yticks([])
    for place, name in enumerate(quantities):
        axes[0, 0].text(0, place - 0.42, name, va="center", weight="bold", fontsize=SMALL)
    axes[0, 0].set_ylim(len(quantities) - 0.6, -0.62)
    axes[0, 0].plot([], [], "o", markerfacecolor="none", color=INK, label="the paper's")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


def search_narrowing(frame: np.ndarray, goal: np.ndarray, stages: dict[int, np.ndarray], best: np.ndarray) -> Figure:
    """Where the plans of a search lead, round by round, in TwoRoom.

    Arguments:
        frame: of the start, ``(H, W, 3)``; it spans 224 px.
        goal: position ``(2,)`` in px.
        stages: per round, the ways of sampled plans, ``(M, steps, 2)`` in px.
        best: the lowest cost of each round.
    """
    figure, axes = new_figure(10.4, 2.6, 1, len(stages) + 1, width_ratios=[1] * len(stages) + [1.5])
    for axis, (number, ways) in zip(axes, stages.items(), strict=False):
        plans_in_room(axis, frame, ways, goal, f"round {number}")
        axis.plot(*ways[:, -1].T, linestyle="none", marker=".", markersize=4, color=VERMILION)
    axes[-1].plot(range(1, len(best) + 1), best, color=SMWM)
    axes[-1].set(xlabel="round")
    axes[-1].set_title("lowest cost", fontsize=SMALL, fontweight="normal", loc="center")
    return figure


def landscapes(ticks: np.ndarray, costs: dict[str, np.ndarray]) -> Figure:
    """The cost of repeating one action, over its two components; 1 is the cost of doing nothing.

    Arguments:
        ticks: values of either component.
        costs: per label ``(T, T)``, first index the second component.
    """
    figure, axes = new_figure(5 * len(costs), 4.4, 1, len(costs), squeeze=False, sharey=True)
    top = max(cost.max() for cost in costs.values())
    for axis, (label, cost) in zip(axes[0], costs.items(), strict=True):
        drawn = axis.contourf(ticks, ticks, cost, levels=np.linspace(0, top, 21), cmap="cividis")
        axis.contour(ticks, ticks, cost, levels=np.linspace(0, top, 21), colors="white", linewidths=0.4)
        axis.plot(0, 0, "o", color="white", markersize=7)
        lowest = np.unravel_index(cost.argmin(), cost.shape)
        axis.plot(ticks[lowest[1]], ticks[lowest[0]], "*", color=ORANGE, markersize=16, markeredgecolor=INK)
        axis.set(title=label, xlabel="action, to the right", ylabel="action, downwards", aspect="equal")
        axis.tick_params(labelleft=True)  # a phone stacks the panels
    axes[0, 0].invert_yaxis()
    figure.colorbar(drawn, ax=axes[0], label="cost, relative to doing nothing", ticks=MaxNLocator(8, integer=True))
    return figure


def geometry(tasks: dict[str, dict[str, np.ndarray]]) -> Figure:
    """A row per task: its states, the latents of the same frames in three components, and their spectrum.

    At most 1,024 frames are drawn: more only cover each other, and this is the largest picture of the book.

    Arguments:
        tasks: per task ``state (N, 2)``, ``coordinates (N, 3)``, ``spectrum (seeds, Z)``, the first of them that of
            the coordinates and with its ``elbow``, and ``action_dim``.
    """
    figure, _ = new_figure(11, 3.6 * len(tasks), dpi=100)
    figure.clear()
    for number, (task, panel) in enumerate(tasks.items()):
        state, coordinates = (panel[key][:1024] for key in ("state", "coordinates"))
        colours = position_colours(panel["state"])[:1024]
        plane = figure.add_subplot(len(tasks), 3, 3 * number + 1)
        plane.scatter(*state.T, c=colours, s=7)
        plane.set_title(f"{task}: state")
        plane.set(xticks=[], yticks=[])
        plane.invert_yaxis()
        space = figure.add_subplot(len(tasks), 3, 3 * number + 2, projection="3d")
        space.scatter(*coordinates.T, c=colours, s=5, depthshade=False)
        space.set(xticklabels=[], yticklabels=[], zticklabels=[])
        space.set_title(f"{task}: latent, 3 PCs", loc="center")
        spectrum = figure.add_subplot(len(tasks), 3, 3 * number + 3)
        spectrum.set_title(f"{task}: spectrum")
        _spectrum_with_elbow(spectrum, **panel)
    return figure


def _spectrum_with_elbow(axis, spectrum: np.ndarray, elbow: int, action_dim: int, **_others) -> None:
    x, share = np.arange(1, 17), (spectrum / spectrum.sum(1, keepdims=True))[:, :16]
    axis.plot(x, share.T, color=GREY, linewidth=0.8, alpha=0.7)
    axis.plot(x, share[0], "o", color=SMWM, markersize=5)
    ring = {"markersize": 12, "markerfacecolor": "none", "color": VERMILION, "markeredgewidth": 2}
    axis.plot(elbow, share[0, elbow - 1], "o", **ring, label=f"elbow: {elbow}")
    axis.axvline(action_dim + 0.5, color=INK, linestyle="--", linewidth=1.2, label=f"action: {action_dim}-D")
    axis.set(yscale="log", xlabel="principal component", ylabel="share of variance", xticks=[1, 4, 8, 12, 16])
    axis.set_ylim(1e-5, 1.3)
    axis.legend()
