"""Training data of the control tasks: windows of frames, drawn where they are needed.

Where frames can be drawn on the device, only states live there and every batch is drawn from them. Where they
cannot, other processes read them ahead of time, and the device waits for nothing but the copy.
"""

import os
from collections.abc import Iterable, Iterator

import torch
from torch import Generator, Tensor
from torch.utils.data import DataLoader, Dataset

from smwm_core.errors import SMWMError
from smwm_core.worlds import FrameSkip

_READERS = 16  # processes that read frames, if there are as many cores
# Stored frames are packed a hundred at a time, so a batch of windows from anywhere would unpack a hundred frames for
# each of them; it takes this many from each place instead.
_FROM_ONE_PLACE, _PLACE = 16, 100


class Windows:
    """All windows of ``history + 1`` frames in the training episodes of a world.

    Frames of a window are ``world.frameskip`` primitive steps apart; windows overlap. As in the original, a window
    takes whole blocks of steps, its last frame's included, so the last frames of an episode are never targets.

    Arguments:
        world: a planning task.
        history: number of frames before the last.
        device: where its states and actions are to live.
        seen: how many frames an encoder sees at once. Before each frame of a window then come those of the primitive
            steps right before it, and a window has ``seen`` times as many.
    """

    def __init__(self, world: FrameSkip, history: int, device: torch.device, seen: int = 1) -> None:
        training, frameskip, frames = world.split[0], world.frameskip, world.frames
        self.state, self.action = training.state.to(device), training.action.to(device)
        self.standardised = world.standardised
        moments = torch.arange(0, frameskip * history + 1, frameskip)
        offsets = (moments[:, None] + torch.arange(1 - seen, 1)).flatten()
        starts = training.starts(world.window_steps(history))
        starts = starts[training.step[starts] >= seen - 1]
        if frames:
            starts = starts[training.step[starts] % frameskip == 0]
            frames.prepare(training.state[(starts[:, None] + offsets).unique()])
        self.read, self.starts, self.frame_offsets = getattr(world, "read", None), starts.to(device), offsets.to(device)
        self.action_offsets = torch.arange(frameskip * history, device=device).view(history, frameskip)

    def __len__(self) -> int:
        return len(self.starts)

    def rows(self, numbers: Tensor) -> Tensor:
        """Windows ``(N,)`` → the rows of their frames in the training episodes, ``(N, (history + 1) · seen)``."""
        return self.starts[numbers, None] + self.frame_offsets

    def actions(self, numbers: Tensor) -> Tensor:
        """Windows ``(N,)`` → their standardised blocks of actions, ``(N, history, action_dim)``."""
        return self.standardised(self.action[self.starts[numbers, None, None] + self.action_offsets].flatten(2))


def shuffled(windows: Windows, numbers: Tensor, generator: Generator) -> Tensor:
    """Windows in random order, ``(N,)`` → ``(N,)``; sixteen from one place stay together where reading asks for it."""
    mixed = numbers[torch.randperm(len(numbers), generator=generator)]
    if windows.read is None or getattr(windows.read, "at_random", False):
        return mixed
    by_place = mixed[(windows.starts.cpu()[mixed] // _PLACE).argsort(stable=True)]
    whole = len(by_place) // _FROM_ONE_PLACE * _FROM_ONE_PLACE
    groups = by_place[:whole].view(-1, _FROM_ONE_PLACE)
    groups = groups[torch.randperm(len(groups), generator=generator)]
    return torch.cat([groups.flatten(), by_place[whole:]])


def feed(world: FrameSkip, windows: Windows, batches: Iterable[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
    """The frames and actions of batches, one after the other.

    Arguments:
        world: which draws or reads the frames.
        windows: of its training episodes.
        batches: numbers of windows, ``(N,)`` each, on the processor.

    Yields:
        frames ``(N, (history + 1) · seen, 3, H, W)`` in [0, 1] and actions ``(N, history, action_dim)``, on the
        windows' device.
    """
    device = windows.state.device
    if windows.read is None:
        for batch in batches:
            numbers = batch.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else batch
            states = windows.state[windows.rows(numbers)]
            yield world.render(states.flatten(0, 1)).unflatten(0, states.shape[:2]), windows.actions(numbers)
        return
    readers = min(_READERS, max(1, (os.cpu_count() or 1) - 1))
    pinned = device.type == "cuda"
    loader = DataLoader(
        _Reading(windows),
        sampler=batches,
        batch_size=None,
        num_workers=readers,
        pin_memory=pinned,
        multiprocessing_context="spawn",
        generator=torch.Generator(),  # or it would draw from that of dropout, at every start
    )
    for numbers, frames in loader:
        frames = frames.to(device, non_blocking=pinned)
        yield frames.float() / 255, windows.actions(numbers.to(device, non_blocking=pinned))


class _Reading(Dataset):
    """Batches of stored frames, for the processes that read them."""

    def __init__(self, windows: Windows) -> None:
        self.read = windows.read
        self.starts, self.frame_offsets = windows.starts.cpu(), windows.frame_offsets.cpu()

    def __getitem__(self, numbers: Tensor) -> tuple[Tensor, Tensor]:
        rows = self.starts[numbers, None] + self.frame_offsets
        frames = self.read(rows.flatten())
        if frames.dtype != torch.uint8 or len(frames) != rows.numel():
            raise SMWMError(
                f"{rows.numel()} frames were asked for; what was read is {frames.dtype} {tuple(frames.shape)}."
            )
        return numbers, frames.unflatten(0, rows.shape)
