"""What of a dot world can be read linearly from a latent, dot by dot and pair by pair."""

from torch import Tensor

from smwm_core.analysis.probes import linear_r2
from smwm_core.worlds import DotWorld, Transitions


def dot_readouts(world: DotWorld, z: Tensor, z_next: Tensor, transitions: Transitions) -> dict[str, dict[str, float]]:
    """Held-out R² of linear read-outs, each the worse of its two coordinates.

    A coupled pair is asked three things. Its shared motion is what the action is, and is read from
    the change of the latent; its mean position moves with the action; its relative position never
    moves, so no action reveals it.

    Arguments:
        z, z_next: latents ``(N, Z)`` of the frames before and after each transition.
        transitions: the N transitions, on any device.

    Returns:
        three groups: ``"controlled"`` (positions of independent dots, shared motions of pairs),
        ``"distractor"`` (positions of random and static dots) and ``"pair"`` (what else is asked of
        coupled dots).
    """
    position = transitions.state.float().unflatten(1, (-1, 2))
    motion = transitions.next_state.float().unflatten(1, (-1, 2)) - position

    def worse(latent: Tensor, target: Tensor) -> float:
        return float(linear_r2(latent, target).min())

    groups: dict[str, dict[str, float]] = {"controlled": {}, "distractor": {}, "pair": {}}
    group_of = {"independent": "controlled", "coupled": "pair"}
    for i, kind in enumerate(world.motions):
        groups[group_of.get(kind, "distractor")][f"dot {i + 1} position"] = worse(z, position[:, i])
    slots = world.action_slots
    pairs = [(i, j) for j in range(len(slots)) for i in range(j) if slots[i] is not None and slots[i] == slots[j]]
    for first, second in pairs:
        a, b, pair = position[:, first], position[:, second], f"dots {first + 1} and {second + 1}"
        groups["controlled"][f"{pair}, shared motion"] = worse(z_next - z, motion[:, first])
        groups["pair"][f"{pair}, mean position"] = worse(z, (a + b) / 2)
        groups["pair"][f"{pair}, relative position"] = worse(z, a - b)
    return groups
