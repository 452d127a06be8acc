"""Which device a user meant."""

import contextlib
import os
import platform
import re
import resource
import sys
import warnings
from collections.abc import Iterator
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
        name = "cuda" if _usable() else "cpu"
    if not re.fullmatch(r"cpu|cuda(:(0|[1-9][0-9]?))?", name):
        raise SMWMError(f"There is no device named {name!r}; choose auto, cpu, cuda or cuda:N.")
    device = torch.device(name)
    if device.type == "cuda" and not elsewhere and (device.index or 0) >= _usable():
        raise SMWMError(f"Device {name!r} is not here: torch sees {seen_gpus()}; use device cpu or auto.")
    return device


def seen_gpus() -> str:
    """How many GPUs torch can use; if none, what it was built for and what it says, as of a driver that is too old."""
    if count := _usable():
        return f"{count} CUDA devices"
    build = f"CUDA {torch.version.cuda}" if torch.version.cuda else "processors"
    return f"0 CUDA devices (its build {torch.__version__} is for {build}{_complaint()})"


def _usable() -> int:
    """How many GPUs torch can use. What it warns of is left to ``seen_gpus``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.cuda.device_count() if torch.cuda.is_available() else 0


def _complaint() -> str:
    try:
        if torch.version.cuda:
            torch.cuda.init()
    except RuntimeError as error:
        return "; " + re.split(r"\.\s|\.?$|\n", str(error).strip())[0]
    return ""


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


@contextlib.contextmanager
def a_lost_card_in_one_sentence(work: str) -> Iterator[None]:
    """Say in one sentence that a GPU has no memory left, or does not answer any more, while it does some work."""
    try:
        yield
    except RuntimeError as error:
        if said := about_a_lost_card(type(error).__name__, str(error), work):
            raise SMWMError(said) from error
        raise


def about_a_lost_card(kind: str, words: str, work: str) -> str:
    """What the name and the words of an error say of a GPU, in one sentence; nothing where they speak of none."""
    if kind == torch.OutOfMemoryError.__name__:
        return (
            f"The GPU ran out of memory in {work}; what was saved stays. Stop what else uses it, and give the same "
            "command again."
        )
    told = (words.strip().splitlines() or [kind])[0]
    if kind != torch.AcceleratorError.__name__ and not re.search("CUDA|CUBLAS|CUDNN|cuDNN", told):
        return ""
    return (
        f"The GPU was lost in {work} ({told.rstrip('.')}); what was saved stays, and the same command goes on from "
        "there in a new process."
    )


def peak_memory_bytes(device: torch.device) -> int:
    """The most memory that this process had so far: of a GPU what tensors took, else all it had."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
