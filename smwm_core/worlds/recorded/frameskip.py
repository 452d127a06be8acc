"""A simulator seen every few steps: the world that planning models learn.

One step of this world is a block of primitive steps. Its action holds theirs side by side, each column
standardised over the recorded episodes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Generator, Tensor

from smwm_core.worlds.recorded.episodes import Episodes
from smwm_core.worlds.recorded.frame_store import FrameStore
from smwm_core.worlds.world import Simulator, Transitions

TRAINING_SHARE = 0.9


@dataclass(frozen=True, eq=False)
class FrameSkip:
    """Transitions of ``frameskip`` primitive steps, drawn from recorded episodes.

    Arguments:
        simulator: which draws the states and can step on its own.
        record: gives the episodes recorded in it, and is called when they are first needed; nine of ten are for
            training, the others are held out.
        frameskip: primitive steps per block; the paper's is 5.
        frames: where the simulator draws slowly, a store of frames that are drawn only once; blocks for training
            then start at every ``frameskip``-th step of an episode only.
        known_scale: ``scale``, where it is known without the episodes.
        components: what decides its numbers, as ``VERSIONS`` names it.
    """

    simulator: Simulator
    record: Callable[[], Episodes]
    frameskip: int = 5
    frames: FrameStore | None = None
    known_scale: tuple[Tensor, Tensor] | None = None
    components: tuple[str, ...] = ()

    @property
    def state_dim(self) -> int:
        return self.simulator.state_dim

    @property
    def action_dim(self) -> int:
        return self.frameskip * self.simulator.action_dim

    @property
    def controllable_dim(self) -> int:
        return self.simulator.controllable_dim

    @property
    def image_size(self) -> int:
        return self.simulator.image_size

    @cached_property
    def split(self) -> tuple[Episodes, Episodes]:
        """Training and held-out episodes, always the same ones."""
        return self.record().split(TRAINING_SHARE, Generator().manual_seed(0))

    @cached_property
    def scale(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of each column of a block, ``(action_dim,)`` each, over the training episodes."""
        if self.known_scale:
            return self.known_scale
        actions = self.split[0].action
        actions = actions[~actions.isnan().any(1)]
        return actions.mean(0).repeat(self.frameskip), actions.std(0).repeat(self.frameskip)

    @property
    def bounds(self) -> tuple[Tensor, Tensor]:
        """Lowest and highest standardised action, ``(action_dim,)`` each."""
        mean, std = self.scale
        low, high = self.simulator.bounds
        return (low - mean) / std, (high - mean) / std

    def standardised(self, actions: Tensor) -> Tensor:
        """Actions of the simulator side by side, ``(…, action_dim)`` → blocks as models see them."""
        mean, std = (part.to(actions) for part in self.scale)
        return (actions - mean) / std

    def primitive_actions(self, blocks: Tensor) -> Tensor:
        """Standardised blocks ``(N, action_dim)`` → the actions of the simulator, ``(N, frameskip, A)``."""
        mean, std = (part.to(blocks) for part in self.scale)
        return (blocks * std + mean).unflatten(1, (self.frameskip, -1))

    def primitive_sequence(self, plans: Tensor) -> Tensor:
        """Sequences of standardised blocks ``(…, H, action_dim)`` → primitive actions, ``(…, H · frameskip, A)``."""
        return self.primitive_actions(plans.flatten(0, -2)).unflatten(0, plans.shape[:-1]).flatten(-3, -2)

    def block_sequence(self, actions: Tensor) -> Tensor:
        """Primitive actions ``(…, H · frameskip, A)`` → sequences of standardised blocks, ``(…, H, action_dim)``."""
        return self.standardised(actions.unflatten(-2, (-1, self.frameskip)).flatten(-2))

    def window_steps(self, history: int) -> int:
        """Primitive steps that follow the start of a window: those up to its last frame, and nearly a block more."""
        return self.frameskip * (history + 1) - 1

    def windows(self, episodes: Episodes, rows: Tensor, blocks: int) -> tuple[Tensor, Tensor]:
        """What follows in episodes of this world: states ``(N, blocks + 1, S)`` and standardised blocks of actions.

        Arguments:
            episodes: such as one part of ``split``.
            rows: where windows begin, ``(N,)``, each at least ``blocks`` blocks before the end of its episode.

        Returns:
            states a block apart, and the actions between them, ``(N, blocks, action_dim)``.
        """
        at = rows[:, None] + self.frameskip * torch.arange(blocks + 1)
        actions = episodes.action_blocks(at[:, :-1].flatten(), self.frameskip).unflatten(0, (len(rows), blocks))
        return episodes.state[at], self.standardised(actions)

    def sample(self, n: int, generator: Generator) -> Transitions:
        """Draw ``n`` blocks from the training episodes, with replacement: actions are standardised, not in [-1, 1]."""
        training = self.split[0]
        starts = training.starts(self.window_steps(1))
        if self.frames:
            starts = starts[training.step[starts] % self.frameskip == 0]
            self.frames.prepare(training.state[torch.cat([starts, starts + self.frameskip]).unique()])
        rows = starts[torch.randint(len(starts), (n,), generator=generator)]
        action = self.standardised(training.action_blocks(rows, self.frameskip))
        return Transitions(training.state[rows], action, training.state[rows + self.frameskip])

    def render(self, state: Tensor) -> Tensor:
        return (self.frames or self.simulator.render)(state)

    def describe(self) -> str:
        return f"{self.simulator.describe()}; in blocks of {self.frameskip} steps"
