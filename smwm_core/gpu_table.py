"""Tables of the page on GPUs: a step as it was counted and measured, and what figures take, estimated from that.

Measurements are the result files of ``python -m smwm_core bench``. An estimate is the floor of an H100, by its data
sheet, times a factor that nobody has measured; the page says so.
"""

import json

from smwm_core import paths
from smwm_core.errors import SMWMError
from smwm_core.presets import LAMBDAS, PLANNING_OBJECTIVES, get_preset

# NVIDIA's data sheet of the H100 SXM: dense bfloat16 and float32 operations per second, bytes of memory per second.
H100_BF16, H100_FP32, H100_BYTES = 989e12, 67e12, 3.35e12
OVER_FLOOR = 3  # a guess, for steps whose kernels are long enough to hide their launches
TOY_STEP = 1e-3  # seconds, a guess: some hundred and fifty kernels, each launched in several microseconds

# Windows of the training episodes of each task. TwoRoom's are those of the recorded episodes, Push-T's follow from
# 20,000 episodes of 101 rows, the others from 10,000 of 201 rows, which is what the released files are said to hold.
WINDOWS = {"tworoom": 791_154, "pusht": 18_000 * 96, "reacher": 9_000 * 196, "cube": 9_000 * 196}

PAPER = get_preset("paper")
# The tasks behind a planning figure, and how many runs it has in each.
PLANNING_FIGURES = {
    "fig5_planning": (tuple(WINDOWS), len(PLANNING_OBJECTIVES) * PAPER.seeds),
    "fig7_lambda": (("tworoom", "pusht"), len(LAMBDAS)),
    "fig9_horizon": (("tworoom",), len(PLANNING_OBJECTIVES)),
}
SHARED = {
    "fig6_fig10_geometry": "fig5_planning",
    "table_probes": "fig5_planning",
    "planner_at_work": "fig5_planning",
}
# Runs and steps of the toy figures.
TOY_FIGURES = {
    "fig2_dot_world": (2, 97_600),
    "fig4_controllable_dof": (4, 97_600),
    "fig_sprite_control": (4, 195_200),
    "anticollapse_gallery": (21, 97_600),
}


def measured() -> dict[str, dict[str, float]]:
    """Machine → metrics of the measurements of TwoRoom at the paper preset; those of a GPU come first.

    Raises:
        SMWMError: there is none.
    """
    found = {}
    folder = paths.REPOSITORY / "data" / "results" / "benchmarks"
    for path in sorted(folder.glob("*_paper_tworoom.json"), key=lambda path: not path.name.startswith("gpu")):
        content = json.loads(path.read_text())
        found[content["provenance"]["device"]] = {metric["name"]: metric["value"] for metric in content["metrics"]}
    if not found:
        raise SMWMError("There is no measurement of a step; make one with `python -m smwm_core bench`.")
    return found


def step_table() -> str:
    """Markdown: a step of training in TwoRoom at the paper's size, on every machine that measured it."""
    lines = [
        "| machine | a step | images/s | share of the matrix-product rate | times the floor | memory | where it goes "
        "| sum of parts |",
        "|:--|--:|--:|--:|--:|--:|:--|--:|",
    ]
    for machine, value in measured().items():
        parts = {name.removesuffix(".share"): share for name, share in value.items() if name.endswith(".share")}
        shares = ", ".join(f"{part} {share:.0%}" for part, share in sorted(parts.items(), key=lambda item: -item[1]))
        lines.append(
            f"| {machine} | {value['step.seconds']:.3g} s | {value['step.images_per_s']:,.0f} | "
            f"{value['step.matmul_share']:.0%} | {value['step.over_floor_ratio']:.1f} | "
            f"{value['step.peak_memory_mb'] / 1e3:.1f} GB | {shares} | {value['step.sum_of_parts_ratio']:.2f} |"
        )
    return "\n".join(lines)


def floor_seconds() -> float:
    """The shortest time of a step of the paper's models on an H100, by its data sheet."""
    value = next(iter(measured().values()))
    return max(value["step.tflops_per_step"] * 1e12 / H100_BF16, value["step.gbytes_per_step"] * 1e9 / H100_BYTES)


def figures_table() -> str:
    """Markdown: what each figure's runs would take on one H100, all estimated."""
    memory = next(iter(measured().values()))["step.counted_memory_mb"] / 1e3
    lines = [
        "| figure | runs | optimiser steps | floor | estimate | GPU memory |",
        "|:--|--:|--:|--:|--:|--:|",
    ]
    for name, (runs, steps) in TOY_FIGURES.items():
        total = runs * PAPER.seeds * steps
        floor, estimate = _hours(total * _toy_floor()), _hours(total * TOY_STEP)
        lines.append(f"| `{name}` | {runs * PAPER.seeds} | {total:,} | {floor} | {estimate} | below 2 GB |")
    step = floor_seconds()
    for name, (tasks, runs) in PLANNING_FIGURES.items():
        total = runs * sum(_steps(task) for task in tasks)
        note = "" if name != "fig9_horizon" else " (shared with `fig5_planning`)"
        floor, estimate = _hours(total * step), _hours(total * step * OVER_FLOOR)
        lines.append(f"| `{name}` | {runs * len(tasks)}{note} | {total:,} | {floor} | {estimate} | {memory:.0f} GB |")
    lines += [f"| `{name}` | those of `{source}` | | | | {memory:.0f} GB |" for name, source in SHARED.items()]
    return "\n".join(lines)


def run_table() -> str:
    """Markdown: one run of each planning task on one H100, estimated."""
    floor = floor_seconds()
    lines = ["| task | windows | steps of 10 epochs | floor | estimate | the paper |", "|:--|--:|--:|--:|--:|:--|"]
    for task, windows in WINDOWS.items():
        steps = _steps(task)
        lines.append(
            f"| {task} | {windows:,} | {steps:,} | {_hours(steps * floor)} | {_hours(steps * floor * OVER_FLOOR)} "
            "| under 4 h |"
        )
    return "\n".join(lines)


def _steps(task: str) -> int:
    """Optimiser steps of one run."""
    config = PAPER.planner_config("tworoom", PLANNING_OBJECTIVES["smwm"])  # batch and epochs are those of all tasks
    return config.epochs * (WINDOWS[task] // config.batch_size)


def _toy_floor() -> float:
    """Seconds of a toy step at batch 256: 123 Mflop for each transition, as ``benchmarks/machine.py`` counts them."""
    return 256 * 123_082_752 / H100_FP32


def _hours(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
