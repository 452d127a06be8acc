"""Recorded episodes: states and actions of many sequences, end to end, without any frame.

Time convention: ``action[t]`` takes ``state[t]`` to ``state[t + 1]``; the last row of an episode has no action (NaN).
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Generator, Tensor

from smwm_core.errors import SMWMError
from smwm_core.storage import root
from smwm_core.storage.files import save_arrays
from smwm_core.storage.reading import read_arrays
from smwm_core.storage.schemas import EPISODES
from smwm_core.worlds.world import Simulator


@dataclass(frozen=True)
class Episodes:
    """Episodes in flat columns, one after the other.

    Arguments:
        state: ``(R, S)`` float32.
        action: ``(R, A)`` float32; NaN in the last row of every episode and nowhere else.
        length: ``(E,)`` int64, rows per episode; they add up to R.

    Raises:
        SMWMError: columns that do not fit together.
    """

    state: Tensor
    action: Tensor
    length: Tensor

    def __post_init__(self) -> None:
        rows = len(self.state)
        if self.state.ndim != 2 or self.action.ndim != 2 or self.length.ndim != 1 or len(self.action) != rows:
            raise SMWMError(
                f"Episodes have states (R, S), actions (R, A) and lengths (E,); these have {tuple(self.state.shape)}, "
                f"{tuple(self.action.shape)} and {tuple(self.length.shape)}."
            )
        if not len(self.length) or self.length.min() < 2 or self.length.sum() != rows:
            raise SMWMError(f"The lengths of episodes are at least 2 and add up to the {rows} rows; these do not.")
        if not torch.isfinite(self.state).all():
            raise SMWMError("A recorded state is not finite.")
        missing = self.action.isnan().any(1)
        last = torch.zeros(rows, dtype=torch.bool)
        last[self.offset + self.length - 1] = True
        if not torch.equal(missing, last):
            raise SMWMError("The last row of every episode has no action (NaN), and every other row has one.")

    @classmethod
    def from_padded(cls, states: Tensor, actions: Tensor, steps: Tensor) -> "Episodes":
        """From arrays of one length: ``(E, T + 1, S)``, ``(E, T, A)`` and the number of real steps ``(E,)``."""
        real = torch.arange(states.shape[1]) <= steps[:, None]
        actions = torch.cat([actions, torch.full_like(actions[:, :1], torch.nan)], 1)
        ends = torch.arange(states.shape[1]) == steps[:, None]
        actions = torch.where(ends[..., None], torch.nan, actions)
        return cls(states[real].float(), actions[real].float(), (steps + 1).long())

    @property
    def offset(self) -> Tensor:
        """First row of each episode, ``(E,)``."""
        return self.length.cumsum(0) - self.length

    @property
    def step(self) -> Tensor:
        """Each row's place in its episode, ``(R,)``, from 0."""
        return torch.arange(len(self.state)) - self.offset.repeat_interleave(self.length)

    def __len__(self) -> int:
        return len(self.length)

    def select(self, chosen: Tensor) -> "Episodes":
        """The episodes of these numbers, in this order."""
        rows = torch.cat(
            [torch.arange(o, o + n) for o, n in zip(self.offset[chosen], self.length[chosen], strict=True)]
        )
        return Episodes(self.state[rows], self.action[rows], self.length[chosen])

    def split(self, share: float, generator: Generator) -> tuple["Episodes", "Episodes"]:
        """Two disjoint sets of whole episodes; the first gets this share of them."""
        order = torch.randperm(len(self), generator=generator)
        cut = round(share * len(self))
        if not 0 < cut < len(self):
            raise SMWMError(f"{len(self)} episodes cannot be split {share:g} to {1 - share:g}.")
        return self.select(order[:cut]), self.select(order[cut:])

    def starts(self, steps: int) -> Tensor:
        """Rows from which at least this many steps follow in the same episode.

        Raises:
            SMWMError: no episode is long enough.
        """
        left = (self.offset + self.length).repeat_interleave(self.length) - 1 - torch.arange(len(self.state))
        rows = torch.nonzero(left >= steps)[:, 0]
        if not len(rows):
            raise SMWMError(f"No episode has {steps} steps; the longest has {int(self.length.max()) - 1}.")
        return rows

    def action_blocks(self, rows: Tensor, frameskip: int) -> Tensor:
        """The ``frameskip`` actions from each row on, side by side: ``(N,)`` → ``(N, frameskip · A)``."""
        return self.action[rows[:, None] + torch.arange(frameskip)].flatten(1)

    def save(self, path: Path) -> None:
        """Write the columns as a compressed ``.npz``."""
        save_arrays(path, {name: getattr(self, name).numpy() for name in ("state", "action", "length")})

    @classmethod
    def load(cls, path: Path, simulator: Simulator | None = None) -> "Episodes":
        """Read what ``save`` wrote.

        Arguments:
            simulator: in which they were recorded, if that is known.

        Raises:
            SMWMError: the file is damaged, lacks a column, its columns do not fit together or not into the simulator.
        """
        sizes = {"S": simulator.state_dim, "A": simulator.action_dim} if simulator else {}
        arrays = read_arrays(path, EPISODES, "collect it again", **sizes)
        try:
            return cls(*(torch.from_numpy(arrays[column]) for column in EPISODES))
        except SMWMError as error:
            raise SMWMError(f"{root.shown(path)} is broken: {error} Collect it again.") from error
