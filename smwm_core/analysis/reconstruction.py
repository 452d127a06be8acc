"""How well a decoder draws frames from frozen latents, and how well a blind one would."""

import torch
from torch import Tensor

from smwm_core.losses.smwm import FOREGROUND_WEIGHT
from smwm_core.models import PixelDecoder


@torch.no_grad()
def decoder_mse(decoder: PixelDecoder, z: Tensor, frames: Tensor) -> float:
    """Mean squared error of decoded frames ``(N, 3, 64, 64)`` over all pixels and channels, each counted once."""
    return (decoder(z) - frames).square().mean().item()


def blind_mse(frames: Tensor) -> float:
    """The error of the one picture that is the best answer to all of these frames.

    Best under the foreground loss: every pixel is the mean of the frames, weighted as that loss weights them. A
    decoder that cannot tell the frames apart comes to this picture.

    Arguments:
        frames: ``(N, 3, H, W)`` in [0, 1].
    """
    weight = 1 + FOREGROUND_WEIGHT * (1 - frames)
    best = (weight * frames).sum(0) / weight.sum(0)
    return (best - frames).square().mean().item()
