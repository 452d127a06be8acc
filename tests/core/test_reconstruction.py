"""A claim about the error of decoded frames: what the best blind answer is."""

import pytest
import torch

from smwm_core.analysis.reconstruction import blind_mse
from smwm_core.losses.smwm import foreground_loss
from smwm_core.seeds import generator


def test_no_single_picture_has_a_lower_foreground_loss_than_the_blind_one():
    frames = torch.rand(6, 3, 4, 4, generator=generator(0, "test"))
    picture = torch.full((1, 3, 4, 4), 0.5, requires_grad=True)
    optimizer = torch.optim.Adam([picture], lr=0.02)
    for _ in range(600):
        optimizer.zero_grad()
        foreground_loss(picture.expand_as(frames), frames).backward()
        optimizer.step()
    assert blind_mse(frames) == pytest.approx((picture - frames).square().mean().item(), rel=1e-3)
    assert blind_mse(frames[:1]) == pytest.approx(0, abs=1e-12)
