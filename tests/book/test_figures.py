"""Claims about figures: what is drawn is what was given, on scales that can be compared.

1. Clouds of the explorer share one scale in every panel.
2. The decoded frames are drawn as they are, labelled by row.
3. Marks of kept and dropped things lie at their means; what is below zero is drawn at zero.
4. The staircase has its landings where they were given.
5. Spectra share one logarithmic scale and mark the dimension of the action.
6. Positions have distinct colours in the unit cube, the same for a grid and for its list.
7. The learning order draws the unordered run, and marks the curriculum only if there is one.
8. Bars, sweeps and probes of planning lie where their metrics are, with their intervals and the paper's values.
9. Filmstrips, searches and landscapes draw what they are given.
10. So do moves of the dot, and journeys plan by plan; rows and actions of moves are named, also on a phone.
11. Confused frames and warning lights, what is kept by world and ends of episodes are drawn as given.
12. Pull ratios lie at what was predicted and measured, with the stated tolerance; early traces end where they should.
13. Bands of λ have the colour of their state, ways run from top to bottom, and lines lie at geometric means.
14. What an inverse loss leaves lies beside its floor and its prediction; what a latent holds, beside its bound.
15. An angle's R² lies at its means and not below zero, circles are centred, and a swapped wire has its curve.
16. Costs, doubts and drifts are drawn as given.
17. Panels that a phone stacks have their own numbers and labels, and both halves of a filmstrip its name.
"""

import io

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from PIL import Image

from smwm_book import figures
from smwm_book.figures.style import SMALL
from smwm_book.production import phone
from smwm_core.analysis.quantities import ASKED

RANDOM = np.random.default_rng(0)


def test_clouds_share_one_scale():
    clouds = RANDOM.normal(size=(2, 3, 5, 2))
    figure = figures.explorer_table(clouds, RANDOM.random((5, 3)), [0, 10], [0, 8, 1600], 4.0)
    assert len(figure.axes) == 6
    assert {axis.get_xlim() for axis in figure.axes} == {axis.get_ylim() for axis in figure.axes} == {(-4.0, 4.0)}
    for axis, cloud in zip(figure.axes, clouds.reshape(6, 5, 2), strict=True):
        assert np.array_equal(axis.collections[0].get_offsets(), cloud)
    assert [axis.get_title() for axis in figure.axes[:3]] == ["step 0", "step 8", "step 1,600"]
    assert figure.axes[3].get_ylabel() == "λ = 10"


def test_decoded_frames_are_drawn_as_they_are():
    truth, decoded = RANDOM.random((3, 8, 8, 3)), RANDOM.random((3, 8, 8, 3))
    figure = figures.decoded_frames(truth, {"an agent": decoded})
    assert [axis.get_ylabel() for axis in figure.axes[::3]] == ["the frame", "an agent"]
    for axis, frame in zip(figure.axes, [*truth, *decoded], strict=True):
        assert np.allclose(axis.images[0].get_array(), frame)


def test_kept_and_dropped_lie_at_their_means():
    controlled = {"one": np.array([1.0, 0.8]), "other": np.array([0.5, -3.0])}
    distractor = {"one": np.array([-0.2, -0.4]), "other": np.array([0.1, 0.3])}
    axis = figures.kept_and_dropped(controlled, distractor, {"one": 2.0, "other": 4e-6}).axes[0]
    marks = {(line.get_marker(), *line.get_ydata()): line for line in axis.lines if line.get_markersize() == 9}
    assert {key: line.get_xdata()[0] for key, line in marks.items() if key[1:]} == {
        ("o", 0): pytest.approx(0.9),
        ("o", 1): pytest.approx(0.25),
        ("D", 0): pytest.approx(0),
        ("D", 1): pytest.approx(0.2),
    }
    assert [marks["o", place].get_markerfacecolor() == "none" for place in (0, 1)] == [False, True]
    assert {text.get_text() for text in axis.texts} == {"collapsed: 4e-06"}
    assert [label.get_text() for label in axis.get_yticklabels()] == ["one", "other"]


