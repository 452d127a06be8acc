"""Three named budgets, the same names for every notebook.

``smoke`` proves in seconds that the code runs; its numbers mean nothing. ``laptop`` is what the
committed book shows: minutes on two cores. ``paper`` is the paper's own budget, for a GPU.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from smwm_core.errors import choose
from smwm_core.objective import Objective
from smwm_core.training import RunConfig
from smwm_core.worlds.sprite import CONTROLS


@dataclass(frozen=True)
class Preset:
    """A budget for the toy worlds.

    Arguments:
        name: under which it is asked for.
        steps, batch_size: of training.
        seeds: how many seeds a figure averages over.
        held_out: frames, trajectories or transitions per evaluation.
        comparison_steps: steps of every run in the comparison of ways against collapse, in batches of the same size.
        decoder_steps: of training a decoder on a frozen encoder, in batches of the encoder's run.
        published: whether weights of the first seed and results are meant to be committed.
        exceptions: per world, values of its runs that differ from those of the other worlds.
    """

    name: str
    steps: int
    batch_size: int
    seeds: int
    held_out: int
    comparison_steps: int
    decoder_steps: int
    published: bool
    exceptions: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def config(self, world: str, objective: Objective) -> RunConfig:
        """The run of this budget in a world under an objective."""
        values = {"steps": self.steps, "batch_size": self.batch_size, **self.exceptions.get(world, {})}
        return RunConfig(world=world, objective=objective, **values)


# The paper trains all dots for 100 epochs and all sprites for 200, in batches of 256. On a laptop, steps are what
# counts: the dots of the combined world are found one after the other, and an arrow's turns long after its shifts, and
# then only if easy ones come first. So these worlds get small batches and many of them.
PRESETS = {
    "smoke": Preset(
        "smoke",
        steps=20,
        batch_size=32,
        seeds=2,
        held_out=256,
        comparison_steps=5,
        decoder_steps=5,
        published=False,
        exceptions={"sprite/xyt": {"curriculum": 10}},
    ),
    "laptop": Preset(
        "laptop",
        steps=1_600,
        batch_size=64,
        seeds=3,
        held_out=2_048,
        comparison_steps=500,
        decoder_steps=2_500,
        published=True,
        exceptions={
            "dots/combined": {"steps": 12_000, "batch_size": 16},
            **{f"sprite/{control}": {"steps": 3_200, "batch_size": 16} for control in ("none", "x", "xy")},
            "sprite/xyt": {"steps": 12_800, "batch_size": 16, "curriculum": 6_400},
        },
    ),
    "paper": Preset(
        "paper",
        steps=97_600,
        batch_size=256,
        seeds=3,
        held_out=2_048,
        comparison_steps=97_600,
        decoder_steps=29_280,
        published=True,
        exceptions={f"sprite/{control}": {"steps": 195_200} for control in CONTROLS},
    ),
}


def get_preset(name: str) -> Preset:
    return choose("preset", name, PRESETS)
