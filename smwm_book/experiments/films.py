"""One planned episode to look at: its frames, and the way through the latent beside the way that was planned."""

import numpy as np
import torch
from torch import Tensor

from smwm_core.analysis.spectrum import PrincipalPlane
from smwm_core.models import WorldModel
from smwm_core.planning.evaluation import EpisodeOutcomes
from smwm_core.worlds import FrameSkip
from smwm_core.worlds.recorded.frame_store import to_bytes

FRAMES = 6  # of the episode, the first and the last among them
PLANNED = 5  # blocks per plan


def choose_films(outcome: EpisodeOutcomes) -> dict[str, int]:
    """Which tasks to show: the one that took the median number of steps, and the first one that failed.

    Trivial tasks are shown only if no other was solved.

    Returns:
        ``solved`` and ``failed`` with the number of a task; without an entry where there is none.
    """
    hard = outcome.success & ~outcome.trivial
    solved = torch.nonzero(hard if hard.any() else outcome.success)[:, 0]
    failed = torch.nonzero(~outcome.success)[:, 0]
    chosen = {}
    if len(solved):
        chosen["solved"] = int(solved[outcome.steps[solved].argsort(stable=True)[len(solved) // 2]])
    if len(failed):
        chosen["failed"] = int(failed[0])
    return chosen


@torch.no_grad()
def planned_episode(
    world: FrameSkip, model: WorldModel, outcome: EpisodeOutcomes, task: int, goal: Tensor
) -> dict[str, np.ndarray]:
    """What to draw of one task.

    Arguments:
        world, model: where and with what it was planned, five blocks at a time.
        outcome: of all tasks; their states span the plane of the latent.
        task: the number of the task.
        goal: its goal ``(state_dim,)``.

    Returns:
        ``frames (6, H, W, 3)`` uint8 until success or the end, with their ``steps (6,)``, and the ``goal``'s
        ``(H, W, 3)``; in the first two principal components: ``cloud (M, 2)`` of states that were visited in any
        task, ``way (T, 2)`` of this one until success, ``planned (P, blocks + 1, 2)`` predictions of its P plans,
        ``target (2,)``; ``solved_after``, 0 if it was not.
    """
    device = next(model.parameters()).device
    cloud = model.encode_states(world, outcome.path[:, :: world.frameskip].flatten(0, 1)[::2].to(device))
    plane = PrincipalPlane(cloud)
    path, end = outcome.path[task], int(outcome.steps[task]) or outcome.path.shape[1] - 1
    shown = torch.linspace(0, end, FRAMES).round().long()
    z = model.encode_states(world, path.to(device))
    blocks = world.block_sequence(outcome.actions[task].to(path))
    plans = []
    for first in range(0, len(blocks), PLANNED):
        if first * world.frameskip >= end:
            break
        predicted = model.rollout(z[None, first * world.frameskip], blocks[None, first : first + PLANNED].to(z))[0]
        plans.append(plane(torch.cat([z[None, first * world.frameskip], predicted])))
    return {
        "frames": to_bytes(world.render(path[shown])),
        "steps": shown.numpy(),
        "goal": to_bytes(world.render(goal[None]))[0],
        "cloud": plane(cloud).astype(np.float32),
        "way": plane(z[: end + 1]).astype(np.float32),
        "planned": np.stack(plans).astype(np.float32),
        "target": plane(model.encode_states(world, goal[None].to(device)))[0].astype(np.float32),
        "solved_after": np.array(int(outcome.steps[task])),
    }
