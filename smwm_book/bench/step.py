"""How fast a run of the control tasks is here, where its time goes, and how far that is from what the machine allows.

Whole steps, steps with a mark after each part, and the machine's two rates take turns; a time is the median over the
steps of a repeat. A mark on a GPU is an event in its stream, so no step waits within itself; each is waited for at its
end, though, so a run, which does not wait, is rather faster.
"""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle, islice, pairwise

import torch

from smwm_book.experiments.devices import peak_memory_bytes
from smwm_book.experiments.resources import fitting, needs, require_supported
from smwm_core.errors import SMWMError
from smwm_core.planning import CEM, TASKS_PER_SEARCH, final_distance
from smwm_core.planning.evaluation import float32_products
from smwm_core.seeds import generator
from smwm_core.training.config import VitConfig
from smwm_core.training.vit import build_model, make_step, ordered, steps_per_epoch
from smwm_core.training.windows import Windows, feed

PARTS = ("input", "encode", "losses", "backward", "update")
PLANS = 2  # searches of a task in the paper's protocol
UNITS = {
    "seconds": "s",
    "seconds_per_100_tasks": "s",
    "images_per_s": "1/s",
    "matmul_tflops": "Tflop/s",
    "copy_gbytes_per_s": "GB/s",
    "peak_memory_mb": "MB",
    "counted_memory_mb": "MB",
    "tflops_per_step": "Tflop",
    "gbytes_per_step": "GB",
    "floor_seconds": "s",
}
_WARM_UP = 3  # steps; the first of them compiles


class Clock:
    """Time on a device: events in a GPU's stream, or the processor's clock."""

    def __init__(self, device: torch.device) -> None:
        self.device, self.on_gpu = device, device.type == "cuda"

    def now(self):
        """A mark; what was asked of the device before it is done by then."""
        if not self.on_gpu:
            return time.perf_counter()
        event = torch.cuda.Event(enable_timing=True)
        event.record(torch.cuda.current_stream(self.device))
        return event

    def between(self, since, until) -> float:
        """Seconds from one mark to another."""
        if not self.on_gpu:
            return until - since
        until.synchronize()
        return since.elapsed_time(until) / 1e3

    def seconds(self, work: Callable[[], object]) -> float:
        """Seconds that some work takes."""
        since = self.now()
        work()
        return self.between(since, self.now())


