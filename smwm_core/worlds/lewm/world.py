"""The worlds of the released data: blocks of their recorded episodes, with the frames that came with them.

``smwm data fetch TASK`` fetches an archive and names the command that unpacks it, beside it; the HDF5
file is found there by the archive's name. We take these names from others and have not seen inside the archives:
``tworoom.h5``, ``pusht_expert_train.h5``, ``reacher.h5`` and ``cube_single_expert.h5``, which may lie in a folder or
have a longer name.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from pathlib import Path

import numpy as np
import torch
from torch import Generator, Tensor

from smwm_core.errors import SMWMError, choose
from smwm_core.storage import root
from smwm_core.worlds.lewm.files import open_file, read_episodes, sides_by_source
from smwm_core.worlds.lewm.look import FRAME, LewmCube, LewmReacher, averaged
from smwm_core.worlds.lewm.release import RELEASES
from smwm_core.worlds.recorded.episodes import Episodes
from smwm_core.worlds.recorded.frameskip import TRAINING_SHARE, FrameSkip
from smwm_core.worlds.simulators.push_t import PushT
from smwm_core.worlds.simulators.two_room import TwoRoom

SIMULATORS = {"tworoom": TwoRoom, "pusht": PushT, "reacher": LewmReacher, "cube": LewmCube}
SLOWLY_DRAWN = {"reacher", "cube"}


def released(task: str, image_size: int = FRAME) -> "LewmFrameSkip":
    """The world of a released data set; its file is looked for when it is first needed.

    Arguments:
        task: tworoom, reacher, pusht or cube.
        image_size: of the frames, 224 as they are stored, or smaller.

    Raises:
        SMWMError: an unknown task, a package is missing, or a frame that is too small or too large.
    """
    simulator = choose("released data set", task, SIMULATORS)(image_size)
    return LewmFrameSkip(simulator, partial(_episodes, task), task=task, components=("lewm", task))


def released_file(task: str) -> Path:
    """The unpacked HDF5 file of a task, in ``data/cache/released/``.

    Raises:
        SMWMError: there is none, or more than one that it could be.
    """
    release = RELEASES[task]
    folder, stem = release.path.parent, release.path.name.partition(".")[0]
    found = sorted(folder.rglob(f"{stem}*.h5"))
    if not found:
        raise SMWMError(
            f"{root.shown(folder)} has no file {stem}*.h5; run `smwm data fetch {task}`, then `{release.unpacking}`."
        )
    if len(found) > 1:
        names = ", ".join(str(path.relative_to(folder)) for path in found)
        raise SMWMError(
            f"{root.shown(folder)} has {len(found)} files {stem}*.h5 ({names}); leave the one that "
            f"`smwm data fetch {task}` and `{release.unpacking}` make."
        )
    return found[0]


@dataclass(frozen=True, eq=False)
class StoredFrames:
    """Reads frames of a file at random. It can be pickled; each process opens the file once and keeps it open.

    Arguments:
        path: of the file.
        rows: the rows of the file that can be asked for, ``(R,)`` int64.
        image_size: the stored frames are averaged down to it.
    """

    path: Path
    rows: Tensor
    image_size: int

    def __call__(self, rows: Tensor) -> Tensor:
        """Places in ``rows``, ``(N,)`` int64 in any order, → ``(N, 3, H, W)`` uint8, in channels-last memory.

        Raises:
            SMWMError: places that are not in ``rows``, or a file that is missing or damaged.
        """
        if len(rows) and not 0 <= rows.min() <= rows.max() < len(self.rows):
            raise SMWMError(f"There are rows 0 to {len(self.rows) - 1} to read; others were asked for.")
        wanted, back = np.unique(self.rows[rows].numpy(), return_inverse=True)
        try:
            frames = _read(_opened(self.path, os.getpid())["pixels"], wanted)
        except OSError as error:
            raise SMWMError(f"A frame of {root.shown(self.path)} cannot be read ({error}).") from error
        return averaged(torch.from_numpy(frames[back]), self.image_size)


@dataclass(frozen=True, eq=False)
class LewmFrameSkip(FrameSkip):
    """FrameSkip of released episodes.

    TwoRoom and Push-T are drawn from their states. Reacher and Cube are slow to draw: training reads their frames,
    and planning draws in the look of the published ones.

    Arguments:
        task: tworoom, reacher, pusht or cube.
    """

    task: str = field(kw_only=True)

    @property
    def split(self) -> tuple[Episodes, Episodes]:
        """Training and held-out episodes, always the same ones; no source of episodes is on both sides."""
        return self._parts[:2]

    @cached_property
    def read(self) -> Callable[[Tensor], Tensor] | None:
        """Reads the frames of rows of the training episodes, as they are stored; None where the simulator draws them.

        ``(N,)`` int64 → ``(N, 3, H, W)`` uint8. It can be handed to other processes.
        """
        if self.task not in SLOWLY_DRAWN:
            return None
        return StoredFrames(released_file(self.task), self._parts[2], self.image_size)

    def describe(self) -> str:
        return f"{super().describe()}; released episodes"

    @cached_property
    def _parts(self) -> tuple[Episodes, Episodes, Tensor]:
        """Training and held-out episodes, and the file's row of each row for training."""
        episodes = self.record()
        training, held_out = sides_by_source(episodes, TRAINING_SHARE, Generator().manual_seed(0))
        places = zip(episodes.offset[training], episodes.length[training], strict=True)
        rows = torch.cat([torch.arange(first, first + n) for first, n in places])
        return episodes.select(training), episodes.select(held_out), rows


def _episodes(task: str) -> Episodes:
    return read_episodes(released_file(task), task)


@cache
def _opened(path: Path, process: int):
    """A file that stays open in this process; a forked one opens it anew."""
    return open_file(path)


def _read(pixels, wanted: np.ndarray) -> np.ndarray:
    """Sorted rows ``(N,)`` of ``(R, 224, 224, 3)``.

    A chunk of the file, a hundred frames as others say, is unpacked as a whole; so it is read only once, from the first
    row that is wanted of it to the last.
    """
    chunk = wanted // (pixels.chunks[0] if pixels.chunks else 1)
    parts = np.split(wanted, np.flatnonzero(np.diff(chunk)) + 1)
    frames = [pixels[part[0] : part[-1] + 1][part - part[0]] for part in parts if len(part)]
    return np.concatenate([np.empty((0, *pixels.shape[1:]), np.uint8), *frames])
