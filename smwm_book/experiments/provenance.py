"""Where a number came from: code, machine, time and the command that makes it again."""

import datetime
import platform
import subprocess
import time

import torch

from smwm_book import paths
from smwm_book.experiments.devices import describe_device, peak_memory_bytes

_STARTED = time.monotonic()


def provenance(device: torch.device, command: str, training_seconds: float) -> dict:
    """Facts about this process, to be kept beside the numbers it made.

    Arguments:
        device: on which the numbers were computed.
        command: what to type to make them again.
        training_seconds: what the runs behind the numbers took, also when they were found finished.
    """
    return {
        "commit": commit(),
        "device": describe_device(device),
        "cpu_or_gpu": "gpu" if device.type == "cuda" else "cpu",
        "torch": torch.__version__,
        "python": platform.python_version(),
        "training_seconds": round(training_seconds, 1),
        "wall_seconds": round(time.monotonic() - _STARTED, 1),
        "peak_memory_mb": round(peak_memory_bytes(device) / 1e6),
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        "command": command,
    }


def commit() -> str:
    """The commit of the code, with ``+changes`` if the code here differs from it."""

    def git(*arguments: str) -> str:
        finished = subprocess.run(
            ["git", "-C", str(paths.REPOSITORY), *arguments], capture_output=True, text=True, check=True
        )
        return finished.stdout.strip()

    try:
        head = git("rev-parse", "--short=12", "HEAD")
        changed = git("status", "--porcelain", "--", "smwm_core", "smwm_book", "notebooks/*.py")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head + ("+changes" if changed else "")