def test_variances_of_all_weights_are_drawn_and_named_at_their_ends():
    variances = np.array([[1e-4, 1e-6], [1e-4, 3.0]])
    axis = figures.variance_by_lambda(np.array([0, 1600]), [0.0, 10.0], variances).axes[0]
    assert [line.get_ydata().tolist() for line in axis.lines] == variances.tolist()
    assert {text.get_text(): text.get_position()[1] for text in axis.texts} == {"λ = 0": 1e-6, "λ = 10": 3.0}
    assert axis.get_yscale() == "log"


def test_confused_frames_and_lights_are_drawn_as_given():
    frames, ways = RANDOM.random((2, 8, 8, 3)), np.array([[1.0, 2.0], [6.0, 5.0]])
    lights = {"a light": np.array([0.4, 0.6]), "another": np.array([0.9, 1.0])}
    one, other, axis = figures.confused_frames(frames, ways, lights, expected=0.75).axes
    for picture, frame in zip((one, other), frames, strict=True):
        assert np.allclose(picture.images[0].get_array(), frame)
        assert np.array_equal(picture.lines[0].get_xydata(), ways)
    assert [line.get_xdata()[0] for line in axis.lines[:2]] == [0.5, 0.75]
    means = [line.get_xydata()[0] for line in axis.lines if line.get_marker() == "D"]
    assert np.allclose(means, [(0.5, 0), (0.95, 1)])
    assert [label.get_text() for label in axis.get_yticklabels()] == list(lights)


def test_what_is_kept_by_world_lies_at_its_mean_and_in_its_row():
    whole = {"a": np.array([1.0, 0.8]), "b": np.array([0.5, 0.5]), "c": np.array([-3.0, -1.0])}
    part = {"c": np.array([0.2, 0.4])}
    first, second = figures.kept_by_world({"one": (whole, whole), "other": (part, part)}).axes
    means = {line.get_label(): line.get_xydata() for line in first.lines}
    assert np.allclose(means["dot 1"], [(0.9, 0), (0.5, 1), (0, 2)])
    (alone,) = (line.get_xydata() for line in second.lines if line.get_label() == "dot 2")
    assert np.allclose(alone, [(0.3, 2)])
    assert [label.get_text() for label in first.get_yticklabels()] == list(whole)


def test_ends_of_episodes_fill_their_bars():
    axis = figures.ends_of_episodes({"a world": {"good": (90.0, 0.0), "bad": (10.0, 80.0)}}).axes[0]
    bars = {label: container for container in axis.containers for label in [container.get_label()]}
    assert [bar.get_width() for bar in bars["arrives"]] == [90, 10]
    assert [bar.get_width() for bar in bars["collides"]] == [0, 80]
    assert [bar.get_width() for bar in bars["neither"]] == [10, 10]
    assert bars["collides"][1].get_x() == 20


def test_the_staircase_has_its_landings():
    losses = RANDOM.random((2, 4))
    axis = figures.found_one_by_one(np.array([1, 2, 3, 4]), losses, [0.3, 0.2, 0.1]).axes[0]
    landings = [line.get_ydata()[0] for line in axis.lines if line.get_linestyle() == "--"]
    assert landings == [0.3, 0.2, 0.1]
    assert [text.get_text() for text in axis.texts] == ["nothing found: Var(a)", "2 missing", "1 missing"]
    drawn = [line.get_ydata() for line in axis.lines if line.get_linestyle() == "-"]
    assert np.array_equal(drawn, losses)


def test_spectra_share_one_logarithmic_scale():
    spectra = {name: {"single": 10.0 ** -RANDOM.integers(0, 9, (2, 20))} for name in ("a (A)", "b")}
    figure = figures.spectra_by_method(spectra, {"single": 2})
    assert len(figure.axes) == 2
    assert {axis.get_yscale() for axis in figure.axes} == {"log"}
    assert len({axis.get_ylim() for axis in figure.axes}) == 1
    for axis in figure.axes:
        assert any(np.array_equal(line.get_xdata(), [2.5, 2.5]) for line in axis.lines)


