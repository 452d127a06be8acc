"""Which states of a tiny world a sensorimotor model may confuse, exactly: all partitions are tried, nothing is trained.

An encoder of a finite world is a partition P of its states. With heads that are as good as they can be, its inverse
loss is the mean over k of H(aₜ | P(sₜ), P(sₜ₊ₖ)), and its forward loss H(P(sₜ₊₁) | P(sₜ), aₜ). States and
actions are uniform, also the actions between t and t + k.
"""

from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np

from smwm_core.errors import SMWMError

MOST_STATES = 8
TOLERANCE = 1e-9  # in nats

Partition = tuple[int, ...]  # per state the number of its class; classes are numbered as they first appear


def coarsest(
    moves: np.ndarray, *, inverse: float = 10, forward: float = 1, steps: Sequence[int] = (1,)
) -> list[Partition]:
    """The partitions with the fewest classes among those that attain the least loss.

    Arguments:
        moves: ``(A, S)`` whole numbers: where each action takes each state, S ≤ 8; or the probabilities
            ``(A, S, S)`` of where it does.
        inverse, forward: weights of the two losses; one that is 0 does not count.
        steps: distances k of the inverse loss.

    Raises:
        SMWMError: no such world, or distances below 1.
    """
    chances = _chances(np.asarray(moves))
    if not steps or min(steps) < 1:
        raise SMWMError(f"The inverse loss needs distances from 1 on, not {tuple(steps)}.")
    partitions = _partitions(chances.shape[1])
    member = np.eye(chances.shape[1])[np.array(partitions)]  # (partitions, states, classes)
    whole = chances / chances[..., 0].size  # joint probability of an action, a state and the next one
    joint = {1: whole}
    for k in range(2, max(steps) + 1):
        joint[k] = joint[k - 1] @ chances.mean(0)
    seen = {k: np.einsum("psi,ast,ptj->paij", member, joint[k], member, optimize=True) for k in {1, *steps}}
    loss = inverse * np.mean([_entropy(seen[k], axis=1) for k in steps], axis=0) + forward * _entropy(seen[1], axis=3)
    classes = np.array([max(partition) for partition in partitions])
    best = loss <= loss.min() + TOLERANCE
    return [partitions[i] for i in np.flatnonzero(best & (classes == classes[best].min()))]


def _entropy(joint: np.ndarray, axis: int) -> np.ndarray:
    """Of what lies along one axis given the others, ``(P, …)`` → ``(P,)``, in nats."""
    total = np.broadcast_to(joint.sum(axis, keepdims=True), joint.shape)
    some = joint > 0
    terms = np.where(some, joint * np.log(np.where(some, total, 1) / np.where(some, joint, 1)), 0)
    return terms.sum(tuple(range(1, joint.ndim)))


def _chances(moves: np.ndarray) -> np.ndarray:
    """Probabilities ``(A, S, S)`` of a world."""
    if moves.ndim == 2 and np.issubdtype(moves.dtype, np.integer) and moves.size:
        if moves.min() < 0 or moves.max() >= moves.shape[1]:
            raise SMWMError(f"A move leads to a state from 0 to {moves.shape[1] - 1}, not {moves.min()}…{moves.max()}.")
        moves = np.eye(moves.shape[1])[moves]
    if moves.ndim != 3 or not moves.size or moves.shape[1] != moves.shape[2] or moves.shape[1] > MOST_STATES:
        raise SMWMError(
            f"A tiny world has moves (A, S) or (A, S, S) of at most {MOST_STATES} states; not {moves.shape}."
        )
    if (moves < 0).any() or not np.allclose(moves.sum(2), 1):
        raise SMWMError("The probabilities of where an action takes a state are ≥ 0 and add up to 1.")
    return moves


@cache
def _partitions(states: int) -> list[Partition]:
    def extended(start: Partition, classes: int) -> Iterator[Partition]:
        if len(start) == states:
            yield start
        else:
            for own in range(classes + 1):
                yield from extended((*start, own), max(classes, own + 1))

    return list(extended((0,), 1))
