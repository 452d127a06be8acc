"""Our side of the comparison: the training loop of ``smwm_core``, unchanged, for a few steps."""

import time
from dataclasses import replace
from unittest.mock import patch

import torch
from torch import Tensor

from smwm_book.experiments.presets import PRESETS
from smwm_core.losses.objective import Objective
from smwm_core.training.config import ToyConfig
from smwm_core.training.toy import train as train_smwm
from smwm_core.worlds import DotWorld


def config(batch_size: int, steps: int) -> ToyConfig:
    """The laptop preset's single-dot run, with this batch size and few steps."""
    return replace(PRESETS["laptop"].config("dots/single", Objective()), batch_size=batch_size, steps=steps)


def train(batch_size: int, steps: int, device: torch.device) -> tuple[float, float]:
    """Train, with a stopwatch around ``render``.

    Returns:
        seconds of training, which are ``History.seconds``: every step with its history, progress
        bar and snapshots, but not the sampling of the 250,000 transitions; and the seconds of these
        spent drawing frames, those of snapshots included. On a GPU the latter is no measure, since
        drawing goes on after the call has returned.
    """
    render, drawing = DotWorld.render, []

    def timed_render(world: DotWorld, state: Tensor) -> Tensor:
        started = time.perf_counter()
        frames = render(world, state)
        drawing.append(time.perf_counter() - started)
        return frames

    with patch.object(DotWorld, "render", timed_render):
        seconds = train_smwm(config(batch_size, steps), 0, device=device).seconds
    return seconds, sum(drawing)
