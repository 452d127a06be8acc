"""The thermal rig: heaters that warm slow sensors in a room that does what it wants. There is no picture of it.

Heaters and sensors follow the model and the constants of TCLab, a real board with two heaters that is used in teaching
(Park et al. 2020). Ours is batched and takes all that chance decides beforehand, as ``Conditions``: the same hour can
be lived through again with other commands, and the difference is exactly what the commands did.

Time convention as everywhere: the command of sample t takes sample t to sample t + 1.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Generator, Tensor

from smwm_core.errors import SMWMError
from smwm_core.worlds.conditions import ROOM, Conditions, draw_conditions
from smwm_core.worlds.world import require_actions

SAMPLE, EULER_STEPS = 10.0, 10  # seconds between two samples, and steps of integration in them
POWERS = (200.0, 100.0)  # of the two heaters of a board, at full command
CAPACITY = 5720.0
LOSS, COUPLING, SENSOR = 20.0, 100.0, 140.0  # time constants in seconds
QUANTUM = 0.3223  # K, of a temperature reading
HOLD = 0.65  # probability that a random command is held for another sample

Policy = Callable[[Tensor], Tensor]  # readings so far, (N, t + 1, C) → commands of sample t, (N, A)


@dataclass(frozen=True)
class ThermalRig:
    """Boards in a line, each with two heaters; every heater also warms its neighbours.

    A state is ``(H₁, …, Hₙ, T₁, …, Tₙ)``, heaters and sensors in °C. A command lies in [−1, 1], from off to full
    power. A reading has the columns of ``channels``.

    Arguments:
        boards: how many; one is TCLab.

    Raises:
        SMWMError: no board.
    """

    components: ClassVar[tuple[str, ...]] = ("thermal rig",)
    boards: int = 1

    def __post_init__(self) -> None:
        if self.boards < 1:
            raise SMWMError(f"A thermal rig has at least one board, not {self.boards}.")

    @property
    def action_dim(self) -> int:
        return 2 * self.boards

    @property
    def channels(self) -> tuple[str, ...]:
        """Columns of a reading: sensors, the room's instruments, whether it was lost, and the log of commands."""
        heaters = range(1, self.action_dim + 1)
        return (*(f"T{i}" for i in heaters), *ROOM, "lost", *(f"command{i}" for i in heaters))

    def describe(self) -> str:
        return (
            f"{self.action_dim} heaters on {self.boards} board{'s' * (self.boards > 1)}; {len(self.channels)} channels"
        )

    def conditions(self, n: int, steps: int, generator: Generator) -> Conditions:
        """Draw what happens to ``n`` rigs at the samples 0 to ``steps``, whatever they are commanded."""
        return draw_conditions(n, steps, self.action_dim, generator)

    def random_commands(self, n: int, steps: int, generator: Generator) -> Tensor:
        """Commands ``(n, steps, A)``: each heater is held, or set to something new and uniform in [−1, 1]."""
        fresh = 2 * torch.rand(n, steps, self.action_dim, generator=generator) - 1
        held = torch.rand(n, steps, self.action_dim, generator=generator) < HOLD
        commands = [fresh[:, 0]]
        for t in range(1, steps):
            commands.append(torch.where(held[:, t], commands[-1], fresh[:, t]))
        return torch.stack(commands, 1)

    def step(self, state: Tensor, command: Tensor, conditions: Conditions, t: int) -> Tensor:
        """States at sample t, ``(N, 2A)``, and the commands held over it, ``(N, A)`` → states at sample t + 1."""
        h, sensor = state.chunk(2, 1)
        power = torch.tensor(POWERS).repeat(self.boards) * (1 + conditions.supply[:, t, None]).square()
        heating = power * 50 * (1 + command.clamp(-1, 1)) / CAPACITY
        step = SAMPLE / EULER_STEPS
        leak = (1 + conditions.door[:, t, None]) / LOSS
        for _ in range(EULER_STEPS):
            flow = (h[:, :-1] - h[:, 1:]) / COUPLING
            between = torch.nn.functional.pad(flow, (1, 0)) - torch.nn.functional.pad(flow, (0, 1))
            change = heating + leak * (conditions.ambient[:, t, None] - h) + between
            sensor = sensor + step * (h - sensor) / SENSOR
            h = h + step * change
        return torch.cat([h, sensor], 1)

    def read(self, state: Tensor, command: Tensor, conditions: Conditions, t: int, before: Tensor | None) -> Tensor:
        """What arrives at sample t, ``(N, C)``; of a lost sample the one ``before``, except for the log of commands."""
        warm = state[:, self.action_dim :] + conditions.noise[:, t]
        arrived = torch.cat([warm - warm.remainder(QUANTUM), conditions.room[:, t]], 1)
        lost = conditions.lost[:, t, None]
        if before is not None:
            arrived = torch.where(lost.bool(), before[:, : arrived.shape[1]], arrived)
        return torch.cat([arrived, lost, command], 1)

    def run(self, conditions: Conditions, commands: Tensor | Policy) -> tuple[Tensor, Tensor, Tensor]:
        """Carry out commands, or ask a policy for them.

        Arguments:
            conditions: of N rigs at samples 0 to T.
            commands: ``(N, K, A)`` for the first K ≤ T samples, or a policy for all T.

        Returns:
            states ``(N, K + 1, 2A)``, readings ``(N, K + 1, C)`` and commands ``(N, K, A)``, clipped to [−1, 1].

        Raises:
            SMWMError: commands of a wrong shape, not finite, or more than there are conditions for.
        """
        steps = conditions.ambient.shape[1] - 1
        if not callable(commands):
            require_actions("Thermal rig", conditions.start, commands, self.action_dim)
            if commands.shape[1] > steps:
                raise SMWMError(f"These conditions last {steps} samples, not {commands.shape[1]}.")
            steps = commands.shape[1]
        states, taken = [conditions.start.repeat(1, 2)], []
        readings = [self.read(states[0], torch.full_like(conditions.start, -1.0), conditions, 0, None)]
        for t in range(steps):
            wanted = commands(torch.stack(readings, 1)) if callable(commands) else commands[:, t]
            taken.append(wanted.clamp(-1, 1))
            states.append(self.step(states[-1], taken[-1], conditions, t))
            readings.append(self.read(states[-1], taken[-1], conditions, t + 1, readings[-1]))
        return torch.stack(states, 1), torch.stack(readings, 1), torch.stack(taken, 1)
