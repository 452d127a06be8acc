"""Claims about what is measured of a model that plans.

1. A model that knows the world expects what it meets, after the first plan and not at the end of the episode; one that
   expects nothing to happen expects the whole way to be left.
2. Metrics are sorted by model and windows; where a quarter of the training was not run, there is none.
"""

from types import SimpleNamespace

import pytest
from seeing import Seeing

from smwm_book.experiments.diagnosis import ACT_STEPS, OFFSET, by_windows, expected_and_met
from smwm_book.experiments.results import Results
from smwm_core.planning import draw_tasks, evaluate, random_policy
from smwm_core.seeds import generator
from smwm_core.worlds import FrameSkip, TwoRoom
from smwm_core.worlds.recorded.episodes import Episodes


class Still(Seeing):
    """Sees the world and expects that nothing happens."""

    def rollout(self, z, actions):
        return z[:, None].expand(-1, actions.shape[1], -1)


@pytest.fixture(scope="module")
def episodes():
    simulator = TwoRoom()
    world = FrameSkip(simulator, lambda: Episodes.from_padded(*simulator.collect(200, generator(0, "episodes"))))
    tasks = draw_tasks(world, 20, OFFSET, generator(0, "tasks"))
    return world, tasks, evaluate(world, random_policy(world), tasks, ACT_STEPS, 0)


def left(model, episodes) -> tuple[float, float]:
    world, tasks, outcome = episodes
    found = expected_and_met(SimpleNamespace(world=world, model=model(world)), tasks, outcome)
    return found["left_expected"].value, found["left_met"].value


def test_what_is_expected_is_compared_with_what_came(episodes):
    _, tasks, outcome = episodes
    expected, met = left(Seeing, episodes)
    assert expected == pytest.approx(met, abs=1e-5)
    way = (tasks.start - tasks.goal).norm(dim=1)
    after_plan, at_end = (((outcome.path[:, k] - tasks.goal).norm(dim=1) / way).median() for k in (OFFSET, ACT_STEPS))
    assert met == pytest.approx(after_plan.item(), abs=1e-6)
    assert abs(after_plan - at_end) > 0.01
    assert left(Still, episodes) == (pytest.approx(1), met)


def test_metrics_by_model_and_windows():
    names = ("pusht.smwm.success", "pusht.smwm.quarter.success", "pusht.two.success", "pusht.random.success")
    results = Results("page", "Ours", "laptop", [0], [{"name": name} for name in names], {}, {}, {})
    assert by_windows(results, "pusht.*.success", {"smwm": "SMWM", "two": "two frames"}, 400) == {
        "SMWM": {100: {"name": "pusht.smwm.quarter.success"}, 400: {"name": "pusht.smwm.success"}},
        "two frames": {400: {"name": "pusht.two.success"}},
    }
