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


@contextmanager
def own_random_numbers(device: torch.device, seed: int):
    """Dropout draws from torch's global generators; leave them as they were, and those of other devices alone."""
    on_gpu = device.type == "cuda"
    with torch.random.fork_rng(devices=[device] if on_gpu else []):
        torch.default_generator.manual_seed(seed)
        if on_gpu:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield


def random_state(device: torch.device) -> dict[str, torch.Tensor]:
    """The state of the global generators that dropout draws from on a device."""
    state = {"cpu": torch.get_rng_state()}
    return state | ({"cuda": torch.cuda.get_rng_state(device)} if device.type == "cuda" else {})


def set_random_state(state: dict[str, torch.Tensor], device: torch.device) -> None:
    """Go on drawing from where ``random_state`` was taken."""
    torch.set_rng_state(state["cpu"].cpu())
    if device.type == "cuda":
        torch.cuda.set_rng_state(state["cuda"].cpu(), device)
