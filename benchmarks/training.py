"""The training loop against a straightforward reference, and against what the machine allows.

Everything is measured in one run. Ours, the reference and the machine's matrix-product rate take
turns, ``--repeats`` times after a warm-up, so that a slow minute of the machine hits all of them. A
metric is the median over the repeats; ``low`` and ``high`` are the smallest and the largest repeat
(not a confidence interval), ``n`` is the number of repeats. A ratio is taken within each repeat.

Where the name of a metric of training has no batch size, it is the laptop preset's.
"""

import argparse
import sys
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import ours
import reference
import torch
from machine import matmul_gflops

from smwm_book.bench.measurements import write
from smwm_book.experiments.devices import pick_device
from smwm_book.experiments.presets import PRESETS
from smwm_book.experiments.provenance import provenance
from smwm_book.experiments.resources import needs
from smwm_core.seeds import generator
from smwm_core.worlds import make_world

LAPTOP, PAPER = PRESETS["laptop"].batch_size, PRESETS["paper"].batch_size
STORED = 2_000  # transitions whose frames the reference keeps while it is timed: 0.2 GB
UNITS = {
    "transitions_per_s": "1/s",
    "matmul_gflops": "Gflop/s",
    "seconds_250000": "s",
    "setup_seconds_250000": "s",
    "peak_memory_mb": "MB",
    "bytes_per_transition": "B",
}


def peak_memory_mb(whose: str, device: torch.device) -> float:
    """Peak memory of this process after 20 steps of ours, or of the reference with 5,000 stored transitions."""
    if whose == "training":
        ours.train(LAPTOP, 20, device)
    else:
        reference.train(reference.build(5_000, 0), LAPTOP, 20, device)
    return provenance(device, "", 0.0)["peak_memory_mb"]


def measure(repeats: int, transitions: int, device: torch.device) -> dict[str, list[float]]:
    """Every metric, with one value per repeat.

    Arguments:
        repeats: rounds in which ours, the reference and the machine take turns.
        transitions: how many each timed training run goes through.
        device: where models live.
    """
    found: dict[str, list[float]] = defaultdict(list)
    # First, while this process is small: a child's peak includes the memory of the process that starts it.
    for whose in ("training", "reference"):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            found[f"{whose}.peak_memory_mb"].append(pool.submit(peak_memory_mb, whose, device).result())
    for batch_size in (LAPTOP, PAPER):  # warm up
        ours.train(batch_size, 10, device)
        reference.train(reference.build(batch_size, 0), batch_size, 10, device)

    world, flops = make_world("dots/single"), needs(ours.config(LAPTOP, 1)).flops / LAPTOP
    for repeat in range(repeats):
        started = time.perf_counter()
        states = world.sample(250_000, generator(repeat, "training transitions"))
        sampled = time.perf_counter()
        frames = reference.build(STORED, repeat)
        drawing = (time.perf_counter() - sampled) * 250_000 / STORED
        found["setup.seconds_250000"].append(sampled - started)
        found["reference.setup_seconds_250000"].append(drawing)
        found["setup.speed_ratio"].append(drawing / (sampled - started))
        gflops = matmul_gflops(device)
        found["machine.matmul_gflops"].append(gflops)
        for batch_size in (LAPTOP, PAPER):
            batch, steps = f".batch{batch_size}", transitions // batch_size
            seconds, rendering = ours.train(batch_size, steps, device)
            rate = batch_size * steps / seconds
            reference_rate = batch_size * steps / reference.train(frames, batch_size, steps, device)
            found[f"training.transitions_per_s{batch}"].append(rate)
            found[f"reference.transitions_per_s{batch}"].append(reference_rate)
            found[f"training.speed_ratio{batch}"].append(rate / reference_rate)
            batch = "" if batch_size == LAPTOP else batch
            found[f"training.matmul_share{batch}"].append(flops * rate / 1e9 / gflops)
            if device.type == "cpu":
                found[f"training.render_share{batch}"].append(rendering / seconds)
    stored = (states.state, states.action, states.next_state)
    found["training.bytes_per_transition"].append(sum(part.nbytes for part in stored) / len(states))
    found["reference.bytes_per_transition"].append(sum(part.nbytes for part in frames.tensors) / len(frames))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the training loop against a straightforward reference.")
    parser.add_argument("--repeats", type=int, default=3, help="rounds of the whole measurement")
    parser.add_argument("--transitions", type=int, default=12_800, help="transitions of each timed training run")
    asked = parser.parse_args()
    if asked.repeats < 1 or asked.transitions < PAPER:
        parser.error(f"at least 1 repeat and {PAPER} transitions are needed")
    device = pick_device()
    started = time.monotonic()
    found = measure(asked.repeats, asked.transitions, device)
    command = " ".join(["python benchmarks/training.py", *sys.argv[1:]])
    print(write("training", found, UNITS, device, time.monotonic() - started, command))


if __name__ == "__main__":
    main()