def measure(
    config: VitConfig, search: dict[str, int], device: torch.device, *, steps: int, repeats: int
) -> dict[str, list[float]]:
    """Every metric, with one value per repeat.

    Arguments:
        config: of the run whose steps are timed.
        search: values of the planner that differ from the paper's.
        device: where it trains.
        steps: whole ones and marked ones of each repeat.
        repeats: rounds in which all that is timed takes turns.

    Raises:
        SMWMError: no step or no repeat, a GPU that torch has no kernels for, too little memory, or too few windows
            for a batch.
    """
    if steps < 1 or repeats < 1:
        raise SMWMError(f"A measurement takes at least one step and one repeat, not {steps} and {repeats}.")
    require_supported(device)
    arithmetic = fitting(config, device)
    counted = needs(config, arithmetic.precision)
    world = config.make_world()
    windows = Windows(world, config.history, device)
    run_steps = config.epochs * steps_per_epoch(config, windows)
    timed = _WARM_UP + 2 * steps * repeats
    batches = feed(world, windows, islice(cycle(ordered(config, windows, 0, 0)), timed))
    model = build_model(config).to(device).train()
    step = make_step(config, model, 0, run_steps, arithmetic)
    clock = Clock(device)

    def one_step(mark: Callable[[], None]) -> None:
        frames, action = next(batches)
        mark()
        z, z_next = step.encode(frames)
        mark()
        loss = step.losses(z, action, z_next, frames)["loss"]
        mark()
        step.backward(loss)
        mark()
        step.update(0)
        mark()

    for _ in range(_WARM_UP):
        one_step(lambda: None)
    peak_bytes = peak_memory_bytes(device)  # before the copies below, which take memory of their own
    found: dict[str, list[float]] = defaultdict(list)
    for _ in range(repeats):
        whole, marked = [], []
        for _ in range(steps):  # by turns, so that a slow moment of the machine hits both
            whole.append(clock.seconds(lambda: one_step(lambda: None)))
            marks = [clock.now()]
            one_step(lambda marks=marks: marks.append(clock.now()))
            marked.append([clock.between(since, until) for since, until in pairwise(marks)])
        seconds = statistics.median(whole)
        parts = {part: statistics.median(times) for part, times in zip(PARTS, zip(*marked, strict=True), strict=True)}
        matmul, copied = matmul_flops_per_s(clock, arithmetic.precision), copy_bytes_per_s(clock)
        floor = max(counted.flops / matmul, counted.moved_bytes / copied)
        found["step.seconds"].append(seconds)
        for part, value in parts.items():
            found[f"{part}.seconds"].append(value)
            found[f"{part}.share"].append(value / sum(parts.values()))
        found["step.sum_of_parts_ratio"].append(sum(parts.values()) / seconds)
        found["step.images_per_s"].append(config.batch_size * (config.history + 1) / seconds)
        found["step.matmul_share"].append(counted.flops / seconds / matmul)
        found["step.over_floor_ratio"].append(seconds / floor)
        found["floor.seconds"].append(floor)
        found["machine.matmul_tflops"].append(matmul / 1e12)
        found["machine.copy_gbytes_per_s"].append(copied / 1e9)
        found["run.seconds"].append(seconds * run_steps)
    found["step.tflops_per_step"].append(counted.flops / 1e12)
    found["step.gbytes_per_step"].append(counted.moved_bytes / 1e9)
    found["step.counted_memory_mb"].append(counted.memory(arithmetic.parts) / 1e6)
    found["step.peak_memory_mb"].append(peak_bytes / 1e6)
    planner = CEM(*world.bounds, **search)
    cost = final_distance(model.eval())
    together = TASKS_PER_SEARCH if device.type == "cpu" else 100
    z, z_goal = torch.randn(2, together, model.encoder.latent_dim, generator=generator(0, "latents")).to(device)
    draws = [generator(task, "plans", device) for task in range(together)]
    replace(planner, iterations=1)(cost, z, z_goal, draws)
    for _ in range(repeats):
        one_search = clock.seconds(lambda: planner(cost, z, z_goal, draws))
        found["planner.seconds_per_100_tasks"].append(one_search * PLANS * 100 / together)
    return found


def matmul_flops_per_s(clock: Clock, precision: str) -> float:
    """Rate of square matrix products in a precision, the best of nine: three sizes, three times.

    That of float32 is that of TF32 where there is one, for convolutions may take it.
    """
    rates = []
    with float32_products("tf32"):
        for size in (4096, 6144, 8192) if clock.device.type == "cuda" else (512, 1024, 1536):
            left, right = torch.randn(2, size, size, device=clock.device, dtype=getattr(torch, precision))
            left @ right
            rates += [2 * size**3 / clock.seconds(lambda left=left, right=right: left @ right) for _ in range(3)]
    return max(rates)


def copy_bytes_per_s(clock: Clock) -> float:
    """Rate of a large copy in the device's memory, bytes read and written, the best of three."""
    source = torch.ones(1 << (30 if clock.device.type == "cuda" else 26), dtype=torch.uint8, device=clock.device)
    target = torch.empty_like(source)
    return max(2 * len(source) / clock.seconds(lambda: target.copy_(source)) for _ in range(4))


def summary(found: dict[str, list[float]]) -> str:
    """The measurement in a few sentences."""
    value = {name: statistics.median(values) for name, values in found.items()}
    shares = ", ".join(f"{part} {value[f'{part}.share']:.0%}" for part in PARTS)
    return (
        f"A step takes {value['step.seconds']:.3g} s ({value['step.images_per_s']:,.0f} images/s), "
        f"{value['step.over_floor_ratio']:.1f} times its floor, at {value['step.matmul_share']:.0%} of the rate of "
        f"matrix products, with {value['step.peak_memory_mb'] / 1e3:.1f} GB of memory. It goes to {shares}; the parts "
        f"add up to {value['step.sum_of_parts_ratio']:.0%} of a step. A run takes about "
        f"{value['run.seconds'] / 60:,.1f} minutes, planning 100 tasks "
        f"{value['planner.seconds_per_100_tasks']:.3g} s. A step of the dot world takes "
        f"{1e3 * value['toy.seconds']:.3g} ms, {value['toy.over_floor_ratio']:.1f} times its floor."
    )
