"""One dot whose action reaches it through a wiring that may hide what was done.

The state, the frames and the range of the motion are those of the single dot; only what an action does to it differs.
"""

from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import torch
from torch import Generator, Tensor

from smwm_core.errors import SMWMError
from smwm_core.worlds.dots import MAX_DISPLACEMENT, DotWorld
from smwm_core.worlds.world import Transitions

KINDS = ("straight", "valve", "spare", "dropped", "swapped")


@dataclass(frozen=True)
class WiredDot:
    """One dot on a white 64×64 RGB frame; a state is its centre ``(x, y)`` in whole pixels.

    Starts are uniform in [18, 45]². Actions a are whole pixels in ±16, divided by 16, all alike likely.

    - ``straight``: the dot moves by 16·a.
    - ``valve``: it moves by ``16 a₁`` to the right and by ``16 (2 |a₂| − 1)`` down; either sign of a₂ does the same.
    - ``spare``: as straight, with two more numbers in the action that do nothing.
    - ``dropped``: as straight, but every other time by chance nothing happens.
    - ``swapped``: as straight, but with a chance of ``percent`` it moves by −16·a.

    Arguments:
        kind: one of these.
        percent: how often a swapped wiring is swapped, from 0 to 100.

    Raises:
        SMWMError: another kind, or another share.
    """

    components: ClassVar[tuple[str, ...]] = ("wiring", "dots")
    state_dim: ClassVar[int] = 2
    controllable_dim: ClassVar[int] = 2
    image_size: ClassVar[int] = 64
    kind: str
    percent: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS or not 0 <= self.percent <= 100 or (self.percent and self.kind != "swapped"):
            raise SMWMError(
                f"A wiring is one of {', '.join(KINDS)}, the last with a share from 0 to 100 percent, "
                f"not {self.kind!r} with {self.percent}."
            )

    @classmethod
    def named(cls, name: str) -> "WiredDot":
        """``"valve"``, or ``"swapped25"`` for one that is swapped with a chance of 25 percent."""
        percent = name.removeprefix("swapped")
        return cls("swapped", int(percent)) if percent != name and percent.isdecimal() else cls(name)

    @property
    def action_dim(self) -> int:
        return 4 if self.kind == "spare" else 2

    def describe(self) -> str:
        share = f" in {self.percent} % of all steps" if self.kind == "swapped" else ""
        return f"one dot on 64×64 px, wiring {self.kind}{share}; {self.action_dim}-D action"

    def sample(self, n: int, generator: Generator) -> Transitions:
        """Draw ``n`` independent transitions: int16 states and float32 actions in [-1, 1], on the CPU."""
        dot, largest = _dot(), MAX_DISPLACEMENT
        shape = (n, self.action_dim)
        start = torch.randint(dot.lowest_start, dot.highest_start + 1, (n, 2), generator=generator, dtype=torch.int16)
        pixels = torch.randint(-largest, largest + 1, shape, generator=generator, dtype=torch.int16)
        chance = 100 * torch.rand(n, 1, generator=generator)
        motion = pixels[:, :2].clone()
        if self.kind == "valve":
            motion[:, 1] = 2 * motion[:, 1].abs() - largest
        elif self.kind == "dropped":
            motion *= chance < 50
        elif self.kind == "swapped":
            motion = torch.where(chance < self.percent, -motion, motion)
        return Transitions(start, pixels.float() / largest, start + motion)

    def render(self, state: Tensor) -> Tensor:
        """Draw states as the dot world does: ``(N, 2)`` → ``(N, 3, 64, 64)`` in [0, 1]."""
        return _dot().render(state)


@cache
def _dot() -> DotWorld:
    return DotWorld.setting("single")
