"""What a latent has dropped: variables of two dots, tasks in which one of them is in the way, and who sees it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.metrics import r2_score
from torch import Generator, Tensor

from smwm_book.experiments.measures import R2, Measure, Number, Rate, Scale, Share
from smwm_book.experiments.runs import Run
from smwm_core.analysis import detection
from smwm_core.analysis.probes import probe_values
from smwm_core.analysis.sensitivity import blurred, blurred_r2, blurred_readout, pull_ratio
from smwm_core.analysis.spectrum import spectrum, top_share
from smwm_core.planning import CEM
from smwm_core.planning.costs import Cost, doubt_along, keeping_away
from smwm_core.seeds import generator
from smwm_core.worlds import DotWorld
from smwm_core.worlds.world import Transitions

VARIABLES = ("x of dot 1", "y of dot 1", "x of dot 2", "y of dot 2", "gap in x", "gap in y", "distance", "direction")
REACH = 6  # px that a dot may move in a step and axis here, so that it cannot jump over the other one
COLLISION, ARRIVED, APART = 8, 4, 12  # px: too near, at the goal, and how far dot 2 is from a start and a goal at least
STEPS, CARRIED_OUT = 12, 2  # of an episode, and of a plan before the next one is made
HALF = 32  # dimensions of the latent that the inverse model of the split objective sees
LABELS, READ, ASKED = 100, 200, 256  # frames for the budgeted probe, for the planner's read-out, and for look-alikes
MISSING = 0.3  # in R²: a variable with this much less than the state has counts as dropped
LIGHTS = ("disagreement", "surprise", "budgeted_probe", "look_alikes")


@dataclass(frozen=True)
class Seen:
    """Transitions of a run with the latents of their frames: N held out, and 2 N that it was trained on.

    Latents are ``(N, Z)`` and ``(2 N, Z)``.
    """

    run: Run
    held_out: Transitions
    known: Transitions
    z: Tensor
    z_next: Tensor
    z_known: Tensor
    z_known_next: Tensor

    @classmethod
    def of(cls, run: Run, n: int) -> "Seen":
        """What a run makes of ``n`` held-out transitions and of ``2 n`` that it knows."""
        device, transitions = next(run.model.parameters()).device, run.config.transitions
        held_out = run.world.sample(n, generator(run.seed, "held-out transitions")).to(device)
        known = run.world.sample(transitions, generator(run.seed, "training transitions"))[: 2 * n].to(device)
        states = held_out.state, held_out.next_state, known.state, known.next_state
        return cls(run, held_out, known, *map(run.encode, states))

    def heads(self, steps: int) -> detection.Ensemble:
        """Five forward models on the latents that the run knows, trained for so many steps each."""
        return detection.Ensemble(self.z_known, self.known.action, self.z_known_next, steps=steps, seed=self.run.seed)


def kept(seen: Seen) -> dict[str, Measure]:
    """What a latent holds of either dot, how far each moves it, and how its variance is spread."""
    state, variances = seen.held_out.state, spectrum(seen.z)
    r2, far = blurred_r2(seen.z, state.float()), (state[:, :2] - state[:, 2:]).float().norm(dim=1) >= APART
    return {
        "dot1_r2": R2(min(r2[:2])),
        "dot2_r2": R2(min(r2[2:])),
        "pull_ratio": Scale(pull_ratio(seen.run.model, seen.run.world, state[far], [2, 3], [0, 1], by=4)),
        "total_variance": Scale(variances.sum(), "latent units²"),
        "top2_share": Share(top_share(variances, 2)),
        "half_share": Share(top_share(spectrum(seen.z[:, :HALF]), 2)),
        "seconds": Number(seen.run.seconds, "s"),
    }


class Lights:
    """Four warning lights on models of one seed; a case is a model and one of the eight variables."""

    def __init__(self) -> None:
        self._missing: list[np.ndarray] = []
        self._scores: dict[str, list[np.ndarray]] = {light: [] for light in LIGHTS}
        self._of_world: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    def look(self, seen: Seen, heads: detection.Ensemble) -> dict[str, Measure]:
        """Add a model's eight cases.

        Arguments:
            seen: the model's latents.
            heads: forward models on them.

        Returns:
            what the lights without labels say of the model, and the share of the variables that it has dropped.
        """
        run, held_out, state = seen.run, seen.held_out, seen.held_out.state
        labelled = seen.known.state[:LABELS]
        read = variables(labelled.cpu())
        if run.config.world not in self._of_world:  # what the state and the frames tell
            told = detection.budgeted_r2(detection.random_features(run.world, labelled), read)
            self._of_world[run.config.world] = held_r2(state.float(), state.cpu(), run.seed), told
        bound, told = self._of_world[run.config.world]
        missing = bound - held_r2(seen.z, state.cpu(), run.seed) > MISSING
        asked, among = (detection.soft_pictures(run.world, states) for states in (state[:ASKED], seen.known.state))
        per_model = {
            "disagreement": heads.disagreement(seen.z, held_out.action),
            "surprise": detection.surprise(run.model, seen.z, held_out.action, seen.z_next),
            "look_alikes": detection.look_alikes(seen.z[:ASKED], asked, seen.z_known, among),
        }
        readings = {light: reading.mean().item() for light, reading in per_model.items()}
        self._missing.append(missing)
        self._scores["budgeted_probe"].append(told - detection.budgeted_r2(blurred(seen.z_known[:LABELS]), read))
        for light, reading in readings.items():
            self._scores[light].append(np.full(len(missing), reading))
        return {light: Scale(reading) for light, reading in readings.items()} | {"dropped": Share(missing.mean())}

    def aurocs(self) -> dict[str, Measure]:
        """How well each light tells what is missing, over all cases, and the share of those that are."""
        missing = np.concatenate(self._missing)
        told = {light: detection.auroc(missing, np.concatenate(parts)) for light, parts in self._scores.items()}
        return {light: Share(auroc) for light, auroc in told.items()} | {"missing_share": Share(missing.mean())}


def variables(state: Tensor) -> Tensor:
    """What a task could ask of two dots: states ``(N, 4)`` → ``(N, 8)``, in the order of ``VARIABLES``.

    The direction is the cosine of the angle of dot 2 around the frame's centre.
    """
    state = state.float()
    gap, around = state[:, 2:] - state[:, :2], state[:, 2:] - 32
    direction = around[:, 0] / around.norm(dim=1).clamp(min=0.5)
    return torch.stack([*state.unbind(1), *gap.unbind(1), gap.norm(dim=1), direction], 1)


def held_r2(z: Tensor, state: Tensor, seed: int) -> np.ndarray:
    """How much of each variable is in a slightly blurred latent, ``(8,)``, by an MLP on one half of the frames.

    Arguments:
        z: ``(N, Z)`` latents, or the states themselves, which bound what there is to be read.
        state: ``(N, 4)``, those of the frames.
        seed: of the MLP's weights.
    """
    z, wanted, half = blurred(z), variables(state).double(), len(z) // 2
    read = probe_values("mlp", z[:half], wanted[:half], z[half:], seed=seed)
    return r2_score(wanted[half:].numpy(), read.numpy(), multioutput="raw_values")


def straight_step(position: Tensor, goal: Tensor) -> Tensor:
    """The step straight towards a goal, of at most 6 px: ``(N, 2)`` and ``(N, 2)`` → pixels ``(N, 2)``."""
    way = (goal - position).float()
    return way * (REACH / way.norm(dim=1, keepdim=True).clamp(min=REACH))


def blocked_tasks(world: DotWorld, n: int, generator: Generator) -> tuple[Tensor, Tensor]:
    """Starts ``(n, 4)`` and goals ``(n, 2)`` of dot 1 for which going straight comes too near to dot 2."""
    start = world.sample(100 * n, generator).state
    goal = world.sample(100 * n, generator).state[:, :2].float()
    state, path = start, []
    for _ in range(STEPS):
        action = straight_step(state[:, :2], goal) / world.largest_displacement
        state = world.play(state, action[:, None], generator)[:, 0]
        path.append(state)
    _, collided = outcome(torch.stack(path, 1), goal)
    far = (start[:, 2:] - start[:, :2]).float().norm(dim=1) >= APART
    far &= (start[:, 2:] - goal).float().norm(dim=1) >= APART
    chosen = (collided & far).nonzero()[:n, 0]
    return start[chosen], goal[chosen]


@dataclass(frozen=True)
class Driver:
    """Who plans: what it sees of states ``(N, 4)``, what it thinks follows, where it reads the dots, and its chance.

    Arguments:
        see: states ``(N, 4)`` → what it plans from, ``(N, Z)``.
        rollout: what follows from that under actions ``(N, H, 2)``: ``(N, H, Z)``.
        read: positions in it, ``(…, Z)`` → ``(…, 4)``.
        chance: source of the search's draws.
    """

    see: Callable[[Tensor], Tensor]
    rollout: Callable[[Tensor, Tensor], Tensor]
    read: Callable[[Tensor], Tensor]
    chance: Generator

    @classmethod
    def of(cls, run: Run) -> "Driver":
        """A model, with linear read-outs of both dots that were fitted on 200 labelled frames."""
        labelled = run.world.sample(READ, generator(run.seed, "labelled frames")).state
        z = run.encode(labelled)
        read = blurred_readout(z, labelled.float())
        return cls(run.encode, run.model.rollout, read, generator(run.seed, "planning", z.device))

    @classmethod
    def oracle(cls, world: DotWorld, seed: int) -> "Driver":
        """Who knows positions, and what follows from actions."""

        def play(state: Tensor, actions: Tensor) -> Tensor:
            return world.play(state, actions, Generator())

        return cls(Tensor.float, play, Tensor.float, generator(seed, "planning"))


@dataclass(frozen=True)
class Episodes:
    """How N episodes went.

    Arguments:
        start: states ``(N, 4)``.
        first: the first plan of each, ``(N, H, 2)``.
        arrived, collided: ``(N,)`` bool.
    """

    start: Tensor
    first: Tensor
    arrived: Tensor
    collided: Tensor

    @property
    def measures(self) -> dict[str, Measure]:
        ends = {"success_percent": self.arrived, "collision_percent": self.collided}
        return {name: Rate(end.sum(), len(end)) for name, end in ends.items()}


def search(**effort: int) -> CEM:
    """Over five steps of at most 6 px along each axis: 100 samples and 10 iterations, unless the effort is another."""
    most = torch.full((2,), REACH / 16)
    return CEM(-most, most, horizon=5, std=REACH / 16, **{"samples": 100, "iterations": 10, "elites": 10, **effort})


def drive(driver: Driver, world: DotWorld, start: Tensor, goal: Tensor, search: CEM, penalty: float) -> Episodes:
    """Tasks ``(N, 4)`` and ``(N, 2)`` under a driver who pays ``penalty`` for each pixel too near to dot 2."""
    cost = keeping_away(driver.rollout, driver.read, margin=COLLISION + 2, penalty=penalty)
    path, first = act(world, start, goal, cost, driver.see, search, driver.chance)
    return Episodes(start, first, *outcome(path, goal))


def compared(ends: Mapping[str, Episodes]) -> dict[str, Measure]:
    """Collisions on the inverse loss's latent, and with SIGReg added, against those of a driver who ignores dot 2."""
    collisions = {planner: episodes.collided.sum().item() for planner, episodes in ends.items()}
    saved = 100 * (collisions["ignoring"] - collisions["inverse"]) / len(ends["inverse"].start)
    ratio = collisions["inverse_sigreg"] / max(collisions["ignoring"], 1)
    return {"saved_points": Number(saved, "points"), "collision_ratio": Number(ratio)}


