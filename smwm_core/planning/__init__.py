"""Planning: tasks, a search over action sequences, costs that judge them, and control that carries plans out."""

from smwm_core.planning.cem import CEM, Plan
from smwm_core.planning.costs import final_distance
from smwm_core.planning.evaluation import (
    TASKS_PER_SEARCH,
    EpisodeOutcomes,
    evaluate,
    inverse_policy,
    mpc_policy,
    oracle_policy,
    random_policy,
    repeat_policy,
    run_episodes,
    stay_policy,
)
from smwm_core.planning.stable_worldmodel import PlannerCost
from smwm_core.planning.tasks import Tasks, draw_tasks

__all__ = [
    "CEM",
    "TASKS_PER_SEARCH",
    "EpisodeOutcomes",
    "Plan",
    "PlannerCost",
    "Tasks",
    "draw_tasks",
    "evaluate",
    "final_distance",
    "inverse_policy",
    "mpc_policy",
    "oracle_policy",
    "random_policy",
    "repeat_policy",
    "run_episodes",
    "stay_policy",
]
