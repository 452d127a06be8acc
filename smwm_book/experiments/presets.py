"""Named budgets, the same names for every notebook.

``smoke`` proves in seconds that the code runs; its numbers mean nothing. ``laptop`` is what the committed book shows:
minutes on two cores. ``overnight`` trains the same small control models for planning four times as long, hours on two
cores. ``paper`` is the paper's own budget, for a GPU: its planning models are vision transformers on frames of 224 px.
``paper_released`` takes the released data in every task, and ``paper_smoke`` runs the code of ``paper`` in seconds,
with two layers and frames of 28 px.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from smwm_core.errors import choose
from smwm_core.losses.objective import Objective
from smwm_core.training.config import ControlConfig, ToyConfig, VitConfig
from smwm_core.worlds.lewm.world import released_file
from smwm_core.worlds.sprite import ACTION_SETS

# The planning tasks and their names. One weight of the inverse loss serves all of them on two cores, that of the toy
# worlds; fig7_lambda shows what others do.
TASKS = {"tworoom": "TwoRoom", "reacher": "Reacher", "pusht": "Push-T", "cube": "OGBench-Cube"}
PLANNING_LAMBDA = 10
PLANNING_OBJECTIVES = {
    "smwm": Objective(inverse=PLANNING_LAMBDA),
    "sigreg": Objective(inverse=0, sigreg=0.09),
    "forward_only": Objective(inverse=0),
}
METHOD_LABELS = {"smwm": "SMWM", "sigreg": "SIGReg", "forward_only": "forward only", "random": "random"}
PAPER_LAMBDA = {"tworoom": 0.1, "reacher": 5, "pusht": 30, "cube": 1}
LAMBDAS = (0, 0.1, 0.3, 1, 3, 10, 30, 100)  # the paper's sweep


@dataclass(frozen=True)
class Preset:
    """A budget.

    Arguments:
        name: under which it is asked for.
        steps, batch_size: of training.
        seeds: how many seeds a figure averages over.
        held_out: frames, trajectories or transitions per evaluation.
        comparison_steps: steps of every run in the comparison of ways against collapse, in batches of the same size.
        decoder_steps: of training a decoder on a frozen encoder, in batches of the encoder's run.
        probe_states: to fit a probe of physical quantities, and to score it.
        series_steps: of every run of the page on a plant.
        tasks: of planning, per world.
        search: values of the planner that differ from the paper's.
        episodes: recorded per planning world, where their kind or number differs from the usual one.
        published: whether weights of the first seed and results are meant to be committed.
        exceptions: per world, values of its runs that differ from those of the other worlds.
        control: values of the small control models that plan.
        vit: where planning models are vision transformers, values of their runs that differ from the paper's.
        weights: of the inverse loss in planning tasks, where they differ from that of the toy worlds.
        released: planning tasks that vision transformers learn from the released data.
    """

    name: str
    steps: int
    batch_size: int
    seeds: int
    held_out: int
    comparison_steps: int
    decoder_steps: int
    published: bool
    probe_states: tuple[int, int]
    series_steps: int = 900
    tasks: int = 100
    search: Mapping[str, int] = field(default_factory=dict)
    episodes: Mapping[str, int | str] = field(default_factory=dict)
    exceptions: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    control: Mapping[str, int | str] = field(default_factory=dict)
    vit: Mapping[str, int] | None = None
    weights: Mapping[str, float] = field(default_factory=dict)
    released: tuple[str, ...] = ()

    def objectives(self, task: str) -> dict[str, Objective]:
        """The methods that are compared in a planning task."""
        return {**PLANNING_OBJECTIVES, "smwm": Objective(inverse=self.weights.get(task, PLANNING_LAMBDA))}

    def planner_config(self, task: str, objective: Objective) -> ControlConfig | VitConfig:
        """The run of this budget in a planning task under an objective."""
        episodes = "released" if task in self.released else self.episodes.get(task)
        world = f"{task}/{episodes}" if episodes else task
        if self.vit is None:
            return ControlConfig(world, objective, **self.control)
        return VitConfig(world, objective, **self.vit)

    def require_data(self, tasks: Iterable[str]) -> None:
        """Refuse to begin without the released data that some of these planning tasks are trained on."""
        for task in tasks:
            if task in self.released:
                released_file(task)

    def config(self, world: str, objective: Objective) -> ToyConfig:
        """The run of the toy model of this budget in a world under an objective."""
        values = {"steps": self.steps, "batch_size": self.batch_size, **self.exceptions.get(world, {})}
        if world in self.episodes:
            world = f"{world}/{self.episodes[world]}"
        return ToyConfig(world=world, objective=objective, **values)


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
        probe_states=(200, 200),
        series_steps=5,
        tasks=4,
        search={"samples": 20, "iterations": 2, "elites": 4},
        episodes={"tworoom": 400, "reacher": "mixed/40", "pusht": "pose/40", "cube": 20},
        control={"steps": 20, "batch_size": 32},
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
        probe_states=(5_000, 2_000),
        exceptions={
            "dots/combined": {"steps": 12_000, "batch_size": 16},
            **{f"sprite/{control}": {"steps": 3_200, "batch_size": 16} for control in ("none", "x", "xy")},
            "sprite/xyt": {"steps": 12_800, "batch_size": 16, "curriculum": 6_400},
        },
        episodes={"reacher": "mixed/6000", "pusht": "pose/4000"},
        control={"steps": 1_600, "precision": "bfloat16"},
    ),
    "paper": Preset(
        "paper",
        steps=97_600,
        batch_size=256,
        seeds=5,
        held_out=2_048,
        comparison_steps=97_600,
        decoder_steps=29_280,
        published=True,
        probe_states=(25_000, 5_000),
        episodes={"pusht": 20_000, "reacher": "drawn", "cube": "drawn"},
        exceptions={f"sprite/{control}": {"steps": 195_200} for control in ACTION_SETS},
        vit={},
        weights=PAPER_LAMBDA,
    ),
}
PRESETS["overnight"] = replace(
    PRESETS["laptop"],
    name="overnight",
    episodes={**PRESETS["laptop"].episodes, "cube": 5_000},
    control={"steps": 6_400, "precision": "bfloat16"},
)
PRESETS["paper_released"] = replace(PRESETS["paper"], name="paper_released", released=tuple(TASKS))
PRESETS["paper_smoke"] = replace(
    PRESETS["smoke"],
    name="paper_smoke",
    probe_states=(500, 400),  # a linear probe needs twice as many as the latent has dimensions
    vit={"image_size": 28, "encoder_depth": 2, "depth": 2, "batch_size": 16, "windows": 64, "epochs": 2},
    weights=PAPER_LAMBDA,
)


def get_preset(name: str) -> Preset:
    return choose("preset", name, PRESETS)
