"""What the machine could do: the rate of its floating point operations."""

import time

import torch


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
