"""Reader for the HDF5 files that LeWorldModel and the paper were trained on.

Such a file has one data set per column, all episodes end to end: ``pixels (R, 224, 224, 3)`` uint8, ``action (R, A)``
whose last row of an episode is NaN (in Push-T's file it is not), ``ep_len`` and ``ep_offset (E,)``, and columns with
the simulator's state. Wide columns are compressed with Blosc, which needs the package hdf5plugin.

Source of the format: stable-worldmodel (github.com/galilai-group/stable-worldmodel), version 0.0.6. That Push-T's file
repeats each demonstration was measured by others on the file itself, not by us.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Generator, Tensor

from smwm_core.errors import SMWMError, choose
from smwm_core.storage import root
from smwm_core.worlds.recorded.episodes import Episodes

# Which columns, side by side, are the state of each task.
STATE_COLUMNS = {
    "tworoom": ("proprio",),
    "pusht": ("state",),
    "reacher": ("qpos", "qvel"),
    "cube": ("qpos", "qvel"),
}
_FRAME = (224, 224, 3)


def read_episodes(path: Path, task: str) -> Episodes:
    """States and actions of a file; its frames stay where they are.

    Arguments:
        path: of the file.
        task: tworoom, pusht, reacher or cube.

    Raises:
        SMWMError: the file is missing, damaged, lacks a column, or its columns do not fit together; the sentence
            names the file and the column.
    """
    columns = choose("task", task, STATE_COLUMNS)
    with open_file(path) as file:
        length = _column(file, path, "ep_len", np.integer, 1)
        offset = _column(file, path, "ep_offset", np.integer, 1)
        action = _column(file, path, "action", np.floating, 2).astype(np.float32)
        states = [_column(file, path, name, np.floating, 2) for name in columns]
        frames = file.get("pixels")
        if frames is None or frames.dtype != np.uint8 or frames.shape[1:] != _FRAME:
            found = "missing" if frames is None else f"{frames.dtype} {frames.shape}"
            raise SMWMError(
                f"The column 'pixels' of {root.shown(path)} should be uint8 (R, 224, 224, 3); it is {found}."
            )
        rows = len(frames)
    for name, values in {"action": action, **dict(zip(columns, states, strict=True))}.items():
        if len(values) != rows:
            raise SMWMError(
                f"The column {name!r} of {root.shown(path)} has {len(values)} rows, but 'pixels' has {rows}."
            )
    if length.sum() != rows or not np.array_equal(offset, np.cumsum(length) - length):
        raise SMWMError(
            f"The columns 'ep_len' and 'ep_offset' of {root.shown(path)} do not describe {rows} rows end to end."
        )
    action[offset + length - 1] = np.nan
    try:
        state = torch.from_numpy(np.concatenate(states, 1).astype(np.float32))
        return Episodes(state, torch.from_numpy(action), torch.from_numpy(length.astype(np.int64)))
    except SMWMError as error:
        raise SMWMError(f"{root.shown(path)} is broken: {error}") from error


def sides_by_source(episodes: Episodes, share: float, generator: Generator) -> tuple[Tensor, Tensor]:
    """The numbers of the episodes on two sides that share no source; the first gets this share of the sources.

    Push-T's file has 185 recorded demonstrations, each followed by a hundred noisy repetitions from the same first
    state. A split by episode would put repetitions of one demonstration on both sides.

    Raises:
        SMWMError: there are too few sources for such a split.
    """
    source = sources(episodes)
    count = int(source.max()) + 1
    cut = round(share * count)
    if not 0 < cut < count:
        raise SMWMError(f"{count} sources of episodes cannot be split {share:g} to {1 - share:g}.")
    first = torch.isin(source, torch.randperm(count, generator=generator)[:cut])
    return torch.nonzero(first)[:, 0], torch.nonzero(~first)[:, 0]


def sources(episodes: Episodes) -> Tensor:
    """A number for each episode, ``(E,)`` from 0; episodes that begin in exactly the same state have the same one."""
    return torch.unique(episodes.state[episodes.offset], dim=0, return_inverse=True)[1]


def open_file(path: Path, mode: str = "r"):
    """A file, opened to be read, or with ``"w"`` written anew: an ``h5py.File``.

    Raises:
        SMWMError: a package is missing, or the file is missing or damaged.
    """
    try:
        import h5py
        import hdf5plugin  # noqa: F401 - registers Blosc
    except ImportError as error:
        raise SMWMError(f"This needs the package {error.name}; run `pip install -r requirements-sim.txt`.") from error
    if mode == "r" and not path.exists():
        raise SMWMError(f"There is no file {root.shown(path)}.")
    try:
        return h5py.File(path, mode)
    except OSError as error:
        raise SMWMError(f"{root.shown(path)} is no complete HDF5 file ({error}).") from error


def _column(file, path: Path, name: str, kind: type, dimensions: int) -> np.ndarray:
    if name not in file:
        raise SMWMError(f"{root.shown(path)} has no column {name!r}; it has {', '.join(sorted(file)) or 'none'}.")
    data = file[name]
    if not np.issubdtype(data.dtype, kind) or data.ndim != dimensions:
        raise SMWMError(
            f"The column {name!r} of {root.shown(path)} is {data.dtype} {data.shape}, which is not expected."
        )
    try:
        return data[:]
    except OSError as error:
        raise SMWMError(f"The column {name!r} of {root.shown(path)} cannot be read ({error}).") from error
