"""Which device a user meant."""

import os
import platform
import re
import resource
import sys
from pathlib import Path

import torch

from smwm_core.errors import SMWMError


def pick_device(name: str = "auto", *, elsewhere: bool = False) -> torch.device:
    """Turn a device's name into a device that is really there.

    Arguments:
        name: ``"auto"`` (CUDA where there is one, else the CPU), ``"cpu"``, ``"cuda"`` or ``"cuda:1"``.
        elsewhere: whether it is one of other machines, which this one cannot know; ``"auto"`` is what is here.

    Raises:
        SMWMError: no such device.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if not re.fullmatch(r"cpu|cuda(:(0|[1-9][0-9]?))?", name):
        raise SMWMError(f"There is no device named {name!r}; choose auto, cpu, cuda or cuda:N.")
    device = torch.device(name)
    if device.type == "cuda" and not elsewhere and (device.index or 0) >= torch.cuda.device_count():
        raise SMWMError(
            f"Device {name!r} is not here: torch sees {torch.cuda.device_count()} CUDA devices; use device cpu or auto."
        )
    return device


def describe_device(device: torch.device) -> str:
    """Its model name, and for a CPU the number of threads that torch uses."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text(), re.MULTILINE)
        model = found.group(1) if found else model
    threads = min(torch.get_num_threads(), os.cpu_count() or 1)
    return f"{model}, {threads} thread{'s' if threads > 1 else ''}"


def peak_memory_bytes(device: torch.device) -> int:
    """The most memory that this process had so far: of a GPU what tensors took, else all it had."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