def doubted(run: Run, heads: detection.Ensemble, episodes: Episodes) -> Share:
    """Whether the first plan of an episode looks uncertain if the episode ends in a collision: an AUROC."""
    z = run.encode(episodes.start)
    doubt = doubt_along(run.model, heads.disagreement)(z, z, episodes.first[:, None])[:, 0]
    return Share(detection.auroc(episodes.collided.numpy(), doubt.cpu().numpy()))


def act(
    world: DotWorld, start: Tensor, goal: Tensor, cost: Cost, see, search: CEM, generator: Generator
) -> tuple[Tensor, Tensor]:
    """Plan, carry out two steps, look and plan again.

    Arguments:
        world: in which to act.
        start, goal: tasks, ``(N, 4)`` and ``(N, 2)``.
        cost: of plans.
        see: what the planner plans from, given states ``(N, 4)``.
        search: over actions.
        generator: source of the draws, on the device of what ``see`` gives.

    Returns:
        the states after each of the twelve steps, ``(N, 12, 4)``, and the first plan, ``(N, H, 2)``.
    """
    state, path, first = start, [], None
    unused = torch.Generator()  # no dot moves by chance in these worlds
    for _ in range(STEPS // CARRIED_OUT):
        here = see(state)
        plan = search(cost, here, goal.to(here), generator).actions
        first = plan if first is None else first
        path.append(world.play(state, plan[:, :CARRIED_OUT].cpu(), unused))
        state = path[-1][:, -1]
    return torch.cat(path, 1), first


def outcome(path: Tensor, goal: Tensor) -> tuple[Tensor, Tensor]:
    """Which episodes end well, and which in a collision: two ``(N,)`` bool; in the rest dot 1 does not arrive.

    Arguments:
        path: states after each step, ``(N, K, 4)``; what comes after arrival or collision does not count.
        goal: ``(N, 2)``.
    """
    path, k = path.float(), path.shape[1]
    arrived = (path[..., :2] - goal[:, None]).norm(dim=2) <= ARRIVED
    near = (path[..., :2] - path[..., 2:]).norm(dim=2) < COLLISION
    time = torch.arange(k)
    first_arrival, first_collision = (torch.where(event, time, k).amin(1) for event in (arrived, near))
    return first_arrival < first_collision, (first_collision < k) & (first_collision <= first_arrival)


def confused_pair(z: Tensor, state: Tensor) -> tuple[Tensor, Tensor, float]:
    """Two frames that look the same to a latent though dot 2 is in the way in one of them only.

    Of all pairs in which dot 1 is at nearly one place and dot 2 halfway to a goal in the first frame and far from the
    way in the second, the one whose latents are nearest.

    Arguments:
        z, state: latents ``(N, Z)`` and states ``(N, 4)`` to choose from.

    Returns:
        the two states ``(2, 4)``, the goal ``(2,)``, and the distance of the latents over the median distance.
    """
    state = state.float()
    dot, other = state[:, :2], state[:, 2:]
    goal = 2 * other - dot  # for a frame whose dot 2 is in the way
    length = (other - dot).norm(dim=1)
    fits = (length >= COLLISION + 1) & (length <= 14) & (goal >= 18).all(1) & (goal <= 45).all(1)
    aside = torch.cdist(other, other).ge(14) & torch.cdist(goal, other).ge(APART) & torch.cdist(dot, other).ge(APART)
    unmet = (torch.cdist(dot, dot) > 1.5).int() + (~aside).int() + (~fits).int()[:, None]
    apart = torch.cdist(z, z)
    median = apart.median().clamp(min=1e-12)
    apart.fill_diagonal_(float("inf"))
    first, second = divmod(int((apart / median + 1e6 * unmet).argmin()), len(z))
    return state[[first, second]], goal[first], float(apart[first, second] / median)