def test_positions_have_distinct_colours():
    ticks = np.arange(18, 46, 3)
    grid = np.stack(np.meshgrid(ticks, ticks), -1)
    colours = figures.position_colours(grid)
    assert colours.shape == (100, 3)
    assert 0 <= colours.min() < colours.max() <= 1
    assert len(np.unique(colours.round(3), axis=0)) == 100
    assert np.array_equal(figures.position_colours(grid.reshape(-1, 2)), colours)


@pytest.mark.parametrize("curriculum", [0, 8])
def test_the_learning_order_marks_its_curriculum(curriculum):
    steps, unordered = np.array([0, 1, 10, 16]), np.array([-0.5, 0.0, 0.1, 0.2])
    curves = {"x": RANDOM.random((3, 4)), "θ": RANDOM.random((3, 4))}
    axis = figures.learning_order(steps, curves, unordered, curriculum).axes[0]
    drawn = {line.get_label(): line.get_ydata() for line in axis.lines}
    assert drawn["x"] == pytest.approx(curves["x"].mean(0))
    assert drawn["θ, random order"] == pytest.approx([0, 0, 0.1, 0.2])
    dashed = [line.get_xdata()[0] for line in axis.lines if line.get_linestyle() == "--"]
    assert dashed == ([curriculum] if curriculum else [])


def metric(value: float, paper: float | None = None) -> dict:
    return {"value": value, "low": value - 5, "high": value + 4, "paper": paper}


def test_bars_have_intervals_and_the_papers_value():
    tasks = {"A": {"SMWM": metric(90, 99), "random": metric(30)}, "B": {"SMWM": metric(20, 83), "random": metric(5, 3)}}
    longer, references = {"B": {"SMWM": metric(70)}}, {"A": {"stand still": metric(7)}}
    axes = figures.planning_success(tasks, longer, references).axes
    for axis, (task, methods) in zip(axes, tasks.items(), strict=True):
        shown = [m for label, m in methods.items() for m in (m, longer.get(task, {}).get(label)) if m]
        assert [bar.get_height() for bar in axis.patches] == [m["value"] for m in shown]
        segments = [c.get_segments()[0][:, 1].tolist() for c in axis.collections]
        assert segments == [[m["low"], m["high"]] for m in shown]
        across = [line.get_ydata()[0] for line in axis.lines if line.get_linestyle() == ":"]
        assert across == [m["value"] for m in references.get(task, {}).values()]
        paper = [line.get_ydata()[0] for line in axis.lines if line.get_linewidth() == 2.5]
        assert paper == [m["paper"] for m in methods.values() if m["paper"] is not None]


def test_success_and_readings_lie_at_their_metrics():
    trained = {"SMWM": {100: metric(20), 800: metric(70, 83)}, "SIGReg": {800: metric(90)}}
    errors = {label: {at: {**m, "unit": "px"} for at, m in metrics.items()} for label, metrics in trained.items()}
    axes = figures.success_and_readings(trained, {"stand still": metric(3)}, {"places": (errors, 20)}).axes
    for axis in axes:
        curves = {line.get_label(): line for line in axis.lines if line.get_label() in trained}
        for label, metrics in trained.items():
            assert list(curves[label].get_xdata()) == list(metrics)
            assert curves[label].get_ydata().tolist() == [m["value"] for m in metrics.values()]
    assert [line.get_ydata()[0] for line in axes[0].lines if line.get_linestyle() == ":"] == [3]
    assert [line.get_ydata()[0] for line in axes[1].lines if line.get_linestyle() == "--"] == [20]
    assert 83 in [line.get_ydata()[0] for line in axes[0].lines if len(line.get_ydata()) == 1]


def test_sweeps_lie_at_their_metrics():
    sweep = {weight: metric(10 * i) for i, weight in enumerate([0, 0.1, 1])}
    axis = figures.lambda_sweep({"A": sweep}).axes[0]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["0", "0.1", "1"]
    drawn = [line.get_ydata().tolist() for line in axis.lines if line.get_marker() in ("o", "D")]
    assert drawn == [[10, 20], [0]]
    offsets = {25: metric(90, 99), 100: metric(50, 79)}
    axis = figures.horizon_sweep({"SMWM": offsets, "random": offsets}).axes[0]
    solid, dashed = (
        [line for line in axis.lines if line.get_linestyle() == style and len(line.get_xdata())]
        for style in ("-", "--")
    )
    assert [line.get_ydata().tolist() for line in solid] == [[90, 50]] * 2
    assert np.array_equal(dashed[0].get_ydata(), [99, 79])


