"""What both ways of training share: what they leave behind, and when they look at it."""

from dataclasses import dataclass

import numpy as np

from smwm_core.models import WorldModel

SNAPSHOT_FRAMES = 256
REFRESH_EVERY = 20


@dataclass
class Trained:
    """What training leaves behind.

    Arguments:
        model: the trained model.
        losses: per term an array ``(steps,)``.
        snapshot_steps: the steps after which the fixed frames were encoded, ``(S,)``; 0 is before
            training, and the distances grow.
        snapshots: their latents, ``(S, 256, Z)``.
        seconds: time spent training, all sittings added.
    """

    model: WorldModel
    losses: dict[str, np.ndarray]
    snapshot_steps: np.ndarray
    snapshots: np.ndarray
    seconds: float


def snapshot_steps(steps: int) -> list[int]:
    """0, the powers of √2 below ``steps`` (rounded), and ``steps``: dense where collapse happens."""
    powers = (round(2 ** (k / 2)) for k in range(2 * steps.bit_length()))
    return sorted({0, *(step for step in powers if step < steps), steps})
