"""What benchmarks leave behind: metrics in a result file, in the form of every other, and in a table."""

import json
import re
import statistics

import torch

from smwm_book.experiments.provenance import provenance
from smwm_book.experiments.results import result_path
from smwm_core.storage import root
from smwm_core.storage.files import write_text


def metric(name: str, values: list[float], unit: str) -> dict:
    """An entry of a result file; what was measured once has no spread."""
    low, high = (min(values), max(values)) if len(values) > 1 else (None, None)
    summary = {"name": name, "value": statistics.median(values), "low": low, "high": high, "n": len(values)}
    return {**summary, "paper": None, "unit": unit, "per_seed": []}


def write(
    benchmark: str,
    found: dict[str, list[float]],
    units: dict[str, str],
    device: torch.device,
    seconds: float,
    command: str,
) -> str:
    """Write ``data/results/benchmarks/<machine kind>_<benchmark>.json``; returns it as a table to print.

    Arguments:
        benchmark: its name.
        found: every metric, with one value per repeat.
        units: of those metrics that have one, by the second part of their names.
        device: on which they were measured.
        seconds: that measuring took.
        command: what was typed.
    """
    metrics = [metric(name, values, units.get(name.split(".")[1], "1")) for name, values in sorted(found.items())]
    origin = provenance(device, command, seconds)
    content = {"figure": "benchmarks", "preset": benchmark, "seeds": [], "metrics": metrics, "provenance": origin}
    on_cpu = device.type == "cpu"
    name = f"cpu {torch.get_num_threads()} threads" if on_cpu else f"gpu {torch.cuda.get_device_name(device)}"
    path = result_path("benchmarks", re.sub(r"\W+", "-", name.lower()) + f"_{benchmark}")
    write_text(path, json.dumps(content, indent=2, allow_nan=False) + "\n")

    lines = []
    for entry in metrics:
        spread = "" if entry["low"] is None else f"[{entry['low']:.4g}, {entry['high']:.4g}]"
        lines.append(f"{entry['name']:<44} {entry['value']:>10.4g} {entry['unit']:<8} {spread}".rstrip())
    return "\n".join([*lines, f"written to {root.shown(path)}"])
