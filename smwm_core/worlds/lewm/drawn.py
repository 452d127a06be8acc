"""Reacher and Cube as the released data have them, recorded and drawn here: nothing is downloaded.

Their agents and their look are the published ones. Each frame of the training episodes is drawn once, at 224 px, and
kept compressed, eight to a chunk: neighbours share most of their pixels, so a frame of Reacher takes 3.8 kB (a PNG 12,
Blosc with LZ4 27), and one core unpacks 8,000 from anywhere in a second, far more than a GPU asks of it.
"""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from smwm_core.errors import SMWMError, choose
from smwm_core.storage import root
from smwm_core.storage.files import locked, make_parts, require_disk, write_whole
from smwm_core.storage.versions import VERSIONS
from smwm_core.worlds.lewm.files import packages
from smwm_core.worlds.lewm.look import FRAME, LewmCube, LewmReacher, averaged
from smwm_core.worlds.lewm.world import _opened, _read
from smwm_core.worlds.recorded.frame_store import to_bytes
from smwm_core.worlds.recorded.frameskip import FrameSkip
from smwm_core.worlds.recorded.recording import recorded, recording_path
from smwm_core.worlds.world import Simulator

EPISODES = 10_000  # as many as the released files are said to hold
PART, CHUNK = 1_000, 8  # frames of a file, and of what is unpacked together
COMPRESSION = 9  # of Zstandard
FRAME_BYTES = 20_000  # at most, of a stored frame, for the disk that is asked for
# What moves and draws each task, and the name of its recording.
_TASKS = {"reacher": (partial(LewmReacher, torques="fresh"), "reacher-fresh"), "cube": (LewmCube, "cube")}


def drawn(task: str, count: int = EPISODES, image_size: int = FRAME) -> "DrawnFrameSkip":
    """The world of a task in its published look; episodes are recorded and frames drawn when they are first needed.

    Arguments:
        task: reacher or cube.
        count: of episodes, a multiple of 20.
        image_size: of the frames, 224 as they are stored, or smaller.

    Raises:
        SMWMError: an unknown task, a package is missing, or a frame that is too small or too large.
    """
    build, recording = drawn_task(task)
    simulator = build(image_size=image_size)
    return DrawnFrameSkip(
        simulator,
        partial(recorded, simulator, recording, count),
        components=("lewm", "recording", task),
        recording=partial(recording_path, recording, count),
    )


def drawn_task(task: str) -> tuple[Callable[..., Simulator], str]:
    """What moves and draws a task that is drawn once, and the name of its recording."""
    return choose("task that is drawn once", task, _TASKS)


