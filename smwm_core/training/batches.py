"""Batches to train on: somebody's own frames and actions, checked, and the order in which they come."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from smwm_core.errors import SMWMError
from smwm_core.models import WorldModel
from smwm_core.seeds import generator
from smwm_core.worlds.world import Transitions


def in_epochs(order: Callable[[int], Tensor], batch_size: int, done: int = 0) -> Iterator[Tensor]:
    """Batches of numbers from step ``done`` on, epoch after epoch; what does not fill a batch is left out.

    Arguments:
        order: gives the numbers of an epoch in their order, as many each time.
        batch_size: numbers per batch.
        done: batches to leave out at the start.
    """
    epoch, first = 0, order(0)
    epoch, batch = divmod(done, len(first) // batch_size)
    while True:
        batches = (order(epoch) if epoch else first).split(batch_size)
        yield from batches[batch : len(first) // batch_size]
        epoch, batch = epoch + 1, 0


def own_batches(batches, model: WorldModel, batch_size: int, seed: int) -> Callable[[int], Iterator]:
    """What ``fit`` was given, as a function that yields windows on the model's device from a step on.

    Raises:
        SMWMError: transitions, or later a batch, of a wrong shape, range or type, or fewer transitions than a batch.
    """
    if callable(batches):
        return batches
    device = next(model.parameters()).device
    if isinstance(batches, Transitions):
        o, a, o_next = (_tensor(part) for part in (batches.state, batches.action, batches.next_state))
        _require(o, a, o_next)
        if not 1 <= batch_size <= len(o):
            raise SMWMError(f"A batch of {batch_size} cannot be drawn from {len(o)} transitions.")

        def order(epoch: int) -> Tensor:
            return torch.randperm(len(o), generator=generator(seed, f"order of epoch {epoch}"))

        def drawn(done: int) -> Iterator:
            for numbers in in_epochs(order, batch_size, done):
                yield _window(o[numbers], a[numbers], o_next[numbers], device)

        return drawn
    if not isinstance(batches, Iterable):
        raise SMWMError(f"Batches are Transitions or an iterable of (o, a, o_next), not {type(batches).__name__}.")

    def read(done: int) -> Iterator:
        for batch in islice(batches, done, None):
            parts = tuple(batch) if isinstance(batch, list | tuple) else (batch,)
            parts = tuple(_tensor(part) for part in parts)
            if len(parts) == 2:
                _require_window(*parts)
                yield _frames(parts[0], device), parts[1].to(device).float()
            elif len(parts) == 3:
                _require(*parts)
                yield _window(*parts, device)
            else:
                raise SMWMError(f"A batch is (o, a, o_next) or (frames, actions); this one has {len(parts)} parts.")

    return read


def _tensor(values) -> Tensor:
    if isinstance(values, np.ndarray):
        try:
            return torch.from_numpy(values)
        except TypeError as error:
            raise SMWMError(f"Frames and actions are numbers, not {values.dtype}.") from error
    if not isinstance(values, Tensor):
        raise SMWMError(f"Frames and actions are tensors or arrays, not {type(values).__name__}.")
    return values


def _require(o: Tensor, a: Tensor, o_next: Tensor) -> None:
    if o.ndim != 4 or o.shape[1] != 3 or o.shape != o_next.shape or a.ndim != 2 or len(a) != len(o):
        raise SMWMError(
            "Frames have shape (N, 3, H, W), actions (N, A) and next frames the shape of frames; these have "
            f"{tuple(o.shape)}, {tuple(a.shape)} and {tuple(o_next.shape)}."
        )
    for part in (o, o_next):
        _require_values(part, a)


def _require_window(frames: Tensor, a: Tensor) -> None:
    if frames.ndim != 5 or frames.shape[2] != 3 or a.ndim != 3 or a.shape[:2] != (len(frames), frames.shape[1] - 1):
        raise SMWMError(
            "Windows have frames (N, T + 1, 3, H, W) and actions (N, T, A); these have "
            f"{tuple(frames.shape)} and {tuple(a.shape)}."
        )
    _require_values(frames, a)


def _require_values(frames: Tensor, a: Tensor) -> None:
    if frames.dtype != torch.uint8 and not frames.is_floating_point():
        raise SMWMError(f"Frames are floats in [0, 1] or bytes (uint8), not {frames.dtype}.")
    if frames.dtype != torch.uint8 and not (frames.numel() and frames.min() >= 0 and frames.max() <= 1):
        raise SMWMError("A frame has values outside [0, 1], or that are not numbers; bytes are taken as uint8.")
    if a.is_complex() or not torch.isfinite(a).all():
        raise SMWMError("An action is not finite.")


def _frames(frames: Tensor, device: torch.device) -> Tensor:
    frames = frames.to(device)
    return frames.float() / 255 if frames.dtype == torch.uint8 else frames.float()


def _window(o: Tensor, a: Tensor, o_next: Tensor, device: torch.device) -> tuple[Tensor, Tensor]:
    frames = torch.stack([_frames(o, device), _frames(o_next, device)])
    return frames.transpose(0, 1), a.to(device).float()[:, None]
