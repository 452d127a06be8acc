"""What it does to planning that a search stays within the range of actions: the authors' does not.

The published models of the first seed plan the published tasks twice, with the same random numbers: clipped to the
bounds of an action, and not. Goals reached, in percent.
"""

import math
import time

import torch

from smwm_book.bench.measurements import write
from smwm_book.experiments.devices import pick_device
from smwm_book.experiments.presets import TASKS, get_preset
from smwm_book.experiments.runs import Run, load_run
from smwm_book.experiments.tasks import planning_tasks
from smwm_core.planning import CEM, Tasks, evaluate, mpc_policy
from smwm_core.worlds import FrameSkip

OFFSET, ACT_STEPS = 25, 50  # primitive steps from start to goal, and to act, as in fig5_planning


def searches(world: FrameSkip) -> dict[str, CEM]:
    """The search of the book, and the same without bounds."""
    low, high = world.bounds
    return {"clipped": CEM(low, high), "free": CEM(torch.full_like(low, -math.inf), torch.full_like(high, math.inf))}


def measure(run: Run, tasks: Tasks) -> dict[str, float]:
    """Percent of the tasks that are solved by each search."""
    percent = {}
    for name, search in searches(run.world).items():
        outcome = evaluate(run.world, mpc_policy(run.world, run.model, search), tasks, ACT_STEPS, 0)
        percent[name] = 100 * outcome.success.float().mean().item()
    return percent


def main() -> None:
    device, budget, started, found = pick_device(), get_preset("laptop"), time.monotonic(), {}
    for task in TASKS:
        run = load_run(budget.planner_config(task, budget.objectives(task)["smwm"]), 0, device)
        tasks = planning_tasks(run.config.world, budget.tasks, OFFSET, recompute=False)
        found |= {f"clipping.success_percent.{task}_{name}": [value] for name, value in measure(run, tasks).items()}
    command = "python benchmarks/clipping.py"
    print(write("clipping", found, {"success_percent": "%"}, device, time.monotonic() - started, command))


if __name__ == "__main__":
    main()