def test_probe_scores_lie_at_their_metrics_and_not_below_zero():
    scores = {"SMWM": metric(0.9, 0.8), "SIGReg": metric(-0.5), "forward only": metric(0.2, 0.1)}
    figure = figures.probe_scores({"angle": {"linear": scores, "mlp": scores}})
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["linear probe", "MLP probe"]
    for axis in figure.axes:
        marks = [line for line in axis.lines if line.get_marker() == "o" and len(line.get_xdata())]
        hollow = [line.get_xdata()[0] for line in marks if line.get_markerfacecolor() == "none"]
        filled = [line.get_xdata()[0] for line in marks if line.get_markerfacecolor() != "none"]
        assert filled == [0.9, 0, 0.2]
        assert hollow == [0.8, 0.1]


def test_filmstrips_show_frames_and_ways():
    film = {
        "frames": RANDOM.integers(0, 255, (6, 8, 8, 3)).astype(np.uint8),
        "steps": np.arange(6) * 5,
        "goal": RANDOM.integers(0, 255, (8, 8, 3)).astype(np.uint8),
        "cloud": RANDOM.random((20, 2)),
        "way": RANDOM.random((26, 2)),
        "planned": RANDOM.random((1, 6, 2)),
        "target": RANDOM.random(2),
        "solved_after": np.array(25),
    }
    axes = figures.filmstrips({"solved": film}).axes
    assert len(axes) == 8
    for axis, frame in zip(axes, [*film["frames"], film["goal"]], strict=False):
        assert np.array_equal(axis.images[0].get_array(), frame)
    assert axes[0].get_ylabel() == "solved"
    assert np.array_equal(axes[-1].lines[1].get_xydata(), film["way"])
    assert np.array_equal(axes[-1].lines[2].get_xydata(), film["planned"][0])


def test_both_halves_of_a_filmstrip_have_its_name_on_a_phone():
    film = {"frames": np.zeros((6, 8, 8, 3), np.uint8), "steps": np.arange(6), "goal": np.zeros((8, 8, 3), np.uint8)}
    film |= {"cloud": RANDOM.random((20, 2)), "way": RANDOM.random((26, 2)), "planned": RANDOM.random((1, 6, 2))}
    figure = figures.filmstrips({label: {**film, "target": RANDOM.random(2)} for label in ("solved", "failed")})
    figure.savefig(drawn := io.BytesIO(), bbox_inches="tight")  # as a notebook does
    picture = np.asarray(Image.open(drawn).convert("RGB"))
    dark = (picture < 100).any(2)
    columns = np.flatnonzero(dark.any(0))
    names = slice(columns[0], columns[np.flatnonzero(np.diff(columns) > phone.GAP)[0]] + 1)
    rows = np.flatnonzero(dark[:, names].any(1))
    word = picture[rows[0] : rows[np.flatnonzero(np.diff(rows) > phone.GAP)[0]] + 1, names]
    twin = phone.stack(picture)
    parts = [twin[y : y + len(word), names] for y in range(len(twin) - len(word))]
    assert sum(np.array_equal(part, word) for part in parts) == 2


def test_panels_have_their_own_numbers_and_labels():
    points, spectrum = RANDOM.random((9, 2)), RANDOM.random((2, 20))
    drawn = [
        figures.displacement_fields(points, points, {"one": points, "other": points}),
        figures.early_traces(np.arange(4), {"one": RANDOM.random((2, 4, 2)), "other": RANDOM.random((2, 4, 2))}),
    ]
    landscapes = figures.landscapes(np.linspace(-1, 1, 5), {"one": RANDOM.random((5, 5)), "other": np.eye(5)})
    planning = figures.planning_success({name: {"SMWM": metric(90)} for name in "AB"}, {}, {})
    for panels in (*(figure.axes for figure in drawn), landscapes.axes[:2], planning.axes):
        assert len(panels) == 2
        assert panels[0].get_ylabel() == panels[1].get_ylabel() != ""
        assert all(axis.yaxis.get_tick_params()["labelleft"] for axis in panels)
    spectra = figures.spectra_by_method({"a": {"one": spectrum, "other": spectrum}}, {"one": 2, "other": 2})
    assert all(axis.yaxis.get_tick_params()["labelleft"] for axis in spectra.axes)


