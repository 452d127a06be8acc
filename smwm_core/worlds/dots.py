"""The dot world: coloured dots on a white square, some of which obey the action.

Each dot is the set of pixels within 2 px of an integer centre (13 pixels). At every step each dot
is displaced by whole pixels, up to 16 per axis (or fewer), according to its motion: ``independent`` dots have
a 2-D action of their own, ``coupled`` dots share one action in pairs, ``random`` dots move without
any action, ``orbit`` dots go round the frame's centre and ``static`` dots stay. Only what an
action causes is in the action vector.

Paper: Sensorimotor World Models (arXiv 2606.20104), toy experiments.
"""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import torch
from torch import Generator, Tensor

from smwm_core.errors import SMWMError, choose
from smwm_core.worlds.world import Transitions, require_actions, require_states

MOTIONS = ("independent", "coupled", "random", "static", "orbit")

SETTINGS = {
    "single": ("independent",),
    "independent": ("independent", "independent"),
    "coupled": ("coupled", "coupled"),
    "distractor": ("independent", "random"),
    "combined": ("coupled", "coupled", "independent", "independent", "random"),
}

# 8-bit RGB; the first five are the paper's, the last three are ours for worlds with more dots.
PALETTE = (
    (255, 0, 0),
    (0, 220, 0),
    (0, 100, 255),
    (255, 220, 0),
    (255, 0, 255),
    (0, 200, 200),
    (255, 128, 0),
    (110, 60, 0),
)

RADIUS = 2
MAX_DISPLACEMENT = 16
MIN_SEPARATION = 5.0
ORBIT_RADIUS, ORBIT_PLACES = 12, 12  # px; a step is a twelfth of the way round, 30°

_DISC = [
    (dx, dy)
    for dy in range(-RADIUS, RADIUS + 1)
    for dx in range(-RADIUS, RADIUS + 1)
    if dx * dx + dy * dy <= RADIUS * RADIUS
]


