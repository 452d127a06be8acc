"""One soft dot that answers its action at once, two steps late, or by getting faster.

What one frame shows is the dot's place. Its velocity is in no single frame, and an action that has not arrived yet is
in no frame at all. The dot is a Gaussian, so that a move by a part of a pixel can be seen.
"""

from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import torch
from torch import Generator, Tensor

from smwm_core.errors import SMWMError
from smwm_core.worlds.world import Transitions, require_states

KINDS = ("direct", "delay", "momentum")
LONGEST_DELAY = 16  # steps
WIDTH = 2.0  # standard deviation of the dot, in pixels
SIZE = 64
CENTRE, LOWEST, HIGHEST = SIZE / 2, 2 * WIDTH, SIZE - 2 * WIDTH
MOVE, START = 4.0, 8.0  # by an action, and how far from the middle it starts along each axis
KEPT, PUSH, FASTEST, START_MOVING = 0.8, 2.0, 3.0, 6.0  # with momentum
INK = (255, 0, 0)


@dataclass(frozen=True)
class MovingBlob:
    """A red dot on a white 64×64 RGB frame, pushed by actions that are uniform in [−1, 1]² and independent.

    Lengths are pixels, the origin is the upper left corner of the frame.

    - ``direct``: x ← x + 4·a; a state is ``(x, y)``.
    - ``delay``: x ← x + 4·(the action of ``late`` steps before). A state is ``(x, y)`` and the actions that have not
      arrived yet, the oldest first; they are in no frame.
    - ``momentum``: v ← 0.8·v + 2·a, then x ← x + v. A state is ``(x, y, v_x, v_y)``, where v is the move that led to
      (x, y), from −3 to 3 px at the start of a trajectory.

    Trajectories start in [24, 40]², with momentum in [26, 38]². One that would leave [4, 60]² is drawn again. Of five
    steps, none has to be without momentum, and with it fewer than one in a thousand.

    Arguments:
        kind: one of these.
        late: by how many steps an action is late, 1 to 16 for ``delay``, otherwise 0.

    Raises:
        SMWMError: another kind, or another delay.
    """

    components: ClassVar[tuple[str, ...]] = ("moving blob",)
    action_dim: ClassVar[int] = 2
    image_size: ClassVar[int] = SIZE
    kind: str
    late: int = 0

    def __post_init__(self) -> None:
        fits = 1 <= self.late <= LONGEST_DELAY if self.kind == "delay" else self.late == 0
        if self.kind not in KINDS or not fits:
            raise SMWMError(
                f"A moving blob is direct, momentum, or a delay by 1 to {LONGEST_DELAY} steps, such as delay2; not "
                f"{self.kind!r} by {self.late}."
            )

    @classmethod
    def named(cls, name: str) -> "MovingBlob":
        """``"direct"``, ``"momentum"``, or ``"delay2"`` for actions that arrive two steps late."""
        late = name.removeprefix("delay")
        return cls("delay", int(late)) if late != name and late.isdecimal() else cls(name)

    @property
    def state_dim(self) -> int:
        return 4 if self.kind == "momentum" else 2 + 2 * self.late

    @property
    def controllable_dim(self) -> int:
        return 4 if self.kind == "momentum" else 2

    def describe(self) -> str:
        how = {"direct": "at once", "delay": f"{self.late} steps late", "momentum": "through its velocity"}[self.kind]
        return f"one soft dot on {SIZE}×{SIZE} px that a 2-D action moves {how}"

    def sample(self, n: int, generator: Generator) -> Transitions:
        """Draw ``n`` independent transitions: float32 states and actions, on the CPU."""
        states, actions = self.sample_trajectories(n, 1, generator)
        return Transitions(states[:, 0], actions[:, 0], states[:, 1])

    def sample_trajectories(self, n: int, steps: int, generator: Generator) -> tuple[Tensor, Tensor]:
        """Draw ``n`` trajectories.

        Returns:
            states ``(n, steps + 1, state_dim)`` and actions ``(n, steps, 2)``, float32, on the CPU.

        Raises:
            SMWMError: so many steps that hardly any trajectory stays in the frame.
        """
        states, actions = self._draw(n, steps, generator)
        waiting = self._left(states)
        for _attempt in range(1_000):
            if not len(waiting):
                return states, actions
            states[waiting], actions[waiting] = self._draw(len(waiting), steps, generator)
            waiting = waiting[self._left(states[waiting])]
        raise SMWMError(f"A moving blob does not stay in its frame for {steps} steps; ask for fewer.")

    def pending_actions(self, state: Tensor) -> Tensor:
        """The actions in states ``(N, state_dim)`` that have not arrived yet, ``(N, late, 2)``, the oldest first."""
        return state[:, 2:].unflatten(1, (self.late, 2)) if self.late else state.new_empty(len(state), 0, 2)

    def render(self, state: Tensor) -> Tensor:
        """Draw states.

        Arguments:
            state: ``(N, state_dim)``, any device; only the place shows.

        Returns:
            ``(N, 3, 64, 64)`` float32 in [0, 1], in channels-last memory, on the state's device; the ink of a pixel is
            exp(−d² / 8) for a pixel whose middle is d px away from the dot's.

        Raises:
            SMWMError: states of another shape, or not finite.
        """
        require_states("moving blob", state, self.state_dim)
        at, missing = _canvas(state.device)
        x, y = (torch.exp(-(at - place[:, None]).square() / (2 * WIDTH**2)) for place in state[:, :2].float().unbind(1))
        ink = y[:, :, None] * x[:, None, :]
        return (1 - ink[..., None] * missing).permute(0, 3, 1, 2)

    def _draw(self, n: int, steps: int, generator: Generator) -> tuple[Tensor, Tensor]:
        """Trajectories that may leave the frame."""

        def uniform(*shape: int) -> Tensor:
            return 2 * torch.rand(n, *shape, 2, generator=generator) - 1

        if self.kind == "momentum":
            place, velocity, actions = START_MOVING * uniform(), FASTEST * uniform(), uniform(steps)
            places, velocities = [place], [velocity]
            for a in actions.unbind(1):
                velocities.append(KEPT * velocities[-1] + PUSH * a)
                places.append(places[-1] + velocities[-1])
            return torch.cat([CENTRE + torch.stack(places, 1), torch.stack(velocities, 1)], 2), actions
        start, every = START * uniform(), uniform(self.late + steps)  # every action, the pending ones first
        places = CENTRE + start[:, None] + MOVE * torch.cat([torch.zeros(n, 1, 2), every[:, :steps].cumsum(1)], 1)
        pending = [every[:, late : late + steps + 1] for late in range(self.late)]
        return torch.cat([places, *pending], 2), every[:, self.late :].clone()

    @staticmethod
    def _left(states: Tensor) -> Tensor:
        """Numbers of the trajectories that leave the frame."""
        place = states[..., :2]
        return ((place < LOWEST) | (place > HIGHEST)).flatten(1).any(1).nonzero().flatten()


@cache
def _canvas(device: torch.device) -> tuple[Tensor, Tensor]:
    """Middles of pixels ``(64,)`` and what the ink takes from white, ``(3,)``; copied to a device only once."""
    return torch.arange(SIZE, device=device) + 0.5, 1 - torch.tensor(INK, device=device) / 255
