"""What a training step costs, and what the machine could do: floating point operations and their rate."""

import time

import torch
from torch.utils.flop_counter import FlopCounterMode

from smwm_core.losses.objective import Objective
from smwm_core.seeds import generator
from smwm_core.training.config import ToyConfig
from smwm_core.training.toy import build_model
from smwm_core.worlds import make_world


def flops_per_transition(config: ToyConfig) -> int:
    """Floating point operations of one training step, divided by its transitions.

    Two for each multiply-add of convolutions and matrix products, counted while a real step runs:
    the forward pass over both frames and through both heads, and in the backward pass one product
    of the same size for the weights of each layer and one for its input. The first convolution
    needs none for its input, since frames have no gradient. Element-wise work, pooling and Adam are
    left out.
    """
    n, world, model = 8, make_world(config.world), build_model(config)
    batch = world.sample(n, generator(0, "flops"))
    with FlopCounterMode(display=False) as counter:
        z, z_next = model.encode(world.render(torch.cat([batch.state, batch.next_state]))).chunk(2)
        Objective()(model, z, batch.action, z_next)["loss"].backward()
    return counter.get_total_flops() // n


def matmul_gflops(device: torch.device) -> float:
    """Rate of square float32 matrix products in 1e9 operations per second, the best of 15: three sizes, five times."""
    rates = []
    for size in (1024, 1536, 2048):
        left, right = torch.randn(2, size, size, device=device)
        for _ in range(5):
            started = time.perf_counter()
            (left @ right)[0, 0].item()
            rates.append(2 * size**3 / (time.perf_counter() - started) / 1e9)
    return max(rates)