@dataclass(frozen=True)
class DotWorld:
    """Dots on a white 64×64 RGB frame.

    A state is ``(x₁, y₁, x₂, y₂, …)``, whole pixels with the origin at the top left. Before a
    step every coordinate lies in [18, 45], so that after it every dot is still fully in the frame.

    Arguments:
        motions: one of ``MOTIONS`` per dot; later dots are drawn over earlier ones. The coupled
            dots form pairs in the order in which they appear.
        image_size: of the frame, in pixels.
        largest_displacement: of a dot in a step, per axis, 1 to 16 px; starts lie in [18, 45] whatever it is.

    Raises:
        SMWMError: a displacement out of its range, an unknown motion, an odd number of coupled dots, no dot, or more
            dots than there are colours.
    """

    motions: tuple[str, ...]
    image_size: int = 64
    largest_displacement: int = MAX_DISPLACEMENT

    def __post_init__(self) -> None:
        if not 1 <= len(self.motions) <= len(PALETTE):
            raise SMWMError(f"A dot world has between 1 and {len(PALETTE)} dots; {len(self.motions)} were asked for.")
        for motion in self.motions:
            choose("dot motion", motion, dict.fromkeys(MOTIONS))
        if not 1 <= self.largest_displacement <= MAX_DISPLACEMENT:
            raise SMWMError(
                f"Dots move by up to 1 to {MAX_DISPLACEMENT} px in a step, not by up to {self.largest_displacement}."
            )
        if self.motions.count("coupled") % 2:
            raise SMWMError(
                f"Coupled dots move in pairs, so their number must be even; "
                f"{self.motions.count('coupled')} were asked for."
            )
        if self.highest_start < self.lowest_start:
            raise SMWMError(
                f"No dot fits: a frame of {self.image_size} px leaves no room for a margin of "
                f"{self.lowest_start} px on each side; use at least {2 * self.lowest_start + 1} px."
            )
        reach = (self.orbit - self.image_size // 2).max() if "orbit" in self.motions else 0
        if self.image_size // 2 + reach > self.highest_start:  # a frame's centre is nearer to its far edge
            raise SMWMError(f"An orbit of {ORBIT_RADIUS} px does not fit into a frame of {self.image_size} px.")

    @property
    def components(self) -> tuple[str, ...]:
        """What decides its numbers, as ``VERSIONS`` names it."""
        return ("dots", "orbit") if "orbit" in self.motions else ("dots",)

    @classmethod
    def setting(cls, name: str) -> "DotWorld":
        """One of the paper's five settings: single, independent, coupled, distractor, combined."""
        return cls(choose("dot-world setting", name, SETTINGS))

    @property
    def lowest_start(self) -> int:
        return RADIUS + MAX_DISPLACEMENT

    @property
    def highest_start(self) -> int:
        return self.image_size - 1 - self.lowest_start

    @property
    def orbit(self) -> Tensor:
        """The twelve places of an orbiting dot, ``(12, 2)`` whole pixels, in the order in which it visits them."""
        turn = 2 * math.pi * torch.arange(ORBIT_PLACES) / ORBIT_PLACES
        around = ORBIT_RADIUS * torch.stack([turn.cos(), turn.sin()], 1)
        return (self.image_size // 2 + around.round()).to(torch.int16)

    @property
    def action_slots(self) -> tuple[int | None, ...]:
        """For each dot, which 2-D part of the action moves it (``None``: no part does)."""
        slots: list[int | None] = []
        free, open_pair = 0, None
        for motion in self.motions:
            if motion == "independent":
                slots.append(free)
                free += 1
            elif motion == "coupled" and open_pair is None:
                open_pair = free
                slots.append(free)
                free += 1
            elif motion == "coupled":
                slots.append(open_pair)
                open_pair = None
            else:
                slots.append(None)
        return tuple(slots)

    @property
    def state_dim(self) -> int:
        return 2 * len(self.motions)

    @property
    def action_dim(self) -> int:
        return 2 * len({slot for slot in self.action_slots if slot is not None})

    @property
    def controllable_dim(self) -> int:
        return self.action_dim

    def describe(self) -> str:
        counts = ", ".join(f"{count} {motion}" for motion, count in Counter(self.motions).items())
        usual = self.largest_displacement == MAX_DISPLACEMENT
        steps = "" if usual else f", steps up to {self.largest_displacement} px"
        return f"dots on {self.image_size}×{self.image_size} px: {counts}{steps}; {self.action_dim}-D action"

    def sample(self, n: int, generator: Generator) -> Transitions:
        """Draw ``n`` independent transitions.

        Starts are uniform over those in which no two dots come closer than 5 px; each step is then uniform over
        those that leave them so. A static dot starts where no orbiting dot will come closer than that either.

        Arguments:
            n: how many.
            generator: a CPU generator, the only source of randomness.

        Returns:
            int16 states and float32 actions in [-1, 1] (pixels divided by the largest displacement), on the CPU.

        Raises:
            SMWMError: the dots cannot be placed (fewer than one candidate in 10,000 is allowed).
        """
        start = self.draw_starts(n, generator)
        action, end = self._draw_steps(start, generator)
        return Transitions(start.flatten(1), action, end.flatten(1))

    def sample_trajectories(self, n: int, steps: int, generator: Generator) -> tuple[Tensor, Tensor]:
        """Draw ``n`` trajectories whose every state lies where single steps may start.

        Each step is uniform over the displacements that keep all dots inside [18, 45] and 5 px
        apart, so a model trained on single steps is never asked about a place it has not seen.

        Returns:
            states ``(n, steps + 1, state_dim)`` int16 and actions ``(n, steps, action_dim)`` in [-1, 1].
        """
        position = self.draw_starts(n, generator)
        states, actions = [position.flatten(1)], []
        for _ in range(steps):
            action, position = self._draw_steps(position, generator, stay=True)
            states.append(position.flatten(1))
            actions.append(action)
        return torch.stack(states, 1), torch.stack(actions, 1)

    def play(self, state: Tensor, actions: Tensor, generator: Generator) -> Tensor:
        """Carry out chosen actions; dots stop at the edge of where steps may start, and may come as close as they like.

        Arguments:
            state: ``(N, state_dim)``.
            actions: ``(N, K, action_dim)`` in [-1, 1]; a dot moves by the nearest whole pixels.
            generator: of the steps of random dots.

        Returns:
            the states after each action, ``(N, K, state_dim)`` int16.

        Raises:
            SMWMError: states or actions of another shape, or that are not finite.
        """
        require_states("dot world", state, self.state_dim)
        require_actions("Dot", state, actions, self.action_dim)
        position, states = state.to(torch.int16).unflatten(1, (-1, 2)), []
        for action in actions.unbind(1):
            _, moved = self._draw_motion(len(position), generator)
            chosen = (self.largest_displacement * action).round().to(torch.int16).unflatten(1, (-1, 2))
            for dot, slot in enumerate(self.action_slots):
                if slot is not None:
                    moved[:, dot] = chosen[:, slot]
            position = self._along_orbits(position + moved).clamp(self.lowest_start, self.highest_start)
            states.append(position.flatten(1))
        return torch.stack(states, 1)

    def render(self, state: Tensor) -> Tensor:
        """Draw states.

        Arguments:
            state: ``(N, state_dim)`` whole pixels, any device.

        Returns:
            ``(N, 3, H, W)`` float32 in [0, 1], in channels-last memory, on the state's device.

        Raises:
            SMWMError: wrong state size, or (on a CPU, where looking costs nothing) a dot that is not
                fully inside the frame.
        """
        if state.ndim != 2 or state.shape[1] != self.state_dim:
            raise SMWMError(f"This world draws states of shape (N, {self.state_dim}), not {tuple(state.shape)}.")
        n, size = len(state), self.image_size
        position = state.long().unflatten(1, (-1, 2))
        if state.device.type == "cpu" and n:
            low, high = int(position.min()), int(position.max())
            if low < RADIUS or high > size - 1 - RADIUS:
                raise SMWMError(
                    f"A dot centre lies between {RADIUS} and {size - 1 - RADIUS} px; this state has {low} to {high}."
                )
        canvas = torch.ones(n * size * size, 3, device=state.device)
        disc, colours = _brush(size, state.device)
        corner = torch.arange(n, device=state.device) * (size * size)
        for dot in range(len(self.motions)):
            centre = corner + position[:, dot, 1] * size + position[:, dot, 0]
            canvas[(centre[:, None] + disc).flatten()] = colours[dot]
        return canvas.view(n, size, size, 3).permute(0, 3, 1, 2)

    def draw_starts(self, n: int, generator: Generator) -> Tensor:
        """Allowed positions ``(n, dots, 2)``, int16."""
        kept: list[Tensor] = []
        found, tried = 0, 0
        while found < n or not kept:
            if tried >= 10_000 and found * 10_000 < tried:
                raise SMWMError(
                    f"{len(self.motions)} dots cannot be placed {MIN_SEPARATION:g} px apart in this frame; "
                    f"use fewer dots or a larger frame."
                )
            chance = found / tried if found else 1.0
            shape = (min(int(1.1 * (n - found) / chance) + 64, 1_000_000), len(self.motions), 2)
            drawn = torch.randint(
                self.lowest_start, self.highest_start + 1, shape, generator=generator, dtype=torch.int16
            )
            drawn = self._on_orbits(drawn, generator)
            kept.append(drawn[self.separated(drawn) & self._off_orbits(drawn)])
            found, tried = found + len(kept[-1]), tried + len(drawn)
        return torch.cat(kept)[:n]

    def _draw_steps(self, start: Tensor, generator: Generator, stay: bool = False) -> tuple[Tensor, Tensor]:
        """One allowed step from each position: actions ``(n, action_dim)`` and the positions that they lead to.

        Steps that bring two dots too close, or with ``stay`` one out of where steps may start, are drawn again.
        """

        def step(position: Tensor) -> tuple[Tensor, Tensor]:
            drawn, displacement = self._draw_motion(len(position), generator)
            return drawn.float() / self.largest_displacement, self._along_orbits(position + displacement)

        def allowed(arrived: Tensor) -> Tensor:
            apart = self.separated(arrived)
            if stay:
                apart &= ((arrived >= self.lowest_start) & (arrived <= self.highest_start)).flatten(1).all(1)
            return apart

        return draw_until_allowed(start, self.action_dim, step, allowed)

    def _draw_motion(self, n: int, generator: Generator) -> tuple[Tensor, Tensor]:
        """Whole-pixel actions ``(n, action_dim)`` and the displacements ``(n, dots, 2)`` they and chance cause."""
        bound = self.largest_displacement + 1
        slots = self.action_slots
        n_random = self.motions.count("random")
        drawn = torch.randint(
            1 - bound, bound, (n, self.action_dim // 2 + n_random, 2), generator=generator, dtype=torch.int16
        )
        chance = iter(range(self.action_dim // 2, self.action_dim // 2 + n_random))
        still = torch.zeros(n, 2, dtype=torch.int16)
        columns = []
        for motion, slot in zip(self.motions, slots, strict=True):
            if motion in ("static", "orbit"):
                columns.append(still)
            else:
                columns.append(drawn[:, next(chance) if motion == "random" else slot])
        return drawn[:, : self.action_dim // 2].flatten(1), torch.stack(columns, 1)

    def _on_orbits(self, position: Tensor, generator: Generator) -> Tensor:
        """Positions ``(n, dots, 2)`` with orbiting dots at places of their orbit, all equally likely."""
        for dot, motion in enumerate(self.motions):
            if motion == "orbit":
                position[:, dot] = self.orbit[torch.randint(ORBIT_PLACES, (len(position),), generator=generator)]
        return position

    def _off_orbits(self, position: Tensor) -> Tensor:
        """Whether every static dot is at least 5 px away from an orbit, where there is one: ``(n,)`` bool."""
        free = torch.ones(len(position), dtype=torch.bool)
        for dot, motion in enumerate(self.motions):
            if motion == "static" and "orbit" in self.motions:
                gap = (position[:, dot, None] - self.orbit).int()
                free &= (gap.square().sum(2) >= MIN_SEPARATION**2).all(1)
        return free

    def _along_orbits(self, position: Tensor) -> Tensor:
        """Positions ``(n, dots, 2)`` in which orbiting dots, which stood still, have taken their step."""
        for dot, motion in enumerate(self.motions):
            if motion == "orbit":
                place = (position[:, dot, None] - self.orbit).int().square().sum(2).argmin(1)
                position[:, dot] = self.orbit[(place + 1) % ORBIT_PLACES]
        return position

    @staticmethod
    def separated(position: Tensor) -> Tensor:
        """Whether all dots of a frame are at least 5 px apart: ``(n, dots, 2) -> (n,)`` bool."""
        allowed = torch.ones(len(position), dtype=torch.bool)
        for i in range(position.shape[1]):
            for j in range(i):
                gap = (position[:, i] - position[:, j]).int()
                allowed &= gap.square().sum(1) >= MIN_SEPARATION**2
        return allowed


def draw_until_allowed(
    start: Tensor,
    action_dim: int,
    step: Callable[[Tensor], tuple[Tensor, Tensor]],
    allowed: Callable[[Tensor], Tensor],
) -> tuple[Tensor, Tensor]:
    """Actions ``(n, action_dim)`` and the positions ``(n, dots, 2)`` that they lead to, drawn again until all may be.

    Arguments:
        start: positions ``(n, dots, 2)``.
        action_dim: size of an action.
        step: draws an action for each position: ``(k, dots, 2)`` → ``(k, action_dim)`` and where it leads.
        allowed: says of positions that were reached, ``(k, dots, 2)``, which may be: ``(k,)`` bool.

    Raises:
        SMWMError: a position from which no allowed step is found.
    """
    action, end = torch.zeros(len(start), action_dim), start.clone()
    waiting = torch.arange(len(start))
    for _attempt in range(100_000):
        drawn, arrived = step(start[waiting])
        fits = allowed(arrived)
        action[waiting[fits]], end[waiting[fits]] = drawn[fits], arrived[fits]
        waiting = waiting[~fits]
        if not len(waiting):
            return action, end
    raise SMWMError(f"{start.shape[1]} dots leave no room for a step; use fewer dots.")


@cache
def _brush(size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Offsets of a dot's 13 pixels in a flat frame, and all colours; copied to a device only once."""
    offsets = torch.tensor([dy * size + dx for dx, dy in _DISC], device=device)
    return offsets, torch.tensor(PALETTE, device=device) / 255