def test_searches_landscapes_and_shapes_are_drawn_as_given():
    ways = RANDOM.random((4, 7, 2)) * 224
    figure = figures.search_narrowing(RANDOM.random((8, 8, 3)), ways[0, 1], {1: ways, 30: ways}, np.array([2.0, 1.0]))
    assert np.array_equal(figure.axes[0].lines[2].get_xydata(), ways[2])
    assert np.array_equal(figure.axes[-1].lines[0].get_ydata(), [2.0, 1.0])
    ticks, cost = np.linspace(-1, 1, 5), RANDOM.random((5, 5))
    cost[3, 1] = -0.0
    axis = figures.landscapes(ticks, {"SMWM": cost}).axes[0]
    star = next(line for line in axis.lines if line.get_marker() == "*")
    assert star.get_xydata()[0].tolist() == [ticks[1], ticks[3]]
    assert axis.yaxis_inverted()
    panel = {"state": RANDOM.random((9, 2)), "coordinates": RANDOM.random((9, 3)), "spectrum": RANDOM.random((3, 20))}
    panel |= {"elbow": 4, "action_dim": 2}
    axes = figures.geometry({"A": panel, "B": panel}).axes
    assert len(axes) == 6
    assert all("A: " in axis.get_title("left") + axis.get_title("center") for axis in axes[:3])
    ring, line = axes[2].lines[-2:]
    assert ring.get_xydata()[0] == pytest.approx([4, panel["spectrum"][0, 3] / panel["spectrum"][0].sum()])
    assert set(line.get_xdata()) == {2.5}
    assert [text.get_text() for text in axes[2].get_legend().get_texts()] == ["elbow: 4", "action: 2-D"]


def test_moves_of_the_dot_are_drawn_as_given():
    cloud = RANDOM.random((9, 2))
    move = {name: RANDOM.random(2) for name in ("z", "z_next", "predicted")}
    move |= {name: RANDOM.random(2) * 9 for name in ("start", "end", "recovered")} | {"frame": RANDOM.random((9, 9, 3))}
    for moves in ([move], [move] * 3):
        axes = figures.driven_moves(cloud, RANDOM.random((9, 3)), moves).axes
        assert len(axes) == 2 * len(moves)
        frame, plane = axes[0], axes[-1]
        assert [tuple(arrow.xy) for arrow in frame.texts] == [
            tuple(move["end"]),
            tuple(move["start"] + move["recovered"]),
        ]
        assert np.array_equal(plane.collections[0].get_offsets(), cloud)
        marks = {line.get_marker(): line.get_xydata()[-1] for line in plane.lines if line.get_marker() != "None"}
        assert np.array_equal(marks["D"], move["predicted"])
        assert np.array_equal(marks["o"], move["z_next"])


