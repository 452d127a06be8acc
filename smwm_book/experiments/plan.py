"""What to run on a machine, in which order, and how long it will take: arithmetic, which needs no GPU.

Runs come in order of what they tell per minute, seeds last. A machine is a few numbers: those of a data sheet, with
guesses, or those measured on the spot.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import inf

from smwm_book.experiments.methods import METHODS
from smwm_book.experiments.presets import TASKS, Preset
from smwm_book.experiments.resources import Needs, needs, parts_that_fit
from smwm_book.experiments.runs import run_name
from smwm_book.experiments.sweeps import SWEEPS
from smwm_core.errors import SMWMError
from smwm_core.losses.objective import Objective
from smwm_core.training.config import ToyConfig
from smwm_core.training.kinds import Config
from smwm_core.worlds import SIMULATORS, planning_task
from smwm_core.worlds.lewm import drawn
from smwm_core.worlds.recorded import recording
from smwm_core.worlds.recorded.frameskip import TRAINING_SHARE
from smwm_core.worlds.sprite import ACTION_SETS

OVER_FLOOR = 3  # a guess, for steps whose kernels are long enough to hide their launches
TOY_STEP = 1e-3  # seconds at least, a guess: some hundred and fifty kernels, each launched in several microseconds
RECOMPUTED = 4 / 3  # operations of a step whose forward pass is done twice; a backward pass costs two of them
COMPILING = 120.0  # seconds, a guess: before its first step a compiled model cannot stop
TOY_MEMORY = 0.6e9  # bytes, as `benchmarks/training.py` measured them on a processor in the laptop's batches
PAGE_SECONDS = 120.0  # a guess: measuring, planning and drawing a page whose runs are there

# Frames and episodes a second, as measured on one thread of a processor; a GPU may draw faster.
DRAWN_PER_CORE = {"reacher": 59, "cube": 5.3}
RECORDED_PER_CORE = {"tworoom": 1_500, "reacher": 1_300, "pusht": 42, "pusht/pose": 7.5, "cube": 3.5}
ROWS = 201  # of a recorded episode of Reacher and Cube, a frame each

# Windows of the training episodes of each task. TwoRoom's are those of the recorded episodes, Push-T's follow from
# 20,000 episodes of 101 rows, the others from 10,000 of 201 rows, which is what the released files are said to hold.
WINDOWS = {"tworoom": 791_154, "pusht": 18_000 * 96, "reacher": 9_000 * 196, "cube": 9_000 * 196}


@dataclass(frozen=True)
class Machine:
    """What decides times and memory.

    Arguments:
        name: for tables.
        memory: bytes that a run may take.
        step: seconds of a step, by kind of configuration, where they were measured.
        recorded_per_s: episodes that are recorded in a second, by world, where that was measured.
        drawn_per_s: frames that MuJoCo draws and packs in a second, likewise.
        cores: that do both.
        flops, bytes_per_s: of matrix products in the precision of training, and of memory; for what was not measured.
        float32_flops: the same in float32, in which toy models are trained, or in TF32, which convolutions may take.
        precision: of vision transformers in training.
        compiles: whether a run's first step waits for a compiler.
    """

    name: str
    memory: float
    step: Mapping[str, float] | None = None
    recorded_per_s: Mapping[str, float] = field(default_factory=dict)
    drawn_per_s: Mapping[str, float] = field(default_factory=dict)
    cores: int = 1
    flops: float = 0.0
    bytes_per_s: float = 0.0
    float32_flops: float = 0.0
    precision: str = "bfloat16"
    compiles: bool = True

    def recording_rate(self, world: str) -> float:
        """Episodes of a world that are recorded in a second, measured or estimated."""
        kind, task = world.rpartition("/")[0], world.partition("/")[0]
        return self.recorded_per_s.get(world, RECORDED_PER_CORE.get(kind, RECORDED_PER_CORE[task]) * self.cores)

    def drawing_rate(self, world: str) -> float:
        """Frames of a world that are drawn in a second, measured or estimated."""
        return self.drawn_per_s.get(world, DRAWN_PER_CORE[world.partition("/")[0]] * self.cores)

    def floor(self, counted: Needs, kind: str = "vit") -> float:
        """The shortest time of a counted step of a kind of configuration, in seconds."""
        flops = self.flops if kind == "vit" else self.float32_flops
        return max(counted.flops / flops, counted.moved_bytes / self.bytes_per_s)

    def step_seconds(self, config: Config) -> float:
        """Of one step of a run, measured or estimated."""
        if self.step and config.kind in self.step:
            return self.step[config.kind]
        if config.kind == "control":
            return TOY_STEP
        if config.kind == "toy":
            return max(TOY_STEP, OVER_FLOOR * self.floor(needs(config), "toy"))
        counted = needs(replace(config, **_COUNTED), self.precision)
        recomputed = RECOMPUTED if parts_that_fit(counted, self.memory) != 1 else 1
        return OVER_FLOOR * recomputed * self.floor(counted)


# By NVIDIA's data sheets: dense operations per second in the precision that training takes there (bfloat16, float16 on
# a T4) and in TF32 (float32 on a T4), bytes of memory per second, and the memory that is left when a tenth is taken.
# Cores are those of a machine that such a card often comes in, for a T4 those of a free session of Colab.
MACHINES = {
    "h100": Machine("NVIDIA H100 SXM, 80 GB", 72e9, cores=16, flops=989e12, bytes_per_s=3.35e12, float32_flops=494e12),
    "t4": Machine(
        "NVIDIA T4, 16 GB", 14.4e9, cores=2, flops=65e12, bytes_per_s=320e9, float32_flops=8.1e12, precision="float16"
    ),
    "rtx4060": Machine(
        "NVIDIA RTX 4060 Laptop, 8 GB", 7.2e9, cores=8, flops=60e12, bytes_per_s=256e9, float32_flops=15e12
    ),
}


@dataclass(frozen=True)
class Figure:
    """A page and the runs of one seed behind it.

    Arguments:
        configs: of a budget and a seed, in the order of training.
        tasks: planning tasks that it needs.
        seeds: how many it shows at most.
    """

    configs: Callable[[Preset, int], list[Config]]
    tasks: tuple[str, ...] = ()
    seeds: float = inf


def _dots(preset: Preset, seed: int) -> list[Config]:
    return [preset.config("dots/single", Objective(inverse=weight)) for weight in (10, 0)]


def _settings(preset: Preset, seed: int) -> list[Config]:
    settings = ("independent", "coupled", "distractor", "combined")
    return [preset.config(f"dots/{name}", Objective(inverse=10)) for name in settings]


def _sprites(preset: Preset, seed: int) -> list[Config]:
    chosen = {name: Objective(inverse=10 if parts else 0) for name, parts in ACTION_SETS.items()}
    configs = [preset.config(f"sprite/{name}", objective) for name, objective in chosen.items()]
    unordered = [replace(config, curriculum=0) for config in configs if config.curriculum and seed == 0]
    return configs + unordered


def _gallery(preset: Preset, seed: int) -> list[Config]:
    size = {"steps": preset.comparison_steps, "batch_size": preset.batch_size}
    worlds = ("distractor", "single", "combined")
    return [ToyConfig(f"dots/{world}", method.objective, **size) for world in worlds for method in METHODS.values()]


def _swept(name: str, *tasks: str) -> Callable[[Preset, int], list[Config]]:
    """The runs of a sweep, in its own tasks or in these."""
    figure = SWEEPS[name]
    return lambda preset, seed: [
        preset.planner_config(task, objective)
        for task in tasks or figure.tasks
        for objective in figure.objectives(preset, task).values()
    ]


FIGURES = {
    "fig2_dot_world": Figure(_dots),
    "fig3_latent_rollout": Figure(lambda preset, seed: _dots(preset, seed)[:1]),
    "fig4_controllable_dof": Figure(_settings),
    "fig_sprite_control": Figure(_sprites),
    "anticollapse_gallery": Figure(_gallery),
    "fig9_horizon": Figure(_swept("fig5_planning", "tworoom"), ("tworoom",), 1),
    "fig5_planning": Figure(_swept("fig5_planning", "tworoom", "pusht", "reacher", "cube"), tuple(TASKS)),
    "fig7_lambda": Figure(_swept("fig7_lambda"), SWEEPS["fig7_lambda"].tasks, 1),
}
# Figures, their numbers of seeds, and what each tells: a judgement, only ratios count. Fig. 9 is TwoRoom with three
# methods, and later seeds of a figure tell less than its first. On an H100 this is about the order of what is done.
STAGES = (
    ("fig2_dot_world", 1, 10.0),
    ("fig9_horizon", 1, 40.0),
    ("fig2_dot_world", 3, 10.0),
    ("fig3_latent_rollout", 3, 5.0),
    ("fig4_controllable_dof", 1, 5.5),
    ("fig_sprite_control", 1, 8.0),
    ("fig5_planning", 1, 50.0),
    ("anticollapse_gallery", 1, 12.0),
    ("fig7_lambda", 1, 40.0),
    ("fig2_dot_world", 5, 2.5),
    ("fig3_latent_rollout", 5, 1.3),
    ("fig4_controllable_dof", 5, 4.0),
    ("fig_sprite_control", 5, 6.0),
    ("fig5_planning", 5, 45.0),
    ("anticollapse_gallery", 5, 10.0),
)
# One count serves all runs of a size: other actions and weights change a step by less than a hundredth.
_COUNTED = {"world": "tworoom", "objective": Objective(inverse=1, sigreg=0.09)}


@dataclass(frozen=True)
class Job:
    """Episodes to record, frames to draw, a run to train, or a page to make from runs that are there.

    Arguments:
        figure, seeds: the stage that it belongs to.
        config, seed: of the run; without a configuration it is the page, or data.
        seconds: that the whole of it takes.
        least: seconds below which it is not worth beginning.
        memory: bytes.
        obstacle: why it cannot be done here; empty if it can.
        world: whose data is made; empty for a run and a page.
        data, amount: ``"episodes"`` or ``"frames"``, and how many.
    """

    figure: str
    seeds: int
    config: Config | None
    seed: int
    seconds: float
    least: float
    memory: float
    obstacle: str = ""
    world: str = ""
    data: str = ""
    amount: int = 0

    @property
    def name(self) -> str:
        """Of the run, the page or the data."""
        if self.world:
            return f"the {self.data} of {self.world}"
        return run_name(self.config, self.seed) if self.config else f"the page {self.figure}"

    @property
    def once(self) -> object:
        """The same for jobs of which one is enough."""
        if self.world:
            return self.name
        return (self.config, self.seed) if self.config else (self.figure, self.seeds)


def plan(preset: Preset, machine: Machine, stages: tuple[tuple[str, int, float], ...] = STAGES) -> list[Job]:
    """All jobs of a budget on a machine, in order of what a stage tells per second; what stages share comes once."""
    whole = [(_stage(name, seeds, preset, machine), worth) for name, seeds, worth in stages]
    whole.sort(key=lambda stage: -stage[1] / sum(job.seconds for job in stage[0]))
    once: dict[object, Job] = {}
    for job in (job for jobs, _ in whole for job in jobs):
        once.setdefault(job.once, job)
    return list(once.values())


def _stage(name: str, wanted: int, preset: Preset, machine: Machine) -> list[Job]:
    """The runs of a figure, each after the data that it needs, and its page."""
    figure = FIGURES[name]
    seeds = int(min(wanted, preset.seeds, figure.seeds))
    runs = [(config, seed) for seed in range(seeds) for config in figure.configs(preset, seed)]
    jobs = []
    for config, seed in runs:
        run = _training(name, seeds, config, seed, preset, machine)
        if seed == 0 and config.world not in [job.world for job in jobs]:
            jobs += _data(run, machine)
        jobs.append(run)
    obstacle = next((job.obstacle for job in jobs if job.obstacle), "")
    page = Job(name, seeds, None, 0, PAGE_SECONDS, PAGE_SECONDS, max(job.memory for job in jobs), obstacle)
    return [*jobs, page]


def _training(name: str, seeds: int, config: Config, seed: int, preset: Preset, machine: Machine) -> Job:
    memory, obstacle, least = TOY_MEMORY, "", 0.0
    if config.kind == "vit":
        counted = needs(replace(config, **_COUNTED), machine.precision)
        parts = parts_that_fit(counted, machine.memory)
        memory, least = counted.memory(parts or counted.batch_frames), COMPILING if machine.compiles else 0.0
        if parts is None:
            obstacle = f"it needs {memory / 1e9:.1f} GB of memory, and {machine.memory / 1e9:.1f} GB are there"
    try:
        preset.require_data([config.world.partition("/")[0]])
    except SMWMError as error:
        obstacle = str(error).removesuffix(".")
    step = machine.step_seconds(config)
    return Job(name, seeds, config, seed, steps(config) * step, least + step, memory, obstacle)


def _data(run: Job, machine: Machine) -> list[Job]:
    """The episodes and frames of a run; the least of them are a file for each core, and a second one meanwhile."""
    world, jobs = run.config.world, []
    task, _, kind = world.partition("/")
    if task not in SIMULATORS or kind == "released":
        return jobs
    episodes = planning_task(world)[2]
    frames = int(TRAINING_SHARE * episodes) * ROWS if kind.startswith("drawn") else 0
    kinds = {
        "episodes": (episodes, recording.PART, machine.recording_rate),
        "frames": (frames, drawn.PART, machine.drawing_rate),
    }
    for data, (amount, part, rate) in kinds.items():
        if amount:
            seconds, least = (number / rate(world) for number in (amount, min(amount, 2 * part * machine.cores)))
            jobs.append(Job(run.figure, run.seeds, None, 0, seconds, least, 0.0, run.obstacle, world, data, amount))
    return jobs


def steps(config: Config) -> int:
    """Optimiser steps of a run, as its configuration or the number of windows in its task's episodes says."""
    if config.kind != "vit":
        return config.steps
    return config.epochs * ((config.windows or WINDOWS[config.world.partition("/")[0]]) // config.batch_size)


def duration(seconds: float) -> str:
    """``"40 s"``, ``"12 min"``, ``"3.4 h"``."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:,.1f} h"


def table(jobs: list[Job], shares: list[float], machine: Machine) -> str:
    """What is done and what is next, one line for each stage, and how long the rest will take.

    Arguments:
        jobs: of ``plan``.
        shares: what is done of each, from 0 to 1.
        machine: that they were planned for.
    """
    stages: dict[tuple[str, int], list[tuple[Job, float]]] = {}
    for job, share in zip(jobs, shares, strict=True):
        stages.setdefault((job.figure, job.seeds), []).append((job, share))
    lines = [f"{'figure':<24}{'seeds':>5}{'runs done':>12}{'left':>10}{'from now':>10}{'memory':>10}  state"]
    total, obstacles = 0.0, {}
    for (figure, seeds), entries in stages.items():
        runs = [share for job, share in entries if job.config]
        possible = [(job, share) for job, share in entries if not job.obstacle]
        left = sum(job.seconds * (1 - share) for job, share in possible)
        total += left
        obstacles.update({job.obstacle: figure for job, _ in entries if job.obstacle})
        blocked = "waits" if any(job.obstacle for job, _ in entries) else ""
        begun = any(share for job, share in entries if job.config or job.world)
        state = "done" if all(share == 1 for _, share in entries) else blocked or ("begun" if begun else "next")
        done = f"{sum(share == 1 for share in runs)} of {len(runs)}"
        memory = f"{max(job.memory for job, _ in entries) / 1e9:.1f} GB"
        times = f"{duration(left):>10}{duration(total):>10}"
        lines.append(f"{figure:<24}{seeds:>5}{done:>12}{times}{memory:>10}  {state}")
    lines += [f"{figure} waits: {obstacle}." for obstacle, figure in obstacles.items()]
    for job, share in zip(jobs, shares, strict=True):
        if job.world and not job.obstacle and share < 1:
            known, does = {
                "episodes": (machine.recorded_per_s, "records"),
                "frames": (machine.drawn_per_s, "draws"),
            }[job.data]
            lines.append(
                f"{job.figure} first {does} {job.name}, {job.amount:,} at {job.amount / job.seconds:,.0f} a second"
                f"{'' if job.world in known else ', estimated'}: {duration(job.seconds * (1 - share))}."
            )
    made = [share for job, share in zip(jobs, shares, strict=True) if not job.world]
    finished = sum(share == 1 for share in made)
    lines.append(
        f"{finished} of {len(made)} runs and pages are done; the rest takes about {duration(total)} on {machine.name}"
        f"{', by steps measured here' if machine.step else ', all estimated'}."
    )
    return "\n".join(lines)
