"""Somebody's own observations and actions, checked and put together for a check-up."""

from collections.abc import Callable, Iterable

import numpy as np
import torch
from torch import Tensor, nn

from smwm_core.errors import SMWMError
from smwm_core.models.encoder import seen_together
from smwm_core.worlds.world import Transitions

MOST = 4_000  # transitions


def gathered(batches: Transitions | Iterable | Callable) -> tuple[Tensor, Tensor]:
    """What ``fit`` takes as batches, put together: observations ``(N, T + 1, …)`` and actions ``(N, T, A)``.

    Windows are taken in the order in which they come, until there are 4,000 transitions.

    Raises:
        SMWMError: no data, wrong or differing shapes, frames outside [0, 1], or numbers that are not finite.
    """
    given = batches(0) if callable(batches) else batches
    if isinstance(given, Transitions):
        given = [(given.state, given.action, given.next_state)]
    elif isinstance(given, list | tuple) and len(given) == 2 and all(isinstance(g, Tensor | np.ndarray) for g in given):
        given = [given]
    if not isinstance(given, Iterable):
        raise SMWMError(f"A check-up takes Transitions, windows or an iterable of them, not {type(given).__name__}.")
    parts, count = [], 0
    for batch in given:
        parts.append(_window(batch))
        count += parts[-1][1].shape[:2].numel()
        if count >= MOST:
            break
    if not parts:
        raise SMWMError("A check-up needs data; there is no batch.")
    if len({(o.shape[1:], a.shape[1:]) for o, a in parts}) > 1:
        raise SMWMError("The batches of a check-up have windows of one shape; these differ.")
    o, a = (torch.cat(part) for part in zip(*parts, strict=True))
    use = max(1, MOST // a.shape[1])
    return o[:use], a[:use]


def _window(batch) -> tuple[Tensor, Tensor]:
    parts = tuple(batch) if isinstance(batch, list | tuple) else (batch,)
    if not all(isinstance(p, Tensor) or (isinstance(p, np.ndarray) and p.dtype.kind in "fiub") for p in parts):
        raise SMWMError("Observations and actions are tensors or arrays of numbers.")
    parts = tuple(torch.as_tensor(part).detach() for part in parts)
    shapes = ", ".join(str(tuple(part.shape)) for part in parts)
    if len(parts) == 3 and parts[0].shape == parts[2].shape and parts[1].ndim == 2:
        parts = torch.stack([parts[0], parts[2]], 1), parts[1][:, None]
    right = len(parts) == 2 and parts[0].ndim >= 3 and parts[1].ndim == 3
    if not right or parts[0].shape[:2] != (len(parts[1]), parts[1].shape[1] + 1):
        raise SMWMError(
            "A batch is (o, a, o_next) of shapes (N, …), (N, A) and (N, …), or windows (N, T + 1, …) with actions "
            f"(N, T, A), not {shapes}."
        )
    o, a = parts
    if not a.numel():
        raise SMWMError("A check-up needs actions; these have no numbers.")
    o = o.float() / 255 if o.dtype == torch.uint8 else o.float()
    if not (torch.isfinite(o).all() and torch.isfinite(a).all()):
        raise SMWMError("An observation or an action is not finite.")
    if o.ndim == 5 and o.shape[2] == 3 and not 0 <= o.min() <= o.max() <= 1:
        raise SMWMError("A frame has values outside [0, 1]; bytes are taken as uint8.")
    return o, a.float()


def moments_of(o: Tensor, a: Tensor, frames: int) -> tuple[Tensor, Tensor]:
    """What an encoder of ``frames`` frames sees at every moment of the windows, and the actions between these moments.

    Windows of moments, with all that the encoder sees side by side in each, stay as they are.

    Raises:
        SMWMError: windows with fewer than two moments.
    """
    seen = seen_together(o, frames)
    if seen.shape[1] < 2:
        raise SMWMError(f"A model that sees {frames} frames needs windows of {frames + 1} or more, not {o.shape[1]}.")
    return seen, a[:, o.shape[1] - seen.shape[1] :]


@torch.no_grad()
def encoded_moments(encoder: nn.Module, seen: Tensor, device: torch.device) -> Tensor:
    """What an encoder sees, ``(N, M, …)`` → latents ``(N, M, Z)`` on the device.

    Raises:
        SMWMError: observations that the encoder does not read.
    """
    try:
        z = torch.cat([encoder(part.to(device)) for part in seen.flatten(0, 1).split(256)])
    except RuntimeError as error:
        why = str(error).splitlines()[0]
        raise SMWMError(f"The encoder refuses observations of shape {tuple(seen.shape[2:])}: {why}") from error
    return z.unflatten(0, seen.shape[:2])
