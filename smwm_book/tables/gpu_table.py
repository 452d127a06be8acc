"""Tables of the page on GPUs: a step as it was counted and measured, and what figures take, estimated from that.

Measurements are the result files of ``smwm bench``. An estimate is the floor of an H100, by its data
sheet, times a factor that nobody has measured; the page says so.
"""

from dataclasses import replace
from functools import partial

from smwm_book import paths
from smwm_book.bench.step import PARTS
from smwm_book.experiments.plan import MACHINES, OVER_FLOOR, TOY_STEP, WINDOWS, plan
from smwm_book.experiments.presets import LAMBDAS, PLANNING_OBJECTIVES, TASKS, get_preset
from smwm_book.experiments.resources import needs
from smwm_book.experiments.results import read_benchmark
from smwm_book.experiments.sweeps import SWEEPS
from smwm_core.errors import SMWMError
from smwm_core.losses.objective import Objective
from smwm_core.storage.schemas import Provenance

H100 = MACHINES["h100"]
PAPER = get_preset("paper")
# The tasks behind a planning figure, and how many runs it has in each.
PLANNING_FIGURES = {
    "fig5_planning": (SWEEPS["fig5_planning"].tasks, len(PLANNING_OBJECTIVES) * PAPER.seeds),
    "fig7_lambda": (SWEEPS["fig7_lambda"].tasks, len(LAMBDAS)),
    "fig9_horizon": (("tworoom",), len(PLANNING_OBJECTIVES)),  # the first seed of fig5_planning
}
# Runs and steps of the toy figures.
TOY_FIGURES = {
    "fig2_dot_world": (2, 97_600),
    "fig4_controllable_dof": (4, 97_600),
    "fig_sprite_control": (4, 195_200),
    "anticollapse_gallery": (21, 97_600),
}


def measured() -> list[tuple[Provenance, dict[str, float]]]:
    """Provenance and metrics of the measurements of TwoRoom at the paper preset; those of a GPU come first.

    Raises:
        SMWMError: there is none.
    """
    folder = paths.REPOSITORY / "data" / "results" / "benchmarks"
    files = sorted(folder.glob("*_paper_tworoom.json"), key=lambda path: not path.name.startswith("gpu"))
    if not files:
        raise SMWMError("There is no measurement of a step; make one with `smwm bench`.")
    found = map(read_benchmark, files)
    return [(content.provenance, {metric.name: metric.value for metric in content.metrics}) for content in found]


def step_table() -> str:
    """Markdown: a step of training in TwoRoom at the paper's size, on every machine that measured it."""
    machines = measured()
    rows = {
        "a step": lambda value: f"{value['step.seconds']:.3g} s",
        "images per second": lambda value: f"{value['step.images_per_s']:,.0f}",
        "share of the rate of matrix products": lambda value: f"{value['step.matmul_share']:.0%}",
        "times the floor": lambda value: f"{value['step.over_floor_ratio']:.1f}",
        **{f"`{part}`": lambda value, part=part: f"{value[f'{part}.share']:.1%}" for part in PARTS},
        "parts over the whole": lambda value: f"{value['step.sum_of_parts_ratio']:.3f}",
        "peak memory": lambda value: f"{value['step.peak_memory_mb'] / 1e3:.1f} GB",
        "memory as counted": lambda value: f"{value['step.counted_memory_mb'] / 1e3:.1f} GB",
        "a step of the dot world": partial(_toy_cell, "toy.seconds", "{:.2g} s"),
        "its floor": partial(_toy_cell, "toy.floor_seconds", "{:.2g} s"),
    }
    lines = [_row("what", *(origin.device for origin, _ in machines)), "|:--|" + "--:|" * len(machines)]
    lines += [_row(name, *(show(value) for _, value in machines)) for name, show in rows.items()]
    lines += [_row("commit", *(f"`{origin.commit}`, {origin.date}" for origin, _ in machines))]
    return "\n".join(lines).replace(" s |", "\u00a0s |").replace(" GB |", "\u00a0GB |")


def _toy_cell(metric: str, form: str, value: dict[str, float]) -> str:
    """A number of the dot world, which early measurements do not have."""
    return form.format(value[metric]) if metric in value else "not measured"


