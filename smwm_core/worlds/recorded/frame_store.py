"""Frames that are drawn once and kept, for simulators that draw slowly.

They are drawn in parts, so an interrupted drawing goes on, and the outcome does not depend on how many processes share
the work.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from smwm_core.storage import root
from smwm_core.storage.files import locked, make_parts, require_disk, write_whole
from smwm_core.storage.reading import mapped_array
from smwm_core.storage.schemas import FRAMES
from smwm_core.storage.versions import VERSIONS

PART = 1_000  # frames


class FrameStore:
    """The frames of many states.

    Arguments:
        simulator: which draws them.
        name: of the world, for the folder that they are kept in.
        workers: processes; by default one per core.
    """

    def __init__(self, simulator, name: str, workers: int | None = None) -> None:
        self.simulator, self.name, self.workers = simulator, name, workers
        self._ready, self._number, self._frames = "", {}, None

    def prepare(self, states: Tensor) -> None:
        """Draw these states, ``(R, S)``, unless they are the ones that were drawn last.

        Raises:
            SMWMError: another process is drawing them, or a file is damaged.
        """
        rows = np.unique(states.float().numpy(), axis=0)
        digest = self._digest(rows)
        if digest == self._ready:
            return
        folder = root.data() / "cache" / "frames" / f"{self.name}_{digest}"
        whole = folder / "frames.npy"
        if not whole.exists():
            with locked(folder, "drawing frames"):
                if not whole.exists():
                    self._draw(rows, folder, whole)
        self._frames = self._mapped(whole, len(rows))
        self._number = {row.tobytes(): number for number, row in enumerate(rows)}
        self._ready = digest

    def __call__(self, state: Tensor) -> Tensor:
        """States ``(N, S)`` → ``(N, 3, H, W)`` float32 in [0, 1], in channels-last memory, on the state's device.

        What was not prepared is drawn on the spot.
        """
        rows = state.float().cpu().numpy()
        numbers = np.array([self._number.get(row.tobytes(), -1) for row in rows])
        size = self.simulator.image_size
        frames = np.empty((len(rows), size, size, 3), np.uint8)
        known = numbers >= 0
        if known.any():
            frames[known] = self._frames[numbers[known]]
        if not known.all():
            frames[~known] = to_bytes(self.simulator.render(state[torch.from_numpy(~known).to(state.device)]))
        return torch.from_numpy(frames).to(state.device).permute(0, 3, 1, 2).float() / 255

    def _draw(self, rows: np.ndarray, folder: Path, whole: Path) -> None:
        parts = {folder / f"part_{k}.npy": (self.simulator, rows[k : k + PART]) for k in range(0, len(rows), PART)}
        size = self.simulator.image_size
        left = 2 * len(rows) - PART * sum(path.exists() for path in parts)  # in parts, and in the file of all of them
        work = f"Drawing {len(rows):,} frames into {root.shown(folder)}"
        require_disk(folder, left * 3 * size**2, work, ", or ask for fewer episodes")
        desc, unit = f"drawing {self.name}", f" × {PART} frames"
        make_parts(_draw_part, parts, workers=self.workers, desc=desc, unit=unit)
        drawn = (self._mapped(path, len(states)) for path, (_, states) in parts.items())
        write_whole(whole, lambda unfinished: _join(unfinished, drawn, (len(rows), size, size, 3)))
        for part in parts:
            part.unlink()

    def _mapped(self, path: Path, count: int) -> np.ndarray:
        remedy = "delete it to draw the frames anew"
        return mapped_array(path, FRAMES, remedy, N=count, H=self.simulator.image_size)

    def _digest(self, rows: np.ndarray) -> str:
        """Eight hexadecimal digits of what is drawn, how large, and of the version of what draws it."""
        identity = f"{self.name} {VERSIONS.get(self.name, 0)} {self.simulator.image_size}".encode() + rows.tobytes()
        return hashlib.sha256(identity).hexdigest()[:8]


def to_bytes(frames: Tensor) -> np.ndarray:
    """Frames ``(N, 3, H, W)`` in [0, 1] → ``(N, H, W, 3)`` uint8."""
    return (frames * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()


def _draw_part(path: Path, simulator, states: np.ndarray) -> None:
    frames = to_bytes(simulator.render(torch.from_numpy(states)))
    write_whole(path, lambda unfinished: _save(unfinished, frames))


def _save(path: Path, frames: np.ndarray) -> None:
    with path.open("wb") as file:
        np.save(file, frames)


def _join(path: Path, parts: Iterable[np.ndarray], shape: tuple[int, ...]) -> None:
    """Write the frames of parts into one file, a part at a time: all of them may not fit into memory."""
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
        for part in parts:
            file.write(part.tobytes())
