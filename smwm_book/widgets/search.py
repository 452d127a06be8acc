"""One search of the planner to watch, round by round: plans that it draws, its elites, and their mean."""

import numpy as np
from torch import Tensor

from smwm_book.widgets.page import as_text, page
from smwm_book.widgets.planner import SHOWN_WAYS, Planning
from smwm_core.planning import final_distance
from smwm_core.seeds import generator
from smwm_core.worlds.simulators import two_room as rules

UNITS = 255 / rules.FRAME  # of the page, per px


def watch_the_search(planning: Planning, seed: int) -> str:
    """HTML with its data and script inside: the search of ``planning.plan`` from start to goal.

    Arguments:
        planning: where, from where to where, and with what model; on the CPU.
        seed: of the search.
    """
    judge, rounds = final_distance(planning.model), []

    def watching(z: Tensor, z_goal: Tensor, plans: Tensor) -> Tensor:
        cost = judge(z, z_goal, plans)
        rounds.append((plans[0], cost[0]))
        return cost

    z, z_goal = (planning.model.encode_states(planning.world, place[None]) for place in (planning.start, planning.goal))
    plan = planning.search(watching, z, z_goal, generator(seed, "a plan to look at"))
    rounds = rounds[: planning.search.iterations]  # the last thing that a search judges is its result
    return page(
        "search.html",
        {
            "frame": _text(255 * planning.world.render(planning.start[None])[0].permute(1, 2, 0)),
            "goal": (planning.goal * UNITS).tolist(),
            "best": plan.best[:, 0].tolist(),
            "average": [cost.mean().item() for _, cost in rounds],
            "steps": planning.play(planning.start, plan.actions).shape[1],
            "ways": [_text(UNITS * planning.play(planning.start, plans[:SHOWN_WAYS])) for plans, _ in rounds],
            "elites": [_elites(cost, planning.search.elites) for _, cost in rounds],
            "sentences": [planning.sentence(plan, i, planning.start, planning.goal) for i in range(len(rounds))],
        },
    )


def _elites(cost: Tensor, number: int) -> list[int]:
    """Which of the plans that are shown are among the cheapest of all."""
    return [i for i in cost.argsort()[:number].tolist() if i < SHOWN_WAYS]


def _text(values: Tensor) -> str:
    return as_text(np.rint(values.numpy()).astype(np.uint8))
