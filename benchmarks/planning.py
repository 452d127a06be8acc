"""The planner against a loop over tasks, another package and what the machine allows; and how fast simulators are.

Everything is measured in one run. The planners and the machine's matrix-product rate take turns, ``--repeats``
times after a warm-up, and so do the simulators. A metric is the median over the repeats; ``low`` and ``high`` are the
smallest and the largest repeat (not a confidence interval), ``n`` is the number of repeats. A ratio is taken within
each repeat.
"""

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from machine import matmul_gflops
from torch import Generator, Tensor
from torch.utils.flop_counter import FlopCounterMode

from smwm_book.bench.measurements import write
from smwm_book.experiments.devices import pick_device
from smwm_core.models import WorldModel
from smwm_core.planning import CEM, final_distance
from smwm_core.seeds import generator
from smwm_core.worlds import SIMULATORS
from smwm_core.worlds.world import Simulator

TASKS, ACTION_DIM = 20, 10
STEPS = 25  # of one sequence in a simulator: the paper's distance from start to goal
LARGEST_BATCH = 512
UNITS = {"matmul_gflops": "Gflop/s", "seconds": "s", "steps_per_s": "1/s", "frames_per_s": "1/s"}

# model, z, z_goal, generator → plans: (B, Z), (B, Z) → (B, H, A)
Planner = Callable[[WorldModel, Tensor, Tensor, Generator], Tensor]


def search(device: torch.device) -> CEM:
    """The paper's budget, over the bounds -1 and 1."""
    high = torch.ones(ACTION_DIM, device=device)
    return CEM(-high, high)


def ours(model: WorldModel, z: Tensor, z_goal: Tensor, generator: Generator) -> Tensor:
    return search(z.device)(final_distance(model), z, z_goal, generator).actions


@torch.no_grad()
def per_task_loop(model: WorldModel, z: Tensor, z_goal: Tensor, generator: Generator) -> Tensor:
    """The same search as a plain script would write it: one task after the other, all samples of a task at once."""
    budget, plans = search(z.device), []
    for start, goal in zip(z, z_goal, strict=True):
        mean = torch.zeros(budget.horizon, ACTION_DIM, device=z.device)
        std = torch.full_like(mean, budget.std)
        for _ in range(budget.iterations):
            noise = torch.randn(budget.samples, *mean.shape, generator=generator, device=z.device)
            noise[0] = 0
            drawn = (mean + std * noise).clamp(-1, 1)
            latent = start.expand(budget.samples, -1)
            for step in range(budget.horizon):
                latent = model.predict(latent, drawn[:, step])
            best = drawn[(latent - goal).square().sum(1).argsort()[: budget.elites]]
            mean, std = best.mean(0), best.std(0)
        plans.append(mean)
    return torch.stack(plans)


def torch_world() -> Planner | None:
    """The planner of the package ``torch_world`` on our model, or None where the package is not installed."""
    try:
        from torch_world import planning
    except ImportError:
        return None

    class Adapter:
        """Our model with the two methods that its planner calls."""

        def __init__(self, model: WorldModel) -> None:
            self.model = model

        def rollout(self, z: Tensor, actions: Tensor) -> Tensor:
            return self.model.rollout(z[:, -1], actions)

        def cost(self, predicted: Tensor, goal: Tensor) -> Tensor:
            return (predicted[:, -1] - goal).square().sum(-1)

    def planner(model: WorldModel, z: Tensor, z_goal: Tensor, generator: Generator) -> Tensor:
        budget = search(z.device)
        sizes = (budget.horizon, ACTION_DIM, budget.samples, budget.elites, budget.iterations, budget.std)
        return planning.CEM(*sizes, bounds=(-1, 1))(Adapter(model), z[:, None], z_goal, generator=generator)

    return planner


def planners() -> dict[str, Planner]:
    """All that are here, ours first."""
    others = {"per_task_loop": per_task_loop, "torch_world": torch_world()}
    return {"ours": ours, **{name: planner for name, planner in others.items() if planner}}