def test_moves_of_the_dot_are_named_also_on_a_phone():
    ends = ([6.0, -2.0], [16.0, 0.0], [0.0, 16.0], [-8.0, -14.0])
    move = dict.fromkeys(("z", "z_next", "predicted", "recovered"), np.zeros(2)) | {"frame": np.ones((64, 64, 3))}
    moves = [{**move, "start": np.full(2, 30.0), "end": 30 + np.array(end)} for end in ends]
    figure = figures.driven_moves(RANDOM.random((9, 2)), RANDOM.random((9, 3)), moves)
    titles = [axis.title for axis in figure.axes[:4]]
    names = [figure.axes[first].yaxis.label for first in (0, 4)]
    assert [title.get_text() for title in titles] == [f"action ({x:.0f}, {y:.0f}) px" for x, y in ends]
    assert [name.get_text() for name in names] == ["frame", "latent (2 PCs)"]
    assert min(text.get_fontsize() for text in (*titles, *names)) >= SMALL
    figure.savefig(drawn := io.BytesIO())
    picture = np.asarray(Image.open(drawn).convert("RGB"))
    twin = phone.stack(picture)
    assert twin.shape[1] <= phone.WIDEST
    for name in names:
        left, low, right, high = map(int, name.get_window_extent().extents)
        word = picture[len(picture) - high : len(picture) - low, left:right]
        parts = [twin[y : y + len(word), left:right] for y in range(len(twin) - len(word))]
        assert (word < 100).any()
        assert sum(np.array_equal(part, word) for part in parts) == 2  # once for each pair of moves

    single = figures.driven_moves(RANDOM.random((9, 2)), RANDOM.random((9, 3)), moves[:1])
    assert [axis.get_xlabel() for axis in single.axes] == ["frame", "latent (2 PCs)"]
    assert single.axes[0].get_title() == "action (6, -2) px"


def test_journeys_are_drawn_plan_by_plan():
    plan = {"frame": RANDOM.random((8, 8, 3)), "ways": RANDOM.random((3, 6, 2)), "way": RANDOM.random((4, 2))}
    plans = [{**plan, "best": np.array([3.0, 2.0])}, {**plan, "best": np.array([1.0, 0.5])}]
    axes = figures.plans_and_ways(np.array([5.0, 6.0]), plans, 16.0).axes
    assert [axis.get_title(loc="center") for axis in axes] == ["plan 1", "plan 2", "lowest cost"]
    assert np.array_equal(axes[0].lines[2].get_xydata(), plan["ways"][2])
    assert np.array_equal(axes[1].lines[4].get_xydata(), plan["way"])
    circle = axes[0].lines[-1].get_xydata()
    assert np.linalg.norm(circle - [5, 6], axis=1) == pytest.approx(np.full(len(circle), 16))
    assert [line.get_ydata().tolist() for line in axes[2].lines] == [[3, 2], [1, 0.5]]


def test_pull_ratios_lie_where_they_were_predicted_and_measured():
    cells = [
        {"bias": 0.0, "slip": 0.25, "random_share": 0.0, "predicted": 0.01, "measured": np.array([0.05, 0.07])},
        {"bias": 0.9, "slip": 0.5, "random_share": 0.1, "predicted": 1.2, "measured": np.array([1.0, 1.2])},
        {"bias": 0.9, "slip": 0.5, "random_share": 0.3, "predicted": 0.5, "measured": np.array([0.4, 0.6])},
    ]
    picture, axis = figures.pull_against_prediction(RANDOM.random((8, 8, 3)), cells, 0.1, 0.2).axes
    assert picture.images
    named = [line for line in axis.lines if line.get_label().startswith("ρ")]
    marks = {line.get_label(): line.get_xydata()[0] for line in named}
    assert marks["ρ = 0, s = 0.25"] == pytest.approx([0.01, 0.06])
    assert marks["ρ = 0.9, s = 0.5, 10 % random"] == pytest.approx([1.2, 1.1])
    assert marks["ρ = 0.9, s = 0.5, 30 % random"] == pytest.approx([0.5, 0.5])
    assert len({(line.get_marker(), line.get_color()) for line in named}) == len(cells)
    band = axis.collections[0].get_paths()[0].vertices
    assert band[np.isclose(band[:, 0], 6), 1].max() == pytest.approx(7.2)
    assert band[band[:, 0] == 0, 1].max() == pytest.approx(0.1)


def test_early_traces_end_where_they_were_given():
    r2 = RANDOM.uniform(-0.5, 1, (2, 4, 2))
    figure = figures.early_traces(np.array([0, 1, 2, 500]), {"no fault": r2, "both": r2})
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["no fault", "both"]
    means = {line.get_label(): line.get_ydata() for line in figure.axes[0].lines if line.get_marker() == "o"}
    assert means["dot"] == pytest.approx(r2[..., 0].clip(min=0).mean(0))
    assert means["leaf"] == pytest.approx(r2[..., 1].clip(min=0).mean(0))


