"""Named, independent streams of randomness that all follow from one seed.

Training data, held-out data, weights and so on must not share a stream, or changing the size of
one would change the others. Nothing in the package touches torch's global generator for longer
than it takes to initialise a module.
"""

import hashlib
from contextlib import contextmanager

import torch


def stream_seed(seed: int, purpose: str) -> int:
    """A 63-bit seed for one purpose ("training data", "weights", …) of one run."""
    digest = hashlib.sha256(f"{seed}/{purpose}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def generator(seed: int, purpose: str, device: torch.device | str = "cpu") -> torch.Generator:
    """A fresh generator on ``device``, the same for the same seed and purpose."""
    return torch.Generator(device).manual_seed(stream_seed(seed, purpose))


@contextmanager
def initialising(seed: int, purpose: str):
    """Make module initialisation follow ``seed``, and leave torch's global generator as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(stream_seed(seed, purpose))
        yield
