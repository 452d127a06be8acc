"""A claim about a run that is killed: it goes on to the same weights file."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from smwm_book.experiments.runs import train_run
from smwm_core.losses.objective import Objective
from smwm_core.training.config import ToyConfig

CPU = torch.device("cpu")


OBJECTIVES = {"inverse": Objective(10, 0), "sigreg": Objective(0, 0.09), "both": Objective(10, 0.09)}


OBJECTIVES |= {"ema": Objective(0, ema_decay=0.9), "reconstruction": Objective(0, reconstruction=1)}


def tiny(objective: Objective = OBJECTIVES["inverse"], steps: int = 5) -> ToyConfig:
    """Two batches per epoch, so that five steps cross two borders between epochs."""
    return ToyConfig("dots/single", objective, transitions=64, batch_size=32, steps=steps, latent_dim=16)


def assert_same_tensors(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        assert torch.equal(tensor, other[name]), name


DRIVER = """
import functools, sys, torch
from smwm_book.experiments import runs
from smwm_core.training import toy
from smwm_core.losses.objective import Objective
from smwm_core.training.config import ToyConfig

torch.set_num_threads(int(sys.argv[1]))
toy.train = functools.partial(toy.train, save_every_seconds=0)
config = ToyConfig("dots/single", Objective(10, 0.09), transitions=64, batch_size=32, steps=100, latent_dim=16)
runs.train_run(config, 0, torch.device("cpu"))
"""


def test_a_killed_run_continues_to_the_same_weights_file(tmp_path, monkeypatch):
    config = tiny(OBJECTIVES["both"], steps=100)
    chosen = random.SystemRandom().randrange(2, 40)
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    command = [sys.executable, "-c", DRIVER, str(torch.get_num_threads())]
    with (tmp_path / "stderr").open("w") as stderr:
        process = subprocess.Popen(command, env={**os.environ, "SMWM_DATA": str(killed)}, stderr=stderr)
    try:
        saved_step = wait_for_step(process, killed, step=chosen)
    finally:
        process.kill()
        status = process.wait()
    assert status == -signal.SIGKILL, (tmp_path / "stderr").read_text()
    assert chosen <= saved_step < 100
    assert not list(killed.rglob("weights.safetensors"))

    monkeypatch.setenv("SMWM_DATA", str(killed))
    continued = train_run(config, 0, CPU)
    monkeypatch.setenv("SMWM_DATA", str(whole))
    expected = train_run(config, 0, CPU)
    (one,), (other,) = killed.rglob("weights.safetensors"), whole.rglob("weights.safetensors")
    assert one.relative_to(killed) == other.relative_to(whole)
    assert_same_tensors(load_file(one), load_file(other))
    assert continued.history.keys() == expected.history.keys()
    for name, values in continued.history.items():
        assert np.array_equal(values, expected.history[name])
    assert not list(killed.rglob("progress.pt"))


def wait_for_step(process: subprocess.Popen, data: Path, step: int) -> int:
    """The first step not earlier than ``step`` that a process has saved; 0 if it ends before, or takes too long."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        for progress in data.rglob("progress.pt"):
            saved = torch.load(progress, weights_only=True)["step"]
            if saved >= step:
                return saved
        time.sleep(0.02)
    return 0
