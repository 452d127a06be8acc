"""What every world hands out, and what every world must offer.

Time convention, here and everywhere: ``action[t]`` takes ``state[t]`` to ``state[t + 1]``.
"""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Generator, Tensor

from smwm_core.errors import SMWMError


@dataclass(frozen=True)
class Transitions:
    """A set of single steps ``(sₜ, aₜ, sₜ₊₁)``, stored as states and never as frames.

    Arguments:
        state: ``(N, state_dim)``, in the world's own units.
        action: ``(N, action_dim)`` float32, normalised to [-1, 1].
        next_state: ``(N, state_dim)``, same type as ``state``.
    """

    state: Tensor
    action: Tensor
    next_state: Tensor

    def __len__(self) -> int:
        return len(self.state)

    def __getitem__(self, index) -> "Transitions":
        return Transitions(self.state[index], self.action[index], self.next_state[index])

    def to(self, device) -> "Transitions":
        return Transitions(self.state.to(device), self.action.to(device), self.next_state.to(device))


class World(Protocol):
    """A source of transitions that can draw its own states.

    ``controllable_dim`` is the number of independent ways in which the action can move the state (a
    coupled pair of dots counts two, not four); the paper's claim is that a sensorimotor latent has
    just that many significant directions. ``components`` are the names under which ``VERSIONS`` counts its changes.
    """

    state_dim: int
    action_dim: int
    controllable_dim: int
    image_size: int
    components: tuple[str, ...]

    def sample(self, n: int, generator: Generator) -> Transitions: ...

    def render(self, state: Tensor) -> Tensor: ...

    def describe(self) -> str: ...


class Simulator(Protocol):
    """A world that steps.

    ``bounds`` are those of a primitive action. ``play`` carries out sequences of actions, ``(N, S)`` and ``(N, K, A)``
    → ``(N, K, S)``; ``reached`` says which states are at their goals, ``distances`` how far each part of that test is
    off, in units of what it allows, ``inside`` which states can be in this world at all; ``collect`` records episodes
    of at most ``episode_steps``, as ``Episodes.from_padded`` takes them. ``velocities`` are the columns of a state that
    no single frame shows. A simulator may have ``settled``, what becomes of states ``(N, S)`` when it is set up in
    them, and ``between``, the states ``(N, K, S)`` halfway through actions ``(N, K, A)`` taken in states
    ``(N, K, S)``, where success counts too.
    """

    state_dim: int
    action_dim: int
    controllable_dim: int
    image_size: int
    bounds: tuple[float, float]
    velocities: slice
    episode_steps: int

    def play(self, state: Tensor, actions: Tensor) -> Tensor: ...

    def reached(self, state: Tensor, goal: Tensor) -> Tensor: ...

    def distances(self, state: Tensor, goal: Tensor) -> Tensor: ...

    def inside(self, state: Tensor) -> Tensor: ...

    def random_action(self, n: int, generator: Generator) -> Tensor: ...

    def render(self, state: Tensor) -> Tensor: ...

    def collect(self, episodes: int, generator: Generator) -> tuple[Tensor, Tensor, Tensor]: ...

    def describe(self) -> str: ...


def require_size(world: str, size: int) -> None:
    """Refuse frames that are too small to show anything, or larger than the published ones."""
    if not 16 <= size <= 224:
        raise SMWMError(f"{world} is drawn at 16 to 224 px, not {size}.")


def require_states(world: str, state: Tensor, state_dim: int) -> None:
    """Refuse states that are not ``(N, state_dim)`` or not finite."""
    if state.ndim != 2 or state.shape[1] != state_dim:
        raise SMWMError(f"A {world} state has shape (N, {state_dim}), not {tuple(state.shape)}.")
    if not torch.isfinite(state).all():
        raise SMWMError(f"A {world} state is not finite.")


def require_actions(world: str, state: Tensor, actions: Tensor, action_dim: int) -> None:
    """Refuse actions that are not ``(N, K, action_dim)`` for N states, or not finite."""
    n = len(state)
    if actions.ndim != 3 or actions.shape[2] != action_dim or len(actions) != n:
        raise SMWMError(
            f"{world} actions for {n} states have shape ({n}, K, {action_dim}), not {tuple(actions.shape)}."
        )
    if not torch.isfinite(actions).all():
        raise SMWMError(f"A {world} action is not finite.")
