"""A world model of a plant: windows of telemetry instead of frames, and the objectives that the page on it compares.

Nothing here is known to the library. It is what somebody writes who brings time series of their own: an encoder, a
function that yields batches, and, for some arms, a loss with the call of ``Objective``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from smwm_core.losses.objective import Objective
from smwm_core.losses.sigreg import sigreg_loss
from smwm_core.losses.smwm import inverse_loss
from smwm_core.models import ForwardModel, InverseModel, WorldModel
from smwm_core.seeds import generator, initialising
from smwm_core.worlds.conditions import Conditions
from smwm_core.worlds.thermal_rig import Policy, ThermalRig

WINDOW = 16  # samples that the encoder sees, the last one included
LATENT, HIDDEN = 16, 128
DRAWN = 4  # samples at the end of a window that reconstruction draws
DIRECTIONS = 128  # of SIGReg; a latent has 16 dimensions
ADDED = ("several", "sigreg", "drawing", "head")  # terms that the page adds to those of the library


@dataclass(frozen=True)
class Log:
    """What N rigs did: conditions, states ``(N, T + 1, S)``, readings ``(N, T + 1, C)`` and commands ``(N, T, A)``."""

    rig: ThermalRig
    conditions: Conditions
    states: Tensor
    readings: Tensor
    commands: Tensor

    @property
    def temperatures(self) -> Tensor:
        """True temperatures of the sensors, ``(N, T + 1, A)`` in °C."""
        return self.states[..., self.rig.action_dim :]


def record(rig: ThermalRig, n: int, steps: int, seed: int, purpose: str, policy: Policy | None = None) -> Log:
    """Run ``n`` rigs over ``steps`` samples with random commands, or under a policy."""
    drawn = generator(seed, purpose)
    conditions = rig.conditions(n, steps, drawn)
    return Log(rig, conditions, *rig.run(conditions, policy or rig.random_commands(n, steps, drawn)))


@dataclass(frozen=True)
class Telemetry:
    """How readings become what an encoder sees: some of their columns, standardised.

    Arguments:
        names: of the columns.
        mean, std: of each, over a log.
    """

    names: tuple[str, ...]
    columns: list[int]
    mean: Tensor
    std: Tensor

    @classmethod
    def of(cls, log: Log, *, commands: bool = False) -> "Telemetry":
        """All columns of a log, the log of commands only if asked for."""
        columns = [i for i, name in enumerate(log.rig.channels) if commands or not name.startswith("command")]
        seen = log.readings[..., columns].flatten(0, 1)
        return cls(tuple(log.rig.channels[i] for i in columns), columns, seen.mean(0), seen.std(0))

    def __call__(self, readings: Tensor) -> Tensor:
        """``(…, C)`` → ``(…, columns)``."""
        return (readings[..., self.columns] - self.mean) / self.std

    def windows(self, readings: Tensor) -> Tensor:
        """Every window of readings ``(N, T + 1, C)``: ``(N, T + 2 − 16, 16, columns)``, the first ends at sample 15."""
        return self(readings).unfold(1, WINDOW, 1).transpose(2, 3)


def batches(log: Log, see: Telemetry, steps: tuple[int, ...], batch_size: int, seed: int) -> Callable[[int], Iterator]:
    """What ``fit`` takes: a function that yields, from a step on, windows and the commands that follow them.

    Arguments:
        steps: how many samples after the first window the others end, ascending.
    """
    windows, after = see.windows(log.readings), torch.tensor([0, *steps])

    def drawn(done: int) -> Iterator[tuple[Tensor, Tensor]]:
        step = done
        while True:
            chance = generator(seed, f"batch {step}")
            run = torch.randint(len(windows), (batch_size, 1), generator=chance)
            t = torch.randint(windows.shape[1] - steps[-1], (batch_size, 1), generator=chance)
            yield windows[run, t + after], log.commands[run, t + WINDOW - 1 + after[:-1]]
            step += 1

    return drawn


class StepInverse(nn.Module):
    """``h(z_t, z_{t+k}, k / K)`` → the command of sample t."""

    def __init__(self, action_dim: int) -> None:
        super().__init__()
        self.head = InverseModel(LATENT, action_dim, HIDDEN)
        self.distance = nn.Linear(1, LATENT)

    def forward(self, z: Tensor, z_later: Tensor, share: float) -> Tensor:
        return self.head(z + self.distance(z.new_tensor([share])), z_later)


@dataclass(frozen=True)
class SeriesObjective:
    """``Objective`` on the first transition of a window, and what this page adds to it.

    Arguments:
        base: the library's terms.
        steps: distances k over which the command of the first sample is recovered from first and later latent.
        several: their weight; 0 leaves the recovery to ``base``.
        sigreg: weight of SIGReg, with fewer directions than usual: there are new ones at every step.
        drawing: weight of drawing the last samples of a window from its latent.
        head: weight of one linear head that tells the last smoke reading.
    """

    base: Objective = field(default_factory=lambda: Objective(inverse=10))
    steps: tuple[int, ...] = (1,)
    several: float = 0.0
    sigreg: float = 0.0
    drawing: float = 0.0
    head: float = 0.0

    reconstruction = ema_decay = 0.0  # of the library's own networks, which this page does not use

    @property
    def terms(self) -> tuple[str, ...]:
        return (*self.base.terms, *(name for name in ADDED if getattr(self, name)))

    @property
    def bounded(self) -> bool:
        """Whether latents end in a tanh, as in ``Objective``."""
        return not self.sigreg

    def __call__(self, model: WorldModel, z: Tensor, a: Tensor, z_next: Tensor, generator=None, *, frames, decoder):
        """The terms of the library, and the others, as live scalars."""
        losses = self.base(model, z[:, :1], a[:, :1], z_next[:, :1], generator)
        if self.several:
            far = zip(self.steps, z_next.unbind(1), strict=True)
            found = [inverse_loss(model.inverse_model(z[:, 0], later, k / self.steps[-1]), a[:, 0]) for k, later in far]
            losses["several"] = torch.stack(found).mean()
        if self.sigreg:
            both = [sigreg_loss(part, directions=DIRECTIONS, generator=generator) for part in (z[:, 0], z_next[:, 0])]
            losses["sigreg"] = torch.stack(both).mean()
        if self.drawing:
            losses["drawing"] = mse_loss(model.decoder(z[:, 0]), frames[:, 0, -DRAWN:].flatten(1))
        if self.head:
            losses["head"] = mse_loss(model.smoke(z[:, 0])[:, 0], frames[:, 0, -1, model.smoke_column])
        losses["loss"] = losses["loss"] + sum(getattr(self, name) * losses[name] for name in ADDED if name in losses)
        return losses


def build(see: Telemetry, action_dim: int, objective: SeriesObjective, seed: int) -> WorldModel:
    """A freshly initialised model for windows of these columns."""
    columns, bounded = len(see.names), objective.bounded
    with initialising(seed, "weights"):
        encoder = nn.Sequential(
            nn.Flatten(),
            nn.Linear(WINDOW * columns, HIDDEN),
            nn.ReLU(),
            nn.Linear(HIDDEN, HIDDEN),
            nn.ReLU(),
            nn.Linear(HIDDEN, LATENT),
            nn.Tanh() if bounded else nn.Identity(),
        )
        inverse = StepInverse(action_dim) if objective.several else InverseModel(LATENT, action_dim, HIDDEN)
        model = WorldModel(encoder, ForwardModel(LATENT, action_dim, HIDDEN, bounded), inverse)
        if objective.drawing:
            layers = nn.Linear(LATENT, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, DRAWN * columns)
            model.decoder = nn.Sequential(*layers)
        if objective.head:
            model.smoke, model.smoke_column = nn.Linear(LATENT, 1), see.names.index("smoke")
    return model


@dataclass(frozen=True)
class Arm:
    """One way to train on a log.

    Arguments:
        label: for figures and tables.
        objective: what is minimised.
        commands: whether the log of commands is among the columns that the encoder sees.
        biased: whether the log is that of an operator with habits.
    """

    label: str
    objective: SeriesObjective
    commands: bool = False
    biased: bool = False

    @property
    def components(self) -> tuple[str, ...]:
        """What decides its numbers, as ``VERSIONS`` names it."""
        return ("thermal rig", "toy model", "streams", "objective", *(["sigreg"] if self.objective.sigreg else []))


_OPEN = Objective(inverse=0)  # what recovers the command, or keeps the latent open, is added by the page
ARMS = {
    "forward_only": Arm("forward only", SeriesObjective(_OPEN)),
    "inverse": Arm("inverse", SeriesObjective()),
    "readback": Arm("inverse, log seen", SeriesObjective(), commands=True),
    "several": Arm("inverse, 1–3–5", SeriesObjective(_OPEN, (1, 3, 5), several=10)),
    "sigreg": Arm("SIGReg", SeriesObjective(_OPEN, sigreg=0.09)),
    "inverse_sigreg": Arm("inverse + SIGReg", SeriesObjective(sigreg=0.09)),
    "drawing": Arm("reconstruction", SeriesObjective(_OPEN, drawing=1)),
    "inverse_drawing": Arm("inverse + reconstruction", SeriesObjective(drawing=1)),
    "safety": Arm("inverse + smoke head", SeriesObjective(head=1)),
    "readback_several": Arm("log seen, 1–3–5", SeriesObjective(_OPEN, (1, 3, 5), several=10), commands=True),
    "readback_beyond": Arm("log seen, 1–17", SeriesObjective(_OPEN, (1, 17), several=10), commands=True),
    "biased": Arm("on an operator's log", SeriesObjective(drawing=1), biased=True),
}
