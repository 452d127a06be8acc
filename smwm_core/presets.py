"""Three named budgets, the same names for every notebook.

``smoke`` proves in seconds that the code runs; its numbers mean nothing. ``laptop`` is what the
committed book shows: minutes on two cores. ``paper`` is the paper's own budget, for a GPU.
"""

from dataclasses import dataclass

from smwm_core.errors import choose
from smwm_core.objective import Objective
from smwm_core.training import RunConfig


@dataclass(frozen=True)
class Preset:
    """A budget for the toy worlds.

    Arguments:
        name: under which it is asked for.
        steps, batch_size: of training.
        seeds: how many seeds a figure averages over.
        held_out: frames, trajectories or transitions per evaluation.
        published: whether weights of the first seed and results are meant to be committed.
    """

    name: str
    steps: int
    batch_size: int
    seeds: int
    held_out: int
    published: bool

    def config(self, world: str, objective: Objective) -> RunConfig:
        """The run of this budget in a world under an objective."""
        return RunConfig(world=world, objective=objective, steps=self.steps, batch_size=self.batch_size)


PRESETS = {
    "smoke": Preset("smoke", steps=20, batch_size=32, seeds=2, held_out=256, published=False),
    "laptop": Preset("laptop", steps=1_600, batch_size=64, seeds=3, held_out=2_048, published=True),
    "paper": Preset("paper", steps=97_600, batch_size=256, seeds=3, held_out=2_048, published=True),
}


def get_preset(name: str) -> Preset:
    return choose("preset", name, PRESETS)