def draw(device: torch.device) -> tuple[WorldModel, Tensor, Tensor]:
    """An untrained toy model, and where the tasks start and should end: two ``(TASKS, Z)`` in [-1, 1]."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = WorldModel.toy(ACTION_DIM).to(device).requires_grad_(False)
    z, z_goal = 2 * torch.rand(2, TASKS, 64, generator=generator(0, "tasks")).to(device) - 1
    return model, z, z_goal


def measure_planners(repeats: int, device: torch.device) -> dict[str, list[float]]:
    """Every metric of planning, with one value per repeat.

    Arguments:
        repeats: rounds in which planners and the machine take turns, after one to warm up.
        device: where the model lives.
    """
    found: dict[str, list[float]] = defaultdict(list)
    tasks = draw(device)
    with FlopCounterMode(display=False) as counter:
        ours(*tasks, Generator(device).manual_seed(0))
    for repeat in range(-1, repeats):
        gflops, seconds = matmul_gflops(device), {}
        for name, planner in planners().items():
            source = Generator(device).manual_seed(repeat + 1)
            started = time.perf_counter()
            planner(*tasks, source).cpu()
            seconds[name] = time.perf_counter() - started
        if repeat < 0:
            continue
        found["machine.matmul_gflops"].append(gflops)
        found["planning.matmul_share"].append(counter.get_total_flops() / 1e9 / seconds["ours"] / gflops)
        for name, value in seconds.items():
            found[f"planning.seconds.{name}"].append(value)
            if name != "ours":
                found[f"planning.cem_speed_ratio.{name}"].append(value / seconds["ours"])
    return found


@contextmanager
def one_thread() -> Iterator[None]:
    """Leave all cores but one alone."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def per_second(work: Callable[[int], int], seconds: float) -> float:
    """How many things a second get done.

    The batch is doubled until one takes a tenth of the time, or is the largest; that also warms up.

    Arguments:
        work: does a batch of this size, and returns how many things that were.
        seconds: to measure for.
    """
    batch, taken = 1, 0.0
    while batch < LARGEST_BATCH and taken < seconds / 10:
        batch *= 2
        started = time.perf_counter()
        work(batch)
        taken = time.perf_counter() - started
    done, started = 0, time.perf_counter()
    while (taken := time.perf_counter() - started) < seconds:
        done += work(batch)
    return done / taken


def measure_simulator(simulator: Simulator, seconds: float) -> tuple[float, float]:
    """Primitive steps and frames a second on one core, from recorded states.

    Arguments:
        simulator: which steps with random actions.
        seconds: to measure each for.
    """
    source = generator(0, "benchmark of a simulator")
    states = simulator.collect(2, source)[0].flatten(0, 1)

    def some(n: int) -> Tensor:
        return states[torch.randint(len(states), (n,), generator=source)]

    def play(n: int) -> int:
        actions = simulator.random_action(n * STEPS, source).unflatten(0, (n, STEPS))
        return simulator.play(some(n), actions).shape[:2].numel()

    def render(n: int) -> int:
        return len(simulator.render(some(n)))

    with one_thread():
        return per_second(play, seconds), per_second(render, seconds)


def measure(repeats: int, seconds: float, device: torch.device) -> dict[str, list[float]]:
    """Every metric, with one value per repeat.

    Arguments:
        repeats: rounds in which planners, and then simulators, take turns.
        seconds: for each of the two rates of a simulator.
        device: where models live; simulators are measured on the processor.
    """
    found = measure_planners(repeats, device)
    for _ in range(repeats):
        for name, (build, _) in SIMULATORS.items():
            steps, frames = measure_simulator(build(), seconds)
            found[f"simulator.steps_per_s.{name}"].append(steps)
            found[f"simulator.frames_per_s.{name}"].append(frames)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the planner and the simulators.")
    parser.add_argument("--repeats", type=int, default=5, help="rounds of the whole measurement")
    parser.add_argument("--seconds", type=float, default=1.0, help="for each rate of a simulator")
    asked = parser.parse_args()
    if asked.repeats < 1 or asked.seconds <= 0:
        parser.error("at least 1 repeat and some time are needed")
    device = pick_device()

    started = time.monotonic()
    found = measure(asked.repeats, asked.seconds, device)
    command = " ".join(["python benchmarks/planning.py", *sys.argv[1:]])
    print(write("planning", found, UNITS, device, time.monotonic() - started, command))
    if "planning.cem_speed_ratio.torch_world" not in found:
        print(
            "The package torch_world is not here and was left out; `pip install --no-deps torch_world==0.2.0` adds it."
        )


if __name__ == "__main__":
    main()
