"""Collecting episodes once and finding them again.

Episodes are collected in parts, each from a seed of its own, so the outcome does not depend on how many processes
share the work or how often it is interrupted; parts that are finished stay.
"""

from pathlib import Path

import torch

from smwm_core.errors import SMWMError
from smwm_core.seeds import generator
from smwm_core.storage import root
from smwm_core.storage.files import locked, make_parts
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
        SMWMError: a number that is no multiple of 20, another process is collecting them, or their file is damaged.
    """
    if count < PART or count % PART:
        raise SMWMError(f"Episodes are recorded in parts of {PART}; {count} is not a multiple of that.")
    whole = recording_path(name, count)
    if not whole.exists():
        with locked(whole.parent, "collecting episodes"):
            if not whole.exists():
                _collect(simulator, name, count, whole.parent, workers)
    return Episodes.load(whole, simulator)


def recording_path(name: str, count: int) -> Path:
    """The file of so many recorded episodes."""
    return root.data() / "cache" / "episodes" / f"{name}_{count}_{version(name)}" / "episodes.npz"


def _collect(simulator, name: str, count: int, folder: Path, workers: int | None) -> None:
    parts = {folder / f"part_{number}.npz": (simulator, name, number) for number in range(count // PART)}
    make_parts(_collect_part, parts, workers=workers, desc=f"collecting {name}", unit=f" × {PART} episodes")
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
