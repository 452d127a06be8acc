"""Claims about the tasks that everything plans, and about the films of planned episodes."""

import functools

import numpy as np
import pytest
import torch

from smwm_book.experiments.films import choose_films, planned_episode
from smwm_book.experiments.tasks import planning_tasks, tasks_path
from smwm_core.errors import SMWMError
from smwm_core.planning import (
    CEM,
    EpisodeOutcomes,
    draw_tasks,
    evaluate,
    mpc_policy,
)
from smwm_core.worlds.recorded.episodes import Episodes
from smwm_core.worlds.recorded.frameskip import FrameSkip
from smwm_core.worlds.simulators.two_room import TwoRoom


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@functools.cache
def world() -> FrameSkip:
    simulator = TwoRoom()
    return FrameSkip(simulator, lambda: Episodes.from_padded(*simulator.collect(200, generator())))


def test_tasks_are_drawn_once_and_found_again(tmp_path, monkeypatch):
    monkeypatch.setenv("SMWM_DATA", str(tmp_path))
    drawn = planning_tasks("tworoom/400", 7, 25, recompute=True)
    found = planning_tasks("tworoom/400", 7, 25, recompute=False)
    assert torch.equal(found.start, drawn.start)
    assert torch.equal(found.goal, drawn.goal)
    with pytest.raises(SMWMError, match=r"no published tasks .*tworoom-400_8x25.npz; draw them with --recompute"):
        planning_tasks("tworoom/400", 8, 25, recompute=False)
    path = tasks_path("tworoom/400", 7, 25)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(SMWMError, match=r"tworoom-400_7x25\.npz"):
        planning_tasks("tworoom/400", 7, 25, recompute=False)


class Seeing(torch.nn.Module):
    """A perfect world model of a free TwoRoom: its latent is the state, read from the world instead of the frame."""

    frames = 1

    def __init__(self, world: FrameSkip, sign: float = 1.0) -> None:
        super().__init__()
        self.world, self.sign = world, sign
        self.unused = torch.nn.Parameter(torch.zeros(1))

    def encode_states(self, world, state):
        return state

    def rollout(self, z, actions):
        played = self.world.simulator.play(z, self.world.primitive_sequence(actions))
        return self.sign * played[:, self.world.frameskip - 1 :: self.world.frameskip]


def test_a_film_shows_what_happened():
    tasks = draw_tasks(world(), 30, 25, generator(3))
    search = CEM(*world().bounds, samples=60, iterations=5, elites=8)
    outcome = evaluate(world(), mpc_policy(world(), Seeing(world()), search), tasks, 50, seed=0)
    chosen = choose_films(outcome)
    number = chosen["solved"]
    assert outcome.success[number]
    assert not outcome.trivial[number]
    shown = planned_episode(world(), Seeing(world()), outcome, number, tasks.goal[number])
    end = int(outcome.steps[number])
    assert shown["solved_after"] == end == shown["steps"][-1]
    assert shown["steps"][0] == 0
    frames = world().render(outcome.path[number, shown["steps"]]) * 255
    assert np.abs(shown["frames"] - frames.permute(0, 2, 3, 1).numpy()).max() <= 0.5 + 1e-3
    assert shown["way"].shape == (end + 1, 2)
    # The model is the world, so the plans lie on the way that was taken.
    every_block = shown["way"][:: world().frameskip][:6]
    assert shown["planned"][0][: len(every_block)] == pytest.approx(every_block, abs=1e-3)
    distances = np.linalg.norm(shown["way"] - shown["target"], axis=1)
    assert distances[-1] < 16.1
    assert len(shown["planned"]) == (1 if end <= 25 else 2)
    failed = EpisodeOutcomes(torch.zeros(4), *[torch.zeros(4, dtype=torch.bool)] + [torch.zeros(4, 3, 2)] * 2)
    assert choose_films(failed) == {"failed": 0}
    easy = EpisodeOutcomes(torch.tensor([3, 1, 2]), *[torch.ones(3, dtype=torch.bool)] + [torch.zeros(3, 3, 2)] * 2)
    assert choose_films(easy) == {"solved": 2}