def test_bands_of_lambda_have_their_state_and_its_way_runs_down():
    weights, way = np.array([0.1, 1.0, 10.0]), np.array([[1.0, 10.0, 100.0], [1.0, 5.0, 25.0]])
    r2, pull = np.array([[0.2, 0.99, 1.0], [-0.4, 0.97, 1.0]]), np.array([[0.0, 0.02, 0.4], [0.0, 0.04, 20.0]])
    figure = figures.weight_map(weights, {"a world": (r2, pull, way)}, least_r2=0.95, largest_pull=0.1)
    axis = figure.axes[0]
    states = ("controlled dot not held", "works", "distractor leaks in")
    for band, place, state in zip(axis.patches, (-1, 0, 1), states, strict=True):
        colour, alpha = figures.scale.STATES[state]
        assert band.get_facecolor() == pytest.approx(to_rgba(colour, alpha))
        assert (band.get_x(), band.get_width()) == pytest.approx((place - 0.5, 1))
    assert [text.get_text() for text in axis.texts] == ["R² 0.00\npull 0.00", "R² 0.98\npull 0.03", "R² 1.00\npull > 9"]
    ways = [line for line in axis.lines if len(line.get_xdata()) == 3]
    assert np.allclose([line.get_xdata() for line in ways], np.log10(way))
    assert axis.get_ylim()[0] > axis.get_ylim()[1] == 0
    assert [label.get_text() for label in axis.get_xticklabels()] == ["0.1", "1", "10"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [*states, "λ of the constraint"]


def test_scale_leak_and_ways_of_a_weight_lie_at_geometric_means():
    weights, variance, pull = np.array([0.1, 1.0]), np.array([[1.0, 2.0], [4.0, 8.0]]), np.array([[0.1, 1], [0.1, 4]])
    left, right = figures.scale_and_leak(weights, {"a world": (variance, pull)}, largest_pull=0.3).axes
    assert left.lines[2].get_ydata() == pytest.approx([2, 4])
    assert right.lines[2].get_ydata() == pytest.approx([0.1, 2])
    assert right.lines[3].get_ydata() == pytest.approx([0.3, 0.3])
    axis = figures.weight_paths({"a world": variance}, (1e-3, 1e3)).axes[0]
    assert axis.lines[2].get_ydata() == pytest.approx([2, 4])
    assert [line.get_ydata()[0] for line in axis.lines[3:]] == [1e-3, 1e3]


def test_what_is_left_lies_at_its_means_beside_the_prediction():
    lags = {name: (RANDOM.random((3, 4)), RANDOM.random((3, 4))) for name in ("at once", "late")}
    distances = RANDOM.random((3, 4))
    left, right = figures.left_by_lag(lags, distances).axes
    drawn = {line.get_label(): line.get_ydata() for line in left.lines}
    dashed = [line.get_ydata() for line in left.lines if line.get_linestyle() == "--" and len(line.get_ydata())]
    for (label, (trained, places)), floor in zip(lags.items(), dashed, strict=True):
        assert drawn[label] == pytest.approx(trained.mean(0))
        assert floor == pytest.approx(places.mean(0))
    dots = [line.get_ydata() for line in left.lines if line.get_marker() == "."]
    assert [sorted(points) for points in dots] == [sorted(trained.flatten()) for trained, _ in lags.values()]
    drawn = {line.get_label(): line.get_ydata() for line in right.lines}
    assert drawn["predicted"] == pytest.approx([1, 1, 2 / 3, 3 / 4])
    assert drawn["two steps late"] == pytest.approx(distances.mean(0))


def test_what_is_held_lies_at_its_means_and_not_below_zero():
    arms = {"one": (np.array([-1.0, 0.4]), np.array([0.9, 0.7])), "two": (np.array([0.9, 1.0]), np.array([0.2, 0.4]))}
    axis = figures.held_by_arm(arms, bound=0.3).axes[0]
    marks = {line.get_label(): line.get_xdata() for line in axis.lines}
    assert marks["velocity"] == pytest.approx([0.2, 0.95])
    assert marks["position"] == pytest.approx([0.8, 0.3])
    assert marks["velocity from one true position"] == [0.3, 0.3]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["one", "two"]


def test_steps_circles_and_wires_are_drawn_as_given():
    turns = {30: np.array([-0.2, 0.2]), 80: np.array([0.8, 1.0])}
    figure = figures.amplitude_step(RANDOM.random((3, 64, 64, 3)), turns, {"sum": (30, np.array([0.4, 0.6]))}, 60)
    drawn = {line.get_label(): line.get_ydata() for line in figure.axes[1].lines}
    assert drawn["SMWM"] == pytest.approx([0.1, 0.9])
    assert drawn["sum"] == pytest.approx([0.5])
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    axis = figures.latent_circles({"here": np.stack([np.cos(turn), np.sin(turn)], 1)}, marked=1).axes[0]
    assert [text.get_text() for text in axis.texts] == ["1", "2", "3"]
    marked = np.array([line.get_xydata()[0] for line in axis.lines])
    assert np.allclose(np.linalg.norm(marked - marked[[1, 2, 0]], axis=1), 3**0.5)
    left, right = figures.wirings({0.0: np.zeros(2), 0.5: np.ones(2)}, {"valve": np.array([-1.0, 0.5])}).axes
    curve = left.lines[0]
    assert np.allclose(curve.get_ydata(), 1 - (1 - 2 * curve.get_xdata()) ** 2)
    assert right.patches[0].get_width() == pytest.approx(0.25)


def test_success_is_drawn_by_how_it_was_recorded():
    metric = {"value": 50.0, "low": 40.0, "high": 60.0, "per_seed": [45.0, 55.0]}
    success = {"SMWM": {"held": metric}, "SIGReg": {"held": metric, "new": {**metric, "value": 20.0, "low": 10.0}}}
    readings = {"SMWM": {"new": {**metric, "value": 0.1, "low": 0.0, "high": 0.2, "per_seed": [0.1, 0.1]}}}
    axes = figures.by_recording(success, readings, {"new": 78.0}, ASKED["reacher"]["wrist"]).axes
    assert [label.get_text() for label in axes[0].get_xticklabels()] == ["held", "new"]
    marks = [line for line in axes[0].lines if line.get_marker() == "o" and len(line.get_xdata())]
    means = [mark.get_xydata()[0].tolist() for mark in marks]
    assert means == [[-0.2, 50.0], [0.0, 50.0], [1.0, 20.0]]
    assert list(next(line for line in axes[0].lines if line.get_linestyle() == ":").get_ydata()) == [78.0, 78.0]
    assert [line.get_xydata()[0].tolist() for line in axes[1].lines if line.get_marker() == "o"] == [[0.8, 0.1]]


def test_costs_doubts_and_drifts_are_drawn_as_given():
    points = {10: np.array([20.0, 40.0]), 100: np.array([60.0, 70.0])}
    costs = dict.fromkeys(("latent", "read-out only", "random directions", "whitened"), points)
    figure = figures.costs_compared(dict.fromkeys("abcd", costs), {"a": 99.0})
    assert figure.axes[0].lines[0].get_ydata() == pytest.approx([30, 65])
    known = [
        [line.get_ydata()[0] for line in axis.lines if line.get_label() == "true dynamics"] for axis in figure.axes
    ]
    assert known == [[99.0], [], [], []]
    goals, doubt = 200 * RANDOM.random((5, 2)), np.array([0.1, 5.0, 0.3, 0.2, 0.4])
    axis = figures.doubtful_goals(goals, doubt, np.array([0, 1, 0, 0, 1], bool)).axes[0]
    assert np.array_equal(axis.collections[0].get_array(), [0, 1, 0.5, 0.25, 0.75])
    assert np.array_equal(axis.lines[0].get_xydata(), goals[[1, 4]])
    ratios = RANDOM.random((3, 4))
    axis = figures.drift({"here": {"SMWM": ratios, "SIGReg": ratios}}).axes[0]
    assert next(line for line in axis.lines if line.get_label() == "SMWM").get_ydata() == pytest.approx(ratios.mean(0))
