"""Planning: tasks, a search over action sequences, costs that judge them, and control that carries plans out."""

from smwm_core.planning.cem import CEM, Plan
from smwm_core.planning.control import (
    GROUP,
    Outcome,
    carry_out,
    evaluate,
    model_controller,
    oracle_controller,
    random_controller,
    scores,
)
from smwm_core.planning.costs import final_distance
from smwm_core.planning.film import choose_films, film
from smwm_core.planning.landscape import cost_landscape, rank_correlation
from smwm_core.planning.stable_worldmodel import PlannerCost
from smwm_core.planning.tasks import Tasks, draw_tasks, obtain_tasks, tasks_path

__all__ = [
    "CEM",
    "GROUP",
    "Outcome",
    "Plan",
    "PlannerCost",
    "Tasks",
    "carry_out",
    "choose_films",
    "cost_landscape",
    "draw_tasks",
    "evaluate",
    "film",
    "final_distance",
    "model_controller",
    "obtain_tasks",
    "oracle_controller",
    "random_controller",
    "rank_correlation",
    "scores",
    "tasks_path",
]
