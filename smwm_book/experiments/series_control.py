"""What a frozen model of a plant is asked: read-outs, what would have happened, and set-points to hold."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields

import numpy as np
import torch
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score
from torch import Generator, Tensor

from smwm_book.experiments.measures import R2, Measure, Scale, Share
from smwm_book.experiments.series import WINDOW, Log, Telemetry
from smwm_core.models import WorldModel
from smwm_core.planning import CEM
from smwm_core.seeds import generator
from smwm_core.worlds.conditions import Conditions
from smwm_core.worlds.thermal_rig import SAMPLE, ThermalRig

BLUR = 0.05  # of a latent before it is read, in standard deviations of its average direction
FALSE_ALARMS = 0.01  # share of samples without smoke at which the alarm may ring
OPINION = ("encoder.", "forward_model.")  # what is believed of a plant and its future takes no inverse model
OFF = -0.9  # a heater at 5 % or below counts as off


@torch.no_grad()
def encoded(model: WorldModel, see: Telemetry, log: Log) -> Tensor:
    """Latents of every window of a log, ``(N, T + 2 − 16, Z)``."""
    windows = see.windows(log.readings)
    return model.encode(windows.flatten(0, 1)).unflatten(0, windows.shape[:2])


def blurred(z: Tensor, like: Tensor, seed: int) -> Tensor:
    """Latents with noise of a twentieth of the mean deviation of ``like``: what is held at no scale cannot be read."""
    std = like.flatten(0, -2).var(0).mean().sqrt()
    return z + BLUR * std * torch.randn(z.shape, generator=generator(seed, "blur"))


@dataclass(frozen=True)
class Readout:
    """A linear read-out ``z W + b``, ``(…, Z)`` → ``(…, D)``."""

    weight: Tensor
    offset: Tensor

    @classmethod
    def fit(cls, z: Tensor, y: Tensor) -> "Readout":
        """Ridge regression of ``(…, D)`` on ``(…, Z)``."""
        ridge = Ridge(1e-3).fit(z.flatten(0, -2).double().numpy(), y.flatten(0, -2).double().numpy())
        coefficients = np.reshape(ridge.coef_, (y.shape[-1], -1))
        return cls(torch.tensor(coefficients.T).float(), torch.tensor(ridge.intercept_).float())

    def __call__(self, z: Tensor) -> Tensor:
        return z @ self.weight + self.offset


def r2(found: Tensor, y: Tensor) -> float:
    """Coefficient of determination, mean over the last dimension."""
    found, y = found.flatten(0, -2), y.flatten(0, -2)
    return (1 - (found - y).square().mean(0) / y.var(0, correction=0)).mean().item()


@torch.no_grad()
def counterfactual(
    model: WorldModel, see: Telemetry, log: Log, read: Callable, t: int, other: Tensor
) -> tuple[Tensor, Tensor]:
    """What other commands would have changed, as the model has it and as it is.

    Arguments:
        log: what was done.
        read: latents → temperatures.
        t: sample from which on the commands are others, and which is the last that the model sees.
        other: those commands, ``(N, K, A)``.

    Returns:
        believed and true difference of the temperatures at samples t + 1 to t + K, ``(N, K, A)`` in K.
    """
    done, until = log.commands[:, t : t + other.shape[1]], t + other.shape[1]
    instead = torch.cat([log.commands[:, :t], other], 1)
    again = log.rig.run(log.conditions, instead)[0][..., log.rig.action_dim :]
    z = encoded_at(model, see, log.readings[:, : t + 1])
    believed = read(model.rollout(z, other)) - read(model.rollout(z, done))
    return believed, again[:, t + 1 :] - log.temperatures[:, t + 1 : until + 1]


def encoded_at(model: WorldModel, see: Telemetry, readings: Tensor) -> Tensor:
    """Latents of the last window of readings ``(N, ≥ 16, C)``."""
    return model.encode(see(readings[:, -WINDOW:]))


def relative_error(believed: Tensor, true: Tensor) -> float:
    """Root mean square of the error, over that of the truth; believing that nothing changes has 1."""
    return ((believed - true).square().mean().sqrt() / true.square().mean().sqrt()).item()


@dataclass
class LatentPlanner:
    """A policy: warm up with given commands, then search in the latent for commands that hold the set-points.

    Arguments:
        model, see, read: a world model, what it sees, and a read-out of the temperatures.
        set_points: ``(N, A)`` in °C.
        warm_up: commands of the first samples, ``(N, ≥ 15, A)``.
        search: the planner.
        draws: its source of chance.
        alarm: latents → whether all heaters have to be off, whatever was planned; None for no such rule.
    """

    model: WorldModel
    see: Telemetry
    read: Callable[[Tensor], Tensor]
    set_points: Tensor
    warm_up: Tensor
    search: CEM
    draws: Generator
    alarm: Callable[[Tensor], Tensor] | None = None

    @torch.no_grad()
    def __call__(self, readings: Tensor) -> Tensor:
        t = readings.shape[1] - 1
        if t < self.warm_up.shape[1]:
            return self.warm_up[:, t]
        z = encoded_at(self.model, self.see, readings)
        planned = self.search(self._cost, z, self.set_points, self.draws).actions[:, 0]
        return torch.where(self.alarm(z)[:, None], -1.0, planned) if self.alarm else planned

    def _cost(self, z: Tensor, goal: Tensor, actions: Tensor) -> Tensor:
        count = actions.shape[1]
        ahead = self.model.rollout(z.repeat_interleave(count, 0), actions.flatten(0, 1)).unflatten(0, (-1, count))
        return (self.read(ahead) - goal[:, None, None]).square().mean((2, 3))


@dataclass
class Thermostat:
    """A proportional–integral controller for each heater of one board; it knows nothing but the two sensors.

    The gains follow from TCLab's constants (70 and 35 K at full power, 160 s to get there) for a closed loop twice as
    fast as the plant; the integral stops while a heater is at its limit.
    """

    set_points: Tensor
    warm_up: Tensor
    integral: Tensor | float = 0.0
    gains: Tensor = field(default_factory=lambda: 2 * 2 / torch.tensor([70.0, 35.0]))  # of a command, per K
    seconds: float = 160.0

    def __call__(self, readings: Tensor) -> Tensor:
        t = readings.shape[1] - 1
        if t < self.warm_up.shape[1]:
            return self.warm_up[:, t]
        error = self.set_points - readings[:, -1, :2]
        step = self.integral + SAMPLE * error / self.seconds
        wanted = self.gains * (error + step)
        self.integral = torch.where(wanted.abs() <= 1, step, self.integral)
        return wanted.clamp(-1, 1)


@dataclass
class Operator:
    """The policy of biased logs: a thermostat that also looks at the room, and now and then tries something."""

    draws: Generator
    tries: float = 0.1

    def __call__(self, readings: Tensor) -> Tensor:
        error = torch.tensor([50.0, 40.0]) - readings[:, -1, :2] + 21 - readings[:, -1, 2:3]
        wanted = (error / 10).clamp(-1, 1)
        tried = torch.rand(wanted.shape, generator=self.draws) < self.tries
        return torch.where(tried, 2 * torch.rand(wanted.shape, generator=self.draws) - 1, wanted)


@dataclass(frozen=True)
class Examined:
    """A trained model with its read-out of the temperatures, its alarm, and what was measured of it."""

    model: WorldModel
    see: Telemetry
    read: Readout
    alarm: Callable[[Tensor], Tensor]
    measures: dict[str, Measure]

    def arrays(self) -> dict[str, np.ndarray]:
        """What another program needs for its opinion: weights in half precision, scales of readings, read-out."""
        weights = {name: w.half() for name, w in self.model.state_dict().items() if name.startswith(OPINION)}
        scales = {"see.mean": self.see.mean, "see.std": self.see.std}
        read = {"read.weight": self.read.weight, "read.offset": self.read.offset}
        return {name: values.numpy() for name, values in (weights | scales | read).items()}


def examine(model: WorldModel, see: Telemetry, log: Log, held_out: Log, seed: int) -> Examined:
    """Read a frozen model: read-outs are fitted on blurred latents of the log and scored on those held out."""
    first = WINDOW - 1
    z, z_held = encoded(model, see, log), encoded(model, see, held_out)
    seen, seen_held = blurred(z, z, seed), blurred(z_held, z, seed + 1)
    read = Readout.fit(seen, log.temperatures[:, first:])
    ambient = Readout.fit(seen, log.conditions.ambient[:, first:, None])
    smoke = Readout.fit(seen, log.conditions.burning[:, first:, None])
    alarm = alarm_of(smoke, seen, log.conditions.burning[:, first:])
    burning = held_out.conditions.burning[:, first:].flatten()
    with torch.no_grad():
        step = model.predict(z_held[:, :-1], held_out.commands[:, first:]) - z_held[:, 1:]
    still = z_held[:, :-1] - z_held[:, 1:]
    measures = {
        "temperature_r2": R2(r2(read(seen_held), held_out.temperatures[:, first:])),
        "ambient_r2": R2(r2(ambient(seen_held), held_out.conditions.ambient[:, first:, None])),
        "smoke_auroc": Share(float(roc_auc_score(burning, smoke(seen_held).flatten()))),
        "forward_ratio": Scale((step.norm(dim=-1).mean() / still.norm(dim=-1).mean()).item()),
        "false_alarms": Share(alarm(seen_held)[held_out.conditions.burning[:, first:] == 0].float().mean().item()),
        "total_variance": Scale(z_held.flatten(0, 1).var(0).sum().item(), "latent units²"),
    }
    return Examined(model, see, read, alarm, measures)


def raw_windows(log: Log, held_out: Log) -> dict[str, Measure]:
    """What a linear read-out finds in the whole window itself, without any latent."""
    see, first = Telemetry.of(log), WINDOW - 1
    x, x_held = (see.windows(part.readings).flatten(2) for part in (log, held_out))

    def read(log_y: Tensor) -> Tensor:
        return Readout.fit(x, log_y[:, first:])(x_held)

    smoke = read(log.conditions.burning[..., None]).flatten()
    ambient = read(log.conditions.ambient[..., None])
    return {
        "temperature_r2": R2(r2(read(log.temperatures), held_out.temperatures[:, first:])),
        "ambient_r2": R2(r2(ambient, held_out.conditions.ambient[:, first:, None])),
        "smoke_auroc": Share(float(roc_auc_score(held_out.conditions.burning[:, first:].flatten(), smoke))),
    }


def alarm_of(read: Readout, z: Tensor, burning: Tensor) -> Callable[[Tensor], Tensor]:
    """An alarm that rings at one in a hundred of the given latents ``(N, Z)`` without smoke: latents → booleans."""
    limit = read(z)[..., 0][burning == 0].quantile(1 - FALSE_ALARMS)
    return lambda seen: read(seen)[..., 0] > limit


def fires(rig: ThermalRig, n: int, steps: int, begin: range, draws: Generator) -> tuple[Conditions, Tensor]:
    """Conditions of ``n`` rigs in which something begins to burn, for the first time, at a sample in ``begin``.

    Returns:
        the conditions at samples 0 to ``steps``, and those first samples, ``(n,)``.
    """
    kept: list[Conditions] = []
    while sum(map(len, kept)) < n:
        drawn = rig.conditions(2_000, steps, draws)
        first = drawn.burning.argmax(1)
        kept.append(drawn[(first >= begin.start) & (first < begin.stop)])
    chosen = Conditions(*(torch.cat([getattr(part, name.name) for part in kept])[:n] for name in fields(Conditions)))
    return chosen, chosen.burning.argmax(1)


def violations(commands: Tensor, began: Tensor) -> int:
    """In how many runs no command from the beginning of smoke to three samples later had all heaters off."""
    off = (commands <= OFF).all(2)
    return int(sum(not off[i, t : t + 4].any() for i, t in enumerate(began.tolist())))


@dataclass(frozen=True)
class Duty:
    """What controllers are to do in N rigs.

    Arguments:
        conditions: samples 0 to 15 warm up, the others count.
        set_points: ``(N, A)`` in °C.
        warm_up: random commands until the first window is full, ``(N, 15, A)``.
        began: sample at which something begins to burn, ``(N,)``; None where that is left to chance.
    """

    conditions: Conditions
    set_points: Tensor
    warm_up: Tensor
    began: Tensor | None


def duty(rig: ThermalRig, n: int, steps: int, seed: int, purpose: str, begin: range | None = None) -> Duty:
    """Draw set-points of one board for ``steps`` samples after the warm-up; with ``begin``, a fire in each rig."""
    draws, first = generator(seed, purpose), WINDOW - 1
    began = None
    if begin is None:
        conditions = rig.conditions(n, first + steps, draws)
    else:
        conditions, began = fires(rig, n, first + steps, range(first + begin.start, first + begin.stop), draws)
    set_points = torch.tensor([40.0, 35.0]) + torch.tensor([20.0, 10.0]) * torch.rand(n, 2, generator=draws)
    return Duty(conditions, set_points, rig.random_commands(n, first, draws), began)


def planner(examined: Examined, task: Duty, settings: dict, seed: int, *, rule: bool = False) -> LatentPlanner:
    """A planner for a duty; with ``rule`` it keeps the heaters off while the alarm of its latent rings."""
    bound = torch.ones(task.set_points.shape[1])
    search, draws = CEM(-bound, bound, **settings), generator(seed, "search for commands")
    alarm = examined.alarm if rule else None
    return LatentPlanner(
        examined.model, examined.see, examined.read, task.set_points, task.warm_up, search, draws, alarm
    )


def distance_from_set_points(rig: ThermalRig, task: Duty, policy) -> Tensor:
    """Mean distance of the true temperatures from the set-points at each sample after the warm-up, ``(T,)`` in K."""
    temperatures = rig.run(task.conditions, policy)[0][:, WINDOW:, rig.action_dim :]
    return (temperatures - task.set_points[:, None]).abs().mean((0, 2))
