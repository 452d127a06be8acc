"""Reader for the HDF5 files that LeWorldModel and the paper were trained on.

Such a file has one data set per column, all episodes end to end: ``pixels (R, 224, 224, 3)`` uint8, ``action (R, A)``
whose last row of an episode is NaN (in Push-T's file it is not), ``ep_len`` and ``ep_offset (E,)``, and columns with
the simulator's state. Wide columns are compressed with Blosc, which needs the package hdf5plugin.

Source of the format: stable-worldmodel (github.com/galilai-group/stable-worldmodel), version 0.0.6. That Push-T's file
repeats each demonstration was measured by others on the file itself, not by us.
"""

from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from torch import Generator, Tensor

from smwm_core.errors import SMWMError, choose
from smwm_core.storage import root
from smwm_core.storage.reading import parsing, require_columns, require_values
from smwm_core.storage.schemas import STATES, released
from smwm_core.worlds.recorded.episodes import Episodes

_REMEDY = "unpack or fetch it again"
_TIGHTEST = 1_000  # times that a column can be larger than what is stored of it


def read_episodes(path: Path, task: str) -> Episodes:
    """States and actions of a file; its frames stay where they are.

    Arguments:
        path: of the file.
        task: tworoom, pusht, reacher or cube.

    Raises:
        SMWMError: the file is missing, damaged or of another task, lacks a column, or its columns do not fit together;
            the sentence names the file and the column.
    """
    states = choose("task", task, STATES)
    columns = released(task)
    with open_file(path) as file, parsing(path, _REMEDY):
        found = {name: _column(file, name) for name in columns if name in file}
        require_columns(path, {name: (data.dtype, data.shape) for name, data in found.items()}, columns, _REMEDY)
        rows = len(found.pop("pixels"))
        values = {name: data[:] for name, data in found.items()}
    require_values(path, values, columns, _REMEDY)
    action = values["action"].astype(np.float32)
    length, offset = (values[name].astype(np.int64) for name in ("ep_len", "ep_offset"))
    if length.max() > rows or length.sum() != rows or not np.array_equal(offset, np.cumsum(length) - length):
        raise SMWMError(
            f"The columns 'ep_len' and 'ep_offset' of {root.shown(path)} do not describe {rows} rows end to end."
        )
    action[offset + length - 1] = np.nan
    try:
        state = torch.from_numpy(np.concatenate([values[name] for name in states], 1).astype(np.float32))
        return Episodes(state, torch.from_numpy(action), torch.from_numpy(length))
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


def open_file(path: Path):
    """A file, opened to be read: an ``h5py.File``.

    Raises:
        SMWMError: a package is missing, or the file is missing or damaged.
    """
    h5py, _ = packages()
    if not path.exists():
        raise SMWMError(f"There is no file {root.shown(path)}.")
    with parsing(path, _REMEDY):
        return h5py.File(path, "r")


def packages() -> tuple[ModuleType, ModuleType]:
    """``h5py``, and ``hdf5plugin``, with which it reads and writes Blosc and Zstandard.

    Raises:
        SMWMError: one of them is missing.
    """
    try:
        import h5py
        import hdf5plugin
    except ImportError as error:
        raise SMWMError(f"This needs the package {error.name}; run `pip install -r requirements-sim.txt`.") from error
    return h5py, hdf5plugin


def _column(file, name: str):
    """A data set whose bytes are all in this file, and not much fewer than it declares.

    Raises:
        ValueError: something else has that name.
    """
    import h5py

    data = file[name] if isinstance(file.get(name, getlink=True), h5py.HardLink) else None
    if not isinstance(data, h5py.Dataset) or data.external or data.is_virtual:
        raise ValueError(f"its column {name!r} is no data set of its own")
    if data.nbytes > _TIGHTEST * data.id.get_storage_size():
        raise ValueError(f"its column {name!r} declares {data.shape}, far more than is stored")
    return data
