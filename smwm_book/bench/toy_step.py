"""How fast a step of the toy worlds is here, and how far that is from what the machine allows.

It is timed within a run, which a GPU records once and then repeats, and not part by part.
"""

from collections import defaultdict

import torch

from smwm_book.bench.step import Clock, copy_bytes_per_s, matmul_flops_per_s
from smwm_book.experiments.reproduce import seconds_per_step
from smwm_book.experiments.resources import needs
from smwm_core.training.config import ToyConfig


def measure_toy(config: ToyConfig, device: torch.device, *, repeats: int) -> dict[str, list[float]]:
    """Seconds of a step, its counted operations and bytes, and its floor by the machine's rates, once per repeat.

    Arguments:
        config: of the run whose steps are timed.
        device: where it trains.
        repeats: rounds in which the steps and the machine take turns.
    """
    counted, clock, found = needs(config), Clock(device), defaultdict(list)
    for _ in range(repeats):
        seconds = seconds_per_step(config, device)
        floor = max(counted.flops / matmul_flops_per_s(clock, "float32"), counted.moved_bytes / copy_bytes_per_s(clock))
        found["toy.seconds"].append(seconds)
        found["toy.floor_seconds"].append(floor)
        found["toy.over_floor_ratio"].append(seconds / floor)
    found["toy.tflops_per_step"].append(counted.flops / 1e12)
    found["toy.gbytes_per_step"].append(counted.moved_bytes / 1e9)
    return dict(found)
