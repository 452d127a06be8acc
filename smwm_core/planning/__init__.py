"""Planning: tasks, a search over action sequences, costs that judge them, and control that carries plans out."""

from smwm_core.planning.cem import CEM, Plan
from smwm_core.planning.costs import final_distance
from smwm_core.planning.evaluation import (
    GROUP,
    Outcome,
    carry_out,
    evaluate,
    model_controller,
    oracle_controller,
    random_controller,
)
from smwm_core.planning.stable_worldmodel import PlannerCost
from smwm_core.planning.tasks import Tasks, draw_tasks

__all__ = [
    "CEM",
    "GROUP",
    "Outcome",
    "Plan",
    "PlannerCost",
    "Tasks",
    "carry_out",
    "draw_tasks",
    "evaluate",
    "final_distance",
    "model_controller",
    "oracle_controller",
    "random_controller",
]