def floor_seconds() -> float:
    """The shortest time of a step of the paper's models on an H100, by its data sheet."""
    value = measured()[0][1]
    return max(
        value["step.tflops_per_step"] * 1e12 / H100.flops, value["step.gbytes_per_step"] * 1e9 / H100.bytes_per_s
    )


def figures_table() -> str:
    """Markdown: what each figure's runs would take on one H100, all estimated."""
    memory = measured()[0][1]["step.counted_memory_mb"] / 1e3
    lines = ["| figure | runs | optimiser steps | floor | estimate | GPU memory |", "|:--|--:|--:|--:|--:|--:|"]
    for name, (runs, steps) in TOY_FIGURES.items():
        total, toy_memory = runs * PAPER.seeds * steps, f"{_toy_memory():.1f}\u00a0GB"
        times = _hours(total * _toy_floor()), _hours(total * TOY_STEP)
        lines.append(_row(f"`{name}`", f"{runs * PAPER.seeds}", f"{total:,}", *times, toy_memory))
    step = floor_seconds()
    for name, (tasks, runs) in PLANNING_FIGURES.items():
        total = runs * sum(_steps(task) for task in tasks)
        times = _hours(total * step), _hours(total * step * OVER_FLOOR)
        lines.append(_row(f"`{name}`", f"{runs * len(tasks)}", f"{total:,}", *times, f"{memory:.0f}\u00a0GB"))
    return "\n".join(lines)


def plan_table() -> str:
    """Markdown: what `smwm reproduce` does on an H100, in its order, and how long each stage takes elsewhere."""
    budget = replace(PAPER, released=())  # their windows are as many where they are drawn here
    stages: dict[str, dict[tuple[str, int], float]] = {name: {} for name in MACHINES}
    runs: dict[tuple[str, int], int] = {}
    for name, machine in MACHINES.items():
        for job in plan(budget, machine):
            stage = job.figure, job.seeds
            stages[name][stage] = stages[name].get(stage, 0.0) + job.seconds
            if name == "h100":
                runs[stage] = runs.get(stage, 0) + (job.config is not None)
    lines = [_row("figure", "seeds", "new runs", *(machine.name for machine in MACHINES.values()))]
    lines += ["|:--|--:|--:|" + "--:|" * len(MACHINES)]
    for stage, count in runs.items():
        times = (_hours(stages[name][stage]) for name in MACHINES)
        lines.append(_row(f"`{stage[0]}`", str(stage[1]), str(count), *times))
    lines.append(_row("all", "", str(sum(runs.values())), *(_hours(sum(times.values())) for times in stages.values())))
    return "\n".join(lines)


def run_table() -> str:
    """Markdown: one run of each planning task on one H100, estimated."""
    step = floor_seconds()
    lines = ["| task | windows | steps of 10 epochs | floor | estimate | the paper |", "|:--|--:|--:|--:|--:|:--|"]
    for task, windows in WINDOWS.items():
        steps = _steps(task)
        times = _hours(steps * step), _hours(steps * step * OVER_FLOOR)
        lines.append(_row(TASKS[task], f"{windows:,}", f"{steps:,}", *times, "under 4\u00a0h"))
    return "\n".join(lines)


def _steps(task: str) -> int:
    """Optimiser steps of one run."""
    config = PAPER.planner_config("tworoom", PLANNING_OBJECTIVES["smwm"])  # batch and epochs are those of all tasks
    return config.epochs * (WINDOWS[task] // config.batch_size)


def _toy_floor() -> float:
    """The shortest time of a step of the dot world at the paper's budget, in seconds."""
    return H100.floor(needs(PAPER.config("dots/single", Objective(inverse=10))), "toy")


def _toy_memory() -> float:
    """Gigabytes that training of the toy model took, as ``benchmarks/training.py`` measured it on a processor."""
    (path, *_) = sorted((paths.REPOSITORY / "data" / "results" / "benchmarks").glob("*_training.json"))
    (found,) = (m for m in read_benchmark(path).metrics if m.name == "training.peak_memory_mb")
    return found.value / 1e3


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _hours(seconds: float) -> str:
    return f"{seconds / 60:.0f}\u00a0min" if seconds < 5400 else f"{seconds / 3600:.1f}\u00a0h"