@dataclass(frozen=True, eq=False)
class DrawnFrameSkip(FrameSkip):
    """FrameSkip whose training frames are read, not drawn; planning draws in the same look.

    Arguments:
        recording: names the file of its episodes, where they are recorded here.
    """

    recording: Callable[[], Path] | None = None

    @cached_property
    def read(self) -> "DrawnFrames":
        """Reads the frames of rows of the training episodes, which are drawn first where they are not there."""
        self.draw()
        return DrawnFrames(self._folder, len(self.split[0].state), self.image_size, PART)

    def draw(self, pause: Callable[[], bool] | None = None) -> None:
        """Draw those training frames that are not there yet, file after file, until ``pause`` says yes.

        Raises:
            SMWMError: another process is drawing them, or the disk is too small.
        """
        states = self.split[0].state
        parts = {path: states[k * PART : (k + 1) * PART] for k, path in enumerate(self._paths)}
        missing = sum(not path.exists() for path in parts)
        if not missing:
            return
        folder = self._folder
        with locked(folder, "drawing frames"):
            work = f"Drawing {missing * PART:,} frames into {root.shown(folder)}"
            require_disk(folder, missing * PART * FRAME_BYTES, work, ", or ask for fewer episodes")
            self.draw_parts(parts, pause=pause)

    def share_drawn(self) -> float:
        """How much of the training frames is there, from 0 to 1; records no episodes."""
        if self.recording and not self.recording().exists():
            return 0.0
        return sum(path.exists() for path in self._paths) / len(self._paths)

    def draw_parts(self, parts: dict[Path, Tensor], pause: Callable[[], bool] | None = None) -> None:
        """Draw states ``(N, S)`` for each file that is not there yet and pack them, as the frames of training are."""
        whole = replace(self.simulator, image_size=FRAME)
        unit = f" × {len(next(iter(parts.values())))} frames"
        jobs = {path: (whole, states) for path, states in parts.items()}
        make_parts(_draw_part, jobs, workers=None, desc=f"drawing {self._name}", unit=unit, pause=pause)

    @property
    def _name(self) -> str:
        return type(self.simulator).__name__.lower()

    @property
    def _folder(self) -> Path:
        return root.data() / "cache" / "frames" / f"{self._name}_{self._identity}"

    @cached_property
    def _identity(self) -> str:
        drawn = f"{self._name} {VERSIONS['lewm']}".encode() + self.split[0].state.float().numpy().tobytes()
        return hashlib.sha256(drawn).hexdigest()[:8]

    @property
    def _paths(self) -> list[Path]:
        return [_path(self._folder, part) for part in range(-(-len(self.split[0].state) // PART))]

    def describe(self) -> str:
        return f"{super().describe()}; in the look of the released frames"


@dataclass(frozen=True, eq=False)
class DrawnFrames:
    """Reads drawn frames at random. It can be pickled; each process opens the files once and keeps them open.

    Arguments:
        folder: of the files.
        rows: how many frames there are.
        image_size: the stored frames are averaged down to it.
        per_file: frames of each file.
    """

    folder: Path
    rows: int
    image_size: int
    per_file: int
    at_random = True  # a batch may be from anywhere

    def __call__(self, rows: Tensor) -> Tensor:
        """Rows of the training episodes, ``(N,)`` int64 in any order, → ``(N, 3, H, W)`` uint8, channels last.

        Raises:
            SMWMError: rows that there are not, or a file that is missing or damaged.
        """
        if len(rows) and not 0 <= rows.min() <= rows.max() < self.rows:
            raise SMWMError(f"There are rows 0 to {self.rows - 1} to read; others were asked for.")
        wanted, back = np.unique(rows.numpy(), return_inverse=True)
        frames = [np.empty((0, FRAME, FRAME, 3), np.uint8)]
        for part in np.unique(wanted // self.per_file):
            path, here = _path(self.folder, part), wanted[wanted // self.per_file == part] - part * self.per_file
            try:
                pixels = _opened(path, os.getpid())["pixels"]
                if (pixels.shape[1:], pixels.dtype) != ((FRAME, FRAME, 3), np.uint8):
                    raise ValueError(f"its frames are {pixels.dtype} {pixels.shape[1:]}, not uint8 of {FRAME} px")
                frames.append(_read(pixels, here))
            except (OSError, KeyError, ValueError) as error:
                raise SMWMError(
                    f"A frame of {root.shown(path)} cannot be read ({error}); delete the file to draw it anew."
                ) from error
        return averaged(torch.from_numpy(np.concatenate(frames)[back]), self.image_size)


def _path(folder: Path, part: int) -> Path:
    return folder / f"part_{part}.h5"


def _draw_part(path: Path, simulator, states: Tensor) -> None:
    frames = to_bytes(simulator.render(states))
    write_whole(path, lambda unfinished: _save(unfinished, frames))


def _save(path: Path, frames: np.ndarray) -> None:
    h5py, hdf5plugin = packages()
    chunk = (min(CHUNK, len(frames)), *frames.shape[1:])
    with h5py.File(path, "w") as file:
        file.create_dataset("pixels", data=frames, chunks=chunk, **hdf5plugin.Zstd(clevel=COMPRESSION))
