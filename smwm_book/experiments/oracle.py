"""The oracle arm of a page: the toy encoder, told the answers. What it cannot read, frames do not show."""

import time
from collections.abc import Callable

import numpy as np
import torch
from sklearn.metrics import r2_score
from torch import Tensor, nn

from smwm_book.experiments.page import Page
from smwm_core.models import ConvEncoder
from smwm_core.seeds import generator, initialising
from smwm_core.worlds import make_world

LATENT_DIM = 64


def oracle_r2(page: Page, name: str, world: str, read: Callable[[Tensor], Tensor], seed: int) -> np.ndarray:
    """Train encoder and linear read-out end to end on labelled frames, and score them on others.

    The encoder is that of the toy models without its tanh; it trains for the usual steps of the budget, with a batch of
    single frames each.

    Arguments:
        page: whose run it is.
        name: of the run.
        world: from which single frames are drawn, the held-out ones as everywhere on the pages.
        read: states ``(N, S)`` → their labels, ``(N, D)``.
        seed: of weights and frames.

    Returns:
        R² of each label, ``(D,)``.
    """
    drawn, started = make_world(world), time.monotonic()
    held_out = drawn.sample(page.budget.held_out, generator(seed, "held-out transitions")).state
    target = read(held_out).float()
    mean, std = target.mean(0), target.std(0)
    with initialising(seed, "weights of an oracle"):
        model = nn.Sequential(ConvEncoder(LATENT_DIM, bounded=False), nn.Linear(LATENT_DIM, target.shape[1]))
    model = model.to(page.device, memory_format=torch.channels_last)
    optimizer, draws = torch.optim.Adam(model.parameters(), lr=1e-3), generator(seed, "frames of an oracle")
    for _ in range(page.budget.steps):
        state = drawn.sample(page.budget.batch_size, draws).state.to(page.device)
        labels = (read(state).float() - mean.to(state.device)) / std.to(state.device)
        optimizer.zero_grad()
        (model(drawn.render(state)) - labels).square().mean().backward()
        optimizer.step()
    components = ("toy model", "streams", *drawn.components)
    page.trained(name, seed, model, time.monotonic() - started, components)
    with torch.no_grad():
        parts = held_out.to(page.device).split(512)
        answered = torch.cat([model(drawn.render(part)) for part in parts]).cpu() * std + mean
    return r2_score(target, answered, multioutput="raw_values")
