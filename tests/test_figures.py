"""Claims about figures: what is drawn is what was given, on scales that can be compared.

1. Clouds of the explorer share one scale in every panel.
2. The decoded frames are drawn as they are, labelled by row.
3. Marks of kept and dropped things lie at their means; what is below zero is drawn at zero.
4. The staircase has its landings where they were given.
5. Spectra share one logarithmic scale and mark the dimension of the action.
6. Positions have distinct colours in the unit cube, the same for a grid and for its list.
7. The learning order draws the unordered run, and marks the curriculum only if there is one.
"""

import numpy as np
import pytest

from smwm_core import figures

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
    axis = figures.kept_and_dropped(controlled, distractor).axes[0]
    marks = {line.get_label(): line.get_xdata() for line in axis.lines}
    assert marks["controlled dot"] == pytest.approx([0.9, 0.25])
    assert marks["distractor"] == pytest.approx([0, 0.2])
    assert [label.get_text() for label in axis.get_yticklabels()] == ["one", "other"]


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
