"""Collecting episodes once and finding them again.

Episodes are collected in parts, each from a seed of its own, so the outcome does not depend on how many processes
share the work or how often it is interrupted; parts that are finished stay.
"""

from collections.abc import Callable
from math import nextafter
from pathlib import Path

import torch

from smwm_core.errors import SMWMError
from smwm_core.seeds import generator
from smwm_core.storage import root
from smwm_core.storage.files import locked, make_parts, require_disk
from smwm_core.storage.versions import VERSIONS
from smwm_core.worlds.recorded.episodes import Episodes

PART = 20  # episodes


def recorded(simulator, name: str, count: int, *, workers: int | None = None) -> Episodes:
    """The recorded episodes of a simulator, collected on the first call.

    Arguments:
        simulator: with a ``collect`` method.
        name: of the recording, for its file and its seeds.
        count: number of episodes, a multiple of 20.
        workers: processes; by default one per core.

    Raises:
        SMWMError: their file is damaged, or what ``collect`` says.
    """
    collect(simulator, name, count, workers=workers)
    return Episodes.load(recording_path(name, count), simulator)


def collect(
    simulator, name: str, count: int, *, workers: int | None = None, pause: Callable[[], bool] | None = None
) -> None:
    """Record those episodes that are not there yet, part after part, until ``pause`` says yes.

    Raises:
        SMWMError: a number that is no multiple of 20, another process is collecting them, or the disk is too small.
    """
    if count < PART or count % PART:
        raise SMWMError(f"Episodes are recorded in parts of {PART}; {count} is not a multiple of that.")
    whole = recording_path(name, count)
    if whole.exists():
        return
    with locked(whole.parent, "collecting episodes"):
        if not whole.exists():
            _collect(simulator, name, count, whole.parent, workers, pause)


def share_recorded(name: str, count: int) -> float:
    """How much of a recording is there, from 0 to 1; 1 only if its file is, in which all parts are joined."""
    whole = recording_path(name, count)
    if whole.exists():
        return 1.0
    return min(PART * len(list(whole.parent.glob("part_*.npz"))) / count, nextafter(1.0, 0.0))


def collect_parts(simulator, name: str, numbers: dict[Path, int], **how) -> None:
    """Record those parts that are not there yet, each into its file; further arguments are those of ``make_parts``."""
    parts = {path: (simulator, name, number) for path, number in numbers.items()}
    make_parts(_collect_part, parts, desc=f"collecting {name}", unit=f" × {PART} episodes", **how)


def recording_path(name: str, count: int) -> Path:
    """The file of so many recorded episodes."""
    return root.data() / "cache" / "episodes" / f"{name}_{count}_{version(name)}" / "episodes.npz"


def _collect(simulator, name: str, count: int, folder: Path, workers: int | None, pause: Callable | None) -> None:
    episode = 4 * (simulator.episode_steps + 1) * (simulator.state_dim + simulator.action_dim)  # bytes, at most
    left = count * (2 - share_recorded(name, count))  # in parts, and in the file in which they are joined
    work = f"Recording {count:,} episodes into {root.shown(folder)}"
    require_disk(folder, left * episode, work, ", or ask for fewer")
    parts = {folder / f"part_{number}.npz": number for number in range(count // PART)}
    collect_parts(simulator, name, parts, workers=workers, pause=pause)
    if pause and pause():
        return
    loaded = [Episodes.load(part, simulator) for part in parts]
    columns = (torch.cat([getattr(part, column) for part in loaded]) for column in ("state", "action", "length"))
    Episodes(*columns).save(folder / "episodes.npz")
    for part in parts:
        part.unlink()


def _collect_part(path: Path, simulator, name: str, number: int) -> None:
    Episodes.from_padded(*simulator.collect(PART, generator(number, f"episodes of {name}"))).save(path)


def version(name: str) -> str:
    """The versions of what decides a recording, for the name of its folder; 0 for a simulator of your own.

    ``"pusht-pose"`` are other episodes of ``"pusht"``, by the same version.
    """
    return f"v{VERSIONS['recording']}.{VERSIONS.get(name.partition('-')[0], 0)}"
