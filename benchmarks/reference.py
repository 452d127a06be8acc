"""A straightforward reference: the single-dot run as a plain script would write it.

Frames are drawn one sample at a time with numpy and stored as float32, a default ``DataLoader``
hands them out, the two frames of a transition are encoded one after the other in the default
memory layout, Adam has its default settings, and every loss is read at every step. World, model,
objective, batch and optimiser step are those of ``smwm_core``; only the way they are computed differs.
"""

import time

import numpy as np
import torch
from torch.nn.functional import mse_loss
from torch.utils.data import DataLoader, TensorDataset

from smwm_core.models import WorldModel

_Y, _X = np.mgrid[:64, :64]


def draw(x: int, y: int) -> np.ndarray:
    """One red dot of radius 2 px on white: a frame ``(3, 64, 64)`` float32 in [0, 1]."""
    frame = np.ones((3, 64, 64), dtype=np.float32)
    frame[1:, (_X - x) ** 2 + (_Y - y) ** 2 <= 4] = 0
    return frame


def build(n: int, seed: int) -> TensorDataset:
    """Draw and store ``n`` transitions of the world ``dots/single``.

    Returns:
        frames ``(n, 3, 64, 64)``, actions ``(n, 2)`` in [-1, 1] and next frames, all float32.
    """
    rng = np.random.default_rng(seed)
    o = np.empty((n, 3, 64, 64), dtype=np.float32)
    a = np.empty((n, 2), dtype=np.float32)
    o_next = np.empty((n, 3, 64, 64), dtype=np.float32)
    for i in range(n):
        x, y = rng.integers(18, 46, size=2)
        dx, dy = rng.integers(-16, 17, size=2)
        o[i] = draw(x, y)
        a[i] = dx / 16, dy / 16
        o_next[i] = draw(x + dx, y + dy)
    return TensorDataset(torch.from_numpy(o), torch.from_numpy(a), torch.from_numpy(o_next))


def train(data: TensorDataset, batch_size: int, steps: int, device: torch.device) -> float:
    """Train a fresh toy model, as many epochs as ``steps`` need.

    Returns:
        seconds from the first batch to the last loss.
    """
    model = WorldModel.toy(action_dim=2).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-4)
    loader = DataLoader(data, batch_size=batch_size, shuffle=True, drop_last=True)
    history: list[tuple[float, float, float]] = []
    started = time.perf_counter()
    while len(history) < steps:
        for batch in loader:
            o, a, o_next = (part.to(device) for part in batch)
            z, z_next = model.encode(o), model.encode(o_next)
            forward = mse_loss(model.predict(z, a), z_next)
            inverse = mse_loss(model.inverse_model(z, z_next), a)
            loss = forward + 10 * inverse
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            history.append((loss.item(), forward.item(), inverse.item()))
            if len(history) == steps:
                break
    return time.perf_counter() - started
