"""Dots recorded by a biased agent: a dot that slips, a leaf that the wind moves, and actions that lean with the wind.

Each coordinate of wind ``u`` and of the agent's own wish ``w`` is uniform in [−1, 1]. The action is
``a = ρ u + √(1 − ρ²) w``, clipped to [−1, 1]. The leaf moves by ``10 u`` px and the dot by ``10 a`` px plus a slip,
both rounded to whole pixels. The action never moves the leaf, but ``ρ`` correlates the two.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Generator, Tensor

from smwm_core.errors import SMWMError
from smwm_core.worlds.dots import RADIUS, DotWorld, draw_until_allowed
from smwm_core.worlds.world import Transitions

STRIDE = 10.0  # px that an action of 1 and a wind of 1 move their dots
LARGEST_SLIP = 6.0  # px; with the stride 16, the largest displacement of the dot world
CHASE_NOISE = 0.5  # standard deviation of the chaser's action around its direction
DOT, LEAF = (0, 1), (2, 3)  # columns of the state


@dataclass(frozen=True)
class BiasedDots:
    """A red dot (state columns 0 and 1) and a green leaf (2 and 3) on the frame of the dot world.

    Arguments:
        bias: ρ, in [0, 1): how much the action leans with the wind.
        slip: standard deviation of the slip before it is clipped at 6 px, in units of 10 px, ≥ 0.
        random_share: share of transitions whose action is uniform and knows nothing of the wind.
        chaser: the action is instead 0.7 times the direction from the dot to the leaf, plus normal noise of 0.5.

    Raises:
        SMWMError: a value outside its range.
    """

    components: ClassVar[tuple[str, ...]] = ("biased dots", "dots")
    bias: float = 0.0
    slip: float = 0.0
    random_share: float = 0.0
    chaser: bool = False
    state_dim: ClassVar[int] = 4
    action_dim: ClassVar[int] = 2
    controllable_dim: ClassVar[int] = 2
    image_size: ClassVar[int] = 64

    def __post_init__(self) -> None:
        if not (0 <= self.bias < 1 and 0 <= self.slip < float("inf") and 0 <= self.random_share <= 1):
            raise SMWMError(
                f"A bias lies in [0, 1), a slip is a finite number ≥ 0 and a share lies in [0, 1]; these are "
                f"{self.bias}, {self.slip} and {self.random_share}."
            )

    @classmethod
    def named(cls, name: str) -> "BiasedDots":
        """The world of ``"biased/ρ/slip"``, ``"biased/ρ/slip/random share"`` or ``"chaser/slip"``.

        Raises:
            SMWMError: a name of another form, or a value outside its range.
        """
        kind, *texts = name.split("/")
        try:
            numbers = [float(text) for text in texts]
        except ValueError:
            numbers = []
        if kind == "chaser" and len(numbers) == 1:
            return cls(slip=numbers[0], chaser=True)
        if kind == "biased" and len(numbers) in (2, 3):
            return cls(*numbers)
        raise SMWMError(f"A biased world is named biased/0.9/0.5, biased/0.9/0.5/0.1 or chaser/0.5, not {name}.")

    def describe(self) -> str:
        policy = "chases the leaf" if self.chaser else f"leans with the wind (ρ = {self.bias:g})"
        return f"a dot that slips (s = {self.slip:g}) and a leaf on 64×64 px; the recorded agent {policy}"

    def sample(self, n: int, generator: Generator) -> Transitions:
        """Draw ``n`` independent transitions.

        Starts are those of the dot world; steps that bring dot and leaf closer than 5 px are drawn again.

        Returns:
            int16 states and float32 actions in [-1, 1], on the CPU.
        """
        start = _FRAME.draw_starts(n, generator)
        action, end = draw_until_allowed(start, 2, lambda s: self._step(s, generator), _FRAME.separated)
        return Transitions(start.flatten(1), action, end.flatten(1))

    def play(self, state: Tensor, actions: Tensor, generator: Generator) -> Tensor:
        """Carry out chosen actions while the wind blows as it likes; dot and leaf stop at the edge of the frame.

        Arguments:
            state: ``(N, 4)``.
            actions: ``(N, K, 2)`` in [-1, 1].
            generator: of wind and slip.

        Returns:
            the states after each action, ``(N, K, 4)`` int16.
        """
        position, states = state.unflatten(1, (2, 2)), []
        for action in actions.unbind(1):
            wind = 2 * torch.rand(action.shape, generator=generator) - 1
            moved = position + self._displacement(action, wind, generator)
            position = moved.clamp(RADIUS, self.image_size - 1 - RADIUS)
            states.append(position.flatten(1))
        return torch.stack(states, 1)

    def render(self, state: Tensor) -> Tensor:
        """Draw states ``(N, 4)`` as the dot world does: ``(N, 3, 64, 64)`` in [0, 1]."""
        return _FRAME.render(state)

    def _step(self, start: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Actions ``(N, 2)`` of the recorded agent, and where they and the wind lead, ``(N, 2, 2)``."""
        wind, wish = (2 * torch.rand(2, len(start), 2, generator=generator) - 1).unbind()
        if self.chaser:
            way = (start[:, 1] - start[:, 0]).float()
            aim = 0.7 * way / way.norm(dim=1, keepdim=True)
            action = aim + CHASE_NOISE * torch.randn(wish.shape, generator=generator)
        else:
            action = self.bias * wind + (1 - self.bias**2) ** 0.5 * wish
        uniform = torch.rand(len(start), 1, generator=generator) < self.random_share
        action = torch.where(uniform, wish, action).clamp(-1, 1)
        return action, start + self._displacement(action, wind, generator)

    def _displacement(self, action: Tensor, wind: Tensor, generator: Generator) -> Tensor:
        """Whole pixels ``(N, 2, 2)`` int16 of dot and leaf."""
        slip = STRIDE * self.slip * torch.randn(action.shape, generator=generator)
        dot = STRIDE * action + slip.clamp(-LARGEST_SLIP, LARGEST_SLIP)
        return torch.stack([dot, STRIDE * wind], 1).round().to(torch.int16)


_FRAME = DotWorld(("independent", "random"))
