"""A world model of several plants in a line: one encoder for all, and a forward model that asks the neighbours."""

import torch
from torch import Tensor, nn

from smwm_book.experiments.series import DRAWN, HIDDEN, LATENT, WINDOW, Log, Telemetry
from smwm_book.experiments.series_control import Readout, blurred, counterfactual, encoded
from smwm_core.models import ForwardModel, InverseModel, WorldModel
from smwm_core.seeds import generator, initialising
from smwm_core.worlds.thermal_rig import ThermalRig


class BoardEncoder(nn.Module):
    """Windows of a whole line ``(N, 16, columns)`` → a latent for each board, side by side: ``(N, boards · 16)``."""

    def __init__(self, rig: ThermalRig, see: Telemetry) -> None:
        super().__init__()
        shared = list(range(rig.action_dim, len(see.names)))
        self.columns = [[2 * board, 2 * board + 1, *shared] for board in range(rig.boards)]
        self.one = nn.Sequential(
            nn.Flatten(),
            nn.Linear(WINDOW * len(self.columns[0]), HIDDEN),
            nn.ReLU(),
            nn.Linear(HIDDEN, HIDDEN),
            nn.ReLU(),
            nn.Linear(HIDDEN, LATENT),
            nn.Tanh(),
        )

    def forward(self, windows: Tensor) -> Tensor:
        each = windows[..., self.columns].permute(0, 2, 1, 3)  # (N, boards, 16, columns of a board)
        return self.one(each.flatten(0, 1)).unflatten(0, each.shape[:2]).flatten(1)


class LineForward(nn.Module):
    """``g(z_i, a_i, mean of the neighbours' z)`` for every board i; without ``neighbours`` that mean is 0."""

    def __init__(self, boards: int, neighbours: bool) -> None:
        super().__init__()
        beside = torch.diag(torch.ones(boards - 1), 1)
        beside = (beside + beside.T) * neighbours
        self.register_buffer("mean", beside / beside.sum(1, keepdim=True).clamp(min=1))
        self.one = ForwardModel(LATENT, 2 + LATENT, HIDDEN)

    def forward(self, z: Tensor, a: Tensor) -> Tensor:
        z, a = z.unflatten(-1, (-1, LATENT)), a.unflatten(-1, (-1, 2))
        return self.one(z, torch.cat([a, self.mean @ z], -1)).flatten(-2)


class LineInverse(nn.Module):
    """``h(z_i, z_i')`` for every board i."""

    def __init__(self) -> None:
        super().__init__()
        self.one = InverseModel(LATENT, 2, HIDDEN)

    def forward(self, z: Tensor, z_next: Tensor) -> Tensor:
        return self.one(boards_of(z), boards_of(z_next)).flatten(-2)


def boards_of(z: Tensor) -> Tensor:
    """``(…, boards · 16)`` → ``(…, boards, 16)``."""
    return z.unflatten(-1, (-1, LATENT))


def build_line(rig: ThermalRig, see: Telemetry, neighbours: bool, seed: int) -> WorldModel:
    """A freshly initialised model of a line of boards, which can also draw (``SeriesObjective(drawing=…)``)."""
    with initialising(seed, "weights"):
        model = WorldModel(BoardEncoder(rig, see), LineForward(rig.boards, neighbours), LineInverse())
        drawn = nn.Linear(HIDDEN, DRAWN * len(see.names))
        model.decoder = nn.Sequential(nn.Linear(rig.boards * LATENT, HIDDEN), nn.ReLU(), drawn)
    return model


def errors_along_the_line(
    model: WorldModel, see: Telemetry, log: Log, held_out: Log, seed: int, *, samples: int = 12
) -> tuple[Tensor, Tensor]:
    """Command the first board otherwise, and compare what every board is believed to do with what it does.

    Returns:
        per board the root mean square of the error over that of the true change, and the latter in K: ``(boards,)``.
    """
    z = boards_of(encoded(model, see, log))
    one = Readout.fit(blurred(z, z, seed), log.temperatures[:, WINDOW - 1 :].unflatten(-1, (-1, 2)))
    new = held_out.rig.random_commands(len(held_out.readings), samples, generator(seed, "other commands in a line"))
    pairs = []
    for t in (30, 60, 90):
        other = held_out.commands[:, t : t + samples].clone()
        other[..., :2] = new[..., :2]
        pairs.append(counterfactual(model, see, held_out, lambda z: one(boards_of(z)).flatten(-2), t, other))
    believed, true = (torch.cat(part).unflatten(-1, (-1, 2)) for part in zip(*pairs, strict=True))
    size = true.square().mean((0, 1, 3)).sqrt()
    return (believed - true).square().mean((0, 1, 3)).sqrt() / size, size
